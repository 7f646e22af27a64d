//! Files that only their owner may read: plans hold what may be secret.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// Writes a text and a line end, over what is there.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    restrict(&mut options);
    let mut file = options.open(path)?;
    restrict_existing(&file)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// A file that was there keeps its mode when it is opened.
#[cfg(unix)]
fn restrict_existing(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn restrict_existing(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}
