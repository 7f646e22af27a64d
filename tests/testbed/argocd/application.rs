//! One Application of one test. It is deleted when it is dropped, without what it has deployed: that
//! goes with the test's namespace.

use serde_json::{Value, json};

use super::super::field::text;
use super::super::namespace::{Namespace, proper};
use super::super::workload::merge;
use super::ArgoCd;

const VERSION: &str = "argoproj.io/v1alpha1";
const REFRESH: &str = "argocd.argoproj.io/refresh";
const HYDRATE: &str = "argocd.argoproj.io/hydrate";

pub(crate) struct Application<'a> {
    argocd: &'a ArgoCd,
    namespace: &'a Namespace,
    name: String,
    /// What was made: `applications`, `applicationsets`, or nothing.
    made: Option<&'static str>,
}

/// What lets an Application be synced by itself, put back what others change, and prune.
pub(crate) fn automated() -> Value {
    json!({"spec": {"syncPolicy": {"automated": {"selfHeal": true, "prune": true}}}})
}

/// The same with a source hydrator: a folder of `main` is rendered into another branch of the repository, below
/// `web`, and taken from there.
pub(crate) fn hydrated(url: &str, folder: &str, branch: &str) -> Value {
    let dry = json!({"repoURL": url, "targetRevision": "main", "path": folder});
    let wet = json!({"targetBranch": branch, "path": "web"});
    let policy = json!({"automated": {"selfHeal": true, "prune": true}});
    let hydrator = json!({"drySource": dry, "syncSource": wet});
    json!({"spec": {"source": null, "sourceHydrator": hydrator, "syncPolicy": policy}})
}

impl<'a> Application<'a> {
    #[track_caller]
    pub(super) fn create(argocd: &'a ArgoCd, namespace: &'a Namespace, object: &Value) -> Self {
        Self::post(argocd, namespace, "applications", object)
    }

    /// The same by way of an `ApplicationSet` of that name, which makes this one Application.
    #[track_caller]
    pub(super) fn generate(argocd: &'a ArgoCd, namespace: &'a Namespace, object: &Value) -> Self {
        let set = json!({
            "apiVersion": VERSION,
            "kind": "ApplicationSet",
            "metadata": {"name": namespace.name()},
            "spec": {
                "generators": [{"list": {"elements": [{"cluster": "here"}]}}],
                "template": {"metadata": object.get("metadata"), "spec": object.get("spec")},
                "syncPolicy": {"preserveResourcesOnDeletion": true},
            },
        });
        let app = Self::post(argocd, namespace, "applicationsets", &set);
        let path = format!("{}/{}", argocd.objects("applications"), app.name);
        namespace.wait_until("the Application is generated", |_| {
            proper(argocd.cluster.api.get(&path)).is_some()
        });
        app
    }

    #[track_caller]
    fn post(
        argocd: &'a ArgoCd,
        namespace: &'a Namespace,
        kinds: &'static str,
        object: &Value,
    ) -> Self {
        proper(argocd.cluster.api.create(&argocd.objects(kinds), object));
        Self { argocd, namespace, name: namespace.name().to_owned(), made: Some(kinds) }
    }

    /// One that others make and delete.
    pub(super) fn of_others(argocd: &'a ArgoCd, namespace: &'a Namespace, name: &str) -> Self {
        Self { argocd, namespace, name: name.to_owned(), made: None }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The namespace that it deploys into.
    pub(crate) fn destination(&self) -> &'a Namespace {
        self.namespace
    }

    /// The namespace that it is in.
    pub(crate) fn place(&self) -> &str {
        self.argocd.namespace()
    }

    #[track_caller]
    pub(crate) fn get(&self) -> Value {
        let path = format!("{}/{}", self.argocd.objects("applications"), self.name);
        let object = proper(self.argocd.cluster.api.get(&path));
        object.unwrap_or_else(|| panic!("no Application {}", self.name))
    }

    /// A JSON merge patch. `.operation` and `.status` are fields like others: there is no subresource.
    #[track_caller]
    pub(crate) fn patch(&self, patch: &Value) {
        let patch = patch.to_string();
        self.kubectl(&["patch", "application", &self.name, "--type=merge", "-p", &patch]);
    }

    /// Runs a sync to a commit, as `argocd app sync --revision` does.
    #[track_caller]
    pub(crate) fn sync(&self, commit: &str) {
        self.patch(&json!({"operation": {"sync": {"revision": commit}}}));
    }

    /// Has the Application compared with Git until Git's state is that commit. A request can get lost
    /// while the Application is being compared anyway, so it is repeated once it has been taken. The
    /// comparison says nothing of a sync, but if one follows by itself, it has been ordered by then.
    #[track_caller]
    pub(crate) fn refresh_to(&self, commit: &str) -> Value {
        self.wait_until(&format!("it is compared with {commit}"), |app| {
            let is_there = text(app, "/status/sync/revision") == commit;
            if !is_there && is_taken(app) {
                let annotation = format!("{REFRESH}=normal");
                self.kubectl(&["annotate", "application", &self.name, &annotation]);
            }
            is_there
        })
    }

    /// Has the source hydrator render until it has rendered that commit, and gives the one that it has pushed
    /// then. The write of a status takes a request away whatever became of it, so it is made again.
    #[track_caller]
    pub(crate) fn hydrate_to(&self, commit: &str) -> String {
        const OPERATION: &str = "/status/sourceHydrator/currentOperation";
        let hydrated = self.wait_until(&format!("{commit} is rendered"), |app| {
            let is_there = text(app, &format!("{OPERATION}/drySHA")) == commit;
            let phase = text(app, &format!("{OPERATION}/phase"));
            if !is_there && phase != "Hydrating" && annotation(app, HYDRATE).is_none() {
                let annotation = format!("{HYDRATE}=normal");
                self.kubectl(&["annotate", "application", &self.name, &annotation]);
            }
            is_there && phase == "Hydrated"
        });
        text(&hydrated, &format!("{OPERATION}/hydratedSHA")).to_owned()
    }

    /// Has the Application compared with Git and with what is live, and waits until that was done once
    /// more. A comparison that was going on may have been the one.
    #[track_caller]
    pub(crate) fn refresh(&self) -> Value {
        self.wait_until("an earlier request is taken", is_taken);
        self.kubectl(&["annotate", "application", &self.name, &format!("{REFRESH}=normal")]);
        self.wait_until("it is compared", is_taken)
    }

    /// Waits until it is synced to that commit and no operation is left. That says nothing of pods.
    #[track_caller]
    pub(crate) fn wait_synced(&self, commit: &str) -> Value {
        self.wait_until(&format!("it is synced to {commit}"), |app| {
            let phase = text(app, "/status/operationState/phase");
            text(app, "/status/sync/revision") == commit
                && text(app, "/status/sync/status") == "Synced"
                && app.get("operation").is_none_or(Value::is_null)
                && !["Running", "Terminating"].contains(&phase)
        })
    }

    /// Looks at the Application until it is so, for three minutes at most, and gives it as it was then.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.namespace.wait_until(&format!("of application {}: {what}", self.name), |_| {
            let object = self.get();
            if is_so(&object) {
                Ok(object)
            } else {
                let Value::Object(mut object) = object else { return Err("no object".to_owned()) };
                object.remove("metadata");
                Err(Value::Object(object).to_string())
            }
        })
    }

    #[track_caller]
    fn kubectl(&self, arguments: &[&str]) {
        let place = ["-n", self.argocd.namespace()];
        self.namespace.kubectl_ok(&[&place, arguments].concat());
    }
}

/// Whether no request to compare is left.
fn is_taken(app: &Value) -> bool {
    annotation(app, REFRESH).is_none()
}

fn annotation<'v>(app: &'v Value, key: &str) -> Option<&'v Value> {
    app.pointer("/metadata/annotations")?.get(key)
}

impl Drop for Application<'_> {
    fn drop(&mut self) {
        if let Some(kinds) = self.made {
            let path = format!("{}/{}", self.argocd.objects(kinds), self.name);
            self.argocd.cluster.api.delete_in_background(&[path]);
        }
    }
}

/// The whole object.
pub(super) fn declared(
    argocd: &ArgoCd,
    name: &str,
    namespace: &Namespace,
    url: &str,
    folder: &str,
    extra: &Value,
) -> Value {
    let mut object = json!({
        "apiVersion": VERSION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": argocd.namespace()},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "main", "path": folder},
            "destination": {
                "server": "https://kubernetes.default.svc", "namespace": namespace.name(),
            },
        },
    });
    merge(&mut object, extra);
    object
}
