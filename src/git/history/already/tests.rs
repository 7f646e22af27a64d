use super::*;
use crate::git::testing::{Scratch, put};

fn revert_of(id: Oid) -> String {
    format!("Revert\n\nThis reverts commit {id}.\n")
}

fn by(scratch: &Scratch, tip: Oid, bad: Oid) -> Option<Oid> {
    earlier(&scratch.open(), tip, bad).unwrap().map(|found| found.id())
}

#[test]
fn messages_and_trailers_name_what_they_revert() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let plain = scratch.on(&[bad], &revert_of(bad), &[put("a", "1\n")]);
    assert_eq!(by(&scratch, plain, bad), Some(plain));
    let message = format!("fix: go back\n\nbecause\n\nRb-Operation: x\nRb-Reverts: {bad}\n");
    let trailer = scratch.on(&[bad], &message, &[put("a", "1\n")]);
    assert_eq!(by(&scratch, trailer, bad), Some(trailer));
    for message in [
        format!("talks about This reverts commit {bad}"),
        format!("This reverts commit {}.", &bad.to_string()[..12]),
        format!("Rb-Reverts: {bad}\n\nnot in the last paragraph"),
    ] {
        let other = scratch.on(&[bad], &message, &[put("a", "1\n")]);
        assert_eq!(by(&scratch, other, bad), None, "{message}");
    }
}

#[test]
fn the_revert_of_a_revert_is_none() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let revert = scratch.on(&[bad], &revert_of(bad), &[put("a", "1\n")]);
    let reapply = scratch.on(&[revert], &revert_of(revert), &[put("a", "2\n")]);
    assert_eq!(by(&scratch, reapply, bad), None);
    let again = scratch.on(&[reapply], &revert_of(bad), &[put("a", "1\n")]);
    assert_eq!(by(&scratch, again, bad), Some(again));
}

#[test]
fn a_message_counts_only_where_the_content_agrees() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let revert = scratch.on(&[bad], &revert_of(bad), &[put("a", "1\n")]);
    let bumped = scratch.on(&[revert], "bump", &[put("a", "3\n")]);
    let back = scratch.on(&[revert], "bot", &[put("a", "2\n")]);
    let on_top = scratch.on(&[back], "bump", &[put("a", "3\n")]);
    let liar = scratch.on(&[bad], &revert_of(bad), &[put("b", "1\n")]);
    let repository = scratch.open();
    let change = crate::git::tree::tree_changes::between(
        &repository,
        Some(scratch.tree(first)),
        Some(scratch.tree(bad)),
    )
    .unwrap()
    .remove(0);
    for (tip, is_out) in [(bumped, true), (on_top, false), (liar, false)] {
        let found = earlier(&repository, tip, bad).unwrap().unwrap();
        assert_eq!(found.took_out(&change).unwrap(), is_out);
    }
}

#[test]
fn without_the_history_only_the_content_is_known() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let revert = scratch.on(&[bad], &revert_of(bad), &[put("a", "1\n")]);
    let tip = scratch.on(&[revert], "tip", &[put("b", "1\n")]);
    scratch.end_history_at(&[tip]);
    assert_eq!(by(&scratch, tip, bad), None);
}
