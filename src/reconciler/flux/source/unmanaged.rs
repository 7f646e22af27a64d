//! Sources that no commit reaches: OCI artifacts, buckets, repositories of charts, and artifacts that other
//! programs made.

use serde_json::Value;

use crate::rollback::model::ownership::{Source, SourceKind};

use super::super::fields::{is_set, text, word};
use super::super::revision;
use super::{Read, SourceRef};

/// What the builders of artifacts write down of where they come from.
const ORIGIN: &str = "org.opencontainers.image.source";
const ORIGIN_REVISION: &str = "org.opencontainers.image.revision";
/// Followed where nothing is said.
const LATEST: &str = "latest";

pub(super) fn read(reference: &SourceRef<'_>, object: &Value) -> Read {
    let (kind, url, wants) = match reference.kind {
        "OCIRepository" => (SourceKind::Oci, text(object, "/spec/url").to_owned(), tag(object)),
        "Bucket" => (SourceKind::Bucket, bucket(object), ""),
        "HelmRepository" => (SourceKind::Chart, text(object, "/spec/url").to_owned(), ""),
        _ => (SourceKind::Artifact, origin(object).unwrap_or_default().to_owned(), ""),
    };
    let source = Source { kind, url, wants: wants.to_owned(), ..Source::default() };
    Read { source, notes: notes(reference, object), ..Read::default() }
}

/// A digest counts before a range of versions, and that before a tag.
fn tag(object: &Value) -> &str {
    let at = |member: &str| word(object, &format!("/spec/ref/{member}"));
    at("digest").or_else(|| at("semver")).or_else(|| at("tag")).unwrap_or(LATEST)
}

fn bucket(object: &Value) -> String {
    let (endpoint, name) = (text(object, "/spec/endpoint"), text(object, "/spec/bucketName"));
    match word(object, "/spec/prefix") {
        Some(prefix) => format!("{endpoint}/{name}/{prefix}"),
        None => format!("{endpoint}/{name}"),
    }
}

fn origin(object: &Value) -> Option<&str> {
    object.pointer("/status/artifact/metadata")?.get(ORIGIN)?.as_str()
}

fn notes(reference: &SourceRef<'_>, object: &Value) -> Vec<String> {
    let who = reference.named();
    let mut notes = Vec::new();
    if reference.kind == "ExternalArtifact" {
        let maker = word(object, "/spec/sourceRef/name").map(|name| {
            let kind = word(object, "/spec/sourceRef/kind").unwrap_or("an object");
            format!(", by {kind} {name}")
        });
        notes.push(format!("{who} is made by another program{}", maker.unwrap_or_default()));
    }
    if let Some(origin) = origin(object) {
        let at =
            object.pointer("/status/artifact/metadata").and_then(|all| all.get(ORIGIN_REVISION));
        let at = at.and_then(Value::as_str).map(|at| format!(" at {}", revision::words(at)));
        notes.push(format!("what {who} has was built from {origin}{}", at.unwrap_or_default()));
    }
    if is_set(object, "/spec/verify") {
        notes.push(format!("{who} takes only what has a signature that it knows (spec.verify)"));
    }
    notes
}
