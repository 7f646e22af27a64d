//! One Deployment of 3 replicas with 20 `ReplicaSet`s of about 7 KB: `rb undo --yes`, which waits,
//! beside `kubectl rollout undo && kubectl rollout status`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::figure::{Figure, Sample, Target, Unit};
use super::options::{Options, Situation};
use super::run::{Ended, Took};
use super::say;
use super::testbed::{Proxy, TestBed};
use super::tool::{BOTH, Tool, Tools};
use super::wire::{self, Wire};
use super::workload::{self, Workload};

const RELEASES: usize = 20;
const ONE_WAY: Duration = Duration::from_millis(25);
pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// What one tool took, in all rounds.
#[derive(Default)]
struct Runs {
    took: Vec<Took>,
    wires: Vec<Wire>,
}

/// Both tools, in the order of `BOTH`.
type Pair = [Runs; 2];

/// How the tools reach the API server.
struct Way<'p> {
    kubeconfig: PathBuf,
    proxy: Option<(&'p Proxy, Duration)>,
}

pub(crate) fn direct(options: &Options) -> Result<Vec<Figure>> {
    let bed = TestBed::start()?;
    let (namespace, proxy) = (bed.namespace("direct"), bed.proxy());
    let workload = workload::with_history(&namespace, RELEASES)?;
    let tools = Tools::new(&bed)?;
    let straight = Way { kubeconfig: namespace.kubeconfig().to_owned(), proxy: None };
    let recorded =
        Way { kubeconfig: proxy.kubeconfig(&namespace), proxy: Some((&proxy, Duration::ZERO)) };
    let runs = measure(&tools, &workload, &straight, options.rounds())?;
    let seen = measure(&tools, &workload, &recorded, options.rounds())?;
    bed.stop()?;

    let figure = |what, unit, pair, target| one_figure(Situation::Direct, what, unit, pair, target);
    let mut figures = vec![
        figure("whole undo with its wait", Unit::Seconds, each(&runs, wall), None),
        to_the_write(Situation::Direct, &seen, 0.5),
        figure("CPU time", Unit::Seconds, each(&runs, cpu), Some(Target::AtMostOfKubectl(0.35))),
        figure("peak memory", Unit::Mebibytes, each(&runs, peak), Some(Target::AtMost(18.0))),
        figure(
            "whole undo with its wait, through the recording proxy",
            Unit::Seconds,
            each(&seen, wall),
            None,
        ),
    ];
    figures.extend(on_the_wire(Situation::Direct, &seen));
    Ok(figures)
}

pub(crate) fn delayed(options: &Options) -> Result<Vec<Figure>> {
    let bed = TestBed::start()?;
    let (namespace, proxy) = (bed.namespace("delayed"), bed.proxy());
    let workload = workload::with_history(&namespace, RELEASES)?;
    proxy.set_latency(ONE_WAY);
    let way = Way { kubeconfig: proxy.kubeconfig(&namespace), proxy: Some((&proxy, ONE_WAY)) };
    let runs = measure(&Tools::new(&bed)?, &workload, &way, options.rounds())?;
    bed.stop()?;

    let whole = Some(Target::AtMostOfKubectl(0.8));
    let figure =
        |what, unit, pair, target| one_figure(Situation::Delayed, what, unit, pair, target);
    let mut figures = vec![
        figure("whole undo with its wait", Unit::Seconds, each(&runs, wall), whole),
        to_the_write(Situation::Delayed, &runs, 0.85),
        figure("CPU time", Unit::Seconds, each(&runs, cpu), None),
        figure("peak memory", Unit::Mebibytes, each(&runs, peak), None),
    ];
    figures.extend(on_the_wire(Situation::Delayed, &runs));
    Ok(figures)
}

/// Runs both tools in turn, each on the same state. The first round only warms kubectl's discovery
/// cache and the API server, and does not count.
fn measure(
    tools: &Tools<'_>,
    workload: &Workload<'_>,
    way: &Way<'_>,
    rounds: usize,
) -> Result<Pair> {
    let mut pair = Pair::default();
    for round in 0..=rounds {
        for (tool, runs) in BOTH.into_iter().zip(&mut pair) {
            if let Some((proxy, _)) = way.proxy {
                proxy.clear();
            }
            let took = tools.run(tool, lines(tool), &way.kubeconfig)?;
            ensure!(took.succeeded(), "{tool}: {:?}", took.calls);
            workload.check_undone()?;
            say(&format!("round {round}: {tool} {:.3} s", took.wall.as_secs_f64()));
            if round > 0 {
                runs.wires.extend(way.proxy.map(|(proxy, delay)| wire::take(proxy, &took, delay)));
                runs.took.push(took);
            }
            workload.reset()?;
            workload.settle()?;
        }
    }
    Ok(pair)
}

fn lines(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Rb => &["undo deploy/web --yes"],
        Tool::Kubectl => &["rollout undo deploy/web", "rollout status deploy/web"],
    }
}

/// From the start of the process to the accepted write beside the whole `kubectl rollout undo`, and
/// beside kubectl's own accepted write.
fn to_the_write(situation: Situation, pair: &Pair, part: f64) -> Figure {
    let [rb, kubectl] = pair;
    let undo =
        |took: &Took| took.calls.first().map_or(f64::NAN, |Ended { wall, .. }| wall.as_secs_f64());
    let sides = [seconds_to_write(rb), kubectl.took.iter().map(undo).collect()];
    let what = "start to accepted write; kubectl: the whole `rollout undo`";
    one_figure(situation, what, Unit::Seconds, sides, Some(Target::AtMostOfKubectl(part)))
}

fn on_the_wire(situation: Situation, pair: &Pair) -> Vec<Figure> {
    let count = |value: fn(&Wire) -> usize| {
        pair.each_ref().map(|runs| runs.wires.iter().map(|wire| count(value(wire))).collect())
    };
    vec![
        one_figure(
            situation,
            "start to accepted write; kubectl: the same",
            Unit::Seconds,
            pair.each_ref().map(seconds_to_write),
            None,
        ),
        one_figure(
            situation,
            "sequential round trips to the write, without handshakes",
            Unit::Count,
            count(|wire| wire.round_trips),
            // Two for the plan and its write, and at most two for the preflight.
            Some(Target::AtMost(4.0)),
        ),
        one_figure(situation, "requests", Unit::Count, count(|wire| wire.requests), None),
    ]
}

fn seconds_to_write(runs: &Runs) -> Sample {
    runs.wires.iter().filter_map(|wire| wire.accepted).map(|time| time.as_secs_f64()).collect()
}

fn each(pair: &Pair, value: fn(&Took) -> f64) -> [Sample; 2] {
    pair.each_ref().map(|runs| runs.took.iter().map(value).collect())
}

fn wall(took: &Took) -> f64 {
    took.wall.as_secs_f64()
}

fn cpu(took: &Took) -> f64 {
    took.cpu.as_secs_f64()
}

fn peak(took: &Took) -> f64 {
    mebibytes(took.peak)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of processes are far below 2^52")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

pub(crate) fn one_figure(
    situation: Situation,
    what: &str,
    unit: Unit,
    [rb, kubectl]: [Sample; 2],
    target: Option<Target>,
) -> Figure {
    let (situation, what) = (situation.to_string(), what.to_owned());
    Figure { situation, what, unit, rb, kubectl, target, refused: None }
}
