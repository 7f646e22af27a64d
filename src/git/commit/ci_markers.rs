//! Markers in commit messages that keep a CI from running.

/// In brackets: `[skip ci]`, `[ci skip]`, `[no ci]`, `[skip actions]`, `[skip azurepipelines]` …
const VERBS: [&str; 2] = ["skip", "no"];
const AZURE: &str = "***NO_CI***";

/// Whether a message keeps a CI from running: GitHub's, GitLab's, Azure's, Gitea's and Bitbucket's
/// words for it, in any case of letters.
#[must_use]
pub fn skips_ci(message: &str) -> bool {
    brackets(message).any(is_marker)
        || message.to_ascii_uppercase().contains(AZURE)
        || message.lines().any(|line| {
            let line = line.to_ascii_lowercase().replace(' ', "");
            line == "skip-checks:true"
        })
}

/// The text with such markers in round brackets.
pub(in crate::git) fn without_markers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once(']') {
            Some((inner, after)) if is_marker(inner) => {
                plain = plain + "(" + inner + ")";
                rest = after;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    let upper = plain.to_ascii_uppercase();
    match upper.find(AZURE) {
        Some(_) => plain.replace("***", ""),
        None => plain,
    }
}

fn brackets(text: &str) -> impl Iterator<Item = &str> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once(']').map(|(inner, _)| inner))
}

fn is_marker(inner: &str) -> bool {
    let inner = inner.to_ascii_lowercase();
    let words: Vec<&str> = inner.split([' ', '-', '_']).filter(|word| !word.is_empty()).collect();
    words.len() == 2 && VERBS.iter().any(|verb| words.contains(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_and_made_harmless() {
        for (text, plain) in [
            ("fix [skip ci]", "fix (skip ci)"),
            ("[CI SKIP] fix", "(CI SKIP) fix"),
            ("a [no ci] b [skip actions]", "a (no ci) b (skip actions)"),
            ("[[skip ci]]", "[(skip ci)]"),
            ("[skip azurepipelines]", "(skip azurepipelines)"),
            ("[ci-skip]", "(ci-skip)"),
            ("x ***NO_CI***", "x NO_CI"),
        ] {
            assert!(skips_ci(text), "{text}");
            assert_eq!(without_markers(text), plain);
            assert!(!skips_ci(plain), "{plain}");
        }
        for text in ["fix [JIRA-12]", "list[0]", "[open", "skip ci", "no [a b c] here"] {
            assert!(!skips_ci(text), "{text}");
            assert_eq!(without_markers(text), text);
        }
        assert!(skips_ci("fix\n\nskip-checks: true\n"));
    }
}
