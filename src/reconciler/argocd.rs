//! Argo CD: its Applications, and who writes those: another Application, an `ApplicationSet`, Kargo,
//! Image Updater.
//!
//! A mark on an object is a claim. It is true where an Application of that name is there and lists the
//! object in `status.resources`, which holds for every way of tracking: what is listed there is what
//! the next sync writes. Everything is read from the objects; no program of Argo CD is asked.

mod application_set;
mod applied;
mod as_owner;
mod barring;
mod beside;
mod claims;
mod converging;
mod deployed;
mod dropping;
mod entry_name;
mod fields;
mod finding;
mod generators;
mod held;
mod hook_jobs;
mod hooks;
mod hydrator;
mod image_updater;
mod kargo;
mod notes;
mod nudging;
mod operation;
mod pausing;
mod policy;
mod regenerating;
mod renders;
mod renders_set;
mod revision;
mod rolling_back;
mod rolling_sync;
mod selection;
mod settling;
mod sources;
mod standing;
mod tracking;
mod weight;
mod windows;
mod wipe;

#[cfg(test)]
mod given;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Path;
use crate::error::Result;
use crate::facts::{Ask, Facts};
use crate::rollback::model::agreement::Agreement;
use crate::rollback::model::convergence::{Applied, Convergence};
use crate::rollback::model::following::Unheard;
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target::Target;

pub(super) use self::application_set::{ApplicationSets, is_application_set};
use self::fields::{text, text_or};
pub(super) use self::image_updater::ImageUpdaters;
pub(super) use self::kargo::Stages;
pub(super) use self::renders::repository;
use self::tracking::Instance;
use super::following::{Address, Following, Nudge};
use super::holding::{Switch, UnderWay};
use super::marks::reference;
use super::neighbours::Neighbour;
use super::rendered::Rendered;
use super::{Claim, Link, Reconciler};

/// The API that Applications are read from.
const API: &str = "apis/argoproj.io/v1alpha1";
/// Its version, as objects name it.
const VERSION: &str = "argoproj.io/v1alpha1";

/// Other Applications that are looked at.
const NEIGHBOURS: &str = "100";

/// What an Application whose settings nobody has read may do.
const UNREAD: &str =
    "with self-heal on it puts the bad version back within seconds, else at the next sync";

/// Applications.
#[derive(Debug)]
pub(super) struct Applications;

impl Reconciler for Applications {
    fn roll_back(
        &self,
        owner: &Value,
        to: &[String],
        token: &str,
        reason: Option<&str>,
    ) -> Result<Nudge> {
        rolling_back::operation(owner, to, token, reason)
    }

    fn rolled_back(&self, owner: &Value, to: &[String], token: &str) -> Option<Result<(), String>> {
        rolling_back::ended(owner, to, token)
    }

    fn claims(&self, object: &Value) -> Vec<Claim> {
        claims::of(object)
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        finding::asks(claim)
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        finding::judge(claim, object, facts)
    }

    fn further(&self, owner: &Value) -> Vec<Ask> {
        let besides = hook_jobs::asks(owner).into_iter().chain(rolling_sync::ask(owner));
        project(owner).into_iter().chain(besides).collect()
    }

    fn complete(&self, link: &mut Owner, owner: &Value, facts: &Facts<'_>) {
        let left = hook_jobs::left(owner, facts);
        hooks::without(&mut link.besides, owner, &left);
        link.remedies.extend(left.into_iter().map(hook_jobs::remedy));
        rolling_sync::apply(link, owner, facts);
        let Some(ask) = project(owner) else { return };
        let name = text(owner, "/spec/project");
        match facts.value(&ask) {
            Ok(project) => {
                windows::apply(link, owner, project, facts.asked_at());
                let barrier = barring::of_project(name, project);
                link.notes.extend(barrier.as_ref().map(|barrier| barrier.why.clone()));
                link.barriers.extend(barrier);
            }
            Err(error) => link.notes.push(format!(
                "the sync windows of AppProject {name} could not be read: {}",
                finding::words(error)
            )),
        }
    }

    fn address(&self, owner: &Target) -> Option<Address> {
        let is_one = owner.kind == "Application" && is_of_argo(&owner.api_version);
        let collection = Path::namespaced(API, &owner.namespace, "applications");
        is_one.then(|| Address { collection, target: owner.clone() })
    }

    fn convergence(&self, owner: &Value, following: &Following<'_>) -> Convergence {
        converging::of(owner, following)
    }

    fn nudges(&self, owner: &Value, following: &Following<'_>) -> Vec<Nudge> {
        nudging::of(owner, following)
    }

    fn unheard(&self, owner: &Value, following: &Following<'_>) -> Option<Unheard> {
        nudging::unheard(owner, following)
    }

    fn applied(&self, owner: &Value) -> Vec<Applied> {
        applied::of(owner)
    }

    fn renders(&self, owner: &Value) -> Vec<Rendered> {
        renders::of(owner)
    }

    fn others(&self, owner: &Value) -> Option<Path> {
        let namespace = text(owner, "/metadata/namespace");
        Some(Path::namespaced(API, namespace, "applications").query("limit", NEIGHBOURS))
    }

    fn neighbour(
        &self,
        owner: &Value,
        workload: Option<&Target>,
        other: &Value,
    ) -> Option<Neighbour> {
        beside::neighbour(owner, workload, other)
    }

    fn applied_of(&self, owner: &Value, source: usize) -> Vec<Applied> {
        applied::of_source(owner, source)
    }

    fn makers(&self, owner: &Value) -> Vec<Address> {
        application_set::maker(owner).into_iter().collect()
    }

    fn switch(&self, owner: &Value, makers: &[Value]) -> Result<Switch> {
        held::switch(owner, makers)
    }

    fn under_way(&self, owner: &Value) -> Option<UnderWay> {
        held::under_way(owner)
    }

    fn has_source(&self) -> bool {
        true
    }

    fn writes_as(&self, manager: &str) -> bool {
        manager.starts_with(claims::WRITER)
    }

    fn settled(&self, owner: &Value, _others: &[&Value]) -> Result<Convergence, String> {
        Ok(settling::settled(owner))
    }

    fn agreement(&self, owner: &Value, workload: &Value, _undone: Option<Timestamp>) -> Agreement {
        settling::agreement(owner, workload)
    }

    fn hindrances(&self, owner: &Value, facts: &Facts<'_>) -> Vec<String> {
        let project = project(owner).map(|ask| facts.value(&ask));
        let is_started = rolling_sync::starter(owner, facts).is_some();
        settling::hindrances(owner, is_started, project, facts.asked_at())
    }

    fn applies(&self, owner: &Value) -> Option<String> {
        settling::applies(owner)
    }

    fn lighten(&self, object: &mut Value) {
        weight::lighten(object);
    }
}

/// Asks for the project of an Application; its windows may hold syncs up.
fn project(application: &Value) -> Option<Ask> {
    let name = text(application, "/spec/project");
    let namespace = text_or(application, "/status/controllerNamespace", "/metadata/namespace");
    let named = !name.is_empty() && !namespace.is_empty();
    named.then(|| Ask::Read(Path::namespaced(API, namespace, "appprojects").name(name).to_string()))
}

/// The Application of a mark, of which nothing could be read.
fn unread(claim: &Claim, instance: &Instance<'_>, proof: Proof) -> Link {
    let owner = Owner {
        name: format!("Argo CD application {instance}"),
        would: UNREAD.to_owned(),
        mark: claim.mark.clone(),
        proof,
        ..Owner::default()
    };
    Link { owner, object: None }
}

/// An Application that was read. `entry` is what it lists of the object that carries the mark.
fn read(claim: &Claim, application: &Value, entry: Option<&Value>, proof: Proof) -> Link {
    let act = policy::counteraction(application, policy::noun(&claim.of));
    let owner = Owner {
        name: format!("Argo CD application {}", qualified(application)),
        would: act.would,
        mark: claim.mark.clone(),
        object: Some(named(application)),
        of: None,
        proof,
        within: act.within,
        automation: Some(policy::automation(application)),
        sources: sources::of(application),
        notes: notes::of(application, claim, entry),
        besides: besides(application, claim),
        remedies: Vec::new(),
        pause: None,
        barriers: barring::of(application).into_iter().collect(),
        holds: Vec::new(),
    };
    let mut object = weight::light(application);
    weight::keep(&mut object, entry);
    Link { owner, object: Some(object) }
}

/// What else comes of a sync of it, for the object of the claim.
fn besides(application: &Value, claim: &Claim) -> Vec<String> {
    let hooks = hooks::besides(application).into_iter();
    let rendered = hydrator::besides(application);
    hooks.chain(rendered).chain(notes::out_of_reach(application, claim)).collect()
}

/// What the object is called; what stands in a list may leave its own type out.
fn named(application: &Value) -> Target {
    let mut target = reference(application);
    if target.api_version.is_empty() {
        VERSION.clone_into(&mut target.api_version);
    }
    if target.kind.is_empty() {
        "Application".clone_into(&mut target.kind);
    }
    target
}

/// `web`, or `team/web` where it is not in the namespace of its control plane: as Argo CD spells it.
fn qualified(application: &Value) -> String {
    let (namespace, name) =
        (text(application, "/metadata/namespace"), text(application, "/metadata/name"));
    let control = text(application, "/status/controllerNamespace");
    if control.is_empty() || control == namespace {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

/// Whether an object is an Application.
fn is_application(object: &Value) -> bool {
    is_of_argo(text(object, "/apiVersion")) && text(object, "/kind") == "Application"
}

fn is_of_argo(api_version: &str) -> bool {
    api_version.split_once('/').is_some_and(|(group, _)| group == "argoproj.io")
}
