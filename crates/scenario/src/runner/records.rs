//! What the records of a world tell its stage: what has arrived at whom, and whether two runs were the same.

use std::collections::BTreeMap;
use std::io::Write;

use platform::AppId;
use rest::Credentials;
use world::{Brief, Event, Record};

use crate::runner::inbox::{Content, Item, Said};
use crate::runner::served::CALLS_OF_STEPS;
use crate::runner::stage::{Receipt, Reply, Stage};

/// A running hash of records as JSON: 64-bit FNV-1a, the same on every machine.
#[derive(Debug)]
pub struct RecordsHash(u64);

impl Default for RecordsHash {
    /// The hash of no record.
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl RecordsHash {
    /// Adds records.
    pub fn add(&mut self, records: impl Iterator<Item = Record>) {
        for record in records {
            // A record always is JSON, and no octet of it is refused.
            let _ = serde_json::to_writer(&mut *self, &record);
        }
    }

    /// The hash of all that was added.
    pub const fn value(&self) -> u64 {
        self.0
    }
}

impl Write for RecordsHash {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0 = octets.iter().fold(self.0, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Stage<'_> {
    /// Puts what the new records tell into inboxes, and into the hash.
    pub(super) fn read_records(&mut self) {
        let next = self.world.next_record();
        if let Some(hash) = &mut self.hash {
            hash.add(self.world.records_since(self.read_to));
        }
        let briefs = self.world.briefs_since(self.read_to);
        let first = next - briefs.len() as u64;
        // Most records are of no line's concern: only the others are spelt out.
        let spelt = |seq| self.world.records_since(seq).next().map(|record| record.event);
        for (seq, (at, brief)) in (first..).zip(briefs) {
            match brief {
                Brief::Received => {
                    let Some(Event::Received {
                        handset,
                        from,
                        text,
                        parts,
                        encoding,
                    }) = spelt(seq)
                    else {
                        continue;
                    };
                    let Some(user) = self.phones.get(&handset) else {
                        continue;
                    };
                    let content = Content::Text {
                        from,
                        text,
                        parts,
                        encoding,
                    };
                    self.inboxes
                        .entry(user.clone())
                        .or_default()
                        .push(Item::new(seq, at, content));
                }
                Brief::Event(Event::CallbackSent {
                    callback,
                    app,
                    user,
                    fields,
                    ..
                }) => {
                    let signed = self.signatures.remove(callback).unwrap_or_default();
                    let (Some(content), Some(app)) = (
                        Content::callback(*user, fields, signed),
                        self.actors.app_name(*app),
                    ) else {
                        continue;
                    };
                    self.inboxes
                        .entry(app.to_owned())
                        .or_default()
                        .push(Item::new(seq, at, content));
                }
                Brief::ApiCall { call, .. } => {
                    let known = self.stub_calls.get(&call).copied();
                    // What a step itself calls is answered to it, and nobody's own accord.
                    if known.is_none() && (self.served.is_none() || call.0 >= CALLS_OF_STEPS) {
                        continue;
                    }
                    let Some(Event::ApiCall { params, .. }) = spelt(seq) else {
                        continue;
                    };
                    let app = known.or_else(|| caller(&self.credentials, &params));
                    let Some(app) = app.and_then(|app| self.actors.app_name(app)) else {
                        continue;
                    };
                    let said = Said {
                        call,
                        at,
                        params,
                        reply: None,
                        claimed: false,
                    };
                    self.said.entry(app.to_owned()).or_default().push_back(said);
                }
                Brief::ApiReply { call, .. } => {
                    let Some(served) = &mut self.served else { continue };
                    self.stub_calls.remove(&call);
                    let mut said = self.said.values_mut().flatten();
                    let said = said.find(|said| said.call == call && said.reply.is_none());
                    if let (Some(said), Some(Event::ApiReply { summary, body, .. })) = (said, spelt(seq)) {
                        said.reply = Some(Reply {
                            value: rest::client::parse(&body),
                            submission: served.sent(call),
                            summary,
                        });
                    }
                }
                Brief::Receipt { submission, state } => {
                    self.receipts.push(Receipt {
                        at,
                        submission,
                        state,
                    });
                }
                Brief::Smsc(_) | Brief::Pdu { .. } | Brief::OnAir | Brief::Platform | Brief::Event(_) => {}
            }
        }
        self.read_to = next;
        if self.served.is_some() {
            self.forget_old();
        }
    }
}

/// The app whose key stands among the parameters of a call.
pub(super) fn caller(
    credentials: &BTreeMap<AppId, Credentials>,
    params: &[(String, String)],
) -> Option<AppId> {
    let (_, key) = params.iter().find(|(name, _)| name == "api_key")?;
    let app = credentials.values().find(|app| app.api_key == *key)?;
    Some(app.app)
}
