//! The user's Git configuration, as the user's own `git` reads it: with what is included on conditions,
//! and with what the environment adds.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::git::program::Git;
use crate::text::sanitize;

/// Settings by name. Sections and keys are in lower case, as `git config --list` writes them.
#[derive(Clone, Debug, Default)]
pub struct UserConfig {
    values: HashMap<String, String>,
}

impl UserConfig {
    /// Asks `git` in this folder: a checkout of the user's where there is one, for it may say who
    /// commits there. Fails with [`ErrorKind::Usage`] where `git` cannot read the configuration.
    pub async fn read(git: &Git, folder: &Path) -> Result<Self> {
        let output = git.at(folder, &["config", "--null", "--list"]).await?;
        if output.status.success() {
            return Ok(Self::from_list(&output.stdout));
        }
        let why = output.said.last().map_or("git config --list failed", String::as_str);
        Err(Error::new(ErrorKind::Usage, "cannot read your Git configuration")
            .because(sanitize(why).into_owned())
            .hint("git config --list --show-origin"))
    }

    /// From what `git config --null --list` prints.
    #[must_use]
    pub fn from_list(list: &[u8]) -> Self {
        let text = String::from_utf8_lossy(list);
        let mut values = HashMap::new();
        for pair in text.split('\0').filter(|pair| !pair.is_empty()) {
            // A key alone is true.
            let (key, value) = pair.split_once('\n').unwrap_or((pair, "true"));
            values.insert(key.to_owned(), value.to_owned());
        }
        Self { values }
    }

    /// The last value of a setting; an empty one counts as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting that is on or off. Fails with [`ErrorKind::Usage`] where it is neither.
    pub fn is_on(&self, key: &str) -> Result<bool> {
        let Some(value) = self.get(key) else { return Ok(false) };
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            other => {
                let message = format!("{key} is {} in your Git configuration", sanitize(other));
                Err(Error::new(ErrorKind::Usage, message)
                    .because("it is neither true nor false")
                    .hint(format!("git config --show-origin --get {key}")))
            }
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for UserConfig {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let pairs = pairs.into_iter();
        Self { values: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_git_is_read_to_its_last_value() {
        let list = b"user.name\nFirst\0core.bare\0user.name\nSecond\nline\0gpg.program\n\0";
        let config = UserConfig::from_list(list);
        assert_eq!(config.get("user.name"), Some("Second\nline"));
        assert_eq!(config.get("gpg.program"), None);
        assert!(config.is_on("core.bare").unwrap());
        assert!(!config.is_on("commit.gpgsign").unwrap());
    }

    #[test]
    fn a_switch_is_on_or_off_and_nothing_else() {
        for (value, is_on) in [("true", true), ("YES", true), ("1", true), ("off", false)] {
            let config = UserConfig::from([("commit.gpgsign", value)]);
            assert_eq!(config.is_on("commit.gpgsign").unwrap(), is_on, "{value}");
        }
        let error = UserConfig::from([("commit.gpgsign", "maybe")]).is_on("commit.gpgsign");
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Usage);
    }
}
