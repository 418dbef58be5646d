//! Which tests a command line means: [`SelectionArgs`], [`Selection`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use scenario::Runner;
use scenario::syntax::{Spanned, Test};

use crate::exit::Wrong;

/// The tests of a command line, and the seed that they are played with.
#[derive(Debug, clap::Args)]
pub struct SelectionArgs {
    /// Files, folders, FILE:LINE, and tags as @TAG.
    #[arg(required = true, value_name = "PATH[:LINE] | @TAG")]
    what: Vec<String>,
    /// Only tests whose name has this text, whatever its case.
    #[arg(short = 'k', value_name = "TEXT")]
    keyword: Option<String>,
    /// The seed of all chance; it overrides the files'.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl SelectionArgs {
    /// The tests that are meant.
    ///
    /// # Errors
    ///
    /// When no file or folder is named.
    pub fn selection(&self) -> anyhow::Result<Selection> {
        Selection::parse(&self.what, self.keyword.as_deref())
    }
}

/// Paths, lines, tags and a word of the name.
#[derive(Debug, Default)]
pub struct Selection {
    paths: Vec<(PathBuf, Option<usize>)>,
    tags: Vec<String>,
    keyword: Option<String>,
}

impl Selection {
    /// Reads `PATH`, `PATH:LINE` and `@TAG`.
    fn parse(what: &[String], keyword: Option<&str>) -> anyhow::Result<Self> {
        let mut selection = Self {
            keyword: keyword.map(str::to_lowercase),
            ..Self::default()
        };
        for word in what {
            if let Some(tag) = word.strip_prefix('@') {
                selection.tags.push(tag.to_owned());
            } else {
                selection.paths.push(path_and_line(word));
            }
        }
        anyhow::ensure!(
            !selection.paths.is_empty(),
            Wrong("name a file or a folder beside the tags".to_owned())
        );
        Ok(selection)
    }

    /// The files and folders.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.paths.iter().map(|(path, _)| path.clone()).collect()
    }

    /// The tests of a file that are meant, by their place. A line means the test that begins at it, or the last one that begins
    /// before it.
    pub fn of(&self, path: &Path, runner: &Runner) -> Vec<usize> {
        let begins: Vec<usize> = runner.tests().map(|test| runner.line_of(test)).collect();
        let mut placed = BTreeSet::new();
        for (wanted, line) in &self.paths {
            match line {
                None if path.starts_with(wanted) => placed.extend(0..begins.len()),
                Some(line) if path == wanted => {
                    placed.extend(begins.partition_point(|begins| begins <= line).checked_sub(1));
                }
                None | Some(_) => {}
            }
        }
        let meant = |(place, test): &(usize, &Spanned<Test>)| placed.contains(place) && self.names(test);
        runner
            .tests()
            .enumerate()
            .filter(meant)
            .map(|(place, _)| place)
            .collect()
    }

    /// Whether a test has the tags and the words that are wanted.
    fn names(&self, test: &Spanned<Test>) -> bool {
        let tagged = self.tags.is_empty() || test.tags.iter().any(|tag| self.tags.contains(&tag.node));
        let named = |word: &String| test.name.node.to_lowercase().contains(word);
        tagged && self.keyword.as_ref().is_none_or(named)
    }
}

/// `quota.sms:12` is a line of a file; anything else is a path as it stands, also one that has a colon in it.
fn path_and_line(word: &str) -> (PathBuf, Option<usize>) {
    let line = word
        .rsplit_once(':')
        .and_then(|(path, line)| Some((PathBuf::from(path), line.parse().ok()?)));
    match line {
        Some((path, line)) if !Path::new(word).exists() => (path, Some(line)),
        _ => (PathBuf::from(word), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_paths_lines_or_tags() {
        for (word, path, line) in [
            ("a.sms", "a.sms", None),
            ("a.sms:12", "a.sms", Some(12)),
            ("a:b", "a:b", None),
        ] {
            assert_eq!(path_and_line(word), (PathBuf::from(path), line), "{word}");
        }
        let words = ["a.sms".to_owned(), "@demo".to_owned()];
        let selection = Selection::parse(&words, Some("Quiz")).expect("a selection");
        assert_eq!(selection.tags, ["demo"]);
        assert_eq!(selection.keyword.as_deref(), Some("quiz"));
        assert!(
            Selection::parse(&words[1..], None).is_err(),
            "tags alone name no file"
        );
    }
}
