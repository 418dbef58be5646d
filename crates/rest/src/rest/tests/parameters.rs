//! Parameters that a method cannot read, and the limits of those that it can.

use platform::{Refusal, Uid};

use super::{CALL, KEY, asked, call, responded, rest};
use crate::method::{EMAIL_OCTETS_MAX, EMAIL_RECIPIENTS_MAX, NOTIFICATION_OCTETS_MAX, UIDS_MAX};

#[test]
fn every_method_refuses_what_it_cannot_read() {
    let session = ("session_key", KEY);
    let note = ("notification", "x");
    let long = "x".repeat(NOTIFICATION_OCTETS_MAX + 1);
    let uids = |count: usize| vec!["1"; count].join(",");
    let long_mail = "é".repeat(EMAIL_OCTETS_MAX / 2 + 1);
    let (many, recipients) = (uids(UIDS_MAX + 1), uids(EMAIL_RECIPIENTS_MAX + 1));
    for (method, params, expected) in [
        ("admin.getAllocation", vec![], 100),
        (
            "admin.getAllocation",
            vec![("integration_point_name", "wishes_per_day")],
            100,
        ),
        ("admin.getAppProperties", vec![], 100),
        (
            "admin.getAppProperties",
            vec![("properties", "[\"no_such\"]")],
            100,
        ),
        ("admin.getAppProperties", vec![("properties", "[1,{}]")], 100),
        ("auth.revokeExtendedPermission", vec![session], 100),
        (
            "auth.revokeExtendedPermission",
            vec![session, ("perm", "wishes")],
            100,
        ),
        ("auth.revokeExtendedPermission", vec![("perm", "sms")], 100),
        ("auth.revokeAuthorization", vec![], 100),
        ("auth.expireSession", vec![], 102),
        ("auth.promoteSession", vec![], 102),
        ("auth.promoteSession", vec![session], 100),
        ("friends.get", vec![], 102),
        ("liveMessage.send", vec![("recipient", "5")], 102),
        (
            "liveMessage.send",
            vec![session, ("event_name", "e"), ("message", "m")],
            100,
        ),
        (
            "liveMessage.send",
            vec![session, ("recipient", "x"), ("event_name", "e"), ("message", "m")],
            100,
        ),
        (
            "liveMessage.send",
            vec![session, ("recipient", "5"), ("message", "m")],
            100,
        ),
        (
            "liveMessage.send",
            vec![session, ("recipient", "5"), ("event_name", "e"), ("message", "")],
            100,
        ),
        ("notifications.get", vec![], 102),
        ("notifications.send", vec![("to_ids", "5"), note], 102),
        ("notifications.send", vec![session, ("to_ids", "5")], 100),
        (
            "notifications.send",
            vec![session, ("to_ids", "5"), note, ("type", "wish")],
            100,
        ),
        ("notifications.send", vec![note, ("type", "app_to_user")], 100),
        (
            "notifications.send",
            vec![session, ("to_ids", "5"), ("notification", &long)],
            100,
        ),
        ("notifications.send", vec![session, ("to_ids", "5,x"), note], 114),
        ("notifications.send", vec![session, ("to_ids", "[5"), note], 114),
        ("notifications.send", vec![session, ("to_ids", "-5"), note], 114),
        ("notifications.send", vec![session, ("to_ids", &many), note], 114),
        (
            "notifications.sendEmail",
            vec![("subject", "s"), ("text", "t")],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("text", "t")],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", "s")],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "x"), ("subject", "s"), ("text", "t")],
            114,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", &recipients), ("subject", "s"), ("text", "t")],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", &long_mail), ("text", "t")],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", "s"), ("text", &long_mail)],
            100,
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", "s"), ("fbml", &long_mail)],
            100,
        ),
        ("users.getInfo", vec![("uids", "5"), ("fields", "name")], 102),
        ("users.getInfo", vec![session, ("fields", "name")], 100),
        ("users.getInfo", vec![session, ("uids", "5")], 100),
        (
            "users.getInfo",
            vec![session, ("uids", "x"), ("fields", "name")],
            114,
        ),
        (
            "users.getInfo",
            vec![session, ("uids", "5"), ("fields", "[name")],
            115,
        ),
        (
            "users.getInfo",
            vec![session, ("uids", "5"), ("fields", "name,shoe_size")],
            111,
        ),
        ("users.hasAppPermission", vec![session], 100),
        (
            "users.hasAppPermission",
            vec![session, ("ext_perm", "wishes")],
            100,
        ),
        ("users.hasAppPermission", vec![("ext_perm", "sms")], 100),
        ("users.isAppUser", vec![], 100),
        ("users.isAppUser", vec![("uid", "5,6")], 100),
    ] {
        let response = responded(call(&mut rest(), method, &params));
        assert_eq!(response.error_code, Some(expected), "{method} {response}");
    }
}

#[test]
fn lists_are_taken_up_to_their_limits() {
    let uids = |count: usize| vec!["1"; count].join(",");
    let at_limit = "x".repeat(NOTIFICATION_OCTETS_MAX);
    let longest_mail = "é".repeat(EMAIL_OCTETS_MAX / 2);
    for (method, params) in [
        (
            "notifications.send",
            vec![
                ("session_key", KEY),
                ("to_ids", &*uids(UIDS_MAX)),
                ("notification", &*at_limit),
            ],
        ),
        (
            "notifications.sendEmail",
            vec![
                ("recipients", &*uids(EMAIL_RECIPIENTS_MAX)),
                ("subject", &*longest_mail),
                ("text", &*longest_mail),
            ],
        ),
        (
            "notifications.sendEmail",
            vec![("recipients", "5"), ("subject", "s"), ("fbml", &*longest_mail)],
        ),
    ] {
        asked(call(&mut rest(), method, &params));
    }
}

#[test]
fn a_refusal_of_a_live_message_is_an_error_of_its_own() {
    let params = [
        ("session_key", KEY),
        ("recipient", "5"),
        ("event_name", "e"),
        ("message", "m"),
        ("format", "json"),
    ];
    for (refusal, begins) in [
        (
            Refusal::TermsNotAccepted { user: Uid(5) },
            "{\"error_code\":292,\"error_msg\":\"An application is only allowed to send LiveMessages to users who have accepted the TOS for that application.\",",
        ),
        (
            Refusal::LiveMessagesStopped,
            "{\"error_code\":1100,\"error_msg\":\"An error occurred while sending the LiveMessage.\",",
        ),
        (
            Refusal::EventNameLength { octets: 129 },
            "{\"error_code\":1101,\"error_msg\":\"The event_name parameter must be no longer than 128 bytes.\",",
        ),
        (
            Refusal::LiveMessageLength { octets: 1_025 },
            "{\"error_code\":1102,\"error_msg\":\"The message parameter must be no longer than 1024 bytes.\",",
        ),
    ] {
        let mut rest = rest();
        asked(call(&mut rest, "liveMessage.send", &params));
        let response = responded(rest.answer(CALL, &Err(refusal)));
        assert!(response.body.starts_with(begins), "{}", response.body);
    }
}
