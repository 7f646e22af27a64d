//! The plan card: what every undo prints before it acts. At most 15 lines of 100 columns, and only
//! what is known.

use anstyle::Style;

use crate::rollback::model::check::Check;
use crate::rollback::model::context::ContextChange;
use crate::rollback::model::evidence::ago;
use crate::rollback::model::leftover::WhyLeft;
use crate::rollback::model::plan::{Plan, RevisionView};
use crate::rollback::model::template::short_images;
use crate::text::{age, sanitize, shorten, truncate, width, wrap};

use super::style::{BAD, COLUMNS, DIM, GOOD, Marks, NAME, WARN, paint};
use super::{checks, durable};

/// Lines of the whole card at most: it must fit beside whatever else is on the screen.
const LINES: usize = 15;
/// Lines for revisions that were passed over.
const PASSED_OVER: usize = 4;
/// Lines for checks that say no; the error after the card has all of them.
const BLOCKING: usize = 4;
/// Lines for checks that are worth a look.
const DOUBTFUL: usize = 3;
/// Columns left of the text.
const INDENT: usize = 11;

/// Seconds that nobody waits: `--timeout=0` stands for more than that.
const LONG: i64 = 365 * 86_400;

/// Columns of an image.
const IMAGE: usize = 40;

/// The card.
#[must_use]
pub fn render(plan: &Plan, marks: Marks) -> String {
    let mut lines = vec![heading(plan, marks)];
    lines.extend(sides(plan, marks));
    lines.extend(owner(plan, marks));
    lines.extend(way(plan));
    lines.extend(durable::in_git(plan, marks));
    lines.push(changes(plan, marks));
    if !plan.context_changes.is_empty() {
        let context = plan.context_changes.iter().map(ContextChange::words);
        lines.push(listing("context", context, marks));
    }
    lines.extend(passed_over(plan, marks));
    if let Some(command) = &plan.why.alternative {
        let text = format!("nothing speaks for it; verified is: {command}");
        // A command is to be pasted whole: it is never cut.
        lines.push(format!("  {:<8} {}", "older", marks.foreign(&text)));
    }
    lines.extend(checks(plan, marks));
    let room = LINES.saturating_sub(lines.len() + plan.todo.len());
    lines.extend(warnings(&plan.warnings, room, marks));
    lines.extend(todo(&plan.todo, marks));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What Git has answered after the card was shown, with what is to be known of that: the rest of the way.
#[must_use]
pub fn rest(plan: &Plan, known: &[String], marks: Marks) -> String {
    let next = std::iter::once(durable::rest(plan));
    let mut lines = listed("next", next, 3, Style::new());
    lines.extend(durable::in_git(plan, marks));
    lines.extend(warnings(known, LINES.saturating_sub(lines.len()), marks));
    lines.extend(todo(&plan.todo, marks));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn heading(plan: &Plan, marks: Marks) -> String {
    let dot = marks.dot();
    let target = &plan.target;
    let rest = format!(
        " {dot} {} {dot} namespace {} {dot} context {}",
        target.kind.to_lowercase(),
        target.namespace,
        marks.foreign(&plan.cluster.context)
    );
    let room = COLUMNS.saturating_sub(width(&target.name));
    format!("{}{}", paint(NAME, &target.name), truncate(&rest, room))
}

/// The two revisions, as two aligned rows.
fn sides(plan: &Plan, marks: Marks) -> [String; 2] {
    let column = |view: &RevisionView, other: &RevisionView| {
        let images = short_images(&view.images, &other.images);
        let mut images = images.into_iter();
        let first = images.next().unwrap_or_default();
        let more = images.count();
        let more = if more == 0 { String::new() } else { format!(" +{more}") };
        let first =
            shorten(&marks.foreign(&first), IMAGE.saturating_sub(width(&more))).into_owned();
        (view.label(), first + &more)
    };
    let (from, to) = (column(&plan.from, &plan.to), column(&plan.to, &plan.from));
    let labels = width(&from.0).max(width(&to.0));
    let images = width(&from.1).max(width(&to.1));
    let row = |label: &str, style: Style, (revision, image): &(String, String), end: &str| {
        let padding = " ".repeat(images.saturating_sub(width(image)));
        let start = format!("  {label:<8} {revision:<labels$}   {image}{padding}   ");
        let end = truncate(end, COLUMNS.saturating_sub(width(&start))).into_owned();
        format!("{start}{}", paint(style, &end))
    };
    let now = join([
        Some(marks.foreign(&plan.from.state)),
        plan.from.created.map(|at| format!("made {} ago", ago(plan.made_at, at))),
        trail(&plan.from, marks),
    ]);
    let back = join([
        Some(marks.foreign(&plan.to.state)),
        plan.to.created.map(|at| format!("made {} ago", ago(plan.made_at, at))),
        trail(&plan.to, marks),
    ]);
    let is_well = plan.from.replicas.ready >= plan.from.replicas.desired;
    let from_style = if is_well { Style::new() } else { BAD };
    // Where one goes on with what was left open, the target is what is live.
    let (left, live) = if plan.goes_on() { ("left", "live") } else { ("now", "back to") };
    [row(left, from_style, &from, &now), row(live, GOOD, &to, &back)]
}

/// Where a revision came from: its commit and its change-cause, where they are recorded.
fn trail(view: &RevisionView, marks: Marks) -> Option<String> {
    let commit = view.commit.as_ref().map(|c| c.chars().take(7).collect::<String>());
    let parts: Vec<String> = commit.into_iter().chain(view.change_cause.clone()).collect();
    (!parts.is_empty()).then(|| marks.foreign(&parts.join(" ")))
}

fn join<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn line(label: &str, text: &str) -> String {
    truncate(&format!("  {label:<8} {text}"), COLUMNS).into_owned()
}

fn owner(plan: &Plan, marks: Marks) -> Vec<String> {
    if plan.owners.is_empty() {
        let nobody = "nobody: no mark of a controller that would undo a direct patch";
        return vec![line("owner", nobody)];
    }
    let names: Vec<&str> = plan.owners.iter().map(|owner| owner.name.as_str()).collect();
    let text = match plan.owners.as_slice() {
        [only] => format!("{}: after a direct patch {}", only.name, only.would),
        _ => names.join(", "),
    };
    // What it would do is the reason for the way: it is not cut at the end of a line.
    let text = truncate(&marks.foreign(&text), 2 * (COLUMNS - INDENT) - 20).into_owned();
    listed("owner", std::iter::once(text), 2, WARN)
}

fn way(plan: &Plan) -> Vec<String> {
    let mut does: Vec<String> = Vec::new();
    let leftovers = plan.leftovers.as_ref().filter(|_| plan.deletes_pods());
    if plan.patch().is_some() {
        let what = if leftovers.is_some() { "patch" } else { "patch the template" };
        does.push(what.to_owned());
    }
    if let Some(leftovers) = leftovers {
        let stuck = if leftovers.why == WhyLeft::Stuck { "stuck " } else { "" };
        does.push(format!("delete {stuck}{}", leftovers.words()));
    }
    let end = match plan.wait() {
        Some((_, seconds)) => {
            let limit = match i64::try_from(seconds) {
                Ok(seconds) if seconds < LONG => format!("at most {}", age(seconds)),
                _ => "without a limit".to_owned(),
            };
            format!("watch until healthy, {limit}")
        }
        None => "and do not wait: nothing will be verified".to_owned(),
    };
    if plan.is_durable() || plan.is_held() || plan.revert().is_some() {
        let text = format!("{}, {end}", durable::way(plan));
        return listed("way", std::iter::once(text), 3, Style::new());
    }
    does.push(end);
    vec![line("way", &format!("direct: {}", does.join(", ")))]
}

fn changes(plan: &Plan, marks: Marks) -> String {
    if plan.kept().is_some() {
        return line("changes", "nothing in the template: it is live already");
    }
    listing("changes", plan.diff.iter().map(|change| change.summary.clone()), marks)
}

/// One line of entries; what has no room is counted.
fn listing(label: &str, entries: impl Iterator<Item = String>, marks: Marks) -> String {
    let room = COLUMNS - INDENT;
    let summaries: Vec<String> =
        entries.map(|entry| marks.arrows(&marks.foreign(&entry)).into_owned()).collect();
    let mut shown = summaries.len();
    loop {
        let list = summaries.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
        let hidden = summaries.len() - shown;
        let more = if hidden == 0 { String::new() } else { format!(", and {hidden} more") };
        if shown <= 1 {
            let list = shorten(&list, room.saturating_sub(width(&more)));
            return line(label, &format!("{list}{more}"));
        }
        if width(&list) + width(&more) <= room {
            return line(label, &format!("{list}{more}"));
        }
        shown -= 1;
    }
}

fn passed_over(plan: &Plan, marks: Marks) -> Vec<String> {
    let entries = plan.why.passed_over.iter().map(|p| format!("{}: {}", p.revision, p.reason));
    listed("not", entries.map(|text| marks.foreign(&text)), PASSED_OVER, DIM)
}

/// A check in two lines at most, so that one does not push the others out.
fn short(check: &Check, marks: Marks) -> String {
    truncate(&checks::sentence(check, marks), 2 * (COLUMNS - INDENT) - 20).into_owned()
}

/// What was looked at: how many checks are good, and each that is not.
fn checks(plan: &Plan, marks: Marks) -> Vec<String> {
    let Some(summary) = checks::counts(&plan.checks) else { return Vec::new() };
    let mut lines = vec![line("checks", &summary)];
    let blocking = plan.checks.iter().filter(|check| check.blocks());
    let entries: Vec<String> = blocking.map(|check| short(check, marks)).collect();
    lines.extend(listed("no", entries.into_iter(), BLOCKING, BAD));
    let others = plan.checks.iter().filter(|check| check.is_warning());
    let entries: Vec<String> = others.map(|check| short(check, marks)).collect();
    lines.extend(listed("warning", entries.into_iter(), DOUBTFUL, WARN));
    lines
}

/// What the user should know, in so many lines at most.
pub(super) fn warnings(known: &[String], room: usize, marks: Marks) -> Vec<String> {
    listed("warning", known.iter().map(|text| marks.foreign(text)), room, WARN)
}

/// What somebody has to do besides. A command is to be pasted whole: it is never cut.
pub(super) fn todo(todo: &[String], marks: Marks) -> Vec<String> {
    todo.iter().map(|todo| format!("  {:<8} {}", "to do", marks.foreign(todo))).collect()
}

/// A list whose entries are broken into lines; what has no room is counted.
fn listed(
    label: &str,
    entries: impl ExactSizeIterator<Item = String>,
    room: usize,
    style: Style,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut hidden = 0;
    let count = entries.len();
    for (index, entry) in entries.enumerate() {
        let wrapped = wrap(&entry, COLUMNS - INDENT);
        // The last line is for the count, unless this entry is the last and fits.
        let spare = usize::from(index + 1 < count);
        if hidden > 0 || lines.len() + wrapped.len() + spare > room {
            hidden += 1;
            continue;
        }
        for (number, text) in wrapped.iter().enumerate() {
            // Again: a break may have brought a CI runner's marker to the start of a line.
            let text = sanitize(text);
            let label = if number == 0 { label } else { "" };
            lines.push(paint(style, &format!("  {label:<8} {text}")));
        }
    }
    if hidden > 0 && room > 0 {
        let label = if lines.is_empty() { label } else { "" };
        lines.push(paint(style, &format!("  {label:<8} and {hidden} more, see -o json")));
    }
    lines
}
