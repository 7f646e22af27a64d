//! The one asynchronous runtime of the test bed: the API client and the proxies run on it, on two
//! threads of their own, so that test code stays synchronous. Nothing here may be called from a
//! thread of a runtime: `block_on` would panic.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

#[expect(
    clippy::expect_used,
    reason = "without threads no test can run, and a static has nobody to hand an error to"
)]
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("test-bed")
        .enable_all()
        .build()
        .expect("the runtime of the test bed starts")
});

pub(crate) fn runtime() -> &'static Runtime {
    &RUNTIME
}
