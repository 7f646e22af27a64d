//! An Application of 2,000 resources, whose status is larger than 1 MiB: how much memory `rb` needs that
//! reads it, and that follows it through a sync, in which each change brings all of it again.

use anyhow::{Context as _, Result, ensure};

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::place::{FOLDER, Kind, NAME, Place, good};
use super::testbed::{Fleet, TestBed};
use super::ways::Person;
use super::{line, say, service};

const SITUATION: &str = "an Application of 2,000 resources";
const RESOURCES: usize = 2_000;
const LIMIT: f64 = 40.0;
const MIB: usize = 1024 * 1024;

pub(crate) fn measure(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let person = Person::new(bed, options)?;
    let namespace = bed.namespace("bench-big");
    let fleet = Fleet::new();
    fleet.app(FOLDER, NAME, &good());
    fleet.write(&format!("{FOLDER}/settings.yaml"), &settings());
    fleet.push("Add web with its settings");
    let mut place = Place::of(bed, &namespace, Kind::ArgoCd, fleet);
    // Two rounds cost minutes, and memory differs little.
    place.release()?;
    let object = place.application().context("an Application")?.get();
    let size = object["status"].to_string().len();
    let count = object["status"]["resources"].as_array().map_or(0, Vec::len);
    say(&format!("{count} resources, a status of {size} bytes"));
    ensure!(count > RESOURCES && size > MIB, "{count} resources, {size} bytes");
    let kubeconfig = namespace.kubeconfig();
    let status = person.rb(kubeconfig, "status deploy/web")?;
    let undo = person.rb(kubeconfig, "undo deploy/web --yes")?;
    service::check(&namespace, &good())?;
    let peak = |peak: Option<u64>| {
        [peak.map(mebibytes).into_iter().collect::<Sample>(), Sample::default()]
    };
    let seconds = [undo.wall.as_secs_f64()].into_iter().collect();
    let limit = Some(Target::AtMost(LIMIT));
    Ok(vec![
        line(SITUATION, "`rb status`: peak memory", Unit::Mebibytes, peak(status.peak), limit),
        line(SITUATION, "`rb undo`: peak memory", Unit::Mebibytes, peak(undo.peak), limit),
        line(
            SITUATION,
            "`rb undo`: whole command",
            Unit::Seconds,
            [seconds, Sample::default()],
            None,
        ),
    ])
}

/// So many `ConfigMap`s, with long names: that is what makes the status long.
fn settings() -> String {
    let one = |number| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: setting-{number:04}-{}\n\
             data:\n  key: value\n",
            "long-name-".repeat(10) + "end"
        )
    };
    (0..RESOURCES).map(one).collect()
}

#[expect(clippy::cast_precision_loss, reason = "sizes of processes are far below 2^52")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}
