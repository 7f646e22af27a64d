//! What this machine lacks: room on a disk, a cache that is ours, `git`, somebody to be.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, str};

use super::scene::{Scene, Shop, outside};
use crate::git_network::{skipped, write_program};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_full_disk,
        a_full_disk_for_what_is_temporary,
        no_folder_for_what_is_temporary,
        a_broken_cache_is_made_anew,
        a_cache_that_is_not_ours_is_not_used,
        no_git_or_an_old_one,
        nobody_to_be,
        a_key_that_cannot_sign,
    ]
}

/// A small disk at this folder, until it is dropped.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(folder: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        skipped("no small disk can be mounted here");
        None
    }

    fn fill(&self) {
        let _ = fs::write(self.0.join("filler"), vec![b'x'; 4 * 1024 * 1024]);
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn a_full_disk() {
    let mut shop = Shop::new();
    let cache = shop.folder.path().join("cache");
    let Some(disk) = Disk::mount(&cache, "1m") else { return };
    shop.rb("--dry-run --way push").run().ends_with(0);
    disk.fill();
    shop.ground.somebody_commits("shop", "main").expect("a commit");
    let place =
        fs::read_dir(cache.join("rb/git")).expect("a cache").next().expect("one").expect("it");
    shop.names.add(&place.file_name().to_string_lossy(), "HASH");
    // One with a parent that changed something.
    let bad = shop.ground.commit("shop", "main~3").expect("a commit");
    shop.names.commit(&bad, "bad");
    let call = outside(shop.folder.path())
        .arg(&bad)
        .arg(format!("--repo={}", shop.server.url("shop")))
        .words("--branch main --yes --way push");
    shop.refuses(call, 1, str![[r"
error: cannot fetch main (http://SERVER/shop.git): the disk is full
  cause: fatal: unable to write loose object file: No space left on device; fatal: unpack-objects failed
  hint: df -h FOLDER/cache/rb/git/HASH/repository.git

"]]);
}

fn a_full_disk_for_what_is_temporary() {
    let scene = Scene::new();
    let folder = scene.gitops.folder().join("tmp");
    let Some(disk) = Disk::mount(&folder, "128k") else { return };
    disk.fill();
    let call = scene.gitops.rb(&format!("{} --yes", scene.bad)).env("TMPDIR", &folder);
    let ran = scene.harmless(call).ends_with(1);
    let folder = folder.display();
    ran.says("error: cannot make ")
        .says("No space left on device\n")
        .says(&format!("  hint: df -h {folder}"));
}

fn no_folder_for_what_is_temporary() {
    let scene = Scene::new();
    let call = scene.gitops.rb(&format!("{} --yes", scene.bad)).env("TMPDIR", "/nowhere");
    scene.refuses_call(
        call,
        1,
        str![[r"
error: cannot make a temporary folder in /nowhere
  cause: No such file or directory (os error 2)
  hint: name a folder that you may write to: export TMPDIR=FOLDER

"]],
    );
}

fn packs(folder: &Path) -> Vec<std::path::PathBuf> {
    let all = super::scene::files(folder).into_keys();
    all.filter(|path| path.components().any(|part| part.as_os_str() == "objects")).collect()
}

fn a_broken_cache_is_made_anew() {
    let shop = Shop::new();
    let cache = shop.folder.path().join("cache");
    shop.rb("--dry-run").run().ends_with(0);
    for path in packs(&cache) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, mode).expect("its mode");
        fs::write(&path, "broken").expect("a file");
    }
    shop.rb("--dry-run").run().ends_with(0).says("dry run: nothing was pushed");
    // Not even a repository any more.
    let git_dir = fs::read_dir(cache.join("rb/git")).expect("a cache").next().expect("one");
    let git_dir = git_dir.expect("it").path().join("repository.git");
    fs::remove_dir_all(&git_dir).expect("a folder");
    fs::write(&git_dir, "a file").expect("a file");
    shop.rb("--way push").run().ends_with(0).says("reverted: main is at ");
}

fn a_cache_that_is_not_ours_is_not_used() {
    let shop = Shop::new();
    let cache = shop.folder.path().join("cache");
    fs::write(&cache, "a file").expect("a file");
    shop.rb("--dry-run").run().ends_with(0).says("warning  the cache is not used: ");
    fs::remove_file(&cache).expect("a file");
    shop.rb("--dry-run").run().ends_with(0);
    let ours = cache.join("rb/git");
    if std::os::unix::fs::chown(&ours, Some(65534), None).is_err() {
        return skipped("only root can give a folder to somebody else");
    }
    let before = super::scene::files(&ours);
    let ran = shop.rb("--way push").run().ends_with(0).says("belongs to another user (uid 65534");
    assert!(super::scene::files(&ours) == before, "{ran}");
}

fn no_git_or_an_old_one() {
    let scene = Scene::new();
    let bin = scene.gitops.folder().join("bin");
    fs::create_dir(&bin).expect("a folder");
    let call = || scene.gitops.rb(&format!("{} --yes", scene.bad)).env("PATH", &bin);
    let ran = scene.harmless(call()).ends_with(2);
    ran.says(
        "error: rb needs the program git for the network, and cannot run it\n  cause: No such file",
    )
    .says("  hint: ");
    let git = bin.join("git");
    write_program(&git, "echo git version 2.17.1");
    let ran = scene.harmless(call()).ends_with(2);
    ran.says("error: git 2.17 is too old: rb needs 2.31 or newer\n  hint: ");
    write_program(&git, "echo hub version 2");
    scene.refuses_call(
        call(),
        2,
        str![[r#"
error: the program git on the PATH does not say its version
  cause: git version: "hub version 2"
  hint: command -v git

"#]],
    );
    write_program(&git, "exit 3");
    scene.refuses_call(
        call(),
        2,
        str![[r#"
error: the program git on the PATH does not say its version
  cause: git version: ""
  hint: command -v git

"#]],
    );
}

/// Nobody is made up from the name of the machine.
fn nobody_to_be() {
    let scene = Scene::new();
    let nobody =
        ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let call = scene.gitops.rb(&format!("{} --yes", scene.bad));
    let call = nobody.into_iter().fold(call, |call, name| call.env(name, ""));
    scene.refuses_call(
        call.env("GIT_CONFIG_NOSYSTEM", "1"),
        2,
        str![[r"
error: nothing says who the author of the commit is
  cause: there is no name
  hint: git config --global user.name 'Your Name'
  hint: git config --global user.email you@example.com
  hint: in a CI job: set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL and the same for COMMITTER

"]],
    );
}

fn a_key_that_cannot_sign() {
    let scene = Scene::new();
    scene.gitops.git(&["config", "commit.gpgsign", "true"]);
    scene.gitops.git(&["config", "gpg.format", "ssh"]);
    scene.gitops.git(&["config", "user.signingkey", "/nowhere/key"]);
    let ran = scene.harmless(scene.gitops.rb(&format!("{} --yes", scene.bad))).ends_with(3);
    assert_data_eq!(
        &ran.stderr,
        str![[r"
error: ssh-keygen did not sign the commit
  cause: Couldn't load public key /nowhere/key: No such file or directory
  hint: git config --show-origin --get-regexp '^(user.signingkey|gpg|commit.gpgsign)'

"]]
    );
}
