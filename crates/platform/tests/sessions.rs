//! Sessions: the window, one answer a text, waiting, and the table of sender numbers.

mod support;

use std::time::Duration;

use platform::{DecisionCode, LiveState, NotifyOutcome, Refusal, Send, SessionFault, SessionId, Settings};
use support::{ALICE, BOB, CAROL, Desk, MUTE, NEWS, QUIZ, s, settings};

const MICROSECOND: Duration = Duration::from_micros(1);

#[test]
fn the_window_is_open_until_a_microsecond_before_60_s() {
    for (wait, answer) in [
        (s(0), "ok"),
        (s(59), "ok"),
        (s(60) - MICROSECOND, "ok"),
        (s(60), "refused: session 1 expired 0.0 s ago"),
        (s(61), "refused: session 1 expired 1.0 s ago"),
        (s(3_665), "refused: session 1 expired 1 h 0 min ago"),
    ] {
        let mut desk = Desk::new();
        desk.text("alice", "quiz play");
        desk.wait(wait);
        let last = desk.answer(QUIZ, ALICE, 1, "Hi").pop().expect("an answer");
        assert_eq!(last, answer, "after {wait:?}");
    }
}

#[test]
fn a_window_that_ends_without_an_answer_is_decided_at_its_own_time() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    let end = desk.now + s(60);
    assert_eq!(desk.platform.next_wakeup(), Some(end));
    desk.codes();
    desk.wait(s(61));
    let why = desk.why(DecisionCode::SessionExpired);
    assert_eq!(
        why,
        "session 1 of alice expired: Movie Quiz has not answered within 1 min 0 s"
    );
    assert_eq!(desk.codes(), [DecisionCode::SessionExpired]);
    desk.answer(QUIZ, ALICE, 1, "Hi");
    let why = desk.why(DecisionCode::SendRefused);
    assert_eq!(
        why,
        "sms.send(quiz to alice) refused: session 1 expired 1.0 s ago"
    );
    desk.text("alice", "quiz play");
    desk.answer(QUIZ, ALICE, 2, "Hi");
    assert_eq!(
        desk.platform.next_wakeup(),
        None,
        "an answered window has nothing left to wait for"
    );
}

#[test]
fn a_window_can_be_set_in_milliseconds() {
    let mut desk = Desk::with(Settings {
        session_window: Duration::from_millis(1),
        ..settings()
    });
    desk.text("alice", "quiz play");
    desk.wait(Duration::from_millis(1) - MICROSECOND);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hi"),
        ["alice < 3266501 \"Hi\"", "ok"]
    );
}

#[test]
fn one_text_allows_one_answer() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    desk.answer(QUIZ, ALICE, 1, "One");
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Two"),
        ["refused: session 1 has been answered already"]
    );
    desk.wait(s(120));
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Two"),
        ["refused: session 1 has been answered already"]
    );

    let mut desk = Desk::with(Settings {
        answers_per_message_max: 2,
        ..settings()
    });
    desk.text("alice", "quiz play");
    desk.answer(QUIZ, ALICE, 1, "One");
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Two"),
        ["alice < 3266501 \"Two\"", "ok"]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Three"),
        ["refused: session 1 has been answered already"]
    );
}

#[test]
fn each_text_in_a_session_earns_its_own_answer() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    assert_eq!(desk.reply("alice", 1, "again"), ["quiz < alice \"again\" in 1"]);
    desk.answer(QUIZ, ALICE, 1, "One");
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Two"),
        ["alice < 3266501 \"Two\"", "ok"]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Three"),
        ["refused: session 1 has been answered already"]
    );
    desk.wait(s(59));
    assert_eq!(
        desk.reply("alice", 1, "more"),
        ["quiz < alice \"more\" in 1"],
        "its minute is not over"
    );
    desk.wait(s(59));
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Four"),
        ["alice < 3266501 \"Four\"", "ok"]
    );
}

#[test]
fn a_reply_to_the_number_of_a_dead_session_is_one_to_32665() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    desk.wait(s(60));
    assert_eq!(
        desk.reply("alice", 1, "hello"),
        ["alice < 32665 \"[unknown command]\""]
    );
    assert_eq!(
        desk.reply("alice", 1, "news scores"),
        ["news < alice \"scores\" in 2"]
    );
    desk.ask(QUIZ, ALICE, "Who?");
    assert_eq!(
        desk.reply("alice", 1, "Spielberg"),
        ["quiz < alice \"Spielberg\" in 3"]
    );
}

#[test]
fn a_number_that_is_no_session_s_is_like_32665() {
    for number in [3_266_500, 3_266_502, 99_999] {
        let mut desk = Desk::new();
        desk.ask(QUIZ, ALICE, "Who?");
        assert_eq!(
            desk.text_number("alice", number, "help"),
            ["alice < 32665 \"[help]\""],
            "{number}"
        );
    }
}

#[test]
fn a_session_that_an_app_asks_for_waits_a_day_for_the_user() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.ask(QUIZ, ALICE, "Who?"),
        ["alice < 3266501 \"Who?\"", "session 1"]
    );
    let early = desk.answer(QUIZ, ALICE, 1, "Well?");
    assert_eq!(early, ["refused: session 1 still waits for the user's text"]);
    desk.wait(s(86_400) - MICROSECOND);
    assert_eq!(
        desk.reply("alice", 1, "Spielberg"),
        ["quiz < alice \"Spielberg\" in 1"]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Right!"),
        ["alice < 3266501 \"Right!\"", "ok"]
    );

    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "Who?");
    desk.codes();
    desk.wait(s(86_400));
    assert_eq!(
        desk.why(DecisionCode::SessionExpired),
        "session 1 of alice expired: alice has not texted for 24 h 0 min"
    );
    assert_eq!(
        desk.reply("alice", 1, "Spielberg"),
        ["alice < 32665 \"[unknown command]\""]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Well?"),
        ["refused: session 1 expired 0.0 s ago"]
    );
}

#[test]
fn an_answer_may_ask_for_a_new_session_and_uses_the_old_one() {
    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "Who directed Jaws?");
    desk.reply("alice", 1, "Spielberg");
    let next = desk.call(QUIZ, ALICE, "Right! And Alien?", Some(1), true);
    assert_eq!(next, ["alice < 3266502 \"Right! And Alien?\"", "session 2"]);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hm"),
        ["refused: session 1 has been answered already"]
    );
    desk.reply("alice", 2, "Cameron");
    desk.wait(s(60));
    let late = desk.call(QUIZ, ALICE, "No", Some(2), true);
    assert_eq!(late, ["refused: session 2 expired 0.0 s ago"]);
    assert_eq!(
        desk.platform.pool_left(desk.now, QUIZ),
        Some(0),
        "the first question alone was unsolicited"
    );
}

#[test]
fn an_id_is_good_for_its_own_user_and_app_only() {
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    for (app, user, session) in [
        (NEWS, ALICE, 1),
        (QUIZ, BOB, 1),
        (QUIZ, ALICE, 2),
        (QUIZ, ALICE, 0),
        (QUIZ, ALICE, 100),
    ] {
        let session = SessionId(session);
        let send = Send {
            call: platform::CallId(1),
            app,
            to: user,
            message: "Hi".to_owned(),
            session: Some(session),
            wants_session: false,
        };
        let fault = SessionFault::Unknown;
        assert_eq!(
            desk.refusal(send),
            Some(Refusal::Session { session, fault }),
            "{app} {user} {session}"
        );
    }
    desk.text("bob", "news scores");
    assert_eq!(
        desk.answer(NEWS, BOB, 1, "Sharks"),
        ["bob < 3266501 \"Sharks\"", "ok"],
        "bob has a session 1 too"
    );
    desk.text("carol", "quiz play");
    let question = desk.answer(QUIZ, CAROL, 1, "Hi");
    assert_eq!(
        question,
        ["refused: the user has no session 1 with this app"],
        "a question is the platform's"
    );
}

#[test]
fn numbers_are_reused_oldest_first_after_99() {
    let mut desk = Desk::new();
    for session in 1..=99 {
        assert_eq!(
            desk.text("alice", "quiz play"),
            [format!("quiz < alice \"play\" in {session}")]
        );
    }
    desk.codes();
    assert_eq!(
        desk.text("alice", "news scores"),
        ["news < alice \"scores\" in 1"]
    );
    assert_eq!(
        desk.why(DecisionCode::SessionReplaced),
        "the number of session 1 of alice, a session with Movie Quiz, goes to a newer session: all 99 are in use"
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Hi"),
        ["refused: the user has no session 1 with this app"]
    );
    assert_eq!(
        desk.answer(NEWS, ALICE, 1, "Hi"),
        ["alice < 3266501 \"Hi\"", "ok"]
    );
    assert_eq!(
        desk.text("alice", "news scores"),
        ["news < alice \"scores\" in 2"]
    );
    assert_eq!(
        desk.answer(QUIZ, ALICE, 99, "Hi"),
        ["alice < 3266599 \"Hi\"", "ok"]
    );
    assert_eq!(desk.platform.sessions(desk.now, ALICE).len(), 99);
    desk.wait(s(60));
    assert_eq!(desk.platform.sessions(desk.now, ALICE), []);
    assert_eq!(desk.platform.next_wakeup(), None);
}

#[test]
fn a_question_that_lost_its_number_is_answered_at_32665() {
    let mut desk = Desk::with(Settings {
        sessions_per_user_max: 1,
        ..settings()
    });
    desk.text("carol", "quiz play");
    desk.text("carol", "news scores");
    assert!(
        desk.why(DecisionCode::SessionReplaced)
            .contains("the question about Movie Quiz")
    );
    assert_eq!(
        desk.reply("carol", 1, "y"),
        ["news + carol", "news < carol \"scores\" in 1 new"]
    );
    assert_eq!(
        desk.text("carol", "y"),
        ["quiz + carol", "quiz < carol \"play\" in 1 new"]
    );
}

#[test]
fn a_question_that_lost_its_number_is_put_again_from_a_new_one() {
    let mut desk = Desk::with(Settings {
        sessions_per_user_max: 2,
        ..settings()
    });
    desk.change(platform::Change::SmsCapable(MUTE, true));
    desk.text("carol", "quiz play");
    desk.text("carol", "news scores");
    assert_eq!(
        desk.text("carol", "mute hi"),
        ["carol < 3266501 \"[ask Mute App]\""]
    );
    assert_eq!(desk.platform.cached_requests(desk.now, CAROL)[0].session, None);
    assert_eq!(
        desk.text("carol", "quiz again"),
        ["carol < 3266502 \"[ask Movie Quiz]\""]
    );
    assert_eq!(
        desk.reply("carol", 1, "n"),
        ["carol < 3266501 \"[declined Mute App]\""]
    );
}

#[test]
fn observers_see_what_lives_and_for_how_long() {
    let mut desk = Desk::new();
    desk.ask(QUIZ, ALICE, "Who?");
    desk.text("alice", "news scores");
    desk.change(platform::Change::RevokeSms(ALICE, NEWS));
    desk.text("alice", "news more");
    desk.wait(s(10));
    let live: Vec<_> = desk
        .platform
        .sessions(desk.now, ALICE)
        .into_iter()
        .map(|live| (live.session.0, live.app, live.state, live.remaining))
        .collect();
    assert_eq!(
        live,
        [
            (1, QUIZ, LiveState::WaitsForUser, s(86_390)),
            (2, NEWS, LiveState::WaitsForApp { answers: 1 }, s(50)),
            (3, NEWS, LiveState::Question, s(86_390)),
        ]
    );
}

#[test]
fn a_callback_that_fails_is_told_to_the_user_and_its_window_is_open_all_the_same() {
    for (outcome, told) in [
        (NotifyOutcome::Answered(200), false),
        (NotifyOutcome::Answered(404), false),
        (NotifyOutcome::Answered(499), false),
        (NotifyOutcome::Answered(500), true),
        (NotifyOutcome::Answered(503), true),
        (NotifyOutcome::TimedOut, true),
        (NotifyOutcome::Unreachable("connection refused".to_owned()), true),
        (NotifyOutcome::NoUrl, true),
    ] {
        let mut desk = Desk::new();
        desk.text("alice", "quiz play");
        desk.codes();
        let lines = desk.notified(1, outcome.clone());
        let expected: &[&str] = if told {
            &["alice < 32665 \"[Movie Quiz did not answer]\""]
        } else {
            &[]
        };
        assert_eq!(lines, expected, "{outcome:?}");
        let code = if told {
            DecisionCode::CallbackFailed
        } else {
            DecisionCode::CallbackAnswered
        };
        assert_eq!(desk.codes(), [code]);
        assert_eq!(
            desk.answer(QUIZ, ALICE, 1, "Hi"),
            ["alice < 3266501 \"Hi\"", "ok"]
        );
        assert_eq!(desk.notified(1, outcome), [] as [&str; 0]);
        assert!(
            desk.codes().contains(&DecisionCode::UnknownSubject),
            "an outcome comes once"
        );
    }
    let mut desk = Desk::new();
    desk.text("alice", "quiz play");
    desk.notified(1, NotifyOutcome::Answered(200));
    assert_eq!(desk.wait(s(86_400)), [] as [&str; 0], "silence is no failure");
}

#[test]
fn a_callback_is_tried_again_as_often_as_is_set() {
    let mut desk = Desk::with(Settings {
        callback_retries: 2,
        ..settings()
    });
    desk.text("alice", "quiz play");
    desk.wait(s(30));
    for _ in 0..2 {
        assert_eq!(
            desk.notified(1, NotifyOutcome::TimedOut),
            ["quiz < alice \"play\" in 1"]
        );
    }
    let failed = desk.notified(1, NotifyOutcome::TimedOut);
    assert_eq!(failed, ["alice < 32665 \"[Movie Quiz did not answer]\""]);
    desk.wait(s(30));
    let late = desk.answer(QUIZ, ALICE, 1, "Hi");
    assert_eq!(
        late,
        ["refused: session 1 expired 0.0 s ago"],
        "a retry opens no new window"
    );
}

#[test]
fn a_receipt_is_a_decision_and_nothing_else() {
    use platform::{Input, SubmissionId};
    use sms::MessageState;
    let mut desk = Desk::new();
    desk.send(NEWS, ALICE, "Kings win");
    desk.codes();
    for (state, code) in [
        (MessageState::Enroute, DecisionCode::Receipt),
        (MessageState::Delivered, DecisionCode::Receipt),
        (MessageState::Delivered, DecisionCode::UnknownSubject),
    ] {
        let lines = desk.give(Input::Receipt {
            submission: SubmissionId(1),
            state,
        });
        assert_eq!(lines, [] as [&str; 0]);
        assert_eq!(desk.codes(), [code], "{state}");
    }
}
