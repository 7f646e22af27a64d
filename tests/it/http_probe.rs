//! HTTP probes through the API server of the test bed, against a program of the test: what each way
//! of answering badly is called, and how often the program is asked.

mod command;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kubectl_rb::backend;
use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline};
use kubectl_rb::probe::{self, Expected, LogRules, Scene, Seen};
use kubectl_rb::rollback::model::check::{CheckStatus, Finding};
use kubectl_rb::rollback::model::hint::Hints;
use kubectl_rb::rollback::model::http_probe::{HttpMethod, HttpProbe, Scheme, Via};
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use crate::program::{played_by, reachable_address, reachable_program, service};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Program, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    let tests = on_bed![
        good_answers_in_a_row_are_good,
        each_failure_has_its_word,
        heads_are_told_apart_too,
        one_bad_pod_of_three_is_found,
        what_the_api_server_says_is_not_held_against_the_program,
        a_service_that_leads_nowhere,
        tls_to_the_program,
    ];
    [tests, command::tests()].concat()
}

const IMAGE: &str = "registry.test/web:1.0";

/// A Deployment `web` whose pods are the program, and a Service `web` for them.
fn shop(bed: &TestBed, program: &Program, replicas: u32) -> Namespace {
    let namespace = bed.namespace("http");
    namespace.deployment_with("web", IMAGE, replicas, &played_by(program));
    service(&namespace, "web", "web", &json!("http"));
    namespace.rollout_done("web");
    namespace.wait_until("the Service leads to all pods", |namespace| {
        let endpoints = namespace.find("endpoints", "web").unwrap_or_default();
        let addresses = endpoints.pointer("/subsets/0/addresses").and_then(Value::as_array);
        addresses.is_some_and(|addresses| addresses.len() == replicas as usize)
    });
    namespace
}

fn to_service(path: &str) -> HttpProbe {
    // Patient enough for a busy machine; answers that never come are asked for with less.
    let timeout = Duration::from_secs(60);
    HttpProbe { name: "ready".into(), path: path.into(), timeout, ..HttpProbe::default() }
}

fn to_named(name: &str, path: &str) -> HttpProbe {
    let via = Via::Service { service: Some(name.to_owned()), namespace: None };
    HttpProbe { via, ..to_service(path) }
}

fn to_pods(path: &str) -> HttpProbe {
    HttpProbe { via: Via::Pod, ..to_service(path) }
}

/// One round of a probe of the Deployment `web`, as this user.
fn ask_as(kubeconfig: &Path, namespace: &Namespace, probe: &HttpProbe) -> Finding {
    let backend = backend::by_kind("Deployment").expect("a kind");
    let selects = |service: &Value| service.pointer("/spec/selector/app") == Some(&json!("web"));
    let services = namespace.list("service", "").into_iter().filter(selects).collect();
    let pods = namespace.pods("web");
    let hash = pods.first().and_then(|pod| pod.pointer("/metadata/labels/pod-template-hash"));
    let hash = hash.and_then(Value::as_str).unwrap_or_default().to_owned();
    let seen = Seen {
        workload: namespace.get("deployment", "web"),
        pods,
        pods_gap: None,
        owners: Vec::new().into(),
        services: Ok(services),
    };
    let hints = Hints { namespace: namespace.name().to_owned(), ..Hints::default() };
    let scene = Scene {
        backend,
        target: &Target::new(backend.kind(), namespace.name(), "web"),
        expected: &Expected { hash, ..Expected::default() },
        seen: &seen,
        logs: &LogRules::default(),
        now: Timestamp::now(),
        hints: &hints,
    };
    let options =
        ConnectOptions { kubeconfig: Some(kubeconfig.to_owned()), ..ConnectOptions::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let deadline = Deadline::after(Duration::from_secs(120));
        let cluster = Cluster::connect(&options, deadline).await.expect("a connection");
        probe::http::run(&cluster, probe, &scene, deadline).await
    })
}

fn ask(namespace: &Namespace, probe: &HttpProbe) -> Finding {
    ask_as(namespace.kubeconfig(), namespace, probe)
}

#[track_caller]
fn assert_is(finding: &Finding, status: CheckStatus, reason: &str, part: &str) {
    assert_eq!((finding.status, finding.reason), (status, reason), "{finding:?}");
    assert!(finding.message.contains(part), "{part}: {finding:?}");
}

fn good_answers_in_a_row_are_good(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 2);
    let before = program.requests().len();
    let ok = HttpProbe { body_contains: Some("ok".into()), ..to_service("/version/2.8.0") };
    let expect_headers = vec![("x-version".to_owned(), "2.8.0".to_owned())];
    let finding = ask(&namespace, &HttpProbe { expect_headers, consecutive: 5, ..ok });
    let message = "GET /version/2.8.0 of Service web: 5 good answers in a row";
    assert_is(&finding, CheckStatus::Pass, "", message);
    assert_eq!(program.requests().len(), before + 5);
    // By name and by number, with a query and a header of one's own, to the bare root.
    for port in ["http", "80"] {
        let headers = vec![("X-Canary".to_owned(), "always".to_owned())];
        let port = Some(port.to_owned());
        let probe = HttpProbe { port, headers, consecutive: 1, ..to_named("web", "?a=b%20c") };
        let finding = ask(&namespace, &probe);
        assert_is(&finding, CheckStatus::Pass, "", "GET /?... of Service web: 1 good answer");
        let request = program.requests().pop().expect("a request").to_ascii_lowercase();
        assert!(request.starts_with("get /?a=b%20c http/1.1\r\n"), "{request}");
        assert!(request.contains("x-canary: always\r\n"), "{request}");
        assert!(!request.contains("authorization:"), "{request}");
    }
}

fn each_failure_has_its_word(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    for (path, reason, part) in [
        ("/status/500", "Status", "status 500, expected 200 to 299 (answer 1 of 3)"),
        ("/status/503", "Status", "status 503, expected 200 to 299"),
        ("/status/403", "Status", "status 403"),
        ("/redirect", "Redirect", "status 302, a redirect to /login?..., expected"),
        ("/truncated", "Truncated", "breaks off"),
        ("/garbage", "NotHttp", "what it answers is not HTTP"),
        ("/headers", "HugeHeaders", "headers are too big"),
        ("/close", "Closed", "closes the connection"),
        ("/reset", "Closed", "closes the connection"),
    ] {
        let before = program.requests().len();
        let finding = ask(&namespace, &to_service(path));
        assert_is(&finding, CheckStatus::Fail, reason, part);
        assert_eq!(program.requests().len(), before + 1, "{path}: asked once");
        let raw = "kubectl get --raw /api/v1/namespaces/";
        assert!(finding.hint.as_ref().is_some_and(|hint| hint.starts_with(raw)), "{finding:?}");
    }
    let finding = ask(&namespace, &to_service("/flaky/3"));
    assert_is(&finding, CheckStatus::Fail, "Status", "(answer 3 of 3)");
    for path in ["/hang", "/begin"] {
        let probe = HttpProbe { timeout: Duration::from_millis(500), ..to_service(path) };
        assert_is(&ask(&namespace, &probe), CheckStatus::Fail, "Timeout", "within 500ms");
    }
    let finding = ask(&namespace, &to_service("/huge"));
    assert_is(&finding, CheckStatus::Pass, "", "3 good answers");
    // What is under way in the buffers of the system and of the API server.
    assert!(program.sent() < 256 * 1024 * 1024, "{} bytes were sent", program.sent());
    // The one that nobody answers any more.
    drop(program);
    assert_is(&ask(&namespace, &to_service("/ok")), CheckStatus::Fail, "Refused", "refuses");
    assert_is(&ask(&namespace, &to_pods("/ok")), CheckStatus::Fail, "Refused", "refuses");
}

/// The answer to HEAD has no body that says who answers.
fn heads_are_told_apart_too(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    let head = |path: &str| HttpProbe { method: HttpMethod::Head, ..to_service(path) };
    assert_is(&ask(&namespace, &head("/ok")), CheckStatus::Pass, "", "HEAD /ok of Service web");
    let finding = ask(&namespace, &head("/status/503"));
    assert_is(&finding, CheckStatus::Fail, "Status", "status 503, expected 200 to 299");
    let expected = HttpProbe { status: vec![404], ..head("/status/404") };
    assert_is(&ask(&namespace, &expected), CheckStatus::Pass, "", "3 good answers");
    let missing = HttpProbe {
        via: Via::Service { service: Some("gone".into()), namespace: None },
        port: Some("80".into()),
        ..expected
    };
    assert_is(&ask(&namespace, &missing), CheckStatus::Unknown, "NotFound", "no such Service");
}

fn one_bad_pod_of_three_is_found(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 3);
    let pods = namespace.pods("web");
    let bad = pods[1]["metadata"]["name"].as_str().expect("a name").to_owned();
    let before = program.requests().len();
    let finding = ask(&namespace, &to_pods(&format!("/pod/{bad}")));
    let what = format!("1 of the 3 pods answers badly, {bad}: status 503");
    assert_is(&finding, CheckStatus::Fail, "Status", &what);
    assert_eq!(finding.evidence, ["body: not on this pod"]);
    assert_eq!(program.requests().len(), before + 3 + 3 + 1);
    let finding = ask(&namespace, &to_pods("/ok"));
    let message = "GET /ok: 3 good answers in a row from each of the 3 pods";
    assert_is(&finding, CheckStatus::Pass, "", message);
    let port = Some("metrics".to_owned());
    let finding = ask(&namespace, &HttpProbe { port, ..to_pods("/ok") });
    assert_is(
        &finding,
        CheckStatus::Unknown,
        "NoPort",
        "it has no port metrics; its ports: http (",
    );
    // More than one round asks.
    namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=12"]);
    namespace.rollout_done("web");
    let before = program.requests().len();
    let finding = ask(&namespace, &to_pods("/ok"));
    assert_is(&finding, CheckStatus::Pass, "", "each of the 10 of 12 ready pods that were asked");
    assert_eq!(program.requests().len(), before + 30);
}

fn what_the_api_server_says_is_not_held_against_the_program(bed: &TestBed) {
    let Some(program) = reachable_program() else { return };
    let namespace = shop(bed, &program, 1);
    let before = program.requests().len();
    let alice = namespace.user("alice");
    for (probe, what, resource) in [
        (to_service("/ok"), "services/proxy web:80", "services"),
        (HttpProbe { method: HttpMethod::Head, ..to_service("/ok") }, "services/proxy", "services"),
        (HttpProbe { status: vec![403], ..to_service("/ok") }, "services/proxy", "services"),
        (to_pods("/ok"), "pods/proxy web-", "pods"),
    ] {
        let finding = ask_as(&alice, &namespace, &probe);
        let what = format!("not allowed to get {what}");
        assert_is(&finding, CheckStatus::Unknown, "Forbidden", &what);
        let hint = finding.hint.unwrap_or_default();
        let can_i = format!("kubectl auth can-i get {resource} --subresource=proxy -n ");
        assert!(hint.starts_with(&can_i), "{hint}");
    }
    let refused = ask_as(&namespace.expired_credentials(), &namespace, &to_service("/ok"));
    assert_is(&refused, CheckStatus::Unknown, "ApiServer", "Unauthorized");
    assert_eq!(program.requests().len(), before);

    let wrong = HttpProbe { path: "/../../../secrets".into(), ..to_service("/") };
    let finding = ask(&namespace, &wrong);
    assert_is(&finding, CheckStatus::Unknown, "Configuration", "path has a segment . or ..");
    assert!(finding.is_final);

    // Nothing is proxied to the machine of the API server itself.
    let own = bed.namespace("loopback");
    let at = json!({"spec": {"template": {"metadata": {"annotations": {"testbed/pod-ip": "127.0.0.1"}}}}});
    own.deployment_with("web", IMAGE, 1, &at);
    own.rollout_done("web");
    let port = Some(program.address().port().to_string());
    let finding = ask(&own, &HttpProbe { port, ..to_pods("/ok") });
    assert_is(&finding, CheckStatus::Unknown, "ProxyRefused", "loopback");
}

fn a_service_that_leads_nowhere(bed: &TestBed) {
    let namespace = bed.namespace("nowhere");
    namespace.deployment("web", "registry.test/web:1.0-hang", 1);
    namespace.wait_until("a pod", |namespace| !namespace.pods("web").is_empty());
    let say = "no Service selects the pods: say which one in the probe ready";
    assert_is(&ask(&namespace, &to_service("/ok")), CheckStatus::Unknown, "NoService", say);
    let finding = ask(&namespace, &to_pods("/ok"));
    assert_is(&finding, CheckStatus::Fail, "NoPods", "is ready");

    service(&namespace, "web", "web", &json!(8080));
    let finding = ask(&namespace, &to_service("/ok"));
    assert_is(&finding, CheckStatus::Fail, "NoEndpoints", "no pod behind it is ready");
    let hint = finding.hint.unwrap_or_default();
    assert!(hint.contains("get endpointslices -l kubernetes.io/service-name=web"), "{hint}");
    let port = Some("metrics".to_owned());
    let finding = ask(&namespace, &HttpProbe { port, ..to_service("/ok") });
    assert_is(&finding, CheckStatus::Unknown, "NoPort", "no port metrics; its ports: http (80)");

    namespace.kubectl_ok(&["create", "service", "clusterip", "bare", "--tcp=80:80"]);
    let none = r#"[{"op": "remove", "path": "/spec/selector"}]"#;
    namespace.kubectl_ok(&["patch", "service/bare", "--type=json", "-p", none]);
    namespace.kubectl_ok(&["create", "service", "externalname", "away", "--external-name=a.test"]);
    for port in [None, Some("80".to_owned())] {
        let ask = |name: &str| {
            ask(&namespace, &HttpProbe { port: port.clone(), ..to_named(name, "/ok") })
        };
        let finding = ask("bare");
        assert_is(&finding, CheckStatus::Unknown, "NoSelector", "Service bare: it has no selector");
        assert_is(&ask("gone"), CheckStatus::Unknown, "NotFound", "there is no such Service");
    }
    let port = Some("80".to_owned());
    let finding = ask(&namespace, &HttpProbe { port, ..to_named("away", "/ok") });
    assert_is(&finding, CheckStatus::Unknown, "NoSelector", "ExternalName");

    service(&namespace, "other", "web", &json!(8080));
    let finding = ask(&namespace, &to_service("/ok"));
    let several = "2 Services select the pods (other, web): say which one in the probe ready of the \
                   configuration (service: other)";
    assert_is(&finding, CheckStatus::Unknown, "SeveralServices", several);
    namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=0"]);
    let finding = ask(&namespace, &to_named("web", "/ok"));
    assert_is(&finding, CheckStatus::Skipped, "NothingRan", "replicas is 0");
}

fn tls_to_the_program(bed: &TestBed) {
    let Some(address) = reachable_address() else { return };
    let program = Program::start_with_tls(address).expect("the program starts");
    let namespace = shop(bed, &program, 1);
    for probe in [to_service("/ok"), to_pods("/ok")] {
        let finding = ask(&namespace, &HttpProbe { scheme: Scheme::Https, ..probe });
        assert_is(&finding, CheckStatus::Pass, "", "3 good answers in a row");
    }
    let plain = Program::start(address).expect("the program starts");
    let namespace = shop(bed, &plain, 1);
    let finding = ask(&namespace, &HttpProbe { scheme: Scheme::Https, ..to_service("/ok") });
    assert_is(&finding, CheckStatus::Fail, "Tls", "no TLS connection to it");
}
