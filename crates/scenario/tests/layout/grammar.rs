//! Lines of every kind that the language has, made piece by piece of what may stand in each.
//!
//! In a line, [`MAYBE`] stands where blanks may be left out, [`BLANK`] where one must stand at least.

use proptest::prelude::*;
use proptest::string::string_regex;

/// Where blanks may stand, or none.
pub const MAYBE: char = '·';
/// Where a blank stands, or more.
pub const BLANK: char = '␣';

/// A line, and those of its block.
#[derive(Clone, Debug)]
pub struct Line {
    pub words: String,
    pub block: Vec<Line>,
}

/// The names of actors, words of the language among them, and one that is too long for a column.
const NAME: &str =
    "(?:alice|quiz|a-1|b_2|in|as|for|any|nothing|set|run|at|test|user|wait|averylongactorname)";
const VAR: &str = r"\$(?:x|_|s_1|User)";
const WORD: &str = r"[a-z_][a-z0-9_-]{0,6}(?:\.[a-z0-9]{1,3})?";
const DUR: &str = "[0-9]{1,3}(?:ms|s|m|h|d)";
const TIME: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?";
/// A text that inserts nothing, and one that may.
const PLAIN: &str = r#""(?:[a-z #/:,.~<>=$*'é😀{}-]|\\["\\/nt]|\\u00e9){0,8}""#;
const SAID: &str = r#""(?:[a-z #/:,.~<>=$*'é😀}-]|\\["\\/nt]|\\u00e9|\{\{|\{0\}){0,8}""#;
const TEXT: &str = r#""(?:[a-z #/:,.~<>=$*'é😀}-]|\\["\\/nt]|\\u00e9|\{\{|\{\$x\}){0,8}""#;
const REGEX: &str = r##"/(?:[a-z #",:<=~é]|\\/|\\\\|\\\.|\(a\|b\)|\[x"#\]){0,6}/i?"##;
/// A value that stands without quotes: it may have a mark in it that opens something elsewhere.
const BARE: &str = "(?:[a-z0-9+.<>~(%@!?*'|é-](?:[a-z0-9</#=$:.~é]{0,5}[a-z0-9</#=$.é])?|:[a-z/=])";
/// A value that begins with a slash, which no blank may stand before.
const SLASHED: &str = "/[a-z0-9</#=$:.]{0,4}[a-z/]";
const STATUS: &str = "(?:ESME_[A-Z]{1,5}|0x8|[=$<~a-z][a-z</#=$:]{0,3}[a-z/=])";
const SENDER: &str = r#"(?:32665|\+14155550101|"[a-zA-Z0-9 #é]{1,11}")"#;
const PDU: &str = "(?:submit_sm|deliver_sm|unbind|outbind)";

fn actor() -> String {
    format!("(?:{NAME}|{VAR})")
}

fn pattern() -> String {
    format!("(?:{TEXT}|~·{TEXT}|{REGEX})")
}

/// Clauses behind the first part of a declaration.
fn properties() -> String {
    format!("(?:·,·{WORD}(?:␣(?:{BARE}|{SAID})){{0,3}}){{0,3}}")
}

fn params() -> String {
    format!("(?:␣{WORD}·=(?:·(?:{BARE}|{TEXT}|{VAR})|{SLASHED})){{0,3}}")
}

/// What an actor does, sees and asks.
fn actor_lines() -> Vec<String> {
    let (actor, pattern, params) = (actor(), pattern(), params());
    let result = format!("(?:␣=·(?:ok|[0-9]{{1,4}}|{VAR}))?");
    let expectations = format!(
        "(?:·,·within␣{DUR})?(?:·,·after␣{DUR})?(?:·,·from␣{SENDER})?(?:·,·parts␣[0-9]{{1,2}})?\
         (?:·,·encoding␣(?:gsm7|ucs2))?(?:·,·as·{VAR})?(?:·,·in·{VAR})?(?:·,·new)?(?:·,·sig␣(?:ok|bad))?"
    );
    vec![
        format!(r"{actor}·>·{TEXT}(?:·,·in·{VAR}|·,·to␣(?:32665|\+14155550102))?"),
        format!("{actor}·>·{actor}·{TEXT}(?:·,·in·{VAR})?(?:·,·ask·{VAR})?(?:(?:·,·|␣)as·{VAR})?{result}"),
        format!("{actor}·>·{actor}·{TEXT}·as·{VAR}·,·ask·{VAR}·,·in·{VAR}"),
        format!(r"{actor}·>·[a-z]{{1,5}}\.[a-zA-Z]{{1,7}}{params}{result}"),
        format!("{actor}·[?]·{actor}·=·(?:ok|[0-9]{{1,4}}|{VAR})"),
        format!(r"{actor}·<·(?:{pattern}|\.\.\.){expectations}"),
        format!(r"{actor}·<·{actor}␣(?:{pattern}|\.\.\.){expectations}"),
        format!("{actor}·<·nothing␣for␣{DUR}"),
        format!("{actor}·<·no␣{pattern}␣for␣{DUR}"),
        format!("{actor}·[<>]·{PDU}{params}(?:␣=·{STATUS})?"),
        format!("fbook·<·receipt·{VAR}␣(?:DELIVRD|UNDELIV)(?:·,·within␣{DUR})?"),
    ]
}

/// Steps of one line.
fn steps() -> Vec<String> {
    let actor = actor();
    let setting = format!("{actor}␣{WORD}(?:␣(?:{BARE}|{TEXT}|{VAR})){{0,3}}");
    let argument = format!("(?:{actor}|{TEXT}|[0-9]{{1,9}})");
    let mut lines = actor_lines();
    lines.extend([
        format!("set␣{setting}"),
        format!("check␣{setting}"),
        format!("wait␣{DUR}(?:␣{DUR}){{0,2}}"),
        format!(r"at␣(?:\+[0-9]{{1,2}}d␣)?{TIME}"),
        format!("note·{TEXT}"),
        format!(r"run␣{NAME}·\(·(?:{argument}(?:·,·{argument}){{0,2}})?·\)"),
        format!("ignore␣{actor}"),
        r"\.\.\.".to_owned(),
    ]);
    lines
}

fn block_headers() -> Vec<String> {
    vec![
        "together·:".to_owned(),
        "any␣order·:".to_owned(),
        "in␣order·:".to_owned(),
        "repeat␣[0-9]{1,4}·:".to_owned(),
        format!("for␣{VAR}␣in␣{NAME}(?:·,·{NAME}){{0,2}}·:"),
    ]
}

fn declarations() -> Vec<String> {
    let properties = properties();
    let number = "\\+1415555[0-9]{4}";
    vec![
        format!("use·{PLAIN}"),
        format!("world␣seed␣7{properties}"),
        format!("carrier␣{NAME}{properties}"),
        format!("app␣{NAME}·{PLAIN}{properties}"),
        format!("user␣{NAME}␣{number}␣on␣{NAME}{properties}"),
        format!(r"handsets␣\+14155550000·\.\.·\+14155559999␣on␣{NAME}{properties}"),
        format!("esme␣{NAME}{properties}"),
    ]
}

fn rule() -> String {
    let action = format!("(?:reply·{SAID}|after␣{DUR}|http␣[1-5][0-9]{{2}}|hang)");
    format!(
        "on␣(?:any|{})(?:␣{action}(?:(?:·,·|␣){action}){{0,2}})?",
        pattern()
    )
}

fn of(kinds: Vec<String>) -> impl Strategy<Value = String> + Clone {
    let kinds = kinds
        .iter()
        .map(|kind| string_regex(kind).expect("an expression").boxed());
    proptest::strategy::Union::new(kinds)
}

fn line(words: String) -> Line {
    let block = Vec::new();
    Line { words, block }
}

/// A step, with the steps of its block if it opens one.
fn step() -> impl Strategy<Value = Line> {
    let headers = of(block_headers());
    of(steps()).prop_map(line).prop_recursive(3, 12, 4, move |inner| {
        let block = prop::collection::vec(inner, 1..4);
        (headers.clone(), block).prop_map(|(words, block)| Line { words, block })
    })
}

fn declaration() -> impl Strategy<Value = Line> {
    let rules = prop::collection::vec(of(vec![rule()]).prop_map(line), 1..4);
    let app = of(vec![format!("app␣{NAME}·{PLAIN}{}·:", properties())]);
    prop_oneof![
        3 => of(declarations()).prop_map(line),
        1 => (app, rules).prop_map(|(words, block)| Line { words, block }),
    ]
}

fn item() -> impl Strategy<Value = Line> {
    let tags = format!("(?:·@·{NAME}){{0,2}}");
    let headers = of(vec![
        format!("test·{PLAIN}{tags}·:"),
        format!("test·{PLAIN}·:{tags}"),
        format!(r"scene␣{NAME}·\(·(?:{VAR}(?:·,·{VAR}){{0,2}})?·\)·:"),
    ]);
    let block = prop::collection::vec(step(), 1..5);
    (headers, block).prop_map(|(words, block)| Line { words, block })
}

/// The lines of a file.
pub fn file() -> impl Strategy<Value = Vec<Line>> {
    let declarations = prop::collection::vec(declaration(), 0..5);
    let items = prop::collection::vec(item(), 0..4);
    (declarations, items).prop_map(|(declarations, items)| [declarations, items].concat())
}

/// The lines of a REPL, in which users may join.
pub fn typed() -> impl Strategy<Value = Vec<Line>> {
    let user = format!("user␣{NAME}␣\\+1415555[0-9]{{4}}␣on␣{NAME}{}", properties());
    let typed = prop_oneof![4 => step(), 1 => of(vec![user]).prop_map(line)];
    prop::collection::vec(typed, 1..5)
}
