//! Several workloads with fewer rights than all.

use serde_json::json;

use crate::given::{allow, commands, paste};
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::{deploy, live, row};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        names_need_no_right_to_list,
        who_may_not_patch_one_still_rolls_the_others_back,
        all_namespaces_need_rights_in_all_of_them,
        without_watch_all_are_asked_about_together,
    ]
}

/// The Role of the README.
const NAMED: [&str; 5] = [
    "get,watch,patch deployments.apps",
    "list,patch replicasets.apps",
    "list,watch pods",
    "get pods/log",
    "list,create events",
];

fn names_need_no_right_to_list(bed: &TestBed) {
    let namespace = bed.namespace("named-rights");
    let names: Vec<String> = (0..10).map(|number| format!("web-{number}")).collect();
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    deploy(&namespace, &words, 1, &["1.0", "2.0"]);
    allow(&namespace, "alice", &NAMED);
    let call = |words: &str| Rb::new(&namespace.user("alice")).words(words).run();
    let some = "deploy web-0 web-1";
    let ran = call(&format!("undo {some} --yes")).ends_with(0).says("2 rolled back");
    assert!(!format!("{ran}").contains("warning"), "{ran}");
    // More than are read one by one.
    let ran = call(&format!("undo deploy {} --yes", words.join(" "))).ends_with(0);
    ran.says("8 rolled back");
    assert!(live(&namespace, &words).iter().all(|tag| tag == "1.0"));
    for command in ["undo --yes", "status", "history"] {
        let ran = call(&format!("{command} deploy -l part-of=shop")).ends_with(3);
        let ran = ran.says("not allowed to list deployments.apps in namespace");
        let [command] = commands(&ran).try_into().expect("one command");
        let can = paste(bed, &namespace.user("alice"), &command);
        assert_eq!(can.stdout.trim(), "no", "{command}");
    }
    // What would be hit cannot be counted; the answer is the same.
    call("undo deploy --yes").ends_with(2).says("would hit all workloads in namespace");
}

fn who_may_not_patch_one_still_rolls_the_others_back(bed: &TestBed) {
    let namespace = bed.namespace("one-right");
    let names = ["web-a", "web-b"];
    deploy(&namespace, &names, 1, &["1.0", "2.0"]);
    let mut rules = NAMED.map(|rule| rule.replace("get,watch,patch", "get,list,watch")).to_vec();
    rules.push("get namespaces".to_owned());
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    allow(&namespace, "bob", &rules);
    allow_patch_of(&namespace, "bob", "web-a");
    let call = |words: &str| Rb::new(&namespace.user("bob")).words(words).run();
    let ran = call("undo deploy --all --yes --all-or-nothing").ends_with(3);
    let ran = ran.says("not allowed to patch deployments.apps web-b");
    assert!(row(&ran, "deployment/web-a").contains("left out"), "{ran}");
    assert!(row(&ran, "deployment/web-b").contains("forbidden"), "{ran}");
    assert_eq!(live(&namespace, &names), ["2.0", "2.0"]);
    let ran = call("undo deploy --all --yes").ends_with(3);
    ran.says("kubectl auth can-i patch deployments.apps").says("1 forbidden, 1 rolled back");
    assert_eq!(live(&namespace, &names), ["1.0", "2.0"]);
}

/// The right to patch this Deployment and no other.
fn allow_patch_of(namespace: &Namespace, user: &str, name: &str) {
    let api = "rbac.authorization.k8s.io/v1";
    let role = json!({"apiVersion": api, "kind": "Role", "metadata": {"name": "one"},
        "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"],
            "resourceNames": [name]}]});
    let binding = json!({"apiVersion": api, "kind": "RoleBinding", "metadata": {"name": "one"},
        "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": "one", "apiGroup": "rbac.authorization.k8s.io"}});
    namespace.apply(&format!("{role}\n---\n{binding}"));
    let kubeconfig = format!("--kubeconfig={}", namespace.user(user).display());
    namespace.wait_until("the right holds", |namespace| {
        let question = ["auth", "can-i", "patch", &format!("deployments/{name}"), &kubeconfig];
        namespace.kubectl(&question).code == 0
    });
}

fn all_namespaces_need_rights_in_all_of_them(bed: &TestBed) {
    let namespace = bed.namespace("only-here");
    deploy(&namespace, &["web-a"], 1, &["1.0", "2.0"]);
    let rules = NAMED.map(|rule| rule.replace("get,watch,patch", "get,list,watch,patch"));
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    allow(&namespace, "carol", &rules);
    let carol = namespace.user("carol");
    for (words, one) in [
        ("status deploy -A", "status deploy --all"),
        ("history deploy -A -l part-of=shop", "history deploy -l part-of=shop"),
        ("undo deploy -A -l part-of=shop", "undo deploy -l part-of=shop"),
    ] {
        let ran = Rb::new(&carol).words(words).run().ends_with(3);
        let ran = ran.says("not allowed to list deployments.apps").says("at the cluster scope");
        let command = commands(&ran).pop().expect("a command");
        let place = format!("-n {} --context testbed", namespace.name());
        assert_eq!(command, format!("rb {one} {place}"));
        let yes = if words.starts_with("undo") { " --yes" } else { "" };
        paste(bed, &carol, &format!("{command}{yes}")).ends_with(0);
    }
    assert_eq!(live(&namespace, &["web-a"]), ["1.0"]);
    Rb::new(&carol).words("undo deploy -A --yes").run().ends_with(2);
}

fn without_watch_all_are_asked_about_together(bed: &TestBed) {
    let namespace = bed.namespace("nowatch-many");
    deploy(&namespace, &["web-a", "web-b"], 1, &["1.0-slow", "2.0"]);
    let rules = NAMED.map(|rule| rule.replace("get,watch,patch", "get,list,patch"));
    let rules = rules.map(|rule| rule.replace("list,watch pods", "list pods"));
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    allow(&namespace, "dave", &rules);
    let call = Rb::new(&namespace.user("dave")).words("undo deploy --all --yes");
    let ran = call.run().ends_with(0).says("2 rolled back");
    let said = "no right to watch it: asking every 2 s instead";
    assert_eq!(ran.stderr.matches(said).count(), 1, "{ran}");
}
