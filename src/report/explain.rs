//! Answers that are one sentence: nothing to do, and the question before a rollback.

use crate::rollback::model::decision::Nothing;
use crate::rollback::model::plan::Plan;

use super::style::{GOOD, Marks, paint};

/// Why nothing is done.
#[must_use]
pub fn nothing(nothing: &Nothing, marks: Marks) -> String {
    format!("{} {}\n", paint(GOOD, "nothing to do:"), marks.foreign(&nothing.message))
}

/// The question after the card. It names what it is about: many windows are open in an incident.
#[must_use]
pub fn question(plan: &Plan, marks: Marks) -> String {
    if let Some(leftovers) = plan.leftovers.as_ref().filter(|_| plan.patch().is_none()) {
        let (pods, reference) = (leftovers.words(), plan.target.reference());
        let context = marks.foreign(&plan.cluster.context);
        return format!("Delete {pods} of {reference} in {context}? [y/N] ");
    }
    format!(
        "Roll {} back to {} in {}? [y/N] ",
        plan.target.reference(),
        plan.to.label(),
        marks.foreign(&plan.cluster.context)
    )
}
