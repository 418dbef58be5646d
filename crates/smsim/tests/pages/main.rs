//! The pages of the time as a browser without JavaScript meets them: logging in, granting, the panel, and what forged requests
//! and texts with markup come to.

mod browser;
mod canvas;
mod joined;
mod permissions;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use browser::{Browser, Serve};

const KEY: &str = "0289b21f46b2ee642d5c42145df5489f";

fn world(url: &str) -> String {
    format!(
        "carrier att, latency 1ms\n\
         app quiz \"Movie Quiz\", id 7, key {KEY}, secret 3e4a22bb2f5ed75114b0fc9995ea85f1{url}\n\
         app mute \"Mute App\", id 8, sms off\n\
         user alice +14155550101 on att, uid 101, friends bob\n\
         user bob +14155550102 on att, uid 102, apps quiz\n\
         user dave +14155550104 on att, uid 104, registered no\n"
    )
}

#[test]
fn whoever_logs_in_to_an_app_goes_back_to_it_with_a_token_that_opens_a_session() {
    let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
    let mut alice = Browser::new(&serve);
    let login = format!("/login.php?api_key={KEY}&v=1.0&next=%3Fgame%3D1");
    let page = alice.get(&login);
    assert!(page.body.contains("Log in to use <b>Movie Quiz</b>"), "{page:?}");
    assert!(page.body.contains("alice") && page.body.contains("+14155550102"));

    let chosen = alice.post(
        &login,
        "/login.php",
        &format!("uid=101&api_key={KEY}&v=1.0&next=%3Fgame%3D1"),
    );
    let terms = alice.get(chosen.place());
    assert!(terms.body.contains("Add Movie Quiz?"), "{terms:?}");
    let fields = format!("answer=allow&api_key={KEY}&next=%3Fgame%3D1");
    let back = alice.post(chosen.place(), "/tos.php", &fields);
    let (front, token) = back.place().split_once("&auth_token=").expect("a token");
    assert_eq!(front, "http://127.0.0.1:9/sms?game=1");
    let token = token.strip_suffix("&installed=1").expect("the app is new");

    // Who has the app already goes straight back; a token of an app is for its own login.
    let again = alice.get(&login);
    assert!(
        again
            .place()
            .starts_with("http://127.0.0.1:9/sms?game=1&auth_token="),
        "{again:?}"
    );
    assert!(!again.place().contains("installed"));
    let desktop = alice.get(&format!("/login.php?api_key={KEY}&auth_token={token}"));
    assert!(desktop.body.contains("This login is over"), "{desktop:?}");

    let secret = rest::Secret::new("3e4a22bb2f5ed75114b0fc9995ea85f1").expect("a secret");
    let mut call: Vec<(String, String)> = [
        ("method", "auth.getSession"),
        ("api_key", KEY),
        ("v", "1.0"),
        ("auth_token", token),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let sig = rest::signature::sign(&call, &secret);
    call.push(("sig".to_owned(), sig));
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&call)
        .finish();
    let session = serve.ask("POST", "/restserver.php", "", &body).body;
    assert!(session.contains("<uid>101</uid>"), "{session}");
}

#[test]
fn people_beyond_the_first_are_found_by_a_search() {
    let others: String = (1..=48)
        .map(|n| format!("user extra{n} +144155501{n:02} on att\n"))
        .collect();
    let serve = Serve::start(&format!("{}{others}", world("")));
    let page = Browser::new(&serve).get("/login.php").body;
    assert!(
        page.contains("and 1 more; search for them") && !page.contains("extra48"),
        "{page}"
    );
    let page = Browser::new(&serve).get("/login.php?q=EXTRA48").body;
    assert!(
        page.contains("<b>extra48</b>") && !page.contains("more;"),
        "{page}"
    );
}

#[test]
fn a_user_who_declines_goes_where_the_app_says_under_any_of_the_three_names() {
    let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
    let mut alice = Browser::of(&serve, 101);
    for name in ["next_cancel", "cancel", "cancel_url"] {
        let link =
            format!("/authorize.php?api_key={KEY}&v=1.0&ext_perm=sms&{name}=http%3A%2F%2F127.0.0.1%3A9%2Fno");
        let fields =
            format!("answer=cancel&api_key={KEY}&ext_perm=sms&{name}=http%3A%2F%2F127.0.0.1%3A9%2Fno");
        assert_eq!(
            alice.post(&link, "/authorize.php", &fields).place(),
            "http://127.0.0.1:9/no"
        );
    }
    let fields = format!("answer=cancel&api_key={KEY}&ext_perm=sms");
    let declined = alice.post("/home.php", "/authorize.php", &fields);
    assert_eq!(declined.place(), "/home.php");
    assert!(!serve.records().contains("sms granted"));
}

#[test]
fn sms_is_granted_on_either_page_and_asked_for_once() {
    let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
    let mut alice = Browser::of(&serve, 101);
    let next = "next=http%3A%2F%2F127.0.0.1%3A9%2Fyes";
    let link = format!("/authorize.php?api_key={KEY}&v=1.0&ext_perm=sms&{next}");
    let page = alice.get(&link);
    assert!(
        page.body.contains("also adds Movie Quiz") && page.body.contains("+14155550101"),
        "{page:?}"
    );
    let fields = format!("answer=allow&api_key={KEY}&ext_perm=sms&{next}");
    assert_eq!(
        alice.post(&link, "/authorize.php", &fields).place(),
        "http://127.0.0.1:9/yes"
    );
    assert!(
        serve
            .records()
            .contains("alice: Movie Quiz installed, sms granted")
    );
    assert_eq!(alice.get(&link).place(), "http://127.0.0.1:9/yes");
    let later = format!("/connect/prompt_permissions.php?api_key={KEY}&ext_perm=email,sms&display=wap");
    assert!(alice.get(&later).body.contains("Movie Quiz may text you"));

    let mut dave = Browser::of(&serve, 104);
    assert!(dave.get(&link).body.contains("Your phone is not confirmed yet"));
}

#[test]
fn a_link_that_cannot_work_says_why_and_changes_nothing() {
    let serve = Serve::start(&world(", url http://127.0.0.1:9/sms"));
    let mut alice = Browser::of(&serve, 101);
    let mute = serve.ask("GET", "/login.php", "", "");
    assert_eq!(mute.status, 200);
    for (link, status, why) in [
        ("/authorize.php?ext_perm=sms".to_owned(), 404, "Error 101"),
        (
            format!("/authorize.php?api_key={KEY}"),
            400,
            "is no extended permission",
        ),
        (
            format!("/authorize.php?api_key={KEY}&ext_perm=texts"),
            400,
            "is no extended permission",
        ),
        (
            format!("/authorize.php?api_key={KEY}&ext_perm=email"),
            400,
            "Nothing to grant",
        ),
        (
            format!("/authorize.php?api_key={KEY}&ext_perm=sms&next=http%3A%2F%2Fevil.example%2F"),
            400,
            "neither below the app",
        ),
        (
            "/login.php?api_key=ffffffffffffffffffffffffffffffff".to_owned(),
            404,
            "Error 101",
        ),
        ("/apps/nothing".to_owned(), 404, "Page not found"),
    ] {
        let answer = alice.get(&link);
        assert_eq!(answer.status, status, "{link}");
        assert!(answer.body.contains(why), "{link}: {answer:?}");
    }
    let evil = format!("answer=allow&api_key={KEY}&next=http%3A%2F%2Fevil.example%2F");
    assert_eq!(alice.post("/home.php", "/tos.php", &evil).status, 400);
    assert!(!serve.records().contains("\"event\":\"logged_in\""));
}

#[test]
fn a_phone_is_confirmed_with_the_code_that_it_was_texted() {
    let serve = Serve::start(&world(""));
    let mut dave = Browser::of(&serve, 104);
    assert!(dave.get("/mobile/").body.contains("not confirmed"));
    let sent = dave.post("/mobile/", "/mobile/", "form=code");
    assert_eq!(sent.place(), "/mobile/?note=code-sent");
    let records = serve.until_recorded("\"event\":\"received\"");
    let (front, _) = records
        .split_once(" is your Facebook confirmation code")
        .expect("the text");
    let code = front[front.len() - 5..].to_owned();

    let wrong = if code == "12345" { "12346" } else { "12345" };
    let refused = dave.post("/mobile/", "/mobile/", &format!("form=confirm&code={wrong}"));
    assert_eq!(refused.place(), "/mobile/?note=wrong-code");
    let right = dave.post("/mobile/", "/mobile/", &format!("form=confirm&code={code}"));
    assert_eq!(right.place(), "/mobile/?note=confirmed");
    assert!(dave.get(right.place()).body.contains("Your phone is confirmed"));
    assert!(
        serve
            .records()
            .contains("dave typed the code: the phone is registered")
    );

    let removed = dave.post("/mobile/", "/mobile/", "form=remove");
    assert_eq!(removed.place(), "/mobile/?note=removed");
    assert!(dave.get("/mobile/").body.contains("not confirmed"));
}

#[test]
fn the_panel_and_edit_settings_change_what_they_say() {
    let serve = Serve::start(&world(""));
    let mut bob = Browser::of(&serve, 102);
    for (page, action, fields, note, decision) in [
        (
            "/mobile/",
            "/mobile/",
            "form=texts&texts=off",
            "saved",
            "bob: Mobile Texts off",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=texts&texts=on",
            "saved",
            "bob: Mobile Texts on",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=hours&when=between&from=08:00&to=22:00",
            "saved",
            "bob: quiet hours 22:00-08:00",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=hours&when=between&from=8&to=x",
            "not-hours",
            "",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=limit&limit=5",
            "saved",
            "bob: daily limit 5",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=limit&limit=many",
            "not-a-number",
            "",
        ),
        (
            "/mobile/",
            "/mobile/",
            "form=app&app_id=7&sms=off",
            "saved",
            "bob: Movie Quiz sms taken back",
        ),
        (
            "/editapps.php?app_id=7",
            "/editapps.php",
            "app_id=7&form=save&sms=1",
            "saved",
            "bob: Movie Quiz installed, sms granted",
        ),
        (
            "/editapps.php?app_id=7",
            "/editapps.php",
            "app_id=7&form=save&sms=1&notices=1",
            "saved",
            "bob: Movie Quiz notifications on",
        ),
        (
            "/editapps.php?app_id=7&remove=1",
            "/editapps.php",
            "app_id=7&form=remove",
            "app-removed",
            "bob: Movie Quiz removed",
        ),
    ] {
        let answer = bob.post(page, action, fields);
        assert!(
            answer.place().ends_with(&format!("note={note}")),
            "{fields}: {answer:?}"
        );
        assert!(serve.records().contains(decision), "{fields}");
    }
    let panel = bob.get("/mobile/").body;
    assert!(
        panel.contains("value=\"08:00\"") && panel.contains("value=\"22:00\""),
        "{panel}"
    );
    assert!(panel.contains("<option value=\"5\" selected>"), "{panel}");
    assert!(
        bob.get("/editapps.php")
            .body
            .contains("You have not added any application")
    );
}

#[test]
fn a_request_that_no_page_of_ours_made_changes_nothing() {
    let serve = Serve::start(&world(""));
    let mut bob = Browser::of(&serve, 102);
    let token = bob.get("/mobile/").token();
    let stranger = Browser::of(&serve, 101);
    let (own, other) = (bob.headers(), stranger.headers());
    let whole = format!("form=texts&texts=off&post_form_id={token}");
    let forms = [
        "/mobile/",
        "/editapps.php",
        "/notifications.php",
        "/login.php",
        "/tos.php",
        "/logout.php",
        "/authorize.php",
        "/live/quiz",
    ];
    for path in forms {
        for (what, headers, body) in [
            (
                "without the token",
                own.clone(),
                "form=texts&texts=off&app_id=7&uid=101",
            ),
            (
                "with a wrong token",
                own.clone(),
                "form=texts&texts=off&post_form_id=00000000000000000000000000000000",
            ),
            ("with another browser's cookie", other.clone(), whole.as_str()),
            (
                "without a cookie, as a page of another site sends it",
                String::new(),
                whole.as_str(),
            ),
            (
                "of another origin",
                format!("{own}Origin: http://evil.example\r\n"),
                whole.as_str(),
            ),
            (
                "of a page that hides",
                format!("{own}Origin: null\r\n"),
                whole.as_str(),
            ),
            (
                "under a name that was made to lead here",
                format!("Host: evil.example\r\n{own}"),
                whole.as_str(),
            ),
        ] {
            let answer = serve.ask("POST", path, &headers, body);
            assert_eq!(answer.status, 403, "{path} {what}: {answer:?}");
        }
    }
    let by_link = serve.ask("GET", &format!("/mobile/?{whole}"), &own, "");
    assert_eq!(by_link.status, 200);
    assert!(
        !serve.records().contains("Mobile Texts off"),
        "{}",
        serve.records()
    );
    let long = format!("{whole}&more={}", "x".repeat(64 << 10));
    assert_eq!(serve.ask("POST", "/mobile/", &own, &long).status, 413);
    let ours = format!("{own}Origin: http://127.0.0.1\r\n");
    assert_eq!(serve.ask("POST", "/mobile/", &ours, &whole).status, 303);
}

#[test]
fn texts_with_markup_in_them_stay_texts() {
    let evil = "<script>alert(1)</script>\\\"'>&";
    let world = format!(
        "carrier att, latency 1ms\n\
         app quiz \"{evil}\", canvas \"q<b>\", id 7, key {KEY}, secret 3e4a22bb2f5ed75114b0fc9995ea85f1\n\
         user alice +14155550101 on att, uid 101, apps quiz, friends bob\n\
         user bob +14155550102 on att, uid 102, apps quiz\n"
    );
    let serve = Serve::start(&world);
    let mut alice = Browser::of(&serve, 101);
    let secret = rest::Secret::new("3e4a22bb2f5ed75114b0fc9995ea85f1").expect("a secret");
    let credentials = rest::Credentials {
        app: platform::AppId(7),
        name: "quiz".to_owned(),
        api_key: KEY.to_owned(),
        secret,
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    };
    let calls = [
        (
            "notifications.send",
            "notification",
            "type",
            "app_to_user",
            "<script>alert(2)</script> &lt;script&gt;alert(3)&lt;/script&gt; <a href=\"javascript:alert(4)\">x</a>",
        ),
        (
            "notifications.sendEmail",
            "text",
            "subject",
            "<script>alert(5)</script>",
            "<img src=x onerror=alert(6)>",
        ),
    ];
    for (method, name, other, of_other, value) in calls {
        let params = [
            ("to_ids", "101"),
            ("recipients", "101"),
            (other, of_other),
            (name, value),
        ];
        let request = rest::client::request(&credentials, method, &params);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&request.params)
            .finish();
        let answer = serve.ask("POST", "/restserver.php", "", &body).body;
        assert!(answer.contains("101") && !answer.contains("error"), "{answer}");
    }
    let pages = [
        "/home.php",
        "/mobile/",
        "/editapps.php",
        "/editapps.php?app_id=7",
        "/editapps.php?app_id=7&remove=1",
        "/notifications.php",
        "/notifications.php?tab=emails",
        "/notifications.php?tab=%3Cscript%3E&note=%3Cscript%3E",
        "/apps/q%3Cb%3E",
        "/apps/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/login.php?api_key=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/authorize.php?api_key=0289b21f46b2ee642d5c42145df5489f&ext_perm=%3Cscript%3Ealert(1)",
        "/authorize.php?api_key=0289b21f46b2ee642d5c42145df5489f&ext_perm=sms&next=%22%3E%3Cscript%3Ealert(1)",
    ];
    for path in pages {
        let answer = alice.get(path);
        for bad in [
            "<script>alert",
            "<img",
            "onerror=alert(6)>",
            "href=\"javascript",
            "<b></",
            "\"'>",
        ] {
            assert!(!answer.body.contains(bad), "{path} has {bad}: {}", answer.body);
        }
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("default-src 'none'; script-src 'self'"),
            "{policy}"
        );
        assert!(answer.header("x-content-type-options").is_some());
    }
    let search = Browser::new(&serve).get("/login.php?q=%22%3E%3Cscript%3Ealert(1)&next=%22%3E%3Cscript%3E");
    assert!(!search.body.contains("\"><script>"), "{}", search.body);
    assert!(
        alice
            .get("/notifications.php")
            .body
            .contains("&#60;script&#62;alert(3)")
    );
}

#[test]
fn a_live_message_reaches_the_page_that_its_recipient_has_open_and_no_other() {
    let serve = Serve::start(&world(""));
    let mut bob = Browser::of(&serve, 102);
    let mut alice = Browser::of(&serve, 101);
    assert!(alice.get("/apps/quiz").place().starts_with("/tos.php?api_key="));
    assert_eq!(serve.ask("GET", "/live/quiz", &alice.headers(), "").status, 403);
    let fields = format!("answer=allow&canvas=1&api_key={KEY}");
    let added = alice.post("/home.php", "/tos.php", &fields);
    assert!(added.place().starts_with("/apps/quiz?auth_token="), "{added:?}");
    assert!(
        alice
            .get("/apps/quiz")
            .body
            .contains("<option value=\"102\">bob</option>")
    );

    let mut listening = BufReader::new(serve.send("GET", "/live/quiz", &bob.headers(), ""));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(listening.read_line(&mut line).expect("the head") > 0);
    }
    let send = |recipient: u64, event: &str, message: &str, from: &mut Browser<'_>| {
        let fields = format!("recipient={recipient}&event_name={event}&message={message}");
        from.post("/home.php", "/live/quiz", &fields).body
    };
    assert_eq!(
        send(101, "chat", "not+for+bob", &mut alice),
        "{\"error_code\":0,\"error_msg\":\"\"}"
    );
    assert_eq!(
        send(102, "chat", "%7Bhi%3A1%7D%0A", &mut alice),
        "{\"error_code\":0,\"error_msg\":\"\"}"
    );
    assert!(send(104, "chat", "x", &mut alice).contains("\"error_code\":292"));
    assert!(send(102, &"e".repeat(129), "x", &mut bob).contains("\"error_code\":1101"));
    assert!(send(102, "chat", &"m".repeat(1_025), &mut bob).contains("\"error_code\":1102"));

    let mut heard = String::new();
    while !heard.ends_with("\n\n") {
        assert!(listening.read_line(&mut heard).expect("an event") > 0, "{heard}");
    }
    assert!(heard.contains("event: message"), "{heard}");
    assert!(
        heard.contains(r#"data: {"event_name":"chat","message":"{hi:1}\n","from":"101"}"#),
        "{heard}"
    );
    assert!(!heard.contains("not for bob"));
}

#[test]
fn an_app_that_answers_on_the_page_gets_its_ping_when_it_is_added_by_page() {
    let app = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/added", app.local_addr().expect("an address"));
    let serve = Serve::start(&world(&format!(
        ", url http://127.0.0.1:9/, authorize_url \"{url}\""
    )));
    let mut alice = Browser::of(&serve, 101);
    let fields = format!("answer=allow&api_key={KEY}&ext_perm=sms");
    let done = alice.post("/home.php", "/authorize.php", &fields);
    assert!(done.body.contains("Movie Quiz may text you"), "{done:?}");
    let (mut stream, _) = app.accept().expect("the ping");
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut first = String::new();
    reader.read_line(&mut first).expect("a request");
    assert_eq!(first.trim_end(), "POST /added HTTP/1.1");
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .expect("answered");
}

#[test]
fn no_secret_and_no_session_key_reaches_records_or_pages() {
    const SECRET: &str = "3e4a22bb2f5ed75114b0fc9995ea85f1";
    let serve = Serve::start(&world(""));
    let mut bob = Browser::of(&serve, 102);
    let place = bob.get(&format!("/login.php?api_key={KEY}")).place().to_owned();
    let (_, token) = place.split_once("auth_token=").expect("a token");
    let call = |key: &str, params: &[(&str, &str)]| {
        let mut pairs: Vec<(String, String)> = [("api_key", key), ("v", "1.0"), ("format", "json")]
            .iter()
            .chain(params)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let secret = rest::Secret::new(SECRET).expect("a secret");
        let sig = rest::signature::sign(&pairs, &secret);
        pairs.push(("sig".to_owned(), sig));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&pairs)
            .finish();
        serve.ask("POST", "/restserver.php", "", &body).body
    };
    let session = call(
        KEY,
        &[
            ("method", "auth.getSession"),
            ("auth_token", token),
            ("generate_session_secret", "1"),
        ],
    );
    let session: serde_json::Value = serde_json::from_str(&session).expect("a session");
    let field = |name: &str| session[name].as_str().expect("a text").to_owned();
    let (key, session_secret) = (field("session_key"), field("secret"));
    call(
        KEY,
        &[("method", "sms.canSend"), ("session_key", &key), ("uid", "102")],
    );
    call(
        SECRET,
        &[("method", "sms.send"), ("uid", "102"), ("message", SECRET)],
    );
    call(KEY, &[("method", SECRET), ("uid", &session_secret)]);
    let page = bob.get("/apps/quiz").token();
    let live = format!("post_form_id={page}&recipient=102&event_name=x&message=hello");
    assert!(
        serve
            .ask("POST", "/live/quiz", &bob.headers(), &live)
            .body
            .contains("\"error_code\":0")
    );

    let mut shown = vec![("the records", serve.records())];
    for path in [
        "/home.php",
        "/mobile/",
        "/editapps.php",
        "/notifications.php",
        "/apps/quiz",
    ] {
        shown.push((path, bob.get(path).body));
    }
    for (what, text) in shown {
        for secret in [SECRET, &key, &session_secret, token] {
            assert!(!text.contains(secret), "{what} has {secret}");
        }
    }
}
