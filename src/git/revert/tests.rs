use super::super::ShallowBoundary;
use super::*;
use crate::git::testing::{Scratch, gone, lines, path, put};
use crate::rollback::model::revert::ConflictReason;

mod kinds;

/// A branch at a tip and what is asked of it.
struct Case {
    scratch: Scratch,
    branch: Branch,
    commits: Vec<Oid>,
    mode: Mode,
    paths: Vec<GitPath>,
    good: Option<Oid>,
    mainline: Option<u32>,
}

impl Case {
    fn new(scratch: Scratch, tip: Oid, commits: &[Oid]) -> Self {
        let branch = scratch.branch("main", tip);
        let commits = commits.to_vec();
        Self {
            scratch,
            branch,
            commits,
            mode: Mode::Auto,
            paths: Vec::new(),
            good: None,
            mainline: None,
        }
    }

    fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    fn below(mut self, paths: &[&str]) -> Self {
        self.paths = paths.iter().map(|text| path(text)).collect();
        self
    }

    fn attempt(&self) -> Result<Attempt> {
        attempt(
            &self.scratch.open(),
            &Request {
                branch: &self.branch,
                commits: &self.commits,
                mode: self.mode,
                paths: &self.paths,
                good: self.good,
                mainline: self.mainline,
            },
        )
    }

    fn clean(&self) -> Reverted {
        match self.attempt().unwrap() {
            Attempt::Clean(reverted) => reverted,
            other => panic!("not clean: {other:?}"),
        }
    }

    fn blocked(&self) -> Blocked {
        match self.attempt().unwrap() {
            Attempt::Blocked(blocked) => blocked,
            other => panic!("not blocked: {other:?}"),
        }
    }

    fn nothing(&self) -> Nothing {
        match self.attempt().unwrap() {
            Attempt::Nothing(nothing) => nothing,
            other => panic!("something: {other:?}"),
        }
    }

    fn file(&self, reverted: &Reverted, name: &str) -> Option<String> {
        self.scratch.file(Oid::from_str(&reverted.tree).unwrap(), name)
    }
}

fn names(files: &[crate::rollback::model::revert::FileChange]) -> Vec<String> {
    files.iter().map(|file| file.path.to_string()).collect()
}

#[test]
fn a_commit_is_taken_out_below_later_ones() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("web", &lines(&[])), ("api", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("web", lines(&[(3, "bad")])), put("new", "x\n")]);
    let tip = scratch.on(
        &[bad],
        "later",
        &[put("web", lines(&[(3, "bad"), (15, "later")])), put("api", "2\n")],
    );
    let case = Case::new(scratch, tip, &[bad]);
    let reverted = case.clean();
    assert_eq!(reverted.mode, Mode::Revert);
    assert_eq!(case.file(&reverted, "web"), Some(lines(&[(15, "later")])));
    assert_eq!(case.file(&reverted, "api").as_deref(), Some("2\n"));
    assert_eq!(case.file(&reverted, "new"), None);
    assert_eq!(names(&reverted.files), ["new", "web"]);
    assert_eq!(reverted.tip, tip.to_string());
    assert_eq!(reverted.parents, [first.to_string()]);
}

#[test]
fn a_near_identical_file_of_another_app_is_left_alone() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/ks.yaml", &lines(&[])), ("b/ks.yaml", &lines(&[(1, "b")]))]);
    let bad = scratch.on(&[first], "bad", &[put("a/ks.yaml", lines(&[(9, "bad")]))]);
    // Renamed detection would follow the file to `b`, and edit that.
    let tip = scratch.on(
        &[bad],
        "remove a",
        &[gone("a/ks.yaml"), put("b/ks.yaml", lines(&[(9, "bad")]))],
    );
    let blocked = Case::new(scratch, tip, &[bad]).blocked();
    assert_eq!(blocked.conflicts.len(), 1);
    assert_eq!(blocked.conflicts[0].path, path("a/ks.yaml"));
    assert_eq!(blocked.conflicts[0].reason, ConflictReason::Deleted);
}

#[test]
fn a_range_is_taken_out_newest_first_as_one_result() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("tag", "1\n"), ("other", "1\n")]);
    let second = scratch.on(&[first], "2", &[put("tag", "2\n")]);
    let third = scratch.on(&[second], "3", &[put("tag", "3\n")]);
    let tip = scratch.on(&[third], "other", &[put("other", "2\n")]);
    let case = Case::new(scratch, tip, &[third, second]);
    let reverted = case.clean();
    assert_eq!(case.file(&reverted, "tag").as_deref(), Some("1\n"));
    assert_eq!(case.file(&reverted, "other").as_deref(), Some("2\n"));
    let ids: Vec<&str> = reverted.commits.iter().map(|commit| commit.id.as_str()).collect();
    assert_eq!(ids, [third.to_string(), second.to_string()]);
}

#[test]
fn a_range_stops_at_the_first_conflict_and_names_its_commit() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("tag", "1\n"), ("x", "1\n")]);
    let second = scratch.on(&[first], "2", &[put("tag", "2\n")]);
    let third = scratch.on(&[second], "3", &[put("tag", "3\n")]);
    let fourth = scratch.on(&[third], "x", &[put("x", "2\n")]);
    let blocked = Case::new(scratch, fourth, &[fourth, second]).blocked();
    assert_eq!(blocked.conflicts.len(), 1);
    assert_eq!(blocked.conflicts[0].commit, second.to_string());
}

#[test]
fn a_superseded_bump_conflicts_shows_both_sides_and_offers_a_restore() {
    let scratch = Scratch::new();
    let kustomization = "images:\n- name: web\n  newTag: ";
    let with = |tag: &str| format!("{kustomization}{tag}\n");
    let first = scratch.commit(&[("apps/web/kustomization.yaml", &with("1"))]);
    let bad = scratch.on(&[first], "bump", &[put("apps/web/kustomization.yaml", with("2"))]);
    let tip = scratch.on(&[bad], "bump again", &[put("apps/web/kustomization.yaml", with("3"))]);
    let case = Case::new(scratch, tip, &[bad]);
    let blocked = case.blocked();
    assert_eq!(blocked.mode, Mode::Revert);
    let conflict = &blocked.conflicts[0];
    assert_eq!((conflict.reason, &conflict.app), (ConflictReason::Content, &path("apps/web")));
    let preview = conflict.preview.as_deref().unwrap();
    for part in ["<<<<<<< main\n", "  newTag: 3\n", "||||||| ", "  newTag: 2\n", "  newTag: 1\n"] {
        assert!(preview.contains(part), "{preview}");
    }
    let next = blocked.next.unwrap();
    assert_eq!((next.mode, next.good), (Mode::Restore, Some(first.to_string())));
    assert_eq!(next.paths, [path("apps/web/kustomization.yaml")]);
    assert_eq!(next.also.len(), 1);
    assert_eq!(next.also[0].id, tip.to_string());
}

#[test]
fn auto_falls_from_revert_to_subset_to_restore_only_below_paths() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/x", "1\n"), ("b/x", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a/x", "2\n"), put("b/x", "2\n")]);
    let touched_b = scratch.on(&[bad], "b", &[put("b/x", "3\n")]);
    let touched_a = scratch.on(&[bad], "a", &[put("a/x", "3\n")]);

    let case = Case::new(scratch, bad, &[bad]).below(&["a"]);
    let reverted = case.clean();
    assert_eq!(reverted.mode, Mode::Subset);
    assert_eq!(names(&reverted.files), ["a/x"]);
    assert_eq!(reverted.passed_over[0].why, PassedOverReason::ForeignPaths);
    assert_eq!(reverted.passed_over[0].files, [path("b/x")]);

    // A conflict outside the paths does not stand in the way.
    let case = Case::new(case.scratch, touched_b, &[bad]).below(&["a"]);
    let reverted = case.clean();
    assert_eq!(reverted.mode, Mode::Subset);
    assert_eq!(reverted.passed_over[0].why, PassedOverReason::Conflicts);
    assert_eq!(case.file(&reverted, "b/x").as_deref(), Some("3\n"));

    let case = Case::new(case.scratch, touched_a, &[bad]).below(&["a"]);
    let reverted = case.clean();
    assert_eq!(reverted.mode, Mode::Restore);
    assert_eq!(case.file(&reverted, "a/x").as_deref(), Some("1\n"));
    assert_eq!(case.file(&reverted, "b/x").as_deref(), Some("2\n"));
    let passed: Vec<Mode> = reverted.passed_over.iter().map(|way| way.mode).collect();
    assert_eq!(passed, [Mode::Revert, Mode::Subset]);
    assert_eq!(reverted.also[0].id, touched_a.to_string());

    // Without paths nothing wider is taken.
    let case = Case::new(case.scratch, touched_a, &[bad]);
    assert_eq!(case.blocked().mode, Mode::Revert);
}

#[test]
fn a_whole_revert_that_leaves_the_paths_is_refused_where_it_was_asked_for() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/x", "1\n"), ("b/x", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a/x", "2\n"), put("b/x", "2\n")]);
    let case = Case::new(scratch, bad, &[bad]).below(&["a"]).mode(Mode::Revert);
    let error = case.attempt().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.causes(), ["e.g. b/x"]);
    assert!(error.hints()[0].contains("--mode subset"));
}

#[test]
fn a_restore_undoes_everything_below_the_path_and_says_what() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/x", "1\n"), ("a/old", "1\n"), ("b", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a/x", "2\n")]);
    let more = scratch.on(&[bad], "more", &[put("a/new", "1\n"), gone("a/old")]);
    let tip = scratch.on(&[more], "b", &[put("b", "2\n")]);
    let mut case = Case::new(scratch, tip, &[bad]).below(&["a"]).mode(Mode::Restore);
    for good in [None, Some(first)] {
        case.good = good;
        let reverted = case.clean();
        assert_eq!(names(&reverted.files), ["a/new", "a/old", "a/x"]);
        assert_eq!(case.file(&reverted, "b").as_deref(), Some("2\n"));
        assert_eq!(reverted.also.len(), 1, "{:?}", reverted.also);
        assert_eq!(reverted.also[0].id, more.to_string());
        assert_eq!(reverted.good, Some(first.to_string()));
    }
    case.commits = Vec::new();
    let reverted = case.clean();
    assert_eq!(reverted.also.len(), 2);
    case.good = Some(tip);
    assert_eq!(case.nothing().reason, NothingReason::AlreadyRestored);
    case.commits = vec![bad];
    assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::Usage);
    case.good = None;
    case.paths = vec![path("nowhere")];
    assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_is_out_already_is_nothing_to_do() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("tag", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("tag", "2\n")]);
    let message = format!("Revert \"bad\"\n\nThis reverts commit {bad}.\n");
    let revert = scratch.on(&[bad], &message, &[put("tag", "1\n")]);
    let squash = scratch.on(&[bad], "clean up", &[put("tag", "1\n")]);
    let later = scratch.on(&[revert], "bump", &[put("tag", "9\n")]);
    let again = scratch.on(&[revert], "bump", &[put("tag", "2\n")]);
    let empty = scratch.on(&[again], "nothing", &[]);

    let case = Case::new(scratch, revert, &[bad]);
    let nothing = case.nothing();
    assert_eq!(nothing.reason, NothingReason::AlreadyReverted);
    assert_eq!(nothing.by.unwrap().id, revert.to_string());

    // A squashed revert says nothing of what it reverts.
    let case = Case::new(case.scratch, squash, &[bad]);
    let nothing = case.nothing();
    assert_eq!((nothing.reason, nothing.by), (NothingReason::AlreadyReverted, None));

    // The next release is no conflict with what is out.
    let case = Case::new(case.scratch, later, &[bad]);
    assert_eq!(case.nothing().reason, NothingReason::AlreadyReverted);

    // A bot brought it back.
    let case = Case::new(case.scratch, again, &[bad]);
    let reverted = case.clean();
    assert_eq!(case.file(&reverted, "tag").as_deref(), Some("1\n"));

    let case = Case::new(case.scratch, empty, &[empty]);
    assert_eq!(case.nothing().reason, NothingReason::Empty);
}

#[test]
fn merges_are_measured_against_the_branch_itself() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n")]);
    let side = scratch.on(&[first], "side", &[put("a", "2\n")]);
    let own = scratch.on(&[first], "own", &[put("b", "2\n")]);
    let merge = scratch.on(&[own, side], "merge", &[put("a", "2\n")]);
    let mut case = Case::new(scratch, merge, &[merge]);
    let reverted = case.clean();
    assert_eq!(names(&reverted.files), ["a"]);
    assert_eq!(reverted.commits[0].parents, 2);

    case.mainline = Some(2);
    assert_eq!(names(&case.clean().files), ["b"]);
    case.mainline = Some(3);
    assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::Usage);
    case.commits = vec![own];
    case.mainline = Some(2);
    assert_eq!(case.attempt().unwrap_err().causes(), ["it is no merge"]);
}

#[test]
fn commits_that_cannot_be_taken_out() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let tip = scratch.on(&[first], "tip", &[put("a", "2\n")]);
    let elsewhere = scratch.on(&[first], "elsewhere", &[put("b", "1\n")]);
    let mut case = Case::new(scratch, tip, &[first]);
    let error = case.attempt().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("is the first of the repository"), "{error}");
    case.commits = vec![elsewhere];
    let error = case.attempt().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().ends_with("(elsewhere) is not on main"), "{error}");
    case.commits = Vec::new();
    assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::Usage);
    case.commits = vec![tip];
    case.paths = vec![path("nowhere")];
    assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::NotFound);
    for mode in [Mode::Subset, Mode::Restore] {
        case.paths = Vec::new();
        case.mode = mode;
        assert_eq!(case.attempt().unwrap_err().kind(), ErrorKind::Usage);
    }
}

#[test]
fn at_the_edge_of_a_shallow_repository_nothing_is_reverted() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let tip = scratch.on(&[bad], "tip", &[put("b", "2\n")]);
    scratch.end_history_at(&[bad]);
    let case = Case::new(scratch, tip, &[bad]);
    let error = case.attempt().unwrap_err();
    assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: bad }));
    // The tip alone, and the bad commit with its parent: what its files are proves that it is there.
    case.scratch.end_history_at(&[tip, first]);
    assert_eq!(names(&case.clean().files), ["a"]);
}

#[test]
fn without_history_a_file_that_changed_again_proves_nothing() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let tip = scratch.on(&[bad], "tip", &[put("a", "3\n")]);
    scratch.end_history_at(&[tip, first]);
    let error = Case::new(scratch, tip, &[bad]).attempt().unwrap_err();
    assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: tip }));
}

#[test]
fn a_huge_repository_is_not_walked() {
    let scratch = Scratch::new();
    let files: Vec<(String, String)> = (0..200)
        .flat_map(|app| {
            (0..20)
                .map(move |file| (format!("apps/{app:03}/{file}.yaml"), format!("{app} {file}\n")))
        })
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let first = scratch.commit(&files);
    let bad = scratch.on(&[first], "bad", &[put("apps/007/3.yaml", "bad\n")]);
    let tip = scratch.on(&[bad], "later", &[put("apps/100/3.yaml", "later\n")]);
    let branch = scratch.branch("main", tip);
    let repository = scratch.open();
    let request = Request {
        branch: &branch,
        commits: &[bad],
        mode: Mode::Auto,
        paths: &[],
        good: None,
        mainline: None,
    };
    assert!(matches!(attempt(&repository, &request).unwrap(), Attempt::Clean(_)));
    // 4,000 files in 201 folders: some of three levels, a few times each.
    assert!(repository.trees_read() <= 24, "{} trees read", repository.trees_read());
}
