//! What is checked before an undo.

use std::collections::BTreeMap;

use super::check_ids;
use super::cursor::At;
use super::format;
use crate::rollback::model::request::CheckRule;

/// Their words in the configuration.
const RULES: [(&str, CheckRule); 3] =
    [("block", CheckRule::Block), ("warn", CheckRule::Warn), ("ignore", CheckRule::Ignore)];

/// `preflight:` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreflightSettings {
    /// An undo needs a reason.
    pub require_reason: bool,
    /// Only verified revisions are gone back to.
    pub verified_only: bool,
    rules: BTreeMap<String, CheckRule>,
}

impl PreflightSettings {
    /// What was configured for the check; without it, the check itself decides.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<CheckRule> {
        self.rules.get(id).copied()
    }
}

pub(super) fn read(at: &At<'_>) -> PreflightSettings {
    let Some(fields) = at.section(&format::PREFLIGHT) else { return PreflightSettings::default() };
    let mut rules = BTreeMap::new();
    for (id, place, value) in fields.get("checks").iter().flat_map(At::entries) {
        if !check_ids::PREFLIGHT.contains(&id) {
            let other = check_ids::VERIFY.contains(&id).then_some("verify");
            value.unknown(place, "check", id, &check_ids::PREFLIGHT, other);
        } else if let Some(gate) = value.word(&RULES) {
            rules.insert(id.to_owned(), gate);
        }
    }
    PreflightSettings {
        require_reason: fields.get("requireReason").and_then(|at| at.flag()).unwrap_or(false),
        verified_only: fields.get("verifiedOnly").and_then(|at| at.flag()).unwrap_or(false),
        rules,
    }
}
