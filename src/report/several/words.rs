//! What became of one of several workloads, in a word or two, and why.

use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;
use crate::report::failure;
use crate::report::style::Marks;
use crate::rollback::model::denial::denial;
use crate::rollback::model::outcome::{Done, Ending, Waited};
use crate::rollback::model::target::Target;

/// One workload's result in a word or two.
pub(super) fn word(done: &Done) -> &'static str {
    match done {
        Done::Undone(_, outcome) => match outcome.waited.ending {
            Ending::Complete if outcome.word() == "verificationFailed" => "not verified",
            Ending::Complete if outcome.word() == "unverified" => "unverified",
            Ending::Complete => "rolled back",
            Ending::NothingRan => "patched",
            ref ending => word_of_ending(ending),
        },
        Done::Joined(_, None) => "nothing to do",
        Done::Joined(_, Some(waited)) => word_of_ending(&waited.ending),
        Done::Failed(error) => word_of(error.kind()),
        Done::LeftOut => "left out",
    }
}

/// How a wait ended, in a word or two.
#[must_use]
pub fn word_of_ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::Complete => "healthy",
        Ending::NothingRan => "no pods",
        Ending::NotWaited => "patched",
        Ending::TimedOut | Ending::DeadlineExceeded | Ending::Paused => "not converged",
        Ending::AwaitsDeletion(_) | Ending::HeldByPartition => "waits",
        Ending::PodsFailed => "failed",
        Ending::PutBack(_) => "undone",
        Ending::Superseded(_) => "superseded",
        Ending::Deleted => "gone",
        Ending::HalfDone { .. } => "half done",
        Ending::Lost(_) => "unknown",
        Ending::OwnerStopped(stopped) if stopped.exit == ExitStatus::Failed => "failed",
        Ending::OwnerStopped(_) => "not applied",
        Ending::Differs(_) => "differs",
        Ending::AwaitsMerge { .. } => "waits for the merge",
        Ending::HoldOpen { .. } => "hold open",
    }
}

pub(super) fn word_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not found",
        ErrorKind::NoRevision => "no revision",
        ErrorKind::Forbidden => "forbidden",
        ErrorKind::Refused | ErrorKind::LostRace => "refused",
        ErrorKind::Inconclusive => "unknown",
        ErrorKind::Unconfirmed => "not confirmed",
        _ => "error",
    }
}

pub(super) fn why(done: &Done, marks: Marks) -> String {
    match done {
        Done::Undone(_, outcome) => {
            let checks = outcome.verification.iter().flat_map(|verified| &verified.checks);
            let objections = checks.filter(|check| check.objects());
            let objections = objections.map(|check| format!("{}: {}", check.id, check.message));
            let notes: Vec<String> = objections.chain(outcome.warnings.iter().cloned()).collect();
            why_waited(&outcome.waited, &notes, marks)
        }
        Done::Joined(nothing, None) => nothing.message.clone(),
        Done::Joined(_, Some(waited)) => why_waited(waited, &[], marks),
        Done::Failed(error) => why_failed(error),
        Done::LeftOut => "another one is refused, and it is all or nothing".to_owned(),
    }
}

pub(super) fn why_waited(waited: &Waited, warnings: &[String], marks: Marks) -> String {
    let failure = waited.failure.as_ref().map(|failed| {
        let summary = failure::summary(failed, marks);
        // A row may be cut: what it is comes before where it is.
        match summary.split_once(": ") {
            Some((pod, what)) => format!("{what}; {pod}"),
            None => summary,
        }
    });
    let no_pod = failure.is_none();
    let held = match &waited.ending {
        Ending::AwaitsDeletion(pods) => Some(format!("OnDelete: delete {}", pods.join(" "))),
        Ending::HeldByPartition => Some("its partition keeps pods at another revision".to_owned()),
        Ending::HalfDone { why, .. } | Ending::HoldOpen { why, .. } | Ending::Lost(why) => {
            Some(why.clone())
        }
        Ending::NothingRan => Some("no pod is wanted: nothing ran".to_owned()),
        Ending::NotWaited => Some("not waited for: nothing is verified".to_owned()),
        Ending::Paused => Some("it is paused".to_owned()),
        Ending::Deleted => Some("it was deleted".to_owned()),
        Ending::PutBack(by) => {
            Some(format!("the template that was left is live again{}", by_whom(by.as_ref())))
        }
        Ending::Superseded(by) => {
            Some(format!("another template went live{}", by_whom(by.as_ref())))
        }
        Ending::TimedOut => Some("it was not done in time".to_owned()).filter(|_| no_pod),
        Ending::DeadlineExceeded => {
            Some("its progress deadline is exceeded".to_owned()).filter(|_| no_pod)
        }
        Ending::OwnerStopped(stopped) => Some(stopped.sentence.clone()),
        Ending::Differs(what) => Some(what.clone()),
        Ending::AwaitsMerge { url, .. } => {
            Some(format!("nothing changes before it is merged: {url}"))
        }
        Ending::Complete | Ending::PodsFailed => None,
    };
    let parts: Vec<String> =
        failure.into_iter().chain(held).chain(warnings.iter().cloned()).collect();
    parts.join("; ")
}

fn by_whom(who: Option<&String>) -> String {
    who.map(|who| format!(" by {who}")).unwrap_or_default()
}

/// An error in one line: what an admission rule says is worth more than that there is one.
pub(super) fn why_failed(error: &Error) -> String {
    let causes = error.causes();
    match denial(&causes) {
        Some(rule) => format!("denied by a rule of the cluster: {rule}"),
        None => what_says_no(&error.to_string()).to_owned(),
    }
}

/// Of a refusal, what the checks found: a row has no room for which they were.
fn what_says_no(message: &str) -> &str {
    let marks = [" says no: ", " say no: "];
    let found = marks.iter().find_map(|mark| Some(message.split_once(mark)?.1));
    found.map_or(message, |found| found.split("; nothing was written").next().unwrap_or(found))
}

/// A sentence without the name of the workload, which stands in the same row.
pub(super) fn without_name<'t>(text: &'t str, target: &Target) -> &'t str {
    let waiting = format!(
        "Waiting for {} \"{}\" rollout to finish: ",
        target.kind.to_ascii_lowercase(),
        target.name
    );
    let reference = format!("{} ", target.reference());
    [waiting, reference].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_does_not_say_its_name_twice() {
        let target = Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        };
        for (text, short) in [
            ("deployment/web is paused", "is paused"),
            ("deployment/web2 is paused", "deployment/web2 is paused"),
            (
                "Waiting for deployment \"web\" rollout to finish: 1 of 2 updated replicas are available...",
                "1 of 2 updated replicas are available...",
            ),
            ("already rolled back by dana", "already rolled back by dana"),
        ] {
            assert_eq!(without_name(text, &target), short);
        }
    }
}
