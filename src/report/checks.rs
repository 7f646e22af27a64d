//! Checks for people: how many are good, and what the others found.

use anstyle::Style;

use crate::rollback::model::check::{Check, CheckStatus, Level};
use crate::text::{plural, sanitize, shorten, width, wrap};

use super::style::{BAD, COLUMNS, DIM, GOOD, Marks, WARN, paint};

/// Columns of a name at most.
const ID: usize = 28;
/// Columns of a result: `overridden` is the longest.
const RESULT: usize = 10;
/// What one check rests on, in lines.
const EVIDENCE: usize = 5;

/// `9 passed, 1 warning, 1 unknown, 2 say no`; `None` where nothing was checked.
#[must_use]
pub fn counts(checks: &[Check]) -> Option<String> {
    let count = |test: &dyn Fn(&Check) -> bool| {
        i64::try_from(checks.iter().filter(|check| test(check)).count()).unwrap_or(i64::MAX)
    };
    let passed = count(&|check| check.status == CheckStatus::Pass);
    let blocking = count(&|check| check.blocks());
    let overridden = count(&|check| check.overridden);
    let is_loose = |check: &Check| check.is_warning() && !check.overridden;
    let unknown = count(&|check| is_loose(check) && check.status == CheckStatus::Unknown);
    let warnings = count(&|check| is_loose(check) && check.status != CheckStatus::Unknown);
    let parts = [
        Some(format!("{passed} passed")),
        (warnings > 0).then(|| plural(warnings, "warning")),
        (unknown > 0).then(|| format!("{unknown} unknown")),
        (overridden > 0).then(|| format!("{overridden} overridden")),
        (blocking > 0)
            .then(|| format!("{blocking} {} no", if blocking == 1 { "says" } else { "say" })),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!checks.is_empty()).then(|| parts.join(", "))
}

/// `refs: ConfigMap settings does not exist`.
#[must_use]
pub fn sentence(check: &Check, marks: Marks) -> String {
    let word = match check.status {
        _ if check.overridden => " (overridden)",
        CheckStatus::Unknown => " (unknown)",
        _ => "",
    };
    marks.foreign(&format!("{}{word}: {}", check.id, check.message))
}

/// All checks, one row each; below those that are not good, what that rests on and what to type.
#[must_use]
pub fn table(checks: &[Check], marks: Marks) -> String {
    let ids = checks.iter().map(|check| width(&marks.foreign(&check.id)));
    let ids = ids.max().unwrap_or_default().min(ID);
    checks.iter().flat_map(|check| rows(check, ids, marks)).map(|line| line + "\n").collect()
}

fn rows(check: &Check, ids: usize, marks: Marks) -> Vec<String> {
    let (sign, style) = sign(check, marks);
    let id = marks.foreign(&check.id);
    let id = shorten(&id, ids);
    let padding = " ".repeat(ids.saturating_sub(width(&id)));
    let word = word(check);
    let start = format!("{id}{padding}  {word:<RESULT$} ");
    let indent = 4 + width(&start);
    let room = COLUMNS.saturating_sub(indent);
    let blank = " ".repeat(indent);
    let mut message = marks.foreign(&check.message);
    if check.level != Level::Required && check.status != CheckStatus::Pass && !is_skipped(check) {
        message += " (advisory)";
    }
    let mut lines = Vec::new();
    for (number, text) in broken(&message, room).iter().enumerate() {
        let line = if number == 0 {
            format!("  {} {start}{text}", paint(style, sign))
        } else {
            format!("{blank}{text}")
        };
        lines.push(line.trim_end().to_owned());
    }
    if !check.is_warning() && !check.blocks() {
        return lines;
    }
    for text in check.evidence.iter().take(EVIDENCE) {
        let text = broken(&marks.foreign(text), room);
        lines.extend(text.iter().map(|text| paint(DIM, &format!("{blank}{text}"))));
    }
    let hidden = check.evidence.len().saturating_sub(EVIDENCE);
    if hidden > 0 {
        lines.push(paint(DIM, &format!("{blank}and {hidden} more, see -o json")));
    }
    // A command is to be pasted whole: it is never cut.
    lines.extend(check.hint.iter().map(|hint| format!("    hint: {}", marks.foreign(hint))));
    lines
}

/// Lines of a text, at least one. Again safe: a break may have brought a CI runner's marker to the
/// start of a line.
fn broken(text: &str, room: usize) -> Vec<String> {
    let lines: Vec<String> =
        wrap(text, room).iter().map(|line| sanitize(line).into_owned()).collect();
    if lines.is_empty() { vec![String::new()] } else { lines }
}

fn is_skipped(check: &Check) -> bool {
    check.status == CheckStatus::Skipped
}

/// What a check came to, in one word.
#[must_use]
pub fn word(check: &Check) -> &'static str {
    if check.overridden { "overridden" } else { check.status.word() }
}

fn sign(check: &Check, marks: Marks) -> (&'static str, Style) {
    let (sign, ascii, style) = match check.status {
        CheckStatus::Pass => ("✔", "+", GOOD),
        CheckStatus::Skipped => ("–", "-", DIM),
        CheckStatus::Warn => ("!", "!", WARN),
        CheckStatus::Unknown if check.blocks() => ("?", "?", BAD),
        CheckStatus::Unknown => ("?", "?", WARN),
        CheckStatus::Fail if check.blocks() => ("✖", "x", BAD),
        CheckStatus::Fail => ("✖", "x", WARN),
    };
    (if marks.unicode { sign } else { ascii }, style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::check::Finding;
    use snapbox::str;

    const UTF8: Marks = Marks { unicode: true };

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn some() -> Vec<Check> {
        let mut forced = Check::new("refs", Finding::fail("ConfigMap a is gone"), Level::Required);
        forced.overridden = true;
        vec![
            Check::new("rollout.converged", Finding::pass("4 of 4 pods"), Level::Required),
            Check::new(
                "pods.healthy",
                Finding::fail("2 pods of the target do not run, and have not for some time now")
                    .evidence((1..=7).map(|n| format!("pod web-{n}: CrashLoopBackOff")))
                    .hint("kubectl logs web-1 -n shop --context prod"),
                Level::Required,
            ),
            Check::new("logs", Finding::warn("größer"), Level::Advisory),
            Check::new("slo.errors", Finding::unknown("no data"), Level::Required),
            Check::new("events", Finding::skipped("left out"), Level::Advisory),
            forced,
        ]
    }

    #[test]
    fn each_check_is_a_row_and_what_is_not_good_says_why() {
        snapbox::assert_data_eq!(
            plain(&table(&some(), UTF8)),
            str![[r"
  ✔ rollout.converged  pass       4 of 4 pods
  ✖ pods.healthy       fail       2 pods of the target do not run, and have not for some time now
                                  pod web-1: CrashLoopBackOff
                                  pod web-2: CrashLoopBackOff
                                  pod web-3: CrashLoopBackOff
                                  pod web-4: CrashLoopBackOff
                                  pod web-5: CrashLoopBackOff
                                  and 2 more, see -o json
    hint: kubectl logs web-1 -n shop --context prod
  ! logs               warn       größer (advisory)
  ? slo.errors         unknown    no data
  – events             skipped    left out
  ✖ refs               overridden ConfigMap a is gone

"]]
        );
    }

    #[test]
    fn ascii_is_enough() {
        let text = plain(&table(&some(), Marks { unicode: false }));
        assert!(text.is_ascii(), "{text}");
        let signs: Vec<_> = text.lines().filter_map(|line| line.get(2..4)).collect();
        for sign in ["+ ", "x ", "! ", "? ", "- "] {
            assert!(signs.contains(&sign), "{text}");
        }
    }

    #[test]
    fn rows_are_never_too_wide_and_steer_nothing() {
        let nasty = format!("{} ::error::x ##[add-mask]y \u{1b}[2J", "日本 word ".repeat(40));
        let finding = Finding::fail(nasty.clone()).evidence([nasty.clone()]);
        let check = Check::new(&format!("http.{}", "long".repeat(20)), finding, Level::Required);
        let text = table(&[check], UTF8);
        for line in plain(&text).lines() {
            assert!(width(line) <= COLUMNS, "{line}");
            assert!(!line.trim_start().starts_with("::"), "{line}");
        }
        assert!(!text.contains("##[") && !text.contains("\u{1b}[2J"), "{text}");
    }
}
