//! The keys of a carrier profile: clauses of `carrier`, and lines of `simulator-config/carriers/*.toml`.

use std::sync::LazyLock;

use smsc::fault::FAULTS_MAX;
use smsc::{
    Alphabet, BlockedReaction, Carrier, Cause, CodeOverLimit, Effect, Latency, LongText, MessageIdStyle,
    MoAlphabet, OverLimit, ReceiptMode, ReceiptStyle, StopMode, UnprovisionedMo,
};

use super::fault_key::{RECEIPT_MODES, fault};
use super::words::{
    NO_TIME, digits, dur, each, ladder, number, number_or_none, on_off, one, one_of, one_or_more, said,
    share, status,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::syntax::Clause;

/// What stands before a cause in the keys of the `err` table: `err_absent`.
const ERR: &str = "err_";

/// The tag of `carrier_tlv` where none is said: that of a US aggregator.
const CARRIER_TAG: u16 = 0x1401;
/// The tags that vendors may use (SMPP v3.4 §5.3.1).
const VENDORS_TAGS: std::ops::RangeInclusive<u16> = 0x1400..=0x3FFF;

/// Every key, in the order of `simulator-config/README.md`.
pub(crate) fn carrier_keys() -> &'static [String] {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
        let errs = Cause::ALL.iter().map(|cause| format!("{ERR}{}", cause.name()));
        KEYS.iter().map(|key| (*key).to_owned()).chain(errs).collect()
    });
    &ALL
}

const KEYS: &[&str] = &[
    "ranges",
    "areas",
    "place",
    "latency",
    "loss",
    "first_attempt_failure",
    "lost_for_good",
    "duplicated",
    "mo_loss",
    "mo_duplicated",
    "mo_reordered",
    "reordered",
    "reordered_by",
    "roaming",
    "roaming_latency",
    "retry",
    "retry_absent",
    "retry_memory_full",
    "retry_busy",
    "retry_no_answer",
    "retry_link_down",
    "validity",
    "validity_max",
    "receipts",
    "receipt_seconds",
    "receipt_counts",
    "receipt_err_digits",
    "receipt_err_hex",
    "receipt_label",
    "receipt_text",
    "receipt_tlvs",
    "receipt_network_error",
    "receipt_hand_over",
    "receipt_accepted",
    "receipt_mode",
    "receipts_late_by",
    "receipts_lost",
    "receipts_duplicated",
    "carrier_tlv",
    "message_ids",
    "alphabet",
    "substitute",
    "mangled",
    "mo_alphabet",
    "alphanumeric_sources",
    "length_max",
    "concatenation",
    "long_text",
    "throttle_per_s",
    "over_limit",
    "code_daily_max",
    "code_over_limit",
    "queue_max",
    "congestion",
    "outages",
    "blocked_codes",
    "provisioned_codes",
    "blocked_reaction",
    "blocked_status",
    "unprovisioned_mo",
    "bounce_text",
    "bounce_from",
    "stop",
    "stop_words",
    "start_words",
    "stop_reply",
    "mo_waiting_max",
    "answer",
];

/// Sets a key of a carrier profile.
///
/// # Errors
///
/// What its value is not, for the label under it.
pub(crate) fn set_carrier_key(carrier: &mut Carrier, clause: &Clause) -> Result<(), String> {
    let words = clause.words();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    set(carrier, clause.key.node.as_str(), &words)
}

/// What is wrong with the value of a key of a carrier profile, if something is.
pub(crate) fn carrier_key_fault(path: &str, clause: &Clause) -> Option<Diagnostic> {
    let reason = set_carrier_key(&mut Carrier::new("any"), clause).err()?;
    let bare = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let number = clause.values.iter().find(|value| bare(value.node.as_str()));
    if let Some(value) = number.filter(|_| reason == NO_TIME) {
        let text = value.node.as_str();
        let message = format!("`{text}` is no value of `{}`", clause.key.node);
        let fault = Diagnostic::new(Code::E041, path, value.span, message).label(reason);
        return Some(fault.help(format!("write {text}ms, {text}s or {text}m")));
    }
    let message = format!("the value of `{}` does not fit", clause.key.node);
    Some(Diagnostic::new(Code::E105, path, clause.span(), message).label(reason))
}

fn set(carrier: &mut Carrier, key: &str, words: &[&str]) -> Result<(), String> {
    if let Some(cause) = key.strip_prefix(ERR) {
        let cause = Cause::from_name(cause).ok_or("no such cause")?;
        carrier.err.set(cause, number(words, 999)?);
        return Ok(());
    }
    match key {
        "ranges" => carrier.ranges = digits(words)?,
        "areas" => {
            one_or_more(words)?;
            carrier.areas = words.iter().map(|word| (*word).into()).collect();
        }
        "place" => {
            let place = match words {
                [latitude, longitude] => sms::Place::read(latitude, longitude),
                _ => None,
            };
            let expected = "expected degrees north and east such as 37.7749 -122.4194";
            carrier.place = Some(place.ok_or(expected)?);
        }
        "latency" => carrier.latency = latency(words)?,
        "loss" => carrier.loss_percent = share(words)?,
        "first_attempt_failure" => carrier.first_attempt_failure_percent = share(words)?,
        "lost_for_good" => carrier.lost_for_good_percent = share(words)?,
        "duplicated" => carrier.duplicated_percent = share(words)?,
        "mo_loss" => carrier.mo_loss_percent = share(words)?,
        "mo_duplicated" => carrier.mo_duplicated_percent = share(words)?,
        "mo_reordered" => carrier.mo_reordered_percent = share(words)?,
        "carrier_tlv" => carrier.tlv = carrier_tlv(words)?,
        "reordered" => carrier.reordered_percent = share(words)?,
        "reordered_by" => carrier.reordered_by = dur(one(words)?)?,
        "roaming" => carrier.roaming_allowed = one_of(words, &[("allowed", true), ("forbidden", false)])?,
        "roaming_latency" => carrier.roaming_latency = dur(one(words)?)?,
        "retry" => carrier.retry = smsc::RetryLadders::uniform(&ladder(words)?),
        "retry_absent" => carrier.retry.absent = ladder(words)?,
        "retry_memory_full" => carrier.retry.memory_full = ladder(words)?,
        "retry_busy" => carrier.retry.busy = ladder(words)?,
        "retry_no_answer" => carrier.retry.no_answer = ladder(words)?,
        "retry_link_down" => carrier.retry.link_down = ladder(words)?,
        "validity" => carrier.validity = dur(one(words)?)?,
        "validity_max" => carrier.validity_max = dur(one(words)?)?,
        "mo_waiting_max" => carrier.mo_waiting_max = number(words, usize::MAX)?,
        "message_ids" => carrier.message_ids = message_ids(words)?,
        "throttle_per_s" => carrier.throttle_per_s = number_or_none(words, u32::MAX)?,
        "queue_max" => carrier.queue_max = number_or_none(words, usize::MAX)?.unwrap_or(usize::MAX),
        "congestion" => carrier.congestion_percent = share(words)?,
        "outages" => carrier.outages = each(words, |word| word.parse().map_err(said))?,
        "answer" => {
            let rule = fault(words).map_err(|(_, reason)| reason)?;
            if matches!(rule.effect, Effect::Answer(status) if status.is_ok()) {
                return Err("no text is refused with ESME_ROK; leave the rule out".to_owned());
            }
            if carrier.faults.len() >= FAULTS_MAX {
                return Err(format!("a carrier has at most {FAULTS_MAX} rules"));
            }
            carrier.faults.push(rule);
        }
        "over_limit" => {
            let ways = [
                ("throttle", OverLimit::Throttle),
                ("queue_full", OverLimit::QueueFull),
                ("queue", OverLimit::Queue),
            ];
            carrier.over_limit = one_of(words, &ways)?;
        }
        "code_daily_max" => carrier.code_daily_max = number_or_none(words, u32::MAX)?,
        "code_over_limit" => {
            let ways = [
                ("throttle", CodeOverLimit::Throttle),
                ("queue_full", CodeOverLimit::QueueFull),
                ("queue", CodeOverLimit::Queue),
                ("reject", CodeOverLimit::Reject),
            ];
            carrier.code_over_limit = one_of(words, &ways)?;
        }
        _ if key.starts_with("receipt") => return set_receipts(carrier, key, words),
        _ => return set_texts(carrier, key, words),
    }
    Ok(())
}

fn set_receipts(carrier: &mut Carrier, key: &str, words: &[&str]) -> Result<(), String> {
    let style = &mut carrier.receipts;
    match key {
        "receipts" => *style = ReceiptStyle::named(one(words)?).ok_or("no such style")?,
        "receipt_seconds" => style.seconds = on_off(words)?,
        "receipt_counts" => style.counts = on_off(words)?,
        "receipt_err_digits" => style.err_digits = number(words, 9)?,
        "receipt_err_hex" => style.err_hex = on_off(words)?,
        "receipt_label" => style.capital_text = one_of(words, &[("Text", true), ("text", false)])?,
        "receipt_text" => style.text = on_off(words)?,
        "receipt_tlvs" => style.tlvs = on_off(words)?,
        "receipt_network_error" => style.network_error = on_off(words)?,
        "receipt_hand_over" => style.fakes_delivered = on_off(words)?,
        "receipt_accepted" => style.accepted_first = on_off(words)?,
        "receipt_mode" => carrier.receipt_mode = receipt_mode(one(words)?)?,
        "receipts_late_by" => carrier.receipts_late_by = dur(one(words)?)?,
        "receipts_lost" => carrier.receipts_lost_percent = share(words)?,
        "receipts_duplicated" => carrier.receipts_duplicated_percent = share(words)?,
        _ => return Err("not a key of a carrier profile".to_owned()),
    }
    Ok(())
}

/// What becomes of texts by what they say and where they come from and go to.
fn set_texts(carrier: &mut Carrier, key: &str, words: &[&str]) -> Result<(), String> {
    match key {
        "alphabet" => {
            let alphabets = [
                ("gsm7_ucs2", Alphabet::Gsm7Ucs2),
                ("gsm7", Alphabet::Gsm7),
                ("ascii", Alphabet::Ascii),
            ];
            carrier.alphabet = one_of(words, &alphabets)?;
        }
        "mo_alphabet" => {
            let alphabets = [("as_sent", MoAlphabet::AsSent), ("latin1", MoAlphabet::Latin1)];
            carrier.mo_alphabet = one_of(words, &alphabets)?;
        }
        "substitute" => {
            let mut characters = one(words)?.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) if one.is_ascii_graphic() && sms::gsm7::septets(one) == Some(1) => {
                    carrier.substitute = one;
                }
                _ => return Err("expected one character that every alphabet has".to_owned()),
            }
        }
        "mangled" => carrier.mangled = words.concat().into(),
        "length_max" => {
            let septets: u8 = number(words, 160)?;
            if septets < 20 {
                return Err("expected 20 to 160 septets".to_owned());
            }
            carrier.length_max = septets;
        }
        "alphanumeric_sources" => carrier.alphanumeric_sources = on_off(words)?,
        "concatenation" => carrier.concatenation = on_off(words)?,
        "long_text" => {
            let ways = [
                ("split", LongText::Split),
                ("separate", LongText::Separate),
                ("reject", LongText::Reject),
                ("truncate", LongText::Truncate),
            ];
            carrier.long_text = one_of(words, &ways)?;
        }
        "blocked_codes" => carrier.blocked_codes = digits(words)?.into_iter().collect(),
        "provisioned_codes" if words == ["all"] => carrier.provisioned_codes = None,
        "provisioned_codes" if words == ["none"] => carrier.provisioned_codes = Some([].into()),
        "provisioned_codes" => carrier.provisioned_codes = Some(digits(words)?.into_iter().collect()),
        "blocked_reaction" => {
            let ways = [
                ("refuse", BlockedReaction::Refuse),
                ("reject", BlockedReaction::Reject),
            ];
            carrier.blocked_reaction = one_of(words, &ways)?;
        }
        "blocked_status" => carrier.blocked_status = status(one(words)?)?,
        "unprovisioned_mo" => {
            let ways = [
                ("bounce", UnprovisionedMo::Bounce),
                ("drop", UnprovisionedMo::Drop),
            ];
            carrier.unprovisioned_mo = one_of(words, &ways)?;
        }
        "bounce_text" => carrier.bounce_text = Some(one(words)?.into()),
        "bounce_from" => carrier.bounce_from = digits(words)?.pop(),
        "stop" => {
            let modes = [
                ("pass_through", StopMode::PassThrough),
                ("pass_and_block", StopMode::PassAndBlock),
                ("swallow", StopMode::Swallow),
            ];
            carrier.stop = one_of(words, &modes)?;
        }
        "stop_words" => carrier.stop_words = keywords(words)?,
        "start_words" => carrier.start_words = keywords(words)?,
        "stop_reply" => carrier.stop_reply = words.join(" ").into(),
        _ => return Err("not a key of a carrier profile".to_owned()),
    }
    Ok(())
}

/// Stop words as they are compared; `_` stands for the blank between two words of one.
fn keywords<T: From<String>>(words: &[&str]) -> Result<Vec<T>, String> {
    each(words, |word| {
        let holds = word
            .chars()
            .all(|character| character.is_alphanumeric() || character == '_');
        let keyword = word.to_uppercase().replace('_', " ");
        holds
            .then(|| T::from(keyword))
            .ok_or_else(|| "expected a word of letters and digits".to_owned())
    })
}

fn latency(words: &[&str]) -> Result<Latency, String> {
    match words {
        ["uniform", min, max] => {
            let (min, max) = (dur(min)?, dur(max)?);
            let ordered = min <= max;
            let latency = Latency::Uniform { min, max };
            ordered
                .then_some(latency)
                .ok_or_else(|| "expected the shorter time first".to_owned())
        }
        ["log_normal", median, sigma, cap] => {
            let sigma: f64 = sigma
                .parse()
                .map_err(|_| "expected a sigma such as 0.6".to_owned())?;
            if !(0.0..=5.0).contains(&sigma) {
                return Err("expected a sigma from 0 to 5".to_owned());
            }
            let (median, cap) = (dur(median)?, dur(cap)?);
            Ok(Latency::LogNormal { median, sigma, cap })
        }
        ["fixed", time] | [time] => dur(time).map(Latency::Fixed),
        _ => Err("expected a time, `uniform MIN MAX` or `log_normal MEDIAN SIGMA CAP`".to_owned()),
    }
}

/// What names the carrier: characters, and the tag if it is another than is usual.
fn carrier_tlv(words: &[&str]) -> Result<Option<smpp::Tlv>, String> {
    let (text, tag) = match words {
        ["none"] => return Ok(None),
        [text] => (text, CARRIER_TAG),
        [text, tag] => {
            let number = tag
                .strip_prefix("0x")
                .and_then(|hex| u16::from_str_radix(hex, 16).ok());
            (
                text,
                number.ok_or("expected a tag such as 0x1401 after the name")?,
            )
        }
        _ => return Err("expected a name, and a tag such as 0x1401 or none".to_owned()),
    };
    if !VENDORS_TAGS.contains(&tag) {
        return Err("a vendor's tags are 0x1400 to 0x3FFF".to_owned());
    }
    Ok(Some(smpp::Tlv::c_octet_string(tag, text)))
}

fn message_ids(words: &[&str]) -> Result<MessageIdStyle, String> {
    let styles = [
        ("same", MessageIdStyle::Same),
        ("hex_then_decimal", MessageIdStyle::HexThenDecimal),
        ("decimal_then_hex", MessageIdStyle::DecimalThenHex),
        ("padded", MessageIdStyle::Padded),
        ("uuid", MessageIdStyle::Uuid),
    ];
    one_of(words, &styles)
}

/// A receipt mode by its name.
pub(crate) fn receipt_mode(word: &str) -> Result<ReceiptMode, String> {
    one_of(&[word], RECEIPT_MODES)
}

/// The name of a receipt mode, as `set` and `check` say it.
pub fn receipt_mode_name(mode: ReceiptMode) -> &'static str {
    match mode {
        ReceiptMode::Normal => "normal",
        ReceiptMode::Late => "late",
        ReceiptMode::Lost => "lost",
        ReceiptMode::Duplicated => "duplicated",
        ReceiptMode::Early => "early",
        ReceiptMode::Sibling => "sibling",
        ReceiptMode::WrongId => "wrong_id",
        ReceiptMode::OnePart => "one_part",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_or_said_to_be_wrong() {
        for (key, words, fits) in [
            ("latency", "1s", true),
            ("latency", "fixed 1s", true),
            ("latency", "uniform 1s 3s", true),
            ("latency", "uniform 3s 1s", false),
            ("latency", "log_normal 6s 0.6 10m", true),
            ("latency", "log_normal 6s 6 10m", false),
            ("latency", "log_normal 6s", false),
            ("latency", "1", false),
            ("loss", "1%", true),
            ("loss", "0.1", true),
            ("loss", "101%", false),
            ("place", "37.7749 -122.4194", true),
            ("place", "37.7749", false),
            ("place", "91 0", false),
            ("ranges", "1404555 1415", true),
            ("ranges", "", false),
            ("ranges", "+1404", false),
            ("retry_absent", "1m 5m", true),
            ("retry_absent", "", false),
            ("err_absent", "999", true),
            ("err_absent", "1000", false),
            ("err_nonsense", "1", false),
            ("length_max", "160", true),
            ("length_max", "161", false),
            ("length_max", "20", true),
            ("length_max", "19", false),
            ("substitute", "$", true),
            ("substitute", "$$", false),
            ("substitute", "ñ", false),
            ("substitute", "{", false),
            ("message_ids", "uuid", true),
            ("message_ids", "roman", false),
            ("blocked_status", "0x404", true),
            ("blocked_status", "RINVDSTADR", true),
            ("blocked_status", "ESME_ROK", false),
            ("provisioned_codes", "all", true),
            ("provisioned_codes", "none", true),
            ("provisioned_codes", "32665 12345", true),
            ("provisioned_codes", "many", false),
            ("stop_words", "STOP STOP_ALL", true),
            ("stop_words", "STOP!", false),
            ("outages", "03:00-04:30", true),
            ("outages", "03:00", false),
            ("throttle_per_s", "none", true),
            ("throttle_per_s", "4294967296", false),
            ("code_daily_max", "none", true),
            ("code_daily_max", "0", true),
            ("code_daily_max", "many", false),
            ("code_over_limit", "reject", true),
            ("code_over_limit", "bounce", false),
            ("err_volume", "19", true),
            ("concatenation", "", true),
            ("concatenation", "off", true),
            ("concatenation", "perhaps", false),
            ("receipt_err_hex", "on", true),
            ("receipt_network_error", "perhaps", false),
            ("mo_alphabet", "latin1", true),
            ("mo_alphabet", "klingon", false),
            ("carrier_tlv", "att", true),
            ("carrier_tlv", "383 0x2150", true),
            ("carrier_tlv", "none", true),
            ("carrier_tlv", "att 0x0204", false),
            ("carrier_tlv", "att 5", false),
            ("mo_loss", "1%", true),
            ("receipts", "accepted", true),
            ("answer", "ESME_RSYSERR for 2", true),
            ("answer", "ESME_ROK", false),
            ("answer", "0x0", false),
            ("nonsense", "1", false),
            ("receipt_nonsense", "1", false),
        ] {
            let words: Vec<&str> = words.split_whitespace().collect();
            let result = set(&mut Carrier::new("att"), key, &words);
            assert_eq!(result.is_ok(), fits, "{key} {words:?}: {result:?}");
        }
    }

    #[test]
    fn a_carrier_has_so_many_rules() {
        let mut att = Carrier::new("att");
        for _ in 0..FAULTS_MAX {
            set(&mut att, "answer", &["none"]).expect("one more");
        }
        let why = set(&mut att, "answer", &["none"]).expect_err("one too many");
        assert_eq!(why, "a carrier has at most 1000 rules");
    }

    #[test]
    fn every_key_stands_in_the_table_of_the_configuration() {
        let readme = include_str!("../../../../simulator-config/README.md");
        let described: Vec<&str> = readme
            .lines()
            .take_while(|line| !line.starts_with("WHAT"))
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(key, _)| key)
            .skip_while(|key| *key != "ranges")
            .collect();
        assert_eq!(described, carrier_keys());
        let (_, effects) = readme.split_once("WHAT of").expect("the table of effects");
        for word in super::super::effect_words() {
            assert!(effects.contains(&format!("`{word}")), "{word}");
        }
    }

    #[test]
    fn every_key_is_one() {
        for key in carrier_keys() {
            let result = set(&mut Carrier::new("att"), key, &["never a value of it"]);
            assert_ne!(result, Err("not a key of a carrier profile".to_owned()), "{key}");
        }
    }
}
