//! What the test bed tells the person who waits for it: one line on stderr at a time.
//! It writes there and nowhere else: stdout belongs to the test report.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Says one line. A closed stderr is no reason to fail a test run.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "test bed: {line}");
}
