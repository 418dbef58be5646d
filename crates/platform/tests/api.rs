//! What apps may do besides texting: notifications, e-mails, live messages, questions, giving permissions up.

mod support;

use std::collections::BTreeSet;

use platform::live_message::{EVENT_NAME_OCTETS_MAX, LIVE_MESSAGE_OCTETS_MAX};
use platform::{
    Allocation, AppId, CallId, Change, ExtendedPermission, Input, LiveMessage, NoticeKind, NotifyUsers,
    Piece, Query, SendEmail, SendLiveMessage, Settings, Uid,
};
use support::{ALICE, BOB, CAROL, DAVE, Desk, MUTE, NEWS, QUIZ, config, s, settings};

const CALL: CallId = CallId(1);

/// Alice uses Daily News and Movie Quiz, Bob uses Daily News, Alice and Carol are friends.
fn desk(settings: Settings) -> Desk {
    let mut desk = Desk::of(config(settings));
    desk.change(Change::Friends(ALICE, CAROL, true));
    desk
}

fn notify(desk: &mut Desk, app: AppId, kind: NoticeKind, to: &[Uid]) -> String {
    let markup = "has beaten <fb:name uid='102'/>".to_owned();
    let lines = desk.give(Input::NotifyUsers(NotifyUsers {
        call: CALL,
        app,
        kind,
        to: to.to_vec(),
        markup,
    }));
    lines.join("; ")
}

const OF_ALICE: NoticeKind = NoticeKind::UserToUser { from: ALICE };
const OF_APP: NoticeKind = NoticeKind::AppToUser;

fn shown(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Link { text, .. } => format!("[{text}]"),
    };
    pieces.iter().map(piece).collect()
}

fn received(desk: &Desk, user: Uid) -> Vec<String> {
    desk.platform
        .notifications_received(user)
        .map(|notice| shown(&notice.body))
        .collect()
}

#[test]
fn a_notification_goes_to_those_who_may_get_it() {
    for (app, kind, to, answer) in [
        (QUIZ, OF_ALICE, vec![CAROL], "to carol"),
        (QUIZ, OF_ALICE, vec![BOB], "to "),
        (NEWS, OF_ALICE, vec![BOB], "to bob"),
        (NEWS, OF_ALICE, vec![CAROL, BOB, DAVE, CAROL], "to carol,bob"),
        (NEWS, OF_ALICE, vec![], "to alice"),
        (NEWS, OF_ALICE, vec![ALICE], "to alice"),
        (NEWS, OF_ALICE, vec![Uid(9)], "to "),
        (NEWS, OF_APP, vec![ALICE, BOB, CAROL], "to alice,bob"),
        (QUIZ, OF_APP, vec![BOB], "to "),
        (AppId(9), OF_APP, vec![BOB], "to "),
    ] {
        let mut desk = desk(settings());
        assert_eq!(notify(&mut desk, app, kind, &to), answer, "{app} {kind:?} {to:?}");
    }
}

#[test]
fn the_acting_users_name_stands_in_front_unless_it_is_for_that_user_alone() {
    for (kind, to, reader, expected, sent) in [
        (OF_ALICE, vec![CAROL], CAROL, "[alice] has beaten [bob]", 1),
        (OF_ALICE, vec![], ALICE, "has beaten [bob]", 0),
        (OF_APP, vec![ALICE], ALICE, "has beaten [bob]", 0),
    ] {
        let mut desk = desk(settings());
        notify(&mut desk, NEWS, kind, &to);
        assert_eq!(received(&desk, reader), [expected]);
        assert_eq!(desk.platform.notifications_sent(ALICE).count(), sent);
    }
    let mut desk = desk(settings());
    notify(&mut desk, NEWS, OF_ALICE, &[CAROL, DAVE, BOB]);
    let sent = desk.platform.notifications_sent(ALICE).next().expect("one entry");
    assert_eq!(
        (sent.to.as_slice(), sent.app, sent.at),
        ([CAROL, BOB].as_slice(), NEWS, desk.now)
    );
    notify(&mut desk, NEWS, OF_ALICE, &[DAVE]);
    assert_eq!(
        desk.platform.notifications_sent(ALICE).count(),
        1,
        "nobody got it"
    );
}

#[test]
fn of_more_recipients_than_the_allocation_the_first_get_it() {
    let limited = |notifications_per_day| Settings {
        notifications_per_day,
        ..settings()
    };
    for (limit, answer) in [
        (Some(0), "to "),
        (Some(1), "to carol"),
        (Some(2), "to carol,bob"),
        (Some(3), "to carol,bob,alice"),
        (None, "to carol,bob,alice"),
    ] {
        let mut desk = desk(limited(limit));
        assert_eq!(
            notify(&mut desk, NEWS, OF_ALICE, &[DAVE, CAROL, BOB, ALICE]),
            answer
        );
    }
    let mut desk = desk(limited(Some(1)));
    desk.change(Change::Friends(BOB, CAROL, true));
    let of_bob = NoticeKind::UserToUser { from: BOB };
    assert_eq!(notify(&mut desk, NEWS, OF_ALICE, &[CAROL]), "to carol");
    assert_eq!(notify(&mut desk, NEWS, OF_ALICE, &[CAROL]), "to ", "used up");
    assert_eq!(
        notify(&mut desk, QUIZ, OF_ALICE, &[CAROL]),
        "to carol",
        "another app"
    );
    assert_eq!(
        notify(&mut desk, NEWS, of_bob, &[CAROL]),
        "to carol",
        "another user"
    );
    assert_eq!(
        notify(&mut desk, NEWS, OF_APP, &[ALICE]),
        "to alice",
        "of the app"
    );
    desk.wait(s(10 * 3_600));
    assert_eq!(
        notify(&mut desk, NEWS, OF_ALICE, &[CAROL]),
        "to carol",
        "the next day"
    );
}

#[test]
fn an_app_tells_a_user_so_many_times_a_week() {
    let mut desk = desk(Settings {
        announcement_notifications_per_week: Some(2),
        ..settings()
    });
    for (day, answer) in [
        // From Monday, 2 March.
        (0, "to alice"),
        (1, "to alice"),
        (2, "to "),
        (6, "to "),
        (7, "to alice"),
    ] {
        let start = desk.now;
        desk.wait(s(day * 86_400));
        assert_eq!(notify(&mut desk, NEWS, OF_APP, &[ALICE]), answer, "day {day}");
        desk.now = start;
    }
    assert_eq!(
        notify(&mut desk, NEWS, OF_APP, &[BOB]),
        "to bob",
        "each user has their own"
    );
}

#[test]
fn who_mutes_an_app_gets_neither_notifications_nor_emails_of_it() {
    let mut desk = desk(settings());
    desk.change(Change::MuteApp(ALICE, NEWS, true));
    assert!(desk.platform.is_muted(ALICE, NEWS) && !desk.platform.is_muted(ALICE, QUIZ));
    assert_eq!(notify(&mut desk, NEWS, OF_APP, &[ALICE, BOB]), "to bob");
    assert_eq!(email(&mut desk, NEWS, &[ALICE, BOB]), ["to bob"]);
    assert_eq!(notify(&mut desk, QUIZ, OF_APP, &[ALICE]), "to alice");
    desk.change(Change::MuteApp(ALICE, NEWS, false));
    assert_eq!(notify(&mut desk, NEWS, OF_APP, &[ALICE]), "to alice");
}

#[test]
fn a_page_keeps_the_newest_entries() {
    let mut desk = desk(Settings {
        notifications_kept_max: 2,
        announcement_notifications_per_week: None,
        notifications_per_day: None,
        emails_per_day: None,
        ..settings()
    });
    for _ in 0..3 {
        notify(&mut desk, NEWS, OF_APP, &[ALICE]);
        notify(&mut desk, NEWS, OF_ALICE, &[CAROL]);
        email(&mut desk, NEWS, &[ALICE]);
        desk.wait(s(60));
    }
    let platform = &desk.platform;
    let newest = platform
        .notifications_received(ALICE)
        .next_back()
        .map(|notice| notice.at);
    assert_eq!(newest.map(|at| desk.now.since(at)), Some(s(60)));
    assert_eq!(platform.notifications_received(ALICE).count(), 2);
    assert_eq!(platform.notifications_sent(ALICE).count(), 2);
    assert_eq!(platform.emails(ALICE).count(), 2);
    assert_eq!(platform.emails(Uid(9)).count(), 0);
}

fn email(desk: &mut Desk, app: AppId, to: &[Uid]) -> Vec<String> {
    desk.give(Input::SendEmail(SendEmail {
        call: CALL,
        app,
        to: to.to_vec(),
        subject: "Kings".to_owned(),
        body: "win <b>4-2</b>".to_owned(),
    }))
}

#[test]
fn an_email_goes_to_users_of_the_app_so_many_times_a_day() {
    let mut desk = desk(Settings {
        emails_per_day: Some(1),
        ..settings()
    });
    assert_eq!(
        email(&mut desk, NEWS, &[CAROL, BOB, ALICE, Uid(9)]),
        ["to bob,alice"]
    );
    assert_eq!(email(&mut desk, NEWS, &[BOB, ALICE]), ["to "]);
    assert_eq!(email(&mut desk, QUIZ, &[ALICE]), ["to alice"]);
    desk.wait(s(10 * 3_600));
    assert_eq!(email(&mut desk, NEWS, &[BOB]), ["to bob"]);
    let first = desk.platform.emails(BOB).next().expect("an e-mail");
    assert_eq!(
        (first.subject.as_str(), shown(&first.body).as_str()),
        ("Kings", "win 4-2")
    );
}

/// What can be wrong with a live message of Daily News from Alice to Bob, in the order of the checks.
const LIVE: [(&str, &str); 5] = [
    (
        "event",
        "refused: the event name has 129 octets; at most 128 may be sent",
    ),
    (
        "message",
        "refused: the live message has 1025 octets; at most 1024 may be sent",
    ),
    (
        "sender",
        "refused: the user 101 has not accepted the terms of the app",
    ),
    (
        "recipient",
        "refused: the user 102 has not accepted the terms of the app",
    ),
    ("stopped", "refused: the live-message system is stopped"),
];

fn live(wrong: &BTreeSet<&str>) -> Vec<String> {
    let mut desk = desk(settings());
    let has = |what| wrong.contains(what);
    for (what, change) in [
        ("sender", Change::RemoveApp(ALICE, NEWS)),
        ("recipient", Change::RemoveApp(BOB, NEWS)),
        ("stopped", Change::LiveMessages(false)),
    ] {
        if has(what) {
            desk.change(change);
        }
    }
    // An é has two octets.
    let text = |octets: usize, one_more: bool| {
        let end = if one_more { "x" } else { "" };
        format!("{}{end}", "é".repeat(octets / 2))
    };
    desk.give(Input::SendLiveMessage(SendLiveMessage {
        call: CALL,
        message: LiveMessage {
            app: NEWS,
            from: ALICE,
            to: BOB,
            event_name: text(EVENT_NAME_OCTETS_MAX, has("event")),
            message: text(LIVE_MESSAGE_OCTETS_MAX, has("message")),
        },
    }))
}

#[test]
fn a_live_message_meets_its_checks_in_order_and_its_limits_are_octets() {
    let sent = live(&BTreeSet::new());
    assert_eq!(sent.len(), 2);
    assert!(sent[0].starts_with("alice > bob éé"), "{sent:?}");
    assert_eq!(sent[1], "true");
    for (at, (what, refusal)) in LIVE.iter().enumerate() {
        assert_eq!(live(&BTreeSet::from([*what])), [*refusal]);
        for (earlier, first) in &LIVE[..at] {
            assert_eq!(
                live(&BTreeSet::from([*what, *earlier])),
                [*first],
                "{earlier} before {what}"
            );
        }
    }
}

#[test]
fn a_live_message_to_nobody_is_refused_and_a_recovered_system_delivers() {
    let mut desk = desk(settings());
    let message = |to| {
        let text = str::to_owned;
        Input::SendLiveMessage(SendLiveMessage {
            call: CALL,
            message: LiveMessage {
                app: NEWS,
                from: ALICE,
                to,
                event_name: text("e"),
                message: text("{m}"),
            },
        })
    };
    assert_eq!(
        desk.give(message(Uid(9))),
        ["refused: the user 9 has not accepted the terms of the app"]
    );
    desk.change(Change::LiveMessages(false));
    assert!(!desk.platform.live_messages_on());
    desk.change(Change::LiveMessages(true));
    assert_eq!(desk.give(message(BOB)), ["alice > bob e {m}", "true"]);
}

#[test]
fn questions_are_answered() {
    let mut desk = desk(settings());
    desk.change(Change::RevokeSms(BOB, NEWS));
    let sms = ExtendedPermission::Sms;
    for (app, query, answer) in [
        (NEWS, Query::IsAppUser(ALICE), "true"),
        (NEWS, Query::IsAppUser(CAROL), "false"),
        (
            NEWS,
            Query::IsAppUser(Uid(9)),
            "refused: no account has the number 9",
        ),
        (NEWS, Query::HasPermission(ALICE, sms), "true"),
        (NEWS, Query::HasPermission(BOB, sms), "false"),
        (NEWS, Query::HasPermission(CAROL, sms), "false"),
        (
            NEWS,
            Query::HasPermission(ALICE, ExtendedPermission::Email),
            "false",
        ),
        (
            NEWS,
            Query::HasPermission(Uid(9), sms),
            "refused: no account has the number 9",
        ),
        (NEWS, Query::Friends(ALICE), "to carol"),
        (NEWS, Query::Friends(CAROL), "to alice"),
        (NEWS, Query::Friends(BOB), "to "),
        (
            NEWS,
            Query::Friends(Uid(9)),
            "refused: no account has the number 9",
        ),
        (NEWS, Query::Allocation(Allocation::NotificationsPerDay), "40"),
        (
            NEWS,
            Query::Allocation(Allocation::AnnouncementNotificationsPerWeek),
            "3",
        ),
        (NEWS, Query::Allocation(Allocation::RequestsPerDay), "-1"),
        (NEWS, Query::Allocation(Allocation::EmailsPerDay), "5"),
        (
            NEWS,
            Query::Allocation(Allocation::EmailDisableMessageLocation),
            "1",
        ),
        (
            QUIZ,
            Query::Users(vec![BOB, Uid(9)]),
            "Users([UserInfo { uid: Uid(102), name: \"bob\", utc_offset_min: -480, is_app_user: false }])",
        ),
        (
            MUTE,
            Query::App,
            "App(AppInfo { title: \"Mute App\", canvas: \"mute\", sms_capable: false })",
        ),
    ] {
        let lines = desk.give(Input::Query {
            call: CALL,
            app,
            query: query.clone(),
        });
        assert_eq!(lines, [answer], "{query:?}");
    }
}

#[test]
fn friendship_is_mutual_and_ends() {
    let mut desk = desk(settings());
    desk.change(Change::Friends(ALICE, CAROL, false));
    desk.change(Change::Friends(ALICE, ALICE, true));
    assert!(!desk.platform.are_friends(CAROL, ALICE) && !desk.platform.are_friends(ALICE, ALICE));
    desk.codes();
    desk.change(Change::Friends(ALICE, Uid(9), true));
    desk.change(Change::Friends(Uid(9), ALICE, true));
    assert_eq!(desk.codes(), [platform::DecisionCode::UnknownSubject; 2]);
    assert!(!desk.platform.are_friends(ALICE, Uid(9)), "nothing is changed");
}

#[test]
fn an_app_gives_up_what_it_was_granted() {
    let permission = |user, permission| Input::RevokePermission {
        call: CALL,
        app: NEWS,
        user,
        permission,
    };
    let all = |user| Input::RevokeAuthorization {
        call: CALL,
        app: NEWS,
        user,
    };
    let sms = ExtendedPermission::Sms;
    for (input, lines, has_sms, installed) in [
        (permission(ALICE, sms), vec!["true"], false, true),
        (
            permission(ALICE, ExtendedPermission::Email),
            vec!["true"],
            true,
            true,
        ),
        (permission(CAROL, sms), vec!["true"], true, true),
        (
            permission(Uid(9), sms),
            vec!["refused: no account has the number 9"],
            true,
            true,
        ),
        (all(ALICE), vec!["news - alice", "true"], false, false),
        (all(CAROL), vec!["false"], true, true),
        (
            all(Uid(9)),
            vec!["refused: no account has the number 9"],
            true,
            true,
        ),
    ] {
        let mut desk = desk(settings());
        assert_eq!(desk.give(input.clone()), lines, "{input:?}");
        let refused = desk
            .send(NEWS, ALICE, "Hi")
            .iter()
            .any(|line| line.starts_with("refused"));
        assert_eq!(
            (!refused, desk.platform.is_installed(ALICE, NEWS)),
            (has_sms, installed),
            "{input:?}"
        );
    }
}

#[test]
fn accepting_an_app_installs_it_and_leaves_its_grant() {
    let mut desk = desk(settings());
    assert_eq!(desk.change(Change::AcceptApp(CAROL, NEWS)), ["news + carol"]);
    assert!(desk.platform.is_installed(CAROL, NEWS));
    assert_eq!(desk.platform.opted_in(NEWS), Some(2));
    assert_eq!(desk.change(Change::AcceptApp(ALICE, NEWS)), [] as [&str; 0]);
    assert_eq!(desk.platform.opted_in(NEWS), Some(2));
}

#[test]
fn an_app_registers_itself_for_sms() {
    let mut desk = desk(settings());
    for capable in [false, true] {
        let lines = desk.give(Input::SetSmsCapable {
            call: CALL,
            app: NEWS,
            capable,
        });
        assert_eq!(lines, ["true"]);
        assert_eq!(desk.platform.app(NEWS).map(|app| app.sms_capable), Some(capable));
    }
}
