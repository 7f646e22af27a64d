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

/// Requests before the first write, in the order of the alphabet.
fn before_the_write(proxy: &Proxy) -> Vec<String> {
    let first = proxy.requests().iter().position(|record| writes_template(&record.request));
    let mut asked = asked(proxy)[..first.expect("a write")].to_vec();
    asked.sort();
    asked
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
    assert_eq!(before_the_write(&proxy), READS);
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 2);
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
    assert_eq!(before_the_write(&proxy), READS);
    each_is_written_once(&proxy, &names);
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
    assert_eq!((watches(&proxy), proxy.connections()), (2, 1));
    // Beside the write: the fields, the Event, the ReplicaSet, and the verdict where pods ran.
    let count = |start: &str| asked(&proxy).iter().filter(|asked| asked.starts_with(start)).count();
    let lost = proxy.requests().iter().filter(|record| record.status == Some(422)).count();
    assert_eq!(count("POST events"), 100);
    assert_eq!(count("PATCH replicasets/"), 100);
    assert_eq!(count("PATCH deployments/"), 100 + 100 + 20 + lost);
    assert_eq!(count("GET ") - lost, READS.len() + 2, "{lost} races were lost");
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
    assert_eq!(before_the_write(&proxy), expected);
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
    assert_eq!(before_the_write(&proxy), expected);
    let own = |name: &str| format!("labelSelector=app%3D{name}");
    let requests = proxy.requests();
    for name in &names {
        let lists = requests.iter().filter(|record| record.request.path.contains(&own(name)));
        assert_eq!(lists.count(), 1, "{name}");
    }
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 3);
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
    assert_eq!(before_the_write(&proxy).len(), 9);
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 2);
    each_is_written_once(&proxy, few);
    proxy.clear();
    undo(&namespace, &proxy, &format!("deploy {}", many.join(" ")));
    assert_eq!(before_the_write(&proxy), READS);
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
