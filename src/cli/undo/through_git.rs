//! An undo of what somebody takes from Git: found there, shown, reverted there, and followed until it
//! runs. With `--now` the workload is patched first, while its owners are held.

mod agreeing;
mod grace;
mod here;
mod holding;
mod now;
mod push;
pub(super) mod resume;
mod search;

use crate::durable::arrive::{self, Arriving, Commit, Course, arrive};
use crate::durable::plan;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::revert as report;
use crate::rollback::execute::live::{self, Proof, Recorded};
use crate::rollback::model::decision::Owned;
use crate::rollback::model::outcome::Outcome;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::CheckRule;
use crate::rollback::model::snapshot::Snapshot;
use crate::text::shell_quote;

use self::here::{Here, Ready, refused};
use self::push::{Pushed, push};
use super::flow::Flow;
use super::{from_file, show};

/// Does it, from a decision to its end.
pub(super) async fn run(
    flow: &mut Flow<'_>,
    owned: Owned,
    snapshot: &Snapshot,
) -> Result<ExitStatus> {
    let here = Here::new(flow, snapshot).await?;
    if flow.args.now || flow.args.resume {
        return Box::pin(now::run(flow, owned, here, snapshot)).await;
    }
    // Nothing depends on rights to patch it directly.
    flow.request.check_rules.insert("rbac".to_owned(), CheckRule::Ignore);
    let look = flow.look(owned.direct.clone(), snapshot);
    let (looked, ready, ()) = tokio::join!(look, here.ready(flow, &owned), here.look_beside(flow));
    let beside = here.beside(flow)?;
    let mut ready = ready.map_err(|error| or_the_service_first(error, flow))?;
    let mut through =
        here.through(&owned, &ready, None).map_err(|barred| refused(&barred, flow, &owned))?;
    through.warnings.extend(beside);
    through.todo.extend(here.to_be_read(flow, &through));
    let Some((direct, _)) = looked? else { return Err(changed(flow)) };
    let plan = Box::new(plan::plan(*direct, through));
    if let Some(exit) = agree(flow, &plan, snapshot).await? {
        return Ok(exit);
    }
    let proof = flow.args.waits().then_some(proof(flow, snapshot)?);
    let outcome = carry_out(flow, &plan, &mut ready, proof).await?;
    show::done(flow.args, flow.app, &plan, &outcome, &flow.request.hints);
    Ok(outcome.exit_status())
}

/// Shows the plan and gets a yes; an exit code where it ends with the plan.
async fn agree(flow: &Flow<'_>, plan: &Plan, snapshot: &Snapshot) -> Result<Option<ExitStatus>> {
    if let Some(revert) = plan.revert() {
        flow.app.story().revert_planned(revert);
    }
    flow.app.story().planned(plan, &flow.request, Some(snapshot));
    if let Some(expected) = &flow.expected
        && !from_file::is_same_in_git(expected, plan)
    {
        return Err(flow.stale(expected));
    }
    flow.write_plan_file(plan)?;
    if flow.stops_at_plan() {
        return Ok(Some(flow.dry_run(plan)));
    }
    flow.agree(plan, None, None).await?;
    let status = format!("status {}", shell_quote(&flow.target.reference()));
    flow.app.remember_status(flow.request.hints.rb(&status));
    Ok(None)
}

fn proof(flow: &Flow<'_>, snapshot: &Snapshot) -> Result<Proof> {
    Ok(Proof {
        demand: flow.configuration.demand(flow.args.proof.demand_at_once(), snapshot)?,
        hints: flow.request.hints.clone(),
        stamps: flow.args.proof.stamps(),
    })
}

/// Records, pushes, and follows until it runs.
async fn carry_out(
    flow: &Flow<'_>,
    plan: &Plan,
    ready: &mut Ready,
    proof: Option<Proof>,
) -> Result<Outcome> {
    let deadline = flow.budget.waiting(plan.seconds());
    let mut course = Course::default();
    match live::record(flow.cluster, plan, deadline).await {
        Recorded::Done(written) => course.written.extend(written),
        Recorded::NotDone(why) => {
            flow.app
                .console
                .note(&format!("  warning: {}\n", flow.app.console.marks.foreign(&why)));
            course.warnings.push(why);
        }
        Recorded::Stale => return Err(changed(flow)),
    }
    let again = vec![format!("to go on: {}", flow.command(""))];
    flow.app.remember_course("it is recorded that it goes back, and nothing is pushed yet", again);
    {
        let mut live = flow.args.format().listener(flow.app.console, &flow.target);
        arrive::settle(flow.cluster, plan, deadline, &mut course, &mut *live).await;
    }
    let (commit, reverted) = match push(flow, ready, &mut course).await? {
        Pushed::Commit(commit, reverted) => (commit, reverted),
        Pushed::Waits(ending, reverted) => {
            return Ok(Outcome {
                written: course.written,
                warnings: course.warnings,
                reverted: Some(reverted),
                ..Outcome::ended(ending)
            });
        }
    };
    let status =
        flow.request.hints.rb(&format!("status {}", shell_quote(&flow.target.reference())));
    flow.app.remember_course(
        &format!(
            "{} is on the branch, and the owner carries it on",
            report::short(&commit.to_string())
        ),
        vec![
            format!("to go on watching: {status}"),
            format!("to have it taken up at once: {}", flow.command("")),
        ],
    );
    let mut live = flow.args.format().listener(flow.app.console, &flow.target);
    let (cluster, backend) = (flow.cluster, flow.backend);
    let arriving = Arriving { cluster, backend, plan, deadline };
    let commit = Commit { ground: &mut ready.ground, id: commit, files: &ready.files };
    let outcome = arrive(arriving, commit, proof, course, &mut *live).await;
    Ok(Outcome { reverted, ..outcome })
}

/// Where Git is out of reach, the service need not wait for that.
fn or_the_service_first(error: Error, flow: &Flow<'_>) -> Error {
    if !matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Unauthenticated) {
        return error;
    }
    let reference = shell_quote(&flow.target.reference()).into_owned();
    let now = flow.request.hints.rb(&format!("undo {reference} --now"));
    error.hint(format!("to bring the service back first, and Git later: {now}"))
}

fn changed(flow: &Flow<'_>) -> Error {
    let reference = flow.target.reference();
    let message = format!(
        "{reference} changed between the plan and the first write: nothing was pushed, and nothing \
         else was written"
    );
    Error::new(ErrorKind::LostRace, message).hint(format!("to plan again: {}", flow.command("")))
}
