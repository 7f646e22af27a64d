//! What keeps a copy usable: leftovers of a fetch that was killed are removed, and a copy that is
//! broken or has grown too much is thrown away.

use std::io;
use std::path::Path;

/// Packs that a copy may have: each fetch adds one, and reading asks all of them.
const MOST_PACKS: usize = 50;
/// Single objects in one of the 256 folders: about 7,000 in all, where `git gc` would act too.
const MOST_LOOSE: usize = 28;

/// Removes locks and half packs. Only called where nobody else fetches; a push writes none.
pub(super) fn sweep(git_dir: &Path) {
    for name in ["shallow.lock", "packed-refs.lock", "config.lock", "HEAD.lock"] {
        let _ = std::fs::remove_file(git_dir.join(name));
    }
    remove_files(&git_dir.join("refs").join("rb").join("tips"), |name| is_a(name, "lock"));
    remove_files(&git_dir.join("objects").join("pack"), |name| name.starts_with("tmp_"));
}

/// Whether it has not grown too much. What is not there is small.
pub(super) fn is_small(git_dir: &Path) -> bool {
    let objects = git_dir.join("objects");
    let packs = names(&objects.join("pack")).filter(|name| is_a(name, "pack")).count();
    packs <= MOST_PACKS && names(&objects.join("17")).count() <= MOST_LOOSE
}

/// Removes it whole. It is moved aside first: nobody finds half of it in its place.
pub(super) fn remove(git_dir: &Path) -> io::Result<()> {
    let aside = git_dir.with_extension(format!("{}.old", std::process::id()));
    let _ = std::fs::remove_dir_all(&aside);
    match std::fs::rename(git_dir, &aside) {
        Ok(()) => {
            // What cannot be removed is in nobody's way any more.
            let _ = std::fs::remove_dir_all(&aside).or_else(|_| std::fs::remove_file(&aside));
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn remove_files(folder: &Path, which: impl Fn(&str) -> bool) {
    for name in names(folder).filter(|name| which(name)) {
        let _ = std::fs::remove_file(folder.join(name));
    }
}

fn is_a(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
