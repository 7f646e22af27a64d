//! Saving evidence of why a release failed, before the rollback takes it away.
//!
//! One folder for each workload: the workload and its failing pods as documents, the pods described,
//! Events, and the last lines of every container. Only its owner can read it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::cluster::Cluster;
use crate::report::{describe, yaml};
use crate::rollback::capture::{self, About};
use crate::rollback::model::captured::Captured;
use crate::rollback::model::plan::Plan;
use crate::rollback::subject::Subject;
use crate::text::{plural, shell_quote};

use super::UndoArgs;

/// Where evidence goes in CI, unless the user says otherwise: below the working directory.
const FOLDER: &str = "rb-evidence";

/// The folder for all evidence of this call; `None` where none is wanted.
pub(super) fn folder(args: &UndoArgs, app: &App) -> Option<PathBuf> {
    // Where nobody can say yes, nothing is taken away.
    let is_refused = !args.yes && !app.console.can_prompt;
    if args.no_capture || is_refused {
        return None;
    }
    args.capture.clone().or_else(|| app.environment.is_ci.then(|| PathBuf::from(FOLDER)))
}

/// Reads and saves evidence for these plans; what goes wrong is said and stops nothing.
pub(super) async fn save(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    plans: &[(&Plan, &Subject)],
    deadline: crate::cluster::Deadline,
) {
    let Some(folder) = folder(args, app) else { return };
    let about: Vec<About<'_>> = plans.iter().map(|(plan, subject)| subject.about(plan)).collect();
    let all = capture::capture(cluster, &about, deadline).await;
    for ((plan, _), captured) in plans.iter().zip(&all) {
        let place = folder.join(name_of(plan));
        let said = match write(&place, captured) {
            Ok(()) => {
                app.story().kept(&plan.target, &place);
                said(&place, captured)
            }
            Err(error) => {
                let place = shell_quote(&place.display().to_string()).into_owned();
                format!("warning: evidence cannot be saved in {place}: {error}")
            }
        };
        app.console.note(&format!("{}\n", app.console.marks.foreign(&said)));
    }
}

/// The operation's id is in it: two rollbacks do not overwrite each other's evidence.
fn name_of(plan: &Plan) -> String {
    let target = &plan.target;
    let kind = target.kind.to_lowercase();
    format!("{}-{kind}-{}-{}", target.namespace, target.name, plan.id)
}

fn said(place: &Path, captured: &Captured) -> String {
    let count = |count: usize, word| plural(i64::try_from(count).unwrap_or(i64::MAX), word);
    let place = shell_quote(&place.display().to_string()).into_owned();
    let pods = count(captured.pods.len(), "failing pod");
    let logs = count(captured.logs.len(), "log");
    let events = count(captured.events.len(), "event");
    let missing = match captured.missing.as_slice() {
        [] => String::new(),
        [only] => format!("; missing: {only}"),
        [first, rest @ ..] => format!("; missing: {first}, and {} more", rest.len()),
    };
    format!("evidence: {pods}, {logs}, {events} in {place}{missing}")
}

fn write(place: &Path, captured: &Captured) -> std::io::Result<()> {
    let logs = place.join("logs");
    create_private(&logs)?;
    let document = |value| yaml::document(value).unwrap_or_default();
    save_as(&place.join("live.yaml"), &document(&captured.live))?;
    save_as(&place.join("events.txt"), &describe::events(&captured.events))?;
    for pod in &captured.pods {
        let name = pod.pointer("/metadata/name").and_then(serde_json::Value::as_str);
        // Names of objects are names of files.
        let Some(name) = name.filter(|name| is_plain(name)) else { continue };
        save_as(&place.join(format!("{name}.yaml")), &document(pod))?;
        save_as(&place.join(format!("{name}.txt")), &describe::pod(pod, &captured.events))?;
    }
    for log in &captured.logs {
        if !is_plain(&log.pod) || !is_plain(&log.container) {
            continue;
        }
        let previous = if log.previous { ".previous" } else { "" };
        save_as(&logs.join(format!("{}_{}{previous}.log", log.pod, log.container)), &log.text)?;
    }
    if !captured.missing.is_empty() {
        save_as(&place.join("missing.txt"), &(captured.missing.join("\n") + "\n"))?;
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

#[cfg(unix)]
fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

fn save_as(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}
