//! The fault campaign: every request of a command is hit by everything that a request may meet in
//! production, one at a time; after each run an oracle looks with kubectl whether what `rb` said is
//! true, whether anything was written twice or of anybody else lost, and whether `rb` gets there when
//! it is called again.
//!
//! - [`scenario`] has the commands, [`strike`] what may hit a request, [`shape`] how requests are told
//!   from each other; another one of these is a value more;
//! - [`campaign`] chooses and distributes the runs, [`run`] makes one, [`ambush`] is what waits for it
//!   in the proxy, [`subject`] makes the workloads;
//! - [`oracle`] is the judge, [`tally`] prints what was done;
//! - [`restart`] is for what no proxy can do: the API server itself ends and starts again.
//!
//! Where there are too many pairs of a request and a fault for a test that runs every day, they are
//! spread, and the table says how many are left out; `RB_FAULTS_EVERYTHING=1` leaves out nothing.
//! `RB_FAULTS_ONLY='patch deployments/* #1 | reset-after'` makes only the runs with that in their name.

mod ambush;
mod campaign;
mod oracle;
mod restart;
mod run;
mod scenario;
mod shape;
mod strike;
mod subject;
mod tally;

use crate::suite::{Test, on_bed, pure};
use crate::testbed::TestBed;

use self::campaign::{Size, campaign};
use self::oracle::lies::lies_are_caught;
use self::restart::a_restart_of_the_api_server_is_survived;
use self::shape::requests_are_known_by_their_shape;
use self::strike::{Strike, faults, signals};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![lies_are_caught, requests_are_known_by_their_shape],
        on_bed![
            an_undo_tells_the_truth_whatever_fails,
            an_undo_tells_the_truth_whenever_it_is_ended,
            an_undo_that_plans_again_tells_the_truth,
            an_undo_of_three_kinds_tells_the_truth,
            a_status_tells_the_truth_whatever_fails,
            a_verification_tells_the_truth_whatever_fails,
            a_restart_of_the_api_server_is_survived,
        ],
    ]
    .concat()
}

fn an_undo_tells_the_truth_whatever_fails(bed: &TestBed) {
    campaign(bed, &scenario::UNDO, &faults(), &Size { runs: 400, workers: 3 });
}

fn an_undo_tells_the_truth_whenever_it_is_ended(bed: &TestBed) {
    campaign(bed, &scenario::UNDO, &signals(), &Size { runs: 120, workers: 2 });
}

fn an_undo_that_plans_again_tells_the_truth(bed: &TestBed) {
    campaign(bed, &scenario::UNDO_PLANNED_AGAIN, &all(), &Size { runs: 60, workers: 2 });
}

fn an_undo_of_three_kinds_tells_the_truth(bed: &TestBed) {
    campaign(bed, &scenario::UNDO_THREE, &all(), &Size { runs: 70, workers: 2 });
}

fn a_status_tells_the_truth_whatever_fails(bed: &TestBed) {
    for scenario in [scenario::STATUS, scenario::STATUS_OF_A_CRASH] {
        campaign(bed, &scenario, &all(), &Size { runs: 40, workers: 2 });
    }
}

fn a_verification_tells_the_truth_whatever_fails(bed: &TestBed) {
    campaign(bed, &scenario::VERIFY, &all(), &Size { runs: 50, workers: 2 });
}

fn all() -> Vec<Strike> {
    [faults(), signals()].concat()
}
