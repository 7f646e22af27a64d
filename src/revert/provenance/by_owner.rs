//! The images are the same: only the owner's history tells what was live when.

use std::rc::Rc;

use crate::error::Result;
use crate::git::history::path_history::{PathHistory, State, Step};
use crate::revert::refusal::short;
use crate::rollback::model::convergence::Applied;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::provenance::{Doubt, NotInGitReason, Proof, Provenance};
use crate::text::sanitize;

use super::Question;
use super::outcome::{OFFERED, Taken, ambiguous, brought, image, not_in_git, place};
use super::owner_record::of_revision;
use super::walk::{Arrived, back};

/// The commit to go back to, and how it is known.
struct Record {
    applied: Applied,
    state: Rc<State>,
    by_time: bool,
}

/// What the owner's history comes to.
enum Told {
    Record(Record),
    /// All that it applied has the same files.
    Same,
    /// It names a commit that is not in the repository.
    Gone(String),
    Nothing,
}

pub(super) fn find(history: &mut PathHistory<'_>, question: &Question<'_>) -> Result<Provenance> {
    let mut evidence = vec![format!(
        "the images are those that {} ran: the files cannot tell, only what the owner says it applied",
        sanitize(question.revision)
    )];
    let record = match told(history, question)? {
        Told::Record(record) => record,
        Told::Same => return Ok(same(question, evidence)),
        Told::Gone(id) => {
            let id = sanitize(&short(&id)).into_owned();
            evidence.push(format!("it applied {id}, which is not in the repository any more"));
            return Ok(ambiguous(Doubt::NotOnBranch, &newest(history, question)?, evidence));
        }
        Told::Nothing => {
            evidence.push("its history does not reach back so far".to_owned());
            return Ok(ambiguous(Doubt::NotRecorded, &newest(history, question)?, evidence));
        }
    };
    let Record { applied, state, by_time } = record;
    let id = sanitize(&short(&applied.commit)).into_owned();
    evidence.push(if by_time {
        format!("it applied {id} when {} came to be", sanitize(question.revision))
    } else {
        format!("{id} is the newest that it applied with other files; when is not recorded")
    });
    if history.state().is_same(&state) {
        evidence.push(format!("the files {} are the same at the tip", place(question)));
        return Ok(not_in_git(NotInGitReason::AlreadyGood, None, evidence));
    }
    let walk = back(history, question.created, |_, before| {
        Ok(if before.is_same(&state) { Arrived::Exactly } else { Arrived::No })
    })?;
    if walk.arrived != Arrived::Exactly {
        evidence.push(format!("the branch was never as the files {} are there", place(question)));
        return Ok(ambiguous(Doubt::NotOnBranch, &walk.steps, evidence));
    }
    let steps = walk.steps.into_iter().map(|step| (step, true)).collect();
    let taken = Taken { steps, images: Vec::new(), proof: Proof::OwnerHistory, evidence };
    brought(history, question, taken)
}

/// The newest commits that changed the files: that is all there is to offer.
fn newest(history: &mut PathHistory<'_>, question: &Question<'_>) -> Result<Vec<Step>> {
    let mut seen = 0;
    let walk = back(history, question.created, |_, _| {
        seen += 1;
        Ok(if seen >= OFFERED { Arrived::Exactly } else { Arrived::No })
    })?;
    Ok(walk.steps)
}

fn told(history: &mut PathHistory<'_>, question: &Question<'_>) -> Result<Told> {
    let Some((live, earlier)) = question.applied.split_first() else { return Ok(Told::Nothing) };
    let live_state = history.state_of(&live.commit)?;
    if let Some(applied) = of_revision(question) {
        let Some(state) = history.state_of(&applied.commit)? else {
            return Ok(Told::Gone(applied.commit.clone()));
        };
        if live_state.is_some_and(|live| live.is_same(&state)) {
            return Ok(Told::Same);
        }
        return Ok(Told::Record(Record { applied: applied.clone(), state, by_time: true }));
    }
    let Some(live_state) = live_state else { return Ok(Told::Gone(live.commit.clone())) };
    if earlier.is_empty() {
        return Ok(Told::Nothing);
    }
    for applied in earlier {
        match history.state_of(&applied.commit)? {
            Some(state) if !state.is_same(&live_state) => {
                return Ok(Told::Record(Record {
                    applied: applied.clone(),
                    state,
                    by_time: false,
                }));
            }
            _ => {}
        }
    }
    Ok(Told::Same)
}

fn same(question: &Question<'_>, mut evidence: Vec<String>) -> Provenance {
    evidence.push(format!("the files {} are the same in all that it applied", place(question)));
    let moving = question.live.iter().find(|container| is_moving(&container.image));
    let Some(container) = moving else {
        return not_in_git(NotInGitReason::Unchanged, None, evidence);
    };
    let moving = image(&container.image);
    evidence
        .push(format!("{moving} may be another image by now: its tag is pushed again and again"));
    not_in_git(NotInGitReason::MutableTag, None, evidence)
}

/// Whether a reference is made to mean another image later.
fn is_moving(reference: &str) -> bool {
    const TAGS: [&str; 8] =
        ["latest", "stable", "main", "master", "edge", "nightly", "dev", "develop"];
    let image = ImageRef::parse(reference);
    image.digest.is_none() && image.tag.is_none_or(|tag| TAGS.contains(&tag))
}
