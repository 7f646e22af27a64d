//! Where the copy of a repository is: in a checkout that is there anyway, else in the user's cache folder,
//! else in a temporary folder. A cache that cannot be used is said, and is no reason to stop.

use std::path::{Path, PathBuf};

use ring::digest;
use tokio::time::Instant;

use crate::error::Result;
use crate::git::remote::remote_url::RemoteUrl;
use crate::git::store::Store;
use crate::git::store::lock::{self, NoLock};
use crate::git::store::owner;
use crate::text;

/// Opens the copy for this repository. `folder` is the cache (see [`crate::git::program::cache_folder`]);
/// `borrowed` the objects of a checkout that has them (see [`crate::git::locate::Checkout::objects`]): then
/// nothing is kept, because the next call will find the checkout again.
pub async fn open(
    folder: Option<&Path>,
    url: &RemoteUrl,
    borrowed: Option<&Path>,
    deadline: Instant,
) -> Result<Store> {
    if borrowed.is_some() {
        return Store::temporary(borrowed);
    }
    let Some(folder) = folder else {
        let note = "no cache is used: neither XDG_CACHE_HOME nor HOME names a folder";
        return Ok(Store::temporary(None)?.note(note.to_owned()));
    };
    match kept(folder, url, deadline).await? {
        Ok(store) => Ok(store),
        Err(why) => Ok(Store::temporary(None)?.note(format!("the cache is not used: {why}"))),
    }
}

/// The folder of a repository in the cache.
#[must_use]
pub fn place(folder: &Path, url: &RemoteUrl) -> PathBuf {
    let hash = digest::digest(&digest::SHA256, url.canonical().as_bytes());
    folder.join(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// `Ok(Err(why))` where there can be none.
async fn kept(folder: &Path, url: &RemoteUrl, deadline: Instant) -> Result<Result<Store, String>> {
    let place = place(folder, url);
    let git_dir = place.join("repository.git");
    let ours = owner::private_folder(folder)
        .and_then(|()| owner::private_folder(&place))
        .and_then(|()| if git_dir.exists() { owner::check(&git_dir) } else { Ok(()) });
    if let Err(why) = ours {
        return Ok(Err(why));
    }
    let path = place.join("lock");
    let _lock = match lock::lock(&path, deadline).await {
        Ok(lock) => lock,
        Err(NoLock::Late) => return Ok(Err("another rb is busy with it".to_owned())),
        Err(NoLock::Failed(error)) => {
            let place = text::sanitize(&place.display().to_string()).into_owned();
            return Ok(Err(format!("{place} cannot be locked: {error}")));
        }
    };
    Ok(Store::kept(git_dir, path).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RemoteUrl {
        RemoteUrl::parse(text).unwrap()
    }

    #[test]
    fn one_place_for_all_ways_to_write_a_url_and_no_credentials_in_it() {
        let folder = Path::new("/cache");
        let plain = place(folder, &url("https://git.test/a"));
        assert_eq!(place(folder, &url("https://u:s3cret@GIT.test:443/a.git/")), plain);
        assert_ne!(place(folder, &url("https://git.test/b")), plain);
        assert_eq!(plain.file_name().unwrap().len(), 64);
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_said_and_does_without() {
        let scratch = tempfile::tempdir().unwrap();
        let url = url("https://git.test/a");
        let open = async |folder| open(folder, &url, None, Instant::now()).await.unwrap();
        let cache = scratch.path().join("cache");
        let store = open(Some(&cache)).await;
        assert!(store.is_kept() && store.notes().is_empty());

        let file = scratch.path().join("file");
        std::fs::write(&file, "").unwrap();
        for (folder, part) in [(None, "no cache is used"), (Some(file.as_path()), "is not used")] {
            let store = open(folder).await;
            assert!(!store.is_kept());
            assert!(store.notes().first().unwrap().contains(part), "{:?}", store.notes());
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_cache_that_others_can_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().unwrap();
        let (folder, url) = (scratch.path().join("cache"), url("https://git.test/a"));
        drop(open(Some(&folder), &url, None, Instant::now()).await.unwrap());
        for path in
            [place(&folder, &url).join("repository.git"), place(&folder, &url), folder.clone()]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
            let store = open(Some(&folder), &url, None, Instant::now()).await.unwrap();
            assert!(!store.is_kept());
            assert!(store.notes().first().unwrap().contains("others may write to"));
        }
    }

    #[tokio::test]
    async fn a_broken_one_is_made_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let (folder, url) = (scratch.path().join("cache"), url("https://git.test/a"));
        drop(open(Some(&folder), &url, None, Instant::now()).await.unwrap());
        let git_dir = place(&folder, &url).join("repository.git");
        for broken in ["HEAD", "config", "refs", "objects"] {
            let path = git_dir.join(broken);
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            } else {
                std::fs::write(&path, "\0 broken").unwrap();
            }
            let store = open(Some(&folder), &url, None, Instant::now()).await.unwrap();
            assert!(store.is_kept(), "{broken}: {:?}", store.notes());
            assert!(store.repository().unwrap().is_empty().unwrap(), "{broken}");
        }
    }
}
