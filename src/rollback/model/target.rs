//! What is rolled back: a workload, by kind, namespace and name, on a cluster.

use serde::{Deserialize, Serialize};

/// A kind of workload, as the API and the command line name it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// API group and version, e.g. `apps/v1`.
    pub api_version: &'static str,
    /// Kind of the API, e.g. `Deployment`.
    pub kind: &'static str,
    /// Resource of the API, e.g. `deployments`.
    pub plural: &'static str,
    /// Lower-case singular, e.g. `deployment`: what messages and hints say.
    pub singular: &'static str,
    /// Short names that kubectl knows, e.g. `deploy`.
    pub short: &'static [&'static str],
}

impl Kind {
    /// The API group, e.g. `apps`; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether the user's word names this kind: `deploy`, `Deployment`, `deployments.apps`,
    /// `deployment.v1.apps`.
    #[must_use]
    pub fn is_named(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let (name, suffix) = word.split_once('.').unwrap_or((&word, ""));
        let version = self.api_version.rsplit('/').next().unwrap_or_default();
        let suffix_fits = suffix.is_empty()
            || suffix == self.group()
            || suffix == format!("{version}.{}", self.group());
        suffix_fits && (name == self.plural || name == self.singular || self.short.contains(&name))
    }
}

/// The cluster that a snapshot was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRef {
    /// The kubeconfig context, or `in-cluster`.
    pub context: String,
    /// The URL of the API server.
    pub server: String,
}

/// One workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// API group and version, e.g. `apps/v1`.
    pub api_version: String,
    /// Kind of the API, e.g. `Deployment`.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Target {
    /// A workload of this kind.
    #[must_use]
    pub fn new(kind: &Kind, namespace: &str, name: &str) -> Self {
        Self {
            api_version: kind.api_version.to_owned(),
            kind: kind.kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// `deployment/checkout`: how commands and messages name it.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind.to_ascii_lowercase(), self.name)
    }

    /// `deployment.apps/checkout`: how kubectl's `-o name` prints it.
    #[must_use]
    pub fn qualified(&self) -> String {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        let dot = if group.is_empty() { "" } else { "." };
        format!("{}{dot}{group}/{}", self.kind.to_ascii_lowercase(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENT: Kind = Kind {
        api_version: "apps/v1",
        kind: "Deployment",
        plural: "deployments",
        singular: "deployment",
        short: &["deploy"],
    };

    #[test]
    fn the_words_that_kubectl_knows_name_the_kind() {
        for word in [
            "deploy",
            "deployment",
            "deployments",
            "Deployment",
            "deployments.apps",
            "deployment.apps",
            "deploy.apps",
            "deployments.v1.apps",
        ] {
            assert!(DEPLOYMENT.is_named(word), "{word}");
        }
        for word in ["dep", "deployment.v1", "deployments.extensions", "pod", ""] {
            assert!(!DEPLOYMENT.is_named(word), "{word}");
        }
    }

    #[test]
    fn a_target_is_named_as_kubectl_names_it() {
        let target = Target::new(&DEPLOYMENT, "shop", "checkout");
        assert_eq!(target.reference(), "deployment/checkout");
        assert_eq!(target.qualified(), "deployment.apps/checkout");
    }
}
