//! Takes one change of one file out of what the file is now: a three-way merge between the file as the
//! bad commit left it, as it is, and as it was before. The rules are those of `git revert`; attributes
//! and filters play no part, as in every bare repository.

use git2::{MergeFileInput, MergeFileOptions, ObjectType};

use crate::error::Result;
use crate::git::failure::failed;
use crate::git::repository::Repository;
use crate::git::tree::entry::{Entry, LINK, SUBMODULE};
use crate::rollback::model::revert::ConflictReason;

/// Git looks for a NUL byte this far.
const BINARY_PREFIX: usize = 8000;

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git) enum Merged {
    /// It is that, or gone.
    Clean(Option<Entry>),
    /// Somebody has to decide.
    Conflict(ConflictReason),
}

/// A file at the three places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git) struct ThreeWays {
    pub(in crate::git) bad: Option<Entry>,
    pub(in crate::git) tip: Option<Entry>,
    pub(in crate::git) good: Option<Entry>,
}

/// Merges one file. A merged file is written to the repository.
pub(in crate::git) fn merge(repository: &Repository, ways: ThreeWays) -> Result<Merged> {
    let ThreeWays { bad, tip, good } = ways;
    if tip == good || good == bad {
        return Ok(Merged::Clean(tip));
    }
    if tip == bad {
        return Ok(Merged::Clean(good));
    }
    let (Some(tip), Some(good)) = (tip, good) else {
        return Ok(Merged::Conflict(ConflictReason::Deleted));
    };
    // A folder is in the way of a file.
    if [Some(tip), Some(good), bad].into_iter().flatten().any(Entry::is_tree) {
        return Ok(Merged::Conflict(ConflictReason::Folder));
    }
    let modes = [tip.mode, good.mode, bad.map_or(tip.mode, |bad| bad.mode)];
    if modes.contains(&SUBMODULE) {
        return Ok(Merged::Conflict(ConflictReason::Submodule));
    }
    if modes.contains(&LINK) {
        return Ok(Merged::Conflict(ConflictReason::Link));
    }
    let Some(mode) = mode(bad.map(|bad| bad.mode), tip.mode, good.mode) else {
        return Ok(Merged::Conflict(ConflictReason::Mode));
    };
    let bad_id = bad.map(|bad| bad.id);
    let id = if tip.id == good.id || Some(good.id) == bad_id {
        tip.id
    } else if Some(tip.id) == bad_id {
        good.id
    } else {
        let read = |entry: Entry| repository.blob(entry.id);
        let base = bad.map(read).transpose()?.unwrap_or_default();
        let (ours, theirs) = (read(tip)?, read(good)?);
        match merge_text(&base, &ours, &theirs)? {
            Ok(content) => repository.write(ObjectType::Blob, &content)?,
            Err(reason) => return Ok(Merged::Conflict(reason)),
        }
    };
    Ok(Merged::Clean(Some(Entry { id, mode })))
}

/// The mode that only one side changed, or both alike.
fn mode(base: Option<i32>, ours: i32, theirs: i32) -> Option<i32> {
    if ours == theirs || base == Some(ours) {
        Some(theirs)
    } else {
        (base == Some(theirs)).then_some(ours)
    }
}

fn merge_text(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
) -> Result<std::result::Result<Vec<u8>, ConflictReason>> {
    let texts = [base, ours, theirs];
    if texts.iter().any(|text| is_binary(text)) {
        return Ok(Err(ConflictReason::Binary));
    }
    // A pointer is three lines that belong together: one line of each side would name no object.
    if texts.iter().any(|text| is_lfs_pointer(text)) {
        return Ok(Err(ConflictReason::LfsPointer));
    }
    let merged = three_ways(base, ours, theirs, &mut MergeFileOptions::new())?;
    if merged.is_automergeable() {
        return Ok(Ok(merged.content().to_vec()));
    }
    let without_ends = texts.map(|text| text.split(|byte| *byte == b'\r').collect::<Vec<_>>());
    let [base, ours, theirs] = without_ends.map(|parts| parts.concat());
    let differs_in_ends = texts.iter().any(|text| has_crlf(text))
        && texts.iter().any(|text| !has_crlf(text))
        && three_ways(&base, &ours, &theirs, &mut MergeFileOptions::new())?.is_automergeable();
    Ok(Err(if differs_in_ends { ConflictReason::LineEnds } else { ConflictReason::Content }))
}

/// Runs libgit2's merge of texts, which is Git's.
pub(in crate::git) fn three_ways(
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    options: &mut MergeFileOptions,
) -> Result<git2::MergeFileResult> {
    let [base, ours, theirs] = [base, ours, theirs].map(|content| {
        let mut input = MergeFileInput::new();
        input.content(content);
        input
    });
    git2::merge_file(&base, &ours, &theirs, Some(options))
        .map_err(|error| failed("cannot merge a file", &error))
}

pub(in crate::git) fn is_binary(text: &[u8]) -> bool {
    text.iter().take(BINARY_PREFIX).any(|byte| *byte == 0)
}

pub(in crate::git) fn is_lfs_pointer(text: &[u8]) -> bool {
    text.starts_with(b"version https://git-lfs.github.com/spec/") && text.len() < 1024
}

fn has_crlf(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"\r\n")
}

#[cfg(test)]
mod tests;
