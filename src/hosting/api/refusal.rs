//! Why a host does not do what it was asked for: from its answer to an error.

use http::header::DATE;
use serde_json::Value;

use super::{Answer, Api, pause};
use crate::error::{Error, ErrorKind};
use crate::text::{age, sanitize};

/// How much of what a host says is shown.
const SHOWN: usize = 400;

/// The error for an answer that is no good one; `what` is `open a request`.
pub(super) fn refused(api: &Api, answer: &Answer, what: &str) -> Error {
    let (place, source) = (api.place(), &api.token().source);
    let name = api.name();
    let needs = format!("the token needs: {}", api.host().rights());
    let said = said_of(api, answer);
    let status = answer.status;
    let error = match status {
        401 => Error::new(
            ErrorKind::Unauthenticated,
            format!("{name} does not accept the token from {source}"),
        )
        .hint(format!("make a new one; {needs}")),
        403 | 429 if is_limited(answer) => {
            let wait = pause::asked(&answer.headers).map(|wait| wait.as_secs());
            let message = format!("{name} has had too many requests and does not {what} now");
            let hint = match wait.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX)) {
                Some(seconds) => format!("run the same command again in {}", age(seconds)),
                None => "run the same command again in some minutes".to_owned(),
            };
            Error::new(ErrorKind::Unreachable, message).hint(hint)
        }
        403 => {
            let error = Error::new(
                ErrorKind::Forbidden,
                format!("the token from {source} is not allowed to {what} in {place}"),
            );
            match sso(answer) {
                Some(url) => error.hint(format!("authorize the token for the organization: {url}")),
                None => error.hint(needs),
            }
        }
        404 => Error::new(
            ErrorKind::NotFound,
            format!("cannot {what}: {name} shows no such thing in {place}"),
        )
        .hint(format!(
            "a repository that the token from {source} may not see looks the same; {needs}"
        )),
        409 => Error::new(
            ErrorKind::Refused,
            format!("{name} does not {what} in {place}: something else was faster"),
        )
        .hint("run the same command again"),
        422 => Error::new(
            ErrorKind::Refused,
            format!("{name} does not take it to {what} in {place}: something in it is not valid"),
        ),
        300..=399 => Error::new(ErrorKind::Refused, format!("{name} answers {status} to {what}")),
        500.. => {
            Error::new(ErrorKind::Unreachable, format!("{name} cannot {what}: status {status}"))
                .hint("run the same command again in a moment")
        }
        _ => Error::new(
            ErrorKind::Refused,
            format!("{name} refuses to {what} in {place}: status {status}"),
        ),
    };
    // Support of the host asks for it.
    let id = answer.headers.get("x-github-request-id").or(answer.headers.get("x-request-id"));
    tracing::debug!(status, ?id, date = ?answer.headers.get(DATE), "refused");
    if said.is_empty() { error } else { error.because(said) }
}

/// GitHub tells of its second limit in words only.
fn is_limited(answer: &Answer) -> bool {
    pause::is_limited(answer.status, &answer.headers) || answer.says("rate limit")
}

/// Where a token is authorized for an organization with single sign-on: `required; url=…` (GitHub).
fn sso(answer: &Answer) -> Option<String> {
    let header = answer.headers.get("x-github-sso")?.to_str().ok()?;
    let url = header.split(';').find_map(|part| part.trim().strip_prefix("url="))?;
    Some(sanitize(url).into_owned())
}

/// What the host says in its own words, in one line for people; a token that it repeats is hidden.
pub(super) fn said_of(api: &Api, answer: &Answer) -> String {
    let said = api.token().hide(&said(&answer.document));
    sanitize(said.trim()).chars().take(SHOWN).collect()
}

/// The texts in an error document.
///
/// `{"message": …, "errors": [{"message": …}]}` (GitHub), `{"message": text, list or lists by field}`
/// and `{"error": …}` (GitLab), `{"message": …}` (Gitea).
pub(super) fn said(document: &Value) -> String {
    let mut texts = Vec::new();
    for member in ["message", "error", "error_description", "errors"] {
        if let Some(value) = document.get(member) {
            collect(value, &mut texts);
        }
    }
    texts.dedup();
    texts.join("; ")
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => match members.get("message") {
            Some(message) => collect(message, texts),
            None => {
                for (name, value) in members {
                    let mut of_member = Vec::new();
                    collect(value, &mut of_member);
                    texts.extend(of_member.into_iter().map(|text| format!("{name} {text}")));
                }
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_host_has_its_form_of_words() {
        for (document, text) in [
            (
                json!({"message": "Validation Failed", "errors": [
                    {"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for a:b."},
                ], "documentation_url": "https://docs", "status": "422"}),
                "Validation Failed; A pull request already exists for a:b.",
            ),
            (
                json!({"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]}),
                "Validation Failed; field head; code invalid",
            ),
            (
                json!({"message": ["Another open merge request already exists for this source branch: !5"]}),
                "Another open merge request already exists for this source branch: !5",
            ),
            (
                json!({"message": {"source_branch": ["is invalid", "is too long"]}}),
                "source_branch is invalid; source_branch is too long",
            ),
            (json!({"error": "insufficient_scope", "scope": "api"}), "insufficient_scope"),
            (json!({"message": "", "url": "https://gitea/api/swagger"}), ""),
            (json!(null), ""),
            (json!([1, 2]), ""),
        ] {
            assert_eq!(said(&document), text);
        }
    }
}
