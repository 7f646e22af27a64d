//! What goes from the cluster with a revert.

use crate::git::manifest::objects::Declared;
use crate::text::{plural, sanitize};

/// Objects that are named.
const NAMED: usize = 5;
/// What holds data, or other objects: its loss cannot be taken back.
const GRAVE: [&str; 4] =
    ["PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"];

/// A sentence about objects that the files do not declare any more; `None` where there are none.
pub(super) fn warning(removed: &[Declared], owner: &str, prunes: bool) -> Option<String> {
    let (grave, other): (Vec<_>, Vec<_>) =
        removed.iter().partition(|object| GRAVE.contains(&object.kind.as_str()));
    let words = |object: &&Declared| format!("{} {}", object.kind, object.name);
    let named: Vec<String> = grave.iter().chain(&other).take(NAMED).map(words).collect();
    if named.is_empty() {
        return None;
    }
    let more = removed.len().saturating_sub(NAMED);
    let more = match i64::try_from(more) {
        Ok(0) | Err(_) => String::new(),
        Ok(more) => format!(" and {}", plural(more, "other object")),
    };
    let named = sanitize(&named.join(", ")).into_owned();
    let owner = sanitize(owner).into_owned();
    Some(if prunes {
        let grave = if grave.is_empty() { "" } else { ", with all that is in it" };
        format!("{named}{more} came with it: {owner} deletes what the files do not hold{grave}")
    } else {
        format!("{named}{more} came with it, and stays in the cluster: {owner} does not prune")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(kinds: &[&str]) -> Vec<Declared> {
        let one = |kind: &&str| Declared {
            kind: (*kind).to_owned(),
            namespace: String::new(),
            name: "web".to_owned(),
        };
        kinds.iter().map(one).collect()
    }

    #[test]
    fn what_goes_is_named_with_the_gravest_first() {
        let owner = "Argo CD application web";
        for (kinds, prunes, words) in [
            (
                &["ConfigMap"][..],
                true,
                "ConfigMap web came with it: Argo CD application web deletes what the files do not hold",
            ),
            (
                &["ConfigMap", "PersistentVolumeClaim"],
                true,
                "PersistentVolumeClaim web, ConfigMap web came with it: Argo CD application web deletes \
                 what the files do not hold, with all that is in it",
            ),
            (
                &["ConfigMap"; 7],
                false,
                "ConfigMap web, ConfigMap web, ConfigMap web, ConfigMap web, ConfigMap web and 2 other \
                 objects came with it, and stays in the cluster: Argo CD application web does not prune",
            ),
        ] {
            assert_eq!(warning(&objects(kinds), owner, prunes).as_deref(), Some(words));
        }
        assert_eq!(warning(&[], owner, true), None);
    }
}
