//! The environment that `git` is run in: the user's own, without what would lead it to another
//! repository, make it ask where nobody can answer, or let it say secrets. Pure.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Variables of a process.
pub(in crate::git) type Variables = BTreeMap<OsString, OsString>;

/// What describes another repository than the one that is named on the command line (most of
/// `git rev-parse --local-env-vars`), and what changes the messages that are read.
const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CURL_VERBOSE",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_PROTOCOL",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "LANGUAGE",
];
/// The same, by the beginning of the name. Traces would show what is sent.
const FOREIGN_PREFIXES: &[&str] = &["GIT_ALTERNATE_", "GIT_PUSH_OPTION_", "GIT_TRACE"];

/// The environment for `git`. `GIT_CONFIG_COUNT` and `GIT_CONFIG_PARAMETERS` stay: they are a way to
/// set Git up, common in CI.
pub(in crate::git) fn scrubbed(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    interactive: bool,
) -> Variables {
    let mut kept: Variables = variables.into_iter().filter(|(name, _)| !is_foreign(name)).collect();
    set(&mut kept, "LC_ALL", "C");
    set(&mut kept, "GIT_OPTIONAL_LOCKS", "0");
    set(&mut kept, "GIT_NO_LAZY_FETCH", "1");
    if !interactive {
        set(&mut kept, "GIT_TERMINAL_PROMPT", "0");
        set(&mut kept, "GCM_INTERACTIVE", "never");
        set(&mut kept, "SSH_ASKPASS_REQUIRE", "never");
        // Git falls back to it, and it is a window. A program named in GIT_ASKPASS or core.askPass
        // was chosen for Git, and answers in CI.
        kept.remove(OsStr::new("SSH_ASKPASS"));
    }
    // It wins over `protocol.ext.allow`.
    let allowed = kept.get(OsStr::new("GIT_ALLOW_PROTOCOL")).and_then(|list| list.to_str());
    if let Some(list) = allowed.map(without_ext) {
        set(&mut kept, "GIT_ALLOW_PROTOCOL", &list);
    }
    kept
}

fn is_foreign(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    FOREIGN.contains(&name) || FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn without_ext(list: &str) -> String {
    list.split(':').filter(|protocol| *protocol != "ext").collect::<Vec<_>>().join(":")
}

fn set(variables: &mut Variables, name: &str, value: &str) {
    variables.insert(name.into(), value.into());
}

/// Adds settings behind those that the environment has already: they win over all files, and lose
/// against `-c`.
pub(in crate::git) fn add_settings(variables: &mut Variables, settings: &[(String, String)]) {
    if settings.is_empty() {
        return;
    }
    let count = variables.get(OsStr::new("GIT_CONFIG_COUNT")).and_then(|count| count.to_str());
    let first: usize = count.and_then(|count| count.trim().parse().ok()).unwrap_or(0);
    for (index, (name, value)) in settings.iter().enumerate() {
        let index = first + index;
        set(variables, &format!("GIT_CONFIG_KEY_{index}"), name);
        set(variables, &format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    set(variables, "GIT_CONFIG_COUNT", &(first + settings.len()).to_string());
}

/// Whether the environment itself says how SSH is run.
pub(in crate::git) fn names_ssh(variables: &Variables) -> bool {
    ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| variables.contains_key(OsStr::new(name)))
}

/// Keeps SSH from asking: without a terminal nobody answers. `configured` is `core.sshCommand`. A
/// program that is not OpenSSH is left as it is.
pub(in crate::git) fn keep_ssh_quiet(variables: &mut Variables, configured: Option<&str>) {
    let own = variables.get(OsStr::new("GIT_SSH_COMMAND"));
    let command = match own.map(|command| command.to_str()) {
        Some(Some(command)) => command,
        Some(None) => return,
        None if variables.contains_key(OsStr::new("GIT_SSH")) => return,
        None => configured.unwrap_or("ssh"),
    };
    let program = command.split_whitespace().next().unwrap_or_default();
    let name = Path::new(program.trim_matches(['"', '\''])).file_name().and_then(OsStr::to_str);
    if matches!(name, Some("ssh" | "ssh.exe")) {
        let quiet = format!("{command} -o BatchMode=yes");
        set(variables, "GIT_SSH_COMMAND", &quiet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn get<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
        variables.get(OsStr::new(name)).and_then(|value| value.to_str())
    }

    #[test]
    fn another_repository_is_forgotten_and_the_users_setup_is_not() {
        let kept = scrubbed(
            variables(&[
                ("GIT_DIR", "/x"),
                ("GIT_INDEX_FILE", "/x"),
                ("GIT_WORK_TREE", "/x"),
                ("GIT_OBJECT_DIRECTORY", "/x"),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/x"),
                ("GIT_TRACE_CURL", "1"),
                ("GIT_TRACE", "1"),
                ("GIT_PUSH_OPTION_COUNT", "1"),
                ("LANGUAGE", "de"),
                ("LC_ALL", "de_DE.UTF-8"),
                ("SSH_ASKPASS", "window"),
                ("GIT_ASKPASS", "script"),
                ("GIT_CONFIG_COUNT", "0"),
                ("GIT_CONFIG_PARAMETERS", "'a.b'='c'"),
                ("GIT_SSL_CAINFO", "/ca"),
                ("GIT_ALLOW_PROTOCOL", "https:ext:ssh"),
                ("HTTPS_PROXY", "http://p"),
                ("HOME", "/h"),
            ]),
            false,
        );
        let names: Vec<&str> = kept.keys().filter_map(|name| name.to_str()).collect();
        assert_eq!(
            names,
            [
                "GCM_INTERACTIVE",
                "GIT_ALLOW_PROTOCOL",
                "GIT_ASKPASS",
                "GIT_CONFIG_COUNT",
                "GIT_CONFIG_PARAMETERS",
                "GIT_NO_LAZY_FETCH",
                "GIT_OPTIONAL_LOCKS",
                "GIT_SSL_CAINFO",
                "GIT_TERMINAL_PROMPT",
                "HOME",
                "HTTPS_PROXY",
                "LC_ALL",
                "SSH_ASKPASS_REQUIRE",
            ]
        );
        assert_eq!(get(&kept, "LC_ALL"), Some("C"));
        assert_eq!(get(&kept, "GIT_ALLOW_PROTOCOL"), Some("https:ssh"));
    }

    #[test]
    fn on_a_terminal_git_may_ask() {
        let kept = scrubbed(variables(&[("SSH_ASKPASS", "window")]), true);
        assert_eq!(get(&kept, "GIT_TERMINAL_PROMPT"), None);
        assert_eq!(get(&kept, "SSH_ASKPASS"), Some("window"));
    }

    #[test]
    fn settings_follow_those_that_are_there() {
        let mut kept = scrubbed(variables(&[("GIT_CONFIG_COUNT", "2")]), false);
        let setting = |name: &str| (name.to_owned(), "v".to_owned());
        add_settings(&mut kept, &[setting("a.b"), setting("c.d")]);
        add_settings(&mut kept, &[setting("e.f")]);
        add_settings(&mut kept, &[]);
        assert_eq!(get(&kept, "GIT_CONFIG_COUNT"), Some("5"));
        assert_eq!(get(&kept, "GIT_CONFIG_KEY_3"), Some("c.d"));
        assert_eq!(get(&kept, "GIT_CONFIG_KEY_4"), Some("e.f"));
    }

    #[test]
    fn ssh_does_not_ask() {
        for (own, configured, command) in [
            (&[][..], None, Some("ssh -o BatchMode=yes")),
            (&[], Some("ssh -i key"), Some("ssh -i key -o BatchMode=yes")),
            (&[], Some("plink -batch"), None),
            (
                &[("GIT_SSH_COMMAND", "'/usr/bin/ssh' -v")],
                None,
                Some("'/usr/bin/ssh' -v -o BatchMode=yes"),
            ),
            (&[("GIT_SSH_COMMAND", "my-ssh")], Some("ssh"), Some("my-ssh")),
            (&[("GIT_SSH", "tortoise")], Some("ssh"), None),
        ] {
            let mut kept = scrubbed(variables(own), false);
            keep_ssh_quiet(&mut kept, configured);
            assert_eq!(get(&kept, "GIT_SSH_COMMAND"), command, "{own:?} {configured:?}");
        }
    }
}
