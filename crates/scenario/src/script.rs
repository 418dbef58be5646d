//! A scenario file with everything that it uses: [`Script`], made by [`load`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::{self, Names};
use crate::diagnostics::{Code, Diagnostic};
use crate::format::format;
use crate::lexer::Trivia;
use crate::parser::parse;
use crate::profile::Profile;
use crate::source::{Sources, Tree, resolve};
use crate::suggestion::nearest;
use crate::syntax::{Clause, Decl, File, Scene, Span, Spanned, Test, Value};

/// Files that one scenario uses, however indirectly, at most.
pub const FILES_MAX: usize = 64;

/// Where the declarations of users stand who joined a running world.
const JOINED_PATH: &str = "(joined since the world began)";

/// A file of a script.
#[derive(Clone, Debug)]
pub struct ScriptFile {
    /// Its path, as it was asked for or as a `use` means it.
    pub path: String,
    /// What it says, which other scripts may share.
    pub file: Arc<File>,
}

/// A scenario file that was read and checked, with everything that it uses. Copies share all of it.
#[derive(Clone, Debug)]
pub struct Script {
    /// The files: each before those that use it, the scenario itself last.
    files: Arc<[ScriptFile]>,
    names: Arc<Names>,
    /// The carrier profiles that carriers of the files have, by name.
    profiles: BTreeMap<String, Arc<Profile>>,
    /// What is worth a look but stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// A part of a script with the path of its file.
#[derive(Debug)]
pub struct Located<'s, T> {
    /// The file.
    pub path: &'s str,
    /// The part.
    pub part: &'s Spanned<T>,
}

impl<T> Clone for Located<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Located<'_, T> {}

impl Script {
    /// The files: each before those that use it, the scenario itself last.
    pub fn files(&self) -> &[ScriptFile] {
        &self.files
    }

    /// The path of the scenario itself.
    pub fn path(&self) -> &str {
        self.files.last().map_or("", |file| &file.path)
    }

    /// The declarations of all files, those of used files first.
    pub fn decls(&self) -> impl Iterator<Item = Located<'_, Decl>> {
        decls(&self.files)
    }

    /// The declarations of all files as the text of one, which uses no other: a clause of a file counts before one of a
    /// file that it uses. Apps' secrets and ESMEs' passwords are left out, since the text goes where others read it; a world
    /// that is made of it has the ones that stand for none.
    pub fn declarations(&self) -> String {
        declarations(&self.files)
    }

    /// The files, for who outlives the script.
    pub(crate) fn shared_files(&self) -> Arc<[ScriptFile]> {
        Arc::clone(&self.files)
    }

    /// The script with one more declaration, which stands in no file: a user joins the world that it declares. `path` names its
    /// line in what is said about it.
    ///
    /// # Errors
    ///
    /// What is wrong with the declaration beside those that there are.
    pub(crate) fn with(&self, path: &str, decl: &Decl, span: Span) -> Result<Self, Vec<Diagnostic>> {
        let mut added = ScriptFile {
            path: path.to_owned(),
            file: Arc::new(File {
                decls: vec![Spanned::new(decl.clone(), span)],
                items: Vec::new(),
            }),
        };
        let mut diagnostics = Vec::new();
        let names = check::one_decl(&self.files, &added, &mut diagnostics);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        let mut script = self.clone();
        // Lines are not kept: whoever shows a later fault has other ones under that path.
        added.path = JOINED_PATH.to_owned();
        script.names = Arc::new(names.stands_at(JOINED_PATH, path));
        let mut files = self.files.to_vec();
        files.insert(files.len().saturating_sub(1), added);
        script.files = files.into();
        Ok(script)
    }

    /// The tests of the scenario itself; those of used files are theirs.
    pub fn tests(&self) -> impl Iterator<Item = &Spanned<Test>> {
        self.files.last().into_iter().flat_map(|file| file.file.tests())
    }

    /// The scene of that name, its file's own before those of used files.
    pub fn scene(&self, name: &str) -> Option<Located<'_, Scene>> {
        scenes(&self.files).find(|scene| scene.part.name.node == name)
    }

    /// The keys of a carrier profile that a carrier of the files has.
    pub(crate) fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name).map(|profile| &**profile)
    }

    /// The names of the carrier profiles that carriers of the files have.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Those profiles.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.values()
    }

    /// What the declared names are.
    pub fn names(&self) -> &Names {
        &self.names
    }
}

/// The declarations of those files, those of used files first.
pub(crate) fn decls(files: &[ScriptFile]) -> impl Iterator<Item = Located<'_, Decl>> {
    files.iter().flat_map(|file| {
        file.file.decls.iter().map(|part| Located {
            path: &file.path,
            part,
        })
    })
}

/// What [`Script::declarations`] says of those files.
pub(crate) fn declarations(files: &[ScriptFile]) -> String {
    declarations_with(files, |_| ())
}

/// The same with each declaration of an actor changed.
pub(crate) fn declarations_with(files: &[ScriptFile], change: impl Fn(&mut Decl)) -> String {
    let mut world: Vec<Clause> = Vec::new();
    let mut decls = Vec::new();
    for decl in self::decls(files) {
        match &decl.part.node {
            Decl::Use(_) => {}
            Decl::World(clauses) => {
                for clause in clauses {
                    world.retain(|known| known.key.node != clause.key.node);
                    world.push(clause.clone());
                }
            }
            Decl::Carrier { .. } | Decl::User { .. } | Decl::Handsets { .. } => decls.push(decl.part.clone()),
            Decl::App { .. } | Decl::Esme { .. } => decls.push(without_secrets(decl.part)),
        }
    }
    decls.iter_mut().for_each(|decl| change(&mut decl.node));
    if !world.is_empty() {
        decls.insert(0, Spanned::new(Decl::World(world), Span::default()));
    }
    let file = File {
        decls,
        items: Vec::new(),
    };
    format(&file, &Trivia::default())
}

/// The scenes of all files, the last file's first.
pub(crate) fn scenes(files: &[ScriptFile]) -> impl Iterator<Item = Located<'_, Scene>> {
    files.iter().rev().flat_map(|file| {
        file.file.scenes().map(|part| Located {
            path: file.path.as_str(),
            part,
        })
    })
}

/// Reads the scenario `path` and everything that it uses from `sources`, and checks it. Errors come with the warnings.
pub fn load(sources: &Sources, path: &str) -> Result<Script, Vec<Diagnostic>> {
    load_changed(sources, path, None::<fn(&mut File)>)
}

/// As [`load`], with the tree of the scenario itself changed before it is checked.
pub(crate) fn load_with(
    sources: &Sources,
    path: &str,
    change: impl FnOnce(&mut File),
) -> Result<Script, Vec<Diagnostic>> {
    load_changed(sources, path, Some(change))
}

fn load_changed(
    sources: &Sources,
    path: &str,
    change: Option<impl FnOnce(&mut File)>,
) -> Result<Script, Vec<Diagnostic>> {
    let mut loading = Loading {
        sources,
        files: Vec::new(),
        seen: BTreeSet::new(),
        diagnostics: Vec::new(),
    };
    match sources.tree(path) {
        Some(tree) => loading.file(path, &tree),
        None => loading.diagnostics.push(Diagnostic::without_place(
            Code::E109,
            format!("{path} was not read"),
        )),
    }
    let Loading {
        mut files,
        mut diagnostics,
        ..
    } = loading;
    if let (Some(own), Some(change)) = (files.last_mut(), change) {
        change(Arc::make_mut(&mut own.file));
    }
    let syntax_holds = !diagnostics.iter().any(Diagnostic::is_error);
    let names = check::names(&files, &mut diagnostics);
    // What is missing from a broken tree would be reported again as unknown.
    let mut profiles = BTreeMap::new();
    if syntax_holds {
        check::meaning(&files, &names, &mut diagnostics);
        profiles = chosen_profiles(sources, &files, &mut diagnostics);
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(in_order(diagnostics, &files));
    }
    Ok(Script {
        warnings: in_order(diagnostics, &files),
        files: files.into(),
        names: Arc::new(names),
        profiles,
    })
}

/// The carrier profiles that the files name, each read once.
fn chosen_profiles(
    sources: &Sources,
    files: &[ScriptFile],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Arc<Profile>> {
    let mut chosen = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for file in files {
        for value in file.file.decls.iter().filter_map(profile_of) {
            let name = value.node.as_str();
            let Some(profile) = sources.read_profile(name) else {
                let message = format!("there is no carrier profile `{name}`");
                let fault = Diagnostic::new(Code::E105, &file.path, value.span, message);
                let known: Vec<&str> = sources.profile_names().collect();
                let fault = fault
                    .label("not known")
                    .did_you_mean(nearest(name, known.iter().copied()));
                diagnostics.push(fault.help(format!("there are {}", known.join(", "))));
                continue;
            };
            if !seen.insert(name.to_owned()) {
                continue;
            }
            match profile {
                Ok(profile) => {
                    chosen.insert(name.to_owned(), profile);
                }
                Err(faults) => diagnostics.extend(faults),
            }
        }
    }
    chosen
}

/// The value of a carrier's `profile`.
fn profile_of(decl: &Spanned<Decl>) -> Option<&Spanned<Value>> {
    let Decl::Carrier { clauses, .. } = &decl.node else {
        return None;
    };
    let clause = clauses.iter().find(|clause| clause.key.node == "profile")?;
    clause.values.first()
}

/// The paths that the scenario `path` uses, however indirectly, and that `sources` lacks; `path` itself may be one.
///
/// Whoever reads files calls this until it is empty, reading what it names.
pub fn missing(sources: &Sources, path: &str) -> Vec<String> {
    let (mut missing, mut seen, mut waiting) = (Vec::new(), BTreeSet::new(), vec![path.to_owned()]);
    while let Some(path) = waiting.pop() {
        if seen.len() > FILES_MAX || !seen.insert(path.clone()) {
            continue;
        }
        match sources.tree(&path) {
            None => missing.push(path),
            Some(tree) => waiting.extend(used(&tree.file).map(|used| resolve(&path, used))),
        }
    }
    missing.sort();
    missing
}

/// What the text of a file uses, as it names it; [`resolve`] makes paths of that.
pub fn uses(text: &str) -> Vec<String> {
    used(&parse("", text).file)
        .map(|path| path.node.clone())
        .collect()
}

fn without_secrets(decl: &Spanned<Decl>) -> Spanned<Decl> {
    let mut decl = decl.clone();
    if let Decl::App { clauses, .. } | Decl::Esme { clauses, .. } = &mut decl.node {
        clauses.retain(|clause| !matches!(clause.key.node.as_str(), "secret" | "password"));
    }
    decl
}

fn used(file: &File) -> impl Iterator<Item = &Spanned<String>> {
    file.decls.iter().filter_map(|decl| match &decl.node {
        Decl::Use(path) => Some(path),
        _ => None,
    })
}

struct Loading<'s> {
    sources: &'s Sources,
    files: Vec<ScriptFile>,
    seen: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Loading<'_> {
    fn file(&mut self, path: &str, tree: &Tree) {
        self.seen.insert(path.to_owned());
        self.diagnostics.extend(tree.diagnostics.iter().cloned());
        for used in used(&tree.file) {
            let target = resolve(path, used);
            if self.seen.contains(&target) {
                continue;
            }
            match self.sources.tree(&target) {
                _ if self.seen.len() >= FILES_MAX => {
                    let message = format!("more than {FILES_MAX} files");
                    let fault = Diagnostic::new(Code::E017, path, used.span, message);
                    self.diagnostics
                        .push(fault.help("put the declarations of several files into one"));
                }
                Some(tree) => self.file(&target, &tree),
                None => {
                    let fault =
                        Diagnostic::new(Code::E109, path, used.span, "a file that is used but not there");
                    let fault = fault.label(format!("no {target}"));
                    self.diagnostics
                        .push(fault.help("a file is named from the folder of the one that uses it"));
                }
            }
        }
        self.files.push(ScriptFile {
            path: path.to_owned(),
            file: Arc::clone(&tree.file),
        });
    }
}

/// File by file, the scenario itself first, each from its top to its bottom.
fn in_order(mut diagnostics: Vec<Diagnostic>, files: &[ScriptFile]) -> Vec<Diagnostic> {
    let rank: BTreeMap<&str, usize> = files
        .iter()
        .rev()
        .enumerate()
        .map(|(n, file)| (file.path.as_str(), n))
        .collect();
    diagnostics.sort_by_key(|diagnostic| {
        diagnostic
            .primary
            .as_ref()
            .map(|label| (rank.get(label.path.as_str()).copied(), label.span.start))
    });
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_until_everything_is_there() {
        let mut sources = Sources::new();
        assert_eq!(missing(&sources, "t/a.sms"), ["t/a.sms"]);
        sources.insert("t/a.sms", "use \"w.sms\"\nuse \"../v.sms\"\n");
        assert_eq!(missing(&sources, "t/a.sms"), ["t/w.sms", "v.sms"]);
        sources.insert("t/w.sms", "use \"a.sms\"\ncarrier att\n");
        sources.insert("v.sms", "carrier sprint\n");
        assert!(missing(&sources, "t/a.sms").is_empty());
        let script = load(&sources, "t/a.sms").expect("a circle of uses is no fault");
        let paths: Vec<_> = script.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["t/w.sms", "v.sms", "t/a.sms"]);
    }

    #[test]
    fn files_have_a_limit() {
        let mut sources = Sources::new();
        for n in 0..=FILES_MAX {
            sources.insert(format!("{n}.sms"), format!("use \"{}.sms\"\n", n + 1));
        }
        sources.insert(format!("{}.sms", FILES_MAX), "carrier att\n");
        assert!(load(&sources, "1.sms").is_ok());
        let faults = load(&sources, "0.sms").expect_err("one file too many");
        assert_eq!(
            faults.iter().map(|fault| fault.code).collect::<Vec<_>>(),
            [Code::E017]
        );
    }
}
