//! What an undo of several workloads shows.

use serde_json::Value;

use crate::app::App;
use crate::cli::output::Format;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;
use crate::report::json::event::EventLine;
use crate::report::json::list::{self, ListDocument};
use crate::report::json::v1::ReportDocument;
use crate::report::several::{self, Intent};
use crate::report::{failure, sh};
use crate::rollback::model::outcome::Done;
use crate::rollback::model::target::Target;
use crate::terminal::{Verbosity, ci};

use super::many::{Fate, Item};
use super::{DryRun, UndoArgs, show};

/// The table before the act: on stdout for people, beside the answer where that is a document.
pub(super) fn before_the_act(args: &UndoArgs, app: &App, cluster: &Cluster, items: &[Item]) {
    tell(app, items);
    let plans = || {
        items.iter().filter_map(|item| match &item.fate {
            Fate::Undo(undo) => Some(&undo.plan),
            Fate::Join(..) | Fate::Nothing(_) | Fate::Refused(_) => None,
        })
    };
    // The table of the results says all there is.
    if plans().next().is_none() {
        return;
    }
    if args.format() == Format::Jsonl {
        for plan in plans() {
            let document = show::plan_document(args, plan);
            app.console.answer(&EventLine::document(&document).text());
        }
    }
    let table = table(app, cluster, items);
    let _part = app.console.section(ci::PLAN);
    let asks = app.console.can_prompt && !args.yes;
    match args.format() {
        format if format.is_human() && app.console.verbosity > Verbosity::Quiet => {
            app.console.answer(&(table + "\n"));
        }
        // Nobody is asked about something they have not seen.
        _ if asks => app.console.error(&table),
        _ => app.console.note(&table),
    }
}

/// Of what there is no plan for; the others have told theirs.
fn tell(app: &App, items: &[Item]) {
    for item in items {
        match &item.fate {
            Fate::Undo(..) => {}
            Fate::Join(nothing, _) | Fate::Nothing(nothing) => app.story().nothing(nothing, None),
            Fate::Refused(error) => app.story().failed(&item.target, error),
        }
    }
}

fn table(app: &App, cluster: &Cluster, items: &[Item]) -> String {
    let rows: Vec<(&Target, Intent<'_>)> = items
        .iter()
        .map(|item| {
            let intent = match &item.fate {
                Fate::Undo(undo) => Intent::Undo(&undo.plan),
                Fate::Join(nothing, _) | Fate::Nothing(nothing) => Intent::Nothing(nothing),
                Fate::Refused(error) => Intent::Refused(error),
            };
            (&item.target, intent)
        })
        .collect();
    several::plans(&rows, cluster.context_name(), app.console.marks)
}

/// The plans as the answer of a dry run.
pub(super) fn plans(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    items: &[Item],
    exit: ExitStatus,
) {
    tell(app, items);
    let text = match args.format() {
        Format::Name => items.iter().map(|item| name(&item.target)).collect(),
        Format::Sh => items.iter().map(|item| script(app, item)).collect(),
        format => {
            let documents = || items.iter().map(|item| plan_document(args, item)).collect();
            let list = format.document_of(|| ListDocument::new(documents(), exit));
            list.unwrap_or_else(|| {
                let accepted = exit == ExitStatus::Success && args.dry_run == DryRun::Server;
                let note = if accepted {
                    "server dry run: the API server would accept all of them; nothing was changed\n"
                } else {
                    "dry run: nothing was changed\n"
                };
                table(app, cluster, items) + note
            })
        }
    };
    app.console.answer(&text);
    for item in items {
        if let Fate::Refused(error) = &item.fate {
            complain(app, error);
        }
    }
}

fn script(app: &App, item: &Item) -> String {
    match &item.fate {
        Fate::Undo(undo) => sh::script(&undo.plan, &undo.request.hints),
        Fate::Join(nothing, _) | Fate::Nothing(nothing) => {
            format!("# {}\n", app.console.marks.foreign(&nothing.message))
        }
        Fate::Refused(error) => format!("# {}\n", app.console.marks.foreign(&error.to_string())),
    }
}

fn plan_document(args: &UndoArgs, item: &Item) -> Value {
    match &item.fate {
        Fate::Undo(undo) => show::plan_document(args, &undo.plan),
        Fate::Join(nothing, _) | Fate::Nothing(nothing) => {
            serde_json::to_value(ReportDocument::nothing(nothing, None)).unwrap_or_default()
        }
        Fate::Refused(error) => list::failed(&item.target, error),
    }
}

/// What came of it.
pub(super) fn results(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    done: &[(Target, Done)],
    exit: ExitStatus,
) {
    app.story().ended(done);
    let rows: Vec<(&Target, &Done)> = done.iter().map(|(target, done)| (target, done)).collect();
    let text = match args.format() {
        Format::Name => done.iter().map(|(target, _)| name(target)).collect(),
        format => {
            let documents = || done.iter().map(|(target, done)| document(args, target, done));
            format.document_of(|| ListDocument::new(documents().collect(), exit)).unwrap_or_else(
                || {
                    let history =
                        again(args, app, cluster, "history", rows.iter().map(|row| row.0));
                    several::results(&rows, &history, app.console.marks)
                },
            )
        }
    };
    app.console.answer(&text);
    for (target, done) in done {
        match done {
            Done::Failed(error) => complain(app, error),
            Done::Undone(..) | Done::Joined(..) if done.exit_status() != ExitStatus::Success => {
                let hints = app.hints(cluster, &target.namespace);
                app.console.error(&show::trouble(done, target, &hints, app.console.marks));
            }
            Done::Undone(..) | Done::Joined(..) | Done::LeftOut => {}
        }
    }
}

/// Another command about the same workloads.
pub(super) fn again<'a>(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    command: &str,
    targets: impl Iterator<Item = &'a Target>,
) -> String {
    let targets: Vec<&Target> = targets.collect();
    let words = args.target.to_words(&targets);
    // Files may name namespaces of their own, which `-n` must not contradict.
    let one = several::namespace_of(targets.iter().copied());
    let hints = app.hints(cluster, one.unwrap_or_else(|| cluster.namespace()));
    let everywhere = args.target.is_everywhere() || one.is_none();
    let command = format!("{command} {words}");
    if everywhere { hints.rb_everywhere(&command) } else { hints.rb(&command) }
}

fn document(args: &UndoArgs, target: &Target, done: &Done) -> Value {
    let mut value = match done {
        Done::Undone(plan, outcome) => {
            serde_json::to_value(ReportDocument::done(plan, outcome)).unwrap_or_default()
        }
        Done::Joined(nothing, waited) => {
            let report = ReportDocument::nothing(nothing, waited.as_deref());
            serde_json::to_value(report).unwrap_or_default()
        }
        Done::Failed(error) => list::failed(target, error),
        Done::LeftOut => list::failed(target, &left_out()),
    };
    show::hide(args, &mut value);
    value
}

fn left_out() -> Error {
    Error::new(ErrorKind::Refused, "left out, since another workload is refused")
}

fn name(target: &Target) -> String {
    format!("{}\n", target.qualified())
}

fn complain(app: &App, error: &Error) {
    app.console.error(&failure::error(error, app.console.marks));
}
