//! What many tests start from, and what they do with what `rb` says.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::rb::{Ran, program};
use crate::scene::{REVISION, image, is_observed};
use crate::testbed::{Namespace, Proxy, TestBed};

/// One release of the Deployment `web` with more in it than its image: `extra` is merged over it.
/// Where only the image differs, `scene` has what it takes.
#[track_caller]
pub(crate) fn release(
    namespace: &Namespace,
    revision: usize,
    replicas: u32,
    tag: &str,
    extra: &Value,
) {
    namespace.deployment_with("web", &image(tag), replicas, extra);
    namespace.wait_until(&format!("revision {revision} is stored"), |namespace| {
        let web = namespace.get("deployment", "web");
        let number = &web["metadata"]["annotations"][REVISION];
        is_observed(&web) && *number == revision.to_string().as_str()
    });
    namespace.rollout_done("web");
}

/// What a verification cannot do without, and the configuration.
const TO_VERIFY: [&str; 3] =
    ["list services", "list endpointslices.discovery.k8s.io", "get configmaps"];

/// Lets a user do this in the namespace, and what a verification cannot do without; waits until it
/// holds. Each rule is `verbs resource.group`, with the verbs separated by commas.
#[track_caller]
pub(crate) fn allow(namespace: &Namespace, user: &str, rules: &[&str]) {
    allow_only(namespace, user, &[rules, &TO_VERIFY].concat());
}

/// The same with nothing else.
#[track_caller]
pub(crate) fn allow_only(namespace: &Namespace, user: &str, rules: &[&str]) {
    let words = |rule: &'_ str| {
        let (verbs, resource) = rule.split_once(' ').expect("verbs, a blank, a resource");
        (verbs.to_owned(), resource.to_owned())
    };
    let first = words(rules[0]);
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            let (verbs, resource) = words(rule);
            let (resource, group) = resource.split_once('.').unwrap_or((&resource, ""));
            let verbs: Vec<&str> = verbs.split(',').collect();
            json!({"apiGroups": [group], "resources": [resource], "verbs": verbs})
        })
        .collect();
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": user}, "rules": rules});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": user},
        "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": user, "apiGroup": "rbac.authorization.k8s.io"}});
    namespace.apply(&format!("{role}\n---\n{binding}"));
    let verb = first.0.split(',').next().unwrap_or_default();
    let kubeconfig = format!("--kubeconfig={}", namespace.user(user).display());
    namespace.wait_until(&format!("{user} has the rights"), |namespace| {
        namespace.kubectl(&[&kubeconfig, "auth", "can-i", verb, &first.1]).code == 0
    });
}

/// Has the API server know a kind whose controller is no part of the bed, with whatever is in its objects.
#[track_caller]
pub(crate) fn define(namespace: &Namespace, group_version: &str, kind: &str, plural: &str) {
    let (group, version) = group_version.split_once('/').expect("a group and a version");
    let name = format!("{plural}.{group}");
    let schema = json!({"openAPIV3Schema": {"type": "object",
        "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version, "served": true, "storage": true, "schema": schema}]}});
    namespace.apply(&definition.to_string());
    // `kubectl wait` fails as long as the definition has no conditions at all.
    namespace.wait_until(&format!("{name} are served"), |namespace| {
        namespace.kubectl(&["get", &name]).code == 0
    });
}

/// Fails the test if anything was written through the proxy.
#[track_caller]
pub(crate) fn nothing_was_written(proxy: &Proxy) {
    let requests = proxy.requests();
    let writes: Vec<_> = requests.iter().filter(|r| r.request.is_write()).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

/// The commands that an error's hints hold: what stands after the words and their colon.
pub(crate) fn commands(ran: &Ran) -> Vec<String> {
    let hints = ran.stderr.lines().filter_map(|line| line.trim_start().strip_prefix("hint: "));
    let command = |hint: &str| {
        let start = ["kubectl ", "rb "]
            .iter()
            .filter_map(|program| {
                let later = hint.find(&format!(": {program}")).map(|at| at + 2);
                hint.starts_with(program).then_some(0).or(later)
            })
            .min()?;
        Some(hint[start..].to_owned())
    };
    hints.filter_map(command).collect()
}

/// What happens when somebody pastes this into a shell where `rb`, `kubectl rb` and kubectl are.
#[track_caller]
pub(crate) fn paste(bed: &TestBed, kubeconfig: &Path, line: &str) -> Ran {
    let home = tempfile::tempdir().expect("a home folder");
    let path = path_with_plugin(bed, home.path());
    let output = Command::new("sh")
        .args(["-c", line])
        .env_clear()
        .env("HOME", home.path())
        .env("KUBECONFIG", kubeconfig)
        .env("LANG", "C.UTF-8")
        .env("PATH", path)
        .env("USER", "tester")
        .stdin(Stdio::null())
        .output()
        .expect("sh starts");
    Ran::new(&output)
}

/// A PATH where the program is called `rb` and `kubectl-rb`, and kubectl is.
fn path_with_plugin(bed: &TestBed, folder: &Path) -> OsString {
    for name in ["rb", "kubectl-rb"] {
        symlink(program(), folder.join(name)).expect("a link to the program");
    }
    let kubectl = bed.kubectl().parent().map(PathBuf::from).unwrap_or_default();
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned(), kubectl].into_iter().chain(std::env::split_paths(&old));
    std::env::join_paths(folders).expect("a PATH")
}

/// A kubeconfig made from another one.
pub(crate) struct Kubeconfig {
    file: tempfile::NamedTempFile,
}

impl Kubeconfig {
    /// The same with a change.
    #[track_caller]
    pub(crate) fn edited(from: &Path, edit: impl FnOnce(&mut Value)) -> Self {
        let text = std::fs::read_to_string(from).expect("a kubeconfig");
        let mut config = serde_json::from_str(&text).expect("the test bed writes JSON");
        edit(&mut config);
        // As ASCII: YAML takes some characters only as escapes.
        let text = config.to_string();
        let mut units = [0; 2];
        let escaped =
            |c: char| c.encode_utf16(&mut units).iter().map(|u| format!("\\u{u:04x}")).collect();
        let mut escaped = escaped;
        let text = text.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) });
        Self::text(&text.collect::<String>())
    }

    /// A file with this text.
    #[track_caller]
    pub(crate) fn text(text: &str) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("a file that can be written");
        Self { file }
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}
