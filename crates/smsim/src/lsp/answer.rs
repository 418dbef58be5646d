//! What the server answers: faults, completion, hover, declarations, symbols, layout.

use std::path::Path;

use scenario::completion::{complete, complete_declaration};
use scenario::diagnostics::{Label, NoteKind};
use scenario::outline::{Outline, SymbolKind};
use scenario::{Diagnostic, Severity, Sources};
use serde_json::{Value, json};

use crate::cli::check::world_faults;
use crate::lsp::Server;
use crate::lsp::document::{Document, octet, path, position, range, uri};
use crate::sources::read_scenario;

/// The protocol's numbers for kinds of symbols: Object, Function, Event (a test happens).
const fn symbol_kind(kind: SymbolKind) -> u32 {
    match kind {
        SymbolKind::Actor => 19,
        SymbolKind::Scene => 12,
        SymbolKind::Test => 24,
    }
}

impl Server {
    /// The document, what else is open, and what it uses from the disk.
    fn sources(&self, document: &Document) -> Sources {
        let mut sources = self.profiles.clone();
        for open in self.documents.values() {
            sources.insert(open.path.clone(), open.text.clone());
        }
        sources.insert(document.path.clone(), document.text.clone());
        loop {
            let mut found = false;
            for missing in scenario::missing(&sources, &document.path) {
                // What cannot be read is left out: the check says so at the line that names it.
                if let Ok(text) = read_scenario(Path::new(&missing)) {
                    sources.insert(missing, text);
                    found = true;
                }
            }
            if !found {
                return sources;
            }
        }
    }

    /// Everything that is wrong with the document, as the protocol's diagnostics.
    pub(super) fn faults(&self, document: &Document) -> Vec<Value> {
        let sources = self.sources(document);
        let faults = match scenario::load(&sources, &document.path) {
            Ok(script) => {
                let mut faults = script.warnings.clone();
                faults.extend(world_faults(&script, &self.rules));
                faults
            }
            Err(faults) => faults,
        };
        faults
            .iter()
            .map(|fault| told(document, &sources, fault))
            .collect()
    }

    pub(super) fn completion(&self, _: &str, document: &Document, params: &Value) -> Option<Value> {
        let text = &document.text;
        let at = octet(text, &params["position"]);
        let known = Outline::of(&self.sources(document), &document.path).known_at(at);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = &text[start..at];
        let indent = before.len() - before.trim_start().len();
        let (from, words) = match indent {
            0 => complete_declaration(&known, before),
            indent => {
                let (from, words) = complete(&known, &before[indent..]);
                (from + indent, words)
            }
        };
        let place = json!({ "start": position(text, start + from), "end": position(text, at) });
        let items: Vec<Value> = words
            .into_iter()
            .map(|word| {
                // Variable, Field or Keyword, so that editors show different signs.
                let kind = match word.as_bytes() {
                    [b'$', ..] => 6,
                    _ if known.names.kind(&word).is_some() => 5,
                    _ => 14,
                };
                json!({ "label": word, "kind": kind, "textEdit": { "range": place, "newText": word } })
            })
            .collect();
        Some(json!(items))
    }

    pub(super) fn hover(&self, _: &str, document: &Document, params: &Value) -> Option<Value> {
        let sources = self.sources(document);
        let outline = Outline::of(&sources, &document.path);
        let step = outline.step_at(octet(&document.text, &params["position"]))?;
        let declared = outline.declared(&sources, &self.rules)?;
        let meaning = scenario::meaning(&declared, &step.node)?;
        let markdown = format!("```text\n{meaning}```");
        Some(json!({
            "contents": { "kind": "markdown", "value": markdown },
            "range": range(&document.text, step.span),
        }))
    }

    pub(super) fn definition(&self, _: &str, document: &Document, params: &Value) -> Option<Value> {
        let sources = self.sources(document);
        let outline = Outline::of(&sources, &document.path);
        let (path, span) = outline.definition(octet(&document.text, &params["position"]))?;
        let text = sources.text(&path)?;
        Some(json!({ "uri": self.uri_of(&path), "range": range(text, span) }))
    }

    pub(super) fn symbols(&self, _: &str, document: &Document, _: &Value) -> Option<Value> {
        let text = &document.text;
        let mut own = Sources::new();
        own.insert(document.path.clone(), text.clone());
        let symbols = Outline::of(&own, &document.path).symbols().into_iter();
        let told = symbols.map(|symbol| {
            json!({
                // The protocol forbids an empty name.
                "name": if symbol.name.is_empty() { "\"\"" } else { &symbol.name },
                "kind": symbol_kind(symbol.kind),
                "range": range(text, symbol.whole),
                "selectionRange": range(text, symbol.line),
            })
        });
        Some(told.collect())
    }

    pub(super) fn formatting(&self, _: &str, document: &Document, _: &Value) -> Option<Value> {
        let text = &document.text;
        let parsed = scenario::parse(&document.path, text);
        if !parsed.diagnostics.is_empty() {
            return None;
        }
        let laid_out = scenario::format(&parsed.file, &parsed.trivia);
        if laid_out == *text {
            return Some(json!([]));
        }
        let whole = json!({ "start": position(text, 0), "end": position(text, text.len()) });
        Some(json!([{ "range": whole, "newText": laid_out }]))
    }

    /// The URI under which the editor knows a file.
    fn uri_of(&self, wanted: &str) -> String {
        let open = self.documents.keys().find(|open| path(open) == wanted);
        open.cloned().unwrap_or_else(|| uri(wanted))
    }
}

/// A fault as the protocol's diagnostic. One in a file that is used stands at the document's beginning and says where it is.
fn told(document: &Document, sources: &Sources, fault: &Diagnostic) -> Value {
    let severity = match fault.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
    };
    let here = fault.primary.as_ref().filter(|label| label.path == document.path);
    let mut message = fault.message.clone();
    if let Some(label) = &fault.primary {
        if label.path != document.path {
            let at = scenario::source::place(sources.text(&label.path).unwrap_or_default(), label.span.start);
            message = format!("{}:{}:{}: {message}", label.path, at.line, at.column);
        }
        if !label.text.is_empty() {
            message.push_str(&format!(": {}", label.text));
        }
    }
    for note in &fault.notes {
        let word = match note.kind {
            NoteKind::Help => "help: ",
            NoteKind::Why => "why: ",
            NoteKind::Plain => "",
        };
        message.push_str(&format!("\n{word}{}", note.text));
    }
    let related = |label: &Label| {
        let text = sources.text(&label.path).unwrap_or_default();
        let location = json!({ "uri": uri(&label.path), "range": range(text, label.span) });
        json!({ "location": location, "message": label.text })
    };
    json!({
        "range": range(&document.text, here.map(|label| label.span).unwrap_or_default()),
        "severity": severity,
        "code": fault.code.name(),
        "source": "smsim",
        "message": message,
        "relatedInformation": fault.secondary.iter().map(related).collect::<Vec<_>>(),
    })
}
