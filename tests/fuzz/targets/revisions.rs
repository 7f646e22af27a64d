//! What the API server sends of a workload, up to the plan of an undo: objects of any shape.
#![no_main]

use jiff::Timestamp;
use kubectl_rb::backend::REGISTRY;
use kubectl_rb::rollback::model::pod::PodState;
use kubectl_rb::rollback::model::request::UndoRequest;
use kubectl_rb::rollback::model::snapshot::{PodWarning, Snapshot};
use kubectl_rb::rollback::model::target::{ClusterRef, Target};
use kubectl_rb::rollback::{history, planner, status};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    // A workload, then what stores its revisions, pods and Events: one JSON document a line.
    let mut objects = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let Some(workload) = objects.next() else { return };
    let rest: Vec<Value> = objects.take(8).collect();
    for backend in REGISTRY {
        let snapshot = Snapshot {
            taken_at: Timestamp::UNIX_EPOCH,
            cluster: ClusterRef::default(),
            target: Target::new(backend.kind(), "shop", "web"),
            workload: workload.clone(),
            stored: rest.clone(),
            pods: rest.iter().map(PodState::read).collect(),
            warnings: rest.iter().filter_map(PodWarning::read).collect(),
            owners: Vec::new(),
            gaps: Vec::new(),
        };
        let request = UndoRequest { direct: true, delete_pods: true, ..UndoRequest::default() };
        let _ = planner::decide(*backend, &snapshot, &request);
        let _ = history::of(*backend, &snapshot);
        let _ = status::of(*backend, &snapshot);
    }
});
