//! What every owner is taken through, and what is looked at on the way.

use serde_json::{Value, json};

use crate::rb::rb;
use crate::scene::{REVISION, annotation, hash, text};
use crate::testbed::Namespace;

use super::page;
use super::release::{Declared, bad, fixed, old};

const RECORD: &str = "The record alone";
const DIRECT: &str = "A direct rollback";
const REVERT: &str = "The revert over a direct rollback";
const FIXED: &str = "A fixed release over a direct rollback";

/// The tables of the page, and the questions that are their columns.
pub(super) const SECTIONS: [(&str, &[&str]); 4] = [
    (RECORD, &["shows", "a forced re-sync", "self-heal", "the next release"]),
    (DIRECT, &["shows", "live after a forced re-sync", "rb's annotations", "conflict"]),
    (REVERT, &["live", "writes", "pods roll", "rb's annotations", "conflict"]),
    (FIXED, &["live", "rb's annotations", "rb owns", "conflict"]),
];

const RECORD_KEY: &str = "kubectl-rb/record";
pub(super) const CAUSE_KEY: &str = "kubernetes.io/change-cause";

/// What came of what an owner did: nothing, or what it says went wrong.
pub(super) type Came = Result<(), String>;

/// Somebody who owns the Deployment `web`, which has release 1 when the story begins.
pub(super) trait Owner {
    /// What it shows of its own state to who looks, without having written anything.
    fn shows(&self) -> String;
    /// Has it apply once more what it has.
    fn resync(&self) -> Came;
    /// Brings a release as releases are brought here.
    fn release(&self, manifest: &Value) -> Came;
    /// Takes the newest release back as that is done here.
    fn revert(&self) -> Came {
        self.release(&old())
    }
    /// Where it corrects drift by itself, and not only when it is asked: what it does about a record.
    fn heals(&self) -> Option<String> {
        None
    }
}

/// The whole story; fails the test where the page says something else.
pub(super) fn tell(row: &str, namespace: &Namespace, owner: &dyn Owner) {
    let story = Story { namespace, owner, declared: Declared::here(namespace) };
    namespace.rollout_done("web");
    let measured = [
        (RECORD, story.record()),
        (DIRECT, story.direct()),
        (REVERT, story.revert()),
        (FIXED, story.fixed()),
    ];
    page::says(row, &measured);
}

struct Story<'a> {
    namespace: &'a Namespace,
    owner: &'a dyn Owner,
    declared: Declared,
}

impl Story<'_> {
    /// The record is written while release 1 is live, and release 2 comes.
    fn record(&self) -> Vec<String> {
        let before = self.owner.shows();
        write_record(self.namespace);
        let shows = difference(&before, self.owner.shows());
        let written = self.written();
        let came = self.owner.resync();
        let resync = match (self.kept_record(), written == self.written()) {
            (false, _) => "gone",
            (true, true) => "kept, nothing is written",
            (true, false) => "kept",
        };
        let heals = self.owner.heals().unwrap_or_else(|| "-".to_owned());
        let next = self.owner.release(&bad());
        self.is_live("the bad one");
        let kept = if self.kept_record() { "kept" } else { "gone" };
        vec![shows, with_trouble(resync, came), heals, with_trouble(kept, next)]
    }

    fn direct(&self) -> Vec<String> {
        let before = self.owner.shows();
        self.undo();
        let shows = difference(&before, self.owner.shows());
        // To look is not to write.
        self.is_live("the old one");
        let came = self.owner.resync();
        self.namespace.rollout_done("web");
        vec![shows, self.live(), self.annotations(), conflict(came)]
    }

    fn revert(&self) -> Vec<String> {
        self.undo();
        let before = (self.written(), self.pods());
        let came = self.owner.revert();
        let writes = if self.written() == before.0 { "nothing" } else { "the Deployment" };
        self.namespace.rollout_done("web");
        let rolls = if self.pods() == before.1 { "no" } else { "yes" };
        vec![self.live(), writes.to_owned(), rolls.to_owned(), self.annotations(), conflict(came)]
    }

    fn fixed(&self) -> Vec<String> {
        self.owner.release(&bad()).expect("the bad release comes again");
        self.is_live("the bad one");
        self.undo();
        let came = self.owner.release(&fixed());
        self.namespace.rollout_done("web");
        let owns = fields_of_rb(self.namespace);
        vec![self.live(), self.annotations(), owns, conflict(came)]
    }

    /// Rolls back to release 1 as a person does who is in a hurry, unless that is what is live.
    #[track_caller]
    fn undo(&self) {
        self.namespace.rollout_done("web");
        if self.live() != "the old one" {
            let hash = hash(self.namespace, "1.0");
            let words = format!("undo deploy/web --direct --yes --to-revision={hash}");
            rb(self.namespace, &words).ends_with(0);
        }
        self.is_live("the old one");
        assert_eq!(self.annotations(), "kept");
        assert_eq!(fields_of_rb(self.namespace), "its record");
    }

    fn live(&self) -> String {
        self.declared.live(self.namespace)
    }

    #[track_caller]
    fn is_live(&self, name: &str) {
        assert_eq!(self.live(), name);
        self.namespace.rollout_done("web");
    }

    fn written(&self) -> Value {
        written(self.namespace)
    }

    /// The names of the pods that are not on their way out.
    fn pods(&self) -> Vec<String> {
        let pods = self.namespace.pods("web").into_iter();
        let stay = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        stay.map(|pod| text(&pod, "/metadata/name").to_owned()).collect()
    }

    fn kept_record(&self) -> bool {
        !annotation(self.namespace, RECORD_KEY).is_empty()
    }

    /// What is left of the annotations that an undo writes.
    fn annotations(&self) -> String {
        let has_undo = annotation(self.namespace, RECORD_KEY).contains("\"undos\":[{");
        let has_cause = annotation(self.namespace, CAUSE_KEY).starts_with("rb undo");
        match (has_undo, has_cause) {
            (true, true) => "kept",
            (true, false) => "the record is kept, change-cause is gone",
            (false, true) => "the record is gone, change-cause is kept",
            (false, false) => "gone",
        }
        .to_owned()
    }
}

/// The record as an undo through Git writes it first: one annotation, by field manager rb.
#[track_caller]
pub(super) fn write_record(namespace: &Namespace) {
    let uid = namespace.get("deployment", "web")["metadata"]["uid"].clone();
    let record = json!({"v": 1, "uid": uid, "undos": [], "verdicts": []});
    let mark = format!("{RECORD_KEY}={record}");
    let words = ["annotate", "--overwrite", "--field-manager=rb", "deployment/web", &mark];
    namespace.kubectl_ok(&words);
}

/// Everything of the Deployment that somebody has written, without what its controller says.
pub(super) fn written(namespace: &Namespace) -> Value {
    let mut web = namespace.get("deployment", "web");
    let entries = web["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let entries: Vec<_> =
        entries.into_iter().filter(|entry| entry["subresource"].is_null()).collect();
    web["metadata"]["managedFields"] = json!(entries);
    web["metadata"]["annotations"][REVISION] = Value::Null;
    web["metadata"]["resourceVersion"] = Value::Null;
    web["status"] = Value::Null;
    web
}

/// What of the Deployment belongs to field manager rb, in words.
pub(super) fn fields_of_rb(namespace: &Namespace) -> String {
    let web = namespace.get("deployment", "web");
    let entries = web["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let mut fields: Vec<Value> = entries
        .iter()
        .filter(|entry| entry["manager"] == "rb")
        .map(|entry| entry["fieldsV1"].clone())
        .collect();
    let Some(mut fields) = fields.pop() else { return "nothing".to_owned() };
    if let Some(annotations) = fields.pointer_mut("/f:metadata/f:annotations") {
        annotations.as_object_mut().map(|members| members.remove("."));
    }
    if fields == json!({"f:metadata": {"f:annotations": {"f:kubectl-rb/record": {}}}}) {
        return "its record".to_owned();
    }
    let of_template = fields["f:spec"].get("f:template").is_some();
    if of_template { "fields of the template".to_owned() } else { fields.to_string() }
}

fn difference(before: &str, after: String) -> String {
    if before == after { "nothing".to_owned() } else { after }
}

fn conflict(came: Came) -> String {
    came.err().unwrap_or_else(|| "none".to_owned())
}

fn with_trouble(cell: &str, came: Came) -> String {
    came.err().map_or_else(|| cell.to_owned(), |trouble| format!("{cell}; {trouble}"))
}
