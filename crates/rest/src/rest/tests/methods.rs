//! Every method: what it asks of the platform, and the bytes of its answer in XML and JSON.

use platform::{
    Allocation, Answer, AppInfo, ExtendedPermission, Input, LiveMessage, NoticeKind, NotifyUsers, Query,
    SendEmail, SendLiveMessage, SessionId, SubmissionId, Uid, UserInfo,
};

use super::{ALICE, CALL, KEY, QUIZ, asked, call, responded, rest};
use crate::method::METHODS;
use crate::rest::Step;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
const NAMESPACES: &str = " xmlns=\"http://api.facebook.com/1.0/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xsi:schemaLocation=\"http://api.facebook.com/1.0/ http://api.facebook.com/1.0/facebook.xsd\"";

/// A method with its parameters, the platform's answer if it is asked, what stands behind the namespaces in XML, and JSON.
struct Golden {
    method: &'static str,
    params: Vec<(&'static str, &'static str)>,
    answer: Option<Answer>,
    xml: &'static str,
    json: &'static str,
}

fn golden(
    method: &'static str,
    params: &[(&'static str, &'static str)],
    answer: impl Into<Option<Answer>>,
    xml: &'static str,
    json: &'static str,
) -> Golden {
    Golden {
        method,
        params: params.to_vec(),
        answer: answer.into(),
        xml,
        json,
    }
}

fn sent(session: Option<u32>) -> Answer {
    Answer::Sent {
        submission: SubmissionId(1),
        session: session.map(SessionId),
    }
}

fn alice() -> UserInfo {
    UserInfo {
        uid: ALICE,
        name: "Alice Liddell".to_owned(),
        utc_offset_min: -480,
        is_app_user: true,
    }
}

fn table() -> Vec<Golden> {
    let session = ("session_key", KEY);
    let users = Answer::Users(vec![
        alice(),
        UserInfo {
            uid: Uid(5),
            name: "bob".to_owned(),
            utc_offset_min: 330,
            is_app_user: false,
        },
    ]);
    let app = AppInfo {
        title: "Quiz".to_owned(),
        canvas: "quiz".to_owned(),
        sms_capable: false,
    };
    vec![
        golden(
            "admin.getAllocation",
            &[("integration_point_name", "emails_per_day")],
            Answer::Number(-1),
            ">-1</",
            "-1",
        ),
        golden(
            "admin.getAppProperties",
            &[("properties", "is_mobile,application_name")],
            Answer::App(app),
            ">{&quot;is_mobile&quot;:0,&quot;application_name&quot;:&quot;Quiz&quot;}</",
            "\"{\\\"is_mobile\\\":0,\\\"application_name\\\":\\\"Quiz\\\"}\"",
        ),
        golden(
            "admin.setAppProperties",
            &[("properties", "{\"is_mobile\":true}")],
            Answer::Bool(true),
            ">1</",
            "1",
        ),
        golden(
            "auth.createToken",
            &[],
            None,
            ">34e93afc271a18b85b24d0c3d8d8458c</",
            "\"34e93afc271a18b85b24d0c3d8d8458c\"",
        ),
        golden("auth.expireSession", &[session], None, ">1</", "1"),
        golden(
            "auth.revokeAuthorization",
            &[session],
            Answer::Bool(false),
            ">0</",
            "0",
        ),
        golden(
            "auth.revokeExtendedPermission",
            &[("perm", "sms"), ("uid", "5")],
            Answer::Bool(true),
            ">1</",
            "1",
        ),
        golden("batch.run", &[("method_feed", "[]")], None, "/>", "null"),
        golden(
            "friends.get",
            &[session],
            Answer::Uids(vec![Uid(222_333), Uid(1_240_079)]),
            " list=\"true\">\n  <uid>222333</uid>\n  <uid>1240079</uid>\n</",
            "[222333,1240079]",
        ),
        golden(
            "friends.get",
            &[session],
            Answer::Uids(vec![]),
            " list=\"true\"/>",
            "{}",
        ),
        golden(
            "liveMessage.send",
            &[
                session,
                ("recipient", "5"),
                ("event_name", "rochambeau"),
                ("message", "{message:\"Let's start a game.\"}"),
            ],
            Answer::Bool(true),
            ">1</",
            "true",
        ),
        golden(
            "notifications.get",
            &[session],
            None,
            ">\n  <messages>\n    <unread>0</unread>\n    <most_recent>0</most_recent>\n  </messages>\n  \
             <pokes>\n    <unread>0</unread>\n    <most_recent>0</most_recent>\n  </pokes>\n  \
             <shares>\n    <unread>0</unread>\n    <most_recent>0</most_recent>\n  </shares>\n  \
             <friend_requests list=\"true\"/>\n  <group_invites list=\"true\"/>\n  <event_invites list=\"true\"/>\n</",
            "{\"messages\":{\"unread\":0,\"most_recent\":0},\"pokes\":{\"unread\":0,\"most_recent\":0},\
             \"shares\":{\"unread\":0,\"most_recent\":0},\"friend_requests\":{},\"group_invites\":{},\"event_invites\":{}}",
        ),
        golden(
            "notifications.send",
            &[
                session,
                ("to_ids", "1160,211031"),
                ("notification", "has <b>won</b>"),
            ],
            Answer::Uids(vec![Uid(1_160), Uid(211_031)]),
            ">1160,211031</",
            "\"1160,211031\"",
        ),
        golden(
            "notifications.send",
            &[session, ("to_ids", "7"), ("notification", "x")],
            Answer::Uids(vec![]),
            "/>",
            "\"\"",
        ),
        golden(
            "notifications.sendEmail",
            &[
                ("recipients", "211031,1160"),
                ("subject", "Hi"),
                ("text", "1 < 2"),
            ],
            Answer::Uids(vec![Uid(211_031), Uid(1_160)]),
            ">211031,1160</",
            "\"211031,1160\"",
        ),
        golden("sms.canSend", &[session], Answer::CanSend, ">0</", "0"),
        golden(
            "sms.send",
            &[("uid", "5"), ("message", "hi")],
            sent(None),
            ">0</",
            "0",
        ),
        golden(
            "sms.send",
            &[("uid", "5"), ("message", "hi"), ("req_session", "1")],
            sent(Some(7)),
            ">7</",
            "7",
        ),
        golden(
            "users.getInfo",
            &[
                session,
                ("uids", "[609143784,\"5\"]"),
                (
                    "fields",
                    "uid,name,first_name,last_name,timezone,locale,sex,is_app_user,profile_url",
                ),
            ],
            users,
            " list=\"true\">\n  <user>\n    <uid>609143784</uid>\n    <name>Alice Liddell</name>\n    \
             <first_name>Alice</first_name>\n    <last_name>Liddell</last_name>\n    <timezone>-8</timezone>\n    \
             <locale>en_US</locale>\n    <sex/>\n    <is_app_user>1</is_app_user>\n    \
             <profile_url>http://www.facebook.com/profile.php?id=609143784</profile_url>\n  </user>\n  <user>\n    \
             <uid>5</uid>\n    <name>bob</name>\n    <first_name>bob</first_name>\n    <last_name/>\n    \
             <timezone>5.5</timezone>\n    <locale>en_US</locale>\n    <sex/>\n    <is_app_user>0</is_app_user>\n    \
             <profile_url>http://www.facebook.com/profile.php?id=5</profile_url>\n  </user>\n</",
            "[{\"uid\":609143784,\"name\":\"Alice Liddell\",\"first_name\":\"Alice\",\"last_name\":\"Liddell\",\
             \"timezone\":-8,\"locale\":\"en_US\",\"sex\":\"\",\"is_app_user\":1,\
             \"profile_url\":\"http:\\/\\/www.facebook.com\\/profile.php?id=609143784\"},\
             {\"uid\":5,\"name\":\"bob\",\"first_name\":\"bob\",\"last_name\":\"\",\"timezone\":\"5.5\",\
             \"locale\":\"en_US\",\"sex\":\"\",\"is_app_user\":0,\
             \"profile_url\":\"http:\\/\\/www.facebook.com\\/profile.php?id=5\"}]",
        ),
        golden(
            "users.getLoggedInUser",
            &[session],
            None,
            ">609143784</",
            "609143784",
        ),
        golden(
            "users.hasAppPermission",
            &[session, ("ext_perm", "sms")],
            Answer::Bool(true),
            ">1</",
            "1",
        ),
        golden(
            "users.hasAppPermission",
            &[("ext_perm", "email"), ("uid", "5")],
            Answer::Bool(false),
            ">0</",
            "0",
        ),
        golden(
            "users.isAppUser",
            &[("uid", "5")],
            Answer::Bool(true),
            ">1</",
            "1",
        ),
    ]
}

#[test]
fn every_method_has_its_bytes_in_xml_and_json() {
    for Golden {
        method,
        params,
        answer,
        xml,
        json,
    } in table()
    {
        for (format, spelt) in [("xml", method.to_owned()), ("JSON", format!("facebook.{method}"))] {
            let mut rest = rest();
            let mut given = params.clone();
            given.push(("format", format));
            let response = match (call(&mut rest, &spelt, &given), &answer) {
                (Step::Respond(response), None) => response,
                (Step::Ask { .. }, Some(answer)) => responded(rest.answer(CALL, &Ok(answer.clone()))),
                (step, _) => panic!("{method}: {step:?}"),
            };
            let root = format!("{}_response", method.replace('.', "_"));
            let expected = match format {
                "xml" if xml.ends_with("</") => format!("{HEAD}{root}{NAMESPACES}{xml}{root}>\n"),
                "xml" => format!("{HEAD}{root}{NAMESPACES}{xml}\n"),
                _ => json.to_owned(),
            };
            assert_eq!(response.body, expected, "{method}");
            assert_eq!(
                (response.error_code, response.summary.app),
                (None, Some(QUIZ)),
                "{method}"
            );
        }
    }
}

#[test]
fn every_method_is_in_the_table_of_bytes() {
    let table = table();
    for method in METHODS {
        // Its bytes depend on a token; the tests of logging in have them.
        let elsewhere = ["auth.getSession", "auth.promoteSession"].contains(&method.name);
        let here = table.iter().any(|golden| golden.method == method.name);
        assert!(here != elsewhere, "{}", method.name);
    }
}

#[test]
fn every_method_asks_what_its_parameters_say() {
    let session = ("session_key", KEY);
    let query = |query| Input::Query {
        call: CALL,
        app: QUIZ,
        query,
    };
    let notify = |kind, to: &[u64]| {
        Input::NotifyUsers(NotifyUsers {
            call: CALL,
            app: QUIZ,
            kind,
            to: to.iter().copied().map(Uid).collect(),
            markup: "x".to_owned(),
        })
    };
    let of_alice = NoticeKind::UserToUser { from: ALICE };
    let email = |body: &str| {
        Input::SendEmail(SendEmail {
            call: CALL,
            app: QUIZ,
            to: vec![Uid(5)],
            subject: "s".to_owned(),
            body: body.to_owned(),
        })
    };
    let note = ("notification", "x");
    for (method, params, expected) in [
        (
            "admin.getAllocation",
            vec![("integration_point_name", "notifications_per_day")],
            query(Query::Allocation(Allocation::NotificationsPerDay)),
        ),
        (
            "auth.revokeAuthorization",
            vec![("uid", "5")],
            Input::RevokeAuthorization {
                call: CALL,
                app: QUIZ,
                user: Uid(5),
            },
        ),
        (
            "auth.revokeExtendedPermission",
            vec![session, ("perm", "sms")],
            Input::RevokePermission {
                call: CALL,
                app: QUIZ,
                user: ALICE,
                permission: ExtendedPermission::Sms,
            },
        ),
        (
            "admin.setAppProperties",
            vec![("properties", "{\"is_mobile\":\"0\"}")],
            Input::SetSmsCapable {
                call: CALL,
                app: QUIZ,
                capable: false,
            },
        ),
        ("friends.get", vec![session], query(Query::Friends(ALICE))),
        (
            "users.getInfo",
            vec![session, ("uids", " 5 ,6"), ("fields", "name")],
            query(Query::Users(vec![Uid(5), Uid(6)])),
        ),
        ("users.isAppUser", vec![session], query(Query::IsAppUser(ALICE))),
        (
            "users.isAppUser",
            vec![session, ("uid", "5")],
            query(Query::IsAppUser(Uid(5))),
        ),
        (
            "users.hasAppPermission",
            vec![session, ("ext_perm", "sms")],
            query(Query::HasPermission(ALICE, ExtendedPermission::Sms)),
        ),
        (
            "notifications.send",
            vec![session, ("to_ids", "5,6"), note],
            notify(of_alice, &[5, 6]),
        ),
        (
            "notifications.send",
            vec![session, ("to_ids", "[\"5\",6]"), note],
            notify(of_alice, &[5, 6]),
        ),
        (
            "notifications.send",
            vec![session, ("to_ids", ""), note],
            notify(of_alice, &[]),
        ),
        (
            "notifications.send",
            vec![session, note, ("type", "user_to_user")],
            notify(of_alice, &[]),
        ),
        (
            "notifications.send",
            vec![("to_ids", "5"), note, ("type", "app_to_user")],
            notify(NoticeKind::AppToUser, &[5]),
        ),
        (
            "notifications.send",
            vec![session, note, ("type", "app_to_user")],
            notify(NoticeKind::AppToUser, &[ALICE.0]),
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", "s"), ("text", "1 < 2 & <b>")],
            email("1 &lt; 2 &amp; &lt;b>"),
        ),
        (
            "notifications.sendEmail",
            vec![
                ("recipients", "5"),
                ("subject", "s"),
                ("text", "t"),
                ("fbml", "<b>f</b>"),
            ],
            email("<b>f</b>"),
        ),
        (
            "facebook.livemessage.send",
            vec![
                session,
                ("recipient", "5"),
                ("event_name", "e"),
                ("message", "{m}"),
            ],
            Input::SendLiveMessage(SendLiveMessage {
                call: CALL,
                message: LiveMessage {
                    app: QUIZ,
                    from: ALICE,
                    to: Uid(5),
                    event_name: "e".to_owned(),
                    message: "{m}".to_owned(),
                },
            }),
        ),
    ] {
        assert_eq!(
            asked(call(&mut rest(), method, &params)),
            expected,
            "{method} {params:?}"
        );
    }
}
