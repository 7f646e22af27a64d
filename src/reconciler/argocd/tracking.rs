//! The id that Argo CD puts on what it applies: `web:apps/Deployment:prod/web`.

use std::fmt;

use serde_json::Value;

use crate::rollback::model::target::Target;

use super::super::marks::{annotation, reference};

/// The annotation that holds it.
pub(super) const TRACKING: &str = "argocd.argoproj.io/tracking-id";
/// The annotation that says which Argo CD it was, where there are several.
pub(super) const INSTALLATION: &str = "argocd.argoproj.io/installation-id";

/// What an id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrackingId<'a> {
    /// The Application: `web`, or `team_web` where it is not in the namespace of its control plane.
    pub(super) instance: &'a str,
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// The id on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracked<'a> {
    /// There is none.
    No,
    /// It names this very object.
    Own(TrackingId<'a>),
    /// It names another object, from which it was copied.
    Copied(TrackingId<'a>),
    /// The text is no id.
    Nonsense,
}

impl<'a> TrackingId<'a> {
    /// Three parts, of which the second and the third have two each; anything else is no id.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (instance, kind, object) = (parts.next()?, parts.next()?, parts.next()?);
        let (group, kind) = pair(kind)?;
        let (namespace, name) = pair(object)?;
        (!instance.is_empty()).then_some(Self { instance, group, kind, namespace, name })
    }

    /// Whether it names this object. What belongs to no namespace has that of its Application in it.
    pub(super) fn is_of(&self, object: &Target) -> bool {
        self.name == object.name
            && (object.namespace.is_empty() || self.namespace == object.namespace)
            && is_type(self.group, self.kind, object)
    }
}

/// Looks at the id on an object.
pub(super) fn tracked(object: &Value) -> Tracked<'_> {
    let Some(text) = annotation(object, TRACKING) else { return Tracked::No };
    match TrackingId::parse(text) {
        None => Tracked::Nonsense,
        Some(id) if id.is_of(&reference(object)) => Tracked::Own(id),
        Some(id) => Tracked::Copied(id),
    }
}

/// Whether an object is of this type. What stands in a list does not say of which type it is: then it is
/// of that of the list.
pub(super) fn is_type(group: &str, kind: &str, object: &Target) -> bool {
    let own = object.api_version.split_once('/').map_or("", |(group, _)| group);
    object.kind.is_empty() || (kind == object.kind && same_group(group, own))
}

/// Whether two groups hold the same kinds: those of `extensions` have moved out of it.
fn same_group(one: &str, other: &str) -> bool {
    const OLD: &str = "extensions";
    const MOVED_TO: [&str; 3] = ["apps", "networking.k8s.io", "policy"];
    one == other
        || (one == OLD && MOVED_TO.contains(&other))
        || (other == OLD && MOVED_TO.contains(&one))
}

/// An Application, as ids and labels name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instance<'a> {
    /// Its namespace, where that is not the one of its control plane.
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
}

impl<'a> Instance<'a> {
    /// No name of Kubernetes has an underscore in it, so the first one ends the namespace.
    pub(super) fn parse(text: &'a str) -> Self {
        match text.split_once('_') {
            Some((namespace, name)) => Self { namespace: Some(namespace), name },
            None => Self { namespace: None, name: text },
        }
    }

    /// Whether an Application can be called so.
    pub(super) fn is_possible(&self) -> bool {
        is_name(self.name, 253) && self.namespace.is_none_or(|namespace| is_name(namespace, 63))
    }
}

impl fmt::Display for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// Whether it is a name of Kubernetes: what is none may reach another object or selector.
pub(super) fn is_name(text: &str, most: usize) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= most
        && text.chars().all(fits)
        && is_end(text.chars().next())
        && is_end(text.chars().next_back())
}

fn pair(text: &str) -> Option<(&str, &str)> {
    let (one, other) = text.split_once('/')?;
    (!other.contains('/')).then_some((one, other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str, namespace: &str, name: &str, id: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {
            "namespace": namespace, "name": name, "annotations": {TRACKING: id}}})
    }

    #[test]
    fn an_id_is_three_parts_and_nothing_else() {
        for (text, parsed) in [
            ("web:apps/Deployment:prod/web", Some(["web", "apps", "Deployment", "prod", "web"])),
            ("web:/Service:prod/web", Some(["web", "", "Service", "prod", "web"])),
            ("t_w:apps/Deployment:/x", Some(["t_w", "apps", "Deployment", "", "x"])),
            // Names of RBAC objects have colons.
            (
                "web:rbac.authorization.k8s.io/ClusterRole:prod/system:x:y",
                Some(["web", "rbac.authorization.k8s.io", "ClusterRole", "prod", "system:x:y"]),
            ),
            ("", None),
            ("web", None),
            ("web:apps/Deployment", None),
            ("web:Deployment:prod/web", None),
            ("web:apps/v1/Deployment:prod/web", None),
            ("web:apps/Deployment:web", None),
            ("web:apps/Deployment:prod/web/x", None),
            (":apps/Deployment:prod/web", None),
            ("::", None),
            ("web;apps/Deployment;prod/web", None),
        ] {
            let parsed = parsed.map(|[instance, group, kind, namespace, name]| TrackingId {
                instance,
                group,
                kind,
                namespace,
                name,
            });
            assert_eq!(TrackingId::parse(text), parsed, "{text:?}");
        }
    }

    #[test]
    fn an_id_counts_on_the_object_that_it_names() {
        let deployment = |id: &str| object("apps/v1", "Deployment", "prod", "web", &json!(id));
        for (object, own) in [
            (deployment("w:apps/Deployment:prod/web"), true),
            (deployment("w:extensions/Deployment:prod/web"), true),
            (deployment("w:batch/Deployment:prod/web"), false),
            (deployment("w:/Deployment:prod/web"), false),
            (deployment("w:apps/StatefulSet:prod/web"), false),
            (deployment("w:apps/Deployment:test/web"), false),
            (deployment("w:apps/Deployment:prod/web2"), false),
            // The Deployment controller copies annotations to its ReplicaSets.
            (
                object(
                    "apps/v1",
                    "ReplicaSet",
                    "prod",
                    "web-1",
                    &json!("w:apps/Deployment:prod/web"),
                ),
                false,
            ),
            // In a list, the type is that of the list.
            (object("", "", "prod", "web", &json!("w:apps/Deployment:prod/web")), true),
            (object("", "", "prod", "web", &json!("w:apps/Deployment:prod/api")), false),
            (object("v1", "Service", "prod", "web", &json!("w:/Service:prod/web")), true),
            (object("v1", "Namespace", "", "prod", &json!("w:/Namespace:argocd/prod")), true),
            (
                object(
                    "networking.k8s.io/v1",
                    "Ingress",
                    "prod",
                    "web",
                    &json!("w:extensions/Ingress:prod/web"),
                ),
                true,
            ),
        ] {
            assert_eq!(matches!(tracked(&object), Tracked::Own(_)), own, "{object}");
            assert_eq!(matches!(tracked(&object), Tracked::Copied(_)), !own, "{object}");
        }
        assert_eq!(tracked(&deployment("web")), Tracked::Nonsense);
        for nothing in [json!(null), json!(7), json!(["w:apps/Deployment:prod/web"]), json!({})] {
            let object = object("apps/v1", "Deployment", "prod", "web", &nothing);
            assert_eq!(tracked(&object), Tracked::No, "{object}");
        }
        for absurd in [json!([]), json!(7), json!({"metadata": []}), json!({"metadata": "x"})] {
            assert_eq!(tracked(&absurd), Tracked::No, "{absurd}");
        }
    }

    #[test]
    fn an_instance_names_its_namespace_with_an_underscore() {
        for (text, shown, possible) in [
            ("web", "web", true),
            ("web.v2-x", "web.v2-x", true),
            ("team_web", "team/web", true),
            ("team_web_x", "team/web_x", false),
            ("_web", "/web", false),
            ("team_", "team/", false),
            ("", "", false),
            ("Web", "Web", false),
            ("..", "..", false),
            ("-web", "-web", false),
            ("a,metadata.namespace=b", "a,metadata.namespace=b", false),
            ("a/../b", "a/../b", false),
            ("wéb", "wéb", false),
        ] {
            let instance = Instance::parse(text);
            assert_eq!((instance.to_string().as_str(), instance.is_possible()), (shown, possible));
        }
        assert!(Instance::parse(&"a".repeat(253)).is_possible());
        assert!(!Instance::parse(&"a".repeat(254)).is_possible());
    }
}
