//! The demo world keeps its rules whatever happens, and a platform with another rule is found out by a file that fails by
//! itself.

use std::time::Duration;

use scenario::explore::{Explorer, Invariant, Violation};
use scenario::{LIVE_PATH, Rules, Runner, Sources};

const DEMO: &str = include_str!("../../../simulator-config/demo.sms");
const SEEDS: u64 = 60;
const ACTS: usize = 60;

fn sources() -> Sources {
    let mut sources = Sources::new();
    sources.insert("demo.sms", DEMO);
    sources
}

/// The first violation that is found under those rules.
fn found(rules: &Rules) -> Option<Violation> {
    let sources = sources();
    let explorer = Explorer::new(&sources, "demo.sms", rules).expect("a world");
    (1..=SEEDS).find_map(|seed| explorer.explore(seed, ACTS).violation)
}

#[test]
fn the_demo_world_keeps_its_rules_and_much_of_it_is_seen() {
    let (sources, rules) = (sources(), Rules::default());
    let explorer = Explorer::new(&sources, "demo.sms", &rules).expect("a world");
    let mut coverage = scenario::explore::Coverage::default();
    for seed in 1..=SEEDS {
        let explored = explorer.explore(seed, ACTS);
        if let Some(violation) = explored.violation {
            panic!(
                "seed {seed}: {:?}\n{}\n{:?}",
                violation.invariant, violation.file, violation.diagnostics
            );
        }
        coverage.add(&explored.coverage);
    }
    for code in ["ok", "850", "852", "853", "854", "855", "856", "857", "270"] {
        assert!(
            coverage.results.contains_key(code),
            "{code} in {:?}",
            coverage.results
        );
    }
    for decision in [
        "question_asked",
        "confirmed",
        "texts_off",
        "forwarded",
        "session_reply",
    ] {
        assert!(
            coverage.decisions.contains_key(decision),
            "{decision} in {:?}",
            coverage.decisions
        );
    }
    assert!(
        coverage.states.len() > 5 && coverage.keywords.len() > 5 && coverage.lines > 1_000,
        "{coverage:?}"
    );
}

#[test]
fn another_rule_is_found_out_and_the_file_fails_by_itself() {
    let rules = |change: fn(&mut platform::Settings)| {
        let mut rules = Rules::default();
        change(std::sync::Arc::make_mut(&mut rules.platform));
        rules
    };
    for (invariant, rules) in [
        (
            Invariant::Session,
            rules(|settings| settings.session_window = Duration::from_secs(90)),
        ),
        (
            Invariant::Session,
            rules(|settings| settings.answers_per_message_max = 9),
        ),
        (
            Invariant::Quota,
            rules(|settings| settings.app_daily_pool_per_user = 5),
        ),
        (
            Invariant::Quota,
            rules(|settings| settings.user_daily_max = Some(0)),
        ),
        (
            Invariant::Consent,
            rules(|settings| settings.confirm_words.push("hello there".to_owned())),
        ),
    ] {
        let violation = found(&rules).unwrap_or_else(|| panic!("{invariant:?} is found out"));
        assert_eq!(violation.invariant, invariant, "{}", violation.file);
        assert!(
            violation.acts.1 <= 8,
            "{} acts are left:\n{}",
            violation.acts.1,
            violation.file
        );
        let mut sources = sources();
        sources.insert(LIVE_PATH, violation.file.as_str());
        let script = scenario::load(&sources, LIVE_PATH).expect("a file");
        let fails = |rules: &Rules| {
            let runner = Runner::with_rules(&sources, &script, rules).expect("a world");
            let options = scenario::RunOptions {
                seed: Some(violation.seed),
            };
            runner.tests().any(|test| !runner.run(test, options).passed())
        };
        assert!(fails(&rules), "it fails under the rule\n{}", violation.file);
        assert!(!violation.diagnostics.is_empty());
    }
}

#[test]
fn carriers_that_no_model_foretells_are_played_as_ideal_ones() {
    let mut sources = Sources::new();
    let world = "world seed 3, start 2009-03-02 14:00, tz America/Los_Angeles\n\
                 carrier att, profile bad_day, block quiz\ncarrier sprint, latency 2s\n\
                 carrier slow, latency uniform 1s 20s\n\
                 app news \"Daily News\", canvas news\napp quiz \"Movie Quiz\", canvas quiz\n\
                 user alice +14155550101 on att, apps news quiz\nuser bob +14155550102 on sprint, apps news\n\
                 user carol +14155550103 on slow\n";
    sources.insert("w.sms", world);
    let mut rules = Rules::default();
    let explorer = Explorer::new(&sources, "w.sms", &rules).expect("a world");
    assert_eq!(explorer.idealized(), ["att", "slow"]);
    for seed in 1..=20 {
        let violation = explorer.explore(seed, ACTS).violation;
        assert_eq!(violation, None, "seed {seed}");
    }
    std::sync::Arc::make_mut(&mut rules.platform).answers_per_message_max = 9;
    let explorer = Explorer::new(&sources, "w.sms", &rules).expect("a world");
    let violation = (1..=SEEDS).find_map(|seed| explorer.explore(seed, ACTS).violation);
    let violation = violation.expect("another rule is found out here too");
    for line in [
        "carrier att,    block quiz\n",
        "carrier sprint, latency 2s\n",
        "carrier slow\n",
    ] {
        assert!(violation.file.contains(line), "{}", violation.file);
    }
    let mut alone = Sources::new();
    alone.insert(LIVE_PATH, violation.file.as_str());
    assert!(scenario::load(&alone, LIVE_PATH).is_ok(), "{}", violation.file);
}

#[test]
fn the_same_seed_does_the_same() {
    let (sources, rules) = (sources(), Rules::default());
    let explorer = Explorer::new(&sources, "demo.sms", &rules).expect("a world");
    assert_eq!(explorer.explore(7, ACTS), explorer.explore(7, ACTS));
    assert_ne!(
        explorer.explore(7, ACTS).coverage,
        explorer.explore(8, ACTS).coverage
    );
}
