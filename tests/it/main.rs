//! The integration tests: one program with one test bed, which starts when the first test asks for
//! it. A new module of tests is one `mod` line and one line in `main`; see `suite.rs` for its form.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bed;
mod kubectl_bugs;
mod proxy;
mod rb;
mod rust_text;
mod scene;
mod suite;
#[path = "../testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return code;
    }
    if let Some(code) = bed::run_doomed_parent_if_asked() {
        return code;
    }
    suite::run(
        &[bed::tests(), kubectl_bugs::tests(), proxy::tests(), rust_text::tests(), tree::tests()]
            .concat(),
    )
}
