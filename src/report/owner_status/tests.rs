use super::*;
use crate::error::{Error, ErrorKind};
use crate::rollback::model::deployed::OwnerOperation;
use crate::rollback::model::owner_status::Objects;
use crate::rollback::model::target::ClusterRef;
use crate::text::width;

const ASCII: Marks = Marks { unicode: false };

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn target() -> Target {
    Target {
        api_version: "argoproj.io/v1alpha1".into(),
        kind: "Application".into(),
        namespace: "argocd".into(),
        name: "web".into(),
    }
}

fn status(workloads: usize, state: OwnerState) -> OwnerStatus {
    let workload = |number: usize| WorkloadStatus {
        target: Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: format!("web-{number}"),
        },
        seen: Err(Error::new(ErrorKind::NotFound, "there is no such Deployment")),
    };
    OwnerStatus {
        read_at: time("2026-03-02T12:00:00Z"),
        cluster: ClusterRef::default(),
        target: target(),
        owners: Vec::new(),
        standing: Standing { state, ..Standing::default() },
        hold: None,
        objects: Objects { listed: 2_000, bad: 3, workloads, not_looked_at: workloads / 2 },
        workloads: (0..workloads).map(workload).collect(),
        was_waited: true,
        is_left_behind: false,
        undone: None,
        stopped: None,
        milliseconds: 1,
        gaps: Vec::new(),
    }
}

#[test]
fn the_heading_tells_policy_revisions_operation_and_who_is_above() {
    let owner = |name: &str| Owner {
        name: name.into(),
        would: "it puts it back".into(),
        ..Owner::default()
    };
    let mut itself = owner("Argo CD application web");
    itself.automation =
        Some(Automation { syncs: true, heals: true, prunes: false, suspended: true });
    itself.notes = vec!["a note\u{1b}[2J".into()];
    let above = Owner { of: Some(target()), ..owner("Argo CD application root") };
    let standing = Standing {
        summary: "is OutOfSync and Healthy".into(),
        desired: Some("9f3c2ab".into()),
        applied: Some("51d0e77".into()),
        operation: Some(OwnerOperation {
            what: "it waits for health".into(),
            since: Some(time("2026-03-02T11:59:00Z")),
            until: Some(time("2026-03-02T12:04:00Z")),
        }),
        conditions: vec![OwnerCondition {
            kind: "SyncError".into(),
            message: "no".into(),
            ..OwnerCondition::default()
        }],
        ..Standing::default()
    };
    let now = time("2026-03-02T12:00:00Z");
    let own = [itself, above];
    let text = heading(&target(), &own, &standing, Some("audit"), now, ASCII);
    assert_eq!(
        plain(&text),
        "application/web - namespace argocd
  held     audit (annotation kubectl-rb/hold)
  state    it is OutOfSync and Healthy
  revision 51d0e77 was applied last, 9f3c2ab is wanted
  now      it waits for health, begun 1m ago, ends in 4m at the latest
  policy   SUSPENDED, applies new commits by itself, puts back what others change
  writes   of others: it puts it back
  says     SyncError: no
  note     a note\\x1b[2J
  above    Argo CD application root: it puts it back
"
    );
}

#[test]
fn of_many_workloads_the_bad_ones_are_shown() {
    let text = plain(&ending(&status(1_000, OwnerState::Healthy), ASCII));
    assert!(text.lines().count() < 30, "{text}");
    assert!(text.contains("500 workloads more were not looked at"), "{text}");
    assert!(text.contains("980 workloads more are as well as these or better"), "{text}");
    assert!(
        text.ends_with("not converged; it says that 3 of 2000 objects are not well\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| width(line) < 150), "{text}");
}

#[test]
fn each_state_ends_with_its_code() {
    for (state, was_waited, code) in [
        (OwnerState::Healthy, true, 0),
        (OwnerState::Failed, true, 6),
        (OwnerState::Behind, true, 5),
        (OwnerState::Behind, false, 5),
        (OwnerState::Progressing, true, 5),
        (OwnerState::Progressing, false, 7),
        (OwnerState::Unknown, false, 7),
    ] {
        let status = OwnerStatus { was_waited, ..status(0, state) };
        assert_eq!(status.exit_status().code(), code, "{state:?} {was_waited}");
    }
    // What is listed and not there is not converged, whatever its owner says.
    assert_eq!(status(1, OwnerState::Healthy).exit_status().code(), 5);
}
