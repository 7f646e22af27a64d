//! What kstatus says of an object: the judgement that GitOps tools wait by, so that people can compare
//! rb's with what their dashboard shows (`kubernetes-sigs/cli-utils:pkg/kstatus/status`).
//!
//! The first rule that fits decides: deletion, generation, the conditions Reconciling and Stalled, the
//! rules of the kind, the condition Ready. Of the kinds with rules of their own, only Deployments,
//! StatefulSets, DaemonSets, ReplicaSets and Pods are known here.

mod kinds;

use jiff::Timestamp;
use serde_json::Value;

/// The judgement of kstatus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KStatus {
    /// The word.
    pub status: Status,
    /// Why, in one word: of `InProgress` and `Failed` only.
    pub reason: String,
    /// Why, in words.
    pub message: String,
}

/// The words of kstatus. There is no `NotFound` here: an object that is judged was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is as its spec wants it.
    Current,
    /// Its controller is at work.
    InProgress,
    /// It will not come to what its spec wants.
    Failed,
    /// It is being deleted.
    Terminating,
    /// It cannot be judged.
    Unknown,
}

impl Status {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::Unknown => "Unknown",
        }
    }
}

impl std::fmt::Display for KStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reason = &self.reason;
        let comma = if reason.is_empty() { "" } else { ", " };
        write!(f, "kstatus {}{comma}{reason}: {}", self.status.word(), self.message)
    }
}

impl KStatus {
    fn new(status: Status, reason: &str, message: impl Into<String>) -> Self {
        Self { status, reason: reason.to_owned(), message: message.into() }
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(Status::Current, "", message)
    }

    fn in_progress(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, reason, message)
    }

    fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::Failed, reason, message)
    }
}

/// Judges an object.
#[must_use]
pub fn status(object: &Value, now: Timestamp) -> KStatus {
    let judged = judge(object, now);
    judged.unwrap_or_else(|why| KStatus::new(Status::Unknown, "", why))
}

fn judge(object: &Value, now: Timestamp) -> Result<KStatus, String> {
    let mut object = Object { object, conditions: Vec::new() };
    if object.text("/metadata/deletionTimestamp").is_some_and(|time| !time.is_empty()) {
        return Ok(KStatus::new(Status::Terminating, "", "Resource scheduled for deletion"));
    }
    if let Some(status) = object.generation()? {
        return Ok(status);
    }
    // What cannot be read stands in the way only from here on.
    object.conditions = Condition::list(object.object)?;
    if let Some(status) = object.conditions.iter().find_map(Condition::standard) {
        return Ok(status);
    }
    if let Some(status) = object.of_kind(now)? {
        return Ok(status);
    }
    let ready = object.conditions.iter().find_map(Condition::ready);
    Ok(ready.unwrap_or_else(|| KStatus::current("Resource is current")))
}

/// An object with its conditions.
struct Object<'a> {
    object: &'a Value,
    conditions: Vec<Condition<'a>>,
}

struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl<'a> Object<'a> {
    fn generation(&self) -> Result<Option<KStatus>, String> {
        let Some(generation) = self.whole("/metadata/generation")? else { return Ok(None) };
        let Some(observed) = self.whole("/status/observedGeneration")? else { return Ok(None) };
        let kind = self.kind();
        Ok((observed != generation).then(|| {
            let message = format!(
                "{kind} generation is {generation}, but latest observed generation is {observed}"
            );
            KStatus::in_progress("LatestGenerationNotObserved", message)
        }))
    }

    fn kind(&self) -> &'a str {
        self.text("/kind").unwrap_or_default()
    }

    fn text(&self, pointer: &str) -> Option<&'a str> {
        self.object.pointer(pointer).and_then(Value::as_str)
    }

    /// A number, or this where there is none.
    fn number(&self, pointer: &str, default: i64) -> i64 {
        self.object.pointer(pointer).and_then(Value::as_i64).unwrap_or(default)
    }

    /// A number that must be one where it is there at all.
    fn whole(&self, pointer: &str) -> Result<Option<i64>, String> {
        match self.object.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_i64().map(Some).ok_or_else(|| format!("{pointer} is no whole number"))
            }
        }
    }

    /// The first condition of this type with this status.
    fn condition(&self, kind: &str, status: &str) -> Option<&Condition<'a>> {
        self.conditions.iter().find(|c| c.kind == kind && c.status == status)
    }
}

impl<'a> Condition<'a> {
    fn list(object: &'a Value) -> Result<Vec<Self>, String> {
        match object.pointer("/status/conditions") {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(Self::read).collect(),
            Some(_) => Err("its conditions are no list".to_owned()),
        }
    }

    fn read(condition: &'a Value) -> Result<Self, String> {
        let text = |member: &str| match condition.get(member) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(format!("the {member} of a condition is no text")),
        };
        if !condition.is_object() {
            return Err("a condition is no object".to_owned());
        }
        Ok(Self {
            kind: text("type")?,
            status: text("status")?,
            reason: text("reason")?,
            message: text("message")?,
        })
    }

    /// What one of the two conditions says that mean the same on every kind.
    fn standard(&self) -> Option<KStatus> {
        match (self.kind, self.status) {
            ("Reconciling", "True") => Some(KStatus::in_progress(self.reason, self.message)),
            ("Stalled", "True") => Some(KStatus::failed(self.reason, self.message)),
            _ => None,
        }
    }

    fn ready(&self) -> Option<KStatus> {
        match (self.kind, self.status) {
            ("Ready", "True") => Some(KStatus::current("Resource is Ready")),
            ("Ready", "False" | "Unknown") => Some(KStatus::in_progress(self.reason, self.message)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
