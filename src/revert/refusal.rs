//! What stands in the way of a revert, in words.

use crate::error::{Error, ErrorKind};
use crate::git::commit::operation::mode_word;
use crate::rollback::model::revert::{Blocked, NextWay, Nothing, NothingReason};
use crate::rollback::model::revert_outcome::NothingToRevert;
use crate::text::plural;

/// How many digits of a commit people read.
const SHORT: usize = 9;
/// Conflicts that are named.
const NAMED: usize = 5;

/// The first digits of a commit's id.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

/// The commit where it is one, else how many.
pub(super) fn count_or_id(mut ids: impl ExactSizeIterator<Item = String>) -> String {
    match (ids.len(), ids.next()) {
        (1, Some(only)) => short(&only),
        (count, _) => plural(i64::try_from(count).unwrap_or(i64::MAX), "commit"),
    }
}

/// Conflicts: which files of which application, and what would go through. `moves`: the words that were
/// typed may mean another commit by the time that they are pasted, so the hint names the one.
pub(crate) fn blocked(blocked: &Blocked, moves: bool) -> Error {
    let who = match blocked.conflicts.len() {
        1 => "a file conflicts".to_owned(),
        count => format!("{count} files conflict"),
    };
    let message = format!("{who} with what came later: nothing was pushed");
    let files: Vec<String> = blocked
        .conflicts
        .iter()
        .take(NAMED)
        .map(|conflict| format!("{} (commit {})", conflict.path, short(&conflict.commit)))
        .collect();
    let more = blocked.conflicts.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let error = Error::new(ErrorKind::Refused, message).because(files.join(", ") + &more);
    match &blocked.next {
        Some(next) => {
            let only = blocked.commits.first().filter(|_| moves && blocked.commits.len() == 1);
            let commit = only.map(|commit| short(&commit.id));
            error.again(&label(next), commit.into_iter().chain(words(next)))
        }
        None => error.hint("revert it by hand in a checkout, and decide for each of the files"),
    }
}

fn label(next: &NextWay) -> String {
    let also = match next.also.len() {
        0 => String::new(),
        count => {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            format!(" (takes out {} along)", plural(count, "later commit"))
        }
    };
    format!("what would go through{also}")
}

fn words(next: &NextWay) -> Vec<String> {
    let option = |name: &str, value: String| [format!("--{name}"), value];
    let mode = option("mode", mode_word(next.mode).to_owned());
    let paths = next.paths.iter().flat_map(|path| option("path", path.argument()));
    let good = next.good.iter().flat_map(|good| option("to", short(good)));
    mode.into_iter().chain(paths).chain(good).collect()
}

/// Why there is nothing to do.
pub(super) fn nothing(nothing: &Nothing) -> NothingToRevert {
    let which = count_or_id(nothing.commits.iter().map(|commit| commit.id.clone()));
    let by = nothing.by.as_ref().map(|by| by.id.clone());
    let (reason, message) = match nothing.reason {
        NothingReason::Empty => ("noChange", format!("{which} changed no file")),
        NothingReason::AlreadyReverted => (
            "alreadyReverted",
            match &by {
                Some(by) => format!("what {which} changed was taken out by {}", short(by)),
                None => format!("what {which} changed is out already"),
            },
        ),
        NothingReason::AlreadyRestored => {
            ("alreadyRestored", "the paths are as they were in the good commit".to_owned())
        }
    };
    NothingToRevert { reason, message, commit: by }
}
