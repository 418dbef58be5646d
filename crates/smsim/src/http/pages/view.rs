//! What every page shows around its own: who is logged in, and the ways to the other pages.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use platform::{AppId, Uid};
use world::World;

use super::browser::Visitor;

/// The frame around a page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) title: String,
    /// The name of whoever is logged in.
    pub(super) viewer: Option<String>,
    pub(super) post_form_id: String,
    /// What has just come of a form.
    pub(super) note: Option<Note>,
}

/// What has come of a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Note {
    pub(super) text: &'static str,
    pub(super) is_fault: bool,
}

impl Frame {
    pub(super) fn new(visitor: &Visitor, viewer: Option<String>, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            viewer,
            post_form_id: visitor.post_form_id.clone(),
            note: None,
        }
    }

    /// With what a form before this page has left: its name stands in the query string, its words here.
    pub(super) fn noting(self, name: Option<&str>) -> Self {
        let note = name.and_then(|name| NOTES.iter().find(|(known, _)| *known == name));
        Self {
            note: note.map(|(_, note)| *note),
            ..self
        }
    }
}

const fn done(text: &'static str) -> Note {
    Note {
        text,
        is_fault: false,
    }
}

const fn failed(text: &'static str) -> Note {
    Note { text, is_fault: true }
}

/// What forms leave to say.
const NOTES: &[(&str, Note)] = &[
    ("saved", done("Your settings were saved.")),
    (
        "code-sent",
        done("A code is on its way to your phone. Type it below, or reply with it."),
    ),
    ("confirmed", done("Your phone is confirmed. You are all set.")),
    (
        "removed",
        done("Facebook Mobile was removed. Apps cannot text you any more."),
    ),
    ("app-removed", done("The application was removed.")),
    (
        "muted",
        done("You will get no more notifications of this application."),
    ),
    ("wrong-code", failed("That is not the code. Please try again.")),
    (
        "code-over",
        failed("That code is no good any more. Please ask for a new one."),
    ),
    (
        "not-hours",
        failed("Those are no hours. Write them like 08:00 and 22:00."),
    ),
    ("not-a-number", failed("That is no number of texts.")),
];

/// Sends a page.
pub(super) fn page(visitor: &Visitor, template: &impl Template) -> Response {
    answer(visitor, StatusCode::OK, template)
}

fn answer(visitor: &Visitor, status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            return (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be made\n").into_response();
        }
    };
    with_cookie(visitor, (status, Html(html)).into_response())
}

/// Tells a new browser its name.
pub(super) fn with_cookie(visitor: &Visitor, mut response: Response) -> Response {
    if let Some(cookie) = visitor.cookie() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A page with nothing but words, and at most one way to go on.
#[derive(Template)]
#[template(path = "words.html")]
struct Words<'a> {
    frame: Frame,
    words: &'a str,
    go_on: Option<(&'a str, &'a str)>,
}

/// Says that something went wrong, and the way out.
pub(super) fn fault(visitor: &Visitor, status: StatusCode, what: &str, help: &str) -> Response {
    let words = Words {
        frame: Frame::new(visitor, None, what),
        words: help,
        go_on: Some(("/home.php", "Home")),
    };
    answer(visitor, status, &words)
}

/// Says what was done.
pub(super) fn words(
    visitor: &Visitor,
    viewer: Option<String>,
    title: &str,
    words: &str,
    go_on: (&str, &str),
) -> Response {
    let words = Words {
        frame: Frame::new(visitor, viewer, title),
        words,
        go_on: Some(go_on),
    };
    page(visitor, &words)
}

/// What a page shows of an app and of what a user has with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct AppShown {
    pub(super) id: AppId,
    pub(super) title: String,
    pub(super) canvas: String,
    /// Its canvas page.
    pub(super) href: String,
    pub(super) sms_capable: bool,
    pub(super) installed: bool,
    pub(super) sms_granted: bool,
    pub(super) muted: bool,
}

impl AppShown {
    pub(super) fn of(world: &World, app: &platform::App, user: Uid) -> Self {
        let platform = world.platform();
        let install = platform.user(user).and_then(|user| user.apps.get(&app.id));
        Self {
            id: app.id,
            title: app.title.clone(),
            canvas: app.canvas.clone(),
            href: format!("/apps/{}", super::link::encoded(&app.canvas)),
            sms_capable: app.sms_capable,
            installed: install.is_some(),
            sms_granted: install.is_some_and(|install| install.sms_granted),
            muted: platform.is_muted(user, app.id),
        }
    }

    /// The apps that the user has.
    pub(super) fn installed(world: &World, user: Uid) -> Vec<Self> {
        let apps = world.platform().apps();
        apps.map(|app| Self::of(world, app, user))
            .filter(|app| app.installed)
            .collect()
    }
}

/// The name of a user.
pub(super) fn name(world: &World, user: Uid) -> Option<String> {
    world.platform().user(user).map(|user| user.name.clone())
}
