//! Takes what commits changed out of a tree, newest first, each on what the one before left: the whole
//! of it, or what lies below some paths.

use std::cell::OnceCell;

use git2::Oid;

use crate::error::Result;
use crate::git::history::already::{Earlier, earlier};
use crate::git::history::mainline::Bad;
use crate::git::manifest::apps::Apps;
use crate::git::repository::Repository;
use crate::git::tree::conflict::{Seen, describe};
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::git::tree::file_merge::{Merged, ThreeWays, merge};
use crate::git::tree::paths::covers;
use crate::git::tree::tree_changes::Change;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{Conflict, ConflictReason};

/// What is taken out of what.
pub(in crate::git) struct TakeOut<'a> {
    pub(in crate::git) repository: &'a Repository,
    pub(in crate::git) branch: &'a str,
    pub(in crate::git) tip: Oid,
    pub(in crate::git) tip_tree: Oid,
    /// Newest first.
    pub(in crate::git) bads: &'a [Bad<'a>],
    /// None is everywhere.
    pub(in crate::git) paths: &'a [GitPath],
}

/// What came of it.
pub(in crate::git) struct Taken {
    /// The tree, where there are no conflicts.
    pub(in crate::git) tree: Option<Oid>,
    /// All of one commit: those before it are not looked at.
    pub(in crate::git) conflicts: Vec<Conflict>,
    /// How many changes of files the commits made in all.
    pub(in crate::git) changes: usize,
    /// How many of these lie below the paths.
    pub(in crate::git) covered: usize,
}

/// One file of a commit, and what becomes of it.
struct Outcome {
    change: Change,
    tip: Option<Entry>,
    merged: Merged,
}

impl TakeOut<'_> {
    pub(in crate::git) fn run(&self) -> Result<Taken> {
        let mut draft = Draft::on(self.repository, self.tip_tree);
        let mut taken = Taken { tree: None, conflicts: Vec::new(), changes: 0, covered: 0 };
        for bad in self.bads {
            let mut changes = bad.changes()?;
            taken.changes += changes.len();
            changes.retain(|change| covers(self.paths, &change.path));
            taken.covered += changes.len();
            taken.conflicts = self.one(&mut draft, bad, changes)?;
            if !taken.conflicts.is_empty() {
                return Ok(taken);
            }
        }
        taken.tree = Some(draft.write()?);
        Ok(taken)
    }

    /// Takes one commit out of the draft; it is spoiled where there are conflicts.
    fn one(
        &self,
        draft: &mut Draft<'_>,
        bad: &Bad<'_>,
        changes: Vec<Change>,
    ) -> Result<Vec<Conflict>> {
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in changes {
            // A folder that has the name now is no content of the file.
            let tip = draft.get(&change.path)?.filter(|entry| !entry.is_tree());
            let ways = ThreeWays { bad: change.after, tip, good: change.before };
            outcomes.push(Outcome { merged: merge(self.repository, ways)?, tip, change });
        }
        let mut conflicts = Vec::new();
        let history = OnceCell::new();
        for outcome in &mut outcomes {
            if let Merged::Conflict(reason) = outcome.merged {
                if self.is_out(&history, bad, &outcome.change)? {
                    outcome.merged = Merged::Clean(outcome.tip);
                } else {
                    conflicts.push((outcome.change.clone(), outcome.tip, reason));
                }
            }
        }
        for outcome in &outcomes {
            if let Merged::Clean(entry) = outcome.merged
                && entry != outcome.tip
            {
                draft.set(outcome.change.path.clone(), entry);
            }
        }
        // Only now: the same commit may have taken the folder away that is in the way.
        for outcome in outcomes {
            if let Merged::Clean(Some(entry)) = outcome.merged
                && Some(entry) != outcome.tip
                && (draft.file_above(&outcome.change.path)?.is_some()
                    || draft.is_folder(&outcome.change.path)?)
            {
                conflicts.push((outcome.change, outcome.tip, ConflictReason::Folder));
            }
        }
        conflicts.sort_by(|(a, ..), (b, ..)| a.path.cmp(&b.path));
        let mut apps = Apps::new(self.repository, &[self.tip_tree, bad.commit.tree_id()]);
        let describe = |(change, tip, reason): (Change, Option<Entry>, ConflictReason)| {
            let ways = ThreeWays { bad: change.after, tip, good: change.before };
            let commit = bad.commit.id().to_string();
            let seen = Seen { path: change.path, reason, ways, commit, branch: self.branch };
            describe(self.repository, &mut apps, seen)
        };
        conflicts.into_iter().map(describe).collect()
    }

    /// Whether an earlier revert took this change out. The history is read at most once per commit, and
    /// only where a conflict asks for it.
    fn is_out<'r>(
        &'r self,
        history: &OnceCell<Option<Earlier<'r>>>,
        bad: &Bad<'_>,
        change: &Change,
    ) -> Result<bool> {
        if history.get().is_none() {
            let _ = history.set(earlier(self.repository, self.tip, bad.commit.id())?);
        }
        match history.get().and_then(Option::as_ref) {
            Some(earlier) => earlier.took_out(change),
            None => Ok(false),
        }
    }
}
