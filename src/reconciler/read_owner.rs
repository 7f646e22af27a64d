//! What there is to know of an owner besides its own object: where its source is, and who owns it.

use futures::join;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::facts::Facts;
use crate::rollback::model::deployed::Standing;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::record::FIELD_MANAGER;

use super::chain;
use super::marks::{annotation, reference};
use super::owner_kind::OwnerKind;

/// The annotation that keeps others from touching it, and says why.
const HOLD: &str = "kubectl-rb/hold";

/// What was read.
#[derive(Debug)]
pub struct Known {
    /// Itself, and who owns it, the nearest first.
    pub owners: Vec<Owner>,
    /// How it does.
    pub standing: Standing,
    /// Why it is held, where it is.
    pub hold: Option<String>,
}

/// Reads it: one round trip a level, as for the owners of a workload.
pub async fn read(
    cluster: &Cluster,
    kind: &dyn OwnerKind,
    owner: &Value,
    deadline: Deadline,
) -> Known {
    let reconciler = kind.reconciler();
    let (facts, above) = join!(
        Facts::gather(cluster, reconciler.further(owner), FIELD_MANAGER, deadline),
        chain::read(cluster, vec![chain::marks(owner)], FIELD_MANAGER, deadline),
    );
    let mut itself = kind.about(owner);
    reconciler.complete(&mut itself, owner, &facts);
    let target = reference(owner);
    let mut owners = vec![itself];
    for mut one in above.into_iter().flatten() {
        one.of.get_or_insert_with(|| target.clone());
        owners.push(one);
    }
    Known {
        owners,
        standing: kind.standing(owner, &facts),
        hold: annotation(owner, HOLD).map(str::to_owned),
    }
}
