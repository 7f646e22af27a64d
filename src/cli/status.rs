//! `rb status`: is the rollout done, and if not, why.

mod holds;
mod many;

use std::time::Duration;

use clap::{ArgAction, Args};

use crate::app::{App, Budget};
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::json::v1::StatusDocument;
use crate::report::status as report;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::status::Status;
use crate::rollback::{self, snapshot, status};
use crate::text::shell_quote;

use super::duration;
use super::output::{Format, StatusFormat};
use super::owner;
use super::target_args::{Named, TargetArgs, Wanted};

/// Show how a rollout does, and wait until it is done
///
/// Says what `kubectl rollout status` says, and which pod fails and why. Ends with 0 when the
/// rollout is done, 5 when it did not get there in time, 6 when its pods fail; with --watch=false
/// also with 7 when it is still under way. Ends with 11 while a hold of rb is open on an owner.
///
/// Of an Argo CD Application, a Flux Kustomization or Helm release (app/NAME, ks/NAME, hr/NAME): how it
/// does itself and how its workloads do, with the same codes; 5 also where it does nothing by itself to
/// get what it wants.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  rb status deploy/checkout -n shop
  rb status deploy/checkout --watch=false      one look, no waiting
  rb status deploy/checkout --timeout=60s -o json
  rb status --holds -A                         which owners rb has turned off and not on again
  rb status app/checkout                       an Argo CD Application and its workloads
  rb status ks/apps -n flux-system             a Flux Kustomization; hr/NAME: a HelmRelease
")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    target: TargetArgs,

    /// The holds that are open, instead of a workload: in the namespace, or with -A in all of them
    #[arg(long, conflicts_with_all = ["words", "selector", "all", "filename", "revision"])]
    holds: bool,

    /// Wait until the rollout is done
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    watch: bool,

    /// Only while this revision is live; 0: whichever is
    #[arg(long, value_name = "NUMBER")]
    revision: Option<i64>,

    /// How long to wait in all; default: the workload's progress deadline and 30 s; 0: no limit
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<StatusFormat>,
}

impl StatusArgs {
    pub(super) fn format(&self) -> Format {
        self.output.map(Format::from).unwrap_or_default()
    }
}

pub(super) async fn run(args: &StatusArgs, app: &App) -> Result<ExitStatus> {
    if args.holds {
        return Box::pin(holds::run(args, app)).await;
    }
    if let Some(owner) = args.target.owner(app)? {
        let asked = owner::status::Asked {
            watch: args.watch,
            timeout: args.timeout,
            revision: args.revision,
            format: args.format(),
        };
        return Box::pin(owner::status::run(app, owner, asked)).await;
    }
    match args.target.parse(app)? {
        Wanted::One(named) => one(args, app, &named).await,
        wanted => Box::pin(many::run(args, app, &wanted)).await,
    }
}

async fn one(args: &StatusArgs, app: &App, named: &Named) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(None, budget.reading()).await?;
    let target = named.in_namespace(cluster.namespace());
    app.remember_target(&target);
    let backend = named.backend;
    let snapshot = snapshot::take(&cluster, backend, &target, budget.reading()).await?;
    let status = status::of(backend, &snapshot);
    if let Some(error) = is_pinned_to_another(args, app, &cluster, &status) {
        return Err(error);
    }
    if args.format().is_human() {
        let hints = app.hints(&cluster, &target.namespace);
        app.console.answer(&report::heading(&status, &hints, app.console.marks));
    }
    let mut live = args.format().listener(app.console, &target);
    let (ending, waited) = if args.watch {
        let seconds = rollback::default_timeout(backend, &snapshot.workload);
        let deadline = budget.waiting(seconds);
        let waited = status::wait(&cluster, backend, &snapshot, deadline, &mut *live).await;
        (Some(waited.ending.clone()), waited)
    } else {
        status::once(&cluster, backend, &snapshot, budget.reading(), &mut *live).await
    };
    drop(live);
    let exit = exit_status(&status, ending.as_ref());
    if exit != ExitStatus::Success {
        let marks = app.console.marks;
        app.story().say(report::sentence(&status, ending.as_ref(), &waited, marks));
    }
    let hints = app.hints(&cluster, &target.namespace);
    app.console.answer(&answer(args, app, &status, ending.as_ref(), &waited, &hints));
    Ok(exit)
}

/// With `--revision`: the error where another one is live.
fn is_pinned_to_another(
    args: &StatusArgs,
    app: &App,
    cluster: &Cluster,
    status: &Status,
) -> Option<Error> {
    let wanted = args.revision.filter(|wanted| *wanted != 0)?;
    if status.live.revision == Some(wanted) {
        return None;
    }
    let reference = status.target.reference();
    let history = format!("history {}", shell_quote(&reference));
    let history = app.hints(cluster, &status.target.namespace).rb(&history);
    let message = format!("{reference} runs {} and not revision {wanted}", status.live.label());
    Some(Error::new(ErrorKind::Inconclusive, message).hint(format!("to see them: {history}")))
}

fn answer(
    args: &StatusArgs,
    app: &App,
    status: &Status,
    ending: Option<&Ending>,
    waited: &Waited,
    hints: &Hints,
) -> String {
    let exit = exit_status(status, ending);
    let result = ending.map_or("inProgress", Ending::word);
    let document = StatusDocument::new(status, waited, result, exit);
    match args.format() {
        Format::Name => format!("{}\n", status.target.qualified()),
        format => format
            .document(&document)
            .unwrap_or_else(|| report::ending(status, waited, hints, app.console.marks)),
    }
}

/// As after an undo, but nothing was applied: an object that is gone does not exist. An open hold counts,
/// however well the rollout does.
fn exit_status(status: &Status, ending: Option<&Ending>) -> ExitStatus {
    let exit = match ending {
        None => ExitStatus::Inconclusive,
        Some(Ending::Deleted) => ExitStatus::NotFound,
        Some(ending) => ending.exit_status(),
    };
    if status.holds().next().is_some() { exit.worst(ExitStatus::Held) } else { exit }
}
