//! `rb history app/NAME`: what it has deployed, with the commits that brought it.

use crate::app::{App, Budget};
use crate::cli::output::Format;
use crate::cli::target_args::owner::NamedOwner;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::reconciler::read_owner;
use crate::report::json::owner::OwnerHistoryDocument;
use crate::report::owner_history as report;
use crate::rollback::model::deployed::Deployed;
use crate::rollback::model::owner_history::{OwnerHistory, OwnerRow};
use crate::rollback::model::ownership::Owner;
use crate::rollback::owner_history;

use super::git_log::{self, Told};
use super::{Found, cluster_ref, find};

/// Shows it.
pub(in crate::cli) async fn run(
    app: &App,
    named: NamedOwner<'_>,
    format: Format,
    revision: Option<&str>,
) -> Result<ExitStatus> {
    if revision.is_some_and(|revision| revision != "0") {
        let message = "--revision shows a revision of a workload";
        return Err(Error::new(ErrorKind::Usage, message)
            .hint("to see all states of an owner with their commits: leave it out, -o wide"));
    }
    let budget = Budget::start(None);
    let cluster = app.connect(None, budget.reading()).await?;
    let found = find(app, &cluster, named, "history", budget.reading()).await?;
    let known = read_owner::read(&cluster, found.kind, &found.object, budget.reading()).await;
    let read_at = jiff::Timestamp::now();
    let mut deployed = found.kind.deployed(&found.object);
    let told = asked(app, format, &found, &known.owners, &deployed).await;
    above(&mut deployed, &known.owners);
    let log = told.log.as_ref().map(|(log, _)| log);
    let rows = owner_history::merge(&deployed, log, told.has_images);
    let history = OwnerHistory {
        read_at,
        cluster: cluster_ref(&cluster),
        target: found.target,
        owners: known.owners,
        git: told.log.as_ref().map(|(_, place)| place.clone()),
        rows,
        has_more: log.is_some_and(|log| log.has_more),
        gaps: told.notes,
    };
    app.console.answer(&answer(app, format, &history));
    Ok(ExitStatus::Success)
}

/// What Git says; of a release of a chart it is not asked.
async fn asked(
    app: &App,
    format: Format,
    found: &Found,
    owners: &[Owner],
    deployed: &[Deployed],
) -> Told {
    let Some(itself) = owners.first() else { return Told::default() };
    if deployed.iter().any(|one| one.release.is_some()) {
        return Told::default();
    }
    let commits = owner_history::commits(deployed);
    let rendering = found.kind.rendering(&found.object);
    git_log::read(app, format, itself, rendering, commits).await
}

/// Of a release that runs, the commit of the Kustomization above it is known: that of its settings.
fn above(deployed: &mut [Deployed], owners: &[Owner]) {
    let is_commit = |revision: &&String| {
        revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let above = owners.get(1..).unwrap_or_default().iter().filter(|owner| owner.counts());
    let mut sources = above.flat_map(|owner| &owner.sources);
    let commit = sources.find_map(|source| source.revision.as_ref().filter(is_commit).cloned());
    for one in deployed.iter_mut().filter(|one| one.live && one.release.is_some()) {
        one.commit = one.commit.take().or_else(|| commit.clone());
    }
}

fn answer(app: &App, format: Format, history: &OwnerHistory) -> String {
    let name = |row: &OwnerRow| match &row.release {
        Some(release) => format!("{}\n", release.revision),
        None => format!("{}\n", app.console.marks.foreign(row.name())),
    };
    if let Some(document) = format.document(&OwnerHistoryDocument::new(history)) {
        return document;
    }
    match format {
        Format::Name => history.rows.iter().map(name).collect(),
        format => report::table(history, format == Format::Wide, app.console.marks),
    }
}
