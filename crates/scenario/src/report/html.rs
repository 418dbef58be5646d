//! The report that people open in a browser: one file that needs nothing else, and no script.
//!
//! It is well-formed XML as well. Whatever a scenario, a text or an app says stands in it escaped, as text.

mod lanes_svg;
mod page;

use std::fmt::Write as _;

use crate::diagnostics::{Colour, render_all};
use crate::report::escape::xml;
use crate::report::trace::{Callback, PduShown, PhoneText, Trace};
use crate::report::{RunReport, TestReport, length, offset};
use crate::source::Sources;

/// The whole page.
pub fn render_run(report: &RunReport, sources: &Sources) -> String {
    let failed = report.failed();
    let title = format!("{} passed, {failed} failed", report.tests.len() - failed);
    let mut body = format!(
        "<h1>{title}</h1>\n<p>{} {}, {} of virtual time</p>\n",
        report.files,
        if report.files == 1 { "file" } else { "files" },
        length(report.virtual_time())
    );
    for test in &report.tests {
        section(&mut body, test, sources);
    }
    page::page(&title, &body)
}

fn section(out: &mut String, test: &TestReport, sources: &Sources) {
    let (word, open) = if test.passed() {
        ("pass", "")
    } else {
        ("fail", " open=\"open\"")
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<details class=\"test {word}\"{open}><summary><b>{word}</b> {}: {} <small>{}:{}, virtual {}, seed {}</small></summary>",
        xml(test.group()),
        xml(&test.name),
        xml(&test.path),
        test.line,
        length(test.virtual_time),
        test.seed
    );
    if !test.diagnostics.is_empty() {
        let told = render_all(&test.diagnostics, sources, Colour::Never);
        let _ = writeln!(out, "<pre class=\"fault\">{}</pre>", xml(&told));
    }
    let _ = writeln!(out, "<h3>Lanes</h3>\n{}", lanes_svg::svg(&test.lanes));
    if let Some(trace) = &test.trace {
        details(out, test, trace);
    }
    out.push_str("</details>\n");
}

fn details(out: &mut String, test: &TestReport, trace: &Trace) {
    let at = |at: sms::Timestamp| offset(at.since(test.lanes.start));
    out.push_str("<h3>Phones</h3>\n<div class=\"phones\">\n");
    let mut phones: Vec<&str> = Vec::new();
    for text in &trace.texts {
        if !phones.contains(&text.phone.as_str()) {
            phones.push(&text.phone);
        }
    }
    for phone in phones {
        let _ = writeln!(out, "<div class=\"phone\"><h4>{}</h4>", xml(phone));
        for text in trace.texts.iter().filter(|text| text.phone == phone) {
            bubble(out, &at(text.at), text);
        }
        out.push_str("</div>\n");
    }
    out.push_str("</div>\n");
    let _ = writeln!(out, "<h3>Callbacks ({})</h3>", trace.callbacks.len());
    for callback in &trace.callbacks {
        callback_details(out, &at(callback.at), callback);
    }
    let _ = writeln!(out, "<h3>PDUs ({})</h3>", trace.pdus.len());
    for pdu in &trace.pdus {
        pdu_details(out, &at(pdu.at), pdu);
    }
    let _ = writeln!(out, "<h3>Decisions ({})</h3>\n<ul>", trace.decisions.len());
    for (when, text) in &trace.decisions {
        let _ = writeln!(out, "<li><code>{}</code> {}</li>", at(*when), xml(text));
    }
    out.push_str("</ul>\n");
    if trace.left_out > 0 {
        let _ = writeln!(out, "<p>{} more were left out.</p>", trace.left_out);
    }
}

fn bubble(out: &mut String, at: &str, text: &PhoneText) {
    let (class, word) = if text.written_here {
        ("mine", "to")
    } else {
        ("theirs", "from")
    };
    let _ = writeln!(
        out,
        "<p class=\"{class}\">{}<small>{at}, {word} {}</small></p>",
        xml(&text.text),
        xml(&text.other)
    );
}

fn callback_details(out: &mut String, at: &str, callback: &Callback) {
    let _ = writeln!(
        out,
        "<details><summary><code>{at}</code> {} <small>POST {}</small></summary>",
        xml(&callback.app),
        xml(&callback.url)
    );
    table(
        out,
        callback
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let _ = writeln!(
        out,
        "<p>Signed, in front of the app's secret:</p><pre>{}</pre></details>",
        xml(&callback.base_string)
    );
}

fn pdu_details(out: &mut String, at: &str, pdu: &PduShown) {
    let arrow = if pdu.toward_smsc { "to" } else { "from" };
    let _ = writeln!(
        out,
        "<details><summary><code>{at}</code> {}, {arrow} the SMSC: <b>{}</b> <small>{}</small></summary>",
        link(pdu.link),
        xml(&pdu.name),
        xml(&pdu.command_status)
    );
    table(
        out,
        pdu.fields.iter().map(|(name, value)| (*name, value.as_str())),
    );
    let octets: Vec<&str> = (0..pdu.hex.len() / 2)
        .filter_map(|octet| pdu.hex.get(octet * 2..octet * 2 + 2))
        .collect();
    let lines: Vec<String> = octets.chunks(16).map(|line| line.join(" ")).collect();
    let _ = writeln!(out, "<pre>{}</pre></details>", lines.join("\n"));
}

/// A link's name: the platform's own have numbers that nobody wants to read.
fn link(number: u64) -> String {
    if number < world::link::OWN_LINKS {
        format!("link {number}")
    } else {
        "fbook's link".to_owned()
    }
}

fn table<'t>(out: &mut String, rows: impl Iterator<Item = (&'t str, &'t str)>) {
    out.push_str("<table>\n");
    for (name, value) in rows {
        let _ = writeln!(
            out,
            "<tr><th>{}</th><td><code>{}</code></td></tr>",
            xml(name),
            xml(value)
        );
    }
    out.push_str("</table>\n");
}
