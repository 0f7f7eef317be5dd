//! The layers of docs/ARCHITECTURE.md, held to by reading `src/`: who may name whom, and what the engine and all below it never do.
//!
//! Each rule is a function from a file's name and text to its violations. Some tests try them on made-up sources,
//! [`the_sources_obey`] on the real ones.
#![allow(missing_docs, clippy::unwrap_used)]

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// From the top down. Those in one row do not know each other.
const LAYERS: [&[&str]; 17] = [
    &["main", "cli"],
    &["workstation"],
    &["app"],
    &["panes", "overlay"],
    &["keys"],
    &["ui"],
    &["term"],
    &["engine"],
    &["workbench"],
    &["diffusion", "train", "vision"],
    &["nn"],
    &["library"],
    &["weights"],
    &["data"],
    &["prompt"],
    &["infotext"],
    &["store"],
];
const LONGEST: usize = 600;
/// Crates that draw on the terminal.
const SCREENS: [&str; 4] = ["ratatui", "crossterm", "viuer", "indicatif"];
const PRINTS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
/// Functions of `std::env` that do not look at the environment.
const PURE: [&str; 3] = ["split_paths", "join_paths", "consts"];
/// The one function that reads the environment.
const READS_ENVIRONMENT: (&str, &str) = ("store/paths.rs", "of_process");
/// The functions that may be unsafe, each by its own reasons.
const UNSAFE: [(&str, &str); 2] = [("nn/kernels/gemm.rs", "add_product"), ("weights/mapped.rs", "map")];

/// A source file, cut into words and signs, without comments and literals.
struct Source<'a> {
    /// The path below `src/`.
    file: &'a str,
    text: &'a str,
    /// Each with its line.
    tokens: Vec<(String, usize)>,
}

impl<'a> Source<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        static SKIPPED: LazyLock<Regex> = LazyLock::new(|| {
            let comments = r"//[^\n]*|/\*.*?\*/";
            let raw = r###"\b[bc]?r##".*?"##|\b[bc]?r#".*?"#|\b[bc]?r".*?""###;
            let plain = r#""(?:\\.|[^"\\])*"|'(?:\\.[^']*|[^'\\])'"#;
            Regex::new(&format!("(?s){comments}|{raw}|{plain}")).unwrap()
        });
        static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\w+|::|[^\s\w]").unwrap());
        let code = SKIPPED.replace_all(text, |found: &regex::Captures<'_>| {
            " ".to_owned() + &"\n".repeat(found[0].matches('\n').count())
        });
        let lines = code.lines().zip(1..);
        let tokens = lines
            .flat_map(|(line, number)| TOKEN.find_iter(line).map(move |t| (t.as_str().to_owned(), number)))
            .collect();
        Self { file, text, tokens }
    }

    fn at(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |(token, _)| token)
    }

    /// The tokens that are one of `words`.
    fn find<'b>(&'b self, words: &'b [&str]) -> impl Iterator<Item = usize> + 'b {
        (0..self.tokens.len()).filter(|&i| words.contains(&self.at(i)))
    }

    fn violation(&self, i: usize, what: &str) -> String {
        format!("src/{}:{}: {what}", self.file, self.tokens[i].1)
    }

    fn layer(&self) -> &str {
        let name = self.file.split('/').next().unwrap_or_default();
        name.trim_end_matches(".rs")
    }

    /// How many modules the file lies below the root of the crate.
    fn depth(&self) -> usize {
        let file = self.file.trim_end_matches(".rs").trim_end_matches("/mod");
        if ["main", "lib"].contains(&file) {
            0
        } else {
            file.split('/').count()
        }
    }

    /// The tokens from the opening brace behind `i` to its closing one.
    fn braces(&self, i: usize) -> Range<usize> {
        let begin = (i..self.tokens.len()).find(|&j| self.at(j) == "{").unwrap_or(i);
        let mut open = 0_usize;
        for j in begin..self.tokens.len() {
            match self.at(j) {
                "{" => open += 1,
                "}" => open -= 1,
                _ => {}
            }
            if open == 0 {
                return begin..j + 1;
            }
        }
        begin..self.tokens.len()
    }

    /// Whether token `i` lies in the function that `(file, name)` allows.
    fn allowed(&self, i: usize, (file, name): (&str, &str)) -> bool {
        let functions = self.find(&["fn"]).filter(|&j| self.at(j + 1) == name);
        self.file == file && functions.into_iter().any(|j| self.braces(j).contains(&i))
    }

    /// The children of the crate's root that a path names, which begins at `i` so many modules below the root.
    fn children(&self, i: usize, above: usize, found: &mut Vec<(usize, String)>) {
        match self.at(i) {
            "super" if above > 0 && self.at(i + 1) == "::" => self.children(i + 2, above - 1, found),
            "{" => {
                let mut nested = 0;
                for j in self.braces(i) {
                    let begins = nested == 1 && ["{", ","].contains(&self.at(j - 1));
                    match self.at(j) {
                        "}" => nested -= 1,
                        _ if begins => {
                            self.children(j, above, found);
                            nested += usize::from(self.at(j) == "{");
                        }
                        "{" => nested += 1,
                        _ => {}
                    }
                }
            }
            child if above == 0 => found.push((i, child.to_owned())),
            _ => {}
        }
    }
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// Whether the file belongs to the engine or to a layer below it.
fn is_deep(source: &Source<'_>) -> bool {
    rank(source.layer()) >= rank("engine")
}

/// Each layer names only layers below it.
fn layering(source: &Source<'_>) -> Vec<String> {
    if source.file == "lib.rs" {
        let modules = source.find(&["mod"]).map(|i| i + 1);
        let strangers = modules.filter(|&i| rank(source.at(i)).is_none());
        return strangers
            .map(|i| source.violation(i, "a layer that has no place"))
            .collect();
    }
    let Some(own) = rank(source.layer()) else {
        return vec![format!("src/{}: in no layer", source.file)];
    };
    let inline: Vec<_> = source
        .find(&["mod"])
        .filter(|&i| source.at(i + 2) == "{")
        .map(|i| source.braces(i))
        .collect();
    let mut named = Vec::new();
    for i in source.find(&["crate", "danlu", "super"]) {
        if source.at(i + 1) != "::" || (i > 0 && source.at(i - 1) == "::") {
            continue;
        }
        if source.at(i) == "super" {
            let depth = source.depth() + inline.iter().filter(|range| range.contains(&i)).count();
            source.children(i, depth, &mut named);
        } else {
            source.children(i + 2, 0, &mut named);
        }
    }
    let allowed = |child: &str| child == source.layer() || own == 0 || rank(child).is_some_and(|rank| rank > own);
    named
        .into_iter()
        .filter(|(_, child)| !allowed(child))
        .map(|(i, child)| source.violation(i, &format!("{} names {child}", source.layer())))
        .collect()
}

/// The engine and all below it know no screen.
fn screens(source: &Source<'_>) -> Vec<String> {
    let found = source.find(&SCREENS).filter(|_| is_deep(source));
    found.map(|i| source.violation(i, "names a screen")).collect()
}

/// The engine and all below it print nothing.
fn printing(source: &Source<'_>) -> Vec<String> {
    let macros = source.find(&PRINTS).filter(|&i| source.at(i + 1) == "!");
    // `.stdout(…)` says where another process prints.
    let streams = source
        .find(&["stdout", "stderr"])
        .filter(|&i| i == 0 || source.at(i - 1) != ".");
    let found = macros.chain(streams);
    let found = found.filter(|_| is_deep(source));
    found.map(|i| source.violation(i, "prints")).collect()
}

/// The engine and all below it do not look at the environment, but for one function.
fn environment(source: &Source<'_>) -> Vec<String> {
    let std = source
        .find(&["env"])
        .filter(|&i| source.at(i + 1) != "!" && !(source.at(i + 1) == "::" && PURE.contains(&source.at(i + 2))))
        .filter(|&i| !source.allowed(i, READS_ENVIRONMENT));
    let directories = source
        .find(&["directories"])
        .filter(|_| source.file != READS_ENVIRONMENT.0);
    let found = std.chain(directories).filter(|_| is_deep(source));
    found.map(|i| source.violation(i, "looks at the environment")).collect()
}

/// Nothing is unsafe but a matrix product and the mapping of a file.
fn unsafety(source: &Source<'_>) -> Vec<String> {
    let found = source
        .find(&["unsafe"])
        .filter(|&i| !UNSAFE.iter().any(|&place| source.allowed(i, place)));
    found.map(|i| source.violation(i, "is unsafe")).collect()
}

/// A file says what it is for.
fn docs(source: &Source<'_>) -> Vec<String> {
    let silent = !source.text.starts_with("//! ");
    silent
        .then(|| format!("src/{}: does not begin with //!", source.file))
        .into_iter()
        .collect()
}

fn length(source: &Source<'_>) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = (lines > LONGEST).then(|| format!("src/{}: has {lines} lines", source.file));
    long.into_iter().collect()
}

type Rule = fn(&Source<'_>) -> Vec<String>;

const RULES: [Rule; 7] = [layering, screens, printing, environment, unsafety, docs, length];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_sources_obey() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 80, "{} files", files.len());
    let broken: Vec<String> = files
        .iter()
        .map(|(file, text)| Source::new(file, text))
        .flat_map(|source| RULES.iter().flat_map(|rule| rule(&source)).collect::<Vec<_>>())
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    for (file, function) in UNSAFE.into_iter().chain([READS_ENVIRONMENT]) {
        let (_, text) = files.iter().find(|(name, _)| name == file).unwrap();
        assert!(
            text.contains(&format!("fn {function}")),
            "{file} has no {function} any more"
        );
    }
}

/// Asserts how many violations a rule finds in a made-up file.
#[track_caller]
fn finds(rule: Rule, file: &str, text: &str, expected: usize) {
    let found = rule(&Source::new(file, text));
    assert_eq!(found.len(), expected, "{file}: {text}\n{found:?}");
}

#[test]
fn comments_and_literals_are_no_code() {
    let text =
        "a // b\nc /* d\n \"e */ f \"g\\\" // h\" i r#\"j \" k\"# 'l' m<'n> '\\'' o '\"' p b\"q\" \\ '\\u{1F98A}' r";
    let source = Source::new("x.rs", text);
    let words: Vec<_> = source.tokens.iter().map(|(t, line)| (t.as_str(), *line)).collect();
    let words: Vec<_> = words
        .into_iter()
        .filter(|(t, _)| t.chars().all(char::is_alphabetic))
        .collect();
    let third = ["f", "i", "m", "n", "o", "p", "b", "r"].map(|word| (word, 3));
    assert_eq!(words, [&[("a", 1), ("c", 2)], &third[..]].concat());
}

#[test]
fn the_layering_rule_finds_what_it_forbids() {
    for (file, text, expected) in [
        ("nn/mod.rs", "use crate::weights::Scope;", 0),
        ("nn/mod.rs", "use crate::diffusion::Recipe;", 1),
        ("nn/unet/mod.rs", "pub fn f(x: crate::engine::Job) {}", 1),
        (
            "nn/a.rs",
            "use crate::{weights::{Error, nn}, engine, train::x::{y, z}};",
            2,
        ),
        ("nn/a.rs", "use super::super::{engine::Job, weights};", 1),
        ("nn/a/b.rs", "use super::super::engine::Job;", 0),
        ("nn/a.rs", "use super::{a::b, super::{app, store}};", 1),
        ("nn/mod.rs", "mod tests { use super::*; use super::super::engine; }", 1),
        ("nn/mod.rs", "mod a; use super::engine;", 1),
        ("train/mod.rs", "use crate::diffusion::Recipe;", 1),
        ("diffusion/mod.rs", "use crate::train::Run; use crate::prompt::read;", 1),
        ("store/mod.rs", "use crate::infotext::Infotext;", 1),
        ("store/mod.rs", "use crate::elsewhere::X;", 1),
        ("store/mod.rs", "use crate::*;", 1),
        (
            "store/mod.rs",
            "//! [`crate::engine`]\nconst A: &str = \"crate::engine\"; pub(crate) fn b() {}",
            0,
        ),
        (
            "store/mod.rs",
            "fn f<'a>() { let c = '\"'; crate::engine::run(c, '\"') }",
            1,
        ),
        ("cli/a.rs", "use danlu::engine::Engine; use super::Failure;", 0),
        ("app/mod.rs", "use crate::engine::Job; use crate::cli::main;", 1),
        ("elsewhere/mod.rs", "", 1),
        ("lib.rs", "pub mod nn; pub mod elsewhere;", 1),
    ] {
        finds(layering, file, text, expected);
    }
}

#[test]
fn the_other_rules_find_what_they_forbid() {
    finds(
        screens,
        "engine/mod.rs",
        "use ratatui::Frame; fn f() { crossterm::x() }",
        2,
    );
    finds(
        screens,
        "engine/mod.rs",
        "//! Never ratatui.\nconst A: &str = \"crossterm\";",
        0,
    );
    finds(screens, "panes/mod.rs", "use ratatui::Frame;", 0);
    let prints =
        "println!(\"a\"); eprintln!(); print!(); eprint![]; dbg!(1); std::io::stdout(); use std::io::{Read, stderr};";
    finds(printing, "weights/a.rs", prints, 7);
    finds(printing, "cli/a.rs", prints, 0);
    finds(printing, "engine/a.rs", "Command::new(x).stdout(log).stderr(log)", 0);
    finds(
        printing,
        "weights/a.rs",
        "// println!\nfn print() { self.print(\"stdout\") }",
        0,
    );
    for text in [
        "std::env::var(\"A\")",
        "use std::env;",
        "env::vars_os()",
        "use directories::BaseDirs;",
    ] {
        finds(environment, "store/settings.rs", text, 1);
    }
    finds(
        environment,
        "store/a.rs",
        "env!(\"OUT_DIR\"); std::env::split_paths(x); option_env!(\"A\")",
        0,
    );
    let once = "use directories::X; fn of_process() -> A { if b { c } std::env::vars_os() }";
    finds(environment, "store/paths.rs", once, 0);
    finds(
        environment,
        "store/paths.rs",
        &format!("{once} fn other() {{ std::env::var(x) }}"),
        1,
    );
    finds(environment, "term/mod.rs", "std::env::var(\"TERM\")", 0);
    let mapping = "fn map(f: &File) -> A { unsafe { Mmap::map(f) } }";
    finds(unsafety, "weights/mapped.rs", mapping, 0);
    finds(unsafety, "weights/scope.rs", mapping, 1);
    finds(
        unsafety,
        "weights/mapped.rs",
        &format!("{mapping} unsafe impl Send for X {{}}"),
        1,
    );
    finds(
        unsafety,
        "cli/a.rs",
        "// unsafe\n#[expect(unsafe_code)] unsafe fn f() {}",
        1,
    );
    finds(docs, "a.rs", "//! What it is for.\n", 0);
    finds(docs, "a.rs", "// Copyright\n//! What it is for.\n", 1);
    finds(length, "a.rs", &"\n".repeat(LONGEST), 0);
    finds(length, "a.rs", &"\n".repeat(LONGEST + 1), 1);
}
