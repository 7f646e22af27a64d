//! The bare repository that objects are fetched to, and new ones are written to.
//!
//! It is read through [`Store::open`] alone, whose result borrows the store; a fetch needs the store for
//! itself. So nothing that was opened before a fetch lives on after it: libgit2 goes on believing what
//! it has read, and a commit that was at the edge of a shallow repository would stay without parents.
//!
//! ```compile_fail,E0502
//! use kubectl_rb::git::store::Store;
//! fn fetch(_: &mut Store) {}
//! fn stale(store: &mut Store) {
//!     let before = store.open(|path| Ok(git2::Repository::open(path).ok())).unwrap();
//!     fetch(store);
//!     drop(before);
//! }
//! ```

pub mod cache;
pub(in crate::git) mod lock;
pub(in crate::git) mod owner;

mod repair;

use std::ops::Deref;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, RepositoryInitOptions};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::store::lock::{Lock, NoLock};
use crate::text::{self, shell_quote};

/// A bare repository of ours.
#[derive(Debug)]
pub struct Store {
    git_dir: PathBuf,
    /// Where others may fetch to it at the same time.
    lock: Option<PathBuf>,
    /// Objects of a checkout that it borrows.
    borrowed: Option<PathBuf>,
    temporary: Option<TempDir>,
    notes: Vec<String>,
}

/// What was opened. It ends before the next fetch.
#[derive(Debug)]
pub struct Opened<'s, R> {
    inner: R,
    _store: &'s Store,
}

impl<R> Deref for Opened<'_, R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.inner
    }
}

impl Store {
    /// One that is kept, with the lock for it.
    pub(super) fn kept(git_dir: PathBuf, lock: PathBuf) -> Result<Self> {
        let (borrowed, temporary, notes) = (None, None, Vec::new());
        let store = Self { git_dir, lock: Some(lock), borrowed, temporary, notes };
        repair::sweep(&store.git_dir);
        if !store.is_sound() {
            store.make_anew()?;
        }
        Ok(store)
    }

    /// One that is gone when it is dropped. `borrowed` is the folder `objects` of a checkout: it is
    /// read, and never written to.
    pub fn temporary(borrowed: Option<&Path>) -> Result<Self> {
        // For us alone: mode 0700.
        let folder = tempfile::Builder::new().prefix("rb-git-").tempdir().map_err(|error| {
            let place = shown(&std::env::temp_dir());
            let message = format!("cannot make a temporary folder in {place}");
            let hint = if error.kind() == std::io::ErrorKind::StorageFull {
                format!("df -h {}", shell_quote(&place))
            } else {
                "name a folder that you may write to: export TMPDIR=FOLDER".to_owned()
            };
            let why = error.to_string();
            let why = why.split(" at path ").next().unwrap_or_default().to_owned();
            Error::new(ErrorKind::Internal, message).because(why).hint(hint)
        })?;
        let git_dir = folder.path().join("repository.git");
        let (borrowed, notes) = (borrowed.map(Path::to_owned), Vec::new());
        let store = Self { git_dir, lock: None, borrowed, temporary: Some(folder), notes };
        store.make_anew()?;
        Ok(store)
    }

    /// Opens it as `how` does, for as long as nothing is fetched:
    /// `store.open(Repository::open)`.
    pub fn open<R>(&self, how: impl FnOnce(&Path) -> Result<R>) -> Result<Opened<'_, R>> {
        Ok(Opened { inner: how(&self.git_dir)?, _store: self })
    }

    /// What the user should know about where it is, each a sentence without a full stop.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether it stays for the next call.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Where the branch stood when it was fetched last.
    pub fn tip(&self, branch: &BranchName) -> Result<Option<Oid>> {
        let repository = self.repository()?;
        match repository.find_reference(&tip_ref(branch)?) {
            Ok(reference) => Ok(reference.target()),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }

    pub(super) fn note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// Whether it reads objects of a checkout.
    pub(super) fn borrows(&self) -> bool {
        self.borrowed.is_some()
    }

    /// For the next [`Store::make_anew`]: what is borrowed is what is broken.
    pub(super) fn stop_borrowing(&mut self) {
        if self.borrowed.take().is_some() {
            self.notes
                .push("the objects of your checkout are not used: some are broken".to_owned());
        }
    }

    pub(super) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Waits until nobody else fetches to it, and removes what a fetch has left that was killed.
    pub(super) async fn lock(&self, deadline: Instant) -> Result<Option<Lock>> {
        let Some(path) = &self.lock else { return Ok(None) };
        let lock = lock::lock(path, deadline).await.map_err(|error| {
            let place = shown(path);
            match error {
                NoLock::Late => {
                    let message = format!("another rb fetches the same repository ({place})");
                    Error::new(ErrorKind::Unreachable, message)
                        .because("it did not end in the time that there was")
                        .again("give it more time", ["--timeout", "10m"])
                }
                NoLock::Failed(error) => {
                    Error::new(ErrorKind::Internal, format!("cannot lock {place}")).because(error)
                }
            }
        })?;
        repair::sweep(&self.git_dir);
        Ok(Some(lock))
    }

    /// Throws away what is there: it is broken. The caller holds the lock.
    pub(super) fn make_anew(&self) -> Result<()> {
        repair::remove(&self.git_dir)
            .map_err(|error| error.to_string())
            .and_then(|()| self.init().map_err(|error| error.message().to_owned()))
            .map_err(|why| {
                let place = shown(&self.git_dir);
                let hint = format!("df -h {}", shell_quote(&place));
                Error::new(ErrorKind::Internal, format!("cannot make the repository {place}"))
                    .because(text::sanitize(&why).into_owned())
                    .hint(hint)
            })
    }

    fn init(&self) -> Result<(), git2::Error> {
        owner::private_folder(&self.git_dir).map_err(|why| git2::Error::from_str(&why))?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).no_reinit(true).external_template(false);
        git2::Repository::init_opts(&self.git_dir, &options)?;
        let Some(borrowed) = &self.borrowed else { return Ok(()) };
        // An absolute path stands there as it is. One with a line end would be two.
        let line = borrowed.to_str().filter(|line| !line.chars().any(char::is_control));
        let Some(line) = line.filter(|_| borrowed.is_absolute()) else { return Ok(()) };
        let info = self.git_dir.join("objects").join("info");
        std::fs::create_dir_all(&info)
            .and_then(|()| std::fs::write(info.join("alternates"), format!("{line}\n")))
            .map_err(|error| git2::Error::from_str(&error.to_string()))
    }

    fn is_sound(&self) -> bool {
        repair::is_small(&self.git_dir)
            && self.repository().is_ok_and(|found| found.is_bare() && found.is_empty().is_ok())
    }

    pub(super) fn repository(&self) -> Result<git2::Repository> {
        // Not `open_bare`: it would not read the list of shallow commits.
        git2::Repository::open(&self.git_dir).map_err(|error| unreadable(&error))
    }
}

/// The private ref for the tip of a branch. Names like `a` and `a/b` cannot both be refs, and a branch
/// may have been either at different times: the name is hashed.
pub(super) fn tip_ref(branch: &BranchName) -> Result<String> {
    let hash = Oid::hash_object(git2::ObjectType::Blob, branch.as_str().as_bytes());
    Ok(format!("refs/rb/tips/{}", hash.map_err(|error| unreadable(&error))?))
}

fn shown(path: &Path) -> String {
    text::sanitize(&path.display().to_string()).into_owned()
}

pub(super) fn unreadable(error: &git2::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot read the copy of the repository")
        .because(text::sanitize(error.message()).into_owned())
}

#[cfg(test)]
mod tests;
