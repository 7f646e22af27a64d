//! The plan of a revert of the commits that brought a release, with the proof that they are enough.

use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::manifest::objects;
use crate::git::repository::Repository;
use crate::revert::asked::{Request, Which};
use crate::revert::plan::{Decision, Terms, decide_on};
use crate::revert::provenance::prove;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::revert::Mode;
use crate::rollback::model::revert_plan::RevertPlan;

use super::refusal::{blocked, unproven};
use super::{Origin, deleted};

/// Makes the plan, on the tip that was fetched: nothing is fetched but history that is missing. Below the
/// app's paths only, where a commit changed other applications as well; where it conflicts with what came
/// later, the paths as they were in the good commit, unless somebody else's commits would go with that.
/// `owner` is how the owner is called, for warnings.
///
/// Refused: what would be pushed does not name the images that are wanted back.
pub async fn plan(
    origin: &mut Origin,
    owner: &str,
    terms: &Terms,
    good: &[ContainerImage],
    now: Timestamp,
    progress: &mut dyn FnMut(&str),
) -> Result<Decision> {
    let mut decision = attempt(origin, Mode::Auto, terms, now, progress).await?;
    if let Decision::Revert(plan, _) = &decision
        && plan.reverted.mode == Mode::Restore
        && !origin.brought.others.is_empty()
    {
        decision = attempt(origin, Mode::Subset, terms, now, progress).await?;
    }
    match decision {
        Decision::Revert(mut plan, patch) => {
            check(origin, owner, &mut plan, good)?;
            Ok(Decision::Revert(plan, patch))
        }
        Decision::Blocked(found, _) => {
            let error = blocked(&found, origin);
            Ok(Decision::Blocked(found, error))
        }
        Decision::Nothing(nothing) => Ok(Decision::Nothing(nothing)),
    }
}

async fn attempt(
    origin: &mut Origin,
    mode: Mode,
    terms: &Terms,
    now: Timestamp,
    progress: &mut dyn FnMut(&str),
) -> Result<Decision> {
    let brought = &origin.brought;
    let request = Request {
        which: Which::These(brought.commits.iter().map(|commit| commit.id.clone()).collect()),
        mode,
        paths: brought.paths.clone(),
        good: Some(brought.good.id.clone()),
        mainline: None,
        allow_delete: 0,
    };
    decide_on(&mut origin.ground, origin.tip, &request, terms, now, progress).await
}

/// Proves it, and adds what goes from the cluster.
fn check(
    origin: &mut Origin,
    owner: &str,
    plan: &mut RevertPlan,
    good: &[ContainerImage],
) -> Result<()> {
    origin.tip = oid(&plan.reverted.tip)?;
    let repository = origin.ground.store.open(Repository::open)?;
    let trees = (origin.tip, oid(&plan.reverted.tree)?);
    if let Err(why) = prove(&repository, trees, &origin.inputs, &origin.brought, good)? {
        return Err(unproven(why, origin));
    }
    let removed = objects::removed(&repository, &plan.reverted.files)?;
    plan.warnings.extend(deleted::warning(&removed, owner, origin.prunes));
    Ok(())
}

fn oid(text: &str) -> Result<Oid> {
    Oid::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Internal, "a plan of ours names what is no object").because(error)
    })
}
