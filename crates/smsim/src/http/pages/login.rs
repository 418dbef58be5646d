//! `/login.php` and `/tos.php`: who one is, the terms of an app, and the way back to it with an `auth_token`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use platform::{AppId, Uid};
use world::World;

use super::link::{self, NotOwned, Places};
use super::request::{Asked, Params};
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

/// People on one page; the search finds the others.
const PEOPLE_SHOWN_MAX: usize = 50;

/// What a login hands on from page to page.
const CARRIED: [&str; 8] = [
    "api_key",
    "v",
    "next",
    "next_cancel",
    "cancel",
    "cancel_url",
    "canvas",
    "auth_token",
];

/// The names that "where to go on cancel" had: www, the later permission page, and m.
pub(super) const CANCEL_NAMES: [&str; 3] = ["next_cancel", "cancel", "cancel_url"];

/// An app as the pages of logging in and granting need it.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) app: AppShown,
    pub(super) places: Places,
    /// The name of the user.
    pub(super) viewer: Option<String>,
}

impl Caller {
    /// The app with that key.
    pub(super) fn find(world: &World, api_key: &str, user: Uid) -> Option<Self> {
        let credentials = world.rest().apps().find(|app| app.api_key == api_key)?;
        let app = world.platform().app(credentials.app)?;
        Some(Self {
            app: AppShown::of(world, app, user),
            places: Places::new(credentials.callback_url.as_deref(), &app.canvas),
            viewer: view::name(world, user),
        })
    }

    /// The app that a page was opened for, or the page that says why there is none.
    pub(super) async fn of(pages: &Pages, asked: &Asked, user: Uid) -> Result<Self, Response> {
        let api_key = asked.params.text("api_key").unwrap_or_default().to_owned();
        let found = pages
            .engine
            .look(move |world| Self::find(world, &api_key, user))
            .await;
        found.ok_or_else(shutting_down)?.ok_or_else(|| {
            let help = "Error 101: the api_key in the link is no application's. The link of the application is wrong.";
            view::fault(&asked.visitor, StatusCode::NOT_FOUND, "Invalid API key", help)
        })
    }
}

/// Says that a link leads where it may not.
pub(super) fn not_owned(asked: &Asked, error: &NotOwned) -> Response {
    let what = "This link leads elsewhere";
    let help = format!("Error 100: {error}. For your safety you are not sent there.");
    view::fault(&asked.visitor, StatusCode::BAD_REQUEST, what, &help)
}

/// Where a browser goes when its user does not want to; the home page when the app has not said.
pub(super) fn cancelled(asked: &Asked, places: &Places) -> Response {
    match asked.params.any(&CANCEL_NAMES).map(|next| places.owned(next)) {
        None => link::see("/home.php"),
        Some(Ok(place)) => link::see(&place),
        Some(Err(error)) => not_owned(asked, &error),
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    frame: Frame,
    people: Vec<Person>,
    more: usize,
    search: String,
    carried: Vec<(String, String)>,
    for_app: Option<String>,
}

struct Person {
    uid: Uid,
    name: String,
    phone: String,
    operator: String,
}

#[derive(Template)]
#[template(path = "tos.html")]
struct Terms {
    frame: Frame,
    app: AppShown,
    carried: Vec<(String, String)>,
}

/// Lets a person choose who they are, then shows the terms of the app, then sends the browser back to the app: whatever is
/// still to be done.
pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let Some(user) = asked.visitor.user else {
        return choose(&pages, &asked).await;
    };
    if asked.params.text("api_key").is_none() {
        return link::see(&after(&asked.params));
    }
    let caller = match Caller::of(&pages, &asked, user).await {
        Ok(caller) => caller,
        Err(fault) => return fault,
    };
    if caller.app.installed {
        return hand_over(&pages, &asked, user, &caller).await;
    }
    let title = format!("Add {}?", caller.app.title);
    let terms = Terms {
        frame: Frame::new(&asked.visitor, caller.viewer, &title),
        app: caller.app,
        carried: asked.params.carried(&CARRIED),
    };
    view::page(&asked.visitor, &terms)
}

async fn choose(pages: &Pages, asked: &Asked) -> Response {
    let visitor = asked.visitor.clone();
    let search = asked.params.text("q").unwrap_or_default().to_owned();
    let carried = asked.params.carried(&CARRIED);
    let api_key = asked.params.text("api_key").map(str::to_owned);
    let look = move |world: &World| {
        let wanted = search.to_lowercase();
        let found = world.platform().users();
        let mut found = found.filter(|user| {
            user.name.to_lowercase().contains(&wanted) || user.phone.to_string().contains(&wanted)
        });
        let person = |user: &platform::User| Person {
            uid: user.uid,
            name: user.name.clone(),
            phone: user.phone.to_string(),
            operator: user.operator.clone(),
        };
        let people = found.by_ref().take(PEOPLE_SHOWN_MAX).map(person).collect();
        let caller = api_key.and_then(|key| Caller::find(world, &key, Uid(0)));
        Login {
            frame: Frame::new(&visitor, None, "Who are you?"),
            people,
            more: found.count(),
            search,
            carried,
            for_app: caller.map(|caller| caller.app.title),
        }
    };
    match pages.engine.look(look).await {
        Some(login) => view::page(&asked.visitor, &login),
        None => shutting_down(),
    }
}

/// A person has chosen who they are.
pub(super) async fn submit(State(pages): State<Pages>, asked: Asked) -> Response {
    let uid = asked.params.number("uid").map(Uid);
    let known = match uid {
        Some(uid) => {
            let look = move |world: &World| world.platform().user(uid).map(|user| user.uid);
            match pages.engine.look(look).await {
                Some(known) => known,
                None => return shutting_down(),
            }
        }
        None => None,
    };
    let Some(user) = known else {
        let help = "Nobody in this world has that number. Go back and choose somebody.";
        return view::fault(&asked.visitor, StatusCode::BAD_REQUEST, "Who is that?", help);
    };
    let visitor = pages.browsers.log_in(&asked.visitor, Some(user));
    let onward = if asked.params.text("api_key").is_some() {
        let carried = asked.params.carried(&CARRIED);
        let carried: Vec<_> = carried
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        link::with("/login.php", &carried)
    } else {
        after(&asked.params)
    };
    view::with_cookie(&visitor, link::see(&onward))
}

/// Where somebody goes who has logged in to no app.
fn after(params: &Params) -> String {
    params
        .text("next")
        .and_then(link::local)
        .unwrap_or_else(|| "/home.php".to_owned())
}

/// The terms of the app were answered.
pub(super) async fn accept(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let caller = match Caller::of(&pages, &asked, user).await {
        Ok(caller) => caller,
        Err(fault) => return fault,
    };
    match asked.params.text("answer") {
        Some("allow") => hand_over(&pages, &asked, user, &caller).await,
        _ => cancelled(&asked, &caller.places),
    }
}

/// Logs the user in to the app and sends the browser back to it. A desktop app, which has brought a token of its own, is no
/// place to send a browser to.
async fn hand_over(pages: &Pages, asked: &Asked, user: Uid, caller: &Caller) -> Response {
    let Caller { app, places, viewer } = caller;
    let place = match asked.params.text("next").map(|next| places.owned(next)) {
        Some(Ok(place)) => place,
        Some(Err(error)) => return not_owned(asked, &error),
        None if asked.params.text("canvas").is_some() => places.canvas.clone(),
        None => places.home().to_owned(),
    };
    let given = asked.params.text("auth_token").map(str::to_owned);
    let is_desktop = given.is_some();
    let app_id: AppId = app.id;
    match pages.engine.log_in(app_id, user, given).await {
        None => shutting_down(),
        Some(None) => {
            let help = "The application's token is used or over. Go back to the application and log in from there again.";
            view::fault(
                &asked.visitor,
                StatusCode::BAD_REQUEST,
                "This login is over",
                help,
            )
        }
        Some(Some(_)) if is_desktop => {
            let title = format!("You are logged in to {}", app.title);
            let words = "You can close this page and go back to the application.";
            view::words(
                &asked.visitor,
                viewer.clone(),
                &title,
                words,
                ("/home.php", "Home"),
            )
        }
        Some(Some(token)) => {
            let mut params = vec![("auth_token", token.as_str())];
            if !app.installed {
                params.push(("installed", "1"));
            }
            link::see(&link::with(&place, &params))
        }
    }
}

/// Logs out.
pub(super) async fn log_out(State(pages): State<Pages>, asked: Asked) -> Response {
    let visitor = pages.browsers.log_in(&asked.visitor, None);
    view::with_cookie(&visitor, link::see("/login.php"))
}
