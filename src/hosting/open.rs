//! Finding the request or opening it: with one write, whatever comes back.

use tokio::time::sleep;

use super::api::{Api, Lost, unknown};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::change_request::{ChangeRequest, Wanted};

/// What came of the write that opens a request.
#[derive(Debug)]
pub enum Created {
    /// The request.
    New(Box<ChangeRequest>),
    /// There is one from this branch already; what the host says.
    Exists(String),
}

/// A request that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The request.
    pub request: ChangeRequest,
    /// Whether this call opened it.
    pub is_new: bool,
    /// What did not work on the way, in words for people: a label, a reviewer.
    pub notes: Vec<String>,
}

/// Finds the request or opens it. A new one gets labels and reviewers; one that was there those that it
/// lacks, and is otherwise left as people have made it.
///
/// [`ErrorKind::Inconclusive`] where nothing tells whether it was opened: a further call finds it.
pub async fn open(api: &Api, wanted: &Wanted) -> Result<Opened> {
    let host = api.host();
    if let Some(request) = host.find(api, wanted).await? {
        return Ok(there(api, request, wanted).await);
    }
    let request = match host.create(api, wanted).await {
        Ok(Created::New(request)) => *request,
        Ok(Created::Exists(said)) => {
            // Somebody was faster: another rb, or a person.
            let request = host.find(api, wanted).await?.ok_or_else(|| hidden(wanted, said))?;
            return Ok(there(api, request, wanted).await);
        }
        Err(lost) if lost.may_be_done => after_loss(api, wanted, lost).await?,
        Err(lost) => return Err(lost.into()),
    };
    let notes = host.dress(api, &request, wanted).await;
    Ok(Opened { request, is_new: true, notes })
}

/// A request that was there, with what it lacked.
async fn there(api: &Api, request: ChangeRequest, wanted: &Wanted) -> Opened {
    let notes = match lacking(api, &request, wanted).await {
        Ok(Some(lacking)) => api.host().dress(api, &request, &lacking).await,
        Ok(None) => Vec::new(),
        Err(error) => vec![format!("could not add labels and reviewers: {error}")],
    };
    Opened { request, is_new: false, notes }
}

/// What is wanted of labels and reviewers and is not there.
async fn lacking(api: &Api, request: &ChangeRequest, wanted: &Wanted) -> Result<Option<Wanted>> {
    if wanted.labels.is_empty() && wanted.reviewers.is_empty() {
        return Ok(None);
    }
    let answer = api.get(&api.host().path(api.place(), request.number)).await?;
    let worn = api.host().worn(answer.ok(api, "read the request")?);
    let labels = lacks(&wanted.labels, &worn.labels, |label| label);
    let reviewers = lacks(&wanted.reviewers, &worn.reviewers, without_org);
    let lacks_something = !labels.is_empty() || !reviewers.is_empty();
    Ok(lacks_something.then(|| Wanted { labels, reviewers, ..wanted.clone() }))
}

/// `org/team` is `team` there.
fn without_org(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, team)| team)
}

/// Those that are not among the others, in whatever case; `name` is what the host calls one.
fn lacks(wanted: &[String], worn: &[String], name: fn(&str) -> &str) -> Vec<String> {
    let has = |wanted: &&String| {
        let name = name(wanted).to_lowercase();
        worn.iter().any(|worn| worn.to_lowercase() == name)
    };
    wanted.iter().filter(|wanted| !has(wanted)).cloned().collect()
}

/// The request that was perhaps opened.
async fn after_loss(api: &Api, wanted: &Wanted, lost: Lost) -> Result<ChangeRequest> {
    sleep(api.pace().settle.min(api.deadline().remaining())).await;
    let what = format!("open a request from {} to {}", wanted.head, wanted.base);
    match api.host().find(api, wanted).await {
        Ok(Some(request)) => Ok(request),
        Ok(None) | Err(_) => Err(unknown(&what, lost.into())),
    }
}

fn hidden(wanted: &Wanted, said: String) -> Error {
    let Wanted { head, base, .. } = wanted;
    let message = format!("there is a request from {head} already, and none to {base} to be found");
    Error::new(ErrorKind::Refused, message)
        .because(said)
        .hint("close the other request, or delete its branch, and run the same command again")
}
