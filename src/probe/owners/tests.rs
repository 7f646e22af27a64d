use super::*;
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown};

#[test]
fn of_several_the_worst_is_told_with_the_words_of_the_others() {
    let advisory = |finding: Finding| finding.level(Level::Advisory);
    for (findings, expected) in [
        (vec![Finding::pass("a"), Finding::fail("b"), Finding::unknown("c")], (Fail, "b")),
        (
            vec![Finding::pass("a"), advisory(Finding::fail("b")), Finding::unknown("c")],
            (Unknown, "c"),
        ),
        (vec![advisory(Finding::unknown("a")), advisory(Finding::fail("b"))], (Fail, "b")),
        // As bad as each other: the nearest.
        (vec![Finding::fail("a"), Finding::fail("b")], (Fail, "a")),
        (vec![Finding::pass("a"), Finding::pass("b")], (Pass, "a")),
        (vec![], (Skipped, "none")),
    ] {
        let count = findings.len();
        let worst = worst(findings, || Finding::skipped("none"));
        assert_eq!((worst.status, worst.message.as_str()), expected);
        assert_eq!(worst.evidence.len(), count.saturating_sub(1));
    }
}
