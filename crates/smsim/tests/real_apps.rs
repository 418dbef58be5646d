//! `smsim run` with a real app over real sockets: late calls, and time that passes for the app too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

const WORLD: &str = "carrier att, latency 1s
app quiz \"Movie Quiz\", canvas quiz, key 0123456789abcdef0123456789abcdef, secret 000102030405060708090a0b0c0d0e0f
user alice +14155550101 on att, apps quiz
";

/// What a callback is about.
#[derive(Clone, Debug)]
struct Callback {
    user: String,
    text: String,
}

/// The API as the app calls it.
struct Api {
    at: SocketAddr,
}

impl Api {
    /// `sms.send`: the answer's HTTP status and its body.
    fn send(&self, user: &str, text: &str) -> (u16, String) {
        let credentials = rest::Credentials {
            app: platform::AppId(101),
            name: "quiz".to_owned(),
            api_key: "0123456789abcdef0123456789abcdef".to_owned(),
            secret: rest::Secret::new("000102030405060708090a0b0c0d0e0f").expect("a secret"),
            callback_url: None,
            authorize_url: None,
            uninstall_url: None,
            ip_list: Vec::new(),
        };
        let request = rest::client::request(&credentials, "sms.send", &[("uid", user), ("message", text)]);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request.params)
            .finish();
        let mut stream = TcpStream::connect(self.at).expect("the API listens");
        write!(
            stream,
            "POST /restserver.php HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.at,
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        (status.expect("a status"), body.to_owned())
    }
}

/// Reads one callback.
fn callback(stream: &mut TcpStream) -> Callback {
    let mut request = Vec::new();
    let mut octet = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut octet).expect("a request") == 1 {
        request.push(octet[0]);
    }
    let head = String::from_utf8(request).expect("UTF-8").to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.expect("a length").parse().expect("a number")];
    stream.read_exact(&mut body).expect("a body");
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(&body);
        let found = fields.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Callback {
        user: field("fb_sig_user"),
        text: field("fb_sig_message"),
    }
}

/// Runs the scenario against an app. For each callback `before` is called before it is answered, and `after` afterwards.
fn run(
    scenario: &str,
    options: &[&str],
    mut before: impl FnMut(&Api, &Callback) + Send + 'static,
    mut after: impl FnMut(&Api, &Callback) + Send + 'static,
) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("real.sms"), format!("{WORLD}{scenario}")).expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("quiz=http://{}/sms", listener.local_addr().expect("an address"));
    let (tell, told) = channel::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "the app is not the run")]
    std::thread::spawn(move || {
        let Ok(at) = told.recv() else { return };
        let api = Api { at };
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let callback = callback(&mut stream);
            before(&api, &callback);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .expect("answered");
            drop(stream);
            after(&api, &callback);
        }
    });
    let mut child = smsim(
        folder.path(),
        &[&["run", "real.sms", "--app", &url], options].concat(),
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("smsim runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    stderr.read_line(&mut said).expect("a line");
    let at = said.trim().strip_prefix("real apps call http://");
    let at = at.and_then(|at| at.strip_suffix("/restserver.php")?.parse().ok());
    tell.send(at.expect("where the API is")).expect("the app runs");
    stderr.read_to_string(&mut said).expect("UTF-8");
    let mut output = child.wait_with_output().expect("smsim ends");
    output.stderr = said.into_bytes();
    output
}

fn smsim(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smsim"));
    command
        .args(arguments)
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .current_dir(folder);
    command
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn what_an_app_says_too_late_reaches_no_other_test() {
    let scenario = r#"
test "one":
  alice > "quiz one"

test "two":
  alice > "quiz two"
  quiz  < alice "two"
  quiz  > alice "Answer to two"
  alice < "Answer to two"
"#;
    let silent: Arc<Mutex<Vec<Callback>>> = Arc::default();
    let answers: Arc<Mutex<Vec<(u16, String)>>> = Arc::default();
    let kept = Arc::clone(&answers);
    let output = run(
        scenario,
        &[],
        move |api, callback| {
            let mut silent = silent.lock().expect("no panic");
            // The first test's callback is answered without a word, which follows in the midst of the second test.
            for late in silent.drain(..) {
                let answer = api.send(&late.user, "Answer to one");
                kept.lock().expect("no panic").push(answer);
            }
            if callback.text == "one" {
                silent.push(callback.clone());
            }
        },
        |api, callback| {
            if callback.text == "two" {
                api.send(&callback.user, "Answer to two");
            }
        },
    );
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("2 tests: 2 passed, 0 failed"), "{told}");
    assert!(
        told.contains("warning: a real app called sms.send when its test was over"),
        "{told}"
    );
    assert!(told.contains("= its test: real.sms:5 one\n"), "{told}");
    let answers = answers.lock().expect("no panic");
    let [(status, body)] = answers.as_slice() else {
        panic!("one late call, not {answers:?}");
    };
    assert_eq!(
        (*status, body.as_str()),
        (503, "the test that this call belongs to has ended\n")
    );
}

/// The app sleeps for a hundredth of a second, which is more than a minute of a world that goes ten thousand times as fast.
const REMINDER: &str = r#"
test "a reminder":
  alice > "quiz remind me"
  alice < nothing for 30s
  quiz  > alice "Time is up"
  alice < "Time is up", after 1s
"#;

fn remind(api: &Api, callback: &Callback) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the app sleeps: that is what the test is about"
    )]
    std::thread::sleep(std::time::Duration::from_millis(10));
    api.send(&callback.user, "Time is up");
}

#[test]
fn an_app_may_sleep_where_time_passes_for_it_too() {
    let patient = format!("world clock x10000, patience 6h\n{REMINDER}");
    let output = run(&patient, &[], |_, _| {}, remind);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn in_virtual_time_a_warning_says_that_it_would_have_to_sleep() {
    let patient = format!("world clock real, patience 6h\n{REMINDER}");
    let output = run(&patient, &["--clock", "virtual"], |_, _| {}, remind);
    let told = told(&output);
    // The app's own sleep is over before the clock has been held for long.
    assert!(
        told.contains(
            "warning[E307]: quiz would have to sleep: since it was last called back, 29.0s have passed"
        ),
        "{told}"
    );
    assert!(told.contains("--clock x20"), "{told}");
    assert_eq!(output.status.code(), Some(0), "a warning fails nothing: {told}");
}

#[test]
fn at_any_pace_the_same_happens() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "world patience 1m\n{WORLD}
test \"paced\":
  alice > \"quiz play\"
  quiz  < alice \"play\", as $s, within 2s
  wait 59s
  quiz  > alice \"Who directed Jaws?\", in $s
  alice < \"Who directed Jaws?\", after 1s
  wait 2m
  quiz  > alice \"Too late\", in $s = 850
  alice < nothing for 1h
"
    );
    std::fs::write(folder.path().join("paced.sms"), text).expect("written");
    let hashes = ["virtual", "x10000", "x9999"].map(|clock| {
        let output = smsim(
            folder.path(),
            &["run", "paced.sms", "--format", "json", "--clock", clock],
        )
        .output()
        .expect("smsim runs");
        assert!(output.status.success(), "{}", told(&output));
        let line = String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .map(str::to_owned);
        let test: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        (test["records_hash"].to_string(), test["virtual_ms"].to_string())
    });
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0], hashes[2]);
    let output = smsim(folder.path(), &["run", "paced.sms", "--clock", "x10001"])
        .output()
        .expect("smsim runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told(&output).contains("a speed such as x20, up to x10000"),
        "{}",
        told(&output)
    );
}
