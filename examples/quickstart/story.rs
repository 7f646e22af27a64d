//! What happens, in order, and how it should come out: each step either shows that or fails.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::Options;
use crate::stage::{Cleanup, Stage};
use crate::testbed::wait_until;
use crate::transcript::{Transcript, note, say, show, wait_for_enter};

/// The workload of the story.
const CHECKOUT: &str = "deployment/checkout";
/// How long a rollout or a crash may take: images may have to be pulled.
const PATIENCE: Duration = Duration::from_secs(180);
/// Exit code of `rb status` when pods fail.
const PODS_FAIL: i32 = 6;

/// The whole story.
pub(crate) fn tell(options: &Options, cleanup: &Cleanup) -> Result<()> {
    let mut transcript = Transcript::new(options.pause);
    transcript.step("Build rb")?;
    let rb = build()?;
    let stage = set_stage(options, &mut transcript)?;
    transcript.step("A good release of a small shop")?;
    stage.create_namespace(cleanup)?;
    deploy_good(&stage)?;
    let good = images(&stage)?;
    transcript.step("A release of checkout that crashes")?;
    deploy_bad(&stage)?;
    transcript.step("What is wrong")?;
    let status = [&["status", CHECKOUT][..], &["--watch=false"]].concat();
    stage.rb(&rb, &status).run(PODS_FAIL)?;
    transcript.step("Back to the last good release")?;
    let undo = ["undo", CHECKOUT, "--yes", "--reason", "2.8.1 crashes"];
    stage.rb(&rb, &undo).run(0)?;
    transcript.step("What happened")?;
    stage.rb(&rb, &["history", CHECKOUT]).run(0)?;
    stage.rb(&rb, &["status", CHECKOUT]).run(0)?;
    is_as_it_should_be(&stage, &good)?;
    note(&format!("\nAs it should be: {CHECKOUT} runs {} again.", good.join(", ")))?;
    what_next(&stage, &transcript, &rb)
}

/// Builds `rb` and gives its path.
fn build() -> Result<PathBuf> {
    // Together with an example: the dependencies are then those that this program was built with,
    // and not compiled once more with fewer features. Not with this one: it is running.
    let mut arguments = vec!["build", "--bin", "rb", "--example", "testbed"];
    if !cfg!(debug_assertions) {
        arguments.push("--release");
    }
    show(format!("cargo {}", arguments.join(" ")))?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).arg("--message-format=json-render-diagnostics");
    // What `cargo run` says about this package. Build scripts (that of ring) watch these variables,
    // and half of the dependencies would be compiled again.
    for (name, _) in env::vars_os() {
        let about_package = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if about_package.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo")?;
    ensure!(output.status.success(), "rb could not be built: {}", output.status);
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message.pointer("/target/name") == Some(&Value::from("rb")))
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .context("cargo does not say where rb is")
}

fn set_stage(options: &Options, transcript: &mut Transcript) -> Result<Stage> {
    if options.context.is_none() {
        transcript.step("A Kubernetes control plane on this machine")?;
    }
    let stage = Stage::set(options)?;
    if let Some(kubeconfig) = stage.kubeconfig() {
        show(format!("export KUBECONFIG={}", kubeconfig.display()))?;
    }
    Ok(stage)
}

fn deploy_good(stage: &Stage) -> Result<()> {
    let good = stage.manifest("good.yaml");
    stage.kubectl(&["apply", "-f", &good]).run(0)?;
    let timeout = format!("--timeout={}s", PATIENCE.as_secs());
    stage.kubectl(&["rollout", "status", "-f", &good, &timeout]).run(0)
}

/// Returns when one of its pods is in CrashLoopBackOff and has been restarted.
fn deploy_bad(stage: &Stage) -> Result<()> {
    stage.kubectl(&["apply", "-f", &stage.manifest("bad.yaml")]).run(0)?;
    let pods = stage.kubectl(&["get", "pods", "-l", "app=checkout", "-o", "json"]);
    wait_until("a pod of checkout crashes", PATIENCE, || {
        let list: Value = serde_json::from_str(&pods.ask()?)?;
        Ok(list
            .pointer("/items")
            .and_then(Value::as_array)
            .is_some_and(|pods| pods.iter().any(is_crashing)))
    })?;
    stage.kubectl(&["get", "pods", "-l", "app=checkout"]).run(0)
}

fn is_crashing(pod: &Value) -> bool {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    containers.into_iter().flatten().any(|container| {
        container.pointer("/state/waiting/reason") == Some(&Value::from("CrashLoopBackOff"))
            && container.get("restartCount").and_then(Value::as_u64) >= Some(2)
    })
}

fn checkout(stage: &Stage) -> Result<Value> {
    let answer = stage.kubectl(&["get", CHECKOUT, "-o", "json"]).ask()?;
    serde_json::from_str(&answer).context("reading checkout")
}

/// The images of checkout.
fn images(stage: &Stage) -> Result<Vec<String>> {
    let checkout = checkout(stage)?;
    let containers = checkout.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let images = containers.into_iter().flatten().filter_map(|container| container.get("image"));
    Ok(images.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Asks the API server, not rb: the good images, on all pods, available, and the record.
fn is_as_it_should_be(stage: &Stage, good: &[String]) -> Result<()> {
    let live = images(stage)?;
    ensure!(live == good, "{CHECKOUT} runs {live:?} and should run {good:?}");
    let checkout = checkout(stage)?;
    let number = |pointer: &str| checkout.pointer(pointer).and_then(Value::as_u64);
    let wanted = number("/spec/replicas");
    for count in ["replicas", "updatedReplicas", "availableReplicas"] {
        let found = number(&format!("/status/{count}"));
        ensure!(found == wanted, "{CHECKOUT} has {count} {found:?} and should have {wanted:?}");
    }
    let record = checkout.pointer("/metadata/annotations/kubectl-rb~1record");
    if !record.and_then(Value::as_str).is_some_and(|record| record.contains("2.8.1 crashes")) {
        bail!("{CHECKOUT} carries no record of the rollback: {record:?}");
    }
    Ok(())
}

fn what_next(stage: &Stage, transcript: &Transcript, rb: &Path) -> Result<()> {
    say("\nWhat to try next:")?;
    say(format_args!("  rb is {}; see `rb --help`", rb.display()))?;
    if stage.is_test_bed() {
        say("  cargo run --example testbed                        a control plane to play with")?;
        say("  cargo run --example quickstart -- --context NAME   the same on your own cluster")?;
    } else {
        say("  rb history deployment/NAME     on a workload of yours: reads, changes nothing")?;
        say("  rb undo deployment/NAME --dry-run                  the plan, and nothing else")?;
    }
    if transcript.pauses() {
        note("Then everything of this quickstart is removed.")?;
        wait_for_enter()?;
    }
    Ok(())
}
