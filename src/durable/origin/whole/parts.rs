//! Which files a whole owner is made of: what it renders, or what declares it, and the values that it takes from
//! objects of the cluster, where these are its own.

use crate::error::Result;
use crate::git::Oid;
use crate::git::manifest::closure::Inputs;
use crate::git::manifest::declared;
use crate::git::manifest::values::{self, Values};
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;
use crate::text::sanitize;

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
    /// Where they are looked for, and for whom; `None`: they are among what the owner renders itself.
    besides: Option<(Inputs, Target)>,
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
        let Some(reader) = chosen.first().map(|candidate| candidate.reader) else {
            return Ok(parts);
        };
        // A Secret is nothing that goes back with a release: what was replaced there is mostly valid no more.
        for read in reader.taken.iter().filter(|read| read.taken.is_public()) {
            let object = &read.taken.object;
            if parts.values.iter().any(|part| part.object == *object) {
                continue;
            }
            let mut shared = None;
            let mut is_found = false;
            for candidate in chosen.iter().chain(above) {
                let found = Part::of(repository, tip, candidate, object)?;
                match found {
                    Ok(Some(part)) => {
                        parts.inputs.extend(part.inputs());
                        parts.values.push(part);
                        is_found = true;
                        break;
                    }
                    Ok(None) => {}
                    Err(file) => shared = Some(file),
                }
            }
            if !is_found && !read.object.is_null() {
                parts.notes.push(stays(object, shared.as_ref()));
            }
        }
        Ok(parts)
    }
}

impl Part {
    /// The values in the files of one source; the inner error is a file that belongs to others, too.
    fn of(
        repository: &Repository,
        tip: Oid,
        candidate: &Candidate<'_>,
        object: &Target,
    ) -> Result<Result<Option<Self>, GitPath>> {
        let inputs = &candidate.inputs;
        let owner = (candidate.owner, candidate.index);
        let part = |files, besides| Self { owner, files, object: object.clone(), besides };
        let (Some(_), Some(reader)) = (candidate.child, &candidate.reader.owner.object) else {
            let files = declared::of(repository, tip, inputs, std::slice::from_ref(object))?;
            return Ok(Ok((!files.is_empty()).then(|| part(files, None))));
        };
        Ok(match values::of(repository, tip, inputs, object, reader)? {
            Values::Own(files) => Ok(Some(part(files, Some((inputs.clone(), reader.clone()))))),
            Values::Nowhere => Ok(None),
            Values::Shared(file) => Err(file),
        })
    }

    /// What is read of them, where that is not read anyway.
    fn inputs(&self) -> Option<Inputs> {
        self.besides.as_ref()?;
        let value_files = self.files.iter().map(|file| format!("/{}", file.argument())).collect();
        Some(Inputs { value_files, ..Inputs::default() })
    }

    /// The files that held them at a commit, where these are not read anyway.
    pub(super) fn files_at(&self, repository: &Repository, commit: Oid) -> Result<Vec<GitPath>> {
        let Some((inputs, reader)) = &self.besides else { return Ok(Vec::new()) };
        let found = values::of(repository, commit, inputs, &self.object, reader)?;
        Ok(if let Values::Own(files) = found { files } else { Vec::new() })
    }
}

fn stays(object: &Target, shared: Option<&GitPath>) -> String {
    let (kind, namespace, name) = (&object.kind, &object.namespace, &object.name);
    let (namespace, name) = (sanitize(namespace), sanitize(name));
    let why = match shared {
        Some(file) => format!("they belong to others too ({})", sanitize(&file.to_string())),
        None => "no file that goes back declares it".to_owned(),
    };
    format!("the values in {kind} {namespace}/{name} stay: {why}")
}
