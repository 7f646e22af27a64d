//! Pods that have to be deleted before a rollout can go on, and when each may be.

use std::collections::VecDeque;

use crate::rollback::model::progress::{Phase, Progress};

/// The deletion of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rollback) struct Deletion {
    /// Path of the pod below the API server's URL.
    pub(in crate::rollback) path: String,
    /// Its name.
    pub(in crate::rollback) name: String,
    /// Its uid: another pod of that name is not deleted.
    pub(in crate::rollback) uid: String,
    /// Whether it serves: then it is deleted only while all others do.
    pub(in crate::rollback) ready: bool,
    /// Whether the controller would go on by itself if it served.
    pub(in crate::rollback) is_stuck: bool,
}

impl Deletion {
    pub(in crate::rollback) fn summary(&self) -> String {
        format!("delete pod {}", self.name)
    }
}

/// The deletions that are left.
#[derive(Debug, Default)]
pub(in crate::rollback) struct Deletions {
    waiting: VecDeque<Deletion>,
    under_way: usize,
    /// How many pods of the target there have to be before the next one that serves may go.
    updated: i64,
}

/// A count as the API has it.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Deletions {
    pub(super) fn new(all: Vec<Deletion>) -> Self {
        Self { waiting: all.into(), under_way: 0, updated: 0 }
    }

    /// Those that may be deleted now. Before the controller has seen the new template it would make
    /// the pod again from the old one. Pods that serve go one at a time.
    pub(super) fn due(&mut self, progress: Option<&Progress>) -> Vec<Deletion> {
        let Some(progress) = progress.filter(|p| p.phase != Phase::Unobserved) else {
            return Vec::new();
        };
        let (serving, down): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|deletion| deletion.ready);
        let mut due = down;
        self.waiting = serving.into();
        let pods = &progress.pods;
        // More of them there cannot be while some wait: one that somebody else has replaced already
        // does not count again.
        let updated = self.updated.min(pods.desired - count(self.waiting.len()));
        let all_serve = pods.available >= pods.desired && pods.updated >= updated;
        if due.is_empty() && self.under_way == 0 && all_serve {
            due.extend(self.waiting.pop_front());
        }
        if !due.is_empty() {
            self.updated = pods.updated.max(self.updated) + count(due.len());
        }
        self.under_way += due.len();
        due
    }

    /// How a pod does now: one that has stopped serving need not wait for the others, and would wait
    /// for itself.
    pub(super) fn saw(&mut self, uid: &str, ready: bool) {
        let own = self.waiting.iter_mut().find(|deletion| deletion.uid == uid);
        if let Some(deletion) = own.filter(|_| !ready) {
            deletion.ready = false;
        }
    }

    /// One turned out to serve, and was not deleted.
    pub(super) fn spare(&mut self, deletion: &Deletion) {
        self.done();
        self.updated -= 1;
        if !deletion.is_stuck {
            self.waiting.push_back(Deletion { ready: true, ..deletion.clone() });
        }
    }

    /// Whether an answer is still to come.
    pub(super) fn are_under_way(&self) -> bool {
        self.under_way > 0
    }

    /// One is deleted.
    pub(super) fn done(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn are_done(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::progress::PodCounts;

    fn deletions(ready: &[bool]) -> Deletions {
        let deletion = |(n, ready): (usize, &bool)| Deletion {
            path: String::new(),
            name: n.to_string(),
            uid: format!("u{n}"),
            ready: *ready,
            is_stuck: false,
        };
        Deletions::new(ready.iter().enumerate().map(deletion).collect())
    }

    fn progress(phase: Phase, updated: i64, available: i64) -> Progress {
        let pods = PodCounts { desired: 3, total: 3, updated, ready: available, available };
        Progress { phase, message: String::new(), pods }
    }

    fn names(due: &[Deletion]) -> Vec<&str> {
        due.iter().map(|deletion| deletion.name.as_str()).collect()
    }

    #[test]
    fn nothing_is_deleted_before_the_controller_has_seen_the_template() {
        let mut deletions = deletions(&[false]);
        assert!(deletions.due(None).is_empty());
        assert!(deletions.due(Some(&progress(Phase::Unobserved, 0, 3))).is_empty());
        assert_eq!(names(&deletions.due(Some(&progress(Phase::Rolling, 0, 2)))), ["0"]);
        assert!(!deletions.are_done());
        deletions.done();
        assert!(deletions.are_done());
    }

    #[test]
    fn a_pod_that_serves_again_waits_for_its_turn_unless_it_was_only_stuck() {
        for (is_stuck, done) in [(true, true), (false, false)] {
            let mut deletions = deletions(&[false]);
            let due = deletions.due(Some(&progress(Phase::Rolling, 0, 2)));
            deletions.spare(&Deletion { is_stuck, ..due[0].clone() });
            assert_eq!(deletions.are_done(), done);
            assert!(deletions.due(Some(&progress(Phase::Rolling, 0, 2))).is_empty());
            let later = deletions.due(Some(&progress(Phase::Rolling, 0, 3)));
            assert_eq!(later.len(), usize::from(!is_stuck));
        }
    }

    #[test]
    fn pods_that_serve_go_one_at_a_time() {
        let mut deletions = deletions(&[false, true, true]);
        let mut due = |updated, available, done| {
            (0..done).for_each(|_| deletions.done());
            let due = deletions.due(Some(&progress(Phase::AwaitsDeletion, updated, available)));
            names(&due).join(" ")
        };
        assert_eq!(due(0, 2, 0), "0");
        assert_eq!(due(0, 2, 1), "");
        assert_eq!(due(1, 2, 0), "");
        assert_eq!(due(1, 3, 0), "1");
        // The status is from before the deletion: nothing shows yet that a pod is missing.
        assert_eq!(due(1, 3, 1), "");
        assert_eq!(due(2, 2, 0), "");
        assert_eq!(due(2, 3, 0), "2");
    }

    #[test]
    fn a_pod_that_has_stopped_serving_does_not_wait_for_itself() {
        let mut deletions = deletions(&[true, true]);
        let missing_one = progress(Phase::AwaitsDeletion, 1, 2);
        assert!(deletions.due(Some(&missing_one)).is_empty());
        deletions.saw("u1", true);
        assert!(deletions.due(Some(&missing_one)).is_empty());
        deletions.saw("u1", false);
        assert_eq!(names(&deletions.due(Some(&missing_one))), ["1"]);
        deletions.done();
        // The status may be from before that one went.
        let stale = progress(Phase::AwaitsDeletion, 1, 3);
        assert!(deletions.due(Some(&stale)).is_empty());
        assert_eq!(names(&deletions.due(Some(&progress(Phase::AwaitsDeletion, 2, 3)))), ["0"]);
    }

    #[test]
    fn a_pod_that_somebody_else_replaced_does_not_hold_up_the_others() {
        let mut deletions = deletions(&[true, true, true]);
        let mut due = |updated| {
            let due = deletions.due(Some(&progress(Phase::AwaitsDeletion, updated, 3)));
            (0..due.len()).for_each(|_| deletions.done());
            names(&due).join(" ")
        };
        assert_eq!(due(0), "0");
        // Somebody else has deleted "1" meanwhile: its replacement is counted before it is due here.
        assert_eq!(due(2), "1");
        assert_eq!(due(2), "2");
    }
}
