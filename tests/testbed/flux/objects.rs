//! The objects of Flux, with as little in them as works; a test adds what it is about.

use serde_json::{Value, json};

use super::super::field::text;
use super::super::workload::merge;
use super::processes::SHARE_LABEL;

const HOUR: &str = "1h";

/// An object that is not yet applied.
pub(crate) struct FluxObject(Value);

impl FluxObject {
    /// The same with more in it: a JSON merge patch.
    pub(crate) fn with(mut self, extra: &Value) -> Self {
        merge(&mut self.0, extra);
        self
    }

    /// The same for the controllers that `Flux::start_cancelling` starts.
    pub(crate) fn cancelling(self) -> Self {
        self.with(&json!({"metadata": {"labels": {SHARE_LABEL: "cancelling"}}}))
    }

    /// The same for no controller at all, as where none runs: nobody ever looks at a Kustomization or a
    /// `HelmRelease` that has this.
    pub(crate) fn of_nobody(self) -> Self {
        self.with(&json!({"metadata": {"labels": {SHARE_LABEL: "nobody"}}}))
    }

    /// As it goes into a namespace: for `Flux::apply`, or for a file of a fleet.
    pub(crate) fn manifest(&self, namespace: &str) -> String {
        let mut object = self.0.clone();
        let is_said = object.pointer("/spec/targetNamespace").is_some();
        if text(&object, "/kind") == "Kustomization" && !is_said {
            merge(&mut object, &json!({"spec": {"targetNamespace": namespace}}));
        }
        object.to_string()
    }
}

/// The branch `main` of a repository, fetched every hour.
pub(crate) fn git_repository(name: &str, url: &str) -> FluxObject {
    FluxObject(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": name},
        "spec": {"interval": HOUR, "url": url, "ref": {"branch": "main"}},
    }))
}

/// A folder of a `GitRepository`, applied every hour, with pruning and with the health check (`wait`).
/// With `wait` a change costs 5 s at least: Flux looks at once, and then every 5 s.
pub(crate) fn kustomization(name: &str, repository: &str, folder: &str) -> FluxObject {
    FluxObject(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name},
        "spec": {
            "interval": HOUR,
            "path": folder,
            "prune": true,
            "wait": true,
            "sourceRef": {"kind": "GitRepository", "name": repository},
        },
    }))
}

/// A chart in a folder of a `GitRepository`, released every hour.
pub(crate) fn helm_release(name: &str, repository: &str, folder: &str) -> FluxObject {
    FluxObject(json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name},
        "spec": {
            "interval": HOUR,
            "chart": {"spec": {
                "chart": folder,
                "reconcileStrategy": "Revision",
                "sourceRef": {"kind": "GitRepository", "name": repository},
            }},
        },
    }))
}
