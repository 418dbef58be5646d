//! Programs of steps in a world that somebody else drives.

use std::sync::Arc;

use scenario::{Code, ProgramAnswer, ProgramId, ServedWorld, Sources, Steps, load, world_config};
use world::Input;

const WORLD: &str = "carrier att, latency 1s
app quiz \"Quiz\"
user alice +14155550101 on att
user bob +14155550102 on att
scene greets($who):
  $who > \"Hi\", to +14155550199
";

fn world() -> ServedWorld {
    let mut sources = Sources::new();
    sources.insert("w.sms", WORLD);
    let script = load(&sources, "w.sms").expect("a script");
    let declared = world_config(&script).expect("a world");
    ServedWorld::new(Arc::new(script), &declared).expect("a world")
}

fn begin(world: &mut ServedWorld, lines: &str) -> ProgramId {
    let steps = Steps::read("lines", lines).expect("lines");
    world.begin(steps).expect("steps")
}

/// Drives the world until every program is over.
fn answers(world: &mut ServedWorld) -> Vec<(ProgramId, ProgramAnswer)> {
    let mut over = world.progress();
    while world.has_programs() {
        let due = world.waits().filter_map(|(_, wait)| Some(wait?.until));
        let due = due
            .chain(world.next_wakeup())
            .min()
            .expect("something to wait for");
        world.handle(due, Input::Tick);
        while world.poll_output().is_some() {}
        over.extend(world.progress());
    }
    over
}

#[test]
fn loops_of_two_programs_with_one_variable_stand_for_their_own() {
    let mut world = world();
    let acting = begin(
        &mut world,
        "for $x in alice, bob:\n  wait 5s\n  $x > \"Hi\", to +14155550199\n  run greets($x)\n",
    );
    let ignoring = begin(
        &mut world,
        "for $x in quiz:\n  wait 1s\n  ignore $x\n  wait 20s\n",
    );
    let answers = answers(&mut world);
    assert_eq!(answers.len(), 2);
    for (id, answer) in &answers {
        assert!(*id == acting || *id == ignoring);
        assert!(answer.steps.iter().all(|step| step.fault.is_none()), "{answer:?}");
    }
    let told = world.told_since(0);
    let texts = |who: &str| told.iter().filter(|(_, _, words)| words.starts_with(who)).count();
    assert_eq!((texts("alice > "), texts("bob > ")), (2, 2), "{told:?}");
}

#[test]
fn steps_whose_actors_cannot_be_are_not_begun() {
    let mut world = world();
    for (lines, code) in [
        ("for $x in quiz:\n  run greets($x)\n", Code::E103),
        ("for $x in alice:\n  $x < \"Hi\", as $x\n", Code::E101),
        (
            "for $x in alice:\n  for $x in bob:\n    $x > \"Hi\"\n",
            Code::E101,
        ),
        ("for $_ in alice:\n  $_ > \"Hi\"\n", Code::E107),
    ] {
        let steps = Steps::read("lines", lines).expect("lines");
        let faults = world.begin(steps).expect_err("a fault");
        assert_eq!(faults[0].code, code, "{lines}");
    }
}
