//! The reports of `smsim run`, each read by the rules of those who read it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn smsim(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

const HOSTILE: &str = "</script><script>alert(1)</script> & \\\" ' %0A ::error::x #; |` ]]>";

/// Tests of which one passes and `failing` fail, all with texts that would break out of a format.
fn hostile(folder: &Path, failing: usize) {
    let mut scenario = format!(
        "carrier att\n\napp quiz \"Quiz\"\n\nuser alice +14155550101 on att, apps quiz\n\n\
         test \"passes {HOSTILE}\":\n  alice > \"quiz {HOSTILE}\"\n  quiz  < alice \"{HOSTILE}\"\n"
    );
    for n in 0..failing {
        scenario.push_str(&format!(
            "\ntest \"fails {n} {HOSTILE}\":\n  quiz  > alice \"{HOSTILE}\"\n  alice < \"another\"\n"
        ));
    }
    std::fs::write(folder.join("hostile.sms"), scenario).expect("written");
}

/// What Jenkins' schema for JUnit reports (`junit-10.xsd`) allows of what we write: element, parent, required attributes,
/// optional ones.
const JUNIT: [(&str, &str, &[&str], &[&str]); 5] = [
    (
        "testsuites",
        "",
        &[],
        &["name", "time", "tests", "failures", "errors"],
    ),
    (
        "testsuite",
        "testsuites",
        &["name", "tests"],
        &[
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
        ],
    ),
    (
        "testcase",
        "testsuite",
        &["name"],
        &["classname", "time", "group"],
    ),
    ("failure", "testcase", &[], &["type", "message"]),
    ("error", "testcase", &[], &["type", "message"]),
];

/// Reads XML to its end, with every start of an element and its parents.
fn elements(xml: &str) -> Vec<(Vec<String>, BytesStart<'static>)> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let (mut open, mut found) = (Vec::<String>::new(), Vec::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Eof => break,
            Event::Start(start) => {
                found.push((open.clone(), start.to_owned()));
                open.push(text(start.name().as_ref().as_bytes()));
            }
            Event::Empty(start) => found.push((open.clone(), start.to_owned())),
            Event::End(_) => {
                open.pop();
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} stays open");
    found
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().map(|found| found.expect("an attribute"));
    let mut attribute = attribute.filter(|found| text(found.key.as_ref().as_bytes()) == name);
    let raw = text(attribute.next()?.value.as_bytes());
    Some(
        quick_xml::escape::unescape(&raw)
            .expect("known entities")
            .into_owned(),
    )
}

fn is_valid_junit(xml: &str) {
    let found = elements(xml);
    assert_eq!(
        found.iter().filter(|(parents, _)| parents.is_empty()).count(),
        1,
        "one root"
    );
    for (parents, element) in &found {
        let name = text(element.name().as_ref().as_bytes());
        let (_, parent, required, optional) = JUNIT
            .iter()
            .find(|(known, ..)| *known == name)
            .unwrap_or_else(|| panic!("<{name}> is no element of JUnit"));
        assert_eq!(parents.last().map_or("", String::as_str), *parent, "<{name}>");
        for attribute in element.attributes() {
            let key = text(attribute.expect("an attribute").key.as_ref().as_bytes());
            let known = required.iter().chain(*optional).any(|known| *known == key);
            assert!(known, "<{name} {key}> is no attribute of JUnit");
        }
        for key in *required {
            assert!(attribute(element, key).is_some(), "<{name}> lacks {key}");
        }
        for key in ["tests", "failures", "errors", "skipped"] {
            if let Some(count) = attribute(element, key) {
                count
                    .parse::<u32>()
                    .unwrap_or_else(|error| panic!("{key}={count}: {error}"));
            }
        }
        if let Some(time) = attribute(element, "time") {
            assert!(time.parse::<f64>().is_ok_and(|time| time >= 0.0), "time={time}");
        }
    }
}

#[test]
fn junit_follows_its_schema_and_counts_what_it_holds() {
    let output = smsim(&top(), &["run", "tests/scenarios", "--format", "junit"], &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    is_valid_junit(&text(&output.stdout));

    let folder = tempfile::tempdir().expect("a folder");
    hostile(folder.path(), 2);
    let output = smsim(
        folder.path(),
        &["run", "hostile.sms", "--report", "junit=r.xml"],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let xml = std::fs::read_to_string(folder.path().join("r.xml")).expect("a report");
    is_valid_junit(&xml);
    let found = elements(&xml);
    let named = |name: &str| {
        found
            .iter()
            .filter(move |(_, element)| element.name().as_ref().as_bytes() == name.as_bytes())
            .map(|(_, element)| element)
            .collect::<Vec<_>>()
    };
    assert_eq!(named("testcase").len(), 3);
    assert_eq!(named("failure").len(), 2);
    for root in ["testsuites", "testsuite"] {
        let counts = ["tests", "failures", "errors"].map(|key| attribute(named(root)[0], key));
        assert_eq!(counts.map(Option::unwrap_or_default), ["3", "2", "0"], "<{root}>");
    }
    let name = attribute(named("testcase")[0], "name").expect("a name");
    assert_eq!(name, format!("passes {}", HOSTILE.replace("\\\"", "\"")));
    let kind = attribute(named("failure")[0], "type");
    assert_eq!(kind.as_deref(), Some("E200"));
}

#[test]
fn tap_has_a_plan_a_point_for_each_test_and_a_block_for_each_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    hostile(folder.path(), 1);
    let output = smsim(folder.path(), &["run", "hostile.sms", "--format", "tap"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[..2], ["TAP version 14", "1..2"]);
    assert!(lines[2].starts_with("ok 1 - hostile: passes "), "{told}");
    assert!(lines[3].starts_with("not ok 2 - hostile: fails 0 "), "{told}");
    for line in &lines[2..4] {
        assert!(
            line.matches('#').count() == line.matches("\\#").count(),
            "a bare # begins a directive: {line}"
        );
    }
    let block: Vec<&str> = lines[4..].to_vec();
    assert_eq!((block[0], block.last()), ("  ---", Some(&"  ...")));
    let message = block[1].strip_prefix("  message: ").expect("a message");
    assert_eq!(
        serde_json::from_str::<Value>(message).expect("a JSON scalar"),
        "alice received a different text"
    );
    for line in [
        "  severity: fail",
        "  code: E200",
        "    line: 13",
        "    column: 11",
    ] {
        assert!(block.contains(&line), "{line} in\n{told}");
    }
}

#[test]
fn github_gets_ten_annotations_and_a_summary() {
    let folder = tempfile::tempdir().expect("a folder");
    hostile(folder.path(), 12);
    let summary = folder.path().join("summary.md");
    let on_github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8")),
    ];
    let output = smsim(folder.path(), &["run", "hostile.sms"], &on_github);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let annotations: Vec<&str> = told.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 10, "{told}");
    assert!(
        annotations[0].starts_with(
            "::error title=E200,file=hostile.sms,line=13,endLine=13,col=11,endColumn=20::alice received a different text%0A"
        ),
        "{}",
        annotations[0]
    );
    let told = std::fs::read_to_string(&summary).expect("a summary");
    assert!(told.starts_with("## Scenarios: 1 passed, 12 failed\n"), "{told}");
    let outside_blocks = told.lines().filter(|line| !line.starts_with("    "));
    assert!(
        !outside_blocks.clone().any(|line| line.contains("<script")),
        "{told}"
    );
    assert_eq!(outside_blocks.filter(|line| line.starts_with("### ")).count(), 12);

    let quiet = smsim(folder.path(), &["run", "hostile.sms"], &[]);
    assert!(
        !text(&quiet.stderr).contains("::error"),
        "nothing of it elsewhere"
    );
}

#[test]
fn a_faulty_file_is_annotated_too() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a,b.sms"), "test \"x\":\n  wait 5\n").expect("written");
    let output = smsim(folder.path(), &["run", "a,b.sms"], &[("GITHUB_ACTIONS", "true")]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(
        told.contains("::error title=E041,file=a%2Cb.sms,line=2,endLine=2,col=8,endColumn=9::"),
        "{told}"
    );
}

#[test]
fn the_page_is_one_file_that_loads_nothing_and_holds_the_records() {
    let folder = tempfile::tempdir().expect("a folder");
    hostile(folder.path(), 1);
    smsim(
        folder.path(),
        &["run", "hostile.sms", "--report", "html=r.html"],
        &[],
    );
    let page = std::fs::read_to_string(folder.path().join("r.html")).expect("a page");
    assert!(
        page.contains("default-src 'none'"),
        "its policy allows nothing from elsewhere"
    );
    assert!(!page.contains("<script>alert"), "no text begins an element");
    let (_, data) = page.split_once("id=\"data\">").expect("the data");
    let (data, rest) = data.split_once("</script>").expect("its end");
    assert!(
        rest.contains("<script type=\"module\""),
        "the page's own script follows"
    );
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["title"], "1 passed, 1 failed");
    let failed = &data["sections"][1];
    let hostile = HOSTILE.replace("\\\"", "\"");
    assert_eq!(failed["title"], format!("hostile: fails 0 {hostile}"));
    assert_eq!(failed["passed"], false);
    let faults = failed["faults"].as_str().expect("faults");
    assert!(faults.contains("alice received a different text"), "{faults}");
    let named = |section: &Value, name: &str| {
        let records = section["records"].as_array().expect("records").clone();
        records
            .into_iter()
            .find(|record| record["event"] == name)
            .expect("a record")
    };
    let passed = &data["sections"][0];
    let callback = named(passed, "callback_sent");
    let fields = callback["fields"].as_array().expect("fields");
    assert!(
        fields
            .iter()
            .any(|field| field[0] == "fb_sig_message" && field[1] == hostile.trim_end())
    );
    assert!(
        !fields.iter().any(|field| field[0] == "fb_sig_session_key"),
        "no session key"
    );
    assert!(passed["world"]["apps"][0].get("secret").is_none(), "no secret");
    assert_eq!(named(failed, "received")["text"], hostile);
}

#[test]
fn diagrams_hold_texts_as_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    hostile(folder.path(), 1);
    smsim(
        folder.path(),
        &["run", "hostile.sms", "--report", "mermaid=r.md"],
        &[],
    );
    let told = std::fs::read_to_string(folder.path().join("r.md")).expect("a report");
    assert_eq!(told.matches("```mermaid\nsequenceDiagram\n").count(), 2, "{told}");
    assert!(told.contains("  participant a0 as alice\n"), "{told}");
    assert!(told.contains("  a0->>fbook: +0.0s \"quiz "), "{told}");
    assert!(told.contains("  fbook->>a1: "), "{told}");
    for line in told.lines().filter(|line| line.starts_with("  ")) {
        assert!(!line.contains("<script") && !line.contains('`'), "{line}");
        let entities = line.matches('#').count();
        assert_eq!(line.matches(';').count(), entities, "{line}");
    }
}

/// The lines of a JSON report without the times of the machine.
fn results(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            line["elapsed_ms"] = Value::Null;
            line
        })
        .collect()
}

#[test]
fn threads_change_neither_results_nor_their_order() {
    let run = |jobs| {
        smsim(
            &top(),
            &["run", "tests/scenarios", "--format", "json", "-j", jobs],
            &[],
        )
    };
    let one = results(&run("1"));
    assert!(one.len() > 20);
    for jobs in ["4", "64"] {
        assert_eq!(results(&run(jobs)), one, "-j {jobs}");
    }
}

#[test]
fn a_test_passes_with_all_seeds_or_names_those_that_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let lossy = "world seed 7\ncarrier att, loss 50%\napp quiz \"Quiz\"\nuser alice +14155550101 on att, apps quiz\n\n\
                 test \"arrives at once\":\n  quiz  > alice \"Hi\"\n  alice < \"Hi\", within 2s\n";
    std::fs::write(folder.path().join("a.sms"), lossy).expect("written");
    let passes = |seed: u64| {
        let seed = seed.to_string();
        smsim(folder.path(), &["run", "a.sms", "--seed", &seed], &[])
            .status
            .success()
    };
    let failing: Vec<u64> = (7..27).filter(|seed| !passes(*seed)).collect();
    assert!((1..20).contains(&failing.len()), "chance decides: {failing:?}");
    let output = smsim(
        folder.path(),
        &["run", "a.sms", "--seeds", "20", "--format", "json"],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let result = &results(&output)[0];
    assert_eq!(result["seed"], failing[0], "the first that fails is told");
    let notes = result["diagnostics"][0]["notes"].to_string();
    let first: Vec<String> = failing.iter().take(10).map(u64::to_string).collect();
    assert!(
        notes.contains(&format!(
            "it fails with {} of 20 seeds: {}",
            failing.len(),
            first.join(", ")
        )),
        "{notes}"
    );
    let sound = ["run", "tests/scenarios/quota.sms", "--seeds", "3"];
    assert!(smsim(&top(), &sound, &[]).status.success());
}

#[test]
fn a_report_that_is_none_is_refused_before_anything_runs() {
    for wrong in ["pdf=x", "html", "html="] {
        let output = smsim(&top(), &["run", "tests/scenarios", "--report", wrong], &[]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
