//! Bringing a planned revert onto its branch: by a push, or by a change request where the branch takes
//! no pushes.

use crate::app::App;
use crate::error::Result;
use crate::revert::ground::Ground;
use crate::revert::land::{By, land};
use crate::revert::propose::propose;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::{RevertPlan, Way};

use super::change_request::{ChangeRequestArgs, WayArg};
use super::host::{self, Host};

/// Who pushes what how.
pub(in crate::cli) struct Push<'a> {
    pub(in crate::cli) app: &'a App,
    pub(in crate::cli) args: &'a ChangeRequestArgs,
    /// Who the commit is by.
    pub(in crate::cli) by: &'a By,
    /// The host of the repository.
    pub(in crate::cli) host: &'a Host,
}

impl Push<'_> {
    /// Does it. Errors as of [`land`] and [`propose`].
    pub(in crate::cli) async fn carry_out(
        &self,
        ground: &mut Ground,
        plan: &RevertPlan,
        progress: &mut dyn FnMut(&str),
    ) -> Result<RevertOutcome> {
        if plan.way == Way::Request {
            return self.propose(ground, plan, progress).await;
        }
        match land(ground, plan, self.by, progress).await {
            // Where there is nobody to ask, the server's own words are what helps.
            Err(error)
                if self.args.way == WayArg::Auto
                    && self.host.place.is_some()
                    && host::asks_for_a_request(&error) =>
            {
                let note = "the branch takes changes by requests only: one is opened\n";
                self.app.console.note(note);
                self.propose(ground, plan, progress).await
            }
            landed => {
                landed.map_err(|error| host::with_the_way(error, ground.remote.url(), self.app))
            }
        }
    }

    async fn propose(
        &self,
        ground: &mut Ground,
        plan: &RevertPlan,
        progress: &mut dyn FnMut(&str),
    ) -> Result<RevertOutcome> {
        let Some(place) = &self.host.place else {
            return Err(host::on_this_machine());
        };
        let mut tell = host::teller(self.app.console);
        let to = (place, self.host.hosting.as_ref());
        let wishes = self.host.wishes(self.args, self.app);
        propose(ground, plan, self.by, to, &wishes, progress, &mut tell).await
    }
}
