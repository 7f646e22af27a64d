//! Revisions in words, and what `targetRevision` may be.

use std::borrow::Cow;

/// A commit in seven characters; versions and digests as they are, if they are short.
pub(super) fn short(revision: &str) -> Cow<'_, str> {
    if is_commit(revision) {
        Cow::Borrowed(revision.get(..7).unwrap_or(revision))
    } else {
        crate::text::shorten(revision, 24)
    }
}

/// Several in one text.
pub(super) fn shorts<'a>(revisions: impl IntoIterator<Item = &'a str>) -> String {
    revisions.into_iter().map(short).collect::<Vec<_>>().join(", ")
}

/// Whether it may be a branch. Only Git knows a branch from a tag; a commit and a range of versions are
/// none.
pub(super) fn may_be_branch(wants: &str) -> bool {
    // Ranges are looked for among tags; most of these characters cannot be in a branch's name.
    const OF_RANGES: [char; 7] = ['*', '^', '~', '<', '>', '=', ' '];
    let is_range = wants.contains(OF_RANGES) || wants.contains("||");
    !(is_commit(wants) || is_abbreviated(wants) || is_range || wants.starts_with("refs/tags/"))
}

/// Whether it is a commit, with all of its digits.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Letters and digits both: a branch may well be called `20240131`, or `facade`.
fn is_abbreviated(text: &str) -> bool {
    (7..64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_hexdigit())
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_and_a_range_of_versions_are_no_branch() {
        for (wants, may_be) in [
            ("", true),
            ("main", true),
            ("release/2.8", true),
            ("refs/heads/main", true),
            ("v1.2.3", true),
            ("1.x", true),
            ("20240131", true),
            ("facade1", false),
            ("9f3c2ab", false),
            ("9f3c2ab51d0e77aa0123456789abcdef01234567", false),
            (&"0".repeat(40), false),
            (&"a1".repeat(32), false),
            ("refs/tags/v1", false),
            ("1.*", false),
            ("*", false),
            ("^1.2", false),
            ("~1.2", false),
            (">=1.0 <2.0", false),
            ("1.0 - 2.0", false),
            ("=1.0", false),
            ("1 || 2", false),
        ] {
            assert_eq!(may_be_branch(wants), may_be, "{wants:?}");
        }
    }

    #[test]
    fn a_commit_is_shortened_and_a_version_is_not() {
        assert_eq!(short("9f3c2ab51d0e77aa0123456789abcdef01234567"), "9f3c2ab");
        assert_eq!(short("2.8.1"), "2.8.1");
        assert_eq!(short("größer"), "größer");
        assert!(short(&"ä".repeat(40)).len() < 60);
        assert_eq!(shorts(["9f3c2ab51d0e77aa0123456789abcdef01234567", "1.0"]), "9f3c2ab, 1.0");
    }
}
