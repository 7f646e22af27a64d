use super::*;
use crate::rollback::model::owner_history::Repository;
use crate::rollback::model::revert::CommitView;
use crate::rollback::model::target::{ClusterRef, Target};

const ASCII: Marks = Marks { unicode: false };
const NOW: &str = "2026-03-02T00:00:00Z";

fn plain(history: &OwnerHistory, wide: bool) -> String {
    anstream::adapter::strip_str(&table(history, wide, ASCII)).to_string()
}

fn row(digit: char, author: &str, subject: &str) -> OwnerRow {
    OwnerRow {
        commit: Some(CommitView {
            id: digit.to_string().repeat(40),
            subject: subject.into(),
            author: author.into(),
            at: "2026-03-01T00:00:00Z".parse().unwrap(),
            parents: 1,
        }),
        images: vec!["registry.test:5000/shop/checkout:2.8.1".into()],
        outcome: Some(DeployOutcome::Applied),
        at: Some("2026-03-01T12:00:00Z".parse().unwrap()),
        by: Some("automated sync".into()),
        ..OwnerRow::default()
    }
}

fn history(rows: Vec<OwnerRow>) -> OwnerHistory {
    OwnerHistory {
        read_at: NOW.parse().unwrap(),
        cluster: ClusterRef::default(),
        target: Target {
            kind: "Application".into(),
            namespace: "argocd".into(),
            name: "checkout".into(),
            ..Target::default()
        },
        owners: Vec::new(),
        git: Some(Repository {
            url: "https://git.test/fleet.git".into(),
            branch: "main".into(),
            paths: Vec::new(),
        }),
        rows,
        has_more: false,
        gaps: Vec::new(),
    }
}

#[test]
fn the_table_tells_of_each_state_what_it_is_and_how_it_did() {
    let mut live = row('c', "Ann Example", "Revert \"bump\"");
    live.marks = vec![OwnerMark::Live, OwnerMark::Rollback];
    live.healthy = Some(true);
    let mut bad = row('b', "Bob", "bump checkout to 2.8.1 for all of our shops");
    bad.reverted_by = Some("c".repeat(40));
    bad.marks = vec![OwnerMark::Reverted];
    bad.outcome = Some(DeployOutcome::Failed("immutable".into()));
    let unknown = OwnerRow { revisions: vec!["1.4.2".into()], ..OwnerRow::default() };
    let mut history = history(vec![unknown, bad, live]);
    history.gaps = vec!["no answer\u{1b}[2J".into()];
    assert_eq!(
        plain(&history, false),
        "application/checkout - namespace argocd - https://git.test/fleet.git branch main
COMMIT     AGE  AUTHOR       SUBJECT           IMAGES          DEPLOYED  STATE    MARKS
1.4.2      -    -            -                 -               -         -        -
bbbbbbbbb  24h  Bob          bump checkout...  checkout:2.8.1  12h       failed   reverted ccccccccc
ccccccccc  24h  Ann Example  Revert \"bump\"     checkout:2.8.1  12h       healthy  live, rollback ...
note: no answer\\x1b[2J
"
    );
    let wide = plain(&history, true);
    assert!(wide.contains("bump checkout to 2.8.1 for all of our shops"), "{wide}");
    assert!(wide.contains("reverted ccccccccc") && wide.contains("immutable"), "{wide}");
    assert!(wide.contains("automated sync"), "{wide}");
}

#[test]
fn no_line_is_wider_than_a_window() {
    let long = "\u{202e}::error::".repeat(60);
    let rows = (0..9).map(|_| {
        let mut row = row('a', &long, &long);
        row.images = vec![format!("registry.test/{long}:{long}"); 9];
        row.marks = vec![OwnerMark::Live, OwnerMark::OffBranch, OwnerMark::Rollback];
        row.outcome = Some(DeployOutcome::Applied);
        row.healthy = Some(false);
        row
    });
    let text = plain(&history(rows.collect()), false);
    assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
    assert!(!text.contains('\u{202e}') && !text.contains("\n::error::"), "{text}");
}

#[test]
fn a_release_is_told_by_its_number_and_chart() {
    let release = |revision: i64, status: &str| OwnerRow {
        release: Some(Release {
            revision,
            chart: "web".into(),
            chart_version: "1.2.0".into(),
            app_version: String::new(),
            config_digest: "sha256:0123456789abcdef".into(),
            status: status.into(),
        }),
        revisions: vec!["1.2.0".into()],
        ..OwnerRow::default()
    };
    let mut live = release(2, "deployed");
    live.marks = vec![OwnerMark::Live];
    let mut history = history(vec![release(1, "superseded"), live]);
    history.git = None;
    assert_eq!(
        plain(&history, false),
        "application/checkout - namespace argocd
REVISION  CHART      APP  DEPLOYED  STATUS      CONFIG        COMMIT  MARKS
1         web 1.2.0  -    -         superseded  0123456789ab  -       -
2         web 1.2.0  -    -         deployed    0123456789ab  -       live
"
    );
}

#[test]
fn nothing_is_said_to_be_nothing() {
    assert!(plain(&history(Vec::new()), false).ends_with("nothing was deployed yet\n"));
}
