//! A server, and browsers without JavaScript that walk its pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server on free ports; it is stopped when it goes out of scope.
pub struct Serve {
    child: Child,
    pub http: u16,
    _folder: tempfile::TempDir,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Where it sends the browser.
    pub fn place(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").expect("a place")
    }

    /// What the page's form for that action hands on, as the body of a POST.
    pub fn hidden(&self, action: &str) -> String {
        let mark = format!("<form method=\"post\" action=\"{action}\">");
        let (_, form) = self.body.split_once(&mark).expect("a form");
        let (form, _) = form.split_once("</form>").expect("its end");
        let mut fields = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = input.split_once("\" value=\"").expect("a value");
            let (value, _) = rest.split_once('"').expect("its end");
            fields.append_pair(name, &value.replace("&#38;", "&"));
        }
        fields.finish()
    }

    /// The token of the page's forms.
    pub fn token(&self) -> String {
        let mark = "name=\"post_form_id\" value=\"";
        let (_, rest) = self
            .body
            .split_once(mark)
            .unwrap_or_else(|| panic!("a form: {self:?}"));
        rest.split('"').next().expect("a value").to_owned()
    }
}

impl Serve {
    pub fn start(world: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("world.sms"), world).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["serve", "world.sms", "--port", "0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("smsim runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut line)
            .expect("a line");
        let ports: serde_json::Value = serde_json::from_str(&line).expect("one JSON line");
        let http = u16::try_from(ports["http"].as_u64().expect("a port")).expect("a port");
        Self {
            child,
            http,
            _folder: folder,
        }
    }

    /// Opens a connection and sends a request that ends it.
    pub fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("it listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a time");
        let host = if headers.contains("Host:") {
            ""
        } else {
            "Host: 127.0.0.1\r\n"
        };
        let length = body.len();
        let kind = "application/x-www-form-urlencoded";
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        stream
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut text = String::new();
        let mut stream = self.send(method, path, headers, body);
        stream.read_to_string(&mut text).expect("an answer in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub fn records(&self) -> String {
        self.ask("GET", "/api/v1/worlds/default/records?since=0", "", "")
            .body
    }

    /// Looks at the records until they hold that, as often as is bounded.
    pub fn until_recorded(&self, wanted: &str) -> String {
        for _ in 0..2_000 {
            let records = self.records();
            if records.contains(wanted) {
                return records;
            }
        }
        panic!("no {wanted:?} in {}", self.records());
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser: it keeps the cookie.
pub struct Browser<'a> {
    pub serve: &'a Serve,
    pub cookie: String,
}

impl<'a> Browser<'a> {
    pub fn new(serve: &'a Serve) -> Self {
        Self {
            serve,
            cookie: String::new(),
        }
    }

    /// A browser in which that user is logged in.
    pub fn of(serve: &'a Serve, uid: u64) -> Self {
        let mut browser = Self::new(serve);
        browser.get("/login.php");
        let answer = browser.post("/login.php", "/login.php", &format!("uid={uid}"));
        assert_eq!(answer.place(), "/home.php");
        browser
    }

    pub fn headers(&self) -> String {
        match self.cookie.is_empty() {
            true => String::new(),
            false => format!("Cookie: {}\r\n", self.cookie),
        }
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        if let Some(cookie) = answer.header("set-cookie") {
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().expect("a pair").to_owned();
        }
        answer
    }

    pub fn get(&mut self, path: &str) -> Answer {
        let answer = self.serve.ask("GET", path, &self.headers(), "");
        self.keep(answer)
    }

    /// Loads a page and sends one of its forms.
    pub fn post(&mut self, page: &str, action: &str, fields: &str) -> Answer {
        let token = self.get(page).token();
        let body = format!("post_form_id={token}&{fields}");
        let answer = self.serve.ask("POST", action, &self.headers(), &body);
        self.keep(answer)
    }
}
