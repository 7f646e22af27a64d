//! Credentials get where they belong and nowhere else: not into an argument list, an error, a log or a
//! file, and not to another host.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kubectl_rb::error::Error;
use kubectl_rb::git::program::credentials::Credentials;
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::remote::network_failure::Reason;
use kubectl_rb::git::remote::push::Lease;

use super::client::{Client, commit_on, main, reason, run, shop};
use super::failures::write_program;
use crate::suite::{Test, pure};
use crate::testbed::git_server::{Entry, Fault, GitServer, find_program};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        they_work_and_stand_nowhere,
        the_helpers_of_the_user_are_asked,
        they_go_to_no_other_host,
        the_environment_leads_nowhere_else,
    ]
}

const SECRET: &str = "s3cret-t0ken";

fn basic() -> Credentials {
    Credentials::Basic { user: "ann".into(), password: SECRET.into() }
}

/// A client whose `git` writes down its arguments. What it starts itself is written down too.
fn watched() -> (Client, std::path::PathBuf) {
    let client = Client::new();
    let (bin, log) = (client.folder().join("bin"), client.folder().join("arguments"));
    fs::create_dir(&bin).expect("a folder");
    let real = find_program("git").expect("git");
    let script =
        format!("printf '%s\\n' \"$*\" >>{}\nexec {} \"$@\"", log.display(), real.display());
    write_program(&bin.join("git"), &script);
    let path = std::env::var("PATH").expect("a PATH");
    (client.env("PATH", format!("{}:{path}", bin.display())), log)
}

fn they_work_and_stand_nowhere() {
    let (_ground, server) = shop(3);
    let url = server.url("shop");
    let with_them = url.replace("http://", &format!("http://ann:{SECRET}@"));
    for (entry, url, credentials) in [
        (Entry::Basic("ann", SECRET), &url, Some(basic())),
        (Entry::Basic("ann", SECRET), &with_them, None),
        (Entry::Bearer(SECRET), &url, Some(Credentials::Bearer(SECRET.into()))),
    ] {
        let (client, log) = watched();
        server.let_in(entry);
        let said = run(async {
            let remote = client.remote_as(url, credentials).await;
            let mut store = client.store(&remote).await;
            let mut said = Vec::new();
            let mut progress = |line: &str| said.push(line.to_owned());
            let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut progress).await;
            let tip = fetched.expect("a tip");
            let commit = commit_on(&store, tip, "take it out");
            let landed = remote.push(&store, &main(), commit, Lease::At(tip), &mut progress).await;
            said.push(format!("{:?}", landed.expect("a push")));
            // And one that fails.
            server.fault("/info/refs", 9, Fault::Status(403, ""));
            let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
            said.push(whole(&fetched.unwrap_err()));
            said.push(format!("{remote:?} {store:?}"));
            said
        });
        server.heal();
        assert!(!said.join("\n").contains(SECRET), "{said:?}");
        let arguments = fs::read_to_string(&log).expect("a log");
        assert!(arguments.contains("fetch") && arguments.contains("push"), "{arguments}");
        assert!(!arguments.contains(SECRET), "{arguments}");
        assert_stands_nowhere(client.folder());
    }
}

fn whole(error: &Error) -> String {
    format!("{error}\n{:?}\n{:?}\n{error:?}", error.causes(), error.hints())
}

fn assert_stands_nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_stands_nowhere(&path);
        } else {
            let content = fs::read(&path).expect("a file");
            let found = content.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

fn the_helpers_of_the_user_are_asked() {
    let (_ground, server) = shop(3);
    server.let_in(Entry::Basic("ann", SECRET));
    let client = Client::new();
    let stored = format!("http://ann:{SECRET}@{}\n", server.address());
    fs::write(client.home().join(".git-credentials"), stored).expect("a file");
    fs::write(client.home().join(".gitconfig"), "[credential]\n\thelper = store\n")
        .expect("a file");
    run(client.fetch(&server.url("shop"), &Needs::default())).expect("a tip");
    // A name in the URL is for the helper to look up.
    let named = server.url("shop").replace("http://", "http://ann@");
    run(client.fetch(&named, &Needs::default())).expect("a tip");
    // And netrc, which curl reads.
    let client = Client::new();
    let netrc = format!("machine 127.0.0.1 login ann password {SECRET}\n");
    fs::write(client.home().join(".netrc"), netrc).expect("a file");
    run(client.fetch(&server.url("shop"), &Needs::default())).expect("a tip");
    // Ours win over the helpers, and what is wrong is not stored.
    let client = Client::new();
    fs::write(client.home().join(".gitconfig"), "[credential]\n\thelper = store\n")
        .expect("a file");
    run(async {
        let remote = client.remote_as(&server.url("shop"), Some(basic())).await;
        let mut store = client.store(&remote).await;
        remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await.expect("a tip");
    });
    assert!(!client.home().join(".git-credentials").exists(), "ours are not stored by others");
}

fn they_go_to_no_other_host() {
    let (ground, there) = shop(3);
    let here = GitServer::start(&Arc::clone(&ground)).expect("a server");
    for credentials in [basic(), Credentials::Bearer(SECRET.into())] {
        // The other one lets everybody in, and asks for nothing.
        let elsewhere = Fault::Redirect(format!("http://{}", there.address()));
        here.fault("/info/refs", 9, elsewhere);
        run(async {
            let client = Client::new();
            let bearer = matches!(credentials, Credentials::Bearer(_));
            let remote = client.remote_as(&here.url("shop"), Some(credentials.clone())).await;
            let mut store = client.store(&remote).await;
            let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
            match fetched {
                Ok(_) => assert!(!bearer, "a token stays where it is"),
                Err(error) => assert_eq!((bearer, reason(&error)), (true, Reason::Moved)),
            }
        });
        // It asks, and gets none.
        there.let_in(Entry::Basic("ann", SECRET));
        run(async {
            let client = Client::new();
            let remote = client.remote_as(&here.url("shop"), Some(credentials)).await;
            let mut store = client.store(&remote).await;
            let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
            let reason = reason(&fetched.unwrap_err());
            assert!(matches!(reason, Reason::Authentication | Reason::Moved), "{reason:?}");
        });
        there.let_in(Entry::Anybody);
        here.heal();
    }
    let heads = there.requests().concat().to_ascii_lowercase();
    assert!(!heads.contains("authorization:"), "{heads}");
}

/// A shell that runs in a hook of another repository, or in somebody's work tree.
fn the_environment_leads_nowhere_else() {
    let (ground, server) = shop(3);
    ground.with_commits("other", 3).expect("a repository");
    let other = ground.repository("other");
    let before = ground.git("other", &["for-each-ref"]).expect("refs");
    let client = Client::new()
        .env("GIT_DIR", &other)
        .env("GIT_WORK_TREE", ground.folder())
        .env("GIT_INDEX_FILE", ground.folder().join("index"))
        .env("GIT_OBJECT_DIRECTORY", other.join("objects"))
        .env("GIT_COMMON_DIR", &other)
        .env("GIT_NAMESPACE", "elsewhere")
        .env("GIT_SHALLOW_FILE", "/nowhere")
        .env("GIT_TRACE", ground.folder().join("trace"))
        .env("GIT_TRACE_CURL", ground.folder().join("trace"))
        .env("LC_ALL", "de_DE.UTF-8")
        .env("LANGUAGE", "de");
    let tip = run(client.fetch(&server.url("shop"), &Needs::default())).expect("a tip");
    let main_of_shop = ground.commit("shop", "main").expect("a commit");
    assert_eq!(tip.to_string(), main_of_shop);
    assert_eq!(ground.git("other", &["for-each-ref"]).expect("refs"), before);
    assert!(!ground.folder().join("trace").exists() && !ground.folder().join("index").exists());
    let error = run(client.fetch(&server.url("gone"), &Needs::default())).unwrap_err();
    assert_eq!(reason(&error), Reason::NotFound, "in any language");
}
