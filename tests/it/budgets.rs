//! What rb may cost. The figures hold for a release build; a debug build has looser ones, so that a
//! change that costs a multiple is noticed there, too.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::given::release;
use crate::rb::{Rb, program};
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Action, Gate, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [pure![the_program_is_small], on_bed![an_undo_with_a_long_history_needs_little_memory]].concat()
}

const MIB: u64 = 1024 * 1024;

fn budget(release: u64, debug: u64) -> u64 {
    if cfg!(debug_assertions) { debug } else { release }
}

fn the_program_is_small() {
    let size = fs::metadata(program()).expect("the program").len();
    assert!(size <= budget(12, 112) * MIB, "{size} bytes");
}

/// Twenty revisions of about 7 KB. The peak is asked for when only the verdict is still to be
/// written: the kernel keeps the mark, so nothing that was needed before is missed.
fn an_undo_with_a_long_history_needs_little_memory(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("memory"), bed.proxy());
    let with = |number: usize| {
        let note = format!("{number} {}", "x".repeat(5_000));
        json!({"spec": {"revisionHistoryLimit": 30,
            "template": {"metadata": {"annotations": {"note": note}}}}})
    };
    for number in 1..=20 {
        release(&namespace, number, u32::from(number == 20), "1.0", &with(number));
    }
    assert_eq!(namespace.list("replicaset", "app=web").len(), 20);
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(move |head| {
        let verdict = head.method == "PATCH" && says_verdict(&head.body);
        if verdict { Action::Hold(held.clone()) } else { Action::Pass }
    });
    let running = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes").spawn();
    let process = format!("/proc/{}/status", running.id());
    let (peak, ran) = thread::scope(|scope| {
        let waiting = scope.spawn(|| running.wait());
        namespace.wait_until("the verdict is on its way", |_| {
            let requests = proxy.requests();
            requests.iter().any(|record| says_verdict(&record.request.body))
                || waiting.is_finished()
        });
        let status = fs::read_to_string(&process).unwrap_or_default();
        gate.open();
        (peak(&status), waiting.join().expect("rb was run"))
    });
    ran.ends_with(0);
    let peak = peak.expect("the peak of a process that runs");
    assert!(peak <= budget(16, 48) * MIB, "{} KiB", peak / 1024);
}

/// Whether a patch writes a record with a verdict in it.
fn says_verdict(patch: &[u8]) -> bool {
    let patch: Value = serde_json::from_slice(patch).unwrap_or_default();
    let operations = patch.as_array().into_iter().flatten();
    operations.filter(|operation| operation["op"] != "test").any(|operation| {
        operation["value"].as_str().is_some_and(|record| record.contains("\"verdict\":"))
    })
}

/// The most memory that was resident at once, in bytes.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}
