//! The files of a whole owner, as they were over time, and the plan that brings them back to one of these
//! states: those that it renders, of a `HelmRelease` with those that declare it.

mod over_time;
mod parts;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::history::ancestry::is_behind;
use crate::git::manifest::closure::{self, Inputs};
use crate::git::manifest::objects;
use crate::git::repository::Repository;
use crate::reconciler;
use crate::revert::app_log;
use crate::revert::asked::{Request, Which};
use crate::revert::ground::Ground;
use crate::revert::plan::{Decision, Terms, decide_on};
use crate::rollback::model::deployed::{DeployOutcome, Deployed, Release};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::owner_history::{OwnerMark, OwnerRow};
use crate::rollback::model::ownership::SourceKind;
use crate::rollback::model::revert::Mode;
use crate::rollback::model::revert_outcome::NothingToRevert;
use crate::rollback::model::target::Target;
use crate::rollback::owner_history;
use crate::text::{sanitize, shell_quote};

use self::over_time::{merged, states};
use self::parts::{Part, Parts};
use super::candidates::{self, Candidate};
use super::reach::{Fetched, Grounds, shown};
use super::refusal::{Passed, Why, refused};
use super::{Access, Asked, OwnerRead, deleted};

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
        let paths = self.paths(&[oid(&good)?, self.tip])?;
        let (which, mode) = (Which::These(newer), Mode::Restore);
        let good = Some(good);
        let request = Request { which, mode, paths, good, mainline: None, allow_delete: 0 };
        let mut decision =
            decide_on(&mut self.ground, self.tip, &request, terms, now, progress).await?;
        if let Decision::Revert(plan, _) = &mut decision {
            self.tip = oid(&plan.reverted.tip)?;
            let repository = self.ground.store.open(Repository::open)?;
            let files = &plan.reverted.files;
            let of_values = |part: &&Part| files.iter().any(|file| part.files.contains(&file.path));
            let farthest = self.values.iter().filter(of_values).map(|part| part.owner).max();
            if let Some((owner, source)) = farthest.filter(|(owner, _)| *owner > self.owner) {
                (self.owner, self.source) = (owner, source);
            }
            let removed = objects::removed(&repository, files)?;
            if let Some(read) = owners.get(self.owner) {
                let automation = read.owner.automation.as_ref();
                let prunes = automation.is_none_or(|automation| automation.prunes);
                plan.warnings.extend(deleted::warning(&removed, &read.owner.name, prunes));
            }
        }
        Ok(decision)
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
        self.paths(&[self.tip])
    }

    /// What it is rendered from in these commits. What only an annotation names may be everybody's.
    fn paths(&self, commits: &[Oid]) -> Result<Vec<GitPath>> {
        let repository = self.ground.store.open(Repository::open)?;
        let mut paths = BTreeSet::new();
        for commit in commits {
            for inputs in &self.inputs {
                let found = closure::of(&repository, *commit, inputs)?;
                let hinted = found.hinted;
                paths.extend(found.paths.into_iter().filter(|path| !hinted.contains(path)));
            }
            // They may have had another file then.
            for part in &self.values {
                paths.extend(part.files_at(&repository, *commit)?);
            }
        }
        Ok(paths.into_iter().collect())
    }
}

/// The sources that decide what it runs: all of one repository and branch.
fn chosen<'c, 'o>(
    candidates: &'c [Candidate<'o>],
    owners: &[OwnerRead],
    deployed: &[Deployed],
) -> Result<Vec<&'c Candidate<'o>>> {
    let itself = owners.first().and_then(|read| read.owner.object.as_ref());
    let mut passed = Vec::new();
    let (mut own, mut declaring) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let is_own = candidate.owner == 0;
        if !is_own && (candidate.child.is_none() || candidate.child != itself) {
            continue;
        }
        match not_followed(candidate) {
            Some(why) => passed.push(Passed { candidate, why }),
            None if is_own => own.push(candidate),
            None => declaring.push(candidate),
        }
    }
    let own = one_of(own, deployed)?;
    let is_one = match (own.first(), declaring.first()) {
        (None, None) => return Err(refused(passed, owners, &nothing_asked())),
        // What it is pinned to stands where it is declared.
        (None, Some(_)) => return Ok(first_owner(declaring)),
        (Some(_), None) => return Ok(own),
        (Some(_), Some(_)) if !is_release(owners) => return Ok(own),
        (Some(own), Some(declaring)) => key(own) == key(declaring),
    };
    if is_one {
        return Ok(own.into_iter().chain(first_owner(declaring)).collect());
    }
    match moved_of_release(deployed) {
        Some(true) => Ok(own),
        Some(false) => Ok(first_owner(declaring)),
        None => Err(several(own.iter().chain(&declaring).copied())),
    }
}

/// Where values may be declared that a Kustomization takes from objects of the cluster: what a release takes is
/// found with the release itself.
fn above<'c, 'o>(
    candidates: &'c [Candidate<'o>],
    owners: &[OwnerRead],
    first: &Candidate<'_>,
) -> Vec<&'c Candidate<'o>> {
    let itself = owners.first().and_then(|read| read.owner.object.as_ref());
    let is_above = |candidate: &&Candidate<'_>| {
        candidate.child.is_some()
            && candidate.child == itself
            && !candidate.values().is_empty()
            && key(candidate) == key(first)
            && not_followed(candidate).is_none()
    };
    candidates.iter().filter(is_above).filter(|_| first.owner == 0 && !is_release(owners)).collect()
}

/// Those of the nearest.
fn first_owner<'c, 'o>(declaring: Vec<&'c Candidate<'o>>) -> Vec<&'c Candidate<'o>> {
    let nearest = declaring.iter().map(|candidate| candidate.owner).min();
    declaring.into_iter().filter(|candidate| Some(candidate.owner) == nearest).collect()
}

/// Of several repositories the one that moved.
fn one_of<'c, 'o>(
    own: Vec<&'c Candidate<'o>>,
    deployed: &[Deployed],
) -> Result<Vec<&'c Candidate<'o>>> {
    let mut groups: Vec<Vec<&'c Candidate<'o>>> = Vec::new();
    for candidate in own {
        let is_it = |group: &&mut Vec<&'c Candidate<'o>>| {
            group.first().is_some_and(|first| key(first) == key(candidate))
        };
        match groups.iter_mut().find(is_it) {
            Some(group) => group.push(candidate),
            None => groups.push(vec![candidate]),
        }
    }
    if groups.len() <= 1 {
        return Ok(groups.pop().unwrap_or_default());
    }
    let newest = deployed.first();
    let before = deployed.iter().skip(1).find(|one| {
        Some(&one.revisions) != newest.map(|newest| &newest.revisions)
            && !matches!(one.outcome, DeployOutcome::Failed(_))
    });
    let revision = |one: Option<&'_ Deployed>, index: usize| {
        one.and_then(|one| one.revisions.get(index)).cloned()
    };
    let has_moved = |group: &&Vec<&Candidate<'_>>| {
        let mut indexes = group.iter().map(|candidate| candidate.index);
        indexes.any(|index| revision(newest, index) != revision(before, index))
    };
    let moved: Vec<_> = groups.iter().filter(has_moved).cloned().collect();
    match <[_; 1]>::try_from(moved) {
        Ok([only]) => Ok(only),
        Err(_) => Err(several(groups.iter().flatten().copied())),
    }
}

/// Why it cannot be the one.
fn not_followed<'a>(candidate: &Candidate<'_>) -> Option<Why<'a>> {
    let is_read = candidate.inputs.folder.is_some() || !candidate.inputs.value_files.is_empty();
    if candidate.source.kind != SourceKind::Git || candidate.source.url.is_empty() || !is_read {
        return Some(Why::NoRepository);
    }
    (!candidate.source.is_branch).then_some(Why::Pinned(None))
}

fn key<'c>(candidate: &'c Candidate<'_>) -> (&'c str, &'c str) {
    (&candidate.source.url, &candidate.source.wants)
}

fn is_release(owners: &[OwnerRead]) -> bool {
    let object = owners.first().and_then(|read| read.owner.object.as_ref());
    object.is_some_and(reconciler::is_release)
}

/// Whether it was the chart that moved with the newest release, and not its values; `None`: both, or nobody
/// knows.
fn moved_of_release(deployed: &[Deployed]) -> Option<bool> {
    let mut releases = deployed.iter().filter_map(|one| one.release.as_ref());
    let newest = releases.next()?;
    let is_other = |one: &&Release| {
        (&one.chart_version, &one.config_digest) != (&newest.chart_version, &newest.config_digest)
    };
    let before = releases.find(is_other)?;
    let chart = before.chart_version != newest.chart_version;
    let values = before.config_digest != newest.config_digest;
    (chart != values).then_some(chart)
}

/// What it deployed, by the commits of one of its sources.
fn of_source(deployed: &[Deployed], index: usize) -> Vec<Deployed> {
    let of_this = |one: &Deployed| {
        let mut one = one.clone();
        if one.revisions.len() > 1 {
            one.commit = one.revisions.get(index).filter(|id| id.len() == 40).cloned();
        }
        one
    };
    deployed.iter().map(of_this).collect()
}

/// What is said of sources is said of no image.
fn nothing_asked() -> Asked<'static> {
    Asked { live: &[], good: &[], revision: "", created: None, only_images: false }
}

fn several<'c, 'o: 'c>(candidates: impl Iterator<Item = &'c Candidate<'o>>) -> Error {
    let (mut owner, mut places) = (String::new(), Vec::new());
    for candidate in candidates {
        owner = sanitize(&candidate.read.owner.name).into_owned();
        let place = (shown(&candidate.source.url), candidate.source.wants.clone());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let urls: Vec<&str> = places.iter().map(|(url, _)| url.as_str()).collect();
    let message = format!("nothing tells which source of {owner} brought it: nothing was changed");
    let error = Error::new(ErrorKind::Refused, message).because(urls.join("; "));
    places.iter().fold(error, |error, (url, branch)| {
        let branch = match branch.as_str() {
            "" => String::new(),
            branch => format!(" --branch {}", shell_quote(branch)),
        };
        error.hint(format!(
            "to see its commits: rb revert-commit --repo {}{branch}",
            shell_quote(url)
        ))
    })
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
