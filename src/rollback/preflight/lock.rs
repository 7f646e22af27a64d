//! `lock`: does somebody hold the workload, or all of its namespace?

use jiff::Timestamp;
use serde_json::Value;

use super::freeze::{annotation, namespace};
use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::record::HOLD_ANNOTATION;
use crate::text::shell_quote;

/// On a workload or a namespace: who holds it and why, as JSON or in plain words.
const HOLD: &str = HOLD_ANNOTATION;

pub(super) struct Lock;

impl Preflight for Lock {
    fn id(&self) -> &'static str {
        "lock"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        vec![namespace(scene)]
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let (workload, reference) = (&scene.subject.workload, scene.plan.target.reference());
        let own = annotation(workload, HOLD).and_then(|text| held(text, scene.now));
        let answer = facts.value(&namespace(scene));
        let all = answer.as_ref().ok().and_then(|object| annotation(object, HOLD));
        let all = all.and_then(|text| held(text, scene.now));
        let of_namespace = format!("namespace {}", scene.namespace());
        let holds: Vec<String> = [(&reference, &own), (&of_namespace, &all)]
            .into_iter()
            .filter_map(|(object, hold)| Some(format!("{object} is held{}", hold.as_ref()?)))
            .collect();
        if holds.is_empty() {
            return match answer {
                Ok(_) => Finding::pass("nobody holds it"),
                Err(error) => Finding::unknown(error.to_string()).hint_from(error),
            };
        }
        let object = match own {
            Some(_) => shell_quote(&reference).into_owned(),
            None => format!("namespace {}", shell_quote(scene.namespace())),
        };
        let release = scene.kubectl(&format!("annotate {object} {HOLD}-"));
        Finding::warn(holds.join("; ")).because("Held").hint(release)
    }
}

/// ` by alice for 2h more: audit`; `None` where the hold has run out.
fn held(text: &str, now: Timestamp) -> Option<String> {
    let Ok(Value::Object(hold)) = serde_json::from_str::<Value>(text) else {
        return Some(if text == "true" { String::new() } else { format!(": {text}") });
    };
    let member = |name: &str| hold.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let until = hold.get("until").filter(|until| !until.is_null());
    let end = until.and_then(Value::as_str).and_then(|until| until.parse::<Timestamp>().ok());
    // An end that cannot be read is none: better one hold too many than one too few.
    if end.is_some_and(|end| end <= now) {
        return None;
    }
    let by = member("by").map(|by| format!(" by {by}")).unwrap_or_default();
    let until = match (end, until) {
        (Some(end), _) => format!(" for {} more", ago(end, now)),
        (None, Some(until)) => format!(" until {}", until.as_str().unwrap_or("some time")),
        (None, None) => String::new(),
    };
    let reason = member("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(format!("{by}{until}{reason}"))
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    #[test]
    fn a_hold_may_be_on_the_workload_or_on_all_of_its_namespace() {
        let hold = |text: &str| json!({"metadata": {"annotations": {HOLD: text}}});
        let (free, audit) = (json!({}), hold("audit"));
        for (workload, shop, status, message, object) in [
            (&free, Some(&free), CheckStatus::Pass, "nobody holds it", ""),
            (
                &free,
                Some(&audit),
                CheckStatus::Warn,
                "namespace shop is held: audit",
                "namespace shop",
            ),
            (&audit, None, CheckStatus::Warn, "deployment/web is held: audit", "deployment/web"),
            (
                &audit,
                Some(&hold("all")),
                CheckStatus::Warn,
                "deployment/web is held: audit; namespace shop is held: all",
                "deployment/web",
            ),
            (&free, None, CheckStatus::Unknown, "there is no such", ""),
        ] {
            let given = Given::workload(&json!({}), &json!({}), workload);
            let namespace = namespace(&given.scene());
            let found = given.find(&Lock, shop.map(|shop| (namespace, shop.clone())));
            assert_eq!((found.status, found.message.as_str()), (status, message));
            let hint = (!object.is_empty())
                .then(|| format!("kubectl annotate {object} kubectl-rb/hold- -n shop"));
            assert_eq!(found.hint, hint);
        }
    }

    #[test]
    fn a_hold_counts_until_it_has_run_out() {
        let now = "2026-01-01T12:00:00Z".parse().unwrap();
        for (text, words) in [
            ("audit of payments", Some(": audit of payments")),
            ("true", Some("")),
            ("{}", Some("")),
            (r#"{"by":"alice"}"#, Some(" by alice")),
            (
                r#"{"by":"alice","reason":"audit","until":"2026-01-01T14:00:00Z"}"#,
                Some(" by alice for 2h more: audit"),
            ),
            (r#"{"by":"alice","until":"2026-01-01T13:00:00+02:00"}"#, None),
            (r#"{"by":"alice","until":"2026-01-01T12:00:00Z"}"#, None),
            (r#"{"by":"alice","until":"Friday"}"#, Some(" by alice until Friday")),
            (r#"{"until":7}"#, Some(" until some time")),
            (r#"{"until":null,"by":""}"#, Some("")),
            (r#"["alice"]"#, Some(r#": ["alice"]"#)),
            ("{broken", Some(": {broken")),
        ] {
            assert_eq!(held(text, now).as_deref(), words, "{text}");
        }
    }
}
