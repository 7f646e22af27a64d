//! A `GitRepository`: which branch it follows, or what pins it.

use serde_json::Value;

use crate::rollback::model::ownership::{Source, SourceKind};

use super::super::fields::{first_few, is_set, list, text, word};
use super::super::revision;
use super::{Read, SourceRef};

/// Followed where nothing is said.
const DEFAULT: &str = "master";
const HEADS: &str = "refs/heads/";

/// What it follows.
pub(in super::super) enum Follows<'v> {
    /// A branch: then a commit on it is taken up.
    Branch(&'v str),
    /// Something else, by this member of `spec.ref`.
    Pin(&'static str, &'v str),
}

/// The first of these that is set counts.
pub(in super::super) fn follows(object: &Value) -> Follows<'_> {
    let at = |member: &str| word(object, &format!("/spec/ref/{member}"));
    if let Some(commit) = at("commit") {
        return Follows::Pin("commit", commit);
    }
    if let Some(name) = at("name") {
        return name.strip_prefix(HEADS).map_or(Follows::Pin("name", name), Follows::Branch);
    }
    if let Some(range) = at("semver") {
        return Follows::Pin("semver", range);
    }
    if let Some(tag) = at("tag") {
        return Follows::Pin("tag", tag);
    }
    Follows::Branch(at("branch").unwrap_or(DEFAULT))
}

pub(super) fn read(reference: &SourceRef<'_>, object: &Value) -> Read {
    let follows = follows(object);
    let (Follows::Branch(wants) | Follows::Pin(_, wants)) = follows;
    let source = Source {
        kind: SourceKind::Git,
        url: text(object, "/spec/url").to_owned(),
        wants: wants.to_owned(),
        is_branch: matches!(follows, Follows::Branch(_)),
        ..Source::default()
    };
    Read { source, notes: notes(&reference.named(), object, &follows), ..Read::default() }
}

fn notes(who: &str, object: &Value, follows: &Follows<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Follows::Pin(member, value) = follows {
        let value = revision::words(value);
        notes.push(format!(
            "{who} is pinned to {value} (spec.ref.{member}): a commit on a branch changes nothing"
        ));
    }
    if is_set(object, "/spec/verify") {
        let what = match text(object, "/spec/verify/mode") {
            "Tag" => "tags",
            "TagAndHEAD" => "tags and commits",
            _ => "commits",
        };
        notes.push(format!("{who} takes only {what} with a signature that it knows (spec.verify)"));
    }
    let folders: Vec<&str> =
        list(object, "/spec/sparseCheckout").iter().filter_map(Value::as_str).collect();
    if !folders.is_empty() {
        notes.push(format!("{who} takes only {} (spec.sparseCheckout)", first_few(&folders)));
    }
    let included: Vec<&str> = list(object, "/spec/include")
        .iter()
        .filter_map(|include| word(include, "/repository/name"))
        .collect();
    if !included.is_empty() {
        let included = first_few(&included);
        notes.push(format!(
            "{who} takes in parts of other repositories too: {included} (spec.include)"
        ));
    }
    if word(object, "/spec/ignore").is_some() {
        notes.push(format!("{who} leaves some files out (spec.ignore)"));
    }
    notes
}
