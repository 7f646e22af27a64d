//! How the recorded contexts of two revisions differ, and which migrations a rollback leaves.

use serde::{Deserialize, Serialize};

use crate::text::shorten;

use super::super::revision::{Revision, Revisions};
use super::super::snapshot::Snapshot;
use super::{BUILD, COMMIT, Context, DIGEST, FLAGS, Field, MIGRATIONS, TABLE, short};

/// Entries of a list that are named in words.
const NAMED: usize = 4;
/// Columns of a value in words.
const VALUE: usize = 30;

/// One difference between what is recorded of two revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextChange {
    /// `commit`, `build`, `digest`, `flags` or `migrations`.
    pub what: String,
    /// What is live now; of a list, the entries that go or change. Absent where nothing is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Recorded>,
    /// What will be; of a list, the entries that come or change. Absent where nothing is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Recorded>,
}

/// A recorded value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Recorded {
    /// A word.
    Text(String),
    /// Entries of a list.
    List(Vec<String>),
}

/// How two contexts differ, in the order in which it is shown. Lists are compared as sets.
#[must_use]
pub fn changes(before: &Context, after: &Context) -> Vec<ContextChange> {
    [
        text(COMMIT, before.commit.as_ref(), after.commit.as_ref()),
        text(BUILD, before.build.as_ref(), after.build.as_ref()),
        text(DIGEST, before.digest.as_ref(), after.digest.as_ref()),
        list(FLAGS, before.flags.as_deref(), after.flags.as_deref()),
        list(MIGRATIONS, before.migrations.as_deref(), after.migrations.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn text(field: Field, before: Option<&String>, after: Option<&String>) -> Option<ContextChange> {
    let recorded = |value: Option<&String>| value.cloned().map(Recorded::Text);
    (before != after).then(|| ContextChange {
        what: field.name.to_owned(),
        before: recorded(before),
        after: recorded(after),
    })
}

fn list(
    field: Field,
    before: Option<&[String]>,
    after: Option<&[String]>,
) -> Option<ContextChange> {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|entry| !those.contains(entry)).cloned().collect()
    };
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let (gone, come) = (only(old, new), only(new, old));
    if gone.is_empty() && come.is_empty() {
        return None;
    }
    Some(ContextChange {
        what: field.name.to_owned(),
        before: before.map(|_| Recorded::List(gone)),
        after: after.map(|_| Recorded::List(come)),
    })
}

impl ContextChange {
    /// In words: `commit 9f3c2ab -> 51d0e77`, `flags -new-cart +old-cart limit=5 -> limit=9`.
    #[must_use]
    pub fn words(&self) -> String {
        let entries = |side: &Option<Recorded>| match side {
            Some(Recorded::List(entries)) => entries.clone(),
            Some(Recorded::Text(_)) | None => Vec::new(),
        };
        let words = match (&self.before, &self.after) {
            (Some(Recorded::List(_)), _) | (_, Some(Recorded::List(_))) => {
                list_words(&entries(&self.before), &entries(&self.after))
            }
            (before, after) => self.text_words(before.as_ref(), after.as_ref()),
        };
        format!("{} {words}", self.what)
    }

    fn text_words(&self, before: Option<&Recorded>, after: Option<&Recorded>) -> String {
        let field = TABLE.iter().find(|field| field.name == self.what);
        let whole = |side: Option<&Recorded>| match side {
            Some(Recorded::Text(text)) => text.clone(),
            Some(Recorded::List(_)) | None => "unknown".to_owned(),
        };
        let (before, after) = (whole(before), whole(after));
        let brief = |text: &'_ str| {
            let text = field.map_or(text, |field| short(*field, text));
            shorten(text, VALUE).into_owned()
        };
        // What differs after its first digits only is shown whole.
        if brief(&before) == brief(&after) {
            return format!("{before} -> {after}");
        }
        format!("{} -> {}", brief(&before), brief(&after))
    }
}

fn list_words(gone: &[String], come: &[String]) -> String {
    let twin = |entry: &String, others: &[String]| {
        others.iter().find(|other| name(other) == name(entry)).cloned()
    };
    let brief = |entry: &'_ str| shorten(entry, VALUE).into_owned();
    let left = gone.iter().map(|entry| match twin(entry, come) {
        Some(now) => format!("{} -> {}", brief(entry), brief(&now)),
        None => format!("-{}", brief(entry)),
    });
    let new = come.iter().filter(|e| twin(e, gone).is_none()).map(|e| format!("+{}", brief(e)));
    counted(&left.chain(new).collect::<Vec<_>>(), " ")
}

/// The first entries of a list, and how many more there are.
fn counted(entries: &[String], separator: &str) -> String {
    let named = entries.iter().take(NAMED).cloned().collect::<Vec<_>>().join(separator);
    match entries.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The name of an entry, without its value.
fn name(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(name, _)| name)
}

/// What to say of migrations that revisions newer than the target name, and that the target does
/// not know: a rollback of pods does not undo them.
#[must_use]
pub fn migrations_left(
    snapshot: &Snapshot,
    revisions: &Revisions,
    target: &Revision,
) -> Vec<String> {
    let of = |revision: &Revision| revision.context.migrations.clone().unwrap_or_default();
    let known = of(target);
    let (mut older, mut newer) = (Vec::new(), Vec::new());
    let mut seen = false;
    for revision in &revisions.list {
        seen |= revision.uid == target.uid;
        if revision.uid != target.uid {
            let side = if seen { &mut newer } else { &mut older };
            side.push((revision.label(), of(revision)));
        }
    }
    if revisions.live().is_none() {
        let live = Context::of(&snapshot.workload, &revisions.live_template);
        newer.push(("the newest template".to_owned(), live.migrations.unwrap_or_default()));
    }
    let mut left: Vec<String> =
        newer.iter().flat_map(|(_, migrations)| migrations.clone()).collect();
    left.retain(|migration| !is_known(migration, &known));
    // Each is told once, with the release that ran it first; that may have run before the target
    // was live again.
    let ran = older.into_iter().chain(newer).filter_map(|(label, migrations)| {
        let its: Vec<String> = migrations.into_iter().filter(|m| left.contains(m)).collect();
        left.retain(|migration| !its.contains(migration));
        (!its.is_empty()).then(|| stays(&its, &label))
    });
    ran.collect()
}

fn stays(migrations: &[String], label: &str) -> String {
    let names: Vec<String> = migrations.iter().map(|m| shorten(m, VALUE).into_owned()).collect();
    let names = counted(&names, ", ");
    let (noun, them) =
        if migrations.len() == 1 { ("migration", "it") } else { ("migrations", "them") };
    format!("{noun} {names} ran with {label}; rolling back does not undo {them}")
}

/// Whether a release that knows some migrations knows this one: it is named, or its number is not
/// higher than one that is. Some record all migrations, some the newest only.
fn is_known(migration: &String, known: &[String]) -> bool {
    let highest = known.iter().filter_map(|other| number(other)).max();
    known.contains(migration) || number(migration).is_some_and(|n| highest >= Some(n))
}

/// The number that a migration starts with: `0042_add_carts`, `V42__add_carts`.
fn number(migration: &str) -> Option<u64> {
    let digits = migration.strip_prefix(['v', 'V']).unwrap_or(migration);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn context(annotations: &Value) -> Context {
        Context::read(annotations)
    }

    fn words(before: &Value, after: &Value) -> Vec<String> {
        changes(&context(before), &context(after)).iter().map(ContextChange::words).collect()
    }

    #[test]
    fn differences_in_words() {
        let long = "9f3c2ab8b0e1c2d3e4f5";
        for (before, after, said) in [
            (json!({}), json!({}), vec![]),
            (
                json!({"commit": "a", "build-id": "1"}),
                json!({"commit": "a", "build-id": "1"}),
                vec![],
            ),
            (
                json!({"commit": long, "build-id": "118"}),
                json!({"commit": "51d0e77aa0b1c2d3e4f5", "build-id": "117"}),
                vec!["commit 9f3c2ab -> 51d0e77", "build 118 -> 117"],
            ),
            (
                json!({"commit": long}),
                json!({"commit": "9f3c2ab8b0e1c2d3e4f6"}),
                vec!["commit 9f3c2ab8b0e1c2d3e4f5 -> 9f3c2ab8b0e1c2d3e4f6"],
            ),
            (json!({"commit": "v2"}), json!({}), vec!["commit v2 -> unknown"]),
            (
                json!({"image-digest": "sha256:0123456789abcdef"}),
                json!({"image-digest": "sha256:fedcba9876543210"}),
                vec!["digest 0123456789ab -> fedcba987654"],
            ),
            (
                json!({"feature-flags": "new-cart,limit=5,same", "migrations": "0041,0042"}),
                json!({"feature-flags": "same,limit=9,old-cart", "migrations": "0041"}),
                vec!["flags -new-cart limit=5 -> limit=9 +old-cart", "migrations -0042"],
            ),
            (json!({"feature-flags": "a,b"}), json!({"feature-flags": "b,a"}), vec![]),
            (json!({"feature-flags": "a"}), json!({}), vec!["flags -a"]),
            (json!({"feature-flags": "[]"}), json!({}), vec![]),
            (
                json!({"feature-flags": "m".repeat(80), "build-id": "8".repeat(80)}),
                json!({"build-id": "1"}),
                vec![
                    "build 88888888888888...8888888888888 -> 1",
                    "flags -mmmmmmmmmmmmmm...mmmmmmmmmmmmm",
                ],
            ),
            (
                json!({"feature-flags": "a,b,c,d,e,f"}),
                json!({}),
                vec!["flags -a -b -c -d and 2 more"],
            ),
        ] {
            assert_eq!(words(&before, &after), said, "{before} {after}");
        }
    }

    #[test]
    fn a_document_holds_what_differs() {
        let before = context(&json!({"commit": "a", "feature-flags": "x,y", "build-id": "1"}));
        let after = context(&json!({"feature-flags": "y", "build-id": "1"}));
        let changes = changes(&before, &after);
        let document = serde_json::to_value(&changes).unwrap();
        assert_eq!(
            document,
            json!([{"what": "commit", "before": "a"},
                   {"what": "flags", "before": ["x"], "after": []}])
        );
        let read: Vec<ContextChange> = serde_json::from_value(document).unwrap();
        assert_eq!(read, changes);
    }

    #[test]
    fn a_migration_is_known_by_name_or_by_its_number() {
        let known = |migration: &str, known: &[&str]| {
            let known: Vec<String> = known.iter().map(|&k| k.to_owned()).collect();
            is_known(&migration.to_owned(), &known)
        };
        for (migration, by, is) in [
            ("0042", vec!["0041", "0042"], true),
            ("0042", vec!["0041"], false),
            ("0041_carts", vec!["0042_carts"], true),
            ("V41__carts", vec!["v42__orders"], true),
            ("add-carts", vec!["add-carts"], true),
            ("add-carts", vec!["add-orders", "0042"], false),
            ("0042", vec!["add-carts"], false),
            ("0042", vec![], false),
        ] {
            assert_eq!(known(migration, &by), is, "{migration} {by:?}");
        }
    }
}
