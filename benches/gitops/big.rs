//! An Application of 2,000 resources, whose status is larger than 1 MiB: how much memory `rb` needs that
//! reads it, and that follows it through a sync, in which each change brings all of it again.
//!
//! A real Application, synced by hand, on which the long lists are written: to sync so many objects, and
//! to compare them every 10 s, takes this Argo CD longer than all else here.

use anyhow::{Result, ensure};
use hyper::Method;
use serde_json::{Value, json};

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::place::{FOLDER, NAME, good, image};
use super::testbed::argocd::Application;
use super::testbed::{Fleet, Namespace, TestBed};
use super::ways::Person;
use super::{line, say, service};

const SITUATION: &str = "an Application of 2,000 resources";
const RESOURCES: usize = 2_000;
const LIMIT: f64 = 40.0;
const MIB: usize = 1024 * 1024;

pub(crate) fn measure(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let person = Person::new(bed, options)?;
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("bench-big"), Fleet::new());
    fleet.app(FOLDER, NAME, &good());
    let commit = fleet.push("Add web");
    let app = argocd.application(&namespace, &fleet.url(), FOLDER, &json!({}));
    app.sync(&commit);
    app.wait_synced(&commit);
    namespace.rollout_done(NAME);
    let mut peaks: [Sample; 2] = Default::default();
    for round in 0..options.rounds() {
        fleet.pull();
        let release = image(round + 2, "");
        let bad = fleet.release(FOLDER, &release);
        app.refresh_to(&bad);
        app.sync(&bad);
        app.wait_synced(&bad);
        namespace.wait_until("the release is well", |n| service::is_well(n, &release));
        for (words, peak) in ["status deploy/web", "undo deploy/web --yes"].iter().zip(&mut peaks) {
            let size = fill(&namespace, &app)?;
            let took = person.rb(namespace.kubeconfig(), words)?;
            let bytes = took.peak.map(mebibytes);
            say(&format!("rb {words}: a status of {size} bytes, {bytes:?} MiB"));
            if let Some(bytes) = bytes {
                peak.push(bytes);
            }
        }
        service::check(&namespace, &good())?;
    }
    let limit = Some(Target::AtMost(LIMIT));
    let [status, undo] = peaks.map(|peak| [peak, Sample::default()]);
    Ok(vec![
        line(SITUATION, "`rb status`: peak memory", Unit::Mebibytes, status, limit),
        line(SITUATION, "`rb undo`: peak memory", Unit::Mebibytes, undo, limit),
    ])
}

/// Adds the lists of so many objects to the status. How long that is then, in bytes.
fn fill(namespace: &Namespace, app: &Application<'_>) -> Result<usize> {
    let compared = |number| {
        let name = format!("setting-{number:04}-of-the-service-with-a-rather-long-name");
        json!({"kind": "ConfigMap", "name": name, "namespace": namespace.name(),
               "status": "Synced", "version": "v1"})
    };
    let applied = |number| {
        let mut entry: Value = compared(number);
        let message = format!("configmap/{} configured. {}", entry["name"], "Warning: ".repeat(20));
        entry["message"] = json!(message);
        entry["hookPhase"] = json!("Running");
        entry["syncPhase"] = json!("Sync");
        entry["group"] = json!("");
        entry
    };
    let results: Vec<Value> = (0..RESOURCES).map(applied).collect();
    let place = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/applications", app.place());
    let path = format!("{place}/{}", app.name());
    namespace.wait_until("the lists are written", |namespace| {
        let mut object = app.get();
        let own = object["status"]["resources"].as_array().into_iter().flatten().cloned();
        let own = own.filter(|entry| entry["kind"] == "Deployment");
        let resources: Vec<Value> = own.chain((0..RESOURCES).map(compared)).collect();
        object["status"]["resources"] = Value::from(resources);
        object["status"]["operationState"]["syncResult"]["resources"] = results.clone().into();
        // The controller may have written meanwhile.
        let api = &namespace.cluster().api;
        let answer = api.send(&Method::PUT, &path, "application/json", &object);
        match answer {
            Ok(answer) if answer.status == 200 => Ok(()),
            answer => Err(answer.map_or_else(|error| error.to_string(), |a| a.to_string())),
        }
    });
    let size = app.get()["status"].to_string().len();
    ensure!(size > MIB, "a status of {size} bytes");
    Ok(size)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of processes are far below 2^52")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}
