//! The table of all codes: [`Code`], what each is called, and a page about it.

use std::fmt;

use crate::diagnostics::Severity;

/// What kind of trouble a code stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// E0xx: how the file is written.
    Syntax,
    /// E1xx: what its names mean.
    Names,
    /// E2xx: what was expected did not happen.
    Expectation,
    /// E3xx: the run itself.
    Environment,
}

macro_rules! codes {
    ($($code:ident $severity:ident $title:literal $page:literal)+) => {
        /// The stable code of a kind of trouble. A code that was published keeps its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// How it is written, for example `E202`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// What it stands for, in a line.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// A page that explains it, with an example of what is wrong and what is right.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$code => $page,)+ }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    E001 Error "a tab, or another character that passes for a blank"
        "Scenario files are indented with spaces, two for each level. A tab is an error, because editors show it in different widths; \
         between words stands a blank. Web pages and word processors put other characters there that look the same (U+00A0 is the \
         most common); outside of texts they are errors, too.\n\n\
         Replace each of them with spaces; `smsim fmt` keeps the file that way."
    E002 Error "indentation that fits nothing"
        "The steps of one block start in the same column, and deeper than the line that opens the block:\n\n  \
         test \"Stop\":\n    alice > \"Stop\"\n    alice < ~\"*\"\n\n\
         A line that is deeper than the one before it without a `:` there, or that goes back to a column where no block began, is an error."
    E003 Error "a text without its closing quote"
        "A text begins and ends with `\"` on one line. Write a quote inside it as `\\\"` and a line break as `\\n`."
    E004 Error "an escape that JSON does not know"
        "Inside a text the escapes of JSON are known: \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex digits \
         (two of them for a character beyond U+FFFF). A control character must be written as an escape."
    E005 Error "a brace that opens no place to fill in"
        "In a text, `{$x}` inserts the capture `$x`, and in a rule's reply `{0}` inserts what the pattern matched and `{1}` the first \
         group. A brace itself is written `{{`."
    E006 Error "a regular expression that cannot be read"
        "A regular expression stands between two slashes, `/^\\d{5}$/`, with an `i` after them when letter case does not matter. \
         A slash inside is written `\\/`. It matches anywhere in the text unless it has `^` and `$`."
    E010 Error "something else is expected here"
        "The line cannot be read on at this place. The underline shows what stands there, the text beside it what may stand there."
    E011 Error "a line that is no step and no declaration"
        "Outside of tests a line begins with use, world, carrier, app, user, handsets, esme, scene or test. In a test it begins with an actor \
         and `>`, `<` or `?`, or with set, check, wait, at, note, run, together, any order, in order, repeat, for or ignore, or it is `...`."
    E012 Error "something is left at the end of the line"
        "The line was complete before this place. One line holds one step; clauses of a step are separated by commas."
    E013 Error "a text without quotes"
        "What people write is always quoted, so that `Off`, `Y`, `#1` and `+1415...` are texts and nothing else:\n\n  alice > \"Off\""
    E014 Error "a block without lines"
        "A line that ends in `:` opens a block; at least one line must follow that is indented deeper."
    E015 Error "a declaration after a test"
        "Declarations (use, world, carrier, app, user, handsets, esme) stand before the first scene and the first test of a file."
    E016 Error "a wait without its length"
        "`nothing` and `no` say for how long nothing may come, because a test cannot look into the whole future:\n\n  \
         alice < nothing for 1h\n  alice < no \"Hi\" for 10m"
    E017 Error "too much"
        "A file has at most 1 MiB, blocks are nested at most 16 deep, and so are scenes that run scenes; a name has at most 64 characters, \
         `repeat` at most 100000 rounds."
    E018 Error "a name that cannot be one"
        "A name begins with a letter and goes on with letters, digits, `_` and `-`. A capture is a `$` and a name without `-`."
    E040 Error "a number that cannot be read"
        "A whole number is expected here, without a unit, and not larger than the place allows."
    E041 Error "a bare number where a length of time is meant"
        "A length of time has a unit, because `wait 5` says nothing about what is waited for: ms, s, m, h or d, for example 250ms, 59s, 10m, \
         2h, 1d. Two can follow each other after `wait`: `wait 1h 30m`."
    E042 Error "no time or date"
        "A time of day is HH:MM or HH:MM:SS from 00:00 to 23:59:59, a date is YYYY-MM-DD. `at +1d 09:00` is tomorrow at nine, in the world's zone."
    E043 Error "no subscriber number or address"
        "The number of a phone is written in E.164 with its `+`: +14155550101. An address that a text goes to or comes from is such a number or the \
         digits of a short code: 32665."
    E100 Error "a name that nothing bears"
        "Every actor of a test is declared in its file or in one that it uses. Names may be declared after the line that uses them."
    E101 Error "a name that is declared twice"
        "Names are unique across kinds: a user, an app and a carrier cannot share one, because a line names its actor by the name alone. A file that \
         is used counts too. What stands for an actor, a scene's parameter or the variable of a `for`, has its name for itself: no capture and no \
         other variable may take it as long as it does."
    E102 Error "a name that is taken"
        "`fbook` is the platform itself, the system under test. It is observed (`fbook < receipt $m DELIVRD`) and never declared or scripted."
    E103 Error "an actor of the wrong kind"
        "A user texts (`alice > \"Hi\"`) and sees texts (`alice < \"Hi\"`). An app calls the API (`quiz > alice \"Hi\"`) and gets callbacks \
         (`quiz < alice \"Hi\"`). A carrier and an ESME send and see PDUs."
    E104 Error "a clause that is not known"
        "Each declaration has its own clauses; `tests/README.md` and `simulator-config/README.md` list them. The clauses of `world` are also \
         the keys of platform.toml, those of `carrier` the keys of a carrier profile."
    E105 Error "a value that does not fit"
        "Each clause and each setting says what kind of value it takes, and how many. Some values belong to one declaration of a world: the `uid` \
         of a user, the `id`, the `canvas` and the `key` of an app, the `system_id` of an ESME."
    E106 Error "a setting that is not known"
        "`set` and `check` take the same words. A user has: texts, app, quiet-hours, daily-limit, registered, phone, coverage, memory, barred, \
         roaming, ported, inbox. A carrier has: link, block, unblock, latency, loss, queue, answer, throttle, receipts. An app has: url, pool, \
         sms. `fbook` and an ESME have: bind."
    E107 Error "a capture that holds nothing yet"
        "`$s` is bound by `as $s`, by `ask $s` or by `= $s` on an earlier line of the same test or scene. `in $s`, `{$s}` and a receipt read it. \
         `in` needs a session, or a number that a text came from; a receipt needs a text, `as $m` behind what an app sends. Tests share no captures, nor does a scene with the test that runs it, except for its parameters."
    E108 Error "arguments that do not fit the scene"
        "`run` gives a scene as many arguments as it has parameters."
    E109 Error "a file that is used but not there"
        "`use \"world.sms\"` names a file relative to the one in which it stands."
    E110 Error "a scene that runs itself"
        "Scenes may run other scenes, but never, by whatever way, themselves: there is no condition that could end it."
    E111 Error "a clause that stands twice"
        "Each clause stands at most once in a line."
    E112 Error "a clause that means nothing here"
        "from, parts and encoding are about a text on a phone; new and sig are about a callback. `in` and `as` are about both: the session of a \
         callback, or the number that a text came from."
    E113 Error "two tests with the same name"
        "The name of a test is how reports and `-k` name it; in one file it is unique."
    E114 Error "a scene that is not there"
        "`run` names a scene of this file or of one that it uses."
    E115 Error "a phone number that is used twice"
        "Each number belongs to one phone, also within the ranges of `handsets`."
    E116 Error "a word of SMPP that is not known"
        "PDUs, statuses and message states bear the names of the specification: submit_sm, ESME_RTHROTTLED, DELIVRD."
    E117 Error "a file of configuration that cannot be read"
        "Carrier profiles and platform.toml are TOML. A profile has keys with texts, numbers, booleans or lists of them: `retry_absent = \
         \"1m 5m 15m\"`; `simulator-config/README.md` lists them, `simulator-config/platform.toml` those of the platform's rules."
    E190 Warning "a capture that nothing reads"
        "The capture is bound and never read. Remove it, or take `$_` where a value must be named but nobody needs it."
    E200 Error "a different text arrived"
        "Inboxes are strict: `<` takes the next item that no line has claimed, and it must be what the line says. Where several may come in \
         any order, put them into a block `any order:`; what a test does not care about at all, `ignore`."
    E201 Error "nothing arrived in time"
        "`<` waits for the next arrival for `within`, or for the world's `patience` (10 s) when the line says nothing. The `why` lines show what the \
         platform and the network decided since the last step."
    E202 Error "a call returned something else"
        "A call without `=` must succeed. With `= 850` it must be refused with that error number, of which `smsim explain 850` has a \
         page. The `why` line quotes the platform's own decision."
    E203 Error "something arrived in a quiet time"
        "`nothing for` fails at the first arrival, also at one that came earlier and that no line claimed. `no PATTERN for` fails at the first arrival \
         that matches."
    E204 Error "something is left that no line claimed"
        "When a test is over the world runs `patience` longer; then every text and every callback must have been claimed by a line. Add the line that is \
         missing, or `ignore` the actor."
    E205 Error "a check failed"
        "`check` compares the setting as it is now with the one in the line."
    E206 Error "time does not go backward"
        "`at 09:00` means today, in the world's zone. When that has passed already, name the day: `at +1d 09:00`."
    E207 Error "the right text with wrong properties"
        "The text is as expected, but its sender, its number of parts, its encoding, its session or a field of the callback is not."
    E208 Error "no such receipt"
        "No receipt of that text with that state has reached the platform in time. A text of several parts has several receipts."
    E209 Error "the phone did not send the text"
        "A phone that is off holds a text back until it is on; one whose outbox is full refuses it."
    E210 Error "not at the same instant"
        "The steps of a block `together:` happen at one instant, so nothing in it may wait. Put a `<` line behind the block."
    E300 Error "a step that cannot be run here"
        "The language knows this step, but it cannot be performed where it stands: a block `any order:` or `in order:` holds what actors see, \
         a line of an ESME sends the usual PDUs, and some settings need what the world does not have."
    E301 Error "a world that cannot be built"
        "The declarations contradict each other or a limit of a part of the simulator. The message is that part's own."
    E302 Error "a file that is to be filled in"
        "`...` stands where `smsim fill` writes what really happens. Until then the test cannot be run."
    E303 Error "an actor that is not simulated"
        "The line waits for somebody real: an app with a `url`, or a person (`--human`), and this run has no way to the outside, or the person has \
         left the terminal."
    E304 Error "a world that does not come to rest"
        "The world still has something to do at the same instant after a great many steps. Two apps that answer each other without end do that."
    E305 Error "a real app that does not answer"
        "The world's clock stands still while a real app has a callback or is awaited to call. This one could not be reached, or took longer than the clock is held: start the app, and see that its address is right."
    E306 Error "a run that is not the same twice"
        "Two runs with the same seed made different records. Below the shell nothing may depend on the machine's clock, on chance without a seed or on the order of a map; this is a defect of the simulator, unless a real app took part."
    E307 Warning "a real app that would have to sleep"
        "In virtual time `wait 5m` takes no time on the machine's clock, by which a real app sleeps: what it means to say after five minutes is not \
         said while the line waits for it. `smsim run --clock real`, `--clock x20` (twenty times as fast) or such a `clock` of the `world` lets the \
         world's time pass at that pace, and holds it for nobody."
}

impl Code {
    /// The code with that name; letter case does not count.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.name().eq_ignore_ascii_case(name))
    }

    /// What kind of trouble it stands for.
    pub fn class(self) -> Class {
        match self.name().as_bytes().get(1) {
            Some(b'0') => Class::Syntax,
            Some(b'1') => Class::Names,
            Some(b'2') => Class::Expectation,
            Some(b'3') => Class::Environment,
            other => unreachable!("codes begin with E0 to E3, not {other:?}"),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_each_has_a_page() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        for &code in Code::ALL {
            assert_eq!(Code::from_name(&code.name().to_lowercase()), Some(code));
            assert!(code.page().len() > code.title().len(), "{code}");
            assert!(
                code.page().ends_with(['.', '"']) || code.page().contains("\n\n"),
                "{code}"
            );
            // Every code falls into a class.
            let _ = code.class();
        }
        assert_eq!(Code::from_name("E999"), None);
        assert_eq!(Code::E202.class(), Class::Expectation);
    }
}
