//! The local log of what was done from here: `audit.jsonl`, one JSON object a line, added to and
//! never rewritten.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file below the folder for state.
pub(super) fn path(state: &Path) -> PathBuf {
    state.join("rb").join("audit.jsonl")
}

/// Adds lines, each with one write: so those of two programs do not mix.
pub(super) fn append(path: &Path, lines: impl IntoIterator<Item = String>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        only_mine(&mut builder);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    mine(&mut options);
    let mut file = options.open(path)?;
    lines.into_iter().try_for_each(|line| file.write_all(line.as_bytes()))
}

#[cfg(unix)]
fn only_mine(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt;
    builder.mode(0o700);
}

#[cfg(unix)]
fn mine(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn only_mine(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn mine(_: &mut OpenOptions) {}
