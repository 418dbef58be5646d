//! The pages that a user of 2008 met: choosing who one is, granting an app `sms`, Facebook Mobile, Edit Settings, the
//! notifications, and a canvas page for each app on which live messages arrive.
//!
//! Plain HTML that needs no JavaScript (live messages excepted). A page shows what the world says and turns a form into an
//! input of the world; the rules stay in `platform`.

mod authorize;
mod browser;
mod canvas;
mod content;
mod editapps;
mod guard;
mod home;
mod link;
mod live;
mod login;
mod mobile;
mod notifications;
mod request;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use self::browser::Browsers;
use crate::engine::EngineHandle;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    engine: EngineHandle,
    browsers: Arc<Browsers>,
    streams: live::Streams,
    apps: content::Apps,
}

/// The pages of one world.
pub fn router(engine: EngineHandle) -> Router {
    let pages = Pages {
        engine,
        browsers: Arc::default(),
        streams: live::Streams::default(),
        apps: content::Apps::default(),
    };
    Router::new()
        .route("/home.php", get(home::show))
        .route("/login.php", get(login::show).post(login::submit))
        .route("/tos.php", get(login::show).post(login::accept))
        .route("/logout.php", post(login::log_out))
        .route("/authorize.php", get(authorize::show).post(authorize::submit))
        .route("/connect/prompt_permissions.php", get(authorize::show))
        .route("/mobile/", get(mobile::show).post(mobile::submit))
        .route("/mobile", any(|| async { link::see("/mobile/") }))
        .route("/editapps.php", get(editapps::show).post(editapps::submit))
        .route(
            "/notifications.php",
            get(notifications::show).post(notifications::submit),
        )
        .route("/apps/{canvas}", get(canvas::show))
        // Where an app's own links lead that have only a query.
        .route("/apps/{canvas}/", get(canvas::show))
        .route("/apps/{canvas}/{*rest}", get(canvas::show))
        .route("/canvas/{canvas}", get(content::show))
        .route("/canvas/{canvas}/", get(content::show))
        .route("/canvas/{canvas}/{*rest}", get(content::show))
        .route("/live/{canvas}", get(live::listen).post(live::send))
        .route("/static/pages.css", get(|| asset("text/css", CSS)))
        .route(
            "/static/live_message.js",
            get(|| asset("text/javascript", LIVE_MESSAGE_JS)),
        )
        .route("/static/icon.svg", get(|| asset("image/svg+xml", ICON)))
        .route("/static/canvas.js", get(|| asset("text/javascript", CANVAS_JS)))
        .layer(DefaultBodyLimit::max(FORM_OCTETS_MAX))
        .layer(middleware::from_fn(guard::guard))
        .with_state(pages)
}

/// The largest form.
const FORM_OCTETS_MAX: usize = 64 << 10;

const CSS: &str = include_str!("pages/pages.css");
const ICON: &str = include_str!("pages/icon.svg");
const LIVE_MESSAGE_JS: &str = include_str!("pages/live_message.js");
const CANVAS_JS: &str = include_str!("pages/canvas.js");

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    let content_type = format!("{content_type}; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// What is said while the server ends.
fn shutting_down() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response()
}
