//! Who owns an object: those whose marks it carries, asked whether it is so, and who owns them.
//!
//! A [`Reconciler`] is one kind of owner: one file or folder, and one line in [`REGISTRY`]. It says what
//! an object's marks claim, what has to be read to know, and what that comes to: functions of values.
//! [`chain`] does the reading, a level at a time, and each level in one round trip.

mod argocd;
pub mod chain;
mod controller;
mod flux;
mod helm;
mod marks;

use serde_json::Value;

use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

/// All kinds of owners.
pub static REGISTRY: &[&dyn Reconciler] = &[
    &argocd::Applications,
    &argocd::ApplicationSets,
    &argocd::Stages,
    &argocd::ImageUpdaters,
    &flux::Kustomizations,
    &flux::HelmReleases,
    &flux::ResourceSets,
    &flux::FluxInstances,
    &flux::ImageAutomations,
    &helm::Releases,
    &controller::Controllers,
];

/// What the marks of an object say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Namespace of the owner, where the mark says it.
    pub namespace: Option<String>,
    /// Name of the owner.
    pub name: String,
    /// The mark, e.g. `annotation argocd.argoproj.io/tracking-id`.
    pub mark: String,
    /// The object that carries it.
    pub of: Target,
}

/// What a claim comes to.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Who it is, for people and machines.
    pub owner: Owner,
    /// Its object as it was read: its own marks say who owns it.
    pub object: Option<Value>,
}

/// One kind of owner.
pub trait Reconciler: Sync + std::fmt::Debug {
    /// What the marks on an object claim. `object` is as the API server sent it.
    fn claims(&self, object: &Value) -> Vec<Claim>;

    /// What has to be read to know whether a claim is true.
    fn asks(&self, _claim: &Claim) -> Vec<Ask> {
        Vec::new()
    }

    /// What it comes to; `object` carries the mark. Several: the mark fits more than one owner.
    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link>;

    /// What has to be read besides, once the owner is known: its source, its project.
    fn further(&self, _owner: &Value) -> Vec<Ask> {
        Vec::new()
    }

    /// Adds what that says.
    fn complete(&self, _link: &mut Owner, _owner: &Value, _facts: &Facts<'_>) {}
}
