//! The service as somebody sees it who knows nothing of the tool that brings it back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::place::NAME;
use super::testbed::Namespace;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// By then it must be well.
const LIMIT: Duration = Duration::from_secs(180);

/// Does the work, and watches from its start how long it takes until the service is well with this
/// image.
pub(crate) fn watched<T>(
    namespace: &Namespace,
    image: &str,
    work: impl FnOnce() -> Result<T>,
) -> Result<(T, Duration)> {
    let has_failed = AtomicBool::new(false);
    let clock = Instant::now();
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            loop {
                if is_well(namespace, image) {
                    return Some(clock.elapsed());
                }
                if has_failed.load(Ordering::Relaxed) || clock.elapsed() > LIMIT {
                    return None;
                }
                thread::sleep(PAUSE);
            }
        });
        let done = work();
        has_failed.store(done.is_err(), Ordering::Relaxed);
        let well = watch.join().map_err(|_| anyhow::anyhow!("the watch of the service failed"))?;
        let done = done?;
        Ok((done, well.with_context(|| format!("the service is not well with {image}"))?))
    })
}

/// Whether all pods are ready and of this image, and nothing of another one is left.
pub(crate) fn is_well(namespace: &Namespace, image: &str) -> bool {
    let live = namespace.get("deployment", NAME);
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64);
    let wanted = number("/spec/replicas");
    image_of(&live) == image
        && number("/status/observedGeneration") == number("/metadata/generation")
        && ["updatedReplicas", "replicas", "readyReplicas", "availableReplicas"]
            .iter()
            .all(|field| number(&format!("/status/{field}")) == wanted)
}

/// Fails unless this image is live.
pub(crate) fn check(namespace: &Namespace, image: &str) -> Result<()> {
    let live = image_of(&namespace.get("deployment", NAME));
    ensure!(live == image, "{live} is live and not {image}");
    Ok(())
}

fn image_of(deployment: &Value) -> String {
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    image.as_str().unwrap_or_default().to_owned()
}
