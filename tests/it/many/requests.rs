//! What several workloads cost the API server: nothing for each but its write.

use std::time::Duration;

use serde_json::json;

use crate::rb::Rb;
use crate::scene::{accepted, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Proxy, TestBed};

use super::{asked, deploy, live, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_selection_is_read_with_three_requests,
        a_hundred_are_read_and_watched_together,
        a_second_page_is_read_where_that_is_shorter,
        each_has_its_own_list_where_that_is_shorter,
        a_few_names_are_read_one_by_one_and_many_together,
        a_status_lists_the_pods_once_and_in_pages,
    ]
}

/// Long enough that requests which wait for each other are told from those that do not.
const DELAY: Duration = Duration::from_millis(150);
/// What the configuration is read with, before anything is decided.
const CONFIGURATION: [&str; 2] = ["GET configmaps/rb-config", "GET configmaps/rollback-config"];
/// What all of a kind are read with.
const READS: [&str; 3] = ["GET deployments", "GET events", "GET replicasets"];

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("web-{number:03}")).collect()
}

#[track_caller]
fn undo(namespace: &Namespace, proxy: &Proxy, words: &str) {
    let call = Rb::new(&proxy.kubeconfig(namespace)).words("undo --yes").words(words);
    call.run().ends_with(0);
}

/// What the checks ask once for all of them.
const SHARED: [&str; 7] = [
    "GET controllerrevisions",
    "GET horizontalpodautoscalers",
    "GET namespaces/NAMESPACE",
    "GET poddisruptionbudgets",
    "GET replicasets",
    "GET resourcequotas",
    // Whether Events may be written.
    "POST selfsubjectaccessreviews",
];

/// Fails the test unless these reads, and then the checks of so many workloads, were all before the
/// first write. Of some of them run pods.
#[track_caller]
fn read_and_checked(proxy: &Proxy, reads: &[&str], workloads: usize, with_pods: usize) {
    let first = proxy.requests().iter().position(|record| writes_template(&record.request));
    let mut asked = asked(proxy)[..first.expect("a write")].to_vec();
    let reading = (CONFIGURATION.len() + reads.len()).min(asked.len());
    let mut checks = asked.split_off(reading);
    asked.sort();
    let mut expected = [&CONFIGURATION, reads].concat();
    expected.sort_unstable();
    assert_eq!(asked, expected);
    for shared in SHARED {
        let place = checks.iter().position(|check| check == shared);
        checks.remove(place.unwrap_or_else(|| panic!("{shared:?} is not in {checks:?}")));
    }
    let count = |start: &str| checks.iter().filter(|check| check.starts_with(start)).count();
    // Dry runs.
    assert_eq!(count("PATCH deployments/web-"), workloads);
    assert_eq!(count("POST pods"), with_pods);
    // The workload, and the ReplicaSet that is left.
    assert_eq!(count("POST selfsubjectaccessreviews"), 2 * workloads);
    assert_eq!(checks.len(), 3 * workloads + with_pods, "{checks:?}");
}

/// Each of these is written once, by one accepted request.
#[track_caller]
fn each_is_written_once(proxy: &Proxy, names: &[String]) {
    let mut written = written(proxy);
    written.sort();
    assert_eq!(written, names);
    assert_eq!(accepted(proxy), names.len());
}

fn watches(proxy: &Proxy) -> usize {
    proxy.requests().iter().filter(|record| record.request.is_watch()).count()
}

fn a_selection_is_read_with_three_requests(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("three-reads"), bed.proxy());
    let names = names(5);
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    deploy(&namespace, &words, 1, &["1.0", "2.0"]);
    proxy.set_delay(DELAY);
    undo(&namespace, &proxy, "deploy -l part-of=shop");
    read_and_checked(&proxy, &READS, 5, 5);
    // The configuration, the reads, what is asked once for all, what is asked for each, the write.
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 5);
    each_is_written_once(&proxy, &names);
    assert_eq!((watches(&proxy), proxy.connections()), (2, 1));
}

fn a_hundred_are_read_and_watched_together(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("hundred"), bed.proxy());
    let names = names(100);
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    let (with_pods, without) = words.split_at(20);
    deploy(&namespace, with_pods, 1, &["1.0", "2.0"]);
    deploy(&namespace, without, 0, &["1.0", "2.0"]);
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy --all --yes");
    call.run().ends_with(0).says("100 workloads in namespace").says("20 rolled back");
    read_and_checked(&proxy, &READS, 100, 20);
    each_is_written_once(&proxy, &names);
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
    assert_eq!((watches(&proxy), proxy.connections()), (2, 1));
    // Beside dry run and write: the fields, the Event, the ReplicaSet, and the verdict where pods ran.
    let count = |start: &str| asked(&proxy).iter().filter(|asked| asked.starts_with(start)).count();
    let lost = proxy.requests().iter().filter(|record| record.status == Some(422)).count();
    assert_eq!(count("POST events"), 100);
    assert_eq!(count("PATCH replicasets/"), 100);
    assert_eq!(count("PATCH deployments/"), 100 + 100 + 100 + 20 + lost);
    let shared = SHARED.iter().filter(|shared| shared.starts_with("GET ")).count();
    let before = CONFIGURATION.len() + READS.len() + shared + 2;
    // What is verified: five lists for all, and of each that has pods itself, its pods and a log.
    assert_eq!(count("GET ") - lost, before + 5 + 3 * 20, "{lost} races were lost");
}

/// As many `ReplicaSet`s of nobody; in the order of names they come first.
fn others(namespace: &Namespace, count: usize) {
    let labels = json!({"app": "other"});
    let path = format!("/apis/apps/v1/namespaces/{}/replicasets", namespace.name());
    for number in 0..count {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": format!("other-{number:04}")},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.test/other:1"}]},
            }},
        });
        namespace.cluster().api.create(&path, &object).expect("a ReplicaSet");
    }
}

fn a_second_page_is_read_where_that_is_shorter(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("two-pages"), bed.proxy());
    let names = names(3);
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    deploy(&namespace, &words, 1, &["1.0", "2.0"]);
    others(&namespace, 500);
    undo(&namespace, &proxy, "deploy -l part-of=shop");
    let mut expected = READS.to_vec();
    expected.push("GET replicasets");
    read_and_checked(&proxy, &expected, 3, 3);
    each_is_written_once(&proxy, &names);
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
}

fn each_has_its_own_list_where_that_is_shorter(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-lists"), bed.proxy());
    let names = names(3);
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    deploy(&namespace, &words, 1, &["1.0", "2.0"]);
    others(&namespace, 1_000);
    proxy.set_delay(DELAY);
    undo(&namespace, &proxy, "deploy -l part-of=shop");
    let mut expected = READS.to_vec();
    expected.extend(["GET replicasets"; 3]);
    read_and_checked(&proxy, &expected, 3, 3);
    let own = |name: &str| format!("labelSelector=app%3D{name}");
    let requests = proxy.requests();
    for name in &names {
        let is_own = |r: &&crate::testbed::Recorded| {
            r.request.path.contains("/replicasets?") && r.request.path.contains(&own(name))
        };
        let lists = requests.iter().filter(is_own);
        assert_eq!(lists.count(), 1, "{name}");
    }
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 6);
    each_is_written_once(&proxy, &names);
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
}

fn a_few_names_are_read_one_by_one_and_many_together(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("few-many"), bed.proxy());
    let names = names(12);
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    deploy(&namespace, &words, 1, &["1.0", "2.0"]);
    proxy.set_delay(DELAY);
    let (few, many) = names.split_at(3);
    undo(&namespace, &proxy, &format!("deploy {}", few.join(" ")));
    let mut own: Vec<String> = few.iter().map(|name| format!("GET deployments/{name}")).collect();
    own.extend(["GET events", "GET replicasets"].map(|read| vec![read.to_owned(); 3]).concat());
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    read_and_checked(&proxy, &own, 3, 3);
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 5);
    each_is_written_once(&proxy, few);
    proxy.clear();
    undo(&namespace, &proxy, &format!("deploy {}", many.join(" ")));
    read_and_checked(&proxy, &READS, many.len(), many.len());
    each_is_written_once(&proxy, many);
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
}

fn a_status_lists_the_pods_once_and_in_pages(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("status-pods"), bed.proxy());
    deploy(&namespace, &["web-a", "web-b", "web-c"], 1, &["1.0-hang"]);
    let words = "status deploy --all --timeout=2s";
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words(words);
    call.run().ends_with(5).says("3 not converged").says("NotReady");
    let asked = asked(&proxy);
    let reads: Vec<&str> = asked.iter().map(String::as_str).collect();
    let mut expected = READS.to_vec();
    expected.extend(["GET deployments", "GET pods", "GET pods"]);
    let mut sorted = reads.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(watches(&proxy), 2);
    let requests = proxy.requests();
    let list = requests.iter().find(|record| record.request.path.contains("/pods?limit=500"));
    assert!(list.is_some(), "{requests:?}");
}
