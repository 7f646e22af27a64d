//! `rb undo` on the real control plane: from a release that fails to one that is proven.

mod again;
mod context;
mod owners;
mod plans;
mod requests;
mod rollouts;
mod target;

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::given::release;
use crate::rb::rb;
use crate::scene::{
    annotation, assert_live, hash, hint, image, paste, record, releases, replica_set,
    rollback_events, settle, template,
};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    [
        on_bed![
            a_crashing_release_is_rolled_back,
            the_old_template_comes_back_byte_for_byte,
            text_that_go_escapes_is_no_other_text,
            everything_is_recorded,
            reason_and_incident_are_recorded,
            without_waiting_nothing_is_called_verified,
            the_forward_command_goes_forward,
        ],
        again::tests(),
        context::tests(),
        owners::tests(),
        plans::tests(),
        requests::tests(),
        rollouts::tests(),
        target::tests(),
    ]
    .concat()
}

fn a_crashing_release_is_rolled_back(bed: &TestBed) {
    let namespace = bed.namespace("crash");
    releases(&namespace, 2, &["1.0", "2.0-crash"]);
    let ran = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_data_eq!(
        ran.stdout.as_str(),
        str![[r"
web · deployment · namespace [..] · context testbed
  now      revision 2   web:2.0-crash   0 of 2 ready, CrashLoopBackOff for [..], 2 older pods serve[..]
  back to  revision 1   web:1.0         2 pods of it available now, [..]
  owner    nobody: no mark of a controller that would undo a direct patch
  way      direct: patch the template, watch until healthy, at most 10m30s
  changes  image web:2.0-crash → 1.0
  checks   [..] passed
rolled back: deployment/web runs the template of revision 1 (web:1.0)
  proof    2 of 2 pods updated and 2 available, 2 in all, [..]
  checks   [..] passed
  forward  to go forward again: rb undo deployment/web --to-revision=[..] -n crash-[..] --context testbed

"]]
    );
    assert_live(&namespace, "1.0");
    namespace.rollout_done("web");
}

/// Everything that a typed client might drop, reorder or write another way.
fn the_old_template_comes_back_byte_for_byte(bed: &TestBed) {
    let namespace = bed.namespace("bytes");
    let unusual = json!({
        "metadata": {"annotations": {"example.test/note": "a\nb \u{1f600} \"c\" <&>"}},
        "spec": {
            "containers": [{
                "name": "app",
                "image": "registry.test:5000/shop/web:1.0",
                "env": [
                    {"name": "EMPTY", "value": ""},
                    {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    {"name": "CPU", "valueFrom": {"resourceFieldRef":
                        {"resource": "limits.cpu", "divisor": "1m"}}},
                ],
                "livenessProbe": {"httpGet": {"path": "/", "port": "http"}},
                "readinessProbe": {"tcpSocket": {"port": 8080}, "failureThreshold": 7},
                "ports": [{"name": "http", "containerPort": 8080}],
                "resources": {
                    "requests": {"cpu": "0.5", "memory": "1e3"},
                    "limits": {"cpu": 1, "memory": "0.5Gi"},
                },
                "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
                "volumeMounts": [{"name": "scratch", "mountPath": "/scratch",
                    "recursiveReadOnly": "Disabled", "readOnly": true}],
            }],
            "initContainers": [{"name": "proxy", "image": "registry.test/proxy:3",
                "restartPolicy": "Always"}],
            "volumes": [
                {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {
                    "metadata": {"labels": {"a": "b"}},
                    "spec": {"accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1.5Gi"}}}}}},
                {"name": "all", "projected": {"sources": [
                    {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
                    {"downwardAPI": {"items": [{"path": "l",
                        "fieldRef": {"fieldPath": "metadata.labels"}}]}}]}},
            ],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone",
                "whenUnsatisfiable": "ScheduleAnyway", "matchLabelKeys": ["pod-template-hash"],
                "labelSelector": {"matchLabels": {"app": "web"}}}],
            "tolerations": [{"operator": "Exists", "tolerationSeconds": 300, "effect": "NoExecute"}],
            "schedulingGates": [{"name": "example.test/gate"}],
            "os": {"name": "linux"},
            "securityContext": {"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]},
        },
    });
    let extra = json!({"spec": {"template": unusual}});
    // No pods: it is about what is written, and nothing could run this.
    namespace.deployment_with("web", "registry.test:5000/shop/web:1.0", 0, &extra);
    settle(&namespace, "1.0");
    let plain = json!([{"op": "replace", "path": "/spec/template", "value": {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "registry.test:5000/shop/web:2.0"}]},
    }}]);
    namespace.kubectl_ok(&["patch", "deployment/web", "--type=json", "-p", &plain.to_string()]);
    settle(&namespace, "2.0");

    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    let live = namespace.get("deployment", "web")["spec"]["template"].to_string();
    assert_eq!(live, template(&namespace, "1.0").to_string());
    assert!(live.contains("resizePolicy") && live.contains("recursiveReadOnly"), "{live}");
    assert_eq!(annotation(&namespace, "deployment.kubernetes.io/revision"), "3");
    // The controller took it for the old one: no third ReplicaSet was made.
    assert_eq!(namespace.list("replicaset", "app=web").len(), 2);
}

/// `sh -c 'a && b'` in a template, and a cause with marks in it.
fn text_that_go_escapes_is_no_other_text(bed: &TestBed) {
    let namespace = bed.namespace("escapes");
    let nasty = "a && b <c> \u{2028}\u{2029} \\u003c größer \u{7f}\t";
    for (number, tag) in [(1, "1.0"), (2, "2.0")] {
        let container = json!({"name": "app", "image": image(tag), "args": [nasty],
            "env": [{"name": "A", "value": nasty}]});
        let extra = json!({
            "metadata": {"annotations": {"kubernetes.io/change-cause": nasty, "git-sha": nasty}},
            "spec": {"template": {"metadata": {"annotations": {"note": nasty}},
                "spec": {"containers": [container]}}},
        });
        release(&namespace, number, 0, tag, &extra);
    }
    for (words, tag) in [("", "1.0"), ("--to-revision=2.0", "2.0")] {
        rb(&namespace, &format!("undo deploy/web --yes {words}")).ends_with(0);
        assert_live(&namespace, tag);
    }
}

fn everything_is_recorded(bed: &TestBed) {
    let namespace = bed.namespace("record");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let report = rb(&namespace, "undo deploy/web --yes -o json").ends_with(0).json();
    let web = namespace.get("deployment", "web");
    let (from, to) = (hash(&namespace, "2.0-crash"), hash(&namespace, "1.0"));

    let record = record(&namespace);
    assert_eq!(record["uid"], web["metadata"]["uid"]);
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1), "{record}");
    let undo = &record["undos"][0];
    assert_eq!([&undo["from"]["hash"], &undo["to"]["hash"]], [&from, &to]);
    assert_eq!([&undo["from"]["revision"], &undo["to"]["revision"]], [2, 1]);
    assert_eq!(undo["by"], "tester");
    assert_eq!(undo["id"], report["plan"]["id"]);
    let verdict = &record["verdicts"][0];
    assert_eq!([&verdict["hash"], &verdict["verdict"]], [to.as_str(), "verified"]);
    assert_eq!(verdict["uid"], replica_set(&namespace, "1.0")["metadata"]["uid"]);

    let events = rollback_events(&namespace);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["involvedObject"]["uid"], web["metadata"]["uid"]);
    let message = "rb undo: revision 2 (web:2.0-crash) back to revision 1 (web:1.0) by tester";
    assert_eq!(events[0]["message"], message);

    let left = replica_set(&namespace, "2.0-crash");
    let copy = left["metadata"]["annotations"]["kubectl-rb/rolled-back"].as_str();
    let copy: Value = serde_json::from_str(copy.expect("the copy")).expect("JSON");
    assert_eq!([&copy["hash"], &copy["undo"]["id"]], [&json!(from), &undo["id"]]);

    let written = report["written"].as_array().expect("a list");
    let steps: Vec<_> = written.iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["patch", "ownership", "annotate", "event", "stamp"]);
}

fn reason_and_incident_are_recorded(bed: &TestBed) {
    let namespace = bed.namespace("reason");
    releases(&namespace, 0, &["1.0", "2.0"]);
    rb(&namespace, "undo deploy/web --yes --reason=latency --incident=INC-42").ends_with(0);
    let record = record(&namespace);
    let undo = &record["undos"][0];
    assert_eq!([&undo["reason"], &undo["incident"]], ["latency", "INC-42"]);
    let cause = annotation(&namespace, "kubernetes.io/change-cause");
    assert!(cause.ends_with(": latency [INC-42]"), "{cause}");
    let events = rollback_events(&namespace);
    let message = events[0]["message"].as_str().expect("a message");
    assert!(message.contains(": latency [INC-42] by tester"), "{message}");
}

fn without_waiting_nothing_is_called_verified(bed: &TestBed) {
    let namespace = bed.namespace("no-wait");
    releases(&namespace, 1, &["1.0", "2.0"]);
    rb(&namespace, "undo deploy/web --yes --no-wait")
        .ends_with(0)
        .says("not verified, nobody waited")
        .says("to go on watching: rb status deployment/web");
    assert_live(&namespace, "1.0");
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn the_forward_command_goes_forward(bed: &TestBed) {
    let namespace = bed.namespace("forward");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let ran = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
    let forward = hint(&ran, "to go forward again: ");
    paste(bed, &namespace, &format!("{forward} --yes"));
    assert_live(&namespace, "2.0");
}
