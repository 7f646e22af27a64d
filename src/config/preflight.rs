//! What is checked before an undo.

use std::collections::BTreeMap;

use super::check_ids;
use super::cursor::At;
use super::format;

/// What a failed preflight check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing is changed.
    Block,
    /// It is said, and that is all.
    Warn,
    /// The check is not made.
    Ignore,
}

/// Their words in the configuration.
const GATES: [(&str, Gate); 3] =
    [("block", Gate::Block), ("warn", Gate::Warn), ("ignore", Gate::Ignore)];

/// `preflight:` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreflightSettings {
    /// An undo needs a reason.
    pub require_reason: bool,
    /// Only verified revisions are gone back to.
    pub verified_only: bool,
    gates: BTreeMap<String, Gate>,
}

impl PreflightSettings {
    /// What was configured for the check; without it, the check itself decides.
    #[must_use]
    pub fn gate(&self, id: &str) -> Option<Gate> {
        self.gates.get(id).copied()
    }
}

pub(super) fn read(at: &At<'_>) -> PreflightSettings {
    let Some(fields) = at.section(&format::PREFLIGHT) else { return PreflightSettings::default() };
    let mut gates = BTreeMap::new();
    for (id, place, value) in fields.get("checks").iter().flat_map(At::entries) {
        if !check_ids::PREFLIGHT.contains(&id) {
            let other = check_ids::VERIFY.contains(&id).then_some("verify");
            value.unknown(place, "check", id, &check_ids::PREFLIGHT, other);
        } else if let Some(gate) = value.word(&GATES) {
            gates.insert(id.to_owned(), gate);
        }
    }
    PreflightSettings {
        require_reason: fields.get("requireReason").and_then(|at| at.flag()).unwrap_or(false),
        verified_only: fields.get("verifiedOnly").and_then(|at| at.flag()).unwrap_or(false),
        gates,
    }
}
