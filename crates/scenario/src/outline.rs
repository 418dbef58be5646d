//! What a file says while it is being written: [`Outline`], for editors. Lines that cannot be read are passed over.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::{self, Names};
use crate::completion::Known;
use crate::script::{FILES_MAX, ScriptFile, load};
use crate::source::{Sources, resolve};
use crate::syntax::{Decl, File, Item, Span, Spanned, Step};
use crate::world_config::{DeclaredWorld, Rules, world_config_with};

/// What a symbol of a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// A carrier, an app, a user, an ESME.
    Actor,
    /// A scene.
    Scene,
    /// A test.
    Test,
}

/// Something in a file that has a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Its first line.
    pub line: Span,
    /// Everything that belongs to it.
    pub whole: Span,
}

/// The file `path` and what it uses, as far as they can be read.
#[derive(Clone, Debug)]
pub struct Outline {
    files: Vec<ScriptFile>,
    names: Names,
    text: String,
}

impl Outline {
    /// Reads the file and what it uses from `sources`.
    pub fn of(sources: &Sources, path: &str) -> Self {
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        read(sources, path, &mut files, &mut seen);
        let names = check::names(&files, &mut Vec::new());
        let text = sources.text(path).unwrap_or_default().to_owned();
        Self { files, names, text }
    }

    fn own(&self) -> Option<&File> {
        self.files.last().map(|file| &*file.file)
    }

    /// What a line at that octet may name.
    pub fn known_at(&self, at: usize) -> Known {
        let scenes = self.files.iter().flat_map(|file| file.file.scenes());
        let mut captures = Vec::new();
        for (name, _) in self
            .captures_around(at)
            .into_iter()
            .filter(|(_, span)| (span.start as usize) < at)
        {
            if !captures.contains(&name) {
                captures.push(name);
            }
        }
        Known {
            names: self.names.clone(),
            captures,
            scenes: scenes.map(|scene| scene.name.node.clone()).collect(),
        }
    }

    /// The captures in the item around that octet, each where it stands, in order.
    fn captures_around(&self, at: usize) -> Vec<(String, Span)> {
        let (start, end) = self.item_around(at);
        let text = &self.text[start..end];
        let mut found = Vec::new();
        for (place, _) in text.match_indices('$') {
            let name: String = text[place + 1..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if crate::text::is_var_name(&name) && name != "_" {
                let begin = start + place;
                found.push((name.clone(), Span::new(begin, begin + 1 + name.len())));
            }
        }
        found
    }

    /// The octets of the scene or test around that octet: from its first line to the next line that is not indented.
    fn item_around(&self, at: usize) -> (usize, usize) {
        let (mut begin, mut start) = (0, 0);
        for line in self.text.split_inclusive('\n') {
            let opens = line.starts_with(|c: char| c.is_ascii_alphabetic());
            if opens && start > at {
                return (begin, start);
            }
            if opens {
                begin = start;
            }
            start += line.len();
        }
        (begin, self.text.len())
    }

    /// Where the thing is declared that the word at that octet names: its file and its place.
    pub fn definition(&self, at: usize) -> Option<(String, Span)> {
        let word = self.word(at)?;
        let name = &self.text[word.start as usize..word.end as usize];
        let own = self.files.last()?;
        if let Some(decl) = own.file.decls.iter().find(|decl| holds(decl.span, at))
            && let Decl::Use(used) = &decl.node
        {
            return Some((resolve(&own.path, used), Span::default()));
        }
        if let Some(capture) = name.strip_prefix('$') {
            let all = self.captures_around(at);
            let first = all.into_iter().find(|(name, _)| name == capture);
            return first.map(|(_, span)| (own.path.clone(), span));
        }
        let line = self.text[..word.start as usize]
            .rsplit('\n')
            .next()
            .unwrap_or_default();
        if line.trim() == "run" {
            return self.files.iter().rev().find_map(|file| {
                let scene = file.file.scenes().find(|scene| scene.name.node == name)?;
                Some((file.path.clone(), scene.name.span))
            });
        }
        let declared = self.names.declared(name)?;
        Some((declared.path.clone(), declared.span))
    }

    /// The word at that octet, with a `$` before it; none within a text or between words.
    pub fn word(&self, at: usize) -> Option<Span> {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
        let before = self.text.get(..at)?;
        let start = at - before.chars().rev().take_while(|c| inner(*c)).count();
        let end = at + self.text[at..].chars().take_while(|c| inner(*c)).count();
        (start < end).then(|| Span::new(start, end))
    }

    /// The declarations, scenes and tests of the file that have names, in order.
    pub fn symbols(&self) -> Vec<Symbol> {
        let Some(own) = self.own() else { return Vec::new() };
        let actors = own.decls.iter().filter_map(|decl| {
            let name = match &decl.node {
                Decl::Carrier { name, .. }
                | Decl::App { name, .. }
                | Decl::User { name, .. }
                | Decl::Esme { name, .. } => name,
                Decl::Use(_) | Decl::World(_) | Decl::Handsets { .. } => return None,
            };
            Some(self.symbol(name, SymbolKind::Actor, decl.span))
        });
        let items = own.items.iter().map(|item| match &item.node {
            Item::Scene(scene) => self.symbol(&scene.name, SymbolKind::Scene, item.span),
            Item::Test(test) => self.symbol(&test.name, SymbolKind::Test, item.span),
        });
        actors.chain(items).collect()
    }

    fn symbol(&self, name: &Spanned<String>, kind: SymbolKind, line: Span) -> Symbol {
        let (_, end) = self.item_around(line.start as usize);
        let end = self.text[..end].trim_end().len().max(line.end as usize);
        Symbol {
            name: name.node.clone(),
            kind,
            line,
            whole: Span::new(line.start as usize, end),
        }
    }

    /// The world of the declarations that can be read, if they make one. The tests need not be whole.
    pub fn declared(&self, sources: &Sources, rules: &Rules) -> Option<DeclaredWorld> {
        let own = self.files.last()?;
        let end = own
            .file
            .items
            .first()
            .map_or(self.text.len(), |item| item.span.start as usize);
        let mut declarations = sources.clone();
        declarations.insert(own.path.clone(), &self.text[..end]);
        let script = load(&declarations, &own.path).ok()?;
        world_config_with(&script, rules).ok()
    }

    /// The step whose line is around that octet.
    pub fn step_at(&self, at: usize) -> Option<&Spanned<Step>> {
        let items = self.own()?.items.iter();
        items
            .flat_map(|item| match &item.node {
                Item::Scene(scene) => &scene.steps,
                Item::Test(test) => &test.steps,
            })
            .find_map(|step| step_at(step, at))
    }
}

fn step_at(step: &Spanned<Step>, at: usize) -> Option<&Spanned<Step>> {
    if holds(step.span, at) {
        return Some(step);
    }
    match &step.node {
        Step::Block(_, steps) => steps.iter().find_map(|step| step_at(step, at)),
        _ => None,
    }
}

fn holds(span: Span, at: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&at)
}

fn read(sources: &Sources, path: &str, files: &mut Vec<ScriptFile>, seen: &mut BTreeSet<String>) {
    let Some(tree) = sources.tree(path) else { return };
    if seen.len() >= FILES_MAX || !seen.insert(path.to_owned()) {
        return;
    }
    for decl in &tree.file.decls {
        if let Decl::Use(used) = &decl.node {
            read(sources, &resolve(path, used), files, seen);
        }
    }
    files.push(ScriptFile {
        path: path.to_owned(),
        file: Arc::clone(&tree.file),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "carrier att\napp quiz \"Quiz\"\nuser alice +14155550101 on att, apps quiz\n";
    const TEXT: &str = "use \"w.sms\"\n\nscene hi($who):\n  $who > \"hi\"\n\ntest \"x\":\n  run hi(alice)\n  this is broken\n  \
                        repeat 2:\n    quiz > alice \"Q\", ask $s\n  alice > \"A\", in $s\n\ntest \"y\":\n  wait 1s\n";

    fn outline() -> Outline {
        let mut sources = Sources::new();
        sources.insert("w.sms", WORLD);
        sources.insert("t.sms", TEXT);
        Outline::of(&sources, "t.sms")
    }

    fn at(part: &str) -> usize {
        TEXT.find(part).expect("it stands there")
    }

    #[test]
    fn names_are_found_where_they_are_declared_though_a_line_is_broken() {
        let outline = outline();
        for (place, path, start) in [
            (at("alice \"Q\""), "w.sms", WORLD.find("alice").expect("there")),
            (at("hi(alice"), "t.sms", at("hi($who")),
            (at("$s\n\ntest"), "t.sms", at("$s\n  alice")),
            (at("w.sms"), "w.sms", 0),
            (at("$who > "), "t.sms", at("$who):")),
        ] {
            let found = outline
                .definition(place)
                .map(|(path, span)| (path, span.start as usize));
            assert_eq!(found, Some((path.to_owned(), start)), "at {place}");
        }
        assert_eq!(outline.definition(at("broken")), None);
    }

    #[test]
    fn captures_are_known_behind_their_line_in_their_test() {
        let outline = outline();
        assert_eq!(outline.known_at(at("in $s")).captures, ["s"]);
        assert_eq!(outline.known_at(at("this")).captures, Vec::<String>::new());
        assert_eq!(outline.known_at(at("wait 1s")).captures, Vec::<String>::new());
        assert_eq!(outline.known_at(0).scenes, ["hi"]);
    }

    #[test]
    fn symbols_have_their_lines_and_steps_are_found_in_blocks() {
        let outline = outline();
        let symbols: Vec<_> = outline
            .symbols()
            .into_iter()
            .map(|symbol| (symbol.name, symbol.kind))
            .collect();
        let expected = [
            ("hi", SymbolKind::Scene),
            ("x", SymbolKind::Test),
            ("y", SymbolKind::Test),
        ];
        assert_eq!(symbols, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert!(matches!(
            outline.step_at(at("ask $s")).map(|step| &step.node),
            Some(Step::Send(_))
        ));
        assert!(matches!(
            outline.step_at(at("repeat")).map(|step| &step.node),
            Some(Step::Block(..))
        ));
        assert!(outline.step_at(at("use")).is_none());
    }
}
