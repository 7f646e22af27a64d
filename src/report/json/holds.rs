//! `rb.holds/v1`: the holds that nobody has released.

use serde::Serialize;

use crate::exit::ExitStatus;
use crate::report::holds::{finish, give_up};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::hold::OpenHold;
use crate::rollback::model::target::ClusterRef;

/// The answer of `status --holds`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldsDocument<'a> {
    schema: &'static str,
    exit_code: u8,
    cluster: ClusterRef,
    holds: Vec<Item<'a>>,
    gaps: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(flatten)]
    open: &'a OpenHold,
    to_do: String,
    finish: String,
    give_up: String,
}

impl<'a> HoldsDocument<'a> {
    /// Of what was found on a cluster; `exit` is what the command ends with.
    #[must_use]
    pub fn new(
        cluster: ClusterRef,
        holds: &'a [OpenHold],
        gaps: &'a [String],
        hints: &Hints,
        exit: ExitStatus,
    ) -> Self {
        let item = |open: &'a OpenHold| Item {
            open,
            to_do: open.to_do(),
            finish: finish(open, hints),
            give_up: give_up(open, hints),
        };
        let holds = holds.iter().map(item).collect();
        Self { schema: "rb.holds/v1", exit_code: exit.code(), cluster, holds, gaps }
    }
}
