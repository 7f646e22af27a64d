//! `--now`: the service comes back by a patch, while the owner is held, beside `kubectl rollout undo` of
//! the same Deployment that nobody owns.

use std::time::Instant;

use anyhow::{Context as _, Result};

use super::figure::{Figure, Sample, Target, Unit};
use super::options::Options;
use super::place::{FOLDER, Kind, NAME, Place, good, image};
use super::testbed::{Namespace, TestBed};
use super::ways::Person;
use super::{line, say, service};

const SITUATION: &str = "at once, `--now` under Argo CD";
const LIMIT: f64 = 1.3;
/// How often Argo CD is made to look while it is held.
const REFRESHES: usize = 20;

pub(crate) fn measure(bed: &TestBed, options: &Options) -> Result<Vec<Figure>> {
    let person = Person::new(bed, options)?;
    let (ours, free) = (bed.namespace("bench-now"), bed.namespace("bench-unowned"));
    let mut place = Place::new(bed, &ours, Kind::ArgoCd);
    let manifest = place.fleet.read(&format!("{FOLDER}/deployment.yaml"));
    release(&free, &manifest, 1);
    let mut well: [Sample; 2] = Default::default();
    let mut whole: [Sample; 2] = Default::default();
    for round in 0..=options.rounds() {
        place.release();
        let command = || person.rb(ours.kubeconfig(), "undo deploy/web --now --yes");
        let (took, back) = service::watched(&ours, &good(), command)?;
        release(&free, &manifest, round + 2);
        let bare = || {
            let clock = Instant::now();
            let undo = ["rollout", "undo", "deployment/web"];
            person.kubectl_in(free.kubeconfig(), &undo)?;
            let status = ["rollout", "status", "deployment/web"];
            person.kubectl_in(free.kubeconfig(), &status)?;
            Ok(clock.elapsed())
        };
        let (kubectl, free_back) = service::watched(&free, &good(), bare)?;
        say(&format!(
            "round {round}: rb {:.3} s, well after {:.3} s; kubectl {:.3} s, well after {:.3} s",
            took.wall.as_secs_f64(),
            back.as_secs_f64(),
            kubectl.as_secs_f64(),
            free_back.as_secs_f64(),
        ));
        if round > 0 {
            well[0].push(back.as_secs_f64());
            well[1].push(kubectl.as_secs_f64());
            whole[0].push(took.wall.as_secs_f64());
            whole[1].push(free_back.as_secs_f64());
        }
    }
    let survived = survives(&person, &mut place)?;
    let [rb_whole, kubectl_well] = whole;
    let rb_well = well[0].clone();
    let limit = Some(Target::AtMostOfKubectl(LIMIT));
    let what = "until the service is well, watched; kubectl: `rollout undo` and `rollout status`";
    let missed = [f64::from(u32::try_from(REFRESHES - survived)?)].into_iter().collect();
    let alone = |sample| [sample, Sample::default()];
    Ok(vec![
        line(SITUATION, what, Unit::Seconds, well, limit),
        line(
            SITUATION,
            "until the service is well, both watched",
            Unit::Seconds,
            [rb_well, kubectl_well],
            None,
        ),
        line(
            SITUATION,
            "whole command, until Git agrees and it is verified",
            Unit::Seconds,
            alone(rb_whole),
            None,
        ),
        line(
            SITUATION,
            "forced refreshes of 20, while it is held, that put the bad release back",
            Unit::Count,
            alone(missed),
            Some(Target::AtMost(0.0)),
        ),
    ])
}

/// The same Deployment by `kubectl apply`, until it is well.
fn release(namespace: &Namespace, manifest: &str, number: usize) {
    let wanted = image(number, "");
    // Before each release it is at the first one.
    namespace.apply(&manifest.replace(&good(), &wanted));
    namespace.wait_until("the release is well", |n| service::is_well(n, &wanted));
    namespace.wait_until("the pods before are gone", |n| n.pods(NAME).len() == 2);
}

/// Holds it where Git cannot be reached, has Argo CD look again and again, and goes on then. How many
/// times the good release was still live.
fn survives(person: &Person<'_>, place: &mut Place<'_>) -> Result<usize> {
    place.release();
    let namespace = place.namespace;
    let host = place.fleet.url().replace("fleet.git", "");
    let held = "undo deploy/web --now --yes";
    person.rb_without(namespace.kubeconfig(), held, &host, 11)?;
    let app = place.application().context("an Application")?;
    let mut survived = 0;
    for _ in 0..REFRESHES {
        app.refresh();
        survived += usize::from(service::check(namespace, &good()).is_ok());
    }
    say(&format!("{survived} of {REFRESHES} forced refreshes left it alone"));
    person.rb(namespace.kubeconfig(), "undo deploy/web --resume --yes")?;
    service::check(namespace, &good())?;
    Ok(survived)
}
