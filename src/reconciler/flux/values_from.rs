//! `spec.valuesFrom` and `spec.postBuild.substituteFrom`: values that stand in objects of the cluster.
//!
//! Who changes such an object changes nothing of the owner: it takes the values at its next run, or at once
//! where the object has the label `reconcile.fluxcd.io/watch: Enabled`.

use serde_json::Value;

use crate::rollback::model::target::Target;

use super::super::following::{Following, Given, Goal, NudgeKind};
use super::super::taken::Taken;
use super::fields::{list, text, word};
use super::kind::Kind;
use super::request::{self, REQUESTED};
use super::{helm_release, kustomization};

/// The key of a `HelmRelease`, where it says none.
const KEY: &str = "values.yaml";

/// Those of a `HelmRelease`.
pub(super) fn of_release(owner: &Value) -> Vec<Taken> {
    let one = |from: &Value, taken: Taken| Taken {
        key: Some(word(from, "/valuesKey").unwrap_or(KEY).to_owned()),
        value: text(from, "/targetPath").to_owned(),
        ..taken
    };
    all(&helm_release::KIND, owner, "spec.valuesFrom", one)
}

/// Those of a Kustomization.
pub(super) fn of_kustomization(owner: &Value) -> Vec<Taken> {
    all(&kustomization::KIND, owner, "spec.postBuild.substituteFrom", |_, taken| taken)
}

fn all(
    kind: &Kind,
    owner: &Value,
    member: &str,
    one: impl Fn(&Value, Taken) -> Taken,
) -> Vec<Taken> {
    let taken = |from: &Value| {
        let object = Target {
            api_version: "v1".to_owned(),
            kind: word(from, "/kind")?.to_owned(),
            namespace: text(owner, "/metadata/namespace").to_owned(),
            name: word(from, "/name")?.to_owned(),
        };
        let asks = format!("{REQUESTED}=\"$(date +%s)\"");
        let (by, owner) = (member.to_owned(), kind.address_of(owner).target);
        Some(one(from, Taken { object, by, owner, asks, ..Taken::default() }))
    };
    list(owner, &format!("/{}", member.replace('.', "/"))).iter().filter_map(taken).collect()
}

/// Whether the owner knows the values as they are: nobody says that they have changed, or a run has begun
/// since. One that runs already may have read them before.
pub(super) fn are_read(kind: &Kind, owner: &Value, following: &Following<'_>) -> bool {
    following.goal != Goal::Anew
        || asked(kind, owner, following).is_some_and(|last| request::is_handled(owner, last))
}

/// Whether they have changed, and no run was asked for yet.
pub(super) fn are_to_be_read(kind: &Kind, owner: &Value, following: &Following<'_>) -> bool {
    following.goal == Goal::Anew && asked(kind, owner, following).is_none()
}

fn asked<'a>(kind: &Kind, owner: &Value, following: &Following<'a>) -> Option<&'a Given> {
    following.last(NudgeKind::Refresh, &kind.address_of(owner).object())
}
