//! What Flux calls the revision of a source: `main@sha1:9f3c…`, `sha256:…`, `1.2.3`.
//!
//! The name of a branch may hold `@` and `/`: so the last `@` and the last `:` count. A name alone is no
//! revision of Git: where a pin by commit leaves the name out, there is no `@` at all.

/// Digits of a commit that people read.
const SHORT: usize = 9;

/// The commit of a revision of Git, all of its digits; `None` of any other.
pub(super) fn commit(revision: &str) -> Option<&str> {
    let tail = revision.rsplit_once('@').map_or(revision, |(_, tail)| tail);
    let hash = match tail.rsplit_once(':') {
        Some(("sha1" | "sha256", hash)) => hash,
        Some(_) => return None,
        // Before Flux 2: `main/9f3c…`.
        None => tail.rsplit_once('/').map_or(tail, |(_, hash)| hash),
    };
    let is_hash = |hash: &&str| {
        matches!(hash.len(), 40 | 64) && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    Some(hash).filter(is_hash)
}

/// For people: the digits of the commit, or of the digest, are cut.
pub(super) fn words(revision: &str) -> String {
    let Some(hash) = commit(revision) else { return revision.to_owned() };
    let short = hash.get(..SHORT).unwrap_or(hash);
    let name = revision.rsplit_once('@').map(|(name, _)| name).unwrap_or_default();
    if name.is_empty() { short.to_owned() } else { format!("{name}@{short}") }
}

/// Whether two say the same state: by the hash where there is one, since its name may have changed.
pub(super) fn are_same(one: &str, other: &str) -> bool {
    match (commit(one), commit(other)) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_commit_stands_behind_the_last_at_and_the_last_colon() {
        let digest = "a".repeat(64);
        for (revision, expected) in [
            (format!("main@sha1:{SHA}"), Some(SHA)),
            (format!("refs/heads/main@sha1:{SHA}"), Some(SHA)),
            (format!("sha1:{SHA}"), Some(SHA)),
            (format!("v1@sha1:{SHA}"), Some(SHA)),
            (format!("feature/a@b@sha1:{SHA}"), Some(SHA)),
            (format!("main/{SHA}"), Some(SHA)),
            (SHA.to_owned(), Some(SHA)),
            (format!("latest@sha256:{digest}"), Some(digest.as_str())),
            (format!("sha256:{digest}"), Some(digest.as_str())),
            ("1.2.3".to_owned(), None),
            ("1.2.3+fdfb118c7f24".to_owned(), None),
            ("1.2.3+fdfb118c7f24.2".to_owned(), None),
            ("main@sha1:".to_owned(), None),
            ("main@sha1:zz23456789abcdef0123456789abcdef01234567".to_owned(), None),
            (format!("main@md5:{SHA}"), None),
            ("@".to_owned(), None),
            (String::new(), None),
            ("ü@ü:ü".to_owned(), None),
        ] {
            assert_eq!(commit(&revision), expected, "{revision}");
        }
    }

    #[test]
    fn people_read_a_short_commit() {
        for (revision, expected) in [
            (format!("feature/a@b@sha1:{SHA}"), "feature/a@b@012345678"),
            (format!("sha1:{SHA}"), "012345678"),
            (format!("main/{SHA}"), "012345678"),
            ("1.2.3+fdfb118c7f24".to_owned(), "1.2.3+fdfb118c7f24"),
        ] {
            assert_eq!(words(&revision), expected, "{revision}");
        }
    }

    #[test]
    fn the_hash_decides_what_is_the_same() {
        for (one, other, same) in [
            (format!("main@sha1:{SHA}"), format!("refs/heads/main@sha1:{SHA}"), true),
            (format!("main@sha1:{SHA}"), format!("main/{}", SHA.to_uppercase()), true),
            (format!("main@sha1:{SHA}"), "main@sha1:no".to_owned(), false),
            ("1.2.3".to_owned(), "1.2.3".to_owned(), true),
            ("1.2.3".to_owned(), "1.2.4".to_owned(), false),
        ] {
            assert_eq!(are_same(&one, &other), same, "{one} {other}");
        }
    }
}
