//! The same command again with other words: what hints are made of. It says which repository and branch
//! it is about, so that it does the same in any folder; and it asks, whatever `--yes` said before.

use std::collections::BTreeSet;

use clap::{ArgAction, Command};

use crate::app::App;
use crate::error::Error;
use crate::report::revert::short;
use crate::revert::ground::Named;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::text::shell_quote;

/// The name of the command.
const NAME: &str = "revert-commit";
/// What stands in a plan, and not beside it.
const SAID_BY_PLANS: [&str; 7] = ["", "repo", "branch", "path", "mode", "to", "mainline"];
/// What another commit takes the place of.
const SELECTORS: [&str; 3] = ["", "image", "since"];

/// The command line as it was typed.
pub(super) struct Again<'a> {
    command: Command,
    program: &'a str,
    typed: &'a [String],
    known: Known,
}

/// What a command has found out about itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Where it is about.
    pub(super) place: Option<Named>,
    /// What makes the plan of `--plan` anew.
    pub(super) planned: Option<Vec<String>>,
}

/// An option with its value, or the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Its long name; of the commit none.
    name: String,
    words: Vec<String>,
    /// It takes a value, and has none.
    is_bare: bool,
}

impl<'a> Again<'a> {
    pub(super) fn new(app: &'a App, known: Known) -> Self {
        let environment = &app.environment;
        let command = crate::cli::command("rb");
        Self { command, program: &environment.program, typed: &environment.arguments, known }
    }

    /// Makes the hints of an error whole.
    pub(super) fn complete(&self, error: Error) -> Error {
        error.complete(|words| self.with(words))
    }

    /// The way back from what was done, for any folder.
    pub(super) fn pin(&self, outcome: RevertOutcome) -> RevertOutcome {
        match outcome {
            RevertOutcome::Pushed(mut pushed) => {
                pushed.forward = self.line(&[short(&pushed.commit)]);
                RevertOutcome::Pushed(pushed)
            }
            other => other,
        }
    }

    /// The command with these words more. See [`Error::again`].
    pub(super) fn with(&self, words: &[String]) -> String {
        let wanted = self.pieces(words);
        let mut gone: BTreeSet<&str> = wanted.iter().map(|piece| &*piece.name).collect();
        gone.insert("yes");
        if gone.contains("") {
            gone.extend(SELECTORS);
        }
        let at = self.typed.iter().position(|word| word == NAME).unwrap_or(self.typed.len());
        let (before, own) = self.typed.split_at_checked(at).unwrap_or((self.typed, &[]));
        let mut pieces = self.pieces(own.get(1..).unwrap_or_default());
        // A plan says all of that itself.
        let is_plan = |piece: &Piece| piece.name == "plan";
        if wanted.iter().any(|piece| SAID_BY_PLANS.contains(&&*piece.name))
            && pieces.iter().any(is_plan)
        {
            pieces.retain(|piece| !is_plan(piece));
            pieces.splice(0..0, self.pieces(self.known.planned.as_deref().unwrap_or_default()));
        }
        pieces.retain(|piece| !gone.contains(&*piece.name));
        pieces.extend(wanted.into_iter().filter(|piece| !piece.is_bare && !piece.is_empty()));
        let line = before.iter().map(|word| shell_quote(word).into_owned());
        let line: Vec<String> = [self.program.to_owned()].into_iter().chain(line).collect();
        self.pinned(line, pieces)
    }

    /// A command of its own.
    fn line(&self, words: &[String]) -> String {
        let pieces = self.pieces(words);
        self.pinned(vec![self.program.to_owned()], pieces)
    }

    fn pinned(&self, mut line: Vec<String>, mut pieces: Vec<Piece>) -> String {
        line.push(NAME.to_owned());
        let has = |name: &str| pieces.iter().any(|piece| piece.name == name);
        if let Some(place) = self.known.place.as_ref().filter(|_| !has("plan")) {
            let pins = [("repo", &place.repository), ("branch", &place.branch)];
            let missing: Vec<Piece> = pins
                .into_iter()
                .filter(|(name, _)| !has(name))
                .map(|(name, value)| Piece::option(name, vec![format!("--{name}"), value.clone()]))
                .collect();
            pieces.extend(missing);
        }
        // The commit stands first, where people look for it.
        pieces.sort_by_key(|piece| !piece.name.is_empty());
        let words = pieces.iter().flat_map(|piece| &piece.words);
        line.extend(words.map(|word| shell_quote(word).into_owned()));
        line.join(" ")
    }

    fn pieces(&self, words: &[String]) -> Vec<Piece> {
        let (mut pieces, mut rest) = (Vec::new(), words.iter());
        let mut only_commits = false;
        while let Some(word) = rest.next() {
            if only_commits || !word.starts_with('-') || word == "-" {
                pieces.push(Piece::option("", vec![word.clone()]));
                continue;
            }
            if word == "--" {
                only_commits = true;
                continue;
            }
            let Some((name, takes_value)) = self.option(word) else {
                pieces.push(Piece::option("?", vec![word.clone()]));
                continue;
            };
            let mut words = vec![word.clone()];
            let value = if takes_value { rest.next() } else { None };
            words.extend(value.cloned());
            pieces.push(Piece { name, is_bare: takes_value && value.is_none(), words });
        }
        pieces
    }

    /// The long name of an option, and whether its value is the next word.
    fn option(&self, word: &str) -> Option<(String, bool)> {
        let own = self.command.find_subcommand(NAME)?.get_arguments();
        let mut all = own.chain(self.command.get_arguments());
        let takes_value =
            |arg: &clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
            let arg = all.find(|arg| arg.get_long() == Some(name))?;
            return Some((name.to_owned(), takes_value(arg) && value.is_none()));
        }
        // `-o json` and `-ojson`; of several flags in one word the first one counts.
        let mut letters = word.chars().skip(1);
        let letter = letters.next()?;
        let arg = all.find(|arg| arg.get_short() == Some(letter))?;
        let name = arg.get_long().unwrap_or_default().to_owned();
        Some((name, takes_value(arg) && letters.next().is_none()))
    }
}

impl Piece {
    fn option(name: &str, words: Vec<String>) -> Self {
        Self { name: name.to_owned(), words, is_bare: false }
    }

    fn is_empty(&self) -> bool {
        self.words.iter().all(String::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(typed: &str, words: &[&str], place: Option<(&str, &str)>) -> String {
        let typed: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let planned = Some(vec!["9f3".to_owned(), "--mode".to_owned(), "subset".to_owned()]);
        let place = place.map(|(repository, branch)| Named {
            repository: repository.to_owned(),
            branch: branch.to_owned(),
        });
        let (command, known) = (crate::cli::command("rb"), Known { place, planned });
        let again = Again { command, program: "kubectl rb", typed: &typed, known };
        again.with(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_option_stands_in_the_place_of_its_like() {
        for (typed, words, line) in [
            ("revert-commit 9f3 --branch v1 -y", &["--branch", "main"][..], "9f3 --branch main"),
            ("revert-commit --branch=v1 9f3", &["--branch", "main"], "9f3 --branch main"),
            ("revert-commit 9f3 --path a --path b", &["--path", "c d"], "9f3 --path 'c d'"),
            ("revert-commit 9f3 -o json", &["--mode", "restore"], "9f3 -o json --mode restore"),
            ("revert-commit 9f3 -ojson --reason x", &["--to", "1"], "9f3 -ojson --reason x --to 1"),
            ("revert-commit 9f3 --dry-run", &["--mainline", "2"], "9f3 --dry-run --mainline 2"),
        ] {
            assert_eq!(again(typed, words, None), format!("kubectl rb revert-commit {line}"));
        }
    }

    #[test]
    fn a_commit_stands_in_the_place_of_what_named_one() {
        for (typed, words, line) in [
            ("revert-commit 9f3 --path a", &["51d"][..], "51d --path a"),
            ("revert-commit --image web:1", &["51d"], "51d"),
            ("revert-commit --since 30m", &["51d"], "51d"),
            ("revert-commit --path a -- -x", &[""], "--path a"),
            ("revert-commit last --path a", &["", "--path"], ""),
        ] {
            let line = format!("kubectl rb revert-commit {line}");
            assert_eq!(again(typed, words, None), line.trim_end());
        }
    }

    #[test]
    fn the_place_is_named_where_it_was_not() {
        let place = Some(("/home/ann/git ops", "main"));
        assert_eq!(
            again("-q revert-commit last --branch x", &["--mode", "restore"], place),
            "kubectl rb -q revert-commit last --branch x --mode restore --repo '/home/ann/git ops'"
        );
        assert_eq!(
            again("revert-commit --plan p.json", &["--way", "request"], place),
            "kubectl rb revert-commit --plan p.json --way request"
        );
        assert_eq!(
            again("revert-commit --plan p.json -y", &["--mode", "restore", "--path", "a"], place),
            "kubectl rb revert-commit 9f3 --mode restore --path a --repo '/home/ann/git ops' \
             --branch main"
        );
    }
}
