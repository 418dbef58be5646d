//! What a delivery receipt says: [`Receipt`].

use std::borrow::Cow;
use std::ops::Range;

use compact_str::{CompactString, format_compact};
use smpp::{Tlv, Tlvs, tag};
use sms::{Encoding, MessageState, Segment};

/// The longest message id that a `submit_sm_resp` can give (SMPP v3.4 §4.4.2), in octets.
const MESSAGE_ID_OCTETS_MAX: usize = 64;
/// What is kept of an error code, in characters. Three are usual.
const ERR_CHARS_MAX: usize = 16;
/// The names that stand before a colon in the text of a receipt (SMPP v3.4 Appendix B).
const FIELDS: [&str; 8] = [
    "id",
    "sub",
    "dlvrd",
    "submit date",
    "done date",
    "stat",
    "err",
    "text",
];

/// The part of a delivery receipt, or of an intermediate notification, that tells which message it is about
/// and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The SMSC's name of the message, as the receipt writes it.
    pub message_id: CompactString,
    /// Whether the id is the TLV's: that is the very string of the response, while the text may print another
    /// base.
    pub id_is_exact: bool,
    /// The state; [`MessageState::Unknown`] when the receipt gives none that is known.
    pub state: MessageState,
    /// The network's error code, empty when there is none.
    pub err: CompactString,
}

impl Receipt {
    /// Reads a receipt: its TLVs first (SMPP v3.4 §5.3.2), and what they leave open from its text, whose form
    /// is the vendor's own (Appendix B). The fields of the text may stand in any order and letter case, and
    /// any may be missing.
    ///
    /// None when neither gives a message id of 1 to 64 octets.
    pub fn read(segment: &Segment, tlvs: &[Tlv]) -> Option<Self> {
        let text = text(segment);
        let words = Words::read(&text);
        let exact_id = tlvs
            .tlv_text(tag::RECEIPTED_MESSAGE_ID)
            .filter(|id| is_message_id(id));
        let code = tlvs
            .tlv_integer(tag::MESSAGE_STATE)
            .and_then(|code| u8::try_from(code).ok());
        let state = code.and_then(MessageState::from_code);
        let err = match tlvs.tlv(tag::NETWORK_ERROR_CODE).map(|tlv| &tlv.value[..]) {
            Some(&[_network, high, low]) => Some(format_compact!("{:03}", u16::from_be_bytes([high, low]))),
            Some(_) | None => None,
        };
        Some(Self {
            id_is_exact: exact_id.is_some(),
            message_id: exact_id
                .or_else(|| words.id.map(CompactString::from).filter(|id| is_message_id(id)))?,
            state: state
                .or_else(|| words.stat.and_then(state_of))
                .unwrap_or(MessageState::Unknown),
            err: err
                .or_else(|| words.err.map(|err| err.chars().take(ERR_CHARS_MAX).collect()))
                .unwrap_or_default(),
        })
    }
}

fn is_message_id(id: &str) -> bool {
    (1..=MESSAGE_ID_OCTETS_MAX).contains(&id.len())
}

/// The characters of a receipt. Its fields are plain ASCII in practice, also under data_coding 0, where the
/// GSM alphabet would turn the `_` of an id into a `§`.
fn text(segment: &Segment) -> Cow<'_, str> {
    if segment.encoding() == Encoding::Ucs2 {
        return segment.text().into();
    }
    match str::from_utf8(segment.body()) {
        Ok(text) if text.is_ascii() => text.into(),
        _ => segment.body().iter().map(|octet| char::from(*octet)).collect(),
    }
}

/// The state that a `stat:` word means: the words of Appendix B, those that SMSCs use beside them for "not
/// yet", and the names of the states in full.
fn state_of(word: &str) -> Option<MessageState> {
    let word = word.trim_end_matches([',', ';', '.']);
    MessageState::from_stat(word).or_else(|| match word.to_ascii_uppercase().as_str() {
        "BUFFRED" | "BUFFERD" | "BUFFERED" | "ACKED" => Some(MessageState::Enroute),
        "DELIVERED" => Some(MessageState::Delivered),
        "UNDELIVERABLE" | "UNDELIVERED" => Some(MessageState::Undeliverable),
        "ACCEPTED" => Some(MessageState::Accepted),
        "REJECTED" => Some(MessageState::Rejected),
        _ => None,
    })
}

/// What is wanted of a receipt's text: the words of its fields, as far as it has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Words<'a> {
    id: Option<&'a str>,
    stat: Option<&'a str>,
    err: Option<&'a str>,
}

impl<'a> Words<'a> {
    fn read(text: &'a str) -> Self {
        Self::in_order(text).unwrap_or_else(|| Self::in_any_order(text))
    }

    fn in_any_order(text: &'a str) -> Self {
        let fields = Fields::new(text);
        Self {
            id: fields.value("id"),
            stat: fields.value("stat"),
            err: fields.value("err"),
        }
    }

    /// The words of a text that has every field of Appendix B in its place, as nearly all have, whose form a single walk
    /// tells; none of any other.
    fn in_order(text: &'a str) -> Option<Self> {
        let (id, mut rest) = value(text.strip_prefix("id:")?)?;
        for name in [" sub:", " dlvrd:"] {
            rest = match rest.strip_prefix(name) {
                Some(rest) => value(rest)?.1,
                None => rest,
            };
        }
        let (_, rest) = value(rest.strip_prefix(" submit date:")?)?;
        let (_, rest) = value(rest.strip_prefix(" done date:")?)?;
        let (stat, rest) = value(rest.strip_prefix(" stat:")?)?;
        let (err, rest) = value(rest.strip_prefix(" err:")?)?;
        let is_all = rest.is_empty() || rest.starts_with(" text:") || rest.starts_with(" Text:");
        is_all.then_some(Self {
            id: Some(id),
            stat: Some(stat),
            err: Some(err),
        })
    }
}

/// The plain word that a text begins with, which looks like nothing else, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let is_plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    let end = text
        .bytes()
        .position(|octet| !is_plain(&octet))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The `name:value` fields of a receipt's text.
struct Fields<'a> {
    text: &'a str,
    /// Where the fields stand, each from the start of its name to behind the colon: the first of every name.
    places: [Option<Range<usize>>; FIELDS.len()],
    /// Where the first octets of the message itself begin, if they are given: a person's words, which may
    /// look like fields.
    message_at: usize,
}

impl<'a> Fields<'a> {
    fn new(text: &'a str) -> Self {
        let mut places = [const { None }; FIELDS.len()];
        let octets = text.as_bytes();
        for colon in (1..octets.len()).filter(|at| octets[*at] == b':') {
            let last = octets[colon - 1].to_ascii_lowercase();
            for (place, name) in places.iter_mut().zip(FIELDS) {
                if name.as_bytes().last() == Some(&last)
                    && place.is_none()
                    && ends_with_word(&text[..colon], name)
                {
                    *place = Some(colon - name.len()..colon + 1);
                }
            }
        }
        let mut fields = Self {
            text,
            places,
            message_at: text.len(),
        };
        let message_at = fields.find("text").map_or(text.len(), |at| at.start);
        // Some put the text first; then the fields come after it.
        if ["id", "stat"]
            .iter()
            .any(|name| fields.find(name).is_some_and(|at| at.start < message_at))
        {
            fields.message_at = message_at;
        }
        fields
    }

    /// The word after `name:`; none when the field is missing or empty.
    fn value(&self, name: &str) -> Option<&'a str> {
        let at = self.find(name)?.end;
        let blanks = self.text[at..].len() - self.text[at..].trim_start().len();
        let at = at + blanks;
        if blanks > 0 && FIELDS.iter().any(|name| self.begins_field(at, name)) {
            return None;
        }
        let end = self.message_at.max(at);
        self.text[at..end].split_whitespace().next()
    }

    /// The place of `name:` at the start of a word, before the message's own words.
    fn find(&self, name: &str) -> Option<&Range<usize>> {
        let field = FIELDS.iter().position(|field| *field == name)?;
        self.places[field]
            .as_ref()
            .filter(|at| at.start < self.message_at)
    }

    fn begins_field(&self, at: usize, name: &str) -> bool {
        let (here, colon) = (self.text.as_bytes(), at + name.len());
        here.get(at..colon)
            .is_some_and(|here| here.eq_ignore_ascii_case(name.as_bytes()))
            && here.get(colon) == Some(&b':')
    }
}

/// Whether a text ends with those words, whatever their letter case, which no letter and no digit stands before.
fn ends_with_word(text: &str, name: &str) -> bool {
    let (octets, name) = (text.as_bytes(), name.as_bytes());
    let Some(start) = octets.len().checked_sub(name.len()) else {
        return false;
    };
    octets[start..].eq_ignore_ascii_case(name)
        && text[..start]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use MessageState::{Accepted, Delivered, Enroute, Expired, Rejected, Undeliverable, Unknown};

    fn read(text: &str, tlvs: &[Tlv]) -> Option<Receipt> {
        let segment = Segment {
            data_coding: 0,
            udhi: false,
            user_data: text.as_bytes().into(),
        };
        Receipt::read(&segment, tlvs)
    }

    #[test]
    fn texts_of_many_vendors_are_read() {
        let uuid = "1010d937-8f4c-4d5e-9a3b-6f1e2d3c4b5a";
        let long = "x".repeat(64);
        for (text, id, state, err) in [
            // The form of Appendix B.
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:0803120930 done date:0803120931 stat:DELIVRD err:000 Text:Hello you",
                "0123456789",
                Delivered,
                "000",
            ),
            // Dates with seconds, one of each kind, with the century; short counts; error codes of letters.
            (
                "id:2A sub:1 dlvrd:0 submit date:080312093015 done date:0803120931 stat:UNDELIV err:00B text:",
                "2A",
                Undeliverable,
                "00B",
            ),
            (
                "id:a_b-c submit date:20080312093015 done date:20080312093115 stat:EXPIRED err:106 Text:-",
                "a_b-c",
                Expired,
                "106",
            ),
            // Hardly any field; a dotted id; a UUID; letter case.
            (
                "id:1479978899.393701000100 stat:REJECTD",
                "1479978899.393701000100",
                Rejected,
                "",
            ),
            (&format!("id:{uuid} stat:ACCEPTD err:1"), uuid, Accepted, "1"),
            ("ID:7 SUB:001 STAT:delivrd ERR:000 TEXT:x", "7", Delivered, "000"),
            // Another order, also with the text first.
            ("stat:ENROUTE err:001 id:7 sub:000", "7", Enroute, "001"),
            ("text:hello id:7 stat:DELIVRD err:000", "7", Delivered, "000"),
            // Empty fields, blanks after the colon, line ends.
            ("id: 7 sub:001 stat: DELIVRD err: text:hi", "7", Delivered, ""),
            (
                "id:7 stat:DELIVRD err: submit date:0803120930",
                "7",
                Delivered,
                "",
            ),
            ("id:7\r\nstat:DELIVRD\r\nerr:000", "7", Delivered, "000"),
            // Words beside those of Appendix B.
            ("id:7 stat:BUFFRED", "7", Enroute, ""),
            ("id:7 stat:BUFFERD", "7", Enroute, ""),
            ("id:7 stat:ACKED", "7", Enroute, ""),
            ("id:7 stat:DELIVERED", "7", Delivered, ""),
            ("id:7 stat:WHATEVER", "7", Unknown, ""),
            ("id:7", "7", Unknown, ""),
            // A person's words are no fields, nor is the end of another word.
            ("id:7 sub:001 text:stat:DELIVRD err:9", "7", Unknown, ""),
            (
                "id:7 stat:EXPIRED err:001 text:hi id:8 stat:DELIVRD err:000",
                "7",
                Expired,
                "001",
            ),
            ("msgid:9 id:7 laststat:EXPIRED stat:DELIVRD", "7", Delivered, ""),
            // At the limits.
            (&format!("id:{long} stat:DELIVRD"), &long, Delivered, ""),
            (
                "id:7 stat:EXPIRED err:12345678901234567",
                "7",
                Expired,
                "1234567890123456",
            ),
        ] {
            let wanted = Receipt {
                message_id: id.into(),
                id_is_exact: false,
                state,
                err: err.into(),
            };
            assert_eq!(read(text, &[]), Some(wanted), "{text}");
        }
        for text in [
            "",
            "hello",
            "stat:DELIVRD err:000",
            "id: stat:DELIVRD",
            "id:",
            &format!("id:{long}x stat:DELIVRD"),
        ] {
            assert_eq!(read(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn tlvs_come_before_the_text() {
        let id = Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, "2a");
        let bare_id = Tlv::new(tag::RECEIPTED_MESSAGE_ID, *b"2a");
        let empty_id = Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, "");
        let state = Tlv::octet(tag::MESSAGE_STATE, 2);
        let odd_state = Tlv::octet(tag::MESSAGE_STATE, 77);
        let long_state = Tlv::short(tag::MESSAGE_STATE, 0x0202);
        let error = Tlv::new(tag::NETWORK_ERROR_CODE, [3, 1, 2]);
        let short_error = Tlv::new(tag::NETWORK_ERROR_CODE, [3, 1]);
        let text = "id:0000000042 stat:EXPIRED err:007";
        for (text, tlvs, wanted) in [
            (
                text,
                vec![id.clone(), state.clone(), error.clone()],
                Some(("2a", true, Delivered, "258")),
            ),
            (
                "",
                vec![state.clone(), bare_id.clone()],
                Some(("2a", true, Delivered, "")),
            ),
            (text, vec![state], Some(("0000000042", false, Delivered, "007"))),
            (text, vec![bare_id, odd_state], Some(("2a", true, Expired, "007"))),
            (
                text,
                vec![empty_id.clone(), long_state, short_error],
                Some(("0000000042", false, Expired, "007")),
            ),
            ("", vec![id], Some(("2a", true, Unknown, ""))),
            ("", vec![empty_id, error], None),
        ] {
            let receipt = read(text, &tlvs);
            let receipt = receipt
                .as_ref()
                .map(|r| (r.message_id.as_str(), r.id_is_exact, r.state, r.err.as_str()));
            assert_eq!(receipt, wanted, "{text:?} {tlvs:?}");
        }
    }

    #[test]
    fn a_receipt_in_ucs2_is_read() {
        let user_data = "id:7 stat:DELIVRD err:000"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<u8>>();
        let receipt = Receipt::read(
            &Segment {
                data_coding: 8,
                udhi: false,
                user_data: user_data.into(),
            },
            &[],
        )
        .expect("a receipt");
        assert_eq!((receipt.message_id.as_str(), receipt.state), ("7", Delivered));
    }

    /// A receipt in the pieces that a walk through it meets.
    const IN_ORDER: [&str; 18] = [
        "id:",
        "2A",
        " sub:",
        "001",
        " dlvrd:",
        "001",
        " submit date:",
        "0803120930",
        " done date:",
        "080312093100",
        " stat:",
        "DELIVRD",
        " err:",
        "000",
        " text:",
        "see id:",
        "7 stat:EXPIRED err:1 ",
        " text: x",
    ];

    #[test]
    fn a_receipt_of_the_usual_form_is_read_in_a_single_walk() {
        let whole = IN_ORDER.concat();
        let without_counts = whole.replace(" sub:001 dlvrd:001", "");
        let without_text = IN_ORDER[..14].concat();
        for text in [whole, without_counts, without_text] {
            let words = Words {
                id: Some("2A"),
                stat: Some("DELIVRD"),
                err: Some("000"),
            };
            assert_eq!(Words::in_order(&text), Some(words), "{text}");
            assert_eq!(Words::in_any_order(&text), words, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(
            data_coding: u8,
            udhi: bool,
            user_data in prop::collection::vec(any::<u8>(), 0..200),
            tag in prop_oneof![Just(tag::RECEIPTED_MESSAGE_ID), Just(tag::MESSAGE_STATE), Just(tag::NETWORK_ERROR_CODE)],
            value in prop::collection::vec(any::<u8>(), 0..70),
        ) {
            let receipt = Receipt::read(&Segment { data_coding, udhi, user_data: user_data.into() }, &[Tlv::new(tag, value)]);
            prop_assert!(receipt.is_none_or(|receipt| is_message_id(&receipt.message_id)));
        }

        #[test]
        fn the_single_walk_reads_what_the_search_reads(pieces in prop::collection::vec(prop_oneof![
            8 => Just(None),
            1 => "[ :a-z0-9A-Z._é-]{0,4}".prop_map(Some),
            1 => prop::sample::select(IN_ORDER.to_vec()).prop_map(|piece| Some(piece.to_owned())),
        ], IN_ORDER.len())) {
            let pieces = pieces.iter().zip(IN_ORDER).map(|(changed, piece)| changed.as_deref().unwrap_or(piece));
            let text: String = pieces.collect();
            if let Some(words) = Words::in_order(&text) {
                prop_assert_eq!(words, Words::in_any_order(&text));
            }
        }

        #[test]
        fn a_persons_words_change_nothing(
            id in "[0-9A-Za-z._-]{1,64}",
            state in prop::sample::select(MessageState::ALL.to_vec()),
            err in "[0-9A-Z]{1,3}",
            has_counts: bool,
            label in prop::sample::select(vec!["text:", "Text:", "TEXT:"]),
            words in prop_oneof![any::<String>(), "(id:|stat:|err:|text:|sub:|[A-Z0-9: ]){0,12}"],
        ) {
            let counts = if has_counts { "sub:001 dlvrd:001 " } else { "" };
            let stat = state.stat();
            let text = format!(
                "id:{id} {counts}submit date:0803120930 done date:0803120931 stat:{stat} err:{err} {label}{words}"
            );
            let wanted = Receipt {
                message_id: id.into(),
                id_is_exact: false,
                state: MessageState::from_stat(stat).expect("a state"),
                err: err.into(),
            };
            prop_assert_eq!(read(&text, &[]), Some(wanted));
        }

        #[test]
        fn fields_are_found_in_any_order(order in Just(vec!["id:7f", "sub:001", "dlvrd:001", "submit date:0803120930",
            "done date:080312093100", "stat:UNDELIV", "err:00B"]).prop_shuffle(), upper: bool) {
            let text = if upper { order.join(" ").to_ascii_uppercase() } else { order.join(" ") };
            let receipt = read(&text, &[]).expect("an id");
            prop_assert_eq!(receipt.message_id.to_ascii_lowercase(), "7f");
            prop_assert_eq!((receipt.state, receipt.err.as_str()), (Undeliverable, "00B"));
        }
    }
}
