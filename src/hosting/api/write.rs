//! Writes: sent once, unless the host says that it did nothing and may do it in a moment.

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Answer, Api, Lost, refusal, unknown};
use crate::error::Result;
use crate::hosting::{AutoMerge, Created};
use crate::rollback::model::change_request::{ChangeRequest, RequestState};

/// How often a write is sent that the host refuses for the moment.
const TRIES: u32 = 6;

impl Api {
    /// Sends a write, once.
    pub(in crate::hosting) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Lost> {
        self.send_to(method, &format!("{}{path}", self.base), body).await
    }

    /// The same to a whole URL of the same server.
    pub(in crate::hosting) async fn send_to(
        &self,
        method: Method,
        url: &str,
        body: &Value,
    ) -> Result<Answer, Lost> {
        let answer = self.ask(&method, url, None, Some(body)).await?;
        if answer.status >= 500 {
            // Perhaps it was done before something broke.
            let error = refusal::refused(self, &answer, "do what it was asked for");
            return Err(Lost { error, may_be_done: true, is_passing: true });
        }
        Ok(answer)
    }

    /// Sends a write again while the host says that it cannot do it yet.
    pub(in crate::hosting) async fn send_until(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        is_passing: impl Fn(&Answer) -> bool,
    ) -> Result<Answer, Lost> {
        let mut tries = 1;
        loop {
            let answer = self.send(method.clone(), path, body).await?;
            let settle = self.pace().settle;
            if !is_passing(&answer) || tries >= TRIES || settle >= self.deadline().remaining() {
                return Ok(answer);
            }
            sleep(settle).await;
            tries += 1;
        }
    }

    /// Sends a write that may fail: what did not work, in words for people.
    pub(in crate::hosting) async fn try_to(
        &self,
        what: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Option<String> {
        let result = match self.send(method, path, body).await {
            Ok(answer) => answer.ok(self, what).map(|_| ()),
            Err(lost) => Err(lost.into()),
        };
        result.err().map(|error| {
            let why = error.causes().into_iter().next().unwrap_or_else(|| error.to_string());
            format!("could not {what}: {why}")
        })
    }

    /// Asks each for a review, where the host takes users and teams as GitHub does; what comes back did
    /// not work. One call each: a name that it does not take makes the host refuse all of a call.
    pub(in crate::hosting) async fn ask_reviewers(
        &self,
        path: &str,
        reviewers: &[String],
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for reviewer in reviewers {
            let body = match reviewer.split_once('/') {
                Some((_, team)) => json!({"team_reviewers": [team]}),
                None => json!({"reviewers": [reviewer]}),
            };
            let what = format!("ask {reviewer} for a review");
            notes.extend(self.try_to(&what, Method::POST, path, &body).await);
        }
        notes
    }

    /// What came of the write that opens a request.
    pub(in crate::hosting) fn created(
        &self,
        answer: &Answer,
        exists: impl Fn(&Answer) -> bool,
        what: &str,
    ) -> Result<Created, Lost> {
        if exists(answer) {
            return Ok(Created::Exists(answer.said(self)));
        }
        let document = answer.ok(self, what).map_err(Lost::not_done)?;
        if let Some(request) = self.host().read(document) {
            // Nobody has looked for conflicts yet.
            let request = ChangeRequest { has_conflict: None, ..request };
            return Ok(Created::New(Box::new(request)));
        }
        // It says that it has done something.
        let error = self.odd("it does not describe the request that it opened");
        Err(Lost { error, may_be_done: true, is_passing: false })
    }

    /// Looks whether a merge without an answer was done.
    pub(in crate::hosting) async fn merged_after_all(
        &self,
        number: u64,
        lost: Lost,
    ) -> Result<AutoMerge> {
        sleep(self.pace().settle.min(self.deadline().remaining())).await;
        match self.request(number).await {
            Ok(request) if request.state == RequestState::Merged => Ok(AutoMerge::Merged),
            _ => Err(unknown(&format!("merge request {number}"), lost.into())),
        }
    }
}
