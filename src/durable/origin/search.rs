//! Looks into one source after the other.

use crate::durable::origin::candidates::Candidate;
use crate::durable::origin::reach::{Fetched, Grounds};
use crate::error::Result;
use crate::git::Oid;
use crate::git::manifest::closure::Inputs;
use crate::git::manifest::declared;
use crate::git::repository::Repository;
use crate::revert::provenance::{self, Question};
use crate::rollback::model::ownership::SourceKind;
use crate::rollback::model::provenance::{
    Brought, Doubt, NotInGit, NotInGitReason, Proof, Provenance,
};

use super::refusal::{Passed, Why, refused, several};
use super::{Asked, Found, Origin, OwnerRead, Settled, candidates};

/// What was found in a source.
struct Look {
    /// Which repository.
    ground: usize,
    /// What is read of it.
    inputs: Inputs,
    provenance: Provenance,
    /// Whether the files are those that declare the owner below, or the workload itself.
    is_exact: bool,
}

/// A source that decides.
struct Hit<'a, T> {
    candidate: &'a Candidate<'a>,
    ground: usize,
    inputs: Inputs,
    what: T,
}

pub(super) async fn run(
    owners: &[OwnerRead],
    asked: &Asked<'_>,
    mut grounds: Grounds<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Found> {
    let candidates = candidates::of(owners);
    let mut passed: Vec<Passed<'_>> = Vec::new();
    for group in candidates.chunk_by(|one, other| one.owner == other.owner) {
        let (mut moved, mut settled) = (Vec::new(), Vec::new());
        for candidate in group {
            let pass = |why: Why| Passed { candidate, why };
            let look = match look(candidate, asked, &mut grounds, progress).await? {
                Ok(look) => look,
                Err(why) => {
                    passed.push(pass(why));
                    continue;
                }
            };
            let Look { ground, inputs, provenance, is_exact } = look;
            match provenance {
                Provenance::Commits(brought) if is_exact || is_sure(&brought) => {
                    moved.push(Hit { candidate, ground, inputs, what: brought });
                }
                Provenance::Commits(brought) => passed.push(pass(Why::Unsure(brought))),
                Provenance::NotInGit(not) if not.reason == NotInGitReason::AlreadyGood => {
                    settled.push(Hit { candidate, ground, inputs, what: not });
                }
                Provenance::NotInGit(not) => passed.push(pass(Why::NotInGit(not))),
                Provenance::Elsewhere(elsewhere) => passed.push(pass(Why::Elsewhere(elsewhere))),
                Provenance::Ambiguous(doubt) => {
                    let is_decided =
                        matches!(doubt.doubt, Doubt::Superseded | Doubt::NoGoodState) && is_exact;
                    passed.push(pass(Why::Ambiguous(doubt)));
                    if is_decided {
                        // The files decide it, so nothing further up does.
                        return Ok(Found::Refused(refused(passed, owners, asked)));
                    }
                }
            }
        }
        if let Some(found) = decide(moved, settled, &mut grounds) {
            return Ok(found);
        }
    }
    Ok(Found::Refused(refused(passed, owners, asked)))
}

/// What the sources of one owner come to.
fn decide(
    mut moved: Vec<Hit<'_, Brought>>,
    mut settled: Vec<Hit<'_, NotInGit>>,
    grounds: &mut Grounds<'_>,
) -> Option<Found> {
    // The same commits may be found twice where two sources are one repository.
    moved.dedup_by(|one, other| {
        one.ground == other.ground && one.what.commits == other.what.commits
    });
    if moved.len() > 1 {
        let found = moved.iter().map(|hit| (hit.candidate, &hit.what));
        return Some(Found::Refused(several(found)));
    }
    if let Some(Hit { candidate, ground, inputs, what: brought }) = moved.pop() {
        let Fetched { ground, tip, .. } = grounds.take(ground)?;
        let automation = candidate.read.owner.automation.as_ref();
        return Some(Found::Origin(Box::new(Origin {
            ground,
            tip,
            owner: candidate.owner,
            source: candidate.index,
            inputs,
            brought,
            prunes: automation.is_none_or(|automation| automation.prunes),
        })));
    }
    let Hit { candidate, ground, inputs, what: not } = settled.drain(..).next()?;
    let Fetched { ground, tip, .. } = grounds.take(ground)?;
    Some(Found::Nothing(Box::new(Settled {
        ground,
        tip,
        owner: candidate.owner,
        source: candidate.index,
        inputs,
        by: not.by,
        evidence: not.evidence,
    })))
}

/// Looks into one. The inner error is why there is nothing to look at.
async fn look(
    candidate: &Candidate<'_>,
    asked: &Asked<'_>,
    grounds: &mut Grounds<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Result<Look, Why>> {
    let nowhere = question(candidate, asked, Oid::ZERO_SHA1, &candidate.inputs);
    if let Some(elsewhere) = provenance::overridden(&nowhere) {
        // Whatever the files say.
        return Ok(Err(Why::Elsewhere(elsewhere)));
    }
    if candidate.source.kind != SourceKind::Git {
        return Ok(Err(Why::NoRepository));
    }
    if !candidate.source.is_branch {
        return Ok(Err(Why::Pinned(None)));
    }
    let index = match grounds.of(candidate.source, progress).await? {
        Ok(index) => index,
        Err(no_branch) => return Ok(Err(Why::Pinned(Some(no_branch)))),
    };
    let Some(Fetched { ground, tip, .. }) = grounds.get(index) else {
        return Ok(Err(Why::NoRepository));
    };
    let work = |repository: &Repository, tip: Oid| {
        let narrowed = match candidate.child {
            Some(child) => {
                declared::within(repository, tip, &candidate.inputs, &child.kind, &child.name)?
            }
            None => None,
        };
        let is_exact = narrowed.is_some() || candidate.child.is_none();
        let inputs = narrowed.unwrap_or_else(|| candidate.inputs.clone());
        let provenance = provenance::find(repository, &question(candidate, asked, tip, &inputs))?;
        Ok((inputs, provenance, is_exact))
    };
    let (inputs, provenance, is_exact) = ground.with_enough(tip, progress, work).await?;
    Ok(Ok(Look { ground: index, inputs, provenance, is_exact }))
}

fn question<'q>(
    candidate: &'q Candidate<'_>,
    asked: &'q Asked<'_>,
    tip: Oid,
    inputs: &'q Inputs,
) -> Question<'q> {
    Question {
        tip,
        inputs,
        live: asked.live,
        good: asked.good,
        revision: asked.revision,
        created: asked.created,
        only_images: asked.only_images,
        applied: &candidate.applied,
        overrides: &candidate.overrides,
    }
}

/// Words in files that declare others as well may be theirs: then only one commit is not too many.
fn is_sure(brought: &Brought) -> bool {
    brought.proof == Proof::Images || brought.commits.len() == 1
}
