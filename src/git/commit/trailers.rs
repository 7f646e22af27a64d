//! What a commit message says for programs: the lines `Rb-…: …` at its end, and `This reverts commit …`.

use git2::{Commit, Oid};

/// Names of the trailers that rb writes.
pub(in crate::git) const OPERATION: &str = "Rb-Operation";
pub(in crate::git) const MODE: &str = "Rb-Mode";
pub(in crate::git) const REVERTS: &str = "Rb-Reverts";
pub(in crate::git) const GOOD: &str = "Rb-Good-Revision";
pub(in crate::git) const REASON: &str = "Rb-Reason";
pub(in crate::git) const INCIDENT: &str = "Rb-Incident";
pub(in crate::git) const REQUESTED_BY: &str = "Rb-Requested-By";

const REVERTS_LINE: &[u8] = b"This reverts commit ";

/// The values of a trailer, in order.
pub(in crate::git) fn values(commit: &Commit<'_>, name: &str) -> Vec<String> {
    let message = commit.message_raw_bytes();
    // Most commits have none, and finding the block costs more than this.
    if !contains(message, name.as_bytes()) {
        return Vec::new();
    }
    let Ok(trailers) = git2::message_trailers_bytes(message) else { return Vec::new() };
    trailers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
        .collect()
}

/// The commits that a message says it reverts.
pub(in crate::git) fn reverted(commit: &Commit<'_>) -> Vec<Oid> {
    let mut ids: Vec<Oid> = commit
        .message_raw_bytes()
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_prefix(REVERTS_LINE))
        .filter_map(|rest| full_id(rest.get(..40)?))
        .collect();
    ids.extend(values(commit, REVERTS).iter().filter_map(|value| full_id(value.as_bytes())));
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn full_id(text: &[u8]) -> Option<Oid> {
    if text.len() != 40 {
        return None;
    }
    Oid::from_str(std::str::from_utf8(text).ok()?).ok()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}
