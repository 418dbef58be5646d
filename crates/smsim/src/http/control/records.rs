//! What has happened in a world: as a list, as server-sent events, and over a WebSocket, pushed as it comes.
//!
//! A viewer holds no more of the records than the message that is being sent to it. One that is slower than the world falls
//! behind, and is told of the gap when the world's ring of records has turned out what it has not seen.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use world::{Record, World};

use super::{Control, Refused};
use crate::engine::EngineHandle;

/// Records in one answer, at most.
const RECORDS_MAX: usize = 10_000;
/// Records in one message that is pushed, at most.
const PUSHED_MAX: usize = 500;
/// How often a viewer to whom nothing is sent hears that the line is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a viewer may take for one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Messages that may wait for one viewer of server-sent events.
const MESSAGES_MAX: usize = 2;

/// Which records are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The first number.
    since: Option<u64>,
    /// How many, at most.
    limit: Option<usize>,
}

/// Records in order, and where they stand.
struct Batch {
    /// Numbers that the world does not have any more: from the first to the last.
    gap: Option<(u64, u64)>,
    records: Vec<Record>,
    /// The number after the last.
    next: u64,
}

impl Batch {
    fn read(world: &World, since: u64, max: usize) -> Self {
        let kept = world.records_since(0).len() as u64;
        let first = world.next_record() - kept;
        let gap = (since < first).then(|| (since, first - 1));
        let since = since.max(first);
        let records: Vec<Record> = world.records_since(since).take(max).collect();
        Self {
            gap,
            next: since + records.len() as u64,
            records,
        }
    }

    async fn of(engine: &EngineHandle, since: u64, max: usize) -> Option<Self> {
        engine.look(move |world| Self::read(world, since, max)).await
    }

    fn gap_value(&self) -> Option<Value> {
        self.gap.map(|(from, to)| json!({ "from": from, "to": to }))
    }

    fn values(&self) -> Vec<Value> {
        let values = self.records.iter().map(serde_json::to_value);
        values.map(Result::unwrap_or_default).collect()
    }

    fn value(&self) -> Value {
        let mut value = json!({ "next": self.next, "records": self.values() });
        if let Some(gap) = self.gap_value() {
            value["gap"] = gap;
        }
        value
    }
}

/// What has happened, from a record on: as the request wants it.
pub async fn show(
    State(control): State<Control>,
    Path(world): Path<String>,
    since: Result<Query<Since>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused> {
    let target = control.world(&world)?;
    let Query(Since { since, limit }) = since
        .map_err(|why| Refused::wrong(format!("{}; write ?since=NUMBER&limit=NUMBER", why.body_text())))?;
    let engine = target.engine.clone();
    let resumed = last_event_id(&headers).map(|last| last + 1);
    if let Ok(upgrade) = upgrade {
        let since = since.unwrap_or(0);
        return Ok(upgrade.on_upgrade(move |socket| push_to_socket(socket, engine, since)));
    }
    if wants_events(&headers) {
        let since = resumed.or(since).unwrap_or(0);
        let (sender, body) = Channel::<Bytes, Infallible>::new(MESSAGES_MAX);
        tokio::spawn(push_events(sender, engine, since));
        let headers = [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((headers, Body::new(body)).into_response());
    }
    let limit = limit.unwrap_or(RECORDS_MAX).min(RECORDS_MAX);
    let batch = Batch::of(&engine, since.unwrap_or(0), limit).await;
    Ok(Json(batch.ok_or_else(Refused::ended)?.value()).into_response())
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// Sends each record as an event of its own, whose id is the record's number, until the viewer or the world is gone.
async fn push_events(mut sender: Sender<Bytes, Infallible>, engine: EngineHandle, mut since: u64) {
    let mut next_record = engine.next_record();
    loop {
        let Some(batch) = Batch::of(&engine, since, PUSHED_MAX).await else {
            break;
        };
        let mut text = String::new();
        if let Some(gap) = batch.gap_value() {
            text.push_str(&format!("event: gap\ndata: {gap}\n\n"));
        }
        for (record, value) in batch.records.iter().zip(batch.values()) {
            text.push_str(&format!("id: {}\ndata: {value}\n\n", record.seq));
        }
        since = batch.next;
        let is_all = batch.records.len() < PUSHED_MAX;
        if !text.is_empty() && !sent(&mut sender, text).await {
            return;
        }
        if is_all && !wait_for_news(&mut sender, &mut next_record, since).await {
            return;
        }
    }
}

/// Waits until there are records from `since` on, with heartbeats; false when the viewer or the world is gone.
async fn wait_for_news(
    sender: &mut Sender<Bytes, Infallible>,
    next_record: &mut watch::Receiver<u64>,
    since: u64,
) -> bool {
    loop {
        match tokio::time::timeout(HEARTBEAT, news(next_record, since)).await {
            Ok(true) => return true,
            Ok(false) => {
                let end = "event: end\ndata: {\"reason\":\"the world has ended\"}\n\n";
                sent(sender, end.to_owned()).await;
                return false;
            }
            Err(_) if sent(sender, ":\n\n".to_owned()).await => {}
            Err(_) => return false,
        }
    }
}

async fn sent(sender: &mut Sender<Bytes, Infallible>, text: String) -> bool {
    let sending = sender.send_data(Bytes::from(text));
    matches!(tokio::time::timeout(SEND_TIMEOUT, sending).await, Ok(Ok(())))
}

/// Waits for records from number `since` on; false when there will be none.
async fn news(next_record: &mut watch::Receiver<u64>, since: u64) -> bool {
    next_record.wait_for(|next| *next > since).await.is_ok()
}

/// Sends records in messages, until the viewer or the world is gone. What the viewer says means nothing, but that it is there.
async fn push_to_socket(mut socket: WebSocket, engine: EngineHandle, mut since: u64) {
    let mut next_record = engine.next_record();
    loop {
        let Some(batch) = Batch::of(&engine, since, PUSHED_MAX).await else {
            return close(socket, close_code::AWAY, "the world has ended").await;
        };
        since = batch.next;
        if let Some(gap) = batch.gap_value()
            && !push(&mut socket, json!({ "gap": gap })).await
        {
            return close(socket, close_code::POLICY, "too slow").await;
        }
        if !batch.records.is_empty() {
            let message = json!({ "records": batch.values(), "next": batch.next });
            if !push(&mut socket, message).await {
                return close(socket, close_code::POLICY, "too slow").await;
            }
        }
        if batch.records.len() == PUSHED_MAX {
            continue;
        }
        loop {
            tokio::select! {
                there_are = news(&mut next_record, since) => match there_are {
                    true => break,
                    false => return close(socket, close_code::AWAY, "the world has ended").await,
                },
                said = socket.recv() => match said {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                () = tokio::time::sleep(HEARTBEAT) => {
                    let ping = socket.send(Message::Ping(Bytes::new()));
                    if !matches!(tokio::time::timeout(SEND_TIMEOUT, ping).await, Ok(Ok(()))) {
                        return;
                    }
                }
            }
        }
    }
}

async fn push(socket: &mut WebSocket, message: Value) -> bool {
    let sending = socket.send(Message::text(message.to_string()));
    matches!(tokio::time::timeout(SEND_TIMEOUT, sending).await, Ok(Ok(())))
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    // A viewer that is gone needs no reason.
    let _ = tokio::time::timeout(HEARTBEAT, socket.send(Message::Close(Some(frame)))).await;
}
