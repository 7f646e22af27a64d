//! The ConfigMap that guides tell people to create becomes a probe.

use std::collections::BTreeMap;
use std::time::Duration;

use kubectl_rb::config::{
    Endpoint, HttpProbe, Method, Port, Route, Scheme, probe_of_rollback_config,
};
use kubectl_rb::error::ErrorKind;
use kubectl_rb::rollback::model::check::Level;

use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        its_keys_become_a_probe,
        without_a_url_there_is_none,
        a_name_of_the_cluster_is_asked_through_its_service,
        all_other_hosts_are_asked_directly,
        what_cannot_be_meant_is_told,
    ]
}

fn data(data: &[(&str, &str)]) -> BTreeMap<String, String> {
    data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[track_caller]
fn probe(of: &[(&str, &str)]) -> HttpProbe {
    probe_of_rollback_config(&data(of)).expect("a probe").expect("a probe")
}

#[track_caller]
fn route(url: &str) -> Route {
    probe(&[("health_check_url", url)]).route
}

fn its_keys_become_a_probe() {
    let found = probe(&[
        ("health_check_url", " https://shop.example.com/health?full=1\n"),
        ("failure_threshold", "5"),
        ("check_interval", "10s"),
        ("rollback_enabled", "true"),
    ]);
    assert_eq!(found.id(), "http.rollback-config");
    assert_eq!(found.route, Route::Url("https://shop.example.com/health?full=1".into()));
    assert_eq!((found.consecutive, found.pause), (5, Duration::from_secs(10)));
    assert_eq!((found.method, found.level), (Method::Get, Level::Required));
    assert!(found.expect.accepts(204) && !found.expect.accepts(301));
    let url = ("health_check_url", "https://shop.example.com/");
    assert_eq!(probe(&[url, ("check_interval", "10")]).pause, Duration::from_secs(10));
    let plain = probe(&[url, ("check_interval", " "), ("failure_threshold", "")]);
    assert_eq!((plain.consecutive, plain.pause), (3, Duration::ZERO));
}

fn without_a_url_there_is_none() {
    for of in [&[][..], &[("failure_threshold", "x")], &[("health_check_url", " ")]] {
        assert_eq!(probe_of_rollback_config(&data(of)).expect("no probe"), None);
    }
}

fn a_name_of_the_cluster_is_asked_through_its_service() {
    for (url, namespace, scheme, port, path) in [
        ("http://checkout:8080/healthz", None, Scheme::Http, 8080, "/healthz"),
        ("http://checkout/healthz?a=b", None, Scheme::Http, 80, "/healthz?a=b"),
        ("https://checkout.shop.svc", Some("shop"), Scheme::Https, 443, "/"),
        ("http://Checkout.shop.svc:81/x", Some("shop"), Scheme::Http, 81, "/x"),
        ("http://checkout.shop.svc.cluster.local:8080/", Some("shop"), Scheme::Http, 8080, "/"),
        ("http://checkout.shop.svc.cluster.local.:8080", Some("shop"), Scheme::Http, 8080, "/"),
    ] {
        let should = Route::Service {
            namespace: namespace.map(str::to_owned),
            name: Some("checkout".to_owned()),
            endpoint: Endpoint { scheme, port: Some(Port::Number(port)), path: path.to_owned() },
        };
        assert_eq!(route(url), should, "{url}");
    }
}

fn all_other_hosts_are_asked_directly() {
    for url in [
        "https://shop.example.com/healthz",
        "http://localhost:8080/healthz",
        "http://127.0.0.1:8080/healthz",
        "http://[::1]:8080/healthz",
        "http://checkout.shop/healthz",
        "http://a.b.svc.example.com/healthz",
        "http://check_out/healthz",
    ] {
        assert_eq!(route(url), Route::Url(url.to_owned()), "{url}");
    }
}

fn what_cannot_be_meant_is_told() {
    let url = ("health_check_url", "http://checkout/");
    for (of, words) in [
        (
            [("health_check_url", "http://dana:c2VjcmV0@checkout/"), ("", "")],
            "health_check_url must hold no user and no password",
        ),
        (
            [("health_check_url", "checkout:8080/healthz"), ("", "")],
            "health_check_url is no URL such as https://shop.example.com/healthz",
        ),
        (
            [("health_check_url", "http://checkout/../../../secrets"), ("", "")],
            "health_check_url must not have . or .. as a part",
        ),
        ([url, ("failure_threshold", "three")], "failure_threshold is no number from 1 to 100"),
        ([url, ("failure_threshold", "0")], "failure_threshold is no number from 1 to 100"),
        ([url, ("check_interval", "often")], "check_interval is no duration from 100ms to 1h"),
        ([url, ("check_interval", "0")], "check_interval is no duration from 100ms to 1h"),
    ] {
        let error = probe_of_rollback_config(&data(&of)).expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), format!("configmap/rollback-config: {words}"));
        assert_eq!(
            error.hints(),
            ["to check something else: a probe named rollback-config in rb.yaml"]
        );
    }
}
