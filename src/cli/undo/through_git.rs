//! An undo of what somebody takes from Git: found there, shown, reverted there, and followed until it
//! runs.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::cli::config_file;
use crate::cli::git::host::{Advised, Host};
use crate::cli::git::identity;
use crate::cli::git::progress::during;
use crate::cli::git::push::Push;
use crate::cluster::Deadline;
use crate::config::GitSettings;
use crate::durable::arrive::{self, Arriving, Course, arrive};
use crate::durable::origin::{self, Access, Asked, Found, Origin, OwnerRead, Settled};
use crate::durable::owners::{self, InTheWay};
use crate::durable::plan::{self, Followed, Through};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::git::Oid;
use crate::git::commit::message::Style;
use crate::report::revert as report;
use crate::revert::ground::Ground;
use crate::revert::land::By;
use crate::revert::plan::{Decision, Terms};
use crate::rollback::execute::live::{self, Proof, Recorded};
use crate::rollback::model::change_request::RequestState;
use crate::rollback::model::decision::Owned;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::outcome::{Ending, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::rollback::model::snapshot::Snapshot;
use crate::terminal::ci;
use crate::text::shell_quote;

use super::flow::Flow;
use super::show;

/// Does it, from a decision to its end.
pub(super) async fn run(
    flow: &mut Flow<'_>,
    owned: Owned,
    snapshot: &Snapshot,
) -> Result<ExitStatus> {
    let folder = std::env::current_dir().map_err(|error| {
        let message = "cannot tell the working directory: it may be gone";
        Error::new(ErrorKind::Usage, message).because(error).hint("go to one that is there: cd ~")
    })?;
    let settings = config_file::git_settings(flow.args.proof.config.as_deref())?;
    let deadline = flow.budget.reading();
    let chain = owners::read(flow.cluster, &snapshot.owners, deadline).await?;
    let here = Here { folder, settings, owners: chain };
    let found = here.find(flow, &owned, deadline).await?;
    let ready = match found {
        Found::Origin(origin) => {
            here.reverted(flow, *origin, &owned.direct.to.images, deadline).await?
        }
        Found::Nothing(settled) => {
            let Settled { ground, owner, tip, evidence, .. } = *settled;
            Ready::held(ground, owner, tip, evidence)
        }
        Found::Refused(error) => return Err(with_ways(error, flow, &owned)),
    };
    here.go_on(flow, owned, ready, snapshot).await
}

/// Where it is done from.
struct Here {
    folder: PathBuf,
    settings: GitSettings,
    owners: Vec<OwnerRead>,
}

/// What is to be carried out.
struct Ready {
    ground: Ground,
    /// Who renders it: its place among the owners.
    owner: usize,
    /// What is reverted, and how the commit is made; `None`: the branch holds it already.
    revert: Option<(Box<RevertPlan>, String, By, Host)>,
    /// The commit that holds it, where that is so.
    commit: Option<Oid>,
    /// The files that it is about.
    files: Vec<GitPath>,
    notes: Vec<String>,
}

impl Ready {
    fn held(ground: Ground, owner: usize, commit: Oid, notes: Vec<String>) -> Self {
        let (revert, files) = (None, Vec::new());
        Self { ground, owner, revert, commit: Some(commit), files, notes }
    }
}

impl Here {
    async fn find(&self, flow: &Flow<'_>, owned: &Owned, deadline: Deadline) -> Result<Found> {
        let (from, to) = (&owned.direct.from, &owned.direct.to);
        let label = to.label();
        let asked = Asked {
            live: &from.images,
            good: &to.images,
            revision: &label,
            created: owned.created,
            only_images: owned.only_images,
        };
        let access = Access {
            folder: &self.folder,
            interactive: flow.app.console.can_prompt,
            until: deadline.instant(),
            rewrites: &self.settings.rewrite,
        };
        let (app, format) = (flow.app, flow.args.format());
        during(app, format, "looks in Git for what brought it", async |progress| {
            origin::find(&self.owners, &asked, &access, progress).await
        })
        .await
    }

    /// Plans the revert, and asks the host meanwhile how it gets onto the branch.
    async fn reverted(
        &self,
        flow: &Flow<'_>,
        mut origin: Origin,
        good: &[ContainerImage],
        deadline: Deadline,
    ) -> Result<Ready> {
        let by = identity::by(&origin.ground.config, &self.folder)?;
        let terms = self.terms(flow, &by);
        let (url, branch) = (origin.ground.remote.url().clone(), origin.ground.branch.clone());
        let name = self.owners.get(origin.owner).map(|read| read.owner.name.clone());
        let name = name.unwrap_or_default();
        let (args, app, format) = (&flow.args.request, flow.app, flow.args.format());
        let (made, (host, advised)) =
            during(app, format, "plans the revert", async |progress| {
                tokio::join!(
                    origin::plan(&mut origin, &name, &terms, good, Timestamp::now(), progress),
                    Host::ask(args, &url, branch.as_str(), None, deadline),
                )
            })
            .await;
        let owner = origin.owner;
        match made? {
            Decision::Revert(plan, shown) => {
                let Advised { way, notes } = advised?;
                let files = plan.reverted.files.iter().map(|file| file.path.clone()).collect();
                let plan = Box::new(RevertPlan { way, ..*plan });
                let notes = [notes, plan.warnings.clone()].concat();
                let revert = Some((plan, shown, by, host));
                Ok(Ready { ground: origin.ground, owner, revert, commit: None, files, notes })
            }
            Decision::Nothing(nothing) => {
                let commit = nothing.commit.as_deref().and_then(|id| Oid::from_str(id).ok());
                let notes = vec![nothing.message];
                let commit = commit.unwrap_or(origin.tip);
                Ok(Ready::held(origin.ground, owner, commit, notes))
            }
            Decision::Blocked(blocked, error) => {
                let marks = flow.app.console.marks;
                flow.app.console.error(&report::conflicts(&blocked.conflicts, marks));
                Err(error)
            }
        }
    }

    fn terms(&self, flow: &Flow<'_>, by: &By) -> Terms {
        let style = match &self.settings.message {
            Some(template) => Style::Template(template.clone()),
            None => Style::Git,
        };
        Terms {
            reason: flow.request.reason.clone(),
            incident: flow.request.incident.clone(),
            by: flow.app.actor(&by.author.to_string()),
            style,
            sign_off: self.settings.sign_off.then(|| by.committer.clone()),
        }
    }

    async fn go_on(
        self,
        flow: &mut Flow<'_>,
        owned: Owned,
        mut ready: Ready,
        snapshot: &Snapshot,
    ) -> Result<ExitStatus> {
        let Some((direct, _)) = flow.look(owned.direct, snapshot).await? else {
            return Err(changed(flow));
        };
        let mut plan = Box::new(self.plan(*direct, &ready)?);
        // Of rights to patch it directly nothing depends.
        plan.checks.retain(|check| check.id != "rbac");
        flow.app.story().planned(&plan, &flow.request, Some(snapshot));
        if let Some((revert, ..)) = &ready.revert {
            flow.app.story().revert_planned(revert);
        }
        flow.write_plan_file(&plan)?;
        if flow.stops_at_plan() {
            return Ok(flow.dry_run(&plan));
        }
        flow.agree(&plan, None, None).await?;
        let demand = flow.configuration.demand(flow.args.proof.demand_at_once(), snapshot)?;
        let proof = Proof {
            demand,
            hints: flow.request.hints.clone(),
            stamps: flow.args.proof.stamps(),
        };
        let proof = flow.args.waits().then_some(proof);
        let outcome = carry_out(flow, &plan, &mut ready, proof).await?;
        show::done(flow.args, flow.app, &plan, &outcome, &flow.request.hints);
        Ok(outcome.exit_status())
    }

    fn plan(&self, direct: Plan, ready: &Ready) -> Result<Plan> {
        let between = self.owners.get(..=ready.owner).unwrap_or(&self.owners);
        let mut through = Through {
            revert: ready.revert.as_ref().map(|(plan, ..)| plan.clone()),
            commit: ready.commit.map(|commit| commit.to_string()),
            warnings: ready.notes.clone(),
            ..Through::default()
        };
        for owner in owners::that_bring_it(between) {
            let Some(object) = owner.owner.object.clone() else { continue };
            let name = owner.owner.name.clone();
            let InTheWay { settles, words, suspended } = owners::in_the_way(owner);
            if let Some(by) = suspended {
                return Err(is_suspended(&name, &by));
            }
            through.unblocks |= object.kind == "Kustomization";
            let followed = Followed { owner: object, name };
            if settles {
                through.settled.push(followed.clone());
            } else if let Some(words) = words {
                through.warnings.push(format!("{} {words}", followed.name));
            }
            through.followed.push(followed);
        }
        Ok(plan::plan(direct, through))
    }
}

/// Records, pushes, and follows until it runs.
async fn carry_out(
    flow: &Flow<'_>,
    plan: &Plan,
    ready: &mut Ready,
    proof: Option<Proof>,
) -> Result<Outcome> {
    let status = format!("status {}", shell_quote(&flow.target.reference()));
    flow.app.remember_status(flow.request.hints.rb(&status));
    let deadline = flow.budget.waiting(plan.seconds());
    let mut course = Course::default();
    match live::record(flow.cluster, plan, deadline).await {
        Recorded::Done(written) => course.written.extend(written),
        Recorded::NotDone(why) => {
            flow.app.console.note(&format!("  warning: {}\n", flow.app.console.marks.foreign(&why)));
            course.warnings.push(why);
        }
        Recorded::Stale => return Err(changed(flow)),
    }
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
                waited: Waited::ended(ending),
                verification: None,
                reverted: Some(reverted),
            });
        }
    };
    let mut live = flow.args.format().listener(flow.app.console, &flow.target);
    let arriving = Arriving {
        cluster: flow.cluster,
        backend: flow.backend,
        plan,
        ground: &mut ready.ground,
        commit,
        files: &ready.files,
        deadline,
        proof,
    };
    let outcome = arrive(arriving, course, &mut *live).await;
    Ok(Outcome { reverted, ..outcome })
}

/// What pushing came to.
enum Pushed {
    /// The branch has this commit; with what was done for it, if anything was.
    Commit(Oid, Option<Box<RevertOutcome>>),
    /// Somebody has to merge it first.
    Waits(Ending, Box<RevertOutcome>),
}

async fn push(flow: &Flow<'_>, ready: &mut Ready, course: &mut Course) -> Result<Pushed> {
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
    app.console.note(&report::done(&outcome, marks));
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

fn changed(flow: &Flow<'_>) -> Error {
    let reference = flow.target.reference();
    let message = format!(
        "{reference} changed between the plan and the first write: nothing was pushed, and nothing \
         else was written"
    );
    Error::new(ErrorKind::LostRace, message)
        .hint(format!("to plan again: {}", flow.command("")))
}

fn is_suspended(name: &str, by: &str) -> Error {
    let message = format!("{name} takes nothing up from Git: {by}");
    Error::new(ErrorKind::Refused, message)
        .hint("resume it first, then it brings the commit; or patch the workload: add --direct")
}

/// What can be done where Git is no way.
fn with_ways(error: Error, flow: &Flow<'_>, owned: &Owned) -> Error {
    let reference = shell_quote(&flow.target.reference()).into_owned();
    let to = shell_quote(&owned.direct.to.hash).into_owned();
    let direct = flow.request.hints.rb(&format!("undo {reference} --direct --to-revision={to}"));
    error.hint(format!("to patch it all the same: {direct}"))
}
