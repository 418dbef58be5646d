//! Every refusal, each state that gives it, and which of two wins.

mod support;

use std::collections::BTreeSet;
use std::mem::discriminant;

use platform::{
    AppId, CallId, Change, ForeignUrlPolicy, QuietHours, Refusal, Send, SessionFault, SessionId, Settings,
    Uid,
};
use sms::Encoding;
use support::{ALICE, Desk, MUTE, NEWS, QUIZ, s, settings};

/// One thing that is wrong with a send of Daily News to Alice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Wrong {
    User,
    Url,
    Session,
    Capable,
    Installed,
    Granted,
    Registered,
    Texts,
    Operator,
    Length,
    Quiet,
    Daily,
    Pool,
    Rate,
}

/// In the order of the rules.
const ORDER: [Wrong; 14] = [
    Wrong::User,
    Wrong::Url,
    Wrong::Session,
    Wrong::Capable,
    Wrong::Installed,
    Wrong::Granted,
    Wrong::Registered,
    Wrong::Texts,
    Wrong::Operator,
    Wrong::Length,
    Wrong::Quiet,
    Wrong::Daily,
    Wrong::Pool,
    Wrong::Rate,
];

const HOURS: QuietHours = QuietHours {
    from: 13 * 60,
    to: 15 * 60,
};

fn refusal(wrong: Wrong) -> Refusal {
    match wrong {
        Wrong::User => Refusal::NoSuchUser { user: Uid(9) },
        Wrong::Url => Refusal::ForeignUrl {
            url: "http://a.example/".to_owned(),
        },
        Wrong::Session => Refusal::Session {
            session: SessionId(1),
            fault: SessionFault::Expired { ago_ms: 1_000 },
        },
        Wrong::Capable => Refusal::AppNotCapable,
        Wrong::Installed => Refusal::NotInstalled,
        Wrong::Granted => Refusal::NotGranted,
        Wrong::Registered => Refusal::NotRegistered,
        Wrong::Texts => Refusal::TextsOff,
        Wrong::Operator => Refusal::OperatorBlocked {
            operator: "att".to_owned(),
        },
        Wrong::Length => Refusal::Length {
            units: 180,
            units_max: 160,
            encoding: Encoding::Gsm7,
        },
        Wrong::Quiet => Refusal::QuietHours {
            hours: HOURS,
            local: "14:01".to_owned(),
        },
        Wrong::Daily => Refusal::UserQuota { daily_max: 1 },
        Wrong::Pool => Refusal::AppPool { pool: 2, opted_in: 2 },
        Wrong::Rate => Refusal::AppRate { per_s: 1 },
    }
}

/// What a send of Daily News to Alice is answered when all of that is wrong at once.
fn outcome(wrong: &BTreeSet<Wrong>, can_send: bool) -> Option<Refusal> {
    let has = |one: Wrong| wrong.contains(&one);
    let policy = if has(Wrong::Url) {
        ForeignUrlPolicy::Refuse
    } else {
        ForeignUrlPolicy::Flag
    };
    let app_rate_per_s = has(Wrong::Rate).then_some(1);
    let mut desk = Desk::with(Settings {
        foreign_url_policy: policy,
        app_rate_per_s,
        ..settings()
    });
    desk.text("alice", "news scores");
    desk.wait(s(61));
    if has(Wrong::Daily) || has(Wrong::Rate) {
        assert_eq!(desk.send(NEWS, ALICE, "One").len(), 2);
    }
    for (one, change) in [
        (Wrong::Daily, Change::DailyMax(ALICE, Some(1))),
        (Wrong::Pool, Change::Pool(NEWS, 0)),
        (Wrong::Quiet, Change::QuietHours(ALICE, Some(HOURS))),
        (
            Wrong::Operator,
            Change::OperatorBlock {
                operator: "att".to_owned(),
                app: NEWS,
                blocked: true,
            },
        ),
        (Wrong::Texts, Change::Texts(ALICE, false)),
        (Wrong::Registered, Change::Registered(ALICE, false)),
        (Wrong::Granted, Change::RevokeSms(ALICE, NEWS)),
        (Wrong::Installed, Change::RemoveApp(ALICE, NEWS)),
        (Wrong::Capable, Change::SmsCapable(NEWS, false)),
    ] {
        if has(one) {
            desk.change(change);
        }
    }
    let to = if has(Wrong::User) { Uid(9) } else { ALICE };
    if can_send {
        return desk.can_send(NEWS, to);
    }
    let message = match (has(Wrong::Url), has(Wrong::Length)) {
        (false, false) => "Kings win".to_owned(),
        (true, false) => "See http://a.example/".to_owned(),
        (false, true) => "x".repeat(180),
        (true, true) => format!("{} http://a.example/", "x".repeat(160)),
    };
    let session = has(Wrong::Session).then_some(SessionId(1));
    let left = desk.platform.pool_left(desk.now, NEWS);
    let got = desk.platform.unsolicited_today(desk.now, ALICE);
    let send = Send {
        call: CallId(7),
        app: NEWS,
        to,
        message,
        session,
        wants_session: false,
    };
    let refusal = desk.refusal(send);
    if refusal.is_some() {
        assert_eq!(
            desk.platform.pool_left(desk.now, NEWS),
            left,
            "a refusal costs nothing"
        );
        assert_eq!(
            desk.platform.unsolicited_today(desk.now, ALICE),
            got,
            "a refusal costs nothing"
        );
    }
    refusal
}

/// The state may change a number in a refusal (the pool without a grant, say); its kind is what the order decides.
fn is(found: Option<&Refusal>, expected: &Refusal) -> bool {
    found.is_some_and(|found| discriminant(found) == discriminant(expected))
}

#[test]
fn each_wrong_alone_gives_its_refusal_with_its_numbers() {
    assert_eq!(outcome(&BTreeSet::new(), false), None);
    for wrong in ORDER {
        assert_eq!(
            outcome(&BTreeSet::from([wrong]), false),
            Some(refusal(wrong)),
            "{wrong:?}"
        );
    }
}

#[test]
fn of_two_wrongs_the_one_that_stands_earlier_wins() {
    for (index, &earlier) in ORDER.iter().enumerate() {
        for &later in &ORDER[index + 1..] {
            // An answer in a session is not unsolicited, but one in a dead session is refused before that matters.
            let found = outcome(&BTreeSet::from([earlier, later]), false);
            assert!(
                is(found.as_ref(), &refusal(earlier)),
                "{earlier:?} before {later:?}: {found:?}"
            );
        }
    }
}

#[test]
fn all_wrong_from_some_place_on_is_refused_for_the_first_of_them() {
    for index in 0..ORDER.len() {
        let found = outcome(&ORDER[index..].iter().copied().collect(), false);
        assert!(
            is(found.as_ref(), &refusal(ORDER[index])),
            "{:?}: {found:?}",
            ORDER[index]
        );
    }
}

#[test]
fn can_send_makes_the_checks_of_the_user_and_none_of_the_message_or_the_pool() {
    for wrong in ORDER {
        let expected = match wrong {
            Wrong::Url | Wrong::Session | Wrong::Length | Wrong::Pool | Wrong::Rate => None,
            Wrong::User
            | Wrong::Capable
            | Wrong::Installed
            | Wrong::Granted
            | Wrong::Registered
            | Wrong::Texts
            | Wrong::Operator
            | Wrong::Quiet
            | Wrong::Daily => Some(refusal(wrong)),
        };
        assert_eq!(outcome(&BTreeSet::from([wrong]), true), expected, "{wrong:?}");
    }
    let checked: Vec<_> = ORDER
        .into_iter()
        .filter(|&wrong| outcome(&BTreeSet::from([wrong]), true).is_some())
        .collect();
    for (index, &earlier) in checked.iter().enumerate() {
        let found = outcome(&checked[index..].iter().copied().collect(), true);
        assert!(is(found.as_ref(), &refusal(earlier)), "{earlier:?}: {found:?}");
    }
}

#[test]
fn refusals_say_their_reason_in_plain_words() {
    for (wrong, words) in [
        (Wrong::User, "no account has the number 9"),
        (Wrong::Url, "\"http://a.example/\" is outside m.facebook.com"),
        (Wrong::Session, "session 1 expired 1.0 s ago"),
        (Wrong::Capable, "the app is not registered for SMS"),
        (Wrong::Installed, "the user has not installed the app"),
        (Wrong::Granted, "the user has not granted the app sms"),
        (
            Wrong::Registered,
            "the user's phone is not registered for Facebook Mobile Texts",
        ),
        (Wrong::Texts, "the user has turned Mobile Texts off"),
        (Wrong::Operator, "the operator att disallows the app"),
        (
            Wrong::Length,
            "the message has 180 septets; at most 160 may be sent",
        ),
        (
            Wrong::Quiet,
            "it is 14:01 for the user, whose quiet hours are 13:00-15:00",
        ),
        (
            Wrong::Daily,
            "the user has had 1 unsolicited texts today, the user's own limit",
        ),
        (
            Wrong::Pool,
            "the app's pool of 2 for today is used up; 2 users have opted in",
        ),
        (Wrong::Rate, "the app sends more than 1 texts a second"),
    ] {
        assert_eq!(refusal(wrong).to_string(), words);
        let written = serde_json::to_string(&refusal(wrong)).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Refusal>(&written).expect("it was written"),
            refusal(wrong)
        );
    }
}

#[test]
fn an_app_that_nobody_knows_or_that_is_not_capable_reaches_nobody() {
    let mut desk = Desk::new();
    for app in [MUTE, AppId(99)] {
        desk.change(Change::GrantSms(ALICE, app));
        assert_eq!(desk.can_send(app, ALICE), Some(Refusal::AppNotCapable));
        assert_eq!(
            desk.send(app, ALICE, "Hi"),
            ["refused: the app is not registered for SMS"]
        );
    }
}

#[test]
fn an_answer_ignores_quiet_hours_limits_pool_and_rate_and_nothing_else() {
    for wrong in ORDER {
        if matches!(wrong, Wrong::User | Wrong::Session | Wrong::Url) {
            continue;
        }
        let mut desk = Desk::with(Settings {
            app_rate_per_s: Some(1),
            ..settings()
        });
        desk.send(NEWS, ALICE, "Unsolicited");
        for change in [
            Change::DailyMax(ALICE, Some(1)),
            Change::Pool(NEWS, 0),
            Change::QuietHours(ALICE, Some(HOURS)),
        ] {
            desk.change(change);
        }
        desk.text("alice", "news scores");
        let (change, message) = match wrong {
            Wrong::Capable => (Some(Change::SmsCapable(NEWS, false)), "Sharks"),
            Wrong::Installed => (Some(Change::RemoveApp(ALICE, NEWS)), "Sharks"),
            Wrong::Granted => (Some(Change::RevokeSms(ALICE, NEWS)), "Sharks"),
            Wrong::Registered => (Some(Change::Registered(ALICE, false)), "Sharks"),
            Wrong::Texts => (Some(Change::Texts(ALICE, false)), "Sharks"),
            Wrong::Operator => {
                let operator = "att".to_owned();
                (
                    Some(Change::OperatorBlock {
                        operator,
                        app: NEWS,
                        blocked: true,
                    }),
                    "Sharks",
                )
            }
            Wrong::Length => (None, ""),
            Wrong::User
            | Wrong::Url
            | Wrong::Session
            | Wrong::Quiet
            | Wrong::Daily
            | Wrong::Pool
            | Wrong::Rate => (None, "Sharks"),
        };
        if let Some(change) = change {
            desk.change(change);
        }
        let session = Some(SessionId(1));
        let message = message.to_owned();
        let send = Send {
            call: CallId(1),
            app: NEWS,
            to: ALICE,
            message,
            session,
            wants_session: true,
        };
        let found = desk.refusal(send);
        if matches!(wrong, Wrong::Quiet | Wrong::Daily | Wrong::Pool | Wrong::Rate) {
            assert_eq!(found, None, "{wrong:?}");
        } else {
            assert!(is(found.as_ref(), &refusal(wrong)), "{wrong:?}: {found:?}");
            assert_eq!(
                desk.platform.sessions(desk.now, ALICE).len(),
                1,
                "no session is opened for a refusal"
            );
        }
    }
}

#[test]
fn lengths_are_counted_in_septets_or_ucs2_units() {
    let cases: [(&str, usize, Option<usize>); 9] = [
        ("x", 0, Some(0)),
        ("x", 160, None),
        ("x", 161, Some(161)),
        ("€", 80, None),
        ("€", 81, Some(162)),
        ("я", 70, None),
        ("я", 71, Some(71)),
        ("😀", 35, None),
        ("😀", 36, Some(72)),
    ];
    for (letter, count, refused) in cases {
        let mut desk = Desk::new();
        let message = letter.repeat(count);
        let encoding = Encoding::of(&message);
        let units_max = if encoding == Encoding::Ucs2 { 70 } else { 160 };
        let send = Send {
            call: CallId(1),
            app: NEWS,
            to: ALICE,
            message,
            session: None,
            wants_session: false,
        };
        let expected = refused.map(|units| Refusal::Length {
            units,
            units_max,
            encoding,
        });
        assert_eq!(desk.refusal(send), expected, "{count} × {letter}");
    }
}

#[test]
fn longer_texts_may_take_as_many_parts_as_are_set() {
    for (parts, letter, longest) in [
        (2, "x", 306),
        (3, "x", 459),
        (2, "я", 134),
        (2, "€", 152),
        (2, "😀", 66),
    ] {
        let mut desk = Desk::with(Settings {
            message_parts_max: parts,
            ..settings()
        });
        let sent = desk.send(NEWS, ALICE, &letter.repeat(longest));
        assert_eq!(
            sent.last().map(String::as_str),
            Some("ok"),
            "{longest} × {letter}"
        );
        let refused = desk.send(NEWS, ALICE, &letter.repeat(longest + 1));
        assert!(
            refused[0].starts_with("refused: the message has"),
            "{letter}: {refused:?}"
        );
    }
}

#[test]
fn a_foreign_url_is_flagged_or_refused() {
    use platform::DecisionCode;
    let mut desk = Desk::new();
    assert_eq!(desk.send(NEWS, ALICE, "See http://a.example/")[1], "ok");
    let why = desk.why(DecisionCode::ForeignUrl);
    assert_eq!(
        why,
        "sms.send(news to alice): \"http://a.example/\" is outside m.facebook.com"
    );
    desk.codes();
    desk.send(NEWS, ALICE, "See http://m.facebook.com/");
    assert_eq!(desk.codes(), [DecisionCode::SentUnsolicited]);
    let mut desk = Desk::with(Settings {
        foreign_url_policy: ForeignUrlPolicy::Refuse,
        ..settings()
    });
    desk.text("alice", "quiz play");
    let refused = desk.answer(QUIZ, ALICE, 1, "See example.com");
    assert_eq!(refused, ["refused: \"example.com\" is outside m.facebook.com"]);
}

#[test]
fn every_call_leaves_its_decision() {
    use platform::DecisionCode;
    let mut desk = Desk::new();
    desk.can_send(NEWS, ALICE);
    desk.send(NEWS, ALICE, "Hi");
    assert_eq!(
        desk.why(DecisionCode::SentUnsolicited),
        "sms.send(news to alice) sent unsolicited; 1 left in the app's pool today"
    );
    desk.text("alice", "news scores");
    desk.answer(NEWS, ALICE, 1, "Hi");
    let sent = desk.decisions.last().expect("a decision").clone();
    assert_eq!(
        sent.to_string(),
        "sms.send(news to alice) sent as the answer in session 1"
    );
    assert_eq!(
        (sent.user, sent.app, sent.session),
        (Some(ALICE), Some(NEWS), Some(SessionId(1)))
    );
    desk.send(NEWS, Uid(9), "Hi");
    assert_eq!(
        desk.why(DecisionCode::SendRefused),
        "sms.send(news to 9) refused: no account has the number 9"
    );
}
