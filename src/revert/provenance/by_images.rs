//! The images differ: the files tell which commits changed them.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::git::ShallowBoundary;
use crate::git::history::path_history::{PathHistory, State, Step};
use crate::git::manifest::closure::Named;
use crate::revert::refusal::short;
use crate::rollback::model::convergence::Applied;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::provenance::{
    Doubt, Elsewhere, ImageMove, Override, Proof, Provenance,
};
use crate::text::sanitize;

use super::Question;
use super::moves::{Look, Says, named};
use super::off_the_tip;
use super::outcome::{Taken, ambiguous, brought, commit, image, place};
use super::owner_record::of_revision;
use super::walk::{Arrived, back};

pub(super) fn find(
    history: &mut PathHistory<'_>,
    question: &Question<'_>,
    moves: Vec<ImageMove>,
) -> Result<Provenance> {
    if let Some(found) = overridden(question, &moves) {
        return Ok(Provenance::Elsewhere(found));
    }
    let tip = history.state();
    let mut look = Look::Images;
    let mut says = all(look, history, &tip, &moves)?;
    if says.iter().all(|says| *says == Says::Neither) {
        let by_words = all(Look::Words, history, &tip, &moves)?;
        if by_words.iter().any(|says| says.has_live()) {
            (look, says) = (Look::Words, by_words);
        }
    }
    let (is_good, is_live) = (says.contains(&Says::Good), says.iter().any(|says| says.has_live()));
    let (images, strange): (Vec<_>, Vec<_>) =
        moves.into_iter().zip(says).partition(|(_, says)| says.has_live());
    let images: Vec<ImageMove> = images.into_iter().map(|(image, _)| image).collect();
    let strange: Vec<ImageMove> = strange.into_iter().map(|(image, _)| image).collect();
    if is_live {
        return Search { question, look, images, strange }.run(history);
    }
    if is_good {
        off_the_tip::already_good(history, question, &strange)
    } else {
        off_the_tip::unknown(history, question, &strange)
    }
}

pub(super) fn all(
    look: Look,
    history: &mut PathHistory<'_>,
    state: &State,
    moves: &[ImageMove],
) -> Result<Vec<Says>> {
    moves.iter().map(|image| look.says(history, state, image)).collect()
}

/// What the owner lays over the files decides, whatever they say.
pub(super) fn overridden(question: &Question<'_>, moves: &[ImageMove]) -> Option<Elsewhere> {
    let names = |over: &&Override, live: &str| gives(&over.value, live);
    let found = moves.iter().find_map(|image| {
        let live = image.live.as_deref()?;
        let over = question.overrides.iter().find(|over| names(over, live))?;
        Some((live, over))
    });
    let (live, over) = found?;
    let place = sanitize(&over.place).into_owned();
    let evidence = format!("image {} is given by {place}, over the files", image(live));
    let places = vec![over.place.clone()];
    Some(Elsewhere { places, is_certain: true, evidence: vec![evidence] })
}

/// Which of these images a value gives, as people call it.
pub(super) fn given_by<'m>(
    value: &str,
    mut images: impl Iterator<Item = &'m Option<String>>,
) -> Option<String> {
    images.find_map(|found| found.as_deref().filter(|found| gives(value, found)).map(image))
}

/// Whether a value is an image, or a part of its reference that tells it from others.
fn gives(value: &str, live: &str) -> bool {
    let value = value.rsplit_once('=').map_or(value, |(_, value)| value);
    let image = ImageRef::parse(live);
    let is_end = live.strip_suffix(value).is_some_and(|rest| rest.ends_with('/'));
    let is_digest = image.digest.is_some_and(|digest| {
        digest == value || digest.split_once(':').is_some_and(|(_, digits)| digits == value)
    });
    !value.is_empty() && (value == live || is_end || is_digest || image.tag == Some(value))
}

/// A search for the state in which the files name the images of the revision.
struct Search<'a> {
    question: &'a Question<'a>,
    look: Look,
    images: Vec<ImageMove>,
    /// Images that differ as well, which the files do not name at the tip.
    strange: Vec<ImageMove>,
}

impl Search<'_> {
    fn run(self, history: &mut PathHistory<'_>) -> Result<Provenance> {
        let question = self.question;
        let recorded = self.recorded(history)?;
        let fits = match &recorded {
            Some((_, state)) => self.is_good(history, state)?,
            None => false,
        };
        let wanted = recorded.as_ref().filter(|_| fits).map(|(_, state)| Rc::clone(state));
        let mut evidence = self.live_record(history)?;
        let walk = back(history, question.created, |history, state| {
            Ok(match (self.is_good(history, state)?, &wanted) {
                (false, _) => Arrived::No,
                (true, Some(wanted)) if !question.only_images && !state.is_same(wanted) => {
                    Arrived::Near
                }
                (true, _) => Arrived::Exactly,
            })
        })?;
        if walk.arrived == Arrived::No {
            return self.no_good_state(history, &walk.steps);
        }
        let mut sentences = Vec::new();
        for image in &self.images {
            sentences.push(self.came(history, &walk.steps, image)?);
        }
        let good = walk.steps.last().and_then(|step| step.before.clone());
        let exact = good.zip(wanted).is_some_and(|(good, wanted)| good.is_same(&wanted));
        if let Some((applied, _)) = &recorded {
            sentences.push(self.about_record(applied, fits, exact));
        } else if !question.only_images {
            sentences.push(format!(
                "more than images differs, and which commit {} ran is not recorded: all that changed \
                 the files {} since they named its images has to go",
                sanitize(question.revision),
                place(question)
            ));
        }
        sentences.append(&mut evidence);
        sentences.extend(self.strange.iter().map(|image| self.about_strange(image)));
        let mut steps = Vec::new();
        for step in walk.steps {
            let is_part = !question.only_images || self.is_changed_by(history, &step)?;
            steps.push((step, is_part));
        }
        let proof = if self.look == Look::Images { Proof::Images } else { Proof::Words };
        let taken = Taken { steps, images: self.images, proof, evidence: sentences };
        brought(history, question, taken)
    }

    fn is_good(&self, history: &mut PathHistory<'_>, state: &State) -> Result<bool> {
        let says = all(self.look, history, state, &self.images)?;
        Ok(says.iter().all(|says| *says == Says::Good))
    }

    /// The owner's commit for the revision, with its state. Where only images count it is a second
    /// witness, and no more history is fetched for it.
    fn recorded(&self, history: &mut PathHistory<'_>) -> Result<Option<(Applied, Rc<State>)>> {
        let Some(applied) = of_revision(self.question) else { return Ok(None) };
        let state = state_of(history, applied, self.question.only_images)?;
        Ok(state.map(|state| (applied.clone(), state)))
    }

    /// What the owner applied last should be what is live.
    fn live_record(&self, history: &mut PathHistory<'_>) -> Result<Vec<String>> {
        let Some(applied) = self.question.applied.first() else { return Ok(Vec::new()) };
        let Some(state) = state_of(history, applied, true)? else { return Ok(Vec::new()) };
        let says = all(self.look, history, &state, &self.images)?;
        let strange = self.images.iter().zip(says).find(|(_, says)| !says.has_live());
        Ok(strange
            .map(|(moved, _)| {
                let live = moved.live.as_deref().map_or_else(|| "it".to_owned(), image);
                format!(
                    "the owner says that it applied {} last, and the files there do not name {live}",
                    sanitize(&short(&applied.commit))
                )
            })
            .into_iter()
            .collect())
    }

    /// Whether a commit changed one of the images.
    fn is_changed_by(&self, history: &mut PathHistory<'_>, step: &Step) -> Result<bool> {
        let Some(before) = &step.before else { return Ok(true) };
        for image in &self.images {
            let was = self.look.found(history, before, image)?;
            if was != self.look.found(history, &step.after, image)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The newest commit after which the files name the live image, and before which they did not.
    fn origin<'s>(
        &self,
        history: &mut PathHistory<'_>,
        steps: &'s [Step],
        image: &ImageMove,
    ) -> Result<Option<(&'s Step, Says)>> {
        for step in steps {
            let before = match &step.before {
                Some(before) => self.look.says(history, before, image)?,
                None => Says::Neither,
            };
            if !before.has_live() && self.look.says(history, &step.after, image)?.has_live() {
                return Ok(Some((step, before)));
            }
        }
        Ok(None)
    }

    fn came(
        &self,
        history: &mut PathHistory<'_>,
        steps: &[Step],
        moved: &ImageMove,
    ) -> Result<String> {
        let container = sanitize(&moved.container).into_owned();
        let what = match (&moved.live, &moved.good) {
            (Some(live), Some(_)) => format!("image {} came", image(live)),
            (Some(live), None) => format!("container {container} ({}) came", image(live)),
            _ => format!("container {container} went"),
        };
        let Some((step, before)) = self.origin(history, steps, moved)? else {
            let what = moved.live.as_deref().map_or(container, image);
            return Ok(format!("the files {} name {what}", place(self.question)));
        };
        let when = match steps.last().and_then(|step| step.parent.as_ref()) {
            Some(good) if before != Says::Good => format!("as of {}", short(&good.id)),
            _ => "before it".to_owned(),
        };
        let files = place(self.question);
        let (with, revision) = (commit(&step.commit), sanitize(self.question.revision));
        Ok(match &moved.good {
            Some(good) => format!(
                "{what} with {with}; {when} the files {files} name {}, as {revision} ran",
                image(good)
            ),
            None => format!("{what} with {with}; {when} the files {files} do not have it"),
        })
    }

    fn about_record(&self, applied: &Applied, fits: bool, exact: bool) -> String {
        let applied = sanitize(&short(&applied.commit)).into_owned();
        let revision = sanitize(self.question.revision);
        match (fits, exact) {
            (true, true) => format!(
                "the owner applied {applied} when {revision} came to be, and the files there are the \
                 same"
            ),
            (true, false) => format!(
                "the owner applied {applied} when {revision} came to be: the files there name the same \
                 images and differ otherwise"
            ),
            (false, _) => format!(
                "the owner says that it applied {applied} when {revision} came to be, and the files \
                 there name other images: their content counts"
            ),
        }
    }

    fn about_strange(&self, moved: &ImageMove) -> String {
        let container = sanitize(&moved.container).into_owned();
        let files = place(self.question);
        format!("the files {files} do not decide the image of container {container}")
    }

    fn no_good_state(&self, history: &mut PathHistory<'_>, steps: &[Step]) -> Result<Provenance> {
        let (mut evidence, mut origins) = (Vec::new(), Vec::new());
        for moved in &self.images {
            let live = moved.live.as_deref().map_or_else(|| "nothing".to_owned(), image);
            let good = moved.good.as_deref().map_or_else(|| "nothing".to_owned(), image);
            let Some((step, _)) = self.origin(history, steps, moved)? else {
                evidence.push(format!(
                    "the files {} name {live}, as far back as was looked",
                    place(self.question)
                ));
                continue;
            };
            let before: Vec<String> = match &step.before {
                Some(before) => named(before, moved).map(Named::reference).collect(),
                None => Vec::new(),
            };
            let before = if before.is_empty() { "nothing".to_owned() } else { before.join(", ") };
            evidence.push(format!(
                "{live} came with {}; before it the files {} name {}, and never {good}, which {} ran",
                commit(&step.commit),
                place(self.question),
                sanitize(&before),
                sanitize(self.question.revision)
            ));
            origins.push(step.clone());
        }
        Ok(ambiguous(Doubt::NoGoodState, &origins, evidence))
    }
}

/// The state at a commit that the owner names. `None` where it is not here, or, as a witness only, where
/// more history would have to be fetched for it.
fn state_of(
    history: &mut PathHistory<'_>,
    applied: &Applied,
    as_witness: bool,
) -> Result<Option<Rc<State>>> {
    match history.state_of(&applied.commit) {
        Err(error) if as_witness && is_boundary(&error) => Ok(None),
        result => result,
    }
}

pub(super) fn is_boundary(error: &Error) -> bool {
    ShallowBoundary::of(error).is_some()
}
