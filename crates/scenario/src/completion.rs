//! What may stand at a place of a scenario line: [`complete`].

use crate::check::{Kind, Names, setting_keys, setting_words};
use crate::vocabulary;

/// The words that begin a step which is no actor's line.
const STEP_WORDS: [&str; 12] = [
    "set",
    "check",
    "wait",
    "at",
    "note",
    "run",
    "together:",
    "any order:",
    "in order:",
    "repeat",
    "for",
    "ignore",
];

/// What a line may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The declared names.
    pub names: Names,
    /// The captures that hold something, without the `$`.
    pub captures: Vec<String>,
    /// The scenes.
    pub scenes: Vec<String>,
}

/// The words that may stand at the end of `before`, the part of a line before the cursor, and where the word that they would
/// replace begins. Nothing where a text, a number or a time is wanted.
pub fn complete(known: &Known, before: &str) -> (usize, Vec<String>) {
    let Some(typed) = Typed::read(before) else {
        return (before.len(), Vec::new());
    };
    let mut words = candidates(known, &typed.words);
    words.retain(|word| word.starts_with(typed.last) && word != typed.last);
    words.sort();
    words.dedup();
    (before.len() - typed.last.len(), words)
}

/// As [`complete`], of a line at the margin of a file: a declaration, a scene or a test.
pub fn complete_declaration(known: &Known, before: &str) -> (usize, Vec<String>) {
    let Some(typed) = Typed::read(before) else {
        return (before.len(), Vec::new());
    };
    let mut words = declared(&known.names, &typed.words);
    words.retain(|word| word.starts_with(typed.last) && word != typed.last);
    words.sort();
    words.dedup();
    (before.len() - typed.last.len(), words)
}

fn declared(names: &Names, words: &[&str]) -> Vec<String> {
    let clauses = |word: &str| {
        let own = vocabulary::clauses(word).into_iter().map(str::to_owned);
        own.chain(vocabulary::keys(word)).collect::<Vec<_>>()
    };
    match words {
        [] => vocabulary::top_words()
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
        ["world"] => clauses("world"),
        ["user" | "handsets", .., "on"] if !words.contains(&",") => of_kind(names, Kind::Carrier),
        ["user" | "handsets", rest @ ..]
            if rest.len() >= 2 && !rest.contains(&",") && !rest.contains(&"on") =>
        {
            vec!["on".to_owned()]
        }
        [word, .., ","] => clauses(word),
        _ => {
            let key = words
                .iter()
                .rposition(|word| *word == ",")
                .and_then(|comma| words.get(comma + 1));
            match key {
                Some(&("apps" | "installed" | "block" | "session")) => of_kind(names, Kind::App),
                Some(&"friends") => of_kind(names, Kind::User),
                _ => Vec::new(),
            }
        }
    }
}

/// A line up to the cursor.
struct Typed<'l> {
    /// Words, signs, commas and texts (as `"`) that are complete.
    words: Vec<&'l str>,
    /// The word that the cursor stands behind; empty after a blank or a sign.
    last: &'l str,
}

impl<'l> Typed<'l> {
    /// None within a text.
    fn read(before: &'l str) -> Option<Self> {
        let (mut words, mut rest) = (Vec::new(), before);
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else {
                return Some(Self { words, last: "" });
            };
            if first == '"' {
                let end = end_of_text(rest)?;
                words.push(&rest[..1]);
                rest = &rest[end..];
                continue;
            }
            if matches!(first, '>' | '<' | '?' | ',' | '=' | '~') {
                words.push(&rest[..1]);
                rest = &rest[1..];
                continue;
            }
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | '>' | '<' | '?' | '"'))
                .unwrap_or(rest.len());
            if end == rest.len() {
                return Some(Self { words, last: rest });
            }
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// The octet behind the closing quote.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn candidates(known: &Known, words: &[&str]) -> Vec<String> {
    let names = &known.names;
    match words {
        [] => all_names(names).chain(STEP_WORDS.map(str::to_owned)).collect(),
        ["set" | "check" | "ignore"] => all_names(names).collect(),
        [verb @ ("set" | "check"), who, rest @ ..] => setting(names, *verb == "set", who, rest),
        ["run"] => known.scenes.iter().map(|scene| format!("{scene}(")).collect(),
        [first, rest @ ..] => match names.kind(first) {
            Some(kind) => actor_line(known, kind, rest),
            None => Vec::new(),
        },
    }
}

fn all_names(names: &Names) -> impl Iterator<Item = String> {
    [Kind::User, Kind::App, Kind::Carrier, Kind::Esme]
        .into_iter()
        .flat_map(|kind| names.of_kind(kind).map(str::to_owned))
        .chain(["fbook".to_owned()])
}

fn of_kind(names: &Names, kind: Kind) -> Vec<String> {
    names.of_kind(kind).map(str::to_owned).collect()
}

fn setting(names: &Names, sets: bool, who: &str, rest: &[&str]) -> Vec<String> {
    let Some(kind) = names.kind(who) else {
        return Vec::new();
    };
    match rest {
        [] => setting_keys(kind, sets).map(str::to_owned).collect(),
        [key, values @ ..] => {
            let (words, named) = setting_words(kind, key, values.len());
            let named = named.map_or_else(Vec::new, |kind| of_kind(names, kind));
            words.iter().map(|word| (*word).to_owned()).chain(named).collect()
        }
    }
}

/// Behind an actor.
fn actor_line(known: &Known, kind: Kind, rest: &[&str]) -> Vec<String> {
    let words: &[&str] = match (kind, rest) {
        (Kind::App, []) => &[">", "<", "?"],
        (Kind::User | Kind::Esme, []) => &[">", "<"],
        (Kind::Carrier | Kind::Fbook, []) => &["<"],
        (Kind::App, [">" | "?" | "<"]) => {
            let mut words = of_kind(&known.names, Kind::User);
            if rest == ["<"] {
                words.extend(["nothing for", "no"].map(str::to_owned));
            }
            return words;
        }
        (Kind::User, ["<"]) => &["nothing for", "no"],
        (Kind::Fbook, ["<"]) => &["receipt"],
        (_, [.., "in" | "as" | "ask" | "receipt"]) => {
            return known.captures.iter().map(|name| format!("${name}")).collect();
        }
        (Kind::App, [">", .., ","]) => &["in", "ask", "as"],
        (Kind::User, [">", .., ","]) => &["in", "to"],
        (_, ["<", .., ","]) => &[
            "within", "after", "from", "parts", "encoding", "as", "in", "new", "sig",
        ],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn known() -> Known {
        let mut sources = Sources::new();
        let world = "carrier att\napp quiz \"Movie Quiz\"\nuser alice +14155550101 on att\nuser adam +14155550102 on att\n\
                     scene ask($user):\n  $user > \"quiz\"\n";
        sources.insert("w.sms", world);
        let script = crate::script::load(&sources, "w.sms").expect("a script");
        Known {
            names: script.names().clone(),
            captures: vec!["s1".to_owned(), "s2".to_owned()],
            scenes: vec!["ask".to_owned()],
        }
    }

    #[test]
    fn what_may_stand_somewhere_is_offered() {
        for (before, start, offered) in [
            ("al", 0, "alice"),
            ("a", 0, "adam alice any order: at att"),
            ("alice ", 6, "< >"),
            ("alice > \"qu", 11, ""),
            ("quiz > a", 7, "adam alice"),
            ("quiz > alice \"x, y\", ", 21, "as ask in"),
            ("quiz > alice \"a \\\" b\", in ", 26, "$s1 $s2"),
            ("quiz < alice \"x\", n", 18, "new"),
            ("alice < n", 8, "no nothing for"),
            ("set alice q", 10, "quiet-hours"),
            ("set alice in", 10, ""),
            ("check alice in", 12, "inbox"),
            ("check alice app ", 16, "quiz"),
            ("check alice app quiz o", 21, "off on"),
            ("set att link ", 13, "down up"),
            ("run ", 4, "ask("),
            ("nobody ", 7, ""),
        ] {
            let (from, words) = complete(&known(), before);
            assert_eq!((from, words.join(" ").as_str()), (start, offered), "{before:?}");
        }
    }

    #[test]
    fn declarations_are_offered_at_the_margin() {
        for (before, start, offered) in [
            ("ca", 0, "carrier"),
            ("use", 0, "user"),
            ("user dave +14155550109 ", 23, "on"),
            ("user dave +14155550109 on ", 26, "att"),
            ("user dave +14155550109 on att, ap", 31, "apps"),
            ("user dave +14155550109 on att, apps ", 36, "quiz"),
            ("user dave +14155550109 on att, friends a", 39, "adam alice"),
            ("world see", 6, "seed"),
            ("carrier x, laten", 11, "latency"),
            ("test \"al", 8, ""),
        ] {
            let (from, words) = complete_declaration(&known(), before);
            assert_eq!((from, words.join(" ").as_str()), (start, offered), "{before:?}");
        }
    }
}
