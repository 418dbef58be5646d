//! A world that branches off from another: the same up to a record, and on its own from there.

mod served;

use std::net::TcpStream;

use serde_json::{Value, json};
use served::Served;

const WORLD: &str = "world seed 7, start 2009-03-02 14:00, tz America/Los_Angeles, clock virtual
carrier sprint, latency 1s
carrier att, latency 200ms, loss 30%
app quiz \"Movie Quiz\", canvas quiz
app echo \"Echo\", canvas echo:
  on any reply \"you said {0}\", after 1s
user carol +14155550103 on sprint
user alice +14155550101 on att, apps echo
esme gate
";

fn ask(serve: &Served, request: &str, body: &str) -> (u16, Value) {
    let (head, body) = serve.http(request, body);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (
        status.expect("a status"),
        serde_json::from_str(&body).unwrap_or_default(),
    )
}

fn steps(serve: &Served, world: &str, lines: &str) {
    let (_, answer) = ask(serve, &format!("POST /api/v1/worlds/{world}/steps"), lines);
    assert_eq!(answer["ok"], true, "{lines}: {answer}");
}

fn records(serve: &Served, world: &str) -> Vec<Value> {
    let (_, answer) = ask(serve, &format!("GET /api/v1/worlds/{world}/records?since=0"), "");
    answer["records"].as_array().expect("records").clone()
}

/// A world that branches off there; its name, and its records.
fn branch(serve: &Served, record: usize) -> (String, Vec<Value>) {
    let (status, world) = ask(
        serve,
        "POST /api/v1/worlds/default/branch",
        &json!({ "record": record }).to_string(),
    );
    assert_eq!(
        (status, &world["branch_of"], &world["seed"]),
        (201, &json!("default"), &json!(7)),
        "{world}"
    );
    let name = world["id"].as_str().expect("a name").to_owned();
    let records = records(serve, &name);
    (name, records)
}

/// What a person, the clock and an app that answers by rules do: answers are under way, a user joins, a session runs out.
fn live(serve: &Served) {
    for lines in [
        "alice > \"echo hi\"",
        "wait 1200ms",
        "user erin +14155550177 on sprint, apps echo\nerin > \"echo one\"\nwait 3s",
        "carol > \"quiz play\"\ncarol < ~\"*Reply Y*\"\ncarol > \"Y\"\nquiz < carol \"play\", new, as $s\nquiz > carol \"Welcome!\", in $s",
        "set sprint link down\ncarol > \"quiz more\"",
        "wait 5m\nset sprint link up",
    ] {
        steps(serve, "default", lines);
    }
    let advance = json!({ "command": "advance", "by": "61s" });
    let (status, _) = ask(serve, "POST /api/v1/worlds/default/clock", &advance.to_string());
    assert_eq!(status, 200);
}

#[test]
fn a_branch_has_the_records_of_the_other_world_up_to_there() {
    let serve = Served::start(WORLD, &[]);
    live(&serve);
    let all = records(&serve, "default");
    assert!(all.len() > 100, "{} records", all.len());
    for record in (0..all.len()).step_by(7).chain([all.len() - 1]) {
        let (name, same) = branch(&serve, record);
        assert!(same.len() > record, "{name} has {} records", same.len());
        assert!(same[..] == all[..same.len()], "{name}");
        let (status, _) = ask(&serve, &format!("DELETE /api/v1/worlds/{name}"), "");
        assert_eq!(status, 204);
    }
}

#[test]
fn a_branch_goes_on_as_the_other_world_does() {
    let serve = Served::start(WORLD, &[]);
    live(&serve);
    // A branch stands at the time of its record.
    steps(&serve, "default", "alice > \"help\"");
    let last = records(&serve, "default").len() - 1;
    let (name, _) = branch(&serve, last);
    // Captures, the user who joined, dice, sessions and rules: everything is as it is there.
    let on = "quiz > carol \"late\", in $s = 850\nerin > \"echo two\"\nalice > \"echo three\"\nset att loss 0%\nwait 1m";
    for world in ["default", &name] {
        steps(&serve, world, on);
    }
    assert!(
        records(&serve, &name) == records(&serve, "default"),
        "the same happens in both"
    );
    // And from there each is on its own.
    steps(&serve, &name, "alice > \"only here\"");
    assert!(records(&serve, &name).len() > records(&serve, "default").len());
    let request = format!("POST /api/v1/worlds/{name}/branch");
    let (status, again) = ask(&serve, &request, "{\"record\":0,\"id\":\"again\"}");
    assert_eq!(
        (status, &again["branch_of"]),
        (201, &json!(name)),
        "a branch branches too"
    );
}

#[test]
fn what_was_under_way_comes_in_the_branch_too() {
    let serve = Served::start(WORLD, &[]);
    steps(
        &serve,
        "default",
        "set att loss 0%\nalice > \"echo hi\"\nwait 500ms",
    );
    let here = records(&serve, "default").len() - 1;
    steps(&serve, "default", "wait 1d");
    let (name, _) = branch(&serve, here);
    let (_, world) = ask(&serve, &format!("GET /api/v1/worlds/{name}"), "");
    assert_eq!(
        world["clock"]["time"], "2009-03-02 14:00:00",
        "{}",
        world["clock"]
    );
    steps(
        &serve,
        &name,
        "echo > alice \"you said hi\"\nalice < \"you said hi\", within 3s",
    );
}

#[test]
fn a_clock_that_runs_makes_no_difference() {
    let serve = Served::start(&WORLD.replace("clock virtual", "clock x200"), &[]);
    live(&serve);
    let all = records(&serve, "default");
    for record in (0..all.len()).step_by(29) {
        let (name, same) = branch(&serve, record);
        let shared = same.len().min(all.len());
        assert!(shared > record, "{name}");
        assert!(same[..=record] == all[..=record], "{name}");
    }
}

#[test]
fn where_no_branch_is_possible_it_is_said_why() {
    let serve = Served::start(WORLD, &[]);
    live(&serve);
    let next = records(&serve, "default").len();
    let refused = |body: &str, status: u16, why: &str| {
        let (found, answer) = ask(&serve, "POST /api/v1/worlds/default/branch", body);
        let told = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(found == status && told.contains(why), "{body}: {found} {answer}");
    };
    refused("{}", 400, "write {\"record\":120}");
    refused("{\"record\":1,\"id\":\"a/b\"}", 400, "a world's name has");
    refused(
        "{\"record\":1,\"id\":\"default\"}",
        409,
        "there is a world \"default\" already",
    );
    refused(&json!({ "record": next }).to_string(), 409, "is not there yet");

    // An app outside is connected: a branch could not reach it, and it would not find the branch.
    steps(&serve, "default", "set quiz url http://127.0.0.1:9/sms");
    let connected = records(&serve, "default").len() - 1;
    refused(
        &json!({ "record": connected }).to_string(),
        409,
        "set quiz url none",
    );
    steps(&serve, "default", "set quiz url none");
    let (_, same) = branch(&serve, records(&serve, "default").len() - 1);
    assert!(same.len() > connected);

    // An ESME outside takes part: up to then a branch is possible.
    let before = records(&serve, "default").len() - 1;
    let mut esme = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(served::bind(&mut esme).expect("an answer"), 0);
    let after = records(&serve, "default").len() - 1;
    assert!(after > before);
    refused(
        &json!({ "record": after }).to_string(),
        409,
        "an ESME outside of the simulation took part",
    );
    branch(&serve, before);

    // A call of an app outside ends it as well, in a world of its own journal.
    let other = Served::start(WORLD, &[]);
    other.http(
        "GET /restserver.php?method=auth.createToken&api_key=none&v=1.0",
        "",
    );
    let last = records(&other, "default").len() - 1;
    let (status, answer) = ask(
        &other,
        "POST /api/v1/worlds/default/branch",
        &json!({ "record": last }).to_string(),
    );
    assert_eq!(status, 409, "{answer}");
    assert!(
        answer
            .to_string()
            .contains("an app outside of the simulation took part"),
        "{answer}"
    );
}

#[test]
fn apps_and_esmes_find_the_first_world_and_not_its_branch() {
    let serve = Served::start(WORLD, &[]);
    let (name, _) = branch(&serve, 0);
    let mut esme = TcpStream::connect(("127.0.0.1", serve.smpp)).expect("it listens");
    assert_eq!(served::bind(&mut esme).expect("an answer"), 0);
    for (world, bound) in [("default", 1), (name.as_str(), 0)] {
        let (_, world) = ask(&serve, &format!("GET /api/v1/worlds/{world}"), "");
        assert_eq!(world["esmes"][0]["sessions_bound"], bound, "{world}");
    }
}
