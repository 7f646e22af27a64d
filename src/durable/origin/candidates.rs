//! Where a release may have come from: all that the owners render, the nearest first. Pure.

use crate::git::manifest::closure::Inputs;
use crate::reconciler;
use crate::rollback::model::convergence::Applied;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::ownership::{Source, SourceKind};
use crate::rollback::model::provenance::Override;
use crate::rollback::model::target::Target;

use super::OwnerRead;

/// A source of an owner, as it is rendered.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    /// Which of the owners.
    pub(super) owner: usize,
    pub(super) read: &'a OwnerRead,
    /// Which of its sources.
    pub(super) index: usize,
    pub(super) source: &'a Source,
    pub(super) inputs: Inputs,
    /// What the owner lays over it.
    pub(super) overrides: Vec<Override>,
    /// The commits of the source that the owner says it applied.
    pub(super) applied: Vec<Applied>,
    /// The owner below that it declares; `None`: it declares the workload itself.
    pub(super) child: Option<&'a Target>,
    /// The owner whose values may be among its files: that one, or else it itself.
    pub(super) reader: &'a OwnerRead,
}

impl Candidate<'_> {
    /// The objects of the cluster that hold the reader's values.
    pub(super) fn values(&self) -> Vec<Target> {
        self.reader.taken.iter().map(|read| read.taken.object.clone()).collect()
    }
}

/// All of them. Owners whose mark is refuted, and kinds that render nothing, have none.
pub(super) fn of(owners: &[OwnerRead]) -> Vec<Candidate<'_>> {
    let counting = owners.iter().enumerate().filter(|(_, read)| read.owner.counts());
    counting.flat_map(|(index, read)| of_one(index, read, owners)).collect()
}

fn of_one<'a>(owner: usize, read: &'a OwnerRead, owners: &'a [OwnerRead]) -> Vec<Candidate<'a>> {
    let kind = read.owner.object.as_ref().and_then(reconciler::of);
    let Some(kind) = kind.filter(|_| read.object.is_object()) else { return Vec::new() };
    let child = read.owner.of.as_ref();
    let below = owners.iter().find(|one| child.is_some() && one.owner.object.as_ref() == child);
    let candidate = |rendered: reconciler::rendered::Rendered| {
        let source = read.owner.sources.get(rendered.source)?;
        let mut inputs = rendered.inputs;
        let is_open = inputs.folder.is_none() && inputs.value_files.is_empty();
        if let Some(path) =
            source.path.as_ref().filter(|_| is_open && source.kind == SourceKind::Git)
        {
            // A chart that another object names: only that one knows its folder.
            inputs.folder = Some(GitPath::new(path.as_bytes()));
        }
        Some(Candidate {
            owner,
            read,
            index: rendered.source,
            source,
            inputs,
            overrides: rendered.overrides,
            applied: kind.applied_of(&read.object, rendered.source),
            child,
            reader: below.unwrap_or(read),
        })
    };
    kind.renders(&read.object).into_iter().filter_map(candidate).collect()
}
