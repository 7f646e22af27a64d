use super::*;
use crate::git::ShallowBoundary;
use crate::git::testing::{Scratch, put};

#[test]
fn a_merge_made_elsewhere_asks_which_parent_is_good() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]);
    let side = scratch.on(&[first], "side\x1b[2J", &[put("a", "2\n")]);
    let other = scratch.on(&[first], "other", &[put("b", "2\n")]);
    let inner = scratch.on(&[side, other], "inner merge", &[put("b", "2\n")]);
    let own = scratch.on(&[first], "own", &[put("c", "2\n")]);
    let tip = scratch.on(&[own, inner], "outer merge", &[put("a", "2\n"), put("b", "2\n")]);
    let repository = scratch.open();
    let error = Bad::resolve(&repository, tip, inner, None).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.hints().len(), 2);
    assert!(error.hints()[0].starts_with(&format!("{} side\\x1b[2J", &side.to_string()[..9])));
    assert_eq!(Bad::resolve(&repository, tip, inner, Some(2)).unwrap().parent.id(), other);
    // On the branch itself nobody is asked.
    assert_eq!(Bad::resolve(&repository, tip, tip, None).unwrap().parent.id(), own);
}

#[test]
fn a_merge_whose_first_parents_are_not_all_here_is_not_guessed_at() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let side = scratch.on(&[first], "side", &[put("a", "2\n")]);
    let own = scratch.on(&[first], "own", &[put("b", "2\n")]);
    let merge = scratch.on(&[own, side], "merge", &[put("a", "2\n")]);
    let tip = scratch.on(&[merge], "tip", &[put("c", "2\n")]);
    scratch.end_history_at(&[tip]);
    let error = Bad::resolve(&scratch.open(), tip, merge, None).err().unwrap();
    assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: tip }));
}
