//! Being written.

use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    Vec::new()
}
