//! Git, looked into beside what must not wait for it.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, MaybeDone, maybe_done};

use crate::durable::plan::Through;
use crate::error::{Error, ErrorKind, Result};

use super::here::Ready;

/// What Git says: what is to be carried out there, and what of it the plan tells.
pub(super) struct Known {
    pub(super) ready: Ready,
    pub(super) through: Through,
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

    /// Does the work, and searches as long as that takes.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = &mut work => done,
            () = &mut self.0 => work.await,
        }
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
        std::pin::Pin::new(&mut self.0).take_output().unwrap_or_else(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Result<Known> {
        Err(Error::new(ErrorKind::Unreachable, "no answer"))
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_it_who_does_not_ask_for_its_end() {
        let slow = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            nothing()
        };
        let mut search = Search::new(slow);
        let started = tokio::time::Instant::now();
        assert_eq!(search.beside(async { 7 }).await, 7);
        search.within(Duration::from_secs(5)).await;
        assert!(search.found().is_none());
        assert_eq!(started.elapsed(), Duration::from_secs(5));
        let error = search.end().await.err().expect("an error");
        assert_eq!(error.to_string(), "no answer");
        assert_eq!(started.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_beside_other_work() {
        let mut search = Search::new(async { nothing() });
        search.beside(tokio::time::sleep(Duration::from_secs(1))).await;
        assert!(search.found().is_some());
        assert!(search.end().await.is_err());
    }
}
