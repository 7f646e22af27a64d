//! Owners that are named on the command line themselves: what they have deployed, what they list, how
//! they do. Functions of the owner's object as the API server sent it.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::deployed::{Deployed, Listed, Standing};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::{Kind, Target};

use super::rendered::Rendering;
use super::{Reconciler, argocd, flux};

/// All kinds that can be named.
pub static OWNERS: &[&dyn OwnerKind] =
    &[&argocd::Applications, &flux::Kustomizations, &flux::HelmReleases];

/// A kind of owner that can be named.
pub trait OwnerKind: Sync + std::fmt::Debug {
    /// Its names.
    fn kind(&self) -> &'static Kind;

    /// The same as one of the owners of a chain.
    fn reconciler(&self) -> &'static dyn Reconciler;

    /// Whether one of a name is looked for in all namespaces where none is given, since all of them are
    /// where their controller is; and where it is looked for by people who may not do that.
    fn homes(&self) -> &'static [&'static str] {
        &[]
    }

    /// How it is set up, seen from nothing in particular that it owns.
    fn about(&self, owner: &Value) -> Owner;

    /// What it has deployed, the newest first; bounded by what the owner keeps.
    fn deployed(&self, owner: &Value) -> Vec<Deployed>;

    /// The objects that it lists as its own.
    fn listed(&self, owner: &Value) -> Vec<Listed>;

    /// Why its objects are not on this cluster, or may not be.
    fn elsewhere(&self, owner: &Value) -> Option<String>;

    /// How it does. `facts` answers what [`Reconciler::further`] asks, or nothing.
    fn standing(&self, owner: &Value, facts: &Facts<'_>) -> Standing;

    /// What it renders from its one Git repository; else why that cannot be told: the end of a sentence.
    fn rendering(&self, owner: &Value) -> Result<Rendering, String>;
}

/// The kind that a word names: `app`, `kustomizations.kustomize.toolkit.fluxcd.io`, `hr`.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static dyn OwnerKind> {
    OWNERS.iter().copied().find(|owner| owner.kind().is_named(word))
}

/// The kind of an object.
#[must_use]
pub fn of(target: &Target) -> Option<&'static dyn OwnerKind> {
    OWNERS.iter().copied().find(|owner| owner.kind().kind == target.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_named_as_kubectl_names_them() {
        for (word, kind) in [
            ("app", Some("Application")),
            ("application", Some("Application")),
            ("Applications", Some("Application")),
            ("applications.argoproj.io", Some("Application")),
            ("app.argoproj.io", Some("Application")),
            ("application.v1alpha1.argoproj.io", Some("Application")),
            ("ks", Some("Kustomization")),
            ("kustomizations", Some("Kustomization")),
            ("kustomization.kustomize.toolkit.fluxcd.io", Some("Kustomization")),
            ("hr", Some("HelmRelease")),
            ("helmreleases.helm.toolkit.fluxcd.io", Some("HelmRelease")),
            ("apps", None),
            ("applications.app.k8s.io", None),
            ("kustomizations.kustomize.config.k8s.io", None),
            ("deploy", None),
            ("", None),
        ] {
            let named = by_word(word).map(|owner| owner.kind().kind);
            assert_eq!(named, kind, "{word}");
        }
    }
}
