//! Reads Rust source as text, as far as the tests of the tree need it: the words of a file without
//! comments and strings, and the paths in it that begin with `crate`, `super` or `self`, resolved.
//! It is not a parser: what macros make of a file is not seen.

use crate::suite::{Test, pure};

/// A word of a file, with the tokens around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
    /// The token before it, and the one before that.
    pub(crate) previous: &'a str,
    pub(crate) before: &'a str,
    pub(crate) next: &'a str,
}

impl Word<'_> {
    /// Whether a path begins here with the name of that crate.
    pub(crate) fn is_path_start(&self, name: &str) -> bool {
        self.text == name && self.previous != "::" && (self.next == "::" || self.previous == "use")
    }
}

/// A path that a file mentions, from the root of the library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// The words of a file.
pub(crate) fn identifiers(text: &str) -> Vec<Word<'_>> {
    let tokens = tokens(text);
    let at = |index: Option<usize>| {
        index.and_then(|index| tokens.get(index)).map_or("", |token| token.0)
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| is_word(token.0))
        .map(|(index, token)| Word {
            text: token.0,
            line: token.1,
            previous: at(index.checked_sub(1)),
            before: at(index.checked_sub(2)),
            next: at(Some(index + 1)),
        })
        .collect()
}

/// The paths of a file that stay in the library. `module` is the path of the file's module.
pub(crate) fn references(text: &str, module: &[String]) -> Vec<Reference> {
    let mut reader = Reader { tokens: tokens(text), position: 0, module, inline: Vec::new() };
    reader.references()
}

struct Reader<'a> {
    tokens: Vec<(&'a str, usize)>,
    position: usize,
    module: &'a [String],
    /// The blocks that are open: the name of each inline module, nothing for other blocks.
    inline: Vec<Option<&'a str>>,
}

impl<'a> Reader<'a> {
    fn references(&mut self) -> Vec<Reference> {
        let mut found = Vec::new();
        while let Some((token, line)) = self.peek(0) {
            match token {
                "{" => self.inline.push(self.inline_module()),
                "}" => drop(self.inline.pop()),
                "crate" | "kubectl_rb" | "super" | "self" if self.begins_path() => {
                    let start = self.start();
                    let mut paths = Vec::new();
                    self.read(start, &mut paths);
                    found.extend(paths.into_iter().map(|path| Reference { path, line }));
                    continue;
                }
                _ => {}
            }
            self.position += 1;
        }
        found
    }

    fn peek(&self, ahead: usize) -> Option<(&'a str, usize)> {
        self.tokens.get(self.position + ahead).copied()
    }

    fn token(&self, ahead: usize) -> &'a str {
        self.peek(ahead).map_or("", |token| token.0)
    }

    fn back(&self, behind: usize) -> &'a str {
        let index = self.position.checked_sub(behind);
        index.and_then(|index| self.tokens.get(index)).map_or("", |token| token.0)
    }

    /// The module whose block opens here: `mod NAME {`.
    fn inline_module(&self) -> Option<&'a str> {
        (self.back(2) == "mod").then(|| self.back(1))
    }

    /// Not the middle of a path, and not a visibility: `pub(super)`.
    fn begins_path(&self) -> bool {
        self.back(1) != "::" && self.token(1) == "::"
    }

    /// The module that the first word of a path means.
    fn start(&mut self) -> Vec<String> {
        let inline = self.inline.iter().flatten().map(|name| (*name).to_owned());
        let mut path: Vec<String> = self.module.iter().cloned().chain(inline).collect();
        match self.token(0) {
            "super" => drop(path.pop()),
            "self" => {}
            _ => path.clear(),
        }
        self.position += 1;
        path
    }

    /// The rest of a path, after its first word or after a brace: all that it names.
    fn read(&mut self, mut path: Vec<String>, found: &mut Vec<Vec<String>>) {
        while self.token(0) == "::" {
            self.position += 1;
            match self.token(0) {
                "{" => return self.read_list(&path, found),
                "super" => drop(path.pop()),
                "self" | "*" => {}
                word if is_word(word) => path.push(word.to_owned()),
                // Generic arguments, `crate::Error::<T>`: the path itself ends here.
                _ => break,
            }
            self.position += 1;
        }
        found.push(path);
    }

    /// `{a, b::c, self}` of a `use`.
    fn read_list(&mut self, path: &[String], found: &mut Vec<Vec<String>>) {
        self.position += 1;
        while !matches!(self.token(0), "}" | "") {
            let word = self.token(0);
            self.position += 1;
            match word {
                "self" | "*" => found.push(path.to_vec()),
                "as" => self.position += 1,
                _ if is_word(word) => {
                    let mut inner = path.to_vec();
                    inner.push(word.to_owned());
                    self.read(inner, found);
                }
                _ => {}
            }
        }
        self.position += 1;
    }
}

/// Words, `::`, and single signs, each with its line; comments, strings and character literals are
/// left out.
fn tokens(text: &str) -> Vec<(&str, usize)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = next_token(rest, first);
        let (token, after) = rest.split_at(length);
        if is_token {
            tokens.push((token, line));
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

/// How long what stands at the beginning is, and whether it counts.
fn next_token(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |end| end + 2), false);
    }
    if let Some(length) = raw_string(rest) {
        return (length, false);
    }
    if first == '"' || rest.starts_with("b\"") {
        return (quoted(rest), false);
    }
    if first == '\'' {
        return (character(rest), false);
    }
    if is_word(rest.get(..first.len_utf8()).unwrap_or_default()) {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        return (end.unwrap_or(rest.len()), true);
    }
    if rest.starts_with("::") {
        return (2, true);
    }
    (first.len_utf8(), !first.is_whitespace())
}

/// The length of `r"…"` or `r#"…"#`, if one begins here.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - body.len();
    Some(body.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

/// The length of a string with its quotes.
fn quoted(rest: &str) -> usize {
    let open = rest.find('"').map_or(0, |at| at + 1);
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(open) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; of a lifetime, only that of its quote.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => chars.find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

pub(crate) fn tests() -> Vec<Test> {
    pure![paths_are_resolved, comments_strings_and_visibilities_are_no_paths]
}

fn paths_of(text: &str) -> Vec<String> {
    let module = ["cli".to_owned(), "undo".to_owned()];
    references(text, &module).iter().map(|found| found.path.join("::")).collect()
}

fn paths_are_resolved() {
    for (text, paths) in [
        ("use crate::error::Error;", vec!["error::Error"]),
        ("use crate::{app::App, exit};", vec!["app::App", "exit"]),
        ("use crate::a::{self, b::{c, d as e}, f};", vec!["a", "a::b::c", "a::b::d", "a::f"]),
        ("use super::output::Format;", vec!["cli::output::Format"]),
        ("use super::super::text::age;", vec!["text::age"]),
        ("use self::flow::run;", vec!["cli::undo::flow::run"]),
        ("fn f() -> crate::text::Age { crate::text::now() }", vec!["text::Age", "text::now"]),
        ("mod tests { use super::*; }", vec!["cli::undo"]),
        ("mod tests { fn f() { if x {} } } use super::a;", vec!["cli::a"]),
        ("use kubectl_rb::cli;", vec!["cli"]),
    ] {
        assert_eq!(paths_of(text), paths, "{text}");
    }
}

fn comments_strings_and_visibilities_are_no_paths() {
    for text in [
        "// crate::a::b",
        "/* crate::a */",
        "let s = \"crate::a \\\" crate::b\";",
        "let s = r#\"crate::a \" crate::b\"#;",
        "pub(super) fn f() {} pub(crate) struct S;",
        "let c = '\"'; let l: &'static str = x;",
        "fn f(&self) { self.crate_name }",
    ] {
        assert!(paths_of(text).is_empty(), "{text}: {:?}", paths_of(text));
    }
}
