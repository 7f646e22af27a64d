//! A release that a person makes with Helm.

use std::fs;

use serde_json::{Value, json};

use crate::testbed::{Helm, Namespace, TestBed};

use super::release::old;
use super::story::{self, Came, Owner};

/// A chart whose one template is the manifest in its values.
pub(super) const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
pub(super) const TEMPLATE: &str = "{{ .Values.web | toJson }}\n";

pub(super) fn measured(bed: &TestBed, hint: &str, row: &str, helm: Helm) {
    let namespace = bed.namespace(hint);
    let chart = tempfile::tempdir().expect("a folder");
    fs::create_dir(chart.path().join("templates")).expect("it can be made");
    fs::write(chart.path().join("Chart.yaml"), CHART).expect("it can be written");
    fs::write(chart.path().join("templates/web.yaml"), TEMPLATE).expect("it can be written");
    let owner = Upgraded { helm, chart, namespace: &namespace };
    owner.release(&old()).expect("release 1 comes");
    story::tell(row, &namespace, &owner);
}

struct Upgraded<'a> {
    helm: Helm,
    chart: tempfile::TempDir,
    namespace: &'a Namespace,
}

impl Owner for Upgraded<'_> {
    fn shows(&self) -> String {
        self.namespace.helm_ok(self.helm, &["list"])
    }

    /// The same chart with the same values once more.
    fn resync(&self) -> Came {
        let chart = self.chart.path().display().to_string();
        let output = self.namespace.helm(self.helm, &["upgrade", "--install", "shop", &chart]);
        if output.code == 0 { Ok(()) } else { Err(output.stderr) }
    }

    fn release(&self, manifest: &Value) -> Came {
        let values = json!({"web": manifest}).to_string();
        fs::write(self.chart.path().join("values.yaml"), values).expect("it can be written");
        self.resync()
    }
}
