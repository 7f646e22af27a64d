//! From the owners of a workload to the commits that brought its release, and to the plan that takes them
//! out: with the real `git` and a real server. No cluster is needed but in `real`, where Argo CD and Flux
//! say themselves what they own.

mod given;
mod layouts;
mod merges;
mod reaching;
mod real;
mod refusals;
mod relations;
mod values;

use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [
        layouts::tests(),
        merges::tests(),
        reaching::tests(),
        real::tests(),
        refusals::tests(),
        relations::tests(),
        values::tests(),
    ]
    .concat()
}
