//! Which images the containers of pods run, as the container runtime tells it.

use std::collections::{BTreeMap, BTreeSet};

use crate::probe::pods::Pod;
use crate::probe::words;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::template;

/// A container that runs or ran.
pub(super) struct Running<'a> {
    pub(super) pod: &'a str,
    container: &'a str,
    /// As the pod's spec has it.
    pub(super) image: String,
    /// `sha256:…`; `None` where the runtime does not tell it.
    pub(super) digest: Option<&'a str>,
    /// What the runtime tells.
    told: &'a str,
}

impl Running<'_> {
    /// `web-abc: container app runs shop/web:1.0 as shop/web@sha256:…`.
    pub(super) fn line(&self) -> String {
        let told = if self.told.is_empty() { "an image without an id" } else { self.told };
        format!("{}: container {} runs {} as {told}", self.pod, self.container, self.image)
    }

    /// Whether the image is named by a digest: then nobody can move it.
    pub(super) fn is_pinned(&self) -> bool {
        ImageRef::parse(&self.image).digest.is_some()
    }
}

/// The containers of these pods that have started.
pub(super) fn all<'a>(pods: &'a [Pod<'a>]) -> Vec<Running<'a>> {
    pods.iter().flat_map(of_pod).collect()
}

fn of_pod<'a>(pod: &'a Pod<'a>) -> impl Iterator<Item = Running<'a>> {
    let declared = template::images(pod.object);
    pod.container_statuses().filter_map(move |status| {
        let told = words::text(status, "/imageID");
        if told.is_empty() && status.pointer("/state/running").is_none() {
            return None;
        }
        let container = words::text(status, "/name");
        let image = declared.iter().find(|declared| declared.container == container);
        let image = image.map_or_else(|| words::text(status, "/image"), |image| &image.image);
        let (image, digest) = (image.to_owned(), digest(told));
        Some(Running { pod: &pod.state.name, container, image, digest, told })
    })
}

/// The digest in an image id. It stands behind the repository that the image was pulled from; an id
/// without one is that of the image's configuration, which no registry knows.
fn digest(image_id: &str) -> Option<&str> {
    let (_, digest) = image_id.rsplit_once('@')?;
    digest.contains(':').then_some(digest)
}

/// The digests that each image runs with; `None` among them where one is not told.
pub(super) fn by_image<'a>(all: &'a [Running<'a>]) -> BTreeMap<&'a str, BTreeSet<Option<&'a str>>> {
    let mut images: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for one in all {
        images.entry(&one.image).or_default().insert(one.digest);
    }
    images
}

/// An image of which containers run with digests that are not all the same.
pub(super) fn differing<'a>(all: &'a [Running<'a>]) -> impl Iterator<Item = &'a str> {
    by_image(all)
        .into_iter()
        .filter(|(_, digests)| digests.iter().flatten().count() > 1)
        .map(|(image, _)| image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_tell_digests_in_different_words() {
        for (told, expected) in [
            ("registry.test:5000/shop/web@sha256:a953", Some("sha256:a953")),
            ("docker-pullable://shop/web@sha256:a953", Some("sha256:a953")),
            ("sha256:a953", None),
            ("docker://sha256:a953", None),
            ("a953e9c3d6e5", None),
            ("shop/web@a953", None),
            ("", None),
        ] {
            assert_eq!(digest(told), expected, "{told}");
        }
    }
}
