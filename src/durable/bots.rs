//! Programs beside the owners that bring releases by themselves, and may bring one back that was taken out of
//! Git. Pure.

use crate::rollback::model::image::ImageRef;
use crate::rollback::model::revert::ImageChange;

use super::origin::OwnerRead;

/// What is said of those that set an image that is `left`: a warning for each, and what stops it. Images are
/// references, with or without their tags; `None`: nobody knows which they are, so whoever sets any is told.
#[must_use]
pub fn that_bring_it_back(
    owners: &[OwnerRead],
    left: Option<&[&str]>,
) -> (Vec<String>, Vec<String>) {
    let left = left.map(|left| left.iter().map(|image| ImageRef::parse(image).repository));
    let left: Option<Vec<&str>> = left.map(Iterator::collect);
    let bots = owners.iter().filter_map(|read| {
        let pause = read.owner.pause.as_ref().filter(|_| read.owner.counts())?;
        let is_left = |image: &String| {
            left.as_ref().is_none_or(|left| left.iter().any(|left| is_same(left, image)))
        };
        let is_meant = pause.images.is_empty() || pause.images.iter().any(is_left);
        let warning = || format!("{}: {}", read.owner.name, read.owner.would);
        is_meant.then(|| (warning(), pause.how.clone()))
    });
    bots.unzip()
}

/// The images that a revert leaves; `None` where that is not known of all: a file may name a tag alone, or
/// make an image of parts that are not seen to be one.
#[must_use]
pub fn left(changes: &[ImageChange]) -> Option<Vec<&str>> {
    let before = changes.iter().filter_map(|change| change.before.as_deref());
    let whole = before.map(|image| image.contains(':').then_some(image));
    whole.collect::<Option<Vec<&str>>>().filter(|left| !left.is_empty())
}

/// Whether two names are of one image: one of them may leave out where it is, as `nginx` does.
fn is_same(one: &str, other: &str) -> bool {
    let whole = |name: &str| {
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        name.strip_prefix("library/").unwrap_or(name).to_owned()
    };
    whole(one) == whole(other)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::rollback::model::git_path::GitPath;
    use crate::rollback::model::ownership::{Owner, Pause, Proof};

    #[test]
    fn who_sets_an_image_that_goes_back_is_told() {
        let refuted = || Proof::Refuted("it is gone".to_owned());
        for (sets, proof, is_told) in [
            (Some(vec!["nginx"]), Proof::Listed, true),
            (Some(vec!["registry.test/api", "docker.io/library/nginx"]), Proof::Listed, true),
            (Some(vec![]), Proof::Marked, true),
            // What it sets does not change.
            (Some(vec!["registry.test/proxy"]), Proof::Listed, false),
            (Some(vec!["registry.test/api"]), Proof::Listed, false),
            (Some(vec!["nginx"]), refuted(), false),
            (None, Proof::Listed, false),
        ] {
            let pause = sets.clone().map(|images| Pause {
                images: images.into_iter().map(str::to_owned).collect(),
                how: "to stop it: kubectl".to_owned(),
            });
            let (name, would) = ("Bot".to_owned(), "it sets it again".to_owned());
            let owner = Owner { name, would, proof, pause, ..Owner::default() };
            let read = [OwnerRead { owner, object: Value::Null, taken: Vec::new() }];
            let (warnings, todo) = that_bring_it_back(&read, Some(&["nginx:2"]));
            assert_eq!(warnings.len(), usize::from(is_told), "{sets:?}");
            assert_eq!(todo.len(), usize::from(is_told), "{sets:?}");
            let (warnings, _) = that_bring_it_back(&read, None);
            let may_be = read.iter().any(|read| read.owner.pause.is_some() && read.owner.counts());
            assert_eq!(warnings.len(), usize::from(may_be), "{sets:?}");
        }
    }

    #[test]
    fn what_is_left_is_known_where_files_name_whole_images() {
        let change = |before: Option<&str>| ImageChange {
            path: GitPath::new("web.yaml"),
            before: before.map(str::to_owned),
            after: None,
        };
        for (before, known) in [
            (vec![Some("registry.test/web:2.0")], Some(vec!["registry.test/web:2.0"])),
            // What comes back leaves nothing.
            (vec![Some("web@sha256:1f"), None], Some(vec!["web@sha256:1f"])),
            (vec![Some("registry.test/web:2.0"), Some("2.0")], None),
            (vec![None], None),
            (vec![], None),
        ] {
            let changes: Vec<_> = before.iter().copied().map(change).collect();
            assert_eq!(left(&changes), known, "{before:?}");
        }
    }
}
