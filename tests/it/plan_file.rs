//! `--plan-out` and `--plan`: a plan that was read, changed or lost on its way does nothing that its
//! target and its preconditions do not allow.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::given::{nothing_was_written, release};
use crate::rb::{Ran, Rb, rb};
use crate::scene::{accepted, assert_live, image, record, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Proxy, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_plan_is_carried_out_exactly_once,
        a_plan_file_is_for_its_owner_only,
        a_file_that_is_no_plan_makes_no_request,
        a_plan_that_was_changed_does_nothing,
        a_plan_for_another_next_deploy_does_nothing,
        a_plan_for_another_cluster_is_refused,
        a_plan_that_cannot_be_stored_is_not_carried_out,
        an_old_plan_does_not_overwrite_a_new_release,
        a_plan_with_hidden_values_is_not_carried_out,
        a_pause_since_the_plan_was_made_is_seen,
        a_template_that_was_never_live_is_refused,
    ]
}

/// Two releases, the way back as a file, and a proxy to see what is written.
struct Given {
    namespace: Namespace,
    proxy: Proxy,
    folder: tempfile::TempDir,
}

impl Given {
    fn new(bed: &TestBed, hint: &str) -> Self {
        let (namespace, proxy) = (bed.namespace(hint), bed.proxy());
        releases(&namespace, 0, &["1.0", "2.0"]);
        let folder = tempfile::tempdir().expect("a folder");
        let given = Self { namespace, proxy, folder };
        let plan = given.rb("undo deploy/web --dry-run").arg("--plan-out").arg(given.file());
        plan.run().ends_with(0);
        given.proxy.clear();
        given
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("plan.json")
    }

    fn rb(&self, words: &str) -> Rb {
        Rb::new(&self.proxy.kubeconfig(&self.namespace)).words(words)
    }

    fn plan(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file()).expect("a plan")).expect("JSON")
    }

    /// Carries out a changed plan.
    fn carry_out(&self, plan: &Value) -> Ran {
        let changed = self.folder.path().join("changed.json");
        fs::write(&changed, plan.to_string()).expect("a file that can be written");
        self.rb("undo --yes --plan").arg(changed).run()
    }
}

fn a_plan_is_carried_out_exactly_once(bed: &TestBed) {
    let given = Given::new(bed, "plan");
    let run = || given.rb("undo --yes --plan").arg(given.file()).run();
    run().ends_with(0);
    assert_live(&given.namespace, "1.0");
    let id = given.plan()["id"].clone();
    assert_eq!(record(&given.namespace)["undos"][0]["id"], id);
    given.proxy.clear();
    run().ends_with(0).says("nothing to do: already rolled back by tester");
    assert_eq!(accepted(&given.proxy), 0);
    let undos = record(&given.namespace)["undos"].as_array().map_or(0, Vec::len);
    assert_eq!(undos, 1);
}

/// Templates may hold passwords in plain variables.
/// `-o json` hides values; carried out, it would write the placeholder into the pods.
fn a_plan_with_hidden_values_is_not_carried_out(bed: &TestBed) {
    let namespace = bed.namespace("plan-hidden");
    namespace.deployment("web", &image("1.0"), 1);
    namespace.kubectl_ok(&["set", "env", "deployment/web", "PASSWORD=s3cret"]);
    namespace.rollout_done("web");
    namespace.kubectl_ok(&["set", "env", "deployment/web", "PASSWORD-"]);
    namespace.rollout_done("web");
    let plan = rb(&namespace, "undo deploy/web --to-revision=2 --dry-run -o json").ends_with(0);
    assert!(!plan.stdout.contains("s3cret"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    fs::write(&file, &plan.stdout).expect("a file that can be written");
    Rb::new(namespace.kubeconfig())
        .words("undo --yes --plan")
        .arg(&file)
        .run()
        .ends_with(2)
        .says("was printed with hidden values and cannot be carried out");
}

fn a_pause_since_the_plan_was_made_is_seen(bed: &TestBed) {
    let given = Given::new(bed, "plan-paused");
    given.namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    given
        .rb("undo --yes --plan")
        .arg(given.file())
        .run()
        .ends_with(3)
        .says("to resume it first: kubectl rollout resume deployment/web");
    nothing_was_written(&given.proxy);
}

/// The card tells what the patch does, and the patch may only bring back what was there.
fn a_template_that_was_never_live_is_refused(bed: &TestBed) {
    let given = Given::new(bed, "plan-evil");
    let mut plan = given.plan();
    let body = plan["steps"][0]["action"]["body"].as_array_mut().expect("a patch");
    let write = body.iter_mut().find(|o| o["op"] == "replace").expect("a write");
    write["value"]["spec"]["containers"][0]["image"] = json!("evil/miner:1");
    // What was last applied would tell on it at once.
    body.retain(|o| !o["path"].as_str().is_some_and(|path| path.ends_with(LAST_APPLIED)));
    given.carry_out(&plan).ends_with(3).says("is none that deployment/web has stored");
    nothing_was_written(&given.proxy);
}

fn a_plan_file_is_for_its_owner_only(bed: &TestBed) {
    let namespace = bed.namespace("mode");
    let secret = |value: &str| {
        json!({"spec": {"template": {"spec": {"containers": [{
            "name": "app", "image": format!("registry.test/web:{value}"),
            "env": [{"name": "PASSWORD", "value": value}],
        }]}}}})
    };
    release(&namespace, 1, 0, "1.0", &secret("s3cret-old"));
    release(&namespace, 2, 0, "2.0", &secret("s3cret-new"));
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path| fs::metadata(path).expect("the plan").permissions().mode() & 0o777;
    let (new, old) = (folder.path().join("new.json"), folder.path().join("old.json"));
    // A file that was there, for everybody to read.
    fs::write(&old, "").expect("a file that can be written");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).expect("a mode");
    for path in [new, old] {
        let call = Rb::new(namespace.kubeconfig()).words("undo deploy/web --dry-run --plan-out");
        call.arg(&path).run().ends_with(0);
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let text = fs::read_to_string(&path).expect("the plan");
        assert!(text.contains("s3cret-old"), "the plan cannot be carried out: {text}");
    }
}

fn a_file_that_is_no_plan_makes_no_request(bed: &TestBed) {
    let given = Given::new(bed, "noplan");
    let file = given.folder.path().join("bad plan.json");
    let call = || given.rb("undo --yes --plan").arg(&file).run().ends_with(2);
    call().says("bad plan.json' cannot be read").says("No such file");
    for (text, said) in [
        ("", "is no plan"),
        ("not JSON at all", "is no plan"),
        ("{}", "is no plan"),
        ("[1, 2]", "is no plan"),
        (r#"{"schema":"rb.report/v1","exitCode":0}"#, "is no plan"),
    ] {
        fs::write(&file, text).expect("a file that can be written");
        call().says("bad plan.json'").says(said).says("hint:");
    }
    let mut plan = given.plan();
    plan["schema"] = json!("rb.plan/v9");
    fs::write(&file, plan.to_string()).expect("a file that can be written");
    call().says("has the schema \"rb.plan/v9\" and not rb.plan/v1");
    assert!(given.proxy.requests().is_empty(), "{:?}", given.proxy.requests());
}

/// How the path of the annotation ends that holds what was last applied.
const LAST_APPLIED: &str = "~1last-applied-configuration";

/// A change of a plan.
type Change = Box<dyn Fn(&mut Value)>;

/// Whoever can change the file must not make rb do something else with its owner's rights.
fn a_plan_that_was_changed_does_nothing(bed: &TestBed) {
    let given = Given::new(bed, "changed");
    let namespace = given.namespace.name();
    let step = |plan: &Value, id: &str| {
        let steps = plan["steps"].as_array().expect("steps");
        steps.iter().position(|step| step["id"] == id).unwrap_or_else(|| panic!("no step {id}"))
    };
    let secret = format!("/api/v1/namespaces/{namespace}/secrets/x");
    let action = |id: &'static str, member: &'static str, value: Value| {
        move |plan: &mut Value| {
            let index = step(plan, id);
            plan["steps"][index]["action"][member] = value.clone();
        }
    };
    let patch = |operation: Value| {
        move |plan: &mut Value| {
            let index = step(plan, "patch");
            let body = plan["steps"][index]["action"]["body"].as_array_mut();
            body.expect("a patch").push(operation.clone());
        }
    };
    let changes: Vec<(&str, Change)> = vec![
        ("the target's path", Box::new(action("patch", "path", json!(secret)))),
        ("a climbing path", Box::new(action("annotate", "path", json!(format!("{secret}/../y"))))),
        ("the revision's path", Box::new(action("annotate", "path", json!(secret)))),
        (
            "an object that stores no revision",
            Box::new(action(
                "annotate",
                "path",
                json!(format!("/apis/apps/v1/namespaces/{namespace}/deployments/other")),
            )),
        ),
        (
            "which annotation it is",
            Box::new(move |plan: &mut Value| {
                let index = step(plan, "annotate");
                let metadata = &mut plan["steps"][index]["action"]["body"]["metadata"];
                metadata["annotations"] = json!({"kubectl-rb/record": "{}"});
            }),
        ),
        (
            "another namespace",
            Box::new(action("event", "path", json!("/api/v1/namespaces/x/events"))),
        ),
        ("a new secret", Box::new(action("event", "path", json!(secret)))),
        (
            "what the annotation is",
            Box::new(action("annotate", "body", json!({"spec": {"replicas": 9}}))),
        ),
        ("what the Event is", Box::new(action("event", "body", json!({"kind": "Secret"})))),
        (
            "the replicas",
            Box::new(patch(json!({"op": "replace", "path": "/spec/replicas", "value": 9}))),
        ),
        (
            "the labels",
            Box::new(patch(json!({"op": "add", "path": "/metadata/labels/x", "value": "y"}))),
        ),
        ("a removal", Box::new(patch(json!({"op": "remove", "path": "/spec/template"})))),
        (
            "no precondition",
            Box::new(action(
                "patch",
                "body",
                json!([
            {"op": "replace", "path": "/spec/template", "value": {}}]),
            )),
        ),
        ("the name", Box::new(|plan: &mut Value| plan["target"]["name"] = json!("other"))),
        ("the kind", Box::new(|plan: &mut Value| plan["target"]["kind"] = json!("Secret"))),
        (
            "a name of no object",
            Box::new(|plan: &mut Value| plan["target"]["name"] = json!("\u{1b}[2J")),
        ),
        (
            "two patches",
            Box::new(|plan: &mut Value| {
                let first = plan["steps"][0].clone();
                plan["steps"].as_array_mut().expect("steps").push(first);
            }),
        ),
    ];
    for (what, change) in changes {
        let mut plan = given.plan();
        change(&mut plan);
        let ran = given.carry_out(&plan);
        assert!([2, 3].contains(&ran.code), "{what}: {ran}");
        assert!(!ran.stderr.contains('\u{1b}'), "{what}: {ran}");
        nothing_was_written(&given.proxy);
    }
    // Nothing but a change stood in the way.
    given.carry_out(&given.plan()).ends_with(0);
}

/// What was last applied decides what the next apply deletes, and owners what it conflicts with.
fn a_plan_for_another_next_deploy_does_nothing(bed: &TestBed) {
    let given = Given::new(bed, "changed-next");
    let action = |plan: &mut Value, id: &str| {
        let steps = plan["steps"].as_array_mut().expect("steps");
        steps.iter_mut().find(|step| step["id"] == id).expect("a step")["action"].take()
    };
    let put = |plan: &mut Value, id: &str, action: Value| {
        let steps = plan["steps"].as_array_mut().expect("steps");
        steps.iter_mut().find(|step| step["id"] == id).expect("a step")["action"] = action;
    };
    for (old, new) in
        [(r#""replicas":"#, r#""replicas":9"#), (r#""image":""#, r#""image":"x"#), ("{", "")]
    {
        let mut plan = given.plan();
        let mut changed = action(&mut plan, "patch");
        let operations = changed["body"].as_array_mut().expect("a patch");
        let is_it = |o: &&mut Value| {
            o["op"] == "add" && o["path"].as_str().is_some_and(|path| path.ends_with(LAST_APPLIED))
        };
        let write = operations.iter_mut().find(is_it).expect("what was last applied is written");
        let text = write["value"].as_str().expect("a text").to_owned();
        assert!(text.contains(old), "{text}");
        write["value"] = json!(text.replace(old, new));
        put(&mut plan, "patch", changed);
        given.carry_out(&plan).ends_with(3).says("its step \"patch\" does more than that");
        nothing_was_written(&given.proxy);
    }
    let owner = |manager: &str, operation: &str| json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1"});
    for (member, value) in [
        ("path", json!("/api/v1/namespaces/x/secrets/x")),
        ("owner", owner("", "Apply")),
        ("owner", owner("rb", "Update")),
        ("owner", owner("me", "Steal")),
        ("annotations", json!([{"key": "kubectl-rb/record"}])),
    ] {
        let mut plan = given.plan();
        let mut changed = action(&mut plan, "ownership");
        changed[member] = value;
        put(&mut plan, "ownership", changed);
        given.carry_out(&plan).ends_with(3).says("its step \"ownership\" does more than that");
        nothing_was_written(&given.proxy);
    }
    given.carry_out(&given.plan()).ends_with(0);
}

fn a_plan_for_another_cluster_is_refused(bed: &TestBed) {
    let given = Given::new(bed, "elsewhere");
    let mut plan = given.plan();
    plan["cluster"] = json!({"context": "prod", "server": "https://prod.example:6443"});
    let ran = given.carry_out(&plan).ends_with(3);
    ran.says("the plan was made for prod (https://prod.example:6443), and this is testbed");
    nothing_was_written(&given.proxy);
}

fn a_plan_that_cannot_be_stored_is_not_carried_out(bed: &TestBed) {
    let given = Given::new(bed, "nofolder");
    let path = given.folder.path().join("no such folder").join("plan.json");
    for words in ["undo deploy/web --yes", "undo deploy/web --dry-run"] {
        let ran = given.rb(words).arg("--plan-out").arg(&path).run().ends_with(2);
        ran.says("no such folder/plan.json' cannot be written").says("No such file").says("hint:");
    }
    nothing_was_written(&given.proxy);
}

fn an_old_plan_does_not_overwrite_a_new_release(bed: &TestBed) {
    let given = Given::new(bed, "old");
    crate::scene::release(&given.namespace, "3.0");
    let ran = given.rb("undo --yes --plan").arg(given.file()).run().ends_with(3);
    ran.says("the plan is stale").says("nothing was written");
    assert_live(&given.namespace, "3.0");
}
