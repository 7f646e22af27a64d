//! An answer of a host, as a document.

use http::HeaderMap;
use http::header::{CONTENT_TYPE, LINK};
use serde_json::Value;

use super::{Api, Lost, PAGE, refusal};
use crate::cluster::{Ending, HttpAnswer};
use crate::error::{Error, ErrorKind, Result};
use crate::text::sanitize;

/// An answer of a host.
#[derive(Debug)]
pub(in crate::hosting) struct Answer {
    /// Its status.
    pub(in crate::hosting) status: u16,
    /// Its headers.
    pub(in crate::hosting) headers: HeaderMap,
    /// Its document; null where it has none.
    pub(in crate::hosting) document: Value,
}

impl Answer {
    /// Takes an answer whose body is whole and JSON. Where the answer is bad news anyhow, a body
    /// that is neither is no further one.
    pub(super) fn read(answer: HttpAnswer, api: &Api, is_write: bool) -> Result<Self, Lost> {
        let HttpAnswer { status, headers, body, ending } = answer;
        let is_good = (200..300).contains(&status);
        let document = match ending {
            Ending::Whole if body.iter().all(u8::is_ascii_whitespace) => Ok(Value::Null),
            Ending::Whole => serde_json::from_slice(&body).map_err(|_| not_json(&headers)),
            Ending::Cut => Err("its answer is longer than 16 MiB".to_owned()),
            Ending::Broken(why) => Err(format!("its answer breaks off: {why}")),
            Ending::Late => Err("its answer did not end in time".to_owned()),
        };
        match document {
            Ok(document) => Ok(Self { status, headers, document }),
            Err(_) if !is_good => Ok(Self { status, headers, document: Value::Null }),
            Err(why) => {
                let error = api.odd(&sanitize(&why));
                Err(Lost { error, may_be_done: is_write, is_passing: false })
            }
        }
    }

    /// The document of a good answer; else why the host does not do `what`.
    pub(in crate::hosting) fn ok(&self, api: &Api, what: &str) -> Result<&Value> {
        if self.is_good() { Ok(&self.document) } else { Err(self.refused(api, what)) }
    }

    /// Whether it did what it was asked for.
    pub(in crate::hosting) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Why the host does not do `what`: `open a request`.
    pub(in crate::hosting) fn refused(&self, api: &Api, what: &str) -> Error {
        refusal::refused(api, self, what)
    }

    /// What the host says in its own words, for people.
    pub(in crate::hosting) fn said(&self, api: &Api) -> String {
        refusal::said_of(api, self)
    }

    /// Whether what the host says has this in it, whatever the case.
    pub(in crate::hosting) fn says(&self, part: &str) -> bool {
        let said = refusal::said(&self.document).to_ascii_lowercase();
        said.contains(&part.to_ascii_lowercase())
    }

    /// Whether a list goes on behind this page.
    pub(super) fn has_next_page(&self, members: usize) -> bool {
        match self.headers.get(LINK).and_then(|link| link.to_str().ok()) {
            Some(link) => link.contains("rel=\"next\""),
            None => members >= PAGE,
        }
    }
}

fn not_json(headers: &HeaderMap) -> String {
    match headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
        Some(kind) => format!("its answer is not JSON: {kind}"),
        None => "its answer is not JSON".to_owned(),
    }
}

/// Nothing tells whether a write was done.
pub(in crate::hosting) fn unknown(what: &str, cause: Error) -> Error {
    Error::new(ErrorKind::Inconclusive, format!("nothing tells whether it was done: {what}"))
        .because(cause)
        .hint("run the same command again: it finds what is there already")
}
