//! A search in Git that nobody has to wait for.

use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, MaybeDone, maybe_done};

use crate::durable::passage::Barred;
use crate::durable::plan::Through;
use crate::error::{Error, ErrorKind, Result};

use super::here::Ready;

/// What Git says: what is to be carried out there, and what of it the plan tells.
pub(super) struct Known {
    pub(super) ready: Ready,
    pub(super) through: std::result::Result<Through, Barred>,
}

/// It goes on only while one of its methods is awaited.
pub(super) struct Search<'a>(MaybeDone<LocalBoxFuture<'a, Result<Known>>>);

impl<'a> Search<'a> {
    /// `search` is not begun before the first method is awaited.
    pub(super) fn new(search: impl Future<Output = Result<Known>> + 'a) -> Self {
        Self(maybe_done(search.boxed_local()))
    }

    /// It has ended already.
    pub(super) fn ended(known: Known) -> Self {
        Self(MaybeDone::Done(Ok(known)))
    }

    /// Searches at most so long.
    pub(super) async fn within(&mut self, patience: Duration) {
        // What is not known by then is searched further.
        let _ = tokio::time::timeout(patience, &mut self.0).await;
    }

    /// What came out; `None`: nothing yet.
    pub(super) fn found(&self) -> Option<&Result<Known>> {
        match &self.0 {
            MaybeDone::Done(known) => Some(known),
            MaybeDone::Future(_) | MaybeDone::Gone => None,
        }
    }

    /// Searches to the end.
    pub(super) async fn end(mut self) -> Result<Known> {
        (&mut self.0).await;
        let lost = || Err(Error::new(ErrorKind::Internal, "the search in Git has no result"));
        Pin::new(&mut self.0).take_output().unwrap_or_else(lost)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_where_somebody_has_stopped_waiting() {
        let answer = Notify::new();
        let mut search = Search::new(async {
            answer.notified().await;
            Err(Error::new(ErrorKind::Unreachable, "no answer"))
        });
        search.within(Duration::from_secs(5)).await;
        assert!(search.found().is_none());
        answer.notify_one();
        let error = search.end().await.err().expect("an error");
        assert_eq!(error.to_string(), "no answer");
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_out_is_there_for_whoever_looks() {
        let mut search =
            Search::new(async { Err(Error::new(ErrorKind::Unreachable, "no answer")) });
        assert!(search.found().is_none());
        search.within(Duration::from_secs(5)).await;
        assert!(search.found().is_some());
        assert!(search.end().await.is_err());
    }
}
