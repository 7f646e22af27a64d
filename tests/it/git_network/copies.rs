//! The copy on this machine: usable after whatever happened to it, and never shared with others.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use kubectl_rb::git::remote::fetch::{History, Needs};
use kubectl_rb::git::remote::network_failure::Reason;
use kubectl_rb::git::remote::remote_url::RemoteUrl;
use kubectl_rb::git::store::cache;
use tokio::time::Instant;

use super::client::{Client, main, oid, parents, reason, run, shop, skipped};
use crate::suite::{Test, pure};
use crate::testbed::git_server::Fault;

pub(crate) fn tests() -> Vec<Test> {
    pure![
        a_fetch_that_breaks_off_leaves_it_usable,
        a_fetch_that_is_killed_leaves_it_usable,
        six_fetches_at_once_lose_nothing,
        a_broken_one_is_made_anew,
        one_of_another_user_is_not_used,
        a_full_disk_is_called_that,
    ]
}

fn git_dir(client: &Client, url: &str) -> PathBuf {
    let url = RemoteUrl::parse(url).expect("a URL");
    cache::place(&client.cache(), &url).join("repository.git")
}

fn a_fetch_that_breaks_off_leaves_it_usable() {
    let (_ground, server) = shop(300);
    let client = Client::new();
    let (url, full) = (server.url("shop"), Needs::history(History::Full));
    run(async {
        // In the list of refs, and in the middle of the objects: now and after a beginning was made.
        for bytes in [10, 3000] {
            for _ in 0..2 {
                server.fault("upload-pack", 100, Fault::Cut(bytes));
                let error = client.fetch(&url, &full).await.unwrap_err();
                assert!(matches!(reason(&error), Reason::Reset | Reason::NotGit), "{error:?}");
                server.heal();
                client.fetch(&url, &Needs::default()).await.expect("a tip");
            }
        }
        client.fetch(&url, &full).await.expect("a tip");
        let remote = client.remote(&url).await;
        let store = client.store(&remote).await;
        assert!(store.is_kept() && store.notes().is_empty());
    });
}

/// At the deadline the whole group of processes goes, and its locks do not stay.
fn a_fetch_that_is_killed_leaves_it_usable() {
    let (_ground, server) = shop(30);
    let (client, url) = (Client::new(), server.url("shop"));
    run(async { client.fetch(&url, &Needs::default()).await.expect("a tip") });
    let hasty = client.until(Duration::from_millis(700));
    run(async {
        server.fault("POST", 100, Fault::Stall);
        let error = hasty.fetch(&url, &Needs::history(History::Full)).await.unwrap_err();
        assert_eq!(reason(&error), Reason::Timeout, "{error:?}");
        server.heal();
    });
    // What one leaves that got no time to clean up.
    let left = ["shallow.lock", "objects/pack/tmp_pack_AbC", "refs/rb/tips/x.lock"];
    let left = left.map(|name| git_dir(&hasty, &url).join(name));
    for path in &left {
        fs::write(path, "").expect("a file");
    }
    let client = hasty.until(Duration::from_secs(60));
    run(async {
        client.fetch(&url, &Needs::history(History::Full)).await.expect("a tip");
    });
    assert!(left.iter().all(|path| !path.exists()));
}

fn six_fetches_at_once_lose_nothing() {
    let (ground, server) = shop(200);
    let (client, url) = (Client::new(), server.url("shop"));
    let wanted: Vec<_> = (1..=6)
        .map(|number| oid(&ground.commit("shop", &format!("main~{}", number * 25)).expect("one")))
        .collect();
    std::thread::scope(|scope| {
        for commit in &wanted {
            let (client, url) = (&client, &url);
            scope.spawn(move || {
                run(async {
                    let remote = client.remote(url).await;
                    let mut store = client.store(&remote).await;
                    let needs = Needs::commits([*commit]);
                    remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
                    assert_eq!(parents(&store, *commit), (1, 1));
                });
            });
        }
    });
    run(async {
        let remote = client.remote(&url).await;
        let store = client.store(&remote).await;
        for commit in wanted {
            assert_eq!(parents(&store, commit), (1, 1), "{commit}");
        }
    });
}

fn a_broken_one_is_made_anew() {
    let (ground, server) = shop(300);
    let (client, url) = (Client::new(), server.url("shop"));
    let packs = || -> Vec<PathBuf> {
        let folder = fs::read_dir(git_dir(&client, &url).join("objects/pack")).expect("packs");
        folder.map(|entry| entry.expect("a file").path()).collect()
    };
    run(async {
        for break_it in [
            &|path: &PathBuf| fs::write(path, "broken").expect("a file"),
            &(|path: &PathBuf| fs::remove_file(path).expect("a file")) as &dyn Fn(&PathBuf),
        ] {
            client.fetch(&url, &Needs::history(History::Full)).await.expect("a tip");
            assert!(!packs().is_empty());
            for path in packs() {
                let mut mode = fs::metadata(&path).expect("a file").permissions();
                std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
                fs::set_permissions(&path, mode).expect("its mode");
                break_it(&path);
            }
            let bad = oid(&ground.commit("shop", "main~7").expect("a commit"));
            client.fetch(&url, &Needs::commits([bad])).await.expect("a tip");
            let remote = client.remote(&url).await;
            assert_eq!(parents(&client.store(&remote).await, bad), (1, 1));
        }
    });
}

/// As root one can be given away; as anybody else, the folder of somebody else is one.
fn one_of_another_user_is_not_used() {
    let (_ground, server) = shop(3);
    let (client, url) = (Client::new(), server.url("shop"));
    run(async { client.fetch(&url, &Needs::default()).await.expect("a tip") });
    if std::os::unix::fs::chown(client.cache(), Some(65534), None).is_err() {
        skipped("only root can give a folder to somebody else");
        return;
    }
    run(async {
        let remote = client.remote(&url).await;
        let mut store = client.store(&remote).await;
        let note = store.notes().first().expect("a note").clone();
        assert!(note.starts_with("the cache is not used: "), "{note}");
        assert!(note.contains("belongs to another user (uid 65534"), "{note}");
        remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await.expect("a tip");
    });
}

fn a_full_disk_is_called_that() {
    let (_ground, server) = shop(300);
    let client = Client::new();
    fs::create_dir(client.cache()).expect("a folder");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=128k,mode=0700", "tmpfs"])
        .arg(client.cache())
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        skipped("no small disk can be mounted here");
        return;
    }
    let fetched = run(async {
        let remote = client.remote(&server.url("shop")).await;
        let until = Instant::now() + Duration::from_secs(60);
        let opened = cache::open(Some(&client.cache()), remote.url(), None, until).await;
        let mut store = opened.expect("a copy");
        assert!(store.is_kept(), "{:?}", store.notes());
        // Fill what is left.
        let _ = fs::write(client.cache().join("filler"), vec![b'x'; 1024 * 1024]);
        remote.fetch(&mut store, &main(), &Needs::history(History::Full), &mut |_| ()).await
    });
    let unmounted = std::process::Command::new("umount").arg("-l").arg(client.cache()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(reason(&fetched.unwrap_err()), Reason::DiskFull);
}
