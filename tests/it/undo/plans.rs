//! Plans: shown and not carried out, kept in a file and carried out later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::rb::{Ran, Rb};
use crate::scene::{annotation, assert_live, hash, record, release, releases, template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_dry_run_writes_nothing,
        a_dry_run_on_the_server_asks_once,
        a_plan_is_carried_out_from_its_file,
        a_stale_plan_is_refused,
        a_plan_for_another_cluster_is_refused,
    ]
}

fn a_dry_run_writes_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("dry"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let plan = through(&namespace, &proxy, "undo deploy/web --dry-run -o json").ends_with(0);
    let plan = plan.json();
    assert_eq!(plan["schema"], "rb.plan/v1");
    assert_eq!(plan["from"]["hash"], hash(&namespace, "2.0"));
    assert_eq!(plan["to"]["hash"], hash(&namespace, "1.0"));
    let body = plan["steps"][0]["action"]["body"].as_array().expect("a JSON patch");
    let write = body.iter().find(|o| o["op"] == "replace").expect("a write");
    assert_eq!(
        *write,
        json!({"op": "replace", "path": "/spec/template", "value": template(&namespace, "1.0")})
    );
    through(&namespace, &proxy, "undo deploy/web --dry-run")
        .ends_with(0)
        .says("dry run: nothing was changed");
    assert!(!proxy.requests().iter().any(|record| record.request.is_write()));
    assert_live(&namespace, "2.0");
}

fn a_dry_run_on_the_server_asks_once(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("dry-server"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    through(&namespace, &proxy, "undo deploy/web --dry-run=server")
        .ends_with(0)
        .says("server dry run: the API server would accept it; nothing was changed");
    let mut asked = proxy.requests();
    assert!(!asked.iter().any(|record| record.request.is_write()));
    asked.retain(|record| record.request.is_dry_run());
    let mut answers: Vec<_> =
        asked.iter().map(|record| (record.request.method.as_str(), record.status)).collect();
    answers.sort_unstable();
    // The workload, and a pod of it.
    assert_eq!(answers, [("PATCH", Some(200)), ("POST", Some(201))]);
    assert_live(&namespace, "2.0");
    assert_eq!(annotation(&namespace, "kubectl-rb/record"), "");
}

fn a_plan_is_carried_out_from_its_file(bed: &TestBed) {
    let namespace = bed.namespace("plan");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    write_plan(&namespace, &file);
    let mode = fs::metadata(&file).expect("the plan").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_live(&namespace, "2.0");
    let unasked = carry_out(namespace.kubeconfig(), &file, "").ends_with(10);
    unasked.says("nothing was written");
    assert_live(&namespace, "2.0");
    carry_out(namespace.kubeconfig(), &file, "--yes").ends_with(0);
    assert_live(&namespace, "1.0");
    // Once more, as a retried job does: it is there already, and not written again.
    carry_out(namespace.kubeconfig(), &file, "--yes").ends_with(0);
    assert_eq!(record(&namespace)["undos"].as_array().map(Vec::len), Some(1));
}

fn a_stale_plan_is_refused(bed: &TestBed) {
    let namespace = bed.namespace("plan-stale");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    write_plan(&namespace, &file);
    release(&namespace, "3.0");
    carry_out(namespace.kubeconfig(), &file, "--yes")
        .ends_with(3)
        .says("the plan is stale")
        .says("nothing was written")
        .says("to plan again: rb undo deployment/web");
    assert_live(&namespace, "3.0");
    assert_eq!(annotation(&namespace, "kubectl-rb/record"), "");
}

/// The proxy is another server to rb: it has another address.
fn a_plan_for_another_cluster_is_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("plan-other"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    write_plan(&namespace, &file);
    let other = proxy.kubeconfig(&namespace);
    carry_out(&other, &file, "--yes").ends_with(3).says("the plan was made for testbed");
    assert_eq!(proxy.requests().len(), 0);
    assert_live(&namespace, "2.0");
}

fn write_plan(namespace: &Namespace, file: &Path) {
    let undo = Rb::new(namespace.kubeconfig()).words("undo deploy/web --dry-run --plan-out");
    undo.arg(file).run().ends_with(0);
}

fn carry_out(kubeconfig: &Path, file: &Path, flags: &str) -> Ran {
    Rb::new(kubeconfig).words("undo --plan").arg(file).words(flags).run()
}

fn through(namespace: &Namespace, proxy: &Proxy, arguments: &str) -> Ran {
    Rb::new(&proxy.kubeconfig(namespace)).words(arguments).run()
}
