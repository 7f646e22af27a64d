//! How what is live is verified: what `verify` and `undo` share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::probe;
use crate::rollback::model::demand::Demand;

use super::duration;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Verification")]
pub(super) struct ProofArgs {
    /// All required checks must stay good for so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_exact)]
    stable_for: Option<Duration>,

    /// Once everything is good, watch for so long that nobody puts another template back; 6 if
    /// somebody does. It comes on top of the time that the rest may take
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_exact)]
    watch_for: Option<Duration>,

    /// Leave a check out, and say why; may be given several times
    #[arg(long, value_name = "CHECK=REASON", value_parser = skip)]
    skip: Vec<(String, String)>,

    /// Configuration file; none: read no configuration at all
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Do not record the verdict on the workload
    #[arg(long)]
    no_stamp: bool,
}

impl ProofArgs {
    /// What is demanded.
    pub(super) fn demand(&self) -> Demand {
        Demand {
            stable_for: self.stable_for,
            watch_for: self.watch_for.filter(|limit| !limit.is_zero()),
            skipped: self.skip.iter().cloned().collect::<BTreeMap<_, _>>(),
            ..Demand::default()
        }
    }

    /// The same right after a rollback, which is good as soon as everything is.
    pub(super) fn demand_at_once(&self) -> Demand {
        let stable_for = self.stable_for.or(Some(Duration::ZERO));
        Demand { stable_for, ..self.demand() }
    }

    /// Whether the verdict is recorded.
    pub(super) fn stamps(&self) -> bool {
        !self.no_stamp
    }
}

/// Reads `CHECK=REASON`.
fn skip(text: &str) -> Result<(String, String), String> {
    let (id, reason) = text.split_once('=').unwrap_or((text, ""));
    check_id(id)?;
    if reason.trim().is_empty() {
        return Err(format!("say why: {id}=REASON"));
    }
    Ok((id.to_owned(), reason.to_owned()))
}

/// Refuses a name that no check has.
pub(super) fn check_id(id: &str) -> Result<String, String> {
    if probe::is_id(id) {
        return Ok(id.to_owned());
    }
    let known: Vec<&str> = probe::ids().collect();
    Err(format!("there is no check {id:?}; there are {} and http.NAME", known.join(", ")))
}
