//! `/apps/CANVAS`: the canvas page of an app, with what the app shows in a frame, on which `LiveMessage` works.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use platform::{AppId, Platform, Uid, User};
use world::World;

use super::link::{self, Places};
use super::request::{Asked, CanvasPath};
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

/// People to choose a recipient from.
const RECIPIENTS_SHOWN_MAX: usize = 100;

#[derive(Template)]
#[template(path = "canvas.html")]
struct Canvas {
    frame: Frame,
    app: AppShown,
    user: Uid,
    short_code: String,
    /// Others who have the app, friends first.
    others: Vec<(Uid, String)>,
    /// Where what the app itself shows is framed; none when it has no server.
    content: Option<String>,
}

/// The canvas page; who has not accepted the app is asked first.
pub(super) async fn show(
    State(pages): State<Pages>,
    Path(CanvasPath { canvas }): Path<CanvasPath>,
    asked: Asked,
) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let visitor = asked.visitor.clone();
    // The rest of the address, as it stands there, is the app's.
    let content = asked.place.replacen("/apps/", "/canvas/", 1);
    let look = move |world: &World| {
        let platform = world.platform();
        let app = platform.app_by_canvas(&canvas)?;
        let credentials = world.rest().credentials(app.id)?;
        let api_key = credentials.api_key.clone();
        let places = Places::new(credentials.callback_url.as_deref(), &app.canvas);
        let page = Canvas {
            frame: Frame::new(&visitor, view::name(world, user), &app.title),
            app: AppShown::of(world, app, user),
            user,
            short_code: world.short_code().to_string(),
            others: recipients(platform, user, app.id),
            content: places.callback_url.is_some().then_some(content),
        };
        Some((page, api_key))
    };
    match pages.engine.look(look).await {
        None => shutting_down(),
        Some(None) => {
            let help = "No application has this canvas page. Yours are listed on your home page.";
            view::fault(&asked.visitor, StatusCode::NOT_FOUND, "Page not found", help)
        }
        Some(Some((page, api_key))) if !page.app.installed => {
            let params = [("api_key", api_key.as_str()), ("v", "1.0"), ("canvas", "1")];
            link::see(&link::with("/tos.php", &params))
        }
        Some(Some((page, _))) => view::page(&asked.visitor, &page),
    }
}

/// Others who have the app: friends, then whoever there is, as many as can be shown.
fn recipients(platform: &Platform, user: Uid, app: AppId) -> Vec<(Uid, String)> {
    let has_it = |other: &&User| other.uid != user && other.apps.contains_key(&app);
    let friends = platform.user(user).map(|user| &user.friends);
    let is_friend = |other: &&User| friends.is_some_and(|friends| friends.contains(&other.uid));
    let known = friends
        .into_iter()
        .flatten()
        .filter_map(|&friend| platform.user(friend));
    known
        .filter(has_it)
        .chain(platform.users().filter(has_it).filter(|other| !is_friend(other)))
        .take(RECIPIENTS_SHOWN_MAX)
        .map(|other| (other.uid, other.name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use platform::{App, Config, Install};
    use sms::{Msisdn, Zone};

    use super::*;

    const APP: AppId = AppId(7);

    fn user(number: u64) -> User {
        User {
            uid: Uid(number),
            name: format!("user{number}"),
            phone: Msisdn::new(14_155_550_000 + number).expect("eleven digits"),
            operator: "att".to_owned(),
            registered: true,
            texts_on: true,
            zone: Zone::utc(),
            quiet_hours: None,
            daily_max: None,
            apps: [(APP, Install::default())].into(),
            friends: BTreeSet::new(),
        }
    }

    #[test]
    fn friends_who_have_the_app_are_shown_however_many_others_there_are() {
        let shown_max = RECIPIENTS_SHOWN_MAX as u64;
        let mut users: Vec<_> = (1..=shown_max + 3).map(user).collect();
        let (last, without) = (shown_max + 3, shown_max + 2);
        users[0].friends = [Uid(last), Uid(without)].into();
        users[usize::try_from(without).expect("small") - 1].apps.clear();
        let app = App {
            id: APP,
            name: "quiz".to_owned(),
            title: "Movie Quiz".to_owned(),
            canvas: "quiz".to_owned(),
            sms_capable: true,
        };
        let platform = Platform::new(Config {
            apps: vec![app],
            users,
            ..Config::default()
        });
        let shown: Vec<_> = recipients(&platform, Uid(1), APP)
            .into_iter()
            .map(|(uid, _)| uid.0)
            .collect();
        let expected: Vec<_> = [last].into_iter().chain(2..=shown_max).collect();
        assert_eq!(shown, expected);
    }
}
