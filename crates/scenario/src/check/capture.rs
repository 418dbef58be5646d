//! Captures: bound before they are read, and read after they are bound.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Diagnostic};
use crate::script::ScriptFile;
use crate::suggestion::nearest;
use crate::syntax::{
    Actor, Arg, BlockKind, CallResult, Clause, Destination, Expectation, Item, Param, Pattern, PduStep,
    Piece, Sign, Span, Spanned, Step, Text, Value, Var,
};

/// Checks the captures of all scenes and tests.
pub(super) fn items(files: &[ScriptFile], diagnostics: &mut Vec<Diagnostic>) {
    for file in files {
        for item in &file.file.items {
            let mut scope = Scope {
                path: &file.path,
                bound: BTreeMap::new(),
                diagnostics,
            };
            match &item.node {
                Item::Scene(scene) => {
                    for param in &scene.params {
                        // A parameter that a scene does not need is its caller's convenience.
                        scope.bound.insert(param.node.0.clone(), Bound::given(param.span));
                    }
                    scope.steps(&scene.steps);
                }
                Item::Test(test) => scope.steps(&test.steps),
            }
            scope.finish();
        }
    }
}

/// Checks the captures of steps that stand in no file; what they bind may be read later.
pub(super) fn some<'b>(
    path: &str,
    steps: &[Spanned<Step>],
    bound: impl Iterator<Item = &'b str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let bound = bound.map(|name| (name.to_owned(), Bound::given(Span::default())));
    let mut scope = Scope {
        path,
        bound: bound.collect(),
        diagnostics,
    };
    scope.steps(steps);
}

/// Whether a free capture takes the field's value: that of a PDU that was seen, and what only the answer to a request has.
pub(crate) fn captures(step: &PduStep, field: &str) -> bool {
    match step.sign {
        Sign::Sees => true,
        Sign::Does => is_of_answer(&step.pdu.node, field),
    }
}

/// Whether a field of a line that sends a request is one of its answer.
pub(crate) fn is_of_answer(pdu: &str, field: &str) -> bool {
    match pdu {
        "submit_sm" | "data_sm" | "broadcast_sm" => field == "message_id",
        "submit_multi" => matches!(field, "message_id" | "no_unsuccess"),
        "query_sm" => matches!(field, "message_state" | "final_date" | "error_code"),
        "query_broadcast_sm" => matches!(field, "message_state" | "broadcast_area_success"),
        _ => false,
    }
}

struct Bound {
    span: Span,
    read: bool,
    holds: Holds,
}

/// What a capture holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// What nobody knows here: it is a parameter, the variable of a `for`, or bound before these lines.
    Given,
    /// A session.
    Session,
    /// The number that a text came from.
    Number,
    /// A text that was sent.
    Text,
    /// What a call or a PDU returned.
    Value,
}

impl Holds {
    const fn what(self) -> &'static str {
        match self {
            Self::Given => "something that is given",
            Self::Session => "a session",
            Self::Number => "the number that a text came from",
            Self::Text => "a text that was sent",
            Self::Value => "what was returned",
        }
    }

    /// How lines bind such a capture.
    const fn bound_by(self) -> &'static str {
        match self {
            Self::Session => "`as $s` behind a callback that an app sees, or `ask $s` behind what it sends",
            Self::Text => "`as $m` behind what an app sends",
            Self::Given | Self::Number | Self::Value => "`as $x` behind a text that a phone gets",
        }
    }
}

impl Bound {
    /// What is no capture of these lines; nobody has to read it.
    const fn given(span: Span) -> Self {
        Self {
            span,
            read: true,
            holds: Holds::Given,
        }
    }
}

struct Scope<'c> {
    path: &'c str,
    bound: BTreeMap<String, Bound>,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl Scope<'_> {
    fn steps(&mut self, steps: &[Spanned<Step>]) {
        for step in steps {
            self.step(&step.node);
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Compose { text, to, .. } => {
                self.text(text, text.span);
                if let Destination::Session(var) = to {
                    self.read_as(var, var.span, &[Holds::Session, Holds::Number, Holds::Value]);
                }
            }
            Step::Send(send) => {
                self.text(&send.text, send.text.span);
                if let Some(session) = &send.session {
                    self.read_as(session, session.span, &[Holds::Session, Holds::Value]);
                }
                self.result(send.result.as_ref());
                for (var, holds) in [(&send.ask, Holds::Session), (&send.name, Holds::Text)] {
                    if let Some(var) = var {
                        self.bind(var, var.span, holds);
                    }
                }
            }
            Step::Call { params, result, .. } => {
                self.params(params);
                self.result(result.as_ref());
            }
            Step::CanSend { result, .. } => self.result(Some(result)),
            Step::Arrival(arrival) => {
                if let Some(pattern) = &arrival.pattern {
                    self.pattern(pattern);
                }
                let (named, numbers): (_, &[Holds]) = match arrival.user {
                    Some(_) => (Holds::Session, &[Holds::Session, Holds::Value]),
                    None => (Holds::Number, &[Holds::Session, Holds::Number, Holds::Value]),
                };
                for clause in &arrival.clauses {
                    match &clause.node {
                        Expectation::In(var) => self.read_as(var, clause.span, numbers),
                        Expectation::As(var) => self.bind(var, clause.span, named),
                        Expectation::Within(_)
                        | Expectation::After(_)
                        | Expectation::From(_)
                        | Expectation::Parts(_)
                        | Expectation::Encoding(_)
                        | Expectation::New
                        | Expectation::Signature(_) => {}
                    }
                }
            }
            Step::Quiet { pattern, .. } => {
                if let Some(pattern) = pattern {
                    self.pattern(pattern);
                }
            }
            Step::Pdu(pdu) => {
                for field in &pdu.fields {
                    match &field.value.node {
                        Value::Var(var) if captures(pdu, &field.name) && !self.bound.contains_key(&var.0) => {
                            self.bind(var, field.value.span, Holds::Value);
                        }
                        _ => self.value(&field.value),
                    }
                }
            }
            Step::Receipt { text, .. } => self.read_as(text, text.span, &[Holds::Text]),
            Step::Set(_, clause) | Step::Check(_, clause) => self.clause(clause),
            Step::Note(text) => self.text(text, text.span),
            Step::Run { args, .. } => self.args(args),
            Step::Block(kind, steps) => self.block(kind, steps),
            Step::Wait(_) | Step::At { .. } | Step::Ignore(_) | Step::Fill | Step::Join(_) => {}
        }
    }

    fn block(&mut self, kind: &BlockKind, steps: &[Spanned<Step>]) {
        if let BlockKind::For(var, _) = kind {
            // The variable stands for actors, whose uses are no reads of captures.
            let before = self.bound.insert(var.node.0.clone(), Bound::given(var.span));
            if let Some(before) = before.filter(|before| before.holds != Holds::Given) {
                let message = format!("`{}` is a capture already", var.node);
                let fault = Diagnostic::new(Code::E101, self.path, var.span, message);
                let fault = fault
                    .label("bound again")
                    .also(self.path, before.span, "bound here");
                self.diagnostics
                    .push(fault.help("give the variable of the `for` another name"));
            }
        }
        self.steps(steps);
    }

    fn args(&mut self, args: &[Spanned<Arg>]) {
        for arg in args {
            match &arg.node {
                Arg::Actor(Actor::Var(var)) => self.read(var, arg.span),
                Arg::Text(text) => self.text(text, arg.span),
                Arg::Actor(Actor::Name(_)) | Arg::Number(_) => {}
            }
        }
    }

    fn params(&mut self, params: &[Param]) {
        for param in params {
            self.value(&param.value);
        }
    }

    fn clause(&mut self, clause: &Clause) {
        for value in &clause.values {
            self.value(value);
        }
    }

    fn value(&mut self, value: &Spanned<Value>) {
        match &value.node {
            Value::Bare(_) => {}
            Value::Quoted(text) => self.text(text, value.span),
            Value::Var(var) => self.read(var, value.span),
        }
    }

    fn pattern(&mut self, pattern: &Spanned<Pattern>) {
        match &pattern.node {
            Pattern::Text(text) | Pattern::Glob(text) => self.text(text, pattern.span),
            Pattern::Regex { .. } => {}
        }
    }

    fn text(&mut self, text: &Text, span: Span) {
        for piece in text.pieces() {
            match piece {
                Piece::Literal(_) => {}
                Piece::Capture(name) => self.read(&Var(name.to_owned()), span),
                Piece::Group(group) => {
                    let message = format!("`{{{group}}}` means nothing in a step");
                    let fault = Diagnostic::new(Code::E005, self.path, span, message);
                    self.diagnostics
                        .push(fault.label("groups are for the rules of an app; a brace is written `{{`"));
                }
            }
        }
    }

    fn result(&mut self, result: Option<&Spanned<CallResult>>) {
        let Some(result) = result else { return };
        let CallResult::Var(var) = &result.node else {
            return;
        };
        match self.bound.get_mut(&var.0) {
            Some(bound) => bound.read = true,
            None => self.bind(var, result.span, Holds::Value),
        }
    }

    fn bind(&mut self, var: &Var, span: Span, holds: Holds) {
        if var.is_blank() {
            return;
        }
        let read = false;
        let bound = self.bound.entry(var.0.clone());
        // What it holds is what was bound last; that it is read is asked of the first.
        bound
            .and_modify(|bound| bound.holds = holds)
            .or_insert(Bound { span, read, holds });
    }

    /// Reads what has to be one of these.
    fn read_as(&mut self, var: &Var, span: Span, wanted: &[Holds]) {
        self.read(var, span);
        let Some(bound) = self.bound.get(&var.0) else {
            return;
        };
        let (holds, bound_at) = (bound.holds, bound.span);
        if holds == Holds::Given || wanted.contains(&holds) {
            return;
        }
        let expected = wanted.first().copied().unwrap_or(Holds::Given);
        let message = format!("`{var}` holds {}", holds.what());
        let fault = Diagnostic::new(Code::E107, self.path, span, message);
        let fault =
            fault
                .label(format!("expected {}", expected.what()))
                .also(self.path, bound_at, "bound here");
        self.diagnostics
            .push(fault.help(format!("{} is bound by {}", expected.what(), expected.bound_by())));
    }

    fn read(&mut self, var: &Var, span: Span) {
        match self.bound.get_mut(&var.0) {
            Some(bound) => bound.read = true,
            None => {
                let message = match var.is_blank() {
                    true => "`$_` holds nothing: it only takes what nobody needs".to_owned(),
                    false => format!("`{var}` holds nothing yet"),
                };
                let meant =
                    nearest(&var.0, self.bound.keys().map(String::as_str)).map(|name| format!("${name}"));
                let fault = Diagnostic::new(Code::E107, self.path, span, message)
                    .label("read here, never bound before");
                self.diagnostics.push(match &meant {
                    Some(_) => fault.did_you_mean(meant.as_deref()),
                    None if var.is_blank() => fault.help("name what is to be read, such as `$s`"),
                    None => fault.help(format!(
                        "an earlier line of the test or scene binds it: `as {var}` behind a `<` line, `ask {var}` or `= {var}` \
                         behind a call"
                    )),
                });
                // Once is enough.
                self.bound.insert(var.0.clone(), Bound::given(span));
            }
        }
    }

    fn finish(self) {
        for (name, bound) in self.bound {
            if !bound.read {
                let fault = Diagnostic::new(
                    Code::E190,
                    self.path,
                    bound.span,
                    format!("`${name}` is never read"),
                );
                let help = "remove it, or write `$_` where a value must be named";
                self.diagnostics.push(fault.label("bound here").help(help));
            }
        }
    }
}
