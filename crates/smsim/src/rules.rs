//! Reads the rules that a folder of configuration sets: `platform.toml`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;
use platform::InvalidSettings;
use scenario::syntax::Span;
use scenario::{Code, Colour, Diagnostic, Rules, Sources, nearest};
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

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
    /// Take the rules from DIR/platform.toml, if it is there, instead of the built-in ones, and the carrier profiles of
    /// DIR/carriers beside them; what a world's own lines say counts before both.
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

    /// The folder as an option of another command line, with a blank before it; empty when none is named.
    pub fn option(&self) -> String {
        self.config.as_ref().map_or_else(String::new, |folder| {
            format!(" --config {}", scenario::shell_word(&folder.to_string_lossy()))
        })
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

/// The rules of a folder; one that has carrier profiles alone leaves the built-in ones as they are.
fn read(folder: &Path) -> anyhow::Result<Rules> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if folder.join(CARRIERS).is_dir() {
                return Ok(Rules::default());
            }
            let what = format!(
                "there is neither {} nor a folder {CARRIERS} beside it; --config names a folder that has one of them",
                path.display()
            );
            return Err(Wrong(what).into());
        }
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let path = path.to_string_lossy().replace('\\', "/");
    parse(&path, &text).map_err(|faults| {
        let mut sources = Sources::new();
        sources.insert(path.as_str(), text.as_str());
        let told = scenario::render_all(&faults, &sources, Colour::Never);
        Wrong(format!("{path} is wrong\n{}", told.trim_end())).into()
    })
}

/// Reads the rules; each fault has its place, and what would be right.
fn parse(path: &str, text: &str) -> Result<Rules, Vec<Diagnostic>> {
    let table = DeTable::parse(text).map_err(|error| {
        let fault = Diagnostic::new(Code::E117, path, place(error.span()), "this is no TOML");
        vec![fault.label(on_one_line(error.message()))]
    })?;
    let file: RulesFile = toml::from_str(text).map_err(|error| vec![misfit(path, &error)])?;
    file.platform.check(&[]).map_err(|InvalidSettings(faults)| {
        let platform = table.get_ref().get("platform").map(|platform| platform.get_ref());
        let platform = platform.and_then(DeValue::as_table);
        let faults = faults.iter().map(|fault| {
            let found = platform.and_then(|platform| platform.get_key_value(fault.key()));
            let span = found.map(|(key, value)| key.span().start..value.span().end);
            Diagnostic::new(Code::E105, path, place(span), fault.to_string())
        });
        faults.collect::<Vec<_>>()
    })?;
    Ok(Rules {
        platform: file.platform.into(),
        rest: file.rest,
    })
}

/// A key that there is not, or a value that is none of its key.
fn misfit(path: &str, error: &toml::de::Error) -> Diagnostic {
    let (span, message) = (place(error.span()), error.message());
    if !message.starts_with("unknown field") {
        let fault = Diagnostic::new(Code::E105, path, span, "this value does not fit");
        return fault.label(on_one_line(message));
    }
    // The key, and those that there are.
    let mut names = message.split('`').skip(1).step_by(2);
    let key = names.next().unwrap_or_default();
    let fault = Diagnostic::new(Code::E104, path, span, format!("{FILE} has no key `{key}` here"));
    let fault = fault.label("not known").did_you_mean(nearest(key, names));
    fault.help(format!("simulator-config/{FILE} has every key with its default"))
}

fn place(range: Option<Range<usize>>) -> Span {
    range.map_or_else(Span::default, |range| Span::new(range.start, range.end))
}

fn on_one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_holds_the_built_in_rules() {
        assert_eq!(
            parse(FILE, include_str!("../../../simulator-config/platform.toml")),
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
    fn a_folder_has_rules_or_carriers_or_is_none_of_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = read(folder.path()).expect_err("nothing in it").to_string();
        assert!(
            error.contains("there is neither") && error.contains("--config"),
            "{error}"
        );
        std::fs::create_dir(folder.path().join(CARRIERS)).expect("a folder");
        assert_eq!(read(folder.path()).expect("carriers"), Rules::default());
        std::fs::write(folder.path().join(FILE), "[platform]\nsession_window_ms = 1000\n").expect("written");
        assert_ne!(read(folder.path()).expect("rules"), Rules::default());
    }

    #[test]
    fn a_fault_has_its_place_and_what_would_be_right() {
        let told = |text: &str| {
            let faults = parse("dir/platform.toml", text).expect_err(text);
            let mut sources = Sources::new();
            sources.insert("dir/platform.toml", text);
            scenario::render_all(&faults, &sources, Colour::Never)
        };
        assert_eq!(
            told("[platform]\nsesion_window_ms = 1\n"),
            "error[E104]: platform.toml has no key `sesion_window_ms` here\n --> dir/platform.toml:2:1\n  |\n\
             2 | sesion_window_ms = 1\n  | ^^^^^^^^^^^^^^^^ not known\n  = help: did you mean `session_window_ms`?\n  \
             = help: simulator-config/platform.toml has every key with its default\n"
        );
        for (text, says) in [
            ("[platfrom]\n", [":1:2\n", "did you mean `platform`?"]),
            ("[platform\n", [":1:10\n", "this is no TOML"]),
            (
                "[platform]\nsession_window_ms = \"1m\"\n",
                [":2:21\n", "expected u64"],
            ),
            ("[rest]\nquiet_hours_code = 7\n", [":2:20\n", "error[E105]"]),
            (
                "[platform]\n\nsession_window_ms = 0\n",
                [":3:1\n", "it must be 1 to"],
            ),
            (
                "[platform]\ntext_confirmation = \"Hi\"\n",
                [":2:1\n", "{app} is missing"],
            ),
            (
                "platform.sessions_per_user_max = 100\n",
                [":1:10\n", "it must be 1 to 99"],
            ),
        ] {
            let told = told(text);
            assert!(says.iter().all(|says| told.contains(says)), "{text}: {told}");
        }
        let two = "[platform]\nsession_window_ms = 0\nconfirm_words = []\n";
        assert_eq!(parse(FILE, two).expect_err("two faults").len(), 2);
    }

    #[test]
    fn a_key_that_is_left_out_has_its_built_in_value() {
        let rules = parse(FILE, "[platform]\nsession_window_ms = 1000\n").expect("rules");
        assert_eq!(rules.platform.session_window, std::time::Duration::from_secs(1));
        assert_eq!(rules.rest, rest::Settings::default());
    }
}
