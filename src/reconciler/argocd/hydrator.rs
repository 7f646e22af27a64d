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

/// What somebody else has to do before what was rendered is applied.
pub(super) fn besides(application: &Value) -> Option<String> {
    let branch = |of: &str| text(application, &format!("/spec/sourceHydrator/{of}/targetBranch"));
    let (first, then) = (branch("hydrateTo"), branch("syncSource"));
    (!first.is_empty() && first != then).then(|| {
        format!(
            "what it renders goes to {first}, and is applied once somebody has moved {then} there; a \
             commit of its own on {then}, as a merge makes, is not known for it"
        )
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_branch_before_the_one_that_is_applied_is_told() {
        let of = |hydrator: Value| besides(&json!({"spec": {"sourceHydrator": hydrator}}));
        let sync = json!({"targetBranch": "env/prod"});
        let staged = json!({"syncSource": sync, "hydrateTo": {"targetBranch": "env/prod-next"}});
        let told = of(staged).unwrap();
        let start = "what it renders goes to env/prod-next, and is applied once somebody has moved \
                     env/prod there";
        assert!(told.starts_with(start), "{told}");
        for plain in
            [json!({"syncSource": sync}), json!({"syncSource": sync, "hydrateTo": sync}), json!(7)]
        {
            assert_eq!(of(plain.clone()), None, "{plain}");
        }
    }
}
