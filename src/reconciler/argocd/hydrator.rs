//! The source hydrator: what a person commits is rendered into another branch, and the commits there
//! are what is compared and applied. This maps the ones to the others.

use serde_json::Value;

use super::super::following::Following;
use super::fields::text;

const RENDERED: [&str; 2] =
    ["/status/sourceHydrator/currentOperation", "/status/sourceHydrator/lastSuccessfulOperation"];

/// Whether the Application has one.
pub(super) fn is_used(application: &Value) -> bool {
    application.pointer("/spec/sourceHydrator").is_some_and(Value::is_object)
}

/// The commit that was rendered from the wanted one, or from one on top of it; with that one.
pub(super) fn rendered<'v>(
    application: &'v Value,
    following: &Following<'_>,
) -> Option<(&'v str, &'v str)> {
    RENDERED.iter().find_map(|place| {
        let dry = text(application, &format!("{place}/drySHA"));
        let wet = text(application, &format!("{place}/hydratedSHA"));
        let is_it = !wet.is_empty() && following.relation(dry).is_at();
        is_it.then_some((wet, dry))
    })
}

/// Why the wanted commit could not be rendered.
pub(super) fn failure<'v>(application: &'v Value, following: &Following<'_>) -> Option<&'v str> {
    let place = "/status/sourceHydrator/currentOperation";
    let is_ours = following.relation(text(application, &format!("{place}/drySHA"))).is_at();
    let has_failed = text(application, &format!("{place}/phase")) == "Failed";
    (is_ours && has_failed).then(|| text(application, &format!("{place}/message")))
}
