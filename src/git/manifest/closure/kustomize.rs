//! Follows a kustomization through its resources, bases and components.

use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::apps::ROOTS;
use crate::rollback::model::git_path::GitPath;

use super::chart;
use super::kustomization::{HelmChart, Kustomization, Patch};
use super::named::{self, Named};
use super::patched::{patch, patch_text, transform};
use super::reading::Reading;
use super::values;

/// The file of a folder that is a kustomization.
pub(super) fn file_of(reading: &mut Reading<'_, '_>, folder: &GitPath) -> Result<Option<GitPath>> {
    for name in ROOTS.iter().take(3) {
        let path = folder.join(name);
        if reading.is_file(&path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The images that a kustomization comes to; each is read once, however many name it.
pub(super) fn build(reading: &mut Reading<'_, '_>, folder: &GitPath) -> Result<Vec<Named>> {
    if let Some(known) = reading.built.get(folder) {
        return Ok(known.clone());
    }
    let mut images = Vec::new();
    accumulate(reading, folder, &mut images)?;
    reading.built.insert(folder.clone(), images.clone());
    Ok(images)
}

/// The same for components that somebody else adds to it.
pub(super) fn add_components(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    components: &[String],
    images: &mut Vec<Named>,
) -> Result<()> {
    let components: Vec<&str> = components.iter().map(String::as_str).collect();
    compose(reading, folder, &components, images)
}

/// Adds what a kustomization has, and takes its patches over all that is there: a component does so to
/// what it is added to.
fn accumulate(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    images: &mut Vec<Named>,
) -> Result<()> {
    let Some(file) = file_of(reading, folder)? else {
        let shown = folder.to_string();
        reading.note(format!("{} is no kustomization", crate::text::sanitize(&shown)));
        return Ok(());
    };
    if !reading.enter(folder)? {
        return Ok(());
    }
    if let Some((file, content)) = reading.file(&file)? {
        match content.documents.as_deref() {
            Some([]) => {}
            Some([document, ..]) => read(reading, folder, &file, document, images)?,
            None => {
                let shown = file.to_string();
                reading.note(format!("{} cannot be read", crate::text::sanitize(&shown)));
                images.extend(named::of(&content, &file));
            }
        }
    }
    reading.leave();
    Ok(())
}

fn read(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    file: &GitPath,
    document: &Value,
    images: &mut Vec<Named>,
) -> Result<()> {
    let kustomization = Kustomization(document);
    for name in kustomization.resources() {
        let found = resource(reading, folder, name)?;
        images.extend(found);
    }
    for chart in kustomization.charts() {
        let found = inflated(reading, folder, kustomization.chart_home(), &chart)?;
        images.extend(found);
    }
    for name in kustomization.plugins() {
        // They are read as resources are, and what they make is not known.
        resource(reading, folder, name)?;
    }
    for name in kustomization.files() {
        plain(reading, folder, name)?;
    }
    compose(reading, folder, &kustomization.components(), images)?;
    for Patch { path, text, target } in kustomization.patches() {
        if let Some(text) = text {
            patch_text(images, text, &target, file);
        }
        let Some(path) = path.and_then(|path| reading.lead(folder, path)) else { continue };
        match reading.file(&path)? {
            Some((file, content)) => patch(images, &content, &target, &file),
            None => missing(reading, &path),
        }
    }
    for image in kustomization.images() {
        transform(images, &image, file);
    }
    Ok(())
}

fn compose(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    components: &[&str],
    images: &mut Vec<Named>,
) -> Result<()> {
    for name in components {
        if is_remote(name) {
            reading.remote(name);
            continue;
        }
        let Some(path) = reading.lead(folder, name) else { continue };
        match reading.find(&path)? {
            Some(found) if found.entry.is_tree() => accumulate(reading, &found.path, images)?,
            _ => absent(reading, &path, name),
        }
    }
    Ok(())
}

/// A file, a folder that is a kustomization, or something that is fetched.
fn resource(reading: &mut Reading<'_, '_>, folder: &GitPath, name: &str) -> Result<Vec<Named>> {
    if is_remote(name) {
        reading.remote(name);
        return Ok(Vec::new());
    }
    let Some(path) = reading.lead(folder, name) else { return Ok(Vec::new()) };
    match reading.find(&path)? {
        Some(found) if found.entry.is_tree() => build(reading, &found.path),
        Some(found) => {
            let file = reading.file(&found.path)?;
            Ok(file.map(|(file, content)| named::of(&content, &file)).unwrap_or_default())
        }
        None => {
            absent(reading, &path, name);
            Ok(Vec::new())
        }
    }
}

/// A file that is read and not looked into.
fn plain(reading: &mut Reading<'_, '_>, folder: &GitPath, name: &str) -> Result<()> {
    if is_remote(name) {
        reading.remote(name);
        return Ok(());
    }
    let Some(path) = reading.lead(folder, name) else { return Ok(()) };
    match reading.find(&path)? {
        Some(found) if found.entry.is_tree() => reading.whole(&found.path),
        Some(found) => {
            reading.file(&found.path)?;
        }
        None => missing(reading, &path),
    }
    Ok(())
}

fn inflated(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    home: &str,
    chart: &HelmChart<'_>,
) -> Result<Vec<Named>> {
    let HelmChart { name, version, repository, value_files } = chart;
    let files: Vec<String> = value_files.iter().map(|file| (*file).to_owned()).collect();
    let layers = values::layers(reading, folder, &files)?;
    let Some(home) = reading.lead(folder, home) else { return Ok(Vec::new()) };
    let own = home.join(name.as_bytes());
    // What was fetched before may be kept with its version.
    let kept = home.join(format!("{name}-{version}").as_bytes()).join(name.as_bytes());
    for place in [own, kept] {
        if !name.is_empty() && reading.is_file(&place.join(b"Chart.yaml"))? {
            return chart::images(reading, &place, layers);
        }
    }
    let from = repository.map(|repository| format!(" of {repository}")).unwrap_or_default();
    reading.remote(&format!("chart {name} {version}{from}"));
    Ok(values::images(&layers, &[]))
}

/// What is certainly no path in this repository.
fn is_remote(name: &str) -> bool {
    name.contains("://") || name.contains("?ref=") || name.starts_with("git@")
}

/// What is not there may be the short form of an address: `github.com/shop/base//web`.
fn absent(reading: &mut Reading<'_, '_>, path: &GitPath, name: &str) {
    let host = name.split('/').next().unwrap_or_default();
    let is_host = host.contains('.') && !host.starts_with('.') && name.contains('/');
    if is_host || name.contains('@') { reading.remote(name) } else { missing(reading, path) }
}

fn missing(reading: &mut Reading<'_, '_>, path: &GitPath) {
    let shown = path.to_string();
    reading.note(format!("{} is named and is not there", crate::text::sanitize(&shown)));
}
