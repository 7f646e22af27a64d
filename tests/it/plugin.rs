//! Exec credential plugins: run once, under the deadline, and heard when they fail.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::given::Kubeconfig;
use crate::rb::{Ran, Rb};
use crate::scene::{assert_live, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_plugin_runs_once_for_a_whole_undo,
        a_plugin_that_fails_is_quoted_and_its_token_is_not,
        a_plugin_that_is_not_installed_is_a_usage_error,
        a_plugin_that_hangs_ends_with_the_timeout,
        a_token_that_is_refused_is_fetched_once_more,
    ]
}

/// A shell script in a folder of its own, and a kubeconfig that runs it.
struct Plugin {
    folder: tempfile::TempDir,
    config: Kubeconfig,
}

impl Plugin {
    fn new(namespace: &Namespace, script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("get-token");
        fs::write(&file, format!("#!/bin/sh\ncd '{}'\n{script}\n", folder.path().display()))
            .expect("a script");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
        let config = with_plugin(namespace, &file);
        Self { folder, config }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    fn rb(&self, words: &str) -> Ran {
        Rb::new(self.config.path()).words(words).run()
    }
}

fn with_plugin(namespace: &Namespace, command: &Path) -> Kubeconfig {
    Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["users"][0]["user"] = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command,
            "args": ["--cluster", "prod"],
            "env": [{"name": "PROFILE", "value": "ops"}],
            "interactiveMode": "Never",
            "installHint": "ask the platform team for get-token",
        }});
    })
}

/// Prints credentials with this token.
fn credentials(token: &str) -> String {
    let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": token}});
    format!("echo '{answer}'")
}

fn a_plugin_runs_once_for_a_whole_undo(bed: &TestBed) {
    let namespace = bed.namespace("once");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let script = format!("echo \"$PROFILE $*\" >>runs\n{}", credentials("admin-token"));
    let plugin = Plugin::new(&namespace, &script);
    plugin.rb("undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
    assert_eq!(plugin.read("runs"), "ops --cluster prod\n");
}

fn a_plugin_that_fails_is_quoted_and_its_token_is_not(bed: &TestBed) {
    let namespace = bed.namespace("fails");
    let failing = Plugin::new(&namespace, "echo s3cret\necho 'login has expired' >&2\nexit 7");
    let ran = failing.rb("undo deploy/web --yes -o json").ends_with(1);
    assert!(!format!("{ran}").contains("s3cret"), "{ran}");
    let ran = ran.says("get-token").says("login has expired");
    assert_eq!(ran.json()["kind"], "unauthenticated");
    for (script, said) in [
        ("echo s3cret", "not an ExecCredential"),
        ("true", "not an ExecCredential"),
        ("kill -9 $$", "get-token"),
    ] {
        let ran = Plugin::new(&namespace, script).rb("history deploy/web").ends_with(1);
        assert!(!format!("{ran}").contains("s3cret"), "{ran}");
        ran.says("the credential plugin").says(said);
    }
}

fn a_plugin_that_is_not_installed_is_a_usage_error(bed: &TestBed) {
    let namespace = bed.namespace("absent");
    let config = with_plugin(&namespace, Path::new("/no/such/get-token"));
    let ran = Rb::new(config.path()).words("history deploy/web").run().ends_with(2);
    ran.says("cannot run the credential plugin /no/such/get-token")
        .says("ask the platform team for get-token");
}

fn a_plugin_that_hangs_ends_with_the_timeout(bed: &TestBed) {
    let namespace = bed.namespace("hangs");
    let plugin = Plugin::new(&namespace, "echo $$ >pid\nexec sleep 1000");
    let ran = plugin.rb("undo deploy/web --yes --timeout=1s").ends_with(1);
    ran.says("did not answer in time").says("use a longer --timeout");
    let process = PathBuf::from("/proc").join(plugin.read("pid").trim());
    assert!(process.is_absolute() && process != Path::new("/proc"), "it never ran");
    namespace.wait_until("the plugin is gone", |_| {
        // A process that nobody has waited for yet has no command line left.
        fs::read(process.join("cmdline")).is_ok_and(|line| line.is_empty()) || !process.exists()
    });
}

/// A token may be revoked before it expires: that the API server refuses it is reason to ask again.
fn a_token_that_is_refused_is_fetched_once_more(bed: &TestBed) {
    let namespace = bed.namespace("revoked");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let first = credentials("expired-token");
    let second = credentials("admin-token");
    let script = format!("echo run >>runs\nif [ -e used ]; then {second}; else >used; {first}; fi");
    let plugin = Plugin::new(&namespace, &script);
    plugin.rb("undo deploy/web --yes").ends_with(0);
    assert_eq!(plugin.read("runs"), "run\nrun\n");
    let refused = Plugin::new(&namespace, &format!("echo run >>runs\n{first}"));
    refused.rb("history deploy/web").ends_with(1).says("does not accept the credentials");
    assert_eq!(refused.read("runs"), "run\nrun\n");
}
