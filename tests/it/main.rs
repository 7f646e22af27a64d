//! The integration tests: one program with one test bed, which starts when the first test asks for
//! it. A new module of tests is one `mod` line and one line in `main`, among those with owners where any of
//! its tests asks for Argo CD or Flux; see `suite.rs` for its form.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod argocd;
mod bad_input;
mod bed;
mod budgets;
mod ci;
mod coexistence;
mod completion;
mod config;
mod connection;
mod daemonset;
mod docs;
mod durable;
mod errors;
mod faults;
mod flux;
mod follow;
mod git_network;
mod git_objects;
mod given;
mod history;
mod holds;
mod hostile_text;
mod hosting;
mod http_probe;
mod kubectl_bugs;
mod lost_answers;
mod man;
mod many;
mod next_deploy;
mod origin;
mod output;
mod owner_targets;
mod owners;
mod plan_file;
mod plans;
mod plugin;
mod preflight;
mod program;
mod prompt;
mod properties;
mod proxy;
mod races;
mod rb;
mod reports;
mod revert_commit;
mod rights;
mod rust_text;
mod scene;
mod schemas;
mod statefulset;
mod stream;
mod suite;
#[path = "../testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
mod tree;
mod undo;
mod verify;
mod waiting;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return code;
    }
    if let Some(code) = bed::run_doomed_parent_if_asked() {
        return code;
    }
    let with_owners = [
        argocd::tests(),
        coexistence::tests(),
        docs::tests(),
        durable::tests(),
        flux::tests(),
        follow::tests(),
        holds::tests(),
        origin::tests(),
        owner_targets::tests(),
        owners::tests(),
        verify::tests(),
    ];
    let others = [
        bad_input::tests(),
        bed::tests(),
        budgets::tests(),
        ci::tests(),
        completion::tests(),
        config::tests(),
        connection::tests(),
        daemonset::tests(),
        errors::tests(),
        faults::tests(),
        git_objects::tests(),
        git_network::tests(),
        history::tests(),
        hosting::tests(),
        hostile_text::tests(),
        http_probe::tests(),
        kubectl_bugs::tests(),
        lost_answers::tests(),
        man::tests(),
        many::tests(),
        next_deploy::tests(),
        output::tests(),
        plan_file::tests(),
        plans::tests(),
        plugin::tests(),
        preflight::tests(),
        program::tests(),
        prompt::tests(),
        properties::tests(),
        proxy::tests(),
        races::tests(),
        reports::tests(),
        revert_commit::tests(),
        rights::tests(),
        rust_text::tests(),
        schemas::tests(),
        statefulset::tests(),
        stream::tests(),
        tree::tests(),
        undo::tests(),
        waiting::tests(),
    ];
    suite::run(with_owners.concat(), others.concat())
}
