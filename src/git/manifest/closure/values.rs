//! Values of Helm charts: files laid over each other, and the images that they come to.

use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::image_lines::Image;
use crate::rollback::model::git_path::GitPath;

use super::named::{Named, image, text};
use super::reading::Reading;

/// How deep values nest.
const DEEPEST: usize = 40;

/// Values and where they are from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) file: GitPath,
    pub(super) values: Value,
}

/// The values files, the lowest first. What is not there is noted and left out.
pub(super) fn layers(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    files: &[String],
) -> Result<Vec<Layer>> {
    let mut layers = Vec::new();
    for name in files {
        if name.contains("://") || name.starts_with('$') {
            reading.remote(&format!("values {name}"));
            continue;
        }
        let path = match name.strip_prefix('/') {
            Some(name) => reading.lead(&GitPath::default(), name),
            None => reading.lead(folder, name),
        };
        let Some(path) = path else { continue };
        if let Some((file, content)) = reading.file(&path)? {
            let first = content.documents.as_ref().and_then(|documents| documents.first());
            layers.push(Layer { file, values: first.cloned().unwrap_or_default() });
        } else {
            let shown = crate::text::sanitize(&path.to_string()).into_owned();
            reading.note(format!("{shown} is named and is not there"));
        }
    }
    Ok(layers)
}

/// The images of values for a chart that is not here.
pub(super) fn alone(reading: &mut Reading<'_, '_>, files: &[String]) -> Result<Vec<Named>> {
    let layers = layers(reading, &GitPath::default(), files)?;
    Ok(images(&layers, &[]))
}

/// The images of all layers, but not those of these members: they are for charts within.
pub(super) fn images(layers: &[Layer], without: &[&str]) -> Vec<Named> {
    let mut merged = Value::Null;
    // A file without content changes nothing.
    for layer in layers.iter().filter(|layer| !layer.values.is_null()) {
        merge(&mut merged, &layer.values);
    }
    if let Value::Object(members) = &mut merged {
        for name in without {
            members.shift_remove(*name);
        }
    }
    let mut found = Vec::new();
    collect(&merged, "", "", &mut found);
    let place = |(at, image): (String, Image)| {
        let decides = |layer: &&Layer| {
            ["/tag", "/digest", "/repository", ""].iter().any(|member| {
                let value = layer.values.pointer(&format!("{at}{member}"));
                value.is_some_and(|value| !value.is_object())
            })
        };
        let mut named = Named::loose(image, &GitPath::default());
        if let Some(layer) = layers.iter().rev().find(decides) {
            named.file = layer.file.clone();
        }
        named
    };
    found.into_iter().map(place).collect()
}

/// Lays values over others as Helm does: maps are merged, all else is replaced, and a null takes away.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    under.shift_remove(key);
                } else {
                    merge(under.entry(key.as_str()).or_insert(Value::Null), value);
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn collect(value: &Value, at: &str, key: &str, found: &mut Vec<(String, Image)>) {
    if at.matches('/').count() > DEEPEST {
        return;
    }
    match value {
        Value::Object(members) => {
            if let Some(image) = in_parts(value, key) {
                found.push((at.to_owned(), image));
            }
            for (key, member) in members {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                let is_image = key == "image" || key.ends_with("Image");
                match member.as_str() {
                    Some(reference) if is_image && !reference.is_empty() => {
                        found.push((at, beside(value, reference)));
                    }
                    _ => collect(member, &at, key, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{at}/{index}"), key, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `repository` and `tag`, or what stands below `image`.
fn in_parts(value: &Value, key: &str) -> Option<Image> {
    let word = |member: &str| word(value.get(member)?);
    let is_image = key.to_ascii_lowercase().ends_with("image");
    let repository = word("repository").or_else(|| word("name").filter(|_| is_image));
    let (tag, digest) = (word("tag"), word("digest"));
    let is_one = match (&repository, is_image) {
        (Some(_), true) => true,
        (Some(_), false) => value.get("tag").is_some() || digest.is_some(),
        (None, true) => tag.is_some() || digest.is_some(),
        (None, false) => false,
    };
    let repository = match (repository, word("registry")) {
        (Some(repository), Some(registry)) => Some(format!("{registry}/{repository}")),
        (repository, _) => repository,
    };
    is_one.then_some(Image { repository, tag, digest })
}

/// `image: shop/web` with its `tag` beside it.
fn beside(value: &Value, reference: &str) -> Image {
    let mut image = image(reference);
    for member in ["tag", "imageTag"] {
        if image.tag.is_none() && image.digest.is_none() {
            image.tag = value.get(member).and_then(word);
        }
    }
    image
}

/// A text that is not empty, or a number as Helm prints it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The members of all layers that are for a chart within.
pub(super) fn within(layers: &[Layer], name: &str) -> Vec<Layer> {
    let inner = |layer: &Layer| {
        let values = layer.values.get(name)?.clone();
        Some(Layer { file: layer.file.clone(), values })
    };
    layers.iter().filter_map(inner).collect()
}

/// A parameter, by its dotted name, as a layer.
pub(super) fn parameter(name: &str, value: &str, file: &GitPath) -> Layer {
    let value = Value::String(value.to_owned());
    let nest = |value: Value, name: &str| {
        let mut members = serde_json::Map::new();
        members.insert(name.to_owned(), value);
        Value::Object(members)
    };
    Layer { file: file.clone(), values: name.split('.').rev().fold(value, nest) }
}

/// The images that templates name without a value.
pub(super) fn literal(content: &str, file: &GitPath) -> Vec<Named> {
    let lines = crate::git::manifest::image_lines::images(content).into_iter();
    lines.map(|image| Named::loose(image, file)).collect()
}

/// What a chart says of itself.
pub(super) struct About<'v> {
    pub(super) app_version: Option<&'v str>,
    /// Name, and where it is from, of each chart within.
    pub(super) dependencies: Vec<(&'v str, &'v str)>,
}

pub(super) fn about<'v>(chart: &'v Value) -> About<'v> {
    let items = chart.get("dependencies").and_then(Value::as_array);
    let dependency = |item: &'v Value| {
        let name = text(item, "alias").or_else(|| text(item, "name"))?;
        Some((name, text(item, "repository").unwrap_or_default()))
    };
    About {
        app_version: text(chart, "appVersion").filter(|version| !version.is_empty()),
        dependencies: items.into_iter().flatten().filter_map(dependency).collect(),
    }
}
