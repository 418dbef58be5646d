//! The guided demos: scenario files whose tests are tagged `@demo`, as the page plays them, step by step.

use rust_embed::Embed;
use scenario::syntax::{Actor, Destination, Spanned, Step, Test};
use serde_json::{Value, json};

/// The tag of a test that is a guided demo.
const TAG: &str = "demo";

#[derive(Embed)]
#[folder = "../../tests/scenarios/demos"]
#[include = "*.sms"]
struct Files;

/// Every demo with its steps, in the order of the files' names. Texts wait for a person: everybody's, or those of `humans` alone where
/// there are any.
pub fn demos(humans: &[String]) -> Value {
    let mut paths: Vec<_> = Files::iter().collect();
    paths.sort();
    let demos = paths.iter().flat_map(|path| {
        let file = Files::get(path).map(|file| file.data).unwrap_or_default();
        demos_of(&String::from_utf8_lossy(&file), humans)
    });
    json!(demos.collect::<Vec<_>>())
}

fn demos_of(text: &str, humans: &[String]) -> Vec<Value> {
    let file = scenario::parse("demo", text).file;
    let tagged = |test: &&Spanned<Test>| test.node.tags.iter().any(|tag| tag.node == TAG);
    file.tests()
        .filter(tagged)
        .map(|test| {
            json!({
                "name": test.node.name.node,
                "steps": test.node.steps.iter().map(|one| step(one, humans)).collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// A step as the line that performs it, and what a person or the clock has to do with it.
fn step(step: &Spanned<Step>, humans: &[String]) -> Value {
    let line = scenario::format_steps(std::slice::from_ref(step), 0);
    let mut value = json!({ "line": line.trim_end(), "kind": "line" });
    match &step.node {
        Step::Note(text) => {
            value["kind"] = "note".into();
            value["text"] = text.node.template().into();
        }
        Step::Compose {
            user: Spanned {
                node: Actor::Name(user),
                ..
            },
            text,
            to: Destination::ShortCode,
        } if humans.is_empty() || humans.contains(user) => {
            value["kind"] = "text".into();
            value["human"] = humans.contains(user).into();
            value["user"] = user.as_str().into();
            value["text"] = text.node.template().into();
        }
        Step::Wait(durs) => {
            value["kind"] = "wait".into();
            value["by"] = durs
                .iter()
                .map(|dur| dur.node.to_string())
                .collect::<Vec<_>>()
                .join(" ")
                .into();
        }
        Step::Quiet { window, .. } => {
            value["kind"] = "quiet".into();
            value["by"] = window.node.to_string().into();
        }
        // Each is a line that is performed as it stands.
        Step::Compose { .. }
        | Step::Arrival(_)
        | Step::Send(_)
        | Step::Call { .. }
        | Step::CanSend { .. }
        | Step::Pdu(_)
        | Step::Receipt { .. }
        | Step::Set(..)
        | Step::Check(..)
        | Step::At { .. }
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Ignore(_)
        | Step::Fill
        | Step::Join(_) => {}
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_has_captions_and_something_to_do() {
        let demos = demos(&[]);
        let demos = demos.as_array().expect("a list");
        assert!(demos.len() >= 8, "{} demos", demos.len());
        for demo in demos {
            let kinds: Vec<&str> = demo["steps"]
                .as_array()
                .expect("steps")
                .iter()
                .map(|step| step["kind"].as_str().expect("a kind"))
                .collect();
            assert!(kinds.contains(&"note"), "{}", demo["name"]);
            assert!(kinds.contains(&"line"), "{}", demo["name"]);
        }
    }

    #[test]
    fn a_persons_text_and_a_wait_are_told_from_lines() {
        let text = "test \"x\" @demo:\n  note \"Text it.\"\n  carol > \"quiz play\"\n  carol < \"Hi\"\n  wait 1m 1s\n  carol < nothing for 5m\n\
                    test \"y\":\n  wait 1s\n";
        let demos = demos_of(text, &[]);
        assert_eq!(demos.len(), 1);
        assert_eq!(
            demos[0]["steps"],
            json!([
                { "line": "note \"Text it.\"", "kind": "note", "text": "Text it." },
                { "line": "carol > \"quiz play\"", "kind": "text", "human": false, "user": "carol", "text": "quiz play" },
                { "line": "carol < \"Hi\"", "kind": "line" },
                { "line": "wait 1m 1s", "kind": "wait", "by": "1m 1s" },
                { "line": "carol < nothing for 5m", "kind": "quiet", "by": "5m" },
            ])
        );
        let kind = |human: &str| demos_of(text, &[human.to_owned()])[0]["steps"][1].clone();
        assert_eq!(kind("carol")["human"], true);
        assert_eq!(
            kind("alice"),
            json!({ "line": "carol > \"quiz play\"", "kind": "line" }),
            "only people are waited for"
        );
    }
}
