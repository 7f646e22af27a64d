//! `rb history`: what there is to go back to.

mod many;

use clap::Args;

use crate::app::{App, Budget};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::history as report;
use crate::report::json::v1::HistoryDocument;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::history::{History, Row};
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::target::Kind;
use crate::rollback::{history, snapshot};
use crate::text::shell_quote;

use super::output::{Format, HistoryFormat};
use super::owner;
use super::target_args::{Named, TargetArgs, Wanted};

/// Show the revisions of a workload, or what an owner has deployed
///
/// Oldest first, the live one last. MARKS says what is known: current, verified, rolled back (rb
/// left it), doubtful (its pods failed).
///
/// Of an Argo CD Application, a Flux Kustomization or Helm release (app/NAME, ks/NAME, hr/NAME): the
/// commits that changed it, when each was deployed, and what came of that. Git is asked where it can be
/// reached.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  rb history deploy/checkout -n shop
  rb history deploy/checkout --revision 41      its pod template, and how it differs from the live one
  rb history deploy/checkout -o wide            with hashes, commits, builds, flags, people, evidence
  rb history app/checkout                       which commits an Argo CD Application has deployed
  rb history ks/apps -n flux-system             the same of a Flux Kustomization; hr/NAME: HelmRelease
")]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    target: TargetArgs,

    /// Show one revision: number, template hash, or image tag
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,

    /// Show the values of environment variables too; they may be secret
    #[arg(long)]
    show_values: bool,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<HistoryFormat>,
}

impl HistoryArgs {
    pub(super) fn format(&self) -> Format {
        self.output.map(Format::from).unwrap_or_default()
    }
}

pub(super) async fn run(args: &HistoryArgs, app: &App) -> Result<ExitStatus> {
    if let Some(owner) = args.target.owner(app)? {
        let revision = args.revision.as_deref();
        return Box::pin(owner::history::run(app, owner, args.format(), revision)).await;
    }
    match args.target.parse(app)? {
        Wanted::One(named) => one(args, app, &named).await,
        wanted => Box::pin(many::run(args, app, &wanted)).await,
    }
}

async fn one(args: &HistoryArgs, app: &App, named: &Named) -> Result<ExitStatus> {
    let budget = Budget::start(None);
    let cluster = app.connect(None, budget.reading()).await?;
    let target = named.in_namespace(cluster.namespace());
    app.remember_target(&target);
    let snapshot = snapshot::take(&cluster, named.backend, &target, budget.reading()).await?;
    let history = history::of(named.backend, &snapshot);
    let row = row_of(args, &history, &app.hints(&cluster, &target.namespace))?;
    app.console.answer(&answer(args, app, named.backend.stores(), &history, row));
    Ok(ExitStatus::Success)
}

/// The row that `--revision` asks for; an error where there is none.
fn row_of<'a>(args: &HistoryArgs, history: &'a History, hints: &Hints) -> Result<Option<&'a Row>> {
    let Some(word) = asked(args) else { return Ok(None) };
    let Some(row) = find(history, word) else {
        let all = hints.rb(&format!("history {}", shell_quote(&history.target.reference())));
        return Err(unknown(history, word).hint(format!("to see them: {all}")));
    };
    Ok(Some(row))
}

fn find_asked<'a>(args: &HistoryArgs, history: &'a History) -> Option<&'a Row> {
    find(history, asked(args)?)
}

/// The word after `--revision`; for kubectl 0 means all of them.
fn asked(args: &HistoryArgs) -> Option<&str> {
    args.revision.as_deref().filter(|word| *word != "0")
}

fn answer(
    args: &HistoryArgs,
    app: &App,
    stores: &Kind,
    history: &History,
    row: Option<&Row>,
) -> String {
    let name = |row: &Row| format!("{}.{}/{}\n", stores.singular, stores.group(), row.name);
    let format = args.format();
    let marks = app.console.marks;
    if let Some(document) = format.document(&HistoryDocument::new(history, row, args.show_values)) {
        return document;
    }
    match (format, row) {
        (Format::Name, Some(row)) => name(row),
        (Format::Name, None) => history.rows.iter().map(name).collect(),
        (_, Some(row)) => report::one(history, row, args.show_values, marks),
        (_, None) => report::table(history, format == Format::Wide, marks),
    }
}

/// The revision that a word names: by number, former number, hash, or image.
fn find<'a>(history: &'a History, word: &str) -> Option<&'a Row> {
    let number = word.parse::<i64>().ok();
    let newest = |test: &dyn Fn(&Row) -> bool| history.rows.iter().rev().find(|row| test(row));
    newest(&|row| number.is_some() && row.revision == number)
        .or_else(|| newest(&|row| number.is_some_and(|n| row.past_numbers.contains(&n))))
        .or_else(|| newest(&|row| row.hash == word || row.name == word))
        .or_else(|| {
            newest(&|row| {
                row.images.iter().any(|i| ImageRef::parse(&i.image).is_named(&i.image, word))
            })
        })
}

fn unknown(history: &History, word: &str) -> Error {
    let numbers: Vec<String> =
        history.rows.iter().filter_map(|row| Some(row.revision?.to_string())).collect();
    let stored = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
    let reference = history.target.reference();
    let message = format!("{reference} has no revision {word}; stored revisions: {stored}");
    Error::new(ErrorKind::NoRevision, message)
}
