//! What an owner does by itself to what it owns.

use crate::rollback::model::ownership::{Automation, Owner};

/// What it would do to a direct write, when, and how it is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Acts {
    /// What it would do, as the end of a sentence that starts with its name.
    pub would: String,
    /// Within how many seconds, at the most.
    pub within: Option<u64>,
    /// How it acts by itself.
    pub automation: Automation,
}

impl Acts {
    /// Writes it down.
    pub(super) fn tell(self, owner: &mut Owner) {
        owner.would = self.would;
        owner.within = self.within;
        owner.automation = Some(self.automation);
    }
}
