//! One step of a plan, and what it does exactly.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rollback::model::field_owner::{FieldOwner, GivenAnnotation, OwnedFields};
use crate::rollback::model::record::Record;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::rollback::model::target::Target;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its name within the plan.
    pub id: String,
    /// What it does, in words.
    pub summary: String,
    /// What it does, exactly.
    pub action: Action,
    /// What must still be so when it is done; the API server checks it.
    pub preconditions: Vec<String>,
    /// What is so afterwards.
    pub expects: String,
    /// The command that takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensation: Option<String>,
    /// Whether its failure is only a warning.
    pub optional: bool,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Action {
    /// A JSON Patch of the workload; it carries its own preconditions as `test` operations.
    PatchWorkload {
        /// Path of the workload below the API server's URL.
        path: String,
        /// The JSON Patch.
        body: Value,
    },
    /// Nothing is written: the template is live already, and has to be so still.
    KeepTemplate {
        /// Path of the workload below the API server's URL.
        path: String,
        /// uid of the workload.
        uid: String,
        /// What the template means, as a short name.
        fingerprint: String,
    },
    /// A JSON Patch of the workload that writes the undo record and nothing else, before anything is
    /// written elsewhere: whoever comes next knows then what is going on. It carries its own
    /// preconditions as `test` operations.
    Record {
        /// Path of the workload below the API server's URL.
        path: String,
        /// The JSON Patch.
        body: Value,
    },
    /// An owner's automation is turned off, with a record that says by whom and why, so that it does not
    /// undo the patch before Git agrees with it.
    Hold {
        /// The owner's object.
        owner: Target,
        /// What people call it.
        name: String,
    },
    /// An owner gets a commit at hand, without applying it: whatever makes it act then takes that one.
    See {
        /// The owner's object.
        owner: Target,
        /// What people call it.
        name: String,
    },
    /// An owner's automation is turned on again, as it was.
    Release {
        /// The owner's object.
        owner: Target,
        /// What people call it.
        name: String,
    },
    /// What an owner has under way for what is left is ended: it would hold back what comes.
    Settle {
        /// The owner's object.
        owner: Target,
        /// What people call it.
        name: String,
    },
    /// What brought the release is looked for in Git while the service comes back, and reverted there as
    /// soon as it is known: the plan that is told then has [`Action::Revert`] in this place.
    SearchGit,
    /// A revert in Git: one commit on the branch that an owner follows, or a change request.
    Revert {
        /// What is reverted, and what the branch becomes.
        plan: Box<RevertPlan>,
    },
    /// An owner is made to take up a commit, and followed until it has applied it.
    Follow {
        /// The owner's object.
        owner: Target,
        /// What people call it.
        name: String,
        /// The commit, where it is there already; else the one that the step before brings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
        /// Whether it has to run once more, since values change that it takes from other objects.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anew: bool,
    },
    /// A JSON Patch of the workload to what Git holds by then, sent only while an owner's health check
    /// of what is left holds the commit back: so that check ends. It carries its own preconditions.
    Unblock {
        /// Path of the workload below the API server's URL.
        path: String,
        /// The JSON Patch.
        body: Value,
    },
    /// Give the fields that the patch took back to their owners, in `metadata.managedFields`. The
    /// patch itself is made from what the API server has then: it names entries by their place.
    GiveBackFields {
        /// Path of the workload.
        path: String,
        /// Who gets the fields of the pod template that were nobody's, and its own.
        owner: FieldOwner,
        /// Who else had fields of the template, and which: these they get.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<OwnedFields>,
        /// The annotations that rb does not keep, and who gets them.
        annotations: Vec<GivenAnnotation>,
    },
    /// A merge patch of the object that stores a revision.
    AnnotateRevision {
        /// Path of the object.
        path: String,
        /// The merge patch.
        body: Value,
    },
    /// An Event on the workload.
    CreateEvent {
        /// Path of the collection.
        path: String,
        /// The Event.
        body: Value,
    },
    /// Delete a pod that its controller would leave as it is, once the controller has seen the new
    /// template: earlier it would make the pod again from the old one.
    DeletePod {
        /// Path of the pod.
        path: String,
        /// uid of the pod: another one of that name is not deleted.
        uid: String,
        /// Its name.
        name: String,
        /// Whether it serves: then it goes only while all others are available.
        ready: bool,
    },
    /// Wait until the workload runs the target template and nothing else.
    Wait {
        /// Label selector of the target's pods.
        pod_selector: String,
        /// How long at most, in seconds, from the start of the command.
        timeout_seconds: u64,
    },
    /// Write the verdict on the target into the record.
    StampVerdict {
        /// Path of the workload.
        path: String,
        /// uid of the workload.
        uid: String,
        /// The target's template hash.
        hash: String,
        /// uid of the object that stores the target.
        revision_uid: String,
        /// The record without the verdict: as the patch leaves it.
        record: Record,
        /// Where no patch has written the record: the annotation that it replaces, empty where
        /// there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<String>,
    },
}
