//! `smsim fmt` and `smsim convert`: one layout, two forms.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every scenario of the repository that is right.
fn shipped() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [
        "tests/scenarios",
        "tests/scenarios/policy",
        "tests/peers",
        "simulator-config",
        "crates/scenario/tests/good",
    ] {
        let entries = std::fs::read_dir(top().join(folder)).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|extension| extension == "sms")));
    }
    files.sort();
    assert!(files.len() > 8);
    files
}

fn smsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn every_shipped_file_survives_the_json_form_and_matches_its_schema() {
    let schema: Value =
        serde_json::from_str(&stdout(&smsim(&top(), &["convert", "--schema"]))).expect("a schema");
    let folder = tempfile::tempdir().expect("a folder");
    for file in shipped() {
        let path = file.to_str().expect("UTF-8");
        let json = stdout(&smsim(&top(), &["convert", path, "--to", "json"]));
        let tree: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(violation(&schema, &schema, &tree), None, "{path}");
        std::fs::write(folder.path().join("a.json"), &json).expect("written");
        let sms = stdout(&smsim(folder.path(), &["convert", "a.json", "--to", "sms"]));
        let text = std::fs::read_to_string(&file).expect("a scenario");
        let (again, first) = (scenario::parse("a.sms", &sms), scenario::parse("a.sms", &text));
        assert_eq!(again.file, first.file, "{path}");
    }
}

#[test]
fn the_schema_refuses_what_the_language_refuses() {
    let schema: Value = serde_json::from_str(scenario::json_form::SCHEMA).expect("a schema");
    for json in [
        r#"{"decls":[]}"#,
        r#"{"decls":[],"items":[],"more":1}"#,
        r#"{"decls":[{"planet":{}}],"items":[]}"#,
        r#"{"decls":[],"items":[{"test":{"name":"x","tags":[],"steps":[{"wait":["5"]}]}}]}"#,
        r#"{"decls":[],"items":[{"test":{"name":"x","tags":[],"steps":[{"wait":[5]}]}}]}"#,
        r#"{"decls":[],"items":[{"test":{"name":"x","tags":[],"steps":["fly"]}}]}"#,
    ] {
        let tree: Value = serde_json::from_str(json).expect("JSON");
        assert!(violation(&schema, &schema, &tree).is_some(), "{json}");
        assert!(scenario::json_form::from_json(json).is_err(), "{json}");
    }
}

#[test]
fn the_json_form_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = stdout(&smsim(
        &top(),
        &[
            "convert",
            "crates/scenario/tests/good/example.sms",
            "--to",
            "json",
        ],
    ));
    std::fs::write(folder.path().join("example.json"), json).expect("written");
    let told = stdout(&smsim(folder.path(), &["run", "example.json"]));
    assert!(told.contains("6 passed, 0 failed"), "{told}");
}

#[test]
fn what_is_no_scenario_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text, why) in [
        (
            "a.json",
            "{",
            "a.json: EOF while parsing an object at line 1 column 1",
        ),
        ("a.sms", "test \"x\":\n  wait 5\n", "a.sms:2:8"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("written");
        let output = smsim(folder.path(), &["convert", name, "--to", "sms"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn every_shipped_file_is_laid_out_already() {
    let files = shipped();
    let arguments: Vec<&str> = ["fmt", "--check"]
        .into_iter()
        .chain(files.iter().map(|file| file.to_str().expect("UTF-8")))
        .collect();
    assert_eq!(stdout(&smsim(&top(), &arguments)), "");
}

#[test]
fn fmt_keeps_comments_and_changes_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sms");
    let untidy = "# About it.\nworld   seed 7\ncarrier att\nuser alice +14155550101 on att\n\n\n\
                  test \"x\":   # why\n     # first\n     alice >   \"hi\"\n     alice <   ~\"*\"\n";
    let tidy = "# About it.\nworld seed 7\ncarrier att\nuser alice +14155550101 on att\n\n\
                test \"x\":  # why\n  # first\n  alice > \"hi\"\n  alice < ~\"*\"\n";
    std::fs::write(&path, untidy).expect("written");
    let output = smsim(folder.path(), &["fmt", "--check", "a.sms"]);
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), &b"a.sms\n"[..])
    );
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), untidy);
    for _ in 0..2 {
        stdout(&smsim(folder.path(), &["fmt", "."]));
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), tidy);
    }
    std::fs::write(&path, "test \"x\":\n  wait 5\n").expect("written");
    let output = smsim(folder.path(), &["fmt", "a.sms"]);
    assert_eq!(output.status.code(), Some(2), "a faulty file stays as it is");
    assert_eq!(
        std::fs::read_to_string(&path).expect("a file"),
        "test \"x\":\n  wait 5\n"
    );
}

/// Where and why `value` is not what the schema says; none when it is. It knows the words that our schema uses, and refuses
/// to judge by others.
fn violation(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = schema.as_object().expect("a schema is an object");
    let fault = |why: &str| Some(format!("{why}: {value}"));
    for (word, rule) in schema {
        let found = match word.as_str() {
            "$schema" | "title" | "description" | "$defs" | "format" | "required" => None,
            "$ref" => {
                let place = rule.as_str().and_then(|place| place.strip_prefix('#'));
                let target = place.and_then(|place| root.pointer(place)).expect("a definition");
                violation(root, target, value)
            }
            "type" => {
                let matches = |kind: &Value| match kind.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                let matched = rule
                    .as_array()
                    .map_or_else(|| matches(rule), |kinds| kinds.iter().any(matches));
                if matched { None } else { fault("of another type") }
            }
            "const" => (rule != value).then(|| format!("{value} is not {rule}")),
            "enum" => {
                let allowed = rule.as_array().expect("values");
                (!allowed.contains(value)).then(|| format!("{value} is not in {rule}"))
            }
            "minimum" if value.is_number() && value.as_i64() < rule.as_i64() => fault("too small"),
            "maximum" if value.is_number() && value.as_i64() > rule.as_i64() => fault("too large"),
            "minItems" if value.as_array().is_some_and(|items| items.len() < size(rule)) => {
                fault("too short")
            }
            "maxItems" if value.as_array().is_some_and(|items| items.len() > size(rule)) => fault("too long"),
            "minimum" | "maximum" | "minItems" | "maxItems" => None,
            "pattern" => {
                let expression = regex::Regex::new(rule.as_str().expect("text")).expect("an expression");
                let matches = value.as_str().is_none_or(|text| expression.is_match(text));
                if matches { None } else { fault("of another form") }
            }
            "oneOf" | "anyOf" => {
                let branches = rule.as_array().expect("branches");
                let fits = branches
                    .iter()
                    .filter(|branch| violation(root, branch, value).is_none())
                    .count();
                if fits == 1 || (fits > 1 && word == "anyOf") {
                    None
                } else {
                    fault(&format!("{fits} branches fit"))
                }
            }
            "items" => value
                .as_array()
                .and_then(|items| items.iter().find_map(|item| violation(root, rule, item))),
            "prefixItems" => {
                let rules = rule.as_array().expect("schemas");
                let items = value.as_array().into_iter().flatten();
                rules
                    .iter()
                    .zip(items)
                    .find_map(|(rule, item)| violation(root, rule, item))
            }
            "properties" => rule
                .as_object()
                .expect("properties")
                .iter()
                .find_map(|(name, rule)| violation(root, rule, value.get(name)?)),
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false));
                let known = schema.get("properties").and_then(Value::as_object);
                let found = value.as_object();
                let unknown = found
                    .into_iter()
                    .flat_map(serde_json::Map::keys)
                    .find(|name| !known.is_some_and(|known| known.contains_key(*name)));
                unknown.map(|name| format!("unknown {name}"))
            }
            other => panic!("the schema says {other}, which this test does not know"),
        };
        if found.is_some() {
            return found;
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    let missing = required.into_iter().flatten().find(|name| {
        value
            .as_object()
            .is_some_and(|found| !found.contains_key(name.as_str().unwrap_or("")))
    });
    missing.map(|name| format!("{name} is missing in {value}"))
}

fn size(rule: &Value) -> usize {
    rule.as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .expect("a size")
}
