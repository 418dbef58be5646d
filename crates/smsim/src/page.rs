//! The page: its assets, embedded in the binary, and the HTML around them, for a server and for a file that opens from disk.
//!
//! Both show the same thing, a list of records, which the page folds into everything that it draws.

mod bundle;
pub mod demos;

use std::borrow::Cow;

use rust_embed::Embed;
use serde_json::Value;

/// The module that is loaded first.
const MAIN: &str = "main.js";
const STYLE: &str = "page.css";

/// What a browser may load for the page of a server: nothing from elsewhere, no inline script or style.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                          base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What it may load for a file from disk: nothing but the one script and the one style that stand in it.
const FILE_POLICY: &str = "default-src 'none'; script-src 'nonce-smsim'; style-src 'nonce-smsim'; img-src data:; base-uri 'none'; \
                           form-action 'none'";

#[derive(Embed)]
#[folder = "assets"]
#[include = "*.js"]
#[include = "*.css"]
#[include = "*.html"]
#[include = "*.svg"]
struct Assets;

/// A part of the page as a browser gets it.
#[derive(Debug)]
pub struct Asset {
    /// The octets.
    pub body: Cow<'static, [u8]>,
    /// What they are.
    pub content_type: &'static str,
}

/// The part of the page with that path.
pub fn asset(path: &str) -> Option<Asset> {
    let (_, ending) = path.rsplit_once('.')?;
    let content_type = match ending {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    let body = Assets::get(path)?.data;
    Some(Asset { body, content_type })
}

/// The page of a server; `data` says which world it shows.
pub fn live(data: &Value) -> String {
    let head = format!(
        "<link rel=\"icon\" href=\"/assets/icon.svg\">\n<link rel=\"stylesheet\" href=\"/assets/{STYLE}\">\n\
         <script type=\"module\" src=\"/assets/{MAIN}\"></script>"
    );
    shell(&head, &data_block(&escaped(data)))
}

/// The page as one file that needs nothing else; `data` holds the records.
pub fn file(data: &Value) -> String {
    file_around(&escaped(data))
}

/// The page as one file that needs nothing else, around the JSON of its records, in which no `<` may stand.
pub fn file_around(json: &str) -> String {
    let head = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{FILE_POLICY}\">\n<style nonce=\"smsim\">\n{}</style>",
        source(STYLE)
    );
    let script = bundle::bundle(MAIN, &source);
    let body = format!(
        "{}\n<script type=\"module\" nonce=\"smsim\">\n{}</script>",
        data_block(json),
        within_script(&script)
    );
    shell(&head, &body)
}

fn shell(head: &str, body: &str) -> String {
    let shell = source("index.html");
    let (before, rest) = shell.split_once("{head}").unwrap_or((&shell, ""));
    let (between, after) = rest.split_once("{body}").unwrap_or((rest, ""));
    [before, head, between, body, after].concat()
}

/// JSON in which no text can end the element that holds it.
fn escaped(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c")
}

/// Data that a browser does not run.
fn data_block(json: &str) -> String {
    format!("<script type=\"application/json\" id=\"data\">{json}</script>")
}

/// A script whose texts cannot end the element that holds it.
fn within_script(script: &str) -> String {
    script.replace("</", "<\\/").replace("<!--", "<\\!--")
}

fn source(path: &str) -> String {
    let file = Assets::get(path).unwrap_or_else(|| panic!("{path} is embedded"));
    String::from_utf8_lossy(&file.data).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_the_element_that_holds_it() {
        let hostile = serde_json::json!({ "text": "</script><script>alert(1)</script><!--" });
        for page in [live(&hostile), file(&hostile)] {
            assert!(!page.contains("<script>alert"), "the text begins no element");
            assert!(
                page.contains("\\u003c/script>\\u003cscript>alert(1)"),
                "and is all there"
            );
        }
    }

    #[test]
    fn a_file_loads_nothing() {
        let page = file_around("null");
        for loads in ["src=", "href=", "import ", "url(http"] {
            let head = page.split("<script").next().unwrap_or_default();
            assert!(!head.contains(loads), "{loads}");
        }
        assert!(!page.contains("from \"./"), "every module stands in it");
    }

    #[test]
    fn texts_are_never_read_as_markup() {
        for path in Assets::iter().filter(|path| path.ends_with(".js") && !path.starts_with("vendor/")) {
            let script = source(&path);
            for way in [
                "innerHTML",
                "outerHTML",
                "insertAdjacent",
                "document.write",
                "eval(",
                "new Function",
            ] {
                assert!(!script.contains(way), "{path} uses {way}");
            }
        }
    }

    /// What the page's tables say, read from their source.
    fn table(name: &str) -> String {
        let source = source("gsm7.js");
        let line = source
            .lines()
            .find(|line| line.starts_with(&format!("const {name} = ")));
        let text = line
            .and_then(|line| line.split_once(" = "))
            .map(|(_, text)| text.trim_end_matches(';'));
        // JSON knows all escapes that stand in it.
        serde_json::from_str(text.unwrap_or_default()).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[test]
    fn texts_are_counted_by_the_tables_of_the_crate_sms() {
        let (basic, extension) = (table("BASIC"), table("EXTENSION"));
        for character in (0..=0xFFFF_u32).filter_map(char::from_u32) {
            let septets = match (basic.contains(character), extension.contains(character)) {
                (true, _) => Some(1),
                (false, true) => Some(2),
                (false, false) => None,
            };
            assert_eq!(septets, sms::gsm7::septets(character), "{character:?}");
        }
    }
}
