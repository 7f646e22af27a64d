//! What a kustomization does to the images of its resources: patches, and its list `images`.

use serde_json::Value;

use crate::rollback::model::git_path::GitPath;

use super::named::{Named, image, of, of_text, text};
use super::reading::Content;

/// An entry of the list `images`: what it finds, and what it makes of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NewImage {
    pub(super) name: String,
    pub(super) new_name: Option<String>,
    pub(super) new_tag: Option<String>,
    pub(super) digest: Option<String>,
}

impl NewImage {
    pub(super) fn of(entry: &Value) -> Option<Self> {
        let word = |member: &str| match entry.get(member)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Some(Self {
            name: word("name")?,
            new_name: word("newName"),
            new_tag: word("newTag"),
            digest: word("digest"),
        })
    }

    /// As Argo CD writes it in one word: `name=new/name:tag`, `name:tag`, `name@digest`.
    pub(super) fn of_word(word: &str) -> Self {
        let (name, reference) = word.split_once('=').unzip();
        let new = image(reference.unwrap_or(word));
        let own = new.repository.unwrap_or_default();
        let new_name = name.is_some().then(|| own.clone());
        let name = name.map_or(own, str::to_owned);
        Self { name, new_name, new_tag: new.tag, digest: new.digest }
    }

    fn apply(&self, named: &mut Named, file: &GitPath) {
        if let Some(name) = &self.new_name {
            named.image.repository = Some(name.clone());
        }
        if self.new_tag.is_some() || self.digest.is_some() {
            named.image.tag.clone_from(&self.new_tag);
            named.image.digest.clone_from(&self.digest);
        }
        named.file = file.clone();
    }
}

/// Takes an entry of `images` over the images; one that finds nothing is for what cannot be seen here.
pub(super) fn transform(images: &mut Vec<Named>, new: &NewImage, file: &GitPath) {
    let is_meant = |named: &&mut Named| named.image.repository.as_ref() == Some(&new.name);
    let mut found = false;
    for named in images.iter_mut().filter(is_meant) {
        new.apply(named, file);
        found = true;
    }
    if !found {
        let mut named = Named::loose(image(&new.name), file);
        new.apply(&mut named, file);
        images.push(named);
    }
}

/// What a patch is for.
#[derive(Clone, Debug, Default)]
pub(super) struct PatchTarget {
    kind: Option<String>,
    name: Option<String>,
}

impl PatchTarget {
    pub(super) fn of(patch: &Value) -> Self {
        let target = patch.get("target").unwrap_or(&Value::Null);
        let word = |member: &str| text(target, member).map(str::to_owned);
        Self { kind: word("kind"), name: word("name") }
    }

    /// Its name may be a pattern; what is no plain name is taken to match.
    fn fits(&self, workload: Option<&str>) -> bool {
        let Some((kind, name)) = workload.and_then(|workload| workload.split_once('/')) else {
            return true;
        };
        let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
            && self.name.as_deref().is_none_or(|wanted| wanted == name || !is_plain(wanted))
    }
}

/// Takes the patch in a file over the images.
pub(super) fn patch(
    images: &mut Vec<Named>,
    content: &Content,
    target: &PatchTarget,
    file: &GitPath,
) {
    let documents = content.documents.as_deref().unwrap_or_default();
    if !operations(images, documents, target, file) {
        merge(images, of(content, file), target);
    }
}

/// Takes a patch that stands in the kustomization itself over the images.
pub(super) fn patch_text(
    images: &mut Vec<Named>,
    patch: &str,
    target: &PatchTarget,
    file: &GitPath,
) {
    let documents = serde_yaml::from_multiple::<Value>(patch).unwrap_or_default();
    if !operations(images, &documents, target, file) {
        merge(images, of_text(patch, file), target);
    }
}

/// A JSON patch; `false` where it is none.
fn operations(
    images: &mut Vec<Named>,
    documents: &[Value],
    target: &PatchTarget,
    file: &GitPath,
) -> bool {
    let [Value::Array(operations)] = documents else { return false };
    for operation in operations {
        let (Some(path), Some(value)) = (text(operation, "path"), text(operation, "value")) else {
            continue;
        };
        if !path.ends_with("/image") {
            continue;
        }
        let new = image(value);
        let is_meant =
            |named: &&mut Named| named.slot == path && target.fits(named.workload.as_deref());
        let mut found = false;
        for named in images.iter_mut().filter(is_meant) {
            named.image = new.clone();
            named.file = file.clone();
            found = true;
        }
        if !found {
            images.push(Named::loose(new, file));
        }
    }
    true
}

/// A strategic merge: containers are known by their names, other images by their repositories.
fn merge(images: &mut Vec<Named>, patch: Vec<Named>, target: &PatchTarget) {
    for new in patch {
        let same_workload = images.iter().any(|named| {
            named.container == new.container
                && named.workload.is_some()
                && named.workload == new.workload
        });
        let is_meant = |named: &Named| match &new.container {
            Some(_) if named.container != new.container => false,
            Some(_) if same_workload => named.workload == new.workload,
            Some(_) => target.fits(named.workload.as_deref()),
            None => {
                named.image.repository.is_some() && named.image.repository == new.image.repository
            }
        };
        let mut found = false;
        for named in images.iter_mut().filter(|named| is_meant(named)) {
            named.image = new.image.clone();
            named.file = new.file.clone();
            found = true;
        }
        if !found {
            images.push(new);
        }
    }
}
