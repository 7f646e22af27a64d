//! The same through `rb verify` and a configuration.

use serde_json::{Value, json};

use super::shop;
use crate::program::reachable_program;
use crate::rb::{Ran, Rb};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_verification_asks_what_is_configured,
        a_bad_answer_fails_the_verification,
        without_the_right_nothing_is_known,
        secrets_of_the_environment_are_sent_and_not_told,
        the_config_map_of_the_guides_is_a_probe,
    ]
}

/// A verification of the Deployment `web` with these probes, by somebody with this kubeconfig.
fn verify_with(rb: Rb, http: &Value, more: &str) -> Ran {
    verify_checks(rb, http, "http.ready,http.pods,http.users", more)
}

fn verify_checks(rb: Rb, http: &Value, checks: &str, more: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rb.yaml");
    let configuration = json!({"version": 1, "verify": {"http": http}});
    std::fs::write(&file, configuration.to_string()).expect("a file");
    let words = format!(
        "verify deployment/web -o json --checks={checks} --wait=2s --interval=500ms {more}"
    );
    rb.words(&words).arg("--config").arg(file).run()
}

fn verify(namespace: &Namespace, http: &Value, more: &str) -> Ran {
    verify_with(Rb::new(namespace.kubeconfig()), http, more)
}

/// Status and reason of a check.
fn check(document: &Value, id: &str) -> (String, String) {
    let checks = document["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["id"] == id).expect(id);
    let text = |member: &str| check[member].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

fn found(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

fn a_verification_asks_what_is_configured(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 2);
    let before = program.requests().len();
    let expect = json!({"headers": {"X-Version": "2.8.0"}, "bodyContains": "ok"});
    let users = format!("http://{}/ok?from=outside", program.address());
    let http = json!([
        {"name": "ready", "path": "/version/2.8.0", "expect": expect},
        {"name": "pods", "via": "pod", "path": "/ok", "consecutive": 2},
        {"name": "users", "via": "url", "url": users, "consecutive": 1},
    ]);
    let document = verify(&namespace, &http, "").ends_with(0).json();
    for id in ["http.ready", "http.pods", "http.users"] {
        assert_eq!(check(&document, id), found("pass", ""), "{document}");
    }
    let requests = program.requests();
    let count = |part: &str| requests[before..].iter().filter(|head| head.contains(part)).count();
    let rounds = usize::try_from(document["rounds"].as_u64().expect("a number")).expect("few");
    assert_eq!(count("/version/2.8.0 "), 3 * rounds);
    assert_eq!(count("GET /ok "), 2 * 2 * rounds);
    assert_eq!(count("GET /ok?from=outside "), rounds);

    // One that nobody has configured proves nothing.
    let document = verify(&namespace, &json!([]), "").ends_with(7).json();
    assert_eq!(check(&document, "http.ready"), found("unknown", "Configuration"));
}

fn a_bad_answer_fails_the_verification(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 3);
    let pods = namespace.pods("web");
    let bad = pods[1]["metadata"]["name"].as_str().expect("a name");
    let http = |level: &str| {
        json!([
            {"name": "ready", "path": "/hang", "timeout": "300ms", "level": "advisory"},
            {"name": "pods", "via": "pod", "path": format!("/pod/{bad}"), "level": level},
            {"name": "users", "path": "/never", "level": "ignore",
             "headersFromEnv": {"X-Key": "RB_PROBE_THAT_IS_NOT_SET"}},
        ])
    };
    let ran = verify(&namespace, &http("required"), "").ends_with(6).says(bad);
    let document = ran.json();
    assert_eq!(check(&document, "http.pods"), found("fail", "Status"), "{document}");
    assert_eq!(check(&document, "http.ready"), found("warn", "Timeout"), "{document}");
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["checks"].as_array().map(Vec::len), Some(2), "{document}");
    assert!(program.requests().iter().all(|head| !head.contains("/never")));
    let document = verify(&namespace, &http("advisory"), "").ends_with(0).json();
    assert_eq!(document["verdict"], "verified-with-warnings", "{document}");
    let left_out = "--skip=http.pods=known";
    let document = verify(&namespace, &http("required"), left_out).ends_with(0).json();
    assert_eq!(check(&document, "http.pods"), found("skipped", ""), "{document}");
}

fn without_the_right_nothing_is_known(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    let alice = namespace.user("alice");
    let resources = "pods,services,events,deployments.apps,replicasets.apps";
    let verbs = "--verb=get,list,watch";
    namespace.kubectl_ok(&["create", "role", "look", verbs, &format!("--resource={resources}")]);
    namespace.kubectl_ok(&["create", "rolebinding", "look", "--role=look", "--user=alice"]);
    let option = format!("--kubeconfig={}", alice.display());
    namespace.wait_until("alice may look", |namespace| {
        namespace.kubectl(&[&option, "get", "pods,services,deployments"]).code == 0
    });
    let before = program.requests().len();
    let http = json!([
        {"name": "ready", "path": "/ok"},
        {"name": "pods", "via": "pod", "path": "/ok"},
        {"name": "users", "level": "ignore"},
    ]);
    let ran = verify_with(Rb::new(&alice), &http, "").ends_with(7);
    let document = ran.json();
    for id in ["http.ready", "http.pods"] {
        assert_eq!(check(&document, id), found("unknown", "Forbidden"), "{document}");
    }
    ran.says("kubectl auth can-i get services --subresource=proxy -n");
    assert_eq!(program.requests().len(), before);
}

fn secrets_of_the_environment_are_sent_and_not_told(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    let url = format!("http://{}/status/500?key=hushhush", program.address());
    let http = json!([
        {"name": "ready", "path": "/status/500?key=hushhush",
         "headersFromEnv": {"X-Api-Key": "RB_PROBE_KEY"}},
        {"name": "users", "via": "url", "url": url,
         "headersFromEnv": {"Authorization": "RB_PROBE_KEY"}},
        {"name": "pods", "level": "ignore"},
    ]);
    let rb = Rb::new(namespace.kubeconfig()).env("RB_PROBE_KEY", "hushhush");
    let ran = verify_with(rb, &http, "-vv").ends_with(6);
    assert!(ran.stderr.contains("probe"), "{ran}");
    assert!(!ran.stdout.contains("hushhush") && !ran.stderr.contains("hushhush"), "{ran}");
    let requests = program.requests();
    let is_sent = |header: &str| {
        let line = format!("{header}: hushhush\r\n");
        requests.iter().any(|head| head.to_ascii_lowercase().contains(&line))
    };
    assert!(is_sent("x-api-key") && is_sent("authorization"), "{requests:?}");
    // Nothing is asked without it.
    let before = program.requests().len();
    verify(&namespace, &http, "").ends_with(2).says("RB_PROBE_KEY");
    assert_eq!(program.requests().len(), before);
    // Nor is it missed where the probe is not made.
    verify_checks(Rb::new(namespace.kubeconfig()), &http, "pods.healthy", "").ends_with(0);
}

fn the_config_map_of_the_guides_is_a_probe(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    let configured = |path: &str| {
        let data = json!({
            "health_check_url": format!("http://web.{}.svc{path}", namespace.name()),
            "failure_threshold": "4",
            "check_interval": "100ms",
            "rollback_enabled": "true",
        });
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "rollback-config"}, "data": data});
        namespace.apply(&map.to_string());
    };
    let verify = || {
        let words = "verify deployment/web -o json --checks=http.rollback-config --wait=1s";
        Rb::new(namespace.kubeconfig()).words(words).run()
    };
    configured("/version/2.8.0");
    let document = verify().ends_with(0).json();
    assert_eq!(check(&document, "http.rollback-config"), found("pass", ""), "{document}");
    let asked = program.requests().iter().filter(|head| head.contains("/version/2.8.0 ")).count();
    assert_eq!(asked, 4);
    let took = document["checks"][0]["durationMs"].as_u64();
    assert!(took >= Some(300), "the pauses are missing: {document}");
    configured("/status/503");
    let document = verify().ends_with(6).json();
    assert_eq!(check(&document, "http.rollback-config"), found("fail", "Status"), "{document}");
}
