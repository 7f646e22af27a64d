//! Where a configuration comes from, for messages.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::rollback::model::hint::Hints;
use crate::text::shell_quote;

use super::yaml::Place;

/// The ConfigMap that is read where there is no file.
pub const CONFIG_MAP: &str = "rb-config";
/// The key in it that holds the text.
pub const CONFIG_MAP_KEY: &str = "rb.yaml";

/// Names the text in messages, and how to change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(From);

#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    File(PathBuf),
    ConfigMap { key: String, hints: Hints },
}

impl Origin {
    /// A file.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self(From::File(path.to_owned()))
    }

    /// The ConfigMap [`CONFIG_MAP`] of the namespace of these hints, and the key in it.
    #[must_use]
    pub fn config_map(key: &str, hints: &Hints) -> Self {
        Self(From::ConfigMap { key: key.to_owned(), hints: hints.clone() })
    }

    /// The command that changes it.
    pub(super) fn edit(&self, place: Place) -> String {
        match &self.0 {
            From::File(path) => {
                let path = path.display().to_string();
                format!("to edit it: ${{EDITOR:-vi}} +{} {}", place.line, shell_quote(&path))
            }
            From::ConfigMap { hints, .. } => hints.kubectl(&format!("edit configmap/{CONFIG_MAP}")),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            From::File(path) => write!(f, "{}", path.display()),
            From::ConfigMap { key, .. } => write!(f, "configmap/{CONFIG_MAP}:{key}"),
        }
    }
}
