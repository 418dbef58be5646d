//! `/live/CANVAS`: what `LiveMessage` of a canvas page talks to. It listens with server-sent events and sends with a form.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use futures_util::stream::{self, Stream};
use platform::{AppId, LiveMessage, Uid};
use rest::client::{self, CallError};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use world::{Input, World};

use super::request::Asked;
use super::{Pages, shutting_down};
use crate::engine::EngineHandle;

/// Pages that listen at a time; one more is told to come again.
const STREAMS_MAX: usize = 1_000;

/// Room for pages that listen.
#[derive(Clone, Debug)]
pub(super) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS_MAX)))
    }
}

impl Streams {
    /// Room for one more page, for as long as it is held.
    fn permit(&self) -> Result<OwnedSemaphorePermit, Box<Response>> {
        let permit = Arc::clone(&self.0).try_acquire_owned();
        permit.map_err(|_| {
            Box::new((StatusCode::SERVICE_UNAVAILABLE, "too many pages listen\n").into_response())
        })
    }
}

/// An open page.
struct Listener {
    app: AppId,
    user: Uid,
    messages: broadcast::Receiver<LiveMessage>,
    runs: watch::Receiver<bool>,
    engine: EngineHandle,
    _permit: OwnedSemaphorePermit,
}

/// Tells an open page of its live messages: `message` events, and `shutdown` and `restart` of the whole system.
pub(super) async fn listen(State(pages): State<Pages>, Path(canvas): Path<String>, asked: Asked) -> Response {
    let (app, user) = match member(&pages, &asked, canvas).await {
        Ok(member) => member,
        Err(answer) => return answer,
    };
    let permit = match pages.streams.permit() {
        Ok(permit) => permit,
        Err(answer) => return *answer,
    };
    let mut runs = pages.engine.live_messages_run();
    // A page that opens while the system is stopped must hear of it.
    if !*runs.borrow() {
        runs.mark_changed();
    }
    let listener = Listener {
        app,
        user,
        messages: pages.engine.live_messages(),
        runs,
        engine: pages.engine.clone(),
        _permit: permit,
    };
    Sse::new(events(listener))
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some(listener), |listener| async {
        let mut listener = listener?;
        let event = listener.next().await?;
        Some((Ok(event), Some(listener)))
    })
}

impl Listener {
    /// The next thing to tell; none when the server ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                () = self.engine.ended() => return None,
                changed = self.runs.changed() => {
                    changed.ok()?;
                    let runs = *self.runs.borrow_and_update();
                    return Some(Event::default().event(if runs { "restart" } else { "shutdown" }).data("{}"));
                }
                message = self.messages.recv() => match message {
                    Ok(message) if (message.app, message.to) == (self.app, self.user) => {
                        let data = json!({ "event_name": message.event_name, "message": message.message,
                                           "from": message.from.to_string() });
                        return Some(Event::default().event("message").data(data.to_string()));
                    }
                    // For somebody else; or this page was too slow, and what it missed is lost.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

/// Sends a live message: the call that the app would make, in a session of the user, so that the same rules hold.
pub(super) async fn send(State(pages): State<Pages>, Path(canvas): Path<String>, asked: Asked) -> Response {
    let (app, user) = match member(&pages, &asked, canvas).await {
        Ok(member) => member,
        Err(answer) => return answer,
    };
    let Some(session_key) = session_key(&pages.engine, app, user).await else {
        return shutting_down();
    };
    let value = |name: &str| asked.params.text(name).unwrap_or_default().to_owned();
    let (recipient, event_name, message) = (value("recipient"), value("event_name"), value("message"));
    let look = move |world: &World| {
        let params = [
            ("session_key", session_key.as_str()),
            ("recipient", recipient.as_str()),
            ("event_name", event_name.as_str()),
            ("message", message.as_str()),
            ("format", "json"),
        ];
        let credentials = world.rest().credentials(app)?;
        Some(client::request(credentials, "liveMessage.send", &params))
    };
    let Some(Some(request)) = pages.engine.look(look).await else {
        return shutting_down();
    };
    let Some(response) = pages.engine.api(request).await else {
        return shutting_down();
    };
    let (code, message) = match client::parse(&response.body) {
        Ok(_) => (0, String::new()),
        Err(CallError::Api { code, message }) => (code, message),
        Err(error @ CallError::Malformed(_)) => (1, error.to_string()),
    };
    Json(json!({ "error_code": code, "error_msg": message })).into_response()
}

/// The app of a canvas page, and the user who has it.
pub(super) async fn member(pages: &Pages, asked: &Asked, canvas: String) -> Result<(AppId, Uid), Response> {
    let no = |status: StatusCode, why: &'static str| (status, why).into_response();
    let user = asked
        .visitor
        .user
        .ok_or_else(|| no(StatusCode::FORBIDDEN, "nobody is logged in\n"))?;
    let look = move |world: &World| {
        let app = world.platform().app_by_canvas(&canvas)?.id;
        Some((app, world.platform().is_installed(user, app)))
    };
    match pages.engine.look(look).await {
        None => Err(shutting_down()),
        Some(None) => Err(no(StatusCode::NOT_FOUND, "no application has this canvas page\n")),
        Some(Some((_, false))) => Err(no(StatusCode::FORBIDDEN, "you have not added this application\n")),
        Some(Some((app, true))) => Ok((app, user)),
    }
}

/// A session key of the user with the app; a new one when there is none.
pub(super) async fn session_key(engine: &EngineHandle, app: AppId, user: Uid) -> Option<String> {
    let newest = move |world: &World| {
        world
            .rest()
            .session_of(world.now(), app, user)
            .map(|session| session.key)
    };
    if let Some(key) = engine.look(newest).await? {
        return Some(key);
    }
    engine.perform(vec![Input::MintSession { app, user }]).await?;
    engine.look(newest).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_more_than_may_listen_is_told_to_come_again() {
        let streams = Streams::default();
        let permits: Vec<_> = (0..STREAMS_MAX)
            .map(|_| streams.permit().expect("room"))
            .collect();
        let refused = streams.permit().expect_err("no room");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(permits);
        assert!(streams.permit().is_ok());
    }
}
