//! What happened, in the words of a conversation: [`Telling`].

use std::time::Duration;

use smpp::framing::COMMAND_LENGTH_MAX;
use smpp::{Frame, Framer};
use sms::Timestamp;
use world::link::OWN_LINKS;
use world::{Event, Purpose, Record, Toward};

use crate::report::lanes::{LaneEvent, Told, reason};
use crate::report::length;
use crate::runner::Run;
use crate::runner::inbox::Content;
use crate::text::quoted;

/// Tells the records of an interactive run.
pub(super) struct Telling<'t> {
    run: &'t Run<'static>,
    /// The callbacks whose session a capture holds.
    captured: &'t [(u64, String)],
}

impl<'t> Telling<'t> {
    pub const fn new(run: &'t Run<'static>, captured: &'t [(u64, String)]) -> Self {
        Self { run, captured }
    }

    /// What is told of the records from `seq` on, in order.
    pub fn since(&self, seq: u64) -> Vec<LaneEvent> {
        let records = self.run.stage.world.records_since(seq);
        records
            .filter_map(|record| {
                let (actor, text) = self.event(&record)?;
                let (seq, at) = (record.seq, record.at);
                Some(LaneEvent { seq, at, actor, text })
            })
            .collect()
    }

    /// Everything that the records from `seq` on say, for who looks for the network's part, in order.
    pub fn trace(&self, seq: u64) -> Vec<(Timestamp, String)> {
        let numbered = self.numbered(seq).into_iter();
        numbered.map(|(_, at, words)| (at, words)).collect()
    }

    /// The same with the numbers of the records.
    pub fn numbered(&self, seq: u64) -> Vec<(u64, Timestamp, String)> {
        let records = self.run.stage.world.records_since(seq);
        records
            .filter_map(|record| Some((record.seq, record.at, self.words(&record.event)?)))
            .collect()
    }

    /// The PDUs that crossed a link from record `seq` on, with the time, in order.
    pub fn pdus(&self, seq: u64) -> Vec<(Timestamp, String)> {
        let records = self.run.stage.world.records_since(seq);
        records
            .filter(|record| matches!(record.event, Event::Pdu { .. }))
            .filter_map(|record| Some((record.at, self.words(&record.event)?)))
            .collect()
    }

    fn words(&self, event: &Event) -> Option<String> {
        let told = Told::new(&self.run.stage.world, &self.run.stage.actors);
        Some(match event {
            Event::OnAir {
                handset,
                carrier,
                mobile_originated,
                latency_us,
                lost,
            } => {
                let way = if *mobile_originated { "from" } else { "to" };
                let lost = if *lost { ", and is lost" } else { "" };
                let time = length(Duration::from_micros(*latency_us));
                let phone = told.phone(*handset);
                format!("{carrier}: a segment {way} {phone} is on the air for {time}{lost}")
            }
            Event::Pdu {
                link, toward, octets, ..
            } => {
                let sender = match (toward, *link >= OWN_LINKS) {
                    (Toward::Smsc, true) => "fbook".to_owned(),
                    (Toward::Esme, true) => "SMSC".to_owned(),
                    (Toward::Smsc, false) => format!("ESME on link {link}"),
                    (Toward::Esme, false) => format!("SMSC on link {link}"),
                };
                let mut framer = Framer::new(COMMAND_LENGTH_MAX);
                framer.feed(octets);
                match framer.next_frame() {
                    Some(Frame::Pdu { command, .. }) => format!("{sender} > {}", shown(&command.to_string())),
                    _ => format!("{sender} > {} octets", octets.len()),
                }
            }
            Event::Smsc(event) => format!("SMSC: {event}"),
            Event::Esme(event) => format!("fbook's link: {event}"),
            Event::Decision(decision) => format!("fbook: {}", decision.text()),
            Event::ApiReply { summary, .. } => format!("fbook: {summary}"),
            Event::Submitted { .. } | Event::SubmitAnswered { .. } => return None,
            Event::LoggedIn { app, user, accepted } => {
                let user = self.run.stage.actors.user_name(*user).unwrap_or("?");
                let how = if *accepted {
                    "logs in to"
                } else {
                    "cannot log in to"
                };
                format!("{user} {how} {}", told.app(*app))
            }
            Event::Joined { what, .. } => format!("joined: {what}"),
            Event::Changed { what } => format!("changed: {what}"),
            Event::Busy { hops_per_instant_max } => {
                format!(
                    "more than {hops_per_instant_max} things in one instant; the rest comes a millisecond later"
                )
            }
            Event::Composed { .. }
            | Event::NotComposed { .. }
            | Event::Received { .. }
            | Event::ApiCall { .. }
            | Event::Receipt { .. }
            | Event::CallbackSent { .. }
            | Event::CallbackDone { .. } => {
                let (actor, text) = told.event(event)?;
                format!("{actor} {}", shown(&text))
            }
        })
    }

    fn event(&self, record: &Record) -> Option<(String, String)> {
        let stage = &self.run.stage;
        let told = Told::new(&stage.world, &stage.actors);
        match &record.event {
            // Who typed it knows.
            Event::Composed { .. } | Event::NotComposed { .. } | Event::Receipt { .. } => None,
            Event::Received { handset, text, .. } => {
                Some((told.phone(*handset), format!("< {}", shown(text))))
            }
            Event::CallbackSent {
                app,
                user,
                fields,
                purpose: Purpose::Sms,
                ..
            } => {
                let content = Content::callback(*user, fields, true)?;
                let user = stage.actors.user_name(*user).unwrap_or("?");
                let capture = self.captured.iter().find(|(seq, _)| *seq == record.seq);
                let capture = capture.map_or(String::new(), |(_, name)| format!(", as ${name}"));
                let session = match &content {
                    Content::Callback { session, .. } => *session,
                    Content::Text { .. } => return None,
                };
                let line = content.line(user);
                Some((told.app(*app), format!("< {line}{capture}   session {session}")))
            }
            Event::ApiCall { call, params } => {
                let by_itself = stage.called_by_itself(*call);
                by_itself.then(|| (told.caller(params), told.call(params)))
            }
            Event::ApiReply {
                call,
                app,
                error_code,
                summary,
                body,
            } => {
                let app = (*app).map_or_else(|| "?".to_owned(), |app| told.app(app));
                match error_code {
                    Some(code) => Some((app, format!("= {code}{}", self.why(record.seq, summary)))),
                    None if stage.called_by_itself(*call) => None,
                    None => Some((app, format!("= {}", returned(body)))),
                }
            }
            _ => told.event(&record.event),
        }
    }

    /// Why a call was refused: the decision right before its answer, or what the REST server notes.
    fn why(&self, seq: u64, summary: &str) -> String {
        let before = self.run.stage.world.records_since(seq.saturating_sub(8));
        let decided = before
            .take_while(|record| record.seq < seq)
            .filter_map(|record| match &record.event {
                Event::Decision(decision) => {
                    let (_, why) = decision.text().split_once(" refused: ")?;
                    Some(why.to_owned())
                }
                _ => None,
            })
            .last();
        match decided {
            Some(why) => format!(" {why}"),
            None => reason(summary).map_or(String::new(), |why| format!(" {why}")),
        }
    }
}

/// A text on a line of its own, without what would move a terminal's cursor.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c.is_control() {
            true => c.escape_default().to_string(),
            false => c.to_string(),
        })
        .collect()
}

/// What a call returned, on one line.
fn returned(body: &str) -> String {
    match rest::client::parse(body) {
        Ok(rest::Value::Int(number)) => number.to_string(),
        Ok(rest::Value::Bool(yes)) => u8::from(yes).to_string(),
        Ok(rest::Value::Text(text))
            if text.chars().all(|c| c.is_ascii_alphanumeric()) && !text.is_empty() =>
        {
            text
        }
        Ok(rest::Value::Text(text)) => quoted(&text),
        Ok(rest::Value::Null) => "ok".to_owned(),
        Ok(value @ (rest::Value::List(_) | rest::Value::Fields(_))) => format!("{value:?}"),
        Err(_) => shown(body),
    }
}
