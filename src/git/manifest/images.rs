//! Which images files name, before a change and after it.

use crate::error::Result;
use crate::git::manifest::image_lines::{Image, images};
use crate::git::repository::Repository;
use crate::git::tree::file_merge::is_binary;
use crate::rollback::model::revert::{FileChange, FileEntry, ImageChange};

/// A larger file is no manifest.
const LARGEST: usize = 1024 * 1024;

/// The images that change, by file and in the order in which they stand in it. Files that are large,
/// binary or not here say nothing.
pub fn changes(repository: &Repository, files: &[FileChange]) -> Result<Vec<ImageChange>> {
    let mut changes = Vec::new();
    for file in files {
        let before = of(repository, file.before.as_ref())?;
        let after = of(repository, file.after.as_ref())?;
        for (before, after) in paired(before, after) {
            changes.push(ImageChange {
                path: file.path.clone(),
                before: before.map(|image| image.to_string()),
                after: after.map(|image| image.to_string()),
            });
        }
    }
    Ok(changes)
}

fn of(repository: &Repository, entry: Option<&FileEntry>) -> Result<Vec<Image>> {
    let Some(entry) = entry else { return Ok(Vec::new()) };
    Ok(text(repository, entry)?.map(|text| images(&text)).unwrap_or_default())
}

/// A file as text, where it may be a manifest.
pub(in crate::git) fn text(repository: &Repository, entry: &FileEntry) -> Result<Option<String>> {
    let is_file = matches!(entry.mode, 0o100_644 | 0o100_755);
    let Ok(id) = git2::Oid::from_str(&entry.id) else { return Ok(None) };
    if !is_file || repository.blob_size(id).is_none_or(|size| size > LARGEST) {
        return Ok(None);
    }
    let content = repository.blob(id)?;
    Ok((!is_binary(&content)).then(|| String::from_utf8_lossy(&content).into_owned()))
}

/// Those that are not on both sides, side by side where they are of the same repository.
fn paired(mut before: Vec<Image>, mut after: Vec<Image>) -> Vec<(Option<Image>, Option<Image>)> {
    before.retain(|image| {
        let same = after.iter().position(|other| other == image);
        same.map(|index| after.remove(index)).is_none()
    });
    let mut pairs = Vec::new();
    for image in before {
        let same = after.iter().position(|other| other.repository == image.repository);
        pairs.push((Some(image), same.map(|index| after.remove(index))));
    }
    // What is left on both sides was renamed on the way, if anything.
    for image in after {
        let alone = pairs.iter_mut().find(|(_, after)| after.is_none());
        match alone {
            Some(pair) => pair.1 = Some(image),
            None => pairs.push((None, Some(image))),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Image> {
        images(&text.split(' ').map(|image| format!("image: {image}\n")).collect::<String>())
    }

    #[test]
    fn images_are_paired_by_their_repository() {
        for (before, after, pairs) in [
            ("a:1 b:1", "a:1 b:2", vec![("b:1", "b:2")]),
            ("a:1 b:1", "b:2 a:2", vec![("a:1", "a:2"), ("b:1", "b:2")]),
            ("a:1 a:1", "a:1 a:2", vec![("a:1", "a:2")]),
            ("old/a:1", "new/a:1", vec![("old/a:1", "new/a:1")]),
            ("a:1", "a:1", vec![]),
        ] {
            let found: Vec<(String, String)> = paired(list(before), list(after))
                .into_iter()
                .map(|(a, b)| (a.unwrap().to_string(), b.unwrap().to_string()))
                .collect();
            let pairs: Vec<(String, String)> =
                pairs.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(found, pairs, "{before} to {after}");
        }
    }

    #[test]
    fn an_image_that_comes_or_goes_has_one_side() {
        let came = paired(list("a:1"), list("a:1 b:1"));
        assert!(matches!(came.as_slice(), [(None, Some(_))]), "{came:?}");
        let went = paired(list("a:1 b:1"), list("b:1"));
        assert!(matches!(went.as_slice(), [(Some(_), None)]), "{went:?}");
    }
}
