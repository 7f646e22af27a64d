//! The files at the tip do not name the live images: somebody took them out, or put others in their place,
//! or something else decides.

use crate::error::Result;
use crate::git::history::path_history::{PathHistory, State};
use crate::git::manifest::closure::Named;
use crate::rollback::model::provenance::{Doubt, ImageMove, NotInGitReason, Provenance};
use crate::text::sanitize;

use super::Question;
use super::by_images::{all, is_boundary};
use super::moves::{Look, named};
use super::outcome::{ambiguous, commit, elsewhere, image, not_in_git, place};
use super::walk::{Arrived, back};

/// The files name what is wanted: somebody took the release out, or it was never in them.
pub(super) fn already_good(
    history: &mut PathHistory<'_>,
    question: &Question<'_>,
    moves: &[ImageMove],
) -> Result<Provenance> {
    let walk = back(history, question.created, |history, state| has_live(history, state, moves));
    let by = match walk {
        Ok(walk) if walk.arrived == Arrived::Exactly => walk.steps.last().map(|s| s.commit.clone()),
        Ok(_) => None,
        // It is good to know, and not worth a fetch.
        Err(error) if is_boundary(&error) => None,
        Err(error) => return Err(error),
    };
    let mut evidence: Vec<String> = Vec::new();
    for moved in moves {
        let (live, good) = (moved.live.as_deref().map(image), moved.good.as_deref().map(image));
        evidence.push(match (live, good) {
            (_, Some(good)) => format!(
                "the files {} name {good} already, as {} ran",
                place(question),
                sanitize(question.revision)
            ),
            (live, None) => format!(
                "the files {} do not have {}",
                place(question),
                live.unwrap_or_else(|| sanitize(&moved.container).into_owned())
            ),
        });
    }
    if let Some(by) = &by {
        evidence.push(format!("{} took the live image out", commit(by)));
    }
    Ok(not_in_git(NotInGitReason::AlreadyGood, by, evidence))
}

fn has_live(history: &mut PathHistory<'_>, state: &State, moves: &[ImageMove]) -> Result<Arrived> {
    let says = all(Look::Images, history, state, moves)?;
    let found = says.iter().any(|says| says.has_live());
    Ok(if found { Arrived::Exactly } else { Arrived::No })
}

/// The commit that brought the live image, from where the files name it.
fn brought_by(
    history: &mut PathHistory<'_>,
    question: &Question<'_>,
    moves: &[ImageMove],
) -> Result<Option<String>> {
    let walk = back(history, question.created, |history, state| {
        let has_live = has_live(history, state, moves)? == Arrived::Exactly;
        Ok(if has_live { Arrived::No } else { Arrived::Exactly })
    });
    let walk = match walk {
        Ok(walk) => walk,
        // It is good to know, and not worth a fetch.
        Err(error) if is_boundary(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let step = walk.steps.last().filter(|_| walk.arrived == Arrived::Exactly);
    Ok(step.map(|step| format!("{} had brought it", commit(&step.commit))))
}

/// The files name neither: another release was committed, or they do not decide it.
pub(super) fn unknown(
    history: &mut PathHistory<'_>,
    question: &Question<'_>,
    moves: &[ImageMove],
) -> Result<Provenance> {
    let tip = history.state();
    let walk = back(history, question.created, |history, state| has_live(history, state, moves))?;
    let mut evidence = Vec::new();
    for moved in moves {
        let Some(live) = moved.live.as_deref() else { continue };
        let now: Vec<String> = named(&tip, moved).map(Named::reference).collect();
        let now = if now.is_empty() { String::new() } else { format!(" but {}", now.join(", ")) };
        evidence.push(format!(
            "the files {} do not name {}{}",
            place(question),
            image(live),
            sanitize(&now)
        ));
    }
    if walk.arrived == Arrived::Exactly {
        if let Some(newest) = walk.steps.last() {
            evidence.push(format!("they did before {}", commit(&newest.commit)));
        }
        evidence.extend(brought_by(history, question, moves)?);
        return Ok(ambiguous(Doubt::Superseded, &walk.steps, evidence));
    }
    let remote = &tip.closure.remote;
    evidence.extend(remote.iter().map(|place| format!("{} is fetched", sanitize(place))));
    evidence.extend(tip.closure.notes.iter().cloned());
    let places = question.overrides.iter().map(|over| over.place.clone());
    Ok(elsewhere(places.chain(remote.iter().cloned()).collect(), false, evidence))
}
