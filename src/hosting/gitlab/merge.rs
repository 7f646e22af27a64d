//! Auto-merge on GitLab: the call that merges, which may wait for the pipeline.

use http::Method;
use serde_json::json;

use super::{GitLab, read};
use crate::error::Result;
use crate::hosting::api::{Answer, Api};
use crate::hosting::document::{flag, text};
use crate::hosting::{AutoMerge, Host as _, moved};
use crate::rollback::model::change_request::{ChangeRequest, RequestState};
use crate::text::sanitize;

pub(super) async fn when_ready(
    api: &Api,
    request: &ChangeRequest,
    commit: &str,
) -> Result<AutoMerge> {
    let path = GitLab.path(api.place(), request.number);
    // The second name of the wish is that of servers before 17.11.
    let body = json!({"sha": commit, "auto_merge": true, "merge_when_pipeline_succeeds": true,
        "should_remove_source_branch": true});
    // Right after the push there is no pipeline yet, and nobody has looked for conflicts: 405.
    let is_passing = |answer: &Answer| answer.status == 405;
    let answer = api.send_until(Method::PUT, &format!("{path}/merge"), &body, is_passing).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(lost) if lost.may_be_done => return api.merged_after_all(request.number, lost).await,
        Err(lost) => return Err(lost.into()),
    };
    match answer.status {
        409 => Err(moved(request)),
        // It has 401 for a user that it knows and that may not merge.
        401 => Ok(AutoMerge::NotOffered("the token's user may not merge there".to_owned())),
        405 | 406 | 422 => why_not(api, &path, &answer).await,
        _ => {
            let document = answer.ok(api, "merge the request")?;
            let merged =
                read::request(document).is_some_and(|now| now.state == RequestState::Merged);
            Ok(if merged { AutoMerge::Merged } else { AutoMerge::Set })
        }
    }
}

/// The refusal says nothing but that it is one.
async fn why_not(api: &Api, path: &str, refusal: &Answer) -> Result<AutoMerge> {
    let answer = api.get(path).await?;
    let document = answer.ok(api, "read the merge request")?;
    // Two calls at once: the other one has set it.
    if flag(document, "/merge_when_pipeline_succeeds") == Some(true) {
        return Ok(AutoMerge::Set);
    }
    let why = match text(document, "/detailed_merge_status").or(text(document, "/merge_status")) {
        Some(status) => sanitize(&status.replace('_', " ")).into_owned(),
        None => refusal.said(api),
    };
    Ok(AutoMerge::NotOffered(why))
}
