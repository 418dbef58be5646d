//! Every failure message: each `tests/failing/NAME.sms` says what stands beside it in `NAME.stderr`.
//!
//! With `UPDATE_GOLDEN=1` in the environment the second files are written anew; a person then reads the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scenario::{Code, Colour, Diagnostic, Sources};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failing")
}

/// The scenarios, by name.
fn scenarios() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name in UTF-8")
        })
        .filter_map(|name| name.strip_suffix(".sms").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What is wrong with a scenario of the folder.
fn diagnostics(name: &str, sources: &mut Sources) -> Vec<Diagnostic> {
    let path = format!("tests/failing/{name}.sms");
    let text = fs::read_to_string(folder().join(format!("{name}.sms"))).expect("a scenario");
    sources.insert(path.clone(), text);
    match scenario::load(sources, &path) {
        Err(diagnostics) => diagnostics,
        Ok(script) => script.warnings,
    }
}

#[test]
fn every_failure_says_what_stands_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for name in scenarios() {
        let mut sources = Sources::new();
        let said = scenario::render_all(&diagnostics(&name, &mut sources), &sources, Colour::Never);
        let golden = folder().join(format!("{name}.stderr"));
        if update {
            fs::write(&golden, &said).expect("the folder can be written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said.is_empty() || said != expected {
            wrong.push(format!("{name}: expected\n{expected}\nbut it says\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_code_of_the_language_has_a_golden_file() {
    let mut seen = BTreeSet::new();
    for name in scenarios() {
        seen.extend(
            diagnostics(&name, &mut Sources::new())
                .into_iter()
                .map(|diagnostic| diagnostic.code),
        );
    }
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| code.name() < "E200" && !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "no golden file for {missing:?}");
}
