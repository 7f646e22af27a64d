//! Waits until an owner does nothing more, whatever that comes to.

use futures::StreamExt as _;
use futures::pin_mut;
use serde_json::Value;
use tokio::time::timeout_at;

use super::super::following::Address;
use super::sight::{self, How};
use crate::cluster::{Cluster, Deadline};
use crate::error::Error;

/// Why it is not waited for any longer.
#[derive(Debug)]
pub enum Settled {
    /// It is as was waited for.
    So(Box<Value>),
    /// It is gone.
    Gone,
    /// The time is up.
    TimedOut,
    /// It cannot be followed any longer.
    Lost(Error),
}

/// Watches the object until `is_so` says that it is as is wanted. The object as it was read before, by
/// its resource version, is not looked at again.
pub async fn until(
    cluster: &Cluster,
    address: &Address,
    seen: &Value,
    deadline: Deadline,
    mut is_so: impl FnMut(&Value) -> bool,
) -> Settled {
    let sights = sight::of(cluster, address, deadline);
    pin_mut!(sights);
    loop {
        let Ok(Some(seen_now)) = timeout_at(deadline.instant(), sights.next()).await else {
            return Settled::TimedOut;
        };
        match seen_now.how {
            How::There(object) if version(&object) == version(seen) => {}
            How::There(object) if is_so(&object) => return Settled::So(Box::new(object)),
            How::There(_) | How::Polled => {}
            How::Gone => return Settled::Gone,
            How::Ended(_) if deadline.passed() => return Settled::TimedOut,
            How::Ended(error) => return Settled::Lost(error),
        }
    }
}

fn version(object: &Value) -> Option<&str> {
    object.pointer("/metadata/resourceVersion").and_then(Value::as_str)
}
