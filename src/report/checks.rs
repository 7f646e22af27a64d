//! Checks for people: how many are good, and what the others found.

use crate::rollback::model::check::{Check, CheckStatus};
use crate::text::plural;

use super::style::Marks;

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
