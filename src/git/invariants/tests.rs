//! Each rule is broken by a revert that somebody tampered with.

use super::super::ShallowBoundary;
use super::*;
use crate::git::revert::{Request, attempt};
use crate::git::testing::{Edit, Scratch, gone, path, put};
use crate::rollback::model::revert::Attempt;

struct Case {
    scratch: Scratch,
    branch: Branch,
    reverted: Reverted,
}

fn case(before: &[Edit], bad: &[Edit], mode: Mode, below: &[&str]) -> Case {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", before);
    let bad = scratch.on(&[first], "bad", bad);
    let tip = scratch.on(&[bad], "later", &[put("later", "x\n")]);
    let branch = scratch.branch("main", tip);
    let paths: Vec<GitPath> = below.iter().map(|text| path(text)).collect();
    let commits = [bad];
    let request = Request {
        branch: &branch,
        commits: &commits,
        mode,
        paths: &paths,
        good: None,
        mainline: None,
    };
    let Attempt::Clean(reverted) = attempt(&scratch.open(), &request).unwrap() else {
        panic!("not clean")
    };
    Case { scratch, branch, reverted }
}

impl Case {
    /// An ordinary one: a bump in one app.
    fn bump(mode: Mode, below: &[&str]) -> Self {
        case(
            &[
                put("apps/web/kustomization.yaml", "namePrefix: good\n"),
                put("apps/web/x.yaml", "a: 1\n"),
                put("apps/api/x.yaml", "a: 1\n"),
            ],
            &[put("apps/web/kustomization.yaml", "namePrefix: bad\n")],
            mode,
            below,
        )
    }

    /// Lets the result be something else, and say so.
    fn with(mut self, edits: &[Edit]) -> Self {
        let on = Oid::from_str(&self.reverted.tip).unwrap();
        let own = [put("apps/web/kustomization.yaml", "namePrefix: good\n")];
        let own = if edits.is_empty() { &[][..] } else { &own[..] };
        let tampered = self.scratch.on(&[on], "tampered", own);
        let tampered = self.scratch.on(&[tampered], "tampered", edits);
        self.reverted.tree = self.scratch.tree(tampered).to_string();
        self.relist()
    }

    fn relist(mut self) -> Self {
        let repository = self.scratch.open();
        let tip = self.scratch.tree(self.branch.tip);
        let tree = Oid::from_str(&self.reverted.tree).unwrap();
        let files = between(&repository, Some(tip), Some(tree)).unwrap();
        self.reverted.files = files.iter().map(Change::view).collect();
        self
    }

    fn check(&self, allow_delete: usize) -> Result<()> {
        check(&self.scratch.open(), &self.branch, &self.reverted, allow_delete)
    }

    #[track_caller]
    fn breaks(&self, rule: Rule) {
        let error = self.check(0).expect_err("a broken rule");
        assert_eq!(Rule::of(&error), Some(rule), "{error}: {:?}", error.causes());
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!error.causes()[0].is_empty());
    }
}

#[test]
fn ordinary_reverts_break_nothing() {
    for (mode, below) in [
        (Mode::Revert, &[][..]),
        (Mode::Subset, &["apps/web"][..]),
        (Mode::Restore, &["apps/web"][..]),
        (Mode::Restore, &["apps/web/kustomization.yaml"][..]),
    ] {
        Case::bump(mode, below).check(0).unwrap();
    }
}

#[test]
fn the_tip_must_be_the_one_that_it_was_made_on() {
    let mut case = Case::bump(Mode::Revert, &[]);
    case.branch.tip = case.scratch.on(&[case.branch.tip], "raced", &[put("raced", "x\n")]);
    case.breaks(Rule::BranchTip);
}

#[test]
fn parents_must_be_the_real_ones() {
    let case = Case::bump(Mode::Revert, &[]);
    let bad = Oid::from_str(&case.reverted.commits[0].id).unwrap();
    case.scratch.end_history_at(&[bad]);
    let error = case.check(0).unwrap_err();
    assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: bad }));

    let mut case = Case::bump(Mode::Revert, &[]);
    case.reverted.parents = vec![case.reverted.tip.clone()];
    assert!(case.check(0).unwrap_err().to_string().contains("no parent of it"));
}

#[test]
fn something_must_change() {
    Case::bump(Mode::Revert, &[]).with(&[]).breaks(Rule::Empty);
}

#[test]
fn something_must_be_left() {
    let mut case = Case::bump(Mode::Revert, &[]);
    let repository = case.scratch.open();
    let empty = repository.write(git2::ObjectType::Tree, b"").unwrap();
    assert_eq!(empty.to_string(), EMPTY_TREE);
    case.reverted.tree = empty.to_string();
    case.relist().breaks(Rule::EmptyTree);
}

#[test]
fn what_is_listed_must_be_what_happens() {
    let mut case = Case::bump(Mode::Revert, &[]);
    case.reverted.files.clear();
    case.breaks(Rule::ListedFiles);
}

#[test]
fn files_that_the_commits_did_not_change_must_not_change() {
    let foreign = [put("apps/api/x.yaml", "a: 2\n")];
    Case::bump(Mode::Revert, &[]).with(&foreign).breaks(Rule::ForeignPaths);
    Case::bump(Mode::Subset, &["apps/web"]).with(&foreign).breaks(Rule::ForeignPaths);
    Case::bump(Mode::Restore, &["apps/web"]).with(&foreign).breaks(Rule::ForeignPaths);
}

#[test]
fn files_must_be_as_they_were() {
    let other = [put("apps/web/kustomization.yaml", "namePrefix: other\n")];
    Case::bump(Mode::Revert, &[]).with(&other).breaks(Rule::ExpectedContent);
    Case::bump(Mode::Restore, &["apps/web"]).with(&other).breaks(Rule::ExpectedContent);
    let mut case = Case::bump(Mode::Restore, &["apps/web"]);
    case.reverted.good = None;
    case.breaks(Rule::ExpectedContent);
}

#[test]
fn no_more_may_be_deleted_than_was_added() {
    let mut case = Case::bump(Mode::Restore, &["apps"]);
    // Somebody added files there which are not in the list of what is undone.
    let tip = case.scratch.on(
        &[case.branch.tip],
        "more",
        &[put("apps/web/n1.yaml", "a: 1\n"), put("apps/web/n2.yaml", "a: 1\n")],
    );
    case.branch.tip = tip;
    case.reverted.tip = tip.to_string();
    let good = Oid::from_str(case.reverted.good.as_ref().unwrap()).unwrap();
    let restored = case.scratch.on(&[good], "restored", &[put("later", "x\n")]);
    case.reverted.tree = case.scratch.tree(restored).to_string();
    let case = case.relist();
    case.breaks(Rule::MassDelete);
    let error = case.check(1).unwrap_err();
    assert_eq!(Rule::of(&error), Some(Rule::MassDelete));
    assert_eq!(
        error.hints(),
        ["name the paths that are to change: --path PATH", "if that is meant: --allow-delete 2"]
    );
    case.check(2).unwrap();
}

#[test]
fn what_the_commits_added_may_be_deleted() {
    let new = [put("apps/new/kustomization.yaml", ""), put("apps/new/x.yaml", "a: 1\n")];
    case(&[put("apps/web/x.yaml", "a: 1\n")], &new, Mode::Revert, &[]).check(0).unwrap();
}

#[test]
fn the_folder_of_an_app_must_stay() {
    // A restore to a time before the app was there.
    let new = [put("apps/new/kustomization.yaml", ""), put("apps/new/x.yaml", "a: 1\n")];
    let before = [put("apps/web/x.yaml", "a: 1\n")];
    case(&before, &new, Mode::Restore, &["apps/new"]).breaks(Rule::AppFolder);

    let all = [gone("apps/web/kustomization.yaml"), gone("apps/web/x.yaml")];
    let case = Case::bump(Mode::Revert, &[]).with(&all);
    // The narrower rules come first; this one stands alone, too.
    let facts = Facts::gather(&case.scratch.open(), &case.branch, &case.reverted)
        .map(|facts| app_folders_stay(&facts).map_err(|error| Rule::of(&error)));
    assert_eq!(facts.unwrap(), Err(Some(Rule::AppFolder)));
}

#[test]
fn manifests_must_be_readable() {
    let broken = [put("apps/web/kustomization.yaml", "a: [\n")];
    let good = [put("apps/web/kustomization.yaml", "a: 1\n")];
    // It was broken before the bad commit, which only the look at the file tells.
    case(&broken, &good, Mode::Revert, &[]).breaks(Rule::Manifests);
    case(&broken, &good, Mode::Restore, &["apps/web"]).breaks(Rule::Manifests);
}

#[test]
fn every_rule_has_a_word_of_its_own() {
    let words = [
        Rule::BranchTip,
        Rule::ListedFiles,
        Rule::ForeignPaths,
        Rule::ExpectedContent,
        Rule::MassDelete,
        Rule::Empty,
        Rule::EmptyTree,
        Rule::AppFolder,
        Rule::Manifests,
    ]
    .map(Rule::word);
    let unique: BTreeSet<&str> = words.into_iter().collect();
    assert_eq!(unique.len(), words.len());
}
