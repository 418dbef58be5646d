//! What an app shows on its canvas page: asked for by a signed request, framed where it can do nothing, and missing with a word
//! of why.
#![expect(
    clippy::disallowed_methods,
    reason = "the app answers while its user's browser waits"
)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use crate::browser::{Browser, Serve};
use crate::world;

/// An app that answers each of these visits in turn; gives what it was asked.
fn app(answers: Vec<String>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let answering = std::thread::spawn(move || {
        let answer = |answer: String| {
            let (mut stream, _) = listener.accept().expect("a visit");
            let mut asked = String::new();
            while !asked.contains("&fb_sig=") {
                let mut octets = [0; 4_096];
                let count = stream.read(&mut octets).expect("octets");
                assert_ne!(count, 0, "{asked}");
                asked.push_str(std::str::from_utf8(&octets[..count]).expect("plain text"));
            }
            // Whoever has read enough hangs up.
            let _ = stream.write_all(answer.as_bytes());
            asked
        };
        answers.into_iter().map(answer).collect()
    });
    (port, answering)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn fields(asked: &str) -> Vec<(String, String)> {
    let (_, body) = asked.split_once("\r\n\r\n").expect("a body");
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

#[test]
fn what_an_app_answers_is_framed_and_asked_for_in_its_users_name() {
    let (port, answering) = app(vec![answer("200 OK", "<b>Round 2</b><script>alert(1)</script>")]);
    let serve = Serve::start(&world(&format!(", url http://127.0.0.1:{port}/quiz/?a=b")));
    let mut bob = Browser::of(&serve, 102);
    let page = bob.get("/apps/quiz/play?round=2");
    assert!(
        page.body
            .contains("<iframe class=\"content\" src=\"/canvas/quiz/play?round=2\" sandbox="),
        "{page:?}"
    );
    let frame = bob.get("/canvas/quiz/play?round=2");
    assert_eq!(frame.status, 200);
    assert!(frame.body.contains("<b>Round 2</b>"), "{frame:?}");
    assert!(frame.body.contains("<base href=\"/apps/quiz/\" target=\"_top\">"));
    let policy = frame.header("content-security-policy").expect("a policy");
    assert!(
        policy.starts_with("sandbox ") && !policy.contains("allow-scripts"),
        "{policy}"
    );
    assert!(
        policy.contains(&format!("img-src data: http://127.0.0.1:{port};")),
        "{policy}"
    );
    assert_eq!(frame.header("x-frame-options"), Some("SAMEORIGIN"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));

    let asked = answering.join().expect("an app").remove(0);
    assert!(
        asked.starts_with("POST /quiz/play?a=b&round=2 HTTP/1.1\r\n"),
        "{asked}"
    );
    let fields = fields(&asked);
    let secret = rest::Secret::new("3e4a22bb2f5ed75114b0fc9995ea85f1").expect("a secret");
    assert!(rest::callback::verify(&fields, &secret), "{fields:?}");
    for (name, value) in [
        ("in_canvas", "1"),
        ("user", "102"),
        ("added", "1"),
        ("request_method", "GET"),
    ] {
        let expected = (format!("fb_sig_{name}"), value.to_owned());
        assert!(fields.contains(&expected), "{name}: {fields:?}");
    }
    assert!(fields.iter().any(|(name, _)| name == "fb_sig_session_key"));
}

#[test]
fn a_link_of_the_app_that_is_only_a_query_leads_to_its_first_page() {
    let (port, answering) = app(vec![answer("200 OK", "<a href=\"?round=3\">On</a>")]);
    let serve = Serve::start(&world(&format!(", url http://127.0.0.1:{port}/quiz/")));
    let mut bob = Browser::of(&serve, 102);
    // So a browser resolves the link against the base of the frame.
    let page = bob.get("/apps/quiz/?round=3");
    assert!(page.body.contains("src=\"/canvas/quiz/?round=3\""), "{page:?}");
    assert_eq!(bob.get("/canvas/quiz/?round=3").status, 200);
    let asked = answering.join().expect("an app").remove(0);
    assert!(asked.starts_with("POST /quiz/?round=3 HTTP/1.1\r\n"), "{asked}");
}

#[test]
fn canvas_pages_are_found_under_the_name_that_they_had() {
    let serve = Serve::start(&world(""));
    let at_apps = |path: &str| serve.ask("GET", path, "Host: apps.facebook.com\r\n", "");
    let moved = at_apps("/quiz/?round=3");
    assert_eq!((moved.status, moved.place()), (303, "/apps/quiz/?round=3"));
    assert_eq!(
        at_apps("/apps/a/b/c/").place(),
        "/login.php?next=%2Fapps%2Fa%2Fb%2Fc%2F"
    );
    assert_eq!(at_apps("/home.php").place(), "/login.php?next=%2Fhome.php");
    assert_eq!(serve.ask("GET", "/quiz/?round=3", "", "").status, 404);
}

#[test]
fn an_app_that_shows_nothing_is_told_of_on_the_page() {
    let longest = 1 << 20;
    let (port, answering) = app(vec![
        answer("500 Internal Server Error", "no"),
        answer("200 OK", &"x".repeat(longest)),
        answer("200 OK", &"x".repeat(longest + 1)),
    ]);
    let serve = Serve::start(&world(&format!(", url http://127.0.0.1:{port}/")));
    let mut bob = Browser::of(&serve, 102);
    for (status, told) in [
        (502, "It answered HTTP 500 at http://127.0.0.1:"),
        (200, "xxx"),
        (502, "its page has more than 1048576 octets"),
    ] {
        let frame = bob.get("/canvas/quiz");
        assert_eq!(
            frame.status,
            status,
            "{}",
            &frame.body[..frame.body.len().min(800)]
        );
        assert!(frame.body.contains(told), "{told}");
    }
    answering.join().expect("an app");
    let frame = bob.get("/canvas/quiz");
    assert_eq!(frame.status, 502);
    assert!(frame.body.contains("It could not be reached at"), "{frame:?}");
    assert!(bob.get("/apps/quiz").body.contains("Live messages"));
}

#[test]
fn a_frame_is_for_whoever_has_the_app_and_an_app_with_a_server() {
    let serve = Serve::start(&world(""));
    let mut bob = Browser::of(&serve, 102);
    assert!(!bob.get("/apps/quiz").body.contains("<iframe"));
    let frame = bob.get("/canvas/quiz");
    assert_eq!(frame.status, 404);
    assert!(frame.body.contains("It has no URL of its own"), "{frame:?}");
    assert_eq!(bob.get("/canvas/nothing").status, 404);
    let mut alice = Browser::of(&serve, 101);
    assert_eq!(alice.get("/canvas/quiz").status, 403);
    assert_eq!(Browser::new(&serve).get("/canvas/quiz").status, 403);
}
