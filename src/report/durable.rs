//! An undo through Git, for people: what the card says of it, and what the end says.

use anstyle::Style;

use crate::exit::ExitStatus;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Outcome};
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::text::{plural, sanitize, shell_quote, shorten, truncate};

use super::revert::{commit_line, short};
use super::style::{BAD, COLUMNS, Marks, WARN};

/// Commits that the card names.
const COMMITS: usize = 2;
/// Columns of a URL.
const URL: usize = 60;

/// What is done: `durable: revert 9f3c2ab on main, push, have the owner take it up`, or `at once: hold
/// Argo CD application web, patch the template, revert 9f3c2ab on main, push, let it go`.
pub(super) fn way(plan: &Plan) -> String {
    if plan.is_held() || plan.patch().is_some() {
        return at_once(plan);
    }
    let mut does: Vec<String> = Vec::new();
    let mut steps = plan.steps.iter();
    if steps.any(|step| matches!(step.action, Action::Settle { .. })) {
        does.push("end what runs".to_owned());
    }
    match plan.revert() {
        Some(revert) => does.push(reverts(revert)),
        None => does.push("push nothing, Git holds it".to_owned()),
    }
    let follows = plan.steps.iter().filter(|step| matches!(step.action, Action::Follow { .. }));
    does.push(match follows.count() {
        0 | 1 => "have the owner take it up".to_owned(),
        _ => "have the owners take it up".to_owned(),
    });
    if plan.steps.iter().any(|step| matches!(step.action, Action::Unblock { .. })) {
        does.push("patch the template to it if a health check holds it back".to_owned());
    }
    format!("durable: {}", does.join(", "))
}

/// What is left to do of it once the workload is patched: `revert 9f3c2ab on main, push, let Argo CD
/// application web go`.
pub(super) fn rest(plan: &Plan) -> String {
    let what = plan.revert().map_or_else(|| "push nothing, Git holds it".to_owned(), reverts);
    match held(plan).as_slice() {
        [] => what,
        held => format!("{what}, let {} go", held.join(" and ")),
    }
}

fn held(plan: &Plan) -> Vec<String> {
    let name = |step: &Step| match &step.action {
        Action::Hold { name, .. } => Some(sanitize(name).into_owned()),
        _ => None,
    };
    plan.steps.iter().filter_map(name).collect()
}

fn at_once(plan: &Plan) -> String {
    let held = held(plan);
    let mut does: Vec<String> = Vec::new();
    let goes_on = plan.goes_on();
    if !goes_on && !held.is_empty() {
        does.push(format!("hold {}", held.join(" and ")));
    }
    if !goes_on {
        does.push("patch the template".to_owned());
    }
    match plan.revert() {
        Some(revert) => does.push(reverts(revert)),
        None if plan.is_durable() => does.push("push nothing, Git holds it".to_owned()),
        None if plan.searches_git() => does.push("revert in Git what brought it".to_owned()),
        None => does.push("leave Git as it is for now".to_owned()),
    }
    if !held.is_empty() {
        does.push(match (plan.holds(), goes_on) {
            (false, _) => "keep the hold until Git agrees".to_owned(),
            (true, false) => "let it go".to_owned(),
            (true, true) => format!("let {} go", held.join(" and ")),
        });
    }
    let word = if goes_on { "go on" } else { "at once" };
    format!("{word}: {}", does.join(", "))
}

fn reverts(revert: &RevertPlan) -> String {
    let what = match revert.reverted.commits.as_slice() {
        [] => "restore what was before".to_owned(),
        [only] => format!("revert {}", short(&only.id)),
        more => {
            let count = i64::try_from(more.len()).unwrap_or(i64::MAX);
            format!("revert {}", plural(count, "commit"))
        }
    };
    let branch = sanitize(&revert.branch);
    match revert.way {
        Way::Push => format!("{what} on {branch}, push"),
        Way::Request => format!("{what}, request that {branch} takes it"),
    }
}

/// Where in Git it is, and which commits: the lines of the card below the way.
pub(super) fn in_git(plan: &Plan, marks: Marks) -> Vec<String> {
    let Some(revert) = plan.revert() else { return Vec::new() };
    let url = marks.foreign(&revert.repository.url);
    let paths: Vec<String> =
        revert.reverted.files.iter().map(|file| marks.foreign(&file.path.to_string())).collect();
    let files = match paths.as_slice() {
        [only] => only.clone(),
        all => plural(i64::try_from(all.len()).unwrap_or(i64::MAX), "file"),
    };
    let mut lines = vec![line("in Git", &format!("{}, {files}", shorten(&url, URL)))];
    let commits = &revert.reverted.commits;
    let also = &revert.reverted.also;
    for commit in commits.iter().chain(also).take(COMMITS) {
        lines.push(line("", &commit_line(commit, plan.made_at, marks)));
    }
    let more = (commits.len() + also.len()).saturating_sub(COMMITS);
    if more > 0 {
        lines.push(line("", &format!("and {more} more")));
    }
    lines
}

/// What came of it in Git: the lines of the end.
pub(super) fn ended(outcome: &Outcome, marks: Marks) -> Vec<String> {
    let mut lines = Vec::new();
    match outcome.reverted.as_deref() {
        Some(RevertOutcome::Pushed(pushed)) => {
            let (commit, branch) = (short(&pushed.commit), marks.foreign(&pushed.branch));
            lines.push(line("in Git", &format!("{commit} is on {branch}: it stays back")));
            lines.push(long("forward", &format!("to go forward again: {}", pushed.forward)));
        }
        Some(RevertOutcome::Requested(requested)) => {
            let url = marks.foreign(&requested.url);
            lines.push(long("request", &url));
            lines.extend(requested.notes.iter().map(|note| line("note", &marks.foreign(note))));
            if let Some(follow) = &requested.follow {
                lines.push(long("next", &format!("to wait for its merge: {follow}")));
            }
        }
        Some(RevertOutcome::Nothing(nothing)) => {
            lines.push(line("in Git", &marks.foreign(&nothing.message)));
        }
        None => {}
    }
    lines
}

/// How it ended where the owner, Git or somebody who merges decides: how it is painted, a word, and the
/// rest of the sentence.
pub(super) fn ending(
    ending: &Ending,
    reference: &str,
    target: &str,
    marks: Marks,
) -> (Style, &'static str, String) {
    match ending {
        Ending::OwnerStopped(stopped) => {
            let is_lost = stopped.exit == ExitStatus::Failed;
            let word = if is_lost { "failed" } else { "not applied" };
            (BAD, word, format!("{reference} is not back: {}", marks.foreign(&stopped.sentence)))
        }
        Ending::Differs(what) => {
            let what = marks.foreign(what);
            (BAD, "differs", format!("{reference} is not what it was to be: {what}"))
        }
        Ending::HoldOpen { why, .. } => {
            let why = marks.foreign(why);
            let rest = format!(
                "{reference} has the template of {target}, and its owner is held until Git agrees: \
                 {why}"
            );
            (WARN, "held", rest)
        }
        Ending::AwaitsMerge { url, trouble } => {
            let url = marks.foreign(url);
            let rest = match trouble {
                None => format!("{reference} goes back once this is merged: {url}"),
                Some(why) => {
                    format!("{reference} does not go back by {url}: {}", marks.foreign(why))
                }
            };
            (WARN, "waiting", rest)
        }
        // The others are told by who waits for pods.
        other => (WARN, "ended", format!("{reference}: {}", other.word())),
    }
}

/// The same in commands of git and kubectl, for people who must or want to act without rb.
pub(super) fn script(plan: &Plan, hints: &Hints) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(revert) = plan.revert() {
        let url = shell_quote(&revert.repository.url).into_owned();
        let branch = shell_quote(&revert.branch).into_owned();
        lines.push("# Nothing checks that only the files of this workload change.".to_owned());
        lines.push("work=$(mktemp -d)".to_owned());
        lines.push(format!("git clone --branch {branch} {url} \"$work\""));
        for commit in &revert.asked.commits {
            let merge = revert.reverted.commits.iter().find(|view| view.id == *commit);
            let mainline = if merge.is_some_and(|view| view.parents > 1) { " -m 1" } else { "" };
            lines.push(format!("git -C \"$work\" revert --no-edit{mainline} {commit}"));
        }
        if let (true, Some(good)) = (revert.asked.commits.is_empty(), &revert.asked.good) {
            let paths =
                revert.asked.paths.iter().map(|path| shell_quote(&path.to_string()).into_owned());
            let paths = paths.collect::<Vec<_>>().join(" ");
            lines.push(format!("git -C \"$work\" checkout {good} -- {paths}"));
            lines.push("git -C \"$work\" commit -m 'Restore the last good state'".to_owned());
        }
        lines.push(format!("git -C \"$work\" push origin HEAD:{branch}"));
    }
    for step in &plan.steps {
        let Action::Follow { owner, .. } = &step.action else { continue };
        let annotation = match owner.kind.as_str() {
            "Application" => "argocd.argoproj.io/refresh=normal",
            _ => "reconcile.fluxcd.io/requestedAt=\"$(date)\"",
        };
        // Flux applies what its source has fetched.
        let read = plan.owners.iter().find(|read| read.object.as_ref() == Some(owner));
        let sources = read.iter().flat_map(|read| &read.sources);
        for object in sources.filter_map(|source| source.object.as_ref()).chain([owner]) {
            let name = shell_quote(&object.qualified()).into_owned();
            let annotate = format!("annotate --overwrite {name} {annotation}");
            lines.push(hints.kubectl_in(&object.namespace, &annotate));
        }
    }
    lines
}

fn line(label: &str, text: &str) -> String {
    truncate(&format!("  {label:<8} {text}"), COLUMNS).into_owned()
}

/// What is to be pasted is never cut.
fn long(label: &str, text: &str) -> String {
    format!("  {label:<8} {text}")
}

#[cfg(test)]
mod tests {
    use crate::report::sample;
    use crate::rollback::model::ownership::{Owner, Source};
    use crate::rollback::model::plan::Step;
    use crate::rollback::model::target::Target;

    use super::*;

    fn step(id: &str, action: Action) -> Step {
        Step {
            id: id.to_owned(),
            summary: String::new(),
            action,
            preconditions: Vec::new(),
            expects: String::new(),
            compensation: None,
            optional: false,
        }
    }

    fn web() -> (Target, String) {
        (Target::default(), "Argo CD application web".to_owned())
    }

    fn with(actions: impl IntoIterator<Item = Action>) -> Plan {
        let mut plan = sample::plan();
        plan.steps.extend(actions.into_iter().map(|action| step("more", action)));
        plan
    }

    fn held() -> Action {
        let (owner, name) = web();
        Action::Hold { owner, name }
    }

    fn released() -> [Action; 2] {
        let ((owner, name), commit) = (web(), None);
        let follow =
            Action::Follow { owner: owner.clone(), name: name.clone(), commit, anew: false };
        [Action::Release { owner, name }, follow]
    }

    #[test]
    fn what_is_patched_at_once_is_not_called_durable() {
        let [release, follow] = released();
        let plan = with([held(), release, follow]);
        let says = "at once: hold Argo CD application web, patch the template, push nothing, Git holds \
                    it, let it go";
        assert_eq!(way(&plan), says);
        // Git is out of reach.
        let says = "at once: hold Argo CD application web, patch the template, leave Git as it is for \
                    now, keep the hold until Git agrees";
        assert_eq!(way(&with([held()])), says);
        // Nobody would undo the patch.
        let [_, follow] = released();
        let says = "at once: patch the template, push nothing, Git holds it";
        assert_eq!(way(&with([follow])), says);
    }

    #[test]
    fn going_on_patches_nothing() {
        let [release, follow] = released();
        let mut plan = with([held(), release, follow]);
        plan.steps.retain(|step| !matches!(step.action, Action::PatchWorkload { .. }));
        let says = "go on: push nothing, Git holds it, let Argo CD application web go";
        assert_eq!(way(&plan), says);
    }

    #[test]
    fn without_a_patch_the_owner_brings_it() {
        let [_, follow] = released();
        let mut plan = with([follow]);
        plan.steps.retain(|step| !matches!(step.action, Action::PatchWorkload { .. }));
        assert_eq!(way(&plan), "durable: push nothing, Git holds it, have the owner take it up");
    }

    #[test]
    fn by_hand_the_source_of_flux_is_asked_first() {
        let object = |kind: &str, group: &str| Target {
            api_version: format!("{group}.toolkit.fluxcd.io/v1"),
            kind: kind.to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        };
        let owner = object("Kustomization", "kustomize");
        let source =
            Source { object: Some(object("GitRepository", "source")), ..Source::default() };
        let name = "Kustomization shop/web".to_owned();
        let mut plan =
            with([Action::Follow { owner: owner.clone(), name, commit: None, anew: false }]);
        plan.owners =
            vec![Owner { object: Some(owner), sources: vec![source], ..Owner::default() }];
        let lines = script(&plan, &sample::hints());
        let says = |line: &String, what: &str| {
            line.contains(what) && line.contains("reconcile.fluxcd.io/requestedAt=")
        };
        let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(says(first, "gitrepository.source.toolkit.fluxcd.io/web"), "{first}");
        assert!(says(second, "kustomization.kustomize.toolkit.fluxcd.io/web"), "{second}");
    }
}
