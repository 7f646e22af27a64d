//! What the old template names, and what became of it.

use serde_json::{Value, json};

use super::{look, look_as};
use crate::given::{allow, nothing_was_written, release};
use crate::rb::Rb;
use crate::scene::assert_live;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        all_that_is_missing_is_named_at_once,
        what_is_there_or_optional_is_no_trouble,
        a_missing_service_account_stops_it,
        a_missing_priority_class_stops_it,
        a_secret_that_may_not_be_read_is_unknown,
    ]
}

/// Two releases without pods; only the first one has this in its pod spec.
#[track_caller]
fn only_the_old_one_has(namespace: &Namespace, replicas: u32, spec: &Value) {
    release(namespace, 1, replicas, "1.0", &json!({"spec": {"template": {"spec": spec}}}));
    let members = spec.as_object().expect("members").keys();
    let members = members.filter(|name| *name != "containers");
    let mut without: serde_json::Map<String, Value> =
        members.map(|name| (name.clone(), Value::Null)).collect();
    let image = "registry.test:5000/shop/web:2.0";
    without.insert("containers".to_owned(), json!([{"name": "app", "image": image}]));
    release(namespace, 2, replicas, "2.0", &json!({"spec": {"template": {"spec": without}}}));
}

fn needy() -> Value {
    json!({
        "containers": [{"name": "app", "image": "registry.test:5000/shop/web:1.0",
            "envFrom": [{"configMapRef": {"name": "settings"}},
                {"configMapRef": {"name": "extra", "optional": true}}],
            "env": [{"name": "PASSWORD", "valueFrom":
                {"secretKeyRef": {"name": "db", "key": "password"}}}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "disk"}},
            {"name": "tls", "secret": {"secretName": "tls", "items": [{"key": "crt", "path": "c"}]}}],
    })
}

fn all_that_is_missing_is_named_at_once(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("refs"), bed.proxy());
    only_the_old_one_has(&namespace, 0, &needy());
    namespace.kubectl_ok(&["create", "secret", "generic", "db", "--from-literal=user=u"]);
    let missing = [
        "ConfigMap settings (container app, envFrom 1)",
        "PersistentVolumeClaim disk (volume data)",
        "Secret tls (volume tls)",
        "key password of Secret db (container app, variable PASSWORD)",
    ];
    for words in ["", "--severity=critical"] {
        let checked = look(&namespace, words).blocked_by(&["refs"]);
        let check = checked.says("refs", "fail", "the old template needs what is missing");
        assert_eq!(check["evidence"], json!(missing));
        for what in missing {
            checked.says("refs", "fail", what);
        }
    }
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes");
    call.run().ends_with(3).says("hint: refs: kubectl get configmap,secret,persistentvolumeclaim");
    nothing_was_written(&proxy);
    assert_live(&namespace, "2.0");
}

fn what_is_there_or_optional_is_no_trouble(bed: &TestBed) {
    let namespace = bed.namespace("refs-there");
    only_the_old_one_has(&namespace, 0, &needy());
    namespace.kubectl_ok(&["create", "configmap", "settings", "--from-literal=LIMIT=1"]);
    namespace.kubectl_ok(&["create", "secret", "generic", "db", "--from-literal=password=hunter2"]);
    namespace.kubectl_ok(&["create", "secret", "generic", "tls", "--from-literal=crt=hunter2"]);
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "disk"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}});
    namespace.apply(&claim.to_string());
    let checked = look(&namespace, "").goes_on();
    checked.says("refs", "pass", "4 found");
    // `aHVudGVyMg==` is how the API writes it.
    let ran = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes -vv -o json").run();
    let ran = ran.ends_with(0);
    for value in ["hunter2", "aHVudGVyMg"] {
        assert!(!ran.stdout.contains(value) && !ran.stderr.contains(value), "{ran}");
    }
}

/// Nothing but this check sees it here: the bed runs without the admission of `ServiceAccount`s.
fn a_missing_service_account_stops_it(bed: &TestBed) {
    let namespace = bed.namespace("refs-account");
    namespace.kubectl_ok(&["create", "serviceaccount", "runner"]);
    only_the_old_one_has(&namespace, 1, &json!({"serviceAccountName": "runner"}));
    look(&namespace, "").goes_on();
    namespace.kubectl_ok(&["delete", "serviceaccount", "runner"]);
    let checked = look(&namespace, "").blocked_by(&["refs"]);
    checked.says("refs", "fail", "ServiceAccount runner (serviceAccountName)");
}

fn a_missing_priority_class_stops_it(bed: &TestBed) {
    let namespace = bed.namespace("refs-priority");
    let class = namespace.name();
    namespace.kubectl_ok(&["create", "priorityclass", class, "--value=7"]);
    only_the_old_one_has(&namespace, 1, &json!({"priorityClassName": class, "priority": null}));
    // Who may not read it has it from the API server, which admits the pod.
    let rules = [
        "get,patch,watch deployments.apps",
        "list,patch replicasets.apps",
        "list,watch,create pods",
        "list,create events",
    ];
    allow(&namespace, "alice", &rules);
    look_as(&namespace, "alice").goes_on().says("refs", "pass", "");
    namespace.kubectl_ok(&["delete", "priorityclass", class]);
    namespace.wait_until("the API server knows that it is gone", |namespace| {
        let checked = look(namespace, "");
        checked.checks.iter().any(|check| check["id"] == "dryrun.pod" && check["status"] == "fail")
    });
    let checked = look(&namespace, "").blocked_by(&["dryrun.pod", "refs"]);
    checked.says("refs", "fail", &format!("PriorityClass {class} (priorityClassName)"));
}

fn a_secret_that_may_not_be_read_is_unknown(bed: &TestBed) {
    let namespace = bed.namespace("refs-secret");
    only_the_old_one_has(
        &namespace,
        0,
        &json!({"volumes":
        [{"name": "tls", "secret": {"secretName": "tls"}}]}),
    );
    let rules = [
        "get,patch,watch deployments.apps",
        "list,patch replicasets.apps",
        "list,watch pods",
        "list,create events",
    ];
    allow(&namespace, "bob", &rules);
    // It does not even exist; but that is not for rb to guess.
    let checked = look_as(&namespace, "bob").goes_on();
    let check = checked.says("refs", "unknown", "whether Secret tls exists: not allowed to get");
    assert_eq!(check["level"], "advisory");
    let hint = check["hint"].as_str().unwrap_or_default();
    assert!(hint.starts_with("kubectl auth can-i get secrets -n"), "{check}");
}
