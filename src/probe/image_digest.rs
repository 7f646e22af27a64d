//! `image.digest`: do the pods run the very image that ran when the target was good? A tag may be
//! moved to another image, a digest cannot.

mod running;

use std::collections::BTreeMap;

use super::pods::{self, Pod, Pods};
use super::{Probe, Scene, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::image::ImageRef;

use self::running::Running;

pub(super) struct ImageDigest;

impl Probe for ImageDigest {
    fn id(&self) -> &'static str {
        "image.digest"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        // What nobody has recorded or asked for is no reason to say no.
        let is_expected = !scene.expected.digests.is_empty();
        let level = if is_expected { Level::Required } else { Level::Advisory };
        let finding = match Pods::target_of(scene) {
            Ok(pods) => found(scene, &pods),
            Err(finding) => finding,
        };
        // A tag that was moved is a reason, whoever has said what.
        let level = if finding.reason == MUTABLE_TAG { Level::Required } else { level };
        finding.level(level)
    }
}

const MUTABLE_TAG: &str = "MutableTag";

/// Digests of the images that the target's pods run, `sha256:…` by image: those that all of its pods
/// agree on.
#[must_use]
pub fn digests(scene: &Scene<'_>) -> BTreeMap<String, Vec<String>> {
    let Ok(pods) = Pods::target_of(scene) else { return BTreeMap::new() };
    let all = running::all(&pods);
    let images = running::by_image(&all).into_iter();
    let agreed = images.filter_map(|(image, digests)| {
        let [Some(digest)] = digests.into_iter().collect::<Vec<_>>()[..] else { return None };
        Some((image.to_owned(), vec![digest.to_owned()]))
    });
    agreed.collect()
}

fn found(scene: &Scene<'_>, pods: &[Pod<'_>]) -> Finding {
    let all = running::all(pods);
    let bad =
        other(scene, &all).or_else(|| moved(scene, &all)).or_else(|| unmet(scene, pods, &all));
    if let Some(finding) = bad {
        // What a pod runs does not change any more.
        return finding.hint(ids(scene)).for_good();
    }
    if let Some(gap) = pods::gap(scene) {
        return gap;
    }
    if let Some(finding) = untold(scene, pods, &all) {
        return finding.hint(ids(scene));
    }
    let line = |one: &Running<'_>| Some(format!("{}: {}", one.image, one.digest?));
    let lines: std::collections::BTreeSet<String> = all.iter().filter_map(line).collect();
    let message = if scene.expected.digests.is_empty() {
        "one digest for each image; none is known to compare with"
    } else {
        "the digests are those that are expected"
    };
    Finding::pass(message).evidence(words::lines(lines.into_iter().collect()))
}

/// A container that runs another image than is recorded for it.
fn other(scene: &Scene<'_>, all: &[Running<'_>]) -> Option<Finding> {
    let is_other = |one: &&Running<'_>| {
        let is_known = one.digest.is_some() && recorded(scene, &one.image).is_some();
        is_known && !is_accepted(scene, one)
    };
    let others: Vec<&Running<'_>> = all.iter().filter(is_other).collect();
    let first = others.first()?;
    let name = ImageRef::parse(&first.image).short();
    let message =
        format!("{name} is another image now than when {} was verified", words::label(scene));
    let recorded = recorded(scene, &first.image).unwrap_or_default().join(" or ");
    let mut lines = vec![format!("{} was {recorded}", first.image)];
    lines.extend(others.iter().map(|one| one.line()));
    Some(Finding::fail(message).because("OtherDigest").evidence(words::lines(lines)))
}

/// A tag that stands for different images on different pods.
fn moved(scene: &Scene<'_>, all: &[Running<'_>]) -> Option<Finding> {
    let is_moved = |one: &&Running<'_>| {
        // The index of an image and its part for a platform are the same image; who has recorded
        // both knows it.
        let rest = all.iter().filter(|rest| rest.image == one.image);
        !one.is_pinned() && !rest.into_iter().all(|rest| is_accepted(scene, rest))
    };
    let images = running::differing(all);
    let moved = images.filter_map(|image| all.iter().find(|one| one.image == image));
    let first = moved.into_iter().find(is_moved)?;
    let name = ImageRef::parse(&first.image).short();
    let message = format!("{name} is not the same image on all pods: the tag was moved");
    let lines = all.iter().filter(|one| one.image == first.image).map(Running::line).collect();
    Some(Finding::fail(message).because(MUTABLE_TAG).evidence(words::lines(lines)))
}

/// A pod of which no container runs what the user asks for.
fn unmet(scene: &Scene<'_>, pods: &[Pod<'_>], all: &[Running<'_>]) -> Option<Finding> {
    let lacks = |pod: &&Pod<'_>| demand(scene, all, &pod.state.name) == Demand::Unmet;
    let pod = &pods.iter().find(lacks)?.state.name;
    let message = format!("no container of {pod} runs an image with the digest that is asked for");
    let mut lines = vec![format!("asked for: {}", asked(scene).join(" or "))];
    lines.extend(all.iter().filter(|one| one.pod == *pod).map(Running::line));
    Some(Finding::fail(message).because("OtherDigest").evidence(words::lines(lines)))
}

/// What the runtime keeps to itself, where it matters.
fn untold(scene: &Scene<'_>, pods: &[Pod<'_>], all: &[Running<'_>]) -> Option<Finding> {
    let is_open = |pod: &Pod<'_>| demand(scene, all, &pod.state.name) == Demand::Open;
    let open = pods.iter().any(is_open);
    let matters = |one: &&Running<'_>| {
        let nobody_knows = scene.expected.digests.is_empty();
        one.digest.is_none() && (nobody_knows || open || recorded(scene, &one.image).is_some())
    };
    let untold: Vec<&Running<'_>> = all.iter().filter(matters).collect();
    let message = match untold.first() {
        Some(one) => format!("the runtime does not tell the digest of {}", one.image),
        None if all.is_empty() || open => "not all containers have started yet".to_owned(),
        None => return None,
    };
    let lines = untold.iter().map(|one| one.line()).collect();
    Some(Finding::unknown(message).because("NoDigest").evidence(words::lines(lines)))
}

/// Whether a pod has what the user asks for.
#[derive(PartialEq, Eq)]
enum Demand {
    /// It has, or nothing is asked for.
    Met,
    /// It has not.
    Unmet,
    /// Not all of its containers tell what they run.
    Open,
}

fn demand(scene: &Scene<'_>, all: &[Running<'_>], pod: &str) -> Demand {
    let asked = asked(scene);
    let mut digests = all.iter().filter(|one| one.pod == pod).map(|one| one.digest);
    let is_asked = |digest: Option<&str>| digest.is_some_and(|d| asked.iter().any(|a| a == d));
    if asked.is_empty() || digests.clone().any(is_asked) {
        Demand::Met
    } else if digests.clone().next().is_none() || digests.any(|digest| digest.is_none()) {
        Demand::Open
    } else {
        Demand::Unmet
    }
}

/// What the user or an annotation asks for, whatever the image.
fn asked<'a>(scene: &Scene<'a>) -> &'a [String] {
    recorded(scene, "").unwrap_or_default()
}

fn recorded<'a>(scene: &Scene<'a>, image: &str) -> Option<&'a [String]> {
    scene.expected.digests.get(image).map(Vec::as_slice)
}

/// Whether a container runs what is recorded for its image, or what is asked for.
fn is_accepted(scene: &Scene<'_>, one: &Running<'_>) -> bool {
    let own = recorded(scene, &one.image).unwrap_or_default();
    one.digest.is_some_and(|digest| own.iter().chain(asked(scene)).any(|known| known == digest))
}

/// The command that shows what the pods run.
fn ids(scene: &Scene<'_>) -> String {
    let selector = pods::selector(scene);
    scene.hints.kubectl(&format!("get pods -l {selector} -o jsonpath='{{..imageID}}'"))
}

#[cfg(test)]
mod tests;
