//! `rb status --holds`: the holds that nobody has released, wherever they are.

use jiff::Timestamp;

use crate::app::{App, Budget};
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::reconciler::hold;
use crate::report::holds as report;
use crate::report::json::holds::HoldsDocument;
use crate::rollback::model::target::ClusterRef;

use super::super::output::Format;
use super::super::target_args::check_namespace;
use super::StatusArgs;

pub(super) async fn run(args: &StatusArgs, app: &App) -> Result<ExitStatus> {
    check_namespace(app)?;
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(None, budget.reading()).await?;
    let namespace = (!args.target.is_everywhere()).then(|| cluster.namespace());
    let open = hold::open(&cluster, namespace, budget.reading()).await?;
    let exit = match (open.holds.as_slice(), open.gaps.as_slice()) {
        ([], []) => ExitStatus::Success,
        // Where nobody could look there may be one.
        ([], _) => ExitStatus::Inconclusive,
        _ => ExitStatus::Held,
    };
    let hints = app.hints(&cluster, cluster.namespace());
    let text = match args.format() {
        Format::Name => {
            open.holds.iter().map(|open| format!("{}\n", open.owner.qualified())).collect()
        }
        format => {
            let context = ClusterRef {
                context: cluster.context_name().to_owned(),
                server: cluster.server().to_owned(),
            };
            let document = HoldsDocument::new(context, &open.holds, &open.gaps, &hints, exit);
            format.document(&document).unwrap_or_else(|| {
                let place = namespace
                    .map_or_else(|| "in any namespace".to_owned(), |n| format!("in namespace {n}"));
                let (now, marks) = (Timestamp::now(), app.console.marks);
                report::list(&open.holds, &open.gaps, &place, now, &hints, marks)
            })
        }
    };
    app.console.answer(&text);
    Ok(exit)
}
