//! Programs beside the owners that bring releases by themselves, and may bring one back that was taken out of
//! Git. Pure.

use crate::rollback::model::image::{ContainerImage, ImageRef};

use super::origin::OwnerRead;

/// What is said of those that set one of the images that go back: a warning for each, and what stops it.
#[must_use]
pub fn that_bring_it_back(
    owners: &[OwnerRead],
    from: &[ContainerImage],
    to: &[ContainerImage],
) -> (Vec<String>, Vec<String>) {
    let left = from.iter().filter(|image| !to.contains(image));
    let left: Vec<&str> = left.map(|image| ImageRef::parse(&image.image).repository).collect();
    let bots = owners.iter().filter_map(|read| {
        let pause = read.owner.pause.as_ref().filter(|_| read.owner.counts())?;
        let sets = |image: &String| left.iter().any(|left| is_same(left, image));
        let is_meant = pause.images.is_empty() || pause.images.iter().any(sets);
        let warning = || format!("{}: {}", read.owner.name, read.owner.would);
        is_meant.then(|| (warning(), pause.how.clone()))
    });
    bots.unzip()
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
    use crate::rollback::model::ownership::{Owner, Pause, Proof};

    fn images(image: &str) -> Vec<ContainerImage> {
        let named = |container: &str, image: &str| ContainerImage {
            container: container.to_owned(),
            image: image.to_owned(),
        };
        vec![named("proxy", "registry.test/proxy:1"), named("web", image)]
    }

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
            let read = [OwnerRead { owner, object: Value::Null }];
            let (warnings, todo) =
                that_bring_it_back(&read, &images("nginx:2"), &images("nginx:1"));
            assert_eq!(warnings.len(), usize::from(is_told), "{sets:?}");
            assert_eq!(todo.len(), usize::from(is_told), "{sets:?}");
        }
    }
}
