use serde_json::json;

use super::*;
use crate::rollback::model::ownership::SourceKind as Kind;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const GIT: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/fleet";

fn reference(kind: &str) -> SourceRef<'_> {
    SourceRef { kind, namespace: "flux-system", name: "fleet" }
}

fn read(kind: &str, object: &Value) -> Read {
    let reference = reference(kind);
    let ask = reference.ask().unwrap();
    reference.read(&Facts::of([(ask, Some(object.clone()))]))
}

#[test]
fn a_reference_has_the_namespace_of_its_owner_unless_it_says_another() {
    let owner = |reference: Value| json!({"metadata": {"namespace": "apps"}, "spec": {"sourceRef": reference}});
    let (own, other) = (
        owner(json!({"kind": "GitRepository", "name": "fleet"})),
        owner(json!({"kind": "GitRepository", "name": "fleet", "namespace": "flux-system"})),
    );
    assert_eq!(SourceRef::at(&own, "/spec/sourceRef").unwrap().namespace, "apps");
    let other = SourceRef::at(&other, "/spec/sourceRef").unwrap();
    assert_eq!(other.ask(), Some(Ask::Read(GIT.to_owned())));
    assert_eq!(other.named(), "GitRepository flux-system/fleet");
    for absurd in [json!(null), json!("fleet"), json!({"kind": "GitRepository"}), json!([])] {
        assert_eq!(SourceRef::at(&owner(absurd), "/spec/sourceRef"), None);
    }
}

#[test]
fn what_a_repository_follows_has_an_order() {
    for (wanted, follows, is_branch, pin) in [
        (json!(null), "master", true, ""),
        (json!({}), "master", true, ""),
        (json!({"branch": "main"}), "main", true, ""),
        (json!({"name": "refs/heads/feature/a@b"}), "feature/a@b", true, ""),
        (json!({"branch": "main", "tag": "v1"}), "v1", false, "spec.ref.tag"),
        (json!({"tag": "v1", "semver": ">=1.0"}), ">=1.0", false, "spec.ref.semver"),
        (json!({"semver": "1.x", "name": "refs/tags/v1"}), "refs/tags/v1", false, "spec.ref.name"),
        (json!({"name": "refs/heads/main", "commit": SHA}), SHA, false, "spec.ref.commit"),
        (json!({"branch": "main", "commit": SHA}), SHA, false, "to 012345678 (spec.ref.commit)"),
        (json!({"name": "refs/pull/7/head"}), "refs/pull/7/head", false, "spec.ref.name"),
        (json!({"branch": ["main"]}), "master", true, ""),
        (json!("main"), "master", true, ""),
    ] {
        let object = json!({"spec": {"url": "https://git.example/fleet.git", "ref": wanted}});
        let read = read("GitRepository", &object);
        assert_eq!(read.source.wants, follows, "{object}");
        assert_eq!(read.source.is_branch, is_branch, "{object}");
        assert_eq!(
            (read.source.kind, read.source.url.as_str()),
            (Kind::Git, "https://git.example/fleet.git")
        );
        let notes = read.notes.join("; ");
        assert_eq!(notes.is_empty(), pin.is_empty(), "{notes}");
        assert!(notes.contains(pin), "{notes}");
    }
}

#[test]
fn a_repository_that_fetches_nothing_is_told_of() {
    let object = json!({
        "metadata": {"deletionTimestamp": "2026-11-26T04:30:00Z"},
        "spec": {"suspend": true, "verify": {"mode": "HEAD"}, "ref": {"branch": "main"},
            "sparseCheckout": ["apps", "infra", "a", "b"], "ignore": "/docs",
            "include": [{"repository": {"name": "base"}}, "absurd"]},
        "status": {"artifact": {"revision": format!("main@sha1:{SHA}")}, "conditions": [
            {"type": "Ready", "status": "False", "reason": "GitOperationFailed"},
            {"type": "FetchFailed", "status": "True", "reason": "GitOperationFailed",
                "message": "unable to clone: not found"}]},
    });
    let found = read("GitRepository", &object);
    assert_eq!(found.source.revision.as_deref(), Some(SHA));
    assert_eq!(found.artifact, Some(format!("main@sha1:{SHA}")));
    assert_eq!(found.source.object, Some(reference("GitRepository").target()));
    let who = "GitRepository flux-system/fleet";
    assert_eq!(
        found.notes,
        [
            format!("{who} takes only commits with a signature that it knows (spec.verify)"),
            format!("{who} takes only apps, infra, a and 1 more (spec.sparseCheckout)"),
            format!("{who} takes in parts of other repositories too: base (spec.include)"),
            format!("{who} leaves some files out (spec.ignore)"),
            format!("{who} is suspended: it fetches nothing new"),
            format!("{who} cannot be fetched: GitOperationFailed: unable to clone: not found"),
            format!("{who} is being deleted"),
        ]
    );
    for (mode, what) in [("Tag", "only tags with"), ("TagAndHEAD", "only tags and commits with")] {
        let object = json!({"spec": {"verify": {"mode": mode}}});
        assert!(read("GitRepository", &object).notes.concat().contains(what), "{mode}");
    }
}

#[test]
fn other_sources_are_told_with_what_they_follow() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let oci = |wanted: Value| json!({"spec": {"url": "oci://r.example/web", "ref": wanted}});
    let bucket = json!({"spec": {"endpoint": "s3.example", "bucketName": "fleet"}});
    let mut inner = bucket.clone();
    inner["spec"]["prefix"] = json!("prod");
    for (kind, object, expected, url, wants) in [
        ("OCIRepository", oci(json!(null)), Kind::Oci, "oci://r.example/web", "latest"),
        ("OCIRepository", oci(json!({"tag": "v1"})), Kind::Oci, "oci://r.example/web", "v1"),
        (
            "OCIRepository",
            oci(json!({"tag": "v1", "semver": "1.x"})),
            Kind::Oci,
            "oci://r.example/web",
            "1.x",
        ),
        (
            "OCIRepository",
            oci(json!({"semver": "1.x", "digest": digest})),
            Kind::Oci,
            "oci://r.example/web",
            digest.as_str(),
        ),
        ("Bucket", bucket, Kind::Bucket, "s3.example/fleet", ""),
        ("Bucket", inner, Kind::Bucket, "s3.example/fleet/prod", ""),
        (
            "HelmRepository",
            json!({"spec": {"url": "https://charts.example"}}),
            Kind::Chart,
            "https://charts.example",
            "",
        ),
        ("ExternalArtifact", json!({"spec": {}}), Kind::Artifact, "", ""),
        ("ExternalArtifact", json!([]), Kind::Artifact, "", ""),
    ] {
        let read = read(kind, &object);
        let source = read.source;
        assert_eq!(
            (source.kind, source.url.as_str(), source.wants.as_str(), source.is_branch),
            (expected, url, wants, false),
            "{object}"
        );
    }
}

#[test]
fn where_an_artifact_was_built_from_is_told() {
    let digest = format!("latest@sha256:{}", "a".repeat(64));
    let object = json!({"spec": {"url": "oci://r.example/web", "verify": {"provider": "cosign"}},
        "status": {"artifact": {"revision": digest, "metadata": {
            "org.opencontainers.image.source": "https://git.example/web",
            "org.opencontainers.image.revision": format!("main@sha1:{SHA}")}}}});
    let found = read("OCIRepository", &object);
    assert_eq!(found.source.revision, Some(digest));
    let who = "OCIRepository flux-system/fleet";
    assert_eq!(
        found.notes,
        [
            format!("what {who} has was built from https://git.example/web at main@012345678"),
            format!("{who} takes only what has a signature that it knows (spec.verify)"),
        ]
    );
    let made = json!({"spec": {"sourceRef": {"kind": "ArtifactGenerator", "name": "split"}}});
    assert_eq!(
        read("ExternalArtifact", &made).notes,
        [
            "ExternalArtifact flux-system/fleet is made by another program, by ArtifactGenerator split"
        ]
    );
}

#[test]
fn a_source_that_cannot_be_read_is_told_of() {
    let git = reference("GitRepository");
    let ask = git.ask().unwrap();
    let forbidden = Error::new(ErrorKind::Forbidden, "not allowed");
    for (facts, note) in [
        (Facts::of([(ask.clone(), None)]), "GitRepository flux-system/fleet does not exist"),
        (
            Facts::of([]).with_error(ask.clone(), forbidden),
            "GitRepository flux-system/fleet could not be read: not allowed",
        ),
        (
            Facts::of([(git.list().unwrap(), Some(json!({"items": [{}, "absurd"]})))]),
            "GitRepository flux-system/fleet was not found",
        ),
    ] {
        let read = git.read(&facts);
        assert_eq!(read.notes, [note]);
        assert_eq!(read.source.object, Some(git.target()));
    }
    let other = reference("Cupboard");
    assert_eq!(other.ask(), None);
    assert_eq!(
        other.read(&Facts::of([])).notes,
        ["Cupboard flux-system/fleet is a kind of source that is not known"]
    );
    let item = json!({"metadata": {"name": "fleet"}, "spec": {"url": "ssh://git@h/f"}});
    let listed = Facts::of([(git.list().unwrap(), Some(json!({"items": [item]})))]);
    assert_eq!(git.read(&listed).source.url, "ssh://git@h/f");
}
