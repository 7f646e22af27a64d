//! Folders in a source.

/// Without what means nothing, as Flux takes it: `./apps/x/` is `apps/x`, and nothing leads out of the
/// source. Empty: all of it.
pub(in super::super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether one is in the other. Both are [`clean`].
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let is_in = |inner: &str, outer: &str| {
        outer.is_empty()
            || inner == outer
            || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    is_in(one, other) || is_in(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned() {
        for (path, clean_one) in [
            ("./apps/x", "apps/x"),
            ("apps/x/", "apps/x"),
            ("/apps//x", "apps/x"),
            ("./", ""),
            ("", ""),
            (".", ""),
            ("./apps/../infra", "infra"),
            ("../../etc", "etc"),
            ("apps/ü", "apps/ü"),
        ] {
            assert_eq!(clean(path), clean_one, "{path}");
        }
    }

    #[test]
    fn folders_overlap_where_one_holds_the_other() {
        for (one, other, expected) in [
            ("apps/x", "apps/x", true),
            ("apps", "apps/x", true),
            ("apps/x", "apps", true),
            ("", "apps", true),
            ("apps", "", true),
            ("apps/x", "apps/xy", false),
            ("apps/x", "infra", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
        }
    }
}
