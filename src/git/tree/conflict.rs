//! A file that cannot be reverted without a decision, for people.

use git2::MergeFileOptions;

use crate::error::Result;
use crate::git::manifest::apps::Apps;
use crate::git::repository::Repository;
use crate::git::tree::entry::Entry;
use crate::git::tree::file_merge::{ThreeWays, is_binary, three_ways};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{Conflict, ConflictReason};
use crate::text::{sanitize, truncate};

/// Lines of a preview.
const LINES: usize = 40;
/// Columns of a line of it.
const COLUMNS: usize = 160;
/// Lines that it shows before the first marker.
const BEFORE: usize = 3;
/// A larger file is not shown.
const LARGEST: usize = 1024 * 1024;

/// What stands where, and which words the markers have.
pub(in crate::git) struct Seen<'a> {
    pub(in crate::git) path: GitPath,
    pub(in crate::git) reason: ConflictReason,
    pub(in crate::git) ways: ThreeWays,
    /// The bad commit.
    pub(in crate::git) commit: String,
    pub(in crate::git) branch: &'a str,
}

/// Describes it.
pub(in crate::git) fn describe(
    repository: &Repository,
    apps: &mut Apps<'_>,
    seen: Seen<'_>,
) -> Result<Conflict> {
    let view = |entry: Option<Entry>| entry.map(Entry::view);
    let preview = match seen.reason {
        ConflictReason::Content | ConflictReason::LineEnds | ConflictReason::LfsPointer => {
            preview(repository, &seen)?
        }
        _ => None,
    };
    Ok(Conflict {
        app: apps.of(&seen.path)?,
        path: seen.path,
        commit: seen.commit,
        reason: seen.reason,
        bad: view(seen.ways.bad),
        tip: view(seen.ways.tip),
        good: view(seen.ways.good),
        preview,
    })
}

fn preview(repository: &Repository, seen: &Seen<'_>) -> Result<Option<String>> {
    let ThreeWays { bad, tip, good } = seen.ways;
    let mut texts = Vec::new();
    for entry in [bad, tip, good] {
        let Some(entry) = entry else {
            texts.push(Vec::new());
            continue;
        };
        if repository.blob_size(entry.id).is_none_or(|size| size > LARGEST) {
            return Ok(None);
        }
        texts.push(repository.blob(entry.id)?);
    }
    let [bad, tip, good] = texts.as_slice() else { return Ok(None) };
    if [bad, tip, good].iter().any(|text| is_binary(text)) {
        return Ok(None);
    }
    let short = seen.commit.get(..7).unwrap_or(&seen.commit);
    let mut options = MergeFileOptions::new();
    options
        .style_diff3(true)
        .our_label(&*sanitize(seen.branch))
        .ancestor_label(format!("{short}, to be reverted"))
        .their_label(format!("before {short}"));
    let merged = three_ways(bad, tip, good, &mut options)?;
    Ok(Some(shown(&String::from_utf8_lossy(merged.content()))))
}

/// The lines about the first conflict, each safe to show.
fn shown(text: &str) -> String {
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    let first = lines.iter().position(|line| line.starts_with("<<<<<<<")).unwrap_or(0);
    let start = first.saturating_sub(BEFORE);
    let mut shown = String::new();
    for line in lines.iter().skip(start).take(LINES) {
        shown += &truncate(&sanitize(line), COLUMNS);
        shown.push('\n');
    }
    let more = lines.len().saturating_sub(start + LINES);
    if more > 0 {
        shown += &format!("... {more} more lines\n");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_begins_shortly_before_the_first_marker_and_ends_soon() {
        let head: String = (0..10).map(|n| format!("line {n}\n")).collect();
        let tail: String = (0..100).map(|n| format!("tail {n}\n")).collect();
        let text = format!("{head}<<<<<<< main\na\x1b[2J\n=======\nb\r\n>>>>>>> x\n{tail}");
        let shown = shown(&text);
        assert!(shown.starts_with("line 7\nline 8\nline 9\n<<<<<<< main\n"), "{shown}");
        assert!(shown.contains("a\\x1b[2J\n=======\nb\\r\n"), "{shown}");
        assert!(shown.ends_with("... 68 more lines\n"), "{shown}");
        assert_eq!(shown.lines().count(), LINES + 1);
    }

    #[test]
    fn long_lines_are_cut() {
        assert!(shown(&"x".repeat(5000)).len() < 200);
    }
}
