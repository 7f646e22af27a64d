//! What people are told of an undo of an owner besides its plan.

use crate::durable::choice::{NoState, short};
use crate::error::{Error, ErrorKind};
use crate::rollback::model::owner_history::OwnerRow;
use crate::text::{plural, sanitize};

use super::Undo;

/// States that are named.
const NAMED: usize = 5;

/// There is no state to go back to.
pub(super) fn no_state(none: NoState, rows: &[OwnerRow], undo: &Undo<'_>) -> Error {
    let reference = &undo.reference;
    let history = format!("to see all states: {}", undo.command("history"));
    match none {
        NoState::Older(passed) => {
            let message = if passed.is_empty() {
                format!("{reference} has no older state that is known")
            } else {
                format!("{reference} has no older state without evidence against it")
            };
            let error = Error::new(ErrorKind::NoRevision, message);
            let mut error = match passed.first() {
                Some(_) => error.because(reasons(&passed, rows).join("; ")),
                None => error.hint(history.clone()),
            };
            for (at, _) in passed.iter().take(NAMED) {
                let Some(row) = rows.get(*at) else { continue };
                let command = undo.command(&format!("undo --to-revision={}", short(row)));
                error = error.hint(format!("to take that one all the same: {command}"));
            }
            error
        }
        NoState::Steps(count) => {
            let count = plural(i64::try_from(count).unwrap_or(i64::MAX), "older state");
            let message = format!("{reference} has only {count} that is known");
            Error::new(ErrorKind::NoRevision, message).hint(history)
        }
        NoState::Unknown => {
            let message = format!("no state of {reference} is called so");
            Error::new(ErrorKind::NoRevision, message)
                .because("at least four digits of a commit that changed it are wanted")
                .hint(history)
        }
        NoState::Several(found) => {
            let names: Vec<String> =
                found.iter().filter_map(|at| rows.get(*at)).map(short).collect();
            let message = format!("more than one state of {reference} is called so");
            Error::new(ErrorKind::Usage, message).because(names.join(", ")).hint(history)
        }
    }
}

/// Those that were passed over, one sentence each.
pub(super) fn reasons(passed: &[(usize, String)], rows: &[OwnerRow]) -> Vec<String> {
    let one = |(at, why): &(usize, String)| {
        let row = rows.get(*at)?;
        Some(sanitize(&format!("{}: {why}", short(row))).into_owned())
    };
    passed.iter().filter_map(one).take(NAMED).collect()
}
