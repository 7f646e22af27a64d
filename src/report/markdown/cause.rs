//! Why the release failed, as far as a machine can tell.

use crate::report::failure;
use crate::report::story::Chapter;

use super::MARKS;
use super::escape::{block, table, text};
use super::timeline::utc;

pub(super) fn section(chapter: &Chapter) -> String {
    let mut out = "### Why the release failed\n\n".to_owned();
    if let Some(plan) = &chapter.plan {
        let state = text(&plan.from.state);
        out += &format!("When the undo was planned, {} was so: {state}\n\n", plan.from.label());
    }
    if chapter.bad.is_empty() {
        out += "Failing pods, Events and log lines: none was read. TODO\n\n";
    }
    for pod in &chapter.bad.pods {
        out += &format!("- {}\n", text(&failure::summary(pod, MARKS)));
    }
    if !chapter.bad.pods.is_empty() {
        out += "\n";
    }
    let words = chapter.bad.pods.iter().map(|pod| failure::last_words(pod, MARKS));
    if let Some(words) = words.into_iter().find(|words| !words.is_empty()) {
        out += &format!("What the first of them said:\n\n{}\n", block(&words, "text", 0));
    }
    let rows: Vec<[String; 4]> = chapter
        .bad
        .events
        .iter()
        .map(|event| [utc(event.last), text(&event.reason), text(&event.pod), text(&event.message)])
        .collect();
    if !rows.is_empty() {
        out += &table(["last seen (UTC)", "Event", "pod", "message"], rows);
        out += "\n";
    }
    out + "Root cause: TODO\n\n"
}
