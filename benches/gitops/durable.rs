//! Through Git, under each owner: `rb undo --yes` beside the same steps by hand. Each way has a place of
//! its own, under the same controllers.

use anyhow::Result;

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::place::{Kind, Place, good};
use super::testbed::TestBed;
use super::ways::Person;
use super::{line, say, service};

const LIMIT: f64 = 1.15;

pub(crate) fn under_argocd(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    under(bed, options, Kind::ArgoCd, "through Git, Argo CD")
}

pub(crate) fn under_flux(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let applies = "through Git, Flux without a health check";
    let waits = "through Git, Flux with `wait: true`";
    let mut figures = under(bed, options, Kind::FluxApplies, applies)?;
    figures.extend(under(bed, options, Kind::FluxWaits, waits)?);
    Ok(figures)
}

fn under(bed: &TestBed, options: &Options, kind: Kind, situation: &str) -> Result<Vec<Figure>> {
    let (person, other) = (Person::new(bed, options)?, Person::new(bed, options)?);
    let (ours, theirs) = (bed.namespace("bench-rb"), bed.namespace("bench-hand"));
    let mut rb = Place::new(bed, &ours, kind);
    let mut hand = Place::new(bed, &theirs, kind);
    let clone = other.clone(&hand)?;
    let mut whole: [Sample; 2] = Default::default();
    let mut well: [Sample; 2] = Default::default();
    let mut peak = Sample::default();
    // The first round warms all that is kept, and does not count.
    for round in 0..=options.rounds() {
        rb.release();
        let command = || person.rb(ours.kubeconfig(), "undo deploy/web --yes");
        let (took, back) = service::watched(&ours, &good(), command)?;
        let bad = hand.release();
        other.pull(&clone, &hand)?;
        let (by_hand, hand_back) =
            service::watched(&theirs, &good(), || other.by_hand(&clone, &hand, &bad))?;
        say(&format!(
            "round {round}: rb {:.3} s, well after {:.3} s; by hand {:.3} s, well after {:.3} s",
            took.wall.as_secs_f64(),
            back.as_secs_f64(),
            by_hand.as_secs_f64(),
            hand_back.as_secs_f64(),
        ));
        if round > 0 {
            whole[0].push(took.wall.as_secs_f64());
            whole[1].push(by_hand.as_secs_f64());
            well[0].push(back.as_secs_f64());
            well[1].push(hand_back.as_secs_f64());
            if let Some(bytes) = took.peak {
                peak.push(super::big::mebibytes(bytes));
            }
        }
    }
    let limit = Some(Target::AtMostOfKubectl(LIMIT));
    Ok(vec![
        line(
            situation,
            "whole command, verified; by hand: to the end of the loop",
            Unit::Seconds,
            whole,
            limit,
        ),
        line(situation, "until the service is well, watched", Unit::Seconds, well, None),
        line(situation, "peak memory", Unit::Mebibytes, [peak, Sample::default()], None),
    ])
}
