//! Giving the fields back that an undo takes: when it is written, when not, and what is said where it
//! could not be.

use serde_json::{Value, json};

use super::{fields, first, is_exactly, later, rb_has_its_own_only, try_with, with};
use crate::rb::{Ran, Rb, rb};
use crate::scene::{
    accepted, annotation, assert_live, hash, image, record, settle, stored, template_writes,
    writes_template,
};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Namespace, Proxy, Recorded, RequestHead, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        while_the_left_release_crashes,
        without_the_right_the_next_conflict_is_foretold,
        a_conflict_is_tried_again,
        entries_that_move_are_found_again,
        a_lost_answer_is_looked_up,
        it_is_tried_for_so_long_and_no_longer,
        a_refused_undo_is_followed_by_nothing,
        a_release_that_goes_live_before_is_left_alone,
        what_another_tool_sets_stays_its_own,
        where_nobody_owned_the_template_nothing_is_written,
        who_puts_it_back_is_still_named,
        a_plan_file_gives_back_too,
    ]
}

const APPLY: &str = "apply --server-side";

fn releases(namespace: &Namespace, bad: &str) {
    with(namespace, APPLY, &first());
    settle(namespace, "1.0");
    with(namespace, APPLY, &later(bad));
    settle(namespace, bad);
}

/// Its status changes all the time, and with it the object.
fn while_the_left_release_crashes(bed: &TestBed) {
    let namespace = bed.namespace("own-crash");
    let many = |mut manifest: Value| {
        manifest["spec"]["replicas"] = json!(5);
        manifest["spec"]["strategy"] = json!({"rollingUpdate": {"maxUnavailable": 5}});
        manifest
    };
    with(&namespace, APPLY, &many(first()));
    settle(&namespace, "1.0");
    with(&namespace, APPLY, &many(later("2.0-crash")));
    settle(&namespace, "2.0-crash");
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    rb_has_its_own_only(&namespace);
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
    with(&namespace, APPLY, &many(later("3.0")));
    is_exactly(&namespace, &later("3.0"));
}

fn without_the_right_the_next_conflict_is_foretold(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-forbidden"), bed.proxy());
    releases(&namespace, "2.0");
    refuse(&proxy, usize::MAX, Action::refuse(403, "Forbidden", "the test says no"));
    undo(&namespace, &proxy, "")
        .ends_with(0)
        .says("could not give the fields of the template back to field manager kubectl")
        .says("kubectl's next server-side apply will report a conflict with \"rb\"")
        .says("--force-conflicts");
    assert_eq!(gifts(&proxy).len(), 1);
    // What was said is so.
    let conflict = try_with(&namespace, APPLY, &later("3.0"));
    assert!(conflict.stderr.contains("conflict with \"rb\""), "{conflict}");
    with(&namespace, "apply --server-side --force-conflicts", &later("3.0"));
    assert_live(&namespace, "3.0");
}

fn a_conflict_is_tried_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-conflict"), bed.proxy());
    releases(&namespace, "2.0");
    refuse(&proxy, 2, Action::refuse(409, "Conflict", "the object has been modified"));
    let ran = undo(&namespace, &proxy, "").ends_with(0);
    assert!(!ran.to_string().contains("could not give"), "{ran}");
    rb_has_its_own_only(&namespace);
    assert_eq!(accepted_gifts(&proxy), 1);
}

/// Entries have only a place; a new one before them moves them.
fn entries_that_move_are_found_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-moves"), bed.proxy());
    releases(&namespace, "2.0");
    let gate = Gate::closed();
    refuse(&proxy, 1, Action::Hold(gate.clone()));
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes").spawn();
    namespace.wait_until("the fields are on their way back", |_| !gifts(&proxy).is_empty());
    // Who applies comes before who updates. Two of them: the controller's own entry may have moved
    // the other way meanwhile.
    let other = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"tier": "front"}}});
    with(&namespace, "apply --server-side --field-manager=tiers", &other);
    let label = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "shop"}}});
    with(&namespace, "apply --server-side --field-manager=labels", &label);
    let labels = fields(&namespace, "labels");
    gate.open();
    let ran = undo.wait().ends_with(0);
    assert!(!ran.to_string().contains("could not give"), "{ran}");
    let statuses: Vec<_> = gifts(&proxy).iter().map(|record| record.status).collect();
    // The status of the Deployment may move them once more.
    let (last, before) = statuses.split_last().expect("a patch");
    assert_eq!((*last, before.first()), (Some(200), Some(&Some(422))), "{statuses:?}");
    assert!(before.iter().all(|status| *status == Some(422)), "{statuses:?}");
    rb_has_its_own_only(&namespace);
    assert_eq!(fields(&namespace, "labels"), labels);
    with(&namespace, APPLY, &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

fn a_lost_answer_is_looked_up(bed: &TestBed) {
    for (hint, action) in [
        ("own-reset", Action::ResetAfter),
        ("own-lost", Action::ResetBefore),
        ("own-error", Action::refuse(500, "InternalError", "the test says no")),
    ] {
        let (namespace, proxy) = (bed.namespace(hint), bed.proxy());
        releases(&namespace, "2.0");
        refuse(&proxy, 1, action);
        let ran = undo(&namespace, &proxy, "").ends_with(0);
        assert!(!ran.to_string().contains("could not give"), "{ran}");
        rb_has_its_own_only(&namespace);
        assert_eq!(accepted_gifts(&proxy), 1, "{hint}");
    }
}

fn it_is_tried_for_so_long_and_no_longer(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-always"), bed.proxy());
    releases(&namespace, "2.0");
    refuse(&proxy, usize::MAX, Action::refuse(409, "Conflict", "the object has been modified"));
    // The last try may be the one that the time ends.
    undo(&namespace, &proxy, "")
        .ends_with(0)
        .says("give the fields of the template back to field manager");
    let tried = gifts(&proxy).len();
    assert!((2..=12).contains(&tried), "{tried} times");
    assert_live(&namespace, "1.0");
}

fn a_refused_undo_is_followed_by_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-refused"), bed.proxy());
    releases(&namespace, "2.0");
    proxy.inject(|head| {
        if writes_template(head) {
            Action::refuse(403, "Forbidden", "the test says no")
        } else {
            Action::Pass
        }
    });
    undo(&namespace, &proxy, "").ends_with(3);
    let writes = proxy.requests().into_iter().filter(|record| record.request.is_write()).count();
    assert_eq!((writes, template_writes(&proxy).len()), (1, 1));
    assert_eq!(fields(&namespace, "rb"), Value::Null);
}

fn a_release_that_goes_live_before_is_left_alone(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-late"), bed.proxy());
    releases(&namespace, "2.0");
    let gate = Gate::closed();
    refuse(&proxy, 1, Action::Hold(gate.clone()));
    let undo =
        Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes --no-wait").spawn();
    namespace.wait_until("the fields are on their way back", |_| !gifts(&proxy).is_empty());
    namespace.set_image("web", &image("3.0"));
    let before = fields(&namespace, "kubectl-set");
    gate.open();
    let ran = undo.wait().ends_with(0);
    assert!(!ran.to_string().contains("could not give"), "{ran}");
    assert_eq!((gifts(&proxy).len(), accepted_gifts(&proxy)), (1, 0));
    assert_eq!(fields(&namespace, "kubectl-set"), before);
    assert_live(&namespace, "3.0");
}

/// Some let a tool of its own set the image, and their manifest does not have it. If the image became
/// the manifest's, the next apply would delete it.
fn what_another_tool_sets_stays_its_own(bed: &TestBed) {
    let namespace = bed.namespace("own-image");
    with(&namespace, APPLY, &first());
    settle(&namespace, "1.0");
    namespace.set_image("web", &image("1.1"));
    settle(&namespace, "1.1");
    let mut manifest = first();
    let container = &mut manifest["spec"]["template"]["spec"]["containers"][0];
    container.as_object_mut().expect("a container").remove("image");
    with(&namespace, APPLY, &manifest);
    assert_live(&namespace, "1.1");
    namespace.set_image("web", &image("2.0"));
    settle(&namespace, "2.0");
    let owned = fields(&namespace, "kubectl-set");
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    rb_has_its_own_only(&namespace);
    assert_eq!(fields(&namespace, "kubectl-set"), owned);
    manifest["spec"]["template"]["metadata"]["annotations"] = json!({"example.test/new": "1"});
    with(&namespace, APPLY, &manifest);
    assert_live(&namespace, "1.1");
}

/// As on objects from before the API server kept these records.
fn where_nobody_owned_the_template_nothing_is_written(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("own-nobody"), bed.proxy());
    releases(&namespace, "2.0");
    let forget = r#"[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]"#;
    namespace.kubectl_ok(&["patch", "deployment/web", "--type=json", "-p", forget]);
    undo(&namespace, &proxy, "").ends_with(0);
    assert_eq!((accepted(&proxy), gifts(&proxy).len()), (1, 0));
    assert_live(&namespace, "1.0");
}

/// What somebody does while rb waits.
type Disturb = fn(&Namespace);

/// Who got the fields back seems to have written the template when rb did. That must neither hide who
/// puts the bad release back, nor accuse anybody who did nothing.
fn who_puts_it_back_is_still_named(bed: &TestBed) {
    let disturbances: [(&str, Disturb, &str); 3] = [
        (
            "own-back",
            |namespace| drop(with(namespace, APPLY, &patient(later("2.0")))),
            "put back by kubectl\n",
        ),
        (
            "own-removed",
            |namespace| {
                let patch = r#"{"spec": {"template": {"metadata": {"annotations": null}}}}"#;
                namespace.kubectl_ok(&["patch", "deployment/web", "-p", patch]);
            },
            "another template went live on deployment/web while rb waited",
        ),
        (
            "own-again",
            |namespace| {
                let hash = hash(namespace, "2.0");
                let undo = format!("undo deploy/web --yes --no-wait --to-revision={hash}");
                rb(namespace, &undo).ends_with(0);
            },
            "put back by rb\n",
        ),
    ];
    for (hint, disturb, said) in disturbances {
        let namespace = bed.namespace(hint);
        with(&namespace, APPLY, &patient(first()));
        stored(&namespace, "1.0");
        with(&namespace, APPLY, &patient(later("2.0")));
        stored(&namespace, "2.0");
        let undo = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").spawn();
        namespace.wait_until("the fields are given back", |namespace| {
            let of_template = &fields(namespace, "rb")["f:spec"];
            of_template.is_null() && !annotation(namespace, "kubectl-rb/record").is_empty()
        });
        disturb(&namespace);
        let ran = undo.wait();
        assert!(ran.stdout.contains(said), "{hint}: {said:?}: {ran}");
    }
}

/// Its pods are never available, so a wait does not end by itself.
fn patient(mut manifest: Value) -> Value {
    manifest["spec"]["minReadySeconds"] = json!(500);
    manifest
}

fn a_plan_file_gives_back_too(bed: &TestBed) {
    let namespace = bed.namespace("own-file");
    releases(&namespace, "2.0");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let rb = |words: &str| Rb::new(namespace.kubeconfig()).words(words).arg(&file).run();
    rb("undo deploy/web --dry-run --plan-out").ends_with(0);
    rb("undo --yes --plan").ends_with(0);
    rb_has_its_own_only(&namespace);
    with(&namespace, APPLY, &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

fn undo(namespace: &Namespace, proxy: &Proxy, flags: &str) -> Ran {
    let words = format!("undo deploy/web --yes {flags}");
    Rb::new(&proxy.kubeconfig(namespace)).words(&words).run()
}

/// Does this to so many of the writes that give fields back.
fn refuse(proxy: &Proxy, mut count: usize, action: Action) {
    proxy.inject(move |head: &RequestHead| {
        if !gives_back(head) || count == 0 {
            return Action::Pass;
        }
        count -= 1;
        action.clone()
    });
}

/// Whether a request writes the owners of fields.
fn gives_back(head: &RequestHead) -> bool {
    head.method == "PATCH"
        && String::from_utf8_lossy(&head.body).contains("/metadata/managedFields/")
}

fn gifts(proxy: &Proxy) -> Vec<Recorded> {
    proxy.requests().into_iter().filter(|record| gives_back(&record.request)).collect()
}

fn accepted_gifts(proxy: &Proxy) -> usize {
    gifts(proxy).iter().filter(|record| record.status == Some(200)).count()
}
