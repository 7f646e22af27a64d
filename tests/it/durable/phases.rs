//! What an undo through Git asks of the API server under Argo CD, by what it is for. The benchmark
//! counts with it, too.

use crate::testbed::Recorded;

/// Requests besides watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phases {
    /// The workload, its revisions, its owners: what the plan is made of.
    pub(crate) reading: usize,
    /// The checks before anything is written.
    pub(crate) checks: usize,
    /// From the first write on: all writes, following the owner, and finding what it has made live.
    pub(crate) rollback: usize,
    /// The checks of what is live.
    pub(crate) verification: usize,
}

impl Phases {
    /// Reads the record of the proxy. The owner is the last that is read for the plan. When it has
    /// applied the commit, what is live is read before the traces are left, and checked after that.
    pub(crate) fn of(requests: &[Recorded]) -> Self {
        let asked: Vec<&Recorded> =
            requests.iter().filter(|record| !record.request.is_watch()).collect();
        let is_write = |record: &&&Recorded| record.request.is_write();
        let is_owner = |record: &&&Recorded| {
            // Those beside it are looked at together with the checks.
            let path = &record.request.path;
            path.contains("argoproj.io/") && !path.contains("/applications?limit=")
        };
        let first_write = asked.iter().take_while(|record| !is_write(record)).count();
        let (before, after) = asked.split_at(first_write);
        let reading = last(before, is_owner);
        // The checks of what is live read the owner, too.
        let arrival = last(after, |record| is_owner(record) && is_write(record));
        let (followed, rest) = after.split_at(arrival);
        let found = rest.iter().take_while(|record| !is_write(record)).count();
        let traces = rest.iter().skip(found).filter(is_write).count();
        Self {
            reading,
            checks: before.len() - reading,
            rollback: followed.len() + found + traces,
            verification: rest.len() - found - traces,
        }
    }

    pub(crate) fn all(&self) -> usize {
        self.reading + self.checks + self.rollback + self.verification
    }
}

/// How many there are up to the last of these.
fn last(requests: &[&Recorded], is_it: impl Fn(&&&Recorded) -> bool) -> usize {
    requests.iter().rposition(|record| is_it(&record)).map_or(0, |index| index + 1)
}
