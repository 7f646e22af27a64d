//! Commands to paste: with the name the user typed, the context and the namespace pinned.

use crate::text::shell_quote;

/// Writes commands for one cluster and namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `rb` or `kubectl rb`.
    pub program: String,
    /// `--kubeconfig`, where the user gave it.
    pub kubeconfig: Option<String>,
    /// The context; `None` in a cluster.
    pub context: Option<String>,
    /// The namespace.
    pub namespace: String,
}

impl Hints {
    /// A command of rb.
    #[must_use]
    pub fn rb(&self, arguments: &str) -> String {
        format!("{} {arguments}{}", self.program, self.pins())
    }

    /// A command of kubectl.
    #[must_use]
    pub fn kubectl(&self, arguments: &str) -> String {
        format!("kubectl {arguments}{}", self.pins())
    }

    fn pins(&self) -> String {
        let mut pins = format!(" -n {}", shell_quote(&self.namespace));
        for (flag, value) in [("--context", &self.context), ("--kubeconfig", &self.kubeconfig)] {
            if let Some(value) = value {
                pins = format!("{pins} {flag} {}", shell_quote(value));
            }
        }
        pins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_pinned_and_quoted() {
        let hints = Hints {
            program: "kubectl rb".into(),
            kubeconfig: None,
            context: Some("my cluster".into()),
            namespace: "shop".into(),
        };
        assert_eq!(
            hints.rb("undo deployment/web"),
            "kubectl rb undo deployment/web -n shop --context 'my cluster'"
        );
        assert_eq!(
            hints.kubectl("get pods"),
            "kubectl get pods -n shop --context 'my cluster'"
        );
    }
}
