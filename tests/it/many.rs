//! Several workloads in one call: which are meant, what becomes of each, what is said of all of them
//! together, and what it costs the API server.

mod fates;
mod files;
mod kubectl_examples;
mod naming;
mod output;
mod races;
mod requests;
mod rights;
mod terminal;

use serde_json::{Value, json};

use crate::rb::Ran;
use crate::scene::{REVISION, is_observed, text, writes_template};
use crate::suite::Test;
use crate::testbed::{Namespace, Proxy};

pub(crate) fn tests() -> Vec<Test> {
    [
        fates::tests(),
        files::tests(),
        kubectl_examples::tests(),
        naming::tests(),
        output::tests(),
        races::tests(),
        requests::tests(),
        rights::tests(),
        terminal::tests(),
    ]
    .concat()
}

/// The image of a release of one of the Deployments.
fn image(name: &str, tag: &str) -> String {
    format!("registry.test:5000/shop/{name}:{tag}")
}

/// A Deployment as somebody would deploy it.
fn deployment(name: &str, tag: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"part-of": "shop"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": image(name, tag)}]},
            },
        },
    })
}

/// Deploys these releases of each of these Deployments, one release after the other.
#[track_caller]
fn deploy(namespace: &Namespace, names: &[&str], replicas: u32, tags: &[&str]) {
    for (index, tag) in tags.iter().enumerate() {
        let items: Vec<Value> = names.iter().map(|name| deployment(name, tag, replicas)).collect();
        namespace.apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
        let number = (index + 1).to_string();
        namespace.wait_until(&format!("release {tag} of all is stored"), |namespace| {
            let all = namespace.list("deployment", "");
            let own = all.iter().filter(|one| names.contains(&text(one, "/metadata/name")));
            own.filter(|one| is_settled(one, &number, tag, replicas)).count() == names.len()
        });
    }
}

fn is_settled(one: &Value, number: &str, tag: &str, replicas: u32) -> bool {
    let stored = is_observed(one) && one["metadata"]["annotations"][REVISION] == number;
    let comes_up = !["crash", "hang", "slow"].iter().any(|word| tag.contains(word));
    let count = |key: &str| one["status"][key].as_u64().unwrap_or_default();
    let runs = ["replicas", "updatedReplicas", "availableReplicas"]
        .iter()
        .all(|key| count(key) == u64::from(replicas));
    stored && (runs || !comes_up)
}

/// The tags that are live, by the order of the names.
fn live(namespace: &Namespace, names: &[&str]) -> Vec<String> {
    let tag = |name: &&str| {
        let one = namespace.get("deployment", name);
        let image = text(&one, "/spec/template/spec/containers/0/image").to_owned();
        image.rsplit(':').next().unwrap_or_default().to_owned()
    };
    names.iter().map(tag).collect()
}

/// The Deployments whose template would be written, in the order of the requests. They are all called
/// `web-…`, which is what `scene` looks for.
fn written(proxy: &Proxy) -> Vec<String> {
    let requests = proxy.requests();
    let writes = requests.iter().filter(|record| writes_template(&record.request));
    let name = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    writes.map(|record| name(&record.request.path)).collect()
}

/// Method and path of each request, without what stands before the collection and after the `?`.
fn asked(proxy: &Proxy) -> Vec<String> {
    let short = |record: crate::testbed::Recorded| {
        let path = record.request.path;
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let start = segments
            .iter()
            .position(|segment| *segment == "namespaces")
            .map_or(segments.len() - 1, |at| at + 2);
        let rest = segments[start..].join("/");
        let rest = if rest.is_empty() { "namespaces/NAMESPACE" } else { &rest };
        format!("{} {rest}", record.request.method)
    };
    proxy.requests().into_iter().map(short).collect()
}

/// The row of a table that begins with this workload, its words separated by one blank.
#[track_caller]
fn row<'r>(ran: &'r Ran, workload: &str) -> &'r str {
    let mut rows = ran
        .stdout
        .lines()
        .filter(|line| line.split_whitespace().next().is_some_and(|first| first == workload));
    rows.next_back().unwrap_or_else(|| panic!("{workload} is in no table:\n{ran}"))
}

/// Text without what differs from run to run: the namespace and template hashes.
fn steady(namespace: &Namespace, said: &str) -> String {
    let said = said.replace(namespace.name(), "NAMESPACE");
    let words =
        said.split_inclusive([' ', '\n']).map(|word| match word.split_once("--to-revision=") {
            Some((before, hash)) => {
                let end = hash.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
                format!("{before}--to-revision=HASH{end}")
            }
            None => word.to_owned(),
        });
    words.collect()
}
