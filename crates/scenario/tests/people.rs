//! A person in the place of a user: texts are awaited, other texts are not sent, and what arrives is shown.

use scenario::people::{Awaited, People, Shown};
use scenario::{Code, RunOptions, Runner, Sources, TestReport};

const TEST: &str = "world seed 7
carrier sprint, latency 1s
app quiz \"Movie Quiz\", canvas quiz
user carol +14155550103 on sprint
user bob +14155550102 on sprint
scene ask($user):
  $user > \"quiz play\"
  $user < ~\"*Reply Y*\"
test \"install\":
  note \"Nobody has Movie Quiz.\"
  run ask(bob)
  run ask(carol)
  carol > \"Y\"
  quiz < carol \"play\", new, as $s
  quiz > carol \"Welcome!\", in $s
  carol < \"Welcome!\"
  carol > \"A\", in $s
  quiz < carol \"A\", in $s
  carol > \"to bob\", to +14155550102
  bob < \"to bob\", from +14155550103
";

/// Somebody who types those lines, and writes down what was shown.
struct Typist {
    lines: Vec<&'static str>,
    seen: Vec<String>,
}

impl People for Typist {
    fn types(&mut self, time: &str, awaited: Awaited<'_>) -> Option<String> {
        let Awaited { user, text, to } = awaited;
        self.seen
            .push(format!("{time} {user}? {text} {}", to.unwrap_or("")));
        match self.lines.is_empty() {
            true => None,
            false => Some(self.lines.remove(0).to_owned()),
        }
    }

    fn shows(&mut self, time: &str, what: Shown<'_>) {
        self.seen.push(match what {
            Shown::Note(text) => format!("{time} # {text}"),
            Shown::Text { user, text, from } => format!("{time} {user} < {text} {}", from.unwrap_or("")),
            Shown::Differs { awaited, typed } => format!("not {typed} but {}", awaited.text),
        });
    }
}

fn played(lines: &[&'static str]) -> (TestReport, Vec<String>) {
    let mut sources = Sources::new();
    sources.insert("t.sms", TEST);
    let script = scenario::load(&sources, "t.sms").expect("a script");
    let mut runner = Runner::new(&sources, &script).expect("a world");
    runner.put_person("carol").expect("a user");
    runner.hash_records();
    let mut typist = Typist {
        lines: lines.to_vec(),
        seen: Vec::new(),
    };
    let test = runner.tests().next().expect("a test");
    let report = runner.run_with(test, RunOptions::default(), None, Some(&mut typist));
    (report, typist.seen)
}

#[test]
fn a_person_types_what_the_lines_say_and_sees_the_phone() {
    let (report, seen) = played(&["quiz play", "N", " Y ", "A", "to bob"]);
    assert!(report.passed(), "{:?}", report.diagnostics);
    assert_eq!(
        seen,
        [
            "14:00:00 # Nobody has Movie Quiz.",
            "14:00:02 carol? quiz play ",
            "14:00:04 carol < Add Movie Quiz to your Facebook account? Reply Y to confirm or N to cancel. Std msg rates apply. 3266501",
            "14:00:04 carol? Y ",
            "not N but Y",
            "14:00:04 carol? Y ",
            "14:00:06 carol < Welcome! 3266502",
            "14:00:06 carol? A 3266502",
            "14:00:07 carol? to bob 14155550102",
        ]
    );
}

#[test]
fn the_records_are_those_of_a_scripted_user() {
    let (report, _) = played(&["quiz play", "Y", "A", "to bob"]);
    let mut sources = Sources::new();
    sources.insert("t.sms", TEST);
    let script = scenario::load(&sources, "t.sms").expect("a script");
    let mut runner = Runner::new(&sources, &script).expect("a world");
    runner.hash_records();
    let scripted = runner.run(runner.tests().next().expect("a test"), RunOptions::default());
    assert!(report.records_hash.is_some());
    assert_eq!(
        (report.records, report.records_hash),
        (scripted.records, scripted.records_hash)
    );
}

#[test]
fn who_leaves_ends_the_test() {
    let (report, _) = played(&["quiz play"]);
    let fault = report.diagnostics.first().expect("a fault");
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (Code::E303, "nobody types carol's texts any more")
    );
    assert!(report.environment_failed());
}

#[test]
fn a_person_bears_the_name_of_a_user() {
    let mut sources = Sources::new();
    sources.insert("t.sms", TEST);
    let script = scenario::load(&sources, "t.sms").expect("a script");
    let mut runner = Runner::new(&sources, &script).expect("a world");
    assert_eq!(
        runner.put_person("carrol"),
        Err("t.sms declares no user \"carrol\"; did you mean carol?".to_owned())
    );
    assert_eq!(
        runner.put_person("quiz"),
        Err("t.sms declares no user \"quiz\"; it has bob, carol".to_owned())
    );
}
