//! `smsim run` over many files: what is told of them does not depend on how many threads read and play them.

use std::path::Path;
use std::process::{Command, Output};

/// More than one thread reads at a time.
const FILES: usize = 100;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .arg("run")
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).expect("UTF-8")
}

/// A folder of files that use one world and say the same; `change` may say something else in one.
fn folder(change: impl Fn(usize, &str) -> Option<String>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let world = "carrier att\nuser alice +14155550101 on att\napp quiz \"Quiz\", canvas quiz\n\
                 user bob +14155550102 on att, apps quiz\n";
    std::fs::create_dir(folder.path().join("many")).expect("a folder");
    std::fs::write(folder.path().join("world.sms"), world).expect("written");
    for n in 0..FILES {
        let mut said = "use \"../world.sms\"\n".to_owned();
        for test in 0..1 + n % 3 {
            said.push_str(&format!(
                "test \"{test} of {n}\":\n  bob > \"quiz {n}\"\n  quiz < bob \"{n}\"\n"
            ));
        }
        let said = change(n, &said).unwrap_or(said);
        std::fs::write(folder.path().join(format!("many/{n:03}.sms")), said).expect("written");
    }
    folder
}

/// What is told of files of which nothing runs, on one thread and on several.
fn refused(folder: &Path) -> [String; 2] {
    ["1", "4"].map(|jobs| {
        let output = run(folder, &["many", "-j", jobs]);
        assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
        text(&output.stderr)
    })
}

/// What is told, without how long it took.
fn timeless(told: &str) -> String {
    let line = |line: &str| match line.split_once('[') {
        Some((before, rest)) => format!("{before}{}", rest.split_once(" | ").map_or("", |(_, rest)| rest)),
        None => line.to_owned(),
    };
    told.lines().map(|told| line(told) + "\n").collect()
}

#[test]
fn results_and_reports_are_the_same_on_every_number_of_threads() {
    let fails =
        |n: usize, said: &str| (n % 10 == 7).then(|| said.replace(&format!("bob \"{n}\""), "bob \"?\""));
    let folder = folder(fails);
    let told = ["1", "2", "7"].map(|jobs| {
        let report = format!("json=report-{jobs}.json");
        let output = run(folder.path(), &["many", "-j", jobs, "--report", &report]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let report =
            std::fs::read_to_string(folder.path().join(format!("report-{jobs}.json"))).expect("written");
        let lines = report.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line.as_object_mut().expect("an object").remove("elapsed_ms");
            line.to_string()
        });
        (
            timeless(&text(&output.stdout)),
            text(&output.stderr),
            lines.collect::<Vec<_>>(),
        )
    });
    let (stdout, _, report) = &told[0];
    assert_eq!(stdout.matches("PASS").count(), 179);
    assert_eq!(stdout.matches("FAIL").count(), 20, "{stdout}");
    assert!(stdout.find("2 of 98").expect("told") < stdout.find("0 of 99").expect("told"));
    assert_eq!(report.len(), 199 + 1);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[test]
fn every_fault_is_told_in_the_order_of_the_files_and_nothing_runs() {
    let folder = folder(|n, said| match n {
        3 => Some(format!("{said}  bob > \"{{$x}}\"\n")),
        20 | 77 => Some(format!("{said}  bob sings\n")),
        50 => Some(format!("use \"gone.sms\"\n{said}")),
        _ => None,
    });
    let told = refused(folder.path());
    let places: Vec<usize> = ["many/003.sms", "many/020.sms", "many/050.sms", "many/077.sms"]
        .iter()
        .map(|path| {
            told[0]
                .find(path)
                .unwrap_or_else(|| panic!("{path}: {}", told[0]))
        })
        .collect();
    assert!(places.is_sorted(), "{}", told[0]);
    assert!(
        told[0].ends_with("error: 4 faults in the file above; nothing ran\n"),
        "{}",
        told[0]
    );
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_file_that_cannot_be_read_ends_the_run_behind_the_warnings_of_those_before_it() {
    let warns = |n: usize, said: &str| {
        (n == 10 || n == 95).then(|| {
            format!("{said}test \"waits {n}\":\n  bob > \"quiz x\"\n  quiz < bob \"x\", as $never\n")
        })
    };
    let folder = folder(warns);
    std::fs::write(folder.path().join("many/060.sms"), [0xff]).expect("written");
    let told = refused(folder.path());
    assert!(
        told[0].contains("many/010.sms") && !told[0].contains("many/095.sms"),
        "{}",
        told[0]
    );
    assert!(
        told[0].contains("many/060.sms: octet 0 is not UTF-8"),
        "{}",
        told[0]
    );
    assert_eq!(told[0], told[1]);
}
