//! From here to a URL.

use super::row::{Way, in_a_row, row};
use crate::cluster::Deadline;
use crate::rollback::model::check::Finding;
use crate::rollback::model::http_probe::{HttpProbe, shown};
use crate::text::shell_quote;

pub(super) async fn round(probe: &HttpProbe, deadline: Deadline) -> Finding {
    let Ok(Some(url)) = probe.url() else {
        return Finding::unknown("there is no URL to ask").because("Configuration").for_good();
    };
    let place = format!("{} {}", probe.method.word(), shown(&url.to_string()));
    // A query may hold a token, and without it the command would ask for something else.
    let curl = url.query().is_none().then(|| {
        let head = if probe.method.word() == "HEAD" { "I" } else { "i" };
        format!(
            "curl -sS{head} -m {} {}",
            probe.timeout.as_secs().max(1),
            shell_quote(&url.to_string())
        )
    });
    match in_a_row(&Way::Here(url), probe, deadline).await {
        Ok(()) => Finding::pass(format!("{place}: {}", row(probe))),
        Err(bad) => bad.finding(&place, curl),
    }
}

#[cfg(test)]
mod tests;
