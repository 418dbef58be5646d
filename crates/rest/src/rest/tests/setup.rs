use platform::{AppId, Uid};

use super::{ALICE, CALL, NEWS, NOW, QUIZ, call, config, credentials, responded, rest};
use crate::client;
use crate::config::{CallIdCheck, CansendErrors, Config, QuietHoursCode, Seconds, Session, Settings};
use crate::credentials::SessionInfo;
use crate::rest::Rest;
use crate::session_key::{SESSION_KEY_OCTETS_MAX, SESSIONS_PER_USER_MAX};

#[test]
fn sessions_open_end_and_are_named_in_callbacks() {
    let mut rest = rest();
    let user = Uid(5);
    assert_eq!(rest.session_of(NOW, NEWS, user), None);
    let key = rest.mint_session(NOW, NEWS, user, 7);
    assert_eq!(
        rest.session_of(NOW, NEWS, user),
        Some(SessionInfo {
            key: key.clone(),
            expires: None
        })
    );
    let request = |key: &str| {
        client::request(
            &credentials(NEWS),
            "users.getLoggedInUser",
            &[("session_key", key)],
        )
    };
    assert_eq!(responded(rest.receive(NOW, CALL, request(&key))).error_code, None);
    let of_another_app = call(&mut rest, "users.getLoggedInUser", &[("session_key", &key)]);
    assert_eq!(responded(of_another_app).error_code, Some(102));
    rest.end_sessions(NEWS, user);
    assert_eq!(rest.session_of(NOW, NEWS, user), None);
    assert_eq!(
        responded(rest.receive(NOW, CALL, request(&key))).error_code,
        Some(102)
    );
}

#[test]
fn a_callback_url_is_set_and_checked() {
    let mut rest = rest();
    assert_eq!(rest.set_callback_url(QUIZ, Some("http://h/".to_owned())), Ok(()));
    assert!(rest.set_callback_url(QUIZ, Some("h".to_owned())).is_err());
    let url = |rest: &Rest| rest.credentials(QUIZ).and_then(|app| app.callback_url.clone());
    assert_eq!(url(&rest).as_deref(), Some("http://h/"));
    assert_eq!(rest.set_callback_url(QUIZ, None), Ok(()));
    assert_eq!(url(&rest), None);
    assert_eq!(rest.apps().map(|app| app.app).collect::<Vec<_>>(), [QUIZ, NEWS]);
}

#[test]
fn a_configuration_that_does_not_fit_together_is_refused() {
    type Spoil = fn(&mut Config);
    let session = || Session {
        app: QUIZ,
        user: ALICE,
        key: "k".to_owned(),
        expires: None,
        secret: None,
    };
    let spoilt: [(Spoil, &str); 10] = [
        (
            |config| config.credentials[0].api_key = "0".repeat(31),
            "32 lower-case hex",
        ),
        (
            |config| config.credentials[0].api_key = "A".repeat(32),
            "32 lower-case hex",
        ),
        (
            |config| config.credentials[1].api_key = config.credentials[0].api_key.clone(),
            "two apps",
        ),
        (|config| config.credentials[1].app = QUIZ, "two apps"),
        (
            |config| config.credentials[0].callback_url = Some("h".to_owned()),
            "callback_url of app",
        ),
        (
            |config| config.credentials[0].uninstall_url = Some("h".to_owned()),
            "uninstall_url of app",
        ),
        (|config| config.sessions[0].app = AppId(9), "not configured"),
        (|config| config.sessions[0].key = String::new(), "0 octets"),
        (
            |config| config.sessions[0].key = "k".repeat(SESSION_KEY_OCTETS_MAX + 1),
            "129 octets",
        ),
        (
            |config| config.sessions[0].key = config.sessions[1].key.clone(),
            "used twice",
        ),
    ];
    for (spoil, why) in spoilt {
        let mut config = config();
        spoil(&mut config);
        let error = Rest::new(config).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
    for (count, valid) in [(SESSIONS_PER_USER_MAX, true), (SESSIONS_PER_USER_MAX + 1, false)] {
        let sessions = (0..count)
            .map(|n| Session {
                key: format!("k{n}"),
                ..session()
            })
            .collect();
        assert_eq!(
            Rest::new(Config { sessions, ..config() }).is_ok(),
            valid,
            "{count}"
        );
    }
}

#[test]
fn settings_are_read_by_name_and_unknown_ones_refused() {
    let read = |text: &str| serde_json::from_str::<Settings>(text);
    assert_eq!(read("{}").expect("defaults"), Settings::default());
    assert_eq!(
        read(r#"{"quiet_hours_code":856,"cansend_errors":"value","call_id_check":"off"}"#).expect("valid"),
        Settings {
            quiet_hours_code: QuietHoursCode::NotificationsOff,
            cansend_errors: CansendErrors::Value,
            call_id_check: CallIdCheck::Off,
            ..Settings::default()
        }
    );
    let seconds = |seconds: u64| Seconds::try_from(seconds).expect("in range");
    assert_eq!(
        read(
            r#"{"requests_per_window_max":5,"request_window_s":10,"auth_token_ttl_s":20,
                "api_session_ttl_s":"none","callback_locale":"none"}"#
        )
        .expect("valid"),
        Settings {
            requests_per_window_max: Some(5),
            request_window: seconds(10),
            auth_token_ttl: seconds(20),
            api_session_ttl: None,
            callback_locale: None,
            ..Settings::default()
        }
    );
    for wrong in [
        r#"{"quiet_hours_code":857}"#,
        r#"{"call_ids":"off"}"#,
        r#"{"cansend_errors":"maybe"}"#,
        r#"{"request_window_s":0}"#,
        r#"{"auth_token_ttl_s":315360001}"#,
        r#"{"auth_token_ttl_s":"none"}"#,
        r#"{"requests_per_window_max":-1}"#,
        r#"{"callback_locale":"english"}"#,
        r#"{"callback_locale":"EN_us"}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let shown = serde_json::to_string(&Settings::default()).expect("serializes");
    assert_eq!(
        shown,
        concat!(
            r#"{"quiet_hours_code":853,"cansend_errors":"error_response","call_id_check":"per_session","#,
            r#""requests_per_window_max":"none","request_window_s":60,"auth_token_ttl_s":3600,"#,
            r#""api_session_ttl_s":86400,"callback_locale":"en_US"}"#
        )
    );
}

#[test]
fn the_configuration_file_states_every_default() {
    let file = include_str!("../../../../../simulator-config/platform.toml");
    let file: toml::Table = file.parse().expect("TOML");
    let written = toml::Table::try_from(Settings::default()).expect("settings can be written");
    assert_eq!(file["rest"].as_table(), Some(&written));
    let read: Settings = file["rest"].clone().try_into().expect("settings");
    assert_eq!(read, Settings::default());
}
