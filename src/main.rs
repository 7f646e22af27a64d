//! The program `rb`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubectl_rb::cli::main(std::env::args_os()).into()
}
