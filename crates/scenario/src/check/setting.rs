//! The words of `set` and `check`.

use crate::check::value::{Rule, Slot};
use crate::check::{Kind, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::suggestion::nearest;
use crate::syntax::Clause;

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
    Rule::exact("quiet-hours", &[Slot::HoursOrNone]),
    Rule::exact("daily-limit", COUNT_OR_NONE),
    Rule::exact("registered", &[Slot::Word(&["yes", "no"])]),
    Rule::exact("phone", ON_OFF),
    Rule::exact("coverage", ON_OFF),
    Rule::exact("memory", &[Slot::Word(&["ok", "full"])]),
    Rule::exact("barred", ON_OFF),
    Rule::exact("roaming", ON_OFF),
    Rule::exact("ported", &[Slot::Name(Kind::Carrier)]),
    Rule::exact("inbox", COUNT_ONLY),
];

const CARRIER: &[Rule] = &[
    Rule::exact("link", UP_DOWN),
    Rule::exact("block", &[Slot::Name(Kind::App)]),
    Rule::exact("unblock", &[Slot::Name(Kind::App)]),
    Rule::exact("latency", &[Slot::Dur]),
    Rule::exact("loss", &[Slot::Percent]),
    Rule::exact("queue", COUNT_ONLY),
    Rule::optional("answer", &[Slot::Status, Slot::Word(&["for"]), COUNT], 1),
    Rule::exact("throttle", COUNT_OR_NONE),
    Rule::exact(
        "receipts",
        &[Slot::Word(&["normal", "late", "lost", "duplicated"])],
    ),
];

const APP: &[Rule] = &[
    Rule::exact("url", &[Slot::Any]),
    Rule::exact("pool", COUNT_ONLY),
    Rule::exact("sms", ON_OFF),
];

const BIND: &[Rule] = &[Rule::exact("bind", UP_DOWN)];

/// What only `check` can say: nobody can set it.
const OBSERVED: [&str; 2] = ["inbox", "queue"];
/// What only `set` can say: it leaves nothing to look at.
const PERFORMED: [&str; 1] = ["answer"];

/// Checks a setting of an actor of that kind.
pub(super) fn check(
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
        diagnostics.push(Diagnostic::new(
            Code::E106,
            path,
            setting.key.span,
            format!("`{key}` {how}"),
        ));
        return;
    }
    rule.check(path, setting, names, diagnostics);
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
        Some(Slot::HoursOrNone) => (&["none"], None),
        Some(Slot::Name(kind)) => (&[], Some(*kind)),
        _ => (&[], None),
    }
}

fn rules(kind: Kind) -> &'static [Rule] {
    match kind {
        Kind::User => USER,
        Kind::Carrier => CARRIER,
        Kind::App => APP,
        Kind::Esme | Kind::Fbook => BIND,
    }
}
