//! Programs that answer in the place of pods: that the API server reaches them, through Services and
//! pods. kubectl is the client here.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Program, TestBed, own_address};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![answers_through_a_service, answers_through_each_pod]
}

/// An address of this machine that the API server connects to, where there is one.
pub(crate) fn reachable_address() -> Option<IpAddr> {
    let address = own_address();
    if address.is_none() {
        #[expect(clippy::print_stdout, reason = "whoever reads the log has to know")]
        {
            println!("skipped: this machine has no address but those of the loopback interface");
        }
    }
    address
}

/// A program at that address.
pub(crate) fn reachable_program() -> Option<Program> {
    Some(Program::start(reachable_address()?).expect("the program starts"))
}

/// What makes the pods of a workload be that program.
pub(crate) fn played_by(program: &Program) -> Value {
    let address = program.address();
    let ports = json!([{"name": "http", "containerPort": address.port()}]);
    json!({"spec": {"template": {
        "metadata": {"annotations": {"testbed/pod-ip": address.ip().to_string()}},
        "spec": {"containers": [
            {"name": "app", "image": "registry.test/web:1.0", "ports": ports},
        ]},
    }}})
}

/// A Service with one port, 80, for the pods of a workload.
pub(crate) fn service(namespace: &Namespace, name: &str, workload: &str, target_port: &Value) {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {
            "selector": {"app": workload},
            "ports": [{"name": "http", "port": 80, "targetPort": target_port}],
        },
    });
    namespace.apply(&service.to_string());
}

fn answers_through_a_service(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = bed.namespace("program");
    namespace.deployment_with("web", "registry.test/web:1.0", 2, &played_by(&program));
    service(&namespace, "web", "web", &json!("http"));
    namespace.rollout_done("web");
    let path =
        |path: &str| format!("/api/v1/namespaces/{}/services/web:80/proxy{path}", namespace.name());
    let answer = namespace.wait_until("the Service leads to the program", |namespace| {
        let answer = namespace.kubectl(&["get", "--raw", &path("/ok")]);
        (answer.code == 0).then_some(answer.stdout)
    });
    assert_eq!(answer, "ok\n");
    let before = program.requests().len();
    let refused = namespace.kubectl(&["get", "--raw", &path("/status/503"), "-v=8"]);
    assert!(refused.code != 0, "{refused}");
    assert_eq!(program.requests().len(), before + 1);
}

fn answers_through_each_pod(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = bed.namespace("programs");
    namespace.deployment_with("web", "registry.test/web:1.0", 3, &played_by(&program));
    namespace.rollout_done("web");
    let pods = namespace.pods("web");
    let names: Vec<&str> =
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().expect("a name")).collect();
    let port = program.address().port();
    let bad = names[1];
    for name in &names {
        let path =
            format!("/api/v1/namespaces/{}/pods/{name}:{port}/proxy/pod/{bad}", namespace.name());
        let answer = namespace.kubectl(&["get", "--raw", &path]);
        assert_eq!(answer.code == 0, *name != bad, "{answer}");
    }
    assert_eq!(program.requests().len(), 3);
}
