//! The settings: the configuration file, what is refused, and the limits that are no settings.

mod support;

use std::time::Duration;

use platform::{
    AppId, Change, Config, DecisionCode, ForeignUrlPolicy, Input, InvalidConfig, MessageLengthMax, Platform,
    Settings, SubmissionId,
};
use support::{ALICE, Desk, NEWS, app, config, settings, user};

const FILE: &str = include_str!("../../../simulator-config/platform.toml");

#[test]
fn the_configuration_file_states_every_default() {
    let file: toml::Table = FILE.parse().expect("TOML");
    let tables: Vec<_> = file.keys().map(String::as_str).collect();
    assert_eq!(tables, ["platform", "rest"]);
    let read: Settings = file["platform"].clone().try_into().expect("settings");
    assert_eq!(read, Settings::default());
    let written = toml::Table::try_from(Settings::default()).expect("settings can be written");
    let keys = |table: &toml::Table| table.keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        keys(file["platform"].as_table().expect("a table")),
        keys(&written),
        "no key is left out"
    );
    assert_eq!(
        written.try_into::<Settings>().expect("settings"),
        Settings::default()
    );
}

#[test]
fn the_defaults_are_valid_and_a_missing_key_is_its_default() {
    assert_eq!(Settings::default().check(&config(settings()).apps), Ok(()));
    assert_eq!(
        toml::from_str::<Settings>("").expect("settings"),
        Settings::default()
    );
}

#[test]
fn keys_are_read_in_their_units() {
    let read =
        |text: &str| toml::from_str::<Settings>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(
        read("cached_request_ttl_s = 5").cached_request_ttl,
        Duration::from_secs(5)
    );
    assert_eq!(
        read("session_idle_ttl_s = 5").session_idle_ttl,
        Duration::from_secs(5)
    );
    assert_eq!(
        read("session_window_ms = 5").session_window,
        Duration::from_millis(5)
    );
    assert_eq!(read("generic_reply_ttl_s = 0").generic_reply_ttl, Duration::ZERO);
    assert_eq!(read("app_rate_per_s = 5").app_rate_per_s, Some(5));
    assert_eq!(read("app_rate_per_s = \"none\"").app_rate_per_s, None);
    assert_eq!(
        read("user_quiet_hours = \"22:00-08:00\"")
            .user_quiet_hours
            .map(|h| h.from),
        Some(22 * 60)
    );
    assert_eq!(read("user_daily_max = 3").user_daily_max, Some(3));
    assert_eq!(read("emails_per_day = \"none\"").emails_per_day, None);
    assert_eq!(read("notifications_per_day = 0").notifications_per_day, Some(0));
    assert_eq!(
        read("quota_day_tz = \"Europe/London\"").quota_day_tz.name(),
        "Europe/London"
    );
    assert_eq!(
        read("foreign_url_policy = \"refuse\"").foreign_url_policy,
        ForeignUrlPolicy::Refuse
    );
    for (text, septets, ucs2_units) in [
        ("message_length_max = 160", 160, 70),
        ("message_length_max = 80", 80, 35),
        ("message_length_max = { septets = 10, ucs2_units = 20 }", 10, 20),
    ] {
        assert_eq!(
            read(text).message_length_max,
            MessageLengthMax { septets, ucs2_units },
            "{text}"
        );
    }
    let json: Settings =
        serde_json::from_str("{\"app_rate_per_s\": 2, \"user_daily_max\": null}").expect("settings");
    assert_eq!((json.app_rate_per_s, json.user_daily_max), (Some(2), None));
}

#[test]
fn what_no_key_means_is_an_error() {
    for (text, error) in [
        ("sesion_window_ms = 1", "unknown field `sesion_window_ms`"),
        ("quiet_hours_code = 853", "unknown field `quiet_hours_code`"),
        ("session_window_ms = -1", "invalid value"),
        ("session_window_ms = \"1m\"", "invalid type"),
        ("app_rate_per_s = \"never\"", "invalid type"),
        ("app_rate_per_s = -1", "invalid value"),
        ("user_quiet_hours = \"22-8\"", "is not a span of hours"),
        ("quota_day_tz = \"Mars/Olympus\"", "unknown time zone"),
        ("foreign_url_policy = \"maybe\"", "unknown variant"),
        ("message_length_max = -1", "a length cannot be negative"),
        (
            "message_length_max = { septets = 1 }",
            "missing field `ucs2_units`",
        ),
        ("message_length_max = \"long\"", "a number of septets, or a table"),
    ] {
        let found = toml::from_str::<Settings>(text).expect_err(text).to_string();
        assert!(found.contains(error), "{text}: {found}");
    }
}

#[test]
fn a_setting_that_cannot_work_is_named_with_its_fault() {
    let faulty = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
            .check(&[app(NEWS, "news", "Daily News")])
            .expect_err("it is faulty")
            .to_string()
    };
    type Case = (fn(&mut Settings), &'static str);
    let cases: [Case; 25] = [
        (
            |s| s.sessions_per_user_max = 100,
            "sessions_per_user_max is 100; it must be 1 to 99",
        ),
        (
            |s| s.sessions_per_user_max = 0,
            "sessions_per_user_max is 0; it must be 1 to 99",
        ),
        (
            |s| s.cached_requests_per_user_max = 0,
            "cached_requests_per_user_max is 0; it must be 1 to 64",
        ),
        (
            |s| s.cached_requests_per_user_max = 65,
            "cached_requests_per_user_max is 65; it must be 1 to 64",
        ),
        (
            |s| s.cached_request_ttl = Duration::ZERO,
            "cached_request_ttl_s is 0; it must be 1 to 315360000",
        ),
        (
            |s| s.session_idle_ttl = Duration::ZERO,
            "session_idle_ttl_s is 0; it must be 1 to 315360000",
        ),
        (
            |s| s.session_window = Duration::ZERO,
            "session_window_ms is 0; it must be 1 to 315360000000",
        ),
        (
            |s| s.answers_per_message_max = 0,
            "answers_per_message_max is 0; it must be 1 to 1000",
        ),
        (
            |s| s.callback_retries = 11,
            "callback_retries is 11; it must be 0 to 10",
        ),
        (
            |s| s.app_rate_per_s = Some(0),
            "app_rate_per_s is 0; it must be 1 to 10000",
        ),
        (
            |s| s.message_length_max.septets = 161,
            "message_length_max.septets is 161; it must be 1 to 160",
        ),
        (
            |s| s.message_length_max.ucs2_units = 71,
            "message_length_max.ucs2_units is 71; it must be 1 to 70",
        ),
        (
            |s| s.message_parts_max = 0,
            "message_parts_max is 0; it must be 1 to 255",
        ),
        (
            |s| s.confirm_words.clear(),
            "confirm_words is empty; at least one word must answer the question",
        ),
        (
            |s| s.decline_words.push("?!".to_owned()),
            "decline_words has \"?!\", which consists of blanks and punctuation only",
        ),
        (
            |s| s.decline_words.push("Yes.".to_owned()),
            "decline_words has \"Yes.\", which already means something else",
        ),
        (
            |s| s.confirm_words.push("STOP".to_owned()),
            "confirm_words has \"STOP\", which already means something else",
        ),
        (
            |s| s.callbacks_in_flight_max = 0,
            "callbacks_in_flight_max is 0; it must be 1 to 1000",
        ),
        (
            |s| s.email_disable_message_location = 3,
            "email_disable_message_location is 3; it must be 1 to 2",
        ),
        (
            |s| s.notifications_kept_max = 10_001,
            "notifications_kept_max is 10001; it must be 1 to 10000",
        ),
        (|s| s.text_stop.clear(), "text_stop: the text is empty"),
        (
            |s| s.text_stop.push_str("{app}"),
            "text_stop: {app} is no place in this text; its places are: none",
        ),
        (
            |s| s.text_declined.push_str("{code}"),
            "text_declined: {code} is no place in this text; its places are: {app}, {canvas}",
        ),
        (|s| s.text_help.push('{'), "text_help: a { is not closed"),
        (
            |s| s.text_registration = "Reply with your code".to_owned(),
            "text_registration: {code} is missing",
        ),
    ];
    for (change, fault) in cases {
        assert_eq!(faulty(change), fault);
    }
    let both = faulty(|s| {
        s.callback_retries = 11;
        s.text_stop.clear();
    });
    assert_eq!(both.lines().count(), 2, "every fault is named: {both}");
}

#[test]
fn a_text_of_the_platform_has_160_septets_at_most_after_filling_in() {
    let wording = |len: usize| Settings {
        text_help: "x".repeat(len),
        ..Settings::default()
    };
    assert_eq!(wording(160).check(&[]), Ok(()));
    let long = wording(161).check(&[]).expect_err("too long").to_string();
    assert_eq!(
        long,
        "text_help: 161 septets after filling in for any app; at most 160 may be sent"
    );

    let room = 160 - (Settings::default().text_confirmation.len() - "{app}".len());
    let titled = |len: usize| [app(NEWS, "news", &"x".repeat(len))];
    assert_eq!(Settings::default().check(&titled(room)), Ok(()));
    let long = Settings::default()
        .check(&titled(room + 1))
        .expect_err("too long")
        .to_string();
    assert_eq!(
        long,
        "text_confirmation: 161 septets after filling in for news; at most 160 may be sent"
    );
    let braces = [app(NEWS, "news", "{code} {app}")];
    assert_eq!(
        Settings::default().check(&braces),
        Ok(()),
        "what is filled in has no places"
    );
    let mut desk = Desk::of(Config {
        apps: braces.into(),
        users: vec![user(ALICE, "alice", "att", &[])],
        ..Config::default()
    });
    let asked = desk.text("alice", "news");
    assert!(
        asked[0].starts_with("alice < 3266501 \"Add {code} {app} to your"),
        "{asked:?}"
    );
}

#[test]
fn a_configuration_names_everything_once() {
    let fault = |change: fn(&mut Config)| {
        let mut config = config(settings());
        change(&mut config);
        config.check().expect_err("it is faulty").to_string()
    };
    type Case = (fn(&mut Config), &'static str);
    let cases: [Case; 10] = [
        (|c| c.apps[1].id = NEWS, "two apps have the number \"1\""),
        (
            |c| c.apps[1].name = "news".to_owned(),
            "two apps have the name \"news\"",
        ),
        (
            |c| c.apps[1].canvas = "NEWS".to_owned(),
            "two apps have the canvas name \"NEWS\"",
        ),
        (
            |c| c.apps[1].canvas = "movie quiz".to_owned(),
            "the canvas name \"movie quiz\" is not one word",
        ),
        (
            |c| c.apps[1].canvas.clear(),
            "the canvas name \"\" is not one word",
        ),
        (|c| c.users[1].uid = ALICE, "two users have the number \"101\""),
        (
            |c| c.users[1].name = "alice".to_owned(),
            "two users have the name \"alice\"",
        ),
        (
            |c| c.users[1].phone = c.users[0].phone,
            "two users have the phone \"+14155550101\"",
        ),
        (
            |c| c.users[0].apps.extend([(AppId(9), Default::default())]),
            "alice names the app 9, which does not exist",
        ),
        (
            |c| c.operator_blocks.extend([("att".to_owned(), AppId(9))]),
            "att names the app 9, which does not exist",
        ),
    ];
    for (change, words) in cases {
        assert_eq!(fault(change), words);
    }
    let mut faulty = config(settings());
    std::sync::Arc::make_mut(&mut faulty.settings).callback_retries = 11;
    assert!(matches!(faulty.check(), Err(InvalidConfig::Settings(_))));
}

#[test]
fn the_oldest_of_too_many_open_texts_is_forgotten() {
    use platform::platform::SUBMISSIONS_OPEN_MAX;
    let mut desk = Desk::new();
    for _ in 0..=SUBMISSIONS_OPEN_MAX {
        desk.text("alice", "help");
    }
    desk.codes();
    for submission in [SubmissionId(1), SubmissionId(2)] {
        desk.give(Input::Receipt {
            submission,
            state: sms::MessageState::Delivered,
        });
    }
    assert_eq!(
        desk.codes(),
        [DecisionCode::UnknownSubject, DecisionCode::Receipt]
    );
}

#[test]
fn observers_find_users_and_apps() {
    let mut desk = Desk::new();
    let alice = desk.platform.user(ALICE).expect("declared").clone();
    assert_eq!(desk.platform.user_by_phone(alice.phone), Some(&alice));
    assert_eq!(desk.platform.user_by_name("alice"), Some(&alice));
    assert_eq!(desk.platform.user_by_name("nobody"), None);
    assert_eq!(desk.platform.users().count(), 4);
    assert_eq!(desk.platform.app_by_canvas("NeWs").map(|app| app.id), Some(NEWS));
    assert_eq!(desk.platform.apps().count(), 3);
    assert_eq!(desk.platform.pool_left(desk.now, AppId(9)), None);
    assert_eq!(desk.platform.settings().text_stop, "[stop]");
    desk.change(Change::Texts(ALICE, false));
    assert!(!desk.platform.user(ALICE).expect("declared").texts_on);
}

#[test]
#[should_panic(expected = "two apps have the number")]
fn a_platform_is_not_made_from_a_faulty_configuration() {
    let mut config = config(settings());
    config.apps[1].id = NEWS;
    Platform::new(config);
}
