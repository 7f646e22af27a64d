//! Requests in a row, until one of them is not answered well.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use tokio::time::sleep;

use super::judge;
use crate::cluster::{
    Cluster, Deadline, Ending, HttpAnswer, HttpAsk, NoAnswer, Path, Why, ask_url,
};
use crate::rollback::model::check::Finding;
use crate::rollback::model::http_probe::{HttpMethod, HttpProbe};

/// How much of a body is read.
pub(super) const LIMIT: usize = 64 * 1024;

/// The way that the requests take.
pub(super) enum Way<'a> {
    /// From here.
    Here(Uri),
    /// Through the API server, by this `proxy` subresource; behind it is the program's own path.
    Carried { cluster: &'a Cluster, proxy: Path, behind: String },
}

/// Why a row has ended too early.
#[derive(Debug)]
pub(super) struct Bad {
    /// One word for machines.
    pub(super) reason: &'static str,
    /// Whether it is the program's fault; otherwise nothing is known of it.
    pub(super) is_failure: bool,
    /// What was wrong: `status 503, expected 200 to 299`.
    pub(super) message: String,
    /// What it rests on.
    pub(super) evidence: Vec<String>,
    /// A command that shows more or mends it.
    pub(super) hint: Option<String>,
    /// Where there was no answer at all: why.
    pub(super) why: Option<Why>,
}

impl Way<'_> {
    async fn ask(&self, ask: &HttpAsk<'_>, until: Deadline) -> Result<HttpAnswer, NoAnswer> {
        match self {
            Self::Here(url) => ask_url(url, ask, until).await,
            Self::Carried { cluster, proxy, behind } => {
                cluster.ask_program(proxy, behind, ask, until).await
            }
        }
    }

    /// What the API server puts before the path of a redirect.
    fn prefix(&self) -> String {
        match self {
            Self::Here(_) => String::new(),
            Self::Carried { proxy, .. } => proxy.to_string(),
        }
    }
}

/// Asks until so many answers as are wanted were good, or one was not.
pub(super) async fn in_a_row(
    way: &Way<'_>,
    probe: &HttpProbe,
    deadline: Deadline,
) -> Result<(), Bad> {
    let headers = headers(probe);
    let method = match probe.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
    };
    let ask = HttpAsk { method, headers: &headers, body: &[], limit: LIMIT };
    for number in 1..=probe.consecutive {
        if number > 1 && !probe.pause.is_zero() {
            sleep(probe.pause.min(deadline.remaining())).await;
        }
        let until = deadline.earlier(probe.timeout);
        let answer = way.ask(&ask, until).await;
        let is_late = match &answer {
            Ok(answer) => answer.ending == Ending::Late,
            Err(no_answer) => no_answer.why == Why::Timeout,
        };
        let bad = match answer {
            _ if is_late && deadline.passed() => Some(Bad::out_of_time()),
            Ok(answer) => judge::flaw(probe, &answer, &way.prefix()),
            Err(no_answer) => Some(Bad::without_answer(no_answer, probe)),
        };
        if let Some(mut bad) = bad {
            if probe.consecutive > 1 {
                bad.message = format!("{} (answer {number} of {})", bad.message, probe.consecutive);
            }
            return Err(bad);
        }
    }
    Ok(())
}

/// What a row of good answers is called.
pub(super) fn row(probe: &HttpProbe) -> String {
    match probe.consecutive {
        1 => "1 good answer".to_owned(),
        many => format!("{many} good answers in a row"),
    }
}

impl Bad {
    /// An answer that is not as it should be.
    pub(super) fn answer(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            is_failure: true,
            message: message.into(),
            evidence: Vec::new(),
            hint: None,
            why: None,
        }
    }

    /// Something else that stands in the way.
    pub(super) fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self { is_failure: false, ..Self::answer(reason, message) }
    }

    fn out_of_time() -> Self {
        Self::unknown("OutOfTime", "no answer before the time for all checks was up")
    }

    fn without_answer(no_answer: NoAnswer, probe: &HttpProbe) -> Self {
        let NoAnswer { why, message, hint } = no_answer;
        let message = match why {
            Why::Timeout => format!("{message} (within {:?})", probe.timeout),
            _ => message,
        };
        Self {
            is_failure: why.is_of_the_program(),
            hint,
            why: Some(why),
            ..Self::answer(why.word(), message)
        }
    }

    /// The finding, where this is all that is known; `place` is what was asked.
    pub(super) fn finding(self, place: &str, hint: Option<String>) -> Finding {
        let message = format!("{place}: {}", self.message);
        let finding =
            if self.is_failure { Finding::fail(message) } else { Finding::unknown(message) };
        let finding = finding.because(self.reason).evidence(self.evidence);
        match self.hint.or(hint) {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }
}

/// The headers to send. Impossible ones are a flaw of the probe, found before.
fn headers(probe: &HttpProbe) -> HeaderMap {
    let parse = |(name, value): &(String, String)| {
        let mut value = HeaderValue::from_str(value).ok()?;
        // They may be credentials: no `Debug` shows them.
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    };
    probe.headers.iter().filter_map(parse).collect()
}
