//! Arbitrary histories of a Deployment: numbers that repeat or are missing, releases that were
//! restarted or deployed again, everything that can speak for and against a revision.

use jiff::{SignedDuration, Timestamp};
use kubectl_rb::rollback::model::plan::Plan;
use kubectl_rb::rollback::model::snapshot::Snapshot;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::json_patch;
use crate::plans::Objects;

const REVISION: &str = "deployment.kubernetes.io/revision";
const NOW: i64 = 1_772_452_800;
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The template in what was last applied.
pub(crate) const APPLIED_TEMPLATE: &str = r#"{"spec": {"applied": "<&>\u003c"}}"#;

/// Parts of the objects that hold anything at all when junk is thrown in; small parts first.
pub(crate) const PLACES: &[&str] = &[
    "/metadata/annotations/kubectl-rb~1record",
    "/metadata/annotations/deployment.kubernetes.io~1revision",
    "/metadata/annotations",
    "/metadata/managedFields",
    "/metadata/labels",
    "/metadata/ownerReferences",
    "/spec/template/spec/containers",
    "/spec/template/metadata",
    "/spec/template",
    "/spec/selector",
    "/status",
    "/metadata",
    "/spec",
];

#[derive(Clone, Debug)]
pub(crate) struct History {
    releases: Vec<Release>,
    /// Which of them is live, and whether its `ReplicaSet` is there already.
    live: usize,
    live_is_stored: bool,
    annotations: Option<Map<String, Value>>,
}

/// All times are minutes ago.
#[derive(Clone, Debug)]
struct Release {
    number: Option<i64>,
    template: Value,
    available: i64,
    crashes: bool,
    event: Option<(&'static str, i64)>,
    left: Option<i64>,
    verdict: Option<(bool, i64)>,
}

pub(crate) fn history() -> impl Strategy<Value = History> {
    let foreign = btree_map("[a-z~./-]{1,12}", "\\PC{0,12}", 0..4);
    let manifest = format!(
        "{{\"kind\": \"Deployment\",\"spec\":{{\"replicas\":3, \"template\":{APPLIED_TEMPLATE}}}}}\n"
    );
    let applied = prop::sample::select(vec![
        manifest,
        "{\"spec\": {}}\n".to_owned(),
        "{\"spec\": {\"template\": ".to_owned(),
    ]);
    let foreign = (foreign, option::of(applied)).prop_map(|(mut foreign, applied)| {
        foreign.extend(applied.map(|applied| (LAST_APPLIED.to_owned(), applied)));
        foreign
    });
    (
        vec(release(), 1..8),
        any::<prop::sample::Index>(),
        prop::bool::weighted(0.8),
        option::of(foreign),
    )
        .prop_map(|(releases, live, live_is_stored, annotations)| History {
            live: live.index(releases.len()),
            releases,
            live_is_stored,
            annotations: annotations
                .map(|map| map.into_iter().map(|(key, value)| (key, json!(value))).collect()),
        })
}

fn release() -> impl Strategy<Value = Release> {
    let reason = prop::sample::select(vec!["BackOff", "Failed", "Unhealthy", "FailedMount"]);
    (
        prop::option::weighted(0.9, 0..12_i64),
        template(),
        0..3_i64,
        prop::bool::weighted(0.15),
        prop::option::weighted(0.25, (reason, 0..60_i64)),
        prop::option::weighted(0.25, 11..60_i64),
        prop::option::weighted(0.4, (any::<bool>(), 1..60_i64)),
    )
        .prop_map(|(number, template, available, crashes, event, left, verdict)| Release {
            number,
            template,
            available,
            crashes,
            event,
            left,
            verdict,
        })
}

/// Few enough that equal ones and restarts are common.
pub(crate) fn template() -> impl Strategy<Value = Value> {
    let unknown = prop::option::weighted(0.1, "[a-z]{0,3}");
    (0..5_u8, option::of(0..2_u8), any::<bool>(), unknown).prop_map(
        |(tag, restarted, env, unknown)| {
            let mut container = json!({"name": "app", "image": format!("example/web:{tag}")});
            if env {
                container["env"] = json!([{"name": "MODE", "value": "fast"}]);
            }
            let mut template = json!({
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            });
            if let Some(restarted) = restarted {
                let annotation = "kubectl.kubernetes.io/restartedAt";
                template["metadata"]["annotations"] = json!({annotation: restarted.to_string()});
            }
            if let Some(unknown) = unknown {
                template["spec"]["fromTheFuture"] = json!({"value": unknown});
            }
            template
        },
    )
}

/// Any JSON, of a size that a person can read.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!(r#"{"v": 1, "uid": "d", "undos": [{}]}"#)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let member = prop_oneof![
            prop::sample::select(vec!["name", "env", "image", "labels", "annotations", "spec"])
                .prop_map(str::to_owned),
            "\\PC{0,4}",
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map(member, inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

impl History {
    pub(crate) fn live_template(&self) -> Value {
        self.releases[self.live].template.clone()
    }

    /// Whether something speaks against a release that no later `verified` stamp outdates. Only
    /// what is said of this very `ReplicaSet`: the planner may know more, and never less.
    pub(crate) fn is_bad(&self, hash: &str) -> bool {
        let index = hash.strip_prefix("hash").and_then(|n| n.parse::<usize>().ok());
        let release = &self.releases[index.expect("a hash made here")];
        let verified = release.verdict.filter(|verdict| verdict.0).map(|verdict| verdict.1);
        let counts = |ago: i64| verified.is_none_or(|verified| ago < verified);
        let event = release.event.filter(|event| ["BackOff", "Failed"].contains(&event.0));
        release.crashes
            || release.verdict.is_some_and(|verdict| !verdict.0)
            || event.is_some_and(|event| counts(event.1))
            || release.left.is_some_and(counts)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let stored = |index: usize| index != self.live || self.live_is_stored;
        let each = || self.releases.iter().enumerate().filter(|(index, _)| stored(*index));
        let document = json!({
            "takenAt": ago(0),
            "context": "prod",
            "deployment": self.deployment(),
            "replicaSets": each().map(replica_set).collect::<Vec<_>>(),
            "pods": each().filter(|(_, r)| r.crashes).map(crashing_pod).collect::<Vec<_>>(),
            "events": each().filter_map(event).collect::<Vec<_>>(),
        });
        serde_json::from_value::<Objects>(document).expect("objects").into_snapshot()
    }

    fn deployment(&self) -> Value {
        let mut metadata =
            json!({"name": "web", "namespace": "shop", "uid": "d", "labels": {}, "generation": 3});
        if let Some(foreign) = &self.annotations {
            let mut annotations = foreign.clone();
            annotations.insert("kubectl-rb/record".to_owned(), json!(self.record().to_string()));
            metadata["annotations"] = Value::Object(annotations);
        } else if self.releases.iter().any(|r| r.left.is_some() || r.verdict.is_some()) {
            metadata["annotations"] = json!({"kubectl-rb/record": self.record().to_string()});
        }
        json!({
            "metadata": metadata,
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "web"}},
                "template": self.live_template(),
            },
            "status": {"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3},
        })
    }

    fn record(&self) -> Value {
        let each = || self.releases.iter().enumerate();
        let undo = |(index, release): (usize, &Release)| {
            Some(json!({
                "id": "op", "at": ago(release.left?), "by": "bob",
                "from": {"hash": hash(index)}, "to": {"hash": "gone"},
            }))
        };
        let verdict = |(index, release): (usize, &Release)| {
            let (good, at) = release.verdict?;
            let verdict = if good { "verified" } else { "failed" };
            Some(json!({
                "uid": uid(index), "hash": hash(index), "at": ago(at), "verdict": verdict,
            }))
        };
        json!({
            "v": 1,
            "uid": "d",
            "undos": each().filter_map(undo).collect::<Vec<_>>(),
            "verdicts": each().filter_map(verdict).collect::<Vec<_>>(),
        })
    }
}

fn ago(minutes: i64) -> String {
    Timestamp::from_second(NOW - 60 * minutes).expect("a time").to_string()
}

fn hash(index: usize) -> String {
    format!("hash{index}")
}

fn uid(index: usize) -> String {
    format!("uid-{index}")
}

fn replica_set((index, release): (usize, &Release)) -> Value {
    let hash = hash(index);
    let mut template = release.template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let pods = release.available + i64::from(release.crashes);
    let mut annotations = json!({"team": "shop"});
    if let Some(number) = release.number {
        annotations[REVISION] = json!(number.to_string());
    }
    json!({
        "metadata": {
            "name": format!("web-{hash}"),
            "uid": uid(index),
            "creationTimestamp": ago(100),
            "labels": {"app": "web", "pod-template-hash": hash},
            "annotations": annotations,
            "ownerReferences": [{"uid": "d", "controller": true}],
        },
        "spec": {"replicas": pods, "template": template},
        "status": {"replicas": pods, "availableReplicas": release.available},
    })
}

fn crashing_pod((index, _): (usize, &Release)) -> Value {
    json!({
        "metadata": {"name": "p", "labels": {"pod-template-hash": hash(index)}},
        "status": {"containerStatuses": [
            {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ]},
    })
}

fn event((index, release): (usize, &Release)) -> Option<Value> {
    let (reason, at) = release.event?;
    Some(json!({
        "type": "Warning",
        "reason": reason,
        "involvedObject": {"kind": "Pod", "name": format!("web-{}-x7k2p", hash(index))},
        "lastTimestamp": ago(at),
    }))
}

/// What the API server and the Deployment controller make of a plan: the patch is applied, and the
/// `ReplicaSet` of the target becomes the newest one. Twenty minutes go by.
pub(crate) fn carry_out(snapshot: &mut Snapshot, plan: &Plan) {
    let (_, patch) = plan.patch().expect("a plan has a patch");
    json_patch::apply(&mut snapshot.workload, patch).expect("it fits what it was made for");
    let number = |rs: &Value| {
        rs["metadata"]["annotations"][REVISION].as_str().and_then(|n| n.parse::<i64>().ok())
    };
    let next = snapshot.stored.iter().filter_map(number).max().unwrap_or(0) + 1;
    for stored in &mut snapshot.stored {
        if stored["metadata"]["labels"]["pod-template-hash"] == plan.to.hash.as_str() {
            stored["metadata"]["annotations"][REVISION] = json!(next.to_string());
        }
    }
    snapshot.taken_at += SignedDuration::from_mins(20);
}
