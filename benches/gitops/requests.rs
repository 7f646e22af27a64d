//! What an undo through Git asks of the API server under Argo CD, by what it is for.

use anyhow::Result;

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::phases::Phases;
use super::place::{Kind, Place};
use super::testbed::TestBed;
use super::ways::Person;
use super::{line, say};

const SITUATION: &str = "requests of an undo through Git, Argo CD, without watches";
/// Of the rollback itself: reading, planning, and carrying it out.
const LIMIT: f64 = 25.0;

pub(crate) fn measure(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let person = Person::new(bed, options)?;
    let (namespace, proxy) = (bed.namespace("bench-cost"), bed.proxy());
    let kubeconfig = proxy.kubeconfig(&namespace);
    let mut place = Place::new(bed, &namespace, Kind::ArgoCd);
    let mut samples: [Sample; 6] = Default::default();
    for _ in 0..options.rounds() {
        place.release();
        proxy.clear();
        person.rb(&kubeconfig, "undo deploy/web --yes")?;
        let phases = Phases::of(&proxy.requests());
        let Phases { reading, checks, rollback, verification } = phases;
        say(&format!("{phases:?}"));
        let own = reading + rollback;
        let counts = [own, reading, rollback, checks, verification, phases.all()];
        for (sample, count) in samples.iter_mut().zip(counts) {
            sample.push(f64::from(u32::try_from(count)?));
        }
    }
    let what = [
        "the rollback: reading, planning, carrying it out",
        "… of these: reading and planning",
        "… of these: carrying it out",
        "checks before the write",
        "verification",
        "all",
    ];
    let limits = [Some(Target::AtMost(LIMIT)), None, None, None, None, None];
    let lines = what.into_iter().zip(samples).zip(limits);
    let line = |((what, sample), limit)| {
        line(SITUATION, what, Unit::Count, [sample, Sample::default()], limit)
    };
    Ok(lines.map(line).collect())
}
