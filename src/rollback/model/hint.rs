//! Commands to paste: with the name the user typed, the context and the namespace pinned.

use crate::text::shell_quote;

use super::target::Target;

/// Writes commands for one cluster, identity and namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `rb` or `kubectl rb`.
    pub program: String,
    /// The flags that pin cluster and identity, quoted for a shell: `--context prod-eu`.
    pub pin: String,
    /// The namespace.
    pub namespace: String,
}

impl Hints {
    /// A command of rb.
    #[must_use]
    pub fn rb(&self, arguments: &str) -> String {
        self.command(&self.program, arguments)
    }

    /// A command of rb that no namespace is pinned in.
    #[must_use]
    pub fn rb_everywhere(&self, arguments: &str) -> String {
        format!("{} {arguments} {}", self.program, self.pin).trim_end().to_owned()
    }

    /// A command of kubectl.
    #[must_use]
    pub fn kubectl(&self, arguments: &str) -> String {
        self.command("kubectl", arguments)
    }

    /// A command of kubectl about an object in another namespace.
    #[must_use]
    pub fn kubectl_in(&self, namespace: &str, arguments: &str) -> String {
        self.command_in(namespace, "kubectl", arguments)
    }

    fn command(&self, program: &str, arguments: &str) -> String {
        self.command_in(&self.namespace, program, arguments)
    }

    fn command_in(&self, namespace: &str, program: &str, arguments: &str) -> String {
        let namespace = shell_quote(namespace);
        format!("{program} {arguments} -n {namespace} {}", self.pin).trim_end().to_owned()
    }
}

/// A command of kubectl about an object, in whatever cluster kubectl looks at: `VERB KIND.GROUP/NAME -n
/// NAMESPACE`, and then what follows.
#[must_use]
pub fn kubectl_on(verb: &str, object: &Target, rest: &str) -> String {
    let group = object.api_version.split_once('/').map(|(group, _)| format!(".{group}"));
    let kind = object.kind.to_lowercase();
    let (name, namespace) = (shell_quote(&object.name), shell_quote(&object.namespace));
    let group = group.unwrap_or_default();
    format!("kubectl {verb} {kind}{group}/{name} -n {namespace} {rest}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_and_namespace_are_pinned() {
        let hints = Hints {
            program: "kubectl rb".into(),
            pin: "--context 'my cluster'".into(),
            namespace: "shop".into(),
        };
        assert_eq!(
            hints.rb("undo deployment/web"),
            "kubectl rb undo deployment/web -n shop --context 'my cluster'"
        );
        let hints = Hints { pin: String::new(), ..hints };
        assert_eq!(hints.kubectl("get pods"), "kubectl get pods -n shop");
    }
}
