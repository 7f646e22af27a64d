//! The status of several workloads: one wait for all, one table at the end.

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::target_args::{Wanted, wish};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::report::json::list::{self, ListDocument};
use crate::report::json::v1::StatusDocument;
use crate::report::{failure, several, status as report};
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::status::Status;
use crate::rollback::model::target::Target;
use crate::rollback::snapshot::many as reading;
use crate::rollback::status::{self, Look};

use super::super::output::Format;
use super::{StatusArgs, exit_status, is_pinned_to_another};

/// One workload: how it does, or why that could not be read.
struct Item {
    target: Target,
    seen: Result<(Status, Option<Ending>, Waited), Error>,
}

/// What was read of one of them, and what a wait needs of that.
struct Read {
    target: Target,
    seen: Result<(Status, Look)>,
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
    // Of a hundred workloads there is no room for all their revisions.
    let keep = |backend: &'static dyn Rollbacker, snapshot: Snapshot| {
        let status = status::of(backend, &snapshot);
        // Nobody waits for a release that is not the one that was asked for.
        match is_pinned_to_another(args, app, &cluster, &status) {
            Some(error) => Err(error),
            None => Ok((status, Look::new(backend, snapshot))),
        }
    };
    let found = reading::each(&cluster, wish, budget.reading(), keep).await;
    let hints = app.hints(&cluster, cluster.namespace());
    let found = found.map_err(|error| args.target.or_in_one_namespace(error, "status", &hints))?;
    let read = found
        .into_iter()
        .map(|one| Read { target: one.target, seen: one.result.and_then(|seen| seen) })
        .collect();
    let items = ends(args, app, &cluster, &budget, everywhere, read).await;
    Ok(answer(args, app, &cluster, &items))
}

/// How each of them ends, in their order.
async fn ends(
    args: &StatusArgs,
    app: &App,
    cluster: &Cluster,
    budget: &Budget,
    everywhere: bool,
    read: Vec<Read>,
) -> Vec<Item> {
    let (mut looks, mut targets, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for one in read {
        let status = one.seen.map(|(status, look)| {
            let deadline = budget.waiting(look.seconds);
            looks.push((look, deadline));
            targets.push(one.target.clone());
            status
        });
        seen.push((one.target, status));
    }
    let mut board = args.format().listeners(app.console, targets);
    let ends: Vec<(Option<Ending>, Waited)> = if args.watch {
        let all = status::wait_all(cluster, &mut looks, everywhere, &mut *board).await;
        all.into_iter().map(|waited| (Some(waited.ending.clone()), waited)).collect()
    } else {
        status::once_all(cluster, &mut looks, &mut *board).await
    };
    drop(board);
    let mut ends = ends.into_iter();
    seen.into_iter()
        .filter_map(|(target, status)| {
            let seen = match status {
                Ok(status) => {
                    let (ending, waited) = ends.next()?;
                    Ok((status, ending, waited))
                }
                Err(error) => Err(error),
            };
            Some(Item { target, seen })
        })
        .collect()
}

fn answer(args: &StatusArgs, app: &App, cluster: &Cluster, items: &[Item]) -> ExitStatus {
    let exit_of = |item: &Item| match &item.seen {
        Ok((status, ending, _)) => exit_status(status, ending.as_ref()),
        Err(error) => error.kind().exit_status(),
    };
    let exit = items.iter().map(exit_of).fold(ExitStatus::Success, ExitStatus::worst);
    let bad = items.iter().filter(|item| exit_of(item) != ExitStatus::Success);
    let bad: Vec<&Target> = bad.map(|item| &item.target).collect();
    if !bad.is_empty() {
        let names = several::names(bad.iter().copied()).join(", ");
        app.story().say(format!("{} of {} are not well: {names}", bad.len(), items.len()));
    }
    let text = match args.format() {
        Format::Name => items.iter().map(|item| format!("{}\n", item.target.qualified())).collect(),
        format => format
            .document_of(|| ListDocument::new(items.iter().map(document).collect(), exit))
            .unwrap_or_else(|| table(app, items)),
    };
    app.console.answer(&text);
    let marks = app.console.marks;
    for item in items {
        if let Ok((status, ..)) = &item.seen {
            let hints = app.hints(cluster, &item.target.namespace);
            if let Some(lines) = report::held(status, &hints, marks) {
                app.console.error(&lines);
            }
        }
        match &item.seen {
            Err(error) => app.console.error(&failure::error(error, marks)),
            // A row has no room for last words.
            Ok((status, Some(ending), waited)) if ending.exit_status() != ExitStatus::Success => {
                let hints = app.hints(cluster, &item.target.namespace);
                app.console.error(&report::ending(status, waited, &hints, marks));
            }
            Ok(_) => {}
        }
    }
    exit
}

fn document(item: &Item) -> serde_json::Value {
    match &item.seen {
        Ok((status, ending, waited)) => {
            let result = ending.as_ref().map_or("inProgress", Ending::word);
            let exit = exit_status(status, ending.as_ref());
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
