//! `rb verify`: is what is live good, and what proves it.

use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::owner;
use crate::cli::target_args::{TargetArgs, Wanted, wish};
use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::report::json::list::{self, ListDocument};
use crate::report::json::verify::VerifyDocument;
use crate::report::{failure, verification as report};
use crate::rollback::model::demand::Demand;
use crate::rollback::model::event::Only;
use crate::rollback::model::revision::RevisionSpec;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;
use crate::rollback::model::verification::Verification;
use crate::rollback::snapshot::many as reading;
use crate::rollback::status::Look;
use crate::rollback::verify::{self, Proof};

use super::conclusion::Keeps;
use super::duration;
use super::output::{Format, StatusFormat};
use super::proof_args::{ProofArgs, check_id};
use super::report_args::ReportAndChecksArgs;
use super::settings::{Configuration, reach_of};

/// Prove that what is live is good, and say what proves it
///
/// Waits for the rollout, then checks what runs: the right template on the right pods, all of them
/// healthy, Services that lead to these pods only, no bad Events and logs, and the probes of the
/// configuration. Ends with 0 when it is verified, 6 when it is not, 5 when the rollout is not done
/// in time, 7 when something required could not be found out. The verdict is recorded on the
/// workload: `rb undo` prefers what was verified.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  rb verify deploy/checkout -n shop
  rb verify deploy/checkout --wait=5m --stable-for=30s
  rb verify deploy/checkout --expect-revision=2.8.0     that very release is live, and good
  rb verify deploy/checkout --skip='logs=noisy, see OPS-7' -o json
")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    target: TargetArgs,

    /// How long it may take in all, as --timeout elsewhere; default: as long as status waits, and 30 s
    #[arg(long, alias = "timeout", value_name = "DURATION", value_parser = duration::parse)]
    wait: Option<Duration>,

    /// Time between two rounds of checks
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_exact)]
    interval: Option<Duration>,

    /// Make only these checks
    #[arg(long, value_name = "CHECKS", value_delimiter = ',', value_parser = check_id)]
    checks: Vec<String>,

    /// This revision has to be live: number, template hash, image tag or digest, commit
    #[arg(long, value_name = "REVISION", value_parser = NonEmptyStringValueParser::new())]
    expect_revision: Option<String>,

    /// This digest has to be what runs, as sha256:HEX; several for several images
    #[arg(long, value_name = "DIGEST")]
    expect_digest: Vec<String>,

    #[command(flatten)]
    proof: ProofArgs,

    #[command(flatten)]
    files: ReportAndChecksArgs,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<StatusFormat>,
}

impl VerifyArgs {
    pub(super) fn format(&self) -> Format {
        self.output.map(Format::from).unwrap_or_default()
    }

    pub(super) fn keeps(&self) -> Keeps<'_> {
        Keeps { files: self.files.files(), is_dry: false }
    }

    fn demand(&self) -> Demand {
        let demand = self.proof.demand();
        Demand {
            interval: self.interval,
            // Whoever says how long wants it to be waited for.
            patience: self.wait.unwrap_or(demand.patience),
            only: self.checks.clone(),
            digests: self.expect_digest.clone(),
            ..demand
        }
    }
}

/// One workload: what it came to, or why it could not be verified.
pub(super) struct Item {
    pub(super) target: Target,
    pub(super) verified: Result<(Verification, Vec<String>)>,
}

pub(super) async fn run(args: &VerifyArgs, app: &App) -> Result<ExitStatus> {
    args.files.files().check()?;
    if let Some(owner) = args.target.owner(app)? {
        return Box::pin(owner::refusal::verify(app, owner)).await;
    }
    let wanted = args.target.parse(app)?;
    let budget = Budget::start(args.wait);
    let cluster = app.connect(None, budget.reading()).await?;
    let is_one = matches!(wanted, Wanted::One(_));
    let (wish, everywhere) = match &wanted {
        Wanted::One(named) => {
            app.remember_target(&named.in_namespace(cluster.namespace()));
            (wish::named(std::slice::from_ref(named), &cluster), false)
        }
        Wanted::Several(named) => (wish::named(named, &cluster), false),
        Wanted::Selected(selected) => (wish::selected(selected, &cluster), selected.everywhere),
    };
    let reach = reach_of(&wish);
    let config = args.proof.config.as_ref();
    let configuration =
        Configuration::load(config, app, &cluster, &reach, budget.reading()).await?;
    let keep = |backend: &'static dyn Rollbacker, snapshot: Snapshot| {
        proof(args, app, &cluster, &configuration, backend, snapshot)
    };
    let found = reading::each(&cluster, wish, budget.reading(), keep).await;
    let hints = app.hints(&cluster, cluster.namespace());
    let found = found.map_err(|error| args.target.or_in_one_namespace(error, "verify", &hints))?;
    let read: Vec<(Target, Result<(Proof, Look)>)> =
        found.into_iter().map(|one| (one.target, one.result.and_then(|proof| proof))).collect();
    let items = verified(args, app, &cluster, &budget, everywhere, read).await;
    answer(args, app, &cluster, items, is_one)
}

fn proof(
    args: &VerifyArgs,
    app: &App,
    cluster: &Cluster,
    configuration: &Configuration,
    backend: &'static dyn Rollbacker,
    snapshot: Snapshot,
) -> Result<(Proof, Look)> {
    let wanted = args.expect_revision.as_deref().map(RevisionSpec::condition);
    let hints = app.hints(cluster, &snapshot.target.namespace);
    let demand = configuration.demand(args.demand(), &snapshot)?;
    Proof::new(backend, snapshot, wanted.as_ref(), demand, hints)
}

/// What each of them comes to, in their order.
async fn verified(
    args: &VerifyArgs,
    app: &App,
    cluster: &Cluster,
    budget: &Budget,
    everywhere: bool,
    read: Vec<(Target, Result<(Proof, Look)>)>,
) -> Vec<Item> {
    let (mut proofs, mut targets, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for (target, proof) in read {
        let state = proof.map(|(proof, look)| {
            let deadline: Deadline = budget.waiting(look.seconds);
            proofs.push((proof, look, deadline));
            targets.push(target.clone());
        });
        states.push((target, state));
    }
    let stamps = args.proof.stamps();
    let format = args.format();
    let ends = if let [only] = targets.as_slice() {
        let mut live = format.listener(app.console, only);
        verify::verify_all(cluster, proofs, everywhere, stamps, &mut Only(&mut *live)).await
    } else {
        let mut board = format.listeners(app.console, targets);
        verify::verify_all(cluster, proofs, everywhere, stamps, &mut *board).await
    };
    let mut ends = ends.into_iter();
    let end = |(target, state): (Target, Result<()>)| {
        let verified = match state {
            Ok(()) => Ok(ends.next()?),
            Err(error) => Err(error),
        };
        Some(Item { target, verified })
    };
    states.into_iter().filter_map(end).collect()
}

/// Says what came of it; a single workload that could not be verified is an error of the command.
fn answer(
    args: &VerifyArgs,
    app: &App,
    cluster: &Cluster,
    mut items: Vec<Item>,
    is_one: bool,
) -> Result<ExitStatus> {
    let by = app.actor(cluster.user_name());
    for item in &items {
        match &item.verified {
            Ok((verification, _)) => {
                let hints = app.hints(cluster, &item.target.namespace);
                app.story().verified(verification, &by, &hints);
            }
            Err(error) => app.story().failed(&item.target, error),
        }
    }
    let warnings = items.iter().filter_map(|item| item.verified.as_ref().ok());
    for warning in warnings.flat_map(|(_, warnings)| warnings) {
        app.console.note(&format!("  warning: {}\n", app.console.marks.foreign(warning)));
    }
    if is_one && let Some(item) = items.pop() {
        let (verification, _) = item.verified?;
        app.console.answer(&one(args, app, cluster, &verification));
        return Ok(verification.exit_status());
    }
    let exit = items.iter().map(Item::exit_status).fold(ExitStatus::Success, ExitStatus::worst);
    app.console.answer(&several(args, app, cluster, &items, exit));
    for item in &items {
        if let Err(error) = &item.verified {
            app.console.error(&failure::error(error, app.console.marks));
        }
    }
    Ok(exit)
}

fn one(args: &VerifyArgs, app: &App, cluster: &Cluster, verification: &Verification) -> String {
    match args.format() {
        Format::Name => format!("{}\n", verification.target.qualified()),
        format => format.document(&VerifyDocument::from(verification)).unwrap_or_else(|| {
            let hints = app.hints(cluster, &verification.target.namespace);
            report::render(verification, &hints, app.console.marks)
        }),
    }
}

fn several(
    args: &VerifyArgs,
    app: &App,
    cluster: &Cluster,
    items: &[Item],
    exit: ExitStatus,
) -> String {
    let document = |item: &Item| match &item.verified {
        Ok((verification, _)) => {
            serde_json::to_value(VerifyDocument::from(verification)).unwrap_or_default()
        }
        Err(error) => list::failed(&item.target, error),
    };
    match args.format() {
        Format::Name => items.iter().map(|item| format!("{}\n", item.target.qualified())).collect(),
        format => format
            .document_of(|| ListDocument::new(items.iter().map(document).collect(), exit))
            .unwrap_or_else(|| {
                let verified = items.iter().filter_map(|item| item.verified.as_ref().ok());
                verified.map(|(verification, _)| one(args, app, cluster, verification)).collect()
            }),
    }
}

impl Item {
    fn exit_status(&self) -> ExitStatus {
        match &self.verified {
            Ok((verification, _)) => verification.exit_status(),
            Err(error) => error.kind().exit_status(),
        }
    }
}
