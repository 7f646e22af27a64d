//! 100 Deployments with the same label, undone in one call.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::figure::{Figure, Target, Unit};
use super::options::{Options, Situation};
use super::say;
use super::single::{count, mebibytes, one_figure};
use super::testbed::{Namespace, Proxy, TestBed};
use super::tool::{BOTH, Tool, Tools};
use super::wire;
use super::workload::{Workload, collection, for_each, image, note};

const DEPLOYMENTS: usize = 100;
/// A round takes longer than that of one Deployment, and varies less.
const MOST_ROUNDS: usize = 5;

pub(crate) fn measure(options: &Options) -> Result<Vec<Figure>> {
    let bed = TestBed::start()?;
    let (namespace, proxy) = (bed.namespace("many"), bed.proxy());
    let workloads = workloads(&namespace)?;
    let tools = Tools::new(&bed)?;
    let kubeconfig = proxy.kubeconfig(&namespace);
    let mut figures = empty_figures();
    for round in 0..=options.rounds().min(MOST_ROUNDS) {
        for tool in BOTH {
            let Some(values) = run(tool, &tools, &proxy, &kubeconfig, &mut figures)? else {
                continue;
            };
            say(&format!("round {round}: {tool} {:.3} s to the last write", values[0]));
            for workload in &workloads {
                workload.check_undone()?;
            }
            if round > 0 {
                for (figure, value) in figures.iter_mut().zip(values) {
                    let side = if tool == Tool::Rb { &mut figure.rb } else { &mut figure.kubectl };
                    side.push(value);
                }
            }
            restore(&workloads)?;
        }
    }
    bed.stop()?;
    Ok(figures)
}

fn empty_figures() -> Vec<Figure> {
    let figure =
        |what, unit, target| one_figure(Situation::Many, what, unit, Default::default(), target);
    vec![
        figure("start to last accepted write", Unit::Seconds, Some(Target::AtMostOfKubectl(0.3))),
        figure("peak memory", Unit::Mebibytes, Some(Target::Below(32.0))),
        figure("requests (rb waits and leaves traces, kubectl does not)", Unit::Count, None),
        figure("CPU time (rb waits, kubectl does not)", Unit::Seconds, None),
        figure("whole call (rb waits, kubectl does not)", Unit::Seconds, None),
    ]
}

/// One call; `None` where rb does not take it, and then the figures say why.
fn run(
    tool: Tool,
    tools: &Tools<'_>,
    proxy: &Proxy,
    kubeconfig: &Path,
    figures: &mut [Figure],
) -> Result<Option<[f64; 5]>> {
    if tool == Tool::Rb && figures.iter().any(|figure| figure.refused.is_some()) {
        return Ok(None);
    }
    let line = match tool {
        Tool::Rb => "undo deploy -l bench=many --yes",
        Tool::Kubectl => "rollout undo deploy -l bench=many",
    };
    proxy.clear();
    let spent = tools.run(tool, &[line], kubeconfig)?;
    let wire = wire::take(proxy, &spent, Duration::ZERO);
    if tool == Tool::Rb && !spent.succeeded() && wire.writes == 0 {
        let said: String = spent.calls.iter().map(|call| call.said.as_str()).collect();
        say(&format!("rb {line} was refused: {said}"));
        for figure in figures {
            figure.refused = Some(format!("$ rb {line}\n{said}"));
        }
        return Ok(None);
    }
    ensure!(spent.succeeded(), "{tool}: {:?}", spent.calls);
    ensure!(wire.writes == DEPLOYMENTS, "{tool} wrote {} times", wire.writes);
    Ok(Some([
        wire.accepted.map_or(f64::NAN, |time| time.as_secs_f64()),
        mebibytes(spent.peak),
        count(wire.requests),
        spent.cpu.as_secs_f64(),
        spent.wall.as_secs_f64(),
    ]))
}

fn restore(workloads: &[Workload<'_>]) -> Result<()> {
    for_each(workloads.len(), |number| workloads[number].reset())?;
    for_each(workloads.len(), |number| workloads[number].settle())
}

/// Deployments of one replica with two releases.
fn workloads(namespace: &Namespace) -> Result<Vec<Workload<'_>>> {
    let path = collection(namespace, "deployments");
    let name = |number: usize| format!("web-{number:03}");
    for_each(DEPLOYMENTS, |number| {
        namespace.cluster().api.create(&path, &deployment(&name(number))).map(drop)
    })?;
    for_each(DEPLOYMENTS, |number| {
        namespace.rollout_done(&name(number));
        Ok(())
    })?;
    let mut workloads = Vec::new();
    for number in 0..DEPLOYMENTS {
        let mut workload = Workload::new(namespace, &name(number), image(1))?;
        workload.release(image(2), note(2));
        workloads.push(workload);
    }
    restore(&workloads)?;
    Ok(workloads)
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"bench": "many"}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"note": note(1)}},
                "spec": {"containers": [{"name": "app", "image": image(1)}]},
            },
        },
    })
}
