//! Holds: the automation of an owner, turned off by rb while a workload is rolled back.
//!
//! One annotation on the owner, written in the same patch that turns the automation off: so the two are
//! there together or not at all, and whoever reads the owner knows how to turn it on again. It lists
//! who holds the owner. Several may, for several workloads; the automation comes back when the last of
//! them lets go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{HOLD_POINTER, Record};
use super::target::Target;
use super::template;
use crate::text::truncate;

/// The format that this build writes.
const VERSION: u32 = 1;
/// Who may hold an owner at once. An open hold is never dropped, so one more is refused.
pub const MOST: usize = 16;
/// Columns of a text that a person typed.
const TEXT: usize = 300;
/// Columns of a name, an image, a commit or a link.
const WORD: usize = 256;
/// Images and commits that are kept of a hold.
const KEPT: usize = 16;

/// One holder of an owner: who, since when, why, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The operation: the same id is in the undo record of the workload and in the commit's trailer.
    pub id: String,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The incident's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// What is rolled back meanwhile.
    pub workload: Target,
    /// What is to be reached before it is released.
    #[serde(default)]
    pub aim: Aim,
}

/// What a hold is for: whoever finishes it needs this and Git.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Aim {
    /// Template hash of the revision that is to be live; empty where the controller has not stored it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// The [`template::fingerprint`] of its template.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// Its images, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The commits that Git is to lose, where they are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<String>,
    /// The commit that takes them out, once it is pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<String>,
    /// The change request that has to be merged, where one was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// In which form an automation is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// An Application: `automated.enabled` is false. Versions before 3.1 drop that field.
    Enabled,
    /// An Application: `automated` is away.
    Automated,
    /// An object of Flux: `suspend` is true.
    Suspend,
}

/// How far what a hold is for has come, by what the cluster says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The owner is held, and the workload is as it was.
    Held,
    /// The workload has the template that it is to have; nothing is known of Git.
    Patched,
    /// The workload had it, and has another one now.
    Replaced,
    /// A change request waits to be merged.
    Requested,
    /// Git has the commit; the owner has to apply it.
    Pushed,
}

/// A hold that nobody has released yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenHold {
    /// The owner whose automation is off.
    pub owner: Target,
    /// Who holds it, and what for.
    pub hold: Hold,
    /// Whether the automation is off still; else somebody has turned it on again.
    pub in_force: bool,
    /// How far it has come; `None`: the workload was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
}

/// All that the annotation says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holds {
    /// The format; 1.
    #[serde(rename = "v")]
    pub version: u32,
    /// What was turned off.
    pub how: How,
    /// What was there before; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Value>,
    /// Who holds it, the first one first.
    pub holds: Vec<Hold>,
}

/// What the annotation of an owner holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// There is none.
    Nothing,
    /// Holds of rb.
    Holds(Holds),
    /// Something else: somebody's own note, which is not touched.
    Foreign,
    /// Written by a newer rb: it is neither read nor replaced.
    Newer(u32),
}

impl How {
    /// The field that is turned, as a JSON pointer.
    #[must_use]
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Enabled => "/spec/syncPolicy/automated/enabled",
            Self::Automated => "/spec/syncPolicy/automated",
            Self::Suspend => "/spec/suspend",
        }
    }

    /// The field as people write it: `spec.suspend`.
    #[must_use]
    pub fn field(self) -> String {
        self.pointer().trim_start_matches('/').replace('/', ".")
    }

    /// What the field has while the owner is held; `None`: it is away.
    #[must_use]
    pub fn held(self) -> Option<Value> {
        match self {
            Self::Enabled => Some(Value::Bool(false)),
            Self::Automated => None,
            Self::Suspend => Some(Value::Bool(true)),
        }
    }

    /// What the field has now.
    #[must_use]
    pub fn now(self, owner: &Value) -> Option<&Value> {
        owner.pointer(self.pointer()).filter(|value| !value.is_null())
    }

    /// For people: `spec.suspend is true`.
    #[must_use]
    pub fn words(self) -> String {
        match self.held() {
            Some(value) => format!("{} is {value}", self.field()),
            None => format!("{} is removed", self.field()),
        }
    }
}

impl Stored {
    /// Reads the annotation of an owner.
    #[must_use]
    pub fn on(owner: &Value) -> Self {
        Self::read(owner.pointer(HOLD_POINTER).and_then(Value::as_str))
    }

    /// Reads the value of the annotation.
    #[must_use]
    pub fn read(annotation: Option<&str>) -> Self {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let Some(text) = annotation else { return Self::Nothing };
        match serde_json::from_str::<Head>(text) {
            Ok(head) if head.v > VERSION => return Self::Newer(head.v),
            Ok(_) => {}
            Err(_) => return Self::Foreign,
        }
        serde_json::from_str(text).map_or(Self::Foreign, Self::Holds)
    }
}

impl Holds {
    /// The first holder's. `original` is what the field had.
    #[must_use]
    pub fn first(how: How, original: Option<Value>, hold: &Hold) -> Self {
        Self { version: VERSION, how, original, holds: vec![hold.clone().bounded()] }
    }

    /// With one more holder; what it said before under the same id is replaced. `None`: there are too
    /// many.
    #[must_use]
    pub fn with(mut self, hold: &Hold) -> Option<Self> {
        let hold = hold.clone().bounded();
        let has_room = self.holds.len() < MOST;
        match self.holds.iter_mut().find(|old| old.id == hold.id) {
            Some(old) => *old = hold,
            None if has_room => self.holds.push(hold),
            None => return None,
        }
        Some(self)
    }

    /// Without one of them; `None`: nobody is left.
    #[must_use]
    pub fn without(mut self, id: &str) -> Option<Self> {
        self.holds.retain(|hold| hold.id != id);
        (!self.holds.is_empty()).then_some(self)
    }

    /// One of them.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// Whether the automation is off still, in the form that is written here.
    #[must_use]
    pub fn is_in_force(&self, owner: &Value) -> bool {
        self.how.now(owner) == self.how.held().as_ref()
    }

    /// The annotation's value.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        // Holds have only strings, numbers, lists and JSON: writing them cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Who holds it, for people: `alice (20260102-030405-0a1b2c3d)`.
    #[must_use]
    pub fn holders(&self) -> String {
        let one = |hold: &Hold| format!("{} ({})", hold.by, hold.id);
        self.holds.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

impl Hold {
    /// How far it has come. `workload` is what is rolled back as it is now; whether the commit is in Git
    /// although nobody could note that any more, only Git says (the trailer `Rb-Operation`).
    #[must_use]
    pub fn phase(&self, workload: Option<&Value>) -> Option<Phase> {
        if self.aim.pushed.is_some() {
            return Some(Phase::Pushed);
        }
        if self.aim.request.is_some() {
            return Some(Phase::Requested);
        }
        let workload = workload?;
        let live = workload.pointer("/spec/template").map(template::fingerprint);
        let is_live = live.is_some_and(|live| live == self.aim.fingerprint);
        let was_written = Record::on(workload).undos.iter().any(|undo| undo.id == self.id);
        Some(match (was_written, is_live) {
            (_, true) => Phase::Patched,
            (true, false) => Phase::Replaced,
            (false, false) => Phase::Held,
        })
    }

    /// With texts and lists cut to what there is room for on an object.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let cut = |text: &mut String, columns| *text = truncate(text, columns).into_owned();
        let texts = [&mut self.reason, &mut self.aim.pushed, &mut self.aim.request];
        for text in texts.into_iter().flatten() {
            cut(text, TEXT);
        }
        for text in [Some(&mut self.by), self.incident.as_mut()].into_iter().flatten() {
            cut(text, WORD);
        }
        for list in [&mut self.aim.images, &mut self.aim.commits] {
            list.truncate(KEPT);
            for text in list.iter_mut() {
                cut(text, WORD);
            }
        }
        self
    }
}

impl OpenHold {
    /// All on an owner, as its annotation says.
    #[must_use]
    pub fn on(owner: &Value, target: &Target) -> Vec<Self> {
        let Stored::Holds(holds) = Stored::on(owner) else { return Vec::new() };
        let in_force = holds.is_in_force(owner);
        let open = |hold| Self { owner: target.clone(), hold, in_force, phase: None };
        holds.holds.into_iter().map(open).collect()
    }

    /// What is still to do, for people.
    #[must_use]
    pub fn to_do(&self) -> String {
        let workload = self.hold.workload.reference();
        let let_go =
            if self.in_force { "turn its automation on again" } else { "take the hold off" };
        let aim = &self.hold.aim;
        let revert = match aim.commits.as_slice() {
            [] => "revert the release in Git".to_owned(),
            commits => {
                let commits: Vec<&str> = commits.iter().map(|commit| short(commit)).collect();
                format!("revert {} in Git", commits.join(", "))
            }
        };
        match self.phase {
            Some(Phase::Held) => format!("put {workload} back, {revert}, {let_go}"),
            Some(Phase::Patched) | None => format!("{revert}, {let_go}"),
            Some(Phase::Replaced) => format!(
                "look at {workload}, which was put back and has another release now; {revert}, {let_go}"
            ),
            Some(Phase::Requested) => {
                format!("merge {}, {let_go}", aim.request.as_deref().unwrap_or("the request"))
            }
            Some(Phase::Pushed) => {
                let commit = aim.pushed.as_deref().map_or("the commit", short);
                format!("{let_go} and wait until it has applied {commit}")
            }
        }
    }
}

/// A commit is cut, whatever else stays.
fn short(commit: &str) -> &str {
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { commit.get(..9).unwrap_or(commit) } else { commit }
}

#[cfg(test)]
mod tests;
