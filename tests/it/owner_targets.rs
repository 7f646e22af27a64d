//! `app/NAME`, `ks/NAME` and `hr/NAME` as targets, on the real controllers.

mod argocd;
mod flux;

use serde_json::Value;

use crate::rb::Ran;
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [argocd::tests(), flux::tests()].concat()
}

const WEB: &str = "apps/web";

/// The image of a release.
fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

/// Of each state its subject, what came of it and its marks.
#[track_caller]
fn told(history: &Value) -> Vec<String> {
    let states = history["states"].as_array().expect("states");
    states
        .iter()
        .map(|state| {
            let subject = state["commit"]["subject"].as_str().unwrap_or("?");
            let outcome = state["outcome"]["result"].as_str().unwrap_or("none");
            let marks = state["marks"].as_array().expect("marks").iter();
            let marks: Vec<&str> = marks.filter_map(Value::as_str).collect();
            format!("{subject}: {outcome} {}", marks.join(" ")).trim_end().to_owned()
        })
        .collect()
}

/// No line is wider than a window, and nothing of it steers a terminal.
#[track_caller]
fn is_bounded(ran: &Ran) {
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}\n{ran}");
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
    assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{ran}");
}
