//! ES modules as one script, since a page from disk may import nothing: [`bundle`].

use std::fmt::Write as _;

/// Modules in one script, at most.
const MODULES_MAX: usize = 200;

/// The module `main` with all that it imports, each as a function that returns what it exports, in an order in which
/// nothing is needed before it is there.
///
/// It knows the forms that the page's modules have: `import { a, b as c } from "./path.js";` at the beginning of a line, `export`
/// before a declaration, and one `export { a as b };`.
///
/// # Panics
///
/// On a circle of imports, which is a mistake in the page's own modules.
pub fn bundle(main: &str, source: &dyn Fn(&str) -> String) -> String {
    let mut bundle = Bundle {
        source,
        done: Vec::new(),
        open: Vec::new(),
        out: String::new(),
    };
    bundle.module(main);
    bundle.out
}

struct Bundle<'s> {
    source: &'s dyn Fn(&str) -> String,
    done: Vec<String>,
    open: Vec<String>,
    out: String,
}

impl Bundle<'_> {
    /// Adds a module behind what it imports, once. Its number.
    fn module(&mut self, path: &str) -> usize {
        if let Some(number) = self.done.iter().position(|known| known == path) {
            return number;
        }
        assert!(
            !self.open.iter().any(|open| open == path),
            "{path} imports itself by way of {:?}",
            self.open
        );
        assert!(self.done.len() < MODULES_MAX, "more than {MODULES_MAX} modules");
        self.open.push(path.to_owned());
        let text = (self.source)(path);
        let (mut body, mut exports) = (String::new(), Vec::new());
        for line in joined(&text) {
            match import(&line) {
                Some((names, from)) => {
                    let number = self.module(&beside(path, from));
                    // Writing to a String cannot fail.
                    let _ = writeln!(
                        body,
                        "const {{ {} }} = module{number};",
                        names.replace(" as ", ": ")
                    );
                }
                None => body.push_str(&exported(&line, &mut exports)),
            }
        }
        self.open.pop();
        let number = self.done.len();
        self.done.push(path.to_owned());
        let _ = writeln!(
            self.out,
            "// {path}\nconst module{number} = (() => {{\n{body}\nreturn {{ {} }};\n}})();",
            exports.join(", ")
        );
        number
    }
}

/// The lines, each with its end; an import that takes several is one.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive('\n') {
        match lines.last_mut().filter(|_| open) {
            Some(last) => {
                last.truncate(last.trim_end().len());
                last.push(' ');
                last.push_str(line);
            }
            None => lines.push(line.to_owned()),
        }
        open = lines
            .last()
            .is_some_and(|line| line.starts_with("import {") && !line.contains(';'));
    }
    lines
}

/// What an import takes, and from where.
fn import(line: &str) -> Option<(&str, &str)> {
    let (names, from) = line.strip_prefix("import {")?.split_once("} from \"")?;
    Some((names.trim().trim_end_matches(','), from.split('"').next()?))
}

/// The path that a module means, from its own.
fn beside(path: &str, from: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in from.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The line without its `export`; what it exports is noted as members of an object.
fn exported(line: &str, exports: &mut Vec<String>) -> String {
    if let Some(rest) = line.strip_prefix("export ") {
        let declared = rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        let mut words = declared.filter(|word| !word.is_empty() && *word != "async");
        if let (Some("const" | "let" | "function" | "class"), Some(name)) = (words.next(), words.next()) {
            exports.push(name.to_owned());
            return rest.to_owned();
        }
    }
    // At the end of a library, or of a module that hands on: `...;export{a as h,b as html};`
    match line
        .rsplit_once("export{")
        .or_else(|| line.rsplit_once("export {"))
    {
        Some((before, list)) => {
            let list = list.split('}').next().unwrap_or_default();
            for item in list.split(',') {
                let (inner, outer) = item.split_once(" as ").unwrap_or((item, item));
                exports.push(match (outer.trim(), inner.trim()) {
                    (outer, inner) if outer == inner => outer.to_owned(),
                    (outer, inner) => format!("{outer}: {inner}"),
                });
            }
            format!("{before}\n")
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(path: &str) -> String {
        match path {
            "main.js" => {
                "import { f as g, c } from \"./a/one.js\";\nimport {\n  h,\n} from \"./lib.js\";\ng(c, h);\n"
                    .to_owned()
            }
            "a/one.js" => {
                "import { h } from \"../lib.js\";\nexport function f() {}\nexport const c = h;\n".to_owned()
            }
            "lib.js" => "var x=1;export{x as h,x};".to_owned(),
            "circle.js" => "import { a } from \"./circle.js\";\n".to_owned(),
            other => panic!("{other} is not imported"),
        }
    }

    #[test]
    fn each_module_stands_once_before_those_that_need_it() {
        assert_eq!(
            bundle("main.js", &modules),
            "// lib.js\nconst module0 = (() => {\nvar x=1;\n\nreturn { h: x, x };\n})();\n\
             // a/one.js\nconst module1 = (() => {\nconst { h } = module0;\nfunction f() {}\nconst c = h;\n\nreturn { f, c };\n})();\n\
             // main.js\nconst module2 = (() => {\nconst { f: g, c } = module1;\nconst { h } = module0;\ng(c, h);\n\nreturn {  };\n})();\n"
        );
    }

    #[test]
    #[should_panic(expected = "circle.js imports itself")]
    fn a_circle_is_a_mistake() {
        bundle("circle.js", &modules);
    }
}
