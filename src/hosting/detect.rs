//! Which kind of host a server is: said by the user, known by name, or told by itself.

use futures::future::join_all;
use http::{HeaderMap, Method, Uri};
use serde_json::Value;
use std::time::Duration;

use super::{Host, Place, REGISTRY, by_word};
use crate::cluster::{Deadline, Ending, HttpAsk, ask_url};
use crate::error::{Error, ErrorKind, Result};

/// How long a server may take to tell.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of what it tells is read. GitHub tells the most.
const LIMIT: usize = 512 * 1024;

/// The kind of host; `None` where it is none that is known. [`ErrorKind::Usage`] where the user says a
/// word that is none.
pub async fn detect(
    place: &Place,
    said: Option<&str>,
    deadline: Deadline,
) -> Result<Option<&'static dyn Host>> {
    if let Some(word) = said {
        return by_word(word).map(Some).ok_or_else(|| no_such(word));
    }
    if let Some(host) = known(place) {
        return Ok(Some(host));
    }
    let deadline = deadline.earlier(PATIENCE);
    let asked = join_all(REGISTRY.iter().map(|host| is_it(*host, place, deadline))).await;
    Ok(REGISTRY.iter().zip(asked).find(|(_, is_it)| *is_it).map(|(host, _)| *host))
}

/// The kind of host that a server of this name is known to be. Asks nobody.
#[must_use]
pub fn known(place: &Place) -> Option<&'static dyn Host> {
    REGISTRY.iter().copied().find(|host| host.is_named(place.name()))
}

/// Whether a server says that it is one. Gets no token, and follows no redirect.
async fn is_it(host: &dyn Host, place: &Place, deadline: Deadline) -> bool {
    let Ok(url) = format!("{}{}", place.origin(), host.mark()).parse::<Uri>() else { return false };
    let headers = HeaderMap::new();
    let ask = HttpAsk { method: Method::GET, headers: &headers, body: &[], limit: LIMIT };
    match ask_url(&url, &ask, deadline).await {
        Ok(answer) if answer.ending == Ending::Whole => {
            let document = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            host.is_marked(answer.status, &answer.headers, &document)
        }
        Ok(_) => false,
        Err(no_answer) => {
            tracing::debug!(host = host.word(), why = no_answer.why.word(), "no mark");
            false
        }
    }
}

fn no_such(word: &str) -> Error {
    let words: Vec<&str> = REGISTRY.iter().map(|host| host.word()).collect();
    let word = crate::text::sanitize(word);
    Error::new(ErrorKind::Usage, format!("{word} is no kind of host that rb knows"))
        .hint(format!("use one of {}", words.join(", ")))
}
