//! The words of a clause as values of the keys of carriers and accounts.

use std::str::FromStr;
use std::time::Duration;

use crate::check::percent;
use crate::syntax::Dur;

pub(super) const NO_TIME: &str = "expected a length of time such as 10s";

pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(super) fn one<'w>(words: &[&'w str]) -> Result<&'w str, String> {
    match words {
        [word] => Ok(word),
        [] => Err("expected a value after it".to_owned()),
        [_, ..] => Err("one value is enough".to_owned()),
    }
}

pub(super) fn each<T>(words: &[&str], read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    words.iter().map(|word| read(word)).collect()
}

pub(super) fn one_of<T: Copy>(words: &[&str], ways: &[(&str, T)]) -> Result<T, String> {
    let word = one(words)?;
    let found = ways.iter().find(|(name, _)| *name == word).map(|(_, way)| *way);
    let names: Vec<&str> = ways.iter().map(|(name, _)| *name).collect();
    found.ok_or_else(|| format!("expected {}", names.join(" or ")))
}

pub(super) fn on_off(words: &[&str]) -> Result<bool, String> {
    if words.is_empty() {
        return Ok(true);
    }
    one_of(
        words,
        &[("on", true), ("off", false), ("true", true), ("false", false)],
    )
}

pub(super) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    words: &[&str],
    max: T,
) -> Result<T, String> {
    let plain = |word: &&str| word.bytes().all(|octet| octet.is_ascii_digit());
    let number = Some(one(words)?)
        .filter(plain)
        .and_then(|word| word.parse::<T>().ok());
    number
        .filter(|number| *number <= max)
        .ok_or_else(|| format!("expected a whole number up to {max}"))
}

pub(super) fn number_or_none<T: FromStr + PartialOrd + std::fmt::Display>(
    words: &[&str],
    max: T,
) -> Result<Option<T>, String> {
    match words {
        ["none"] => Ok(None),
        words => number(words, max).map(Some),
    }
}

pub(super) fn share(words: &[&str]) -> Result<f64, String> {
    percent(one(words)?).ok_or_else(|| "expected a percentage from 0% to 100%".to_owned())
}

pub(super) fn dur(word: &str) -> Result<Duration, String> {
    word.parse::<Dur>()
        .map(Dur::duration)
        .map_err(|_| NO_TIME.to_owned())
}

pub(super) fn ladder(words: &[&str]) -> Result<Vec<Duration>, String> {
    one_or_more(words)?;
    each(words, dur)
}

pub(super) fn one_or_more(words: &[&str]) -> Result<(), String> {
    if words.is_empty() {
        return Err("expected a value after it".to_owned());
    }
    Ok(())
}

pub(super) fn digits<T: for<'w> From<&'w str>>(words: &[&str]) -> Result<Vec<T>, String> {
    one_or_more(words)?;
    each(words, |word| {
        let holds = (1..=15).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_digit());
        holds
            .then(|| T::from(word))
            .ok_or_else(|| "expected digits".to_owned())
    })
}

/// A `command_status` by its name or its number.
pub(super) fn status(word: &str) -> Result<smpp::Status, String> {
    let number = word
        .strip_prefix("0x")
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .map(smpp::Status);
    number
        .or_else(|| smpp::Status::from_name(word))
        .filter(|status| !status.is_ok())
        .ok_or_else(|| "expected a command_status such as ESME_RINVDSTADR or 0x404".to_owned())
}
