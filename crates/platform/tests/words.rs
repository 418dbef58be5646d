//! What a text to one of the platform's numbers means, rule by rule and in the order of the rules.

mod support;

use platform::{Change, DecisionCode, Settings};
use support::{ALICE, CAROL, DAVE, Desk, NEWS, QUIZ, s, settings};

#[test]
fn keywords_ignore_case_and_the_blanks_and_punctuation_around_them() {
    for (text, answer) in [
        ("Stop", "[stop]"),
        ("  OFF! ", "[stop]"),
        ("\"stop.\"", "[stop]"),
        ("On", "[on]"),
        (" start...", "[on]"),
        ("HELP?", "[help]"),
        ("info", "[help]"),
        ("y", "[nothing pending]"),
        ("No.", "[nothing pending]"),
        ("stop it", "[unknown command]"),
        ("st op", "[unknown command]"),
        ("unstop", "[unknown command]"),
        ("horoscope leo", "[unknown command]"),
        ("", "[unknown command]"),
        (" \n?!", "[unknown command]"),
        ("Привет", "[unknown command]"),
    ] {
        let mut desk = Desk::new();
        assert_eq!(
            desk.text("alice", text),
            [format!("alice < 32665 {answer:?}")],
            "{text:?}"
        );
    }
}

#[test]
fn a_canvas_name_is_found_in_any_case_and_stripped_with_the_blanks_after_it() {
    for (text, message) in [
        ("quiz play", "play"),
        ("QuIz  play  now ", "play  now "),
        ("  quiz\tplay", "play"),
        ("quiz", ""),
        ("quiz  ", ""),
        ("quiz stop", "stop"),
        ("quiz Привет", "Привет"),
    ] {
        let mut desk = Desk::new();
        assert_eq!(
            desk.text("alice", text),
            [format!("quiz < alice {message:?} in 1")],
            "{text:?}"
        );
    }
    let mut desk = Desk::new();
    assert_eq!(
        desk.text("alice", "quiz: play"),
        ["alice < 32665 \"[unknown command]\""]
    );
    assert_eq!(
        desk.text("alice", "quizplay"),
        ["alice < 32665 \"[unknown command]\""]
    );
}

/// For each rule and the next: a text that both could take, and which of them takes it.
#[test]
fn the_earlier_rule_takes_the_text() {
    // Stop, before a question and before a live session.
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    assert_eq!(desk.reply("carol", 1, "stop"), ["carol < 32665 \"[stop]\""]);
    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "Who?");
    assert_eq!(desk.reply("alice", 1, "Off"), ["alice < 32665 \"[stop]\""]);

    // A yes to an open question, before a session that waits; but a session's own number is the session's.
    let open = || {
        let mut desk = Desk::new();
        desk.change(Change::RevokeSms(ALICE, NEWS));
        desk.ask(QUIZ, ALICE, "Ready?");
        desk.text("alice", "news scores");
        desk
    };
    assert_eq!(open().text("alice", "y"), ["news < alice \"scores\" in 3 new"]);
    assert_eq!(open().reply("alice", 1, "y"), ["quiz < alice \"y\" in 1"]);

    // The live session whose number it is, before On, Help and canvas names.
    for text in ["on", "help", "news scores", "anything", "y", ""] {
        let mut desk = Desk::new();
        desk.ask(QUIZ, ALICE, "Who?");
        assert_eq!(
            desk.reply("alice", 1, text),
            [format!("quiz < alice {text:?} in 1")]
        );
    }

    // On, Help and canvas names, before the session that waits.
    for (text, outcome) in [
        ("on", "alice < 32665 \"[on]\""),
        ("help", "alice < 32665 \"[help]\""),
        ("news scores", "news < alice \"scores\" in 2"),
        ("mute hi", "alice < 32665 \"[unknown app mute]\""),
        ("y", "quiz < alice \"y\" in 1"),
        ("Spielberg", "quiz < alice \"Spielberg\" in 1"),
    ] {
        let mut desk = Desk::new();
        desk.ask(QUIZ, ALICE, "Who?");
        assert_eq!(desk.text("alice", text), [outcome], "{text}");
    }

    // A session that waits, before the app of the last unsolicited text.
    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "Who?");
    desk.send(NEWS, ALICE, "Kings win");
    assert_eq!(
        desk.text("alice", "Spielberg"),
        ["quiz < alice \"Spielberg\" in 1"]
    );
    assert_eq!(desk.text("alice", "Great!"), ["news < alice \"Great!\" in 2"]);

    // A yes without a question, before the app of the last unsolicited text.
    assert_eq!(desk.text("alice", "ok"), ["alice < 32665 \"[nothing pending]\""]);
}

#[test]
fn the_newest_session_that_waits_gets_the_text() {
    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "One?");
    desk.ask(NEWS, ALICE, "Two?");
    assert_eq!(desk.text("alice", "two"), ["news < alice \"two\" in 2"]);
    assert_eq!(desk.text("alice", "one"), ["quiz < alice \"one\" in 1"]);
}

#[test]
fn a_text_without_an_addressee_goes_to_the_last_unsolicited_app_within_its_ttl() {
    let mut desk = Desk::new();
    desk.send(QUIZ, ALICE, "New quiz");
    desk.send(NEWS, ALICE, "Kings win");
    desk.wait(s(86_399));
    assert_eq!(desk.text("alice", "Great!"), ["news < alice \"Great!\" in 1"]);
    assert_eq!(
        desk.answer(NEWS, ALICE, 1, "Yes!"),
        ["alice < 3266501 \"Yes!\"", "ok"]
    );
    desk.wait(s(1));
    assert_eq!(
        desk.text("alice", "Great!"),
        ["alice < 32665 \"[unknown command]\""]
    );

    let mut desk = Desk::new();
    desk.send(NEWS, ALICE, "Kings win");
    desk.change(Change::RevokeSms(ALICE, NEWS));
    assert_eq!(
        desk.text("alice", "Great!"),
        ["alice < 32665 \"[unknown command]\""],
        "consent is gone"
    );

    let mut desk = Desk::with(Settings {
        generic_reply_ttl: s(0),
        ..settings()
    });
    desk.send(NEWS, ALICE, "Kings win");
    assert_eq!(
        desk.text("alice", "Great!"),
        ["alice < 32665 \"[unknown command]\""],
        "turned off"
    );
}

#[test]
fn stop_is_confirmed_once_and_then_nothing_more_comes() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    assert_eq!(desk.text("alice", "stop"), ["alice < 32665 \"[stop]\""]);
    let user = desk.platform.user(ALICE).expect("declared");
    assert!(!user.texts_on && user.apps[&QUIZ].sms_granted, "grants stay");
    desk.codes();
    for text in ["stop", "OFF", "y", "mute hi", "anything else"] {
        assert_eq!(desk.text("alice", text), [] as [&str; 0], "{text}");
    }
    assert_eq!(
        desk.codes(),
        [
            DecisionCode::TextsAlreadyOff,
            DecisionCode::TextsAlreadyOff,
            DecisionCode::NothingPending,
            DecisionCode::Withheld,
            DecisionCode::CanvasMatched,
            DecisionCode::UnknownApp,
            DecisionCode::Withheld,
            DecisionCode::UnknownCommand,
            DecisionCode::Withheld,
        ]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hi"),
        ["refused: the user has turned Mobile Texts off"]
    );
    assert_eq!(
        desk.text("alice", "help"),
        ["alice < 32665 \"[help]\""],
        "help is always answered"
    );
    assert_eq!(desk.text("alice", "on"), ["alice < 32665 \"[on]\""]);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hi"),
        ["alice < 3266501 \"Hi\"", "ok"]
    );
}

#[test]
fn stop_is_a_no_to_every_open_question() {
    let mut desk = Desk::new();
    desk.text("carol", "quiz play");
    desk.text("carol", "stop");
    desk.text("carol", "on");
    assert_eq!(
        desk.reply("carol", 1, "y"),
        ["carol < 32665 \"[nothing pending]\""]
    );
    assert_eq!(desk.platform.next_wakeup(), None);
}

#[test]
fn an_unregistered_person_can_stop_too() {
    let mut desk = Desk::new();
    desk.text("dave", "quiz play");
    assert_eq!(desk.text("dave", "stop"), ["dave < 32665 \"[stop]\""]);
    assert_eq!(
        desk.text("dave", "12345"),
        [] as [&str; 0],
        "the code went with it"
    );
    assert_eq!(
        desk.text("dave", "quiz play"),
        [] as [&str; 0],
        "kept, and not asked about"
    );
    assert_eq!(desk.text("dave", "on"), ["dave < 32665 \"[code 12345]\""]);
    assert_eq!(
        desk.text("dave", "12345"),
        ["dave < 3266501 \"[ask Movie Quiz]\""]
    );
    assert!(desk.platform.user(DAVE).expect("declared").registered);
}

#[test]
fn with_texts_off_a_query_still_reaches_its_app_and_a_question_waits() {
    let mut desk = Desk::new();
    desk.change(Change::Texts(ALICE, false));
    assert_eq!(desk.text("alice", "quiz play"), ["quiz < alice \"play\" in 1"]);
    assert_eq!(
        desk.why(DecisionCode::Forwarded),
        "\"play\" from alice forwarded to Movie Quiz in session 1, to be answered within 1 min 0 s; Mobile Texts of \
         alice are off, so an answer will be refused"
    );
    desk.change(Change::Texts(CAROL, false));
    assert_eq!(desk.text("carol", "quiz play"), [] as [&str; 0]);
    assert!(
        desk.why(DecisionCode::RequestCached)
            .ends_with("nothing is asked while Mobile Texts are off")
    );
    assert_eq!(
        desk.text("carol", "y"),
        [] as [&str; 0],
        "what was not asked cannot be confirmed"
    );
    let on = desk.text("carol", "on");
    assert_eq!(
        on,
        ["carol < 32665 \"[on]\"", "carol < 3266501 \"[ask Movie Quiz]\""]
    );
    desk.change(Change::Texts(CAROL, false));
    let asked = desk.change(Change::Texts(CAROL, true));
    assert_eq!(asked, [] as [&str; 0], "asked already");
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"play\" in 2 new"]
    );
}

#[test]
fn a_query_reaches_an_app_that_the_operator_disallows_and_the_answer_is_refused() {
    let mut desk = Desk::new();
    desk.change(Change::OperatorBlock {
        operator: "att".to_owned(),
        app: QUIZ,
        blocked: true,
    });
    assert_eq!(desk.text("alice", "quiz play"), ["quiz < alice \"play\" in 1"]);
    assert!(
        desk.why(DecisionCode::Forwarded)
            .ends_with("; att disallows the app, so an answer will be refused")
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hi"),
        ["refused: the operator att disallows the app"]
    );
}

#[test]
fn words_can_be_set() {
    let words = |word: &str| vec![word.to_owned()];
    let mut desk = Desk::with(Settings {
        confirm_words: words("Ja!"),
        decline_words: words("nein"),
        ..settings()
    });
    desk.text("carol", "quiz play");
    assert_eq!(desk.text("carol", "y"), ["carol < 32665 \"[unknown command]\""]);
    assert_eq!(
        desk.text("carol", "NEIN"),
        ["carol < 3266501 \"[declined Movie Quiz]\""]
    );
    desk.text("carol", "quiz play");
    assert_eq!(
        desk.text("carol", "ja"),
        ["quiz + carol", "quiz < carol \"play\" in 3 new"]
    );
}
