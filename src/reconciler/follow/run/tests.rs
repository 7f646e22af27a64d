//! The loop, by a clock that stands still until all wait: nothing here takes any time.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::{Value, json};

use super::super::super::following::Goal;
use super::super::super::following::given::{BAD, REVERT, relation as known};
use super::super::super::from_git;
use super::*;
use crate::cluster::Deadline;
use crate::rollback::model::target::Target;

const REFRESH: &str = "argocd.argoproj.io/refresh";

/// What is seen, each after a pause, and what becomes of writes.
#[derive(Default)]
struct Script {
    seen: VecDeque<(u64, How)>,
    refusals: VecDeque<Refusal>,
    /// Whether requests stay where they are.
    is_dead: bool,
    written: Vec<(NudgeKind, u64)>,
    started: Option<Instant>,
    object: Value,
}

impl World for Script {
    fn watch(&mut self, _address: &Address) {
        self.started.get_or_insert_with(Instant::now);
    }

    async fn next(&mut self) -> Seen {
        let Some((at, _)) = self.seen.front() else { return std::future::pending().await };
        let started = self.started.expect("a watch");
        sleep_until(started + Duration::from_millis(*at)).await;
        let (_, how) = self.seen.pop_front().expect("it was there");
        if let How::There(object) = &how {
            self.object = object.clone();
        }
        Seen { path: PATH.to_owned(), how }
    }

    async fn write(&mut self, nudge: &Nudge) -> Result<(), Refusal> {
        let elapsed = self.started.expect("a watch").elapsed();
        self.written.push((nudge.kind, milliseconds(elapsed)));
        if let Some(refusal) = self.refusals.pop_front() {
            return Err(refusal);
        }
        if self.is_dead {
            let mut object = self.object.clone();
            object["metadata"]["annotations"] = json!({REFRESH: "normal"});
            let now = milliseconds(elapsed);
            self.seen.push_front((now, How::There(object)));
        }
        Ok(())
    }
}

const PATH: &str = "/apis/argoproj.io/v1alpha1/namespaces/gitops/applications/web";

fn app(compared: &str, status: &str) -> How {
    How::There(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "gitops", "name": "web", "resourceVersion": "1"},
        "spec": {"source": {"repoURL": "https://git.test/fleet.git"}},
        "status": {"sync": {"revision": compared, "status": status}},
    }))
}

fn forbidden() -> Error {
    Error::new(ErrorKind::Forbidden, "not allowed to patch applications.argoproj.io web")
}

/// Lets the script run, for two minutes at the most.
fn played(script: &mut Script) -> (Followed, Vec<Told>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let owner = Target {
            api_version: "argoproj.io/v1alpha1".to_owned(),
            kind: "Application".to_owned(),
            namespace: "gitops".to_owned(),
            name: "web".to_owned(),
        };
        let follow = Follow {
            reconciler: from_git(&owner).expect("it is followed"),
            owner: &owner,
            token: "token",
            goal: Goal::Applied,
            may_sync: true,
            deadline: Deadline::after(Duration::from_secs(120)),
        };
        let address = follow.reconciler.address(&owner).expect("an address");
        let told = RefCell::new(Vec::new());
        let relation = async |revision: &str| Some(known(revision));
        let listener = &mut |one: Told| told.borrow_mut().push(one);
        let followed = run(script, &follow, address, relation, listener).await;
        (followed, told.into_inner())
    })
}

fn script<const N: usize>(seen: [(u64, How); N]) -> Script {
    Script { seen: VecDeque::from(seen), ..Script::default() }
}

#[test]
fn it_ends_as_soon_as_the_commit_is_applied() {
    let mut script = script([(0, app(BAD, "Synced")), (700, app(REVERT, "Synced"))]);
    let (followed, told) = played(&mut script);
    assert_eq!(followed.arrival.word(), "reached");
    assert_eq!(followed.milliseconds, 700);
    assert_eq!(script.written, [(NudgeKind::Refresh, 0)]);
    assert_eq!(followed.written, ["ask Argo CD application web to compare with Git"]);
    let moves = told.iter().filter(|told| matches!(told, Told::Moved { .. })).count();
    assert_eq!(moves, 2, "{told:?}");
}

/// The requests of two minutes: soon once more, then every ten seconds, and once without the cache.
#[test]
fn requests_that_get_lost_are_repeated_until_the_time_is_up() {
    let mut script = script([(0, app(BAD, "Synced"))]);
    let (followed, _) = played(&mut script);
    assert_eq!(followed.arrival.word(), "timedOut");
    assert_eq!(followed.milliseconds, 120_000);
    let times: Vec<u64> = script.written.iter().map(|(_, at)| *at).collect();
    assert_eq!(times[..4], [0, 2_000, 12_000, 22_000]);
    let hard = script.written.iter().filter(|(kind, _)| *kind == NudgeKind::HardRefresh);
    assert_eq!(hard.map(|(_, at)| *at).collect::<Vec<u64>>(), [60_000]);
}

#[test]
fn a_dead_controller_is_told_after_half_a_minute() {
    let mut script = Script { is_dead: true, ..script([(0, app(BAD, "Synced"))]) };
    let (followed, _) = played(&mut script);
    assert_eq!(followed.arrival.word(), "controllerNotRunning");
    assert_eq!(followed.milliseconds, 30_000);
    assert_eq!(script.written.len(), 1);
    let words = followed.words("Argo CD application web");
    assert!(
        words.starts_with("the application-controller of Argo CD has not picked up"),
        "{words}"
    );
}

#[test]
fn without_the_right_to_ask_it_waits_and_says_so() {
    let mut script = script([(0, app(BAD, "Synced")), (9_000, app(REVERT, "Synced"))]);
    script.refusals.push_back(Refusal::Never(forbidden()));
    let (followed, told) = played(&mut script);
    assert_eq!(followed.arrival.word(), "reached");
    assert!(followed.written.is_empty());
    assert_eq!(script.written.len(), 1, "it is tried once");
    let refused = told.iter().filter(|told| matches!(told, Told::NotNudged { .. })).count();
    assert_eq!(refused, 1, "{told:?}");
}

#[test]
fn without_the_right_to_sync_nothing_comes_of_it() {
    let mut script = script([(0, app(REVERT, "OutOfSync"))]);
    script.refusals.push_back(Refusal::Never(forbidden()));
    let (followed, _) = played(&mut script);
    assert_eq!(followed.arrival.word(), "forbidden");
    assert_eq!(followed.arrival.exit_status().code(), 5);
    assert_eq!(script.written, [(NudgeKind::Sync, 0)]);
}

#[test]
fn a_lost_race_and_a_busy_server_are_no_end() {
    let mut script = script([(0, app(BAD, "Synced")), (60_000, app(REVERT, "Synced"))]);
    let lost = || Error::new(ErrorKind::LostRace, "changed");
    script.refusals.push_back(Refusal::Changed(lost()));
    script.refusals.push_back(Refusal::Later(Duration::from_secs(3)));
    script.refusals.push_back(Refusal::Unknown(lost()));
    let (followed, told) = played(&mut script);
    assert_eq!(followed.arrival.word(), "reached");
    // What may have been written is not written again before its time.
    let times: Vec<u64> = script.written.iter().map(|(_, at)| *at).collect();
    assert_eq!(times[..4], [0, 500, 3_500, 5_500]);
    let warnings = told.iter().filter(|told| matches!(told, Told::Warning { .. })).count();
    assert_eq!(warnings, 1, "{told:?}");
}

#[test]
fn an_owner_that_is_gone_or_unreadable_ends_it() {
    for (how, word) in [(How::Gone, "deleted"), (How::Ended(forbidden()), "lost")] {
        let mut script = script([(0, app(BAD, "Synced")), (100, how)]);
        let (followed, _) = played(&mut script);
        assert_eq!(followed.arrival.word(), word);
    }
}
