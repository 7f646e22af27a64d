//! The status of several workloads: one wait for all, one table at the end.

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::target_args::{Wanted, wish};
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

/// Waits for several workloads.
pub(super) async fn run(args: &StatusArgs, app: &App, wanted: &Wanted) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(None, budget.reading()).await?;
    let (wish, everywhere) = match wanted {
        Wanted::One(named) => (wish::named(std::slice::from_ref(named), &cluster), false),
        Wanted::Several(named) => (wish::named(named, &cluster), false),
        Wanted::Selected(selected) => (wish::selected(selected, &cluster), selected.everywhere),
    };
    let keep = |_: &'static dyn Rollbacker, snapshot: Snapshot| snapshot;
    let found = reading::each(&cluster, wish, budget.reading(), keep).await?;
    let (mut items, mut read) = (Vec::new(), Vec::new());
    for one in found {
        let (target, backend) = (one.target, one.backend);
        match one.result {
            Ok(snapshot) => read.push((target, backend, snapshot)),
            Err(error) => items.push(Item { target, seen: Err(error) }),
        }
    }
    let looks: Vec<status::Look<'_>> = read
        .iter()
        .map(|(_, backend, snapshot)| {
            let seconds = rollback::default_timeout(*backend, &snapshot.workload);
            status::Look { backend: *backend, snapshot, deadline: budget.waiting(seconds) }
        })
        .collect();
    let targets = read.iter().map(|(target, ..)| target.clone()).collect();
    let mut board = args.format().listeners(app.console, targets);
    let ends = if args.watch {
        let all = status::wait_all(&cluster, &looks, everywhere, &mut *board).await;
        all.into_iter().map(|waited| (Some(waited.ending.clone()), waited)).collect()
    } else {
        status::once_all(&cluster, &looks, &mut *board).await
    };
    drop(board);
    for ((target, backend, snapshot), (ending, waited)) in read.iter().zip(ends) {
        let status = status::of(*backend, snapshot);
        let seen = match is_pinned_to_another(args, app, &cluster, &status) {
            Some(error) => Err(error),
            None => Ok((status, ending, waited)),
        };
        items.push(Item { target: target.clone(), seen });
    }
    Ok(answer(args, app, &items))
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
