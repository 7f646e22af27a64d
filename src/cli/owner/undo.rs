//! `rb undo app/NAME`: brings a whole Application, Kustomization or `HelmRelease` back to a state that it
//! had: by one commit in the repository that it takes it from, which it then applies.

mod act;
mod arrival;
mod operation;
mod told;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::app::{App, Budget};
use crate::cli::config_file;
use crate::cli::git::change_request::ChangeRequestArgs;
use crate::cli::git::identity;
use crate::cli::git::progress::during;
use crate::cli::output::Format;
use crate::cli::target_args::owner::NamedOwner;
use crate::cluster::Cluster;
use crate::config::GitSettings;
use crate::durable::choice::{Back, Chosen, choose};
use crate::durable::origin::{self, Access, OwnerRead, Whole};
use crate::durable::owners;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::reconciler::read_owner::{self, Known};
use crate::rollback::model::owner_history::{OwnerMark, OwnerRow};
use crate::text::shell_quote;

use super::{Found, find};

/// So long after the last undo another one needs `--again`.
const RECENT: i64 = 600;

/// What the command line says.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(in crate::cli) struct Asked<'a> {
    pub(in crate::cli) to: Option<&'a str>,
    pub(in crate::cli) again: bool,
    pub(in crate::cli) direct: bool,
    pub(in crate::cli) yes: bool,
    /// Whether it ends with the plan.
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) waits: bool,
    pub(in crate::cli) timeout: Option<Duration>,
    pub(in crate::cli) reason: Option<&'a str>,
    pub(in crate::cli) incident: Option<&'a str>,
    pub(in crate::cli) expect_context: Option<&'a str>,
    pub(in crate::cli) config: Option<&'a Path>,
    pub(in crate::cli) request: &'a ChangeRequestArgs,
    pub(in crate::cli) format: Format,
}

impl Asked<'_> {
    fn back(&self) -> Result<Back<'_>> {
        let Some(text) = self.to else { return Ok(Back::Newest) };
        Back::parse(text).ok_or_else(|| {
            let message = format!("--to-revision {} is no state of an owner", shell_quote(text));
            Error::new(ErrorKind::Usage, message)
                .hint("a commit or its beginning, or -N: N states before the one that is live")
        })
    }
}

/// One undo of an owner.
struct Undo<'a> {
    app: &'a App,
    asked: Asked<'a>,
    cluster: &'a Cluster,
    budget: Budget,
    started: Instant,
    /// As it was typed, in full.
    reference: String,
    found: Found,
    known: Known,
    owners: Vec<OwnerRead>,
    folder: PathBuf,
    settings: GitSettings,
}

/// Does it.
pub(in crate::cli) async fn run(
    app: &App,
    named: NamedOwner<'_>,
    asked: Asked<'_>,
) -> Result<ExitStatus> {
    let back = asked.back()?;
    let started = Instant::now();
    let budget = Budget::start(asked.timeout);
    let folder = identity::folder()?;
    let settings = config_file::git_settings(asked.config)?;
    let cluster = app.connect(asked.expect_context, budget.reading()).await?;
    let found = find(app, &cluster, named, "undo", budget.reading()).await?;
    let known = read_owner::read(&cluster, found.kind, &found.object, budget.reading()).await;
    let owners = owners::read(&cluster, &known.owners, &[], budget.reading()).await?;
    let reference = named.reference();
    let cluster = &cluster;
    let mut undo = Undo {
        app,
        asked,
        cluster,
        budget,
        started,
        reference,
        found,
        known,
        owners,
        folder,
        settings,
    };
    undo.is_free()?;
    let status = undo.command("status");
    app.remember_status(status);
    if asked.direct {
        return Box::pin(undo.by_operation(back)).await;
    }
    Box::pin(undo.in_git(back)).await
}

impl Undo<'_> {
    /// Somebody may keep others from touching it.
    fn is_free(&self) -> Result<()> {
        let reference = &self.reference;
        if let Some(hold) = &self.known.hold {
            let message = format!("{reference} is held: {hold} (annotation kubectl-rb/hold)");
            return Err(Error::new(ErrorKind::Held, message).hint("ask whoever holds it"));
        }
        let holds = self.known.owners.first().map(|owner| owner.holds.as_slice());
        let Some(open) = holds.and_then(<[_]>::first) else { return Ok(()) };
        let workload = shell_quote(&open.hold.workload.reference()).into_owned();
        let hints = self.app.hints(self.cluster, &open.hold.workload.namespace);
        let message = format!("{reference} is held by an undo of {workload} that is not finished");
        Err(Error::new(ErrorKind::Held, message)
            .hint(format!("to finish it: {}", hints.rb(&format!("undo {workload} --resume"))))
            .hint(format!("to give it up: {}", hints.rb(&format!("undo {workload} --abandon")))))
    }

    /// `rb WORDS app/NAME`, pinned.
    fn command(&self, words: &str) -> String {
        let (command, flags) = words.split_once(' ').unwrap_or((words, ""));
        let words = format!("{command} {} {flags}", shell_quote(&self.reference));
        self.app.hints(self.cluster, &self.found.target.namespace).rb(words.trim_end())
    }

    async fn in_git(&mut self, back: Back<'_>) -> Result<ExitStatus> {
        let mut whole = self.whole().await.map_err(|error| self.with_direct(error))?;
        if let Some(age) = self.recent(&whole.rows, back) {
            return Box::pin(self.again(&mut whole, age)).await;
        }
        let chosen = choose(&whole.rows, &whole.states, back).map_err(|none| {
            let error = told::no_state(none, &whole.rows, self);
            // What goes back elsewhere may be what is looked for.
            whole.notes.iter().fold(error, |error, note| error.because(note.clone()))
        })?;
        Box::pin(self.carry_out(&mut whole, &chosen)).await
    }

    async fn whole(&self) -> Result<Whole> {
        let deployed = self.found.kind.deployed(&self.found.object);
        let access = Access {
            folder: &self.folder,
            interactive: self.app.console.can_prompt,
            until: self.budget.reading().instant(),
            rewrites: &self.settings.rewrite,
        };
        let doing = "looks in Git for what it was";
        during(self.app, self.asked.format, doing, async |progress| {
            origin::whole(&self.owners, &deployed, &access, progress).await
        })
        .await
    }

    /// Where Git is no way, an operation may be one.
    fn with_direct(&self, error: Error) -> Error {
        let is_manual = self.known.owners.first().is_some_and(|owner| {
            owner.automation.as_ref().is_some_and(|automation| !automation.syncs)
        });
        if self.found.target.kind != "Application" || !is_manual {
            return error;
        }
        error.hint(format!(
            "to sync it to what it was, without Git: {}",
            self.command("undo --direct")
        ))
    }

    /// How long ago rb has brought it back, where that is what the branch holds still.
    fn recent(&self, rows: &[OwnerRow], back: Back<'_>) -> Option<i64> {
        if self.asked.again || back != Back::Newest {
            return None;
        }
        let newest = rows.first().filter(|row| row.marks.contains(&OwnerMark::Rollback))?;
        let age = Timestamp::now().as_second() - newest.commit.as_ref()?.at.as_second();
        (age < RECENT).then_some(age.max(0))
    }

    fn from_to(rows: &[OwnerRow], chosen: &Chosen) -> Option<(OwnerRow, OwnerRow)> {
        Some((rows.get(chosen.from)?.clone(), rows.get(chosen.to)?.clone()))
    }
}
