//! The undo record and the recorded context: whoever may annotate a workload writes them.
#![no_main]

use kubectl_rb::rollback::model::context::Context;
use kubectl_rb::rollback::model::record::{Record, Stored};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let record = Stored::read(Some(text), "uid").into_record("uid");
    // What is written must be readable again, and stay bounded.
    let again = record.to_annotation();
    assert_eq!(Stored::read(Some(&again), "uid"), Stored::Record(record));
    let object = json!({"metadata": {"uid": "uid", "annotations": {
        "kubectl-rb/record": text, "kubectl-rb/feature-flags": text, "migrations": text,
        "git-commit": text, "build-id": text, "image-digest": text,
    }}});
    let _ = Record::on(&object).last_undo();
    let _ = Context::on(&object).words();
});
