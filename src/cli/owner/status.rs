//! `rb status app/NAME`: how an owner does, and how its workloads do.

use std::time::{Duration, Instant};

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::output::Format;
use crate::cli::target_args::owner::NamedOwner;
use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::reconciler::follow::settle::{self, Settled};
use crate::reconciler::read_owner::{self, Known};
use crate::report::json::owner::OwnerStatusDocument;
use crate::report::owner_status as report;
use crate::rollback::model::deployed::OwnerState;
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::owner_status::{Objects, OwnerStatus, WorkloadStatus};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::status::Status;
use crate::rollback::model::target::Target;
use crate::rollback::snapshot::many::{self as reading, Wish};
use crate::rollback::status::{self, Look};

use super::{Found, cluster_ref, find, workloads};

/// For how long an owner is waited for by default, in seconds.
const PATIENCE: u64 = 600;
/// For how long workloads are read.
const READING: Duration = Duration::from_secs(30);
/// For how long what an owner says may be about what was there before.
const STALE: Duration = Duration::from_secs(30);
/// Workloads that are looked at.
const MOST: usize = 50;

/// What the command line says.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Asked {
    pub(in crate::cli) watch: bool,
    pub(in crate::cli) timeout: Option<Duration>,
    pub(in crate::cli) revision: Option<i64>,
    pub(in crate::cli) format: Format,
}

/// Shows it, and waits for it where that was asked for.
pub(in crate::cli) async fn run(
    app: &App,
    named: NamedOwner<'_>,
    asked: Asked,
) -> Result<ExitStatus> {
    if asked.revision.is_some_and(|revision| revision != 0) {
        let message = "--revision is about a revision of a workload";
        return Err(Error::new(ErrorKind::Usage, message).hint("leave it out for an owner"));
    }
    let started = Instant::now();
    let budget = Budget::start(asked.timeout);
    let cluster = app.connect(None, budget.reading()).await?;
    let mut found = find(app, &cluster, named, "status", budget.reading()).await?;
    let mut known = read_owner::read(&cluster, found.kind, &found.object, budget.reading()).await;
    let read_at = jiff::Timestamp::now();
    let marks = app.console.marks;
    let head = |known: &Known, target: &Target| {
        let hold = known.hold.as_deref();
        report::heading(target, &known.owners, &known.standing, hold, read_at, marks)
    };
    if asked.format.is_human() {
        app.console.answer(&head(&known, &found.target));
    }
    let mut gaps = Vec::new();
    let deadline = budget.waiting(PATIENCE);
    if asked.watch {
        let before = known.standing.summary.clone();
        wait(&cluster, &mut found, &mut known, deadline, &mut gaps).await?;
        if asked.format.is_human() && known.standing.summary != before {
            let words = format!("  {:<8} it {}\n", "then", marks.foreign(&known.standing.summary));
            app.console.answer(&words);
        }
    }
    let status = Reading { app, cluster: &cluster, asked, deadline, started, read_at };
    let status = status.look(found, known, gaps).await?;
    let exit = status.exit_status();
    if exit != ExitStatus::Success {
        let words = format!("{} {}", status.target.reference(), status.standing.summary);
        app.story().say(marks.foreign(&words));
    }
    app.console.answer(&answer(asked.format, app, &status));
    Ok(exit)
}

/// What a status is read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) app: &'a App,
    pub(super) cluster: &'a Cluster,
    pub(super) asked: Asked,
    pub(super) deadline: Deadline,
    pub(super) started: Instant,
    pub(super) read_at: jiff::Timestamp,
}

impl Reading<'_> {
    /// Looks at its workloads, or waits for them.
    async fn look(&self, found: Found, known: Known, mut gaps: Vec<String>) -> Result<OwnerStatus> {
        let (objects, workloads) = self.workloads(&found, &mut gaps).await?;
        Ok(self.status(found, known, objects, workloads, gaps))
    }

    /// After it was brought to a commit: first its workloads are waited for, then what it says of them,
    /// which may be some seconds old.
    pub(super) async fn after(&self, mut found: Found, mut known: Known) -> Result<OwnerStatus> {
        let mut gaps = Vec::new();
        let (mut objects, workloads) = self.workloads(&found, &mut gaps).await?;
        if self.asked.watch {
            wait(self.cluster, &mut found, &mut known, self.deadline, &mut gaps).await?;
            self.catch_up(&mut found, &mut known).await;
        }
        objects.bad = found.kind.listed(&found.object).iter().filter(|one| one.is_bad).count();
        Ok(self.status(found, known, objects, workloads, gaps))
    }

    /// What says that something is wrong may be about what was there before.
    async fn catch_up(&self, found: &mut Found, known: &mut Known) {
        let kind = found.kind;
        let Some(address) = kind.reconciler().address(&found.target) else { return };
        let is_well = |object: &serde_json::Value| {
            kind.standing(object, &crate::facts::Facts::default()).state == OwnerState::Healthy
        };
        if known.standing.state == OwnerState::Healthy {
            return;
        }
        let soon = within(self.deadline, STALE);
        if let Settled::So(object) =
            settle::until(self.cluster, &address, &found.object, soon, is_well).await
        {
            found.object = *object;
            *known = read_owner::read(self.cluster, kind, &found.object, self.deadline).await;
        }
    }

    async fn workloads(
        &self,
        found: &Found,
        gaps: &mut Vec<String>,
    ) -> Result<(Objects, Vec<WorkloadStatus>)> {
        let listed = found.kind.listed(&found.object);
        let mut all = workloads(&listed);
        let count = all.len();
        if let Some(why) = found.kind.elsewhere(&found.object) {
            gaps.push(format!("its workloads were not looked at: {why}"));
            all.clear();
        }
        all.truncate(MOST);
        let objects = Objects {
            listed: listed.len(),
            bad: listed.iter().filter(|one| one.is_bad).count(),
            workloads: count,
            not_looked_at: count - all.len(),
        };
        let Self { app, cluster, asked, deadline, .. } = *self;
        Ok((objects, looked(app, cluster, asked, all, deadline).await?))
    }

    fn status(
        &self,
        found: Found,
        known: Known,
        objects: Objects,
        workloads: Vec<WorkloadStatus>,
        gaps: Vec<String>,
    ) -> OwnerStatus {
        OwnerStatus {
            read_at: self.read_at,
            cluster: cluster_ref(self.cluster),
            target: found.target,
            owners: known.owners,
            standing: known.standing,
            hold: known.hold,
            objects,
            workloads,
            was_waited: self.asked.watch,
            is_left_behind: false,
            undone: None,
            stopped: None,
            milliseconds: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            gaps,
        }
    }
}

/// Waits until it does nothing more by itself. What it is then is read anew: its source may have
/// something newer already.
async fn wait(
    cluster: &Cluster,
    found: &mut Found,
    known: &mut Known,
    deadline: Deadline,
    gaps: &mut Vec<String>,
) -> Result<()> {
    let kind = found.kind;
    let Some(address) = kind.reconciler().address(&found.target) else { return Ok(()) };
    while !known.standing.state.is_settled() {
        let is_settled = |object: &serde_json::Value| {
            kind.standing(object, &crate::facts::Facts::default()).state.is_settled()
        };
        match settle::until(cluster, &address, &found.object, deadline, is_settled).await {
            Settled::So(object) => found.object = *object,
            Settled::TimedOut => {
                gaps.push("it was not done in time".to_owned());
                return Ok(());
            }
            Settled::Lost(error) => {
                gaps.push(format!("it cannot be watched any longer: {error}"));
                return Ok(());
            }
            Settled::Gone => {
                let message = format!("{} was deleted meanwhile", found.target.reference());
                return Err(Error::new(ErrorKind::NotFound, message));
            }
        }
        *known = read_owner::read(cluster, kind, &found.object, deadline).await;
    }
    Ok(())
}

/// So long from now, and not longer than the whole.
fn within(whole: Deadline, part: Duration) -> Deadline {
    let left = whole.instant().saturating_duration_since(tokio::time::Instant::now());
    Deadline::after(left.min(part))
}

/// How the workloads do: one look, or a wait with what is left of the time.
async fn looked(
    app: &App,
    cluster: &Cluster,
    asked: Asked,
    all: Vec<(&'static dyn Rollbacker, Target)>,
    deadline: Deadline,
) -> Result<Vec<WorkloadStatus>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let keep = |backend: &'static dyn Rollbacker, snapshot: Snapshot| {
        (status::of(backend, &snapshot), Look::new(backend, snapshot))
    };
    let found = reading::each(cluster, Wish::Named(all), within(deadline, READING), keep).await?;
    let (mut looks, mut targets, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for one in found {
        let status: Result<Status> = one.result.map(|(status, look)| {
            looks.push((look, deadline));
            targets.push(one.target.clone());
            status
        });
        seen.push((one.target, status));
    }
    let mut board = asked.format.listeners(app.console, targets);
    let ends: Vec<(Option<Ending>, Waited)> = if asked.watch {
        let all = status::wait_all(cluster, &mut looks, false, &mut *board).await;
        all.into_iter().map(|waited| (Some(waited.ending.clone()), waited)).collect()
    } else {
        status::once_all(cluster, &mut looks, &mut *board).await
    };
    drop(board);
    let mut ends = ends.into_iter();
    let one = |(target, status): (Target, Result<Status>)| {
        let seen = match status {
            Ok(status) => {
                let (ending, waited) = ends.next()?;
                Ok((status, ending, waited))
            }
            Err(error) => Err(error),
        };
        Some(WorkloadStatus { target, seen })
    };
    Ok(seen.into_iter().filter_map(one).collect())
}

pub(super) fn answer(format: Format, app: &App, status: &OwnerStatus) -> String {
    if let Some(document) = format.document(&OwnerStatusDocument::new(status)) {
        return document;
    }
    match format {
        Format::Name => format!("{}\n", status.target.qualified()),
        _ => report::ending(status, app.console.marks),
    }
}
