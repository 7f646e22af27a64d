//! What the owner says that it applied, and when.

use crate::rollback::model::convergence::Applied;

use super::Question;

/// Clocks differ, and the time of a revision is in whole seconds.
const SLACK: i64 = 5;
/// The oldest entry is taken for the revision's own where it was done so soon after.
const SOON: i64 = 60 * 60;

/// The commit that it applied when the revision came to be: the controller makes the revision while the
/// owner is at it, so it is the first one that the owner was done with afterwards. `None` where its
/// history does not reach so far back, and where that is the commit that is live.
pub(super) fn of_revision<'a>(question: &Question<'a>) -> Option<&'a Applied> {
    let created = question.created?.as_second();
    let mut is_bounded = false;
    let mut found = None;
    for applied in question.applied.iter().rev() {
        let Some(at) = applied.at else { continue };
        let after = at.as_second().saturating_add(SLACK).saturating_sub(created);
        if after < 0 {
            is_bounded = true;
        } else {
            found = Some(applied).filter(|_| is_bounded || after <= SOON);
            break;
        }
    }
    let live = question.applied.first()?;
    found.filter(|found| found.commit != live.commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Oid;
    use crate::git::manifest::closure::Inputs;

    fn entry(commit: &str, at: Option<i64>) -> Applied {
        let at = at.map(|at| jiff::Timestamp::from_second(at).unwrap());
        Applied { commit: commit.to_owned(), at, ..Applied::default() }
    }

    fn found(created: i64, applied: &[Applied]) -> Option<&str> {
        let question = Question {
            tip: Oid::ZERO_SHA1,
            inputs: &Inputs::default(),
            live: &[],
            good: &[],
            revision: "revision 1",
            created: Some(jiff::Timestamp::from_second(created).unwrap()),
            only_images: true,
            applied,
            overrides: &[],
        };
        let found = of_revision(&question)?;
        applied.iter().find(|applied| *applied == found).map(|applied| applied.commit.as_str())
    }

    #[test]
    fn the_commit_that_was_applied_when_the_revision_came_to_be() {
        let applied = [
            entry("d", Some(9_000)),
            entry("c", None),
            entry("b", Some(8_000)),
            entry("a", Some(100)),
        ];
        for (created, commit) in [
            (99, Some("a")),
            (104, Some("a")),
            (106, Some("b")),
            (7_990, Some("b")),
            // It is the live one.
            (8_500, None),
            // After all that is recorded.
            (9_500, None),
        ] {
            assert_eq!(found(created, &applied), commit, "{created}");
        }
        // The oldest that is left came hours later: it may be another one's.
        assert_eq!(found(100, &[entry("d", Some(9_000)), entry("b", Some(8_000))]), None);
        assert_eq!(found(100, &[]), None);
    }
}
