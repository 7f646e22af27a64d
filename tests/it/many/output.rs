//! What is said of several workloads: tables for people, one document for machines.

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::given::paste;
use crate::rb::{Ran, Rb, rb};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::{deploy, live, steady};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        the_tables_say_what_is_planned_and_what_came_of_it,
        a_status_is_one_table_too,
        histories_follow_each_other,
        documents_are_lists_of_documents,
        names_and_scripts_are_one_after_the_other,
        a_stream_tells_which_workload_it_is_about,
        quiet_verbose_plain_and_without_colour,
        values_of_variables_stay_hidden,
    ]
}

const LONG: &str = "web-with-a-long-name-as-generators-make-them-from-three-others";

/// One that can be rolled back, one that cannot, one with a long name.
fn three(namespace: &Namespace) {
    deploy(namespace, &["web-a", LONG], 1, &["1.0", "2.0"]);
    deploy(namespace, &["web-single"], 1, &["1.0"]);
}

fn the_tables_say_what_is_planned_and_what_came_of_it(bed: &TestBed) {
    let namespace = bed.namespace("tables");
    three(&namespace);
    let ran = rb(&namespace, "undo deploy --all --yes").ends_with(4);
    assert_data_eq!(
        steady(&namespace, &ran.stdout),
        str![[r"
2 of 3 workloads to roll back in namespace NAMESPACE, context testbed
WORKLOAD                                                                    NOW                                BACK TO                            EVIDENCE      CHANGES
deployment/web-a                                                            2 web-a:2.0                        1 web-a:1.0                        no evidence   image web-a:2.0 → 1.0
deployment/web-single                                                       -                                  -                                  no revision   has no history: no older revision is stored
deployment/web-with-a-long-name-as-generators-make-them-from-three-others   2 web-with-a-lo...ree-others:2.0   1 web-with-a-lo...ree-others:1.0   no evidence   image web-with-a-long-name-as-generators-make...

WORKLOAD                                                                    RESULT        REVISION                           PODS   WHY
deployment/web-a                                                            rolled back   1 web-a:1.0                        1/1    -
deployment/web-single                                                       no revision   -                                  -      has no history: no older revision is stored
deployment/web-with-a-long-name-as-generators-make-them-from-three-others   rolled back   1 web-with-a-lo...ree-others:1.0   1/1    -
3 workloads in namespace NAMESPACE: 1 no revision, 2 rolled back
  forward  to go forward again: rb undo deployment/web-a --to-revision=HASH -n NAMESPACE --context testbed
  forward  to go forward again: rb undo deployment/web-with-a-long-name-as-generators-make-them-from-three-others --to-revision=HASH -n NAMESPACE --context testbed

"]]
    );
    assert_data_eq!(
        said_at_the_end(&steady(&namespace, &ran.stderr)),
        str![[r"
error: deployment/web-single has no history: no older revision is stored
  hint: to go back all the same: apply the manifest of the good version again
  hint: to see what is stored: rb history deployment/web-single -n NAMESPACE --context testbed

"]]
    );
    for name in ["web-a", LONG] {
        let done =
            ran.stderr.lines().any(|line| line.ends_with(&format!("deployment/{name}: healthy")));
        assert!(done, "{ran}");
    }
    // Nothing is said twice where there is nothing to roll back.
    let ran = rb(&namespace, "undo deploy --all --yes").ends_with(4);
    assert_eq!(ran.stdout.matches("WORKLOAD").count(), 1, "{ran}");
}

/// Without the lines of progress.
fn said_at_the_end(said: &str) -> String {
    let lines = said.lines().filter(|line| !line.starts_with("     "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn a_status_is_one_table_too(bed: &TestBed) {
    let namespace = bed.namespace("status-table");
    three(&namespace);
    deploy(&namespace, &["web-hang"], 2, &["1.0-hang"]);
    deploy(&namespace, &["web-none"], 0, &["1.0"]);
    let ran = rb(&namespace, "status deploy --all --watch=false").ends_with(7);
    assert_data_eq!(
        steady(&namespace, &ran.stdout),
        str![[r"
WORKLOAD                                                                    STATUS        REVISION                           PODS   WHY
deployment/web-a                                                            healthy       2 web-a:2.0                        1/1    -
deployment/web-hang                                                         in progress   1 web-hang:1.0-hang                0/2    0 of 2 updated replicas are available...
deployment/web-none                                                         no pods       1 web-none:1.0                     0/0    no pod is wanted: nothing ran
deployment/web-single                                                       healthy       1 web-single:1.0                   1/1    -
deployment/web-with-a-long-name-as-generators-make-them-from-three-others   healthy       2 web-with-a-lo...ree-others:2.0   1/1    -
5 workloads in namespace NAMESPACE: 3 healthy, 1 in progress, 1 no pods

"]]
    );
    assert_eq!(ran.stderr, "", "one look says all in its table");
    // What fails has last words, for which a row has no room.
    namespace.set_image("web-a", &super::image("web-a", "3.0-crash"));
    namespace.wait_until("its pod crashes", |namespace| {
        namespace.pods("web-a").iter().any(|pod| {
            let restarts = &pod["status"]["containerStatuses"][0]["restartCount"];
            restarts.as_u64().unwrap_or_default() >= 2
        })
    });
    let ran = rb(&namespace, "status deploy web-a web-none").ends_with(6);
    let ran = ran.says("failed").says("cause    pod web-a-");
    // The reason is what must not be cut.
    let row = super::row(&ran, "deployment/web-a");
    assert!(row.contains("exit code 1 (Error), "), "{row}");
}

fn histories_follow_each_other(bed: &TestBed) {
    let namespace = bed.namespace("histories");
    three(&namespace);
    let ran = rb(&namespace, "history deploy web-a web-none web-single").ends_with(4);
    let ages = |text: &str| {
        text.lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n")
            .collect::<String>()
    };
    assert_data_eq!(
        ages(&steady(&namespace, &ran.stdout)),
        str![[r"
deployment/web-a · namespace NAMESPACE
REVISION AGE IMAGES PODS MARKS CAUSE
1 [..]s web-a:1.0 0/0 - <none>
2 [..]s web-a:2.0 1/1 current <none>

deployment/web-single · namespace NAMESPACE
REVISION AGE IMAGES PODS MARKS CAUSE
1 [..]s web-single:1.0 1/1 current <none>

"]]
    );
    let ran = ran.says("deployment/web-none does not exist in namespace");
    ran.says("to see what is there: kubectl get deployments");
    rb(&namespace, "history deploy --all --revision=2").ends_with(4).says("has no revision 2");
    rb(&namespace, "history deploy web-a web-single --revision=1").ends_with(0);
}

fn documents_are_lists_of_documents(bed: &TestBed) {
    let namespace = bed.namespace("lists");
    three(&namespace);
    let names = "web-a web-none web-single";
    for (words, code, summary, schemas) in [
        (
            "undo --dry-run",
            4,
            json!({"planned": 1, "notFound": 1, "noRevision": 1}),
            "plan error error",
        ),
        ("history", 4, json!({"listed": 2, "notFound": 1}), "history error history"),
        ("status", 4, json!({"complete": 2, "notFound": 1}), "status error status"),
        ("undo", 10, json!(null), ""),
        (
            "undo --yes",
            4,
            json!({"rolledBack": 1, "notFound": 1, "noRevision": 1}),
            "report error error",
        ),
        (
            "undo --yes",
            4,
            json!({"nothingToDo": 1, "notFound": 1, "noRevision": 1}),
            "report error error",
        ),
    ] {
        let ran = rb(&namespace, &format!("{words} deploy {names} -o json")).ends_with(code);
        let document = ran.json();
        assert_eq!(document["exitCode"], code, "{words}");
        if schemas.is_empty() {
            assert_eq!(document["schema"], "rb.error/v1");
            continue;
        }
        assert_eq!(document["schema"], "rb.list/v1", "{words}");
        assert_eq!(document["summary"], summary, "{words}");
        let items = document["items"].as_array().expect("items");
        let each: Vec<&str> =
            items.iter().map(|item| item["schema"].as_str().expect("a schema")).collect();
        let expected: Vec<String> =
            schemas.split(' ').map(|word| format!("rb.{word}/v1")).collect();
        assert_eq!(each, expected, "{words}");
        assert_eq!(items[1]["target"]["name"], "web-none");
        let yaml = rb(&namespace, &format!("{words} deploy {names} -o yaml"));
        assert!(yaml.stdout.contains("rb.list/v1"), "{yaml}");
    }
}

fn names_and_scripts_are_one_after_the_other(bed: &TestBed) {
    let namespace = bed.namespace("scripts-many");
    three(&namespace);
    let words = "deploy web-a web-single";
    for command in ["status", "undo --dry-run"] {
        let ran = rb(&namespace, &format!("{command} {words} -o name"));
        assert_eq!(ran.stdout, "deployment.apps/web-a\ndeployment.apps/web-single\n");
    }
    let ran = rb(&namespace, &format!("undo {words} -o sh")).ends_with(4);
    assert!(ran.stdout.contains("# deployment/web-single has no history"), "{ran}");
    assert_eq!(live(&namespace, &["web-a"]), ["2.0"]);
    paste(bed, namespace.kubeconfig(), &ran.stdout).ends_with(0);
    assert_eq!(live(&namespace, &["web-a"]), ["1.0"]);
}

fn a_stream_tells_which_workload_it_is_about(bed: &TestBed) {
    let namespace = bed.namespace("stream-many");
    three(&namespace);
    let ran = rb(&namespace, "undo deploy --all --yes -o jsonl").ends_with(4);
    let lines = ran.lines();
    let kind = |line: &Value| line["type"].as_str().unwrap_or_default().to_owned();
    assert_eq!((kind(&lines[0]), kind(&lines[lines.len() - 1])), ("version".into(), "list".into()));
    for name in ["web-a", LONG] {
        let own = lines.iter().filter(|line| line["target"]["name"] == name);
        let mut told: Vec<String> = own.map(kind).collect();
        told.dedup();
        let others: Vec<&str> =
            told.iter().map(String::as_str).filter(|kind| *kind != "progress").collect();
        assert_eq!(others, ["plan", "writing", "stepDone", "ended", "check"], "{ran}");
    }
    let about_one = |line: &&Value| !["version", "list"].contains(&kind(line).as_str());
    assert!(
        lines.iter().filter(about_one).all(|line| line["target"]["namespace"] == namespace.name())
    );
    let ran = rb(&namespace, "status deploy --all -o jsonl").ends_with(0);
    let lines = ran.lines();
    assert_eq!(kind(&lines[lines.len() - 1]), "list");
    let ran = rb(&namespace, "undo deploy --all --dry-run -o jsonl").ends_with(4);
    assert_eq!(ran.lines().iter().map(kind).collect::<Vec<_>>(), ["version", "list"]);
}

fn quiet_verbose_plain_and_without_colour(bed: &TestBed) {
    let namespace = bed.namespace("looks-many");
    three(&namespace);
    let call = |words: &str| Rb::new(namespace.kubeconfig()).words(words);
    let ran = call("status deploy --all -v").run().ends_with(0);
    assert!(ran.stderr.contains("DEBUG request method=GET"), "{ran}");
    assert!(!format!("{ran}").contains('\u{1b}'), "{ran}");
    let ran = call("undo deploy --all --dry-run --color=always").run().ends_with(4);
    assert!(ran.stderr.contains('\u{1b}'), "{ran}");
    let ran = call("undo deploy --all --yes -q").env("LANG", "C").run().ends_with(4);
    assert!(ran.stdout.is_ascii() && ran.stderr.is_ascii(), "{ran}");
    assert_eq!(ran.stdout.matches("WORKLOAD").count(), 1, "the plan is no answer: {ran}");
    assert!(!ran.stderr.contains("healthy"), "{ran}");
    assert!(ran.stderr.starts_with("error: deployment/web-single has no history"), "{ran}");
    let ran: Ran = call("undo deploy --all --dry-run").env("LANG", "C").run();
    assert!(ran.stdout.is_ascii(), "{ran}");
}

fn values_of_variables_stay_hidden(bed: &TestBed) {
    let namespace = bed.namespace("secret-many");
    for tag in ["1.0", "2.0"] {
        for name in ["web-a", "web-b"] {
            let container = json!({"name": "app", "image": super::image(name, tag),
                "env": [{"name": "PASSWORD", "value": format!("s3cret-{tag}")}]});
            let extra = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
            namespace.deployment_with(name, &super::image(name, tag), 0, &extra);
        }
        namespace.wait_until("the release is stored", |namespace| {
            let sets = namespace.list("replicaset", "");
            sets.iter().filter(|set| set.to_string().contains(&format!("s3cret-{tag}"))).count()
                == 2
        });
    }
    for words in ["--dry-run", "--yes"] {
        for format in ["json", "jsonl", "yaml"] {
            let ran = rb(&namespace, &format!("undo deploy --all {words} -o {format}"));
            assert!(!format!("{ran}").contains("s3cret"), "{words} {format}: {ran}");
        }
    }
    let ran = rb(
        &namespace,
        "undo deploy --all --again --to-revision=-1 --dry-run --show-values -o json",
    );
    assert!(ran.stdout.contains("s3cret"), "{ran}");
}
