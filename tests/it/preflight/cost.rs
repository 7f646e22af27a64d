//! What the checks cost: one round trip, each question once, and in an emergency hardly any.

use std::time::Duration;

use serde_json::json;

use super::look_through;
use crate::given::release;
use crate::rb::Rb;
use crate::scene::{releases, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        all_is_asked_at_once_and_each_thing_once,
        only_what_is_essential_is_asked_in_an_emergency,
        what_has_no_answer_in_time_is_unknown,
    ]
}

/// Long enough that requests which wait for each other are told from those that do not.
const DELAY: Duration = Duration::from_millis(150);

/// Two releases that read the same two objects in several places.
#[track_caller]
fn reading(namespace: &Namespace) {
    namespace.kubectl_ok(&["create", "configmap", "settings", "--from-literal=LIMIT=1"]);
    namespace.kubectl_ok(&["create", "secret", "generic", "db", "--from-literal=password=p"]);
    for (number, tag) in [(1, "1.0"), (2, "2.0")] {
        let extra = json!({"spec": {"template": {"spec": {
            "containers": [{"name": "app", "image": format!("registry.test:5000/shop/web:{tag}"),
                "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "db"}}]}],
            "volumes": [{"name": "config", "configMap": {"name": "settings"}},
                {"name": "keys", "secret": {"secretName": "db"}}]}}}});
        release(namespace, number, 1, tag, &extra);
    }
}

/// What was asked after the reads and the configuration: methods, and paths within the namespace.
fn questions(namespace: &Namespace, proxy: &Proxy) -> Vec<String> {
    let folder = format!("/namespaces/{}/", namespace.name());
    let short = |record: &crate::testbed::Recorded| {
        let path = record.request.path.split('?').next().unwrap_or_default();
        let within = path.split_once(&folder).map(|(_, rest)| rest);
        let last = path.rsplit('/').next().unwrap_or_default();
        format!("{} {}", record.request.method, within.unwrap_or(last))
    };
    let mut asked: Vec<String> = proxy.requests().iter().skip(5).map(short).collect();
    asked.sort();
    asked
}

fn all_is_asked_at_once_and_each_thing_once(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("cost"), bed.proxy());
    reading(&namespace);
    proxy.set_delay(DELAY);
    look_through(&namespace, &proxy, "").goes_on();
    // The two reads of a dry run, and no third.
    let last = proxy.requests().len();
    let mut seen = 0;
    let is_last = |_: &crate::testbed::Recorded| {
        seen += 1;
        seen == last
    };
    let is_last = std::cell::RefCell::new(is_last);
    assert_eq!(proxy.round_trips(|record| (is_last.borrow_mut())(record)), 2);
    let name = format!("GET {}", namespace.name());
    let mut expected = vec![
        "GET configmaps/settings",
        "GET controllerrevisions",
        "GET horizontalpodautoscalers",
        &name,
        "GET poddisruptionbudgets",
        "GET replicasets",
        "GET resourcequotas",
        "GET secrets/db",
        "PATCH deployments/web",
        "POST pods",
        // The workload, the ReplicaSet that is left, an Event.
        "POST selfsubjectaccessreviews",
        "POST selfsubjectaccessreviews",
        "POST selfsubjectaccessreviews",
    ];
    expected.sort_unstable();
    assert_eq!(questions(&namespace, &proxy), expected);
}

fn only_what_is_essential_is_asked_in_an_emergency(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("cost-critical"), bed.proxy());
    reading(&namespace);
    let checked = look_through(&namespace, &proxy, "--severity=critical").goes_on();
    let ids: Vec<_> = checked.checks.iter().filter_map(|check| check["id"].as_str()).collect();
    assert_eq!(ids, ["rbac", "dryrun.workload", "refs"]);
    let mut expected = vec![
        "GET configmaps/settings",
        "GET secrets/db",
        "PATCH deployments/web",
        "POST selfsubjectaccessreviews",
        "POST selfsubjectaccessreviews",
        "POST selfsubjectaccessreviews",
    ];
    expected.sort_unstable();
    assert_eq!(questions(&namespace, &proxy), expected);
}

/// A gate must not need what is broken to be alive.
fn what_has_no_answer_in_time_is_unknown(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("cost-late"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    proxy.inject(|head| {
        let late = ["resourcequotas", "autoscalers", "controllerrevisions"];
        let is_late = head.method == "GET" && late.iter().any(|part| head.path.contains(part));
        if is_late { Action::Hold(crate::testbed::Gate::closed()) } else { Action::Pass }
    });
    let checked = look_through(&namespace, &proxy, "").goes_on();
    for id in ["quota", "hpa", "order"] {
        let check = checked.says(id, "unknown", "");
        assert_eq!(check["level"], "advisory");
    }
    checked.says("pdb", "skipped", "");
    proxy.clear();
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes").run();
    undo.ends_with(0);
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 3);
}
