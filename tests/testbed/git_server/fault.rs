//! What goes wrong between `git` and `git http-backend`.

use std::io::{self, Read, Write};

use super::http::{self, Request};

#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// None: what comes before the next rule.
    Pass,
    /// An answer of the front: status and headers.
    Status(u16, &'static str),
    /// It is elsewhere: the beginning of its URL there.
    Redirect(String),
    /// A page of a portal, with 200.
    Page,
    /// No answer for as long as the other side waits.
    Stall,
    /// The connection ends without an answer.
    Close,
    /// The answer breaks off after so many bytes of its body.
    Cut(usize),
    /// It is done, and the answer never comes.
    LoseAnswer,
    /// It is done, and the answer is this status.
    DoneBut(u16),
    /// It is done, and the answer never ends.
    DoneAndStall,
}

/// For the next `left` requests whose first line contains `part`.
pub(super) struct Rule {
    pub(super) part: &'static str,
    pub(super) left: usize,
    pub(super) fault: Fault,
}

pub(super) fn take(rules: &mut [Rule], request: &Request) -> Option<Fault> {
    let fits = |rule: &&mut Rule| rule.left > 0 && request.first_line().contains(rule.part);
    let rule = rules.iter_mut().find(fits)?;
    rule.left -= 1;
    Some(rule.fault.clone())
}

impl Fault {
    pub(super) fn apply(
        &self,
        request: &Request,
        stream: &mut (impl Read + Write),
        backend: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        match self {
            Self::Pass => http::pass(stream, &backend()?, usize::MAX),
            Self::Status(status, headers) => http::answer(stream, *status, headers, "no\n"),
            Self::Redirect(there) => {
                let location = format!("location: {there}{}\r\n", request.target);
                http::answer(stream, 302, &location, "there\n")
            }
            Self::Page => {
                let page = "<html><title>Sign in</title></html>\n";
                http::answer(stream, 200, "content-type: text/html\r\n", page)
            }
            Self::Stall => until_closed(stream),
            Self::Close => Ok(()),
            Self::Cut(bytes) => http::pass(stream, &backend()?, *bytes),
            Self::LoseAnswer => backend().map(drop),
            Self::DoneBut(status) => {
                backend()?;
                http::answer(stream, *status, "", "no\n")
            }
            Self::DoneAndStall => {
                backend()?;
                until_closed(stream)
            }
        }
    }
}

fn until_closed(stream: &mut impl Read) -> io::Result<()> {
    while stream.read(&mut [0; 512])? > 0 {}
    Ok(())
}
