//! A Helm chart in the repository, with the charts that it depends on.

use std::rc::Rc;

use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::image_lines::Image;
use crate::rollback::model::git_path::GitPath;

use super::named::Named;
use super::reading::{Content, Reading};
use super::values::{self, About, Layer};

/// The images that a chart comes to with these values over its own. All of its folder is counted in.
pub(super) fn images(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    over: Vec<Layer>,
) -> Result<Vec<Named>> {
    if !reading.enter(folder)? {
        return Ok(Vec::new());
    }
    reading.whole(folder);
    let mut layers = Vec::new();
    if let Some((file, content)) = reading.file(&folder.join(b"values.yaml"))? {
        layers.push(Layer { file, values: first(&content) });
    }
    layers.extend(over);
    let file = folder.join(b"Chart.yaml");
    let chart = reading.file(&file)?.map(|(_, content)| first(&content)).unwrap_or_default();
    let about = values::about(&chart);
    let within: Vec<&str> = about.dependencies.iter().map(|(name, _)| *name).collect();
    let mut found = values::images(&layers, &within);
    fill(&mut found, &about, &file);
    templates(reading, &folder.join(b"templates"), &mut found)?;
    for &(name, from) in &about.dependencies {
        let inner = values::within(&layers, name);
        found.extend(dependency(reading, folder, (name, from), inner)?);
    }
    reading.leave();
    Ok(found)
}

fn first(content: &Rc<Content>) -> Value {
    let documents = content.documents.as_ref();
    documents.and_then(|documents| documents.first()).cloned().unwrap_or_default()
}

/// A tag that the values leave open is the version that the chart is made for.
fn fill(found: &mut Vec<Named>, about: &About<'_>, file: &GitPath) {
    let Some(version) = about.app_version else { return };
    let is_open = |image: &Image| image.tag.is_none() && image.digest.is_none();
    for named in found.iter_mut().filter(|named| is_open(&named.image)) {
        named.image.tag = Some(version.to_owned());
        named.file = file.clone();
    }
    if found.is_empty() {
        let image = Image { repository: None, tag: Some(version.to_owned()), digest: None };
        found.push(Named::loose(image, file));
    }
}

/// A chart within: of this repository, in the folder `charts`, or fetched.
fn dependency(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    (name, from): (&str, &str),
    values: Vec<Layer>,
) -> Result<Vec<Named>> {
    let kept = folder.join(b"charts").join(name.as_bytes());
    let place = match from.strip_prefix("file://") {
        Some(path) => reading.lead(folder, path),
        None => Some(kept),
    };
    if let Some(place) = place
        && reading.is_file(&place.join(b"Chart.yaml"))?
    {
        return images(reading, &place, values);
    }
    let from = if from.is_empty() { String::new() } else { format!(" of {from}") };
    reading.remote(&format!("chart {name}{from}"));
    Ok(values::images(&values, &[]))
}

/// What templates name without a value. They are no YAML: their lines are read.
fn templates(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    found: &mut Vec<Named>,
) -> Result<()> {
    let mut open = vec![folder.clone()];
    while let Some(folder) = open.pop() {
        for (path, entry) in reading.list(&folder)? {
            if entry.is_tree() {
                open.push(path);
            } else if entry.is_file() {
                let (path, content) = reading.read(path, entry)?;
                found.extend(values::literal(&content.text, &path));
            }
        }
    }
    Ok(())
}
