//! The words of `set` and `check`.

use std::sync::LazyLock;

use crate::check::value::{Rule, Slot};
use crate::check::{Kind, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::suggestion::nearest;
use crate::syntax::{Clause, Spanned, Value};

const ON_OFF: &[Slot] = &[Slot::Word(&["on", "off"])];
const UP_DOWN: &[Slot] = &[Slot::Word(&["up", "down"])];
const COUNT: Slot = Slot::Number(u32::MAX as u64);
const COUNT_OR_NONE: &[Slot] = &[Slot::NumberOr(u32::MAX as u64, &["none"])];
const COUNT_ONLY: &[Slot] = &[COUNT];

const USER: &[Rule] = &[
    Rule::exact("texts", ON_OFF),
    Rule::exact(
        "app",
        &[
            Slot::Name(Kind::App),
            Slot::Word(&["on", "off", "installed", "absent"]),
        ],
    ),
    Rule::exact("notices", &[Slot::Name(Kind::App), Slot::Word(&["on", "off"])]),
    Rule::exact("friend", &[Slot::Name(Kind::User), Slot::Word(&["yes", "no"])]),
    Rule::exact("quiet-hours", &[Slot::HoursOrNone]),
    Rule::exact("daily-limit", COUNT_OR_NONE),
    Rule::exact("registered", &[Slot::Word(&["yes", "no"])]),
    Rule::exact("phone", ON_OFF),
    Rule::exact("coverage", ON_OFF),
    Rule::exact("memory", &[Slot::Word(&["ok", "full"])]),
    Rule::exact("barred", ON_OFF),
    Rule::exact("roaming", ON_OFF),
    Rule::exact("ported", &[Slot::Name(Kind::Carrier)]),
    Rule::optional("place", &[Slot::DegreesOrNone(90), Slot::Degrees(180)], 1),
    Rule::exact("inbox", COUNT_ONLY),
];

const CARRIER: &[Rule] = &[
    Rule::exact("link", UP_DOWN),
    Rule::exact("block", &[Slot::Name(Kind::App)]),
    Rule::exact("unblock", &[Slot::Name(Kind::App)]),
    Rule::exact("latency", &[Slot::Dur]),
    Rule::exact("loss", &[Slot::Percent]),
    Rule::exact("queue", COUNT_ONLY),
    Rule::many("answer", &[Slot::Any]),
    Rule::exact("throttle", COUNT_OR_NONE),
    Rule::exact(
        "receipts",
        &[Slot::Word(&[
            "normal",
            "late",
            "lost",
            "duplicated",
            "early",
            "sibling",
            "wrong_id",
            "one_part",
        ])],
    ),
];

const APP: &[Rule] = &[
    Rule::exact("url", &[Slot::UrlOrNone]),
    Rule::exact("pool", COUNT_ONLY),
    Rule::exact("sms", ON_OFF),
];

/// Beside these an ESME has the keys of its account that can be changed.
static ESME: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let keys = crate::world_config::changeable_account_keys();
    let keys = keys.map(|key| Rule::many(key, &[Slot::Any]));
    [Rule::exact("bind", UP_DOWN)].into_iter().chain(keys).collect()
});

const FBOOK: &[Rule] = &[Rule::exact("bind", UP_DOWN), Rule::exact("live-messages", ON_OFF)];

/// What only `check` can say: nobody can set it.
const OBSERVED: [&str; 2] = ["inbox", "queue"];
/// What only `set` can say: it leaves nothing to look at.
const PERFORMED: [&str; 1] = ["answer"];

/// Checks a setting of an actor of that kind.
pub(crate) fn check(
    path: &str,
    kind: Kind,
    sets: bool,
    setting: &Clause,
    names: &Names,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let key = setting.key.node.as_str();
    let rules = rules(kind);
    let Some(rule) = rules.iter().find(|rule| rule.key == key) else {
        let known: Vec<_> = rules.iter().map(|rule| rule.key).collect();
        let fault = Diagnostic::new(
            Code::E106,
            path,
            setting.key.span,
            format!("{kind} has no setting `{key}`"),
        );
        let fault = fault
            .label("not known")
            .did_you_mean(nearest(key, known.iter().copied()));
        diagnostics.push(fault.help(format!("{kind} has {}", known.join(", "))));
        return;
    };
    let one_way = match sets {
        true if OBSERVED.contains(&key) => Some("can be checked, but not set"),
        false if PERFORMED.contains(&key) => Some("can be set, but not checked"),
        _ => None,
    };
    if let Some(how) = one_way {
        let fault = Diagnostic::new(Code::E106, path, setting.key.span, format!("`{key}` {how}"));
        let fault = fault.label("the other way only");
        diagnostics.push(match sets {
            true => fault.help("write `check` in the place of `set`"),
            false => fault.help("what comes of it is seen by `<` lines"),
        });
        return;
    }
    let before = diagnostics.len();
    rule.check(path, setting, names, diagnostics);
    if diagnostics.len() > before {
        return;
    }
    match key {
        "answer" => diagnostics.extend(answer(path, setting, names)),
        "place" => diagnostics.extend(place(path, setting)),
        key if kind == Kind::Esme && key != "bind" && !has_capture(setting) => {
            let fault = crate::world_config::account_key_fault(path, setting);
            diagnostics.extend(fault.or_else(|| unknown_carrier(path, setting, names)));
        }
        _ => {}
    }
}

/// The kinds of actors that can have settings.
const KINDS: [Kind; 5] = [Kind::User, Kind::App, Kind::Carrier, Kind::Esme, Kind::Fbook];

/// The kinds of actors of which the line can be about one: those that have the setting with such a value, or at least the
/// setting. None when nobody has it.
pub(super) fn kinds_with(sets: bool, setting: &Clause, names: &Names) -> Vec<Kind> {
    let fits = |kind: &Kind| {
        let mut faults = Vec::new();
        check("", *kind, sets, setting, names, &mut faults);
        faults.is_empty()
    };
    let fitting: Vec<Kind> = KINDS.into_iter().filter(fits).collect();
    match fitting.is_empty() {
        true => having(&setting.key.node).collect(),
        false => fitting,
    }
}

/// The kinds of actors that have the setting.
fn having(key: &str) -> impl Iterator<Item = Kind> {
    let has = move |kind: &Kind| rules(*kind).iter().any(|rule| rule.key == key);
    KINDS.into_iter().filter(has)
}

/// What is wrong with a setting of whoever a scene is run with, if nobody has it.
pub(super) fn of_nobody(path: &str, sets: bool, setting: &Clause, names: &Names) -> Vec<Diagnostic> {
    let key = setting.key.node.as_str();
    let mut first: Option<Vec<Diagnostic>> = None;
    for kind in having(key) {
        let mut faults = Vec::new();
        check(path, kind, sets, setting, names, &mut faults);
        if faults.is_empty() {
            return faults;
        }
        first.get_or_insert(faults);
    }
    first.unwrap_or_else(|| {
        let known = KINDS.into_iter().flat_map(rules).map(|rule| rule.key);
        let message = format!("nobody has a setting `{key}`");
        let fault = Diagnostic::new(Code::E106, path, setting.key.span, message).label("not known");
        let fault = fault.did_you_mean(nearest(key, known));
        let of = |kind: Kind| {
            let known: Vec<_> = rules(kind).iter().map(|rule| rule.key).collect();
            format!("{kind} has {}", known.join(", "))
        };
        let people = [Kind::User, Kind::App, Kind::Carrier];
        vec![people.into_iter().fold(fault, |fault, kind| fault.help(of(kind)))]
    })
}

/// The kinds of actors that a value of the setting can name.
pub(super) fn kinds_of_value(setting: &Clause, value: &Spanned<Value>) -> Vec<Kind> {
    let place = setting.values.iter().position(|known| std::ptr::eq(known, value));
    let kinds = KINDS.into_iter().filter_map(|kind| {
        let rule = rules(kind).iter().find(|rule| rule.key == setting.key.node)?;
        match rule.slots.get(place?) {
            Some(Slot::Name(kind)) => Some(*kind),
            _ => None,
        }
    });
    kinds.collect()
}

/// `place` has both coordinates, or is `none`.
fn place(path: &str, setting: &Clause) -> Option<Diagnostic> {
    let words = || setting.values.iter().map(|value| value.node.as_str());
    let whole = match setting.values.len() {
        1 => words().eq(["none"]),
        _ => words().all(|word| word != "none"),
    };
    let fault = || {
        Diagnostic::new(
            Code::E105,
            path,
            setting.span(),
            "the value of `place` does not fit",
        )
    };
    (!whole).then(|| fault().label("expected degrees north and degrees east, such as 37.77 -122.42, or none"))
}

/// What is wrong with the words of `answer`, unless a capture stands among them, which is filled in later.
fn answer(path: &str, setting: &Clause, names: &Names) -> Option<Diagnostic> {
    if has_capture(setting) {
        return None;
    }
    let words: Vec<&str> = setting.values.iter().map(|value| value.node.as_str()).collect();
    let Err((at, reason)) = crate::world_config::fault(&words) else {
        return unknown_account(path, setting, names);
    };
    let span = setting.values.get(at).map_or(setting.span(), |value| value.span);
    let word = words.get(at).copied().unwrap_or_default();
    if at > 0 {
        return Some(
            Diagnostic::new(Code::E105, path, span, "the value of `answer` does not fit").label(reason),
        );
    }
    let statuses = smpp::Status::ALL.iter().filter_map(|status| status.name());
    let known = statuses.chain(crate::world_config::effect_words());
    let fault = Diagnostic::new(
        Code::E116,
        path,
        span,
        format!("`{word}` is no value of `answer`"),
    );
    Some(fault.label(reason).did_you_mean(nearest(word, known)))
}

/// A capture is filled in later.
fn has_capture(setting: &Clause) -> bool {
    setting.values.iter().any(|value| value.node.has_capture())
}

/// What is wrong with the account that a rule names, if none is called so.
pub(super) fn unknown_account(path: &str, answer: &Clause, names: &Names) -> Option<Diagnostic> {
    let words: Vec<&str> = answer.values.iter().map(|value| value.node.as_str()).collect();
    let account = crate::world_config::fault(&words).ok()?.account?;
    let value = answer
        .values
        .iter()
        .find(|value| value.node.as_str() == account)?;
    let name = Spanned::new(account.into_string(), value.span);
    (!names.is_account(&name.node)).then(|| names.undeclared(path, &name, &[Kind::Esme]))
}

/// What is wrong with a carrier that an account is for, if none is called so.
pub(super) fn unknown_carrier(path: &str, clause: &Clause, names: &Names) -> Option<Diagnostic> {
    let mut carriers = clause.values.iter().filter(|value| value.node.as_str() != "any");
    let is_about_it = clause.key.node == "carriers";
    carriers.find_map(|value| {
        let name = Spanned::new(value.node.as_str().to_owned(), value.span);
        names
            .demand(path, &name, &[Kind::Carrier])
            .filter(|_| is_about_it)
    })
}

/// The settings of an actor of that kind: those that can be set, or those that can be checked.
pub(crate) fn setting_keys(kind: Kind, sets: bool) -> impl Iterator<Item = &'static str> {
    let one_way: &'static [&'static str] = if sets { &OBSERVED } else { &PERFORMED };
    let keys = rules(kind).iter().map(|rule| rule.key);
    keys.filter(move |key| !one_way.contains(key))
}

/// The words, and the kind of names, that may stand as the value of a setting at that place.
pub(crate) fn setting_words(kind: Kind, key: &str, place: usize) -> (&'static [&'static str], Option<Kind>) {
    let rule = rules(kind).iter().find(|rule| rule.key == key);
    match rule.and_then(|rule| rule.slots.get(place)) {
        Some(Slot::Word(words) | Slot::NumberOr(_, words)) => (words, None),
        Some(Slot::HoursOrNone | Slot::DegreesOrNone(_) | Slot::UrlOrNone) => (&["none"], None),
        Some(Slot::Name(kind)) => (&[], Some(*kind)),
        _ => (&[], None),
    }
}

fn rules(kind: Kind) -> &'static [Rule] {
    match kind {
        Kind::User => USER,
        Kind::Carrier => CARRIER,
        Kind::App => APP,
        Kind::Esme => &ESME,
        Kind::Fbook => FBOOK,
    }
}
