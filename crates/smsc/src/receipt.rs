//! What a receipt says: [`ReceiptStyle`] and the text of SMPP v3.4 Appendix B.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smpp::{LinkId, Tlv};
use sms::address::decimal;
use sms::{MessageState, Originator, Timestamp, Zone};

use crate::account::Coding;
use crate::cause::Cause;
use crate::message::{Body, Destination};
use crate::message_id::MessageId;

/// The form of a carrier's receipts; vendors differ in every part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceiptStyle {
    /// Whether the dates have seconds (12 digits instead of 10).
    pub seconds: bool,
    /// Whether `sub:` and `dlvrd:` are there.
    pub counts: bool,
    /// How many digits `err:` has at least.
    pub err_digits: usize,
    /// Whether they are hexadecimal, in capitals.
    pub err_hex: bool,
    /// Whether the label of the text is `Text:` instead of `text:`.
    pub capital_text: bool,
    /// Whether the first 20 octets of the text are there.
    pub text: bool,
    /// Whether the TLVs `receipted_message_id`, `message_state` and `network_error_code` are there (never to an ESME
    /// of SMPP v3.3).
    pub tlvs: bool,
    /// Whether `network_error_code` is among them when the text did not arrive.
    pub network_error: bool,
    /// Whether final states are told at all: a carrier without handset receipts says DELIVRD on hand-over.
    pub fakes_delivered: bool,
    /// Whether a receipt with ACCEPTD comes first, when the text is accepted.
    pub accepted_first: bool,
}

impl Default for ReceiptStyle {
    fn default() -> Self {
        Self {
            seconds: false,
            counts: true,
            err_digits: 3,
            err_hex: false,
            capital_text: true,
            text: true,
            tlvs: true,
            network_error: true,
            fakes_delivered: false,
            accepted_first: false,
        }
    }
}
impl ReceiptStyle {
    /// The style of that name: `standard` (Appendix B with TLVs), `minimal` (no counts, no text, as Jasmin's),
    /// `seconds` (12-digit dates, small `text:`), `text_only` (no TLVs), `handover` (DELIVRD on hand-over), `accepted` (ACCEPTD,
    /// then DELIVRD on hand-over, as in Canada).
    pub fn named(name: &str) -> Option<Self> {
        let standard = Self::default();
        Some(match name {
            "standard" => standard,
            "minimal" => Self {
                counts: false,
                text: false,
                ..standard
            },
            "seconds" => Self {
                seconds: true,
                capital_text: false,
                ..standard
            },
            "text_only" => Self {
                tlvs: false,
                ..standard
            },
            "handover" => Self {
                fakes_delivered: true,
                ..standard
            },
            "accepted" => Self {
                fakes_delivered: true,
                accepted_first: true,
                ..standard
            },
            _ => return None,
        })
    }
}

/// A receipt, or an intermediate notification when the state is not final.
#[derive(Clone, PartialEq, Debug)]
pub struct Receipt {
    /// Of which text.
    pub(crate) message_id: MessageId,
    /// What it says.
    pub(crate) state: MessageState,
    /// Why, if the text did not arrive.
    pub(crate) cause: Option<Cause>,
    /// The carrier's number for the cause.
    pub(crate) err: u16,
    /// When the text was submitted.
    pub(crate) submitted_at: Timestamp,
    /// When it reached that state.
    pub(crate) done_at: Timestamp,
    /// The id that it says, which may be a wrong one.
    pub(crate) written_id: MessageId,
    /// Whether it goes to another session than the one that submitted the text.
    pub(crate) sibling: bool,
    /// The session that submitted the text.
    pub(crate) link: LinkId,
    /// The text's source.
    pub(crate) source: Originator,
    /// The text's destination.
    pub(crate) destination: Destination,
    /// The text's, echoed.
    pub(crate) user_message_reference: Option<u16>,
    /// What names the carrier.
    pub(crate) tlv: Option<Tlv>,
    /// The text whose beginning it repeats.
    pub(crate) text: Option<Body>,
    /// Its form.
    pub(crate) style: ReceiptStyle,
    /// What `data_coding` 0 means to whom gets it.
    pub(crate) coding: Coding,
}

/// What a receipt reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Report<'a> {
    /// The message.
    pub message_id: MessageId,
    /// What has become of it.
    pub state: MessageState,
    /// The carrier's number for why it did not arrive; 0 if it did.
    pub err: u16,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it reached that state.
    pub done_at: Timestamp,
    /// The text whose beginning is repeated.
    pub text: Option<&'a Body>,
}

impl ReceiptStyle {
    /// Adds the text of a receipt to `text`; its dates are local times in `zone`, of which `dates` remembers some.
    pub(crate) fn write(&self, report: &Report<'_>, zone: &Zone, dates: &mut Dates, text: &mut String) {
        text.push_str("id:");
        text.push_str(&report.message_id.text_in_receipt());
        if self.counts {
            let delivered = report.state == MessageState::Delivered;
            text.push_str(if delivered {
                " sub:001 dlvrd:001"
            } else {
                " sub:001 dlvrd:000"
            });
        }
        text.push_str(" submit date:");
        text.push_str(self.date(&dates.of(report.submitted_at, zone)));
        text.push_str(" done date:");
        text.push_str(self.date(&dates.of(report.done_at, zone)));
        text.push_str(" stat:");
        text.push_str(report.state.stat());
        text.push_str(" err:");
        match self.err_hex {
            true => text.push_str(&format!("{:0width$X}", report.err, width = self.err_digits)),
            false => text.push_str(&decimal(report.err.into(), self.err_digits)),
        }
        text.push_str(if self.capital_text { " Text:" } else { " text:" });
        if let Some(body) = report.text.filter(|_| self.text) {
            body.write_beginning(text);
        }
    }

    /// `YYMMDDhhmm`, with seconds if the style has them.
    fn date<'d>(&self, date: &'d CompactString) -> &'d str {
        let digits = if self.seconds { 12 } else { 10 };
        date.get(..digits).unwrap_or(date)
    }
}

/// Dates as receipts write them, `YYMMDDhhmmss`: those of a second are many, and local times are dear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    /// By the last bit of the second.
    known: [Option<(i64, CompactString)>; 2],
}

impl Dates {
    fn of(&mut self, at: Timestamp, zone: &Zone) -> CompactString {
        let second = at.as_micros().div_euclid(1_000_000);
        let known = &mut self.known[usize::from(second & 1 == 1)];
        if let Some((_, date)) = known.as_ref().filter(|(known, _)| *known == second) {
            return date.clone();
        }
        let civil = zone.civil(at);
        let date = compact_str::format_compact!(
            "{:02}{:02}{:02}{:02}{:02}{:02}",
            civil.year().rem_euclid(100),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        *known = Some((second, date.clone()));
        date
    }
}

#[cfg(test)]
mod tests {
    use sms::{Civil, Encoding, Segment};

    use super::*;
    use crate::carrier::Carrier;
    use crate::cause::{Cause, ErrTable};
    use crate::message_id::MessageIdStyle;

    fn body() -> Body {
        let text = Segment::whole("Kings win 4-2", Encoding::Gsm7);
        Body::new(text, &Carrier::new("att"), 255).expect("short")
    }

    fn report(body: &Body, state: MessageState, cause: Option<Cause>) -> Report<'_> {
        let zone = Zone::utc();
        let at = |minute| zone.instant(Civil::new(2009, 3, 2, 14, minute, 7).expect("a date"));
        Report {
            message_id: MessageId {
                number: 42,
                style: MessageIdStyle::HexThenDecimal,
            },
            state,
            err: ErrTable::default().code(cause),
            submitted_at: at(0),
            done_at: at(1),
            text: Some(body),
        }
    }

    fn written(style: ReceiptStyle, report: &Report<'_>, zone: &Zone) -> String {
        let mut text = String::new();
        style.write(report, zone, &mut Dates::default(), &mut text);
        text
    }

    #[test]
    fn texts_follow_the_style() {
        let body = body();
        let delivered = report(&body, MessageState::Delivered, None);
        let expired = report(&body, MessageState::Expired, Some(Cause::NoCoverage));
        let dates = "submit date:0903021400 done date:0903021401";
        let long = "submit date:090302140007 done date:090302140107";
        for (style, report, expected) in [
            (
                "standard",
                &delivered,
                format!("id:0000000042 sub:001 dlvrd:001 {dates} stat:DELIVRD err:000 Text:Kings win 4-2"),
            ),
            (
                "standard",
                &expired,
                format!("id:0000000042 sub:001 dlvrd:000 {dates} stat:EXPIRED err:027 Text:Kings win 4-2"),
            ),
            (
                "minimal",
                &delivered,
                format!("id:0000000042 {dates} stat:DELIVRD err:000 Text:"),
            ),
            (
                "seconds",
                &delivered,
                format!("id:0000000042 sub:001 dlvrd:001 {long} stat:DELIVRD err:000 text:Kings win 4-2"),
            ),
        ] {
            let style = ReceiptStyle::named(style).expect("a style");
            assert_eq!(written(style, report, &Zone::utc()), expected);
        }
        assert_eq!(ReceiptStyle::named("unheard of"), None);
    }

    #[test]
    fn dates_are_local_times() {
        let zone = Zone::named("America/Los_Angeles").expect("in the database");
        let body = body();
        let text = written(
            ReceiptStyle::default(),
            &report(&body, MessageState::Delivered, None),
            &zone,
        );
        assert!(text.contains("submit date:0903020600"), "{text}");
    }

    #[test]
    fn remembered_dates_are_those_of_their_second() {
        let (zone, mut dates) = (Zone::utc(), Dates::default());
        for second in [0, 1, 2, 1, 0, 59, 60, 3_600, 2, -1, -2] {
            let at = Timestamp::from_secs(second);
            let fresh = Dates::default().of(at, &zone);
            assert_eq!(dates.of(at, &zone), fresh, "{second}");
            assert_eq!(dates.of(at, &zone), fresh, "{second}");
        }
    }
}
