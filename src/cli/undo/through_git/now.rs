//! The immediate way, `--now`: the owners are held and the workload is patched; then Git is made to agree,
//! and the owners are let go. Whatever happens on the way, the hold says what is still to do.

use std::time::Duration;

use crate::cli::undo::flow::Flow;
use crate::cluster::Deadline;
use crate::durable::arrive::Course;
use crate::durable::origin;
use crate::durable::passage::Barred;
use crate::durable::plan::{self, Followed, Through};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::rollback::execute::{self, Answer, Patched};
use crate::rollback::model::decision::Owned;
use crate::rollback::model::hold::Hold;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

use super::grace::with_grace;
use super::here::{Here, Ready, asked, refused};
use super::holding::wanted;
use super::search::{Known, Search};
use super::{agree, changed, proof};

/// So long Git may take before somebody is asked who reads the plan first.
const FOR_GIT: Duration = Duration::from_secs(5);
/// So long others may be looked at when all else is, where the service waits for it.
const FOR_OTHERS: Duration = Duration::from_millis(300);

pub(super) async fn run(
    flow: &Flow<'_>,
    owned: Owned,
    here: Here,
    snapshot: &Snapshot,
) -> Result<ExitStatus> {
    let mut holders = wanted(flow, &snapshot.owners)?;
    if here.held_by(&flow.request.operation).next().is_none() {
        lasts(flow, &owned, &here, &holders)?;
    }
    // Those that an earlier call has held do nothing by themselves any more.
    for (owner, name) in here.held_by(&flow.request.operation) {
        let followed = Followed { owner, name };
        if !holders.contains(&followed) {
            holders.push(followed);
        }
    }
    let mut search = Search::new(look_in_git(flow, &owned, &here, &holders));
    let look = flow.look(owned.direct.clone(), snapshot);
    let is_shown = flow.shows_the_plan_first();
    let grace = if is_shown { FOR_GIT } else { FOR_OTHERS };
    let look = Box::pin(with_grace(look, here.look_beside(flow), grace));
    let looked = if is_shown || here.may_be_barred() {
        tokio::join!(look, search.within(FOR_GIT)).0
    } else {
        // The service does not wait for Git, which is looked into once the patch is accepted.
        look.await
    };
    let Some((mut direct, service)) = looked? else { return Err(changed(flow)) };
    direct.warnings.extend(here.beside(flow)?);
    direct.warnings.extend(here.not_looked_at());
    let through = match search.found() {
        Some(Ok(Known { ready, through })) => {
            let mut through = through.clone().map_err(|barred| refused(&barred, flow, &owned))?;
            // Git may have answered first.
            let others = here.of_files(ready).into_iter();
            let untold = others.filter(|one| !through.warnings.contains(one)).collect::<Vec<_>>();
            through.warnings.extend(untold);
            through
        }
        Some(Err(error)) => without_git(&holders, &error.to_string()),
        None => Through { held: holders.clone(), is_searched: true, ..Through::default() },
    };
    let plan = plan::immediate((*direct).clone(), through);
    if let Some(exit) = agree(flow, &plan, snapshot).await? {
        return Ok(exit);
    }
    let proof = proof(flow, snapshot)?;
    let deadline = flow.budget.waiting(plan.seconds());
    let chain = snapshot.owners.as_slice();
    let work = Work { flow, direct: &direct, plan: &plan, held: &holders, chain, deadline };
    let mut course = Course::default();
    let hold = work.hold();
    work.says("an owner may be held by now, and nothing else is written");
    work.hold_all(&hold, &mut course).await?;
    work.says("its owner is held; whether it is patched, the next call finds out");
    let answer = work.patch(&hold).await?;
    let rest = work.go_on(Some((answer, service)), search, &hold, proof, course);
    Ok(Box::pin(rest).await)
}

/// Refused where one that is held would put back what is left as soon as it is let go.
fn lasts(flow: &Flow<'_>, owned: &Owned, here: &Here, holders: &[Followed]) -> Result<()> {
    let is_held = |owner: &Target| holders.iter().any(|held| held.owner == *owner);
    let label = owned.direct.to.label();
    let found = origin::own_values(&here.owners, &asked(owned, &label), is_held);
    let Some((reader, place)) = found else { return Ok(()) };
    let name = here.owners.get(reader).map(|read| read.owner.name.clone()).unwrap_or_default();
    let reference = flow.target.reference();
    let message = format!(
        "a patch of {reference} would not last: {name} takes what is live from {place}, which it applies \
         itself"
    );
    let durable = flow.request.hints.rb(&format!("undo {}", shell_quote(&reference)));
    Err(Error::new(ErrorKind::Refused, message)
        .because("its first run once it is let go has the old values still")
        .hint(format!("to go through Git instead: {durable}")))
}

/// Finds what is to be done in Git while these are held.
async fn look_in_git(
    flow: &Flow<'_>,
    owned: &Owned,
    here: &Here,
    held: &[Followed],
) -> Result<Known> {
    let ready = here.ready(flow, owned).await?;
    let through = through_held(owned, here, &ready, held);
    Ok(Known { ready, through })
}

/// What goes through Git while these are held, or who would not take it up.
pub(super) fn through_held(
    owned: &Owned,
    here: &Here,
    ready: &Ready,
    held: &[Followed],
) -> std::result::Result<Through, Barred> {
    let mut through = here.through(owned, ready, Some(held))?;
    let first = through.followed.first().filter(|first| held.contains(first));
    if let Some(first) = first.filter(|first| through.reader.as_ref() == Some(&first.owner)) {
        through.warnings.push(format!(
            "{} takes values from what it applies itself: its first run once it is let go has the old ones",
            first.name
        ));
    }
    Ok(Through { held: held.to_vec(), settled: Vec::new(), unblocks: false, ..through })
}

fn without_git(held: &[Followed], why: &str) -> Through {
    let warning = format!("Git does not agree yet, and the hold stays until it does: {why}");
    Through { held: held.to_vec(), warnings: vec![warning], ..Through::default() }
}

/// All that the course of it needs.
pub(super) struct Work<'a> {
    pub(super) flow: &'a Flow<'a>,
    /// What the patch alone would be.
    pub(super) direct: &'a Plan,
    /// What was agreed on.
    pub(super) plan: &'a Plan,
    pub(super) held: &'a [Followed],
    pub(super) chain: &'a [Owner],
    pub(super) deadline: Deadline,
}

impl Work<'_> {
    async fn patch(&self, hold: &Hold) -> Result<Box<Answer>> {
        let Self { flow, plan, deadline, .. } = *self;
        let mut live = flow.args.format().listener(flow.app.console, &flow.target);
        let mut listener = flow.app.tracked(&mut *live);
        match execute::patch(flow.cluster, plan, deadline, &mut listener).await {
            Ok(Patched::Accepted(answer)) => Ok(answer),
            Ok(Patched::Stale) => Err(self.let_go_of(self.held, hold, changed(flow)).await),
            // It may be patched: then it must not be undone.
            Err(error) if error.kind() == ErrorKind::Inconclusive => Err(error
                .hint(format!("its owner is held; to go on: {}", self.finish()))
                .hint(format!("to give it up: {}", self.give_up()))),
            Err(error) => Err(self.let_go_of(self.held, hold, error).await),
        }
    }
}
