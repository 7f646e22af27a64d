//! What `rb` says to input that it cannot use: what, where, why, and what to type next. In none of
//! these cases is anything written.

use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::given::{allow, commands, nothing_was_written, paste, release};
use crate::rb::{Ran, Rb};
use crate::scene::{annotation, assert_live, hash, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Namespace, Proxy, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_command_line_that_cannot_be_used_makes_no_request,
        a_workload_that_does_not_exist_is_named_with_a_command_to_look,
        a_namespace_that_does_not_exist_is_named,
        a_namespace_that_may_not_be_read_is_not_blamed,
        a_first_release_has_nothing_to_go_back_to,
        a_history_limit_of_zero_is_the_reason_for_no_history,
        an_unknown_revision_is_answered_with_those_that_exist,
        an_ambiguous_tag_is_answered_with_commands_that_work,
        a_deployment_that_is_being_deleted_is_refused,
        a_namespace_that_is_being_deleted_is_refused,
        a_deployment_deleted_between_plan_and_write_is_gone,
        another_context_than_expected_is_refused_without_a_request,
        a_record_that_cannot_be_read_is_replaced_with_a_warning,
        a_record_of_a_newer_rb_is_left_alone_with_a_warning,
        fields_that_are_seldom_used_come_back_unchanged,
    ]
}

/// A call through a proxy that has seen no write afterwards.
#[track_caller]
fn refused(namespace: &Namespace, proxy: &Proxy, words: &str) -> Ran {
    let ran = Rb::new(&proxy.kubeconfig(namespace)).words(words).run();
    nothing_was_written(proxy);
    ran
}

fn a_command_line_that_cannot_be_used_makes_no_request(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("usage"), bed.proxy());
    for (line, what, next) in [
        ("undo", "TYPE/NAME", "--help"),
        ("undo pod/web", "\"pod\" is not a type", "it rolls back: deployment"),
        ("undo web", "\"web\" is not a type", "deployment/web"),
        ("undo deploy/a b", "neither TYPE/NAME nor TYPE NAME", "deployment/web statefulset/db"),
        ("undo deploy/a -l app=web", "names workloads, and -l", "deployment -l app=checkout"),
        ("undo deploy/a --all", "names workloads, and -l", "deployment -l app=checkout"),
        ("undo job/web -n shop", "\"job\" is not a type", "statefulset"),
        ("status rs/web --context p", "\"rs\" is not a type", "daemonset"),
        ("undo deploy/--yes", "\"--yes\" is not a name", "lower-case"),
        ("undo -- deploy/-x", "\"-x\" is not a name", "lower-case"),
        ("undo deploy/../../api/v1/secrets", "is not a name", "lower-case"),
        ("undo deploy/a%2fb --yes", "\"a%2fb\" is not a name", "lower-case"),
        ("undo deploy/web/scale --yes", "\"web/scale\" is not a name", "lower-case"),
        ("status deploy/web -n ../kube-system", "is not a namespace", "lower-case"),
        ("history deploy/web -n=", "\"\" is not a namespace", "lower-case"),
        ("undo deploy/web --timeout=soon", "invalid value 'soon'", "60s, 5m or 1h30m"),
        ("status deploy/web --timeout=-5s", "invalid value '-5s'", "60s, 5m or 1h30m"),
        ("undo deploy/web --yes --to-revision=", "'--to-revision <REVISION>'", "--help"),
        ("undo deploy/web --yes --from=", "'--from <REVISION|IMAGE>'", "--help"),
        ("undo deploy/web --plan p.json", "cannot be used with", "--help"),
        ("undo deploy/web --nonsense", "unexpected argument '--nonsense'", "--help"),
        ("undo deploy/web -o xml", "invalid value 'xml'", "possible values: json"),
    ] {
        let ran = Rb::new(&proxy.kubeconfig(&namespace)).words(line).run();
        let ran = ran.ends_with(2).says(what).says(next);
        assert_eq!(ran.stdout, "", "{line}");
        assert!(proxy.requests().is_empty(), "{line}: {:?}", proxy.requests());
    }
}

fn a_workload_that_does_not_exist_is_named_with_a_command_to_look(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("none"), bed.proxy());
    for command in ["undo deploy/web --yes", "history deploy/web", "status deploy/web"] {
        let ran = refused(&namespace, &proxy, command).ends_with(4);
        let ran =
            ran.says(&format!("deployment/web does not exist in namespace {}", namespace.name()));
        let [look] = commands(&ran).try_into().expect("one command");
        assert!(look.contains("--context testbed"), "{look}");
        paste(bed, namespace.kubeconfig(), &look).ends_with(0);
    }
}

fn a_namespace_that_does_not_exist_is_named(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("nowhere"), bed.proxy());
    for command in ["undo deploy/web --yes", "history deploy/web", "status deploy/web"] {
        let ran = refused(&namespace, &proxy, &format!("{command} -n no-such-namespace"));
        let ran = ran.ends_with(4).says("namespace no-such-namespace does not exist");
        let [look] = commands(&ran).try_into().expect("one command");
        paste(bed, namespace.kubeconfig(), &look).ends_with(0).says(namespace.name());
    }
}

/// Whether the namespace is there is only asked to say it better: it must not become a new error.
fn a_namespace_that_may_not_be_read_is_not_blamed(bed: &TestBed) {
    let namespace = bed.namespace("unread");
    allow(&namespace, "alice", &["get deployments.apps", "list replicasets.apps", "list events"]);
    let ran = Rb::new(&namespace.user("alice")).words("undo deploy/web --yes").run();
    ran.ends_with(4).says("deployment/web does not exist in namespace");
}

fn a_first_release_has_nothing_to_go_back_to(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("first"), bed.proxy());
    releases(&namespace, 0, &["1.0"]);
    let ran = refused(&namespace, &proxy, "undo deploy/web --yes").ends_with(4);
    let ran = ran.says("deployment/web has no history: no older revision is stored");
    let ran = ran.says("apply the manifest of the good version again");
    paste_all(bed, namespace.kubeconfig(), &ran);
}

fn a_history_limit_of_zero_is_the_reason_for_no_history(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("limit"), bed.proxy());
    let none = json!({"spec": {"revisionHistoryLimit": 0}});
    for (revision, tag) in [(1, "1.0"), (2, "2.0")] {
        release(&namespace, revision, 0, tag, &none);
    }
    namespace.wait_until("the old revision is pruned", |namespace| {
        namespace.list("replicaset", "app=web").len() == 1
    });
    let ran = refused(&namespace, &proxy, "undo deploy/web --yes").ends_with(4);
    ran.says("deployment/web has no history: its revisionHistoryLimit is 0, so none is kept");
}

fn an_unknown_revision_is_answered_with_those_that_exist(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("unknown"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    for word in ["99", "no-such-tag", "-7"] {
        let line = format!("undo deploy/web --yes --to-revision={word}");
        let ran = refused(&namespace, &proxy, &line).ends_with(4);
        let ran =
            ran.says(&format!("deployment/web has no revision {word}; stored revisions: 1, 2"));
        paste_all(bed, namespace.kubeconfig(), &ran);
    }
}

/// Two releases of one image that differ elsewhere: only the hashes tell them apart.
fn an_ambiguous_tag_is_answered_with_commands_that_work(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("ambiguous"), bed.proxy());
    let note =
        |text: &str| json!({"spec": {"template": {"metadata": {"annotations": {"n": text}}}}});
    release(&namespace, 1, 0, "1.0", &note("first"));
    release(&namespace, 2, 0, "1.0", &note("second"));
    release(&namespace, 3, 0, "2.0", &note("third"));
    let ran = refused(&namespace, &proxy, "undo deploy/web --yes --to-revision=1.0").ends_with(2);
    let ran = ran.says("--to-revision=1.0 names 2 revisions of deployment/web: revision 2 (");
    let both = commands(&ran);
    assert_eq!(both.len(), 2, "{ran}");
    for (command, expected) in both.iter().zip(["second", "first"]) {
        paste(bed, namespace.kubeconfig(), &format!("{command} --yes")).ends_with(0);
        let live = namespace.get("deployment", "web");
        assert_eq!(live["spec"]["template"]["metadata"]["annotations"]["n"], expected, "{command}");
    }
}

fn a_deployment_that_is_being_deleted_is_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("deleted"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    hold(&namespace);
    namespace.kubectl_ok(&["delete", "deployment/web", "--wait=false"]);
    let ran = refused(&namespace, &proxy, "undo deploy/web --yes").ends_with(3);
    let ran = ran.says("deployment/web is being deleted");
    paste_all(bed, namespace.kubeconfig(), &ran);
    release_hold(&namespace);
}

fn a_namespace_that_is_being_deleted_is_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("ending"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    hold(&namespace);
    namespace.kubectl_ok(&["delete", "namespace", namespace.name(), "--wait=false"]);
    namespace.wait_until("its deployment is being deleted", |namespace| {
        namespace.get("deployment", "web")["metadata"]["deletionTimestamp"].is_string()
    });
    let ran = refused(&namespace, &proxy, "undo deploy/web --yes").ends_with(3);
    ran.says("deployment/web is being deleted");
    release_hold(&namespace);
}

/// A finalizer: the Deployment stays until somebody removes it.
fn hold(namespace: &Namespace) {
    let finalizer = r#"{"metadata": {"finalizers": ["test.example/hold"]}}"#;
    namespace.kubectl_ok(&["patch", "deployment/web", "--type=merge", "-p", finalizer]);
}

fn release_hold(namespace: &Namespace) {
    let none = r#"{"metadata": {"finalizers": null}}"#;
    namespace.kubectl_ok(&["patch", "deployment/web", "--type=merge", "-p", none]);
}

fn a_deployment_deleted_between_plan_and_write_is_gone(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("gone"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let gate = Gate::closed();
    let held = gate.clone();
    let action = move || Action::Hold(held.clone());
    proxy.inject(move |head| if head.is_write() { action() } else { Action::Pass });
    let ran = thread::scope(|scope| {
        let call = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes");
        let call = scope.spawn(|| call.run());
        namespace.wait_until("the patch is on its way", |_| {
            proxy.requests().iter().any(|record| record.request.is_write())
        });
        namespace.kubectl_ok(&["delete", "deployment/web"]);
        gate.open();
        call.join().expect("rb was run")
    });
    let ran = ran.ends_with(4).says("deployment/web was deleted");
    ran.says("nothing was written").says(namespace.name());
}

fn another_context_than_expected_is_refused_without_a_request(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("expect"), bed.proxy());
    let line = "undo deploy/web --yes --expect-context prod";
    let ran = refused(&namespace, &proxy, line).ends_with(3);
    ran.says("the context is testbed and not prod, as --expect-context demands")
        .says("to use it: rb undo deploy/web --yes --expect-context prod --context prod");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

const RECORD: &str = "kubectl-rb/record";

fn a_record_that_cannot_be_read_is_replaced_with_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("unreadable");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let garbage = format!("{RECORD}={{\"v\":1,\"undos\":\"\u{1b}[31m\"");
    namespace.kubectl_ok(&["annotate", "deployment/web", &garbage]);
    let ran = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").run().ends_with(0);
    ran.says("warning  its undo record cannot be read and is replaced");
    assert_live(&namespace, "1.0");
    let record: Value = serde_json::from_str(&annotation(&namespace, RECORD)).expect("a record");
    assert_eq!(record["undos"][0]["to"]["hash"], hash(&namespace, "1.0").as_str());
}

fn a_record_of_a_newer_rb_is_left_alone_with_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("newer");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let newer = r#"{"v":99,"undos":{"of":"another shape"}}"#;
    namespace.kubectl_ok(&["annotate", "deployment/web", &format!("{RECORD}={newer}")]);
    let ran = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").run().ends_with(0);
    ran.says("its undo record has format 99 of a newer rb: it is left as it is");
    assert_live(&namespace, "1.0");
    assert_eq!(annotation(&namespace, RECORD), newer);
    for command in ["history deploy/web", "status deploy/web"] {
        Rb::new(namespace.kubeconfig()).words(command).run().ends_with(0);
    }
}

/// The template is written as it was stored, whether or not this build knows its fields.
fn fields_that_are_seldom_used_come_back_unchanged(bed: &TestBed) {
    let namespace = bed.namespace("fields");
    let seldom = json!({"spec": {"template": {"spec": {
        "containers": [{
            "name": "app",
            "image": "registry.test/web:1.0",
            "restartPolicy": "Never",
            "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
            "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
            "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
            "env": [{"name": "1.odd name", "value": "x"}],
        }],
        "hostUsers": false,
        "setHostnameAsFQDN": true,
        "os": {"name": "linux"},
        "readinessGates": [{"conditionType": "test.example/gate"}],
        "topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
            "matchLabelKeys": ["pod-template-hash"],
            "labelSelector": {"matchLabels": {"app": "web"}},
        }],
    }}}});
    release(&namespace, 1, 0, "1.0", &seldom);
    let before = namespace.get("deployment", "web")["spec"]["template"].clone();
    assert!(before.to_string().contains("restartPolicyRules"), "{before}");
    release(&namespace, 2, 0, "2.0", &Value::Null);
    let left = namespace.get("deployment", "web")["spec"]["template"].clone();
    assert!(!left.to_string().contains("restartPolicyRules"), "{left}");
    Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").run().ends_with(0);
    assert_eq!(namespace.get("deployment", "web")["spec"]["template"], before);
}

/// Every command that was printed runs.
#[track_caller]
fn paste_all(bed: &TestBed, kubeconfig: &Path, ran: &Ran) {
    let commands = commands(ran);
    assert!(!commands.is_empty(), "no command to paste:\n{ran}");
    for command in commands {
        paste(bed, kubeconfig, &command).ends_with(0);
    }
}
