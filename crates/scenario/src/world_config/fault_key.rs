//! What goes wrong on demand, in words: `answer` of a carrier line, of a profile and of `set`.

use sms::Msisdn;
use smsc::{Cause, Effect, Fault, PageOutcome, ReceiptMode, TextPattern};

use crate::check::percent;
use crate::syntax::Dur;

/// A word that does not fit, by its place, and what would.
pub(crate) type Misfit = (usize, String);

/// The words that stand for an effect by themselves.
const EFFECTS: &[(&str, Effect)] = &[
    ("none", Effect::NoAnswer),
    ("out_of_order", Effect::OutOfOrder),
    ("wrong_sequence", Effect::WrongSequence),
    ("nack", Effect::Nack),
    ("nack_without_sequence", Effect::NackWithoutSequence),
    ("malformed", Effect::Malformed),
    ("wrong_length", Effect::WrongLength),
    ("cut", Effect::Cut),
    ("no_body", Effect::NoBody),
    ("unbind", Effect::Unbind),
    ("reset", Effect::Reset),
    ("silence", Effect::Silence),
    ("delivered", Effect::Outcome(PageOutcome::Delivered)),
];

/// The names of receipt modes.
pub(crate) const RECEIPT_MODES: &[(&str, ReceiptMode)] = &[
    ("normal", ReceiptMode::Normal),
    ("late", ReceiptMode::Late),
    ("lost", ReceiptMode::Lost),
    ("duplicated", ReceiptMode::Duplicated),
    ("early", ReceiptMode::Early),
    ("sibling", ReceiptMode::Sibling),
    ("wrong_id", ReceiptMode::WrongId),
    ("one_part", ReceiptMode::OnePart),
];

/// The words that may stand first.
pub(crate) fn effect_words() -> impl Iterator<Item = &'static str> {
    let words = EFFECTS.iter().map(|(word, _)| *word);
    words.chain(["late", "slow", "receipt", "failed"])
}

/// Reads `WHAT [on OPERATION ...] [for N] [chance PERCENT] [every N] [account NAME] [to NUMBER [NUMBER]] [text REGEX]`.
///
/// # Errors
///
/// The place of the word that does not fit, which may be one after the last, and what would.
pub(crate) fn fault(words: &[&str]) -> Result<Fault, Misfit> {
    let mut at = 0;
    let mut fault = Fault::always(effect(words, &mut at)?);
    let ends_all = matches!(fault.effect, Effect::Answer(status) if status.is_ok());
    if ends_all && at < words.len() {
        return Err((at, "ESME_ROK ends every rule, and stands alone".to_owned()));
    }
    while at < words.len() {
        let key = words[at];
        at += 1;
        match key {
            "on" => fault.operations = operations(words, &mut at, fault.effect)?,
            "for" => fault.count = Some(read(words, &mut at, COUNT, number)?),
            "chance" => fault.percent = read(words, &mut at, "a percentage from 0% to 100%", percent)?,
            "every" => fault.every = read(words, &mut at, COUNT, number)?,
            "account" => {
                let account = read(words, &mut at, "the name of an ESME", |word| Some(word.into()))?;
                fault.account = Some(account);
            }
            "text" => {
                let word = read(words, &mut at, "a regular expression", |word| {
                    Some(word.to_owned())
                })?;
                let pattern = TextPattern::new(&word).map_err(|error| (at - 1, not_regular(&error)))?;
                fault.text = Some(pattern);
            }
            "to" => {
                let first: Msisdn = read(words, &mut at, "a number", |word| word.parse().ok())?;
                let last: Option<Msisdn> = words.get(at).and_then(|word| word.parse().ok());
                if last.is_some_and(|last| last < first) {
                    return Err((at, "expected the lower number first".to_owned()));
                }
                at += usize::from(last.is_some());
                fault.numbers = Some((first, last.unwrap_or(first)));
            }
            _ => {
                let expected = "expected on, for, chance, every, account, to or text".to_owned();
                return Err((at - 1, expected));
            }
        }
    }
    Ok(fault)
}

fn effect(words: &[&str], at: &mut usize) -> Result<Effect, Misfit> {
    let word = *words
        .first()
        .ok_or((0, "expected a command_status or an effect".to_owned()))?;
    *at = 1;
    if let Some((_, effect)) = EFFECTS.iter().find(|(name, _)| *name == word) {
        return Ok(*effect);
    }
    let time = "a length of time such as 10s";
    match word {
        "late" => {
            let by = read(words, at, time, |word| word.parse::<Dur>().ok())?;
            Ok(Effect::LateAnswer(by.duration()))
        }
        "slow" => Ok(Effect::Slow(read(
            words,
            at,
            "octets a second, at least 1",
            number,
        )?)),
        "receipt" => {
            let mode = |word: &str| RECEIPT_MODES.iter().find(|(name, _)| *name == word);
            Ok(Effect::Receipt(read(words, at, "a receipt mode", mode)?.1))
        }
        "failed" => {
            let cause = read(
                words,
                at,
                "a cause such as absent or memory_full",
                Cause::from_name,
            )?;
            Ok(Effect::Outcome(PageOutcome::Failed(cause)))
        }
        word => {
            let vendor = word
                .strip_prefix("0x")
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let status = vendor.map(smpp::Status).or_else(|| smpp::Status::from_name(word));
            let expected =
                "expected a command_status such as ESME_RTHROTTLED, or an effect such as none or reset";
            status.map(Effect::Answer).ok_or((0, expected.to_owned()))
        }
    }
}

/// The operations that a rule is about, at least one. What becomes of texts and receipts is not about others.
fn operations(words: &[&str], at: &mut usize, effect: Effect) -> Result<Vec<u32>, Misfit> {
    let operation = |word: &str| {
        let operation = smpp::command_id::from_name(word)?;
        let is_request =
            !smpp::command_id::is_response(operation) && !smpp::command_id::is_unanswered(operation);
        let brings_text = matches!(word, "submit_sm" | "data_sm" | "submit_multi");
        (is_request && word != "deliver_sm" && (brings_text || !effect.is_for_texts())).then_some(operation)
    };
    let expected = match effect.is_for_texts() {
        true => "submit_sm, data_sm or submit_multi",
        false => "an operation such as query_sm",
    };
    let mut operations = vec![read(words, at, expected, operation)?];
    while let Some(more) = words.get(*at).and_then(|word| operation(word)) {
        operations.push(more);
        *at += 1;
    }
    Ok(operations)
}

/// What stands after `for` and `every`.
const COUNT: &str = "a whole number, at least 1";

/// Why a regular expression is none: the last line says it, those before show where.
fn not_regular(error: &impl std::fmt::Display) -> String {
    let error = error.to_string();
    let why = error.lines().last().unwrap_or_default();
    format!("no regular expression: {}", why.trim_start_matches("error: "))
}

fn number(word: &str) -> Option<u32> {
    word.parse().ok().filter(|number| *number > 0)
}

/// The next word as what it is to be.
fn read<T>(
    words: &[&str],
    at: &mut usize,
    what: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Misfit> {
    let value = words.get(*at).and_then(|word| read(word));
    let value = value.ok_or((*at, format!("expected {what}")))?;
    *at += 1;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_or_the_word_that_does_not_fit_is_named() {
        for (words, misfit) in [
            ("ESME_RTHROTTLED", None),
            ("rthrottled for 3", None),
            ("0x401 chance 20%", None),
            ("none every 2 account fbook", None),
            ("late 5s to +14155550101", None),
            ("reset to +14155550101 +14155550110 for 1", None),
            ("reset to +14155550110 +14155550101 for 1", Some(3)),
            ("ESME_ROK", None),
            ("ESME_ROK for 2", Some(1)),
            ("0x0 account fbook", Some(1)),
            ("slow 20 text win", None),
            ("receipt wrong_id", None),
            ("failed memory_full", None),
            ("", Some(0)),
            ("nonsense", Some(0)),
            ("late", Some(1)),
            ("late 5", Some(1)),
            ("slow 0", Some(1)),
            ("receipt never", Some(1)),
            ("failed somehow", Some(1)),
            ("none for", Some(2)),
            ("none for 0", Some(2)),
            ("none sometimes", Some(1)),
            ("none text (", Some(2)),
            ("none chance 101%", Some(2)),
            ("none on query_sm", None),
            ("ESME_RSYSERR on bind_transceiver enquire_link for 2", None),
            ("none on", Some(2)),
            ("none on deliver_sm", Some(2)),
            ("none on query_sm_resp", Some(2)),
            ("receipt late on data_sm", None),
            ("receipt late on query_sm", Some(3)),
        ] {
            let words_of: Vec<&str> = words.split_whitespace().collect();
            assert_eq!(fault(&words_of).err().map(|(at, _)| at), misfit, "{words}");
        }
        let rule = fault(&["reset", "to", "+14155550101", "+14155550110", "for", "1"]).expect("a rule");
        assert_eq!(rule.count, Some(1));
        assert_eq!(
            rule.numbers.map(|(first, last)| (first.number(), last.number())),
            Some((14_155_550_101, 14_155_550_110))
        );
    }

    #[test]
    fn every_word_for_an_effect_is_read() {
        for word in effect_words() {
            let result = fault(&[word]);
            // Those that lack a second word say so at its place.
            assert!(!matches!(result, Err((0, _))), "{word}: {result:?}");
        }
    }
}
