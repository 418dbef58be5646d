//! A tracing span for each SMPP session, with what happens on it: [`Sessions`].
//!
//! A bind that is refused is `warn`, a session's other events are `info`, and single PDUs are `trace`. Passwords stand in no
//! record, so that none can come here.

use std::collections::BTreeMap;

use compact_str::CompactString;
use smpp::{LinkId, Status, command_id};
use smsc::Note;
use tracing::{Span, field, info, trace, warn};
use world::link::OWN_LINKS;
use world::{Brief, Event, Toward, wire_pdu};

/// The sessions that are open.
#[derive(Debug, Default)]
pub struct Sessions {
    open: BTreeMap<LinkId, Session>,
}

/// One SMPP session.
#[derive(Debug)]
struct Session {
    span: Span,
    /// The account and how it is bound, once it is.
    bound: Option<(CompactString, &'static str)>,
}

impl Sessions {
    /// How many sessions are bound, by account and kind.
    pub fn bound(&self) -> BTreeMap<(&str, &'static str), u64> {
        let mut counts = BTreeMap::new();
        for (system_id, kind) in self.open.values().filter_map(|session| session.bound.as_ref()) {
            *counts.entry((system_id.as_str(), *kind)).or_default() += 1;
        }
        counts
    }

    /// How many connections have not bound.
    pub fn unbound(&self) -> u64 {
        self.open
            .values()
            .filter(|session| session.bound.is_none())
            .count() as u64
    }

    /// Logs what a record says of a session.
    pub fn follow(&mut self, brief: Brief<'_>) {
        match brief {
            Brief::Smsc(Note::Event(event)) => self.follow_smsc(event),
            Brief::Pdu { link, toward, pdu } => self.trace_pdu(link, toward, || pdu.words()),
            Brief::Event(Event::Pdu {
                link, toward, octets, ..
            }) => self.trace_pdu(*link, *toward, || wire_pdu::words(octets)),
            Brief::Smsc(_)
            | Brief::ApiCall { .. }
            | Brief::ApiReply { .. }
            | Brief::Receipt { .. }
            | Brief::Platform
            | Brief::Event(_)
            | Brief::OnAir
            | Brief::Received => {}
        }
    }

    fn trace_pdu(&self, link: u64, toward: Toward, words: impl Fn() -> Option<[u32; 3]>) {
        if !tracing::enabled!(tracing::Level::TRACE) {
            return;
        }
        let to = match toward {
            Toward::Smsc => "SMSC",
            Toward::Esme => "ESME",
        };
        let [id, status, sequence_number] = words().unwrap_or_default();
        let (pdu, status) = (command_id::name(id).unwrap_or("unknown"), Status(status));
        self.within(LinkId(link), || trace!(to, pdu, %status, sequence_number));
    }

    fn follow_smsc(&mut self, event: &smsc::Event) {
        match event {
            smsc::Event::LinkOpened { link, peer } => {
                let span = tracing::info_span!(
                    "session",
                    link = if link.0 < OWN_LINKS {
                        link.0
                    } else {
                        link.0 - OWN_LINKS
                    },
                    peer = field::Empty,
                    system_id = field::Empty,
                    bind = field::Empty,
                    version = field::Empty,
                );
                match peer {
                    Some(peer) => span.record("peer", field::display(peer)),
                    None => span.record("peer", "the platform"),
                };
                self.open.insert(*link, Session { span, bound: None });
                self.within(*link, || info!("connected"));
            }
            smsc::Event::Bound {
                link,
                system_id,
                kind,
                interface_version,
            } => {
                if let Some(session) = self.open.get_mut(link) {
                    session.span.record("system_id", system_id.as_str());
                    session.span.record("bind", kind);
                    let (major, minor) = (interface_version >> 4, interface_version & 0x0F);
                    session
                        .span
                        .record("version", field::display(format_args!("{major}.{minor}")));
                    session.bound = Some((system_id.clone(), kind));
                }
                self.within(*link, || info!("bound"));
            }
            smsc::Event::BindRefused {
                link,
                system_id,
                status,
                reason,
            } => self.within(*link, || warn!(%system_id, %status, %reason, "bind refused")),
            smsc::Event::Unbound { link, by_esme, .. } => {
                if let Some(session) = self.open.get_mut(link) {
                    session.bound = None;
                }
                self.within(*link, || info!(by_esme, "unbound"));
            }
            smsc::Event::PduRefused {
                link,
                answer,
                status,
                reason,
            } => self.within(*link, || info!(answer, %status, reason, "PDU refused")),
            smsc::Event::PduIgnored { link, reason } => self.within(*link, || info!(reason, "PDU ignored")),
            smsc::Event::Disturbed {
                link,
                destination,
                effect,
            } => self.within(*link, || info!(%destination, effect, "disturbed on demand")),
            smsc::Event::LinkClosed {
                link,
                reason,
                unanswered,
                ..
            } => {
                self.within(*link, || info!(%reason, unanswered, "closed"));
                self.open.remove(link);
            }
            _ => {}
        }
    }

    fn within(&self, link: LinkId, log: impl FnOnce()) {
        match self.open.get(&link) {
            Some(session) => session.span.in_scope(log),
            None => log(),
        }
    }
}
