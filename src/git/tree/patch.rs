//! The difference of two trees as a patch, for people.

use git2::{DiffFormat, DiffOptions, Oid};

use crate::error::Result;
use crate::git::failure::failed;
use crate::git::repository::Repository;

/// Lines of a patch at most: more is read in the repository.
pub const LINES: usize = 400;

/// The patch from one tree to another, as `git diff` prints it, without following renames; of more
/// than [`LINES`] lines the first ones, with a line that says so. Bytes that are no UTF-8 are replaced.
pub fn patch(repository: &Repository, from: Oid, to: Oid) -> Result<String> {
    let repository = repository.raw();
    let read = || -> Result<String, git2::Error> {
        let (from, to) = (repository.find_tree(from)?, repository.find_tree(to)?);
        let mut options = DiffOptions::new();
        options.context_lines(3);
        let diff = repository.diff_tree_to_tree(Some(&from), Some(&to), Some(&mut options))?;
        let (mut text, mut lines) = (String::new(), 0_usize);
        diff.print(DiffFormat::Patch, |_, _, line| {
            lines += 1;
            if lines <= LINES {
                if matches!(line.origin(), '+' | '-' | ' ') {
                    text.push(line.origin());
                }
                text += &String::from_utf8_lossy(line.content());
                if !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            true
        })?;
        if lines > LINES {
            text += &format!("... and {} more lines\n", lines - LINES);
        }
        Ok(text)
    };
    read().map_err(|error| failed("cannot compare the trees", &error))
}
