//! What the marks of Argo CD on an object claim.
//!
//! Which of them counts depends on how Argo CD is set up to track, and that is in a `ConfigMap` that few
//! may read. It need not be known: whatever a mark is, the Application that it names lists the object,
//! or the mark counts for nothing.

use serde_json::Value;

use crate::rollback::model::target::Target;

use super::super::Claim;
use super::super::marks::{annotation, is_written_by, label, reference};
use super::tracking::{INSTALLATION, Instance, TRACKING, Tracked, tracked};

/// Labels that only Argo CD sets; the second was its own up to version 0.10.
const OWN_LABELS: [&str; 2] = ["argocd.argoproj.io/instance", "applications.argoproj.io/app-name"];
/// The label of Argo CD up to 2.14. Charts set it too, to the name of their release.
const SHARED_LABEL: &str = "app.kubernetes.io/instance";
/// Its field manager; `argocd-application-controller` in old versions.
pub(super) const WRITER: &str = "argocd-";
/// So many labels are tried where one of them must be the mark and nobody knows which.
const GUESSES: usize = 8;

/// How sure a claim is of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It is a mark, so it has to be told where it is stale.
    Mark,
    /// It may be none, so it counts only where an Application agrees.
    Guess,
}

/// The claims of all marks on an object. One without a name can be refuted without asking anybody.
pub(super) fn of(object: &Value) -> Vec<Claim> {
    let own = reference(object);
    match tracked(object) {
        Tracked::Own(id) => {
            let mut claims = vec![claim(Instance::parse(id.instance), mark(object), &own)];
            // An object may belong to two Applications, each of which has put its mark on it.
            let other = |key: &&str| label(object, key).filter(|name| *name != id.instance);
            claims.extend(
                OWN_LABELS
                    .iter()
                    .filter_map(|key| Some((key, other(key)?)))
                    .map(|(key, name)| claim(Instance::parse(name), label_mark(key), &own)),
            );
            claims
        }
        Tracked::Copied(_) | Tracked::Nonsense => {
            let nobody = Instance { namespace: None, name: "" };
            let mut claims = vec![claim(nobody, mark(object), &own)];
            claims.extend(by_labels(object, &own));
            claims
        }
        Tracked::No => by_labels(object, &own),
    }
}

/// Whether a claim may be no mark at all.
pub(super) fn weight(claim: &Claim, object: &Value) -> Weight {
    let by_label = claim.mark.starts_with("label ");
    let is_known = OWN_LABELS.iter().any(|key| claim.mark == label_mark(key))
        || claim.mark == written_label_mark(SHARED_LABEL);
    let beside_an_id = matches!(tracked(object), Tracked::Own(_));
    if by_label && (!is_known || beside_an_id) { Weight::Guess } else { Weight::Mark }
}

/// Whether the mark says which Argo CD has put it there.
pub(super) fn names_installation(claim: &Claim) -> bool {
    claim.mark.contains(INSTALLATION)
}

fn by_labels(object: &Value, own: &Target) -> Vec<Claim> {
    for key in OWN_LABELS {
        if let Some(name) = label(object, key) {
            return vec![claim(Instance::parse(name), label_mark(key), own)];
        }
    }
    if !is_written_by(object, WRITER) {
        return Vec::new();
    }
    if let Some(name) = label(object, SHARED_LABEL) {
        return vec![claim(Instance::parse(name), written_label_mark(SHARED_LABEL), own)];
    }
    // Argo CD wrote it and tracks it by a label of its owner's choice: one of these holds the name.
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let possible = |(key, value): (&String, &Value)| {
        let instance = Instance::parse(value.as_str()?);
        instance.is_possible().then(|| claim(instance, written_label_mark(key), own))
    };
    labels.into_iter().flatten().filter_map(possible).take(GUESSES).collect()
}

fn claim(instance: Instance<'_>, mark: String, of: &Target) -> Claim {
    Claim {
        namespace: instance.namespace.map(str::to_owned),
        name: instance.name.to_owned(),
        mark,
        of: of.clone(),
        place: None,
    }
}

fn mark(object: &Value) -> String {
    match annotation(object, INSTALLATION) {
        Some(_) => format!("annotations {TRACKING} and {INSTALLATION}"),
        None => format!("annotation {TRACKING}"),
    }
}

fn label_mark(key: &str) -> String {
    format!("label {key}")
}

fn written_label_mark(key: &str) -> String {
    format!("label {key}, written by Argo CD")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WRITTEN: &str = "argocd-controller";

    fn deployment(metadata: &Value) -> Value {
        let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "prod", "name": "web"}});
        for (member, value) in metadata.as_object().unwrap() {
            object["metadata"][member] = value.clone();
        }
        object
    }

    #[test]
    fn every_mark_of_argo_cd_is_a_claim() {
        let id = "web:apps/Deployment:prod/web";
        let writer = json!([{"manager": "kubectl"}, {"manager": WRITTEN}]);
        for (metadata, expected) in [
            (json!({"annotations": {TRACKING: id}}), vec![("web", "annotation", Weight::Mark)]),
            (
                json!({"annotations": {TRACKING: "team_web:apps/Deployment:prod/web"}}),
                vec![("team/web", "annotation", Weight::Mark)],
            ),
            (
                json!({"annotations": {TRACKING: id, INSTALLATION: "one"}}),
                vec![("web", "annotations", Weight::Mark)],
            ),
            // The label is information beside the id, and may be cut.
            (
                json!({"annotations": {TRACKING: id}, "labels": {OWN_LABELS[0]: "web"}}),
                vec![("web", "annotation", Weight::Mark)],
            ),
            (
                json!({"annotations": {TRACKING: id}, "labels": {OWN_LABELS[0]: "other"}}),
                vec![("web", "annotation", Weight::Mark), ("other", "label", Weight::Guess)],
            ),
            (
                json!({"annotations": {TRACKING: id}, "labels": {SHARED_LABEL: "release"},
                    "managedFields": writer}),
                vec![("web", "annotation", Weight::Mark)],
            ),
            (json!({"labels": {OWN_LABELS[0]: "web"}}), vec![("web", "label", Weight::Mark)]),
            (json!({"labels": {OWN_LABELS[1]: "web"}}), vec![("web", "label", Weight::Mark)]),
            (
                json!({"labels": {SHARED_LABEL: "web"}, "managedFields": writer}),
                vec![("web", "label", Weight::Mark)],
            ),
            // Helm charts set it themselves.
            (
                json!({"labels": {SHARED_LABEL: "web"}, "managedFields": [{"manager": "helm"}]}),
                vec![],
            ),
            (
                json!({"labels": {"example.com/app": "web", "tier": "Not A Name", "n": 7},
                    "managedFields": writer}),
                vec![("web", "label", Weight::Guess)],
            ),
            (json!({"managedFields": writer}), vec![]),
            // A copy, and a text that is no id: nobody has to be asked.
            (
                json!({"annotations": {TRACKING: "web:apps/Deployment:prod/other"}}),
                vec![("", "annotation", Weight::Mark)],
            ),
            (json!({"annotations": {TRACKING: "web"}}), vec![("", "annotation", Weight::Mark)]),
            (
                json!({"annotations": {TRACKING: "web"}, "labels": {OWN_LABELS[0]: "web"}}),
                vec![("", "annotation", Weight::Mark), ("web", "label", Weight::Mark)],
            ),
            (json!({"annotations": {TRACKING: 7}, "labels": []}), vec![]),
            (json!({"annotations": "x", "labels": "x", "managedFields": {}}), vec![]),
        ] {
            let object = deployment(&metadata);
            let claims = of(&object);
            let found: Vec<_> = claims
                .iter()
                .map(|claim| {
                    let instance =
                        Instance { namespace: claim.namespace.as_deref(), name: &claim.name };
                    let word = claim.mark.split(' ').next().unwrap();
                    (instance.to_string(), word, weight(claim, &object))
                })
                .collect();
            let expected: Vec<_> =
                expected.into_iter().map(|(name, word, w)| (name.to_owned(), word, w)).collect();
            assert_eq!(found, expected, "{metadata}");
            assert!(claims.iter().all(|claim| claim.of == reference(&object)));
        }
    }

    #[test]
    fn not_every_label_is_tried() {
        let labels: serde_json::Map<String, Value> =
            (0..50).map(|n| (format!("l{n}"), json!(format!("v{n}")))).collect();
        let object =
            deployment(&json!({"labels": labels, "managedFields": [{"manager": WRITTEN}]}));
        assert_eq!(of(&object).len(), GUESSES);
    }
}
