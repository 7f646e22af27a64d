//! Looks into one source after the other.

use crate::durable::origin::candidates::Candidate;
use crate::durable::origin::reach::{Fetched, Grounds};
use crate::error::Result;
use crate::git::Oid;
use crate::git::manifest::closure::Inputs;
use crate::git::manifest::declared;
use crate::git::repository::Repository;
use crate::reconciler::chain;
use crate::revert::provenance::{self, Question};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::ownership::SourceKind;
use crate::rollback::model::provenance::{
    Brought, Doubt, Elsewhere, NotInGit, NotInGitReason, Proof, Provenance,
};
use crate::rollback::model::target::Target;

use super::refusal::{Passed, Why, refused, several};
use super::{Asked, Found, Origin, OwnerRead, Settled, TakenRead, candidates};

/// What was found in a source.
struct Look {
    /// Which repository.
    ground: usize,
    /// What is read of it.
    inputs: Inputs,
    provenance: Provenance,
    /// Whether the files are those that declare the owner below, or the workload itself.
    is_exact: bool,
    /// Those of them that hold values which an owner takes from the cluster.
    values: Vec<GitPath>,
}

/// A source that decides.
struct Hit<'a, T> {
    candidate: &'a Candidate<'a>,
    ground: usize,
    inputs: Inputs,
    values: Vec<GitPath>,
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
            let pass = |why| Passed { candidate, why };
            let look = match look(candidate, asked, &mut grounds, progress).await? {
                Ok(look) => look,
                Err(why @ Why::Elsewhere(_)) => {
                    passed.push(pass(why));
                    continue;
                }
                Err(why) => {
                    passed.push(pass(taken(candidate, asked).unwrap_or(why)));
                    continue;
                }
            };
            let Look { ground, inputs, provenance, is_exact, values } = look;
            match provenance {
                Provenance::Commits(brought) if is_exact || is_sure(&brought) => {
                    moved.push(Hit { candidate, ground, inputs, values, what: brought });
                }
                Provenance::Commits(brought) => passed.push(pass(Why::Unsure(brought))),
                Provenance::NotInGit(not) if not.reason == NotInGitReason::AlreadyGood => {
                    match over_them(candidate, asked, &not) {
                        Some(why) => passed.push(pass(why)),
                        None => settled.push(Hit { candidate, ground, inputs, values, what: not }),
                    }
                }
                Provenance::NotInGit(not) => passed.push(pass(Why::NotInGit(not))),
                Provenance::Elsewhere(elsewhere) => {
                    let why = taken(candidate, asked).or_else(|| untaken(candidate, asked));
                    let why = why.filter(|_| !elsewhere.is_certain);
                    passed.push(pass(why.unwrap_or(Why::Elsewhere(elsewhere))));
                }
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
    if let Some(Hit { candidate, ground, inputs, values, what: brought }) = moved.pop() {
        let Fetched { ground, tip, .. } = grounds.take(ground)?;
        let automation = candidate.read.owner.automation.as_ref();
        return Some(Found::Origin(Box::new(Origin {
            ground,
            tip,
            owner: candidate.owner,
            source: candidate.index,
            inputs,
            reader: reader(candidate)
                .filter(|_| brought.files.iter().any(|file| values.contains(file))),
            brought,
            prunes: automation.is_none_or(|automation| automation.prunes),
        })));
    }
    let Hit { candidate, ground, inputs, values, what: not } = settled.drain(..).next()?;
    let Fetched { ground, tip, .. } = grounds.take(ground)?;
    Some(Found::Nothing(Box::new(Settled {
        ground,
        tip,
        owner: candidate.owner,
        source: candidate.index,
        inputs,
        reader: reader(candidate).filter(|_| !values.is_empty()),
        by: not.by,
        evidence: not.evidence,
    })))
}

/// What the owner takes from the cluster and gives a live image, as far as that could be read.
fn taken<'a>(candidate: &'a Candidate<'_>, asked: &Asked<'_>) -> Option<Why<'a>> {
    let question = question(candidate, asked, Oid::ZERO_SHA1, &candidate.inputs);
    let live = in_taken(candidate, |text| provenance::given_by(&question, text));
    live.map(|(TakenRead { taken, object }, place, image)| {
        let by = chain::by_marks(object).into_iter().next().map(|owner| owner.name);
        Why::Taken { taken, place, image, by }
    })
}

/// Where a live image stands among what an owner takes values from and applies itself: its first run with
/// other values has the old ones still. Which of these owners it is, and the place in words.
pub fn own_values(
    owners: &[OwnerRead],
    asked: &Asked<'_>,
    is_meant: impl Fn(&Target) -> bool,
) -> Option<(usize, String)> {
    let candidates = candidates::of(owners);
    let meant =
        candidates.iter().filter(|one| one.read.owner.object.as_ref().is_some_and(&is_meant));
    meant.into_iter().find_map(|candidate| {
        let question = question(candidate, asked, Oid::ZERO_SHA1, &candidate.inputs);
        let given = in_taken(candidate, |text| provenance::given_by(&question, text));
        let (read, place, _) = given?;
        let by = chain::by_marks(&read.object).into_iter().filter_map(|owner| owner.object);
        let is_its_own = by.into_iter().any(|by| Some(&by) == candidate.read.owner.object.as_ref());
        is_its_own.then_some((candidate.owner, place))
    })
}

/// The same of an image that is wanted back.
fn untaken<'a>(candidate: &'a Candidate<'_>, asked: &Asked<'_>) -> Option<Why<'a>> {
    let question = question(candidate, asked, Oid::ZERO_SHA1, &candidate.inputs);
    let good = in_taken(candidate, |text| provenance::wanted_by(&question, text));
    good.map(|(read, place, image)| Why::Untaken { taken: &read.taken, place, image })
}

/// Where in what the owner takes from the cluster an image is given, and which.
fn in_taken<'a>(
    candidate: &'a Candidate<'_>,
    given: impl Fn(&str) -> Option<String>,
) -> Option<(&'a TakenRead, String, String)> {
    candidate.read.taken.iter().find_map(|read| {
        let mut image = None;
        let place = read.taken.find(&read.object, |text| {
            image = given(text);
            image.is_some()
        })?;
        Some((read, place, image?))
    })
}

/// What lies over files that are good already, and gives what is live; or may, where they never named that.
fn over_them<'a>(
    candidate: &'a Candidate<'_>,
    asked: &Asked<'_>,
    not: &NotInGit,
) -> Option<Why<'a>> {
    let over = candidate.read.taken.iter().filter(|read| read.taken.lies_over());
    let places: Vec<String> = over.map(|read| read.taken.place()).collect();
    if places.is_empty() {
        return None;
    }
    let evidence = not.evidence.clone();
    let unknown = || Why::Elsewhere(Elsewhere { places, is_certain: false, evidence });
    let or_not = || untaken(candidate, asked).unwrap_or_else(unknown);
    taken(candidate, asked).or_else(|| not.by.is_none().then(or_not))
}

fn reader(candidate: &Candidate<'_>) -> Option<Target> {
    candidate.reader.owner.object.clone()
}

/// Looks into one. The inner error is why there is nothing to look at.
async fn look<'a>(
    candidate: &'a Candidate<'_>,
    asked: &Asked<'_>,
    grounds: &mut Grounds<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Result<Look, Why<'a>>> {
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
    let objects = candidate.values();
    let work = |repository: &Repository, tip: Oid| {
        let narrowed = match candidate.child {
            Some(child) => declared::within(repository, tip, &candidate.inputs, child, &objects)?,
            None => None,
        };
        let values = declared::of(repository, tip, &candidate.inputs, &objects)?;
        let is_exact = narrowed.is_some() || candidate.child.is_none();
        let inputs = narrowed.unwrap_or_else(|| candidate.inputs.clone());
        let provenance = provenance::find(repository, &question(candidate, asked, tip, &inputs))?;
        Ok((inputs, provenance, is_exact, values))
    };
    let (inputs, provenance, is_exact, values) = ground.with_enough(tip, progress, work).await?;
    Ok(Ok(Look { ground: index, inputs, provenance, is_exact, values }))
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
