//! The files that an app is rendered from, and the images that they name: what `kustomize build`,
//! `helm template` or a plain folder would read, followed from file to file in the tree of a commit.
//!
//! Nothing is rendered and nothing is fetched. Paths never lead out of the repository: what does is
//! noted and not read. What is fetched from elsewhere when it is rendered is named in
//! [`Closure::remote`]. The images are what the files come to as far as that can be told without
//! rendering: the `images` and patches of a kustomization over its resources, values files over those
//! of the chart.

mod argocd_source;
mod chart;
mod directory;
mod generate_paths;
mod glob;
mod kustomization;
mod kustomize;
mod named;
mod patched;
mod reading;
mod values;

use git2::Oid;
use serde_json::Value;

use crate::error::Result;
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;
use crate::text::sanitize;

pub use glob::is_of_pattern;
use kustomization::Kustomization;
pub(in crate::git) use kustomization::is_named;
pub use named::Named;
pub(in crate::git) use reading::Cache;
use reading::{Found, Reading};

/// What is rendered, as its owner declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The folder; `None` where the repository has only values for a chart from elsewhere.
    pub folder: Option<GitPath>,
    /// A folder that is neither a kustomization nor a chart is read with its subfolders.
    pub recursive: bool,
    /// Of such a folder, only the files that match; empty is all.
    pub include: String,
    /// Of such a folder, not the files that match.
    pub exclude: String,
    /// Values files, each over the ones before it: from the folder, or from the root of the repository
    /// where they begin with a slash. One of another source of the same repository (`$values/prod.yaml`)
    /// is given as `/prod.yaml`.
    pub value_files: Vec<String>,
    /// Components that the owner adds to a kustomization, from the folder.
    pub components: Vec<String>,
    /// The annotation `argocd.argoproj.io/manifest-generate-paths`; empty where there is none.
    pub generate_paths: String,
    /// Name of the Argo CD application, which has a file of parameters of its own; empty where there
    /// is none.
    pub application: String,
}

/// How a folder is rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Its manifests are taken as they are.
    #[default]
    Directory,
    /// By Kustomize.
    Kustomize,
    /// It is a Helm chart.
    Chart,
    /// There are only values for a chart from elsewhere.
    Values,
}

/// What an app is rendered from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// How.
    pub kind: Kind,
    /// Files and whole folders that are there, by path; none lies in another.
    pub paths: Vec<GitPath>,
    /// Those of them that only the annotation `manifest-generate-paths` names.
    pub hinted: Vec<GitPath>,
    /// Paths that were looked for in vain, and folders whose files were listed: what comes there may
    /// change the rest.
    pub watched: Vec<GitPath>,
    /// What is fetched from elsewhere: URLs, names of charts.
    pub remote: Vec<String>,
    /// What the user should know, each a sentence without a full stop.
    pub notes: Vec<String>,
    /// The images that the files come to.
    pub images: Vec<Named>,
    /// The files that were read for it, with their blobs.
    pub(in crate::git) files: Vec<(GitPath, Oid)>,
}

/// Reads it in the tree of a commit. A folder that is not there comes to nothing, with a note.
///
/// Fails with [`crate::error::ErrorKind::Refused`] where it is too much: thousands of files, or
/// kustomizations that lie dozens deep; with [`crate::git::MissingObject`] behind the error where a
/// file is not in the repository.
pub fn of(repository: &Repository, commit: Oid, inputs: &Inputs) -> Result<Closure> {
    read(repository, commit, inputs, &mut Cache::default())
}

/// The same, with what was read for other commits.
pub(in crate::git) fn read(
    repository: &Repository,
    commit: Oid,
    inputs: &Inputs,
    cache: &mut Cache,
) -> Result<Closure> {
    read_tree(repository, repository.tree_id(commit)?, inputs, cache)
}

/// The same of a tree that is in no commit yet.
pub(in crate::git) fn read_tree(
    repository: &Repository,
    tree: Oid,
    inputs: &Inputs,
    cache: &mut Cache,
) -> Result<Closure> {
    let mut reading = Reading::new(repository, tree, cache);
    let (kind, images) = match &inputs.folder {
        None => (Kind::Values, values::alone(&mut reading, &inputs.value_files)?),
        Some(folder) => rendered(&mut reading, folder, inputs)?,
    };
    let mut closure = reading.end(kind, images);
    if let Some(folder) = &inputs.folder {
        generate_paths::add(repository, tree, folder, &inputs.generate_paths, &mut closure)?;
    }
    Ok(closure)
}

/// The files from which a kustomization generates an object, where that is what a document in this file does.
pub(in crate::git) fn generated(
    file: &GitPath,
    document: &Value,
    object: &Target,
) -> Option<Vec<GitPath>> {
    let named = Kustomization(document).generated(&object.kind, &object.name)?;
    Some(std::iter::once(file.clone()).chain(beside(file, named)).collect())
}

/// The files that hold what a kustomization generates an object from, and nothing else: empty where there are none
/// such; `None` where it does not generate the object.
pub(in crate::git) fn generated_alone(
    file: &GitPath,
    document: &Value,
    object: &Target,
) -> Option<Vec<GitPath>> {
    let named = Kustomization(document).generated_alone(&object.kind, &object.name)?;
    let count = named.len();
    let files = beside(file, named);
    Some(if files.len() == count { files } else { Vec::new() })
}

/// What a file names, from its own folder; nothing that is outside of the repository.
fn beside(file: &GitPath, named: Vec<&str>) -> Vec<GitPath> {
    let folder = file.folder().unwrap_or_default();
    named.into_iter().filter_map(|named| reading::lexical(&folder, named)).collect()
}

fn rendered(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    inputs: &Inputs,
) -> Result<(Kind, Vec<Named>)> {
    let found = reading.find(folder)?.filter(|found| found.entry.is_tree());
    let Some(Found { path: folder, .. }) = found else {
        let shown = sanitize(&folder.to_string()).into_owned();
        reading.note(format!("there is no folder {shown}"));
        return Ok((Kind::Directory, Vec::new()));
    };
    // What it names begins where it really is.
    let folder = &folder;
    let source = argocd_source::read(reading, folder, &inputs.application)?;
    let has_chart = reading.is_file(&folder.join(b"Chart.yaml"))?;
    let is_kustomize = kustomize::file_of(reading, folder)?.is_some();
    if has_chart && (!is_kustomize || !inputs.value_files.is_empty()) {
        let mut layers = values::layers(reading, folder, &inputs.value_files)?;
        layers.extend(source.parameters);
        return Ok((Kind::Chart, chart::images(reading, folder, layers)?));
    }
    let mut images = if is_kustomize {
        kustomize::build(reading, folder)?
    } else {
        directory::images(reading, folder, inputs)?
    };
    kustomize::add_components(reading, folder, &inputs.components, &mut images)?;
    for (image, file) in &source.images {
        patched::transform(&mut images, image, file);
    }
    let by_kustomize = is_kustomize || !inputs.components.is_empty();
    Ok((if by_kustomize { Kind::Kustomize } else { Kind::Directory }, images))
}

#[cfg(test)]
mod tests;
