//! Other ways to a repository: TLS with an authority of its own, a proxy, nginx, SSH, files.

use std::time::Duration;

use git2::Oid;
use kubectl_rb::error::{ErrorKind, Result};
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::remote::network_failure::Reason;
use kubectl_rb::git::remote::push::{Landed, Lease};

use super::client::{Client, commit_on, main, oid, reason, run, shop, skipped};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{ConnectProxy, Entry, GitServer, Nginx, Sshd, authority};

pub(crate) fn tests() -> Vec<Test> {
    pure![certificates_are_verified, through_a_proxy, nginx, ssh, files]
}

/// Fetches and pushes.
fn there_and_back(client: &Client, url: &str) -> Result<(Oid, Landed)> {
    run(async {
        let remote = client.remote(url).await;
        let mut store = client.store(&remote).await;
        let tip = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await?;
        let commit = commit_on(&store, tip, "take it out");
        let landed = remote.push(&store, &main(), commit, Lease::At(tip), &mut |_| ()).await?;
        assert_eq!(remote.calls(), 2);
        Ok((commit, landed))
    })
}

fn certificates_are_verified() {
    let (ground, _server) = shop(3);
    let (authority, identity) = authority().expect("an authority");
    let server = GitServer::start_with_tls(&ground, &identity).expect("a server");
    let client = Client::new();
    let error = there_and_back(&client, &server.url("shop")).unwrap_err();
    assert_eq!((reason(&error), error.kind()), (Reason::Certificate, ErrorKind::Unreachable));
    assert!(error.hints()[0].contains("http.sslCAInfo"), "{:?}", error.hints());
    // The way in which the user trusts it.
    let file = client.folder().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("a file");
    let config = format!("[http]\n\tsslCAInfo = {}\n", file.display());
    std::fs::write(client.home().join(".gitconfig"), config).expect("a file");
    let (commit, _) = there_and_back(&client, &server.url("shop")).expect("a push");
    assert_eq!(oid(&ground.commit("shop", "main").expect("a commit")), commit);
    let expired = authority.issue_expired().expect("a certificate");
    let server = GitServer::start_with_tls(&ground, &expired).expect("a server");
    let error = there_and_back(&client, &server.url("shop")).unwrap_err();
    assert_eq!(reason(&error), Reason::Certificate, "{error:?}");
    assert_eq!(server.requests(), [] as [&str; 0], "nothing was said to it");
}

fn through_a_proxy() {
    let (ground, _server) = shop(3);
    let (authority, identity) = authority().expect("an authority");
    let server = GitServer::start_with_tls(&ground, &identity).expect("a server");
    let client = Client::new();
    let file = client.folder().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("a file");
    let client = client.env("GIT_SSL_CAINFO", file);
    let with_password = ConnectProxy::start(Entry::Basic("u", "pr0xy")).expect("a proxy");
    let address = with_password.address();
    let client = client.env("https_proxy", format!("http://u:pr0xy@{address}"));
    there_and_back(&client, &server.url("shop")).expect("a push");
    assert!(with_password.tunnels() >= 2);
    let client = client.env("https_proxy", format!("http://u:wr0ng@{address}"));
    let error = there_and_back(&client, &server.url("shop")).unwrap_err();
    assert_eq!(reason(&error), Reason::Proxy, "{error:?}");
    assert!(!format!("{error:?}").contains("wr0ng"));
    let no = ConnectProxy::start_that_says_no().expect("a proxy");
    let client = client.env("https_proxy", format!("http://{}", no.address()));
    let error = there_and_back(&client, &server.url("shop")).unwrap_err();
    assert_eq!(reason(&error), Reason::Proxy, "{error:?}");
    let client = client.env("https_proxy", "http://nowhere.invalid:3128");
    let error = there_and_back(&client, &server.url("shop")).unwrap_err();
    assert_eq!(reason(&error), Reason::Proxy, "{error:?}");
    // Past it, where the environment says so.
    let client = client.env("no_proxy", "127.0.0.1");
    there_and_back(&client, &server.url("shop")).expect("a push");
}

fn nginx() {
    let (ground, _server) = shop(30);
    let nginx = match Nginx::start(&ground).expect("nginx") {
        Ok(nginx) => nginx,
        Err(why) => {
            skipped(&why);
            return;
        }
    };
    let client = Client::new();
    let (commit, _) = there_and_back(&client, &nginx.url("shop")).expect("a push");
    assert_eq!(oid(&ground.commit("shop", "main").expect("a commit")), commit);
    let wrong = nginx.url("shop").replace("s3cret", "wr0ng");
    let error = there_and_back(&client, &wrong).unwrap_err();
    assert_eq!(reason(&error), Reason::Authentication, "{error:?}");
    let error = there_and_back(&client, &nginx.url("gone")).unwrap_err();
    assert_eq!(reason(&error), Reason::NotFound, "{error:?}");
}

fn ssh() {
    let (ground, _server) = shop(30);
    let sshd = match Sshd::start(&ground).expect("sshd") {
        Ok(sshd) => sshd,
        Err(why) => {
            skipped(&why);
            return;
        }
    };
    let url = sshd.url("shop").expect("a URL");
    let with = |key, knows_host| {
        let command = sshd.command(key, knows_host).expect("a command");
        Client::new().env("GIT_SSH_COMMAND", command).until(Duration::from_secs(60))
    };
    let (commit, _) = there_and_back(&with("user", true), &url).expect("a push");
    assert_eq!(oid(&ground.commit("shop", "main").expect("a commit")), commit);
    let error = there_and_back(&with("user", false), &url).unwrap_err();
    assert_eq!(reason(&error), Reason::HostKey, "{error:?}");
    assert!(error.hints()[0].contains(&format!(": ssh-keyscan -p {}", sshd.port())));
    let error = there_and_back(&with("other", true), &url).unwrap_err();
    assert_eq!(reason(&error), Reason::Authentication, "{error:?}");
    let gone = sshd.url("gone").expect("a URL");
    let error = there_and_back(&with("user", true), &gone).unwrap_err();
    assert_eq!(reason(&error), Reason::NotFound, "{error:?}");
    let nobody = url.replace(&format!(":{}", sshd.port()), ":1");
    let error = there_and_back(&with("user", true), &nobody).unwrap_err();
    assert_eq!(reason(&error), Reason::Refused, "{error:?}");
    // A race is told apart over SSH, too.
    ground
        .hook(
            "shop",
            "pre-receive",
            "echo 'GitLab: You are not allowed to push code to protected \
        branches on this project.' >&2; exit 1",
        )
        .expect("a hook");
    let error = there_and_back(&with("user", true), &url).unwrap_err();
    assert_eq!(reason(&error), Reason::Protected, "{error:?}");
}

/// Hooks run here too: `git` pushes, and not libgit2.
fn files() {
    let (ground, _server) = shop(30);
    let path = ground.repository("shop").display().to_string();
    for url in [path.clone(), format!("file://{path}")] {
        let (commit, _) = there_and_back(&Client::new(), &url).expect("a push");
        assert_eq!(oid(&ground.commit("shop", "main").expect("a commit")), commit);
    }
    ground.hook("shop", "pre-receive", "exit 1").expect("a hook");
    let error = there_and_back(&Client::new(), &path).unwrap_err();
    assert_eq!(reason(&error), Reason::Hook, "{error:?}");
    let error = there_and_back(&Client::new(), "/nowhere/shop.git").unwrap_err();
    assert_eq!(reason(&error), Reason::NotFound, "{error:?}");
}
