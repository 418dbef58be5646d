//! A running `smsim serve` for tests, and SMPP by hand over whatever carries octets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A world with one account, `gate`, password `gate`.
#[allow(dead_code, reason = "not every test file that has this module wants it")]
pub const WORLD: &str = "carrier att, latency 1ms\nuser alice +14155550101 on att\nesme gate\n";

/// A server on free ports; it is stopped when it goes out of scope.
pub struct Served {
    child: Child,
    #[allow(dead_code, reason = "not every test file that has this module speaks HTTP")]
    pub http: u16,
    #[allow(
        dead_code,
        reason = "not every test file that has this module speaks SMPP without TLS"
    )]
    pub smpp: u16,
    #[allow(dead_code, reason = "not every test file that has this module speaks TLS")]
    pub smpps: Option<u16>,
    #[allow(dead_code, reason = "not every test file that has this module wants a token")]
    pub token: Option<String>,
    pub folder: tempfile::TempDir,
}

impl Served {
    /// A server of that world, started in a folder of its own with those options.
    #[allow(
        dead_code,
        reason = "not every test file that has this module starts it without a log"
    )]
    pub fn start(world: &str, options: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_smsim")), world, options)
    }

    /// The same, by a command that takes the arguments of `smsim`.
    pub fn start_by(command: Command, world: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("world.sms"), world).expect("written");
        Self::start_in(folder, command, options)
    }

    /// Kills it, and starts another in its folder.
    #[allow(
        dead_code,
        reason = "not every test file that has this module starts it twice"
    )]
    pub fn killed_and_started_again(mut self, options: &[&str]) -> Self {
        self.kill();
        self.started_again(options)
    }

    /// Starts another in the folder of one that has ended.
    #[allow(dead_code, reason = "as above")]
    pub fn started_again(mut self, options: &[&str]) -> Self {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        Self::start_in(folder, Command::new(env!("CARGO_BIN_EXE_smsim")), options)
    }

    /// Ends it as nothing but SIGKILL does.
    #[allow(dead_code, reason = "as above")]
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Waits until it ends by itself.
    #[allow(dead_code, reason = "as above")]
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Ends it as Ctrl-C does.
    #[allow(dead_code, reason = "as above")]
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// What it has said on stderr, when that is piped and it has ended.
    #[allow(dead_code, reason = "as above")]
    pub fn stderr(&mut self) -> String {
        let mut told = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut told).expect("UTF-8");
        told
    }

    fn start_in(folder: tempfile::TempDir, mut command: Command, options: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "world.sms", "--port", "0"])
            .args(options)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("smsim runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let ports: serde_json::Value = serde_json::from_str(&line).expect("one JSON line");
        let port = |name: &str| ports[name].as_u64().and_then(|port| u16::try_from(port).ok());
        Self {
            child,
            http: port("http").expect("a port"),
            smpp: port("smpp").expect("a port"),
            smpps: port("smpps"),
            token: ports["token"].as_str().map(str::to_owned),
            folder,
        }
    }

    /// The path of a file in the server's folder.
    #[allow(dead_code, reason = "not every test file that has this module looks at files")]
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    /// Sends a request and gives the answer's status line and headers, and its body.
    #[allow(dead_code, reason = "as above")]
    pub fn http(&self, request: &str, body: &str) -> (String, String) {
        self.http_with(request, "", body)
    }

    /// The same, with more headers, each with its line's end.
    #[allow(dead_code, reason = "as above")]
    pub fn http_with(&self, request: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).expect("it listens");
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Binds as `gate` and gives the answer's `command_status`.
#[allow(dead_code, reason = "not every test file that has this module speaks SMPP")]
pub fn bind(stream: &mut (impl Read + Write)) -> std::io::Result<u32> {
    let bind = smpp::Bind::new(smpp::BindKind::Transceiver, "gate", "gate");
    ask(stream, 1, smpp::Pdu::Bind(bind))
}

/// Sends a request and gives the answer's `command_status`; whatever else comes before it is passed over.
#[allow(dead_code, reason = "not every test file that has this module speaks SMPP")]
pub fn ask(stream: &mut (impl Read + Write), sequence_number: u32, pdu: smpp::Pdu) -> std::io::Result<u32> {
    stream.write_all(&smpp::encode(&smpp::Command::request(sequence_number, pdu)))?;
    stream.flush()?;
    loop {
        let answer = receive(stream)?;
        let word = |at: usize| u32::from_be_bytes(answer[at..at + 4].try_into().expect("four octets"));
        if smpp::command_id::is_response(word(4)) && word(12) == sequence_number {
            return Ok(word(8));
        }
    }
}

/// The octets of the next PDU.
#[allow(dead_code, reason = "not every test file that has this module speaks SMPP")]
pub fn receive(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut octets = vec![0; 4];
    stream.read_exact(&mut octets)?;
    let length = u32::from_be_bytes(octets[..4].try_into().expect("four octets"));
    octets.resize(usize::try_from(length).expect("short"), 0);
    stream.read_exact(&mut octets[4..])?;
    Ok(octets)
}

/// A `submit_sm` of that text to that phone, from 12345, which asks for a receipt.
#[allow(dead_code, reason = "not every test file that has this module submits")]
pub fn submit(to: &str, text: &str) -> smpp::Pdu {
    let to = to.parse::<sms::Msisdn>().expect("a number").address();
    let from = sms::ShortCode::new(12_345).expect("a code").address();
    let mut message = smpp::ShortMessage::new(from, to, &sms::Segment::whole(text, sms::Encoding::Gsm7));
    message.registered_delivery = 1;
    smpp::Pdu::SubmitSm(message)
}
