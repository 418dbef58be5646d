//! The plain words of events.

use std::fmt;

use smpp::Status;

use super::{BindRefusal, CloseReason, DropReason, Event, Parcel, SubmitRefusal, WaitReason};
use crate::port::PageOutcome;

macro_rules! words {
    ($type:ident { $($variant:pat => $words:expr),+ $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $($variant => f.write_str($words)),+ }
            }
        }
    };
}

words!(CloseReason {
    Self::Lost => "it was lost or the other end closed it",
    Self::Unbound => "its session was unbound",
    Self::Framing => "what came cannot be divided into PDUs",
    Self::NoBody => "a text was accepted with a response that has no body",
    Self::SessionInit => "no bind came in time",
    Self::Inactivity => "nothing came for too long",
    Self::EnquireLink => "enquire_link was not answered in time",
    Self::UnbindUnanswered => "the unbind was not answered in time",
    Self::BindRefused => "its bind was refused",
    Self::LinksMax => "there are too many links",
    Self::Reset => "it was reset on demand",
    Self::Cut => "it was closed within a PDU on demand",
});

words!(BindRefusal {
    Self::SystemIdLength => "the system_id is empty or too long",
    Self::PasswordLength => "the password is too long",
    Self::UnknownSystemId => "no such account",
    Self::WrongPassword => "wrong password",
    Self::SystemType => "wrong system_type",
    Self::Disabled => "the account is switched off",
    Self::Host => "it may not bind from there",
    Self::Kind => "it may not bind in that way",
    Self::InterfaceVersion => "it may not speak that version",
    Self::BindsMax => "it has as many sessions as it may have",
});

words!(SubmitRefusal {
    Self::Field(name) => name,
    Self::NotItsSource => "the account may not send from that address",
    Self::BlockedCode => "the carrier blocks the code",
    Self::ScriptedAnswer => "that answer was asked for",
    Self::RequestsMax => "too many requests are unanswered",
    Self::AccountThrottle => "the account sends too fast",
    Self::DailyMax => "the account has sent as much today as it may",
    Self::CodeDailyMax => "the code has sent as many texts to the carrier today as it may",
    Self::CarrierThrottle => "the carrier takes no more this second",
    Self::Congestion => "the carrier's queue is full",
    Self::OptedOut => "the handset opted out of the code at its carrier",
    Self::StoreFull => "the store is full",
    Self::UnknownMessage => "no such message of that sender",
    Self::AlreadyFinal => "the message is final already",
});

words!(WaitReason {
    Self::NotBound => "no session can receive",
    Self::WindowFull => "the windows are full",
    Self::Paused => "the ESME asked for a pause",
});

words!(DropReason {
    Self::UnknownCode => "nobody has that code",
    Self::BlockedCode => "the carrier blocks the code",
    Self::WaitingMax => "too much waits already",
    Self::TooLong => "the segment does not fit one SMS",
    Self::Binary => "the carrier takes no binary text",
    Self::Rejected => "the ESME rejected it",
    Self::Expired => "it waited too long",
});

impl fmt::Display for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mo { from, to } => write!(f, "text from {from} to {to}"),
            Self::Receipt { message_id, state } => write!(f, "receipt {state} of {message_id}"),
            Self::Notification {
                message_id,
                cause: Some(cause),
            } => {
                write!(f, "notification of {message_id} ({cause})")
            }
            Self::Notification {
                message_id,
                cause: None,
            } => write!(f, "notification of {message_id}"),
            Self::Acknowledgement { from, message_id } => {
                write!(f, "{from}'s acknowledgement of {message_id}")
            }
            Self::Alert { msisdn } => write!(f, "alert that {msisdn} is reachable"),
        }
    }
}

/// A status by its name, or by its number where it has none.
struct Named(Status);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "status {:#x}", self.0.0),
        }
    }
}

/// ` (reason)`, or nothing.
struct InBrackets<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for InBrackets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |inner| write!(f, " ({inner})"))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkOpened { link, peer } => write!(f, "link {} opened{}", link.0, InBrackets(*peer)),
            Self::LinkClosed {
                link,
                system_id,
                reason,
                unanswered,
            } => {
                write!(
                    f,
                    "link {}{} closed: {reason}",
                    link.0,
                    InBrackets(system_id.as_ref())
                )?;
                if *unanswered > 0 {
                    write!(f, "; {unanswered} unanswered wait again")
                } else {
                    Ok(())
                }
            }
            Self::Outbind { link, system_id } => {
                write!(f, "{system_id} called on link {}, and asked to bind", link.0)
            }
            Self::NotDialled { system_id, why } => write!(f, "{system_id} could not be called: {why}"),
            Self::Bound {
                link,
                system_id,
                kind,
                interface_version,
            } => {
                write!(
                    f,
                    "{system_id} bound on link {} as {kind}, version {interface_version:#04x}",
                    link.0
                )
            }
            Self::AddressRangeIgnored { link, address_range } => write!(
                f,
                "link {}: the address_range {address_range:?} is no expression that can be searched for, and does not count",
                link.0
            ),
            Self::BindRefused {
                link,
                system_id,
                status,
                reason,
            } => {
                write!(
                    f,
                    "bind of {system_id:?} on link {} refused: {reason}: {}",
                    link.0,
                    Named(*status)
                )
            }
            Self::Unbound {
                link,
                system_id,
                by_esme,
            } => {
                write!(
                    f,
                    "link {} of {system_id} unbound by the {}",
                    link.0,
                    if *by_esme { "ESME" } else { "SMSC" }
                )
            }
            Self::PduRefused {
                link,
                answer,
                status,
                reason,
            } => {
                write!(f, "link {}: {answer} {}: {reason}", link.0, Named(*status))
            }
            Self::PduIgnored { link, reason } => write!(f, "link {}: ignored: {reason}", link.0),
            Self::RequestDisturbed {
                link,
                operation,
                effect,
            } => write!(f, "link {}: {operation} {effect}, on demand", link.0),
            Self::BroadcastAccepted {
                message_id,
                system_id,
                source,
                areas,
                times,
            } => {
                write!(
                    f,
                    "{message_id}: {system_id} broadcasts from {source}, areas: {areas}"
                )?;
                match times {
                    Some(times) => write!(f, ", times: {times}"),
                    None => f.write_str(", until its validity ends"),
                }
            }
            Self::BroadcastRefused {
                system_id,
                status,
                reason,
                ..
            } => write!(f, "{system_id}: broadcast refused: {reason}: {}", Named(*status)),
            Self::Broadcast { message_id, carriers } => {
                write!(f, "{message_id}: broadcast over {carriers} carriers")
            }
            Self::BroadcastOver { message_id, state } => write!(f, "{message_id}: broadcast {state}"),
            Self::SubmitRefused {
                system_id,
                source,
                destination,
                status,
                reason,
                ..
            } => {
                write!(
                    f,
                    "{system_id}: text from {source} to {destination} refused: {reason}: {}",
                    Named(*status)
                )
            }
            Self::Accepted {
                message_id,
                system_id,
                source,
                to,
                carrier,
                segments,
                scheduled_at,
                ..
            } => {
                let sender = InBrackets(system_id.as_ref());
                write!(
                    f,
                    "{message_id} accepted: from {source}{sender} to {to} on {carrier}"
                )?;
                if *segments > 1 {
                    write!(f, ", {segments} segments")?;
                }
                if scheduled_at.is_some() {
                    f.write_str(", scheduled")
                } else {
                    Ok(())
                }
            }
            Self::Waits {
                message_id,
                to,
                behind,
                next_attempt_at,
            } => {
                write!(f, "{message_id} waits behind {behind} for {to}")?;
                if next_attempt_at.is_none() {
                    f.write_str(", one of them in the air")
                } else {
                    Ok(())
                }
            }
            Self::Paged {
                message_id,
                to,
                segment,
                segments,
                ..
            } => {
                write!(f, "{message_id}: paging {to}")?;
                if *segments > 1 {
                    write!(f, ", segment {segment} of {segments}")
                } else {
                    Ok(())
                }
            }
            Self::AttemptFailed {
                message_id,
                to,
                cause,
                attempts,
                next_attempt_at,
            } => {
                write!(f, "{message_id} to {to}: attempt {attempts} failed: {cause}")?;
                f.write_str(if next_attempt_at.is_some() {
                    "; will be tried again"
                } else {
                    "; not tried again"
                })
            }
            Self::Finished {
                message_id,
                to,
                state,
                cause,
                attempts,
            } => {
                write!(
                    f,
                    "{message_id} to {to}: {state} after {attempts} attempts{}",
                    InBrackets(*cause)
                )
            }
            Self::Replaced { message_id, .. } => write!(f, "{message_id} replaced"),
            Self::LateAnswer {
                attempt,
                outcome: PageOutcome::Delivered,
            } => {
                write!(f, "page {}: delivered, but too late to count", attempt.0)
            }
            Self::LateAnswer {
                attempt,
                outcome: PageOutcome::Failed(cause),
            } => {
                write!(f, "page {}: {cause}; the text is decided already", attempt.0)
            }
            Self::Available { msisdn, waiting } => {
                write!(f, "{msisdn} is reachable; {waiting} texts wait for it")
            }
            Self::ReceiptWithheld {
                message_id,
                mode: _,
                due_at,
            } => {
                write!(f, "receipt of {message_id} ")?;
                f.write_str(if due_at.is_some() {
                    "held back"
                } else {
                    "lost, as was asked for"
                })
            }
            Self::Sent {
                parcel,
                system_id,
                link,
            } => write!(f, "{parcel} sent to {system_id} on link {}", link.0),
            Self::WaitsForEsme {
                parcel,
                system_id,
                reason,
                waiting,
            } => {
                write!(f, "{parcel} waits for {system_id}: {reason}; {waiting} wait")
            }
            Self::Unanswered {
                parcel,
                system_id,
                link,
            } => {
                write!(
                    f,
                    "{parcel}: {system_id} on link {} did not answer; sent again",
                    link.0
                )
            }
            Self::Answered {
                parcel,
                system_id,
                link,
                status,
                again,
            } => {
                write!(
                    f,
                    "{parcel}: {system_id} on link {} answered {}",
                    link.0,
                    Named(*status)
                )?;
                if *again {
                    f.write_str("; sent again later")
                } else {
                    Ok(())
                }
            }
            Self::Dropped {
                parcel,
                system_id,
                reason,
            } => {
                write!(f, "{parcel} dropped{}: {reason}", InBrackets(system_id.as_ref()))
            }
            Self::MoWaits {
                from,
                to,
                carrier,
                waiting,
            } => {
                write!(
                    f,
                    "text from {from} to {to} waits: the link to {carrier} is down; {waiting} wait"
                )
            }
            Self::Bounced { to, from, reason } => {
                write!(f, "{to} is told that its text to {from} failed: {reason}")
            }
            Self::Disturbed {
                link,
                destination,
                effect,
            } => write!(
                f,
                "link {}: the text to {destination} {effect}, on demand",
                link.0
            ),
            Self::OptedOut {
                handset,
                code,
                carrier,
                out,
            } => {
                let way = if *out { "out of" } else { "in to" };
                write!(f, "{handset} opted {way} {code} at {carrier}")
            }
            Self::CarrierLink {
                carrier,
                up: true,
                waiting,
            } => {
                write!(f, "link to {carrier} up; {waiting} texts are tried")
            }
            Self::CarrierLink {
                carrier,
                up: false,
                waiting,
            } => {
                write!(f, "link to {carrier} down; {waiting} texts wait")
            }
            Self::Changed { carrier, setting } => write!(f, "{carrier}: {setting}"),
            Self::NotChanged {
                carrier,
                setting,
                reason,
            } => write!(f, "{carrier}: {setting} does not count: {reason}"),
        }
    }
}
