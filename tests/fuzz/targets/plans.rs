//! Plan files: they may have come a long way.
#![no_main]

use kubectl_rb::rollback::model::plan::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(plan) = serde_json::from_str::<Plan>(text) else { return };
    let _ = (plan.patch(), plan.kept(), plan.wait(), plan.receivers(), plan.seconds());
    let written = serde_json::to_string(&plan).expect("a plan can be written");
    assert_eq!(serde_json::from_str::<Plan>(&written).expect("and read again"), plan);
});
