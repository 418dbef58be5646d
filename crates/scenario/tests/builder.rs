//! The verbs in Rust are as strict as the lines of a file, and say the same.

use std::time::Duration;

use scenario::builder::{Failure, World, exactly, glob, regex, text, world};
use scenario::{Code, RunOptions, Runner, Sources};

const WORLD: &str = "world seed 7, patience 5s
     carrier att, latency 200ms
     carrier sprint, latency 1s
     app quiz \"Movie Quiz\", canvas quiz
     user alice +14155550101 on att, apps quiz
     user bob +14155550102 on sprint, apps quiz
     user carol +14155550103 on sprint";

fn codes(failure: &Failure) -> Vec<Code> {
    failure.diagnostics.iter().map(|fault| fault.code).collect()
}

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Everything once; it passes.
fn everything(world: &World) -> Result<(), Failure> {
    let (alice, bob, carol, quiz) = (
        world.user("alice"),
        world.user("bob"),
        world.user("carol"),
        world.app("quiz"),
    );
    let sent = quiz.sends(&alice, "Hi {you}")?;
    alice.sees(text("Hi {you}"))?;
    world.platform().sees_receipt(&sent, "DELIVRD", second(60))?;
    let session = quiz.asks(&alice, "Who directed Jaws?")?;
    assert_eq!(session.id(), "1");
    alice.sees(
        glob("*Jaws*")
            .within(second(5))
            .after(Duration::from_millis(200))
            .parts(1),
    )?;
    alice.answers(&session, "Spielberg")?;
    let answer = quiz.sees(&alice, glob("Sp*").inside(&session))?;
    assert_eq!(answer.id(), session.id());
    quiz.sends(&alice, text("Right").inside(&session))?;
    alice.sees(regex("^R.+t$").encoding("gsm7"))?;
    world.wait(Duration::from_millis(61_500))?;
    quiz.sends(&alice, text("Late").inside(&session).refused(850))?;
    carol.texts("quiz play")?;
    carol.sees(glob("*Reply Y*").from_number("3266501"))?;
    carol.texts("Y")?;
    quiz.sees(&carol, exactly("play").new_user())?;
    bob.set("texts off")?;
    bob.check("texts off")?;
    quiz.may_not_text(&bob, 856)?;
    quiz.may_text(&alice)?;
    quiz.calls("users.hasAppPermission", &[("uid", "alice"), ("ext_perm", "sms")])
        .expect_err("it returns a number that is no session and no success");
    Ok(())
}

#[test]
fn every_verb_plays_its_line() {
    let world = world(WORLD).expect("a world");
    everything(&world).expect("all as expected");
    let failure = world.finish().expect_err("one call failed");
    assert_eq!(codes(&failure), [Code::E202]);
}

#[test]
fn what_was_played_is_a_file_that_does_the_same() {
    let world = world(WORLD).expect("a world");
    let (alice, bob, quiz) = (world.user("alice"), world.user("bob"), world.app("quiz"));
    world.carrier("att").set("latency 2s").expect("set");
    alice.texts("quiz play").expect("sent");
    let session = quiz.sees(&alice, "play").expect("a callback");
    quiz.sends(&alice, text("Well \"done\"").inside(&session))
        .expect("sent");
    alice.sees("Well \"done\"").expect("arrived");
    bob.texts_to("+14155550101", "Hello").expect("sent");
    alice
        .sees(exactly("Hello").from_number("+14155550102"))
        .expect("arrived");
    bob.sees_nothing_for(second(3_600)).expect("nothing");
    world.at("+1d 09:00").expect("tomorrow");
    world.note("the end").expect("noted");
    world.platform().bind(false).expect("down");
    world
        .play("any order:\n  bob < nothing for 1s")
        .expect_err("a quiet time has no place there");
    let text = world.text();
    let text = text
        .split("  any order:")
        .next()
        .expect("what came before")
        .to_owned();
    let mut sources = Sources::new();
    sources.insert("played.sms", text.as_str());
    let script = scenario::load(&sources, "played.sms").expect("a file");
    let runner = Runner::new(&sources, &script).expect("a world");
    let report = runner.run(runner.tests().next().expect("a test"), RunOptions::default());
    assert!(report.passed(), "{text}\n{:?}", report.diagnostics);
}

#[test]
fn a_failure_has_its_code_its_line_the_reason_and_the_place_of_the_call() {
    let world = world(WORLD).expect("a world");
    let (alice, quiz) = (world.user("alice"), world.app("quiz"));
    alice.set("texts off").expect("set");
    let failure = quiz.sends(&alice, "Hi").expect_err("refused");
    assert_eq!(codes(&failure), [Code::E202]);
    let told = failure.to_string();
    for part in [
        "error[E202]: sms.send returned 856",
        "--> live.sms:11:3",
        "11 |   quiz > alice \"Hi\" as $m1",
        "= why: ",
        "= called at crates/scenario/tests/builder.rs:",
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
}

#[test]
fn what_nobody_claims_fails_the_test() {
    let world = world(WORLD).expect("a world");
    world.app("quiz").sends(&world.user("alice"), "Hi").expect("sent");
    let text = world.text();
    let failure = world.finish().expect_err("unclaimed");
    assert_eq!(codes(&failure), [Code::E204]);
    assert!(
        text.contains("test \"crates/scenario/tests/builder.rs:"),
        "{text}"
    );
}

#[test]
fn an_ignored_inbox_may_hold_anything() {
    let world = world(WORLD).expect("a world");
    let alice = world.user("alice");
    alice.ignore().expect("ignored");
    world.app("quiz").sends(&alice, "Hi").expect("sent");
    assert!(world.finish().expect("passed").passed());
}

#[test]
fn names_and_declarations_are_checked() {
    let failure = world("carrier att, latnecy 1s").expect_err("no such clause");
    assert_eq!(codes(&failure), [Code::E104]);
    let world = world(WORLD).expect("a world");
    let failure = world.user("alise").texts("Hi").expect_err("nobody");
    assert_eq!(codes(&failure), [Code::E100]);
    assert!(failure.to_string().contains("did you mean `alice`?"), "{failure}");
}

#[test]
fn a_world_may_stand_in_files() {
    let mut sources = Sources::new();
    sources.insert("world.sms", "carrier att\nuser alice +14155550101 on att\n");
    let world = World::with(sources, &scenario::Rules::default(), "use \"world.sms\"").expect("a world");
    world.user("alice").texts("hello").expect("sent");
    world.user("alice").sees(glob("*")).expect("an answer");
    world.finish().expect("passed");
}
