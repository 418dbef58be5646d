//! The worlds that scripts declare, each made and checked once: [`Worlds`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use world::{Checked, ConfigError};

use crate::diagnostics::Diagnostic;
use crate::profile::Profile;
use crate::runner::Runner;
use crate::script::Script;
use crate::source::Sources;
use crate::syntax::{Decl, File};
use crate::world_config::{DeclaredWorld, Rules, world_config_with};

/// Worlds that are kept for the next script that declares the same, at most; of more, the oldest goes.
pub const WORLDS_KEPT_MAX: usize = 16;

/// The worlds of many scripts, over the same rules. Scripts that take all their declarations from the same files share one.
#[derive(Debug)]
pub struct Worlds {
    rules: Arc<Rules>,
    kept: Mutex<VecDeque<(Declaring, Arc<Declared>)>>,
}

/// What a world is declared by. Two are one when they are the same trees, not when they say the same.
#[derive(Debug)]
struct Declaring {
    files: Vec<Arc<File>>,
    profiles: Vec<Arc<Profile>>,
}

/// A declared world, for all who play in it.
#[derive(Debug)]
pub(super) struct Declared {
    pub world: DeclaredWorld,
    checked: OnceLock<Result<Checked, ConfigError>>,
}

impl Worlds {
    /// No worlds yet, over those rules.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules: Arc::new(rules),
            kept: Mutex::default(),
        }
    }

    /// As [`Runner::with_rules`], in a world that other scripts may have declared before.
    ///
    /// # Errors
    ///
    /// As [`Runner::new`].
    pub fn runner(&self, sources: &Sources, script: &Script) -> Result<Runner, Vec<Diagnostic>> {
        let declared = match Declaring::elsewhere(script) {
            None => Declared::by(script, &self.rules)?,
            Some(declaring) => self.declared(declaring, script)?,
        };
        Ok(Runner::of(sources, script, Arc::clone(&self.rules), declared))
    }

    fn declared(&self, declaring: Declaring, script: &Script) -> Result<Arc<Declared>, Vec<Diagnostic>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, declared)) = kept().iter().find(|(known, _)| known.is(&declaring)) {
            return Ok(Arc::clone(declared));
        }
        let declared = Declared::by(script, &self.rules)?;
        let mut kept = kept();
        if kept.len() == WORLDS_KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((declaring, Arc::clone(&declared)));
        Ok(declared)
    }
}

impl Declaring {
    /// What declares the script's world, unless it does so itself.
    fn elsewhere(script: &Script) -> Option<Self> {
        let declares = |file: &File| file.decls.iter().any(|decl| !matches!(decl.node, Decl::Use(_)));
        let (own, used) = script.files().split_last()?;
        (!declares(&own.file)).then(|| Self {
            files: used
                .iter()
                .filter(|used| declares(&used.file))
                .map(|used| Arc::clone(&used.file))
                .collect(),
            profiles: script.profiles().cloned().collect(),
        })
    }

    fn is(&self, other: &Self) -> bool {
        fn same<T>(some: &[Arc<T>], others: &[Arc<T>]) -> bool {
            some.len() == others.len() && some.iter().zip(others).all(|(a, b)| Arc::ptr_eq(a, b))
        }
        same(&self.files, &other.files) && same(&self.profiles, &other.profiles)
    }
}

impl Declared {
    pub fn new(world: DeclaredWorld) -> Arc<Self> {
        Arc::new(Self {
            world,
            checked: OnceLock::new(),
        })
    }

    /// What the script declares, over those rules.
    pub fn by(script: &Script, rules: &Rules) -> Result<Arc<Self>, Vec<Diagnostic>> {
        world_config_with(script, rules).map(Self::new)
    }

    /// Another one, changed.
    pub fn changed(&self, change: impl FnOnce(&mut DeclaredWorld)) -> Arc<Self> {
        let mut world = self.world.clone();
        change(&mut world);
        Self::new(world)
    }

    /// Its configuration, checked when the first test is played.
    pub fn checked(&self) -> Result<&Checked, &ConfigError> {
        let check = || self.world.config.clone().checked();
        self.checked.get_or_init(check).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::RunOptions;
    use crate::script::load;

    const WORLD: &str = "carrier att, profile att\nuser alice +14155550101 on att\n";

    fn kept(worlds: &Worlds) -> usize {
        worlds.kept.lock().expect("nobody failed").len()
    }

    fn passes(runner: &Runner) -> bool {
        let test = runner.tests().next().expect("a test");
        runner.run(test, RunOptions::default()).passed()
    }

    #[test]
    fn scripts_that_declare_nothing_themselves_share_what_they_use() {
        let mut sources = Sources::new();
        sources.insert("world.sms", WORLD);
        let texts = "test \"waits\":\n  alice < nothing for 1s\n";
        for (path, declares) in [
            ("a.sms", ""),
            ("b.sms", ""),
            ("own.sms", "user bob +14155550102 on att\n"),
        ] {
            sources.insert(path, format!("use \"world.sms\"\n{declares}{texts}"));
        }
        let worlds = Worlds::new(Rules::default());
        let runner = |sources: &Sources, path| {
            let script = load(sources, path).expect("a script");
            worlds.runner(sources, &script).expect("a world")
        };
        let (a, b, own) = (
            runner(&sources, "a.sms"),
            runner(&sources, "b.sms"),
            runner(&sources, "own.sms"),
        );
        assert!(Arc::ptr_eq(&a.declared, &b.declared));
        assert!(!Arc::ptr_eq(&a.declared, &own.declared));
        assert_eq!(kept(&worlds), 1);
        assert!(passes(&a) && passes(&b) && passes(&own));
        assert_eq!((a.accounts().count(), own.accounts().count()), (1, 2));
        // The same words under the same name may mean another world: what they use was read anew, or its profile is another.
        sources.insert("world.sms", WORLD);
        assert!(!Arc::ptr_eq(&a.declared, &runner(&sources, "a.sms").declared));
        let shared = runner(&sources, "a.sms");
        sources.insert_profile("att", "att.toml", "latency = \"3s\"");
        assert!(!Arc::ptr_eq(
            &shared.declared,
            &runner(&sources, "a.sms").declared
        ));
        assert_eq!(kept(&worlds), 3);
    }

    #[test]
    fn what_one_runner_changes_is_no_others() {
        let mut sources = Sources::new();
        sources.insert("world.sms", format!("{WORLD}app quiz \"Quiz\"\n"));
        sources.insert("a.sms", "use \"world.sms\"\n");
        let worlds = Worlds::new(Rules::default());
        let script = load(&sources, "a.sms").expect("a script");
        let mut changed = worlds.runner(&sources, &script).expect("a world");
        changed
            .put_real_app("quiz", "http://127.0.0.1:9000/")
            .expect("it is there");
        assert!(changed.has_real_apps());
        assert!(!worlds.runner(&sources, &script).expect("a world").has_real_apps());
    }

    #[test]
    fn worlds_are_kept_up_to_their_limit() {
        let worlds = Worlds::new(Rules::default());
        let mut sources = Sources::new();
        sources.insert("a.sms", "use \"world.sms\"\n");
        for round in 1..=WORLDS_KEPT_MAX + 2 {
            sources.insert("world.sms", WORLD);
            let script = load(&sources, "a.sms").expect("a script");
            worlds.runner(&sources, &script).expect("a world");
            assert_eq!(kept(&worlds), round.min(WORLDS_KEPT_MAX));
        }
    }
}
