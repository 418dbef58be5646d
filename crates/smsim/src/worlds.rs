//! The worlds of a server: [`Worlds`]. Each has an engine of its own and knows nothing of the others; apps find theirs by
//! their `api_key`, and ESMEs by their `system_id`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scenario::syntax::Decl;
use scenario::{ClockMode, DeclaredWorld, Diagnostic, Script, ServedWorld, Sources};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::callback_client::CallbackClient;
use crate::engine::{Engine, EngineHandle, Journal, NoBranch, Pace};
use crate::observer::Observed;
use crate::smpp_dialler::Call;
use crate::sources::LoadedWorld;

/// The world that a server begins with; who is nobody's speaks to it.
pub const DEFAULT: &str = "default";
/// Worlds of one server, at most.
pub const WORLDS_MAX: usize = 64;
/// Characters of a world's name, at most.
const ID_CHARS_MAX: usize = 64;
/// What the source of a world is called in messages.
pub const SOURCE: &str = "world.sms";

/// What a new world is made of.
#[derive(Clone, Debug, Default)]
pub struct NewWorld {
    /// Its name; none: one that is free.
    pub id: Option<String>,
    /// Its declarations, in the scenario language.
    pub source: String,
    /// The seed, in place of its own.
    pub seed: Option<u64>,
    /// How its time passes, in place of what it says itself.
    pub clock: Option<ClockMode>,
}

/// A world at the beginning of its life in this process.
#[derive(Debug)]
pub struct Begun {
    /// What it is made of.
    pub loaded: LoadedWorld,
    /// The world.
    pub journal: Journal,
    /// Its clock.
    pub pace: Pace,
    /// What was seen of it before.
    pub observed: Observed,
}

impl Begun {
    /// That world at its start.
    ///
    /// # Errors
    ///
    /// When its declarations contradict each other.
    pub fn new(mut loaded: LoadedWorld) -> Result<Self, world::ConfigError> {
        let (served, pace) = served(&loaded.script, &mut loaded.declared)?;
        Ok(Self {
            loaded,
            journal: served.into(),
            pace,
            observed: Observed::default(),
        })
    }
}

/// The world that is declared, and its clock, at their start.
///
/// # Errors
///
/// When the declarations contradict each other.
pub fn served(
    script: &Arc<Script>,
    declared: &mut DeclaredWorld,
) -> Result<(ServedWorld, Pace), world::ConfigError> {
    let clock = declared.clock.unwrap_or_default();
    if clock != ClockMode::Virtual {
        // Peers on a network can go silent or be half open.
        declared.config.smsc.session = smpp::SessionLimits {
            error_bodies: declared.config.smsc.session.error_bodies,
            ..smpp::SessionLimits::default()
        };
        declared.timers.apply(&mut declared.config.smsc.session.timers);
    }
    let pace = Pace::new(declared.config.start, clock);
    Ok((ServedWorld::new(Arc::clone(script), declared)?, pace))
}

/// Why there is no such world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Its source is wrong; the sources are those that this points into.
    #[error("the source of the world is wrong")]
    Source(Vec<Diagnostic>, Box<Sources>),
    /// Its declarations contradict each other.
    #[error("{0}")]
    Config(#[from] world::ConfigError),
    /// A name that cannot stand in a path.
    #[error("a world's name has 1 to {ID_CHARS_MAX} letters, digits, - and _")]
    Id,
    /// There is one of that name.
    #[error("there is a world {0:?} already; delete it first, or choose another id")]
    Taken(String),
    /// Another world has an app with that key.
    #[error(
        "api_key {0} belongs to an app of world {1:?}; give the app another `key`, or none: then it gets a free one"
    )]
    ApiKeyTaken(String, String),
    /// Another world has an ESME with that name.
    #[error(
        "system_id {0:?} belongs to an ESME of world {1:?}; give the ESME another: esme NAME, system_id OTHER"
    )]
    SystemIdTaken(String, String),
    /// Too many.
    #[error("a server has at most {WORLDS_MAX} worlds; delete one")]
    TooMany,
    /// There is none of that name.
    #[error("there is no world {0:?}; this server has {1}")]
    Unknown(String, String),
    /// It cannot branch off there.
    #[error("{0}")]
    NoBranch(#[from] NoBranch),
    /// It has ended.
    #[error("the world has ended")]
    Ended,
    /// The server's own.
    #[error("{DEFAULT:?} is the server's own world and ends with it")]
    Own,
}

/// What of a world an engine gets.
struct Running {
    journal: Journal,
    pace: Pace,
    observed: Observed,
}

/// A world that runs.
#[derive(Debug)]
pub struct RunningWorld {
    /// Its name.
    pub id: String,
    /// The way to it.
    pub engine: EngineHandle,
    /// What it declares.
    pub declared: DeclaredWorld,
    script: Arc<Script>,
    /// The world that it branched off from: there are the apps and ESMEs of its keys and names.
    pub branch_of: Option<String>,
    running: Mutex<Option<JoinHandle<()>>>,
}

/// All worlds of a server.
#[derive(Clone, Debug)]
pub struct Worlds {
    worlds: Arc<Mutex<BTreeMap<String, Arc<RunningWorld>>>>,
    /// By what other worlds are made: rules and carrier profiles.
    made_by: Arc<LoadedWorld>,
    /// The ESMEs to be called, of every world.
    calls_to_make: mpsc::UnboundedSender<Call>,
}

impl Worlds {
    /// A server's worlds, of which the first runs; the ESMEs that they want called go into `calls_to_make`.
    pub fn new(first: Begun, calls_to_make: mpsc::UnboundedSender<Call>) -> Self {
        let Begun {
            loaded,
            journal,
            pace,
            observed,
        } = first;
        let worlds = Self {
            worlds: Arc::default(),
            made_by: Arc::new(loaded.clone()),
            calls_to_make,
        };
        let running = Running {
            journal,
            pace,
            observed,
        };
        let mut empty = worlds.locked();
        worlds.run(
            &mut empty,
            DEFAULT.to_owned(),
            loaded.script,
            loaded.declared,
            running,
            None,
        );
        drop(empty);
        worlds
    }

    /// The world of that name.
    ///
    /// # Errors
    ///
    /// When there is none; the text names those that there are.
    pub fn world(&self, id: &str) -> Result<Arc<RunningWorld>, WorldError> {
        let worlds = self.locked();
        let known = || worlds.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        worlds
            .get(id)
            .cloned()
            .ok_or_else(|| WorldError::Unknown(id.to_owned(), known()))
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<RunningWorld>> {
        self.locked().values().cloned().collect()
    }

    /// Whether there is any besides the server's own.
    pub fn are_many(&self) -> bool {
        self.locked().len() > 1
    }

    /// The world whose app has that key; to the server's own when none has it.
    pub fn of_app(&self, api_key: &str) -> Option<Arc<RunningWorld>> {
        self.found(|world| world.has_key(api_key))
    }

    /// The way to the world whose ESME has that name; to the server's own when none has it.
    pub fn of_esme(&self, system_id: &[u8]) -> Option<EngineHandle> {
        self.found(|world| world.has_esme(system_id))
            .map(|world| world.engine.clone())
    }

    /// Makes a world and lets it run.
    ///
    /// # Errors
    ///
    /// When its source is wrong, or it would be mistaken for another.
    pub fn add(&self, new: NewWorld) -> Result<Arc<RunningWorld>, WorldError> {
        let mut sources = self.made_by.profiles.clone();
        sources.insert("demo.sms", crate::sources::DEMO);
        sources.insert(SOURCE, new.source);
        let script = scenario::load(&sources, SOURCE);
        let made = script.and_then(|script| {
            let declared = scenario::world_config_with(&script, &self.made_by.rules)?;
            Ok((script, declared))
        });
        let (script, mut declared) = made.map_err(|faults| WorldError::Source(faults, Box::new(sources)))?;
        if let Some(seed) = new.seed {
            declared.config.seed = seed;
        }
        declared.clock = new.clock.or(declared.clock);
        if !declared.start_given && declared.clock != Some(ClockMode::Virtual) {
            declared.config.start = crate::clock::wall();
        }
        let id = match new.id {
            Some(id) => id,
            None => self.free_id(),
        };
        self.start(id, Arc::new(script), declared)
    }

    /// Makes a world that stands where that one stood when it had made that record: everything that was done there is done
    /// again. It has the same seed and keys; apps and ESMEs from outside find the first world by those, and not the branch.
    ///
    /// # Errors
    ///
    /// When what happened cannot happen again, or the branch would be mistaken for another world.
    pub async fn branch(
        &self,
        id: &str,
        record: u64,
        name: Option<String>,
    ) -> Result<Arc<RunningWorld>, WorldError> {
        let first = self.world(id)?;
        let past = first.engine.past().await.ok_or(WorldError::Ended)?;
        let (script, declared) = (Arc::clone(&first.script), first.declared.clone());
        let again = tokio::task::spawn_blocking(move || {
            let served = ServedWorld::new(script, &declared)?;
            Ok::<_, WorldError>(past.until(record, served)?)
        });
        let (journal, pace) = again.await.map_err(|_| WorldError::Ended)??;
        let name = name.unwrap_or_else(|| self.free_name(id, record));
        let mut worlds = self.locked();
        may_stand(&worlds, &name)?;
        let branch_of = Some(first.id.clone());
        let (script, declared) = (Arc::clone(&first.script), first.declared.clone());
        let running = Running {
            journal,
            pace,
            observed: Observed::default(),
        };
        Ok(self.run(&mut worlds, name, script, declared, running, branch_of))
    }

    /// Ends a world: its ESMEs are unbound, and its name, keys and accounts are free again.
    ///
    /// # Errors
    ///
    /// When there is none, or it is the server's own.
    pub async fn remove(&self, id: &str) -> Result<(), WorldError> {
        if id == DEFAULT {
            return Err(WorldError::Own);
        }
        let world = self.world(id)?;
        self.locked().remove(id);
        world.end().await;
        Ok(())
    }

    /// Ends all.
    pub async fn end(&self) {
        for world in self.all() {
            world.end().await;
        }
    }

    fn start(
        &self,
        id: String,
        script: Arc<Script>,
        mut declared: DeclaredWorld,
    ) -> Result<Arc<RunningWorld>, WorldError> {
        let mut worlds = self.locked();
        may_stand(&worlds, &id)?;
        tell_apart(&worlds, &script, &mut declared)?;
        let (served, pace) = served(&script, &mut declared)?;
        let running = Running {
            journal: served.into(),
            pace,
            observed: Observed::default(),
        };
        Ok(self.run(&mut worlds, id, script, declared, running, None))
    }

    /// Lets a world run.
    fn run(
        &self,
        worlds: &mut BTreeMap<String, Arc<RunningWorld>>,
        id: String,
        script: Arc<Script>,
        declared: DeclaredWorld,
        Running {
            journal,
            pace,
            observed,
        }: Running,
        branch_of: Option<String>,
    ) -> Arc<RunningWorld> {
        let callbacks = CallbackClient::new(declared.config.callback_timeout);
        let (engine, handle) = Engine::new(journal, pace, observed, callbacks, self.calls_to_make.clone());
        // A thread of its own: the world never waits behind a connection, nor a connection behind the world. Its timers are its
        // own too: set at another runtime's, they would wake the thread that waits for sockets.
        let running = tokio::task::spawn_blocking(move || {
            let runtime = Builder::new_current_thread().enable_time().build();
            let runtime = runtime.expect("timers alone need nothing that the system could refuse");
            runtime.block_on(engine.run());
        });
        let world = Arc::new(RunningWorld {
            id: id.clone(),
            engine: handle,
            declared,
            script,
            branch_of,
            running: Mutex::new(Some(running)),
        });
        worlds.insert(id, Arc::clone(&world));
        world
    }

    /// A free name for a branch.
    fn free_name(&self, id: &str, record: u64) -> String {
        let worlds = self.locked();
        let number = format!("-{record}");
        // Two digits of a count have room behind it.
        let kept = ID_CHARS_MAX.saturating_sub(number.len() + 3).min(id.len());
        let name = format!("{}{number}", &id[..kept]);
        let again = (2..).map(|count: u32| format!("{name}-{count}"));
        let mut names = std::iter::once(name.clone()).chain(again);
        names.find(|name| !worlds.contains_key(name)).unwrap_or_default()
    }

    fn free_id(&self) -> String {
        let worlds = self.locked();
        let mut names = (1..).map(|number: u32| format!("w{number}"));
        names.find(|name| !worlds.contains_key(name)).unwrap_or_default()
    }

    fn found(&self, is_it: impl Fn(&RunningWorld) -> bool) -> Option<Arc<RunningWorld>> {
        let worlds = self.locked();
        let world = worlds.values().find(|world| is_it(world));
        world.or_else(|| worlds.get(DEFAULT)).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Arc<RunningWorld>>> {
        // Nothing under the lock can panic halfway through a change.
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningWorld {
    fn has_key(&self, api_key: &str) -> bool {
        let mut apps = self.declared.config.apps.iter();
        self.branch_of.is_none() && apps.any(|app| app.credentials.api_key == api_key)
    }

    fn has_esme(&self, system_id: &[u8]) -> bool {
        let mut accounts = self.declared.config.accounts.iter();
        self.branch_of.is_none() && accounts.any(|account| account.system_id.as_bytes() == system_id)
    }

    async fn end(&self) {
        /// How long a world may take to unbind its ESMEs.
        const GRACE: std::time::Duration = std::time::Duration::from_secs(3);
        let _ = tokio::time::timeout(GRACE, self.engine.stop()).await;
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            let _ = tokio::time::timeout(GRACE, running).await;
        }
    }
}

/// Whether there may be one more world, of that name.
fn may_stand(worlds: &BTreeMap<String, Arc<RunningWorld>>, id: &str) -> Result<(), WorldError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(fits) {
        return Err(WorldError::Id);
    }
    if worlds.len() >= WORLDS_MAX {
        return Err(WorldError::TooMany);
    }
    match worlds.contains_key(id) {
        true => Err(WorldError::Taken(id.to_owned())),
        false => Ok(()),
    }
}

/// Sees to it that no app and no ESME could be taken for one of another world: an app that names no key of its own gets a
/// free one.
fn tell_apart(
    worlds: &BTreeMap<String, Arc<RunningWorld>>,
    script: &Script,
    declared: &mut DeclaredWorld,
) -> Result<(), WorldError> {
    for app in &mut declared.config.apps {
        let owner = |key: &str| worlds.values().find(|world| world.has_key(key));
        let Some(other) = owner(&app.credentials.api_key) else {
            continue;
        };
        if names_its_key(script, &app.credentials.name) {
            let (key, other) = (app.credentials.api_key.clone(), other.id.clone());
            return Err(WorldError::ApiKeyTaken(key, other));
        }
        let begin: String = app.credentials.api_key.chars().take(24).collect();
        let mut keys = (1..=u32::MAX).map(|number| format!("{begin}{number:08x}"));
        app.credentials.api_key = keys.find(|key| owner(key).is_none()).ok_or(WorldError::TooMany)?;
        declared
            .stubs
            .rename_key(app.credentials.app, &app.credentials.api_key);
    }
    for account in &declared.config.accounts {
        if let Some(other) = worlds
            .values()
            .find(|world| world.has_esme(account.system_id.as_bytes()))
        {
            let (system_id, other) = (account.system_id.to_string(), other.id.clone());
            return Err(WorldError::SystemIdTaken(system_id, other));
        }
    }
    Ok(())
}

/// Whether the declaration of the app says its key.
fn names_its_key(script: &Script, name: &str) -> bool {
    script.decls().any(|decl| match &decl.part.node {
        Decl::App {
            name: app, clauses, ..
        } => app.node == name && clauses.iter().any(|clause| clause.key.node == "key"),
        _ => false,
    })
}
