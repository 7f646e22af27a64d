//! A workload that somebody owns: whether it can be undone where the owner takes it from.

use crate::error::Error;
use crate::reconciler;
use crate::rollback::model::decision::{Decision, Owned};
use crate::rollback::model::diff;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::plan::{Plan, RevisionView, Why};
use crate::rollback::model::revision::Revision;
use crate::rollback::{evidence, steps};
use crate::text::shell_quote;

use super::Planner;

/// Who decides what is live.
enum Decider<'a> {
    /// This one, and it takes it from Git.
    Git(&'a Owner),
    /// Nobody who takes it from Git.
    Others,
    /// More than one who takes it from Git: each would put its own state back.
    Several,
    /// Whoever it is, it could not be read.
    Unread(&'a str),
}

/// What follows; `direct` plans the patch.
pub(super) fn decide(
    planner: &Planner<'_>,
    target: &Revision,
    direct: impl FnOnce() -> Plan,
) -> Decision {
    let refusal = planner.owned(target);
    let alone = || {
        let undo = format!("undo {}", shell_quote(&planner.snapshot.target.reference()));
        format!("alone it goes back through Git: {}", planner.request.hints.rb(&undo))
    };
    let refuse = |error: Error| Decision::Refused(Box::new(error));
    match decider(&planner.owners) {
        Decider::Others => refuse(refusal),
        Decider::Several => refuse(planner.owned_by_several(target)),
        Decider::Unread(why) => refuse(planner.owner_not_known(target, why)),
        Decider::Git(owner) => {
            let Some(owner) = owner.object.clone() else { return refuse(refusal) };
            let direct = Box::new(direct());
            let only_images = direct.diff.iter().all(|change| diff::is_image(&change.path));
            let created = target.created;
            let refusal = refusal.hint(alone());
            Decision::Owned(Box::new(Owned { direct, owner, created, only_images, refusal }))
        }
    }
}

/// Among those that write to the workload itself; who is above them comes later.
fn decider(owners: &[Owner]) -> Decider<'_> {
    let nearest = || owners.iter().filter(|owner| owner.of.is_none());
    let from_git = |owner: &&Owner| {
        owner.object.as_ref().is_some_and(|object| reconciler::from_git(object).is_some())
    };
    let unread = nearest().find_map(|owner| match &owner.proof {
        Proof::Unread(why) => Some(why.as_str()),
        Proof::Listed | Proof::Marked | Proof::Refuted(_) => None,
    });
    if let Some(why) = unread {
        return Decider::Unread(why);
    }
    let mut deciders = nearest().filter(from_git);
    match (deciders.next(), deciders.next()) {
        (None, _) => Decider::Others,
        (Some(_), Some(_)) => Decider::Several,
        (Some(owner), None) => Decider::Git(owner),
    }
}

/// See [`super::to_resume`].
pub(super) fn to_resume(planner: &Planner<'_>) -> Option<Owned> {
    let id = &planner.request.operation;
    let undo = planner.record.undos.iter().rev().find(|undo| undo.id == *id)?.clone();
    let Decider::Git(owner) = decider(&planner.owners) else { return None };
    let owner = owner.object.clone()?;
    let live = planner.revisions.live()?;
    let stored = planner.revisions.list.iter().find(|revision| revision.hash == undo.from.hash);
    let from = match stored {
        Some(revision) => evidence::view(revision, "left by this undo".to_owned()),
        // Its containers have their names still; only the images are recorded.
        None => RevisionView {
            revision: undo.from.revision,
            hash: undo.from.hash.clone(),
            images: live
                .images()
                .into_iter()
                .zip(&undo.from.images)
                .map(|(named, image)| ContainerImage { image: image.clone(), ..named })
                .collect(),
            ..RevisionView::default()
        },
    };
    let differences =
        stored.map(|revision| diff::templates(&revision.template, &live.template, false));
    let only_images = differences
        .as_ref()
        .is_none_or(|all| all.iter().all(|change| diff::is_image(&change.path)));
    let to = planner.live_view();
    let steps = steps::to_resume(planner, live, &to);
    let rule = "live already; its owner is held until Git agrees".to_owned();
    let why = Why { rule, ..Why::default() };
    let plan =
        Plan { diff: differences.unwrap_or_default(), ..planner.frame(live, from, to, why, steps) };
    let refusal = planner.owned(live);
    let direct = Box::new(plan);
    Some(Owned { direct, owner, created: live.created, only_images, refusal })
}
