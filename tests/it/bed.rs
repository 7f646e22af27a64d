//! The test bed itself: that pods do what their image tags say, that a test sees only its own
//! namespace, and that nothing stays behind. The proxy has a module of its own.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::scene::missed_its_deadline;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed, wait_until};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        well_pods_become_ready,
        crash_counts_up,
        oom_is_told_from_crash,
        missing_image_is_not_pulled,
        config_error_waits,
        hang_never_becomes_ready,
        slow_becomes_ready_late,
        flap_comes_and_goes,
        jobs_complete,
        deleted_pods_end,
        namespaces_are_separate,
        users_have_the_rights_that_a_test_gives,
        a_killed_test_program_leaves_nothing,
    ]
}

/// The repository's name must not count, only the tag.
fn well_pods_become_ready(bed: &TestBed) {
    let namespace = bed.namespace("well");
    namespace.deployment("web", "registry.test:5000/crash/web:1.0", 3);
    namespace.rollout_done("web");
    let pods = namespace.pods("web");
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        assert_eq!(text(pod, "/status/phase"), "Running");
        let image_id = text(pod, "/status/containerStatuses/0/imageID");
        assert!(image_id.starts_with("registry.test:5000/crash/web@sha256:"), "{image_id}");
    }
    assert!(namespace.kubectl_ok(&["logs", "deployment/web"]).contains("listening"));
}

fn crash_counts_up(bed: &TestBed) {
    let namespace = bed.namespace("crash");
    namespace.deployment("web", "registry.test/web:2.0-crash", 1);
    let pod = wait_for_reason(&namespace, "CrashLoopBackOff", 2);
    let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!(last["exitCode"], 1);
    assert_eq!(last["reason"], "Error");
    assert_eq!(last["message"], "FATAL: cannot open /etc/shop/settings.json");
    wait_for_reason(&namespace, "CrashLoopBackOff", 4);
    wait_for_event(&namespace, "BackOff", &pod);
    for which in ["--previous=true", "--previous=false"] {
        let logs = namespace.kubectl_ok(&["logs", which, "deployment/web"]);
        assert_eq!(logs.lines().last(), Some("FATAL: cannot open /etc/shop/settings.json"));
    }
}

fn oom_is_told_from_crash(bed: &TestBed) {
    let namespace = bed.namespace("oom");
    namespace.deployment("web", "registry.test/web:oom", 1);
    let pod = wait_for_reason(&namespace, "CrashLoopBackOff", 1);
    let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!(last["exitCode"], 137);
    assert_eq!(last["reason"], "OOMKilled");
}

fn missing_image_is_not_pulled(bed: &TestBed) {
    let namespace = bed.namespace("missing");
    namespace.deployment("web", "registry.test/web:missing", 1);
    let pod = wait_for_reason(&namespace, "ImagePullBackOff", 0);
    assert_eq!(text(&pod, "/status/phase"), "Pending");
    let message = text(&pod, "/status/containerStatuses/0/state/waiting/message");
    assert!(message.contains("registry.test/web:missing"), "{message}");
    wait_for_event(&namespace, "Failed", &pod);
}

fn config_error_waits(bed: &TestBed) {
    let namespace = bed.namespace("config");
    namespace.deployment("web", "registry.test/web:config", 1);
    let pod = wait_for_reason(&namespace, "CreateContainerConfigError", 0);
    wait_for_event(&namespace, "Failed", &pod);
}

fn hang_never_becomes_ready(bed: &TestBed) {
    let namespace = bed.namespace("hang");
    let deadline = serde_json::json!({"spec": {"progressDeadlineSeconds": 2}});
    namespace.deployment_with("web", "registry.test/web:hang", 1, &deadline);
    missed_its_deadline(&namespace);
    for pod in namespace.pods("web") {
        assert_eq!(text(&pod, "/status/phase"), "Running");
        assert_eq!(condition(&pod, "Ready", "status"), "False");
    }
}

fn slow_becomes_ready_late(bed: &TestBed) {
    let namespace = bed.namespace("slow");
    namespace.deployment("web", "registry.test/web:slow", 1);
    namespace.wait_until("the pod runs and is not ready", |namespace| {
        namespace.pods("web").iter().any(|pod| {
            text(pod, "/status/phase") == "Running" && condition(pod, "Ready", "status") == "False"
        })
    });
    namespace.rollout_done("web");
}

fn flap_comes_and_goes(bed: &TestBed) {
    let namespace = bed.namespace("flap");
    namespace.deployment("web", "registry.test/web:flap", 1);
    for ready in ["True", "False", "True"] {
        namespace.wait_until(&format!("the pod's Ready is {ready}"), |namespace| {
            namespace.pods("web").iter().any(|pod| condition(pod, "Ready", "status") == ready)
        });
    }
}

fn jobs_complete(bed: &TestBed) {
    let namespace = bed.namespace("job");
    namespace.kubectl_ok(&["create", "job", "migrate", "--image=registry.test/migrate:1.0"]);
    namespace.wait_until("the job is complete", |namespace| {
        condition(&namespace.get("job", "migrate"), "Complete", "status") == "True"
    });
}

fn deleted_pods_end(bed: &TestBed) {
    let namespace = bed.namespace("deleted");
    namespace.deployment("web", "registry.test/web:1.0", 2);
    namespace.rollout_done("web");
    namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=0"]);
    namespace.wait_until("no pod is left", |namespace| namespace.pods("web").is_empty());
}

fn namespaces_are_separate(bed: &TestBed) {
    let [one, other] = ["one", "other"].map(|hint| bed.namespace(hint));
    one.deployment("web", "registry.test/web:1.0", 1);
    assert!(one.find("deployment", "web").is_some());
    assert!(other.find("deployment", "web").is_none());
    assert!(other.kubectl(&["get", "deployment/web"]).code != 0);
}

fn users_have_the_rights_that_a_test_gives(bed: &TestBed) {
    let namespace = bed.namespace("users");
    let alice = namespace.user("alice");
    let get = format!("--kubeconfig={}", alice.display());
    let get = [get.as_str(), "get", "pods"];
    let refused = namespace.kubectl(&get);
    assert!(refused.stderr.contains("Forbidden"), "{refused}");
    namespace.kubectl_ok(&["create", "role", "look", "--verb=get,list", "--resource=pods"]);
    namespace.kubectl_ok(&["create", "rolebinding", "look", "--role=look", "--user=alice"]);
    namespace.wait_until("alice may look at pods", |namespace| namespace.kubectl(&get).code == 0);

    let expired = format!("--kubeconfig={}", namespace.expired_credentials().display());
    let refused = namespace.kubectl(&[&expired, "get", "pods"]);
    assert!(refused.stderr.contains("logged in"), "{refused}");
}

/// First argument of a program that boots a test bed of its own and waits to be killed.
const DOOMED_PARENT: &str = "__testbed_doomed_parent";

fn a_killed_test_program_leaves_nothing(_: &TestBed) {
    let program = std::env::current_exe().expect("the test program has a path");
    let mut parent = Command::new(program)
        .arg(DOOMED_PARENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the second test program starts");
    let mut lines = BufReader::new(parent.stdout.take().expect("its stdout")).lines();
    let mut line = || lines.next().expect("it says where its bed is").expect("in UTF-8");
    let (directory, address) = (line(), line());
    assert!(TcpStream::connect(&address).is_ok());
    assert!(!processes_that_name(&directory).is_empty() || !cfg!(target_os = "linux"));
    // What only some tests need is there for none that has not asked.
    for folder in ["flux", "argocd"] {
        assert!(!Path::new(&directory).join(folder).exists(), "{folder}");
    }

    parent.kill().expect("it can be killed");
    parent.wait().expect("it has ended");
    let gone = wait_until("nothing is left of the bed", Duration::from_secs(20), || {
        let running = processes_that_name(&directory);
        let listens = TcpStream::connect(&address).is_ok();
        let files = Path::new(&directory).exists();
        Ok(if running.is_empty() && !listens && !files {
            Ok(())
        } else {
            Err(format!("running: {running:?}, listens: {listens}, files: {files}"))
        })
    });
    gone.expect("nothing is left");
}

/// The work of that program; other programs go on.
pub(crate) fn run_doomed_parent_if_asked() -> Option<ExitCode> {
    if std::env::args().nth(1)? != DOOMED_PARENT {
        return None;
    }
    let bed = TestBed::start().expect("the test bed starts");
    let address = bed.server().trim_start_matches("https://");
    let mut stdout = io::stdout();
    writeln!(stdout, "{}\n{address}", bed.directory().display()).expect("stdout is open");
    // Until it is killed, or the program that started it is gone.
    let _ = io::stdin().lines().count();
    Some(ExitCode::SUCCESS)
}

/// The command lines with that word in them, where the system shows them as files.
fn processes_that_name(word: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(word)).collect()
}

/// A pod whose container waits for that reason after so many restarts.
fn wait_for_reason(namespace: &Namespace, reason: &str, restarts: u64) -> Value {
    namespace.wait_until(&format!("{reason} after {restarts} restarts"), |namespace| {
        namespace.pods("web").into_iter().find(|pod| {
            let container = &pod["status"]["containerStatuses"][0];
            container["state"]["waiting"]["reason"] == reason
                && container["restartCount"].as_u64() >= Some(restarts)
        })
    })
}

fn wait_for_event(namespace: &Namespace, reason: &str, pod: &Value) {
    namespace.wait_until(&format!("a Warning {reason} about the pod"), |namespace| {
        namespace.list("event", "").iter().any(|event| {
            event["type"] == "Warning"
                && event["reason"] == reason
                && event["involvedObject"]["uid"] == pod["metadata"]["uid"]
        })
    });
}

/// A field of a condition of that type; empty where there is none.
fn condition<'a>(object: &'a Value, kind: &str, field: &str) -> &'a str {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    found.and_then(|condition| condition[field].as_str()).unwrap_or_default()
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
