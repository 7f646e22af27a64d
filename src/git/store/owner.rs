//! Whose a folder is. A repository that others can write to decides what `git` runs and what is pushed,
//! so a cache is used only where it is ours alone.

use std::io;
use std::path::Path;

use crate::text;

/// Makes a folder and what lies before it, for us alone; `Err` says why it is not ours.
pub(in crate::git) fn private_folder(path: &Path) -> Result<(), String> {
    create(path).map_err(|error| format!("{} cannot be made: {error}", shown(path)))?;
    check(path)
}

/// Whether a folder is ours alone; `Err` says why not.
#[cfg(unix)]
pub(in crate::git) fn check(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let shown = shown(path);
    // Of the link itself: what it leads to may change.
    let found = std::fs::symlink_metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    let (owner, us) = (found.uid(), nix::unistd::geteuid().as_raw());
    if owner != us {
        return Err(format!("{shown} belongs to another user (uid {owner}, not {us})"));
    }
    if !found.is_dir() {
        return Err(format!("{shown} is no folder"));
    }
    if found.mode() & 0o022 != 0 {
        return Err(format!("others may write to {shown} (mode {:03o})", found.mode() & 0o777));
    }
    if found.mode() & 0o077 != 0 {
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(path, private).map_err(|error| format!("{shown}: {error}"))?;
    }
    Ok(())
}

/// Elsewhere the profile of a user is that user's alone.
#[cfg(not(unix))]
pub(in crate::git) fn check(path: &Path) -> Result<(), String> {
    if path.is_dir() { Ok(()) } else { Err(format!("{} is no folder", shown(path))) }
}

fn create(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn shown(path: &Path) -> String {
    text::sanitize(&path.display().to_string()).into_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_new_folder_is_ours_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a/b");
        private_folder(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        set_mode(&folder, 0o755);
        private_folder(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_others_can_write_to_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a");
        private_folder(&folder).unwrap();
        set_mode(&folder, 0o770);
        assert!(check(&folder).unwrap_err().contains("others may write to"));
        set_mode(&folder, 0o700);
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(check(&link).unwrap_err().contains("is no folder"));
        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(private_folder(&file.join("x")).unwrap_err().contains("cannot be made"));
    }

    #[test]
    fn a_folder_of_somebody_else_is_not() {
        let theirs = if nix::unistd::geteuid().is_root() { None } else { Some(Path::new("/etc")) };
        let scratch = tempfile::tempdir().unwrap();
        let theirs = theirs.unwrap_or_else(|| {
            std::os::unix::fs::chown(scratch.path(), Some(65534), None).unwrap();
            scratch.path()
        });
        assert!(check(theirs).unwrap_err().contains("belongs to another user"));
    }
}
