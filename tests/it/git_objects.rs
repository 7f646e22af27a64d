//! The objects' side of reverts beside the real `git`: over three histories of GitOps repositories, on
//! a repository of 50,000 files, and with the programs that sign.

mod comparison;
mod exceptions;
mod histories;
mod manifest_text;
mod reference;
mod scribe;
pub(crate) mod signatures;
mod size;

use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [comparison::tests(), signatures::tests(), size::tests()].concat()
}
