use serde_json::json;

use super::*;
use crate::backend;

fn judge() -> Judge<'static> {
    Judge::new(
        backend::by_kind("Deployment").unwrap(),
        Goal {
            template: Some(json!({"spec": "good"})),
            left: Some(json!({"spec": "bad"})),
            generation: 5,
            stale: Some("2026-01-01T00:00:00Z".into()),
            written_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            receivers: Vec::new(),
            undo: None,
            hash: "good".into(),
            ..Goal::default()
        },
    )
}

fn workload(generation: i64, template: &str, updated: i64) -> Value {
    json!({
        "metadata": {"name": "web", "generation": generation, "managedFields": [
            {"manager": "somebody", "time": "2026-01-01T00:00:00Z",
             "fieldsV1": {"f:spec": {"f:template": {}}}}]},
        "spec": {"replicas": 2, "template": {"spec": template}},
        "status": {"observedGeneration": generation, "replicas": 2, "updatedReplicas": updated,
                   "availableReplicas": updated},
    })
}

fn pod(uid: &str, hash: &str, waiting: &str, restarts: i64) -> PodState {
    PodState::read(&json!({
        "metadata": {"name": uid, "uid": uid, "labels": {"pod-template-hash": hash},
                     "creationTimestamp": "2026-01-01T00:00:01Z"},
        "status": {"containerStatuses": [{"name": "app", "ready": false,
            "restartCount": restarts, "state": {"waiting": {"reason": waiting}}}]},
    }))
}

const T: fn(u64) -> Duration = Duration::from_secs;

#[test]
fn only_the_patched_generation_proves_anything() {
    let mut judge = judge();
    assert_eq!(judge.workload(&workload(4, "good", 2)), None);
    assert_eq!(judge.workload(&workload(5, "good", 1)), None);
    assert_eq!(judge.workload(&workload(5, "good", 2)), Some(Ending::Complete));
}

#[test]
fn a_template_that_comes_back_is_told_from_another_release() {
    let by = Some("somebody".to_owned());
    assert_eq!(judge().workload(&workload(6, "bad", 2)), Some(Ending::PutBack(by.clone())));
    assert_eq!(judge().workload(&workload(6, "newer", 2)), Some(Ending::Superseded(by)));
}

#[test]
fn a_second_crash_ends_the_wait_and_a_first_does_not() {
    let mut judge = judge();
    assert_eq!(judge.pod(pod("a", "good", "CrashLoopBackOff", 0), true, T(1)), None);
    assert_eq!(
        judge.pod(pod("a", "good", "CrashLoopBackOff", 1), false, T(2)),
        Some(Ending::PodsFailed)
    );
    assert_eq!(judge.failure().unwrap().reason, "CrashLoopBackOff");
    assert_eq!(judge.take_troubles().len(), 1);
}

#[test]
fn crashes_from_before_the_write_do_not_count() {
    let mut judge = judge();
    assert_eq!(judge.pod(pod("a", "good", "CrashLoopBackOff", 7), false, T(0)), None);
    assert_eq!(judge.pod(pod("a", "good", "CrashLoopBackOff", 8), false, T(1)), None);
    assert!(judge.pod(pod("a", "good", "CrashLoopBackOff", 9), false, T(2)).is_some());
}

#[test]
fn pods_from_before_the_write_are_not_new_when_they_are_listed() {
    let mut judge = judge();
    let mut old = pod("a", "good", "CrashLoopBackOff", 7);
    old.created = Some("2025-12-31T23:59:59Z".parse().unwrap());
    assert_eq!(judge.pods(vec![old], T(1)), None);
    let new = pod("b", "good", "CrashLoopBackOff", 1);
    assert_eq!(judge.pods(vec![new], T(2)), Some(Ending::PodsFailed));
}

#[test]
fn a_pull_error_has_twenty_seconds_to_mend() {
    let mut judge = judge();
    assert_eq!(judge.pod(pod("a", "good", "ErrImagePull", 0), true, T(1)), None);
    assert_eq!(judge.pod(pod("a", "good", "ImagePullBackOff", 0), false, T(10)), None);
    assert_eq!(judge.tick(T(20)), None);
    assert_eq!(judge.tick(T(21)), Some(Ending::PodsFailed));
}

#[test]
fn a_pull_error_that_mends_is_forgotten() {
    let mut judge = judge();
    judge.pod(pod("a", "good", "ErrImagePull", 0), true, T(1));
    judge.pod(pod("a", "good", "ContainerCreating", 0), false, T(5));
    assert_eq!(judge.tick(T(60)), None);
}

#[test]
fn pods_of_other_revisions_do_not_count() {
    let mut judge = judge();
    assert_eq!(judge.pod(pod("a", "bad", "CrashLoopBackOff", 9), true, T(1)), None);
    assert_eq!(judge.failure(), None);
}

#[test]
fn an_exceeded_deadline_from_before_the_write_is_not_believed() {
    let with_condition = |time: &str| {
        let mut w = workload(5, "good", 0);
        w["status"]["conditions"] = json!([{"type": "Progressing",
            "reason": "ProgressDeadlineExceeded", "lastUpdateTime": time}]);
        w
    };
    assert_eq!(judge().workload(&with_condition("2026-01-01T00:00:00Z")), None);
    assert_eq!(
        judge().workload(&with_condition("2026-01-01T00:10:00Z")),
        Some(Ending::DeadlineExceeded)
    );
}
