use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::rollback::model::deployed::Release;
use crate::rollback::model::revert::CommitView;

/// The id of a commit: one digit, forty times.
fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// So many minutes after midnight.
fn at(minutes: i64) -> Timestamp {
    let midnight: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    Timestamp::from_second(midnight.as_second() + minutes * 60).unwrap()
}

fn logged(digit: char, minutes: i64, reverts: Option<char>, by: Option<char>) -> LoggedCommit {
    LoggedCommit {
        commit: CommitView {
            id: id(digit),
            subject: format!("commit {digit}"),
            author: "Ann".into(),
            at: at(minutes),
            parents: 1,
        },
        images: vec![format!("web:{digit}")],
        reverts: reverts.into_iter().map(id).collect(),
        reverted_by: by.map(id),
        is_own: false,
    }
}

fn deployed(digit: char, minutes: i64) -> Deployed {
    Deployed {
        revisions: vec![id(digit)],
        commit: Some(id(digit)),
        at: Some(at(minutes)),
        by: Some("automated sync".into()),
        ..Deployed::default()
    }
}

fn live(digit: char, minutes: i64, healthy: Option<bool>) -> Deployed {
    Deployed { live: true, healthy, ..deployed(digit, minutes) }
}

fn failed(digit: char, minutes: i64) -> Deployed {
    Deployed { outcome: DeployOutcome::Failed("no".into()), ..deployed(digit, minutes) }
}

/// The commits of a log, newest first; each stands for itself.
fn log(commits: Vec<LoggedCommit>) -> AppLog {
    let place = |(at, one): (usize, &LoggedCommit)| (one.commit.id.clone(), Place::At(at));
    AppLog { places: commits.iter().enumerate().map(place).collect(), commits, ..AppLog::default() }
}

/// A row in a word: the first digit of its commit, its minute, its state and marks.
fn told(rows: &[OwnerRow]) -> Vec<String> {
    let row = |row: &OwnerRow| {
        let minute = row.at.map(|time| (time.as_second() - at(0).as_second()) / 60);
        let minute = minute.map_or("-".to_owned(), |minute| minute.to_string());
        let state = match (&row.outcome, row.healthy) {
            (None, _) => "none",
            (Some(DeployOutcome::Failed(_)), _) => "failed",
            (Some(DeployOutcome::Running(_)), _) => "running",
            (Some(DeployOutcome::Applied), Some(true)) => "healthy",
            (Some(DeployOutcome::Applied), Some(false)) => "unhealthy",
            (Some(DeployOutcome::Applied), None) => "applied",
        };
        let marks: Vec<String> = row.marks.iter().map(|mark| format!(" {mark:?}")).collect();
        let name = row.name().chars().next().unwrap_or('?');
        format!("{name} {minute} {state}{}", marks.concat())
    };
    rows.iter().map(row).collect()
}

#[test]
fn status_and_log_become_one_table() {
    let three = || {
        log(vec![
            logged('c', 30, Some('b'), None),
            logged('b', 20, None, Some('c')),
            logged('a', 10, None, None),
        ])
    };
    for (what, deployed, log, expected) in [
        (
            "three releases, of which one was reverted",
            vec![live('c', 31, Some(true)), deployed('b', 21), deployed('a', 11)],
            Some(three()),
            vec!["a 11 applied", "b 21 applied Reverted", "c 31 healthy Live"],
        ),
        (
            "the log is longer than what the owner remembers, and has what it has not seen",
            vec![live('b', 21, Some(false))],
            Some(three()),
            vec!["a - none", "b 21 unhealthy Live Reverted", "c - none Pending"],
        ),
        (
            "a release that never came to be, and the one that runs on",
            vec![failed('c', 31), live('b', 21, Some(true)), deployed('a', 11)],
            Some(three()),
            vec!["a 11 applied", "b 21 healthy Live Reverted", "c 31 failed"],
        ),
        (
            "what failed first and was applied later",
            vec![live('c', 35, Some(true)), failed('c', 31), deployed('a', 11)],
            Some(three()),
            vec!["a 11 applied", "b - none Reverted", "c 35 healthy Live"],
        ),
        (
            "no log",
            vec![live('c', 31, None), deployed('b', 21), deployed('a', 11)],
            None,
            vec!["a 11 applied", "b 21 applied", "c 31 applied Live"],
        ),
        (
            "the same again and again is one state",
            vec![live('a', 41, None), deployed('b', 21), deployed('a', 11)],
            None,
            vec!["b 21 applied", "a 41 applied Live"],
        ),
        (
            "a commit that Git does not know stands by its time",
            vec![live('c', 31, None), deployed('d', 25), deployed('a', 11)],
            Some(three()),
            vec!["a 11 applied", "b - none Reverted", "d 25 applied", "c 31 applied Live"],
        ),
        (
            "nothing was deployed",
            vec![],
            Some(three()),
            vec!["a - none", "b - none Reverted", "c - none"],
        ),
        ("nothing is known", vec![], None, vec![]),
    ] {
        let rows = merge(&deployed, log.as_ref(), true);
        assert_eq!(told(&rows), expected, "{what}");
    }
}

#[test]
fn what_left_the_app_as_it_was_is_no_state_of_its_own() {
    let mut log = log(vec![logged('b', 20, None, None), logged('a', 10, None, None)]);
    log.places.insert(id('e'), Place::At(1));
    log.places.insert(id('f'), Place::Off(Box::new(logged('f', 15, None, None))));
    let all = [live('b', 21, None), deployed('f', 16), deployed('e', 12), deployed('a', 11)];
    let rows = merge(&all, Some(&log), true);
    assert_eq!(told(&rows), ["a 12 applied", "f 16 applied OffBranch", "b 21 applied Live"]);
    // The owner's own words are kept.
    assert_eq!(rows[0].revisions, [id('e')]);
}

/// Flux keeps the time of the first coming.
#[test]
fn a_content_that_came_back_was_not_there_before_its_commit() {
    let log = log(vec![logged('c', 30, Some('b'), None)]);
    let back = Deployed { again: Some(at(32)), ..live('c', 11, Some(true)) };
    assert_eq!(told(&merge(&[back], Some(&log), true)), ["c 32 healthy Live"]);
}

#[test]
fn images_are_those_of_the_owner_before_those_of_the_files() {
    let log = log(vec![logged('b', 20, None, None), logged('a', 10, None, None)]);
    let mut now = live('b', 21, None);
    now.images = vec!["web:real".into()];
    let images = |with: bool| -> Vec<Vec<String>> {
        let rows = merge(&[now.clone()], Some(&log), with);
        rows.into_iter().map(|row| row.images).collect()
    };
    assert_eq!(images(true), [["web:a"], ["web:real"]]);
    assert_eq!(images(false), [vec![], vec!["web:real".to_owned()]]);
}

#[test]
fn releases_of_the_same_chart_are_not_the_same() {
    let release = |revision: i64| Deployed {
        release: Some(Release { revision, ..Release::default() }),
        revisions: vec!["1.0.0".into()],
        ..Deployed::default()
    };
    let rows = merge(&[release(3), release(2)], None, true);
    let numbers: Vec<i64> = rows.iter().map(|row| row.release.as_ref().unwrap().revision).collect();
    assert_eq!(numbers, [2, 3]);
}

#[test]
fn the_newest_are_told() {
    let commits: Vec<LoggedCommit> = (0..90).map(|n| logged('a', 90 - n, None, None)).collect();
    let log = AppLog { commits, places: BTreeMap::new(), ..AppLog::default() };
    let rows = merge(&[], Some(&log), true);
    assert_eq!(rows.len(), MOST);
    assert_eq!(rows.last().unwrap().commit.as_ref().unwrap().at, at(90));
}
