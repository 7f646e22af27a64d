//! The images that manifests name, with the container that each is for.

use serde_json::Value;

use crate::git::manifest::image_lines::{Image, images};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::image::ImageRef;

use super::reading::Content;

/// The lists of containers in a pod's specification.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// How deep manifests nest.
const DEEPEST: usize = 40;

/// An image that the files of an app name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The container that it is for, where the file says so.
    pub container: Option<String>,
    /// The file that decides it.
    pub file: GitPath,
    /// `Deployment/checkout`, where the file says so.
    pub(super) workload: Option<String>,
    /// Where in the workload it stands, as a JSON pointer; may be empty.
    pub(super) slot: String,
    pub(super) image: Image,
}

impl Named {
    /// One of no container in particular.
    pub(super) fn loose(image: Image, file: &GitPath) -> Self {
        Self { container: None, file: file.clone(), workload: None, slot: String::new(), image }
    }

    /// The reference, or the tag alone where the files have no more.
    #[must_use]
    pub fn reference(&self) -> String {
        self.image.to_string()
    }

    /// Whether it is the image of a container, given by its whole reference. A file may leave out the
    /// registry or the name; what it says of the version has to be the same.
    #[must_use]
    pub fn is(&self, reference: &str) -> bool {
        let wanted = ImageRef::parse(reference);
        let Image { repository, tag, digest } = &self.image;
        let is_another = |own: &str| !same_repository(own, wanted.repository);
        if repository.as_deref().is_some_and(is_another) {
            return false;
        }
        match (digest.as_deref(), wanted.digest) {
            (Some(own), Some(wanted)) => own == wanted,
            // Whoever pinned it on the way to the cluster kept its tag.
            (None, Some(_)) => wanted.tag.is_some() && tag.as_deref() == wanted.tag,
            (Some(_), None) => false,
            (None, None) => tag.as_deref() == wanted.tag && (tag.is_some() || repository.is_some()),
        }
    }
}

impl Named {
    /// Whether it may be another version of that image: it has the same name, or none at all.
    #[must_use]
    pub fn is_version_of(&self, reference: &str) -> bool {
        let wanted = ImageRef::parse(reference).repository;
        self.image.repository.as_deref().is_none_or(|own| same_repository(own, wanted))
    }
}

/// One may be the end of the other: a registry is often a setting of its own.
fn same_repository(own: &str, wanted: &str) -> bool {
    let ends_with = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    ends_with(own, wanted) || ends_with(wanted, own)
}

/// An image from its reference.
pub(super) fn image(reference: &str) -> Image {
    let parsed = ImageRef::parse(reference);
    Image {
        repository: Some(parsed.repository.to_owned()),
        tag: parsed.tag.map(str::to_owned),
        digest: parsed.digest.map(str::to_owned),
    }
}

/// The images of a file: those of containers by its structure, all others by its lines.
pub(super) fn of(content: &Content, file: &GitPath) -> Vec<Named> {
    let documents = content.documents.iter().flatten();
    let mut found: Vec<Named> =
        documents.flat_map(|document| of_document(document, file)).collect();
    add_lines(&mut found, &content.text, file);
    found
}

/// The same of a text within a file.
pub(super) fn of_text(text: &str, file: &GitPath) -> Vec<Named> {
    let documents = serde_yaml::from_multiple::<Value>(text).unwrap_or_default();
    let mut found: Vec<Named> =
        documents.iter().flat_map(|document| of_document(document, file)).collect();
    add_lines(&mut found, text, file);
    found
}

fn add_lines(found: &mut Vec<Named>, text: &str, file: &GitPath) {
    for image in images(text) {
        if !found.iter().any(|named| named.image == image) {
            found.push(Named::loose(image, file));
        }
    }
}

fn of_document(document: &Value, file: &GitPath) -> Vec<Named> {
    let mut found = Vec::new();
    let items = document.get("items").and_then(Value::as_array);
    let is_list = text(document, "kind").is_some_and(|kind| kind.ends_with("List"));
    if let (true, Some(items)) = (is_list, items) {
        for item in items {
            collect(item, workload(item).as_deref(), "", file, &mut found);
        }
    } else {
        collect(document, workload(document).as_deref(), "", file, &mut found);
    }
    found
}

/// `Deployment/checkout`.
fn workload(object: &Value) -> Option<String> {
    let kind = text(object, "kind")?;
    let name = object.pointer("/metadata/name").and_then(Value::as_str)?;
    Some(format!("{kind}/{name}"))
}

fn collect(
    value: &Value,
    workload: Option<&str>,
    at: &str,
    file: &GitPath,
    found: &mut Vec<Named>,
) {
    if at.matches('/').count() > DEEPEST {
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let at = format!("{at}/{key}");
                match member.as_array() {
                    Some(items) if LISTS.contains(&key.as_str()) => {
                        let containers = items.iter().enumerate();
                        found.extend(containers.filter_map(|(index, item)| {
                            Some(Named {
                                container: text(item, "name").map(str::to_owned),
                                file: file.clone(),
                                workload: workload.map(str::to_owned),
                                slot: format!("{at}/{index}/image"),
                                image: image(text(item, "image")?),
                            })
                        }));
                    }
                    _ => match member.as_str() {
                        Some(reference) if key == "image" && is_reference(reference) => {
                            found.push(Named {
                                container: None,
                                file: file.clone(),
                                workload: workload.map(str::to_owned),
                                slot: at,
                                image: image(reference),
                            });
                        }
                        _ => collect(member, workload, &at, file, found),
                    },
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, workload, &format!("{at}/{index}"), file, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_reference(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

pub(super) fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::path;

    fn loose(reference: &str) -> Named {
        Named::loose(image(reference), &path("x"))
    }

    #[test]
    fn an_image_is_known_by_its_version_and_the_end_of_its_name() {
        let digest = "sha256:0123456789abcdef";
        for (own, wanted, same) in [
            ("shop/web:2", "shop/web:2", true),
            ("shop/web:2", "r.example/shop/web:2", true),
            ("r.example/shop/web:2", "shop/web:2", true),
            ("web:2", "my-web:2", false),
            ("shop/web:2", "shop/web:2.0", false),
            ("shop/web:2", "shop/api:2", false),
            ("shop/web:2", &format!("shop/web:2@{digest}"), true),
            ("shop/web:2", &format!("shop/web@{digest}"), false),
            (&format!("shop/web@{digest}"), &format!("shop/web:2@{digest}"), true),
            (&format!("shop/web@{digest}"), "shop/web:2", false),
            ("shop/web", "shop/web", true),
            ("shop/web", "shop/web:2", false),
        ] {
            assert_eq!(loose(own).is(wanted), same, "{own} {wanted}");
        }
        let tag = Image { repository: None, tag: Some("2".into()), digest: None };
        assert!(Named::loose(tag.clone(), &path("x")).is("shop/web:2"));
        let nothing = Image { tag: None, ..tag };
        assert!(!Named::loose(nothing, &path("x")).is("shop/web"));
    }

    #[test]
    fn containers_are_found_wherever_a_pod_is_specified() {
        let manifest = "kind: CronJob\nmetadata: {name: tidy}\nspec: {jobTemplate: {spec: {template: \
            {spec: {containers: [{name: a, image: 'x:1'}], initContainers: [{name: b, image: yard}]}}}}}\n\
            ---\nkind: Widget\nspec:\n  image: z:3\n";
        let found = of_text(manifest, &path("f.yaml"));
        let found: Vec<_> = found
            .iter()
            .map(|named| (named.container.as_deref(), named.workload.as_deref(), named.reference()))
            .collect();
        assert_eq!(
            found,
            [
                (Some("a"), Some("CronJob/tidy"), "x:1".to_owned()),
                (Some("b"), Some("CronJob/tidy"), "yard".to_owned()),
                (None, None, "z:3".to_owned()),
            ]
        );
        // What is no YAML is read by its lines.
        let template = "{{ if x }}\n  image: x:1\n{{ end }}\n";
        assert_eq!(of_text(template, &path("f.yaml"))[0].reference(), "x:1");
    }
}
