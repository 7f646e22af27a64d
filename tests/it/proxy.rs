//! The proxy of the test bed: what it records, and that each of its faults is what it says.
//! kubectl is the client here: its behaviour is known.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::suite::{Test, on_bed, pure};
use crate::testbed::{
    Action, Gate, Namespace, Output, Proxy, Recorded, RequestHead, TestBed, round_trips,
};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![parallel_requests_are_one_round_trip],
        on_bed![
            records_what_kubectl_asks,
            events_of_a_watch_flow,
            latency_is_paid_by_handshakes_too,
            a_held_request_goes_on,
            a_refusal_is_not_forwarded,
            reset_before_and_after_the_write,
            an_answer_breaks_off,
        ],
    ]
    .concat()
}

fn parallel_requests_are_one_round_trip() {
    let start = Instant::now();
    let request = |path: &str, from: u64, to: u64| Recorded {
        request: RequestHead {
            method: "GET".to_owned(),
            path: path.to_owned(),
            user_agent: String::new(),
            content_type: String::new(),
            body: Vec::new(),
        },
        connection: 1,
        started: start + Duration::from_millis(from),
        answered: Some(start + Duration::from_millis(to)),
        status: Some(200),
    };
    let requests =
        [request("/a", 0, 10), request("/b", 1, 30), request("/c", 12, 20), request("/d", 30, 40)];
    let to = |path: &'static str| round_trips(&requests, |record| record.request.path == path);
    assert_eq!([to("/a"), to("/b"), to("/c"), to("/d"), to("/e")], [1, 1, 2, 3, 0]);
}

fn records_what_kubectl_asks(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("record"), bed.proxy());
    through(&namespace, &proxy, &["create", "configmap", "settings", "--from-literal=a=b"]);
    let requests = proxy.requests();
    let write = requests.iter().find(|record| record.request.is_write());
    let write = write.expect("the configmap is created");
    assert_eq!(write.request.method, "POST");
    assert!(
        write
            .request
            .path
            .ends_with("/configmaps?fieldManager=kubectl-create&fieldValidation=Strict")
    );
    assert!(write.request.user_agent.starts_with("kubectl"), "{}", write.request.user_agent);
    assert!(String::from_utf8_lossy(&write.request.body).contains("settings"));
    assert_eq!(write.status, Some(201));
    assert_eq!(proxy.connections(), 1);

    proxy.clear();
    get_raw(&namespace, &proxy);
    assert_eq!(proxy.requests().len(), 1);
    assert_eq!(proxy.connections(), 1);
    assert_eq!(proxy.round_trips(|_| true), 1);
}

/// If the proxy kept events back, kubectl would not see the change before its deadline.
fn events_of_a_watch_flow(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("watch"), bed.proxy());
    namespace.kubectl_ok(&["create", "configmap", "settings", "--from-literal=state=old"]);
    let wait = ["wait", "configmap/settings", "--for=jsonpath={.data.state}=new", "--timeout=30s"];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| through(&namespace, &proxy, &wait));
        namespace.wait_until("kubectl watches", |_| {
            proxy.requests().iter().any(|record| record.request.is_watch())
        });
        let change = r#"{"data": {"state": "new"}}"#;
        namespace.kubectl_ok(&["patch", "configmap/settings", "--type=merge", "-p", change]);
        let output = waiting.join().expect("kubectl was run");
        assert!(output.code == 0, "{output}");
    });
}

fn latency_is_paid_by_handshakes_too(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("latency"), bed.proxy());
    let one_way = Duration::from_millis(40);
    proxy.set_latency(one_way);
    let start = Instant::now();
    let output = get_raw(&namespace, &proxy);
    assert!(output.code == 0, "{output}");
    // TCP, TLS, the request: a round trip each.
    assert!(start.elapsed() >= 3 * 2 * one_way, "{:?}", start.elapsed());
}

fn a_held_request_goes_on(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("held"), bed.proxy());
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(move |_| Action::Hold(held.clone()));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| get_raw(&namespace, &proxy));
        namespace.wait_until("the request has arrived", |_| !proxy.requests().is_empty());
        assert!(!waiting.is_finished());
        gate.open();
        let output = waiting.join().expect("kubectl was run");
        assert!(output.code == 0, "{output}");
    });
}

fn a_refusal_is_not_forwarded(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("refused"), bed.proxy());
    proxy.inject(|request| {
        if request.is_write() {
            Action::refuse(403, "Forbidden", "the test says no")
        } else {
            Action::Pass
        }
    });
    let output = through(&namespace, &proxy, &["create", "configmap", "settings"]);
    assert!(output.stderr.contains("the test says no"), "{output}");
    assert!(namespace.find("configmap", "settings").is_none());
}

fn reset_before_and_after_the_write(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("reset"), bed.proxy());
    for (action, written) in [(Action::ResetBefore, false), (Action::ResetAfter, true)] {
        proxy.inject(move |request| if request.is_write() { action.clone() } else { Action::Pass });
        let output = through(&namespace, &proxy, &["create", "configmap", "settings"]);
        assert!(output.code != 0, "{output}");
        assert_eq!(namespace.find("configmap", "settings").is_some(), written, "{output}");
    }
}

fn an_answer_breaks_off(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("cut"), bed.proxy());
    proxy.inject(|_| Action::CutBodyAfter(10));
    let output = get_raw(&namespace, &proxy);
    assert!(output.code != 0, "{output}");
}

/// kubectl with the proxy in between.
fn through(namespace: &Namespace, proxy: &Proxy, arguments: &[&str]) -> Output {
    let kubeconfig = proxy.kubeconfig(namespace);
    namespace.kubectl(&[&[option(&kubeconfig).as_str()], arguments].concat())
}

/// A command of kubectl that is exactly one request.
fn get_raw(namespace: &Namespace, proxy: &Proxy) -> Output {
    let path = format!("/api/v1/namespaces/{}/configmaps", namespace.name());
    through(namespace, proxy, &["get", "--raw", &path])
}

fn option(kubeconfig: &Path) -> String {
    format!("--kubeconfig={}", kubeconfig.display())
}
