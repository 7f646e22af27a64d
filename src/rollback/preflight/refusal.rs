//! The error where checks say no: all of them, and how to go on all the same.

use crate::error::{Error, ErrorKind};
use crate::rollback::model::check::Check;
use crate::rollback::model::plan::Plan;

/// Why the plan is not carried out; `None` where no check blocks. `again` makes the same command with
/// more options.
#[must_use]
pub fn refusal(plan: &Plan, has_reason: bool, again: impl FnOnce(&str) -> String) -> Option<Error> {
    let blocking: Vec<&Check> = plan.checks.iter().filter(|check| check.blocks()).collect();
    if blocking.is_empty() {
        return None;
    }
    let reference = plan.target.reference();
    let ids: Vec<&str> = blocking.iter().map(|check| check.id.as_str()).collect();
    let say = if blocking.len() == 1 { "says" } else { "say" };
    // A row of a table has room for the beginning.
    let reasons: Vec<&str> = blocking.iter().map(|check| check.message.as_str()).collect();
    let message = format!(
        "{} {say} no: {}; nothing was written to {reference}",
        ids.join(" and "),
        reasons.join("; ")
    );
    // Where nothing but a hold stands in the way, that is what a script has to know.
    let is_held = blocking.iter().all(|check| matches!(check.id.as_str(), "freeze" | "lock"));
    let is_right = blocking.iter().all(|check| check.reason.as_deref() == Some("Forbidden"));
    let kind = match (is_held, is_right) {
        (true, _) => ErrorKind::Held,
        (_, true) => ErrorKind::Forbidden,
        _ => ErrorKind::Refused,
    };
    let mut error = Error::new(kind, message);
    for check in &blocking {
        if let Some(hint) = &check.hint {
            error = error.hint(format!("{}: {hint}", check.id));
        }
    }
    let overrides: Vec<String> =
        blocking.iter().map(|check| format!("--override {}", check.id)).collect();
    // Given twice, it would be refused.
    let reason = if has_reason { "" } else { " --reason TEXT" };
    let command = again(&format!("{}{reason}", overrides.join(" ")));
    Some(error.hint(format!("to go on all the same: {command}")))
}
