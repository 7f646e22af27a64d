//! Which sources decide what a whole owner runs.

use crate::error::{Error, ErrorKind, Result};
use crate::reconciler;
use crate::rollback::model::deployed::{DeployOutcome, Deployed, Release};
use crate::rollback::model::ownership::SourceKind;
use crate::text::{sanitize, shell_quote};

use super::super::candidates::Candidate;
use super::super::reach::shown;
use super::super::refusal::{Passed, Why, refused};
use super::super::{Asked, OwnerRead};

/// The sources that decide what it runs: all of one repository and branch.
pub(super) fn chosen<'c, 'o>(
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
pub(super) fn above<'c, 'o>(
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

pub(super) fn is_release(owners: &[OwnerRead]) -> bool {
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
pub(super) fn of_source(deployed: &[Deployed], index: usize) -> Vec<Deployed> {
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
pub(super) fn nothing_asked() -> Asked<'static> {
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
