//! What a command did to each workload. Reports, the local log and what a CI system is told are all
//! made from this, when the command has ended, however it ended.

mod bad_release;
mod chapter;
mod revert;

use std::path::Path;

use jiff::Timestamp;

use crate::error::{Error, ErrorKind};
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Done, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::rollback::model::snapshot::{Snapshot, now};
use crate::rollback::model::target::Target;
use crate::rollback::model::verification::Verification;

pub use self::bad_release::BadRelease;
pub use self::chapter::{Asked, Chapter, End};
pub use self::revert::RevertChapter;

/// All workloads of a command, in the order in which they came up.
#[derive(Clone, Debug, Default)]
pub struct Story {
    chapters: Vec<Chapter>,
    /// What became of a revert in Git, where there was one.
    revert: Option<RevertChapter>,
    /// How a command ended that tells no chapter.
    sentence: Option<String>,
}

/// An error, as far as it is told later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort it is.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What would fix or show it.
    pub hints: Vec<String>,
    /// When it was told.
    pub at: Timestamp,
}

impl Failure {
    /// Whether it is certain that nothing was written.
    #[must_use]
    pub fn is_without_a_write(&self) -> bool {
        !matches!(
            self.kind,
            ErrorKind::Inconclusive
                | ErrorKind::Interrupted
                | ErrorKind::Terminated
                | ErrorKind::Unreachable
                | ErrorKind::Internal
        )
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            causes: error.causes(),
            hints: error.hints().to_vec(),
            at: now(),
        }
    }
}

impl Story {
    /// The workloads.
    #[must_use]
    pub fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// The revert in Git.
    #[must_use]
    pub fn revert(&self) -> Option<&RevertChapter> {
        self.revert.as_ref()
    }

    /// A revert was planned.
    pub fn revert_planned(&mut self, plan: &RevertPlan) {
        self.revert.get_or_insert_default().plan = Some(Box::new(plan.clone()));
    }

    /// A revert came to its end.
    pub fn reverted(&mut self, outcome: &RevertOutcome) {
        self.revert.get_or_insert_default().outcome = Some(Box::new(outcome.clone()));
    }

    /// How a command ended that tells no chapter.
    #[must_use]
    pub fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }

    /// A plan is made and looked at. Made again, it takes the place of the one before; what was read
    /// for it is kept where it is not handed in again.
    pub fn planned(&mut self, plan: &Plan, request: &UndoRequest, snapshot: Option<&Snapshot>) {
        self.tell(&plan.target, |chapter| {
            chapter.asked = Asked::of(plan, request);
            chapter.plan = Some(Box::new(plan.clone()));
            chapter.end = End::Planned;
            if let Some(snapshot) = snapshot {
                chapter.bad = BadRelease::of(snapshot, &plan.from.hash);
            }
        });
    }

    /// It was carried out.
    pub fn undone(&mut self, plan: &Plan, outcome: &Outcome) {
        self.tell(&plan.target, |chapter| {
            chapter.verification = outcome.verification.clone().map(Box::new);
            chapter.end = End::Undone(Box::new(outcome.clone()));
        });
    }

    /// There was nothing to do; with the wait that was joined, if one was.
    pub fn nothing(&mut self, nothing: &Nothing, waited: Option<&Waited>) {
        let end = End::Nothing(Box::new(nothing.clone()), waited.cloned().map(Box::new));
        self.end(&nothing.target, end);
    }

    /// Nothing was written.
    pub fn failed(&mut self, target: &Target, error: &Error) {
        self.end(target, End::Failed(error.into()));
    }

    /// What became of several workloads; told in this order from now on.
    pub fn ended(&mut self, all: &[(Target, Done)]) {
        for (target, done) in all {
            match done {
                Done::Undone(plan, outcome) => self.undone(plan, outcome),
                Done::Joined(nothing, waited) => self.nothing(nothing, waited.as_deref()),
                Done::Failed(error) => self.failed(target, error),
                Done::LeftOut => self.end(target, End::LeftOut),
            }
        }
        let place =
            |chapter: &Chapter| all.iter().position(|(target, _)| *target == chapter.target);
        self.chapters.sort_by_key(place);
    }

    /// What runs was verified: by `verify`, or as the end of an undo.
    pub fn verified(&mut self, verification: &Verification, by: &str, hints: &Hints) {
        self.tell(&verification.target, |chapter| {
            if chapter.plan.is_none() {
                by.clone_into(&mut chapter.asked.by);
                chapter.asked.hints = hints.clone();
            }
            chapter.verification = Some(Box::new(verification.clone()));
        });
    }

    /// What ailed the release that is left.
    pub fn bad(&mut self, target: &Target, bad: BadRelease) {
        self.tell(target, |chapter| chapter.bad = bad);
    }

    /// Something was kept to find the cause, in this folder.
    pub fn kept(&mut self, target: &Target, folder: &Path) {
        self.tell(target, |chapter| chapter.evidence = Some(folder.to_owned()));
    }

    /// Says how a command ended that is no undo and no verification.
    pub fn say(&mut self, sentence: String) {
        self.sentence = Some(sentence);
    }

    /// The command is over: what was planned and has no end has that of the command.
    pub fn close(&mut self, error: Option<&Error>) {
        let Some(error) = error else { return };
        if let Some(revert) = &mut self.revert {
            revert.failure = Some(error.into());
        }
        for chapter in &mut self.chapters {
            let is_open = matches!(chapter.end, End::Planned) && chapter.verification.is_none();
            if is_open {
                chapter.end = End::Failed(error.into());
            }
        }
    }

    pub(super) fn end(&mut self, target: &Target, end: End) {
        self.tell(target, |chapter| chapter.end = end);
    }

    /// Tells more of a workload.
    fn tell(&mut self, target: &Target, more: impl FnOnce(&mut Chapter)) {
        if let Some(chapter) = self.chapters.iter_mut().find(|chapter| chapter.target == *target) {
            return more(chapter);
        }
        let mut chapter = Chapter::new(target.clone());
        more(&mut chapter);
        self.chapters.push(chapter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::ExitStatus;
    use crate::report::sample;
    use crate::rollback::model::outcome::Ending;

    fn results(story: &Story) -> Vec<(String, &'static str, u8)> {
        let told = |chapter: &Chapter| {
            (chapter.target.name.clone(), chapter.result(), chapter.exit_status().code())
        };
        story.chapters().iter().map(told).collect()
    }

    fn named(all: [(&str, &'static str, u8); 2]) -> Vec<(String, &'static str, u8)> {
        all.map(|(name, result, code)| (name.to_owned(), result, code)).into()
    }

    #[test]
    fn what_has_no_end_of_its_own_has_that_of_the_command() {
        let (mut story, mut other) = (Story::default(), sample::plan());
        other.target.name = "cart".into();
        story.planned(&sample::plan(), &UndoRequest::default(), None);
        story.planned(&other, &UndoRequest::default(), None);
        assert_eq!(results(&story), named([("checkout", "planned", 0), ("cart", "planned", 0)]));
        story.undone(&other, &sample::outcome(Ending::Complete));
        story.close(Some(&Error::new(ErrorKind::Interrupted, "interrupted")));
        assert_eq!(
            results(&story),
            named([("checkout", "interrupted", 130), ("cart", "rolledBack", 0)])
        );
        let done = [(other.target.clone(), Done::LeftOut), (sample::plan().target, Done::LeftOut)];
        story.ended(&done);
        assert_eq!(results(&story), named([("cart", "leftOut", 0), ("checkout", "leftOut", 0)]));
    }

    #[test]
    fn a_new_plan_takes_the_place_of_the_old_one_and_keeps_what_was_read() {
        let (mut story, plan) = (Story::default(), sample::plan());
        story.planned(&plan, &UndoRequest::default(), None);
        let bad = BadRelease { pods: vec![sample::failure()], events: Vec::new() };
        story.bad(&plan.target, bad.clone());
        story.planned(&plan, &UndoRequest { by: "dana".into(), ..UndoRequest::default() }, None);
        let [chapter] = story.chapters() else { panic!("{story:?}") };
        assert_eq!((&chapter.bad, chapter.asked.by.as_str()), (&bad, "dana"));
        // The reason is that of the plan, also where it comes from a file.
        assert_eq!(chapter.asked.incident.as_deref(), Some("INC-42"));
    }

    #[test]
    fn a_verification_that_fails_is_told_with_the_undo() {
        let (mut story, plan) = (Story::default(), sample::plan());
        story.planned(&plan, &UndoRequest::default(), None);
        let mut outcome = sample::outcome(Ending::Complete);
        story.undone(&plan, &outcome);
        assert!(story.chapters()[0].is_rolled_back());
        outcome.verification = Some(sample::verification(&[sample::failing()]));
        story.undone(&plan, &outcome);
        let chapter = &story.chapters()[0];
        assert!(!chapter.is_rolled_back() && !chapter.is_verify());
        assert_eq!(chapter.exit_status(), ExitStatus::Failed);
        let sentence = chapter.sentence(crate::report::style::Marks { unicode: true });
        assert!(sentence.starts_with("failed: "), "{sentence}");
        assert!(sentence.ends_with("is not as it has to be: pods.healthy"), "{sentence}");
    }
}
