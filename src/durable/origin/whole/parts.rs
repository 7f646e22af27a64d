//! Which files a whole owner is made of, at one commit: what it renders, or what declares it, and with that the
//! values that it takes from objects of the cluster.

use std::slice;

use crate::error::Result;
use crate::git::Oid;
use crate::git::manifest::closure::Inputs;
use crate::git::manifest::declared;
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;
use crate::text::sanitize;

use super::super::candidates::Candidate;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// What is read, of each source.
    pub(super) inputs: Vec<Inputs>,
    /// The files that hold values.
    pub(super) values: Vec<GitPath>,
    /// The farthest owner that renders any of it, and which of its sources that is.
    pub(super) renders: (usize, usize),
    /// What the user should know, each a sentence without a full stop.
    pub(super) notes: Vec<String>,
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
        let mut known: Vec<Target> = Vec::new();
        for candidate in chosen {
            let inputs = match candidate.child {
                None => Some(candidate.inputs.clone()),
                Some(child) => {
                    let values = candidate.values();
                    declared::within(repository, tip, &candidate.inputs, child, &values)?
                }
            };
            parts.add(candidate, inputs);
            parts.values.extend(values(repository, tip, candidate, &mut known)?);
        }
        for candidate in above {
            let mut files = values(repository, tip, candidate, &mut known)?;
            files.retain(|file| !parts.values.contains(file));
            if !files.is_empty() {
                let value_files = files.iter().map(|file| format!("/{}", file.argument()));
                let inputs = Inputs { value_files: value_files.collect(), ..Inputs::default() };
                parts.add(candidate, Some(inputs));
                parts.values.extend(files);
            }
        }
        let taken = chosen.iter().chain(above).flat_map(|candidate| &candidate.reader.taken);
        // What else is in a Secret is seldom part of a release.
        for object in taken.filter(|read| read.taken.is_public()).map(|read| &read.taken.object) {
            if !known.contains(object) {
                known.push(object.clone());
                parts.notes.push(stays(object));
            }
        }
        Ok(parts)
    }

    fn add(&mut self, candidate: &Candidate<'_>, inputs: Option<Inputs>) {
        if candidate.owner >= self.renders.0 {
            self.renders = (candidate.owner, candidate.index);
        }
        self.inputs.extend(inputs.filter(|inputs| !self.inputs.contains(inputs)));
    }
}

/// The files of a source that declare what its reader takes values from; what that is, is known then.
fn values(
    repository: &Repository,
    tip: Oid,
    candidate: &Candidate<'_>,
    known: &mut Vec<Target>,
) -> Result<Vec<GitPath>> {
    let mut files = Vec::new();
    for object in candidate.values() {
        let inputs = &candidate.inputs;
        let found = declared::of(repository, tip, inputs, slice::from_ref(&object))?;
        if !found.is_empty() {
            known.push(object);
        }
        files.extend(found);
    }
    Ok(files)
}

fn stays(object: &Target) -> String {
    let (kind, namespace, name) = (&object.kind, &object.namespace, &object.name);
    let (namespace, name) = (sanitize(namespace), sanitize(name));
    format!("the values in {kind} {namespace}/{name} stay: no file that goes back declares it")
}
