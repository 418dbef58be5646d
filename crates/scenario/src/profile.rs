//! Carrier profiles as data: [`SHIPPED`], and how the text of one becomes clauses.
//!
//! A profile is a TOML file of keys that a `carrier` line takes too; a string holds the words that would stand after the key
//! there.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Code, Diagnostic};
use crate::source::ReadProfile;
use crate::suggestion::nearest;
use crate::syntax::{Clause, Span, Spanned, Value};
use crate::world_config::{carrier_key_fault, carrier_keys};

/// The profiles that are built in, by name.
pub const SHIPPED: &[(&str, &str)] = &[
    (
        "ideal",
        include_str!("../../../simulator-config/carriers/ideal.toml"),
    ),
    ("att", include_str!("../../../simulator-config/carriers/att.toml")),
    (
        "verizon",
        include_str!("../../../simulator-config/carriers/verizon.toml"),
    ),
    (
        "sprint",
        include_str!("../../../simulator-config/carriers/sprint.toml"),
    ),
    (
        "nextel",
        include_str!("../../../simulator-config/carriers/nextel.toml"),
    ),
    (
        "tmobile",
        include_str!("../../../simulator-config/carriers/tmobile.toml"),
    ),
    (
        "alltel",
        include_str!("../../../simulator-config/carriers/alltel.toml"),
    ),
    (
        "virgin",
        include_str!("../../../simulator-config/carriers/virgin.toml"),
    ),
    (
        "boost",
        include_str!("../../../simulator-config/carriers/boost.toml"),
    ),
    (
        "rogers",
        include_str!("../../../simulator-config/carriers/rogers.toml"),
    ),
    (
        "bell",
        include_str!("../../../simulator-config/carriers/bell.toml"),
    ),
    (
        "telus",
        include_str!("../../../simulator-config/carriers/telus.toml"),
    ),
    (
        "o2_uk",
        include_str!("../../../simulator-config/carriers/o2_uk.toml"),
    ),
    (
        "vodafone_uk",
        include_str!("../../../simulator-config/carriers/vodafone_uk.toml"),
    ),
    (
        "orange_uk",
        include_str!("../../../simulator-config/carriers/orange_uk.toml"),
    ),
    (
        "tmobile_uk",
        include_str!("../../../simulator-config/carriers/tmobile_uk.toml"),
    ),
    (
        "three_uk",
        include_str!("../../../simulator-config/carriers/three_uk.toml"),
    ),
    (
        "bad_day",
        include_str!("../../../simulator-config/carriers/bad_day.toml"),
    ),
];

/// Keys that may stand several times in a `carrier` line: here each has an array, of one string for each time.
const SEVERAL: [&str; 1] = ["answer"];

/// Keys whose string is one value, blanks and all.
const WHOLE: [&str; 4] = ["bounce_text", "stop_reply", "mangled", "substitute"];

/// A profile that was read and checked.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Its path, for messages.
    pub path: String,
    /// Its keys with their values.
    pub clauses: Vec<Clause>,
}

/// The built-in profile of that name; it is read when it is first needed, and never again.
pub(crate) fn shipped(name: &str) -> Option<ReadProfile> {
    static READ: [OnceLock<ReadProfile>; SHIPPED.len()] = [const { OnceLock::new() }; SHIPPED.len()];
    let place = SHIPPED.iter().position(|(shipped, _)| *shipped == name)?;
    let (name, text) = SHIPPED[place];
    let profile = READ[place].get_or_init(|| read(&shipped_path(name), text).map(Arc::new));
    Some(profile.clone())
}

/// Where the text of a built-in profile stands, for messages.
pub(crate) fn shipped_path(name: &str) -> String {
    format!("simulator-config/carriers/{name}.toml")
}

/// Reads and checks the text of a profile.
pub(crate) fn read(path: &str, text: &str) -> Result<Profile, Vec<Diagnostic>> {
    let clauses = clauses(path, text).map_err(|fault| vec![*fault])?;
    let keys = carrier_keys();
    let faults: Vec<Diagnostic> = clauses
        .iter()
        .filter_map(|clause| {
            let key = clause.key.node.as_str();
            if keys.iter().any(|known| known == key) {
                return carrier_key_fault(path, clause);
            }
            let message = format!("a carrier profile has no key `{key}`");
            let fault = Diagnostic::new(Code::E104, path, clause.key.span, message).label("not known");
            let fault = fault.did_you_mean(nearest(key, keys.iter().map(String::as_str)));
            Some(fault.help("simulator-config/README.md lists the keys"))
        })
        .collect();
    if faults.is_empty() {
        let path = path.to_owned();
        Ok(Profile { path, clauses })
    } else {
        Err(faults)
    }
}

fn clauses(path: &str, text: &str) -> Result<Vec<Clause>, Box<Diagnostic>> {
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().map_or(Span::default(), span);
        let fault = Diagnostic::new(Code::E117, path, span, "this is no TOML");
        Box::new(fault.label(error.message().lines().collect::<Vec<_>>().join("; ")))
    })?;
    let mut clauses = Vec::new();
    for (key, value) in table.into_inner() {
        let key_span = span(key.span());
        let key = key.into_inner().into_owned();
        let whole = WHOLE.contains(&key.as_str());
        let several = match value.get_ref() {
            DeValue::Array(several) if SEVERAL.contains(&key.as_str()) => Some(several.iter()),
            _ => None,
        };
        let each = several.map_or_else(
            || vec![(key_span, &value)],
            // Each is found at its own place.
            |several| several.map(|value| (span(value.span()), value)).collect(),
        );
        for (place, value) in each {
            let mut values = Vec::new();
            words(path, text, value.get_ref(), value.span(), whole, &mut values)?;
            clauses.push(Clause {
                key: Spanned::new(key.clone(), place),
                values,
            });
        }
    }
    clauses.sort_by_key(|clause| clause.key.span.start);
    Ok(clauses)
}

/// The words that a value stands for.
fn words(
    path: &str,
    text: &str,
    value: &DeValue<'_>,
    place: Range<usize>,
    whole: bool,
    words_so_far: &mut Vec<Spanned<Value>>,
) -> Result<(), Box<Diagnostic>> {
    let mut push = |word: &str, place: Range<usize>| {
        words_so_far.push(Spanned::new(Value::Bare(word.to_owned()), span(place)));
    };
    match value {
        DeValue::String(string) if whole => push(string, place),
        DeValue::String(string) => {
            let mut from = place.start;
            for word in string.split_whitespace() {
                // Where the source writes the word as it is; an escaped one has the place of the whole string.
                let found = text.get(from..place.end).and_then(|rest| rest.find(word));
                match found {
                    Some(at) => {
                        push(word, from + at..from + at + word.len());
                        from += at + word.len();
                    }
                    None => push(word, place.clone()),
                }
            }
        }
        DeValue::Integer(_) | DeValue::Float(_) => push(text.get(place.clone()).unwrap_or_default(), place),
        DeValue::Boolean(yes) => push(if *yes { "true" } else { "false" }, place),
        DeValue::Array(values) => {
            for value in values {
                words(path, text, value.get_ref(), value.span(), whole, words_so_far)?;
            }
        }
        DeValue::Datetime(_) | DeValue::Table(_) => {
            let fault = Diagnostic::new(
                Code::E117,
                path,
                span(place),
                "a carrier profile has neither tables nor dates",
            );
            return Err(Box::new(
                fault.label("expected a text, a number, true, false, or a list of them"),
            ));
        }
    }
    Ok(())
}

fn span(range: Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_can_be_read() {
        for (name, text) in SHIPPED {
            let path = format!("simulator-config/carriers/{name}.toml");
            let profile = read(&path, text).unwrap_or_else(|faults| panic!("{faults:#?}"));
            let ranges = profile.clauses.iter().find(|clause| clause.key.node == "ranges");
            assert_eq!(ranges.is_none(), matches!(*name, "ideal" | "bad_day"), "{name}");
        }
    }

    #[test]
    fn the_ideal_profile_is_what_a_carrier_without_profile_is() {
        let profile = read("ideal", SHIPPED[0].1).expect("read");
        let mut carrier = smsc::Carrier::new("x");
        for clause in &profile.clauses {
            crate::world_config::set_carrier_key(&mut carrier, clause).expect("it fits");
        }
        assert_eq!(carrier, smsc::Carrier::new("x"));
    }

    #[test]
    fn numbers_lists_and_texts_become_words_with_their_places() {
        let text = "retry_absent = \"1m 5m\"\nerr_absent = 8\nranges = [\"1404\", \"1415\"]\nbounce_text = \"a b\"\n";
        let profile = read("x.toml", text).expect("read");
        let told: Vec<_> = profile
            .clauses
            .iter()
            .map(|clause| {
                let words = clause.values.iter().map(|value| {
                    let (start, end) = (value.span.start as usize, value.span.end as usize);
                    (
                        value.node.as_str().to_owned(),
                        text[start..end].trim_matches('"').to_owned(),
                    )
                });
                (clause.key.node.clone(), words.collect::<Vec<_>>())
            })
            .collect();
        let pair = |word: &str| (word.to_owned(), word.to_owned());
        assert_eq!(
            told,
            [
                ("retry_absent".to_owned(), vec![pair("1m"), pair("5m")]),
                ("err_absent".to_owned(), vec![pair("8")]),
                ("ranges".to_owned(), vec![pair("1404"), pair("1415")]),
                ("bounce_text".to_owned(), vec![pair("a b")]),
            ]
        );
    }

    #[test]
    fn several_rules_of_a_profile_are_an_array_of_strings() {
        let text = "answer = [\n  \"reset for 1\",\n  \"ESME_RSYSERR chance 5%\",\n]\n";
        let profile = read("p.toml", text).expect("it fits");
        let told: Vec<Vec<&str>> = profile
            .clauses
            .iter()
            .map(|clause| clause.values.iter().map(|value| value.node.as_str()).collect())
            .collect();
        assert_eq!(
            told,
            [vec!["reset", "for", "1"], vec!["ESME_RSYSERR", "chance", "5%"]]
        );
        let wrong = text.replace("5%", "500%");
        let faults = read("p.toml", &wrong).expect_err("no percentage");
        let [fault] = &faults[..] else {
            panic!("{faults:?}")
        };
        let place = fault.primary.as_ref().expect("a place").span;
        let at = |place: u32| usize::try_from(place).expect("short");
        assert!(wrong[at(place.start)..at(place.end)].starts_with("\"ESME_RSYSERR"));
        assert!(read("p.toml", "answer = \"none for 2\"").is_ok());
    }

    #[test]
    fn numbers_of_the_shipped_profiles_do_not_overlap() {
        let mut ranges = Vec::new();
        for (name, text) in SHIPPED {
            let profile = read(name, text).expect("read");
            for clause in profile
                .clauses
                .iter()
                .filter(|clause| clause.key.node == "ranges")
            {
                ranges.extend(
                    clause
                        .values
                        .iter()
                        .map(|value| (value.node.as_str().to_owned(), *name)),
                );
            }
        }
        ranges.sort();
        for pair in ranges.windows(2) {
            assert!(!pair[1].0.starts_with(&pair[0].0), "{pair:?}");
        }
    }
}
