//! What the user asked of `undo`, ready to use: nothing is read from the environment after this.

use std::collections::BTreeMap;

use super::hint::Hints;
use super::revision::RevisionSpec;

/// An undo as it was asked for.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct UndoRequest {
    /// `--to-revision`.
    pub to: Option<RevisionSpec>,
    /// `--from`: act only while this is live.
    pub from: Option<RevisionSpec>,
    /// `--again`: go further back although the last undo is recent.
    pub again: bool,
    /// `--direct`: patch although somebody else owns the workload.
    pub direct: bool,
    /// `--verified`: only revisions with a `verified` stamp.
    pub verified_only: bool,
    /// `--delete-pods`: delete the pods that an `OnDelete` workload leaves as they are.
    pub delete_pods: bool,
    /// `--no-wait`: end after the write.
    pub no_wait: bool,
    /// `--reason`.
    pub reason: Option<String>,
    /// `--incident`.
    pub incident: Option<String>,
    /// Who asks.
    pub by: String,
    /// Unique id of this operation.
    pub operation: String,
    /// `--timeout` in seconds; `None`: the workload's own deadline decides.
    pub timeout_seconds: Option<u64>,
    /// `--override`: checks that are not to block.
    pub overrides: Vec<String>,
    /// `--severity critical`: only the checks that nothing can go on without.
    pub critical_only: bool,
    /// What the configuration makes of checks, by their names.
    pub check_rules: BTreeMap<String, CheckRule>,
    /// How to write commands to paste.
    pub hints: Hints,
}

/// What the configuration makes of a check before the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckRule {
    /// Anything it finds blocks.
    Block,
    /// Nothing it finds blocks.
    Warn,
    /// It is not looked at.
    Ignore,
}
