//! Whatever is wrong with what `rb revert-commit` is given, it says what, on which object, why, and what
//! to paste; it ends with the code for it; and nothing there or here is other than it was.

mod branches;
mod checkouts;
mod commits;
mod conflicts;
mod done_before;
mod hostile;
mod machine;
mod network;
mod places;
mod plans;
mod scene;
mod selections;
mod settings;
mod ways;

use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [
        branches::tests(),
        checkouts::tests(),
        commits::tests(),
        conflicts::tests(),
        done_before::tests(),
        hostile::tests(),
        machine::tests(),
        network::tests(),
        places::tests(),
        plans::tests(),
        selections::tests(),
        settings::tests(),
        ways::tests(),
    ]
    .concat()
}
