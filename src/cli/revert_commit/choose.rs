//! Which commit? Where none is named, those that changed the paths are listed; on a terminal one can be
//! chosen.

use jiff::Timestamp;

use crate::app::App;
use crate::cli::output::Format;
use crate::error::{Error, ErrorKind, Result};
use crate::report::json::revert::CandidatesDocument;
use crate::report::revert as report;
use crate::revert::candidates::candidates;
use crate::revert::ground::Ground;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::Candidate;
use crate::terminal::prompt;

use crate::cli::git::progress::during;

/// As many as can be read at a glance.
const LISTED: usize = 10;

/// The chosen commit. Usage: nobody can choose here; the list is in the error's stead on stderr, or the
/// answer where a document was asked for.
pub(super) async fn choose(
    ground: &mut Ground,
    paths: &[GitPath],
    format: Format,
    app: &App,
) -> Result<String> {
    let found = during(app, format, "looks for commits", async |progress| {
        candidates(ground, paths, LISTED, progress).await
    });
    let found = found.await?;
    if let Some(document) = format.document(&CandidatesDocument::new(&found)) {
        app.console.answer(&document);
    } else {
        app.console.error(&report::candidates(&found, Timestamp::now(), app.console.marks));
    }
    if !app.console.can_prompt || !format.is_human() {
        return Err(unnamed(&found));
    }
    let question = format!("Which one? [1-{}] ", found.len());
    let answer = prompt::line(&app.console, &question).await;
    let chosen = answer.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match chosen.and_then(|index| found.get(index)) {
        Some(candidate) => Ok(candidate.commit.id.clone()),
        None => Err(Error::new(ErrorKind::Unconfirmed, "none was chosen: nothing was pushed")),
    }
}

fn unnamed(found: &[Candidate]) -> Error {
    let error = Error::new(ErrorKind::Usage, "which commit? None was named");
    match found.first() {
        Some(newest) => error.again("the newest", [report::short(&newest.commit.id)]),
        None => error,
    }
}
