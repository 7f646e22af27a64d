//! Ports for the servers, which take them some seconds after they were chosen. They are chosen
//! below the range from which the system gives ports to outgoing connections: the API server opens
//! a hundred of those before the last server starts. No port is given out twice in one run: servers
//! start beside each other.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};

const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;

static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Some ports on which nobody listens now. Two runs at once start looking at different places.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos();
    let start = now.wrapping_mul(2_654_435_761) ^ std::process::id().wrapping_mul(40_503);
    let offsets = (0..u32::from(COUNT)).map(|step| (start.wrapping_add(step)) % u32::from(COUNT));
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = Vec::new();
    for offset in offsets {
        let port = FIRST + u16::try_from(offset)?;
        if !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            given.insert(port);
            found.push(port);
        }
        if let Ok(ports) = <[u16; N]>::try_from(found.as_slice()) {
            return Ok(ports);
        }
    }
    bail!("no {N} free ports between {FIRST} and {}", FIRST + COUNT)
}
