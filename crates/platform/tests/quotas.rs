//! Pools, rates, limits and quiet hours, and when their days begin.

mod support;

use std::time::Duration;

use platform::{Change, Settings, Uid};
use support::{ALICE, BOB, CAROL, DAVE, Desk, NEWS, QUIZ, at, config, s, settings, zone};

const SENT: &str = "ok";

fn last(mut lines: Vec<String>) -> String {
    lines.pop().expect("an answer")
}

#[test]
fn the_pool_is_a_sum_for_the_app_and_not_one_a_user() {
    let mut desk = Desk::new();
    assert_eq!(desk.platform.pool_left(desk.now, NEWS), Some(2));
    assert_eq!(last(desk.send(NEWS, ALICE, "One")), SENT);
    assert_eq!(last(desk.send(NEWS, ALICE, "Two")), SENT);
    let refused = "refused: the app's pool of 2 for today is used up; 2 users have opted in";
    assert_eq!(desk.send(NEWS, BOB, "Three"), [refused]);
    assert_eq!(
        last(desk.send(QUIZ, ALICE, "Mine")),
        SENT,
        "another app has its own"
    );
}

#[test]
fn a_session_asked_for_outside_a_live_one_is_unsolicited() {
    let mut desk = Desk::new();
    assert_eq!(last(desk.ask(QUIZ, ALICE, "Who?")), "session 1");
    assert_eq!(desk.platform.pool_left(desk.now, QUIZ), Some(0));
    assert_eq!(desk.platform.unsolicited_today(desk.now, ALICE), Some(1));
    assert!(last(desk.ask(QUIZ, ALICE, "Who?")).starts_with("refused: the app's pool"));
}

#[test]
fn the_pool_follows_the_users_who_have_opted_in_whatever_else_refuses_them() {
    let mut desk = Desk::new();
    let left = |desk: &Desk| {
        (
            desk.platform.opted_in(NEWS),
            desk.platform.pool_left(desk.now, NEWS),
        )
    };
    for (change, expected) in [
        (Change::GrantSms(CAROL, NEWS), 3),
        (Change::GrantSms(CAROL, NEWS), 3),
        (Change::InstallWithoutSms(DAVE, NEWS), 3),
        (Change::GrantSms(DAVE, NEWS), 4),
        (Change::Texts(ALICE, false), 4),
        (Change::RevokeSms(DAVE, NEWS), 3),
        (Change::RevokeSms(DAVE, NEWS), 3),
        (Change::RemoveApp(DAVE, NEWS), 3),
        (Change::RemoveApp(CAROL, NEWS), 2),
    ] {
        desk.change(change.clone());
        assert_eq!(left(&desk), (Some(expected), Some(expected)), "{change:?}");
    }
    desk.send(NEWS, BOB, "One");
    desk.send(NEWS, BOB, "Two");
    desk.change(Change::RemoveApp(ALICE, NEWS));
    assert_eq!(
        left(&desk),
        (Some(1), Some(0)),
        "more was sent than the pool holds now"
    );
    desk.text("carol", "news scores");
    desk.text("carol", "y");
    assert_eq!(left(&desk), (Some(2), Some(0)));
    let mut desk = Desk::with(Settings {
        app_daily_pool_per_user: 3,
        ..settings()
    });
    assert_eq!(left(&desk), (Some(2), Some(6)));
    desk.change(Change::Pool(NEWS, 1));
    assert_eq!(left(&desk), (Some(2), Some(1)));
    desk.send(NEWS, BOB, "One");
    assert_eq!(left(&desk), (Some(2), Some(0)));
    desk.change(Change::GrantSms(CAROL, NEWS));
    assert_eq!(
        left(&desk),
        (Some(3), Some(3)),
        "one more user adds to what was set"
    );
    desk.wait(s(86_400));
    assert_eq!(left(&desk), (Some(3), Some(9)), "what was set is of that day");
}

#[test]
fn an_app_s_day_begins_at_midnight_of_the_quota_zone() {
    for (tz, hour) in [("America/Los_Angeles", 0), ("Europe/London", 16)] {
        let mut desk = Desk::with(Settings {
            quota_day_tz: zone(tz),
            ..settings()
        });
        desk.now = at(
            &zone("America/Los_Angeles"),
            if hour == 0 { 3 } else { 2 },
            hour,
            0,
        ) - s(1);
        desk.send(QUIZ, ALICE, "One");
        assert!(
            last(desk.send(QUIZ, ALICE, "Two")).starts_with("refused: the app's pool"),
            "{tz}"
        );
        desk.wait(s(1) - Duration::from_micros(1));
        assert!(
            last(desk.send(QUIZ, ALICE, "Two")).starts_with("refused: the app's pool"),
            "{tz}"
        );
        desk.wait(Duration::from_micros(1));
        assert_eq!(last(desk.send(QUIZ, ALICE, "Two")), SENT, "{tz}");
    }
}

#[test]
fn a_user_s_day_begins_at_midnight_of_their_own_zone() {
    for (tz, day, hour) in [
        ("America/Los_Angeles", 3, 0),
        ("America/New_York", 2, 21),
        ("Asia/Tokyo", 2, 7),
    ] {
        let mut config = config(Settings {
            app_daily_pool_per_user: 100,
            ..settings()
        });
        config.users[0].zone = zone(tz);
        config.users[0].daily_max = Some(2);
        let mut desk = Desk::of(config);
        desk.now = at(&zone("America/Los_Angeles"), day, hour, 0) - s(1);
        assert_eq!(last(desk.send(NEWS, ALICE, "One")), SENT);
        assert_eq!(last(desk.send(QUIZ, ALICE, "Two")), SENT, "of all apps together");
        let refused = "refused: the user has had 2 unsolicited texts today, the user's own limit";
        assert_eq!(last(desk.send(NEWS, ALICE, "Three")), refused, "{tz}");
        desk.wait(s(1) - Duration::from_micros(1));
        assert_eq!(last(desk.send(NEWS, ALICE, "Three")), refused, "{tz}");
        desk.wait(Duration::from_micros(1));
        assert_eq!(last(desk.send(NEWS, ALICE, "Three")), SENT, "{tz}");
    }
}

#[test]
fn answers_and_the_platform_s_own_texts_count_for_nothing() {
    let mut desk = Desk::new();
    desk.change(Change::DailyMax(ALICE, Some(1)));
    desk.text("alice", "help");
    desk.text("alice", "quiz play");
    desk.answer(QUIZ, ALICE, 1, "Who?");
    assert_eq!(desk.platform.unsolicited_today(desk.now, ALICE), Some(0));
    assert_eq!(desk.platform.pool_left(desk.now, QUIZ), Some(1));
    assert_eq!(last(desk.send(NEWS, ALICE, "One")), SENT);
    desk.change(Change::DailyMax(ALICE, Some(0)));
    assert!(last(desk.send(NEWS, ALICE, "Two")).starts_with("refused: the user has had"));
    desk.change(Change::DailyMax(ALICE, None));
    assert_eq!(last(desk.send(NEWS, ALICE, "Two")), SENT);
}

#[test]
fn a_user_s_own_limit_comes_from_the_rules_when_they_have_set_none() {
    let hours = "13:00-15:00".parse().expect("a span");
    let rules = Settings {
        user_daily_max: Some(1),
        user_quiet_hours: Some(hours),
        ..settings()
    };
    let mut desk = Desk::with(rules);
    assert!(last(desk.send(NEWS, ALICE, "One")).starts_with("refused: it is 14:00 for the user"));
    desk.change(Change::QuietHours(ALICE, None));
    assert_eq!(last(desk.send(NEWS, ALICE, "One")), SENT);
    assert!(last(desk.send(NEWS, ALICE, "Two")).starts_with("refused: the user has had 1"));
    desk.change(Change::DailyMax(ALICE, None));
    assert_eq!(
        last(desk.send(NEWS, ALICE, "Two")),
        SENT,
        "a user may want no limit"
    );
}

#[test]
fn quiet_hours_begin_and_end_to_the_microsecond_in_the_user_s_zone() {
    let los_angeles = zone("America/Los_Angeles");
    let before = Duration::from_micros(1);
    for (tz, hours, instant, quiet) in [
        (
            "America/Los_Angeles",
            "22:00-08:00",
            at(&los_angeles, 2, 22, 0) - before,
            false,
        ),
        (
            "America/Los_Angeles",
            "22:00-08:00",
            at(&los_angeles, 2, 22, 0),
            true,
        ),
        (
            "America/Los_Angeles",
            "22:00-08:00",
            at(&los_angeles, 3, 0, 0),
            true,
        ),
        (
            "America/Los_Angeles",
            "22:00-08:00",
            at(&los_angeles, 3, 8, 0) - before,
            true,
        ),
        (
            "America/Los_Angeles",
            "22:00-08:00",
            at(&los_angeles, 3, 8, 0),
            false,
        ),
        (
            "America/New_York",
            "22:00-08:00",
            at(&los_angeles, 2, 19, 0) - before,
            false,
        ),
        (
            "America/New_York",
            "22:00-08:00",
            at(&los_angeles, 2, 19, 0),
            true,
        ),
        (
            "America/Los_Angeles",
            "13:00-15:00",
            at(&los_angeles, 2, 13, 0) - before,
            false,
        ),
        (
            "America/Los_Angeles",
            "13:00-15:00",
            at(&los_angeles, 2, 13, 0),
            true,
        ),
        (
            "America/Los_Angeles",
            "13:00-15:00",
            at(&los_angeles, 2, 15, 0),
            false,
        ),
        (
            "America/Los_Angeles",
            "12:00-12:00",
            at(&los_angeles, 2, 3, 0),
            true,
        ),
    ] {
        let mut config = config(settings());
        config.users[0].zone = zone(tz);
        config.users[0].quiet_hours = Some(hours.parse().expect("a span"));
        let mut desk = Desk::of(config);
        desk.now = instant;
        assert_eq!(
            desk.can_send(NEWS, ALICE).is_some(),
            quiet,
            "{tz} {hours} {instant:?}"
        );
        assert_eq!(
            last(desk.send(NEWS, ALICE, "Hi")) != SENT,
            quiet,
            "{tz} {hours} {instant:?}"
        );
        desk.text("alice", "news scores");
        assert_eq!(
            last(desk.answer(NEWS, ALICE, 1, "Hi")),
            SENT,
            "an answer ignores them"
        );
    }
}

#[test]
fn the_rate_holds_in_any_second_and_not_for_answers() {
    let rules = Settings {
        app_rate_per_s: Some(2),
        app_daily_pool_per_user: 100,
        ..settings()
    };
    let mut desk = Desk::with(rules);
    assert_eq!(last(desk.send(NEWS, ALICE, "1")), SENT);
    desk.wait(Duration::from_millis(500));
    assert_eq!(last(desk.send(NEWS, BOB, "2")), SENT);
    let refused = "refused: the app sends more than 2 texts a second";
    assert_eq!(last(desk.send(NEWS, BOB, "3")), refused);
    assert_eq!(last(desk.send(QUIZ, ALICE, "3")), SENT, "each app has its own");
    desk.text("alice", "news scores");
    assert_eq!(last(desk.answer(NEWS, ALICE, 1, "Hi")), SENT);
    desk.wait(Duration::from_micros(499_999));
    assert_eq!(last(desk.send(NEWS, BOB, "3")), refused);
    desk.wait(Duration::from_micros(1));
    assert_eq!(last(desk.send(NEWS, BOB, "3")), SENT);
    assert_eq!(
        last(desk.send(NEWS, BOB, "4")),
        refused,
        "the text at 0.5 s still counts"
    );
}

#[test]
fn a_change_for_nobody_or_for_no_app_changes_nothing() {
    use platform::{AppId, DecisionCode};
    let mut desk = Desk::new();
    let (nobody, nothing) = (Uid(9), AppId(99));
    for change in [
        Change::Texts(nobody, false),
        Change::Registered(nobody, true),
        Change::GrantSms(ALICE, nothing),
        Change::RemoveApp(ALICE, nothing),
        Change::SmsCapable(nothing, true),
        Change::Pool(nothing, 1),
        Change::OperatorBlock {
            operator: "att".to_owned(),
            app: nothing,
            blocked: true,
        },
    ] {
        assert_eq!(desk.change(change.clone()), [] as [&str; 0], "{change:?}");
        assert_eq!(desk.codes(), [DecisionCode::UnknownSubject], "{change:?}");
    }
}

#[test]
fn an_operator_s_block_holds_for_its_users_and_its_app_only() {
    let block = |blocked| Change::OperatorBlock {
        operator: "sprint".to_owned(),
        app: NEWS,
        blocked,
    };
    let mut desk = Desk::new();
    desk.change(block(true));
    assert!(desk.platform.is_blocked("sprint", NEWS));
    assert_eq!(
        desk.platform.operator_blocks().collect::<Vec<_>>(),
        [("sprint", NEWS)]
    );
    assert_eq!(
        last(desk.send(NEWS, BOB, "Hi")),
        "refused: the operator sprint disallows the app"
    );
    assert_eq!(last(desk.send(NEWS, ALICE, "Hi")), SENT);
    desk.change(block(false));
    assert_eq!(last(desk.send(NEWS, BOB, "Hi")), SENT);
    let mut config = config(settings());
    config.operator_blocks.insert(("att".to_owned(), QUIZ));
    let mut desk = Desk::of(config);
    assert_eq!(
        last(desk.send(QUIZ, ALICE, "Hi")),
        "refused: the operator att disallows the app"
    );
}
