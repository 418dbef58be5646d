//! Every limit of the language: at the limit it holds, one more is a fault with its code.

use scenario::{
    Code, FAULTS_MAX, HANDSETS_MAX, NAME_CHARS_MAX, NESTING_MAX, REPEAT_MAX, RunOptions, Runner,
    SCENES_DEEP_MAX, SOURCE_OCTETS_MAX, Sources, load, parse,
};

fn codes(source: &str) -> Vec<Code> {
    parse("a.sms", source)
        .diagnostics
        .iter()
        .map(|fault| fault.code)
        .collect()
}

#[test]
fn a_file_has_a_length() {
    let filled = |octets: usize| format!("carrier att\n#{}", "x".repeat(octets - "carrier att\n#".len()));
    assert_eq!(codes(&filled(SOURCE_OCTETS_MAX)), []);
    assert_eq!(codes(&filled(SOURCE_OCTETS_MAX + 1)), [Code::E017]);
}

#[test]
fn blocks_are_nested_so_deep() {
    let nested = |deep: usize| {
        let blocks: String = (1..deep)
            .map(|level| format!("{}repeat 1:\n", "  ".repeat(level)))
            .collect();
        format!("test \"x\":\n{blocks}{}wait 1s\n", "  ".repeat(deep))
    };
    assert_eq!(codes(&nested(NESTING_MAX)), []);
    assert_eq!(codes(&nested(NESTING_MAX + 1)), [Code::E017]);
}

#[test]
fn a_name_has_so_many_characters_and_a_repeat_so_many_rounds() {
    for (source, fault) in [
        (format!("carrier {}\n", "a".repeat(NAME_CHARS_MAX)), None),
        (
            format!("carrier {}\n", "a".repeat(NAME_CHARS_MAX + 1)),
            Some(Code::E017),
        ),
        (
            format!("test \"x\":\n  note \"\"\n  repeat {REPEAT_MAX}:\n    wait 1s\n"),
            None,
        ),
        (
            format!(
                "test \"x\":\n  note \"\"\n  repeat {}:\n    wait 1s\n",
                REPEAT_MAX + 1
            ),
            Some(Code::E017),
        ),
        (format!("test \"x\":\n  wait {}d\n", u32::MAX), None),
        (
            format!("test \"x\":\n  wait {}d\n", u64::from(u32::MAX) + 1),
            Some(Code::E041),
        ),
        (format!("test \"x\":\n  alice < \"\", parts {}\n", u8::MAX), None),
        (
            format!("test \"x\":\n  alice < \"\", parts {}\n", u16::from(u8::MAX) + 1),
            Some(Code::E040),
        ),
        ("test \"x\":\n  alice < /a{1000}/\n".to_owned(), None),
        (
            "test \"x\":\n  alice < /(a{1000}){1000}/\n".to_owned(),
            Some(Code::E006),
        ),
    ] {
        assert_eq!(
            codes(&source),
            fault.into_iter().collect::<Vec<_>>(),
            "{}",
            source.lines().last().unwrap_or("")
        );
    }
}

#[test]
fn so_many_faults_are_told() {
    let faulty = |lines: usize| format!("test \"x\":\n{}", "  wait 5\n".repeat(lines));
    assert_eq!(codes(&faulty(FAULTS_MAX)).len(), FAULTS_MAX);
    assert_eq!(codes(&faulty(FAULTS_MAX + 1)).len(), FAULTS_MAX);
}

#[test]
fn a_world_has_so_many_phones_without_names() {
    let declared = |phones: u64| {
        let mut sources = Sources::new();
        let last = 14_155_000_000 + phones - 1;
        sources.insert(
            "a.sms",
            format!("carrier att\nhandsets +14155000000..+{last} on att\n"),
        );
        let script = load(&sources, "a.sms").expect("the file is right");
        scenario::world_config(&script).map(|declared| declared.config.users.len())
    };
    assert_eq!(declared(HANDSETS_MAX).ok(), usize::try_from(HANDSETS_MAX).ok());
    let faults = declared(HANDSETS_MAX + 1).expect_err("one too many");
    assert_eq!(
        faults.iter().map(|fault| fault.code).collect::<Vec<_>>(),
        [Code::E017]
    );
}

#[test]
fn a_world_has_so_many_carriers_and_esmes() {
    let faults = |carriers: usize, esmes: usize| {
        let mut source: String = (0..carriers)
            .map(|number| format!("carrier c{number}\n"))
            .collect();
        source.extend((0..esmes).map(|number| format!("esme e{number}\n")));
        let mut sources = Sources::new();
        sources.insert("a.sms", source);
        let script = load(&sources, "a.sms").expect("a script");
        let faults = scenario::world_config(&script).err().unwrap_or_default();
        faults.iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    assert_eq!(faults(world::CARRIERS_MAX, world::ESMES_MAX), []);
    assert_eq!(faults(world::CARRIERS_MAX + 1, 1), [Code::E017]);
    assert_eq!(faults(1, world::ESMES_MAX + 1), [Code::E017]);
}

/// A scenario in which scenes run each other so deep, each from within so many blocks.
fn scenes(deep: usize, blocks: usize) -> Sources {
    let indent = |level: usize| "  ".repeat(level);
    let nested: String = (1..=blocks)
        .map(|level| format!("{}repeat 1:\n", indent(level)))
        .collect();
    let runs = |scene: usize| {
        format!(
            "scene s{scene}():\n{nested}{}run s{}()\n",
            indent(blocks + 1),
            scene + 1
        )
    };
    let mut text = "carrier att\nuser alice +14155550101 on att\n".to_owned();
    text.extend((1..deep).map(runs));
    text.push_str(&format!(
        "scene s{deep}():\n  check alice texts on\ntest \"a\":\n  run s1()\n"
    ));
    let mut sources = Sources::new();
    sources.insert("a.sms", text);
    sources
}

#[test]
fn scenes_run_scenes_so_deep() {
    // As deep as it goes; a test has the stack of any thread.
    let sources = scenes(SCENES_DEEP_MAX, NESTING_MAX - 1);
    let script = load(&sources, "a.sms").expect("at the limit it holds");
    let runner = Runner::new(&sources, &script).expect("a world");
    let test = runner.tests().next().expect("a test");
    assert_eq!(runner.run(test, RunOptions::default()).diagnostics, []);
    for deep in [SCENES_DEEP_MAX + 1, 20_000] {
        let faults = load(&scenes(deep, 0), "a.sms").expect_err("too deep");
        let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, [Code::E017], "{deep}");
    }
}

#[test]
fn a_file_full_of_people_is_checked() {
    let mut text = "carrier att\n".to_owned();
    for n in 0..10_000 {
        let friend = (n + 1) % 10_000;
        text.push_str(&format!(
            "user u{n} +1415{n:07} on att, uid {}, friends u{friend}\n",
            5_000 + n
        ));
    }
    let mut sources = Sources::new();
    sources.insert("a.sms", text);
    let script = load(&sources, "a.sms").expect("a script");
    let declared = scenario::world_config(&script).expect("a world");
    assert!(
        declared
            .config
            .users
            .iter()
            .all(|user| user.user.friends.len() == 2)
    );
}
