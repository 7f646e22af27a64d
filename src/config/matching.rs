//! Which workloads an entry of the configuration is for.

use std::collections::BTreeMap;

use crate::rollback::model::target::Target;

use super::cursor::{At, shown};
use super::format;

/// The kinds that a match can name.
pub const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// Longest name of an object.
const LONGEST_NAME: usize = 253;
/// Longest name of a namespace, value of a label, part of a label's key.
const LONGEST_LABEL: usize = 63;

/// All that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    namespace: Option<Glob>,
    name: Option<Glob>,
    kind: Option<&'static str>,
    labels: BTreeMap<String, String>,
}

impl Match {
    pub(super) fn fits(&self, target: &Target, labels: &BTreeMap<String, String>) -> bool {
        let glob = |glob: &Option<Glob>, text: &str| glob.as_ref().is_none_or(|g| g.fits(text));
        glob(&self.namespace, &target.namespace)
            && glob(&self.name, &target.name)
            && self.kind.is_none_or(|kind| kind == target.kind)
            && self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

pub(super) fn read(at: &At<'_>) -> Match {
    let Some(fields) = at.section(&format::MATCH) else { return Match::default() };
    let glob = |key: &str, longest: usize, dots: bool| {
        let at = fields.get(key)?;
        let text = at.text()?;
        if can_match(text, longest, dots) {
            return Some(Glob(text.to_owned()));
        }
        at.wrong(&format!(
            "{} fits no {key}: lower-case letters, digits{} and -, and * for any of them",
            shown(text),
            if dots { ", ." } else { "" }
        ));
        None
    };
    Match {
        namespace: glob("namespace", LONGEST_LABEL, false),
        name: glob("name", LONGEST_NAME, true),
        kind: fields.get("kind").and_then(|at| at.word(&KINDS.map(|kind| (kind, kind)))),
        labels: fields.get("labels").map(|at| labels(&at)).unwrap_or_default(),
    }
}

fn labels(at: &At<'_>) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (key, place, value) in at.entries() {
        if !is_label_key(key) {
            value.wrong_at(place, "is no key that a label can have");
        } else if let Some(text) = value.any_text() {
            if text.is_empty() || is_label_part(text) {
                labels.insert(key.to_owned(), text.to_owned());
            } else {
                value.wrong(&format!("{} is no value that a label can have", shown(text)));
            }
        }
    }
    labels
}

/// A text with `*` for any characters.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob(String);

impl Glob {
    fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            // The first place is the best: it leaves most for the parts that follow.
            let Some((_, after)) = text.split_once(part) else { return false };
            text = after;
        }
        text.ends_with(last)
    }
}

/// Whether a name can look like this.
fn can_match(pattern: &str, longest: usize, dots: bool) -> bool {
    let fixed = pattern.chars().filter(|c| *c != '*').count();
    let is_fine = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || "-*".contains(c) || (dots && c == '.')
    };
    let is_end = |c: Option<char>| c.is_some_and(|c| !"-.".contains(c));
    fixed <= longest
        && pattern.chars().all(is_fine)
        && is_end(pattern.chars().next())
        && is_end(pattern.chars().last())
}

/// `app`, `app.kubernetes.io/name`.
fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => {
            let is_name = !prefix.contains('*') && can_match(prefix, LONGEST_NAME, true);
            is_name && is_label_part(name)
        }
        None => is_label_part(key),
    }
}

fn is_label_part(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && is_end(text.chars().next())
        && is_end(text.chars().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, fits) in [
            ("checkout", "checkout", true),
            ("checkout", "checkout2", false),
            ("*", "anything", true),
            ("*", "", true),
            ("check*", "checkout", true),
            ("*out", "checkout", true),
            ("c*k*t", "checkout", true),
            ("c**t", "checkout", true),
            ("a*a", "a", false),
            ("ab*ba", "aba", false),
            ("a*b*b", "ab", false),
            ("*b*b*", "abcb", true),
            ("shop-*", "shop", false),
        ] {
            assert_eq!(Glob(pattern.into()).fits(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_no_name_fits_is_seen() {
        for pattern in ["shop", "shop-*", "*", "*-web", "a.b", "0"] {
            assert!(can_match(pattern, LONGEST_NAME, true), "{pattern}");
        }
        for pattern in ["Shop", "a_b", "-a", "a-", ".a", "a/b", "a b", "?", "[ab]", ""] {
            assert!(!can_match(pattern, LONGEST_NAME, true), "{pattern}");
        }
        assert!(!can_match("a.b", LONGEST_LABEL, false));
        assert!(!can_match(&"a".repeat(64), LONGEST_LABEL, false));
        assert!(can_match(&("a".repeat(63) + "*"), LONGEST_LABEL, false));
    }

    #[test]
    fn keys_of_labels_have_a_prefix_or_none() {
        for key in ["app", "app.kubernetes.io/name", "App_1"] {
            assert!(is_label_key(key), "{key}");
        }
        for key in ["", "/name", "a/", "a/b/c", "a b", "-a", "*/a"] {
            assert!(!is_label_key(key), "{key}");
        }
    }
}
