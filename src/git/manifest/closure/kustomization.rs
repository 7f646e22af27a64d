//! What a kustomization says: the files that it names, in the words of its file.

use serde_json::Value;

use super::named::text;
use super::patched::{NewImage, PatchTarget};

/// A kustomization, or a component of one.
pub(super) struct Kustomization<'v>(pub(super) &'v Value);

/// A patch: in a file, or as text.
pub(super) struct Patch<'v> {
    pub(super) path: Option<&'v str>,
    pub(super) text: Option<&'v str>,
    pub(super) target: PatchTarget,
}

/// A chart that it inflates.
pub(super) struct HelmChart<'v> {
    pub(super) name: &'v str,
    pub(super) version: &'v str,
    /// Where it is fetched from; `None` where it is in the repository.
    pub(super) repository: Option<&'v str>,
    pub(super) value_files: Vec<&'v str>,
}

impl<'v> Kustomization<'v> {
    /// `resources` and, from before they were, `bases`: files, folders and what is fetched.
    pub(super) fn resources(&self) -> Vec<&'v str> {
        self.lists(&["resources", "bases"])
    }

    pub(super) fn components(&self) -> Vec<&'v str> {
        self.lists(&["components"])
    }

    /// Files and folders that say how others are made or changed; text is one that stands here.
    pub(super) fn plugins(&self) -> Vec<&'v str> {
        let lists = self.lists(&["generators", "transformers", "validators"]);
        lists.into_iter().filter(|name| !is_text(name)).collect()
    }

    /// Files that are read and name no images.
    pub(super) fn files(&self) -> Vec<&'v str> {
        let mut files = self.lists(&["crds", "configurations"]);
        files.extend(self.0.pointer("/openapi/path").and_then(Value::as_str));
        files.extend(self.items("replacements").filter_map(|item| text(item, "path")));
        for list in ["configMapGenerator", "secretGenerator"] {
            files.extend(self.items(list).flat_map(files_of));
        }
        files
    }

    /// The files of the generator that makes this object; `None` where none does. Its name may have the hash
    /// of its content behind it.
    pub(super) fn generated(&self, kind: &str, name: &str) -> Option<Vec<&'v str>> {
        let list = match kind {
            "ConfigMap" => "configMapGenerator",
            "Secret" => "secretGenerator",
            _ => return None,
        };
        let is_it =
            |generator: &&Value| text(generator, "name").is_some_and(|plain| is_named(name, plain));
        self.items(list).find(is_it).map(|generator| files_of(generator).collect())
    }

    /// The same files where they are all that has to do with the object, and with no other: none of them where
    /// values stand in the kustomization itself, or where another generator reads the same files.
    pub(super) fn generated_alone(&self, kind: &str, name: &str) -> Option<Vec<&'v str>> {
        let files = self.generated(kind, name)?;
        let lists = ["configMapGenerator", "secretGenerator"];
        let all: Vec<&Value> = lists.into_iter().flat_map(|list| self.items(list)).collect();
        let readers = |file: &str| {
            all.iter().filter(|generator| files_of(generator).any(|one| one == file)).count()
        };
        let has_text = all.iter().any(|generator| {
            text(generator, "name").is_some_and(|plain| is_named(name, plain))
                && strings(generator, "literals").next().is_some()
        });
        let is_alone =
            !files.is_empty() && !has_text && files.iter().all(|file| readers(file) == 1);
        Some(if is_alone { files } else { Vec::new() })
    }

    /// All patches, in the order in which they are made.
    pub(super) fn patches(&self) -> Vec<Patch<'v>> {
        let merges = strings(self.0, "patchesStrategicMerge").map(|merge| Patch {
            path: Some(merge).filter(|merge| !is_text(merge)),
            text: Some(merge).filter(|merge| is_text(merge)),
            target: PatchTarget::default(),
        });
        let patches = ["patches", "patchesJson6902"].into_iter().flat_map(|list| self.items(list));
        let patches = patches.map(|patch| Patch {
            path: text(patch, "path").filter(|path| !path.is_empty()),
            text: text(patch, "patch"),
            target: PatchTarget::of(patch),
        });
        merges.chain(patches).collect()
    }

    pub(super) fn images(&self) -> Vec<NewImage> {
        self.items("images").filter_map(NewImage::of).collect()
    }

    /// The folder of charts.
    pub(super) fn chart_home(&self) -> &'v str {
        let home = self.0.pointer("/helmGlobals/chartHome").and_then(Value::as_str);
        home.filter(|home| !home.is_empty()).unwrap_or("charts")
    }

    pub(super) fn charts(&self) -> Vec<HelmChart<'v>> {
        let old = self.items("helmChartInflationGenerator").map(|chart| HelmChart {
            name: text(chart, "chartName").unwrap_or_default(),
            version: text(chart, "chartVersion").unwrap_or_default(),
            repository: text(chart, "chartRepo"),
            value_files: text(chart, "values").into_iter().collect(),
        });
        let new = self.items("helmCharts").map(|chart| HelmChart {
            name: text(chart, "name").unwrap_or_default(),
            version: text(chart, "version").unwrap_or_default(),
            repository: text(chart, "repo"),
            value_files: text(chart, "valuesFile")
                .into_iter()
                .chain(strings(chart, "additionalValuesFiles"))
                .collect(),
        });
        old.chain(new).collect()
    }

    fn lists(&self, names: &[&str]) -> Vec<&'v str> {
        names.iter().flat_map(|name| strings(self.0, name)).collect()
    }

    fn items(&self, list: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
        self.0.get(list).and_then(Value::as_array).into_iter().flatten()
    }
}

/// What a generator reads.
fn files_of(generator: &Value) -> impl Iterator<Item = &str> {
    // `key=path`
    let path = |file| str::split_once(file, '=').map_or(file, |(_, path)| path);
    let files = strings(generator, "files").map(path);
    files.chain(strings(generator, "envs")).chain(text(generator, "env"))
}

/// Whether an object has the name that a generator gives, alone or with a hash.
pub(in crate::git) fn is_named(name: &str, plain: &str) -> bool {
    const HASH: usize = 10;
    let Some(rest) = name.strip_prefix(plain) else { return false };
    let is_hash =
        |hash: &str| hash.len() == HASH && hash.bytes().all(|b| b.is_ascii_alphanumeric());
    rest.is_empty() || rest.strip_prefix('-').is_some_and(is_hash)
}

/// The texts in a list; anything else in it is passed over.
pub(super) fn strings<'v>(value: &'v Value, list: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    let items = value.get(list).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

/// Whether it is what a file would hold, and no name of one.
fn is_text(name: &str) -> bool {
    name.contains('\n') || name.trim_start().starts_with('{')
}
