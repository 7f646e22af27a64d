//! The host of the repository: whether the branch takes pushes, and who opens a change request.

use crate::cluster::Deadline;
use crate::error::{Error, Result};
use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::remote_url::{RemoteUrl, Transport};
use crate::hosting::api::Pace;
use crate::hosting::{Environment, Hosting, Place, Way as To};
use crate::revert::propose::Wishes;
use crate::rollback::model::revert_plan::Way;

use super::{RevertArgs, WayArg};

/// The host, as far as it is known.
pub(super) struct Host {
    /// Where the repository is; `None` where it is on this machine.
    pub(super) place: Option<Place>,
    /// Who to ask; `None` where the kind of host is not known, or no token for it.
    pub(super) hosting: Option<Hosting>,
    /// Why there is nobody to ask, where the user would need one.
    trouble: Option<Error>,
}

impl Host {
    /// Finds it, where a request may be needed: asks nobody where `--way push` is given.
    pub(super) async fn find(args: &RevertArgs, url: &RemoteUrl, deadline: Deadline) -> Self {
        let nobody = Self { place: None, hosting: None, trouble: None };
        if args.way == WayArg::Push || url.transport() == Transport::File {
            return nobody;
        }
        let Ok(place) = Place::of_remote(&url.to_string()) else { return nobody };
        let environment = Environment::of_process();
        let to = To {
            place: &place,
            said: args.host.as_deref(),
            environment: &environment,
            pace: Pace::default(),
            deadline,
        };
        let (hosting, trouble) = match Hosting::connect(&to).await {
            Ok(hosting) => (hosting, None),
            Err(error) => (None, Some(error)),
        };
        Self { place: Some(place), hosting, trouble }
    }

    /// The way that the plan takes. Where the host does not say what the branch demands, it is tried.
    pub(super) async fn way(&mut self, args: &RevertArgs, branch: &str) -> Result<Way> {
        match args.way {
            WayArg::Push => return Ok(Way::Push),
            WayArg::Request => {
                return match self.trouble.take() {
                    Some(error) => Err(error),
                    None => Ok(Way::Request),
                };
            }
            WayArg::Auto => {}
        }
        let Some(hosting) = &self.hosting else { return Ok(Way::Push) };
        let demanded = hosting.rules(branch).await.ok().and_then(|rules| rules.needs_request);
        Ok(if demanded == Some(true) { Way::Request } else { Way::Push })
    }
}

/// Whether a push was refused because the branch takes changes by requests only.
pub(super) fn asks_for_a_request(error: &Error) -> bool {
    NetworkFailure::of(error).is_some_and(|failure| failure.reason == Reason::Protected)
}

pub(super) fn wishes(args: &RevertArgs) -> Wishes {
    Wishes {
        host: args.host.clone(),
        labels: args.label.clone(),
        reviewers: args.reviewer.clone(),
        auto_merge: args.auto_merge,
        waits: args.wait_merge,
    }
}
