//! What `undo` shows: the card, the plan as a document, the end.

use serde_json::Value;

use crate::app::App;
use crate::report::json::event::EventLine;
use crate::report::json::v1::ReportDocument;
use crate::report::style::Marks;
use crate::report::{card, explain, outcome, sh};
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Done, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::target::Target;
use crate::rollback::model::template::hide_environment;
use crate::terminal::{Verbosity, ci};

use super::UndoArgs;
use crate::cli::output::Format;

/// The card before the act. On stdout for people, who redirect it into a ticket; beside the answer
/// where that is a document.
pub(super) fn card_before_the_act(args: &UndoArgs, app: &App, plan: &Plan, asks: bool) {
    let card = card::render(plan, app.console.marks);
    let _part = app.console.section(ci::PLAN);
    if args.format() == Format::Jsonl {
        app.console.answer(&EventLine::document(&plan_document(args, plan)).text());
    }
    match args.format() {
        format if format.is_human() && app.console.verbosity > Verbosity::Quiet => {
            app.console.answer(&card);
        }
        // Nobody is asked about something they have not seen.
        _ if asks => app.console.error(&card),
        _ => app.console.note(&card),
    }
}

/// What Git has answered after the card was shown: in the same place, and for machines the whole plan.
/// `known` is what is to be known of that.
pub(super) fn what_git_says(args: &UndoArgs, app: &App, plan: &Plan, known: &[String]) {
    let text = card::rest(plan, known, app.console.marks);
    match args.format() {
        Format::Jsonl => {
            app.console.answer(&EventLine::document(&plan_document(args, plan)).text());
        }
        format if format.is_human() && app.console.verbosity > Verbosity::Quiet => {
            return app.console.answer(&text);
        }
        _ => {}
    }
    app.console.note(&text);
}

/// One of several workloads that is not well: what ails it, and what to type next.
pub(super) fn trouble(done: &Done, target: &Target, hints: &Hints, marks: Marks) -> String {
    match done {
        Done::Undone(plan, outcome) => outcome::render(plan, outcome, hints, marks),
        Done::Joined(nothing, Some(waited)) => outcome::joined(nothing, waited, hints, marks),
        Done::Joined(nothing, None) => explain::nothing(nothing, marks),
        Done::Failed(error) => format!("{}: {error}\n", target.reference()),
        Done::LeftOut => String::new(),
    }
}

/// The plan as the answer of a dry run.
pub(super) fn plan(args: &UndoArgs, app: &App, plan: &Plan, hints: &Hints, note: &str) {
    let text = match args.format() {
        Format::Sh => sh::script(plan, hints),
        Format::Name => format!("{}\n", plan.target.qualified()),
        format => format
            .document(&plan_document(args, plan))
            .unwrap_or_else(|| card::render(plan, app.console.marks) + note),
    };
    app.console.answer(&text);
}

/// The plan with values hidden, unless they are asked for.
pub(super) fn plan_document(args: &UndoArgs, plan: &Plan) -> Value {
    let mut value = serde_json::to_value(plan).unwrap_or_default();
    let whole = value.clone();
    hide(args, &mut value);
    if value != whole
        && let Some(document) = value.as_object_mut()
    {
        // Carried out, it would write the placeholder into the pods.
        document.insert("redacted".to_owned(), Value::Bool(true));
    }
    value
}

/// Why there was nothing to do.
pub(super) fn nothing(
    args: &UndoArgs,
    app: &App,
    nothing: &Nothing,
    waited: Option<&Waited>,
    hints: &Hints,
) {
    app.story().nothing(nothing, waited);
    let marks = app.console.marks;
    let text = match (args.format(), waited) {
        (Format::Name, _) => format!("{}\n", nothing.target.qualified()),
        (Format::Sh, _) => format!("# {}\n", marks.foreign(&nothing.message)),
        (format, _) if !format.is_human() => {
            format.document(&ReportDocument::nothing(nothing, waited)).unwrap_or_default()
        }
        (_, Some(waited)) => outcome::joined(nothing, waited, hints, marks),
        (_, None) => explain::nothing(nothing, marks),
    };
    app.console.answer(&text);
}

/// How an undo ended.
pub(super) fn done(args: &UndoArgs, app: &App, plan: &Plan, outcome: &Outcome, hints: &Hints) {
    app.story().undone(plan, outcome);
    let document = || {
        let report = ReportDocument::done(plan, outcome);
        let mut value = serde_json::to_value(report).unwrap_or_default();
        hide(args, &mut value);
        args.format().document(&value)
    };
    let text = match args.format() {
        Format::Name => format!("{}\n", plan.target.qualified()),
        _ => document().unwrap_or_else(|| outcome::render(plan, outcome, hints, app.console.marks)),
    };
    app.console.answer(&text);
}

pub(super) fn hide(args: &UndoArgs, document: &mut Value) {
    if !args.show_values {
        hide_environment(document);
    }
}
