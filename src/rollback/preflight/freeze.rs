//! `freeze`: has somebody frozen the namespace? A rollback is allowed in a freeze, unless the
//! configuration says otherwise.

use serde_json::Value;

use super::{Preflight, Scene};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::shell_quote;

/// On a namespace: why nothing is to be deployed.
const FREEZE: &str = "kubectl-rb/freeze";

pub(super) struct Freeze;

impl Preflight for Freeze {
    fn id(&self) -> &'static str {
        "freeze"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        vec![namespace(scene)]
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let object = match facts.value(&namespace(scene)) {
            Ok(object) => object,
            Err(error) => return Finding::unknown(error.to_string()).hint_from(error),
        };
        let name = scene.namespace();
        match annotation(object, FREEZE) {
            None => Finding::pass(format!("namespace {name} is not frozen")),
            Some(why) => {
                let message = match why {
                    "true" => format!("namespace {name} is frozen"),
                    why => format!("namespace {name} is frozen: {why}"),
                };
                let lift = format!("annotate namespace {} {FREEZE}-", shell_quote(name));
                Finding::warn(message).because("Frozen").hint(scene.kubectl(&lift))
            }
        }
    }
}

/// Asks for the namespace of the workload.
pub(super) fn namespace(scene: &Scene<'_>) -> Ask {
    let path = Path::cluster_wide("api/v1", "namespaces").name(scene.namespace());
    Ask::Read(path.to_string())
}

/// What an annotation of an object says; empty and `false` say nothing.
pub(super) fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    let text = object.pointer("/metadata/annotations")?.get(key)?.as_str()?.trim();
    (!text.is_empty() && text != "false").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    #[test]
    fn a_freeze_is_told_with_its_reason() {
        let given = Given::specs(&json!({}), &json!({}));
        for (text, message) in [
            ("end of the quarter", Some("namespace shop is frozen: end of the quarter")),
            ("true", Some("namespace shop is frozen")),
            ("false", None),
            (" ", None),
        ] {
            let shop = json!({"metadata": {"annotations": {FREEZE: text}}});
            let found = given.find(&Freeze, [(namespace(&given.scene()), shop)]);
            match message {
                None => assert_eq!(found.status, CheckStatus::Pass, "{text}"),
                Some(message) => {
                    assert_eq!(
                        (found.status, found.message.as_str()),
                        (CheckStatus::Warn, message)
                    );
                    let hint = "kubectl annotate namespace shop kubectl-rb/freeze- -n shop";
                    assert_eq!(found.hint.as_deref(), Some(hint));
                }
            }
        }
        assert_eq!(given.find(&Freeze, []).status, CheckStatus::Unknown);
    }
}
