//! The status of several workloads: one wait for all, one table at the end.

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::target_args::{Wanted, wish};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::report::json::list::{self, ListDocument};
use crate::report::json::v1::StatusDocument;
use crate::report::{failure, several};
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::status::Status;
use crate::rollback::model::target::Target;
use crate::rollback::snapshot::many as reading;
use crate::rollback::{self, status};

use super::super::output::Format;
use super::{StatusArgs, exit_status, is_pinned_to_another};

/// One workload: how it does, or why that could not be read.
struct Item {
    target: Target,
    seen: Result<(Status, Option<Ending>, Waited), Error>,
}

/// What was read of one of them.
struct Read {
    target: Target,
    backend: &'static dyn Rollbacker,
    snapshot: Result<Snapshot>,
}

/// Waits for several workloads.
pub(super) async fn run(args: &StatusArgs, app: &App, which: &Wanted) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(None, budget.reading()).await?;
    let (wish, everywhere) = match which {
        Wanted::One(named) => (wish::named(std::slice::from_ref(named), &cluster), false),
        Wanted::Several(named) => (wish::named(named, &cluster), false),
        Wanted::Selected(selected) => (wish::selected(selected, &cluster), selected.everywhere),
    };
    let keep = |_: &'static dyn Rollbacker, snapshot: Snapshot| snapshot;
    let found = reading::each(&cluster, wish, budget.reading(), keep).await;
    let hints = app.hints(&cluster, cluster.namespace());
    let found = found.map_err(|error| args.target.or_in_one_namespace(error, "status", &hints))?;
    let read: Vec<Read> = found
        .into_iter()
        .map(|one| {
            let (target, backend) = (one.target, one.backend);
            let snapshot = one.result.and_then(|snapshot| {
                // Nobody waits for a release that is not the one that was asked for.
                let status = status::of(backend, &snapshot);
                let other = is_pinned_to_another(args, app, &cluster, &status);
                other.map_or(Ok(snapshot), Err)
            });
            Read { target, backend, snapshot }
        })
        .collect();
    let ends = ends(args, app, &cluster, &budget, everywhere, &read).await;
    let mut ends = ends.into_iter();
    let items: Vec<Item> = read
        .into_iter()
        .filter_map(|Read { target, backend, snapshot }| {
            let seen = match snapshot {
                Ok(snapshot) => {
                    let (ending, waited) = ends.next()?;
                    Ok((status::of(backend, &snapshot), ending, waited))
                }
                Err(error) => Err(error),
            };
            Some(Item { target, seen })
        })
        .collect();
    Ok(answer(args, app, &items))
}

/// How those that could be read end, in their order.
async fn ends(
    args: &StatusArgs,
    app: &App,
    cluster: &Cluster,
    budget: &Budget,
    everywhere: bool,
    read: &[Read],
) -> Vec<(Option<Ending>, Waited)> {
    let (mut looks, mut targets) = (Vec::new(), Vec::new());
    for Read { target, backend, snapshot } in read {
        if let Ok(snapshot) = snapshot {
            let seconds = rollback::default_timeout(*backend, &snapshot.workload);
            let deadline = budget.waiting(seconds);
            looks.push(status::Look { backend: *backend, snapshot, deadline });
            targets.push(target.clone());
        }
    }
    let mut board = args.format().listeners(app.console, targets);
    if !args.watch {
        return status::once_all(cluster, &looks, &mut *board).await;
    }
    let all = status::wait_all(cluster, &looks, everywhere, &mut *board).await;
    all.into_iter().map(|waited| (Some(waited.ending.clone()), waited)).collect()
}

fn answer(args: &StatusArgs, app: &App, items: &[Item]) -> ExitStatus {
    let exit_of = |item: &Item| match &item.seen {
        Ok((_, ending, _)) => exit_status(ending.as_ref()),
        Err(error) => error.kind().exit_status(),
    };
    let exit = items.iter().map(exit_of).fold(ExitStatus::Success, ExitStatus::worst);
    let text = match args.format() {
        Format::Name => items.iter().map(|item| format!("{}\n", item.target.qualified())).collect(),
        format => format
            .document_of(|| ListDocument::new(items.iter().map(document).collect(), exit))
            .unwrap_or_else(|| table(app, items)),
    };
    app.console.answer(&text);
    for item in items {
        if let Err(error) = &item.seen {
            app.console.error(&failure::error(error, app.console.marks));
        }
    }
    exit
}

fn document(item: &Item) -> serde_json::Value {
    match &item.seen {
        Ok((status, ending, waited)) => {
            let result = ending.as_ref().map_or("inProgress", Ending::word);
            let exit = exit_status(ending.as_ref());
            let document = StatusDocument::new(status, waited, result, exit);
            serde_json::to_value(document).unwrap_or_default()
        }
        Err(error) => list::failed(&item.target, error),
    }
}

fn table(app: &App, items: &[Item]) -> String {
    let rows: Vec<several::StatusRow<'_>> = items
        .iter()
        .map(|item| several::StatusRow {
            target: &item.target,
            seen: item
                .seen
                .as_ref()
                .map(|(status, ending, waited)| (status, ending.as_ref(), waited)),
        })
        .collect();
    several::statuses(&rows, app.console.marks)
}
