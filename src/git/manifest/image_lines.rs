//! Image references in the text of a manifest, a kustomization or a values file.
//!
//! Lines are read and no YAML: charts' templates are none, and what a line says is what a bot changes
//! in it. A reference may stand in one line (`image: shop/web:2`) or be spread over lines that belong
//! together (`name`, `newName`, `newTag`, `digest`; `repository`, `tag`).

use std::fmt;

/// An image as a file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::git) struct Image {
    /// With the registry; `None` where the file has the tag alone.
    pub(in crate::git) repository: Option<String>,
    pub(in crate::git) tag: Option<String>,
    /// With `sha256:`.
    pub(in crate::git) digest: Option<String>,
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repository, tag, digest } = self;
        match (repository, tag, digest) {
            (Some(repository), tag, digest) => {
                f.write_str(repository)?;
                tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
                digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
            }
            (None, Some(tag), Some(digest)) => write!(f, "{tag}@{digest}"),
            (None, Some(only), None) | (None, None, Some(only)) => f.write_str(only),
            (None, None, None) => Ok(()),
        }
    }
}

impl Image {
    fn parse(reference: &str) -> Self {
        let image = crate::rollback::model::image::ImageRef::parse(reference);
        Self {
            repository: Some(image.repository.to_owned()),
            tag: image.tag.map(str::to_owned),
            digest: image.digest.map(str::to_owned),
        }
    }

    /// Whether the user's word names it: a whole reference or the end of one, `name:tag`, `:tag`,
    /// `tag`, or a digest, of which 7 digits are enough.
    pub(in crate::git) fn is_named(&self, word: &str) -> bool {
        let wanted = Self::parse(word);
        let same_repository = |wanted: &str| {
            self.repository.as_ref().is_none_or(|own| {
                wanted.is_empty() || own == wanted || own.ends_with(&format!("/{wanted}"))
            })
        };
        let digest_matches = |wanted: &str| {
            let hex = |text: &str| text.split_once(':').map_or(text, |(_, hex)| hex).to_owned();
            let wanted = hex(wanted);
            wanted.len() >= 7
                && self.digest.as_deref().is_some_and(|own| hex(own).starts_with(&wanted))
        };
        match (wanted.repository.as_deref(), wanted.tag.as_deref(), wanted.digest.as_deref()) {
            (Some(name), _, Some(digest)) => same_repository(name) && digest_matches(digest),
            (Some("sha256" | "sha512"), Some(digest), None) => digest_matches(digest),
            (Some(name), Some(tag), None) => {
                self.tag.as_deref() == Some(tag) && same_repository(name)
            }
            _ => self.tag.as_deref() == Some(word) || digest_matches(word),
        }
    }
}

/// The images that a text names, in its order.
pub(in crate::git) fn images(text: &str) -> Vec<Image> {
    let mut found = Vec::new();
    let mut block = Block::default();
    // The keys that the current line lies below, each with its indent.
    let mut above: Vec<(usize, &str)> = Vec::new();
    for line in text.lines().filter_map(Line::parse) {
        above.retain(|(indent, _)| *indent < line.indent);
        let below_image =
            above.last().is_some_and(|(_, key)| key.to_ascii_lowercase().ends_with("image"));
        if line.starts_item || line.indent != block.indent {
            block.end(&mut found);
            block = Block { indent: line.indent, below_image, ..Block::default() };
        }
        if line.value.is_empty() {
            above.push((line.indent, line.key));
        } else {
            block.take(&line, &mut found);
        }
    }
    block.end(&mut found);
    found
}

/// `key: value`, with or without a dash before it.
struct Line<'a> {
    indent: usize,
    starts_item: bool,
    key: &'a str,
    value: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut rest = line.trim_start_matches([' ', '\t']);
        let mut starts_item = false;
        while let Some(item) = rest.strip_prefix("- ") {
            rest = item.trim_start();
            starts_item = true;
        }
        let indent = line.len() - rest.len();
        if rest.starts_with('#') {
            return None;
        }
        let (key, value) = rest.split_once(':')?;
        let is_separated = value.is_empty() || value.starts_with([' ', '\t', '\r']);
        let key = key.trim().trim_matches(['"', '\'']);
        if !is_separated || key.is_empty() || key.contains(char::is_whitespace) {
            return None;
        }
        Some(Self { indent, starts_item, key, value: scalar(value) })
    }
}

/// Without quotes, comment and the comma of JSON.
fn scalar(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote))
        {
            return inner;
        }
    }
    let end = value.find(" #").unwrap_or(value.len());
    let value = value.get(..end).unwrap_or(value).trim().trim_end_matches(',');
    if value.starts_with('#') { "" } else { value }
}

/// Lines that belong together.
#[derive(Default)]
struct Block<'a> {
    indent: usize,
    /// They stand below a key such as `image`.
    below_image: bool,
    name: Option<&'a str>,
    new_name: Option<&'a str>,
    repository: Option<&'a str>,
    registry: Option<&'a str>,
    new_tag: Option<&'a str>,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Block<'a> {
    fn take(&mut self, line: &Line<'a>, found: &mut Vec<Image>) {
        let Line { key, value, .. } = *line;
        if value.contains(char::is_whitespace) || value.starts_with(['{', '[', '&', '*', '|', '>'])
        {
            return;
        }
        match key {
            "name" => self.name = Some(value),
            "newName" => self.new_name = Some(value),
            "newTag" => self.new_tag = Some(value),
            "repository" => self.repository = Some(value),
            "registry" => self.registry = Some(value),
            "tag" => self.tag = Some(value),
            "digest" if value.contains(':') => self.digest = Some(value),
            // In a values file it may be the repository alone.
            key if key == "image" || key.ends_with("Image") => found.push(Image::parse(value)),
            _ => {}
        }
    }

    fn end(&self, found: &mut Vec<Image>) {
        let is_helm = self.below_image || self.repository.is_some();
        let tag = self.new_tag.or(self.tag.filter(|_| is_helm));
        let is_kustomize = self.new_tag.is_some() || self.new_name.is_some();
        let digest = self.digest.filter(|_| is_helm || is_kustomize || self.name.is_some());
        if tag.is_none()
            && digest.is_none()
            && !(is_kustomize || self.repository.is_some() && self.below_image)
        {
            return;
        }
        let repository = match (self.new_name.or(self.repository).or(self.name), self.registry) {
            (Some(repository), Some(registry)) => Some(format!("{registry}/{repository}")),
            (repository, _) => repository.map(str::to_owned),
        };
        found.push(Image {
            repository,
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        images(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn images_of_manifests_kustomizations_and_values() {
        for (text, names) in [
            (
                "containers:\n- name: web\n  image: ghcr.example/shop/web:2.8.1\n",
                vec!["ghcr.example/shop/web:2.8.1"],
            ),
            ("- image: \"web:1\" # {\"$imagepolicy\": \"a:b\"}\n", vec!["web:1"]),
            ("image: web@sha256:0123456789abcdef\r\n", vec!["web@sha256:0123456789abcdef"]),
            ("  \"image\": \"web:1\",\n", vec!["web:1"]),
            (
                "images:\n- name: shop/web\n  newTag: 1.2.3\n- name: shop/api\n  newName: r.example/api\n  newTag: \"7\"\n",
                vec!["shop/web:1.2.3", "r.example/api:7"],
            ),
            (
                "images:\n- digest: sha256:0123456789\n  name: shop/web\n",
                vec!["shop/web@sha256:0123456789"],
            ),
            (
                "image:\n  repository: shop/web\n  pullPolicy: Always\n  tag: v3\nreplicas: 3\n",
                vec!["shop/web:v3"],
            ),
            ("image:\n  tag: v3 # the only line\n", vec!["v3"]),
            (
                "image:\n  registry: r.example\n  repository: web\n  tag: v3\n",
                vec!["r.example/web:v3"],
            ),
            ("metadata:\n  name: web\n  tag: v3\n", vec![]),
            ("# image: web:1\nimagePullPolicy: Always\n", vec![]),
            ("image: {{ .Values.image }}\n", vec![]),
            ("sidecarImage: envoy:1\n", vec!["envoy:1"]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), names, "{text}");
        }
    }

    #[test]
    fn people_name_an_image_by_parts_of_it() {
        let image = Image::parse("ghcr.example/shop/web:2.8.1@sha256:0123456789abcdef");
        for word in [
            "ghcr.example/shop/web:2.8.1",
            "shop/web:2.8.1",
            "web:2.8.1",
            "2.8.1",
            ":2.8.1",
            "sha256:0123456789abcdef",
            "0123456",
            "web@sha256:0123456789abcdef",
        ] {
            assert!(image.is_named(word), "{word}");
        }
        for word in ["2.8", "2.8.10", "api:2.8.1", "eb:2.8.1", "012345", "web", "web@sha256:ff"] {
            assert!(!image.is_named(word), "{word}");
        }
        let alone = Image { repository: None, tag: Some("2.8.1".into()), digest: None };
        assert!(alone.is_named("web:2.8.1") && alone.is_named("2.8.1"));
    }
}
