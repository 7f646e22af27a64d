//! What the tests of the checks look at: objects as the API server of the test bed tells them, without
//! what nobody asks for.

use serde_json::{Value, json};

use super::{Expected, LogRules, Probe, Scene, Seen};
use crate::backend::{self, Rollbacker};
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::reconciler;
use crate::reconciler::rung::Rung;
use crate::rollback::model::check::{CheckStatus, Finding};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::ownership::{Automation, Owner, Proof};
use crate::rollback::model::target::Target;

/// When the target of the tests went live.
pub(super) const SINCE: &str = "2026-11-25T21:03:50Z";
/// When its pods were made.
pub(super) const MADE: &str = "2026-11-25T21:03:57Z";
/// When they are looked at.
const NOW: &str = "2026-11-25T21:05:00Z";
/// The hash of the target of a Deployment, and of what it replaced.
pub(super) const HASH: &str = "f987967d9";
pub(super) const OLD: &str = "5dbf4b7d54";
/// The digest that its image runs with.
pub(super) const DIGEST: &str =
    "sha256:a953e9c3d6e5d5fa97b697f3ffd2ac766f91909e528ca385a2da6a0842e7bfea";

/// A workload with all that a check may look at.
pub(super) struct Shop {
    backend: &'static dyn Rollbacker,
    target: Target,
    logs: LogRules,
    hints: Hints,
    pub(super) expected: Expected,
    pub(super) seen: Seen,
}

impl Shop {
    /// The Deployment `web` with two pods of `revision 41`, all well.
    pub(super) fn web() -> Self {
        let pods = vec![web_pod(HASH, "b7dfr"), web_pod(HASH, "wjbq8")];
        let workload = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"generation": 2, "name": "web", "namespace": "shop",
                "uid": "379708ab-97a2-43b1-a55f-2311a157d5ad"},
            "spec": {"progressDeadlineSeconds": 600, "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}}, "template": template("web:1.0")},
            "status": {"availableReplicas": 2, "observedGeneration": 2, "readyReplicas": 2,
                "replicas": 2, "updatedReplicas": 2, "terminatingReplicas": 0,
                "conditions": [
                    {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                     "lastUpdateTime": MADE, "lastTransitionTime": MADE},
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                     "lastUpdateTime": MADE, "lastTransitionTime": MADE}]},
        });
        Self::new("Deployment", HASH, workload, pods)
    }

    /// The StatefulSet `db` with two pods.
    pub(super) fn db() -> Self {
        let workload = json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"generation": 2, "name": "db", "namespace": "shop",
                "uid": "58e8624d-8ae8-41b1-9488-a16e291f9238"},
            "spec": {"replicas": 2, "podManagementPolicy": "OrderedReady",
                "selector": {"matchLabels": {"app": "web"}}, "template": template("web:1.0"),
                "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"}},
            "status": {"availableReplicas": 2, "currentReplicas": 2, "observedGeneration": 2,
                "currentRevision": "db-5954bb5b59", "readyReplicas": 2, "replicas": 2,
                "updateRevision": "db-5954bb5b59", "updatedReplicas": 2},
        });
        let pods = vec![
            set_pod(&workload, "db-0", "db-5954bb5b59"),
            set_pod(&workload, "db-1", "db-5954bb5b59"),
        ];
        Self::new("StatefulSet", "5954bb5b59", workload, pods)
    }

    /// The DaemonSet `agent` with two pods.
    pub(super) fn agent() -> Self {
        let workload = json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"generation": 1, "name": "agent", "namespace": "shop",
                "uid": "9f505882-325e-4a5b-959e-869c47f416cc"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template("web:1.0"),
                "updateStrategy": {"type": "RollingUpdate"}},
            "status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2,
                "numberAvailable": 2, "numberMisscheduled": 0, "numberReady": 2,
                "observedGeneration": 1, "updatedNumberScheduled": 2},
        });
        let pods = vec![
            set_pod(&workload, "agent-5nrwf", "7f764c44c5"),
            set_pod(&workload, "agent-kwtl4", "7f764c44c5"),
        ];
        Self::new("DaemonSet", "7f764c44c5", workload, pods)
    }

    fn new(kind: &str, hash: &str, workload: Value, pods: Vec<Value>) -> Self {
        let backend = backend::by_kind(kind).unwrap();
        let name = workload["metadata"]["name"].as_str().unwrap().to_owned();
        Self {
            backend,
            target: Target::new(backend.kind(), "shop", &name),
            logs: LogRules::default(),
            hints: Hints {
                program: "rb".to_owned(),
                pin: "--context c".to_owned(),
                namespace: "shop".to_owned(),
            },
            expected: Expected {
                template: Some(workload["spec"]["template"].clone()),
                hash: hash.to_owned(),
                label: "revision 41".to_owned(),
                since: Some(SINCE.parse().unwrap()),
                ..Expected::default()
            },
            seen: Seen {
                workload,
                pods,
                pods_gap: None,
                services: Ok(Vec::new()),
                owners: Vec::new().into(),
            },
        }
    }

    /// Writes members of the workload; `null` takes one away.
    pub(super) fn workload(mut self, edits: &Value) -> Self {
        edit(&mut self.seen.workload, edits);
        self
    }

    /// Writes members of the pod at this place.
    pub(super) fn pod(mut self, index: usize, edits: &Value) -> Self {
        edit(&mut self.seen.pods[index], edits);
        self
    }

    /// With one more pod.
    pub(super) fn and_pod(mut self, pod: Value) -> Self {
        self.seen.pods.push(pod);
        self
    }

    /// With one more Service that selects the pods.
    pub(super) fn and_service(mut self, service: Value) -> Self {
        self.seen.services.as_mut().unwrap().push(service);
        self
    }

    /// With one more owner, further away than the others.
    pub(super) fn owned(mut self, rung: Rung) -> Self {
        let owners: Vec<Rung> = self.seen.owners.iter().cloned().chain([rung]).collect();
        self.seen.owners = owners.into();
        self
    }

    /// Wants no pod, and has none.
    pub(super) fn scaled_to_0(mut self) -> Self {
        self.seen.pods.clear();
        self.workload(&json!({"/spec/replicas": 0, "/status/replicas": null,
            "/status/updatedReplicas": null, "/status/readyReplicas": null,
            "/status/availableReplicas": null}))
    }

    /// Not all pods are known.
    pub(super) fn with_gap(mut self) -> Self {
        self.seen.pods_gap = Some("not allowed to list pods".to_owned());
        self
    }

    pub(super) fn logs(mut self, patterns: &[&str], ignored: &[&str]) -> Self {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        self.logs = LogRules { patterns: own(patterns), ignored: own(ignored) };
        self
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            backend: self.backend,
            target: &self.target,
            expected: &self.expected,
            seen: &self.seen,
            logs: &self.logs,
            now: NOW.parse().unwrap(),
            hints: &self.hints,
        }
    }

    /// What a check finds that asks for nothing.
    pub(super) fn alone(&self, probe: &dyn Probe) -> Finding {
        assert_eq!(probe.asks(&self.scene()), []);
        self.judge(probe, &Facts::default())
    }

    pub(super) fn judge(&self, probe: &dyn Probe, facts: &Facts<'_>) -> Finding {
        let finding = probe.judge(&self.scene(), facts);
        let needs_hint = matches!(finding.status, CheckStatus::Fail | CheckStatus::Unknown);
        assert!(!needs_hint || finding.hint.is_some(), "no command to paste: {finding:?}");
        finding
    }

    /// The only thing that a check asks for.
    pub(super) fn ask(&self, probe: &dyn Probe) -> Ask {
        let asks = probe.asks(&self.scene());
        assert_eq!(asks.len(), 1, "{asks:?}");
        asks.into_iter().next().unwrap()
    }
}

/// An Application that syncs and owns the Deployment `web`, done with its last sync, with these edits.
pub(super) fn application(edits: &Value) -> Rung {
    let sha = "9f3c2ab51d0e77aa0123456789abcdef01234567";
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "argocd", "name": "web"},
        "spec": {"project": "default", "syncPolicy": {"automated": {}},
            "source": {"repoURL": "https://git.test/fleet.git", "path": "apps/web",
                "targetRevision": "main"}},
        "status": {
            "controllerNamespace": "argocd", "reconciledAt": "2026-03-02T12:00:00Z",
            "sync": {"status": "Synced", "revision": sha},
            "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded", "finishedAt": "2026-03-02T11:00:00Z",
                "syncResult": {"revision": sha}},
            "resources": [
                {"kind": "Service", "namespace": "shop", "name": "web", "status": "Synced"},
                {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web",
                    "status": "Synced"}]},
    });
    rung(object, edits, "Argo CD application web", None)
}

/// A Kustomization that owns the Deployment `web` and has what its source has, with edits of both;
/// without any of the source, that cannot be read.
pub(super) fn kustomization(edits: &Value, source: Option<&Value>) -> Rung {
    let revision = "main@sha1:9f3c2ab51d0e77aa0123456789abcdef01234567";
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux", "name": "web", "generation": 2},
        "spec": {"interval": "1h", "path": "apps/web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedGeneration": 2, "lastAppliedRevision": revision,
            "lastAttemptedRevision": revision, "conditions": ready},
    });
    let repository = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"namespace": "flux", "name": "fleet", "generation": 1},
        "status": {"observedGeneration": 1, "artifact": {"revision": revision}, "conditions": ready},
    });
    let source = source.map(|edits| {
        let mut repository = repository;
        edit(&mut repository, edits);
        repository
    });
    rung(object, edits, "Kustomization flux/web", source)
}

fn rung(mut object: Value, edits: &Value, name: &str, source: Option<Value>) -> Rung {
    edit(&mut object, edits);
    let text = |pointer: &str| object.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let target = Target {
        api_version: text("/apiVersion"),
        kind: text("/kind"),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
    };
    let owner = Owner {
        name: name.to_owned(),
        would: "it puts its own version back".to_owned(),
        mark: "annotation x".to_owned(),
        proof: Proof::Listed,
        automation: Some(Automation { syncs: true, ..Automation::default() }),
        object: Some(target.clone()),
        ..Owner::default()
    };
    Rung {
        reconciler: reconciler::from_git(&target).unwrap(),
        owner,
        object: Some(object),
        others: source.into_iter().collect(),
        hindrances: Vec::new(),
    }
}

/// A pod template, as the API server fills it in.
pub(super) fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {
        "containers": [{"image": format!("registry.test:5000/shop/{image}"),
            "imagePullPolicy": "IfNotPresent", "name": "app",
            "ports": [{"containerPort": 8080, "protocol": "TCP"}], "resources": {},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {},
        "terminationGracePeriodSeconds": 30}})
}

/// A pod of the Deployment `web`, ready; of the target where it has its hash.
pub(super) fn web_pod(hash: &str, suffix: &str) -> Value {
    let set = format!("web-{hash}");
    let labels = json!({"app": "web", "pod-template-hash": hash});
    pod(&format!("{set}-{suffix}"), &labels, "ReplicaSet", &set, "51ef068c")
}

/// A pod of a set, ready.
pub(super) fn set_pod(set: &Value, name: &str, revision: &str) -> Value {
    let text = |pointer: &str| set.pointer(pointer).unwrap().as_str().unwrap();
    let labels = json!({"app": "web", "controller-revision-hash": revision});
    pod(name, &labels, text("/kind"), text("/metadata/name"), text("/metadata/uid"))
}

fn pod(name: &str, labels: &Value, kind: &str, owner: &str, owner_uid: &str) -> Value {
    json!({
        "metadata": {"creationTimestamp": MADE, "labels": labels, "name": name,
            "namespace": "shop", "uid": format!("uid-of-{name}"), "ownerReferences": [
                {"apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true,
                 "kind": kind, "name": owner, "uid": owner_uid}]},
        "spec": {"nodeName": "testbed", "containers": [
            {"name": "app", "image": "registry.test:5000/shop/web:1.0"}]},
        "status": {"phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": MADE},
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": MADE}],
            "containerStatuses": [{"name": "app", "image": "registry.test:5000/shop/web:1.0",
                "imageID": format!("registry.test:5000/shop/web@{DIGEST}"), "lastState": {},
                "ready": true, "restartCount": 0, "started": true,
                "state": {"running": {"startedAt": MADE}}}]},
    })
}

/// Edits of a pod of which the container crashes again and again.
pub(super) fn crashing() -> Value {
    json!({
        "/status/conditions/0/status": "False",
        "/status/containerStatuses/0/ready": false,
        "/status/containerStatuses/0/restartCount": 4,
        "/status/containerStatuses/0/state": {"waiting": {"reason": "CrashLoopBackOff",
            "message": "back-off 10s restarting failed container=app"}},
        "/status/containerStatuses/0/lastState": {"terminated": {"exitCode": 1, "reason": "Error",
            "finishedAt": "2026-11-25T21:04:02Z",
            "message": "FATAL: cannot open /etc/shop/settings.json"}},
    })
}

/// Edits of a pod that waits for this reason.
pub(super) fn waiting(reason: &str) -> Value {
    json!({
        "/status/phase": "Pending",
        "/status/conditions/0/status": "False",
        "/status/containerStatuses/0/ready": false,
        "/status/containerStatuses/0/imageID": "",
        "/status/containerStatuses/0/state": {"waiting": {"reason": reason, "message": "why"}},
    })
}

/// Writes members of an object by their pointers; `null` takes one away.
pub(super) fn edit(object: &mut Value, edits: &Value) {
    for (pointer, value) in edits.as_object().unwrap() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut at = &mut *object;
        for step in parent.split('/').skip(1) {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[step],
            };
        }
        match name.parse::<usize>() {
            Ok(index) => at[index] = value.clone(),
            Err(_) if value.is_null() => {
                at.as_object_mut().unwrap().shift_remove(name);
            }
            Err(_) => at[name] = value.clone(),
        }
    }
}

/// A 403, as the API server says it.
pub(super) fn forbidden(what: &str) -> Error {
    Error::new(ErrorKind::Forbidden, format!("not allowed to {what} in namespace shop"))
        .hint(format!("kubectl auth can-i {what} -n shop"))
}

/// What matters of a finding to a script.
pub(super) fn verdict(finding: &Finding) -> (CheckStatus, &'static str) {
    (finding.status, finding.reason)
}
