//! Bringing the revert of an undo onto its branch.

use crate::cli::git::progress::during;
use crate::cli::git::push::Push;
use crate::cli::undo::flow::Flow;
use crate::durable::arrive::Course;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::git::Oid;
use crate::report::revert as report;
use crate::revert::ground::Ground;
use crate::rollback::execute::live;
use crate::rollback::model::change_request::RequestState;
use crate::rollback::model::outcome::Ending;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::terminal::ci;
use crate::text::shell_quote;

use super::here::Ready;

/// What pushing came to.
pub(super) enum Pushed {
    /// The branch has this commit; with what was done for it, if anything was.
    Commit(Oid, Option<Box<RevertOutcome>>),
    /// Somebody has to merge it first.
    Waits(Ending, Box<RevertOutcome>),
}

/// Does it, and tells of it.
pub(super) async fn push(
    flow: &Flow<'_>,
    ready: &mut Ready,
    course: &mut Course,
) -> Result<Pushed> {
    let Some((plan, _, by, host)) = &ready.revert else {
        let none = || Error::new(ErrorKind::Internal, "neither a revert nor a commit");
        return Ok(Pushed::Commit(ready.commit.ok_or_else(none)?, None));
    };
    let (app, args) = (flow.app, flow.args);
    let section = app.console.section(ci::WAIT);
    app.remember_push(Some(app.environment.command_line.clone()));
    let push = Push { app, args: &args.request, by, host };
    let ground = &mut ready.ground;
    let outcome = during(app, args.format(), "pushes the revert", async |progress| {
        push.carry_out(ground, plan, progress).await
    });
    let outcome = outcome.await;
    app.remember_push(None);
    drop(section);
    let outcome = pinned(outcome?, flow, ground);
    app.story().reverted(&outcome);
    let marks = app.console.marks;
    // How to go forward again is said at the end.
    let first = report::done(&outcome, marks);
    let first = first.lines().next().unwrap_or_default();
    app.console.note(&format!("  {first}\n"));
    let id = |text: &str| {
        Oid::from_str(text)
            .map_err(|error| Error::new(ErrorKind::Internal, "no commit").because(error))
    };
    let boxed = Box::new(outcome);
    match &*boxed {
        RevertOutcome::Pushed(pushed) => {
            course.written.push(live::written("revert", &report::sentence(&boxed, marks)));
            course.warnings.extend(pushed.warnings.clone());
            let commit = id(&pushed.commit)?;
            Ok(Pushed::Commit(commit, Some(boxed)))
        }
        RevertOutcome::Nothing(nothing) => {
            let commit = match &nothing.commit {
                Some(commit) => id(commit)?,
                None => id(&plan.reverted.tip)?,
            };
            Ok(Pushed::Commit(commit, Some(boxed)))
        }
        RevertOutcome::Requested(requested) => {
            course.written.push(live::written("revert", &report::sentence(&boxed, marks)));
            let merged = requested.request.as_ref().filter(|r| r.state == RequestState::Merged);
            if let Some(request) = merged {
                let commit = request.merge_commit.as_deref().unwrap_or(&requested.commit);
                let commit = id(commit)?;
                return Ok(Pushed::Commit(commit, Some(boxed)));
            }
            let is_hopeless = boxed.exit_status() != ExitStatus::Waiting;
            let ending = Ending::AwaitsMerge {
                url: requested.url.clone(),
                trouble: is_hopeless.then(|| "it cannot be merged as it is".to_owned()),
            };
            Ok(Pushed::Waits(ending, boxed))
        }
    }
}

/// The way forward again, for any folder.
fn pinned(outcome: RevertOutcome, flow: &Flow<'_>, ground: &Ground) -> RevertOutcome {
    let RevertOutcome::Pushed(mut pushed) = outcome else { return outcome };
    let program = &flow.app.environment.program;
    let repository = shell_quote(&ground.named.repository).into_owned();
    let branch = shell_quote(&ground.named.branch).into_owned();
    let commit = report::short(&pushed.commit);
    pushed.forward =
        format!("{program} revert-commit {commit} --repo {repository} --branch {branch}");
    RevertOutcome::Pushed(pushed)
}
