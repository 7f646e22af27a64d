//! The histories of several workloads, one after the other.

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::output::Format;
use crate::cli::target_args::{Wanted, wish};
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::report::json::list::{self, ListDocument};
use crate::report::json::v1::HistoryDocument;
use crate::report::{failure, history as report};
use crate::rollback::history;
use crate::rollback::model::history::History;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::{Kind, Target};
use crate::rollback::snapshot::many as reading;

use super::{HistoryArgs, answer, row_of};

struct Item {
    target: Target,
    stores: &'static Kind,
    read: Result<History, Error>,
}

/// Shows several histories.
pub(super) async fn run(args: &HistoryArgs, app: &App, wanted: &Wanted) -> Result<ExitStatus> {
    let budget = Budget::start(None);
    let cluster = app.connect(None, budget.reading()).await?;
    let wish = match wanted {
        Wanted::One(named) => wish::named(std::slice::from_ref(named), &cluster),
        Wanted::Several(named) => wish::named(named, &cluster),
        Wanted::Selected(selected) => wish::selected(selected, &cluster),
    };
    let keep = |backend: &'static dyn Rollbacker, snapshot: Snapshot| {
        let history = history::of(backend, &snapshot);
        // Of a hundred workloads there is no room for templates that nobody asked for.
        if super::asked(args).is_some() { history } else { history.without_templates() }
    };
    let found = reading::each(&cluster, wish, budget.reading(), keep).await;
    let hints = app.hints(&cluster, cluster.namespace());
    let found = found.map_err(|error| args.target.or_in_one_namespace(error, "history", &hints))?;
    let items: Vec<Item> = found
        .into_iter()
        .map(|one| {
            let hints = app.hints(&cluster, &one.target.namespace);
            let has_row =
                |history: History| row_of(args, &history, &hints).map(|_| ()).map(|()| history);
            Item {
                target: one.target,
                stores: one.backend.stores(),
                read: one.result.and_then(has_row),
            }
        })
        .collect();
    Ok(show(args, app, &items))
}

fn show(args: &HistoryArgs, app: &App, items: &[Item]) -> ExitStatus {
    let exit = items
        .iter()
        .filter_map(|item| Some(item.read.as_ref().err()?.kind().exit_status()))
        .fold(ExitStatus::Success, ExitStatus::worst);
    let document = |item: &Item| match &item.read {
        Ok(history) => {
            let row = super::find_asked(args, history);
            let document = HistoryDocument::new(history, row, args.show_values);
            serde_json::to_value(document).unwrap_or_default()
        }
        Err(error) => list::failed(&item.target, error),
    };
    let list = || ListDocument::new(items.iter().map(document).collect(), exit);
    let text = args.format().document_of(list).unwrap_or_else(|| {
        let blocks: Vec<String> = items.iter().filter_map(|item| block(args, app, item)).collect();
        blocks.join(if args.format() == Format::Name { "" } else { "\n" })
    });
    app.console.answer(&text);
    for item in items {
        if let Err(error) = &item.read {
            app.console.error(&failure::error(error, app.console.marks));
        }
    }
    exit
}

fn block(args: &HistoryArgs, app: &App, item: &Item) -> Option<String> {
    let history = item.read.as_ref().ok()?;
    let row = super::find_asked(args, history);
    let heading = match (args.format(), row) {
        (Format::Name, _) | (_, Some(_)) => String::new(),
        _ => report::heading(&item.target, app.console.marks),
    };
    Some(heading + &answer(args, app, item.stores, history, row))
}
