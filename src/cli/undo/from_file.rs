//! Carrying out a plan from a file: the workload is read first, and what stands in the way now is said
//! before anybody is asked.

use crate::app::{App, Budget};
use crate::backend;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::rollback::earlier;
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::revision::RevisionSpec;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::template;
use crate::text::shell_quote;

use super::flow::Flow;
use super::{UndoArgs, plan_check};

/// Carries out a plan from a file.
pub(super) async fn run(args: &UndoArgs, app: &App, plan: Plan) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let backend = backend::by_kind(&plan.target.kind).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("the plan is for a {}", plan.target.kind))
    })?;
    let goes_through_git = plan.is_durable();
    if !goes_through_git {
        plan_check::check(backend, &plan)?;
    }
    let cluster = app.connect(args.expect_context.as_deref(), budget.reading()).await?;
    let target = plan.target.clone();
    app.remember_target(&target);
    let mut request = args.request(app, &cluster);
    request.hints.namespace.clone_from(&target.namespace);
    if goes_through_git {
        request.to = RevisionSpec::parse(&plan.to.hash);
        let told = plan.undo();
        request.reason = told.as_ref().and_then(|undo| undo.reason.clone());
        request.incident = told.and_then(|undo| undo.incident);
    }
    let mut flow = Flow::new(args, app, &cluster, backend, target, request, budget);
    if goes_through_git {
        flow.check_plan(&plan)?;
        flow.expected = Some(Box::new(plan));
        return Box::pin(flow.plan_and_act()).await;
    }
    Box::pin(flow.act_on_file(plan)).await
}

/// Whether a plan that was made anew does in Git, and with the owners, what the one of the file does.
pub(super) fn is_same_in_git(file: &Plan, anew: &Plan) -> bool {
    let in_git = |plan: &Plan| {
        plan.revert().map(|revert| {
            let place = (revert.repository.clone(), revert.branch.clone());
            (place, revert.asked.clone(), revert.reverted.files.clone())
        })
    };
    let owners = |plan: &Plan| {
        let steps = plan.steps.iter();
        let owner = |step: &Step| match &step.action {
            Action::Follow { owner, .. } | Action::Hold { owner, .. } => Some(owner.clone()),
            _ => None,
        };
        steps.filter_map(owner).collect::<Vec<_>>()
    };
    // Where the revert has been pushed meanwhile, the rest is as it was.
    (in_git(file) == in_git(anew) || in_git(anew).is_none()) && owners(file) == owners(anew)
}

impl Flow<'_> {
    async fn act_on_file(&mut self, plan: Plan) -> Result<ExitStatus> {
        self.check_plan(&plan)?;
        let mut plan = earlier::retold(plan, &self.request);
        if !self.args.waits() {
            let is_left_out = |action: &Action| {
                matches!(action, Action::Wait { .. } | Action::StampVerdict { .. })
            };
            plan.steps.retain(|step| !is_left_out(&step.action));
        }
        let snapshot = self.start().await?;
        if plan.is_done_in(&snapshot.workload) {
            return self.join_somebody(&plan, &snapshot).await;
        }
        if !is_planned_for(&plan, &snapshot) {
            return Err(self.stale(&plan));
        }
        earlier::check(self.backend, &snapshot, &self.request, &plan)?;
        // What was seen when it was made says nothing of today.
        let Some((plan, proof)) = self.look(Box::new(plan.clone()), &snapshot).await? else {
            return Err(self.stale(&plan));
        };
        if self.stops_at_plan() {
            return Ok(self.dry_run(&plan));
        }
        self.agree(&plan, None, None).await?;
        if let Some(exit) = self.act(&plan, proof).await? {
            return Ok(exit);
        }
        let snapshot = self.read().await?;
        if plan.is_done_in(&snapshot.workload) {
            return self.join_somebody(&plan, &snapshot).await;
        }
        Err(self.stale(&plan))
    }

    /// A plan goes to the cluster that it was made for, and nowhere else.
    pub(super) fn check_plan(&self, plan: &Plan) -> Result<()> {
        if plan.cluster.server == self.cluster.server() {
            return Ok(());
        }
        let message = format!(
            "the plan was made for {} ({}), and this is {} ({})",
            plan.cluster.context,
            plan.cluster.server,
            self.cluster.context_name(),
            self.cluster.server()
        );
        let context = shell_quote(&plan.cluster.context);
        Err(Error::new(ErrorKind::Refused, message)
            .hint(format!("to use it there: {}", self.command(&format!("--context {context}")))))
    }

    pub(super) fn stale(&self, plan: &Plan) -> Error {
        let reference = self.target.reference();
        let undo = self.request.hints.rb(&format!("undo {}", shell_quote(&reference)));
        Error::new(
            ErrorKind::LostRace,
            format!(
                "the plan is stale: {reference} is not as it was when the plan was made at {}; \
                 nothing was written",
                plan.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            ),
        )
        .hint(format!("to plan again: {undo}"))
    }
}

/// Whether what is live is what the plan leaves.
fn is_planned_for(plan: &Plan, snapshot: &Snapshot) -> bool {
    if let Some((_, uid, fingerprint)) = plan.kept() {
        let live = snapshot.workload.pointer("/spec/template");
        return uid == snapshot.uid()
            && live.is_some_and(|live| template::fingerprint(live) == fingerprint);
    }
    let left = plan.patch_value("test", "/spec/template");
    left.zip(snapshot.workload.pointer("/spec/template"))
        .is_some_and(|(left, live)| template::same(left, live))
}
