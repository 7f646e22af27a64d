//! The proxy of the test bed: what it records, and that each of its faults is what it says.
//! kubectl is the client here: its behaviour is known.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::suite::{Test, on_bed, pure};
use crate::testbed::{
    Action, Gate, Namespace, Output, Proxy, Recorded, Reply, RequestHead, TestBed, round_trips,
};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![parallel_requests_are_one_round_trip, reviews_and_dry_runs_are_no_writes],
        on_bed![
            records_what_kubectl_asks,
            events_of_a_watch_flow,
            latency_is_paid_by_handshakes_too,
            a_held_request_goes_on,
            a_refusal_is_not_forwarded,
            reset_before_and_after_the_write,
            a_write_may_come_after_its_connection_is_gone,
            a_gateway_may_answer_in_the_place_of_the_api_server,
            an_answer_is_held_although_it_is_done,
            while_nobody_listens_connections_are_refused,
            an_answer_breaks_off,
            an_answer_ends_too_early,
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
        upstream: Some(200),
    };
    let requests =
        [request("/a", 0, 10), request("/b", 1, 30), request("/c", 12, 20), request("/d", 30, 40)];
    let to = |path: &'static str| round_trips(&requests, |record| record.request.path == path);
    assert_eq!([to("/a"), to("/b"), to("/c"), to("/d"), to("/e")], [1, 1, 2, 3, 0]);
}

fn reviews_and_dry_runs_are_no_writes() {
    let web = "/apis/apps/v1/namespaces/shop/deployments/web";
    let review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (method, path, body, is_write) in [
        ("GET", web, "", false),
        ("PATCH", web, "[]", true),
        ("PATCH", &format!("{web}?dryRun=All"), "[]", false),
        ("POST", review, "{}", false),
        ("DELETE", web, "", true),
        ("DELETE", web, r#"{"dryRun": ["All"]}"#, false),
        ("DELETE", &format!("{web}?dryRun=All"), "{}", true),
    ] {
        let head = RequestHead {
            method: method.to_owned(),
            path: path.to_owned(),
            user_agent: String::new(),
            content_type: String::new(),
            body: body.as_bytes().to_vec(),
        };
        assert_eq!(head.is_write(), is_write, "{method} {path} {body}");
    }
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
        do_to_writes(&proxy, action);
        let output = through(&namespace, &proxy, &["create", "configmap", "settings"]);
        assert!(output.code != 0, "{output}");
        assert_eq!(namespace.find("configmap", "settings").is_some(), written, "{output}");
    }
}

/// What kubectl could not know is there a moment later.
fn a_write_may_come_after_its_connection_is_gone(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("late"), bed.proxy());
    do_to_writes(&proxy, Action::ResetThenForward(Duration::from_millis(100)));
    let output = through(&namespace, &proxy, &["create", "configmap", "settings"]);
    assert!(output.code != 0, "{output}");
    namespace.wait_until("the write has come", |_| !proxy.is_forwarding());
    assert!(namespace.find("configmap", "settings").is_some());
    assert_eq!(write(&proxy).upstream, Some(201));
}

fn a_gateway_may_answer_in_the_place_of_the_api_server(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("gateway"), bed.proxy());
    let reply = Reply::refusal(504, "Timeout", "the gateway gave up");
    do_to_writes(&proxy, Action::RespondAfter(reply));
    let output = through(&namespace, &proxy, &["create", "configmap", "settings"]);
    assert!(output.stderr.contains("the gateway gave up"), "{output}");
    assert!(namespace.find("configmap", "settings").is_some());
    let write = write(&proxy);
    assert_eq!((write.status, write.upstream), (Some(504), Some(201)));
}

fn an_answer_is_held_although_it_is_done(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("held-answer"), bed.proxy());
    let gate = Gate::closed();
    do_to_writes(&proxy, Action::HoldAnswer(gate.clone()));
    let create = ["create", "configmap", "settings"];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| through(&namespace, &proxy, &create));
        namespace.wait_until("it is done", |_| gate.is_reached());
        assert!(namespace.find("configmap", "settings").is_some());
        assert!(!waiting.is_finished());
        gate.open();
        let output = waiting.join().expect("kubectl was run");
        assert!(output.code == 0, "{output}");
    });
}

fn while_nobody_listens_connections_are_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("outage"), bed.proxy());
    let mut left = 1;
    proxy.inject(move |_| {
        left -= 1;
        if left == 0 { Action::Refuse(Duration::from_secs(1)) } else { Action::Pass }
    });
    let output = get_raw(&namespace, &proxy);
    assert!(output.code != 0, "{output}");
    let output = get_raw(&namespace, &proxy);
    assert!(output.stderr.contains("refused"), "{output}");
    proxy.inject(|_| Action::Pass);
    namespace
        .wait_until("somebody listens again", |namespace| get_raw(namespace, &proxy).code == 0);
}

fn an_answer_ends_too_early(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("short"), bed.proxy());
    proxy.inject(|_| Action::EndBodyAfter(10));
    let output = get_raw(&namespace, &proxy);
    assert_eq!((output.code, output.stdout.len()), (0, 10), "{output}");
}

fn an_answer_breaks_off(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("cut"), bed.proxy());
    proxy.inject(|_| Action::CutBodyAfter(10));
    let output = get_raw(&namespace, &proxy);
    assert!(output.code != 0, "{output}");
}

fn do_to_writes(proxy: &Proxy, action: Action) {
    proxy.inject(move |request| if request.is_write() { action.clone() } else { Action::Pass });
}

/// The write that the proxy has seen.
#[track_caller]
fn write(proxy: &Proxy) -> Recorded {
    let requests = proxy.requests();
    requests.into_iter().find(|record| record.request.is_write()).expect("a write")
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
