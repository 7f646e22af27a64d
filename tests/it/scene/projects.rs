//! An `AppProject` of Argo CD that lets everything be everywhere, but for what a test has in it.

use serde_json::{Value, json};

use crate::testbed::Namespace;
use crate::testbed::argocd::{ArgoCd, automated};

/// One of that name with one more member.
pub(crate) fn project(name: &str, member: &str, value: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": name},
        "spec": {"sourceRepos": ["*"], "destinations": [{"namespace": "*", "server": "*"}],
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}], member: value},
    })
}

/// One with these sync windows.
pub(crate) fn with_windows(name: &str, windows: &Value) -> Value {
    project(name, "syncWindows", windows)
}

/// The settings of an automated Application that is in this project.
pub(crate) fn automated_in(project: &str) -> Value {
    let mut extra = automated();
    extra["spec"]["project"] = json!(project);
    extra
}

pub(crate) fn delete_project(argocd: &ArgoCd, namespace: &Namespace, name: &str) {
    namespace.kubectl_ok(&["-n", argocd.namespace(), "delete", "appproject", name]);
}
