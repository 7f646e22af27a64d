//! The flags that pin a pasted command to this cluster and identity.
//!
//! Pure: from what the user chose to shell words. A hint without them would run against whatever the
//! current context happens to be when somebody pastes it.

use super::ConnectOptions;
use crate::text::shell_quote;

/// `--kubeconfig … --context … --cluster … --user … --as …`, quoted for a POSIX shell.
pub(super) fn flags(options: &ConnectOptions, context: Option<&str>) -> String {
    let kubeconfig = options.kubeconfig.as_deref().map(|path| path.to_string_lossy());
    let mut words: Vec<String> = Vec::new();
    let mut add = |flag: &str, value: Option<&str>| {
        if let Some(value) = value {
            words.push(format!("{flag} {}", shell_quote(value)));
        }
    };
    add("--kubeconfig", kubeconfig.as_deref());
    add("--context", context);
    add("--cluster", options.cluster.as_deref());
    add("--user", options.user.as_deref());
    add("--as", options.as_user.as_deref());
    for group in &options.as_groups {
        add("--as-group", Some(group));
    }
    add("--as-uid", options.as_uid.as_deref());
    words.join(" ")
}

/// The same without impersonation: for the question whether that is allowed.
pub(super) fn own_flags(options: &ConnectOptions, context: Option<&str>) -> String {
    let own = ConnectOptions { as_user: None, as_groups: vec![], as_uid: None, ..options.clone() };
    flags(&own, context)
}

/// A kubectl command with these flags.
pub(super) fn command(words: &str, flags: &str) -> String {
    format!("kubectl {words} {flags}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_name_context_and_identity() {
        let options = ConnectOptions {
            kubeconfig: Some("/tmp/a b".into()),
            as_user: Some("jane".into()),
            as_groups: vec!["ops".into()],
            ..ConnectOptions::default()
        };
        assert_eq!(
            flags(&options, Some("prod")),
            "--kubeconfig '/tmp/a b' --context prod --as jane --as-group ops"
        );
        assert_eq!(flags(&ConnectOptions::default(), None), "");
    }
}
