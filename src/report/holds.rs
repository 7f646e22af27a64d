//! Open holds for people: who holds an owner, since when and why, what is still to do, and the commands
//! that finish it or give it up.

use jiff::Timestamp;

use crate::rollback::model::evidence::ago;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::hold::OpenHold;
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

use super::style::{DIM, Marks, NAME, WARN, paint};

/// The command that finishes it.
#[must_use]
pub fn finish(open: &OpenHold, hints: &Hints) -> String {
    command(open, "--resume", hints)
}

/// The command that gives it up: the owner goes on, the workload stays as it is until then.
#[must_use]
pub fn give_up(open: &OpenHold, hints: &Hints) -> String {
    command(open, "--abandon", hints)
}

fn command(open: &OpenHold, flag: &str, hints: &Hints) -> String {
    let workload = &open.hold.workload;
    let hints = Hints { namespace: workload.namespace.clone(), ..hints.clone() };
    hints.rb(&format!("undo {} {flag}", shell_quote(&workload.reference())))
}

/// Lines with a label each, about one hold.
#[must_use]
pub fn lines(open: &OpenHold, now: Timestamp, hints: &Hints, marks: Marks) -> String {
    let hold = &open.hold;
    let Target { kind, namespace, name, .. } = &open.owner;
    let state = if open.in_force {
        "its automation is off"
    } else {
        "somebody has turned its automation on again"
    };
    let since = ago(now, hold.at);
    let head = format!("{kind} {namespace}/{name}: {state}, held by {} for {since}", hold.by);
    let why: Vec<&str> =
        [&hold.reason, &hold.incident].into_iter().flatten().map(String::as_str).collect();
    let mut lines = vec![paint(WARN, &line("hold", &head, marks))];
    lines.extend((!why.is_empty()).then(|| line("why", &why.join(", "), marks)));
    lines.push(line("to do", &open.to_do(), marks));
    lines.push(line("finish", &finish(open, hints), marks));
    lines.push(line("give up", &give_up(open, hints), marks));
    lines.concat()
}

/// The answer of `status --holds`: each hold under the workload that it is for.
#[must_use]
pub fn list(
    holds: &[OpenHold],
    gaps: &[String],
    place: &str,
    now: Timestamp,
    hints: &Hints,
    marks: Marks,
) -> String {
    let mut text = String::new();
    let mut last: Option<(&Target, &str)> = None;
    for open in holds {
        let about = (&open.hold.workload, open.hold.id.as_str());
        if last != Some(about) {
            let reference = paint(NAME, &marks.foreign(&about.0.reference()));
            let namespace = marks.foreign(&about.0.namespace);
            let operation = paint(DIM, &format!("operation {}", marks.foreign(about.1)));
            let dot = marks.dot();
            text += &format!("{reference} {dot} namespace {namespace} {dot} {operation}\n");
        }
        last = Some(about);
        text += &lines(open, now, hints, marks);
    }
    if holds.is_empty() {
        let known = if gaps.is_empty() { "no open holds" } else { "no open holds are seen" };
        text += &format!("{known} {place}\n");
    }
    for gap in gaps {
        text += &line("note", gap, marks);
    }
    text
}

fn line(label: &str, text: &str, marks: Marks) -> String {
    format!("  {label:<8} {}\n", marks.foreign(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::hold::{Aim, Hold, Phase};

    const ASCII: Marks = Marks { unicode: false };

    fn open(id: &str) -> OpenHold {
        let target = |kind: &str, namespace: &str| Target {
            api_version: String::new(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: "web".into(),
        };
        OpenHold {
            owner: target("Application", "argocd"),
            hold: Hold {
                id: id.into(),
                by: "alice".into(),
                at: Timestamp::UNIX_EPOCH,
                reason: Some("bad\u{1b}[2J".into()),
                incident: Some("INC-7".into()),
                workload: target("Deployment", "shop"),
                aim: Aim::default(),
            },
            in_force: true,
            phase: Some(Phase::Patched),
        }
    }

    fn told(holds: &[OpenHold], gaps: &[String]) -> String {
        let hints = Hints { program: "rb".into(), ..Hints::default() };
        let now = Timestamp::from_second(720).expect("a time");
        let text = list(holds, gaps, "in namespace shop", now, &hints, ASCII);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_hold_is_told_with_what_finishes_it() {
        let mut changed = open("1");
        changed.in_force = false;
        changed.owner.name = "api".into();
        changed.hold.reason = None;
        changed.hold.incident = None;
        let gap = "no right to list kustomizations".to_owned();
        assert_eq!(
            told(&[open("1"), changed], &[gap]),
            "deployment/web - namespace shop - operation 1
  hold     Application argocd/web: its automation is off, held by alice for 12m
  why      bad\\x1b[2J, INC-7
  to do    revert the release in Git, turn its automation on again
  finish   rb undo deployment/web --resume -n shop
  give up  rb undo deployment/web --abandon -n shop
  hold     Application argocd/api: somebody has turned its automation on again, held by alice for 12m
  to do    revert the release in Git, take the hold off
  finish   rb undo deployment/web --resume -n shop
  give up  rb undo deployment/web --abandon -n shop
  note     no right to list kustomizations
"
        );
    }

    #[test]
    fn nothing_is_said_as_sure_where_nobody_could_look() {
        assert_eq!(told(&[], &[]), "no open holds in namespace shop\n");
        let seen = told(&[], &["no right".to_owned()]);
        assert_eq!(seen, "no open holds are seen in namespace shop\n  note     no right\n");
    }
}
