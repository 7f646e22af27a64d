//! Going on with an undo that left its hold open, or giving the hold up: by anybody, from what the
//! cluster and Git say.

use crate::cli::undo::flow::Flow;
use crate::cli::undo::{declined, show, unconfirmed};
use crate::cluster::Deadline;
use crate::durable::arrive::Course;
use crate::durable::plan::{self, Followed};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::reconciler::hold;
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hold::{Hold, OpenHold, Phase};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::revision::RevisionSpec;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::planner;
use crate::terminal::prompt;
use crate::text::shell_quote;

use super::here::{Here, refused};
use super::now::{Work, through_held};
use super::search::{Known, Search};
use super::{agree, proof};

/// The open holds for a workload, on the owners of its chain.
fn open_holds(here: &Here, snapshot: &Snapshot) -> Vec<OpenHold> {
    let on = here
        .owners
        .iter()
        .filter_map(|read| Some(OpenHold::on(&read.object, read.owner.object.as_ref()?)));
    let mut open: Vec<OpenHold> =
        on.flatten().filter(|open| open.hold.workload == snapshot.target).collect();
    for one in &mut open {
        one.phase = one.hold.phase(Some(&snapshot.workload));
    }
    open.sort_by_key(|open| open.hold.at);
    open
}

/// What `--resume` does after the workload was read: `None` where the owners were held and nothing was
/// patched: then it goes on as `--now` does, under the same operation.
pub(in crate::cli::undo) async fn resume(
    flow: &mut Flow<'_>,
    snapshot: &Snapshot,
) -> Result<Option<ExitStatus>> {
    let here = Here::new(flow, snapshot).await?;
    let open = open_holds(&here, snapshot);
    let Some(newest) = open.last().cloned() else {
        nothing(flow, snapshot, "there is nothing to go on with: no owner of it is held by rb");
        return Ok(Some(ExitStatus::Success));
    };
    let hold = newest.hold;
    flow.request.operation.clone_from(&hold.id);
    flow.request.reason = flow.request.reason.take().or_else(|| hold.reason.clone());
    flow.request.incident = flow.request.incident.take().or_else(|| hold.incident.clone());
    match newest.phase {
        Some(Phase::Held) => {
            flow.request.to = RevisionSpec::parse(&hold.aim.hash).or(flow.request.to.take());
            return Ok(None);
        }
        Some(Phase::Replaced) => return Err(replaced(flow, &hold)),
        Some(Phase::Patched | Phase::Requested | Phase::Pushed) | None => {}
    }
    let owned = planner::to_resume(flow.backend, snapshot, &flow.request);
    let Some(owned) = owned else { return Err(not_recorded(flow, &hold)) };
    let ready = here.ready(flow, &owned).await?;
    let holders: Vec<Followed> = open
        .iter()
        .filter(|open| open.hold.id == hold.id)
        .map(|open| Followed { owner: open.owner.clone(), name: name(&snapshot.owners, open) })
        .collect();
    let through = through_held(&owned, &here, &ready, &holders)
        .map_err(|barred| refused(&barred, flow, &owned))?;
    let direct = *owned.direct;
    let plan = plan::immediate(direct.clone(), through.clone());
    if let Some(exit) = agree(flow, &plan, snapshot).await? {
        return Ok(Some(exit));
    }
    let proof = proof(flow, snapshot)?;
    let deadline = flow.budget.waiting(plan.seconds());
    let chain = snapshot.owners.as_slice();
    let work = Work { flow, direct: &direct, plan: &plan, held: &holders, chain, deadline };
    let search = Search::ended(Known { ready, through: Ok(through) });
    let rest = work.go_on(None, search, &hold, proof, Course::default());
    Ok(Some(Box::pin(rest).await))
}

/// Lets the owners go without Git: they do then what they would have done.
pub(in crate::cli::undo) async fn abandon(
    flow: &mut Flow<'_>,
    snapshot: &Snapshot,
) -> Result<ExitStatus> {
    let here = Here::new(flow, snapshot).await?;
    let open = open_holds(&here, snapshot);
    if open.is_empty() {
        nothing(flow, snapshot, "there is nothing to give up: no owner of it is held by rb");
        return Ok(ExitStatus::Success);
    }
    let console = flow.app.console;
    for one in &open {
        let text = format!(
            "{} is let go, and what Git says of {} counts again",
            name(&snapshot.owners, one),
            snapshot.target.reference()
        );
        console.note(&format!("{}\n", console.marks.foreign(&text)));
    }
    if !flow.args.yes {
        if !console.can_prompt {
            return Err(unconfirmed(flow.app, &flow.command("--yes")));
        }
        if !prompt::ask(&console, "Give the hold up?").await {
            return Err(declined());
        }
    }
    let mut done = Vec::new();
    for one in &open {
        let deadline: Deadline = flow.budget.reading();
        let released = hold::release(flow.cluster, &one.owner, &one.hold.id, deadline).await?;
        done.extend(released.written);
    }
    let done = if done.is_empty() { "somebody was faster".to_owned() } else { done.join("; ") };
    nothing(flow, snapshot, &format!("its hold is given up: {done}"));
    Ok(ExitStatus::Success)
}

fn name(chain: &[Owner], open: &OpenHold) -> String {
    let owner = chain.iter().find(|owner| owner.object.as_ref() == Some(&open.owner));
    owner.map_or_else(|| open.owner.reference(), |owner| owner.name.clone())
}

fn nothing(flow: &Flow<'_>, snapshot: &Snapshot, what: &str) {
    let message = format!("{}: {what}", snapshot.target.reference());
    let live = planner::live(flow.backend, snapshot, &flow.request);
    let target = snapshot.target.clone();
    let nothing = Nothing { target, message, live, converging: false };
    show::nothing(flow.args, flow.app, &nothing, None, &flow.request.hints);
}

fn replaced(flow: &Flow<'_>, hold: &Hold) -> Error {
    let reference = flow.target.reference();
    let message = format!(
        "{reference} was put back by operation {}, and has another template now: nothing is done \
         before somebody has looked at that",
        hold.id
    );
    let quoted = shell_quote(&reference).into_owned();
    let hints = &flow.request.hints;
    Error::new(ErrorKind::Refused, message)
        .hint(format!("to see what is live: {}", hints.rb(&format!("history {quoted}"))))
        .hint(format!("to give the hold up: {}", hints.rb(&format!("undo {quoted} --abandon"))))
}

fn not_recorded(flow: &Flow<'_>, hold: &Hold) -> Error {
    let reference = flow.target.reference();
    let message = format!(
        "{reference} has what operation {} was to bring, and no record of what was left: rb cannot \
         tell what to take out of Git",
        hold.id
    );
    let quoted = shell_quote(&reference).into_owned();
    let give_up = flow.request.hints.rb(&format!("undo {quoted} --abandon"));
    Error::new(ErrorKind::Refused, message)
        .hint("take it out by hand: rb revert-commit --image IMAGE --repo URL")
        .hint(format!("then give the hold up: {give_up}"))
}
