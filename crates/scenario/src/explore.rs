//! Random but legal behaviour on a file's world: [`Explorer`] looks for a way to make it break its rules, and shrinks what it
//! finds to a file that fails by itself.
//!
//! What people, apps and carriers do is drawn from a seed. A small reference model (`model`), which knows the rules in their
//! dumbest form, says before each call what it must return, and of each arrival whether it may come. The rules that it holds
//! the world to are the built-in ones and the file's own; those under test may be others. It knows no network that loses,
//! doubles, delays or changes texts by itself: a carrier with one is played as an ideal one.

mod act;
mod coverage;
mod model;
mod network;
mod player;

use crate::diagnostics::Diagnostic;
use crate::runner::{RunOptions, Runner};
use crate::script::{declarations_with, load};
use crate::source::Sources;
use crate::syntax::Decl;
use crate::text::quoted;
use crate::world_config::{DeclaredWorld, Rules, world_config_with};

pub use self::act::Act;
use self::act::Cast;
pub use self::coverage::Coverage;
use self::player::{Played, Player};

/// Acts of one seed, at most.
pub const ACTS_MAX: usize = 10_000;
/// Plays that shrink one violation, at most.
pub const SHRINKS_MAX: usize = 2_000;

/// What must hold whatever happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Invariant {
    /// No app reaches a user who has not agreed, and nobody agrees without being asked.
    Consent,
    /// No more is sent unsolicited than the app's pool, the user's limit and quiet hours allow, and no less.
    Quota,
    /// An app answers within the session's window, as often as it may.
    Session,
    /// What was accepted arrives once, when everything works again.
    NothingLost,
    /// The same seed does the same, to the octet.
    Determinism,
}

impl Invariant {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::Consent,
        Self::Quota,
        Self::Session,
        Self::NothingLost,
        Self::Determinism,
    ];

    /// What it is called, for machines and people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Quota => "quota",
            Self::Session => "session",
            Self::NothingLost => "nothing lost",
            Self::Determinism => "determinism",
        }
    }
}

/// A way to break a rule, as short as it could be made.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    /// The seed that found it.
    pub seed: u64,
    /// What does not hold.
    pub invariant: Invariant,
    /// A scenario file that fails by itself: it uses the explored file by the path by which that was read, or, when a carrier
    /// was played as an ideal one, has its declarations.
    pub file: String,
    /// What is wrong, as a run of the file would tell it.
    pub diagnostics: Vec<Diagnostic>,
    /// How many acts it took at first, and how many are left.
    pub acts: (usize, usize),
}

/// What a seed came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Explored {
    /// What was covered.
    pub coverage: Coverage,
    /// What broke, if anything did.
    pub violation: Option<Violation>,
}

/// Explores the world of one file.
#[derive(Debug)]
pub struct Explorer<'s> {
    sources: &'s Sources,
    /// What declares the world that is played.
    declarations: String,
    /// The carriers that are played as ideal ones.
    idealized: Vec<String>,
    rules: &'s Rules,
    cast: Cast,
    reference: DeclaredWorld,
}

impl<'s> Explorer<'s> {
    /// An explorer of the world that the file `path` declares, under those rules. Its tests are not played.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, or with its world under the rules or under the built-in ones.
    pub fn new(sources: &'s Sources, path: &str, rules: &'s Rules) -> Result<Self, Vec<Diagnostic>> {
        let script = load(sources, path)?;
        world_config_with(&script, rules)?;
        let reference = world_config_with(&script, &Rules::default())?;
        let cast = Cast::of(&script, &reference);
        let carriers = reference.config.carriers.iter();
        let idealized: Vec<String> = carriers
            .filter(|carrier| !network::is_foretold(carrier))
            .map(|carrier| carrier.name.to_string())
            .collect();
        let is_ideal = |decl: &Decl| match decl {
            Decl::Carrier { name, .. } => !idealized.contains(&name.node),
            _ => true,
        };
        let declarations = match idealized.is_empty() {
            true => format!("use {}\n", quoted(path)),
            false => declarations_with(script.files(), |decl| {
                if !is_ideal(decl) {
                    network::idealize(decl);
                }
            }),
        };
        Ok(Self {
            sources,
            declarations,
            idealized,
            rules,
            cast,
            reference,
        })
    }

    /// Whether there is anybody who could do anything: a user and an app.
    pub fn has_cast(&self) -> bool {
        self.cast.is_whole()
    }

    /// The carriers whose networks the model does not know, and which are therefore played without them.
    pub fn idealized(&self) -> &[String] {
        &self.idealized
    }

    /// Plays so many acts of that seed, and once more when nothing broke, to see that they do the same.
    pub fn explore(&self, seed: u64, acts: usize) -> Explored {
        let acts = act::draw(&self.cast, seed, acts.min(ACTS_MAX));
        let played = self.play(seed, &acts);
        let found = match &played.broken {
            Some((invariant, at)) => Some((*invariant, acts[..=(*at).min(acts.len() - 1)].to_vec())),
            None => {
                let again = self.play(seed, &acts);
                (again.hash != played.hash).then(|| (Invariant::Determinism, acts.clone()))
            }
        };
        let violation = found.map(|(invariant, found)| self.shrink(seed, invariant, found, acts.len()));
        Explored {
            coverage: played.coverage,
            violation,
        }
    }

    fn play(&self, seed: u64, acts: &[Act]) -> Played {
        Player::new(
            self.sources,
            &self.declarations,
            self.rules,
            &self.cast,
            &self.reference.config,
            seed,
        )
        .play(acts)
    }

    /// Leaves out acts, in ever smaller groups, as long as the same rule breaks.
    fn shrink(&self, seed: u64, invariant: Invariant, mut acts: Vec<Act>, drawn: usize) -> Violation {
        let breaks = |acts: &[Act]| match invariant {
            Invariant::Determinism => self.play(seed, acts).hash != self.play(seed, acts).hash,
            _ => self
                .play(seed, acts)
                .broken
                .is_some_and(|(broken, _)| broken == invariant),
        };
        let (mut group, mut plays) = (acts.len().div_ceil(2).max(1), 0);
        loop {
            let (mut start, mut shrunk) = (0, false);
            while start < acts.len() && plays < SHRINKS_MAX {
                let mut fewer = acts.clone();
                fewer.drain(start..(start + group).min(acts.len()));
                plays += 1;
                if breaks(&fewer) {
                    acts = fewer;
                    shrunk = true;
                } else {
                    start += group;
                }
            }
            match (group, shrunk) {
                _ if plays >= SHRINKS_MAX => break,
                (1, false) => break,
                (1, true) => {}
                (_, _) => group = group.div_ceil(2),
            }
        }
        let played = self.play(seed, &acts);
        Violation {
            seed,
            invariant,
            diagnostics: self.fails(&played.text, seed),
            file: played.text,
            acts: (drawn, acts.len()),
        }
    }

    /// What a run of the file tells.
    fn fails(&self, text: &str, seed: u64) -> Vec<Diagnostic> {
        let mut sources = self.sources.clone();
        sources.insert(crate::LIVE_PATH, text);
        let script = match load(&sources, crate::LIVE_PATH) {
            Ok(script) => script,
            Err(faults) => return faults,
        };
        let options = RunOptions { seed: Some(seed) };
        match Runner::with_rules(&sources, &script, self.rules) {
            Ok(runner) => runner
                .tests()
                .flat_map(|test| runner.run(test, options).diagnostics)
                .collect(),
            Err(faults) => faults,
        }
    }
}
