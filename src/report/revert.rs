//! `rb revert-commit` for people: the card before the act, the difference, and what came of it.

use crate::rollback::model::evidence::ago;
use jiff::Timestamp;

use crate::rollback::model::change_request::{ChecksState, RequestState};
use crate::rollback::model::revert::{
    Candidate, CommitView, Conflict, FileChange, ImageChange, Mode,
};
use crate::rollback::model::revert_outcome::{Pushed, Requested, RevertOutcome};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::text::{plural, shorten, truncate, width};

use super::card;
use super::style::{BAD, COLUMNS, DIM, GOOD, Marks, NAME, WARN, paint};

/// Commits, files and lines of warnings of the card at most; the document has all of them.
const COMMITS: usize = 4;
const FILES: usize = 6;
const LATER: usize = 4;
const WARNINGS: usize = 8;
/// Columns left of the text.
const INDENT: usize = 11;
/// Columns of an image.
const IMAGE: usize = 40;
/// Lines of a conflict that are shown of each file.
const PREVIEW: usize = 20;

/// The card.
#[must_use]
pub fn card(plan: &RevertPlan, marks: Marks) -> String {
    let mut lines = vec![heading(plan, marks)];
    lines.extend(commits("undoes", &plan.reverted.commits, COMMITS, plan, marks));
    lines.extend(commits("and also", &plan.reverted.also, LATER, plan, marks));
    lines.push(line("way", &way(plan)));
    lines.extend(images(&plan.images, marks));
    lines.extend(files(&plan.reverted.files, marks));
    for other in &plan.others {
        let text =
            format!("changes another application, too: {}", marks.foreign(&other.to_string()));
        lines.push(paint(WARN, &line("others", &text)));
    }
    lines.extend(card::warnings(&plan.warnings, WARNINGS, marks));
    lines.extend(card::todo(&plan.todo, marks));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn heading(plan: &RevertPlan, marks: Marks) -> String {
    let dot = marks.dot();
    let branch = marks.foreign(&plan.branch);
    let rest = format!(" {dot} branch {branch} {dot} revert");
    let room = COLUMNS.saturating_sub(width(&rest));
    let url = marks.foreign(&plan.repository.url);
    format!("{}{rest}", paint(NAME, &shorten(&url, room)))
}

fn commits(
    label: &str,
    commits: &[CommitView],
    most: usize,
    plan: &RevertPlan,
    marks: Marks,
) -> Vec<String> {
    let mut lines: Vec<String> = commits
        .iter()
        .take(most)
        .enumerate()
        .map(|(index, commit)| {
            let label = if index == 0 { label } else { "" };
            line(label, &commit_line(commit, plan.made_at, marks))
        })
        .collect();
    if commits.len() > most {
        lines.push(line("", &format!("and {} more", commits.len() - most)));
    }
    lines
}

/// A commit in a line of a card: `9f3c2ab51  Bump web   Ann, 3m ago`.
pub(super) fn commit_line(commit: &CommitView, now: Timestamp, marks: Marks) -> String {
    let end = format!("   {}, {} ago", marks.foreign(&commit.author), ago(now, commit.at));
    let room = COLUMNS.saturating_sub(INDENT + 10 + width(&end));
    let subject = marks.foreign(&commit.subject);
    format!("{}  {}{end}", short(&commit.id), shorten(&subject, room))
}

/// A commit as people name it.
#[must_use]
pub fn short(id: &str) -> String {
    id.chars().take(9).collect()
}

fn way(plan: &RevertPlan) -> String {
    let what = match plan.reverted.mode {
        Mode::Auto | Mode::Revert => "take out all that it changed",
        Mode::Subset => "take out what it changed below the paths",
        Mode::Restore => "put the paths back as they were, whatever came later",
    };
    let how = match plan.way {
        Way::Push => "push, never forced",
        Way::Request => "open a change request",
    };
    format!("{what}: one commit, {how}")
}

fn images(images: &[ImageChange], marks: Marks) -> Vec<String> {
    let row = |(index, image): (usize, &ImageChange)| {
        line(if index == 0 { "image" } else { "" }, &image_change(image, marks))
    };
    let mut seen = Vec::new();
    let different = images.iter().filter(|image| {
        let pair = (&image.before, &image.after);
        let is_new = !seen.contains(&pair);
        seen.push(pair);
        is_new
    });
    different.take(COMMITS).enumerate().map(row).collect()
}

fn image_change(image: &ImageChange, marks: Marks) -> String {
    let side = |side: &Option<String>| {
        let text = side.as_deref().unwrap_or("none");
        shorten(&marks.foreign(text), IMAGE).into_owned()
    };
    marks.arrows(&format!("{} -> {}", side(&image.before), side(&image.after))).into_owned()
}

/// The commits that could be reverted, numbered from 1.
#[must_use]
pub fn candidates(candidates: &[Candidate], now: Timestamp, marks: Marks) -> String {
    let mut text = String::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let CommitView { id, subject, author, at, .. } = &candidate.commit;
        let end = format!("   {}, {} ago", marks.foreign(author), ago(now, *at));
        let room = COLUMNS.saturating_sub(16 + width(&end));
        let subject = shorten(&marks.foreign(subject), room).into_owned();
        text += &format!("{:>3}  {}  {subject}{end}\n", index + 1, short(id));
        let apps: Vec<String> =
            candidate.apps.iter().take(FILES).map(|app| marks.foreign(&app.to_string())).collect();
        text += &truncate(&format!("       in     {}\n", apps.join(", ")), COLUMNS);
        for image in candidate.images.iter().take(COMMITS) {
            text += &truncate(&format!("       image  {}\n", image_change(image, marks)), COLUMNS);
        }
    }
    text
}

/// Some of the files, in a line.
#[must_use]
pub fn files_in_words(files: &[FileChange]) -> String {
    let named: Vec<String> = files.iter().take(FILES).map(|file| file.path.to_string()).collect();
    let more = files.len().saturating_sub(FILES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    named.join(", ") + &more
}

fn files(files: &[FileChange], marks: Marks) -> Vec<String> {
    let mut lines: Vec<String> = files
        .iter()
        .take(FILES)
        .enumerate()
        .map(|(index, file)| {
            let label = if index == 0 { "files" } else { "" };
            line(label, &format!("{} {}", kind(file), marks.foreign(&file.path.to_string())))
        })
        .collect();
    if files.len() > FILES {
        let more = i64::try_from(files.len() - FILES).unwrap_or(i64::MAX);
        lines.push(line("", &format!("and {}", plural(more, "more file"))));
    }
    lines
}

/// The letter that Git has for it.
pub(super) fn kind(file: &FileChange) -> char {
    match (&file.before, &file.after) {
        (None, _) => 'A',
        (_, None) => 'D',
        (Some(before), Some(after)) if before.mode != after.mode => 'T',
        _ => 'M',
    }
}

fn line(label: &str, text: &str) -> String {
    truncate(&format!("  {label:<8} {text}"), COLUMNS).into_owned()
}

/// A patch, coloured. It is foreign text: each line is made safe.
#[must_use]
pub fn difference(patch: &str, marks: Marks) -> String {
    let paint_line = |line: &str| {
        let text = marks.foreign(line);
        match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") => paint(NAME, &text),
            Some(b'+') => paint(GOOD, &text),
            Some(b'-') => paint(BAD, &text),
            Some(b'@') => paint(DIM, &text),
            _ => text,
        }
    };
    patch.lines().map(|line| format!("{}\n", paint_line(line))).collect()
}

/// The question after the card.
#[must_use]
pub fn question(plan: &RevertPlan, marks: Marks) -> String {
    let count = plan.reverted.commits.len();
    let what = match plan.reverted.commits.first() {
        Some(commit) if count == 1 => short(&commit.id),
        _ => plural(i64::try_from(count).unwrap_or(i64::MAX), "commit"),
    };
    let branch = marks.foreign(&plan.branch);
    match plan.way {
        Way::Push => format!("Push a revert of {what} to {branch}? [y/N] "),
        Way::Request => format!("Open a change request that reverts {what} on {branch}? [y/N] "),
    }
}

/// What a file looks like that cannot be reverted, for the error's text.
#[must_use]
pub fn conflicts(conflicts: &[Conflict], marks: Marks) -> String {
    let mut text = String::new();
    let mut app = None;
    for conflict in conflicts {
        if app.replace(&conflict.app) != Some(&conflict.app) {
            let name = marks.foreign(&conflict.app.to_string());
            text += &format!("  in {}\n", if name.is_empty() { "." } else { &name });
        }
        let state = match (&conflict.bad, &conflict.tip, &conflict.good) {
            (_, None, _) => "is gone at the tip",
            (None, Some(_), Some(_)) => "was deleted by the commit, and is there again",
            (Some(_), Some(_), None) => "was added by the commit, and changed since",
            _ => "changed since",
        };
        let path = marks.foreign(&conflict.path.to_string());
        text += &format!("  {}  {path} {state}\n", short(&conflict.commit));
        for line in conflict.preview.iter().flat_map(|preview| preview.lines()).take(PREVIEW) {
            text += &format!("    {}\n", marks.foreign(line));
        }
    }
    text
}

/// What came of it, in a sentence without marks: foreign text inside is safe.
#[must_use]
pub fn sentence(outcome: &RevertOutcome, marks: Marks) -> String {
    match outcome {
        RevertOutcome::Pushed(pushed) => {
            format!("{} is at {}", marks.foreign(&pushed.branch), short(&pushed.commit))
        }
        RevertOutcome::Requested(requested) => {
            let url = marks.foreign(&requested.url);
            let state = match requested.request.as_ref().map(|request| request.state) {
                None => "somebody has to open the change request",
                Some(RequestState::Open) => "the change request waits for somebody to merge it",
                Some(RequestState::Merged) => "the change request is merged",
                Some(RequestState::Closed) => "the change request was closed, and not merged",
            };
            format!("{state}: {url}")
        }
        RevertOutcome::Nothing(nothing) => {
            format!("nothing to do: {}", marks.foreign(&nothing.message))
        }
    }
}

/// What came of it.
#[must_use]
pub fn done(outcome: &RevertOutcome, marks: Marks) -> String {
    match outcome {
        RevertOutcome::Pushed(pushed) => done_push(pushed, marks),
        RevertOutcome::Requested(requested) => done_request(requested, marks),
        RevertOutcome::Nothing(nothing) => {
            format!("{} {}\n", paint(GOOD, "nothing to do:"), marks.foreign(&nothing.message))
        }
    }
}

fn done_push(pushed: &Pushed, marks: Marks) -> String {
    let branch = marks.foreign(&pushed.branch);
    let attempts = match pushed.attempts {
        0 | 1 => String::new(),
        more => format!(", after {more} attempts: others pushed at the same time"),
    };
    let mut text = format!(
        "{} {branch} is at {}{attempts}\n",
        paint(GOOD, "reverted:"),
        short(&pushed.commit)
    );
    for line in &pushed.remote {
        text += &format!("  remote   {}\n", marks.foreign(line));
    }
    for warning in &pushed.warnings {
        text += &paint(WARN, &format!("  warning  {}\n", marks.foreign(warning)));
    }
    text += &format!("  to take it back: {}\n", pushed.forward);
    text
}

fn done_request(requested: &Requested, marks: Marks) -> String {
    let [branch, head, url] =
        [&requested.branch, &requested.head, &requested.url].map(|text| marks.foreign(text));
    let (state, next) = match &requested.request {
        None => (
            paint(WARN, "not reverted yet: somebody has to open the request:"),
            format!("open it on that page, from {head} to {branch}, and merge it"),
        ),
        Some(request) if request.state == RequestState::Merged => {
            (paint(GOOD, "merged:"), String::new())
        }
        Some(request) if request.state == RequestState::Closed => (
            paint(BAD, "not reverted: closed by somebody, and not merged:"),
            "to open another one, run the same command again".to_owned(),
        ),
        Some(request) if request.has_conflict == Some(true) => (
            paint(BAD, "not reverted yet: conflicts with what came later:"),
            format!("delete the branch {head}, and run the same command again"),
        ),
        Some(_) if requested.merges_itself => (
            paint(WARN, "not reverted yet: merges by itself as soon as it may:"),
            "look there for what it waits for".to_owned(),
        ),
        Some(_) => (
            paint(WARN, "not reverted yet: waits for somebody to merge it:"),
            "review and merge it there".to_owned(),
        ),
    };
    let mut text = format!("{state} {url}\n");
    let merged = requested.request.as_ref().and_then(|request| request.merge_commit.as_ref());
    let at = match merged {
        Some(commit) => format!("{branch} is at {}", short(commit)),
        None => format!("{head} at {}, for {branch}", short(&requested.commit)),
    };
    text += &line("branch", &at);
    text.push('\n');
    let checks = requested.request.as_ref().and_then(|request| request.checks.as_ref());
    if let Some(checks) = checks.filter(|checks| checks.state == ChecksState::Failed) {
        let failing = marks.foreign(&checks.failing.join(", "));
        text += &paint(WARN, &line("checks", &format!("failed: {failing}")));
        text.push('\n');
    }
    for note in &requested.notes {
        // Whole: it ends with what is to be done.
        text += &paint(WARN, &format!("  {:<8} {}", "note", marks.foreign(note)));
        text.push('\n');
    }
    if !next.is_empty() {
        text += &format!("  {:<8} {next}\n", "next");
    }
    if let Some(follow) = &requested.follow {
        text += &format!("  to wait for it: {}\n", marks.foreign(follow));
    }
    text
}
