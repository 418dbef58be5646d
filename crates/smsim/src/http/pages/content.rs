//! `/canvas/CANVAS`: what an app itself shows on its canvas page, as the document of a frame.
//!
//! The app is asked by a signed POST, as apps on an FBML canvas were. What it answers is anybody's HTML and is shown where it
//! can do nothing: in a sandbox without scripts, with no origin, which may ask the app's own server for pictures and styles and
//! lead the whole window on when its user clicks.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use platform::{AppId, Uid};
use rest::{CallbackRequest, Standing, callback};
use tokio::sync::{Semaphore, SemaphorePermit};
use world::World;

use super::link::{self, Places};
use super::request::{Asked, CanvasPath};
use super::{Pages, live, shutting_down};
use crate::callback_client::CallbackClient;

/// How long an app may take for a page.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// Apps that are asked for a page at a time; one more visitor is told to come again.
const PAGES_FETCHED_MAX: usize = 64;

/// The way to the apps' own pages.
#[derive(Clone, Debug)]
pub(super) struct Apps {
    client: CallbackClient,
    permits: Arc<Semaphore>,
}

impl Default for Apps {
    fn default() -> Self {
        Self {
            client: CallbackClient::new(ANSWER_TIME_MAX),
            permits: Arc::new(Semaphore::new(PAGES_FETCHED_MAX)),
        }
    }
}

impl Apps {
    /// Room for one more page, for as long as it is held.
    fn permit(&self, base: &str) -> Result<SemaphorePermit<'_>, Box<Response>> {
        self.permits.try_acquire().map_err(|_| {
            let fault = "Too many pages of applications are being loaded; load this page again.".to_owned();
            Box::new(answer(StatusCode::SERVICE_UNAVAILABLE, base, None, Err(fault)))
        })
    }
}

/// The document of the frame.
#[derive(Template)]
#[template(path = "content.html")]
struct Content<'a> {
    /// The canvas page, below which the app's own links lead.
    base: &'a str,
    /// What the app says.
    html: &'a str,
    /// Why it says nothing.
    fault: Option<String>,
}

/// Asks the app and shows what it answers.
pub(super) async fn show(
    State(pages): State<Pages>,
    Path(CanvasPath { canvas }): Path<CanvasPath>,
    asked: Asked,
) -> Response {
    let (app, user) = match live::member(&pages, &asked, canvas.clone()).await {
        Ok(member) => member,
        Err(answer) => return answer,
    };
    let base = format!("/apps/{}/", link::encoded(&canvas));
    let _permit = match pages.apps.permit(&base) {
        Ok(permit) => permit,
        Err(answer) => return *answer,
    };
    // A callback names a session of the user's.
    if live::session_key(&pages.engine, app, user).await.is_none() {
        return shutting_down();
    }
    let place = asked.place.clone();
    let look = move |world: &World| request(world, app, user, behind_canvas(&place));
    let request = match pages.engine.look(look).await {
        None => return shutting_down(),
        Some(None) => {
            let fault = "It has no URL of its own for this page.".to_owned();
            return answer(StatusCode::NOT_FOUND, &base, None, Err(fault));
        }
        Some(Some(request)) => request,
    };
    let url = request.url.clone();
    let (status, said) = match pages.apps.client.fetch(request).await {
        Ok((status @ 200..=299, body)) => (status, Ok(String::from_utf8_lossy(&body).into_owned())),
        Ok((status, _)) => (status, Err(format!("It answered HTTP {status} at {url}."))),
        Err(why) => (0, Err(format!("It could not be reached at {url}: {why}."))),
    };
    if said.is_err() {
        tracing::warn!(%url, status, "an app shows nothing on its canvas page");
    }
    let status = if said.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::BAD_GATEWAY
    };
    answer(status, &base, server(&url).as_deref(), said)
}

/// What is asked of the app; none when it has no server, or no URL for that page.
fn request(world: &World, app: AppId, user: Uid, behind: (&str, &str)) -> Option<CallbackRequest> {
    let credentials = world.rest().credentials(app)?;
    let account = world.platform().user(user)?;
    Places::new(credentials.callback_url.as_deref(), "").callback_url?;
    let friends: Vec<Uid> = account.friends.iter().copied().collect();
    let standing = Standing {
        session: world.rest().session_of(world.now(), app, user)?,
        sms_granted: account.apps.get(&app).is_some_and(|install| install.sms_granted),
        locale: world.rest().settings().callback_locale,
    };
    callback::canvas(world.now(), credentials, user, &friends, &standing, behind)
}

/// Path and query behind the name of the canvas.
fn behind_canvas(place: &str) -> (&str, &str) {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    // An empty piece, "canvas", the name, and the rest.
    (path.splitn(4, '/').nth(3).unwrap_or_default(), query)
}

/// Scheme, host and port of a URL.
fn server(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

/// The document, in its sandbox.
fn answer(status: StatusCode, base: &str, server: Option<&str>, said: Result<String, String>) -> Response {
    let content = Content {
        base,
        html: said.as_deref().unwrap_or_default(),
        fault: said.as_ref().err().cloned(),
    };
    let html = match content.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            return (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be made\n").into_response();
        }
    };
    let server = server.unwrap_or_default();
    let policy = format!(
        "sandbox allow-forms allow-popups allow-top-navigation-by-user-activation; default-src 'none'; \
         img-src data: {server}; style-src 'unsafe-inline' {server}; base-uri 'self'; frame-ancestors 'self'"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_canvas_is_the_apps() {
        for (place, path, query) in [
            ("/canvas/quiz", "", ""),
            ("/canvas/quiz/", "", ""),
            ("/canvas/quiz?a=b", "", "a=b"),
            ("/canvas/quiz/play/1?a=b?c", "play/1", "a=b?c"),
            ("/canvas/q%2Fz/a%20b", "a%20b", ""),
        ] {
            assert_eq!(behind_canvas(place), (path, query), "{place}");
        }
    }

    #[test]
    fn one_page_more_than_are_fetched_at_a_time_is_told_to_come_again() {
        let apps = Apps::default();
        let permits: Vec<_> = (0..PAGES_FETCHED_MAX)
            .map(|_| apps.permit("/apps/quiz/").expect("room"))
            .collect();
        let refused = apps.permit("/apps/quiz/").expect_err("no room");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(permits);
        assert!(apps.permit("/apps/quiz/").is_ok());
    }

    #[test]
    fn an_apps_page_is_in_a_sandbox_without_scripts() {
        let said = Ok("<b>hi</b>".to_owned());
        let response = answer(StatusCode::OK, "/apps/quiz/", Some("http://127.0.0.1:9000"), said);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text");
        assert!(
            policy.starts_with("sandbox ") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        assert!(
            policy.contains("img-src data: http://127.0.0.1:9000;"),
            "{policy}"
        );
        for word in ["allow-scripts", "allow-same-origin", "script-src"] {
            assert!(!policy.contains(word), "{word}: {policy}");
        }
    }
}
