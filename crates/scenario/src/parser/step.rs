//! Steps: what happens in a test.

use crate::diagnostics::{Code, Fallible};
use crate::lexer::{Cursor, SAID};
use crate::parser::{Parser, REPEAT_MAX, TOP_WORDS, opening};
use crate::syntax::{
    Actor, Arg, BlockKind, CallResult, Destination, Param, PduStep, Send, Sign, Span, Spanned, Step,
};

/// Words of other languages, and what is written here.
const SYNONYMS: [(&str, &str); 10] = [
    ("sleep", "`wait 5s`"),
    ("pause", "`wait 5s`"),
    ("delay", "`wait 5s`"),
    ("print", "`note \"...\"`"),
    ("log", "`note \"...\"`"),
    ("echo", "`note \"...\"`"),
    (
        "expect",
        "a line such as `alice < \"...\"`, or `check alice texts on`",
    ),
    (
        "assert",
        "a line such as `alice < \"...\"`, or `check alice texts on`",
    ),
    ("loop", "`repeat 3:`"),
    (
        "call",
        "`run SCENE()`, or a line such as `quiz > users.getInfo uids=alice`",
    ),
];

/// What answers a PDU, for messages.
const STATUS: &str = "a status, such as ESME_ROK";

/// What an actor may see; no line begins with it.
const NOTHING: &str = "nothing";

/// The words that begin a step which is no actor's line.
pub(crate) const STEP_WORDS: [&str; 12] = [
    "set",
    "check",
    "wait",
    "at",
    "note",
    "run",
    "together",
    "any order",
    "in order",
    "repeat",
    "for",
    "ignore",
];

impl<'s> Parser<'s> {
    /// A step, with its block where it has one.
    pub(super) fn step(&mut self, cursor: &mut Cursor<'s>) -> Option<Step> {
        if is_actor_line(cursor) {
            return self.report(actor_line(cursor));
        }
        let block = match self.block_kind(cursor) {
            Ok(None) => None,
            Ok(Some(kind)) => Some(kind),
            Err(fault) => {
                self.diagnostics.push(*fault);
                self.skip_block();
                return None;
            }
        };
        if let Some(kind) = block {
            let steps = self.block(true);
            return Some(Step::Block(kind, steps));
        }
        let step = self.line(cursor);
        self.report(step)
    }

    /// What kind of block the line opens, if it opens one.
    fn block_kind(&mut self, cursor: &mut Cursor<'s>) -> Fallible<Option<BlockKind>> {
        let kind = match cursor.peek_word() {
            Some("together") => {
                cursor.word();
                BlockKind::Together
            }
            Some(word @ ("any" | "in")) => {
                cursor.word();
                if !cursor.eat_word("order") {
                    return Err(cursor.expected("`order:`, as in `any order:`"));
                }
                if word == "any" {
                    BlockKind::AnyOrder
                } else {
                    BlockKind::InOrder
                }
            }
            Some("repeat") => {
                cursor.word();
                BlockKind::Repeat(rounds(cursor)?)
            }
            Some("for") => {
                cursor.word();
                let var = cursor.var("a variable such as $user")?;
                if !cursor.eat_word("in") {
                    return Err(cursor.expected("`in` and names, such as `in alice, bob`"));
                }
                let mut names = vec![cursor.name("a name, such as `alice`")?];
                while cursor.eat(",") {
                    names.push(cursor.name("a name, such as `alice`")?);
                }
                BlockKind::For(var, names)
            }
            _ => return Ok(None),
        };
        opening(cursor)?;
        Ok(Some(kind))
    }

    /// A step of one line that is no actor's.
    fn line(&mut self, cursor: &mut Cursor<'s>) -> Fallible<Step> {
        if cursor.eat("...") {
            cursor.finish()?;
            return Ok(Step::Fill);
        }
        let step = match cursor.peek_word() {
            Some(word @ ("set" | "check")) => {
                cursor.word();
                let actor = actor(cursor, "whom, for example `alice`")?;
                let setting = cursor.clause("a setting, for example `texts on`")?;
                if word == "set" {
                    Step::Set(actor, setting)
                } else {
                    Step::Check(actor, setting)
                }
            }
            Some("wait") => {
                cursor.word();
                let mut durs = vec![cursor.dur()?];
                while !cursor.at_end() {
                    durs.push(cursor.dur()?);
                }
                Step::Wait(durs)
            }
            Some("at") => {
                cursor.word();
                at(cursor)?
            }
            Some("note") => {
                cursor.word();
                Step::Note(cursor.text("what to note")?)
            }
            Some("run") => {
                cursor.word();
                let scene = cursor.name("the name of a scene")?;
                let args = cursor.list("(", ")", arg).map_err(|fault| {
                    let name = &scene.node;
                    Box::new(fault.help(format!(
                        "write `run {name}()`, or `run {name}(alice)` with an argument"
                    )))
                })?;
                Step::Run { scene, args }
            }
            Some("ignore") => {
                cursor.word();
                Step::Ignore(actor(cursor, "whom, for example `alice`")?)
            }
            word => return Err(self.unknown_step(cursor, word)),
        };
        cursor.finish()?;
        Ok(step)
    }

    fn unknown_step(
        &self,
        cursor: &mut Cursor<'s>,
        word: Option<&'s str>,
    ) -> Box<crate::diagnostics::Diagnostic> {
        let declares = |word: &&str| TOP_WORDS.contains(word) && !matches!(*word, "scene" | "test");
        if let Some(word) = word.filter(declares) {
            return self.declaration_in_test(cursor, word);
        }
        if word == Some(NOTHING) {
            let fault = cursor.expected("who gets nothing");
            return Box::new(fault.help("write for example `alice < nothing for 10s`"));
        }
        let meant = word.and_then(|word| SYNONYMS.iter().find(|(other, _)| *other == word));
        if let Some((other, meant)) = meant {
            let message = format!("`{other}` begins no line");
            let fault = cursor.fault(Code::E011, cursor.clone().next_token(), message);
            let fault = fault.label("expected a step");
            return Box::new(fault.help(format!("did you mean {meant}?")));
        }
        let mut ahead = cursor.clone();
        if cursor.looks_at("$") {
            return match actor(&mut ahead, "an actor") {
                Err(fault) => fault,
                Ok(_) => ahead.expected("`>`, `<` or `?` after the actor"),
            };
        }
        if actor(&mut ahead, "").is_ok() && !STEP_WORDS.iter().any(|known| Some(*known) == word) {
            let known = word.and_then(|word| crate::suggestion::nearest(word, STEP_WORDS));
            if known.is_none() {
                let fault = ahead.expected("`>`, `<` or `?` after the actor");
                if fault.code == Code::E001 {
                    return fault;
                }
                let who = word.unwrap_or("alice");
                let others = STEP_WORDS.join(", ");
                return Box::new(fault.help(format!(
                    "`{who} > ...` does something, `{who} < ...` sees it; other steps begin with {others}"
                )));
            }
        }
        self.unknown_line(cursor, word, &STEP_WORDS, "a step")
    }

    /// A line of a test that begins like a declaration, and is no actor's.
    fn declaration_in_test(
        &self,
        cursor: &mut Cursor<'s>,
        word: &str,
    ) -> Box<crate::diagnostics::Diagnostic> {
        let message = format!("`{word}` stands among the steps");
        let span = cursor.next_token();
        let fault = cursor.fault(Code::E015, span, message);
        let fault = fault.label("a test has no declarations of its own");
        Box::new(fault.help("move it before the first scene or test"))
    }
}

fn rounds(cursor: &mut Cursor<'_>) -> Fallible<Spanned<u32>> {
    let rounds = cursor.number::<u32>("how many times, such as `repeat 3:`", u32::MAX)?;
    if rounds.node > REPEAT_MAX {
        let fault = cursor.fault(Code::E017, rounds.span, format!("more than {REPEAT_MAX} rounds"));
        return Err(Box::new(
            fault.help("a `repeat` inside another one goes on longer"),
        ));
    }
    Ok(rounds)
}

/// Whether a name or a variable and one of the signs begin the line.
pub(super) fn is_actor_line(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    let begins = match ahead.looks_at("$") {
        true => ahead.var_word(""),
        false => ahead.name_word(""),
    };
    begins.is_ok() && matches!(ahead.peek(), Some('>' | '<' | '?'))
}

/// Takes an actor.
pub(super) fn actor(cursor: &mut Cursor<'_>, what: &str) -> Fallible<Spanned<Actor>> {
    if cursor.looks_at("$") {
        return Ok(cursor.var(what)?.map(Actor::Var));
    }
    Ok(cursor.name(what)?.map(Actor::Name))
}

fn at(cursor: &mut Cursor<'_>) -> Fallible<Step> {
    let mut days = None;
    if cursor.looks_at("+") {
        let start = cursor.at();
        let word = cursor.bare().map_or("", |word| word.node);
        let span = cursor.since(start);
        let number = word.strip_prefix('+').and_then(|word| word.strip_suffix('d'));
        let digits = number.filter(|number| number.bytes().all(|octet| octet.is_ascii_digit()));
        let Some(number) = digits.and_then(|digits| digits.parse().ok()) else {
            let fault = cursor.fault(Code::E042, span, format!("`{word}` is not a number of days"));
            return Err(Box::new(fault.label("days after today, for example +1d")));
        };
        days = Some(Spanned::new(number, span));
    }
    Ok(Step::At {
        days,
        time: cursor.time_of_day()?,
    })
}

fn arg(cursor: &mut Cursor<'_>) -> Fallible<Spanned<Arg>> {
    match cursor.peek() {
        Some('"') => Ok(cursor.text("a text")?.map(Arg::Text)),
        Some(c) if c.is_ascii_digit() => Ok(cursor.number::<i64>("a number", i64::MAX)?.map(Arg::Number)),
        _ => Ok(actor(cursor, "a name, a capture, a text or a number")?.map(Arg::Actor)),
    }
}

fn actor_line(cursor: &mut Cursor<'_>) -> Fallible<Step> {
    let who = actor(cursor, "an actor")?;
    if cursor.eat(">") {
        return does(cursor, who);
    }
    if cursor.eat("?") {
        let user = actor(cursor, "the user it asks about")?;
        let result = match result(cursor)? {
            Some(result) => result,
            None => return Err(cursor.expected("`=` and what must be returned, such as `= ok` or `= 856`")),
        };
        cursor.finish()?;
        return Ok(Step::CanSend {
            app: who,
            user,
            result,
        });
    }
    cursor.eat("<");
    super::expect::sees(cursor, who)
}

/// What follows `>`: a text of a user, a call of an app, or a PDU.
fn does(cursor: &mut Cursor<'_>, who: Spanned<Actor>) -> Fallible<Step> {
    if cursor.looks_at("\"") {
        return compose(cursor, who);
    }
    let mut ahead = cursor.clone();
    let user = actor(&mut ahead, "a text, a user or a method").map_err(|fault| {
        if cursor.peek_word().is_some_and(|word| word.contains('.')) {
            fault
        } else {
            let fault = cursor.expected("a text in quotes, a user or a method");
            if cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
                Box::new(fault.help(
                    "the text comes first, then the number: `> \"hello\", to 12345`; 32665 need not be said",
                ))
            } else {
                fault
            }
        }
    });
    let step = match cursor.peek_word() {
        Some(word) if word.contains('.') => call(cursor, who)?,
        _ => {
            let user = user?;
            if ahead.looks_at("\"") {
                *cursor = ahead;
                send(cursor, who, user)?
            } else {
                does_otherwise(cursor, &mut ahead, who)?
            }
        }
    };
    cursor.finish()?;
    Ok(step)
}

/// A PDU, unless the line only lacks the quotes of its text.
fn does_otherwise(cursor: &mut Cursor<'_>, ahead: &mut Cursor<'_>, who: Spanned<Actor>) -> Fallible<Step> {
    let unquoted = ahead.peek().is_some_and(|c| c != '=' && c != ',') && {
        let mut field = ahead.clone();
        field.word().is_none() || !field.looks_at("=")
    };
    let one_word = ahead.at_end() && cursor.peek_word().is_some_and(|word| !word.contains('_'));
    if unquoted || (one_word && !is_pdu_like(cursor.peek_word().unwrap_or_default())) {
        return Err(match cursor.text(SAID) {
            Err(fault) => fault,
            Ok(_) => cursor.expected("a text, a user or a PDU"),
        });
    }
    pdu(cursor, who, Sign::Does)
}

/// Whether a word without `_` names a PDU.
pub(super) fn is_pdu_like(word: &str) -> bool {
    word.contains('_') || matches!(word, "outbind" | "unbind")
}

fn compose(cursor: &mut Cursor<'_>, user: Spanned<Actor>) -> Fallible<Step> {
    let text = cursor.text("a text")?;
    let mut to = Destination::ShortCode;
    if cursor.eat(",") {
        to = match cursor.peek_word() {
            Some("in") => {
                cursor.word();
                Destination::Session(cursor.var("the session, such as $s")?)
            }
            Some("to") => {
                cursor.word();
                Destination::Address(cursor.address()?)
            }
            _ => return Err(cursor.expected("`in $session` or `to ADDRESS`")),
        };
    }
    cursor.finish_clauses()?;
    Ok(Step::Compose { user, text, to })
}

fn send(cursor: &mut Cursor<'_>, app: Spanned<Actor>, user: Spanned<Actor>) -> Fallible<Step> {
    let text = cursor.text("a text")?;
    let mut send = Send {
        app,
        user,
        text,
        session: None,
        ask: None,
        name: None,
        result: None,
    };
    loop {
        let comma = cursor.eat(",");
        let word = cursor.peek_word();
        let slot = match word {
            Some("in") if comma => &mut send.session,
            Some("ask") if comma => &mut send.ask,
            Some("as") => &mut send.name,
            Some("in" | "ask") => return Err(cursor.expected("a comma before it")),
            _ if comma => return Err(cursor.expected("`in $session`, `ask $session` or `as $name`")),
            _ => break,
        };
        let word = cursor.word().map_or(Span::default(), |word| word.span);
        let var = cursor.var("a capture such as $s")?;
        if slot.replace(var).is_some() {
            let fault = cursor.fault(Code::E111, word, "this stands here twice");
            return Err(Box::new(fault.label("leave one of them out")));
        }
    }
    send.result = result(cursor)?;
    Ok(Step::Send(Box::new(send)))
}

fn call(cursor: &mut Cursor<'_>, app: Spanned<Actor>) -> Fallible<Step> {
    let Some(method) = cursor.word() else {
        return Err(cursor.expected("a method, such as users.getInfo"));
    };
    let params = params(cursor)?;
    let result = result(cursor)?;
    Ok(Step::Call {
        app,
        method: method.map(str::to_owned),
        params,
        result,
    })
}

/// Takes a PDU with its fields and its status.
pub(super) fn pdu(cursor: &mut Cursor<'_>, actor: Spanned<Actor>, sign: Sign) -> Fallible<Step> {
    let Some(pdu) = cursor.word() else {
        return Err(cursor.expected("a PDU, such as submit_sm"));
    };
    let fields = params(cursor)?;
    let status = match cursor.eat("=") {
        // A slash after a blank begins a regular expression, in which no comment begins.
        true if cursor.looks_at("/") => return Err(cursor.expected(STATUS)),
        true => Some(
            cursor
                .bare()
                .ok_or_else(|| cursor.expected(STATUS))?
                .map(str::to_owned),
        ),
        false => None,
    };
    cursor.finish()?;
    let pdu = pdu.map(str::to_owned);
    Ok(Step::Pdu(Box::new(PduStep {
        actor,
        sign,
        pdu,
        fields,
        status,
    })))
}

fn params(cursor: &mut Cursor<'_>) -> Fallible<Vec<Param>> {
    let mut found = Vec::new();
    while let Some(name) = cursor.word() {
        if !cursor.eat("=") {
            return Err(cursor.expected("`=` and a value, such as `uid=alice`"));
        }
        let value = match cursor.looks_at("=") {
            false => cursor.value()?,
            true => None,
        };
        let value = value.ok_or_else(|| cursor.expected("a value; an empty one is written \"\""))?;
        found.push(Param {
            name: name.map(str::to_owned),
            value,
        });
    }
    found.shrink_to_fit();
    Ok(found)
}

/// Takes `= ok`, `= 850` or `= $x`, if it stands here.
fn result(cursor: &mut Cursor<'_>) -> Fallible<Option<Spanned<CallResult>>> {
    if !cursor.eat("=") {
        return Ok(None);
    }
    if cursor.looks_at("$") {
        return Ok(Some(cursor.var("a capture")?.map(CallResult::Var)));
    }
    if let Some(word) = cursor.word() {
        if word.node == "ok" {
            return Ok(Some(word.map(|_| CallResult::Ok)));
        }
        let fault = cursor.fault(Code::E010, word.span, format!("`{}` is no result", word.node));
        return Err(Box::new(
            fault.label("expected ok, an error number such as 850, or a capture"),
        ));
    }
    Ok(Some(
        cursor
            .number::<i64>("ok, an error number such as 850, or a capture", i64::MAX)?
            .map(CallResult::Number),
    ))
}
