//! `smsim lsp` as an editor meets it: messages through pipes, good ones and broken ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// An editor with its server.
struct Editor {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: u64,
}

const WORLD: &str = "carrier att\napp quiz \"Movie Quiz\"\nuser alice +14155550101 on att, apps quiz\n\nscene hi($who):\n  $who > \"hi\"\n";
const TEST: &str = "use \"world.sms\"\n\ntest \"caf\u{e9} \u{1f600}\":\n  alice > \"quiz play\"\n  quiz < alice \"play\", as $s\n  \
                    quiz > alice \"Who?\", in $s\n  run hi(alice)\n  alice < \"Who?\"\n";

impl Editor {
    /// Starts the server without a word.
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smsim"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("smsim runs");
        let to = child.stdin.take().expect("piped");
        let from = BufReader::new(child.stdout.take().expect("piped"));
        Self {
            child,
            to,
            from,
            next: 0,
        }
    }

    /// Starts the server with a document open; gives what is wrong with it.
    fn open(folder: &tempfile::TempDir, text: &str) -> (Self, String, Vec<Value>) {
        std::fs::write(folder.path().join("world.sms"), WORLD).expect("written");
        let uri = format!("file://{}/a%20test.sms", folder.path().display());
        let mut editor = Self::start();
        let answer = editor.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(answer["result"]["serverInfo"]["name"], "smsim");
        editor.tell("initialized", json!({}));
        editor.tell(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "sms", "version": 1, "text": text } }),
        );
        let faults = editor.faults(&uri);
        (editor, uri, faults)
    }

    fn raw(&mut self, octets: &[u8]) {
        self.to
            .write_all(octets)
            .and_then(|()| self.to.flush())
            .expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        let answer = self.read();
        assert_eq!(answer["id"], self.next, "{answer}");
        answer
    }

    /// What is asked at a place of the document.
    fn ask_at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        let place = json!({ "line": line, "character": character });
        let answer = self.ask(
            method,
            json!({ "textDocument": { "uri": uri }, "position": place }),
        );
        answer["result"].clone()
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.from.read_line(&mut line).expect("a line") > 0,
                "the server is there"
            );
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(octets) => length = octets.parse().expect("a number"),
                None if line == "\r\n" => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// The diagnostics that are published next, of that document.
    fn faults(&mut self, uri: &str) -> Vec<Value> {
        let published = self.read();
        assert_eq!(
            published["method"], "textDocument/publishDiagnostics",
            "{published}"
        );
        assert_eq!(published["params"]["uri"], uri);
        published["params"]["diagnostics"]
            .as_array()
            .expect("a list")
            .clone()
    }

    fn leave(mut self, shutdown: bool) -> Option<i32> {
        if shutdown {
            assert_eq!(self.ask("shutdown", Value::Null)["result"], Value::Null);
        }
        self.tell("exit", Value::Null);
        self.child.wait().expect("it ends").code()
    }
}

fn labels(items: &Value) -> Vec<&str> {
    let items = items.as_array().expect("items").iter();
    items
        .map(|item| item["label"].as_str().expect("a label"))
        .collect()
}

#[test]
fn faults_are_told_live_and_several_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut editor, uri, faults) = Editor::open(&folder, TEST);
    assert_eq!(faults, [] as [Value; 0]);
    // The user's name, and a number without a unit, while the rest stays as it is.
    let broken = TEST.replace("alice < \"Who?\"", "alise < \"Who?\"\n  set alice quiet");
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": broken }] }),
    );
    let faults = editor.faults(&uri);
    let codes: Vec<&str> = faults
        .iter()
        .map(|fault| fault["code"].as_str().expect("a code"))
        .collect();
    assert_eq!(codes, ["E100", "E106"]);
    assert_eq!(
        faults[0]["range"],
        json!({ "start": { "line": 7, "character": 2 }, "end": { "line": 7, "character": 7 } })
    );
    assert_eq!(faults[0]["severity"], 1);
    assert!(
        faults[0]["message"]
            .as_str()
            .expect("a message")
            .contains("did you mean `alice`?")
    );
    let typing = json!({ "range": { "start": { "line": 7, "character": 2 }, "end": { "line": 7, "character": 99 } }, "text": "wait 5" });
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 3 }, "contentChanges": [typing] }),
    );
    assert_eq!(editor.faults(&uri)[0]["code"], "E041");
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(editor.faults(&uri), [] as [Value; 0]);
    assert_eq!(editor.leave(true), Some(0));
}

#[test]
fn a_used_file_that_is_open_counts_as_it_is_in_the_editor() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut editor, uri, _) = Editor::open(&folder, TEST);
    let world = format!("file://{}/world.sms", folder.path().display());
    editor.tell(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": world, "text": "carrier att\nuser alice 415 on att\n" } }),
    );
    let told = editor.faults(&uri);
    assert!(
        told[0]["message"]
            .as_str()
            .expect("a message")
            .contains("world.sms:2:12"),
        "{told:?}"
    );
    assert_eq!(editor.faults(&world)[0]["code"], "E043");
    assert_eq!(editor.leave(false), Some(1));
}

#[test]
fn what_may_stand_somewhere_is_completed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{TEST}  quiz > alice \"more\", in \n  \nca\n");
    let (mut editor, uri, _) = Editor::open(&folder, &text);
    let captures = editor.ask_at("textDocument/completion", &uri, 8, 26);
    assert_eq!(labels(&captures), ["$s"]);
    assert_eq!(captures[0]["textEdit"]["range"]["start"]["character"], 26);
    let step = editor.ask_at("textDocument/completion", &uri, 9, 2);
    for word in ["alice", "quiz", "any order:", "set"] {
        assert!(labels(&step).contains(&word), "{word}");
    }
    assert_eq!(
        labels(&editor.ask_at("textDocument/completion", &uri, 10, 2)),
        ["carrier"]
    );
    assert_eq!(
        labels(&editor.ask_at("textDocument/completion", &uri, 3, 14)),
        [] as [&str; 0],
        "within a text"
    );
    assert_eq!(editor.leave(true), Some(0));
}

#[test]
fn a_line_shows_what_it_puts_on_the_wire_though_another_is_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{TEST}  this is no line\n");
    let (mut editor, uri, faults) = Editor::open(&folder, &text);
    assert_eq!(faults.len(), 1);
    for (line, parts) in [
        (
            3,
            &[
                "deliver_sm",
                "14155550101",
                "32665",
                "data_coding",
                "9 septets, 1 segment",
            ][..],
        ),
        (4, &["fb_sig_sms=1", "fb_sig_message=play"]),
        (
            5,
            &[
                "POST /restserver.php",
                "method=sms.send",
                "session_id=<$s>",
                "submit_sm",
            ],
        ),
    ] {
        let hover = editor.ask_at("textDocument/hover", &uri, line, 6);
        let told = hover["contents"]["value"].as_str().unwrap_or_default();
        for part in parts {
            assert!(told.contains(part), "{part} in\n{told}");
        }
        assert_eq!(hover["range"]["start"], json!({ "line": line, "character": 2 }));
    }
    assert_eq!(editor.ask_at("textDocument/hover", &uri, 0, 0), Value::Null);
    assert_eq!(editor.leave(true), Some(0));
}

#[test]
fn names_lead_to_their_declarations_and_symbols_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut editor, uri, _) = Editor::open(&folder, TEST);
    for (line, character, file, at) in [
        (3, 3, "world.sms", (2, 5)),
        (6, 7, "world.sms", (4, 6)),
        (5, 26, "a%20test.sms", (4, 26)),
        (0, 7, "world.sms", (0, 0)),
    ] {
        let found = editor.ask_at("textDocument/definition", &uri, line, character);
        assert!(
            found["uri"].as_str().is_some_and(|uri| uri.ends_with(file)),
            "{line}:{character}: {found}"
        );
        assert_eq!(
            found["range"]["start"],
            json!({ "line": at.0, "character": at.1 }),
            "{line}:{character}"
        );
    }
    assert_eq!(editor.ask_at("textDocument/definition", &uri, 1, 0), Value::Null);
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": uri } }),
    );
    let symbol = &symbols["result"][0];
    assert_eq!(
        (&symbol["name"], &symbol["kind"]),
        (&json!("caf\u{e9} \u{1f600}"), &json!(24))
    );
    assert_eq!(symbol["range"]["end"]["line"], 7);
    assert_eq!(editor.leave(true), Some(0));
}

#[test]
fn a_document_is_laid_out_unless_it_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut editor, uri, _) = Editor::open(&folder, TEST);
    let format = |editor: &mut Editor| {
        editor.ask(
            "textDocument/formatting",
            json!({ "textDocument": { "uri": uri }, "options": {} }),
        )["result"]
            .clone()
    };
    let edits = format(&mut editor);
    let laid_out = edits[0]["newText"].as_str().expect("an edit").to_owned();
    assert!(
        laid_out.contains("  quiz  < alice \"play\", as $s\n"),
        "{laid_out}"
    );
    let change = |editor: &mut Editor, text: &str| {
        editor.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri }, "contentChanges": [{ "text": text }] }),
        );
        editor.faults(&uri)
    };
    change(&mut editor, &laid_out);
    assert_eq!(format(&mut editor), json!([]));
    change(&mut editor, "wait 5\n");
    assert_eq!(format(&mut editor), Value::Null);
    assert_eq!(editor.leave(true), Some(0));
}

#[test]
fn broken_and_unknown_messages_are_answered_and_the_server_goes_on() {
    let mut editor = Editor::start();
    assert_eq!(
        editor.ask("textDocument/hover", json!({}))["error"]["code"],
        -32002
    );
    editor.tell(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": "untitled:1", "text": "wait 5" } }),
    );
    assert_eq!(
        editor.ask("initialize", json!({}))["result"]["capabilities"]["hoverProvider"],
        true
    );
    for (octets, code) in [
        (&b"Content-Length: 4\r\n\r\n{no}"[..], -32700),
        (b"Content-Length: many\r\n\r\n", -32700),
        (b"rubbish\r\nContent-Length: 2\r\n\r\n[]", -32700),
        (b"Content-Length: 2\r\n\r\n{}", -32600),
        (b"Content-Length: 3\r\n\r\n\xff\xfe\xfd", -32700),
    ] {
        editor.raw(octets);
        assert_eq!(
            editor.read()["error"]["code"],
            code,
            "{}",
            String::from_utf8_lossy(octets)
        );
    }
    assert_eq!(
        editor.ask("workspace/makeCoffee", json!({}))["error"]["code"],
        -32601
    );
    assert_eq!(
        editor.ask("textDocument/hover", json!(7))["error"]["code"],
        -32602
    );
    assert_eq!(
        editor.ask("textDocument/hover", json!({ "textDocument": { "uri": "x:y" } }))["error"]["code"],
        -32602
    );
    assert_eq!(editor.ask("initialize", json!({}))["error"]["code"], -32600);
    editor.tell("$/cancelRequest", json!({ "id": 1 }));
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": "x:y" }, "contentChanges": "all of it" }),
    );
    editor.send(&json!({ "jsonrpc": "2.0", "id": 99, "result": null }));
    editor.tell(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": "untitled:1", "text": "wait 5" } }),
    );
    assert_eq!(editor.faults("untitled:1")[0]["code"], "E011");
    assert_eq!(editor.ask("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(
        editor.ask("textDocument/hover", json!({}))["error"]["code"],
        -32600
    );
    assert_eq!(editor.leave(false), Some(0));
}

#[test]
fn an_editor_that_goes_away_without_a_word_leaves_exit_code_1() {
    let mut editor = Editor::start();
    editor.ask("initialize", json!({}));
    drop(editor.to);
    assert_eq!(editor.child.wait().expect("it ends").code(), Some(1));
}
