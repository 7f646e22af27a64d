use super::*;
use crate::rollback::model::revert::CommitView;

fn row(name: &str) -> OwnerRow {
    let commit = CommitView {
        id: name.repeat(40).chars().take(40).collect(),
        subject: name.to_owned(),
        author: "Ann".to_owned(),
        at: "2026-03-01T10:00:00Z".parse().unwrap(),
        parents: 1,
    };
    OwnerRow { commit: Some(commit), outcome: Some(DeployOutcome::Applied), ..OwnerRow::default() }
}

fn own(name: &str) -> OwnerRow {
    OwnerRow { marks: vec![OwnerMark::Rollback], ..row(name) }
}

fn live(row: OwnerRow) -> OwnerRow {
    OwnerRow { marks: [vec![OwnerMark::Live], row.marks.clone()].concat(), ..row }
}

fn to(rows: &[OwnerRow], states: &[usize], back: Back<'_>) -> Result<usize, NoState> {
    choose(rows, states, back).map(|chosen| chosen.to)
}

#[test]
fn the_newest_other_state_is_taken() {
    let rows = [live(row("c")), row("b"), row("a")];
    assert_eq!(to(&rows, &[0, 1, 2], Back::Newest), Ok(1));
    // A commit that changed it and another that changed it back.
    assert_eq!(to(&rows, &[0, 0, 2], Back::Newest), Ok(2));
    assert_eq!(to(&rows[..1], &[0], Back::Newest), Err(NoState::Older(Vec::new())));
    assert_eq!(to(&[], &[], Back::Newest), Err(NoState::Older(Vec::new())));
}

#[test]
fn a_second_undo_goes_further_back_and_never_flips() {
    // 2 was bad, rb went back to 1.
    let rows = [live(own("d")), row("c"), row("b"), row("a")];
    let chosen = choose(&rows, &[1, 2, 1, 0], Back::Newest).unwrap();
    assert_eq!(chosen.to, 3);
    assert_eq!(chosen.passed.len(), 1);
    assert!(chosen.passed[0].1.contains("rb has rolled back from it"), "{chosen:?}");
    // And a third one, from 0, finds nothing: 1 and 2 were both left.
    let rows = [live(own("e")), own("d"), row("c"), row("b"), row("a")];
    let none = choose(&rows, &[0, 1, 2, 1, 0], Back::Newest).unwrap_err();
    assert!(matches!(none, NoState::Older(passed) if passed.len() == 2));
}

#[test]
fn what_failed_or_was_taken_out_is_passed_over_with_the_reason() {
    let mut rows = [live(row("e")), row("d"), row("c"), row("b"), row("a")];
    rows[1].outcome = Some(DeployOutcome::Failed("no quota".to_owned()));
    rows[2].healthy = Some(false);
    rows[3].reverted_by = Some("f".repeat(40));
    let chosen = choose(&rows, &[0, 1, 2, 3, 4], Back::Newest).unwrap();
    assert_eq!(chosen.to, 4);
    let reasons: Vec<&str> = chosen.passed.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(
        reasons,
        ["it failed: no quota", "it was not healthy", "fffffffff has taken it out"]
    );
    // Whoever names one gets it, and is told.
    let chosen = choose(&rows, &[0, 1, 2, 3, 4], Back::Steps(1)).unwrap();
    assert_eq!((chosen.to, chosen.against.as_deref()), (1, Some("it failed: no quota")));
}

#[test]
fn what_was_tried_and_never_ran_is_what_is_left() {
    let mut rows = [row("c"), live(row("b")), row("a")];
    rows[0].outcome = Some(DeployOutcome::Failed("immutable".to_owned()));
    let chosen = choose(&rows, &[2, 1, 0], Back::Newest).unwrap();
    assert_eq!((chosen.from, chosen.to), (0, 1));
    // One that nobody has tried yet is not.
    rows[0].outcome = None;
    let chosen = choose(&rows, &[2, 1, 0], Back::Newest).unwrap();
    assert_eq!((chosen.from, chosen.to), (1, 2));
}

#[test]
fn one_known_to_be_healthy_is_preferred_to_one_that_may_never_have_run() {
    let mut rows = [live(row("c")), row("b"), row("a")];
    rows[1].outcome = None;
    assert_eq!(to(&rows, &[2, 1, 0], Back::Newest), Ok(1));
    rows[2].healthy = Some(true);
    let chosen = choose(&rows, &[2, 1, 0], Back::Newest).unwrap();
    assert_eq!(chosen.to, 2);
    assert!(chosen.passed[0].1.contains("not known to have run"));
}

#[test]
fn states_are_named_by_commits_and_steps() {
    let rows = [live(row("c")), row("b"), row("a")];
    let states = [2, 1, 0];
    assert_eq!(to(&rows, &states, Back::To("bbbbb")), Ok(1));
    assert_eq!(to(&rows, &states, Back::To("b")), Err(NoState::Unknown));
    assert_eq!(to(&rows, &states, Back::To("dddd")), Err(NoState::Unknown));
    assert_eq!(to(&rows, &states, Back::Steps(2)), Ok(2));
    assert_eq!(to(&rows, &states, Back::Steps(3)), Err(NoState::Steps(2)));
    let twice = [row("c"), row("c")];
    assert_eq!(to(&twice, &[0, 1], Back::To("cccc")), Err(NoState::Several(vec![0, 1])));
    for (text, back) in [
        ("-1", Some(Back::Steps(1))),
        ("-0", None),
        ("-x", None),
        ("", None),
        ("9f3c", Some(Back::To("9f3c"))),
    ] {
        assert_eq!(Back::parse(text), back, "{text}");
    }
}
