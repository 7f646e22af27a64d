//! What an `ApplicationSet` makes of a file in Git goes back with that file.

use serde_json::{Value, json};

use super::{image, live, newest_message, undo};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{ArgoCd, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![a_release_in_the_file_of_a_generator_goes_back]
}

const FILE: &str = "envs/eu/config.json";

fn config(tag: &str) -> String {
    json!({"cluster": "eu", "tag": tag}).to_string()
}

/// A set that makes one Application of a chart, with the tag that the file says.
fn set(argocd: &ArgoCd, namespace: &Namespace, fleet: &Fleet) -> Value {
    let name = namespace.name();
    let mut app = argocd.manifest(name, namespace, &fleet.url(), "charts/web", &automated());
    app["spec"]["source"]["helm"] = json!({
        "releaseName": "web", "parameters": [{"name": "image.tag", "value": "{{.tag}}"}],
    });
    let files = json!([{"path": "envs/*/config.json"}]);
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name},
        "spec": {
            "goTemplate": true,
            "generators": [{"git": {"repoURL": fleet.url(), "revision": "main", "files": files}}],
            "template": {"metadata": {"name": name}, "spec": app["spec"]},
            "syncPolicy": {"preserveResourcesOnDeletion": true},
        },
    })
}

/// The set looks at Git every three minutes; asked, it does so at once.
fn a_release_in_the_file_of_a_generator_goes_back(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("durable-set"), Fleet::new());
    argocd.start_application_sets(bed);
    argocd.add_helm();
    fleet.chart("charts/web", "0.9");
    fleet.write(FILE, &config("1.0"));
    let good = fleet.push("Add web");
    argocd.apply(&set(argocd, &namespace, &fleet));
    namespace.wait_until("the Application is generated", |namespace| {
        namespace.kubectl(&["-n", argocd.namespace(), "get", "application", namespace.name()]).code
            == 0
    });
    let app = argocd.application_of_others(&namespace, namespace.name());
    app.wait_synced(&good);
    namespace.rollout_done("web");
    fleet.write(FILE, &config("2.0-crash"));
    let bad = fleet.push("Release 2.0");
    let set = format!("applicationset/{}", namespace.name());
    let ask = "argocd.argoproj.io/application-set-refresh=true";
    namespace.kubectl_ok(&["-n", argocd.namespace(), "annotate", &set, ask]);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: ask ApplicationSet"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    let object = app.wait_synced(&fleet.server_head());
    let parameters = &object["spec"]["source"]["helm"]["parameters"];
    assert_eq!(parameters[0]["value"], "1.0", "{ran}");
    namespace.kubectl_ok(&["-n", argocd.namespace(), "delete", &set, "--wait=false"]);
}
