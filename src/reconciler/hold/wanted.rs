//! Whom to hold: exactly the owners that would undo a patch of the workload, and none that would not.

use crate::reconciler::{from_git, makes_owners};
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target::Target;

/// Of a chain of owners, who matters for a patch of the workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// These would undo it and can be held.
    pub hold: Vec<&'a Target>,
    /// These would undo it and cannot be held, each with what it would do: `NAME: it …`.
    pub cannot: Vec<String>,
    /// These may bring the bad version back by a commit, or by a change of an owner.
    pub warnings: Vec<String>,
}

/// Goes through the owners of a workload.
///
/// Who owns only another owner does not write the workload: it could at most undo the hold, and
/// [`super::hold`] finds out about that.
#[must_use]
pub fn wanted(chain: &[Owner]) -> Wanted<'_> {
    let mut wanted = Wanted::default();
    for owner in chain.iter().filter(|owner| owner.counts()) {
        let followed = owner.object.as_ref().filter(|object| from_git(object).is_some());
        let sentence = || format!("{}: {}", owner.name, owner.would);
        match (&owner.of, followed) {
            (None, Some(object)) if would_undo(owner, object) => wanted.hold.push(object),
            (None, None) if cannot_be_trusted(owner) => wanted.cannot.push(sentence()),
            // A set makes Applications; whether it leaves a hold alone is asked when one is made.
            (Some(_), None) if !is_set(owner) => wanted.warnings.push(sentence()),
            _ => {}
        }
    }
    wanted
}

/// It puts the workload back by itself, or at a time that is known, or at the next commit, whoever's.
fn would_undo(owner: &Owner, object: &Target) -> bool {
    let Some(automation) = &owner.automation else { return true };
    let at_next_commit = object.kind == "Application" && automation.syncs;
    !automation.suspended && (undoes(owner) || at_next_commit)
}

fn undoes(owner: &Owner) -> bool {
    let heals = owner.automation.as_ref().is_some_and(|automation| automation.heals);
    heals || owner.within.is_some()
}

/// It writes the workload as well, or may, and has nothing that rb could turn off. A release of Helm does
/// nothing by itself.
fn cannot_be_trusted(owner: &Owner) -> bool {
    let suspended = owner.automation.as_ref().is_some_and(|automation| automation.suspended);
    let is_unread = matches!(owner.proof, Proof::Unread(_));
    !suspended && (undoes(owner) || owner.object.is_some() || is_unread)
}

fn is_set(owner: &Owner) -> bool {
    owner.object.as_ref().is_some_and(makes_owners)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::ownership::Automation;

    fn target(api_version: &str, kind: &str) -> Target {
        let (namespace, name) = ("shop".to_owned(), "web".to_owned());
        Target { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace, name }
    }

    fn application() -> Target {
        target("argoproj.io/v1alpha1", "Application")
    }

    fn release() -> Target {
        target("helm.toolkit.fluxcd.io/v2", "HelmRelease")
    }

    fn owner(object: Target, automation: Automation, within: Option<u64>) -> Owner {
        Owner {
            name: object.kind.clone(),
            would: "it puts it back".into(),
            object: Some(object),
            automation: Some(automation),
            within,
            ..Owner::default()
        }
    }

    const SYNCS: Automation =
        Automation { syncs: true, heals: false, prunes: false, suspended: false };
    const HEALS: Automation = Automation { heals: true, ..SYNCS };

    #[test]
    fn only_who_would_undo_it_is_held() {
        let off = Automation { syncs: false, ..SYNCS };
        let suspended = Automation { suspended: true, ..HEALS };
        for (object, automation, within, is_held) in [
            (application(), HEALS, Some(1), true),
            (application(), SYNCS, None, true),
            (application(), off.clone(), None, false),
            (application(), suspended.clone(), None, false),
            (release(), HEALS, Some(3_600), true),
            (release(), SYNCS, None, false),
            // It is in the middle of an upgrade, or tries one again.
            (release(), SYNCS, Some(300), true),
            (release(), suspended, None, false),
        ] {
            let chain = [owner(object, automation, within)];
            assert_eq!(wanted(&chain).hold.len(), usize::from(is_held), "{chain:?}");
        }
        let unread = Owner { automation: None, ..owner(application(), off, None) };
        let refuted = Owner { proof: Proof::Refuted("no".into()), ..unread.clone() };
        assert_eq!(wanted(&[unread]).hold.len(), 1);
        assert_eq!(wanted(&[refuted]), Wanted::default());
    }

    #[test]
    fn who_is_above_is_not_held_and_bots_are_named() {
        let above = |object: Target| Owner { of: Some(release()), ..owner(object, HEALS, Some(1)) };
        let kustomization = target("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
        let chain = [
            above(kustomization),
            above(target("argoproj.io/v1alpha1", "ApplicationSet")),
            above(target("kargo.akuity.io/v1alpha1", "Stage")),
            owner(target("fluxcd.controlplane.io/v1", "ResourceSet"), HEALS, Some(1)),
        ];
        let wanted = wanted(&chain);
        assert!(wanted.hold.is_empty());
        assert_eq!(wanted.warnings, ["Stage: it puts it back"]);
        assert_eq!(wanted.cannot, ["ResourceSet: it puts it back"]);
    }
}
