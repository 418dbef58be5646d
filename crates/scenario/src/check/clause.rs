//! The clauses of declarations: which there are, and what they take.

use std::collections::BTreeMap;

use crate::check::value::{Rule, Slot};
use crate::check::{Kind, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::parser::decl_word;
use crate::suggestion::nearest;
use crate::syntax::{Action, Clause, Decl, File, Pattern, Piece, Spanned};

/// The largest number of a user or an app.
const ID_MAX: u64 = i64::MAX as u64;

const ON_OFF: &[&str] = &["on", "off"];
const YES_NO: &[&str] = &["yes", "no"];

const WORLD: &[Rule] = &[
    Rule::exact("seed", &[Slot::Number(u64::MAX)]),
    Rule::exact("start", &[Slot::Date, Slot::Time]),
    Rule::exact("tz", &[Slot::Zone]),
    Rule::exact("patience", &[Slot::Dur]),
    Rule::exact("clock", &[Slot::Clock]),
    Rule::exact("profile", &[Slot::Word(&["default"])]),
];

/// Beside these a carrier has the keys of a carrier profile.
const CARRIER: &[Rule] = &[
    Rule::exact("profile", &[Slot::Any]),
    Rule::many("block", &[Slot::Name(Kind::App)]),
];

const APP: &[Rule] = &[
    Rule::exact("canvas", &[Slot::Canvas]),
    Rule::exact("key", &[Slot::Hex(32)]),
    Rule::exact("secret", &[Slot::Hex(32)]),
    Rule::exact("id", &[Slot::Number(ID_MAX)]),
    Rule::exact("url", &[Slot::Url]),
    Rule::exact("authorize_url", &[Slot::Url]),
    Rule::exact("uninstall_url", &[Slot::Url]),
    Rule::optional("sms", &[Slot::Word(ON_OFF)], 0),
];

const USER: &[Rule] = &[
    Rule::exact("uid", &[Slot::Number(ID_MAX)]),
    Rule::many("apps", &[Slot::Name(Kind::App)]),
    Rule::many("installed", &[Slot::Name(Kind::App)]),
    Rule::exact("tz", &[Slot::Zone]),
    Rule::many("friends", &[Slot::Name(Kind::User)]),
    Rule::optional("registered", &[Slot::Word(YES_NO)], 0),
    Rule::optional("texts", &[Slot::Word(ON_OFF)], 0),
    Rule::exact("quiet-hours", &[Slot::Hours]),
    Rule::exact("daily-limit", &[Slot::Number(u32::MAX as u64)]),
    Rule::exact("place", &[Slot::Degrees(90), Slot::Degrees(180)]),
    Rule::exact("session", &[Slot::Name(Kind::App), Slot::Any]),
];

const HANDSETS: &[Rule] = &[
    Rule::many("apps", &[Slot::Name(Kind::App)]),
    Rule::many("installed", &[Slot::Name(Kind::App)]),
    Rule::exact("tz", &[Slot::Zone]),
    Rule::optional("registered", &[Slot::Word(YES_NO)], 0),
    Rule::optional("texts", &[Slot::Word(ON_OFF)], 0),
    Rule::exact("place", &[Slot::Degrees(90), Slot::Degrees(180)]),
];

/// What a declaration has beside its own clauses that has nothing.
const NO_KEYS: [&str; 0] = [];

/// Checks the declarations of one file.
pub(super) fn declarations(path: &str, file: &File, names: &Names, diagnostics: &mut Vec<Diagnostic>) {
    let mut world_keys = BTreeMap::new();
    for decl in &file.decls {
        let mut check = Check {
            path,
            names,
            diagnostics,
        };
        match &decl.node {
            Decl::Use(_) => {}
            Decl::World(clauses) => {
                let keys = crate::world_config::world_keys();
                check.clauses("world", clauses, WORLD, keys, &mut world_keys);
            }
            Decl::Carrier { clauses, .. } => {
                let keys = crate::world_config::carrier_keys();
                check.clauses("carrier", clauses, CARRIER, keys, &mut BTreeMap::new());
            }
            Decl::App { clauses, rules, .. } => {
                check.clauses("app", clauses, APP, &NO_KEYS, &mut BTreeMap::new());
                rules.iter().for_each(|rule| check.rule(rule));
            }
            Decl::User { carrier, clauses, .. } | Decl::Handsets { carrier, clauses, .. } => {
                check
                    .diagnostics
                    .extend(names.demand(path, carrier, &[Kind::Carrier]));
                let rules = if matches!(decl.node, Decl::User { .. }) {
                    USER
                } else {
                    HANDSETS
                };
                check.clauses(decl_word(decl), clauses, rules, &NO_KEYS, &mut BTreeMap::new());
            }
            Decl::Esme { clauses, .. } => {
                let keys = &crate::world_config::ACCOUNT_KEYS;
                check.clauses("esme", clauses, &[], keys, &mut BTreeMap::new());
            }
        }
    }
}

/// The clauses that a declaration has of its own, by the word that begins it.
pub(crate) fn clause_keys(declaration: &str) -> Vec<&'static str> {
    let rules: &[Rule] = match declaration {
        "world" => WORLD,
        "carrier" => CARRIER,
        "app" => APP,
        "user" => USER,
        "handsets" => HANDSETS,
        "esme" => return crate::world_config::ACCOUNT_KEYS[..3].to_vec(),
        _ => &[],
    };
    rules.iter().map(|rule| rule.key).collect()
}

struct Check<'c> {
    path: &'c str,
    names: &'c Names,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn clauses<'k>(
        &mut self,
        word: &str,
        clauses: &'k [Clause],
        rules: &[Rule],
        keys: &[impl AsRef<str>],
        seen: &mut BTreeMap<&'k str, &'k Clause>,
    ) {
        for clause in clauses {
            let key = clause.key.node.as_str();
            if let Some(first) = seen.get(key).filter(|_| !may_repeat(key)) {
                let fault = Diagnostic::new(
                    Code::E111,
                    self.path,
                    clause.key.span,
                    format!("`{key}` stands twice"),
                );
                let fault = fault.label("given again");
                let fault = fault.also(self.path, first.key.span, "given here");
                self.diagnostics.push(fault.help("leave one of them out"));
                continue;
            }
            seen.insert(key, clause);
            match rules.iter().find(|rule| rule.key == key) {
                Some(rule) => rule.check(self.path, clause, self.names, self.diagnostics),
                None if keys.iter().any(|known| known.as_ref() == key) => {
                    self.key(word, clause);
                }
                None => self.unknown(word, clause, rules, keys),
            }
        }
    }

    /// A key of `platform.toml` or of a carrier profile: the part that it belongs to decides.
    fn key(&mut self, word: &str, clause: &Clause) {
        if word == "carrier" {
            let fault = crate::world_config::carrier_key_fault(self.path, clause);
            let fault = fault.or_else(|| match clause.key.node.as_str() {
                "answer" => super::setting::unknown_account(self.path, clause, self.names),
                _ => None,
            });
            return self.diagnostics.extend(fault);
        }
        if word == "esme" {
            let fault = crate::world_config::account_key_fault(self.path, clause);
            let fault = fault.or_else(|| super::setting::unknown_carrier(self.path, clause, self.names));
            return self.diagnostics.extend(fault);
        }
        let checked = match crate::world_config::SMSC_KEYS.contains(&clause.key.node.as_str()) {
            true => crate::world_config::check_smsc_key(clause),
            false => crate::world_config::check_platform_key(clause),
        };
        if let Err(reason) = checked {
            let message = format!("the value of `{}` does not fit", clause.key.node);
            self.diagnostics
                .push(Diagnostic::new(Code::E105, self.path, clause.span(), message).label(reason));
        }
    }

    fn unknown(&mut self, word: &str, clause: &Clause, rules: &[Rule], keys: &[impl AsRef<str>]) {
        let key = clause.key.node.as_str();
        let known: Vec<&str> = rules
            .iter()
            .map(|rule| rule.key)
            .chain(keys.iter().map(AsRef::as_ref))
            .collect();
        let fault = Diagnostic::new(
            Code::E104,
            self.path,
            clause.key.span,
            format!("`{word}` has no clause `{key}`"),
        );
        let own: Vec<&str> = match word {
            "esme" => crate::world_config::ACCOUNT_KEYS.to_vec(),
            _ => rules.iter().map(|rule| rule.key).collect(),
        };
        let fault = fault.label("not known").did_you_mean(nearest(key, known));
        let more = match word {
            "carrier" => ", and every key of a carrier profile",
            "world" => ", and every key of platform.toml and of the message centre",
            _ => "",
        };
        self.diagnostics
            .push(fault.help(format!("`{word}` has {}{more}", own.join(", "))));
    }

    /// The groups that a reply inserts must be there.
    fn rule(&mut self, rule: &Spanned<crate::syntax::Rule>) {
        let groups = match rule.pattern.as_ref().map(|pattern| &pattern.node) {
            Some(Pattern::Regex {
                source,
                ignore_case,
                compiled,
            }) => compiled.get(source, *ignore_case).captures_len() - 1,
            Some(Pattern::Text(_) | Pattern::Glob(_)) | None => 0,
        };
        self.rule_pattern(rule);
        for (place, action) in rule.actions.iter().enumerate() {
            let Action::Reply(text) = &action.node else {
                self.rule_action(action, &rule.actions[..place]);
                continue;
            };
            for piece in text.pieces() {
                let fault = match piece {
                    Piece::Group(group) if group > groups => {
                        let fault = Diagnostic::new(
                            Code::E005,
                            self.path,
                            action.span,
                            format!("there is no group {group}"),
                        );
                        fault.label(format!("the pattern has {groups}; {{0}} is all that it matched"))
                    }
                    Piece::Capture(name) => {
                        let message = format!("`${name}` holds nothing in a rule");
                        let fault = Diagnostic::new(Code::E107, self.path, action.span, message);
                        fault.label("a rule knows no captures")
                    }
                    Piece::Group(_) | Piece::Literal(_) => continue,
                };
                self.diagnostics.push(fault);
            }
        }
    }
}

impl Check<'_> {
    /// A rule is about texts that nobody has sent yet: there is nothing to fill in.
    fn rule_pattern(&mut self, rule: &Spanned<crate::syntax::Rule>) {
        let Some(pattern) = &rule.pattern else { return };
        let (Pattern::Text(text) | Pattern::Glob(text)) = &pattern.node else {
            return;
        };
        let place = text.pieces().find_map(|piece| match piece {
            Piece::Capture(name) => Some((Code::E107, format!("`${name}` holds nothing in a rule"))),
            Piece::Group(group) => Some((Code::E005, format!("`{{{group}}}` means nothing in a pattern"))),
            Piece::Literal(_) => None,
        });
        if let Some((code, message)) = place {
            let fault = Diagnostic::new(code, self.path, pattern.span, message);
            let fault = fault.label("in this pattern");
            self.diagnostics
                .push(fault.help("`~\"...*...\"` has `*` for anything; a brace itself is written `{{`"));
        }
    }

    /// What is not a reply stands once in a rule, and is about all of it.
    fn rule_action(&mut self, action: &Spanned<Action>, before: &[Spanned<Action>]) {
        let answers = |action: &Action| matches!(action, Action::Http(_) | Action::Hang);
        let is_same = |other: &&Spanned<Action>| match (&action.node, &other.node) {
            (Action::After(_), Action::After(_)) => true,
            (action, other) => answers(action) && answers(other),
        };
        if let Some(first) = before.iter().find(is_same) {
            let (message, help) = match action.node {
                Action::After(_) => ("`after` stands twice", "`after` is about all replies of its rule"),
                _ => (
                    "a callback is answered once",
                    "leave one of `http` and `hang` out",
                ),
            };
            let fault = Diagnostic::new(Code::E111, self.path, action.span, message);
            let fault = fault
                .label("given again")
                .also(self.path, first.span, "given here");
            self.diagnostics.push(fault.help(help));
        }
    }
}

/// Whether each occurrence of the clause adds to those before.
fn may_repeat(key: &str) -> bool {
    matches!(
        key,
        "session" | "block" | "answer" | "default_message" | "data_coding" | "distribution_list"
    )
}
