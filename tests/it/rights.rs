//! Missing rights: each one in turn. What rb cannot do without is refused before anything is written;
//! what it can do without is a warning.

use crate::given::{allow, commands, nothing_was_written, paste};
use crate::rb::Rb;
use crate::scene::{assert_live, hash, releases, rollback_events};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        without_any_right_the_command_that_shows_it_is_printed,
        what_an_undo_cannot_do_without_is_refused,
        the_right_to_patch_is_missed_before_anything_is_written,
        what_an_undo_can_do_without_is_a_warning,
        without_watch_the_rollout_is_still_followed,
        all_rights_that_are_documented_are_enough,
        an_impersonated_user_has_his_own_rights,
        who_may_not_impersonate_is_told_so,
    ]
}

const NEEDED: [&str; 3] =
    ["get,patch deployments.apps", "list replicasets.apps", "list,watch pods"];
const WISHED: [&str; 15] = [
    "watch deployments.apps",
    "patch replicasets.apps",
    "list events",
    "create events",
    "get pods/log",
    // For the checks before the write.
    "create pods",
    "get configmaps",
    "get secrets",
    "get persistentvolumeclaims",
    "get serviceaccounts",
    "list resourcequotas",
    "list controllerrevisions.apps",
    "list horizontalpodautoscalers.autoscaling",
    "list poddisruptionbudgets.policy",
    "get namespaces",
];

/// Everything, without what `without` names.
fn all_without(without: &str) -> Vec<String> {
    let (verb, resource) = without.split_once(' ').unwrap_or_default();
    NEEDED
        .iter()
        .chain(&WISHED)
        .filter_map(|rule| {
            let (verbs, of) = rule.split_once(' ')?;
            let verbs: Vec<_> = verbs.split(',').filter(|v| of != resource || *v != verb).collect();
            (!verbs.is_empty()).then(|| format!("{} {of}", verbs.join(",")))
        })
        .collect()
}

fn allow_all_without(namespace: &Namespace, user: &str, without: &str) {
    let rules = all_without(without);
    allow(namespace, user, &rules.iter().map(String::as_str).collect::<Vec<_>>());
}

fn without_any_right_the_command_that_shows_it_is_printed(bed: &TestBed) {
    let namespace = bed.namespace("norights");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let alice = namespace.user("alice");
    for words in ["undo deploy/web --yes", "history deploy/web", "status deploy/web"] {
        let ran = Rb::new(&alice).words(words).run().ends_with(3);
        let ran = ran.says("not allowed to get deployments.apps web in namespace");
        let ran = ran.says("User \"alice\" cannot get resource");
        let [command] = commands(&ran).try_into().expect("one command");
        let expected = format!(
            "kubectl auth can-i get deployments.apps -n {} --context testbed",
            namespace.name()
        );
        assert_eq!(command, expected);
        assert_eq!(paste(bed, &alice, &command).stdout.trim(), "no");
        assert_eq!(paste(bed, namespace.kubeconfig(), &command).stdout.trim(), "yes");
    }
    assert_live(&namespace, "2.0");
}

fn what_an_undo_cannot_do_without_is_refused(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("needed"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    for (user, without, said) in [
        ("alice", "get deployments.apps", "not allowed to get deployments.apps web"),
        ("bob", "list replicasets.apps", "not allowed to list replicasets.apps in namespace"),
    ] {
        allow_all_without(&namespace, user, without);
        let call = Rb::new(&proxy.kubeconfig_of(user, &namespace)).words("undo deploy/web --yes");
        let ran = call.run().ends_with(3).says(said);
        let [command] = commands(&ran).try_into().expect("one command");
        assert_eq!(paste(bed, &namespace.user(user), &command).stdout.trim(), "no", "{command}");
        nothing_was_written(&proxy);
    }
}

/// A dry run finds it out too, and ends as the undo would.
fn the_right_to_patch_is_missed_before_anything_is_written(bed: &TestBed) {
    let namespace = bed.namespace("nopatch");
    releases(&namespace, 0, &["1.0", "2.0"]);
    allow_all_without(&namespace, "alice", "patch deployments.apps");
    let alice = namespace.user("alice");
    for flag in ["--yes", "--dry-run=server", "--dry-run"] {
        let words = format!("undo deploy/web {flag}");
        let ran = Rb::new(&alice).words(&words).run().ends_with(3);
        let ran = ran.says("not allowed to patch deployments.apps web in namespace");
        let [command, again] = commands(&ran).try_into().expect("two commands");
        assert_eq!(paste(bed, &alice, &command).stdout.trim(), "no", "{command}");
        assert!(again.starts_with(&format!("rb {words} --override rbac --reason TEXT")), "{again}");
    }
    assert_live(&namespace, "2.0");
    assert!(rollback_events(&namespace).is_empty());
}

fn what_an_undo_can_do_without_is_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("wished");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let (mut to, mut other) = ("1.0", "2.0");
    for (user, without, said) in [
        ("alice", "list events", "no right to list events: they are missing as evidence"),
        ("bob", "create events", "could not write an Event on deployment/web"),
        ("carol", "patch replicasets.apps", "as rolled back: not allowed to patch replicasets"),
    ] {
        allow_all_without(&namespace, user, without);
        let words = format!("undo deploy/web --yes --to-revision={}", hash(&namespace, to));
        let ran = Rb::new(&namespace.user(user)).words(&words).run().ends_with(0);
        ran.says(said).says("warning").says("rolled back: deployment/web");
        assert_live(&namespace, to);
        (to, other) = (other, to);
    }
}

fn without_watch_the_rollout_is_still_followed(bed: &TestBed) {
    let namespace = bed.namespace("nowatch");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let rules = [
        "get,patch deployments.apps",
        "list,patch replicasets.apps",
        "list pods",
        "list,create events",
    ];
    allow(&namespace, "alice", &rules);
    let ran = Rb::new(&namespace.user("alice")).words("undo deploy/web --yes").run().ends_with(0);
    ran.says("no right to watch it: asking every 2 s instead").says("rolled back:");
    assert_live(&namespace, "1.0");
}

fn all_rights_that_are_documented_are_enough(bed: &TestBed) {
    let namespace = bed.namespace("enough");
    releases(&namespace, 1, &["1.0", "2.0"]);
    allow_all_without(&namespace, "alice", "");
    let ran = Rb::new(&namespace.user("alice")).words("undo deploy/web --yes").run().ends_with(0);
    assert!(!ran.stdout.contains("warning") && !ran.stderr.contains("warning"), "{ran}");
    for words in ["history deploy/web", "status deploy/web"] {
        let ran = Rb::new(&namespace.user("alice")).words(words).run().ends_with(0);
        assert!(!ran.stdout.contains("note"), "{ran}");
    }
}

fn an_impersonated_user_has_his_own_rights(bed: &TestBed) {
    let namespace = bed.namespace("as");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let admin = || Rb::new(namespace.kubeconfig());
    let ran = admin().words("undo deploy/web --yes --as bob").run().ends_with(3);
    let ran = ran.says("User \"bob\" cannot get resource");
    let [command] = commands(&ran).try_into().expect("one command");
    assert!(command.ends_with("--context testbed --as bob"), "{command}");
    assert_eq!(paste(bed, namespace.kubeconfig(), &command).stdout.trim(), "no");
    allow_all_without(&namespace, "alice", "");
    let ran = admin().words("undo deploy/web --yes --as alice").run().ends_with(0);
    ran.says("--as alice");
    let written = namespace.get("deployment", "web")["metadata"]["managedFields"].to_string();
    assert!(written.contains("\"manager\":\"rb\""), "{written}");
    assert_live(&namespace, "1.0");
    let line = "history deploy/web --as-group ops";
    admin().words(line).run().ends_with(2).says("add --as USER");
}

fn who_may_not_impersonate_is_told_so(bed: &TestBed) {
    let namespace = bed.namespace("notas");
    releases(&namespace, 0, &["1.0", "2.0"]);
    allow_all_without(&namespace, "alice", "");
    let line = "undo deploy/web --yes --as bob";
    let ran = Rb::new(&namespace.user("alice")).words(line).run().ends_with(3);
    let ran = ran.says("not allowed to impersonate bob").says("User \"alice\" cannot impersonate");
    let [command] = commands(&ran).try_into().expect("one command");
    assert_eq!(paste(bed, &namespace.user("alice"), &command).stdout.trim(), "no", "{command}");
    assert_live(&namespace, "2.0");
}
