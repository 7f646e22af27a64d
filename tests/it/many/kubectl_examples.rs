//! Every example in the help of `kubectl rollout` works with `rb` in its place. They are read from the
//! real kubectl, so that a new one is noticed.

use crate::given::paste;
use crate::scene::releases;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![what_the_help_of_kubectl_shows_works]
}

/// The commands below `Examples:` in the help of one of kubectl's commands.
fn examples(namespace: &Namespace, command: &str) -> Vec<String> {
    let help = namespace.kubectl_ok(&["rollout", command, "--help"]);
    let (_, rest) = help.split_once("Examples:\n").expect("examples");
    let (examples, _) = rest.split_once("\n\n").map_or((rest, ""), |(_, after)| {
        let end = rest.find("\nOptions:").unwrap_or(rest.len() - after.len());
        (&rest[..end], after)
    });
    let lines = examples.lines().map(str::trim);
    lines.filter(|line| line.starts_with("kubectl ")).map(str::to_owned).collect()
}

fn what_the_help_of_kubectl_shows_works(bed: &TestBed) {
    let namespace = bed.namespace("examples");
    releases(&namespace, 1, &["1.0", "2.0", "3.0", "4.0"]);
    daemon_set(&namespace);
    let mut seen = Vec::new();
    for command in ["history", "undo", "status"] {
        let examples = examples(&namespace, command);
        assert!(!examples.is_empty(), "kubectl rollout {command} has no example");
        for example in examples {
            let line = example.replace("kubectl rollout ", "rb ");
            assert_ne!(line, example, "an example of another kind");
            let line = line.replace("/abc", "/web").replace("/nginx", "/web");
            let yes = if command == "undo" { " --yes" } else { "" };
            paste(bed, namespace.kubeconfig(), &format!("{line}{yes}")).ends_with(0);
            seen.push(example);
        }
    }
    // Not an example fewer than there were when this was written.
    for known in [
        "kubectl rollout history deployment/abc",
        "kubectl rollout history daemonset/abc --revision=3",
        "kubectl rollout undo deployment/abc",
        "kubectl rollout undo daemonset/abc --to-revision=3",
        "kubectl rollout undo --dry-run=server deployment/abc",
        "kubectl rollout status deployment/nginx",
    ] {
        assert!(seen.iter().any(|line| line == known), "{known} is not in {seen:?}");
    }
}

/// A `DaemonSet` with the revisions that the examples name.
fn daemon_set(namespace: &Namespace) {
    for number in 1..=4_u64 {
        let image = crate::scene::image(&format!("{number}.0"));
        let object = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"},
            "spec": {
                "selector": {"matchLabels": {"daemon": "web"}},
                "template": {
                    "metadata": {"labels": {"daemon": "web"}},
                    "spec": {"containers": [{"name": "app", "image": image}]},
                },
            },
        });
        namespace.apply(&object.to_string());
        namespace.wait_until(&format!("revision {number} runs"), |namespace| {
            let set = namespace.get("daemonset", "web");
            let revisions = namespace.list("controllerrevision", "daemon=web");
            let newest =
                revisions.iter().filter_map(|revision| revision["revision"].as_u64()).max();
            let status = &set["status"];
            newest == Some(number)
                && status["observedGeneration"] == set["metadata"]["generation"]
                && status["updatedNumberScheduled"] == status["desiredNumberScheduled"]
                && status["numberAvailable"] == status["desiredNumberScheduled"]
        });
    }
}
