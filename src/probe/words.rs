//! How findings are said: which revision, which pods, since when, and no more than fits.

use jiff::Timestamp;
use serde_json::Value;

use super::Scene;
use crate::error::{Error, ErrorKind};
use crate::rollback::model::check::Finding;
use crate::text::{age, shell_quote};

/// Names in one message.
const FEW: usize = 3;
/// Lines of evidence of one finding.
const LINES: usize = 10;
/// Characters of one foreign text.
const COLUMNS: usize = 160;

/// A text in an object; empty where there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The name of an object.
pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `revision 41`.
pub(super) fn label<'a>(scene: &Scene<'a>) -> &'a str {
    match scene.expected.label.as_str() {
        "" => "what is live",
        label => label,
    }
}

/// How many there are.
pub(super) fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// `a, b, c and 2 more`.
pub(super) fn few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(FEW).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// As many lines as are read at a glance.
pub(super) fn lines(mut all: Vec<String>) -> Vec<String> {
    if let Some(more) = all.len().checked_sub(LINES).filter(|more| *more > 0) {
        all.truncate(LINES);
        all.push(format!("and {more} more"));
    }
    all
}

/// The first line of a foreign text, cut where it is long.
pub(super) fn one_line(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match first.char_indices().nth(COLUMNS) {
        None => first.to_owned(),
        Some((end, _)) => format!("{}...", first.get(..end).unwrap_or_default()),
    }
}

/// `3m20s ago`.
pub(super) fn ago(scene: &Scene<'_>, at: Timestamp) -> String {
    format!("{} ago", age(scene.now.as_second() - at.as_second()))
}

/// `since revision 41 is live`, or since when where that is not known.
pub(super) fn since(scene: &Scene<'_>) -> String {
    match scene.expected.since {
        Some(at) if scene.expected.label.is_empty() => {
            format!("since it is live, {}", ago(scene, at))
        }
        Some(at) => format!("since {} is live, {}", label(scene), ago(scene, at)),
        None => "since the pods were made (since when it is live is not known)".to_owned(),
    }
}

/// The command that shows how the workload does.
pub(super) fn status(scene: &Scene<'_>) -> String {
    scene.hints.rb(&format!("status {}", shell_quote(&scene.target.reference())))
}

/// The finding where something could not be read; `command` shows it.
pub(super) fn unread(what: &str, error: &Error, command: String) -> Finding {
    let reason = match error.kind() {
        ErrorKind::Forbidden => "Forbidden",
        _ => "Unreadable",
    };
    let command = error.hints().first().cloned().unwrap_or(command);
    let finding = Finding::unknown(format!("{what} cannot be read: {error}"));
    finding.because(reason).evidence(error.causes()).hint(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_and_long_texts_are_cut() {
        assert_eq!(few(["a", "b", "c"]), "a, b, c");
        assert_eq!(few(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        let many: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(lines(many).last().map(String::as_str), Some("and 2 more"));
        assert_eq!(lines(vec!["x".to_owned(); 10]).len(), 10);
        assert_eq!(one_line("\n  FATAL: no\nmore"), "FATAL: no");
        assert_eq!(one_line(&"ü".repeat(200)).chars().count(), COLUMNS + 3);
    }
}
