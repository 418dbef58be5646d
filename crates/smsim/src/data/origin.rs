//! What a journal's world is made of: its sources, the rules and the profiles that it names. [`Origin`]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use scenario::syntax::{File, Item};
use scenario::{RecordsHash, Rules, Script, Sources, Trivia};

use super::error::DataError;
use super::store::{Source, Store};
use crate::sources::LoadedWorld;

/// Kinds of sources.
mod kind {
    /// A file of the world, the one that was named last.
    pub const FILE: &str = "file";
    /// A carrier profile; its path is its name.
    pub const PROFILE: &str = "profile";
    /// The platform's rules, as JSON.
    pub const PLATFORM: &str = "platform rules";
    /// The REST server's.
    pub const REST: &str = "rest rules";
}

/// Words by which a line gives a secret away.
const SECRETS: [&str; 2] = ["secret", "password"];

/// What a world is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    sources: Vec<Source>,
}

impl Origin {
    /// What that world is made of.
    pub fn of(world: &LoadedWorld) -> Self {
        let source = |kind: &str, path: &str, text: String| Source {
            kind: kind.to_owned(),
            path: path.to_owned(),
            text,
        };
        let files = world.script.files().iter().map(|file| {
            let text = world.sources.text(&file.path).unwrap_or_default();
            source(kind::FILE, &file.path, text.to_owned())
        });
        let profiles = world.script.profile_names().map(|name| {
            let text = world.sources.profile(name).map_or("", |(_, text)| text);
            source(kind::PROFILE, name, text.to_owned())
        });
        let rules = [
            (kind::PLATFORM, serde_json::to_string(&*world.rules.platform)),
            (kind::REST, serde_json::to_string(&world.rules.rest)),
        ];
        // Rules are read from TOML, so that they have a form of that kind.
        let rules = rules.map(|(kind, text)| source(kind, "", text.unwrap_or_default()));
        Self {
            sources: files.chain(profiles).chain(rules).collect(),
        }
    }

    /// What the journal says.
    pub fn read(store: &Store) -> Result<Self, DataError> {
        let origin = Self {
            sources: store.sources()?,
        };
        match store.number("config_hash")? == origin.hash() {
            true => Ok(origin),
            false => Err(store.damaged("the sources of its world are not what was written".to_owned())),
        }
    }

    /// The sources, as they are written.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// A hash of all of them.
    pub fn hash(&self) -> i64 {
        let mut hash = RecordsHash::default();
        for Source { kind, path, text } in &self.sources {
            for text in [kind, path, text] {
                // No octet is refused.
                let _ = hash.write(&(text.len() as u64).to_le_bytes());
                let _ = hash.write(text.as_bytes());
            }
        }
        hash.value().cast_signed()
    }

    /// The world, at its start.
    pub fn world(&self, file: &Path) -> Result<LoadedWorld, DataError> {
        let cannot = |what: String| DataError::OtherWorld {
            file: file.to_owned(),
            what: format!("this smsim does not read it as it was written: {what}"),
        };
        let (mut sources, mut profiles) = (Sources::new(), Sources::new());
        let mut rules = Rules::default();
        let mut path = "";
        for source in &self.sources {
            let text = source.text.as_str();
            match source.kind.as_str() {
                kind::FILE => {
                    path = &source.path;
                    sources.insert(path, text);
                }
                kind::PROFILE => {
                    // Two worlds may have profiles of one path; names are theirs alone.
                    let path = format!("profile {}", source.path);
                    sources.insert_profile(&source.path, &path, text);
                    profiles.insert_profile(&source.path, path, text);
                }
                kind::PLATFORM => {
                    let read = serde_json::from_str(text).map_err(|why| cannot(why.to_string()))?;
                    rules.platform = Arc::new(read);
                }
                kind::REST => {
                    rules.rest = serde_json::from_str(text).map_err(|why| cannot(why.to_string()))?;
                }
                other => return Err(cannot(format!("it has a source of the kind {other:?}"))),
            }
        }
        let told = |faults: Vec<scenario::Diagnostic>| {
            let fault = faults.first().map_or("", |fault| fault.message.as_str());
            cannot(fault.to_owned())
        };
        let script = scenario::load(&sources, path).map_err(told)?;
        let declared = scenario::world_config_with(&script, &rules).map_err(told)?;
        Ok(LoadedWorld {
            script: Arc::new(script),
            declared,
            rules,
            profiles,
            sources,
        })
    }

    /// What that world has otherwise, in words; none when it is the same. Comments, the layout, tests, and where files stand make
    /// no difference.
    pub fn difference(&self, file: &Path, now: &LoadedWorld) -> Result<Option<String>, DataError> {
        let then = self.world(file)?;
        if then.rules != now.rules {
            let what = "the rules of platform.toml are others; give the folder of then with --config";
            return Ok(Some(what.to_owned()));
        }
        let (before, after) = (lines(&then.script), lines(&now.script));
        if let Some(what) = first_difference(&before, &after) {
            return Ok(Some(what));
        }
        let profile = |world: &LoadedWorld, name: &str| {
            let profile = world.sources.profile(name);
            profile.map(|(_, text)| text.to_owned())
        };
        let mut names = then.script.profile_names();
        let changed = names.find(|name| profile(&then, name) != profile(now, name));
        Ok(changed.map(|name| format!("the carrier profile {name} is another")))
    }
}

/// What the files of a script say, without tests, comments and layout.
fn lines(script: &Script) -> Vec<String> {
    let text = script.files().iter().map(|file| {
        let scenes = file
            .file
            .items
            .iter()
            .filter(|item| matches!(item.node, Item::Scene(_)));
        let world = File {
            decls: file.file.decls.clone(),
            items: scenes.cloned().collect(),
        };
        scenario::format(&world, &Trivia::default())
    });
    let lines = text.collect::<String>();
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn first_difference(before: &[String], after: &[String]) -> Option<String> {
    let place = (0..before.len().max(after.len())).find(|place| before.get(*place) != after.get(*place))?;
    let line = |lines: &[String]| match lines.get(place) {
        None => "nothing".to_owned(),
        Some(line) if SECRETS.iter().any(|word| line.contains(word)) => {
            let begin: Vec<&str> = line.split_whitespace().take(2).collect();
            format!("another line that begins with `{}`", begin.join(" "))
        }
        Some(line) => format!("`{line}`"),
    };
    let (then, now) = (line(before), line(after));
    Some(format!("it has {then} where the world now has {now}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "carrier mine, profile mine, latency 1ms\nuser alice +14155550101 on mine\nesme acme, password 53cr3t\n";

    fn loaded(path: &str, text: &str, profile: &str, rules: Rules) -> LoadedWorld {
        let mut profiles = Sources::new();
        profiles.insert_profile("mine", "carriers/mine.toml", profile);
        let mut sources = profiles.clone();
        sources.insert(path, text);
        let script = scenario::load(&sources, path).expect("a script");
        let declared = scenario::world_config_with(&script, &rules).expect("a world");
        LoadedWorld {
            script: Arc::new(script),
            declared,
            rules,
            profiles,
            sources,
        }
    }

    fn world(text: &str) -> LoadedWorld {
        loaded("w.sms", text, "loss = 1", Rules::default())
    }

    fn difference(now: &LoadedWorld) -> Option<String> {
        let then = Origin::of(&world(WORLD));
        then.difference(Path::new("journal"), now)
            .expect("it can be read")
    }

    #[test]
    fn a_journal_has_the_whole_world() {
        let (then, now) = (
            world(WORLD),
            Origin::of(&world(WORLD))
                .world(Path::new("journal"))
                .expect("a world"),
        );
        // As they are shown: a configuration knows no equality.
        let shown = |world: &LoadedWorld| format!("{:?}", world.declared.config);
        assert_eq!(shown(&then), shown(&now));
        assert_eq!(then.rules, now.rules);
        assert_eq!(Origin::of(&then), Origin::of(&now));
    }

    #[test]
    fn what_changes_nothing_makes_no_difference() {
        assert_eq!(difference(&world(WORLD)), None);
        let moved = loaded("other/place.sms", WORLD, "loss = 1", Rules::default());
        assert_eq!(difference(&moved), None);
        let commented = WORLD.replace("user alice", "# Alice.\n\nuser  alice");
        assert_eq!(difference(&world(&commented)), None);
        let tested = format!("{WORLD}\ntest \"nothing\":\n  wait 1s\n");
        assert_eq!(difference(&world(&tested)), None);
    }

    #[test]
    fn what_makes_a_difference_is_told() {
        let rules = Rules {
            platform: platform::Settings {
                sessions_per_user_max: 3,
                ..platform::Settings::default()
            }
            .into(),
            ..Rules::default()
        };
        let scene = format!("{WORLD}\nscene hello($who):\n  $who > \"hello\"\n");
        let slower = WORLD.replace("1ms", "2ms");
        for (now, told) in [
            (
                world(&slower),
                "it has `carrier mine, profile mine, latency 1ms` where the world now has `carrier mine, profile mine, latency 2ms`",
            ),
            (
                world(&WORLD.replace("53cr3t", "gu3ss3d")),
                "another line that begins with `esme acme,`",
            ),
            (
                world(&scene),
                "it has nothing where the world now has `scene hello($who):`",
            ),
            (
                loaded("w.sms", WORLD, "loss = 2", Rules::default()),
                "the carrier profile mine is another",
            ),
            (
                loaded("w.sms", WORLD, "loss = 1", rules),
                "the rules of platform.toml are others",
            ),
        ] {
            let what = difference(&now).expect("a difference");
            assert!(what.contains(told), "{what}");
            assert!(!what.contains("53cr3t") && !what.contains("gu3ss3d"), "{what}");
        }
    }

    #[test]
    fn a_source_that_this_smsim_does_not_know_is_told() {
        let mut origin = Origin::of(&world(WORLD));
        origin.sources.push(Source {
            kind: "wish".to_owned(),
            path: String::new(),
            text: String::new(),
        });
        let told = origin
            .world(Path::new("journal"))
            .expect_err("not known")
            .to_string();
        assert!(
            told.contains("does not read it as it was written: it has a source of the kind \"wish\""),
            "{told}"
        );
    }
}
