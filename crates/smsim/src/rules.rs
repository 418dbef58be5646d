//! Reads the rules that a folder of configuration sets: `platform.toml`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use scenario::{Rules, Sources};
use serde::Deserialize;

use crate::exit::Wrong;

/// The file of the folder that holds the rules.
const FILE: &str = "platform.toml";
/// The folder in it that holds carrier profiles.
const CARRIERS: &str = "carriers";

/// What the file says; a key that is left out has its built-in value.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RulesFile {
    platform: platform::Settings,
    rest: rest::Settings,
}

/// The option that names a folder of configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigArgs {
    /// Take the rules from DIR/platform.toml instead of the built-in ones, and the carrier profiles of DIR/carriers beside
    /// them; what a world's own lines say counts before both.
    #[arg(long, value_name = "DIR", env = "SMSIM_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// No sources but the folder's carrier profiles: each `carriers/NAME.toml` is the profile NAME.
    pub fn sources(&self) -> anyhow::Result<Sources> {
        let mut sources = Sources::new();
        if let Some(folder) = &self.config {
            read_profiles(&folder.join(CARRIERS), &mut sources)?;
        }
        Ok(sources)
    }

    /// The folder, if one is named.
    pub fn folder(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The files of the folder that count: those that are there, and the one of the rules in any case.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(folder) = &self.config else {
            return Vec::new();
        };
        let mut files = vec![folder.join(FILE)];
        // A folder that cannot be read is told by whoever reads the profiles.
        files.extend(profiles(&folder.join(CARRIERS)).unwrap_or_default());
        files
    }

    /// The rules of the folder, or the built-in ones.
    pub fn rules(&self) -> anyhow::Result<Rules> {
        self.config.as_deref().map_or_else(|| Ok(Rules::default()), read)
    }
}

/// Reads the profiles of a folder, if it is there.
fn read_profiles(folder: &Path, sources: &mut Sources) -> anyhow::Result<()> {
    for path in profiles(folder)? {
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            sources.insert_profile(name, path.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}

/// The profiles in a folder, if it is there.
fn profiles(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = || format!("cannot read {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(found)
}

fn read(folder: &Path) -> anyhow::Result<Rules> {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).map_err(|fault| Wrong(format!("{}: {fault}", path.display())).into())
}

/// Reads the rules; the fault has its line, its column and the keys that there are.
fn parse(text: &str) -> Result<Rules, String> {
    let file: RulesFile = toml::from_str(text).map_err(|error| error.to_string())?;
    file.platform.check(&[]).map_err(|error| error.to_string())?;
    Ok(Rules {
        platform: file.platform.into(),
        rest: file.rest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_holds_the_built_in_rules() {
        assert_eq!(
            parse(include_str!("../../../simulator-config/platform.toml")),
            Ok(Rules::default())
        );
    }

    #[test]
    fn a_folder_of_carriers_adds_profiles_and_replaces_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let carriers = folder.path().join(CARRIERS);
        let config = ConfigArgs {
            config: Some(folder.path().to_owned()),
        };
        assert_eq!(config.sources().expect("without profiles"), Sources::new());
        std::fs::create_dir(&carriers).expect("a folder");
        for (file, text) in [("att.toml", "loss = 1"), ("mine.toml", ""), ("notes.txt", "")] {
            std::fs::write(carriers.join(file), text).expect("written");
        }
        let sources = config.sources().expect("they can be read");
        assert_eq!(sources.profile("att").expect("there").1, "loss = 1");
        assert!(sources.profile("mine").is_some() && sources.profile("notes").is_none());
    }

    #[test]
    fn a_fault_has_its_place_and_what_would_be_right() {
        let fault = parse("[platform]\nsesion_window_ms = 1\n").expect_err("an unknown key");
        assert!(fault.contains("line 2, column 1"), "{fault}");
        assert!(fault.contains("`session_window_ms`"), "{fault}");
        let fault = parse("[platform]\nsession_window_ms = \"1m\"\n").expect_err("a wrong kind of value");
        assert!(fault.contains("line 2"), "{fault}");
        assert!(parse("[rest]\nquiet_hours_code = 7\n").is_err());
    }

    #[test]
    fn a_key_that_is_left_out_has_its_built_in_value() {
        let rules = parse("[platform]\nsession_window_ms = 1000\n").expect("rules");
        assert_eq!(rules.platform.session_window, std::time::Duration::from_secs(1));
        assert_eq!(rules.rest, rest::Settings::default());
    }
}
