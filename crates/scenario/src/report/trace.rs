//! What a test's world did in detail: [`Trace`], for reports that show phones, callbacks and PDUs.

use smpp::{Frame, Framer, Status};
use sms::{Msisdn, Timestamp};
use world::{Event, Toward, World};

use crate::runner::fields;
use crate::world_config::Actors;

/// Texts, callbacks, PDUs and decisions that a trace keeps of one test, at most, of each; the first ones.
pub const TRACE_ITEMS_MAX: usize = 2_000;
/// The octets of a PDU that is read back from a record, at most.
const COMMAND_LENGTH_MAX: u32 = 1 << 20;

/// A text on a phone's screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhoneText {
    /// When.
    pub at: Timestamp,
    /// Whose phone.
    pub phone: String,
    /// Whether its owner wrote it.
    pub written_here: bool,
    /// The other number.
    pub other: String,
    /// The text.
    pub text: String,
}

/// A callback to an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callback {
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub app: String,
    /// Where.
    pub url: String,
    /// Its fields, in order, without a session key.
    pub fields: Vec<(String, String)>,
    /// What was signed in front of the app's secret; a session key in it is left out.
    pub base_string: String,
}

/// A PDU on a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PduShown {
    /// When.
    pub at: Timestamp,
    /// The link.
    pub link: u64,
    /// Whether the SMSC got it, or sent it.
    pub toward_smsc: bool,
    /// Its name in the specification.
    pub name: String,
    /// Its status, by name.
    pub command_status: String,
    /// Its fields by the specification's names.
    pub fields: Vec<(&'static str, String)>,
    /// Its octets in hex; a bind's password is blanked out.
    pub hex: String,
}

/// What happened in a test, in detail.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// What phones showed, in order.
    pub texts: Vec<PhoneText>,
    /// The callbacks, in order.
    pub callbacks: Vec<Callback>,
    /// The PDUs, in order.
    pub pdus: Vec<PduShown>,
    /// What the platform decided, and why.
    pub decisions: Vec<(Timestamp, String)>,
    /// How many items past [`TRACE_ITEMS_MAX`] were left out.
    pub left_out: usize,
}

impl Trace {
    /// What the records of a world tell.
    pub(crate) fn of(world: &World, actors: &Actors) -> Self {
        let mut trace = Self::default();
        for record in world.records_since(0) {
            trace.event(record.at, &record.event, actors);
        }
        let lists = [
            cut(&mut trace.texts),
            cut(&mut trace.callbacks),
            cut(&mut trace.pdus),
            cut(&mut trace.decisions),
        ];
        trace.left_out = lists.iter().sum();
        trace
    }

    fn event(&mut self, at: Timestamp, event: &Event, actors: &Actors) {
        let phone = |phone: Msisdn| {
            actors
                .phone_name(phone)
                .map_or_else(|| phone.to_string(), str::to_owned)
        };
        match event {
            Event::Composed { handset, to, text } => self.texts.push(PhoneText {
                at,
                phone: phone(*handset),
                written_here: true,
                other: to.clone(),
                text: text.clone(),
            }),
            Event::Received {
                handset, from, text, ..
            } => self.texts.push(PhoneText {
                at,
                phone: phone(*handset),
                written_here: false,
                other: from.clone(),
                text: text.clone(),
            }),
            Event::CallbackSent { app, url, fields, .. } => {
                let app = actors
                    .app_name(*app)
                    .map_or_else(|| app.to_string(), str::to_owned);
                self.callbacks.push(Callback {
                    at,
                    app,
                    url: url.clone(),
                    fields: fields.clone(),
                    base_string: base_string(fields),
                });
            }
            Event::Pdu {
                link,
                toward,
                name,
                command_status,
                octets,
                ..
            } => self.pdus.push(PduShown {
                at,
                link: *link,
                toward_smsc: *toward == Toward::Smsc,
                name: name.to_string(),
                command_status: Status(*command_status).to_string(),
                fields: decoded(octets),
                hex: octets.iter().map(|octet| format!("{octet:02x}")).collect(),
            }),
            Event::Decision(decision) => self.decisions.push((at, decision.text().to_owned())),
            _ => {}
        }
    }
}

fn cut<T>(items: &mut Vec<T>) -> usize {
    let over = items.len().saturating_sub(TRACE_ITEMS_MAX);
    items.truncate(TRACE_ITEMS_MAX);
    over
}

/// What was signed. Records hold no session key; where one was signed, a word stands in its place.
fn base_string(fields: &[(String, String)]) -> String {
    let mut signed: Vec<(String, String)> = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("fb_sig_")?.to_owned(), value.clone())))
        .collect();
    // An expiry is that of a session key.
    if signed.iter().any(|(name, _)| name == "expires") {
        signed.push(("session_key".to_owned(), "(left out)".to_owned()));
    }
    rest::signature::base_string(&signed)
}

fn decoded(octets: &[u8]) -> Vec<(&'static str, String)> {
    let mut framer = Framer::new(COMMAND_LENGTH_MAX);
    framer.feed(octets);
    match framer.next_frame() {
        Some(Frame::Pdu { command, .. }) => {
            let mut shown = vec![("sequence_number", command.sequence_number.to_string())];
            shown.extend(fields(&command.pdu));
            shown
        }
        _ => Vec::new(),
    }
}
