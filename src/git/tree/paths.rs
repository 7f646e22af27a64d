//! Paths as people give them.

use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::git_path::GitPath;
use crate::text::sanitize;

/// A path from the root of the repository: `apps/web`, `./apps/web/`; `.` is the whole of it. Fails with
/// [`ErrorKind::Usage`] where it leads out of the repository.
pub fn parse(text: &[u8]) -> Result<GitPath> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let refuse = |why: &str| {
        let shown = String::from_utf8_lossy(text);
        let message = format!("the path {} {why}", sanitize(&shown));
        Err(Error::new(ErrorKind::Usage, message)
            .hint("name a file or a folder from the root of the repository, e.g. --path apps/web"))
    };
    if text.is_empty() {
        return refuse("is empty");
    }
    if text.starts_with(b"/") {
        return refuse("begins with a slash");
    }
    if text.contains(&0) {
        return refuse("holds a NUL");
    }
    for part in text.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return refuse("leads out of the repository"),
            part => parts.push(part),
        }
    }
    Ok(GitPath::new(parts.join(&b'/')))
}

/// Whether a file is one of these, or in one of them. No paths are the whole repository.
#[must_use]
pub fn covers(paths: &[GitPath], file: &GitPath) -> bool {
    paths.is_empty() || paths.iter().any(|path| file.is_in(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_at_the_root_of_the_repository() {
        for (text, path) in [
            ("apps/web", "apps/web"),
            ("./apps//web/", "apps/web"),
            (".", ""),
            ("--upload-pack=x", "--upload-pack=x"),
            ("a b\nc", "a b\nc"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap(), GitPath::new(path.as_bytes()), "{text}");
        }
        for text in ["", "/etc", "..", "apps/../../x", "a\0b"] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text:?}");
            assert!(!error.hints().is_empty());
        }
    }

    #[test]
    fn an_escape_in_a_path_is_shown_and_not_sent() {
        let error = parse(b"/\x1b[2J").unwrap_err();
        assert!(error.to_string().contains("\\x1b[2J"), "{error}");
    }
}
