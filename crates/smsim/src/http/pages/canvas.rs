//! `/apps/CANVAS`: the canvas page of an app, with what the app shows in a frame, on which `LiveMessage` works.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use platform::Uid;
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
        let mut others: Vec<_> = platform
            .users()
            .filter(|other| other.uid != user && other.apps.contains_key(&app.id))
            .take(RECIPIENTS_SHOWN_MAX)
            .map(|other| {
                (
                    !platform.are_friends(user, other.uid),
                    other.uid,
                    other.name.clone(),
                )
            })
            .collect();
        others.sort();
        let page = Canvas {
            frame: Frame::new(&visitor, view::name(world, user), &app.title),
            app: AppShown::of(world, app, user),
            user,
            short_code: world.short_code().to_string(),
            others: others.into_iter().map(|(_, uid, name)| (uid, name)).collect(),
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
