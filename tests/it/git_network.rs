//! The network side of reverts, against real Git servers: what each failure is called, how many calls
//! are made, and that nothing is pushed which should not be. The revert itself is played by an empty
//! commit.

mod checkouts;
mod client;
mod copies;
mod failures;
mod fetching;
mod pushing;
mod races;
mod secrets;
mod transports;

pub(crate) use self::client::{run, skipped};
pub(crate) use self::failures::write_program;
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [
        checkouts::tests(),
        copies::tests(),
        failures::tests(),
        fetching::tests(),
        pushing::tests(),
        races::tests(),
        secrets::tests(),
        transports::tests(),
    ]
    .concat()
}
