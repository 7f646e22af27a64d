//! A pod that does not run, and an error: what is wrong, why, and what to type next.

use crate::error::Error;
use crate::rollback::model::outcome::PodFailure;
use crate::text::plural;

use super::style::{BAD, DIM, Marks, paint};

/// One line: `pod web-1, container app: CrashLoopBackOff, exit code 1 (Error), 2 restarts`.
#[must_use]
pub fn summary(failure: &PodFailure, marks: Marks) -> String {
    let container = match failure.container.as_str() {
        "" => String::new(),
        name => format!(", container {name}"),
    };
    let ended = failure
        .ended
        .as_ref()
        .map(|ended| format!(", exit code {} ({})", ended.exit_code, ended.reason))
        .unwrap_or_default();
    let restarts = match failure.restarts {
        0 => String::new(),
        count => format!(", {}", plural(count, "restart")),
    };
    let pod = match failure.pod.as_str() {
        "" => "no pod can be made".to_owned(),
        name => format!("pod {name}"),
    };
    let text = format!("{pod}{container}: {}{ended}{restarts}", failure.reason);
    marks.foreign(&text)
}

/// The last words of the container, or what the kubelet or the scheduler says.
#[must_use]
pub fn last_words(failure: &PodFailure, marks: Marks) -> Vec<String> {
    let ended = failure.ended.as_ref().map(|ended| ended.message.as_str()).unwrap_or_default();
    let lines: Vec<&str> = if !ended.is_empty() {
        ended.lines().collect()
    } else if failure.log.is_empty() {
        failure.message.lines().collect()
    } else {
        failure.log.iter().map(String::as_str).collect()
    };
    let skipped = lines.len().saturating_sub(5);
    lines.into_iter().skip(skipped).map(|line| marks.foreign(line)).collect()
}

/// An error with its causes and hints, for stderr.
#[must_use]
pub fn error(error: &Error, marks: Marks) -> String {
    let mut text = format!("{} {}\n", paint(BAD, "error:"), marks.foreign(&error.to_string()));
    for cause in error.causes() {
        for line in cause.lines().filter(|line| !line.trim().is_empty()).take(6) {
            text += &format!("  {} {}\n", paint(DIM, "cause:"), marks.foreign(line));
        }
    }
    for hint in error.hints() {
        text += &format!("  {} {}\n", paint(DIM, "hint:"), marks.foreign(hint));
    }
    text
}
