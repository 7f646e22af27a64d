//! Through Git, while Flux waits for the health of a release that crashes: with its default timeout that
//! holds a revert back for as long as it takes.

use anyhow::Result;

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::place::{Kind, Place, good};
use super::testbed::TestBed;
use super::ways::Person;
use super::{line, say, service};

const SITUATION: &str = "through Git, Flux blocked by its health check";
const LIMIT: f64 = 5.0;

pub(crate) fn measure(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let person = Person::new(bed, options)?;
    let namespace = bed.namespace("bench-blocked");
    let mut place = Place::new(bed, &namespace, Kind::FluxWaits);
    let mut whole = Sample::default();
    let mut well = Sample::default();
    for round in 0..=options.rounds() {
        place.crash();
        let command = || person.rb(namespace.kubeconfig(), "undo deploy/web --yes");
        let (took, back) = service::watched(&namespace, &good(), command)?;
        let (took, back) = (took.wall.as_secs_f64(), back.as_secs_f64());
        say(&format!("round {round}: rb {took:.3} s, well after {back:.3} s"));
        if round > 0 {
            whole.push(took);
            well.push(back);
        }
    }
    let alone = |sample| [sample, Sample::default()];
    let limit = Some(Target::AtMost(LIMIT));
    Ok(vec![
        line(SITUATION, "until the service is well, watched", Unit::Seconds, alone(well), limit),
        line(
            SITUATION,
            "whole command, until Flux has applied the revert",
            Unit::Seconds,
            alone(whole),
            None,
        ),
    ])
}
