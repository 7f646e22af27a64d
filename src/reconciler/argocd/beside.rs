//! What another Application has to do with one that owns a workload: whether both have it among their
//! objects, and which files it renders.
//!
//! Of two that render one object, the last that was synced has its mark on it. The other says so, in its
//! condition `SharedResourceWarning`: the one with the mark says nothing.

use serde_json::Value;

use crate::rollback::model::ownership::SourceKind;
use crate::rollback::model::target::Target;

use super::super::neighbours::Neighbour;
use super::fields::{items, text};
use super::{finding, named, policy, qualified, renders, sources};

/// What another one is; `None`: the same, or one that renders nothing of Git. Without a workload, nothing
/// is asked of what both have.
pub(super) fn neighbour(
    owner: &Value,
    workload: Option<&Target>,
    other: &Value,
) -> Option<Neighbour> {
    let object = named(other);
    let own = named(owner);
    if (&object.namespace, &object.name) == (&own.namespace, &own.name) {
        return None;
    }
    let sources = sources::of(other);
    let rendered = renders::of(other).into_iter().filter(super::Rendered::is_read);
    let reads: Vec<_> = rendered
        .filter_map(|rendered| Some((sources.get(rendered.source)?.clone(), rendered.inputs)))
        .filter(|(source, _)| source.kind == SourceKind::Git)
        .collect();
    let shares = workload.is_some_and(|workload| shares(owner, workload, other));
    let automation = policy::automation(other);
    (shares || !reads.is_empty()).then(|| Neighbour {
        name: format!("Argo CD application {}", qualified(other)),
        object,
        reads,
        shares,
        acts: automation.syncs && !automation.suspended,
    })
}

/// Whether the other one says that it shares the workload with the owner.
fn shares(owner: &Value, workload: &Target, other: &Value) -> bool {
    let begins = format!("{}/{} is part of applications ", workload.kind, workload.name);
    let namespace = text(owner, "/metadata/namespace");
    let name = text(owner, "/metadata/name");
    let ends = [format!(" and {name}"), format!(" and {namespace}/{name}")];
    let says_so = items(other, "/status/conditions").iter().any(|condition| {
        let message = text(condition, "/message");
        text(condition, "/type") == "SharedResourceWarning"
            && message.starts_with(&begins)
            && ends.iter().any(|end| message.ends_with(end))
    });
    // The message does not say in which namespace the object is.
    says_so && finding::entry(other, workload).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::*;

    fn workload() -> Target {
        Target {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "prod".to_owned(),
            name: "web".to_owned(),
        }
    }

    fn other(extra: &Value) -> Value {
        let mut other = application(extra);
        other["metadata"]["name"] = json!("other");
        other
    }

    fn with(message: &str, extra: &Value) -> Value {
        let mut other = other(extra);
        let condition = json!({"type": "SharedResourceWarning", "message": message});
        other["status"]["conditions"] =
            json!([{"type": "SyncError", "message": message}, condition]);
        other
    }

    #[test]
    fn the_one_without_the_mark_says_that_it_shares() {
        let said = "Deployment/web is part of applications argocd/other and web";
        let elsewhere = json!({"status": {"resources": [{"group": "apps", "kind": "Deployment",
            "namespace": "test", "name": "web"}]}});
        for (other, shares) in [
            (with(said, &json!({})), true),
            (
                with(
                    "Deployment/web is part of applications argocd/other and argocd/web",
                    &json!({}),
                ),
                true,
            ),
            (other(&json!({})), false),
            // Of another object, with another one, or of one of the name in another namespace.
            (with("Service/web is part of applications argocd/other and web", &json!({})), false),
            (
                with("Deployment/web is part of applications argocd/other and api", &json!({})),
                false,
            ),
            (
                with("Deployment/web is part of applications argocd/other and my-web", &json!({})),
                false,
            ),
            (with(said, &elsewhere), false),
            (with("", &json!({})), false),
        ] {
            let found = neighbour(&application(&json!({})), Some(&workload()), &other).unwrap();
            assert_eq!(found.shares, shares, "{other}");
            let of_none = neighbour(&application(&json!({})), None, &other);
            assert!(!of_none.unwrap().shares, "{other}");
        }
    }

    #[test]
    fn what_it_renders_and_whether_it_acts_is_told() {
        let owner = application(&json!({}));
        assert_eq!(neighbour(&owner, None, &owner), None);
        let automated = json!({"spec": {"syncPolicy": {"automated": {}}}});
        for (extra, reads, acts) in [
            (json!({}), 1, false),
            (automated, 1, true),
            (
                json!({"spec": {"source": null, "sources": [
                {"repoURL": "https://git.test/a.git", "path": "a"},
                {"repoURL": "https://charts.test", "chart": "c", "targetRevision": "1"},
                {"repoURL": "https://git.test/b.git", "path": "b"}]}}),
                2,
                false,
            ),
        ] {
            let found = neighbour(&owner, None, &other(&extra)).unwrap();
            assert_eq!((found.reads.len(), found.acts), (reads, acts), "{extra}");
            assert_eq!(found.name, "Argo CD application other");
        }
        let chart = json!({"spec": {"source": {"repoURL": "https://charts.test", "chart": "c", "path": null}}});
        assert_eq!(neighbour(&owner, None, &other(&chart)), None);
    }
}
