//! What is worth knowing beside what the ESME does: [`Event`].

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use smpp::Status;
use sms::{Address, MessageState};

/// Something that happened to the ESME, or why it did what it did. Its `Display` says it in plain words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "esme", rename_all = "snake_case")]
pub enum Event {
    /// The SMSC did not accept the bind.
    BindRefused {
        /// Its answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
    },
    /// The connection ended, or never opened.
    LinkLost {
        /// The parts that were sent and not answered; each is sent again.
        unanswered: usize,
    },
    /// A request about the link itself was not answered in time.
    LinkSilent {
        /// The request.
        request: &'static str,
    },
    /// The SMSC unbound the link.
    UnboundBySmsc,
    /// A text is refused, since too many wait.
    QueueFull {
        /// The text.
        token: u64,
        /// The limit.
        queue_max: usize,
    },
    /// A text is refused, since it needs more than 255 segments.
    TooLong {
        /// The text.
        token: u64,
        /// What it needs.
        segments: usize,
    },
    /// The SMSC asks for less; the part is put back in its place and nothing is submitted for a while.
    Throttled {
        /// The text.
        token: u64,
        /// Its answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// How long nothing is submitted, in microseconds.
        #[serde(rename = "pause_us", serialize_with = "micros")]
        pause: Duration,
    },
    /// The SMSC failed; the part is put back in its place and nothing is submitted for a while.
    Retried {
        /// The text.
        token: u64,
        /// Its answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// Which attempt the next one is, from 2.
        attempt: u8,
    },
    /// A part was not answered and is sent again. The SMSC may have taken it, so that a person may get it
    /// twice.
    Resent {
        /// The text.
        token: u64,
        /// Which part.
        part: u8,
        /// Why there was no answer.
        cause: Unanswered,
    },
    /// A part was not answered too often; its text is refused.
    NeverAnswered {
        /// The text.
        token: u64,
        /// Why there was no answer the last time.
        cause: Unanswered,
    },
    /// The SMSC took a part without naming it, so that no receipt can be matched.
    NoMessageId {
        /// The text.
        token: u64,
    },
    /// The SMSC answered about a text that is over: another part of it was refused.
    AnswerTooLate {
        /// Its answer.
        #[serde(serialize_with = "status_name")]
        status: Status,
        /// The message that it named, if any.
        message_id: String,
    },
    /// A receipt came for one part; those of others are to come.
    PartReceipt {
        /// The text.
        token: u64,
        /// The part's message.
        message_id: String,
        /// What became of it.
        state: MessageState,
        /// The number of parts whose receipts are to come.
        to_come: usize,
    },
    /// A receipt came before the response that names its message; it is kept until that comes.
    ReceiptEarly {
        /// The message.
        message_id: String,
    },
    /// A receipt is about a message that is not known, or no more.
    ReceiptUnknown {
        /// The message.
        message_id: String,
        /// What became of it.
        state: MessageState,
    },
    /// A receipt came for a message that was final already; it is not reported again.
    ReceiptAgain {
        /// The text.
        token: u64,
        /// The message.
        message_id: String,
        /// What the receipt says.
        state: MessageState,
        /// What the first one said.
        was: MessageState,
    },
    /// A receipt names no message.
    ReceiptUnreadable {
        /// From whom.
        source: Address,
    },
    /// More receipts were awaited than may be; this text's are not awaited any more.
    ReceiptsGivenUp {
        /// The text.
        token: u64,
        /// The limit.
        correlations_max: usize,
    },
    /// Parts of a person's text never came; what there is of it is taken.
    MoIncomplete {
        /// The phone.
        source: Address,
        /// The number it was sent to.
        destination: Address,
        /// The parts that came.
        parts: u8,
        /// The parts that did not.
        missing: u8,
    },
    /// A handset's own acknowledgement, which nobody asked for, is not taken as a text.
    AcknowledgementIgnored {
        /// The phone.
        source: Address,
        /// The `esm_class`.
        esm_class: u8,
    },
    /// What the SMSC sent was answered with an error, or not at all.
    NotUnderstood {
        /// The PDU's name, or what was wrong in its place.
        what: String,
        /// Why.
        why: String,
    },
}

/// Why a request has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// None came in time.
    TimedOut,
    /// The link ended before.
    LinkLost,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "no answer came in time",
            Self::LinkLost => "the link was lost before the answer came",
        })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BindRefused { status } => write!(f, "the SMSC refused the bind: {status}"),
            Self::LinkLost { unanswered: 0 } => f.write_str("the link to the SMSC was lost"),
            Self::LinkLost { unanswered } => {
                write!(
                    f,
                    "the link to the SMSC was lost with {unanswered} parts unanswered"
                )
            }
            Self::LinkSilent { request } => write!(f, "the SMSC did not answer {request} in time"),
            Self::UnboundBySmsc => f.write_str("the SMSC unbound the link"),
            Self::QueueFull { token, queue_max } => {
                write!(
                    f,
                    "text {token} is refused: {queue_max} texts wait for the link already"
                )
            }
            Self::TooLong { token, segments } => {
                write!(
                    f,
                    "text {token} is refused: it needs {segments} segments, and 255 are the most"
                )
            }
            Self::Throttled { token, status, pause } => {
                write!(
                    f,
                    "text {token} has to wait: the SMSC answered {status}; nothing is submitted for {pause:?}"
                )
            }
            Self::Retried {
                token,
                status,
                attempt,
            } => {
                write!(
                    f,
                    "text {token} is tried again (attempt {attempt}): the SMSC answered {status}"
                )
            }
            Self::Resent { token, part, cause } => {
                write!(
                    f,
                    "part {part} of text {token} is sent again, perhaps as a duplicate: {cause}"
                )
            }
            Self::NeverAnswered { token, cause } => write!(f, "text {token} is refused: again {cause}"),
            Self::NoMessageId { token } => {
                write!(
                    f,
                    "the SMSC took text {token} without a message id; its receipts cannot be matched"
                )
            }
            Self::AnswerTooLate { status, message_id } => {
                write!(
                    f,
                    "the SMSC answered {status} (message id {message_id:?}) about a text that is over"
                )
            }
            Self::PartReceipt {
                token,
                message_id,
                state,
                to_come,
            } => {
                write!(
                    f,
                    "receipt {state} for message {message_id} of text {token}; {to_come} parts are to come"
                )
            }
            Self::ReceiptEarly { message_id } => {
                write!(
                    f,
                    "a receipt for message {message_id} came before the response that names it; it is kept"
                )
            }
            Self::ReceiptUnknown { message_id, state } => {
                write!(
                    f,
                    "a receipt {state} came for message {message_id}, which is not known"
                )
            }
            Self::ReceiptAgain {
                token,
                message_id,
                state,
                was,
            } => write!(
                f,
                "another receipt {state} came for message {message_id} of text {token}, which was {was} already"
            ),
            Self::ReceiptUnreadable { source } => write!(f, "a receipt from {source} names no message"),
            Self::ReceiptsGivenUp {
                token,
                correlations_max,
            } => write!(
                f,
                "the receipts of text {token} are awaited no more: {correlations_max} later texts wait for theirs"
            ),
            Self::MoIncomplete {
                source,
                destination,
                parts,
                missing,
            } => {
                let all = u16::from(*parts) + u16::from(*missing);
                write!(
                    f,
                    "of a text from {source} to {destination} only {parts} of {all} parts came"
                )
            }
            Self::AcknowledgementIgnored { source, esm_class } => {
                write!(
                    f,
                    "an acknowledgement (esm_class {esm_class:#04x}) from {source} is no text and no receipt"
                )
            }
            Self::NotUnderstood { what, why } => write!(f, "{what} from the SMSC: {why}"),
        }
    }
}

fn status_name<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(status)
}

fn micros<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_plain_words_and_plain_data() {
        let phone = Address::new(sms::Ton::International, sms::Npi::Isdn, "14155550101");
        let code = Address::new(sms::Ton::NetworkSpecific, sms::Npi::Unknown, "32665");
        for (event, words, json) in [
            (
                Event::BindRefused {
                    status: Status::ESME_RINVPASWD,
                },
                "the SMSC refused the bind: ESME_RINVPASWD",
                r#"{"esme":"bind_refused","status":"ESME_RINVPASWD"}"#,
            ),
            (
                Event::LinkLost { unanswered: 0 },
                "the link to the SMSC was lost",
                r#"{"esme":"link_lost","unanswered":0}"#,
            ),
            (
                Event::LinkLost { unanswered: 2 },
                "the link to the SMSC was lost with 2 parts unanswered",
                r#"{"esme":"link_lost","unanswered":2}"#,
            ),
            (
                Event::Throttled {
                    token: 7,
                    status: Status::ESME_RTHROTTLED,
                    pause: Duration::from_millis(1_500),
                },
                "text 7 has to wait: the SMSC answered ESME_RTHROTTLED; nothing is submitted for 1.5s",
                r#"{"esme":"throttled","token":7,"status":"ESME_RTHROTTLED","pause_us":1500000}"#,
            ),
            (
                Event::Resent {
                    token: 7,
                    part: 2,
                    cause: Unanswered::LinkLost,
                },
                "part 2 of text 7 is sent again, perhaps as a duplicate: the link was lost before the answer came",
                r#"{"esme":"resent","token":7,"part":2,"cause":"link_lost"}"#,
            ),
            (
                Event::NeverAnswered {
                    token: 7,
                    cause: Unanswered::TimedOut,
                },
                "text 7 is refused: again no answer came in time",
                r#"{"esme":"never_answered","token":7,"cause":"timed_out"}"#,
            ),
            (
                Event::ReceiptAgain {
                    token: 7,
                    message_id: "2a".to_owned(),
                    state: MessageState::Delivered,
                    was: MessageState::Expired,
                },
                "another receipt DELIVRD came for message 2a of text 7, which was EXPIRED already",
                r#"{"esme":"receipt_again","token":7,"message_id":"2a","state":"delivered","was":"expired"}"#,
            ),
            (
                Event::MoIncomplete {
                    source: phone.clone(),
                    destination: code,
                    parts: 1,
                    missing: 254,
                },
                "of a text from +14155550101 to 32665 only 1 of 255 parts came",
                r#"{"esme":"mo_incomplete","source":{"ton":1,"npi":1,"digits":"14155550101"},"destination":{"ton":3,"npi":0,"digits":"32665"},"parts":1,"missing":254}"#,
            ),
            (
                Event::AcknowledgementIgnored {
                    source: phone,
                    esm_class: 8,
                },
                "an acknowledgement (esm_class 0x08) from +14155550101 is no text and no receipt",
                r#"{"esme":"acknowledgement_ignored","source":{"ton":1,"npi":1,"digits":"14155550101"},"esm_class":8}"#,
            ),
            (
                Event::NotUnderstood {
                    what: "cancel_sm".to_owned(),
                    why: "no SMSC asks that".to_owned(),
                },
                "cancel_sm from the SMSC: no SMSC asks that",
                r#"{"esme":"not_understood","what":"cancel_sm","why":"no SMSC asks that"}"#,
            ),
        ] {
            assert_eq!(event.to_string(), words);
            assert_eq!(serde_json::to_string(&event).expect("plain data"), json);
        }
    }
}
