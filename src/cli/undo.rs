//! `rb undo`: its arguments. What it does is in [`flow`].

mod capture;
mod flow;
mod from_file;
mod many;
mod plan_check;
mod plan_file;
mod show;
mod show_many;
mod through_git;
mod whole;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{ArgAction, Args, ValueEnum};

pub(super) use self::flow::{declined, unconfirmed};

use crate::app::App;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::revision::RevisionSpec;
use crate::rollback::preflight;
use crate::text::shell_quote;

use super::conclusion::Keeps;
use super::duration;
use super::git::change_request::ChangeRequestArgs;
use super::output::{Format, UndoFormat};
use super::owner;
use super::proof_args::ProofArgs;
use super::report_args::ReportAndChecksArgs;
use super::target_args::{TargetArgs, Wanted, check_namespace};

/// Roll a workload back to its last good revision, and wait until it is healthy
///
/// What Argo CD or Flux owns goes back in Git: the commit that brought the release is reverted, and the
/// owner followed until it has applied that. Anything else is patched.
///
/// Prints the whole plan first: what is live, what it goes back to and why, what changes. Asks on a
/// terminal, needs --yes elsewhere. A second undo goes further back; within ten minutes that needs
/// --again, so that a retried CI step does not go back two versions.
///
/// app/NAME, ks/NAME and hr/NAME roll a whole owner of Argo CD or Flux back: one commit brings all its
/// files in Git back to an earlier state, which the owner then applies.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(before_help = "\
Examples:
  rb undo deploy/checkout -n shop
  rb undo deploy/checkout -n shop --yes --reason 'error rate' --incident INC-42
  rb undo deploy/checkout --to-revision=41          number, -1, template hash, image tag, or commit
  rb undo deploy/checkout --from=2.8.1 --yes        only while that image is live: safe to retry
  rb undo deploy/checkout --dry-run=server          ask the API server too, and change nothing
  rb undo deploy/web sts/db --all-or-nothing        several at once
  rb undo deploy -l app.kubernetes.io/part-of=shop  all with these labels
  rb undo app/shop --to-revision=51d0e77            a whole Application: all that one release changed
  rb undo deploy/checkout --plan-out plan.json --dry-run && rb undo --plan plan.json

Where Argo CD or Flux owns it, it goes back in Git, and the owner brings it:
  rb undo deploy/checkout -n shop                   revert the commit, push, follow the owner
  rb undo deploy/checkout -n shop --now             hold the owner, patch at once, then make Git agree
  rb undo deploy/checkout -n shop --resume          go on with a hold that was left open
  rb undo deploy/checkout -n shop --abandon         give the hold up
  rb undo deploy/checkout --way=request             by a change request; ends with 12 until it is merged
  rb undo deploy/checkout --way=request --wait-merge --timeout=30m
")]
pub(super) struct UndoArgs {
    #[command(flatten)]
    target: TargetArgs,

    /// Go to this revision: number, -N (N before the live one), template hash, image tag or digest, commit
    #[arg(long, value_name = "REVISION", allow_hyphen_values = true,
          value_parser = NonEmptyStringValueParser::new())]
    to_revision: Option<String>,

    /// Act only while this revision or image is live; else end with 0 if rb undid it, or 3
    #[arg(long, value_name = "REVISION|IMAGE", value_parser = NonEmptyStringValueParser::new())]
    from: Option<String>,

    /// Go further back although the last undo is less than ten minutes old
    #[arg(long)]
    again: bool,

    /// Consider only revisions that carry a verified stamp
    #[arg(long, conflicts_with = "to_revision")]
    verified: bool,

    /// Patch the workload although somebody owns it; of an Application: sync it to its history, without Git
    #[arg(long, help_heading = "Owners")]
    direct: bool,

    /// Patch at once: hold the owner, patch, then make Git agree and let the owner go
    #[arg(long, conflicts_with_all = ["direct", "no_wait"], help_heading = "Owners")]
    now: bool,

    /// Go on with an undo that left its hold open: killed half-way, or waiting for a merge
    #[arg(long, conflicts_with_all = ["direct", "abandon", "to_revision", "no_wait"], help_heading = "Owners")]
    resume: bool,

    /// Give the hold of an undo up: its owner goes on, and what Git says counts again
    #[arg(long, conflicts_with_all = ["direct", "now", "to_revision"], help_heading = "Owners")]
    abandon: bool,

    /// Delete the pods that a workload with the update strategy `OnDelete` leaves as they are
    #[arg(long)]
    delete_pods: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Show the plan and stop; server: ask the API server whether it would accept it
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client")]
    dry_run: DryRun,

    /// Go on although this check says no; needs --reason, and is recorded; may be given several times
    #[arg(long = "override", value_name = "CHECK", requires = "reason", value_parser = check_id())]
    overrides: Vec<String>,

    /// critical: look only at what nothing can go on without: rbac, dryrun.workload, refs
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Severity>,

    /// Save evidence of why the release failed before it is gone: pods, logs, Events; in CI by default
    #[arg(long, value_name = "FOLDER")]
    capture: Option<PathBuf>,

    /// Save no evidence
    #[arg(long, conflicts_with = "capture")]
    no_capture: bool,

    /// Write the plan to a file; it may hold secrets, so only its owner can read it
    #[arg(long, value_name = "FILE")]
    plan_out: Option<PathBuf>,

    /// Carry out exactly this plan
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to_revision", "from", "again", "verified", "reason", "incident", "words", "selector", "all", "all_namespaces", "filename"])]
    plan: Option<PathBuf>,

    /// With several workloads: undo nothing if one of them is refused
    #[arg(long, help_heading = "Several workloads")]
    all_or_nothing: bool,

    /// End after the write, without knowing how it goes
    #[arg(long, conflicts_with_all = ["timeout", "watch_for"])]
    no_wait: bool,

    /// Wait until it is healthy (the default)
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_value = "true", default_missing_value = "true", action = ArgAction::Set)]
    watch: bool,

    /// How long it may take in all; default: the workload's progress deadline and 30 s; 0: no limit
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,

    /// Why: goes into the record, the change-cause and the Event
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Id of the incident: recorded with the reason
    #[arg(long, value_name = "ID")]
    incident: Option<String>,

    /// Refuse any other context
    #[arg(long, value_name = "NAME")]
    expect_context: Option<String>,

    /// Show the values of environment variables too; they may be secret
    #[arg(long)]
    show_values: bool,

    #[command(flatten)]
    request: ChangeRequestArgs,

    #[command(flatten)]
    proof: ProofArgs,

    #[command(flatten)]
    files: ReportAndChecksArgs,

    /// Format of the answer; sh: print equivalent kubectl commands and do nothing
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<UndoFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DryRun {
    None,
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Severity {
    Critical,
}

fn check_id() -> PossibleValuesParser {
    PossibleValuesParser::new(preflight::ids())
}

impl UndoArgs {
    pub(super) fn format(&self) -> Format {
        self.output.map(Format::from).unwrap_or_default()
    }

    pub(super) fn keeps(&self) -> Keeps<'_> {
        Keeps { files: self.files.files(), is_dry: self.stops_at_plan() }
    }

    fn stops_at_plan(&self) -> bool {
        self.dry_run != DryRun::None || self.format() == Format::Sh
    }

    fn waits(&self) -> bool {
        self.watch && !self.no_wait
    }

    fn request(&self, app: &App, cluster: &Cluster) -> UndoRequest {
        UndoRequest {
            to: self.to_revision.as_deref().and_then(RevisionSpec::parse),
            from: self.from.as_deref().map(RevisionSpec::condition),
            again: self.again || self.resume,
            direct: self.direct,
            verified_only: self.verified,
            delete_pods: self.delete_pods,
            no_wait: !self.waits(),
            reason: self.reason.clone(),
            incident: self.incident.clone(),
            by: app.actor(cluster.user_name()),
            operation: app.operation_id(),
            timeout_seconds: self.timeout.map(|timeout| timeout.as_secs()),
            overrides: self.overrides.clone(),
            critical_only: self.severity == Some(Severity::Critical),
            check_rules: BTreeMap::new(),
            hints: app.hints(cluster, cluster.namespace()),
        }
    }
}

pub(super) async fn run(args: &UndoArgs, app: &App) -> Result<ExitStatus> {
    args.files.files().check()?;
    if let Some(file) = &args.plan {
        check_namespace(app)?;
        return Box::pin(from_file::run(args, app, plan_file::read(file)?)).await;
    }
    if let Some(owner) = args.target.owner(app)? {
        return Box::pin(owner::undo::run(app, owner, args.of_owner()?)).await;
    }
    match args.target.parse(app)? {
        Wanted::One(named) => Box::pin(flow::run(args, app, &named)).await,
        _ if args.plan_out.is_some() => {
            let message = "--plan-out writes the plan of one workload";
            Err(Error::new(ErrorKind::Usage, message).hint("name one: TYPE/NAME"))
        }
        wanted => Box::pin(many::run(args, app, &wanted)).await,
    }
}

/// This command again, with one more flag, and pinned to where it went this time.
fn command_again(args: &UndoArgs, app: &App, cluster: &Cluster, flag: &str) -> String {
    let connect = &app.connect;
    let mut flags = flag.to_owned();
    let says_it_itself = args.target.is_everywhere() || args.target.has_files();
    if connect.namespace.is_none() && args.plan.is_none() && !says_it_itself {
        flags = format!("{flags} -n {}", shell_quote(cluster.namespace()));
    }
    let context = cluster.context_name();
    let pinned = connect.context.is_some() || flag.starts_with("--context");
    if !pinned && context != "in-cluster" {
        flags = format!("{flags} --context {}", shell_quote(context));
    }
    app.environment.again_with(&flags)
}
