//! No password, secret, key or token is in what a server says of itself: its log at its most talkative, its records, its
//! pages, its metrics, and what the control API shows of its world.

mod served;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use rest::{Credentials, Secret, client};
use served::{Served, ask, submit};

const PASSWORD: &str = "0p3nSesa";
const WRONG_PASSWORD: &str = "c1oseSes";
const BROKEN_PASSWORD: &str = "h4lfBind";
const CONTROL_TOKEN: &str = "control-t0ken-of-the-owner";
const WRONG_TOKEN: &str = "control-t0ken-of-a-guesser";
const API_KEY: &str = "0289b21f46b2ee642d5c42145df5489f";
const APP_SECRET: &str = "3e4a22bb2f5ed75114b0fc9995ea85f1";
const ALICE: &str = "101";

fn world(callback_port: u16) -> String {
    format!(
        "carrier att, latency 1ms\n\
         app quiz \"Movie Quiz\", canvas quiz, key {API_KEY}, secret {APP_SECRET}, url http://127.0.0.1:{callback_port}/sms\n\
         user alice +14155550101 on att, uid {ALICE}\n\
         esme gate, password {PASSWORD}, code 12345\n"
    )
}

fn credentials(secret: &str) -> Credentials {
    Credentials {
        app: platform::AppId(1),
        name: "quiz".to_owned(),
        api_key: API_KEY.to_owned(),
        secret: Secret::new(secret).expect("a secret"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    }
}

fn encoded(pairs: &[(String, String)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(pairs).finish()
}

/// A signed call, as a client makes it; gives the answer's body.
fn call(serve: &Served, secret: &str, method: &str, params: &[(&str, &str)]) -> String {
    let params: Vec<_> = params.iter().copied().chain([("format", "json")]).collect();
    let request = client::request(&credentials(secret), method, &params);
    serve.http("POST /restserver.php", &encoded(&request.params)).1
}

/// A member of an answer in JSON.
fn member(body: &str, name: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(body).expect(body);
    answer[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {body}"))
        .to_owned()
}

/// What stands behind `before`, up to the next character that belongs to no token.
fn behind(text: &str, before: &str) -> String {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A browser that logs in on the pages: its cookie, what its forms bring back, and the token for the app.
struct LoggedIn {
    cookie: String,
    post_form_id: String,
    auth_token: String,
}

fn log_in(serve: &Served) -> LoggedIn {
    let cookie = |head: &str| behind(head, "smsim_browser=");
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let headers = |name: &str| format!("Cookie: smsim_browser={name}\r\n{kind}");
    let login = format!("/login.php?api_key={API_KEY}&v=1.0");
    let (head, page) = serve.http(&format!("GET {login}"), "");
    let (stranger, token) = (cookie(&head), behind(&page, "name=\"post_form_id\" value=\""));
    let chosen = format!("uid={ALICE}&api_key={API_KEY}&v=1.0&post_form_id={token}");
    let (head, _) = serve.http_with("POST /login.php", &headers(&stranger), &chosen);
    let alice = cookie(&head);
    let (_, terms) = serve.http_with(&format!("GET {login}"), &headers(&alice), "");
    let post_form_id = behind(&terms, "name=\"post_form_id\" value=\"");
    let accepted = format!("answer=allow&api_key={API_KEY}&canvas=1&post_form_id={post_form_id}");
    let (head, _) = serve.http_with("POST /tos.php", &headers(&alice), &accepted);
    LoggedIn {
        auth_token: behind(&head, "auth_token="),
        cookie: alice,
        post_form_id,
    }
}

/// Takes one callback, answers it, and gives the session key in it.
fn callback(app: &TcpListener) -> String {
    let (mut stream, _) = app.accept().expect("a callback");
    let mut text = String::new();
    while !text.contains("fb_sig=") {
        let mut octets = [0; 4_096];
        let count = stream.read(&mut octets).expect("octets");
        assert_ne!(count, 0, "{text}");
        text.push_str(std::str::from_utf8(&octets[..count]).expect("plain text"));
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .expect("answered");
    let (_, key) = text.split_once("fb_sig_session_key=").expect("a session key");
    key.split('&').next().expect("a key").to_owned()
}

fn connection(serve: &Served) -> TcpStream {
    TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens")
}

fn bind(password: &str) -> smpp::Pdu {
    smpp::Pdu::Bind(smpp::Bind::new(smpp::BindKind::Transceiver, "gate", password))
}

/// Everything that has a secret in it, done once; gives the secrets, with a word for each.
fn use_every_secret(serve: &Served, app: &TcpListener) -> Vec<(&'static str, String)> {
    let mut link = connection(serve);
    assert_eq!(ask(&mut link, 1, bind(PASSWORD)).expect("an answer"), 0);
    assert_eq!(
        ask(&mut link, 2, submit("+14155550101", "hello")).expect("an answer"),
        0
    );
    let refused = ask(&mut connection(serve), 1, bind(WRONG_PASSWORD)).expect("an answer");
    assert_eq!(refused, smpp::Status::ESME_RINVPASWD.0);
    // A bind that ends in the middle of its password.
    let mut broken = smpp::encode(&smpp::Command::request(1, bind(BROKEN_PASSWORD))).to_vec();
    broken.truncate(16 + "gate\0".len() + BROKEN_PASSWORD.len());
    broken[3] = u8::try_from(broken.len()).expect("short");
    let mut stream = connection(serve);
    stream.write_all(&broken).expect("sent");
    assert!(stream.read(&mut [0; 64]).expect("an answer") >= 16);

    let browser = log_in(serve);
    let app_call = |method: &str, params: &[(&str, &str)]| call(serve, APP_SECRET, method, params);
    let session = app_call(
        "auth.getSession",
        &[
            ("auth_token", &browser.auth_token),
            ("generate_session_secret", "1"),
        ],
    );
    let (key, session_secret) = (member(&session, "session_key"), member(&session, "secret"));
    assert_eq!(app_call("users.getLoggedInUser", &[("session_key", &key)]), ALICE);
    let unused = app_call("auth.createToken", &[]).trim_matches('"').to_owned();
    let promoted = app_call("auth.promoteSession", &[("session_key", &key)]);
    assert_eq!(promoted, format!("\"{session_secret}\""));
    let by_session = [("session_key", key.as_str()), ("ss", "1")];
    assert_eq!(
        call(serve, &session_secret, "users.getLoggedInUser", &by_session),
        ALICE
    );
    // Secrets where they do not belong: in place of a key, in a text, in a name, in the function that is to be called.
    for wrong in [
        ("api_key", APP_SECRET),
        ("message", &session_secret),
        (APP_SECRET, "x"),
        ("callback", APP_SECRET),
    ] {
        let answer = app_call("sms.send", &[("uid", "1"), wrong, ("session_key", &key)]);
        assert!(answer.contains("error_code"), "{answer}");
    }
    let item = client::request(
        &credentials(APP_SECRET),
        "users.getLoggedInUser",
        &[("session_key", &key)],
    );
    let feed = serde_json::to_string(&[encoded(&item.params)]).expect("texts");
    assert_eq!(
        app_call("batch.run", &[("method_feed", &feed)]),
        format!("[\"{ALICE}\"]")
    );

    let token = format!("Authorization: Bearer {CONTROL_TOKEN}\r\n");
    let steps = serve.http_with(
        "POST /api/v1/worlds/default/steps",
        &token,
        "alice > \"quiz hello\"",
    );
    assert!(steps.0.contains(" 200 "), "{steps:?}");
    let question = serve.http_with("POST /api/v1/worlds/default/steps", &token, "alice > \"Y\"");
    assert!(question.0.contains(" 200 "), "{question:?}");
    let callback_key = callback(app);
    let wrong = format!("Authorization: Bearer {WRONG_TOKEN}\r\n");
    assert!(
        serve
            .http_with("GET /api/v1/worlds", &wrong, "")
            .0
            .contains(" 401 ")
    );
    assert!(
        serve
            .http(&format!("GET /?token={WRONG_TOKEN}"), "")
            .0
            .contains("HTTP/1.1 ")
    );

    assert_eq!(app_call("auth.expireSession", &[("session_key", &key)]), "1");
    assert!(app_call("users.getLoggedInUser", &[("session_key", &key)]).contains("102"));
    vec![
        ("the account's password", PASSWORD.to_owned()),
        ("a wrong password", WRONG_PASSWORD.to_owned()),
        ("the password of a broken bind", BROKEN_PASSWORD.to_owned()),
        ("the app's secret", APP_SECRET.to_owned()),
        ("the session key", key),
        ("the session key of a callback", callback_key),
        ("the session's secret", session_secret),
        ("a token of an app", unused),
        ("the token of the login", browser.auth_token),
        ("the browser's name", browser.cookie),
        ("what the browser's forms bring back", browser.post_form_id),
        ("the owner's token", CONTROL_TOKEN.to_owned()),
        ("a wrong token", WRONG_TOKEN.to_owned()),
    ]
}

/// Everything that the server shows, with a word for each.
fn shown(serve: &Served) -> Vec<(String, String)> {
    let token = format!("Authorization: Bearer {CONTROL_TOKEN}\r\n");
    let paths = [
        "/",
        "/home.php",
        "/login.php",
        "/metrics",
        "/readyz",
        "/api/v1/worlds",
        "/api/v1/worlds/default",
        "/api/v1/worlds/default/world",
        "/api/v1/worlds/default/records?since=0",
        "/api/v1/worlds/default/messages",
        "/api/v1/worlds/default/clock",
    ];
    let answers = paths.map(|path| {
        let (_, body) = serve.http_with(&format!("GET {path}"), &token, "");
        (path.to_owned(), body)
    });
    answers.to_vec()
}

#[test]
fn no_secret_is_in_the_log_the_records_or_a_page() {
    for format in ["text", "json"] {
        let app = TcpListener::bind("127.0.0.1:0").expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
        command
            .stderr(File::create(&path).expect("a file"))
            .env_remove("RUST_LOG");
        let options = ["--token", CONTROL_TOKEN, "--log", "trace", "--log-format", format];
        let world = world(app.local_addr().expect("a port").port());
        let serve = Served::start_by(command, &world, &options);
        // What greets the owner says the credentials on purpose, and ends with this line.
        let greeted = "Ctrl-C stops it.";
        while !std::fs::read_to_string(&path).expect("a log").contains(greeted) {
            std::thread::yield_now();
        }
        let secrets = use_every_secret(&serve, &app);
        let mut shown = shown(&serve);
        drop(serve);
        let log = std::fs::read_to_string(path).expect("a log");
        let (_, log) = log.split_once(greeted).expect("waited for above");
        assert!(
            log.contains("submit_sm_resp") && log.contains("bind refused"),
            "{log}"
        );
        let records = |(path, _): &&(String, String)| path.contains("records");
        let records = &shown.iter().find(records).expect("asked for").1;
        for event in ["api_call", "callback_sent", "logged_in", "bind_transceiver"] {
            assert!(records.contains(event), "{event} is among the records");
        }
        shown.push((format!("the log in {format}"), log.to_owned()));
        for (what, secret) in &secrets {
            assert!(secret.len() >= 8, "{what}: {secret:?}");
            let in_hex: String = secret.bytes().map(|octet| format!("{octet:02x}")).collect();
            for (place, text) in &shown {
                let found = text.contains(secret.as_str()) || text.contains(&in_hex);
                assert!(!found, "{what} stands in {place}");
            }
        }
    }
}
