//! Where results go: the terminal or a pipe as they come, report files and GitHub at the end.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use scenario::report::{RunReport, TestReport, github, human, json, junit, mermaid, page as page_data, tap};
use scenario::{Colour, Diagnostic, Sources};

use crate::cli::say;
use crate::{page, sources};

/// How results are told on stdout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
    /// JUnit XML, when everything has run.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
}

/// A kind of report file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Kind {
    /// One page that opens from disk.
    Html,
    /// Markdown with sequence diagrams.
    Mermaid,
    /// JUnit XML.
    Junit,
    /// One JSON object a line.
    Json,
    /// Test Anything Protocol.
    Tap,
}

/// A report file that is wanted, as `html=report.html`.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// Its kind.
    pub kind: Kind,
    /// Where it goes.
    path: PathBuf,
}

impl std::str::FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("write KIND=FILE, for example html=report.html")?;
        let kind = Kind::from_str(kind, false).map_err(|_| {
            format!("no report is called {kind:?}; there are html, mermaid, junit, json and tap")
        })?;
        Ok(Self {
            kind,
            path: PathBuf::from(path),
        })
    }
}

impl ReportFile {
    /// Writes the report.
    pub fn write(&self, report: &RunReport, sources: &Sources) -> anyhow::Result<()> {
        let text = match self.kind {
            Kind::Html => page::file(&page_data::run_data(report, sources)),
            Kind::Mermaid => mermaid::render_run(report),
            Kind::Junit => junit::render_run(report, sources),
            Kind::Json => json::render_run(report, sources),
            Kind::Tap => tap::render_run(report, sources),
        };
        sources::write(&self.path, &text)
    }
}

/// Stdout.
pub struct Output<'s> {
    pub format: Format,
    pub sources: &'s Sources,
    pub colour: Colour,
    /// The width of the column of files.
    pub group_chars: usize,
}

impl Output<'_> {
    /// What is said before the first test.
    pub fn head(&self, files: usize, tests: usize) -> anyhow::Result<()> {
        match self.format {
            Format::Human => say(&human::head(files, tests, self.colour)),
            Format::Tap => say(&tap::head(tests)),
            Format::Json | Format::Junit => Ok(()),
        }
    }

    /// What is said about a test, the `number`th, from 1.
    pub fn test(&self, number: usize, test: &TestReport) -> String {
        match self.format {
            Format::Human => human::render_test(test, self.group_chars, self.sources, self.colour),
            Format::Json => format!("{}\n", json::test_line(test, self.sources)),
            Format::Tap => tap::test_point(number, test, self.sources),
            Format::Junit => String::new(),
        }
    }

    /// What is said after the last test.
    pub fn summary(&self, report: &RunReport) -> anyhow::Result<()> {
        match self.format {
            Format::Human => say(&human::summary(report, self.colour)),
            Format::Json => say(&format!("{}\n", json::summary_line(report))),
            Format::Junit => say(&junit::render_run(report, self.sources)),
            Format::Tap => Ok(()),
        }
    }
}

/// Whether stdout shows colours.
pub fn colour() -> Colour {
    let plain = !std::io::stdout().is_terminal()
        || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain { Colour::Never } else { Colour::Always }
}

/// Annotates faults when GitHub Actions runs this. They go to stderr, which its runner reads as well, so that stdout is
/// what `--format` says.
pub fn annotate<'d>(faults: impl Iterator<Item = &'d Diagnostic>, sources: &Sources) {
    if in_github_actions() {
        eprint!("{}", github::annotations(faults, sources));
    }
}

/// Adds to the step summary when GitHub Actions runs this.
pub fn summarize(report: &RunReport, sources: &Sources) -> anyhow::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|_| in_github_actions()) else {
        return Ok(());
    };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(github::step_summary(report, sources).as_bytes()))
        .with_context(|| format!("cannot write {}", PathBuf::from(&path).display()))
}

fn in_github_actions() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}
