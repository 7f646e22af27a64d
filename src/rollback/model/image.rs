//! Container image references: the parts that people name a release by.

use serde::{Deserialize, Serialize};

/// The image of one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerImage {
    /// Name of the container.
    pub container: String,
    /// The reference as the template has it, e.g. `ghcr.example/shop/checkout:2.8.1`.
    pub image: String,
}

/// An image reference taken apart. Nothing is validated: a reference that makes no sense is all
/// repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Everything before the tag and the digest.
    pub repository: &'a str,
    /// After the last colon that is not part of a registry's port.
    pub tag: Option<&'a str>,
    /// After the `@`, e.g. `sha256:9f3c…`.
    pub digest: Option<&'a str>,
}

impl<'a> ImageRef<'a> {
    /// Takes a reference apart.
    #[must_use]
    pub fn parse(reference: &'a str) -> Self {
        let (rest, digest) = match reference.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (reference, None),
        };
        match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => {
                Self { repository, tag: Some(tag), digest }
            }
            _ => Self { repository: rest, tag: None, digest },
        }
    }

    /// The last path element of the repository, e.g. `checkout`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or(self.repository)
    }

    /// Tag, or the first 12 digits of the digest, or nothing.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.tag.or_else(|| self.digest.map(short_digest))
    }

    /// `checkout:2.8.1`, or `checkout@9f3c2ab0c1d2` where there is no tag.
    #[must_use]
    pub fn short(&self) -> String {
        match (self.tag, self.digest) {
            (Some(tag), _) => format!("{}:{tag}", self.name()),
            (None, Some(digest)) => format!("{}@{}", self.name(), short_digest(digest)),
            (None, None) => self.name().to_owned(),
        }
    }

    /// Whether the user's word names this image: the whole reference, `name:tag`, `:tag`, `tag`,
    /// or a digest with or without its `sha256:`, of which 7 digits are enough.
    #[must_use]
    pub fn is_named(&self, whole: &str, word: &str) -> bool {
        if word == whole || word == self.short() {
            return true;
        }
        if let Some(tag) = self.tag
            && (word == tag || word.strip_prefix(':') == Some(tag))
        {
            return true;
        }
        self.digest.is_some_and(|digest| {
            let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
            let asked = word.split_once(':').map_or(word, |(_, hex)| hex);
            asked.len() >= 7 && hex.starts_with(asked)
        })
    }
}

/// The first 12 digits of a digest.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (reference, repository, tag, digest, short) in [
            ("nginx", "nginx", None, None, "nginx"),
            ("nginx:1.27", "nginx", Some("1.27"), None, "nginx:1.27"),
            ("host:5000/shop/web", "host:5000/shop/web", None, None, "web"),
            ("host:5000/shop/web:2", "host:5000/shop/web", Some("2"), None, "web:2"),
            (
                "shop/web@sha256:0123456789abcdef",
                "shop/web",
                None,
                Some("sha256:0123456789abcdef"),
                "web@0123456789ab",
            ),
            ("shop/web:2@sha256:0123", "shop/web", Some("2"), Some("sha256:0123"), "web:2"),
            ("", "", None, None, ""),
        ] {
            let image = ImageRef::parse(reference);
            assert_eq!((image.repository, image.tag, image.digest), (repository, tag, digest));
            assert_eq!(image.short(), short);
        }
    }

    #[test]
    fn people_name_an_image_by_tag_or_digest() {
        let whole = "host:5000/shop/web:2.8@sha256:0123456789abcdef";
        let image = ImageRef::parse(whole);
        for word in [whole, "web:2.8", ":2.8", "2.8", "sha256:0123456789abcdef", "0123456"] {
            assert!(image.is_named(whole, word), "{word}");
        }
        for word in ["2", "web", "web:2", "012345", "sha256:9", ""] {
            assert!(!image.is_named(whole, word), "{word}");
        }
    }
}
