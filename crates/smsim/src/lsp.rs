//! A language server: [`Server`] turns an editor's messages into questions about scenario files, and answers them.
//!
//! The protocol is JSON-RPC with a header, which is less than a library for it would bring; what a library would do on a
//! broken message (end) is not what is wanted here.

mod answer;
mod document;
mod transport;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use scenario::{Rules, Sources};
use serde_json::{Value, json};

use self::document::Document;
use self::transport::{Received, read, write};

/// Documents that are open at once, at most; more are not looked at.
const DOCUMENTS_MAX: usize = 256;

/// JSON-RPC 2.0 and the protocol's own: what is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ErrorCode {
    Parse = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    NotInitialized = -32002,
}

/// Where the conversation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    New,
    Running,
    ShutDown,
}

/// A server for one editor.
pub struct Server {
    stage: Stage,
    documents: BTreeMap<String, Document>,
    profiles: Sources,
    rules: Rules,
}

impl Server {
    /// A server that knows those carrier profiles and rules.
    pub fn new(profiles: Sources, rules: Rules) -> Self {
        Self {
            stage: Stage::New,
            documents: BTreeMap::new(),
            profiles,
            rules,
        }
    }

    /// Serves until the editor says `exit` or goes away. Whether it said `shutdown` before.
    pub fn serve(&mut self, input: &mut impl BufRead, output: &mut impl Write) -> anyhow::Result<bool> {
        loop {
            let message = match read(input)? {
                Received::Message(message) => message,
                Received::Broken(why) => {
                    write(output, &error(&Value::Null, ErrorCode::Parse, &why))?;
                    continue;
                }
                Received::End => return Ok(false),
            };
            if message["method"] == "exit" {
                return Ok(self.stage == Stage::ShutDown);
            }
            for answer in self.message(&message) {
                write(output, &answer)?;
            }
        }
    }

    /// What is said in return to one message.
    fn message(&mut self, message: &Value) -> Vec<Value> {
        let id = message.get("id").filter(|id| id.is_string() || id.is_number());
        let Some(method) = message["method"].as_str() else {
            // An answer to something that was never asked, or no message at all.
            let is_answer = message.get("result").is_some() || message.get("error").is_some();
            return match is_answer {
                true => Vec::new(),
                false => vec![error(
                    id.unwrap_or(&Value::Null),
                    ErrorCode::InvalidRequest,
                    "no method",
                )],
            };
        };
        match id {
            Some(id) => vec![self.request(id, method, &message["params"])],
            None => self.notification(method, &message["params"]),
        }
    }

    fn request(&mut self, id: &Value, method: &str, params: &Value) -> Value {
        match (self.stage, method) {
            (Stage::New, "initialize") => {
                self.stage = Stage::Running;
                return result(id, capabilities());
            }
            (Stage::New, _) => return error(id, ErrorCode::NotInitialized, "initialize comes first"),
            (Stage::ShutDown, _) => return error(id, ErrorCode::InvalidRequest, "it was shut down"),
            (Stage::Running, "initialize") => return error(id, ErrorCode::InvalidRequest, "it runs already"),
            (Stage::Running, "shutdown") => {
                self.stage = Stage::ShutDown;
                return result(id, Value::Null);
            }
            (Stage::Running, _) => {}
        }
        let ask: fn(&Self, &str, &Document, &Value) -> Option<Value> = match method {
            "textDocument/completion" => Self::completion,
            "textDocument/hover" => Self::hover,
            "textDocument/definition" => Self::definition,
            "textDocument/documentSymbol" => Self::symbols,
            "textDocument/formatting" => Self::formatting,
            other => return error(id, ErrorCode::MethodNotFound, &format!("{other} is not known")),
        };
        let Some(uri) = params["textDocument"]["uri"].as_str() else {
            return error(id, ErrorCode::InvalidParams, "no textDocument.uri");
        };
        match self.documents.get(uri) {
            Some(document) => result(id, ask(self, uri, document, params).unwrap_or(Value::Null)),
            None => error(id, ErrorCode::InvalidParams, &format!("{uri} is not open")),
        }
    }

    /// Takes in what the editor tells; what it does not ask for comes back as diagnostics.
    fn notification(&mut self, method: &str, params: &Value) -> Vec<Value> {
        if self.stage != Stage::Running {
            return Vec::new();
        }
        let Some(uri) = params["textDocument"]["uri"].as_str() else {
            return Vec::new();
        };
        match method {
            "textDocument/didOpen" => {
                let Some(text) = params["textDocument"]["text"].as_str() else {
                    return Vec::new();
                };
                if self.documents.len() >= DOCUMENTS_MAX && !self.documents.contains_key(uri) {
                    return Vec::new();
                }
                self.documents.insert(uri.to_owned(), Document::new(uri, text));
            }
            "textDocument/didChange" => {
                let (Some(document), Some(changes)) =
                    (self.documents.get_mut(uri), params["contentChanges"].as_array())
                else {
                    return Vec::new();
                };
                changes.iter().for_each(|change| document.change(change));
            }
            "textDocument/didClose" => {
                self.documents.remove(uri);
                return vec![diagnostics(uri, Vec::new())];
            }
            "textDocument/didSave" => {}
            _ => return Vec::new(),
        }
        // A file may be one that others use.
        let open = self.documents.iter();
        open.map(|(uri, document)| diagnostics(uri, self.faults(document)))
            .collect()
    }
}

fn capabilities() -> Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            // Whole texts and changed ranges are both read.
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "completionProvider": { "triggerCharacters": [" ", ",", "$", ">", "<"] },
            "hoverProvider": true,
            "definitionProvider": true,
            "documentSymbolProvider": true,
            "documentFormattingProvider": true,
        },
        "serverInfo": { "name": "smsim", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn result(id: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

fn error(id: &Value, code: ErrorCode, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i64, "message": message } })
}

fn diagnostics(uri: &str, diagnostics: Vec<Value>) -> Value {
    let params = json!({ "uri": uri, "diagnostics": diagnostics });
    json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params })
}
