//! The words of the language, for those who teach, complete or colour it: editors, the guide's own test.

use crate::check::{self, Kind};
use crate::parser;
use crate::world_config::{ACCOUNT_KEYS, carrier_keys, world_keys};

/// The words that begin a line outside of scenes and tests.
pub fn top_words() -> &'static [&'static str] {
    &parser::TOP_WORDS
}

/// The words that begin a step which is no actor's line; two of them are two words.
pub fn step_words() -> impl Iterator<Item = &'static str> {
    parser::STEP_WORDS.into_iter()
}

/// The clauses of a `<` line.
pub fn expectation_words() -> &'static [&'static str] {
    &parser::EXPECTATION_WORDS
}

/// What an app does by a rule.
pub fn action_words() -> &'static [&'static str] {
    &parser::ACTIONS
}

/// The encodings of a text on a phone.
pub fn encodings() -> &'static [&'static str] {
    &parser::ENCODINGS
}

/// The clauses that a declaration has of its own, by the word that begins it.
pub fn clauses(declaration: &str) -> Vec<&'static str> {
    check::clause_keys(declaration)
}

/// The clauses that a declaration has beside its own: the rules of the platform and the message centre, the keys of a carrier profile or of an
/// account.
pub fn keys(declaration: &str) -> Vec<String> {
    match declaration {
        "world" => world_keys().to_vec(),
        "carrier" => carrier_keys().to_vec(),
        "esme" => ACCOUNT_KEYS[3..].iter().map(|key| (*key).to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The settings of an actor, those that can only be checked and those that can only be set among them. Of an ESME these are its
/// own: the keys of its account are beside them, as [`keys`] says them.
pub fn settings(kind: Kind) -> Vec<&'static str> {
    let mut keys: Vec<_> = check::setting_keys(kind, true)
        .chain(check::setting_keys(kind, false))
        .filter(|key| kind != Kind::Esme || !ACCOUNT_KEYS.contains(key))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The words that stand as values of a setting, in any place.
pub fn setting_values(kind: Kind, key: &str) -> Vec<&'static str> {
    let places = (0..2).map(|place| check::setting_words(kind, key, place).0);
    places.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_every_declaration_has_words() {
        for word in top_words() {
            let none = ["use", "scene", "test"].contains(word);
            assert_eq!(clauses(word).is_empty(), none, "{word}");
        }
        for kind in [Kind::User, Kind::App, Kind::Carrier, Kind::Esme, Kind::Fbook] {
            assert!(!settings(kind).is_empty());
        }
        assert!(step_words().any(|word| word == "any order"));
        assert_eq!(
            setting_values(Kind::User, "app"),
            ["on", "off", "installed", "absent"]
        );
        assert!(keys("world").len() > 10 && keys("carrier").len() > 10 && keys("user").is_empty());
    }

    #[test]
    fn every_clause_of_apps_and_people_stands_in_the_tables_of_the_configuration() {
        let readme = include_str!("../../../simulator-config/README.md");
        for (heading, declaration) in [
            ("\n## Apps\n", "app"),
            ("\n## People\n", "user"),
            ("\n## Crowds\n", "handsets"),
        ] {
            let (_, table) = readme.split_once(heading).expect("a table");
            let described: Vec<&str> = table
                .lines()
                .take_while(|line| !line.starts_with("## "))
                .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
                .map(|(key, _)| key)
                .collect();
            assert_eq!(described, clauses(declaration), "{declaration}");
        }
    }
}
