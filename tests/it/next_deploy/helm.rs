//! The next deploy by Helm. rb refuses what Helm owns unless it is told to patch directly.

use std::fs;

use serde_json::{Value, json};

use super::{declared, fields, first, is_exactly, later, live_template, rb_has_its_own_only, undo};
use crate::rb::{Ran, rb};
use crate::scene::{image, settle};
use crate::suite::{Test, on_bed};
use crate::testbed::{Helm, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        helm_4_applies_on_the_server,
        helm_3_is_exact_where_nothing_would_be_left,
        helm_3_keeps_what_the_undo_warned_of,
        helm_4_on_the_client_is_warned_of_too,
        a_rollback_of_the_release_is_clean,
    ]
}

/// A chart whose one template is the manifest in its values.
struct Chart(tempfile::TempDir);

impl Chart {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        };
        write("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
        write("templates/web.yaml", "{{ .Values.web | toJson }}\n");
        Self(folder)
    }

    fn deploy(&self, namespace: &Namespace, helm: Helm, words: &str, manifest: &Value) {
        let values = self.0.path().join("values.yaml");
        fs::write(&values, json!({"web": manifest}).to_string()).expect("it can be written");
        let chart = self.0.path().display().to_string();
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(["shop", &chart]);
        namespace.helm_ok(helm, &words);
    }
}

const INSTALL: &str = "upgrade --install";

/// Releases 1 and 2 by Helm.
fn two_releases(namespace: &Namespace, helm: Helm, words: &str, old: &Value) -> Chart {
    let chart = Chart::new();
    chart.deploy(namespace, helm, words, old);
    settle(namespace, "1.0");
    chart.deploy(namespace, helm, words, &later("2.0"));
    settle(namespace, "2.0");
    chart
}

const KEEPS: &str = "the next helm upgrade will keep";

/// Everything that was said, without the ends of lines.
fn said(ran: &Ran) -> String {
    ran.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn helm_4_applies_on_the_server(bed: &TestBed) {
    let namespace = bed.namespace("next-helm4");
    let chart = two_releases(&namespace, Helm::Four, INSTALL, &first());
    rb(&namespace, "undo deploy/web --yes").ends_with(3).says("Helm release shop");
    assert!(!said(&undo(&namespace, "--direct")).contains(KEEPS));
    rb_has_its_own_only(&namespace);
    chart.deploy(&namespace, Helm::Four, INSTALL, &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
    assert_eq!(
        fields(&namespace, "helm")["f:spec"]["f:template"]["f:spec"]["f:terminationGracePeriodSeconds"],
        Value::Null
    );
}

fn helm_3_is_exact_where_nothing_would_be_left(bed: &TestBed) {
    let namespace = bed.namespace("next-helm3");
    let chart = two_releases(&namespace, Helm::Three, INSTALL, &later("1.0"));
    let ran = rb(&namespace, "undo deploy/web --yes --direct").ends_with(0);
    assert!(!said(&ran).contains(KEEPS), "{ran}");
    is_exactly(&namespace, &later("1.0"));
    rb_has_its_own_only(&namespace);
    chart.deploy(&namespace, Helm::Three, INSTALL, &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

/// Helm goes by its own record, which a direct patch does not change: what it keeps is said before.
fn helm_3_keeps_what_the_undo_warned_of(bed: &TestBed) {
    let namespace = bed.namespace("next-helm3-kept");
    let chart = two_releases(&namespace, Helm::Three, INSTALL, &first());
    let plan = rb(&namespace, "undo deploy/web --direct --dry-run -o json").ends_with(0).json();
    let warnings = plan["warnings"].as_array().expect("warnings");
    let warned = warnings.iter().filter_map(Value::as_str).find(|text| text.starts_with(KEEPS));
    let warned = warned.expect("a warning");
    for kept in
        ["env OLD", "containers[side]", "metadata.annotations", "terminationGracePeriodSeconds"]
    {
        assert!(warned.contains(kept), "{kept}: {warned}");
    }
    undo(&namespace, "--direct");
    chart.deploy(&namespace, Helm::Three, INSTALL, &later("3.0"));
    // All of that, and nothing else. When this fails, Helm has been mended: the warning has to go.
    let mut kept = first();
    kept["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image("3.0"));
    is_exactly(&namespace, &kept);
}

fn helm_4_on_the_client_is_warned_of_too(bed: &TestBed) {
    let namespace = bed.namespace("next-helm4-client");
    let words = "upgrade --install --server-side=false";
    let chart = two_releases(&namespace, Helm::Four, words, &first());
    assert!(said(&undo(&namespace, "--direct")).contains(KEEPS));
    chart.deploy(&namespace, Helm::Four, words, &later("3.0"));
    assert_ne!(live_template(&namespace), declared(&namespace, &later("3.0")));
}

/// What the warning advises.
fn a_rollback_of_the_release_is_clean(bed: &TestBed) {
    for (hint, helm) in [("next-back3", Helm::Three), ("next-back4", Helm::Four)] {
        let namespace = bed.namespace(hint);
        let chart = two_releases(&namespace, helm, INSTALL, &first());
        undo(&namespace, "--direct");
        namespace.helm_ok(helm, &["rollback", "shop"]);
        is_exactly(&namespace, &first());
        chart.deploy(&namespace, helm, INSTALL, &later("3.0"));
        is_exactly(&namespace, &later("3.0"));
    }
}
