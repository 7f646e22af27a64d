//! Holding the owners of a workload for an undo, and letting them go.

use std::cell::RefCell;
use std::time::Duration;

use crate::cli::undo::flow::Flow;
use crate::cluster::Deadline;
use crate::durable::arrive::Course;
use crate::durable::plan::Followed;
use crate::error::{Error, ErrorKind, Result};
use crate::reconciler::hold::{self, Held, Wanted};
use crate::rollback::execute;
use crate::rollback::model::event::{Event, Listener, Shared};
use crate::rollback::model::hold::{Aim, Hold};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::plan::{Action, Step};
use crate::rollback::model::snapshot::now;
use crate::rollback::model::target::Target;
use crate::rollback::model::template;
use crate::text::shell_quote;

use super::now::Work;

/// Letting go again what was held for nothing must not take longer.
const TO_LET_GO: Duration = Duration::from_secs(15);

/// Whom to hold. Refused where somebody would undo the patch who cannot be held.
pub(super) fn wanted(flow: &Flow<'_>, chain: &[Owner]) -> Result<Vec<Followed>> {
    let Wanted { hold, cannot, warnings: _ } = hold::wanted(chain);
    if !cannot.is_empty() {
        let reference = flow.target.reference();
        let message = format!(
            "a patch of {reference} would not last, and rb cannot hold who would undo it: {}",
            cannot.join("; ")
        );
        let durable = flow.request.hints.rb(&format!("undo {}", shell_quote(&reference)));
        return Err(Error::new(ErrorKind::Refused, message)
            .hint(format!("to go through Git instead: {durable}")));
    }
    let name = |target: &Target| {
        let owner = chain.iter().find(|owner| owner.object.as_ref() == Some(target));
        owner.map_or_else(|| target.reference(), |owner| owner.name.clone())
    };
    Ok(hold.into_iter().map(|owner| Followed { owner: owner.clone(), name: name(owner) }).collect())
}

impl Work<'_> {
    pub(super) fn hold(&self) -> Hold {
        let Self { flow, plan, .. } = self;
        let template = plan.patch_value("replace", "/spec/template");
        let commits = plan.revert().map(|revert| revert.asked.commits.clone());
        let aim = Aim {
            hash: plan.to.hash.clone(),
            fingerprint: template.map(template::fingerprint).unwrap_or_default(),
            images: plan.to.images.iter().map(|image| image.image.clone()).collect(),
            commits: commits.unwrap_or_default(),
            ..Aim::default()
        };
        let hold = Hold {
            id: plan.id.clone(),
            by: flow.request.by.clone(),
            at: now(),
            reason: flow.request.reason.clone(),
            incident: flow.request.incident.clone(),
            workload: flow.target.clone(),
            aim,
        };
        hold.bounded()
    }

    /// Holds all of them, or none.
    pub(super) async fn hold_all(&self, hold: &Hold, course: &mut Course) -> Result<()> {
        for (index, followed) in self.held.iter().enumerate() {
            let (cluster, owner) = (self.flow.cluster, &followed.owner);
            match hold::hold(cluster, owner, hold, self.chain, self.deadline).await {
                Ok(Held { written, notes, .. }) => {
                    let console = self.flow.app.console;
                    for summary in &written {
                        console.note(&format!("  done: {}\n", console.marks.foreign(summary)));
                    }
                    course.written.extend(written.iter().map(|summary| {
                        execute::live::written(&format!("hold-{}", followed.owner.name), summary)
                    }));
                    course.warnings.extend(notes);
                }
                Err(error) => {
                    let before = self.held.get(..index).unwrap_or_default();
                    return Err(self.let_go_of(before, hold, error).await);
                }
            }
        }
        Ok(())
    }

    /// Lets go of what was held for nothing; where that fails, the error says so.
    pub(super) async fn let_go_of(&self, holders: &[Followed], hold: &Hold, error: Error) -> Error {
        let mut error = error;
        for followed in holders {
            let deadline = Deadline::after(TO_LET_GO);
            let released =
                hold::release(self.flow.cluster, &followed.owner, &hold.id, deadline).await;
            if let Err(why) = released {
                let message = format!("{error}; and {} is held still: {why}", followed.name);
                error = Error::new(ErrorKind::Held, message)
                    .because(error)
                    .hint(format!("to give the hold up: {}", self.give_up()));
            }
        }
        error
    }

    /// What is true from now on, for whoever interrupts.
    pub(super) fn says(&self, sentence: &str) {
        let hints = vec![
            format!("to go on: {}", self.finish()),
            format!("to give it up: {}", self.give_up()),
        ];
        self.flow.app.remember_course(sentence, hints);
    }

    pub(super) fn give_up(&self) -> String {
        let reference = shell_quote(&self.flow.target.reference()).into_owned();
        self.flow.request.hints.rb(&format!("undo {reference} --abandon"))
    }

    pub(super) fn finish(&self) -> String {
        let reference = shell_quote(&self.flow.target.reference()).into_owned();
        self.flow.request.hints.rb(&format!("undo {reference} --resume"))
    }

    /// Lets the owners of these steps go.
    pub(super) async fn release_all(
        &self,
        hold: &Hold,
        steps: &[Step],
        course: &mut Course,
        listener: &RefCell<&mut (dyn Listener + 'static)>,
    ) -> Result<()> {
        for step in steps {
            let Action::Release { owner, .. } = &step.action else { continue };
            let cluster = self.flow.cluster;
            let released = hold::release(cluster, owner, &hold.id, self.deadline).await?;
            for summary in released.written {
                course.written.push(execute::live::written(&step.id, &summary));
                Shared(listener).on(Event::StepDone { summary });
            }
        }
        Ok(())
    }

    /// Whoever looks at the hold sees then what it waits for.
    pub(super) async fn note_request(&self, hold: &Hold, url: &str, course: &mut Course) {
        let aim = Aim { request: Some(url.to_owned()), ..hold.aim.clone() };
        let hold = Hold { aim, ..hold.clone() }.bounded();
        for followed in self.held {
            let (cluster, owner) = (self.flow.cluster, &followed.owner);
            let noted = hold::hold(cluster, owner, &hold, self.chain, self.deadline).await;
            course.warnings.extend(noted.err().map(|error| {
                format!("the hold on {} does not say what it waits for: {error}", followed.name)
            }));
        }
    }
}
