//! An Application that is named itself.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::deployed::{Deployed, Listed, Standing};
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target::{Kind, Target};

use super::super::owner_kind::OwnerKind;
use super::super::rendered::Rendering;
use super::super::{Claim, Reconciler};
use super::fields::{is_set, items, text, text_or};
use super::policy;
use super::sources::declared;
use super::{Applications, VERSION, named, read, renders, standing};

/// What Applications are called.
static KIND: Kind = Kind {
    api_version: VERSION,
    kind: "Application",
    plural: "applications",
    singular: "application",
    short: &["app"],
};

impl OwnerKind for Applications {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn reconciler(&self) -> &'static dyn Reconciler {
        &Self
    }

    /// Where Argo CD is, unless somebody chose otherwise.
    fn homes(&self) -> &'static [&'static str] {
        &["argocd", "openshift-gitops"]
    }

    fn about(&self, owner: &Value) -> Owner {
        let claim = Claim {
            namespace: Some(text(owner, "/metadata/namespace").to_owned()),
            name: text(owner, "/metadata/name").to_owned(),
            ..Claim::default()
        };
        Owner {
            would: policy::counteraction(owner, "what others change").would,
            object: Some(named(owner)),
            ..read(&claim, owner, None, Proof::Listed).owner
        }
    }

    fn deployed(&self, owner: &Value) -> Vec<Deployed> {
        super::deployed::of(owner)
    }

    fn listed(&self, owner: &Value) -> Vec<Listed> {
        items(owner, "/status/resources").iter().filter_map(listed).collect()
    }

    fn elsewhere(&self, owner: &Value) -> Option<String> {
        let cluster = text_or(owner, "/spec/destination/name", "/spec/destination/server");
        is_elsewhere(owner).then(|| format!("it deploys to cluster {cluster}"))
    }

    fn standing(&self, owner: &Value, _facts: &Facts<'_>) -> Standing {
        standing::of(owner)
    }

    fn rendering(&self, owner: &Value) -> Result<Rendering, String> {
        if is_set(owner, "/spec/sourceHydrator") {
            return Err("its commits are made by the source hydrator".to_owned());
        }
        let sources = declared(owner);
        let [source] = sources.as_slice() else {
            return Err(match sources.len() {
                0 => "it names no source".to_owned(),
                count => format!("it has {count} sources"),
            });
        };
        if !text(source, "/chart").is_empty() {
            return Err("its chart is in no Git repository".to_owned());
        }
        if is_set(source, "/plugin") {
            return Err("a plugin renders it".to_owned());
        }
        Ok(Rendering::of(renders::of(owner), overridden(source)))
    }
}

/// Whether it deploys to another cluster than the one that it is in.
pub(super) fn is_elsewhere(owner: &Value) -> bool {
    let server = text(owner, "/spec/destination/server");
    let name = text(owner, "/spec/destination/name");
    !matches!(server, "" | "https://kubernetes.default.svc") || !matches!(name, "" | "in-cluster")
}

/// What of its own settings may name images.
fn overridden(source: &Value) -> Option<String> {
    let places = [
        ("/helm/parameters", "Helm parameters"),
        ("/helm/fileParameters", "Helm parameters"),
        ("/helm/values", "Helm values"),
        ("/helm/valuesObject", "Helm values"),
        ("/kustomize/images", "images"),
        ("/kustomize/patches", "patches"),
        ("/directory/jsonnet", "Jsonnet"),
    ];
    let set = places.iter().find(|(pointer, _)| is_set(source, pointer));
    set.map(|(_, what)| format!("its own settings have {what} that win over Git"))
}

fn listed(entry: &Value) -> Option<Listed> {
    let name = Some(text(entry, "/name")).filter(|name| !name.is_empty())?;
    let (group, version) = (text(entry, "/group"), text(entry, "/version"));
    let slash = if group.is_empty() { "" } else { "/" };
    let health = text(entry, "/health/status");
    Some(Listed {
        target: Target {
            api_version: format!("{group}{slash}{version}"),
            kind: text(entry, "/kind").to_owned(),
            namespace: text(entry, "/namespace").to_owned(),
            name: name.to_owned(),
        },
        is_bad: text(entry, "/status") == "OutOfSync" || !matches!(health, "" | "Healthy"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{SHA, application};
    use super::*;

    /// A status of more than 1 MiB.
    #[test]
    fn an_application_with_two_thousand_objects_is_read_and_told_in_a_few_words() {
        let entry = |number: u32| {
            json!({"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "prod",
                "name": format!("web-{number}"), "status": if number.is_multiple_of(500) { "OutOfSync" } else { "Synced" },
                "health": {"status": "Healthy", "message": "m".repeat(500)}})
        };
        let resources: Vec<Value> = (0..2_000).map(entry).collect();
        let conditions: Vec<Value> =
            (0..500).map(|_| json!({"type": "SyncError", "message": "e".repeat(900)})).collect();
        let history: Vec<Value> = (0..10).map(|id| json!({"id": id, "revision": SHA})).collect();
        let owner = application(&json!({"status": {"resources": resources,
            "conditions": conditions, "history": history}}));
        assert!(owner.to_string().len() > 1024 * 1024);
        let listed = Applications.listed(&owner);
        assert_eq!(listed.len(), 2_000);
        assert_eq!(listed.iter().filter(|one| one.is_bad).count(), 4);
        assert_eq!(listed[7].target.reference(), "deployment/web-7");
        let standing = Applications.standing(&owner, &Facts::default());
        let told: usize = standing.conditions.iter().map(|one| one.message.len()).sum();
        assert!(told < 4_096 && standing.summary.len() < 400, "{told}");
        assert_eq!(Applications.deployed(&owner).len(), 10);
        assert!(Applications.about(&owner).notes.concat().len() < 4_096);
    }

    #[test]
    fn what_is_rendered_is_told_where_it_is_one_folder_of_git() {
        let plain = Applications.rendering(&application(&json!({}))).unwrap();
        let folder = plain.inputs.folder.map(|folder| folder.to_string());
        assert_eq!((folder.as_deref(), &*plain.inputs.application), (Some("apps/web"), "web"));
        assert_eq!(plain.overridden, None);
        let own = json!({"spec": {"source": {"kustomize": {"images": ["web:9"]}}}});
        let own = Applications.rendering(&application(&own)).unwrap();
        assert_eq!(
            own.overridden.as_deref(),
            Some("its own settings have images that win over Git")
        );
        for spec in [
            json!({"source": {"chart": "web"}}),
            json!({"source": null}),
            json!({"sources": [{"path": "a"}, {"path": "b"}]}),
            json!({"sourceHydrator": {"drySource": {}}}),
            json!({"source": {"plugin": {"name": "x"}}}),
        ] {
            let owner = application(&json!({"spec": spec}));
            assert!(Applications.rendering(&owner).is_err(), "{owner}");
        }
    }
}
