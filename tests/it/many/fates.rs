//! What becomes of each: what is wrong with one does not stop the others, unless that is asked for,
//! and the exit code is that of the worst.

use serde_json::json;

use crate::given::nothing_was_written;
use crate::rb::{Rb, rb};
use crate::scene::quota;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::{deploy, live, row, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_is_wrong_with_one_does_not_stop_the_others,
        a_retried_call_writes_nothing_and_waits_for_what_is_under_way,
        the_exit_code_is_that_of_the_worst,
        all_or_nothing_writes_nothing_where_one_is_refused,
        all_or_nothing_asks_the_api_server_first,
        dry_runs_change_nothing,
        without_waiting_nothing_is_verified,
        the_timeout_is_for_all_of_them_together,
        a_status_of_another_revision_is_not_waited_for,
        what_was_healthy_before_is_no_news,
    ]
}

fn what_is_wrong_with_one_does_not_stop_the_others(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("mixed-fates"), bed.proxy());
    let several = ["web-a", "web-b", "web-owned", "web-paused"];
    deploy(&namespace, &several, 1, &["1.0", "2.0"]);
    deploy(&namespace, &["web-single"], 1, &["1.0"]);
    namespace.kubectl_ok(&["annotate", "deployment/web-owned", "meta.helm.sh/release-name=shop"]);
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web-paused"]);
    let words = "undo deploy web-a web-none web-owned web-paused web-single web-b --yes";
    let ran = Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(3);
    let mut touched = written(&proxy);
    touched.sort();
    assert_eq!(touched, ["web-a", "web-b"]);
    assert_eq!(live(&namespace, &several), ["1.0", "1.0", "2.0", "2.0"]);
    for (name, result) in [
        ("web-a", "rolled back"),
        ("web-none", "not found"),
        ("web-owned", "refused"),
        ("web-paused", "refused"),
        ("web-single", "no revision"),
        ("web-b", "rolled back"),
    ] {
        let row = row(&ran, &format!("deployment/{name}"));
        assert!(row.contains(result), "{row}");
    }
    // Each with its reason and with what to type.
    let place = format!("-n {} --context testbed", namespace.name());
    for said in [
        "deployment/web-none does not exist".to_owned(),
        format!("kubectl get deployments {place}"),
        "Helm release shop owns it".to_owned(),
        format!("kubectl rollout resume deployment/web-paused {place}"),
        "deployment/web-single has no history".to_owned(),
        "1 no revision, 1 not found, 2 refused, 2 rolled back".to_owned(),
    ] {
        assert!(format!("{ran}").contains(&said), "{said}: {ran}");
    }
}

fn a_retried_call_writes_nothing_and_waits_for_what_is_under_way(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("retry-many"), bed.proxy());
    deploy(&namespace, &["web-quick"], 1, &["1.0", "2.0"]);
    deploy(&namespace, &["web-slow"], 1, &["1.0-slow", "2.0"]);
    deploy(&namespace, &["web-left"], 1, &["1.0", "2.0"]);
    rb(&namespace, "undo deploy web-quick web-slow --yes --no-wait").ends_with(0);
    let words = "undo deploy --all --yes -o json";
    let document = Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(0).json();
    assert_eq!(written(&proxy), ["web-left"]);
    for (place, name) in ["web-left", "web-quick", "web-slow"].iter().enumerate() {
        let item = &document["items"][place];
        assert_eq!(item["target"]["name"], *name);
        let rolled_back = *name == "web-left";
        let says_so = item["result"] == "rolledBack" || item["result"] == "complete";
        assert!(says_so || !rolled_back, "{item}");
    }
    // One watch of the workloads and one of pods, for what was written and what was not.
    let watches = proxy.requests().iter().filter(|record| record.request.is_watch()).count();
    assert_eq!(watches, 2);
    // The slow one was waited for.
    let web = namespace.get("deployment", "web-slow");
    assert_eq!(web["status"]["availableReplicas"], 1);
    assert_eq!(web["status"]["updatedReplicas"], 1);
}

fn the_exit_code_is_that_of_the_worst(bed: &TestBed) {
    let namespace = bed.namespace("worst");
    deploy(&namespace, &["web-good"], 1, &["1.0", "2.0"]);
    deploy(&namespace, &["web-crash"], 1, &["1.0-crash", "2.0"]);
    deploy(&namespace, &["web-hang"], 1, &["1.0-hang", "2.0"]);
    deploy(&namespace, &["web-owned"], 0, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["annotate", "deployment/web-owned", "meta.helm.sh/release-name=shop"]);
    deploy(&namespace, &["web-other"], 1, &["1.0-hang", "2.0"]);
    for (names, code) in [
        ("web-good web-none", 4),
        ("web-good web-owned web-none", 3),
        ("web-hang web-owned", 5),
        ("web-crash web-other web-owned web-none", 6),
    ] {
        let words = format!("undo deploy {names} --yes --to-revision=-1 --timeout=8s");
        let ran = rb(&namespace, &words).ends_with(code);
        assert!(ran.stdout.contains(" workloads in namespace "), "{ran}");
    }
}

fn all_or_nothing_writes_nothing_where_one_is_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("all-or-nothing"), bed.proxy());
    deploy(&namespace, &["web-a", "web-b"], 1, &["1.0", "2.0"]);
    let call = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    let words = "undo deploy web-a web-none web-b --yes --all-or-nothing";
    let ran = call(words).ends_with(4);
    assert!(written(&proxy).is_empty(), "{ran}");
    assert_eq!(live(&namespace, &["web-a", "web-b"]), ["2.0", "2.0"]);
    assert!(row(&ran, "deployment/web-a").contains("left out"), "{ran}");
    let ran = ran.says("deployment/web-none does not exist");
    ran.says("nothing was written, since not all can be rolled back (--all-or-nothing)");
    let document = call(&format!("{words} -o json")).ends_with(4).json();
    assert_eq!(document["items"][0]["message"], "left out, since another workload is refused");
    assert!(written(&proxy).is_empty());
    call("undo deploy web-a web-b --yes --all-or-nothing").ends_with(0);
    assert_eq!(live(&namespace, &["web-a", "web-b"]), ["1.0", "1.0"]);
}

/// A rule that only the API server knows of: it lets nobody touch this Deployment.
fn forbid(namespace: &Namespace, name: &str) {
    let rule = format!("{}-{name}", namespace.name());
    let here = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace.name()}});
    let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy", "metadata": {"name": rule},
        "spec": {
            "matchConstraints": {"namespaceSelector": here, "resourceRules": [{
                "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"],
                "resources": ["deployments"]}]},
            "validations": [{"expression": format!("object.metadata.name != '{name}'"),
                "message": "the payment team is on holiday"}]}});
    let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": rule},
        "spec": {"policyName": rule, "validationActions": ["Deny"]}});
    namespace.apply(&format!("{policy}\n---\n{binding}"));
    namespace.wait_until("the rule is in force", |namespace| {
        let touch = ["annotate", "deployment", name, "a=b", "--overwrite", "--dry-run=server"];
        namespace.kubectl(&touch).stderr.contains("on holiday")
    });
}

fn all_or_nothing_asks_the_api_server_first(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("policy"), bed.proxy());
    let names = ["web-a", "web-b", "web-c"];
    deploy(&namespace, &names, 1, &["1.0", "2.0"]);
    forbid(&namespace, "web-b");
    let call = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    for words in [
        "undo deploy -l part-of=shop --yes --all-or-nothing",
        "undo deploy -l part-of=shop --dry-run=server",
    ] {
        let ran = call(words).ends_with(3).says("the payment team is on holiday");
        assert!(row(&ran, "deployment/web-b").contains("on holiday"), "{ran}");
        assert!(written(&proxy).is_empty(), "{ran}");
        let asked = proxy.requests();
        let is_dry =
            |r: &&crate::testbed::Recorded| r.request.method == "PATCH" && r.request.is_dry_run();
        let dry = asked.iter().filter(is_dry).count();
        assert_eq!(dry, 3, "each is asked about once");
        proxy.clear();
    }
    assert_eq!(live(&namespace, &names), ["2.0", "2.0", "2.0"]);
    // Without it the others go on.
    let ran = call("undo deploy -l part-of=shop --yes").ends_with(3);
    ran.says("the payment team is on holiday").says("2 rolled back");
    assert_eq!(live(&namespace, &names), ["1.0", "2.0", "1.0"]);
}

fn dry_runs_change_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("dry-many"), bed.proxy());
    deploy(&namespace, &["web-a", "web-b"], 1, &["1.0", "2.0"]);
    let call = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    let ran = call("undo deploy --all --dry-run").ends_with(0);
    ran.says("2 of 2 workloads to roll back").says("dry run: nothing was changed");
    nothing_was_written(&proxy);
    let ran = call("undo deploy --all --dry-run=server").ends_with(0);
    ran.says("server dry run: the API server would accept all of them; nothing was changed");
    call("undo deploy web-a web-none --dry-run").ends_with(4).says("not found");
    assert!(written(&proxy).is_empty());
    assert_eq!(live(&namespace, &["web-a", "web-b"]), ["2.0", "2.0"]);
}

fn without_waiting_nothing_is_verified(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("nowait-many"), bed.proxy());
    deploy(&namespace, &["web-a", "web-b"], 1, &["1.0-hang", "2.0"]);
    let words = "undo deploy --all --yes --no-wait";
    let ran = Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(0);
    ran.says("2 patched").says("not waited for: nothing is verified");
    assert!(!proxy.requests().iter().any(|record| record.request.is_watch()));
    assert_eq!(live(&namespace, &["web-a", "web-b"]), ["1.0-hang", "1.0-hang"]);
}

fn the_timeout_is_for_all_of_them_together(bed: &TestBed) {
    let namespace = bed.namespace("timeout-many");
    deploy(&namespace, &["web-a", "web-b", "web-c"], 1, &["1.0-hang", "2.0"]);
    let ran = rb(&namespace, "undo deploy --all --yes --timeout=3s -o json").ends_with(5);
    let document = ran.json();
    assert_eq!(document["exitCode"], 5);
    assert_eq!(document["summary"], json!({"timedOut": 3}));
    for command in ["status --timeout=1s", "undo --yes --timeout=1s"] {
        let ran = rb(&namespace, &format!("{command} deploy --all")).ends_with(5);
        ran.says("3 not converged").says("NotReady");
    }
}

fn a_status_of_another_revision_is_not_waited_for(bed: &TestBed) {
    let namespace = bed.namespace("pinned-many");
    deploy(&namespace, &["web-a"], 1, &["1.0"]);
    deploy(&namespace, &["web-b"], 1, &["1.0", "2.0-hang"]);
    // It would never end.
    let ran = rb(&namespace, "status deploy --all --revision=1 --timeout=0").ends_with(7);
    ran.says("deployment/web-b runs revision 2 and not revision 1").says("1 healthy, 1 unknown");
}

/// All are followed from the oldest state that one of them was read in: what the others were like
/// since then comes again, and must not count.
fn what_was_healthy_before_is_no_news(bed: &TestBed) {
    let namespace = bed.namespace("old-news");
    deploy(&namespace, &["web-a"], 1, &["1.0-hang"]);
    namespace.wait_until("web-a waits for its pod", |namespace| {
        namespace.get("deployment", "web-a")["status"]["unavailableReplicas"] == 1
    });
    deploy(&namespace, &["web-b"], 1, &["1.0"]);
    // From now on there is room for one pod, and web-a has it.
    quota(&namespace, "pods", "2");
    let less = r#"{"spec": {"hard": {"pods": "1"}}}"#;
    namespace.kubectl_ok(&["patch", "quota", "only", "--type=merge", "-p", less]);
    namespace.wait_until("there is room for one", |namespace| {
        namespace.get("resourcequota", "only")["status"]["hard"]["pods"] == "1"
    });
    namespace.kubectl_ok(&["delete", "pod", "-l", "app=web-b", "--wait=false"]);
    namespace.wait_until("web-b has no pod", |namespace| {
        namespace.get("deployment", "web-b")["status"]["unavailableReplicas"] == 1
    });
    let ran = rb(&namespace, "status deploy --all --timeout=3s").ends_with(5);
    ran.says("2 not converged");
}
