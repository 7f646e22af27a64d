//! `rb.verify/v1`: what a verification came to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::rollback::model::check::{Check, VerifyVerdict};
use crate::rollback::model::plan::RevisionView;
use crate::rollback::model::progress::Progress;
use crate::rollback::model::staying::Staying;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::rollback::model::verification::Verification;

/// One verification.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyDocument<'a> {
    schema: &'static str,
    exit_code: u8,
    verdict: VerifyVerdict,
    cluster: &'a ClusterRef,
    target: &'a Target,
    revision: &'a RevisionView,
    t0: Option<Timestamp>,
    started_at: Timestamp,
    ended_at: Timestamp,
    rounds: u64,
    ending: &'static str,
    progress: Option<&'a Progress>,
    checks: &'a [Check],
    #[serde(skip_serializing_if = "Option::is_none")]
    watch: Option<&'a Staying>,
    digests: &'a BTreeMap<String, Vec<String>>,
}

impl<'a> From<&'a Verification> for VerifyDocument<'a> {
    fn from(verification: &'a Verification) -> Self {
        Self {
            schema: "rb.verify/v1",
            exit_code: verification.exit_status().code(),
            verdict: verification.verdict,
            cluster: &verification.cluster,
            target: &verification.target,
            revision: &verification.revision,
            t0: verification.since,
            started_at: verification.started_at,
            ended_at: verification.ended_at,
            rounds: verification.rounds,
            ending: verification.ending.word(),
            progress: verification.progress.as_ref(),
            checks: &verification.checks,
            watch: verification.staying.as_ref(),
            digests: &verification.digests,
        }
    }
}
