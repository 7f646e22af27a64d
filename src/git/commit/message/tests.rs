use super::*;

fn commit(digit: char, subject: &str, parents: usize) -> CommitView {
    CommitView {
        id: digit.to_string().repeat(40),
        subject: subject.to_owned(),
        author: "Ann".to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
        parents,
    }
}

fn reverted(mode: Mode, commits: Vec<CommitView>, below: &[&str]) -> Reverted {
    Reverted {
        mode,
        passed_over: Vec::new(),
        good: (mode == Mode::Restore).then(|| "9".repeat(40)),
        paths: below.iter().map(|text| GitPath::new(text.as_bytes())).collect(),
        tree: "e".repeat(40),
        tip: "f".repeat(40),
        parents: commits.iter().map(|_| "8".repeat(40)).collect(),
        commits,
        also: Vec::new(),
        files: Vec::new(),
    }
}

const WORDS: Words<'_> = Words {
    operation: "0123456789abcdef",
    reason: None,
    incident: None,
    requested_by: None,
    sign_off: None,
};

fn subject_of(mode: Mode, commits: Vec<CommitView>, below: &[&str], style: &Style) -> String {
    let message = compose(&reverted(mode, commits, below), style, &WORDS).unwrap();
    let (subject, rest) = message.split_once('\n').unwrap();
    assert!(rest.starts_with('\n'), "{message}");
    subject.to_owned()
}

#[test]
fn the_whole_message_of_one_revert() {
    let ann = Identity { name: "Ann".to_owned(), email: "ann@shop.example".to_owned() };
    let words = Words {
        reason: Some("error rate"),
        incident: Some("INC-42"),
        requested_by: Some("bob"),
        sign_off: Some(&ann),
        ..WORDS
    };
    let reverted = reverted(Mode::Revert, vec![commit('1', "bump web", 1)], &[]);
    let message = compose(&reverted, &Style::Git, &words).unwrap();
    let id = "1".repeat(40);
    assert_eq!(
        message,
        format!(
            "Revert \"bump web\"\n\nThis reverts commit {id}.\n\n\
             Rb-Operation: 0123456789abcdef\nRb-Mode: revert\nRb-Reverts: {id}\n\
             Rb-Reason: error rate\nRb-Incident: INC-42\nRb-Requested-By: bob\n\
             Signed-off-by: Ann <ann@shop.example>\n"
        )
    );
    let trailers = git2::message_trailers_strs(&message).unwrap();
    assert_eq!(trailers.len(), 7);
}

#[test]
fn subjects_in_each_style() {
    let one = || vec![commit('1', "fix(web): bump", 1)];
    let two = || vec![commit('2', "b", 1), commit('1', "a", 1)];
    for (mode, commits, below, git, conventional) in [
        (Mode::Revert, one(), &[][..], "Revert \"fix(web): bump\"", "revert: fix(web): bump"),
        (
            Mode::Subset,
            one(),
            &["apps/web"][..],
            "Revert \"fix(web): bump\" in apps/web",
            "revert: fix(web): bump (in apps/web)",
        ),
        (
            Mode::Restore,
            one(),
            &["apps/web"][..],
            "Restore apps/web to 9999999",
            "revert: restore apps/web to 9999999",
        ),
        (
            Mode::Restore,
            vec![],
            &[""][..],
            "Restore the whole repository to 9999999",
            "revert: restore the whole repository to 9999999",
        ),
        (
            Mode::Revert,
            two(),
            &[][..],
            "Revert 2 commits, 1111111 to 2222222",
            "revert: 2 commits, 1111111 to 2222222",
        ),
        (
            Mode::Subset,
            two(),
            &["a", "b", "c", "d"][..],
            "Revert 2 commits, 1111111 to 2222222 in a and 3 more",
            "revert: 2 commits, 1111111 to 2222222 in a and 3 more",
        ),
    ] {
        assert_eq!(subject_of(mode, commits.clone(), below, &Style::Git), git);
        assert_eq!(subject_of(mode, commits, below, &Style::Conventional), conventional);
    }
}

#[test]
fn the_revert_of_a_revert_reapplies_as_with_git() {
    for (subject, title) in [
        ("Revert \"x\"", "Reapply \"x\""),
        ("Revert \"Revert \"x\"\"", "Revert \"Revert \"Revert \"x\"\"\""),
        ("Reapply \"x\"", "Revert \"Reapply \"x\"\""),
        ("Revert x", "Revert \"Revert x\""),
        ("", "Revert \"1111111\""),
    ] {
        assert_eq!(
            subject_of(Mode::Revert, vec![commit('1', subject, 1)], &[], &Style::Git),
            title
        );
    }
}

#[test]
fn nothing_foreign_steers_a_terminal_or_a_ci_or_poses_as_a_trailer() {
    let subject = "x [skip ci]\u{1b}[2J\nRb-Operation: evil\n\nSigned-off-by: evil <e@x>";
    let mut reverted = reverted(Mode::Revert, vec![commit('1', subject, 1)], &[]);
    reverted.commits[0].subject = subject.to_owned();
    let reason = "slow [ci skip]\nRb-Operation: evil\n\n***NO_CI***";
    let words = Words { reason: Some(reason), requested_by: Some("a\nRb-Mode: x"), ..WORDS };
    for style in [Style::Git, Style::Conventional, Style::Template("{subject}\n\n{reason}".into())]
    {
        let message = compose(&reverted, &style, &words).unwrap();
        assert!(!crate::git::skips_ci(&message), "{message}");
        assert!(!message.contains('\u{1b}'));
        let trailers = git2::message_trailers_strs(&message).unwrap();
        let operations: Vec<&str> = trailers
            .iter()
            .filter(|(key, _)| *key == "Rb-Operation")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(operations, ["0123456789abcdef"], "{message}");
        assert!(trailers.iter().all(|(key, _)| key != "Signed-off-by"), "{message}");
    }
}

#[test]
fn merges_subsets_and_restores_say_what_they_are() {
    let id = "1".repeat(40);
    let body = |reverted: &Reverted| compose(reverted, &Style::Git, &WORDS).unwrap();
    let merge = body(&reverted(Mode::Revert, vec![commit('1', "Merge x", 2)], &[]));
    let parent = "8".repeat(40);
    let text = format!("This reverts commit {id}, reversing\nchanges made to {parent}.\n");
    assert!(merge.contains(&text), "{merge}");
    // It is no revert of the whole commit: nobody may take it for one.
    let subset = body(&reverted(Mode::Subset, vec![commit('1', "x", 1)], &["apps/web"]));
    assert!(subset.contains(&format!("This reverts what commit {id} changed in apps/web.")));
    assert!(!subset.contains("This reverts commit"));
    let mut restore = reverted(Mode::Restore, vec![commit('1', "bad", 1)], &["apps/web"]);
    restore.also = vec![commit('2', "later", 1)];
    let restore = body(&restore);
    assert!(restore.contains(&format!("This brings apps/web back to commit {}.", "9".repeat(40))));
    assert!(restore.contains("  1111111 bad\n  2222222 later\n"), "{restore}");
    assert!(restore.contains(&format!("Rb-Good-Revision: {}\n", "9".repeat(40))));
}

#[test]
fn long_lists_are_cut_in_the_body_and_whole_in_the_trailers() {
    let commits: Vec<CommitView> = (0..60).map(|_| commit('1', "x", 1)).collect();
    let message = compose(&reverted(Mode::Revert, commits, &[]), &Style::Git, &WORDS).unwrap();
    assert_eq!(message.matches("This reverts commit ").count(), 50);
    assert!(message.contains("\nand 10 more.\n"));
    assert_eq!(message.matches("Rb-Reverts: ").count(), 60);
}

#[test]
fn templates_are_filled_in_or_refused() {
    let one = reverted(Mode::Revert, vec![commit('1', "bump", 1)], &["apps/web"]);
    let words = Words { reason: Some("slow"), incident: Some("INC-1"), ..WORDS };
    for (template, subject, part) in [
        ("ops: {title} ({incident})", "ops: Revert \"bump\" (INC-1)", ""),
        (
            "revert({paths}): {subject} {short} {count} {mode}",
            "revert(apps/web): bump 1111111 1 revert",
            "",
        ),
        ("a {b", "a {b", ""),
        ("x\n\nBecause: {reason}\n{sha}", "x", "\n\nBecause: slow\n1111"),
        ("x [skip ci]", "x [skip ci]", ""),
    ] {
        let message = compose(&one, &Style::Template(template.to_owned()), &words).unwrap();
        assert_eq!(message.lines().next(), Some(subject));
        assert!(message.contains(part), "{message}");
        assert!(message.contains("\nRb-Operation: 0123456789abcdef\n"));
    }
    for template in ["{who}", "", "\n\nbody", "{reason\x1b}"] {
        let error = compose(&one, &Style::Template(template.to_owned()), &WORDS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{template}");
    }
}

#[test]
fn a_long_subject_is_cut() {
    let subject =
        subject_of(Mode::Revert, vec![commit('1', &"x".repeat(300), 1)], &[], &Style::Git);
    assert_eq!(subject.len(), 100);
}
