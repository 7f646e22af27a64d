//! What tests of checks start from: a Deployment `web` in namespace `shop` with two releases, planned
//! by the real planner. `old` ran until `left` came.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Inquiry, Preflight, Scene, Subject};
use crate::backend;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::Finding;
use crate::rollback::model::decision::Decision;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::rollback::planner;

pub(super) const OLD_CREATED: &str = "2026-01-01T00:00:00Z";
pub(super) const LEFT_CREATED: &str = "2026-01-01T12:00:00Z";
pub(super) const NOW: &str = "2026-01-02T00:00:00Z";

pub(super) struct Given {
    pub(super) subject: Subject,
    pub(super) plan: Plan,
    pub(super) request: UndoRequest,
}

impl Given {
    /// With these members merged over the pod specs of the two releases.
    pub(super) fn specs(old: &Value, left: &Value) -> Self {
        Self::templates(&json!({"spec": old}), &json!({"spec": left}))
    }

    /// With these annotations on the pod templates of the two releases.
    pub(super) fn annotations(old: &Value, left: &Value) -> Self {
        let template = |annotations: &Value| json!({"metadata": {"annotations": annotations}});
        Self::templates(&template(old), &template(left))
    }

    pub(super) fn templates(old: &Value, left: &Value) -> Self {
        Self::workload(old, left, &json!({}))
    }

    /// With these members merged over the two templates, and over the Deployment.
    pub(super) fn workload(old: &Value, left: &Value, extra: &Value) -> Self {
        let backend = backend::by_kind("Deployment").unwrap();
        let target = Target::new(backend.kind(), "shop", "web");
        let (old, left) = (template("1.0", old), template("2.0", left));
        let mut workload = json!({
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "uid": "w", "generation": 2},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": left},
            "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3,
                "readyReplicas": 3, "availableReplicas": 3},
        });
        merge(&mut workload, extra);
        let pods = workload.pointer("/status/replicas").cloned().unwrap_or_default();
        let snapshot = Snapshot {
            taken_at: time(NOW),
            cluster: ClusterRef::default(),
            target,
            workload,
            stored: vec![
                replica_set(1, OLD_CREATED, &old, &json!(0)),
                replica_set(2, LEFT_CREATED, &left, &pods),
            ],
            pods: Vec::new(),
            warnings: Vec::new(),
            owners: Vec::new(),
            owner_objects: Vec::new(),
            gaps: Vec::new(),
        };
        let hints = Hints { program: "rb".into(), namespace: "shop".into(), ..Hints::default() };
        let request = UndoRequest { hints, again: true, ..UndoRequest::default() };
        let Decision::Undo(plan) = planner::decide(backend, &snapshot, &request) else {
            panic!("there is a way back");
        };
        Self { subject: Subject::new(backend, &snapshot, &plan), plan: *plan, request }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        self.scene_among(&[])
    }

    pub(super) fn scene_among<'a>(&'a self, together: &'a [Inquiry<'a>]) -> Scene<'a> {
        Scene::of(&self.inquiry(), together, time(NOW))
    }

    pub(super) fn inquiry(&self) -> Inquiry<'_> {
        Inquiry { subject: &self.subject, plan: &self.plan, request: &self.request }
    }

    /// What a check finds where the cluster has these objects and no others of what it asks for.
    pub(super) fn find(
        &self,
        check: &dyn Preflight,
        known: impl IntoIterator<Item = (Ask, Value)>,
    ) -> Finding {
        let scene = self.scene();
        let known: Vec<(Ask, Value)> = known.into_iter().collect();
        let absent = check.asks(&scene).into_iter().map(|ask| (ask, None));
        let facts = Facts::of(absent.chain(known.into_iter().map(|(ask, v)| (ask, Some(v)))));
        check.judge(&scene, &facts)
    }

    /// The same where one list is asked for, and it has these items.
    pub(super) fn find_in(&self, check: &dyn Preflight, items: &Value) -> Finding {
        let asks = check.asks(&self.scene());
        self.find(check, asks.into_iter().map(|ask| (ask, json!({"items": items}))))
    }
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn template(tag: &str, extra: &Value) -> Value {
    let mut template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app"}]},
    });
    merge(&mut template, extra);
    // No two releases are the same.
    template["spec"]["containers"][0]["image"] = json!(format!("web:{tag}"));
    template
}

fn replica_set(number: i64, created: &str, template: &Value, pods: &Value) -> Value {
    let (name, uid) = (format!("web-h{number}"), format!("r{number}"));
    let mut template = template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(format!("h{number}"));
    json!({
        "metadata": {"name": name, "uid": uid, "creationTimestamp": created,
            "labels": {"app": "web", "pod-template-hash": format!("h{number}")},
            "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
        "spec": {"replicas": pods, "template": template},
        "status": {"replicas": pods, "readyReplicas": pods, "availableReplicas": pods},
    })
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
