//! The files of a whole owner, as they were over time, and the plan that brings them back to one of these
//! states: those that it renders, of a `HelmRelease` with those that declare it.

mod over_time;
mod parts;
mod sources;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::history::ancestry::is_behind;
use crate::git::history::touched::touched;
use crate::git::manifest::closure::Inputs;
use crate::git::manifest::objects;
use crate::git::repository::Repository;
use crate::revert::app_log;
use crate::revert::asked::{Request, Which};
use crate::revert::ground::Ground;
use crate::revert::plan::{Decision, Terms, decide_on};
use crate::rollback::model::deployed::Deployed;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::owner_history::{OwnerMark, OwnerRow};
use crate::rollback::model::revert::Mode;
use crate::rollback::model::revert_outcome::NothingToRevert;
use crate::rollback::model::target::Target;
use crate::rollback::owner_history;
use crate::text::sanitize;

use self::over_time::{merged, states};
use self::parts::{Part, Parts};
use self::sources::{above, chosen, is_release, nothing_asked, of_source};
use super::candidates::{self, Candidate};
use super::reach::{Fetched, Grounds};
use super::refusal::{Passed, Why, refused};
use super::{Access, OwnerRead, deleted};

/// The files of an owner in its repository, over time.
#[derive(Debug)]
pub struct Whole {
    /// The repository and the branch that is followed.
    pub ground: Ground,
    /// The branch as it was fetched.
    pub tip: Oid,
    /// Which of the owners renders the files: its place in the chain, the farthest where there are several. With
    /// a plan, the farthest that renders any of what changes.
    pub owner: usize,
    /// Which of that owner's sources they are.
    pub source: usize,
    /// The states, the newest first, with what the owner says of each: commits of the branch only.
    pub rows: Vec<OwnerRow>,
    /// Of each row which content it has: the same number is the same content.
    pub states: Vec<usize>,
    /// What the user should know, each a sentence without a full stop.
    pub notes: Vec<String>,
    inputs: Vec<Inputs>,
    values: Vec<Part>,
    itself: Option<Target>,
}

/// Finds them. `owners` are the owner itself and those above it; `deployed` is what it has deployed, the
/// newest first.
///
/// Refused where no commit of a branch that is followed decides what it runs, or more than one repository
/// moved. Other errors: the repository cannot be reached.
pub async fn whole(
    owners: &[OwnerRead],
    deployed: &[Deployed],
    access: &Access<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Whole> {
    let variables: Vec<_> = std::env::vars_os().collect();
    let mut grounds = Grounds::new(access, &variables);
    let candidates = candidates::of(owners);
    let chosen = chosen(&candidates, owners, deployed)?;
    let Some(first) = chosen.first().copied() else {
        return Err(refused(Vec::new(), owners, &nothing_asked()));
    };
    let index = match grounds.of(first.source, progress).await? {
        Ok(index) => index,
        Err(no_branch) => {
            let why = Why::Pinned(Some(no_branch));
            return Err(refused(vec![Passed { candidate: first, why }], owners, &nothing_asked()));
        }
    };
    let fetched = grounds.take(index);
    let gone = || Error::new(ErrorKind::Internal, "a repository that was fetched is gone");
    let Fetched { mut ground, mut tip, .. } = fetched.ok_or_else(gone)?;
    let Parts { inputs, values, notes } = {
        let above = above(&candidates, owners, first);
        let work = |repository: &Repository, tip: Oid| Parts::of(repository, tip, &chosen, &above);
        ground.with_enough(&mut tip, progress, work).await?
    };
    if inputs.is_empty() {
        return Err(not_declared(first));
    }
    let of_itself = chosen.iter().find(|candidate| candidate.owner == 0);
    let deployed = match of_itself {
        Some(own) if !is_release(owners) => of_source(deployed, own.index),
        // They name no commits of this repository.
        _ => Vec::new(),
    };
    let mut logs = Vec::new();
    for one in &inputs {
        let wanted = owner_history::commits(&deployed);
        logs.push(app_log::read(&mut ground, one, wanted, progress).await?);
        tip = ground.store.tip(&ground.branch)?.unwrap_or(tip);
    }
    let log = {
        let repository = ground.store.open(Repository::open)?;
        merged(logs, |one, other| leads_to(&repository, one, other))
    };
    // Each log has the images of its own files only.
    let has_images = inputs.len() == 1;
    let mut rows = owner_history::merge(&deployed, Some(&log), has_images);
    rows.retain(|row| row.commit.is_some() && !row.marks.contains(&OwnerMark::OffBranch));
    rows.reverse();
    let states = states(&ground, tip, &inputs, &rows)?;
    let farthest = chosen.iter().max_by_key(|candidate| candidate.owner);
    let (owner, source) = farthest.map_or((0, 0), |farthest| (farthest.owner, farthest.index));
    let notes = [notes, log.notes].concat();
    let itself = owners.first().and_then(|read| read.owner.object.clone());
    Ok(Whole { ground, tip, owner, source, rows, states, notes, inputs, values, itself })
}

impl Whole {
    /// The plan that brings the files back to what they were in that row. Nothing where they are so already.
    pub async fn plan(
        &mut self,
        owners: &[OwnerRead],
        to: usize,
        terms: &Terms,
        now: Timestamp,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Decision> {
        let id = |row: &OwnerRow| row.commit.as_ref().map(|commit| commit.id.clone());
        let good = self.rows.get(to).and_then(id);
        let good = good.ok_or_else(|| Error::new(ErrorKind::Internal, "a state of no commit"))?;
        let newer: Vec<String> = self.rows.iter().take(to).filter_map(id).collect();
        if newer.is_empty() {
            return Ok(Decision::Nothing(NothingToRevert {
                reason: "noChange",
                message: "the branch holds that state".to_owned(),
                commit: Some(self.tip.to_string()),
            }));
        }
        let (paths, stay) = self.paths_back(oid(&good)?)?;
        let (which, mode) = (Which::These(newer), Mode::Restore);
        let good = Some(good);
        let request = Request { which, mode, paths, good, mainline: None, allow_delete: 0 };
        let mut decision =
            decide_on(&mut self.ground, self.tip, &request, terms, now, progress).await?;
        if let Decision::Revert(plan, _) = &mut decision {
            self.tip = oid(&plan.reverted.tip)?;
            plan.warnings.extend(stay);
            let files: Vec<GitPath> =
                plan.reverted.files.iter().map(|file| file.path.clone()).collect();
            self.is_about(&files);
            let repository = self.ground.store.open(Repository::open)?;
            let removed = objects::removed(&repository, &plan.reverted.files)?;
            if let Some(read) = owners.get(self.owner) {
                let automation = read.owner.automation.as_ref();
                let prunes = automation.is_none_or(|automation| automation.prunes);
                plan.warnings.extend(deleted::warning(&removed, &read.owner.name, prunes));
            }
        }
        Ok(decision)
    }

    /// From now on it is about these files: whoever renders any of them is followed.
    pub fn is_about(&mut self, files: &[GitPath]) {
        let has_any = |part: &&Part| part.files.iter().any(|file| files.contains(file));
        let farthest = self.values.iter().filter(has_any).map(|part| part.owner).max();
        if let Some((owner, source)) = farthest.filter(|(owner, _)| *owner > self.owner) {
            (self.owner, self.source) = (owner, source);
        }
    }

    /// The files with values that the newest commit has changed.
    pub fn newest_values(&self) -> Result<Vec<GitPath>> {
        let newest = self.rows.first().and_then(|row| row.commit.as_ref());
        let Some(newest) = newest else { return Ok(Vec::new()) };
        let repository = self.ground.store.open(Repository::open)?;
        let files: Vec<&GitPath> = self.values.iter().flat_map(|part| &part.files).collect();
        touched(&repository, oid(&newest.id)?, &files)
    }

    /// The owner, where it takes values from an object of the cluster that these files change: it has to read
    /// them again.
    #[must_use]
    pub fn reader(&self, files: &[GitPath]) -> Option<&Target> {
        let changes =
            self.values.iter().flat_map(|part| &part.files).any(|file| files.contains(file));
        self.itself.as_ref().filter(|_| changes)
    }

    /// What it is rendered from at the tip.
    pub fn files(&self) -> Result<Vec<GitPath>> {
        let repository = self.ground.store.open(Repository::open)?;
        parts::paths(&repository, self.tip, &self.inputs)
    }

    /// The paths that go back to what they were at a commit, and what does not, in sentences.
    fn paths_back(&self, good: Oid) -> Result<(Vec<GitPath>, Vec<String>)> {
        let repository = self.ground.store.open(Repository::open)?;
        let (mut then, mut stay, mut without) = (BTreeSet::new(), Vec::new(), Vec::new());
        for part in &self.values {
            // They may have had another file then, with what is of others.
            match part.files_at(&repository, good)? {
                Ok(files) => then.extend(files),
                Err(why) => {
                    stay.push(why);
                    without.extend(part.inputs());
                }
            }
        }
        let inputs: Vec<Inputs> =
            self.inputs.iter().filter(|inputs| !without.contains(inputs)).cloned().collect();
        for commit in [good, self.tip] {
            then.extend(parts::paths(&repository, commit, &inputs)?);
        }
        Ok((then.into_iter().collect(), stay))
    }
}

/// Whether parents lead from one to the other, as far as the history is here.
fn leads_to(repository: &Repository, one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (oid(one), oid(other)) else { return false };
    is_behind(repository, one, other).unwrap_or(false)
}

fn not_declared(candidate: &Candidate<'_>) -> Error {
    let owner = sanitize(&candidate.read.owner.name).into_owned();
    let what = candidate.child.map(|child| format!("{} {}", child.kind, child.name));
    let what = sanitize(&what.unwrap_or_default()).into_owned();
    let message = format!("no file that {owner} renders declares {what} as it is");
    Error::new(ErrorKind::Refused, message)
        .because("a template or a generator may make it")
        .hint("find the commit, and revert it: rb revert-commit COMMIT --repo URL --branch NAME")
}

fn oid(text: &str) -> Result<Oid> {
    Oid::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Internal, "a state of ours names what is no commit").because(error)
    })
}
