//! The plan of an undo through Git, made of what a direct undo would be. Pure.

use serde_json::Value;

use crate::reconciler;
use crate::reconciler::following::Goal;
use crate::revert::refusal::short;
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::record::{RECORD_POINTER, Record};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::rollback::model::target::Target;
use crate::text::plural;

/// Seconds for the owner to see, compare and apply a commit, besides the rollout.
const FOR_THE_OWNER: u64 = 300;

/// One that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Its object.
    pub owner: Target,
    /// What people call it.
    pub name: String,
}

/// What goes through Git.
#[derive(Clone, Debug, Default)]
pub struct Through {
    /// Those who bring it to the cluster, the farthest first.
    pub followed: Vec<Followed>,
    /// Who of them takes values from an object of the cluster that changes with the commit.
    pub reader: Option<Target>,
    /// What is reverted; `None`: Git holds it already.
    pub revert: Option<Box<RevertPlan>>,
    /// The commit that holds it, where nothing is reverted.
    pub commit: Option<String>,
    /// Those whose running operation is ended first.
    pub settled: Vec<Followed>,
    /// Those that are turned off and nobody waits for, who are to see the commit all the same.
    pub seen: Vec<Followed>,
    /// Those whose automation is turned off until Git agrees with the patch.
    pub held: Vec<Followed>,
    /// Whether Git has not answered yet: what is reverted comes out while the rest is carried out.
    pub is_searched: bool,
    /// Whether the health check of an owner may hold the commit back, which a patch of the workload to
    /// what Git holds ends.
    pub unblocks: bool,
    /// What the user should know before saying yes, each a sentence without a full stop.
    pub warnings: Vec<String>,
    /// What somebody has to do besides, each with its command.
    pub todo: Vec<String>,
}

impl Through {
    /// Whether it is known what comes of it in Git.
    fn is_in_git(&self) -> bool {
        let is_known = self.revert.is_some() || self.commit.is_some();
        is_known || !self.followed.is_empty() || !self.seen.is_empty()
    }
}

/// The plan. `direct` is that of the patch.
#[must_use]
pub fn plan(direct: Plan, through: Through) -> Plan {
    let steps = steps(&direct, &through);
    let warnings = [direct.warnings, through.warnings].concat();
    // The way forward is a commit that is not made yet.
    Plan { steps, warnings, todo: through.todo, forward: None, ..direct }
}

/// The plan that patches the workload first, while its owners are held, and makes Git agree then. Where
/// Git is out of reach (nobody is followed, and nothing searched), it ends with the patch, and the hold
/// stays.
#[must_use]
pub fn immediate(direct: Plan, through: Through) -> Plan {
    let mut steps: Vec<Step> = through.held.iter().map(hold).collect();
    steps.extend(kept(&direct, |action| {
        matches!(
            action,
            Action::PatchWorkload { .. }
                | Action::KeepTemplate { .. }
                | Action::GiveBackFields { .. }
                | Action::AnnotateRevision { .. }
                | Action::CreateEvent { .. }
        )
    }));
    if through.is_searched {
        steps.push(search_git());
        steps.extend(through.held.iter().map(release));
    } else if through.is_in_git() {
        steps.extend(through.revert.as_deref().map(revert));
        steps.extend(agreeing(&through));
    }
    steps.extend(kept(&direct, |action| matches!(action, Action::Wait { .. })).map(longer));
    steps.extend(kept(&direct, |action| matches!(action, Action::StampVerdict { .. })));
    let warnings = [direct.warnings, through.warnings].concat();
    Plan { steps, warnings, todo: through.todo, forward: None, ..direct }
}

/// What comes after the commit, while owners are held.
fn agreeing(through: &Through) -> Vec<Step> {
    let mut steps = Vec::new();
    // Before what is held is let go, it is given what it is to bring.
    let gives = |one: &&Followed| reconciler::makes_owners(&one.owner);
    let sees = |one: &&Followed| through.held.contains(one) || gives(one);
    steps.extend(through.followed.iter().filter(sees).chain(&through.seen).map(see));
    let commit = through.commit.as_deref().filter(|_| through.revert.is_none());
    let (first, rest) = through.followed.split_at(givers(through));
    for (followed, is_first) in [(first, true), (rest, false)] {
        let is_due = |one: &&Followed| first.contains(one) == is_first;
        steps.extend(through.held.iter().filter(is_due).map(release));
        let followed = followed.iter().filter(|one| !gives(one));
        if is_first {
            steps.extend(followed.map(|one| follow_once(one, commit, Goal::Written)));
        } else {
            steps.extend(followed.flat_map(|followed| follow(followed, through, commit)));
        }
    }
    steps
}

/// How many of those who bring the commit do so before the rest is let go: who is held and takes values from
/// what they apply would put back what was left with the old ones.
fn givers(through: &Through) -> usize {
    let is_held = |reader: &&Target| through.held.iter().any(|held| held.owner == **reader);
    let reader = through.reader.as_ref().filter(is_held);
    let place = |reader: &Target| through.followed.iter().position(|one| one.owner == *reader);
    // One with a repository of its own takes up nothing else of the commit.
    reader.map(|reader| place(reader).unwrap_or(through.followed.len())).unwrap_or_default()
}

fn steps(direct: &Plan, through: &Through) -> Vec<Step> {
    let mut steps: Vec<Step> = record(direct).into_iter().collect();
    steps.extend(through.settled.iter().map(settle));
    steps.extend(through.revert.as_deref().map(revert));
    let commit = through.commit.as_deref().filter(|_| through.revert.is_none());
    if through.unblocks {
        steps.extend(unblock(direct));
        steps.extend(kept(direct, |action| matches!(action, Action::GiveBackFields { .. })));
    }
    let followed = through.followed.iter();
    steps.extend(followed.flat_map(|followed| follow(followed, through, commit)));
    steps.extend(kept(direct, |action| {
        matches!(action, Action::AnnotateRevision { .. } | Action::CreateEvent { .. })
    }));
    steps.extend(kept(direct, |action| matches!(action, Action::Wait { .. })).map(longer));
    steps.extend(kept(direct, |action| matches!(action, Action::StampVerdict { .. })));
    steps
}

fn kept(direct: &Plan, is_kept: impl Fn(&Action) -> bool) -> impl Iterator<Item = Step> {
    direct.steps.iter().filter(move |step| is_kept(&step.action)).cloned()
}

fn longer(mut step: Step) -> Step {
    if let Action::Wait { timeout_seconds, .. } = &mut step.action {
        *timeout_seconds = timeout_seconds.saturating_add(FOR_THE_OWNER);
    }
    step.preconditions = vec!["the owner has applied the commit".to_owned()];
    step
}

/// The operations of a JSON Patch that are about what `is_it` says, with the test of the uid.
fn only(body: &Value, is_it: impl Fn(&str, &str) -> bool) -> Value {
    let text = |operation: &Value, member: &str| {
        operation.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let wanted = |operation: &&Value| is_it(&text(operation, "op"), &text(operation, "path"));
    Value::Array(body.as_array().into_iter().flatten().filter(wanted).cloned().collect())
}

/// The undo record alone: who comes next knows then what is going on, also where rb is killed.
fn record(direct: &Plan) -> Option<Step> {
    let (path, body) = direct.patch()?;
    let annotations = "/metadata/annotations";
    let mut body = only(body, |op, at| {
        at == RECORD_POINTER
            || at == annotations
            || (op == "test" && (at == "/metadata/uid" || at == "/spec/template"))
    });
    let written = body.as_array_mut()?.iter_mut().find(|operation| {
        operation.get("op") == Some(&"add".into())
            && operation.get("path") == Some(&RECORD_POINTER.into())
    });
    let value = written?.get_mut("value")?;
    let record: Record = serde_json::from_str(value.as_str()?).ok()?;
    *value = record.with_last_pending().to_annotation().into();
    let reference = direct.target.reference();
    Some(Step {
        id: "record".to_owned(),
        summary: format!("record on {reference} that it goes back, and change nothing else of it"),
        action: Action::Record { path: path.to_owned(), body },
        preconditions: vec!["same uid, template and undo record".to_owned()],
        expects: "a second call goes on with this one, and never forward to what is left"
            .to_owned(),
        compensation: None,
        optional: true,
    })
}

fn hold(followed: &Followed) -> Step {
    Step {
        id: format!("hold-{}", followed.owner.name),
        summary: format!("turn the automation of {} off, with a record of it", followed.name),
        action: Action::Hold { owner: followed.owner.clone(), name: followed.name.clone() },
        preconditions: vec!["same uid and policy".to_owned()],
        expects: format!("{} does not undo the patch", followed.name),
        compensation: None,
        optional: false,
    }
}

fn see(followed: &Followed) -> Step {
    Step {
        id: format!("see-{}", followed.owner.name),
        summary: format!("have {} see the commit, while it is off", followed.name),
        action: Action::See { owner: followed.owner.clone(), name: followed.name.clone() },
        preconditions: vec!["the branch has the commit".to_owned()],
        expects: format!("what {} applies next is not what was left", followed.name),
        compensation: None,
        optional: false,
    }
}

fn release(followed: &Followed) -> Step {
    Step {
        id: format!("release-{}", followed.owner.name),
        summary: format!("turn the automation of {} on again, as it was", followed.name),
        action: Action::Release { owner: followed.owner.clone(), name: followed.name.clone() },
        preconditions: vec!["the hold is that of this undo".to_owned()],
        expects: format!("{} goes on as before", followed.name),
        compensation: None,
        optional: false,
    }
}

fn settle(followed: &Followed) -> Step {
    Step {
        id: format!("settle-{}", followed.owner.name),
        summary: format!("end what {} has under way", followed.name),
        action: Action::Settle { owner: followed.owner.clone(), name: followed.name.clone() },
        preconditions: Vec::new(),
        expects: "nothing holds the commit back".to_owned(),
        compensation: None,
        optional: true,
    }
}

fn search_git() -> Step {
    Step {
        id: "search-git".to_owned(),
        summary: "find in Git what brought what is left, and revert that".to_owned(),
        action: Action::SearchGit,
        preconditions: Vec::new(),
        expects: "what is reverted is told before it is pushed".to_owned(),
        compensation: None,
        optional: false,
    }
}

fn revert(plan: &RevertPlan) -> Step {
    let commits = plan.asked.commits.len();
    let what = match plan.asked.commits.as_slice() {
        [] => "restore the state before it".to_owned(),
        [only] => format!("revert {}", short(only)),
        _ => format!("revert {}", plural(i64::try_from(commits).unwrap_or(i64::MAX), "commit")),
    };
    let branch = &plan.branch;
    let how = match plan.way {
        Way::Push => format!("on {branch} and push that"),
        Way::Request => format!("by a change request to {branch}"),
    };
    Step {
        id: "revert".to_owned(),
        summary: format!("{what} {how}"),
        action: Action::Revert { plan: Box::new(plan.clone()) },
        preconditions: vec![format!("{branch} comes to the same by it as it does now")],
        expects: format!("{branch} holds what is to be live"),
        compensation: None,
        optional: false,
    }
}

/// To what end one of those who bring a commit is followed, one after the other. One that takes values from
/// what the commit changes takes them up only after that has been written: by itself, where nobody else brings
/// the commit. What it writes then has the old values, and may not come to be well.
#[must_use]
pub fn goals(followed: &Followed, all: &[Followed], reader: Option<&Target>) -> &'static [Goal] {
    let place = |owner: &Target| all.iter().position(|one| one.owner == *owner);
    let (own, reader) = (place(&followed.owner), reader.and_then(place));
    match reader {
        Some(0) if own == reader => &[Goal::Written, Goal::Anew],
        Some(_) if own == reader => &[Goal::Anew],
        Some(_) if own < reader => &[Goal::Written],
        _ => &[Goal::Applied],
    }
}

fn follow(followed: &Followed, through: &Through, commit: Option<&str>) -> Vec<Step> {
    let goals = goals(followed, &through.followed, through.reader.as_ref());
    goals.iter().map(|goal| follow_once(followed, commit, *goal)).collect()
}

fn follow_once(followed: &Followed, commit: Option<&str>, goal: Goal) -> Step {
    let anew = goal == Goal::Anew;
    let what = commit.map_or_else(|| "the commit".to_owned(), short);
    let (name, of) = (&followed.name, &followed.owner.name);
    let (id, summary) = if anew {
        let values = format!("the values that {what} changes");
        (format!("read-{of}"), format!("have {name} read {values}, until it has applied them"))
    } else {
        let until = if goal == Goal::Written { "written" } else { "applied" };
        let summary = format!("have {name} take {what} up, until it has {until} it");
        (format!("follow-{of}"), summary)
    };
    Step {
        id,
        summary,
        action: Action::Follow {
            owner: followed.owner.clone(),
            name: followed.name.clone(),
            commit: commit.map(str::to_owned),
            anew,
        },
        preconditions: vec!["the branch has the commit".to_owned()],
        expects: format!("{} has applied it", followed.name),
        compensation: None,
        optional: false,
    }
}

fn unblock(direct: &Plan) -> Option<Step> {
    let (path, body) = direct.patch()?;
    let body = only(body, |op, at| {
        (op == "test" && (at == "/metadata/uid" || at == "/spec/template"))
            || (op == "replace" && at == "/spec/template")
    });
    let reference = direct.target.reference();
    Some(Step {
        id: "unblock".to_owned(),
        summary: format!(
            "patch {reference} to what Git holds by then, where the health check of {} holds the \
             commit back",
            direct.from.label()
        ),
        action: Action::Unblock { path: path.to_owned(), body },
        preconditions: vec![
            "same uid and template".to_owned(),
            "the branch has the commit".to_owned(),
            "a health check of what is left holds the owner back".to_owned(),
        ],
        expects: "the health check ends, and the owner applies the commit".to_owned(),
        compensation: None,
        optional: true,
    })
}

#[cfg(test)]
mod tests;
