//! Parameters that stand in a file beside the manifests: `.argocd-source.yaml` for all applications of
//! the folder, `.argocd-source-NAME.yaml` for one. Argo CD Image Updater writes them.

use serde_json::Value;

use crate::error::Result;
use crate::rollback::model::git_path::GitPath;

use super::kustomization::strings;
use super::named::text;
use super::patched::NewImage;
use super::reading::Reading;
use super::values::{Layer, parameter};

/// What they say.
#[derive(Default)]
pub(super) struct ArgocdSource {
    /// Over the images of a kustomization, with the file that says so.
    pub(super) images: Vec<(NewImage, GitPath)>,
    /// Over the values of a chart.
    pub(super) parameters: Vec<Layer>,
}

pub(super) fn read(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    application: &str,
) -> Result<ArgocdSource> {
    let mut names = vec![".argocd-source.yaml".to_owned()];
    // A name with a slash would be another folder.
    if !application.is_empty() && !application.contains('/') {
        names.push(format!(".argocd-source-{application}.yaml"));
    }
    let mut source = ArgocdSource::default();
    for name in names {
        let Some((file, content)) = reading.file(&folder.join(name.as_bytes()))? else { continue };
        for document in content.documents.iter().flatten() {
            if let Some(kustomize) = document.get("kustomize") {
                let images = strings(kustomize, "images").map(NewImage::of_word);
                source.images.extend(images.map(|image| (image, file.clone())));
            }
            let parameters = document.pointer("/helm/parameters").and_then(Value::as_array);
            for item in parameters.into_iter().flatten() {
                if let (Some(name), Some(value)) = (text(item, "name"), text(item, "value")) {
                    source.parameters.push(parameter(name, value, &file));
                }
            }
        }
    }
    Ok(source)
}
