//! The recorded context of a revision: which commit, build, image, flags and migrations it came
//! from, as annotations tell it.
//!
//! Nothing here is checked, and nothing is needed: what is not recorded is left out. Values are
//! foreign text of bounded length; reporters sanitize them.

mod change;
mod kept;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::image::short_digest;
use super::record::PREFIX;

pub use change::{ContextChange, Recorded, changes, migrations_left};
pub use kept::{KeptContext, keep, restore};

/// Longest value, in characters.
const MAX_VALUE: usize = 256;
/// Entries of a list at most.
const MAX_ENTRIES: usize = 1_000;

/// One thing that is recorded, and the annotations that say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in documents.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// Its annotations, ours first; the first that has a value counts.
    pub keys: &'static [&'static str],
}

/// The commit.
pub const COMMIT: Field = Field {
    name: "commit",
    meaning: "the Git commit it was deployed from",
    keys: &[
        "kubectl-rb/git-commit",
        "org.opencontainers.image.revision",
        "app.kubernetes.io/git-commit",
        "git-commit",
        "git-sha",
        "commit",
        "commit-sha",
        "app.quarkus.io/commit-id",
        "jkube.eclipse.org/git-commit",
    ],
};

/// The build.
pub const BUILD: Field = Field {
    name: "build",
    meaning: "the build or pipeline run that made it",
    keys: &[
        "kubectl-rb/build",
        "build-number",
        "build-id",
        "ci-build-id",
        "pipeline-id",
        "run-id",
        "azure-pipelines/run",
    ],
};

/// The digest of the image.
pub const DIGEST: Field = Field {
    name: "digest",
    meaning: "the digest of its image",
    keys: &["kubectl-rb/image-digest", "image-digest"],
};

/// The feature flags.
pub const FLAGS: Field = Field {
    name: "flags",
    meaning: "the feature flags it was released with",
    keys: &["kubectl-rb/feature-flags", "feature-flags"],
};

/// The migrations. `kubectl-rb/migration-id` and the ranges of schemas are not among them: those
/// are conditions.
pub const MIGRATIONS: Field = Field {
    name: "migrations",
    meaning: "the migrations of data that ran with it",
    keys: &["kubectl-rb/migrations", "migrations", "db-migrations", "migration-id"],
};

/// Everything that is recorded, in the order in which it is shown.
pub const TABLE: &[Field] = &[COMMIT, BUILD, DIGEST, FLAGS, MIGRATIONS];

/// What is recorded of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Context {
    /// The Git commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The build or pipeline run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The digest of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The feature flags, each `name` or `name=value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<String>>,
    /// The migrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Vec<String>>,
}

impl Context {
    /// The context of a revision: of its pod template, and where that is silent, of the object that
    /// stores it. Only the template is the revision's own: controllers write on the object.
    #[must_use]
    pub fn of(stored: &Value, template: &Value) -> Self {
        Self::on(template).or(&Self::on(stored))
    }

    /// What the annotations of an object or a template say.
    #[must_use]
    pub fn on(object: &Value) -> Self {
        object.pointer("/metadata/annotations").map(Self::read).unwrap_or_default()
    }

    /// Reads annotations.
    #[must_use]
    pub fn read(annotations: &Value) -> Self {
        let text = |field: Field| find(annotations, field).map(bounded);
        let list = |field: Field| find(annotations, field).map(list);
        Self {
            commit: text(COMMIT),
            build: text(BUILD),
            digest: text(DIGEST),
            flags: list(FLAGS),
            migrations: list(MIGRATIONS),
        }
    }

    /// This, and what another one knows besides.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            commit: self.commit.or_else(|| other.commit.clone()),
            build: self.build.or_else(|| other.build.clone()),
            digest: self.digest.or_else(|| other.digest.clone()),
            flags: self.flags.or_else(|| other.flags.clone()),
            migrations: self.migrations.or_else(|| other.migrations.clone()),
        }
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All but the commit in words: `build 118, flags new-cart`.
    #[must_use]
    pub fn words(&self) -> String {
        let text = |field: Field, value: &Option<String>| {
            value.as_ref().map(|value| format!("{} {}", field.name, short(field, value)))
        };
        let list = |field: Field, entries: &Option<Vec<String>>| {
            let entries = entries.as_ref().filter(|entries| !entries.is_empty())?;
            Some(format!("{} {}", field.name, entries.join(" ")))
        };
        let parts = [
            text(BUILD, &self.build),
            text(DIGEST, &self.digest),
            list(FLAGS, &self.flags),
            list(MIGRATIONS, &self.migrations),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The value of the first annotation that has one. A name without a prefix stands for every prefix,
/// since people put the domain of their own before it; but rb's own mean what they mean.
fn find(annotations: &Value, field: Field) -> Option<&str> {
    let members = annotations.as_object()?;
    field.keys.iter().find_map(|key| {
        let prefixed = |full: &str| {
            !key.contains('/')
                && !full.starts_with(PREFIX)
                && full.rsplit_once('/').is_some_and(|(_, name)| name == *key)
        };
        let mut others: Vec<_> = members.iter().filter(|(full, _)| prefixed(full)).collect();
        others.sort_unstable_by_key(|(full, _)| *full);
        let exact = members.get(*key);
        let values = exact.into_iter().chain(others.into_iter().map(|(_, value)| value));
        values.filter_map(Value::as_str).map(str::trim).find(|text| !text.is_empty())
    })
}

/// The first digits of what is long and no word.
fn short(field: Field, value: &str) -> &str {
    let is_hash = value.len() > 12 && value.chars().all(|c| c.is_ascii_hexdigit());
    match field.name {
        "digest" => short_digest(value),
        "commit" if is_hash => value.get(..7).unwrap_or(value),
        _ => value,
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

/// `a,b=2`, `["a", "b=2"]` and `{"a": true, "b": 2}` say the same.
fn list(text: &str) -> Vec<String> {
    let words: Vec<String> = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(items)) => items.iter().map(word).collect(),
        Ok(Value::Object(members)) => {
            members.iter().map(|(name, value)| format!("{name}={}", word(value))).collect()
        }
        _ => text.split([',', '\n']).map(str::to_owned).collect(),
    };
    let mut entries: Vec<String> = Vec::new();
    for word in words {
        let word = word.trim();
        let entry = bounded(word.strip_suffix("=true").unwrap_or(word));
        if !entry.is_empty() && !entries.contains(&entry) && entries.len() < MAX_ENTRIES {
            entries.push(entry);
        }
    }
    entries
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_annotation_of_the_table_is_read_and_ours_comes_first() {
        for field in TABLE {
            let ours = field.keys[0];
            assert!(ours.starts_with(PREFIX), "{ours}");
            for key in field.keys {
                let read = |annotations: Value| {
                    let context = serde_json::to_value(Context::read(&annotations)).unwrap();
                    context[field.name].clone()
                };
                let found = read(json!({*key: "x-1"}));
                assert!(found == "x-1" || found == json!(["x-1"]), "{key}: {found}");
                let found = read(json!({*key: "x-1", ours: "x-2"}));
                assert!(found == "x-2" || found == json!(["x-2"]) || *key == ours, "{key}");
            }
        }
    }

    #[test]
    fn a_name_counts_with_any_prefix_but_ours() {
        for (annotations, commit) in [
            (json!({"deploy.example.com/git-sha": "a"}), Some("a")),
            (json!({"z.example/git-sha": "z", "b.example/git-sha": "b"}), Some("b")),
            (json!({"b.example/git-sha": "b", "git-sha": "a"}), Some("a")),
            (json!({"git-sha": " ", "b.example/git-sha": "b"}), Some("b")),
            (json!({"git-sha": 7}), None),
            (json!({"kubectl-rb/commit": "a"}), None),
            (json!({"example.com/app.kubernetes.io": "a"}), None),
            (json!(["git-sha"]), None),
        ] {
            assert_eq!(Context::read(&annotations).commit.as_deref(), commit, "{annotations}");
        }
        // What says which schemas a release can live with is no record of what ran.
        let reserved = ["migration-id", "schema-min", "schema-max", "rollback"];
        for name in reserved.map(|name| format!("{PREFIX}{name}")) {
            assert!(Context::read(&json!({name: "7"})).is_empty());
        }
    }

    #[test]
    fn the_template_wins_over_the_object() {
        let object = json!({"metadata": {"annotations": {"git-sha": "bad", "build-id": "118"}}});
        let template = json!({"metadata": {"annotations": {"commit": "good"}}});
        let context = Context::of(&object, &template);
        assert_eq!(context.commit.as_deref(), Some("good"));
        assert_eq!(context.build.as_deref(), Some("118"));
        assert!(Context::of(&Value::Null, &Value::Null).is_empty());
    }

    #[test]
    fn lists_are_written_in_three_ways() {
        for (text, entries) in [
            ("a, b=2,,a", vec!["a", "b=2"]),
            (r#"["a", "b=2"]"#, vec!["a", "b=2"]),
            (r#"{"a": true, "b": 2, "c": false}"#, vec!["a", "b=2", "c=false"]),
            ("a=true\nb=false", vec!["a", "b=false"]),
            ("42", vec!["42"]),
            ("0042", vec!["0042"]),
            ("[]", vec![]),
            ("{", vec!["{"]),
            (r#"[{"name": "a"}, 7, null]"#, vec![r#"{"name":"a"}"#, "7", "null"]),
        ] {
            assert_eq!(list(text), entries, "{text}");
        }
    }

    #[test]
    fn values_are_bounded() {
        let context = Context::read(&json!({
            "git-sha": "é".repeat(9_999),
            "feature-flags": (0..9_999).map(|i| format!("f{i},")).collect::<String>(),
            "migrations": "m".repeat(9_999),
        }));
        assert_eq!(context.commit.unwrap().chars().count(), MAX_VALUE);
        assert_eq!(context.flags.unwrap().len(), MAX_ENTRIES);
        assert_eq!(context.migrations.unwrap()[0].len(), MAX_VALUE);
    }

    #[test]
    fn words_are_short() {
        let context = Context {
            commit: Some("51d0e77".into()),
            build: Some("118".into()),
            digest: Some("sha256:0123456789abcdef".into()),
            flags: Some(vec!["a".into(), "b=2".into()]),
            migrations: Some(vec![]),
        };
        assert_eq!(context.words(), "build 118, digest 0123456789ab, flags a b=2");
        assert_eq!(Context::default().words(), "");
    }
}
