//! Writing a verdict into the record of a workload: later undos know then how a revision did.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use super::execute::AT_ONCE;
use super::model::check::VerifyVerdict;
use super::model::outcome::{Ending, Waited};
use super::model::plan::Action;
use super::model::record::{
    FIELD_MANAGER, Finding, RECORD_ANNOTATION, RECORD_POINTER, Record, Stored, Verdict,
};
use super::model::revision::Revision;
use super::model::snapshot::Snapshot;
use super::model::staying::Staying;
use super::model::verification::Verification;
use super::optional_write::{not_done, optional_write};
use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};

/// What is optional must not hold up the verdict for longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a verdict goes, and what has to be there still.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    path: String,
    uid: String,
    template: Value,
    has_annotations: bool,
    /// The annotation as it is; empty where there is none.
    before: String,
    record: Record,
    hash: String,
    revision_uid: String,
}

impl Stamp {
    /// On what is live; `None` where a newer rb wrote the record, or where nothing runs that could
    /// prove anything.
    pub(super) fn of_live(
        backend: &dyn Rollbacker,
        snapshot: &Snapshot,
        live: &Revision,
    ) -> Option<Self> {
        if backend.runs_nothing(&snapshot.workload).is_some() {
            return None;
        }
        let annotation = snapshot.annotation(RECORD_ANNOTATION);
        let record = match Stored::read(annotation, snapshot.uid()) {
            Stored::Newer(_) => return None,
            stored => stored.into_record(snapshot.uid()),
        };
        Some(Self {
            path: backend.path(&snapshot.target),
            before: annotation.unwrap_or_default().to_owned(),
            record,
            hash: live.hash.clone(),
            revision_uid: live.uid.clone(),
            ..Self::on(&snapshot.workload)
        })
    }

    /// As a plan has it, on the workload as its patch left it.
    pub(super) fn of_step(action: &Action, workload: &Value) -> Option<Self> {
        let Action::StampVerdict { path, uid, hash, revision_uid, record, replaces } = action
        else {
            return None;
        };
        Some(Self {
            path: path.clone(),
            uid: uid.clone(),
            before: replaces.clone().unwrap_or_else(|| record.to_annotation()),
            record: record.clone(),
            hash: hash.clone(),
            revision_uid: revision_uid.clone(),
            ..Self::on(workload)
        })
    }

    fn on(workload: &Value) -> Self {
        let record = Record::on(workload);
        Self {
            path: String::new(),
            uid: record.uid.clone(),
            template: workload.pointer("/spec/template").cloned().unwrap_or_default(),
            has_annotations: workload.pointer("/metadata/annotations").is_some(),
            before: String::new(),
            record,
            hash: String::new(),
            revision_uid: String::new(),
        }
    }

    /// Writes it, unless anything that it depends on has changed.
    pub(super) async fn write(&self, cluster: &Cluster, verdict: Verdict) -> Result<()> {
        let verdict =
            Verdict { uid: self.revision_uid.clone(), hash: self.hash.clone(), ..verdict };
        let record = self.record.clone().with_verdict(verdict);
        let (body, after) = (self.patch(&record), Value::from(record.to_annotation()));
        let options = WriteOptions { dry_run: false, field_manager: FIELD_MANAGER };
        let deadline = Deadline::after(PATIENCE);
        let is_done = |workload: &Value| workload.pointer(RECORD_POINTER) == Some(&after);
        let send = async || {
            let sent = cluster.patch(&self.path, PatchKind::Json, &body, options, deadline).await;
            sent.map_err(moved_on)
        };
        optional_write(cluster, &self.path, is_done, send, deadline).await
    }

    fn patch(&self, after: &Record) -> Value {
        let before = Some(self.before.as_str()).filter(|before| !before.is_empty());
        let test = |path: &str, value: Value| json!({"op": "test", "path": path, "value": value});
        let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
        let mut operations = vec![
            test("/metadata/uid", self.uid.clone().into()),
            test("/spec/template", self.template.clone()),
        ];
        if !self.has_annotations {
            operations.push(test("/metadata/annotations", Value::Null));
            operations.push(add("/metadata/annotations", json!({})));
        }
        operations.push(test(RECORD_POINTER, before.into()));
        operations.push(add(RECORD_POINTER, after.to_annotation().into()));
        Value::Array(operations)
    }
}

/// What a wait and the verification after it say of a revision; `None` where they say neither good
/// nor bad.
pub(super) fn verdict_of(waited: &Waited, verification: Option<&Verification>) -> Option<Verdict> {
    let is_of_others =
        |verified: &Verification| verified.staying.as_ref().is_some_and(Staying::is_of_others);
    if verification.is_some_and(is_of_others) {
        return None;
    }
    let (verdict, at) = match (verification.map(|v| (v.verdict, v.ended_at)), &waited.ending) {
        (Some((VerifyVerdict::Unverified, _)), _) => return None,
        (Some((VerifyVerdict::Failed, at)), _) => (Finding::Failed, at),
        (Some((_, at)), _) => (Finding::Verified, at),
        // Not now: others may have been waited for since.
        (None, Ending::Complete) => (Finding::Verified, waited.ended_at),
        (None, Ending::PodsFailed) => (Finding::Failed, waited.ended_at),
        (None, _) => return None,
    };
    let verified = verification.filter(|_| verdict == Finding::Verified);
    Some(Verdict {
        verdict,
        at,
        uid: String::new(),
        hash: String::new(),
        config: verified.map(|v| v.config.clone()).unwrap_or_default(),
        digests: verified.map(|v| v.digests.clone()).unwrap_or_default(),
    })
}

/// Writes several; what fails becomes a warning.
pub(super) async fn write_all<'a>(
    cluster: &Cluster,
    stamps: impl Iterator<Item = (&'a Stamp, &'a Waited, &'a Verification, &'a mut Vec<String>)>,
) {
    let due = stamps.filter_map(|(stamp, waited, verification, warnings)| {
        Some((stamp, verdict_of(waited, Some(verification))?, warnings))
    });
    stream::iter(due)
        .for_each_concurrent(AT_ONCE, |(stamp, verdict, warnings)| async move {
            if let Err(error) = stamp.write(cluster, verdict).await {
                warnings.push(not_done("record the verdict", &error));
            }
        })
        .await;
}

/// A failed test says that the workload moved on: that is no fault of this revision.
fn moved_on(error: WriteError) -> WriteError {
    match error {
        WriteError::Conflict(_) => WriteError::Conflict(Error::new(
            ErrorKind::LostRace,
            "somebody changed the workload meanwhile",
        )),
        error => error,
    }
}
