//! The host of the repository: whether the branch takes pushes, and who opens a change request.

use crate::app::App;
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::remote_url::{RemoteUrl, Transport};
use crate::hosting::api::Pace;
use crate::hosting::{BranchRules, Environment, Hosting, Place, REGISTRY, Step, Way as To, detect};
use crate::revert::propose::Wishes;
use crate::rollback::model::revert_plan::Way;
use crate::terminal::Console;

use super::change_request::{ChangeRequestArgs, WayArg};

/// The host, as far as it is known.
pub(in crate::cli) struct Host {
    /// Where the repository is; `None` where it is on this machine.
    pub(in crate::cli) place: Option<Place>,
    /// `github`: which kind it is, where that is known.
    kind: Option<&'static str>,
    /// Who to ask; `None` where the kind of host is not known, or no token for it.
    pub(in crate::cli) hosting: Option<Hosting>,
    /// Why there is nobody to ask, where the user would need one.
    trouble: Option<Error>,
}

/// How the commit gets onto the branch, and what the user should know of that.
pub(in crate::cli) struct Advised {
    pub(in crate::cli) way: Way,
    pub(in crate::cli) notes: Vec<String>,
}

impl Host {
    /// Finds it, and asks it which way the plan takes; `way` where that is settled. Where the host does
    /// not say what the branch demands, a push is tried.
    ///
    /// Where a request is wanted, what cannot go well is an error here, before anything is pushed.
    pub(in crate::cli) async fn ask(
        args: &ChangeRequestArgs,
        url: &RemoteUrl,
        branch: &str,
        way: Option<Way>,
        deadline: Deadline,
    ) -> (Self, Result<Advised>) {
        let mut host = Self::find(args, url, deadline).await;
        let mut notes = Vec::new();
        let way = match way {
            Some(way) => Ok(way),
            None => host.way(args, branch, &mut notes).await,
        };
        (host, way.map(|way| Advised { way, notes }))
    }

    /// Finds it, where a request may be needed: asks nobody where `--way push` is given.
    async fn find(args: &ChangeRequestArgs, url: &RemoteUrl, deadline: Deadline) -> Self {
        let nobody = Self { place: None, kind: None, hosting: None, trouble: None };
        if args.way == WayArg::Push || url.transport() == Transport::File {
            return nobody;
        }
        let Ok(place) = Place::of_remote(&url.to_string()) else { return nobody };
        let said = args.host.as_deref();
        let Ok(Some(kind)) = detect::detect(&place, said, deadline).await else {
            return Self { place: Some(place), ..nobody };
        };
        let environment = Environment::of_process();
        let to = To {
            place: &place,
            said: Some(kind.word()),
            environment: &environment,
            pace: Pace::default(),
            deadline,
        };
        let (hosting, trouble) = match Hosting::connect(&to).await {
            Ok(hosting) => (hosting, None),
            Err(error) => (None, Some(error)),
        };
        Self { place: Some(place), kind: Some(kind.word()), hosting, trouble }
    }

    /// The way that the plan takes; `notes` gets what the user should know of it.
    async fn way(
        &mut self,
        args: &ChangeRequestArgs,
        branch: &str,
        notes: &mut Vec<String>,
    ) -> Result<Way> {
        match args.way {
            WayArg::Push => Ok(Way::Push),
            WayArg::Request => self.can_request(branch).await.map(|()| Way::Request),
            WayArg::Auto => Ok(self.demanded(branch, notes).await),
        }
    }

    async fn can_request(&mut self, branch: &str) -> Result<()> {
        if self.place.is_none() {
            return Err(on_this_machine());
        }
        if let Some(error) = self.trouble.take() {
            return Err(error);
        }
        let Some(hosting) = &self.hosting else { return Ok(()) };
        match hosting.rules(branch).await {
            // Rules may be hidden from who may open requests; a wrong token opens none.
            Err(error) if is_hopeless(&error) => Err(error),
            _ => Ok(()),
        }
    }

    async fn demanded(&self, branch: &str, notes: &mut Vec<String>) -> Way {
        let rules = match &self.hosting {
            Some(hosting) => hosting.rules(branch).await,
            None => Ok(BranchRules::default()),
        };
        let error = match (&rules, &self.trouble) {
            (Ok(rules), None) if rules.needs_request == Some(true) => return Way::Request,
            (Ok(_), None) => return Way::Push,
            (Err(error), _) | (Ok(_), Some(error)) => error,
        };
        notes.push(format!("not asked whether {branch} takes pushes: {error}"));
        notes.extend(error.hints().first().map(|hint| format!("to have it asked: {hint}")));
        Way::Push
    }

    pub(in crate::cli) fn wishes(&self, args: &ChangeRequestArgs, app: &App) -> Wishes {
        Wishes {
            host: self.kind.map(str::to_owned),
            labels: args.label.clone(),
            reviewers: args.reviewer.clone(),
            auto_merge: args.auto_merge,
            waits: args.wait_merge,
            notes: self.why_by_hand(),
            follow: follow(args, app),
        }
    }

    /// Why a person has to open the request.
    fn why_by_hand(&self) -> Vec<String> {
        match (&self.hosting, &self.trouble) {
            (Some(_), _) => Vec::new(),
            (None, Some(error)) => {
                let to_do = error.hints().iter().map(|hint| format!("to have it opened: {hint}"));
                [error.to_string()].into_iter().chain(to_do).collect()
            }
            (None, None) => {
                let words: Vec<&str> = REGISTRY.iter().map(|host| host.word()).collect();
                vec![format!("not a host that rb knows; if it is one: --host {}", words.join("|"))]
            }
        }
    }
}

/// A repository that no host has.
pub(in crate::cli) fn on_this_machine() -> Error {
    let message = "a repository on this machine takes no change requests";
    Error::new(ErrorKind::Usage, message).hint("--way push")
}

fn is_hopeless(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::NotFound)
}

/// The command that waits until the request is merged: this one again.
fn follow(args: &ChangeRequestArgs, app: &App) -> String {
    app.environment.again_with(if args.wait_merge { "" } else { "--wait-merge" })
}

/// Whether a push was refused because the branch takes changes by requests only.
pub(in crate::cli) fn asks_for_a_request(error: &Error) -> bool {
    NetworkFailure::of(error).is_some_and(|failure| failure.reason == Reason::Protected)
}

/// With the command that goes the other way, where that is what helps.
pub(in crate::cli) fn with_the_way(error: Error, url: &RemoteUrl, app: &App) -> Error {
    if !asks_for_a_request(&error) || Place::of_remote(&url.to_string()).is_err() {
        return error;
    }
    let typed = &app.environment.command_line;
    let given = ["--way push", "--way=push"].into_iter().find(|given| typed.contains(given));
    error.hint(match given {
        Some(given) => typed.replacen(given, "--way request", 1),
        None => app.environment.again_with("--way request"),
    })
}

/// Tells of the wait for a merge: where the request is, then each look.
pub(in crate::cli) fn teller(console: Console) -> impl FnMut(Step<'_>) + Send {
    let mut is_first = true;
    move |step: Step<'_>| {
        let url = console.marks.foreign(&step.request.url);
        if std::mem::take(&mut is_first) {
            console.note(&format!("  waits until it is merged: {url}\n"));
            return;
        }
        let waited = step.waited.as_secs();
        let trouble = step.trouble.map(|error| format!(": {error}")).unwrap_or_default();
        let text = format!("waits for the merge, {waited} s{trouble}");
        console.note(&format!("  {}\n", console.marks.foreign(&text)));
    }
}
