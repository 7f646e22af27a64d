//! The message of a revert: a subject for people, a body that names every commit, and trailers for
//! programs.
//!
//! What is quoted from foreign commits is one line of visible text, and no marker in it keeps a CI from
//! running: `Revert "fix [skip ci]"` would be deployed untested.

use std::fmt::Write as _;

use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::ci_markers::without_markers;
use crate::git::commit::identity::Identity;
use crate::git::commit::operation::mode_word;
use crate::git::commit::trailers;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{CommitView, Mode, Reverted};
use crate::text::{sanitize, truncate};

/// How many commits a body lists one by one.
const LISTED: usize = 50;
/// The longest subject, in columns: a longer one is refused by linters of Conventional Commits.
const SUBJECT: usize = 100;

/// How the subject is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `Revert "…"`, as git does.
    #[default]
    Git,
    /// `revert: …`, as Conventional Commits ask for.
    Conventional,
    /// Of the user: a subject, and perhaps lines of a body after a blank one. `{subject}` (of the
    /// newest reverted commit), `{title}` (the subject that git would write), `{sha}`, `{short}`,
    /// `{count}`, `{mode}`, `{paths}`, `{reason}`, `{incident}` and `{operation}` are filled in.
    Template(String),
}

/// What goes into a message besides the revert itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// The id of the operation.
    pub operation: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// Id of the incident.
    pub incident: Option<&'a str>,
    /// Who asked for it, where that is not the author.
    pub requested_by: Option<&'a str>,
    /// Adds `Signed-off-by` for this person.
    pub sign_off: Option<&'a Identity>,
}

/// The whole message, ending with a line end. Fails with [`ErrorKind::Usage`] where a template has a
/// place that nothing fills, or no subject.
pub fn compose(reverted: &Reverted, style: &Style, words: &Words<'_>) -> Result<String> {
    let title = title(reverted);
    let (subject, extra) = match style {
        Style::Git => (title, None),
        Style::Conventional => (conventional(reverted, &title), None),
        Style::Template(template) => {
            let filled = fill(template, reverted, &title, words)?;
            let (subject, rest) = filled.split_once('\n').unwrap_or((&filled, ""));
            if subject.trim().is_empty() {
                let message = "the template of the commit message has no subject";
                return Err(Error::new(ErrorKind::Usage, message));
            }
            let rest = rest.trim();
            (subject.trim().to_owned(), (!rest.is_empty()).then(|| rest.to_owned()))
        }
    };
    let mut message = truncate(&subject, SUBJECT).into_owned();
    let mut paragraph = |text: &str| {
        message.push_str("\n\n");
        message.push_str(text);
    };
    paragraph(&body(reverted));
    if let Some(extra) = &extra {
        paragraph(extra);
    }
    // One line of it is in the trailers.
    if let Some(reason) = words.reason.map(str::trim).filter(|reason| reason.contains('\n')) {
        paragraph(&paragraphs(reason));
    }
    paragraph(trailer_lines(reverted, words).trim_end());
    message.push('\n');
    Ok(message)
}

/// The subject that git would write.
fn title(reverted: &Reverted) -> String {
    let paths = paths(&reverted.paths);
    if reverted.mode == Mode::Restore {
        let good = short(reverted.good.as_deref().unwrap_or_default());
        return format!("Restore {paths} to {good}");
    }
    let below = if reverted.mode == Mode::Subset { format!(" in {paths}") } else { String::new() };
    match reverted.commits.as_slice() {
        [] => format!("Revert{below}"),
        [only] => format!("{}{below}", reverting(&subject(only))),
        [newest, ..] => {
            let count = reverted.commits.len();
            let oldest = reverted.commits.last().unwrap_or(newest);
            let (oldest, newest) = (short(&oldest.id), short(&newest.id));
            format!("Revert {count} commits, {oldest} to {newest}{below}")
        }
    }
}

/// As git does since 2.43: the revert of a revert is said to reapply.
fn reverting(subject: &str) -> String {
    match subject.strip_prefix("Revert \"") {
        Some(reapplied) if subject.ends_with('"') && !reapplied.starts_with("Revert \"") => {
            format!("Reapply \"{reapplied}")
        }
        _ => format!("Revert \"{subject}\""),
    }
}

fn conventional(reverted: &Reverted, title: &str) -> String {
    match (reverted.mode, reverted.commits.as_slice()) {
        (Mode::Restore, _) | (_, []) => lower(title, "Restore ", "revert: restore "),
        (Mode::Subset, [only]) => {
            format!("revert: {} (in {})", subject(only), paths(&reverted.paths))
        }
        (_, [only]) => format!("revert: {}", subject(only)),
        _ => lower(title, "Revert ", "revert: "),
    }
}

fn lower(title: &str, before: &str, after: &str) -> String {
    title
        .strip_prefix(before)
        .map_or_else(|| format!("revert: {title}"), |rest| format!("{after}{rest}"))
}

/// Which commits, in full.
fn body(reverted: &Reverted) -> String {
    let mut body = String::new();
    if reverted.mode == Mode::Restore {
        let good = reverted.good.as_deref().unwrap_or_default();
        let _ = writeln!(body, "This brings {} back to commit {good}.", paths(&reverted.paths));
        let undone = reverted.commits.iter().chain(&reverted.also);
        if reverted.commits.len() + reverted.also.len() > 0 {
            body += "\nWhat these commits changed there is undone:\n";
            list(&mut body, undone, reverted.commits.len() + reverted.also.len());
        }
        return body.trim_end().to_owned();
    }
    for (commit, parent) in reverted.commits.iter().zip(&reverted.parents).take(LISTED) {
        let id = &commit.id;
        let _ = match (reverted.mode, commit.parents > 1) {
            (Mode::Subset, _) => {
                let paths = paths(&reverted.paths);
                writeln!(body, "This reverts what commit {id} changed in {paths}.")
            }
            (_, true) => {
                writeln!(body, "This reverts commit {id}, reversing\nchanges made to {parent}.")
            }
            _ => writeln!(body, "This reverts commit {id}."),
        };
    }
    more(&mut body, reverted.commits.len());
    body.trim_end().to_owned()
}

fn list<'a>(body: &mut String, commits: impl Iterator<Item = &'a CommitView>, count: usize) {
    for commit in commits.take(LISTED) {
        let subject = subject(commit);
        let _ = writeln!(body, "  {} {}", short(&commit.id), truncate(&subject, 60));
    }
    more(body, count);
}

fn more(body: &mut String, count: usize) {
    if count > LISTED {
        let _ = writeln!(body, "and {} more.", count - LISTED);
    }
}

fn trailer_lines(reverted: &Reverted, words: &Words<'_>) -> String {
    let mut lines = String::new();
    let mut add = |name: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            let _ = writeln!(lines, "{name}: {value}");
        }
    };
    add(trailers::OPERATION, words.operation);
    add(trailers::MODE, mode_word(reverted.mode));
    for commit in &reverted.commits {
        add(trailers::REVERTS, &commit.id);
    }
    add(trailers::GOOD, reverted.good.as_deref().unwrap_or_default());
    add(trailers::REASON, words.reason.unwrap_or_default());
    add(trailers::INCIDENT, words.incident.unwrap_or_default());
    add(trailers::REQUESTED_BY, words.requested_by.unwrap_or_default());
    if let Some(person) = words.sign_off {
        add("Signed-off-by", &person.to_string());
    }
    lines
}

/// Fills a template in.
fn fill(template: &str, reverted: &Reverted, title: &str, words: &Words<'_>) -> Result<String> {
    let newest = reverted.commits.first();
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match name {
            "subject" => filled += &newest.map(subject).unwrap_or_default(),
            "title" => filled += title,
            "sha" => filled += newest.map(|commit| commit.id.as_str()).unwrap_or_default(),
            "short" => filled += short(newest.map(|c| c.id.as_str()).unwrap_or_default()),
            "count" => filled += &reverted.commits.len().to_string(),
            "mode" => filled += mode_word(reverted.mode),
            "paths" => filled += &paths(&reverted.paths),
            "reason" => filled += &one_line(words.reason.unwrap_or_default()),
            "incident" => filled += &one_line(words.incident.unwrap_or_default()),
            "operation" => filled += words.operation,
            other => {
                let other = sanitize(other);
                let message = format!("the template of the commit message has {{{other}}} in it");
                return Err(Error::new(ErrorKind::Usage, message)
                    .because("nothing fills that")
                    .hint(
                        "{subject}, {title}, {sha}, {short}, {count}, {mode}, {paths}, {reason}, \
                     {incident}, {operation}",
                    ));
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A foreign subject as one line.
fn subject(commit: &CommitView) -> String {
    let subject = one_line(&commit.subject);
    if subject.is_empty() { short(&commit.id).to_owned() } else { subject }
}

/// One line of visible text that no CI obeys.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    without_markers(&sanitize(&words.join(" ")))
}

/// Lines of text, none of which a program takes for a trailer or a command.
fn paragraphs(text: &str) -> String {
    let lines = text.lines().map(|line| without_markers(sanitize(line.trim_end()).as_ref()));
    // Indented, no line is one of the trailers that follow.
    lines
        .map(|line| if line.is_empty() { line } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn paths(paths: &[GitPath]) -> String {
    let shown = |path: &GitPath| match path.bytes() {
        b"" => "the whole repository".to_owned(),
        _ => one_line(&path.to_string()),
    };
    match paths {
        [] => "the whole repository".to_owned(),
        [first, rest @ ..] if rest.len() > 2 => format!("{} and {} more", shown(first), rest.len()),
        few => few.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

#[cfg(test)]
mod tests;
