//! Lines of `-o jsonl`: `rb.event/v1`, one JSON object each.
//!
//! Every line has a `type` and a time. Readers pass over types and members that they do not know.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::rollback::model::check::Check;
use crate::rollback::model::event::Event;
use crate::rollback::model::outcome::PodFailure;
use crate::rollback::model::progress::Progress;
use crate::rollback::model::target::Target;
use crate::text::plain_json;

/// The schema's name.
pub const SCHEMA: &str = "rb.event/v1";

/// One line.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventLine<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<&'a Progress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a PodFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a Value>,
}

impl<'a> EventLine<'a> {
    /// The first line: who speaks, and in which format.
    #[must_use]
    pub fn version(program: &'a str) -> Self {
        Self {
            schema: Some(SCHEMA),
            program: Some(program),
            version: Some(env!("CARGO_PKG_VERSION")),
            ..Self::of("version")
        }
    }

    /// What `git` does, so many seconds after it began.
    #[must_use]
    pub fn git(elapsed: u64, message: &'a str) -> Self {
        Self { elapsed: Some(elapsed), message: Some(message), ..Self::of("git") }
    }

    /// A whole document; the word in its schema's name is the type.
    #[must_use]
    pub fn document(document: &'a Value) -> Self {
        let schema = document.get("schema").and_then(Value::as_str).unwrap_or_default();
        let word = schema.strip_prefix("rb.").and_then(|rest| rest.split('/').next());
        let target = document.get("target").filter(|target| target.is_object());
        Self {
            target: target.cloned(),
            document: Some(document),
            ..Self::of(word.unwrap_or("document"))
        }
    }

    /// An event of the work on a workload; `None` where it is no line of its own.
    #[must_use]
    pub fn event(event: &'a Event, target: &Target) -> Option<Self> {
        let line = match event {
            Event::Writing => Self::of("writing"),
            Event::NotWritten => Self::of("notWritten"),
            Event::StepDone { summary } => Self { summary: Some(summary), ..Self::of("stepDone") },
            Event::Warning { message } => Self { message: Some(message), ..Self::of("warning") },
            Event::Owner { elapsed, name, state } => Self {
                elapsed: Some(*elapsed),
                owner: Some(name),
                message: Some(state),
                ..Self::of("owner")
            },
            Event::Progress { elapsed, progress } => {
                Self { elapsed: Some(*elapsed), progress: Some(progress), ..Self::of("progress") }
            }
            Event::Trouble { elapsed, failure } => {
                Self { elapsed: Some(*elapsed), failure: Some(failure), ..Self::of("trouble") }
            }
            Event::Check { elapsed, check } => {
                Self { elapsed: Some(*elapsed), check: Some(check), ..Self::of("check") }
            }
            Event::Ended { elapsed, ending } => {
                Self { elapsed: Some(*elapsed), ending: Some(ending.word()), ..Self::of("ended") }
            }
            Event::Tick { .. } => return None,
        };
        Some(Self { target: serde_json::to_value(target).ok(), ..line })
    }

    fn of(kind: &'a str) -> Self {
        // Milliseconds tell lines apart; more digits are noise.
        let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond());
        Self { kind, at: now.unwrap_or_default(), ..Self::default() }
    }

    /// As it is printed, with its line end.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).map(|text| plain_json(&text) + "\n").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target() -> Target {
        Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        }
    }

    #[test]
    fn a_line_is_one_line_and_steers_no_terminal() {
        let message = "a\n::error::b ##[add-mask]c \u{202e}".to_owned();
        let event = Event::Warning { message: message.clone() };
        let text = EventLine::event(&event, &target()).unwrap().text();
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.starts_with("{\"type\":\"warning\",\"at\":\""), "{text}");
        assert!(!text.contains("##[") && !text.contains('\u{202e}'), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["message"], message);
        assert_eq!(read["target"]["name"], "web");
    }

    #[test]
    fn a_document_names_its_type_and_target() {
        let whole = json!({"schema": "rb.report/v1", "target": target()});
        let line = EventLine::document(&whole);
        assert_eq!((line.kind, line.target.as_ref()), ("report", Some(&whole["target"])));
        assert_eq!(EventLine::document(&json!({"schema": "rb.error/v1"})).target, None);
    }

    #[test]
    fn a_second_that_goes_by_is_no_line() {
        assert!(EventLine::event(&Event::Tick { elapsed: 1 }, &target()).is_none());
    }
}
