//! Which files a whole owner is made of: what it renders, or what declares it, and the values that it takes from
//! objects of the cluster, where these are its own.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::git::Oid;
use crate::git::manifest::closure::{self, Inputs};
use crate::git::manifest::declared;
use crate::git::manifest::values::{self, Taker, Values};
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;
use crate::text::sanitize;

use super::super::TakenRead;
use super::super::candidates::Candidate;

/// What was found at one commit.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What is read of the sources, and the values of each object.
    pub(super) inputs: Vec<Inputs>,
    /// The values.
    pub(super) values: Vec<Part>,
    /// What the user should know, each a sentence without a full stop.
    pub(super) notes: Vec<String>,
}

/// The values that the owner takes from one object.
#[derive(Debug)]
pub(super) struct Part {
    /// Which of the owners applies the object, and which of its sources has it.
    pub(super) owner: (usize, usize),
    /// The files that hold them.
    pub(super) files: Vec<GitPath>,
    object: Target,
    /// Where they are looked for, and for whom; `None`: they go back anyway, with what the owner is made of.
    besides: Option<(Inputs, Taker)>,
}

impl Parts {
    /// Finds them. `above` may declare values besides, and nothing else of it is looked at.
    pub(super) fn of(
        repository: &Repository,
        tip: Oid,
        chosen: &[&Candidate<'_>],
        above: &[&Candidate<'_>],
    ) -> Result<Self> {
        let mut parts = Self::default();
        for candidate in chosen {
            let inputs = match candidate.child {
                None => Some(candidate.inputs.clone()),
                Some(child) => declared::within(repository, tip, &candidate.inputs, child, &[])?,
            };
            parts.inputs.extend(inputs.filter(|inputs| !parts.inputs.contains(inputs)));
        }
        if parts.inputs.is_empty() {
            return Ok(parts);
        }
        let anyway = paths(repository, tip, &parts.inputs)?;
        let all: Vec<&Candidate<'_>> = chosen.iter().chain(above).copied().collect();
        let reader = chosen.first().map(|candidate| candidate.reader);
        for read in reader.into_iter().flat_map(|reader| &reader.taken) {
            parts.add(repository, tip, (&all, &anyway), read)?;
        }
        Ok(parts)
    }

    fn add(
        &mut self,
        repository: &Repository,
        tip: Oid,
        (candidates, anyway): (&[&Candidate<'_>], &[GitPath]),
        read: &TakenRead,
    ) -> Result<()> {
        let object = &read.taken.object;
        if self.values.iter().any(|part| part.object == *object) {
            return Ok(());
        }
        let mut stays = (!read.object.is_null()).then_some(Stays::Elsewhere);
        let mut partly = None;
        for candidate in candidates {
            let (inputs, owner) = (&candidate.inputs, (candidate.owner, candidate.index));
            let files = declared::of(repository, tip, inputs, std::slice::from_ref(object))?;
            let part = |files, besides| Part { owner, files, object: object.clone(), besides };
            let is_anyway = |file: &GitPath| anyway.iter().any(|path| file.is_in(path));
            let within: Vec<GitPath> =
                files.iter().filter(|file| is_anyway(file)).cloned().collect();
            if files.is_empty() {
                continue;
            }
            if within.len() == files.len() {
                self.values.push(part(within, None));
                return Ok(());
            }
            if !within.is_empty() {
                partly = partly.or_else(|| Some(part(within, None)));
            }
            // What was replaced in a Secret is mostly valid no more.
            if !read.taken.is_public() {
                stays = Some(Stays::Secret);
                continue;
            }
            let Some(taker) = taker(candidate) else { continue };
            match values::of(repository, tip, inputs, object, &taker)? {
                Values::Own(files) => {
                    let part = part(files, Some((inputs.clone(), taker)));
                    self.inputs.extend(part.inputs());
                    self.values.push(part);
                    return Ok(());
                }
                Values::Shared(file) => stays = Some(Stays::Shared(file)),
                Values::Nowhere => {}
            }
        }
        self.values.extend(partly);
        self.notes.extend(stays.map(|stays| stays.note(object)));
        Ok(())
    }
}

/// Whose values they are.
fn taker(candidate: &Candidate<'_>) -> Option<Taker> {
    let owner = candidate.reader.owner.object.clone()?;
    let public = candidate.reader.taken.iter().filter(|read| read.taken.is_public());
    Some(Taker { owner, objects: public.map(|read| read.taken.object.clone()).collect() })
}

/// What these are rendered from at a commit. What only an annotation names may be everybody's.
pub(super) fn paths(
    repository: &Repository,
    commit: Oid,
    inputs: &[Inputs],
) -> Result<Vec<GitPath>> {
    let mut paths = BTreeSet::new();
    for inputs in inputs {
        let found = closure::of(repository, commit, inputs)?;
        let hinted = found.hinted;
        paths.extend(found.paths.into_iter().filter(|path| !hinted.contains(path)));
    }
    Ok(paths.into_iter().collect())
}

impl Part {
    /// What is read of them, where that is not read anyway.
    pub(super) fn inputs(&self) -> Option<Inputs> {
        self.besides.as_ref()?;
        let value_files = self.files.iter().map(|file| format!("/{}", file.argument())).collect();
        Some(Inputs { value_files, ..Inputs::default() })
    }

    /// The files that held them at another commit, where these do not go back anyway; the inner error says why
    /// they cannot go back there.
    pub(super) fn files_at(
        &self,
        repository: &Repository,
        commit: Oid,
    ) -> Result<Result<Vec<GitPath>, String>> {
        let Some((inputs, taker)) = &self.besides else { return Ok(Ok(Vec::new())) };
        Ok(match values::of(repository, commit, inputs, &self.object, taker)? {
            Values::Own(files) => Ok(files),
            Values::Nowhere => Ok(Vec::new()),
            Values::Shared(file) => Err(Stays::Shared(file).note(&self.object)),
        })
    }
}

/// Why values do not go back.
enum Stays {
    /// No file that is looked at declares the object.
    Elsewhere,
    Secret,
    Shared(GitPath),
}

impl Stays {
    fn note(self, object: &Target) -> String {
        let (kind, namespace, name) = (&object.kind, &object.namespace, &object.name);
        let (namespace, name) = (sanitize(namespace), sanitize(name));
        let why = match self {
            Self::Elsewhere => "no file that goes back declares it".to_owned(),
            Self::Secret => "what was replaced there may be valid no more".to_owned(),
            Self::Shared(file) => {
                format!("they belong to others too ({})", sanitize(&file.to_string()))
            }
        };
        format!("the values in {kind} {namespace}/{name} stay: {why}")
    }
}
