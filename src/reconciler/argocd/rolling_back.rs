//! A sync of an Application to a state of its own history, without Git: for one that is not synced by
//! itself, and whose repository cannot be written.

use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::record::FIELD_MANAGER;

use super::super::following::{Nudge, NudgeKind};
use super::fields::{flag, items, text};
use super::nudging::{OPERATION, guarded, path};
use super::operation::{Phase, pinned_to, revisions};
use super::policy::is_automated;
use super::revision::shorts;
use super::{qualified, sources};

/// The write. Hooks run, as in any sync; nothing is pruned unless the Application prunes by itself.
pub(super) fn operation(
    application: &Value,
    wanted: &[String],
    token: &str,
    reason: Option<&str>,
) -> Result<Nudge> {
    let who = format!("Argo CD application {}", qualified(application));
    let refused = |message: String| Err(Error::new(ErrorKind::Refused, message));
    if is_automated(application) {
        let message = format!("{who} is synced by itself: it would undo that within seconds");
        return Err(Error::new(ErrorKind::Refused, message).hint("leave --direct out"));
    }
    if !matches!(Phase::of(application), Phase::Never | Phase::Succeeded | Phase::Failed) {
        return refused(format!("{who} has an operation under way, which would go on and win"));
    }
    let mut entries = items(application, "/status/history").iter().rev();
    let Some(entry) = entries.find(|entry| revisions(entry, "") == wanted) else {
        return refused(format!("{who} has no history entry of that state any more"));
    };
    let several = items(entry, "/sources");
    let is_multiple = !items(application, "/spec/sources").is_empty();
    let source = entry.get("source").filter(|source| !text(source, "/repoURL").is_empty());
    let (member, value) = match (is_multiple, several, source) {
        (true, [_, ..], _) => ("sources", json!(several)),
        (false, [], Some(source)) => ("source", source.clone()),
        _ => {
            return refused(format!(
                "the history entry of that state does not say what {who} takes its files from"
            ));
        }
    };
    let declared = sources::declared(application).len();
    if is_multiple && (several.len() != wanted.len() || declared != wanted.len()) {
        // With one too few Argo CD would take whatever is newest.
        return refused(format!(
            "the history entry of that state has not one revision a source of {who}"
        ));
    }
    let mut sync = Map::new();
    sync.insert("syncStrategy".to_owned(), json!({"hook": {}}));
    if is_multiple {
        sync.insert("revisions".to_owned(), json!(wanted));
    } else {
        sync.insert("revision".to_owned(), json!(wanted.first()));
    }
    sync.insert(member.to_owned(), value);
    if flag(application, "/spec/syncPolicy/automated/prune") {
        sync.insert("prune".to_owned(), json!(true));
    }
    let options = application.pointer("/spec/syncPolicy/syncOptions");
    sync.extend(options.map(|options| ("syncOptions".to_owned(), options.clone())));
    let mut info = vec![json!({"name": OPERATION, "value": token})];
    info.extend(reason.map(|reason| json!({"name": "Reason", "value": reason})));
    let mut operation = Map::new();
    operation.insert("initiatedBy".to_owned(), json!({"username": FIELD_MANAGER}));
    operation.insert("info".to_owned(), json!(info));
    operation.insert("sync".to_owned(), Value::Object(sync));
    let retry = application.pointer("/spec/syncPolicy/retry");
    operation.extend(retry.map(|retry| ("retry".to_owned(), retry.clone())));
    // What is left in the state would get into the new one, and make it a sync of some objects only.
    let body = json!({"operation": operation, "status": {"operationState": null}});
    let to = shorts(wanted.iter().map(String::as_str));
    Ok(Nudge {
        kind: NudgeKind::Sync,
        path: path(application),
        body: guarded(application, body),
        token: token.to_owned(),
        summary: format!("sync {who} to {to}"),
        is_needed: true,
    })
}

/// How that operation has ended; `None`: it has not. The error is why it came to nothing.
pub(super) fn ended(
    application: &Value,
    wanted: &[String],
    token: &str,
) -> Option<Result<(), String>> {
    let state = "/status/operationState";
    let is_ours = |info: &Value| text(info, "/name") == OPERATION && text(info, "/value") == token;
    let is_it = items(application, &format!("{state}/operation/info")).iter().any(is_ours);
    let message = text(application, &format!("{state}/message"));
    match Phase::of(application) {
        Phase::Succeeded | Phase::Failed if !is_it => {
            Some(Err("somebody has put another operation in its place".to_owned()))
        }
        Phase::Failed => Some(Err(crate::text::truncate(message, 200).into_owned())),
        Phase::Succeeded => {
            let synced = pinned_to(application);
            Some(if synced == wanted {
                Ok(())
            } else {
                Err(format!("it has synced to {}", shorts(synced)))
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{OLD, SHA, application};
    use super::*;

    const URL: &str = "https://git.test/fleet.git";

    fn by_hand(history: &Value) -> Value {
        let extra = json!({"status": {"history": history}});
        let mut object = application(&extra);
        object["spec"]["syncPolicy"] = json!({"syncOptions": ["CreateNamespace=true"]});
        object
    }

    fn refusal(application: &Value, wanted: &[String]) -> String {
        operation(application, wanted, "t", None).unwrap_err().to_string()
    }

    #[test]
    fn it_is_a_whole_sync_to_an_entry_with_its_source() {
        let source = json!({"repoURL": URL, "path": "apps/web"});
        let history = json!([
            {"id": 0, "revision": OLD, "source": source},
            {"id": 1, "revision": SHA, "source": source},
        ]);
        let object = by_hand(&history);
        let nudge = operation(&object, &[OLD.to_owned()], "t", Some("burning")).unwrap();
        assert_eq!(nudge.body["status"], json!({"operationState": null}));
        assert!(nudge.body["metadata"].get("resourceVersion").is_some());
        let sync = &nudge.body["operation"]["sync"];
        let expected = json!({"syncStrategy": {"hook": {}}, "revision": OLD, "source": source,
            "syncOptions": ["CreateNamespace=true"]});
        assert_eq!(*sync, expected);
        assert_eq!(nudge.body["operation"]["info"][0], json!({"name": OPERATION, "value": "t"}));
        assert!(refusal(&object, &["f".repeat(40)]).contains("no history entry"));
    }

    #[test]
    fn what_would_not_be_that_state_is_refused() {
        let wanted = [OLD.to_owned()];
        let history = json!([{"revision": OLD, "source": {"repoURL": URL, "path": "a"}}]);
        let mut automated = by_hand(&history);
        automated["spec"]["syncPolicy"]["automated"] = json!({});
        assert!(refusal(&automated, &wanted).contains("synced by itself"));
        let mut running = by_hand(&history);
        running["status"]["operationState"] = json!({"phase": "Running"});
        assert!(refusal(&running, &wanted).contains("under way"));
        for entry in [
            json!({"revision": OLD}),
            json!({"revision": OLD, "source": {}}),
            json!({"revision": OLD, "sources": [{"repoURL": URL}]}),
        ] {
            let object = by_hand(&json!([entry]));
            assert!(refusal(&object, &wanted).contains("does not say"), "{entry}");
        }
        // One revision for two sources.
        let mut several = by_hand(&json!([{"revisions": [OLD],
            "sources": [{"repoURL": URL}, {"repoURL": URL}]}]));
        several["spec"]["sources"] = json!([{"repoURL": URL}, {"repoURL": URL}]);
        assert!(refusal(&several, &wanted).contains("one revision a source"));
    }

    #[test]
    fn only_the_operation_with_our_mark_ends_it() {
        let wanted = [OLD.to_owned()];
        let told = |phase: &str, token: &str, revision: &str| {
            let state = json!({"phase": phase, "message": "no quota",
                "syncResult": {"revision": revision},
                "operation": {"info": [{"name": OPERATION, "value": token}]}});
            ended(&application(&json!({"status": {"operationState": state}})), &wanted, "t")
        };
        assert_eq!(told("Succeeded", "t", OLD), Some(Ok(())));
        assert_eq!(told("Running", "t", OLD), None);
        assert_eq!(told("Failed", "t", OLD), Some(Err("no quota".to_owned())));
        assert!(told("Succeeded", "other", OLD).is_some_and(|ended| ended.is_err()));
        assert!(told("Succeeded", "t", SHA).is_some_and(|ended| ended.is_err()));
    }
}
