//! What was found, in values and in sentences.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::git::history::path_history::{PathHistory, State, Step};
use crate::revert::refusal::short;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::provenance::{
    Ambiguous, Brought, Doubt, Elsewhere, ImageMove, NotInGit, NotInGitReason, Proof, Provenance,
};
use crate::rollback::model::revert::CommitView;
use crate::text::{plural, sanitize, shorten};

use super::Question;

/// Commits that are offered.
pub(super) const OFFERED: usize = 10;
/// Columns of a subject.
const SUBJECT: usize = 50;

/// What takes which commits out.
pub(super) struct Taken {
    /// All commits since the good state, newest first, and whether each is to go.
    pub(super) steps: Vec<(Step, bool)>,
    pub(super) images: Vec<ImageMove>,
    pub(super) proof: Proof,
    pub(super) evidence: Vec<String>,
}

/// The commits that brought it.
pub(super) fn brought(
    history: &PathHistory<'_>,
    question: &Question<'_>,
    taken: Taken,
) -> Result<Provenance> {
    let Taken { steps, images, proof, mut evidence } = taken;
    let ends = steps.first().map(|(step, _)| step).zip(steps.last().map(|(step, _)| step));
    let Some((newest, oldest)) = ends else {
        return Ok(ambiguous(Doubt::NoGoodState, &[], evidence));
    };
    let Some((good, state)) = oldest.parent.clone().zip(oldest.before.as_ref()) else {
        return Ok(ambiguous(Doubt::NoGoodState, &[], evidence));
    };
    let paths = union(&newest.after, state);
    let files = history.differing(&good.id, &question.tip.to_string(), &paths)?;
    let views = |is_part: bool| -> Vec<CommitView> {
        let meant = steps.iter().filter(|(_, part)| *part == is_part);
        meant.map(|(step, _)| step.commit.clone()).collect()
    };
    let (commits, others) = (views(true), views(false));
    if !others.is_empty() {
        let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
        let count = plural(count, "other commit");
        evidence.push(format!(
            "{count} changed the files {} since and left these images alone",
            place(question)
        ));
    }
    evidence.extend(newest.after.closure.notes.iter().cloned());
    Ok(Provenance::Commits(Brought {
        commits,
        good,
        others,
        images,
        files,
        paths,
        proof,
        evidence,
    }))
}

fn union(newest: &State, oldest: &State) -> Vec<GitPath> {
    let all = newest.closure.paths.iter().chain(&oldest.closure.paths);
    all.cloned().collect::<BTreeSet<GitPath>>().into_iter().collect()
}

pub(super) fn not_in_git(
    reason: NotInGitReason,
    by: Option<CommitView>,
    evidence: Vec<String>,
) -> Provenance {
    Provenance::NotInGit(NotInGit { reason, by, evidence })
}

pub(super) fn elsewhere(
    places: Vec<String>,
    is_certain: bool,
    evidence: Vec<String>,
) -> Provenance {
    Provenance::Elsewhere(Elsewhere { places, is_certain, evidence })
}

pub(super) fn ambiguous(doubt: Doubt, steps: &[Step], evidence: Vec<String>) -> Provenance {
    let candidates = steps.iter().take(OFFERED).map(|step| step.commit.clone()).collect();
    Provenance::Ambiguous(Ambiguous { doubt, candidates, evidence })
}

/// `at apps/checkout`
pub(super) fn place(question: &Question<'_>) -> String {
    match &question.inputs.folder {
        Some(folder) if folder.bytes().is_empty() => "of the repository".to_owned(),
        Some(folder) => format!("at {}", sanitize(&folder.to_string())),
        None => "of values".to_owned(),
    }
}

/// `checkout:2.8.1`
pub(super) fn image(reference: &str) -> String {
    sanitize(&ImageRef::parse(reference).short()).into_owned()
}

/// `9f3c2ab51 (bump checkout)`
pub(super) fn commit(view: &CommitView) -> String {
    let subject = sanitize(&view.subject).into_owned();
    let subject = shorten(&subject, SUBJECT);
    if subject.is_empty() { short(&view.id) } else { format!("{} ({subject})", short(&view.id)) }
}
