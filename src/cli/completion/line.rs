//! The command line as far as it is typed: which word is completed, what the others say.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use clap::{ArgMatches, FromArgMatches as _};

use super::Shell;
use crate::cli::connection_args::ConnectionArgs;
use crate::cli::duration;
use crate::cluster::ConnectOptions;

/// How long a person waits for a key.
const BUDGET: Duration = Duration::from_millis(300);
/// Another budget, for slow clusters.
const BUDGET_VARIABLE: &str = "RB_COMPLETE_TIMEOUT";
/// Which word is completed, where the shell says so.
const INDEX_VARIABLE: &str = "_CLAP_COMPLETE_INDEX";

/// A command line.
pub(super) struct Line {
    /// The words, the program first.
    pub(super) words: Vec<OsString>,
    /// The one that is completed.
    pub(super) index: usize,
    /// What of it the shell keeps: bash completes only what is after the last `:` or `=`.
    pub(super) kept: String,
    /// Until when an answer is of use.
    pub(super) until: Instant,
    /// Which cluster the line means.
    pub(super) connect: ConnectOptions,
    /// The line has `-A`.
    pub(super) all_namespaces: bool,
    /// The words before that name workloads.
    pub(super) targets: Vec<String>,
}

impl Line {
    pub(super) fn new(shell: Shell, words: Vec<OsString>, command: &clap::Command) -> Self {
        let budget = std::env::var(BUDGET_VARIABLE).ok();
        let budget = budget.and_then(|text| duration::parse(&text).ok()).unwrap_or(BUDGET);
        let until = Instant::now() + budget;
        let index = std::env::var(INDEX_VARIABLE).ok().and_then(|index| index.parse().ok());
        let (words, index, kept) = match shell {
            Shell::Bash => whole_words(&words, index.unwrap_or_default()),
            Shell::Zsh => (words, index.unwrap_or_default(), String::new()),
            Shell::Kubectl => {
                let words: Vec<_> = std::iter::once("kubectl-rb".into()).chain(words).collect();
                let last = words.len().saturating_sub(1).max(1);
                (words, last, String::new())
            }
            Shell::Fish | Shell::Powershell => {
                let last = words.len().saturating_sub(1);
                (words, last, String::new())
            }
        };
        let mut line = Self {
            words,
            index,
            kept,
            until,
            connect: ConnectOptions::default(),
            all_namespaces: false,
            targets: Vec::new(),
        };
        // A shell need not pass a word that is still empty.
        while line.words.len() <= line.index {
            line.words.push(OsString::new());
        }
        line.read(command);
        line
    }

    /// What the other words say. The program's own parser reads them and passes over what is wrong.
    fn read(&mut self, command: &clap::Command) {
        let is_all = |word: &OsString| word == "-A" || word == "--all-namespaces";
        self.all_namespaces = self.words.iter().any(is_all);
        let parse = |words: &[OsString]| {
            let known = words.iter().filter(|word| !is_all(word));
            command.clone().ignore_errors(true).try_get_matches_from(known).ok()
        };
        let before = parse(self.words.get(..self.index).unwrap_or_default());
        self.targets =
            before.as_ref().map(|matches| targets(innermost(matches))).unwrap_or_default();
        // Flags after the word count too. The word itself is something, whatever it is to become.
        let mut words = self.words.clone();
        if let Some(word) = words.get_mut(self.index) {
            *word = "word".into();
        }
        if let Some(matches) = parse(&words)
            && let Ok(connection) = ConnectionArgs::from_arg_matches(innermost(&matches))
        {
            self.connect = connection.into_options();
        }
        self.connect.unattended = true;
    }
}

/// The matches of the subcommand, where one is typed: they hold the global flags too.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, matches)| matches)
}

fn targets(matches: &ArgMatches) -> Vec<String> {
    let words = matches.try_get_many::<String>("words").ok().flatten();
    words.into_iter().flatten().cloned().collect()
}

/// Bash takes words apart at `:` and `=`; context names of some clouds are full of them. Puts them
/// together again: the words, the index of the one that is completed, and what bash keeps of it.
fn whole_words(parts: &[OsString], index: usize) -> (Vec<OsString>, usize, String) {
    let is_break = |part: &OsString| {
        let part = part.to_string_lossy();
        !part.is_empty() && part.chars().all(|c| c == ':' || c == '=')
    };
    let mut words: Vec<OsString> = Vec::new();
    let mut at = 0;
    let mut joins = false;
    for (position, part) in parts.iter().enumerate() {
        match words.last_mut() {
            // The program's name, and what stands first, is never a part of something.
            Some(word) if position > 1 && (joins || is_break(part)) => word.push(part),
            _ => words.push(part.clone()),
        }
        joins = is_break(part);
        if position == index {
            at = words.len().saturating_sub(1);
            // What is after the cursor is not part of what is completed.
            joins = false;
        }
    }
    let current = words.get(at).map(|word| word.to_string_lossy().into_owned());
    let typed = parts.get(index).filter(|part| !is_break(part));
    let typed = typed.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
    let kept = current.unwrap_or_default();
    let kept = kept.strip_suffix(&typed).unwrap_or_default().to_owned();
    (words, at, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_takes_words_apart_and_gets_its_part_back() {
        for (parts, index, whole, at, kept) in [
            (&["rb", "undo", "deploy/w"][..], 2, &["rb", "undo", "deploy/w"][..], 2, ""),
            (
                &["rb", "--context", "arn", ":", "aws", ":", "e"],
                6,
                &["rb", "--context", "arn:aws:e"],
                2,
                "arn:aws:",
            ),
            (&["rb", "--context", "arn", ":"], 3, &["rb", "--context", "arn:"], 2, "arn:"),
            (
                &["rb", "x", "--context", "=", "pr", "-n", "y"],
                4,
                &["rb", "x", "--context=pr", "-n", "y"],
                2,
                "--context=",
            ),
            (&["rb", "x", "--context", "="], 3, &["rb", "x", "--context="], 2, "--context="),
            (
                &["rb", "x", "--context", "=", "a", ":", "b", ""],
                7,
                &["rb", "x", "--context=a:b", ""],
                3,
                "",
            ),
            (&["rb", "--context", "arn:aws:e"], 2, &["rb", "--context", "arn:aws:e"], 2, ""),
            (&["rb", ""], 1, &["rb", ""], 1, ""),
        ] {
            let parts: Vec<OsString> = parts.iter().map(OsString::from).collect();
            let expected: Vec<OsString> = whole.iter().map(OsString::from).collect();
            assert_eq!(whole_words(&parts, index), (expected, at, kept.to_owned()), "{parts:?}");
        }
    }

    #[test]
    fn flags_count_before_and_after_the_word_and_names_before_it() {
        for (typed, namespace, context, all, targets) in [
            ("rb undo deploy/|", None, None, false, &[][..]),
            ("rb -n shop undo deploy/|", Some("shop"), None, false, &[]),
            ("rb undo deploy/| -nshop --context=prod", Some("shop"), Some("prod"), false, &[]),
            ("rb undo deploy web| -A", None, None, true, &["deploy"]),
            ("rb undo --yes deploy/a --to-revision |", None, None, false, &["deploy/a"]),
            ("rb undo --to-revision | deploy/a -n shop", Some("shop"), None, false, &[]),
            (
                "rb status deploy/a --timeout=60s -n shop |",
                Some("shop"),
                None,
                false,
                &["deploy/a"],
            ),
            ("rb |", None, None, false, &[]),
        ] {
            let index = typed.split(' ').position(|word| word.contains('|')).unwrap();
            let words = typed.split(' ').map(|word| word.replace('|', "").into()).collect();
            let mut line = Line {
                words,
                index,
                kept: String::new(),
                until: Instant::now(),
                connect: ConnectOptions::default(),
                all_namespaces: false,
                targets: Vec::new(),
            };
            line.read(&crate::cli::command("rb"));
            assert_eq!(line.connect.namespace.as_deref(), namespace, "{typed}");
            assert_eq!(line.connect.context.as_deref(), context, "{typed}");
            assert_eq!(line.all_namespaces, all, "{typed}");
            assert_eq!(line.targets, targets, "{typed}");
            assert!(line.connect.unattended);
        }
    }
}
