//! Paths in a Git repository: bytes, with `/` between the parts, never a leading one.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path from the root of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitPath(Vec<u8>);

impl GitPath {
    /// Takes it as Git stores it.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// As Git stores it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As an argument of a command; what is not UTF-8 is replaced.
    #[must_use]
    pub fn argument(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The folder that it stands in; `None` of the root.
    #[must_use]
    pub fn folder(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let slash = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self(self.0.get(..slash).unwrap_or_default().to_vec()))
    }

    /// Its last part.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// What has this name in it.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        if self.0.is_empty() { Self(name.to_vec()) } else { Self([&self.0, name].join(&b'/')) }
    }

    /// Whether it is this path or something in it. The empty path is the whole repository.
    #[must_use]
    pub fn is_in(&self, other: &Self) -> bool {
        other.0.is_empty()
            || self.0 == other.0
            || self.0.strip_prefix(other.0.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
    }
}

/// As `git` prints it: quoted as in C where it is not plain.
impl fmt::Display for GitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: &u8| (0x20..0x7f).contains(byte) && !b"\"\\".contains(byte);
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.chars().any(|c| c.is_control() || c == '"' || c == '\\') => {
                f.write_str(text)
            }
            _ => {
                f.write_str("\"")?;
                for byte in &self.0 {
                    match byte {
                        b'\n' => f.write_str("\\n")?,
                        b'\t' => f.write_str("\\t")?,
                        b'"' => f.write_str("\\\"")?,
                        b'\\' => f.write_str("\\\\")?,
                        plain if is_plain(plain) => write!(f, "{}", char::from(*plain))?,
                        other => write!(f, "\\{other:03o}")?,
                    }
                }
                f.write_str("\"")
            }
        }
    }
}

impl Serialize for GitPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GitPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("this is no path as git prints it"))
    }
}

impl GitPath {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some(quoted) = text.strip_prefix('"') else { return Some(Self::new(text.as_bytes())) };
        let mut bytes = Vec::new();
        let mut rest = quoted.strip_suffix('"')?.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(if byte == b'\\' { escaped(&mut rest)? } else { byte });
        }
        Some(Self(bytes))
    }
}

/// The byte that an escape stands for; its backslash is read.
fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    match rest.next()? {
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        same @ (b'"' | b'\\') => Some(same),
        first @ b'0'..=b'3' => {
            let digit = |byte: u8| (b'0'..=b'7').contains(&byte).then(|| byte - b'0');
            let (second, third) = (digit(rest.next()?)?, digit(rest.next()?)?);
            Some((first - b'0') * 64 + second * 8 + third)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_printed_as_git_prints_it() {
        for (bytes, shown) in [
            (&b"apps/web/kustomization.yaml"[..], "apps/web/kustomization.yaml"),
            ("apps/größe.yaml".as_bytes(), "apps/größe.yaml"),
            (b"a\"b", r#""a\"b""#),
            (b"a\\b", r#""a\\b""#),
            (b"a\nb\tc", r#""a\nb\tc""#),
            (b"caf\xe9", r#""caf\351""#),
            (b"\x1b[2J", r#""\033[2J""#),
        ] {
            assert_eq!(GitPath::new(bytes).to_string(), shown);
            assert_eq!(GitPath::parse(shown), Some(GitPath::new(bytes)));
        }
    }

    #[test]
    fn what_git_never_prints_is_no_path() {
        for text in ["\"", "\"a", r#""a\""#, r#""\9""#, r#""\12""#, r#""\777""#] {
            assert_eq!(GitPath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        let path = |text: &str| GitPath::new(text.as_bytes());
        for (whole, folder, name) in
            [("a/b/c.yaml", "a/b", "c.yaml"), ("a/b", "a", "b"), ("a", "", "a")]
        {
            assert_eq!(path(whole).folder(), Some(path(folder)));
            assert_eq!(path(whole).name(), name.as_bytes());
            assert_eq!(path(folder).join(name.as_bytes()), path(whole));
        }
        assert_eq!(path("").folder(), None);
    }

    #[test]
    fn a_path_is_in_its_folders_only() {
        let path = |text: &str| GitPath::new(text.as_bytes());
        assert!(path("apps/web/a.yaml").is_in(&path("apps/web")));
        assert!(path("apps/web").is_in(&path("apps/web")));
        assert!(path("apps/web").is_in(&path("")));
        assert!(!path("apps/web-2/a.yaml").is_in(&path("apps/web")));
        assert!(!path("apps").is_in(&path("apps/web")));
    }
}
