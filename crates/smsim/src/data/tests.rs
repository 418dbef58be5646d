//! A world that is kept, left at any moment, and begun again.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use scenario::{Rules, Sources, Steps};
use smpp::{BindKind, Command, Framer, LinkId, Pdu, ShortMessage};
use sms::{Encoding, Msisdn, Segment, ShortCode, Timestamp};
use world::{Input, Output};

use super::keeper::RECORDS_HASHED_MAX;
use super::*;
use crate::engine::{ClockCommand, Mode};

const WORLD: &str = "world seed 7, start 2009-03-02 14:00
carrier att, latency 1s
carrier slow, latency log_normal 2s 0.5 10s, loss 20
app quiz \"Movie Quiz\", canvas quiz, url http://127.0.0.1:9/sms
app echo \"Echo\", canvas echo:
  on any  reply \"{0}?\", after 2s
user alice +14155550101 on att, apps quiz echo
user bob +14155550102 on slow
esme acme, code 12345
esme robo, code 888
";

fn loaded(text: &str) -> LoadedWorld {
    let mut sources = Sources::new();
    sources.insert("w.sms", text);
    let script = scenario::load(&sources, "w.sms").expect("a script");
    let declared = scenario::world_config(&script).expect("a world");
    LoadedWorld {
        script: Arc::new(script),
        declared,
        rules: Rules::default(),
        profiles: Sources::new(),
        sources,
    }
}

fn begun(folder: &Path) -> (Begun, Option<u64>) {
    let folder = Folder::hold(folder).expect("it is free");
    begin(folder, loaded(WORLD), None, |_, _| ()).expect("a world")
}

fn told(folder: &Path, text: &str, seed: Option<u64>) -> String {
    let folder = Folder::hold(folder).expect("it is free");
    let error = begin(folder, loaded(text), seed, |_, _| ()).expect_err("it cannot be");
    error.to_string()
}

/// What the control API shows of the records.
fn records(begun: &Begun) -> Vec<String> {
    let records = begun.journal.world().records_since(0);
    let value = |record| serde_json::to_value(record).expect("JSON").to_string();
    records.map(value).collect()
}

/// What somebody does with a world.
#[derive(Clone, Debug)]
enum Act {
    Text(usize, &'static str),
    Steps(&'static str),
    Progress,
    Abandon(u64),
    GiveUp,
    Connect(u64),
    Submit(u64, u32),
    Close(u64),
    Call(u64),
    Answer,
    Pass(u64),
    Clock(ClockCommand),
    Commit,
    /// The process ends, and another begins.
    Kill,
}

fn acts() -> impl Strategy<Value = Act> {
    let words = prop::sample::select(vec!["quiz play", "echo hi", "y", "stop", "help"]);
    let steps = prop::sample::select(vec![
        "set bob phone off",
        "set bob phone on",
        "alice < ~\"*\", within 30s",
        "alice > \"hello\", to 12345",
        "set robo bind up",
        "set robo bind down",
        "alice > \"hello robot\", to 888",
        "set slow link down",
        "set slow link up",
        "repeat 3:\n  bob > \"quiz again\"\n",
    ]);
    let clock = prop::sample::select(vec![
        ClockCommand::Pause,
        ClockCommand::Virtual,
        ClockCommand::Run(Some(1.0)),
        ClockCommand::Hold("me".to_owned()),
        ClockCommand::Release("me".to_owned()),
    ]);
    prop_oneof![
        3 => (0..2_usize, words).prop_map(|(user, words)| Act::Text(user, words)),
        2 => steps.prop_map(Act::Steps),
        3 => Just(Act::Progress),
        1 => (0..4_u64).prop_map(Act::Abandon),
        1 => Just(Act::GiveUp),
        2 => (1..4_u64).prop_map(Act::Connect),
        4 => (1..4_u64, 1..99_u32).prop_map(|(link, number)| Act::Submit(link, number)),
        1 => (1..4_u64).prop_map(Act::Close),
        2 => (0..9_u64).prop_map(Act::Call),
        2 => Just(Act::Answer),
        6 => (0..90_000_000_u64).prop_map(Act::Pass),
        1 => clock.prop_map(Act::Clock),
        6 => Just(Act::Commit),
        2 => Just(Act::Kill),
    ]
}

fn phone(user: usize) -> Msisdn {
    ["+14155550101", "+14155550102"][user].parse().expect("a number")
}

/// The shell around a world: what an engine does with it.
struct Shell {
    begun: Begun,
    now: Timestamp,
    posted: Vec<world::io::CallbackId>,
    /// The names of links are not used twice.
    links_before: u64,
    calls: u64,
    /// The records that were there when all was on the disk.
    kept: Vec<String>,
}

impl Shell {
    fn new(folder: &Path) -> Self {
        let (begun, _) = begun(folder);
        Self {
            now: begun.journal.world().now(),
            links_before: begun.journal.last_link(),
            calls: 0,
            posted: Vec::new(),
            kept: Vec::new(),
            begun,
        }
    }

    fn handle(&mut self, input: Input) {
        self.begun.journal.handle(self.now, input);
    }

    fn receive(&mut self, link: u64, commands: &[Command]) {
        let mut framer = Framer::default();
        for command in commands {
            framer.feed(&smpp::encode(command));
        }
        let frames = std::iter::from_fn(|| framer.next_frame()).collect();
        let link = LinkId(self.links_before + link);
        self.handle(Input::LinkReceived { link, frames });
    }

    fn drain(&mut self) {
        self.begun.journal.drain();
        while let Some(output) = self.begun.journal.poll_output() {
            if let Output::Callback { callback, .. } = output {
                self.posted.push(callback);
            }
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Text(user, text) => self.handle(Input::Compose {
                handset: phone(user),
                to: ShortCode::new(32_665).expect("a code").address(),
                text: text.to_owned(),
            }),
            Act::Steps(text) => {
                let steps = Steps::read("steps", text).expect("steps");
                // There may be too many of them.
                let _ = self.begun.journal.begin(steps);
            }
            Act::Progress => {
                self.begun.journal.progress();
            }
            Act::Abandon(program) => self.begun.journal.abandon(program.into()),
            Act::GiveUp => {
                self.begun.journal.give_up_on_real_apps();
            }
            Act::Connect(link) => {
                let id = LinkId(self.links_before + link);
                self.handle(Input::LinkOpened { link: id, peer: None });
                let bind = smpp::Bind::new(BindKind::Transceiver, "acme", "acme");
                self.receive(link, &[Command::request(1, Pdu::Bind(bind))]);
            }
            Act::Submit(link, number) => {
                let segment = Segment::whole("hello", Encoding::Gsm7);
                let from = ShortCode::new(12_345).expect("a code").address();
                let to = phone(usize::from(number % 2 == 0)).address();
                let mut text = ShortMessage::new(from, to, &segment);
                text.registered_delivery = 1;
                let submits =
                    [2, 3].map(|more| Command::request(number * 10 + more, Pdu::SubmitSm(text.clone())));
                self.receive(link, &submits);
            }
            Act::Close(link) => self.handle(Input::LinkClosed {
                link: LinkId(self.links_before + link),
            }),
            Act::Call(uid) => {
                self.calls += 1;
                let call = platform::CallId(self.begun.journal.last_call() + 1);
                let credentials = &self.begun.loaded.declared.config.apps[0].credentials;
                let uid = (1_001 + uid).to_string();
                let params = [("uid", uid.as_str()), ("message", "A text of an app")];
                let request = rest::client::request(credentials, "sms.send", &params);
                self.begun
                    .journal
                    .decide_first(self.now, vec![Input::Api { call, request }]);
                self.drain();
                self.handle(Input::Tick);
            }
            Act::Answer => {
                if let Some(callback) = self.posted.pop() {
                    self.handle(Input::CallbackAnswered {
                        callback,
                        status: 200,
                        body: "ok".to_owned(),
                    });
                }
            }
            Act::Pass(micros) => {
                self.now += std::time::Duration::from_micros(micros);
                self.handle(Input::Tick);
            }
            Act::Clock(command) => {
                let (reached, _) = tokio::sync::oneshot::channel();
                let _ = self.begun.pace.command(command, None, reached);
            }
            Act::Commit | Act::Kill => {
                self.begun.journal.drain();
                self.begun
                    .journal
                    .commit(&self.begun.pace)
                    .expect("it can be written");
                self.kept = records(&self.begun);
                self.drain();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_done_and_whenever_it_ends_the_same_calls_make_the_same_records(
        acts in prop::collection::vec(acts(), 1..120),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut shell = Shell::new(folder.path());
        for act in acts {
            let is_killed = matches!(act, Act::Kill);
            shell.act(act);
            if is_killed {
                let (state, at) = (shell.begun.pace.state(), shell.begun.journal.world().now());
                let kept = std::mem::take(&mut shell.kept);
                // More is done, and nobody has heard of it.
                shell.act(Act::Text(0, "nobody has heard of this"));
                drop(shell);
                shell = Shell::new(folder.path());
                let again = records(&shell.begun);
                prop_assert_eq!(&again[..kept.len()], &kept[..]);
                prop_assert!(shell.begun.pace.goes_as(&state));
                let stands = state.mode != Mode::Running || !state.holds.is_empty();
                prop_assert!(!stands || shell.begun.pace.now() == at);
            }
        }
        shell.act(Act::Commit);
        let kept = records(&shell.begun);
        drop(shell);
        let mut recorded = Recorded::open(folder.path()).expect("a journal");
        let played = recorded.play(Until::End, true, |_, _| Ok(())).expect("it is played");
        prop_assert_eq!(played.parted, None);
        let again = recorded.served().world().records_since(0);
        let again: Vec<String> = again.map(|record| serde_json::to_value(record).expect("JSON").to_string()).collect();
        prop_assert_eq!(again, kept);
    }
}

/// A world with that clock, of which nothing is left but what is on the disk.
fn left(folder: &Path, acts: impl IntoIterator<Item = Act>) -> Vec<String> {
    let mut shell = Shell::new(folder);
    for act in acts {
        shell.act(act);
    }
    shell.act(Act::Commit);
    shell.kept
}

/// Everything that is recorded of a world that is begun again and goes on for a minute, behind what is there already.
fn goes_on(folder: &Path, kept: usize) -> String {
    let mut shell = Shell::new(folder);
    shell.act(Act::Pass(60_000_000));
    records(&shell.begun)[kept..].join("\n")
}

#[test]
fn a_world_learns_what_was_lost_with_its_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = left(
        folder.path(),
        [
            Act::Connect(1),
            Act::Connect(2),
            Act::Close(2),
            Act::Text(0, "quiz play"),
            Act::Pass(5_000_000),
            Act::Commit,
            Act::Steps("alice < ~\"*\", within 30s"),
            Act::Progress,
        ],
    );
    assert!(kept.join("\n").contains("\"callback_sent\""), "{kept:#?}");
    let told = goes_on(folder.path(), kept.len());
    // The link that was open, the app that was being called, and nobody's steps.
    assert_eq!(told.matches("\"link_closed\"").count(), 1, "{told}");
    assert!(
        told.contains("\"unreachable\":\"smsim ended, and was started again\""),
        "{told}"
    );
    let (begun, calls) = begun(folder.path());
    assert!(!begun.journal.has_programs());
    assert!(calls.is_some_and(|calls| calls > 5), "{calls:?}");
    assert_eq!(begun.journal.last_link(), 2);
}

#[test]
fn a_call_to_an_esme_that_nobody_will_answer_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = WORLD.replace("code 12345", "code 12345, outbind 127.0.0.1:9");
    let hold = || Folder::hold(folder.path()).expect("it is free");
    let (mut first, _) = begin(hold(), loaded(&world), None, |_, _| ()).expect("a world");
    let now = first.journal.world().now();
    let text = Input::Compose {
        handset: phone(0),
        to: ShortCode::new(12_345).expect("a code").address(),
        text: "wake up".to_owned(),
    };
    first.journal.handle(now, text);
    first
        .journal
        .handle(now + std::time::Duration::from_secs(2), Input::Tick);
    first.journal.drain();
    while first.journal.poll_output().is_some() {}
    first.journal.commit(&first.pace).expect("written");
    drop(first);
    let (again, _) = begin(hold(), loaded(&world), None, |_, _| ()).expect("a world");
    let told = records(&again).join("\n");
    assert!(told.contains("smsim ended, and was started again"), "{told}");
}

#[test]
fn a_clock_that_runs_has_gone_on_meanwhile_and_others_have_not() {
    for (command, speed) in [
        (ClockCommand::Run(Some(1.0)), 1),
        (ClockCommand::Run(Some(20.0)), 20),
        (ClockCommand::Pause, 0),
        (ClockCommand::Virtual, 0),
        (ClockCommand::Hold("me".to_owned()), 0),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        left(folder.path(), [Act::Pass(1_000_000), Act::Clock(command.clone())]);
        let held = Folder::hold(folder.path())
            .expect("free")
            .journal()
            .expect("a journal");
        let mut world = loaded(WORLD);
        let (served, fresh) = worlds::served(&world.script, &mut world.declared).expect("a world");
        let restored = replay::restore(&held.store, served, |_| ()).expect("restored");
        let written = held
            .store
            .groups_behind(held.store.groups() - 1)
            .expect("a group")[0]
            .written;
        let minute = std::time::Duration::from_secs(60);
        let resumed = restored.resumed(written.wall + minute, fresh);
        let passed = resumed.pace.now().since(written.at);
        let expected = minute * speed;
        // The clock runs while it is looked at.
        assert!(
            passed >= expected && (speed > 0 || passed == expected),
            "{command:?}: {passed:?}"
        );
        assert!(passed < expected + minute, "{command:?}: {passed:?}");
    }
}

#[test]
fn the_records_of_a_group_are_hashed_up_to_a_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut begun, _) = begun(folder.path());
    let now = begun.journal.world().now();
    begun.journal.commit(&begun.pace).expect("written");
    let mut ends = vec![begun.journal.world().next_record()];
    for records in [RECORDS_HASHED_MAX, RECORDS_HASHED_MAX + 2] {
        let end = begun.journal.world().next_record() + records;
        while begun.journal.world().next_record() < end {
            // Two records each.
            let change = platform::Change::DailyMax(platform::Uid(1_001), Some(3));
            begun
                .journal
                .handle(now, Input::Change(world::Change::Platform(change)));
        }
        assert_eq!(begun.journal.world().next_record(), end);
        begun.journal.commit(&begun.pace).expect("written");
        ends.push(end);
    }
    drop(begun);
    let held = Folder::hold(folder.path())
        .expect("free")
        .journal()
        .expect("a journal");
    let groups = held.store.groups_behind(0).expect("groups");
    let from: Vec<u64> = groups.iter().map(|group| group.written.hashed_from).collect();
    assert_eq!(from, [0, ends[0], ends[1] + 2]);
}

#[test]
fn other_records_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    left(folder.path(), [Act::Text(0, "quiz play"), Act::Pass(5_000_000)]);
    let held = Folder::hold(folder.path())
        .expect("free")
        .journal()
        .expect("a journal");
    let groups = held.store.groups_behind(0).expect("groups");
    let last = groups.last().expect("a group").clone();
    drop(held);
    for (written, told) in [
        (
            store::Written {
                next_record: last.written.next_record + 1,
                ..last.written
            },
            "at the end of group",
        ),
        (
            store::Written {
                at: last.written.at + std::time::Duration::from_secs(1),
                ..last.written
            },
            "us of the world's time",
        ),
        (
            store::Written {
                records_hash: last.written.records_hash ^ 1,
                ..last.written
            },
            "the last ones are others",
        ),
    ] {
        let mut held = Folder::hold(folder.path())
            .expect("free")
            .journal()
            .expect("a journal");
        held.store.replace_last(&written, &last.octets);
        drop(held);
        let error = self::told(folder.path(), WORLD, None);
        assert!(
            error.contains("do not make the same records any more") && error.contains(told),
            "{error}"
        );
        assert!(error.contains("smsim 0.1.0 wrote it"), "{error}");
        let mut recorded = Recorded::open(folder.path()).expect("a journal");
        let played = recorded
            .play(Until::End, true, |_, _| Ok(()))
            .expect("it is played");
        assert!(played.parted.is_some(), "{told}");
    }
}

#[test]
fn another_world_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    left(folder.path(), []);
    let error = told(folder.path(), &WORLD.replace("on slow", "on att"), None);
    assert!(
        error.contains("is the journal of another world: it has `user bob"),
        "{error}"
    );
    let error = told(folder.path(), WORLD, Some(8));
    assert!(error.contains("it has the seed 7, and not 8"), "{error}");
    let folder = Folder::hold(folder.path()).expect("it is free");
    begin(folder, loaded(WORLD), Some(7), |_, _| ()).expect("its own seed is no other");
}

#[test]
fn calls_that_make_no_sense_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    left(folder.path(), [Act::Text(0, "quiz play")]);
    let mut held = Folder::hold(folder.path())
        .expect("free")
        .journal()
        .expect("a journal");
    let groups = held.store.groups();
    let written = held.store.groups_behind(groups - 1).expect("groups")[0].written;
    held.store.append(&written, &[77]).expect("written");
    drop(held);
    let error = told(folder.path(), WORLD, None);
    let expected = format!("is damaged: group {}: there is no kind of call 77", groups + 1);
    assert!(error.contains(&expected), "{error}");
    // What stands before is played.
    let mut recorded = Recorded::open(folder.path()).expect("a journal");
    let mut last = 0;
    let error = recorded.play(Until::End, false, |_, group| {
        last = group;
        Ok(())
    });
    assert!(error.expect_err("it is damaged").to_string().contains(&expected));
    assert_eq!(last, groups);
}
