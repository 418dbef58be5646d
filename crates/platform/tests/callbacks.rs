//! Callbacks: how many are under way, what waits, and when a window opens.

mod support;

use platform::callback::CALLBACKS_WAITING_MAX;
use platform::{Change, DecisionCode, LiveState, NotifyOutcome, SessionId, Settings};
use proptest::prelude::*;
use support::{ALICE, CAROL, Desk, NEWS, QUIZ, s, settings};

const NOTHING: [&str; 0] = [];

fn desk(callbacks_in_flight_max: usize) -> Desk {
    Desk::with(Settings {
        callbacks_in_flight_max,
        ..settings()
    })
}

fn ok() -> NotifyOutcome {
    NotifyOutcome::Answered(200)
}

#[test]
fn one_callback_more_than_may_be_under_way_waits_in_order() {
    for limit in [1, 2, 3] {
        let mut desk = desk(limit);
        for n in 1..=limit {
            let line = format!("quiz < alice \"{n}\" in {n}");
            assert_eq!(desk.text("alice", &format!("quiz {n}")), [line]);
        }
        let (next, last) = (limit + 1, limit + 2);
        for n in [next, last] {
            desk.codes();
            assert_eq!(desk.text("alice", &format!("quiz {n}")), NOTHING);
            assert!(desk.codes().contains(&DecisionCode::CallbackWaits));
        }
        assert_eq!(
            desk.text("alice", "news scores").len(),
            1,
            "another app waits for nobody"
        );
        for (done, n) in [(1, next), (2, last)] {
            let line = format!("quiz < alice \"{n}\" in {n}");
            assert_eq!(desk.notified(done, ok()), [line], "limit {limit}");
        }
    }
}

#[test]
fn a_window_opens_when_the_callback_is_handed_over() {
    let mut desk = desk(1);
    desk.text("alice", "quiz one");
    desk.text("alice", "quiz two");
    desk.wait(s(30));
    let early = desk.answer(QUIZ, ALICE, 2, "Hi");
    assert_eq!(
        early,
        ["refused: the user's text in session 2 has not been handed to the app yet"]
    );
    let state = |desk: &Desk| {
        let sessions = desk.platform.sessions(desk.now, ALICE);
        let second = sessions.iter().find(|session| session.session == SessionId(2));
        second.map(|session| (session.state, session.remaining))
    };
    assert_eq!(state(&desk), Some((LiveState::CallbackWaits, s(0))));
    desk.wait(s(40));
    assert_eq!(desk.notified(1, ok()), ["quiz < alice \"two\" in 2"]);
    assert_eq!(state(&desk), Some((LiveState::WaitsForApp { answers: 1 }, s(60))));
    desk.wait(s(60) - std::time::Duration::from_millis(1));
    assert_eq!(
        desk.answer(QUIZ, ALICE, 2, "Hi"),
        ["alice < 3266502 \"Hi\"", "ok"]
    );
}

#[test]
fn at_exactly_a_minute_after_it_was_handed_over_a_window_is_over() {
    let mut desk = desk(1);
    desk.text("alice", "quiz one");
    desk.text("alice", "quiz two");
    desk.wait(s(50));
    desk.notified(1, ok());
    desk.wait(s(60));
    let late = desk.answer(QUIZ, ALICE, 2, "Hi");
    assert_eq!(late, ["refused: session 2 expired 0.0 s ago"]);
}

#[test]
fn a_session_that_the_user_has_answered_does_not_expire_while_its_callback_waits() {
    let mut desk = Desk::with(Settings {
        callbacks_in_flight_max: 1,
        session_idle_ttl: s(100),
        ..settings()
    });
    desk.ask(QUIZ, ALICE, "Ready?");
    desk.text("alice", "quiz one");
    desk.wait(s(90));
    assert_eq!(desk.reply("alice", 1, "yes, ready"), NOTHING);
    desk.wait(s(90));
    assert_eq!(desk.notified(1, ok()), ["quiz < alice \"yes, ready\" in 1"]);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Go"),
        ["alice < 3266501 \"Go\"", "ok"]
    );
}

#[test]
fn a_second_text_in_a_session_adds_its_answer_when_it_is_handed_over() {
    let mut desk = desk(1);
    desk.text("alice", "quiz one");
    assert_eq!(desk.reply("alice", 1, "and another"), NOTHING);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "First"),
        ["alice < 3266501 \"First\"", "ok"]
    );
    let used = desk.answer(QUIZ, ALICE, 1, "Second");
    assert_eq!(used, ["refused: session 1 has been answered already"]);
    assert_eq!(desk.notified(1, ok()), ["quiz < alice \"and another\" in 1"]);
    assert_eq!(
        desk.answer(QUIZ, ALICE, 1, "Second"),
        ["alice < 3266501 \"Second\"", "ok"]
    );
}

#[test]
fn a_slot_that_went_to_a_newer_session_opens_no_window_for_the_old_text() {
    let mut desk = Desk::with(Settings {
        callbacks_in_flight_max: 1,
        sessions_per_user_max: 1,
        ..settings()
    });
    desk.text("alice", "quiz one");
    desk.text("alice", "quiz two");
    desk.ask(NEWS, ALICE, "Scores?");
    assert_eq!(desk.notified(1, ok()), ["quiz < alice \"two\" in 1"]);
    let other = desk.answer(QUIZ, ALICE, 1, "Hi");
    assert_eq!(other, ["refused: the user has no session 1 with this app"]);
}

#[test]
fn every_way_to_end_makes_room_for_the_next() {
    for outcome in [
        ok(),
        NotifyOutcome::Answered(500),
        NotifyOutcome::TimedOut,
        NotifyOutcome::Unreachable("refused".to_owned()),
        NotifyOutcome::NoUrl,
    ] {
        let mut desk = desk(1);
        desk.text("alice", "quiz one");
        desk.text("alice", "quiz two");
        let lines = desk.notified(1, outcome.clone());
        let next = "quiz < alice \"two\" in 2".to_owned();
        assert_eq!(lines.last(), Some(&next), "{outcome:?}");
        assert_eq!(desk.notified(1, ok()), NOTHING, "it is over already");
        desk.text("alice", "quiz three");
        assert_eq!(desk.notified(2, ok()), ["quiz < alice \"three\" in 3"]);
    }
}

#[test]
fn a_retry_keeps_its_place() {
    let mut desk = Desk::with(Settings {
        callbacks_in_flight_max: 1,
        callback_retries: 1,
        ..settings()
    });
    desk.text("alice", "quiz one");
    desk.text("alice", "quiz two");
    assert_eq!(
        desk.notified(1, NotifyOutcome::TimedOut),
        ["quiz < alice \"one\" in 1"]
    );
    assert_eq!(
        desk.notified(1, NotifyOutcome::TimedOut),
        [
            "alice < 32665 \"[Movie Quiz did not answer]\"",
            "quiz < alice \"two\" in 2"
        ]
    );
}

#[test]
fn pings_stand_in_line_with_texts_and_are_tried_again() {
    let mut desk = Desk::with(Settings {
        callbacks_in_flight_max: 1,
        callback_retries: 1,
        ..settings()
    });
    assert_eq!(desk.change(Change::GrantSms(CAROL, QUIZ)), ["quiz + carol"]);
    assert_eq!(desk.text("carol", "quiz play"), NOTHING);
    assert_eq!(
        desk.notified(1, NotifyOutcome::Answered(503)),
        ["quiz + carol"],
        "a retry"
    );
    desk.codes();
    assert_eq!(
        desk.notified(1, NotifyOutcome::Answered(503)),
        ["quiz < carol \"play\" in 1"]
    );
    assert_eq!(
        desk.codes(),
        [DecisionCode::CallbackFailed],
        "nobody is told of a ping"
    );
    assert_eq!(desk.change(Change::RemoveApp(CAROL, QUIZ)), NOTHING);
    assert_eq!(desk.notified(2, ok()), ["quiz - carol"]);
    desk.codes();
    assert_eq!(desk.notified(3, NotifyOutcome::NoUrl), NOTHING);
    assert_eq!(
        desk.codes(),
        [],
        "a ping that the app does not want is no failure"
    );
}

#[test]
fn a_text_whose_grant_is_gone_is_not_handed_over() {
    for change in [
        Change::RevokeSms(ALICE, QUIZ),
        Change::RemoveApp(ALICE, QUIZ),
        Change::SmsCapable(QUIZ, false),
    ] {
        let mut desk = desk(1);
        desk.text("alice", "quiz one");
        desk.text("alice", "quiz two");
        desk.change(change.clone());
        desk.codes();
        let lines = desk.notified(1, ok());
        assert!(
            !lines.iter().any(|line| line.contains("two")),
            "{change:?}: {lines:?}"
        );
        assert!(
            desk.codes().contains(&DecisionCode::CallbackDropped),
            "{change:?}"
        );
        assert!(
            desk.platform.sessions(desk.now, ALICE).len() <= 1,
            "its session is over"
        );
    }
}

#[test]
fn a_text_whose_grant_is_gone_is_not_tried_again() {
    for change in [
        Change::RevokeSms(ALICE, QUIZ),
        Change::RemoveApp(ALICE, QUIZ),
        Change::SmsCapable(QUIZ, false),
    ] {
        let mut desk = Desk::with(Settings {
            callback_retries: 1,
            ..settings()
        });
        desk.text("alice", "quiz one");
        desk.change(change.clone());
        desk.codes();
        assert_eq!(
            desk.notified(1, NotifyOutcome::TimedOut),
            ["alice < 32665 \"[Movie Quiz did not answer]\""],
            "{change:?}"
        );
        assert_eq!(desk.codes(), [DecisionCode::CallbackFailed], "{change:?}");
    }
}

#[test]
fn an_app_is_not_told_of_a_user_who_has_removed_it_meanwhile() {
    let mut desk = desk(1);
    desk.text("alice", "quiz one");
    assert_eq!(desk.change(Change::AcceptApp(CAROL, QUIZ)), NOTHING);
    assert_eq!(desk.change(Change::RemoveApp(CAROL, QUIZ)), NOTHING);
    desk.codes();
    assert_eq!(desk.notified(1, ok()), ["quiz - carol"]);
    let why = "the callback of Movie Quiz is not sent: the app is not installed any more";
    assert_eq!(desk.why(DecisionCode::CallbackDropped), why);

    let mut desk = Desk::with(Settings {
        callback_retries: 1,
        ..settings()
    });
    assert_eq!(desk.change(Change::AcceptApp(CAROL, QUIZ)), ["quiz + carol"]);
    assert_eq!(desk.change(Change::RemoveApp(CAROL, QUIZ)), ["quiz - carol"]);
    assert_eq!(desk.notified(1, NotifyOutcome::TimedOut), NOTHING);
}

#[test]
fn one_callback_more_than_may_wait_is_not_sent_and_its_sender_is_told() {
    let mut desk = desk(1);
    desk.text("bob", "news first");
    for _ in 0..CALLBACKS_WAITING_MAX {
        assert_eq!(desk.text("bob", "news more"), NOTHING);
    }
    desk.codes();
    assert_eq!(
        desk.text("alice", "news too much"),
        ["alice < 32665 \"[Daily News did not answer]\""]
    );
    assert!(desk.codes().contains(&DecisionCode::CallbackDropped));
    assert_eq!(
        desk.answer(NEWS, ALICE, 1, "Hi"),
        ["refused: session 1 expired 0.0 s ago"]
    );
    assert_eq!(desk.notified(1, ok()).len(), 1, "the oldest goes on");
    assert_eq!(
        desk.text("alice", "news once more"),
        NOTHING,
        "and there is room again"
    );
}

proptest! {
    /// Each step is a text (true) or the end of the oldest callback that is under way.
    #[test]
    fn callbacks_keep_their_order_and_their_limit(limit in 1usize..4, steps in prop::collection::vec(any::<bool>(), 1..40)) {
        let mut desk = desk(limit);
        let (mut texted, mut handed_over, mut over) = (0, Vec::new(), 0);
        for is_text in steps {
            let under_way = handed_over.len() - over;
            let lines = if is_text {
                texted += 1;
                desk.text("alice", &format!("quiz {texted}"))
            } else if under_way > 0 {
                over += 1;
                desk.notified(over as u64, ok())
            } else {
                continue;
            };
            handed_over.extend(lines);
            prop_assert_eq!(handed_over.len() - over, limit.min(texted - over), "as many as may be");
        }
        let expected: Vec<_> = (1..=handed_over.len()).map(|n| format!("quiz < alice \"{n}\" in {n}")).collect();
        prop_assert_eq!(handed_over, expected);
    }
}
