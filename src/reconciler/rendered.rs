//! What an owner renders: which files of which of its sources, and what it lays over them.

use crate::git::manifest::closure::Inputs;
use crate::rollback::model::provenance::Override;

/// A source as it is rendered. The same may be rendered more than once: its own folder, and values for
/// another one's chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Its place among the sources of the owner.
    pub source: usize,
    /// What is read of it. Neither folder nor values: nothing of a repository, e.g. a chart that is
    /// fetched.
    pub inputs: Inputs,
    /// What the owner lays over it, in an object of its own: what counts most comes first.
    pub overrides: Vec<Override>,
}

impl Rendered {
    /// Whether it reads any file.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.inputs.folder.is_some() || !self.inputs.value_files.is_empty()
    }
}

/// One folder of one Git repository that an owner renders, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    /// What is read of it.
    pub inputs: Inputs,
    /// What of the owner's own settings may name other images than the files do.
    pub overridden: Option<String>,
}

impl Rendering {
    /// Of the one source of an owner.
    pub(super) fn of(rendered: Vec<Rendered>, overridden: Option<String>) -> Self {
        let inputs = rendered.into_iter().next().map(|rendered| rendered.inputs);
        Self { inputs: inputs.unwrap_or_default(), overridden }
    }
}
