//! The planner against files: each folder in `tests/plans` is one test. A snapshot of what the API
//! server says and a request go in; the decision comes out and is compared with `plan.json`.

use std::fs;
use std::path::{Path, PathBuf};

use kubectl_rb::backend::{self, PodsInDoubt, Rollbacker};
use kubectl_rb::error::Error;
use kubectl_rb::reconciler::chain;
use kubectl_rb::rollback::model::decision::Decision;
use kubectl_rb::rollback::model::hint::Hints;
use kubectl_rb::rollback::model::pod::PodState;
use kubectl_rb::rollback::model::request::UndoRequest;
use kubectl_rb::rollback::model::revision::RevisionSpec;
use kubectl_rb::rollback::model::snapshot::{PodWarning, Snapshot};
use kubectl_rb::rollback::model::target::{ClusterRef, Target};
use kubectl_rb::rollback::{planner, snapshot as engine};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use snapbox::Data;
use snapbox::data::DataFormat;

use crate::suite::Test;

/// The environment variable that accepts new output: `SNAPSHOTS=overwrite`.
const ACTION: &str = "SNAPSHOTS";

pub(crate) fn tests() -> Vec<Test> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root())
        .expect("tests/plans is there")
        .map(|entry| entry.expect("an entry of tests/plans").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| {
            let case = folder.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
            let path = format!("{}::{case}", module_path!());
            Test::pure(path, move || decides_as_written_down(&folder))
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans")
}

fn decides_as_written_down(folder: &Path) {
    let objects: Objects = read(&folder.join("snapshot.yaml"));
    let flags: Flags = read(&folder.join("request.yaml"));
    let snapshot = objects.into_snapshot();
    let request = flags.into_request(&snapshot);
    let backend = backend::by_kind(&snapshot.target.kind).expect("it was read with one");
    let decision = document(planner::decide(backend, &snapshot, &request));
    let text = serde_json::to_string_pretty(&decision).expect("a decision is JSON") + "\n";
    // As text and raw: the order of members counts, and nothing in the file is a wildcard.
    let expected = Data::read_from(&folder.join("plan.json"), Some(DataFormat::Text)).raw();
    snapbox::Assert::new().action_env(ACTION).eq(text, expected);
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The backend under test.
pub(crate) fn deployments() -> &'static dyn Rollbacker {
    backend::by_kind("Deployment").expect("Deployments can be rolled back")
}

/// `snapshot.yaml`: what the API server would answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Objects {
    /// The time of the command.
    taken_at: jiff::Timestamp,
    context: String,
    /// The Deployment, StatefulSet or DaemonSet.
    #[serde(alias = "deployment", alias = "statefulSet", alias = "daemonSet")]
    workload: Value,
    /// What stores its revisions.
    #[serde(default, alias = "replicaSets", alias = "controllerRevisions")]
    stored: Vec<Value>,
    #[serde(default)]
    pods: Vec<Value>,
    #[serde(default)]
    events: Vec<Value>,
    #[serde(default)]
    gaps: Vec<String>,
}

impl Objects {
    /// As the reader makes it: `ReplicaSet`s by their owner, Warning Events of pods, and pods only of
    /// the revisions that are in doubt.
    pub(crate) fn into_snapshot(self) -> Snapshot {
        let text = |pointer: &str| {
            self.workload.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
        };
        let uid = text("/metadata/uid");
        let kind = self.workload.get("kind").and_then(Value::as_str).unwrap_or("Deployment");
        let backend = backend::by_kind(kind).expect("a kind that is rolled back");
        let target =
            Target::new(backend.kind(), text("/metadata/namespace"), text("/metadata/name"));
        let raw = |object: &Value| RawValue::from_string(object.to_string()).expect("JSON");
        let warnings = self.events.iter().filter(|event| event["type"] == "Warning");
        let mut snapshot = Snapshot {
            taken_at: self.taken_at,
            cluster: ClusterRef {
                context: self.context,
                server: "https://kubernetes.example:6443".to_owned(),
            },
            target,
            stored: backend::owned_by(uid, self.stored.iter().map(raw).collect()),
            pods: Vec::new(),
            warnings: warnings.filter_map(PodWarning::read).collect(),
            gaps: self.gaps,
            owners: chain::by_marks(&self.workload),
            owner_objects: Vec::new(),
            workload: self.workload,
        };
        let in_doubt = engine::pods_in_doubt(backend, &snapshot);
        let is_read = |pod: &PodState| match &in_doubt {
            PodsInDoubt::None => false,
            PodsInDoubt::Of(hashes) => hashes.contains(&pod.hash),
            PodsInDoubt::All => true,
        };
        snapshot.pods = self.pods.iter().map(PodState::read).filter(is_read).collect();
        snapshot
    }
}

/// `request.yaml`: the flags of `rb undo`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Flags {
    to_revision: Option<String>,
    from: Option<String>,
    again: bool,
    direct: bool,
    verified: bool,
    delete_pods: bool,
    no_wait: bool,
    reason: Option<String>,
    incident: Option<String>,
    timeout_seconds: Option<u64>,
    by: Option<String>,
}

impl Flags {
    fn into_request(self, snapshot: &Snapshot) -> UndoRequest {
        UndoRequest {
            to: self.to_revision.as_deref().and_then(RevisionSpec::parse),
            from: self.from.as_deref().map(RevisionSpec::condition),
            again: self.again,
            direct: self.direct,
            verified_only: self.verified,
            delete_pods: self.delete_pods,
            no_wait: self.no_wait,
            reason: self.reason,
            incident: self.incident,
            timeout_seconds: self.timeout_seconds,
            by: self.by.unwrap_or_else(|| "alice".to_owned()),
            operation: "op-this".to_owned(),
            hints: Hints {
                program: "rb".to_owned(),
                pin: format!("--context {}", snapshot.cluster.context),
                namespace: snapshot.target.namespace.clone(),
            },
            ..UndoRequest::default()
        }
    }
}

/// A decision as `plan.json` has it.
fn document(decision: Decision) -> Value {
    match decision {
        Decision::Undo(plan) => json!({"decision": "undo", "plan": *plan}),
        Decision::Nothing(nothing) => json!({
            "decision": "nothing",
            "message": nothing.message,
            "converging": nothing.converging,
            "live": nothing.live,
        }),
        Decision::Again(again) => json!({
            "decision": "again",
            "message": again.refusal.to_string(),
            "hints": again.refusal.hints(),
            "further": again.further,
        }),
        Decision::Owned(owned) => json!({
            "decision": "owned",
            "owner": owned.owner,
            "created": owned.created,
            "onlyImages": owned.only_images,
            "plan": *owned.direct,
            "else": refusal(&owned.refusal),
        }),
        Decision::Refused(error) => refusal(&error),
    }
}

fn refusal(error: &Error) -> Value {
    json!({
        "decision": "refused",
        "kind": error.kind().word(),
        "exitCode": error.kind().exit_status().code(),
        "message": error.to_string(),
        "hints": error.hints(),
    })
}
