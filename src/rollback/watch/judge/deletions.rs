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
        let mut due = Vec::new();
        while self.waiting.front().is_some_and(|deletion| !deletion.ready) {
            due.extend(self.waiting.pop_front());
        }
        let pods = &progress.pods;
        let all_serve = pods.available >= pods.desired && pods.updated >= self.updated;
        if due.is_empty() && self.under_way == 0 && all_serve {
            due.extend(self.waiting.pop_front());
            if !due.is_empty() {
                self.updated = pods.updated + 1;
            }
        }
        self.under_way += due.len();
        due
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
            uid: String::new(),
            ready: *ready,
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
}
