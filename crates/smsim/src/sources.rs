//! Reads scenario files and the worlds that they declare: the only place that opens them.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use scenario::{Colour, DeclaredWorld, Diagnostic, Rules, Script, Sources};

use crate::exit::Wrong;

/// The demo world, built in.
pub const DEMO: &str = include_str!("../../../simulator-config/demo.sms");
/// Its path in messages.
const DEMO_PATH: &str = "demo.sms";
/// The largest file that is read.
const FILE_OCTETS_MAX: u64 = 16 << 20;
/// Folders within folders that are looked into.
const FOLDERS_DEEP_MAX: usize = 32;

/// A world that can be served.
#[derive(Clone, Debug)]
pub struct LoadedWorld {
    /// What was read: its names and scenes.
    pub script: Arc<Script>,
    /// What it declares.
    pub declared: DeclaredWorld,
    /// The rules under which it stands.
    pub rules: Rules,
    /// The carrier profiles that worlds may name.
    pub profiles: Sources,
    /// The texts that were read, and the profiles.
    pub sources: Sources,
}

/// Why a scenario file cannot be used.
#[derive(Debug)]
pub enum NotLoaded {
    /// It is wrong.
    Faults(Vec<Diagnostic>),
    /// It cannot be read.
    Unreadable(anyhow::Error),
}

/// Reads the file of a world, or takes the demo world, with everything that it uses. Its path among the sources.
pub fn read_world(sources: &mut Sources, path: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = path else {
        sources.insert(DEMO_PATH, DEMO);
        return Ok(DEMO_PATH.to_owned());
    };
    match load(sources, path) {
        Ok(script) => {
            eprint!("{}", rendered(&script.warnings, sources));
            Ok(slashes(path))
        }
        Err(NotLoaded::Faults(faults)) => Err(wrong(sources, &faults)),
        Err(NotLoaded::Unreadable(error)) => Err(error),
    }
}

/// The world of that file, or the demo world, under those rules; `sources` has the carrier profiles.
pub fn load_world(path: Option<&Path>, rules: &Rules, mut sources: Sources) -> anyhow::Result<LoadedWorld> {
    let profiles = sources.clone();
    let loaded = match path {
        Some(path) => load(&mut sources, path),
        None => {
            sources.insert(DEMO_PATH, DEMO);
            scenario::load(&sources, DEMO_PATH).map_err(NotLoaded::Faults)
        }
    };
    let script = match loaded {
        Ok(script) => script,
        Err(NotLoaded::Faults(faults)) => return Err(wrong(&sources, &faults)),
        Err(NotLoaded::Unreadable(error)) => return Err(error),
    };
    eprint!("{}", rendered(&script.warnings, &sources));
    let declared = scenario::world_config_with(&script, rules).map_err(|faults| wrong(&sources, &faults))?;
    let script = Arc::new(script);
    Ok(LoadedWorld {
        script,
        declared,
        rules: rules.clone(),
        profiles,
        sources,
    })
}

/// Reads a file and everything that it uses into `sources`, and checks it.
pub fn load(sources: &mut Sources, path: &Path) -> Result<Script, NotLoaded> {
    load_with(sources, path, insert_scenario)
}

/// As [`load`]; `find` adds a file that is used, and says whether it could.
fn load_with(
    sources: &mut Sources,
    path: &Path,
    find: impl FnMut(&mut Sources, &str) -> bool,
) -> Result<Script, NotLoaded> {
    let path = slashes(path);
    let text = read_scenario(Path::new(&path)).map_err(NotLoaded::Unreadable)?;
    sources.insert(path.clone(), text);
    read_used(sources, &path, find);
    scenario::load(sources, &path).map_err(NotLoaded::Faults)
}

/// What many scenarios use, and what stands beside all of them: read once, for whoever asks first.
#[derive(Debug)]
pub struct Common {
    /// What is there for all: the carrier profiles.
    profiles: Sources,
    /// And what was used so far.
    used: Mutex<Sources>,
}

impl Common {
    /// Nothing but the carrier profiles.
    pub fn new(profiles: &Sources) -> Self {
        Self {
            profiles: profiles.clone(),
            used: Mutex::default(),
        }
    }

    /// The carrier profiles alone, for one scenario and what it uses.
    pub fn sources(&self) -> Sources {
        self.profiles.clone()
    }

    /// Whether that is the path of one.
    pub fn is_profile(&self, path: &str) -> bool {
        self.profiles.text(path).is_some()
    }

    /// As [`load`], with what others use, too, from here.
    pub fn load(&self, sources: &mut Sources, path: &Path) -> Result<Script, NotLoaded> {
        load_with(sources, path, |sources, path| {
            // Who wants the same file waits for it.
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let found = used.text(path).is_some() || insert_scenario(&mut used, path);
            sources.share(&used, path);
            found
        })
    }
}

/// Reads a scenario into `sources`; false when it cannot be read.
fn insert_scenario(sources: &mut Sources, path: &str) -> bool {
    let text = read_scenario(Path::new(path));
    let found = text.is_ok();
    if let Ok(text) = text {
        sources.insert(path, text);
    }
    found
}

/// The files that a scenario is made of, those included that it uses and that are not there.
pub fn parts(path: &Path) -> BTreeSet<String> {
    let path = slashes(path);
    let mut sources = Sources::new();
    if let Ok(text) = read_scenario(Path::new(&path)) {
        sources.insert(path.clone(), text);
        read_used(&mut sources, &path, insert_scenario);
    }
    let mut parts: BTreeSet<String> = scenario::missing(&sources, &path).into_iter().collect();
    parts.extend(sources.paths().map(str::to_owned));
    parts
}

/// Reads into `sources` what the scenario `path` uses. What cannot be read is left out: the check says so at the line that
/// names it.
fn read_used(sources: &mut Sources, path: &str, mut find: impl FnMut(&mut Sources, &str) -> bool) {
    loop {
        let mut found = false;
        for missing in scenario::missing(sources, path) {
            found |= find(sources, &missing);
        }
        if !found {
            return;
        }
    }
}

/// The scenario files among `paths`: files themselves, and every `.sms` file in and below a folder, in order.
pub fn scenario_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            search(path, 0, &mut files)?;
            files[before..].sort();
        } else if path.exists() {
            files.push(path.clone());
        } else {
            anyhow::bail!(Wrong(format!("{}: no such file or folder", path.display())));
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    anyhow::ensure!(
        depth < FOLDERS_DEEP_MAX,
        "{}: folders are nested too deep",
        folder.display()
    );
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot look into {}", folder.display()))?
            .path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            search(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "sms") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads a scenario as `.sms` text, also from its JSON form, which a name in `.json` says.
pub fn read_scenario(path: &Path) -> anyhow::Result<String> {
    let text = read(path)?;
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(text);
    }
    let said = scenario::json_form::from_json(&text);
    said.map_err(|error| Wrong(format!("{}: {error}", path.display())).into())
}

/// Whether a command may write expectations into that scenario.
///
/// # Errors
///
/// On a CI server, where a test that changes itself would always pass, and for the JSON form.
pub fn may_write(command: &str, path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::env::var_os("CI").is_none_or(|value| value.is_empty()),
        Wrong(format!(
            "{command} writes expectations, which nobody would review here: CI is set"
        ))
    );
    is_sms(command, path)
}

/// Whether a command that writes expectations can write those of that scenario: not of the JSON form.
pub fn is_sms(command: &str, path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        path.extension().is_none_or(|extension| extension != "json"),
        Wrong(format!("{command} writes .sms files only: {}", path.display()))
    );
    Ok(())
}

/// Puts `text` in the place of what the file says: whole or not at all.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = std::fs::write(&beside, text)
        .and_then(|()| match std::fs::metadata(&path) {
            Ok(metadata) => std::fs::set_permissions(&beside, metadata.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a file of at most [`FILE_OCTETS_MAX`] octets of UTF-8.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let size = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        // A path that leads nowhere is a slip of the command line, not of the machine.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            anyhow::bail!(Wrong(format!("{}: no such file", path.display())))
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    anyhow::ensure!(
        size <= FILE_OCTETS_MAX,
        Wrong(format!(
            "{} has {size} octets; a scenario file has at most {FILE_OCTETS_MAX}",
            path.display()
        ))
    );
    let octets = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(octets).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Wrong(format!(
            "{}: octet {at} is not UTF-8; save the file as UTF-8",
            path.display()
        ))
        .into()
    })
}

/// Diagnostics as one error that ends the command, exit code 2; they are printed here.
pub fn wrong(sources: &Sources, faults: &[Diagnostic]) -> anyhow::Error {
    eprint!("{}", rendered(faults, sources));
    let errors = faults.len();
    Wrong(format!(
        "{errors} {} in the file above; nothing ran",
        if errors == 1 { "fault" } else { "faults" }
    ))
    .into()
}

/// Diagnostics as text for stderr, in colour on a terminal.
pub fn rendered(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let colour = if std::io::stderr().is_terminal() {
        Colour::Always
    } else {
        Colour::Never
    };
    scenario::render_all(diagnostics, sources, colour)
}

/// A path as scenario sources spell it.
pub fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
