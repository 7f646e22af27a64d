//! What a pod template names that has to be in the cluster before its pods can start. A pure walk
//! over raw JSON.

use serde_json::Value;

/// The kind of an object that a template names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referred {
    /// In variables and volumes.
    ConfigMap,
    /// In variables and volumes, and what pulls images.
    Secret,
    /// In volumes.
    PersistentVolumeClaim,
    /// What pods run as.
    ServiceAccount,
    /// Cluster-scoped.
    PriorityClass,
    /// Cluster-scoped.
    RuntimeClass,
}

impl Referred {
    /// The kind's name in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::ServiceAccount => "ServiceAccount",
            Self::PriorityClass => "PriorityClass",
            Self::RuntimeClass => "RuntimeClass",
        }
    }

    /// Where the API has them: group and version as a path, and the resource.
    #[must_use]
    pub fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::ConfigMap => ("api/v1", "configmaps"),
            Self::Secret => ("api/v1", "secrets"),
            Self::PersistentVolumeClaim => ("api/v1", "persistentvolumeclaims"),
            Self::ServiceAccount => ("api/v1", "serviceaccounts"),
            Self::PriorityClass => ("apis/scheduling.k8s.io/v1", "priorityclasses"),
            Self::RuntimeClass => ("apis/node.k8s.io/v1", "runtimeclasses"),
        }
    }

    /// Whether they belong to no namespace.
    #[must_use]
    pub fn is_cluster_wide(self) -> bool {
        matches!(self, Self::PriorityClass | Self::RuntimeClass)
    }
}

/// Where a template names what pulls its images: the kubelet goes on without one that is missing.
pub const PULL_SECRETS: &str = "imagePullSecrets";

/// One place of a template that names an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its kind.
    pub kind: Referred,
    /// Its name.
    pub name: String,
    /// Whether pods start without it.
    pub optional: bool,
    /// The keys that it has to have.
    pub keys: Vec<String>,
    /// What names it, in words: `container app, variable LIMIT`. The same words mean the same place
    /// in another template.
    pub by: String,
}

impl Reference {
    /// `ConfigMap/settings`: how the record names the object.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }
}

/// Everything that a template names. `claims` are the volumes that a `StatefulSet` makes for each of
/// its pods, whatever the template says of them.
#[must_use]
pub fn references(template: &Value, claims: &[&str]) -> Vec<Reference> {
    let mut found = Found::default();
    let Some(spec) = template.get("spec") else { return found.0 };
    for (list, word) in [
        ("initContainers", "init container"),
        ("containers", "container"),
        ("ephemeralContainers", "ephemeral container"),
    ] {
        for container in items(spec, list) {
            let by = format!("{word} {}", text(container, "name"));
            of_container(container, &by, &mut found);
        }
    }
    for volume in items(spec, "volumes") {
        if !claims.contains(&text(volume, "name")) {
            of_volume(volume, &mut found);
        }
    }
    for secret in items(spec, PULL_SECRETS) {
        found.add(Referred::Secret, text(secret, "name"), PULL_SECRETS);
    }
    // The second name is the old one of the first; the API server keeps both the same.
    let account = ["serviceAccountName", "serviceAccount"].iter().find(|m| spec.get(m).is_some());
    if let Some(member) = account {
        found.add(Referred::ServiceAccount, text(spec, member), "serviceAccountName");
    }
    let (priority, runtime) = ("priorityClassName", "runtimeClassName");
    found.add(Referred::PriorityClass, text(spec, priority), priority);
    found.add(Referred::RuntimeClass, text(spec, runtime), runtime);
    found.0
}

#[derive(Default)]
struct Found(Vec<Reference>);

impl Found {
    fn add(&mut self, kind: Referred, name: &str, by: &str) {
        self.add_source(kind, name, &Value::Null, Vec::new(), by);
    }

    /// `source` says whether it is optional.
    fn add_source(
        &mut self,
        kind: Referred,
        name: &str,
        source: &Value,
        keys: Vec<String>,
        by: &str,
    ) {
        if !name.is_empty() {
            let optional = source.get("optional") == Some(&Value::Bool(true));
            let (name, by) = (name.to_owned(), by.to_owned());
            self.0.push(Reference { kind, name, optional, keys, by });
        }
    }
}

fn of_container(container: &Value, by: &str, found: &mut Found) {
    for (index, source) in items(container, "envFrom").enumerate() {
        let by = format!("{by}, envFrom {}", index + 1);
        for (member, kind) in
            [("configMapRef", Referred::ConfigMap), ("secretRef", Referred::Secret)]
        {
            if let Some(source) = source.get(member) {
                found.add_source(kind, text(source, "name"), source, Vec::new(), &by);
            }
        }
    }
    for variable in items(container, "env") {
        let by = format!("{by}, variable {}", text(variable, "name"));
        for (member, kind) in
            [("configMapKeyRef", Referred::ConfigMap), ("secretKeyRef", Referred::Secret)]
        {
            if let Some(source) = variable.get("valueFrom").and_then(|from| from.get(member)) {
                let key = vec![text(source, "key").to_owned()];
                found.add_source(kind, text(source, "name"), source, key, &by);
            }
        }
    }
}

fn of_volume(volume: &Value, found: &mut Found) {
    let by = format!("volume {}", text(volume, "name"));
    for (member, source) in volume.as_object().into_iter().flatten() {
        match member.as_str() {
            "configMap" => {
                found.add_source(
                    Referred::ConfigMap,
                    text(source, "name"),
                    source,
                    keys(source),
                    &by,
                );
            }
            "secret" => {
                let name = text(source, "secretName");
                found.add_source(Referred::Secret, name, source, keys(source), &by);
            }
            "projected" => of_projected(source, &by, found),
            "persistentVolumeClaim" => {
                found.add(Referred::PersistentVolumeClaim, text(source, "claimName"), &by);
            }
            "azureFile" => found.add(Referred::Secret, text(source, "secretName"), &by),
            // What mounts a volume of another kind with a password, in its own namespace.
            _ => {
                let secrets = ["nodePublishSecretRef", "secretRef"];
                for secret in secrets.iter().filter_map(|member| source.get(member)) {
                    found.add(Referred::Secret, text(secret, "name"), &by);
                }
            }
        }
    }
}

fn of_projected(projected: &Value, by: &str, found: &mut Found) {
    for (index, source) in items(projected, "sources").enumerate() {
        let by = format!("{by}, source {}", index + 1);
        for (member, kind) in [("configMap", Referred::ConfigMap), ("secret", Referred::Secret)] {
            if let Some(source) = source.get(member) {
                found.add_source(kind, text(source, "name"), source, keys(source), &by);
            }
        }
    }
}

/// The keys that a volume shows as files; none where it shows all.
fn keys(source: &Value) -> Vec<String> {
    items(source, "items").map(|item| text(item, "key").to_owned()).collect()
}

fn items<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(reference: &Reference) -> String {
        let Reference { kind, name, optional, keys, by } = reference;
        let optional = if *optional { "?" } else { "" };
        format!("{} {name}{optional} [{}] {by}", kind.word(), keys.join(" "))
    }

    #[test]
    fn every_place_that_names_something_is_found() {
        let container = |name: &str, more: Value| {
            let mut container = json!({"name": name, "image": "i"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([container])
        };
        for (spec, expected) in [
            (json!({}), vec![]),
            (
                json!({"containers": container("app", json!({"envFrom": [
                    {"configMapRef": {"name": "a"}},
                    {"secretRef": {"name": "b", "optional": true}}]}))}),
                vec![
                    "ConfigMap a [] container app, envFrom 1",
                    "Secret b? [] container app, envFrom 2",
                ],
            ),
            (
                json!({"containers": container("app", json!({"env": [
                    {"name": "PLAIN", "value": "x"},
                    {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k"}}},
                    {"name": "B", "valueFrom": {"secretKeyRef":
                        {"name": "b", "key": "p", "optional": true}}}]}))}),
                vec![
                    "ConfigMap a [k] container app, variable A",
                    "Secret b? [p] container app, variable B",
                ],
            ),
            (
                json!({"initContainers": container("first", json!({"envFrom": [
                    {"configMapRef": {"name": "a"}}]})),
                    "ephemeralContainers": container("debug", json!({"envFrom": [
                    {"configMapRef": {"name": "b"}}]}))}),
                vec![
                    "ConfigMap a [] init container first, envFrom 1",
                    "ConfigMap b [] ephemeral container debug, envFrom 1",
                ],
            ),
            (
                json!({"volumes": [
                    {"name": "all", "configMap": {"name": "a", "defaultMode": 420}},
                    {"name": "some", "secret": {"secretName": "b", "optional": true,
                        "items": [{"key": "crt", "path": "x"}, {"key": "key", "path": "y"}]}},
                    {"name": "tmp", "emptyDir": {}},
                    {"name": "host", "hostPath": {"path": "/"}},
                    {"name": "own", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]}),
                vec!["ConfigMap a [] volume all", "Secret b? [crt key] volume some"],
            ),
            (
                json!({"volumes": [{"name": "both", "projected": {"sources": [
                    {"serviceAccountToken": {"path": "t"}},
                    {"configMap": {"name": "a", "items": [{"key": "k", "path": "k"}]}},
                    {"secret": {"name": "b", "optional": true}}]}}]}),
                vec!["ConfigMap a [k] volume both, source 2", "Secret b? [] volume both, source 3"],
            ),
            (
                json!({"volumes": [
                    {"name": "disk", "persistentVolumeClaim": {"claimName": "c"}},
                    {"name": "mine", "persistentVolumeClaim": {"claimName": "made"}},
                    {"name": "csi", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "b"}}},
                    {"name": "rbd", "rbd": {"secretRef": {"name": "r"}}},
                    {"name": "azure", "azureFile": {"secretName": "z"}}]}),
                vec![
                    "PersistentVolumeClaim c [] volume disk",
                    "Secret b [] volume csi",
                    "Secret r [] volume rbd",
                    "Secret z [] volume azure",
                ],
            ),
            (
                json!({"serviceAccountName": "s", "serviceAccount": "s", "priorityClassName": "p",
                    "runtimeClassName": "r", "imagePullSecrets": [{"name": "i"}, {}]}),
                vec![
                    "Secret i [] imagePullSecrets",
                    "ServiceAccount s [] serviceAccountName",
                    "PriorityClass p [] priorityClassName",
                    "RuntimeClass r [] runtimeClassName",
                ],
            ),
            (json!({"serviceAccount": "s"}), vec!["ServiceAccount s [] serviceAccountName"]),
            (json!({"volumes": "none", "containers": [1, {"env": [null]}]}), vec![]),
        ] {
            let found = references(&json!({"spec": spec}), &["mine"]);
            assert_eq!(found.iter().map(words).collect::<Vec<_>>(), expected, "{spec}");
        }
        assert_eq!(references(&Value::Null, &[]), []);
    }
}
