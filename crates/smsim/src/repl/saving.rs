//! `/save` and `/run`: a scenario of what happened, and the tests of a file.

use std::path::{Path, PathBuf};

use scenario::report::human;
use scenario::syntax::{Decl, File, Item, Span, Spanned, Test};
use scenario::{Colour, Rules, RunOptions, Runner, Script, Sources, TestReport, Trivia};

use crate::repl::session::{Said, Session, Trouble};
use crate::sources::{self, NotLoaded};

impl Session {
    /// `install.sms "carol is too slow"`: writes a scenario and runs it once.
    pub(super) fn save(&mut self, rest: &str) -> Said {
        let (file, name) = match rest.split_once(" \"") {
            Some((file, name)) => (file.trim(), name.trim_end().trim_end_matches('"').to_owned()),
            None => (rest, stem(rest)),
        };
        if file.is_empty() {
            return Err("write /save FILE \"NAME\"".into());
        }
        let path = PathBuf::from(match file.ends_with(".sms") {
            true => file.to_owned(),
            false => format!("{file}.sms"),
        });
        if path.exists() {
            return Err(format!("{} is there already; choose another name", path.display()).into());
        }
        let steps = self.table.recording();
        if steps.is_empty() {
            return Err("nothing has happened that could be saved".into());
        }
        let lines = steps.len();
        let test = Test {
            name: spanned(name),
            tags: Vec::new(),
            steps,
        };
        let mut scenario = File {
            decls: self.declarations(&path)?,
            items: vec![spanned(Item::Test(spanned(test)))],
        };
        scenario.decls.extend(self.table.joined());
        let text = scenario::format(&scenario, &Trivia::default());
        std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let wrote = format!("  wrote {}, {lines} lines", path.display());
        let real = self.real_apps();
        if !real.is_empty() {
            return Ok(format!(
                "{wrote}; run it with: smsim run {} {real}\n",
                scenario::shell_word(&sources::slashes(&path))
            ));
        }
        let faulty =
            |faults: &str| Trouble::Printed(format!("{wrote}, but it cannot stand as it is:\n{faults}"));
        let (sources, script) = loaded(&self.options.profiles, &path).map_err(|trouble| match trouble {
            Trouble::Printed(faults) | Trouble::Words(faults) => faulty(&faults),
            Trouble::Faults(_) => faulty(""),
        })?;
        let reports = played(&sources, &script, &self.options.rules)?;
        match reports.iter().find(|report| !report.passed()) {
            Some(report) => {
                self.failed += 1;
                let told = human::render_test(report, 0, &sources, Colour::Never);
                Ok(format!("{wrote}; it fails:\n{told}"))
            }
            None => {
                let time = scenario::report::length(reports.iter().map(|report| report.virtual_time).sum());
                Ok(format!("{wrote}; it passes (virtual {time})\n"))
            }
        }
    }

    /// The real apps of the session, as `smsim run` is told about them.
    fn real_apps(&self) -> String {
        let table = &self.table;
        let apps = table.actors().apps.iter().filter(|(_, app)| table.is_real(**app));
        let options = apps.filter_map(|(name, app)| {
            let url = table.world().rest().credentials(*app)?.callback_url.as_deref()?;
            Some(format!(
                "--app {}",
                scenario::shell_word(&format!("{name}={url}"))
            ))
        });
        options.collect::<Vec<_>>().join(" ")
    }

    /// What a scenario in that file declares: it uses the world's file, or holds the built-in world itself.
    fn declarations(&self, path: &Path) -> Result<Vec<Spanned<Decl>>, Trouble> {
        let Some(world) = &self.options.world else {
            let file = scenario::parse("demo.sms", sources::DEMO).file;
            return Ok(file.decls);
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let absolute = |path: &Path| {
            path.canonicalize()
                .map_err(|error| Trouble::Words(format!("{}: {error}", path.display())))
        };
        let used = relative(&absolute(folder)?, &absolute(world)?);
        Ok(vec![spanned(Decl::Use(spanned(sources::slashes(&used))))])
    }

    /// Runs the tests of a file, each in a new world.
    pub(super) fn run(&mut self, rest: &str) -> Said {
        if rest.is_empty() {
            return Err("write /run FILE".into());
        }
        let path = Path::new(rest);
        let (sources, script) = loaded(&self.options.profiles, path)?;
        let reports = played(&sources, &script, &self.options.rules)?;
        if reports.is_empty() {
            return Err(format!("{rest} has no test").into());
        }
        self.failed += reports.iter().filter(|report| !report.passed()).count();
        Ok(reports
            .iter()
            .map(|report| {
                let word = if report.passed() { "PASS" } else { "FAIL" };
                let faults = scenario::render_all(&report.diagnostics, &sources, Colour::Never);
                let time = scenario::report::length(report.virtual_time);
                format!("  {word} {} (virtual {time})\n{faults}", report.name)
            })
            .collect())
    }
}

pub(super) fn loaded(profiles: &Sources, path: &Path) -> Result<(Sources, Script), Trouble> {
    let mut sources = profiles.clone();
    match sources::load(&mut sources, path) {
        Ok(script) => Ok((sources, script)),
        Err(NotLoaded::Faults(faults)) => Err(Trouble::Printed(scenario::render_all(
            &faults,
            &sources,
            Colour::Never,
        ))),
        Err(NotLoaded::Unreadable(error)) => Err(Trouble::Words(format!("{error:#}"))),
    }
}

fn played(sources: &Sources, script: &Script, rules: &Rules) -> Result<Vec<TestReport>, Trouble> {
    let runner = Runner::with_rules(sources, script, rules)
        .map_err(|faults| Trouble::Printed(scenario::render_all(&faults, sources, Colour::Never)))?;
    Ok(runner
        .tests()
        .map(|test| runner.run(test, RunOptions::default()))
        .collect())
}

/// The way from a folder to a file, both absolute.
fn relative(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder
        .components()
        .zip(file.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = folder
        .components()
        .skip(shared)
        .map(|_| std::path::Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

fn stem(file: &str) -> String {
    Path::new(file)
        .file_stem()
        .map_or("what happened".to_owned(), |stem| {
            stem.to_string_lossy().into_owned()
        })
}

fn spanned<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_named_from_where_the_scenario_stands() {
        for (folder, file, way) in [
            ("/a/b", "/a/b/w.sms", "w.sms"),
            ("/a/b", "/a/w.sms", "../w.sms"),
            ("/a/b/c", "/a/x/w.sms", "../../x/w.sms"),
        ] {
            assert_eq!(
                relative(Path::new(folder), Path::new(file)),
                Path::new(way),
                "{file} from {folder}"
            );
        }
    }
}
