//! What a configuration says for one workload.

use std::collections::BTreeMap;
use std::time::Duration;

use kubectl_rb::backend;
use kubectl_rb::config::{
    Endpoint, Expect, HeaderSource, HttpProbe, KINDS, Method, Port, Route, Scheme, Settings,
    WorkloadSettings,
};
use kubectl_rb::rollback::model::check::Level;
use kubectl_rb::rollback::model::request::CheckRule;
use kubectl_rb::rollback::model::target::Target;

use super::parsed;
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        without_a_configuration_the_defaults_hold,
        every_value_is_read,
        the_checks_of_the_preflight_are_read,
        entries_match_by_namespace_name_kind_and_labels,
        later_entries_count_more,
        probes_are_merged_by_name,
        another_transport_begins_anew,
        a_head_and_a_body_do_not_meet,
        the_level_of_a_probe_is_that_of_its_check,
        a_probe_from_elsewhere_joins,
        anchors_and_merge_keys_work,
        json_is_a_configuration_too,
        the_kinds_are_those_that_rb_rolls_back,
    ]
}

fn target(kind: &str, namespace: &str, name: &str) -> Target {
    Target {
        api_version: "apps/v1".to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

fn labels(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What holds for the Deployment `checkout` in `shop`.
fn of_checkout(settings: &Settings) -> WorkloadSettings {
    settings.for_workload(&target("Deployment", "shop", "checkout"), &labels(&[("app", "web")]))
}

fn text(value: &str) -> HeaderSource {
    HeaderSource::Text(value.to_owned())
}

fn endpoint(port: Option<Port>, path: &str) -> Endpoint {
    Endpoint { scheme: Scheme::Http, port, path: path.to_owned() }
}

fn without_a_configuration_the_defaults_hold() {
    let settings = of_checkout(&Settings::default());
    assert_eq!(settings.stable_for, Duration::ZERO);
    assert_eq!(settings.interval, Duration::from_secs(2));
    assert_eq!((settings.http.len(), settings.logs.patterns.len()), (0, 0));
    assert_eq!(settings.level("logs"), None);
    assert_eq!(settings, of_checkout(&parsed("version: 1\n")));
    let preflight = Settings::default().preflight;
    assert!(!preflight.require_reason && !preflight.verified_only);
    assert_eq!(preflight.rule("freeze"), None);
    let probe = &of_checkout(&parsed("version: 1\nverify: {http: [{name: a}]}\n")).http[0];
    let route = Route::Service { namespace: None, name: None, endpoint: endpoint(None, "/") };
    assert_eq!(
        *probe,
        HttpProbe {
            name: "a".to_owned(),
            route,
            method: Method::Get,
            headers: BTreeMap::new(),
            expect: Expect::default(),
            consecutive: 3,
            timeout: Duration::from_secs(5),
            pause: Duration::ZERO,
            level: Level::Required,
        }
    );
    assert_eq!(probe.id(), "http.a");
    assert!(probe.expect.accepts(200) && probe.expect.accepts(204));
    assert!(!probe.expect.accepts(302) && !probe.expect.accepts(199));
}

fn every_value_is_read() {
    let settings = of_checkout(&parsed(
        r#"version: 1
workloads:
  - match: {namespace: shop, name: checkout, kind: Deployment, labels: {app: web}}
    verify:
      stableFor: 30s
      interval: 5
      checks: {logs: ignore, events: advisory, rollout.converged: required}
      logs: {patterns: ["(?i)panic"], ignore: ["expected panic in test"]}
      http:
        - name: ready
          via: service
          service: front
          scheme: https
          port: http
          path: /readyz?verbose
          method: HEAD
          headers: {X-Probe: rb}
          headersFromEnv: {X-Token: RB_PROBE_TOKEN}
          expect: {status: [200, 401], headers: {X-Version: "2.8.0"}}
          consecutive: 5
          timeout: 1.5s
          level: advisory
        - {name: pods, via: pod, port: 8080, expect: {status: 204, bodyContains: ok}}
        - name: users
          via: url
          url: https://shop.example.com/
          headersFromEnv: {Authorization: RB_PROBE_TOKEN}
"#,
    ));
    assert_eq!(settings.stable_for, Duration::from_secs(30));
    assert_eq!(settings.interval, Duration::from_secs(5));
    assert_eq!(settings.level("logs"), Some(Level::Ignore));
    assert_eq!(settings.level("events"), Some(Level::Advisory));
    assert_eq!(settings.level("rollout.converged"), Some(Level::Required));
    assert_eq!(settings.logs.patterns[0].as_str(), "(?i)panic");
    assert!(settings.logs.patterns[0].is_in("thread main PANICked"));
    assert!(settings.logs.ignore[0].is_in("an expected panic in test 3"));
    let [ready, pods, users] = settings.http.as_slice() else { panic!("{settings:?}") };
    let variable = |name: &str| HeaderSource::Variable(name.to_owned());
    let https = Endpoint {
        scheme: Scheme::Https,
        ..endpoint(Some(Port::Name("http".into())), "/readyz?verbose")
    };
    let route = Route::Service { namespace: None, name: Some("front".into()), endpoint: https };
    assert_eq!(ready.route, route);
    assert_eq!(ready.method, Method::Head);
    let headers = [("x-probe", text("rb")), ("x-token", variable("RB_PROBE_TOKEN"))];
    assert_eq!(ready.headers, headers.map(|(name, value)| (name.to_owned(), value)).into());
    assert_eq!(ready.expect.status, [200, 401]);
    assert!(ready.expect.accepts(401) && !ready.expect.accepts(204));
    assert_eq!(ready.expect.headers, labels(&[("x-version", "2.8.0")]));
    assert_eq!((ready.consecutive, ready.timeout), (5, Duration::from_millis(1500)));
    assert_eq!(ready.level, Level::Advisory);
    assert_eq!(pods.route, Route::Pod(endpoint(Some(Port::Number(8080)), "/")));
    assert_eq!(pods.expect.status, [204]);
    assert_eq!(pods.expect.body_contains.as_deref(), Some("ok"));
    assert_eq!(users.route, Route::Url("https://shop.example.com/".into()));
    assert_eq!(users.headers["authorization"], variable("RB_PROBE_TOKEN"));
}

fn the_checks_of_the_preflight_are_read() {
    let preflight = parsed(
        "version: 1\npreflight:\n  checks: {freeze: block, order: ignore, dryrun.pod: warn}\n  \
         requireReason: true\n  verifiedOnly: true\n",
    )
    .preflight;
    assert!(preflight.require_reason && preflight.verified_only);
    assert_eq!(preflight.rule("freeze"), Some(CheckRule::Block));
    assert_eq!(preflight.rule("order"), Some(CheckRule::Ignore));
    assert_eq!(preflight.rule("dryrun.pod"), Some(CheckRule::Warn));
    assert_eq!(preflight.rule("quota"), None);
}

fn entries_match_by_namespace_name_kind_and_labels() {
    let deployment = target("Deployment", "shop-eu", "checkout-api");
    let of = labels(&[("app", "web"), ("tier", "front"), ("empty", "")]);
    for (pattern, fits) in [
        ("{}", true),
        ("{namespace: shop-eu}", true),
        ("{namespace: shop}", false),
        ("{namespace: 'shop-*'}", true),
        ("{namespace: '*'}", true),
        ("{name: '*-api'}", true),
        ("{name: 'check*-*i'}", true),
        ("{name: checkout}", false),
        ("{kind: Deployment}", true),
        ("{kind: StatefulSet}", false),
        ("{labels: {app: web}}", true),
        ("{labels: {app: web, tier: front}}", true),
        ("{labels: {app: web, tier: back}}", false),
        ("{labels: {team: x}}", false),
        ("{labels: {empty: ''}}", true),
        ("{labels: {}}", true),
        ("{namespace: shop-eu, name: other}", false),
    ] {
        let text = format!(
            "version: 1\nworkloads:\n  - match: {pattern}\n    verify: {{stableFor: 7s}}\n"
        );
        let found = parsed(&text).for_workload(&deployment, &of).stable_for;
        assert_eq!(found == Duration::from_secs(7), fits, "{pattern}");
    }
}

fn later_entries_count_more() {
    let settings = of_checkout(&parsed(
        "version: 1
workloads:
  - match: {namespace: shop}
    verify:
      stableFor: 10s
      checks: {logs: ignore, events: ignore}
      logs: {patterns: [one, two]}
  - match: {name: other}
    verify: {stableFor: 1s, checks: {capacity: ignore}}
  - match: {name: checkout}
    verify:
      checks: {logs: required}
      logs: {patterns: [three]}
verify:
  stableFor: 5s
  interval: 3s
  checks: {config.drift: advisory}
  logs: {patterns: [zero], ignore: [fine]}
",
    ));
    assert_eq!(settings.stable_for, Duration::from_secs(10));
    assert_eq!(settings.interval, Duration::from_secs(3));
    assert_eq!(settings.level("logs"), Some(Level::Required));
    assert_eq!(settings.level("events"), Some(Level::Ignore));
    assert_eq!(settings.level("capacity"), None);
    assert_eq!(settings.level("config.drift"), Some(Level::Advisory));
    let sources = |patterns: &[kubectl_rb::config::Pattern]| -> Vec<String> {
        patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
    };
    assert_eq!(sources(&settings.logs.patterns), ["three"]);
    assert_eq!(sources(&settings.logs.ignore), ["fine"]);
}

/// The probes of `checkout`, where all of `shop` has the first and `checkout` has the second.
fn both(first: &str, second: &str) -> Vec<HttpProbe> {
    let settings = parsed(&format!(
        "version: 1\nverify:\n  http: [{first}]\nworkloads:\n  - match: {{name: checkout}}\n    \
         verify:\n      http: [{second}]\n"
    ));
    of_checkout(&settings).http
}

fn probes_are_merged_by_name() {
    let probes = both(
        "{name: a, path: /readyz, port: 80, headers: {X-A: '1', X-B: '2'}, consecutive: 5,
          expect: {status: 200, headers: {X-C: '3'}}}, {name: b}",
        "{name: c}, {name: a, port: web, headers: {x-b: '4'}, timeout: 1s,
          expect: {bodyContains: ok, headers: {X-D: '5'}}}",
    );
    let names: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let a = &probes[0];
    let route = Route::Service {
        namespace: None,
        name: None,
        endpoint: endpoint(Some(Port::Name("web".into())), "/readyz"),
    };
    assert_eq!(a.route, route);
    assert_eq!(a.headers, [("x-a".into(), text("1")), ("x-b".into(), text("4"))].into());
    assert_eq!((a.consecutive, a.timeout), (5, Duration::from_secs(1)));
    assert_eq!(a.expect.status, [200]);
    assert_eq!(a.expect.body_contains.as_deref(), Some("ok"));
    assert_eq!(a.expect.headers, labels(&[("x-c", "3"), ("x-d", "5")]));
}

fn another_transport_begins_anew() {
    let route = |first: &str, second: &str| {
        both(&format!("{{name: a, {first}}}"), &format!("{{name: a, {second}}}"))[0].route.clone()
    };
    let service = |name: Option<&str>, port, path: &str| Route::Service {
        namespace: None,
        name: name.map(str::to_owned),
        endpoint: endpoint(port, path),
    };
    let url = "via: url, url: 'https://shop.example.com/'";
    let of_url = || Route::Url("https://shop.example.com/".to_owned());
    let port = || Some(Port::Number(80));
    assert_eq!(route("port: 80, path: /x", url), of_url());
    assert_eq!(route(url, "consecutive: 1"), of_url());
    assert_eq!(route(url, "path: /x"), service(None, None, "/x"));
    assert_eq!(route(url, "via: pod, path: /x"), Route::Pod(endpoint(None, "/x")));
    assert_eq!(route("port: 80, path: /x", "via: pod"), Route::Pod(endpoint(None, "/")));
    assert_eq!(route("via: pod, port: 80", "path: /x"), Route::Pod(endpoint(port(), "/x")));
    assert_eq!(route("via: pod, port: 80", "service: s"), service(Some("s"), None, "/"));
    assert_eq!(route("service: s, port: 80", "via: service"), service(Some("s"), port(), "/"));
    // A variable goes only where it was meant to go.
    let probe = &both(
        "{name: a, headersFromEnv: {X-Token: RB_PROBE_TOKEN}, headers: {X-A: b}}",
        &format!("{{name: a, {url}}}"),
    )[0];
    assert_eq!(probe.headers, [("x-a".to_owned(), text("b"))].into());
}

fn a_head_and_a_body_do_not_meet() {
    let body = "{name: a, expect: {bodyContains: ok}}";
    let head = "{name: a, method: HEAD}";
    let probe = &both(body, head)[0];
    assert_eq!((probe.method, probe.expect.body_contains.as_deref()), (Method::Head, None));
    let probe = &both(head, body)[0];
    assert_eq!((probe.method, probe.expect.body_contains.as_deref()), (Method::Get, Some("ok")));
}

fn the_level_of_a_probe_is_that_of_its_check() {
    let level = |first: &str, second: &str| {
        let text = format!(
            "version: 1\nverify: {{{first}}}\nworkloads:\n  - match: {{}}\n    verify: {{{second}}}\n"
        );
        let settings = of_checkout(&parsed(&text));
        assert_eq!(settings.level("http.a"), Some(settings.http[0].level));
        settings.http[0].level
    };
    let probe = "http: [{name: a, level: ignore}]";
    assert_eq!(level(probe, ""), Level::Ignore);
    assert_eq!(level(probe, "checks: {http.a: advisory}"), Level::Advisory);
    assert_eq!(level("checks: {http.a: advisory}", probe), Level::Ignore);
}

fn a_probe_from_elsewhere_joins() {
    let probe = HttpProbe {
        name: "rollback-config".to_owned(),
        consecutive: 7,
        ..both("{name: x}", "{name: y}")[0].clone()
    };
    let with = |text: &str| {
        let mut settings = of_checkout(&parsed(text));
        settings.add(probe.clone());
        settings.http[0].clone()
    };
    assert_eq!(with("version: 1"), probe);
    let ignored = with("version: 1\nverify: {checks: {http.rollback-config: ignore}}");
    assert_eq!((ignored.level, ignored.consecutive), (Level::Ignore, 7));
    let other = with("version: 1\nverify: {http: [{name: rollback-config, consecutive: 2}]}");
    assert_eq!((other.level, other.consecutive), (Level::Required, 2));
}

fn anchors_and_merge_keys_work() {
    let settings = of_checkout(&parsed(
        "version: 1
verify:
  http:
    - &ready {name: ready, path: /readyz, consecutive: 5}
    - {<<: *ready, name: live, path: /livez}
workloads:
  - {match: {name: other}, verify: &verify {stableFor: 30s}}
  - {match: {name: checkout}, verify: *verify}
",
    ));
    assert_eq!(settings.stable_for, Duration::from_secs(30));
    assert_eq!((settings.http[1].name.as_str(), settings.http[1].consecutive), ("live", 5));
}

fn json_is_a_configuration_too() {
    let settings = parsed("{\"version\": 1,\n\t\"verify\": {\"stableFor\": \"1m30s\"}}\n");
    assert_eq!(of_checkout(&settings).stable_for, Duration::from_secs(90));
}

fn the_kinds_are_those_that_rb_rolls_back() {
    let kinds: Vec<&str> = backend::REGISTRY.iter().map(|backend| backend.kind().kind).collect();
    let mut sorted = (kinds.clone(), KINDS.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1);
}
