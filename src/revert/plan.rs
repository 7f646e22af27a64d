//! Making the plan of a revert.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::Branch;
use crate::git::commit::identity::Identity;
use crate::git::commit::message::{self, Style, Words};
use crate::git::commit::operation::Operation;
use crate::git::manifest::{apps, cautions, images};
use crate::git::repository::Repository;
use crate::git::tree::patch::patch;
use crate::git::{Oid, invariants, revert};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{Attempt, Blocked, Reverted};
use crate::rollback::model::revert_outcome::NothingToRevert;
use crate::rollback::model::revert_plan::{self, Asked, RevertPlan, Way};

use super::asked::{Meant, Request};
use super::ground::Ground;
use super::refusal;
use super::repeat::repeated;

/// What goes into the commit besides the change, and how it gets onto the branch.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Why.
    pub reason: Option<String>,
    /// Id of the incident.
    pub incident: Option<String>,
    /// Who asked for it.
    pub by: String,
    /// How the subject is written.
    pub style: Style,
    /// Adds `Signed-off-by` for this person.
    pub sign_off: Option<Identity>,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Decision {
    /// A plan, and the change as a patch for people.
    Revert(Box<RevertPlan>, String),
    /// There is nothing to do.
    Nothing(NothingToRevert),
    /// Conflicts: somebody has to decide. The error says what would go through.
    Blocked(Box<Blocked>, Error),
}

/// The word for a revert that this very operation has made.
pub(super) const DONE: &str = "alreadyDone";

/// What a try on one tip comes to.
pub(super) enum Tried {
    Clean(Reverted, Vec<GitPath>),
    Nothing(NothingToRevert),
    Blocked(Box<Blocked>),
}

/// Makes the plan: one fetch, and more where the history that is needed reaches further back. Nothing
/// is written but to the copy.
pub async fn decide(
    ground: &mut Ground,
    request: &Request,
    terms: &Terms,
    now: Timestamp,
    progress: &mut dyn FnMut(&str),
) -> Result<Decision> {
    let needs = request.needs();
    let fetch = ground.remote.fetch(&mut ground.store, &ground.branch, &needs, progress);
    let tip = fetch.await?;
    decide_on(ground, tip, request, terms, now, progress).await
}

/// The same on a tip that was fetched just now.
pub async fn decide_on(
    ground: &mut Ground,
    mut tip: Oid,
    request: &Request,
    terms: &Terms,
    now: Timestamp,
    progress: &mut dyn FnMut(&str),
) -> Result<Decision> {
    let (branch, url) = (ground.branch.clone(), ground.remote.url().identity());
    let address = ground.remote.url().to_string();
    let (asked, tried) = ground
        .with_enough(&mut tip, progress, |repository, tip| {
            let meant = request.resolve(repository, tip)?;
            let id_of = |meant: &Meant| {
                let asked = asked(request, meant);
                operation(&asked, &url, branch.as_str(), &meant.commits)?.id()
            };
            let asked = asked(request, &meant);
            if let Some(nothing) = repeated(repository, tip, request, &meant, id_of)? {
                return Ok((asked, Tried::Nothing(nothing)));
            }
            let branch = Branch { name: branch.clone(), tip };
            let tried = attempt(repository, &branch, &asked, &url)?;
            Ok((asked, tried))
        })
        .await?;
    let (reverted, others) = match tried {
        Tried::Clean(reverted, others) => (reverted, others),
        Tried::Nothing(nothing) => return Ok(Decision::Nothing(nothing)),
        Tried::Blocked(blocked) => {
            let error = refusal::blocked(&blocked, request.moves());
            return Ok(Decision::Blocked(blocked, error));
        }
    };
    let repository = ground.store.open(Repository::open)?;
    let id = operation(&asked, &url, branch.as_str(), &oids(&asked.commits)?)?.id()?;
    let message = compose(&reverted, terms, &id)?;
    let images = images::changes(&repository, &reverted.files)?;
    let mut warnings = ground.notes.clone();
    warnings.extend(cautions::of(&repository, &reverted)?);
    let shown = patch(&repository, tree_of(&repository, tip)?, oid(&reverted.tree)?)?;
    let plan = RevertPlan {
        schema: revert_plan::SCHEMA.to_owned(),
        id,
        made_at: now,
        repository: revert_plan::Repository { url: address },
        branch: branch.as_str().to_owned(),
        asked,
        reverted,
        images,
        others,
        way: Way::default(),
        message,
        by: terms.by.clone(),
        reason: terms.reason.clone(),
        incident: terms.incident.clone(),
        warnings,
        todo: Vec::new(),
    };
    Ok(Decision::Revert(Box::new(plan), shown))
}

fn asked(request: &Request, meant: &Meant) -> Asked {
    Asked {
        commits: meant.commits.iter().map(Oid::to_string).collect(),
        mode: request.mode,
        paths: request.paths.clone(),
        good: meant.good.map(|good| good.to_string()),
        mainline: request.mainline,
        allow_delete: request.allow_delete,
    }
}

fn compose(reverted: &Reverted, terms: &Terms, operation: &str) -> Result<String> {
    let words = Words {
        operation,
        reason: terms.reason.as_deref(),
        incident: terms.incident.as_deref(),
        requested_by: Some(terms.by.as_str()).filter(|by| !by.is_empty()),
        sign_off: terms.sign_off.as_ref(),
    };
    message::compose(reverted, &terms.style, &words)
}

/// Tries it on this tip: first whether it is there already, then the revert, then its rules.
pub(super) fn attempt(
    repository: &Repository,
    branch: &Branch,
    asked: &Asked,
    url: &str,
) -> Result<Tried> {
    let commits = oids(&asked.commits)?;
    let operation = operation(asked, url, branch.name.as_str(), &commits)?;
    let done = operation.done(repository, branch.tip, asked.mainline)?;
    if let Some(done) = done {
        return Ok(Tried::Nothing(done_before(&done.id)));
    }
    let request = revert::Request {
        branch,
        commits: &commits,
        mode: asked.mode,
        paths: &asked.paths,
        good: operation.good,
        mainline: asked.mainline,
    };
    match revert::attempt(repository, &request)? {
        Attempt::Clean(reverted) => {
            invariants::check(repository, branch, &reverted, asked.allow_delete)?;
            let others = others(repository, branch.tip, &reverted)?;
            Ok(Tried::Clean(reverted, others))
        }
        Attempt::Nothing(nothing) => Ok(Tried::Nothing(refusal::nothing(&nothing))),
        Attempt::Blocked(blocked) => Ok(Tried::Blocked(Box::new(blocked))),
    }
}

/// The same operation has put this commit onto the branch.
pub(super) fn done_before(commit: &str) -> NothingToRevert {
    let message = format!("this was done before, by {}", refusal::short(commit));
    NothingToRevert { reason: DONE, message, commit: Some(commit.to_owned()) }
}

/// The applications that change outside the paths; of a revert everywhere, all but the first.
fn others(repository: &Repository, tip: Oid, reverted: &Reverted) -> Result<Vec<GitPath>> {
    let trees = [tree_of(repository, tip)?, oid(&reverted.tree)?];
    let files = reverted.files.iter().map(|file| &file.path);
    let touched: BTreeSet<GitPath> =
        apps::touched(repository, &trees, files)?.into_iter().collect();
    if reverted.paths.is_empty() {
        return Ok(touched.into_iter().skip(1).collect());
    }
    let is_meant =
        |app: &GitPath| reverted.paths.iter().any(|path| app.is_in(path) || path.is_in(app));
    Ok(touched.into_iter().filter(|app| !is_meant(app)).collect())
}

fn operation<'a>(
    asked: &'a Asked,
    identity: &'a str,
    branch: &'a str,
    commits: &'a [Oid],
) -> Result<Operation<'a>> {
    let good = asked.good.as_deref().map(oid).transpose()?;
    let (mode, paths) = (asked.mode, asked.paths.as_slice());
    Ok(Operation { repository: identity, branch, commits, mode, paths, good })
}

pub(super) fn oid(text: &str) -> Result<Oid> {
    Oid::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Usage, "the plan names a commit by what is no id").because(error)
    })
}

fn oids(texts: &[String]) -> Result<Vec<Oid>> {
    texts.iter().map(|text| oid(text)).collect()
}

fn tree_of(repository: &Repository, commit: Oid) -> Result<Oid> {
    repository.tree_id(commit)
}
