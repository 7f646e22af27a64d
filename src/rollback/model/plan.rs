//! The plan of an undo: a value that leaves nothing to decide while it is carried out.
//!
//! It is also its own document, `rb.plan/v1`: printed by a dry run, written by `--plan-out`, read
//! by `--plan`. Readers ignore fields that they do not know.

mod step;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check::Check;
use super::context::{Context, ContextChange};
use super::image::ContainerImage;
use super::leftover::Leftovers;
use super::ownership::Owner;
use super::record::{RECORD_POINTER, Record, Undo};
use super::revert_plan::RevertPlan;
use super::revision::Replicas;
use super::target::{ClusterRef, Target};
use super::template;

pub use self::step::{Action, Step};

/// The schema's name.
pub const SCHEMA: &str = "rb.plan/v1";

/// What will be done, to what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `rb.plan/v1`.
    pub schema: String,
    /// The operation's id; the undo record carries it.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The cluster it was made for.
    pub cluster: ClusterRef,
    /// The workload.
    pub target: Target,
    /// What is live.
    pub from: RevisionView,
    /// What is to be live.
    pub to: RevisionView,
    /// Why that one.
    pub why: Why,
    /// Who else writes to the workload.
    pub owners: Vec<Owner>,
    /// What changes in the pod template.
    pub diff: Vec<Change>,
    /// Pods that the controller leaves as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leftovers: Option<Leftovers>,
    /// How the recorded contexts of the two revisions differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context_changes: Vec<ContextChange>,
    /// What was looked at before anything is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// What to do, in this order; optional steps run beside the wait.
    pub steps: Vec<Step>,
    /// What the user should know before saying yes.
    pub warnings: Vec<String>,
    /// What somebody has to do besides, so that it stays back, each with its command: `to …: kubectl …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub todo: Vec<String>,
    /// The command that goes forward again, where there is one.
    pub forward: Option<String>,
    /// Whether values were hidden in this document: then it can be read, and not carried out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redacted: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A revision as people see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    /// Its number.
    pub revision: Option<i64>,
    /// Its template hash; empty where the controller has not stored it yet.
    pub hash: String,
    /// Its images.
    pub images: Vec<ContainerImage>,
    /// Its pods.
    pub replicas: Replicas,
    /// How it does, or what speaks for it, in words.
    pub state: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its change-cause.
    pub change_cause: Option<String>,
    /// The commit it came from.
    pub commit: Option<String>,
    /// All that is recorded of where it came from.
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
}

impl RevisionView {
    /// `revision 41`, or by hash where it has no number.
    #[must_use]
    pub fn label(&self) -> String {
        match self.revision {
            Some(number) => format!("revision {number}"),
            None if self.hash.is_empty() => "the newest template".to_owned(),
            None => format!("revision {}", self.hash),
        }
    }
}

/// Why a revision was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The rule that chose it, in words.
    pub rule: String,
    /// Whether it carries a valid `verified` stamp.
    pub verified: bool,
    /// Newer revisions that were not chosen, newest first.
    pub passed_over: Vec<PassedOver>,
    /// A command that goes to an older, verified revision, where the chosen one has no evidence.
    pub alternative: Option<String>,
}

/// A revision that was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Its label, e.g. `revision 40`.
    pub revision: String,
    /// Its template hash.
    pub hash: String,
    /// Why not.
    pub reason: String,
}

/// One difference between two templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Where, with list items by name: `spec.containers[app].image`.
    pub path: String,
    /// In words: `image checkout:2.8.1 -> 2.8.0`.
    pub summary: String,
    /// The value now; absent where there is none, and for values of environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value afterwards; absent where there is none, and for environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Plan {
    /// The step that writes the workload, with its path and body.
    #[must_use]
    pub fn patch(&self) -> Option<(&str, &Value)> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::PatchWorkload { path, body } => Some((path.as_str(), body)),
            _ => None,
        })
    }

    /// This undo as it is recorded on the workload: who asked, and why.
    #[must_use]
    pub fn undo(&self) -> Option<Undo> {
        let written = self.patch_value("add", RECORD_POINTER).and_then(Value::as_str);
        let written = written.and_then(|text| serde_json::from_str::<Record>(text).ok());
        let stamped = self.steps.iter().find_map(|step| match &step.action {
            Action::StampVerdict { record, .. } => Some(record.clone()),
            _ => None,
        });
        let undos = written.or(stamped)?.undos;
        undos.into_iter().rev().find(|undo| undo.id == self.id)
    }

    /// Where nothing is patched: path and uid of the workload and the fingerprint of its template.
    #[must_use]
    pub fn kept(&self) -> Option<(&str, &str, &str)> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::KeepTemplate { path, uid, fingerprint } => {
                Some((path.as_str(), uid.as_str(), fingerprint.as_str()))
            }
            _ => None,
        })
    }

    /// Whether it deletes pods.
    #[must_use]
    pub fn deletes_pods(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::DeletePod { .. }))
    }

    /// The field managers that get back what the patch takes of the template.
    #[must_use]
    pub fn receivers(&self) -> Vec<String> {
        let owners = self.steps.iter().find_map(|step| match &step.action {
            Action::GiveBackFields { owner, others, .. } => {
                Some([owner].into_iter().chain(others.iter().map(|other| &other.owner)))
            }
            _ => None,
        });
        owners.into_iter().flatten().map(|owner| owner.manager.clone()).collect()
    }

    /// For how long it may take, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        const FOR_WRITING: u64 = 60;
        const FOR_DELETING: u64 = 600;
        let writing = if self.deletes_pods() { FOR_DELETING } else { FOR_WRITING };
        self.wait().map_or(writing, |(_, seconds)| seconds)
    }

    /// The wait: selector of the target's pods, and seconds.
    #[must_use]
    pub fn wait(&self) -> Option<(&str, u64)> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Wait { pod_selector, timeout_seconds } => {
                Some((pod_selector.as_str(), *timeout_seconds))
            }
            _ => None,
        })
    }

    /// Whether this workload has the template that the plan makes live.
    #[must_use]
    pub fn is_done_in(&self, workload: &Value) -> bool {
        let wanted = self.patch_value("replace", "/spec/template");
        let live = workload.pointer("/spec/template");
        wanted.zip(live).is_some_and(|(wanted, live)| template::same(wanted, live))
    }

    /// Whether another plan goes from the same template to the same: then what was agreed to for one
    /// holds for the other.
    #[must_use]
    pub fn is_same_undo(&self, other: &Self) -> bool {
        let same =
            |op| self.patch_value(op, "/spec/template") == other.patch_value(op, "/spec/template");
        same("test") && same("replace") && self.kept() == other.kept()
    }

    /// Where it goes through Git: what is reverted there. `None` as well where Git holds what is wanted.
    #[must_use]
    pub fn revert(&self) -> Option<&RevertPlan> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Revert { plan } => Some(&**plan),
            _ => None,
        })
    }

    /// Whether what brought the release is looked for in Git only while it is carried out.
    #[must_use]
    pub fn searches_git(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::SearchGit))
    }

    /// Whether it is the owner that makes the target live, from Git.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Follow { .. }))
    }

    /// Whether an owner is held while the workload is patched, whatever is known of Git.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Hold { .. }))
    }

    /// Whether it goes on with an undo whose patch was written, and whose owners are held still.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.is_held() && self.patch().is_none()
    }

    /// Whether owners are held meanwhile.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Release { .. }))
    }

    /// The patch that writes the record, where the template is not rb's to write.
    fn record(&self) -> Option<&Value> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Record { body, .. } => Some(body),
            _ => None,
        })
    }

    /// A value that the patch tests or writes, by operation and path.
    #[must_use]
    pub fn patch_value(&self, op: &str, path: &str) -> Option<&Value> {
        let body = self.patch().map(|(_, body)| body).or_else(|| self.record());
        body?
            .as_array()?
            .iter()
            .find(|o| o.get("op") == Some(&op.into()) && o.get("path") == Some(&path.into()))?
            .get("value")
    }
}
