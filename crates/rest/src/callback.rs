//! Signed requests to apps: users' texts and the pings ([`sms()`], [`authorize`], [`removed`]).
//!
//! Every field is `fb_sig_` with a name; `fb_sig` signs them under their names without it ("Verifying The Signature"). No
//! field is ever empty: a parser that drops empty fields would find the signature wrong.

use platform::{Notification, Uid};
use sms::Timestamp;

use crate::config::Locale;
use crate::credentials::{Credentials, Secret, SessionInfo, check_url};
use crate::signature;

const PREFIX: &str = "fb_sig_";
const SIGNATURE: &str = "fb_sig";

/// A request to an app: a POST of `application/x-www-form-urlencoded`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallbackRequest {
    /// Where to.
    pub url: String,
    /// The fields, encoded.
    pub body: String,
    /// The fields, in the order of the body, `fb_sig` last.
    pub fields: Vec<(String, String)>,
    /// What is signed, without the secret.
    pub base_string: String,
}

/// What an app may know of a user who has authorized it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The user's API session with the app.
    pub session: SessionInfo,
    /// Whether the user has granted it `sms`.
    pub sms_granted: bool,
    /// The user's locale, if callbacks name one.
    pub locale: Option<Locale>,
}

/// A user's text for the app; none when the app has no callback URL.
///
/// An empty text has no `fb_sig_message`, and `fb_sig_sms_new_user` is there only when the text installed the app
/// ("Facebook Platform for Mobile: SMS", Receiving User Generated Messages).
pub fn sms(
    now: Timestamp,
    credentials: &Credentials,
    notification: &Notification,
    standing: &Standing,
) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, notification.user, "1", standing.locale);
    add_standing(&mut fields, standing);
    fields.push(("sms", "1".to_owned()));
    fields.push(("sms_sid", notification.session.to_string()));
    if !notification.message.is_empty() {
        fields.push(("message", notification.message.clone()));
    }
    if notification.new_user {
        fields.push(("sms_new_user", "1".to_owned()));
    }
    Some(request(
        credentials.callback_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// The post-authorize ping: the user has installed the app; none when the app has no such URL ("Post-Authorize Callback
/// URL").
pub fn authorize(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    standing: &Standing,
) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, user, "1", standing.locale);
    add_standing(&mut fields, standing);
    fields.push(("authorize", "1".to_owned()));
    Some(request(
        credentials.authorize_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// The post-remove ping: the user has removed the app, and has no session with it any more; none when the app has no such
/// URL ("Post-Remove Callback URL").
pub fn removed(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    locale: Option<Locale>,
) -> Option<CallbackRequest> {
    let mut fields = base_fields(now, credentials, user, "0", locale);
    fields.push(("uninstall", "1".to_owned()));
    Some(request(
        credentials.uninstall_url.as_ref()?,
        fields,
        &credentials.secret,
    ))
}

/// A user who has authorized the app opens a page of its canvas; none when the app has no callback URL, or the page's would be
/// no URL. The user's own way of asking is named, though the app is asked by POST ("Your Callback Page And You").
///
/// `path` and `query` are what stands behind the app's canvas page in the address, as it stands there.
pub fn canvas(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    friends: &[Uid],
    standing: &Standing,
    (path, query): (&str, &str),
) -> Option<CallbackRequest> {
    let url = behind(credentials.callback_url.as_ref()?, path, query);
    check_url(&url).ok()?;
    let mut fields = base_fields(now, credentials, user, "1", standing.locale);
    add_standing(&mut fields, standing);
    fields.push(("in_canvas", "1".to_owned()));
    fields.push(("request_method", "GET".to_owned()));
    if !friends.is_empty() {
        let friends: Vec<_> = friends.iter().map(ToString::to_string).collect();
        fields.push(("friends", friends.join(",")));
    }
    Some(request(&url, fields, &credentials.secret))
}

/// The URL of a page below the app's callback URL: the path behind its path, the query behind its query.
fn behind(callback_url: &str, path: &str, query: &str) -> String {
    let (front, own_query) = callback_url.split_once('?').unwrap_or((callback_url, ""));
    let mut url = front.to_owned();
    if !path.is_empty() {
        url = format!("{}/{path}", front.trim_end_matches('/'));
    }
    for (nth, query) in [own_query, query]
        .into_iter()
        .filter(|query| !query.is_empty())
        .enumerate()
    {
        url.push(if nth == 0 { '?' } else { '&' });
        url.push_str(query);
    }
    url
}

/// Whether the fields carry the signature that belongs to them, as an app verifies a callback. Fields without the prefix
/// are not signed and do not matter.
pub fn verify(fields: &[(String, String)], secret: &Secret) -> bool {
    let sig = fields.iter().find(|(name, _)| name == SIGNATURE);
    let signed: Vec<_> = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())))
        .collect();
    sig.is_some_and(|(_, sig)| signature::verify(&signed, secret, sig))
}

fn base_fields(
    now: Timestamp,
    credentials: &Credentials,
    user: Uid,
    added: &str,
    locale: Option<Locale>,
) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("added", added.to_owned()),
        ("api_key", credentials.api_key.clone()),
        ("app_id", credentials.app.to_string()),
        ("time", unix_time(now)),
        ("user", user.to_string()),
    ];
    fields.extend(locale.map(|locale| ("locale", locale.to_string())));
    fields
}

/// Adds what holds for a user who has authorized the app. `expires` is whole seconds, 0 for a session that never ends: one
/// client reads an integer. No profile ever changes here, so that `profile_update_time` is 0.
fn add_standing(fields: &mut Vec<(&'static str, String)>, standing: &Standing) {
    let Standing {
        session, sms_granted, ..
    } = standing;
    fields.push(("session_key", session.key.clone()));
    fields.push((
        "expires",
        session.expires.map_or(0, Timestamp::as_secs).to_string(),
    ));
    fields.push(("profile_update_time", "0".to_owned()));
    if *sms_granted {
        fields.push(("ext_perms", "sms".to_owned()));
    }
}

/// Seconds since 1970 with up to four decimals, without trailing zeros: `1249259912.755`.
fn unix_time(now: Timestamp) -> String {
    let tenths_of_ms = now.as_micros().max(0) / 100;
    let text = format!("{}.{:04}", tenths_of_ms / 10_000, tenths_of_ms % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn request(url: &str, fields: Vec<(&'static str, String)>, secret: &Secret) -> CallbackRequest {
    let mut signed: Vec<(String, String)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    signed.sort();
    let sig = signature::sign(&signed, secret);
    let base_string = signature::base_string(&signed);
    let mut fields: Vec<_> = signed
        .into_iter()
        .map(|(name, value)| (format!("{PREFIX}{name}"), value))
        .collect();
    fields.push((SIGNATURE.to_owned(), sig));
    CallbackRequest {
        url: url.to_owned(),
        body: urlencoded(&fields),
        fields,
        base_string,
    }
}

/// The pairs in `application/x-www-form-urlencoded`: a blank is `+`, letters, digits and `- . _` stand for themselves.
fn urlencoded(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode(&mut out, name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

fn encode(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for octet in text.bytes() {
        match octet {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(octet)),
            octet => {
                let digit = |nibble: u8| char::from(HEX[usize::from(nibble)]);
                out.extend(['%', digit(octet >> 4), digit(octet & 0xf)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::{AppId, NotificationId, SessionId};
    use proptest::prelude::*;

    use super::*;
    use crate::config::Settings;

    const NOW: Timestamp = Timestamp::from_micros(1_217_980_800_123_456);
    const USER: Uid = Uid(609_143_784);

    fn credentials() -> Credentials {
        Credentials {
            app: AppId(103_381_584_023),
            name: "quiz".to_owned(),
            api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
            secret: Secret::new("secret123").expect("valid"),
            callback_url: Some("http://quiz/sms".to_owned()),
            authorize_url: Some("http://quiz/added".to_owned()),
            uninstall_url: Some("http://quiz/removed".to_owned()),
            ip_list: Vec::new(),
        }
    }

    fn standing() -> Standing {
        let session = SessionInfo {
            key: "5f34e11bfb97c762e439e6a5-8055".to_owned(),
            expires: None,
        };
        Standing {
            session,
            sms_granted: true,
            locale: Settings::default().callback_locale,
        }
    }

    fn notification(message: &str, new_user: bool) -> Notification {
        let (app, session, message) = (credentials().app, SessionId(7), message.to_owned());
        Notification {
            id: NotificationId(1),
            app,
            user: USER,
            session,
            message,
            new_user,
        }
    }

    /// C1 of the fact sheet: its signature is of these fields alone.
    #[test]
    fn a_page_of_the_canvas_is_asked_for_with_who_asks_and_how() {
        let page = |path, query| {
            canvas(
                NOW,
                &credentials(),
                USER,
                &[Uid(7), Uid(9)],
                &standing(),
                (path, query),
            )
            .expect("a URL")
        };
        let request = page("play/1", "round=2");
        assert_eq!(request.url, "http://quiz/sms/play/1?round=2");
        assert!(verify(&request.fields, &credentials().secret));
        let field = |name: &str| {
            let found = request.fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        for (name, value) in [
            ("fb_sig_in_canvas", Some("1")),
            ("fb_sig_request_method", Some("GET")),
            ("fb_sig_added", Some("1")),
            ("fb_sig_user", Some("609143784")),
            ("fb_sig_friends", Some("7,9")),
            ("fb_sig_session_key", Some("5f34e11bfb97c762e439e6a5-8055")),
            ("fb_sig_sms", None),
        ] {
            assert_eq!(field(name), value, "{name}");
        }
        let alone = canvas(NOW, &credentials(), USER, &[], &standing(), ("", "")).expect("a URL");
        assert_eq!(alone.url, "http://quiz/sms");
        assert!(
            alone.fields.iter().all(|(_, value)| !value.is_empty()),
            "no field is empty"
        );
    }

    #[test]
    fn a_page_stands_below_the_callback_url() {
        for (callback_url, path, query, url) in [
            ("http://h", "", "", "http://h"),
            ("http://h", "x", "", "http://h/x"),
            ("http://h/", "@evil.example", "", "http://h/@evil.example"),
            ("http://h/app/", "x/y", "a=b", "http://h/app/x/y?a=b"),
            ("http://h/app?c=d", "x", "a=b", "http://h/app/x?c=d&a=b"),
            ("http://h/app?c=d", "", "", "http://h/app?c=d"),
        ] {
            assert_eq!(behind(callback_url, path, query), url);
        }
    }

    #[test]
    fn c1_is_signed_and_spelt_as_published() {
        let fields = [
            ("user", "609143784"),
            ("added", "1"),
            ("api_key", "0289b21f46b2ee642d5c42145df5489f"),
            ("message", "what is up"),
            ("sms", "1"),
            ("sms_new_user", "1"),
            ("sms_sid", "7"),
            ("time", "1217980800.1234"),
        ];
        let fields = fields.map(|(name, value)| (name, value.to_owned())).to_vec();
        let request = request("http://quiz/sms", fields, &credentials().secret);
        assert_eq!(
            request.body,
            "fb_sig_added=1&fb_sig_api_key=0289b21f46b2ee642d5c42145df5489f&fb_sig_message=what+is+up&fb_sig_sms=1\
             &fb_sig_sms_new_user=1&fb_sig_sms_sid=7&fb_sig_time=1217980800.1234&fb_sig_user=609143784\
             &fb_sig=8f2787c842de19f1c18855af4fb60394"
        );
        assert_eq!(
            request.base_string,
            "added=1api_key=0289b21f46b2ee642d5c42145df5489fmessage=what is upsms=1sms_new_user=1sms_sid=7\
             time=1217980800.1234user=609143784"
        );
    }

    #[test]
    fn c2_is_the_post_remove_ping() {
        let now = Timestamp::from_micros(1_249_262_147_961_600);
        let request = removed(now, &credentials(), USER, None).expect("a URL");
        assert_eq!(request.url, "http://quiz/removed");
        assert_eq!(
            request.body,
            "fb_sig_added=0&fb_sig_api_key=0289b21f46b2ee642d5c42145df5489f&fb_sig_app_id=103381584023\
             &fb_sig_time=1249262147.9616&fb_sig_uninstall=1&fb_sig_user=609143784\
             &fb_sig=850c339795103fff8b66b7afaa857423"
        );
    }

    #[test]
    fn a_text_of_a_new_user_has_these_fields() {
        let request = sms(NOW, &credentials(), &notification("Café?", true), &standing()).expect("a URL");
        let fields: Vec<_> = request
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(request.url, "http://quiz/sms");
        assert_eq!(
            fields[..fields.len() - 1],
            [
                ("fb_sig_added", "1"),
                ("fb_sig_api_key", "0289b21f46b2ee642d5c42145df5489f"),
                ("fb_sig_app_id", "103381584023"),
                ("fb_sig_expires", "0"),
                ("fb_sig_ext_perms", "sms"),
                ("fb_sig_locale", "en_US"),
                ("fb_sig_message", "Café?"),
                ("fb_sig_profile_update_time", "0"),
                ("fb_sig_session_key", "5f34e11bfb97c762e439e6a5-8055"),
                ("fb_sig_sms", "1"),
                ("fb_sig_sms_new_user", "1"),
                ("fb_sig_sms_sid", "7"),
                ("fb_sig_time", "1217980800.1234"),
                ("fb_sig_user", "609143784"),
            ]
        );
        assert!(verify(&request.fields, &credentials().secret));
        assert!(
            request.body.contains("fb_sig_message=Caf%C3%A9%3F&"),
            "{}",
            request.body
        );
    }

    #[test]
    fn the_post_authorize_ping_has_these_fields() {
        let mut ends = standing();
        ends.session.expires = Some(Timestamp::from_micros(1_249_999_999_900_000));
        ends.sms_granted = false;
        let request = authorize(NOW, &credentials(), USER, &ends).expect("a URL");
        let names: Vec<_> = request.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(request.url, "http://quiz/added");
        assert_eq!(
            names,
            [
                "fb_sig_added",
                "fb_sig_api_key",
                "fb_sig_app_id",
                "fb_sig_authorize",
                "fb_sig_expires",
                "fb_sig_locale",
                "fb_sig_profile_update_time",
                "fb_sig_session_key",
                "fb_sig_time",
                "fb_sig_user",
                "fb_sig",
            ]
        );
        assert!(
            request.body.contains("fb_sig_expires=1249999999&"),
            "{}",
            request.body
        );
        assert!(verify(&request.fields, &credentials().secret));
    }

    #[test]
    fn an_app_without_the_url_gets_no_request() {
        let none = Credentials {
            callback_url: None,
            authorize_url: None,
            uninstall_url: None,
            ..credentials()
        };
        assert_eq!(sms(NOW, &none, &notification("hi", false), &standing()), None);
        assert_eq!(authorize(NOW, &none, USER, &standing()), None);
        assert_eq!(removed(NOW, &none, USER, None), None);
    }

    #[test]
    fn the_time_has_at_most_four_decimals() {
        for (micros, expected) in [
            (1_249_259_912_755_000, "1249259912.755"),
            (1_217_980_800_123_499, "1217980800.1234"),
            (1_217_980_800_000_099, "1217980800"),
            (1_217_980_800_000_000, "1217980800"),
            (0, "0"),
            (-5, "0"),
        ] {
            assert_eq!(unix_time(Timestamp::from_micros(micros)), expected, "{micros}");
        }
    }

    #[test]
    fn a_changed_field_or_signature_does_not_verify() {
        let secret = credentials().secret;
        let request = sms(NOW, &credentials(), &notification("hi", false), &standing()).expect("a URL");
        let mut own = request.fields.clone();
        own.push(("color".to_owned(), "red".to_owned()));
        assert!(verify(&own, &secret), "fields without the prefix are not signed");
        for at in 0..request.fields.len() {
            let mut changed = request.fields.clone();
            changed[at].1.push('0');
            assert!(!verify(&changed, &secret), "{}", changed[at].0);
            changed.remove(at);
            assert!(!verify(&changed, &secret), "{at}");
        }
        assert!(!verify(&request.fields, &Secret::new("another").expect("valid")));
    }

    proptest! {
        #[test]
        fn any_text_is_signed_encoded_and_never_blank(message in any::<String>(), new_user: bool) {
            let request = sms(NOW, &credentials(), &notification(&message, new_user), &standing()).expect("a URL");
            prop_assert!(verify(&request.fields, &credentials().secret));
            prop_assert!(request.fields.iter().all(|(_, value)| !value.is_empty()));
            prop_assert!(request.fields[..request.fields.len() - 1].is_sorted());
            prop_assert!(!request.body.contains("secret123") && !request.base_string.contains("secret123"));
            prop_assert_eq!(decoded(&request.body), request.fields.clone());
            prop_assert_eq!(crate::params::urldecoded(&request.body), request.fields);
        }
    }

    /// Reads `application/x-www-form-urlencoded` as an app does.
    fn decoded(body: &str) -> Vec<(String, String)> {
        let decode = |text: &str| {
            let mut octets = Vec::new();
            let mut rest = text.as_bytes();
            while let [first, after @ ..] = rest {
                let taken = match first {
                    b'%' => {
                        let hex = std::str::from_utf8(&after[..2]).expect("two digits");
                        octets.push(u8::from_str_radix(hex, 16).expect("hex"));
                        2
                    }
                    b'+' => {
                        octets.push(b' ');
                        0
                    }
                    other => {
                        octets.push(*other);
                        0
                    }
                };
                rest = &after[taken..];
            }
            String::from_utf8(octets).expect("UTF-8")
        };
        let pair = |pair: &str| {
            pair.split_once('=')
                .map(|(name, value)| (decode(name), decode(value)))
        };
        body.split('&').filter_map(pair).collect()
    }
}
