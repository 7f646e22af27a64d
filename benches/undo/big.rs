//! One Deployment with 20 `ReplicaSet`s in a namespace with 1,000 others that have 10 each: what
//! reading there costs.
//!
//! The others are paused and have no pods, and their `ReplicaSet`s are made by hand, as the controller
//! would make them: rolling 10,000 releases would take an hour.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::figure::{Figure, Sample, Target, Unit};
use super::options::{Options, Situation};
use super::run::Took;
use super::say;
use super::single::{mebibytes, one_figure};
use super::testbed::{Namespace, TestBed};
use super::tool::{BOTH, Tool, Tools};
use super::workload::{self, collection, for_each, image, note};

const DEPLOYMENTS: usize = 1_000;
const REVISIONS: usize = 10;
/// Memory varies little.
const MOST_ROUNDS: usize = 5;

pub(crate) fn measure(options: &Options) -> Result<Vec<Figure>> {
    let bed = TestBed::start()?;
    let namespace = bed.namespace("big");
    let workload = workload::with_history(&namespace, 20)?;
    fill(&namespace)?;
    let tools = Tools::new(&bed)?;
    let mut figures = empty_figures();
    for round in 0..=options.rounds().min(MOST_ROUNDS) {
        for tool in BOTH {
            let history = run(&tools, tool, history_lines(tool), namespace.kubeconfig())?;
            let undo = run(&tools, tool, undo_lines(tool), namespace.kubeconfig())?;
            workload.check_undone()?;
            workload.reset()?;
            workload.settle()?;
            if round > 0 {
                add(&mut figures, tool, [&undo, &history]);
            }
        }
    }
    bed.stop()?;
    Ok(figures)
}

fn empty_figures() -> Vec<Figure> {
    let figure = |what, unit, target| {
        one_figure(Situation::Big, what, unit, <[Sample; 2]>::default(), target)
    };
    let small = Some(Target::Below(24.0));
    vec![
        figure("undo with its wait: peak memory", Unit::Mebibytes, small),
        figure("history: peak memory", Unit::Mebibytes, small),
        figure("undo with its wait: whole time", Unit::Seconds, None),
        figure("history: whole time", Unit::Seconds, None),
    ]
}

fn add(figures: &mut [Figure], tool: Tool, spent: [&Took; 2]) {
    let values = spent.map(|spent| mebibytes(spent.peak)).into_iter();
    let values = values.chain(spent.map(|spent| spent.wall.as_secs_f64()));
    for (figure, value) in figures.iter_mut().zip(values) {
        let side = if tool == Tool::Rb { &mut figure.rb } else { &mut figure.kubectl };
        side.push(value);
    }
}

fn run(tools: &Tools<'_>, tool: Tool, lines: &[&str], kubeconfig: &Path) -> Result<Took> {
    let spent = tools.run(tool, lines, kubeconfig)?;
    ensure!(spent.succeeded(), "{tool}: {:?}", spent.calls);
    let (line, peak) = (lines.join(" && "), mebibytes(spent.peak));
    say(&format!("{tool} {line}: {peak:.1} MiB, {:.3} s", spent.wall.as_secs_f64()));
    Ok(spent)
}

fn undo_lines(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Rb => &["undo deploy/web --yes"],
        Tool::Kubectl => &["rollout undo deploy/web", "rollout status deploy/web"],
    }
}

fn history_lines(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Rb => &["history deploy/web"],
        Tool::Kubectl => &["rollout history deploy/web"],
    }
}

/// Makes the others, and waits until the controllers have seen the last of them.
fn fill(namespace: &Namespace) -> Result<()> {
    let api = &namespace.cluster().api;
    let (deployments, sets) =
        (collection(namespace, "deployments"), collection(namespace, "replicasets"));
    say(&format!("making {DEPLOYMENTS} Deployments with {REVISIONS} ReplicaSets each"));
    for_each(DEPLOYMENTS, |number| {
        let name = format!("other-{number:04}");
        let owner = api.create(&deployments, &deployment(&name))?;
        let uid = owner["metadata"]["uid"].as_str().context("a uid")?;
        (1..=REVISIONS).try_for_each(|revision| {
            api.create(&sets, &replica_set(&name, uid, revision)).map(drop)
        })
    })?;
    let made = DEPLOYMENTS * REVISIONS;
    namespace.wait_until("the controllers have seen it all", |namespace| {
        let name = format!("other-{:04}-{REVISIONS:010x}", DEPLOYMENTS - 1);
        namespace.get("replicaset", &name)["status"]["observedGeneration"] == 1
    });
    let last = namespace.list("replicaset", &format!("app=other-{:04}", DEPLOYMENTS - 1));
    ensure!(last.len() == REVISIONS, "{} ReplicaSets are left of {made}", last.len());
    say(&format!("one ReplicaSet has {} bytes", last[0].to_string().len()));
    Ok(())
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "paused": true,
            "replicas": 0,
            "revisionHistoryLimit": 2 * REVISIONS,
            "selector": {"matchLabels": {"app": name}},
            "template": template(&json!({"app": name}), REVISIONS),
        },
    })
}

fn replica_set(owner: &str, uid: &str, revision: usize) -> Value {
    let hash = format!("{revision:010x}");
    let labels = json!({"app": owner, "pod-template-hash": hash});
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{owner}-{hash}"),
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": "0",
                "deployment.kubernetes.io/max-replicas": "0",
                "deployment.kubernetes.io/revision": revision.to_string(),
            },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": owner, "uid": uid,
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": template(&labels, revision),
        },
    })
}

fn template(labels: &Value, release: usize) -> Value {
    json!({
        "metadata": {"labels": labels, "annotations": {"note": note(release)}},
        "spec": {"containers": [{"name": "app", "image": image(release)}]},
    })
}
