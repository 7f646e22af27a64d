//! Flux: who applies an object again and again from a source, or releases it as part of a chart.
//!
//! The labels that its controllers put on what they apply say who it was. They are a claim only: operators
//! copy labels to what they make, and what is orphaned keeps its own. So the owner is read, and its
//! `status.inventory` decides. The owner's own labels say who owns it: a `HelmRelease` of a Kustomization of a
//! Kustomization.
//!
//! Everything here is a function of values. Whatever the shape of an object, nothing fails.

mod acts;
mod applied;
mod barring;
mod condition;
mod dependency;
mod deployed;
mod duration;
mod fetching;
mod fields;
mod health_check;
mod held;
mod helm_release;
mod ignore;
mod image_automation;
mod inventory;
mod kind;
mod kustomization;
mod listed;
mod operator;
mod opt_out;
pub(super) mod path;
mod renders;
mod request;
mod revision;
mod settling;
mod source;
mod standing;
mod values_from;

pub(super) use helm_release::HelmReleases;
pub(super) use image_automation::ImageAutomations;
pub(super) use kustomization::Kustomizations;
pub(super) use operator::{FluxInstances, ResourceSets};

#[cfg(test)]
mod tests;
