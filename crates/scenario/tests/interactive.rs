//! A world at somebody's fingertips: steps one by one, captures of its own, replay, and what was done as a test.

use scenario::{Code, Interactive, Rules, RunOptions, Runner, Sources, Trivia};

const WORLD: &str = "world seed 7
carrier att, latency 1s, loss 30%
app news \"Daily News\", canvas news
user alice +14155550101 on att, apps news
user bob +14155550102 on att
scene asks($user):
  $user > \"news scores\"
";

fn table() -> Interactive {
    let mut sources = Sources::new();
    sources.insert("w.sms", WORLD);
    let script = scenario::load(&sources, "w.sms").expect("a script");
    Interactive::new(script, &Rules::default(), None).expect("a world")
}

/// Performs the lines; the codes of what went wrong.
fn performed(table: &mut Interactive, lines: &str) -> Vec<Code> {
    let steps = scenario::parse_steps("typed", lines).expect("steps");
    steps
        .iter()
        .filter_map(|step| table.perform(step).err())
        .map(|fault| fault.code)
        .collect()
}

fn told(table: &Interactive, seq: u64) -> Vec<String> {
    let events = table.happened_since(seq);
    events
        .iter()
        .map(|event| format!("{} {}", event.actor, event.text))
        .collect()
}

#[test]
fn what_follows_arrives_and_sessions_get_names() {
    let mut table = table();
    let start = table.now();
    assert_eq!(performed(&mut table, "run asks(alice)\n"), []);
    assert_eq!(told(&table, 0), ["news < alice \"scores\", as $s1   session 1"]);
    assert_eq!(
        table.now().since(start).as_secs(),
        1,
        "the clock stands at the arrival"
    );
    let from = table.next_record();
    assert_eq!(
        performed(&mut table, "news > alice \"Sharks 3\", in $s1\nwait 61s\n"),
        []
    );
    let told = told(&table, from);
    assert_eq!(told.first().map(String::as_str), Some("news = 0"), "{told:?}");
    assert_eq!(table.captures().collect::<Vec<_>>(), ["s1"]);
}

#[test]
fn a_step_that_means_nothing_is_not_performed() {
    let mut table = table();
    for (line, code) in [
        ("carol > \"Hi\"", Code::E100),
        ("att > \"Hi\"", Code::E103),
        ("set alice mood good", Code::E106),
        ("news > alice \"Hi\", in $s1", Code::E107),
        ("run asks(alice, bob)", Code::E108),
        ("at 13:00", Code::E206),
        ("...", Code::E302),
    ] {
        assert_eq!(performed(&mut table, line), [code], "{line}");
    }
    assert_eq!(told(&table, 0), [""; 0]);
}

#[test]
fn what_was_done_again_is_the_same_to_the_record() {
    let lines =
        "run asks(alice)\nnews > alice \"Sharks 3\"\nbob > \"news\"\nwait 1h\ncheck alice texts off\n";
    let mut table = table();
    assert_eq!(performed(&mut table, lines), [Code::E205]);
    let (all, records) = (told(&table, 0), table.next_record());
    let done = table.done_count();
    table.replay(done).expect("the same world");
    assert_eq!((told(&table, 0), table.next_record()), (all, records));
    table.replay(1).expect("the same world");
    assert_eq!(told(&table, 0), ["news < alice \"scores\", as $s1   session 1"]);
    assert_eq!(table.done_count(), 1);
}

/// Lives of several lines, each written as a test of the same world: it passes, whatever the air loses.
#[test]
fn a_recording_passes_as_a_test() {
    let lives = [
        "alice > \"news scores\"\nnews > alice \"Sharks 3\", in $s1\nnews > alice \"again\", in $s1\n",
        "bob > \"news\"\nbob < ~\"*Reply Y*\"\nbob > \"Y\"\nwait 61s\nnews > bob \"late\", in $s1\n",
        "set alice phone off\nnews > alice \"one\"\nset alice phone on\nnews ? alice = $_\nnote \"a {{b}\"\n",
        "alice > \"Stop\"\ncheck alice texts off\nnews > alice \"no\"\nalice > \"Start\"\nwait 12h\nalice < nothing for 1h\n",
        "news > alice \"Q?\", ask $q\nalice > \"A\"\nnews < alice \"A\", in $q\nwait 5m\nset att link down\nalice > \"B\"\n",
    ];
    for (life, seed) in lives.iter().flat_map(|life| (0..8).map(move |seed| (life, seed))) {
        let mut sources = Sources::new();
        sources.insert("w.sms", WORLD);
        let script = scenario::load(&sources, "w.sms").expect("a script");
        let mut table = Interactive::new(script, &Rules::default(), Some(seed)).expect("a world");
        performed(&mut table, life);
        // What a lossy air brings later than a test waits for is brought now.
        performed(&mut table, "wait 3d\nwait 1s\n");
        let steps = scenario::format_steps(&table.recording(), 1);
        sources.insert("t.sms", format!("use \"w.sms\"\n\ntest \"again\":\n{steps}"));
        let script = scenario::load(&sources, "t.sms").unwrap_or_else(|faults| {
            panic!(
                "{}\n{steps}",
                scenario::render_all(&faults, &sources, scenario::Colour::Never)
            )
        });
        let runner = Runner::new(&sources, &script).expect("a world");
        for test in runner.tests() {
            let report = runner.run(test, RunOptions { seed: Some(seed) });
            let faults = scenario::render_all(&report.diagnostics, &sources, scenario::Colour::Never);
            assert!(report.passed(), "seed {seed}\n{steps}\n{faults}");
        }
        let parsed = scenario::parse("t.sms", sources.text("t.sms").unwrap_or_default());
        assert_eq!(
            Some(scenario::format(&parsed.file, &Trivia::default()).as_str()),
            sources.text("t.sms").map(str::trim_start)
        );
    }
}

#[test]
fn a_user_joins_is_undone_and_is_saved_as_a_declaration() {
    let mut table = table();
    let lines = "wait 1h\nuser erin +14155550177 on att, apps news, friends bob, place 37.77 -122.42\ncheck erin place 37.77 -122.42\nerin > \"news scores\"\nuser dan +14155550178 on att\n";
    assert_eq!(performed(&mut table, lines), []);
    assert_eq!(told(&table, 0), ["news < erin \"scores\", as $s1   session 1"]);
    let (all, records) = (told(&table, 0), table.next_record());
    table.replay(table.done_count()).expect("the same world");
    assert_eq!((told(&table, 0), table.next_record()), (all, records));

    let file = scenario::syntax::File {
        decls: table.joined(),
        items: Vec::new(),
    };
    assert_eq!(
        scenario::format(&file, &Trivia::default()),
        "user erin +14155550177 on att, apps news, friends bob, place 37.77 -122.42\nuser dan  +14155550178 on att\n"
    );
    let steps = scenario::format_steps(&table.recording(), 0);
    assert_eq!(
        steps,
        "wait 1h\ncheck erin place 37.77 -122.42\nerin > \"news scores\"\nnews < erin \"scores\"\n"
    );
    assert_eq!(table.actors().users["erin"].uid, platform::Uid(1003));

    table.replay(1).expect("the same world");
    assert!(!table.actors().users.contains_key("erin"));
    assert_eq!(performed(&mut table, "user erin +14155550179 on att\n"), []);
    assert_eq!(table.joined().len(), 1);
}

#[test]
fn who_cannot_join_is_told_why() {
    let mut table = table();
    let before = table.next_record();
    for (line, code) in [
        ("user alice +14155550177 on att", Code::E101),
        ("user news +14155550177 on att", Code::E101),
        ("user fbook +14155550177 on att", Code::E102),
        ("user erin +14155550101 on att", Code::E115),
        ("user erin +14155550177 on sprint", Code::E100),
        ("user erin +14155550177 on att, mood good", Code::E104),
        ("user erin +14155550177 on att, apps chess", Code::E100),
        ("user erin +14155550177 on att, uid 1001", Code::E301),
        ("user erin +14155550177 on att, session news k1", Code::E300),
        ("erin > \"Hi\"", Code::E100),
    ] {
        assert_eq!(performed(&mut table, line), [code], "{line}");
    }
    assert_eq!(table.next_record(), before, "nothing has happened");
    for (line, code) in [
        ("carrier verizon", Code::E015),
        ("app chess \"Chess\"", Code::E015),
        ("repeat 2:\n  user erin +14155550177 on att", Code::E015),
        ("user erin on att", Code::E010),
    ] {
        let faults = scenario::parse_steps("typed", line).expect_err("no step");
        assert_eq!(faults.first().map(|fault| fault.code), Some(code), "{line}");
    }
}
