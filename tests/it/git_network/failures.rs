//! Every way in which a server cannot be reached or says no has a name of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use kubectl_rb::error::{Error, ErrorKind};
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::remote::network_failure::Reason;

use super::client::{Client, reason, run, shop};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{Entry, Fault};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        each_failure_has_its_name,
        what_passes_is_tried_again,
        a_server_that_hangs_is_left_at_the_deadline,
        nobody_is_asked_without_a_terminal,
        nobody_listens_and_nobody_is_there,
        an_old_git_and_none,
        ways_that_are_not_gone,
        everything_that_was_started_ends,
    ]
}

fn failure(client: &Client, url: &str) -> Error {
    let error = run(client.fetch(url, &Needs::default())).unwrap_err();
    assert!(error.to_string().starts_with("cannot fetch main ("), "{error}");
    error
}

fn each_failure_has_its_name() {
    let (_ground, server) = shop(3);
    let (client, url) = (Client::new(), server.url("shop"));
    for (fault, expected, kind) in [
        (Fault::Status(401, ""), Reason::Authentication, ErrorKind::Unauthenticated),
        (Fault::Status(403, ""), Reason::Forbidden, ErrorKind::Forbidden),
        (Fault::Status(404, ""), Reason::NotFound, ErrorKind::NotFound),
        (Fault::Status(407, ""), Reason::Proxy, ErrorKind::Unreachable),
        (Fault::Status(429, "retry-after: 1\r\n"), Reason::Busy, ErrorKind::Unreachable),
        (Fault::Status(500, ""), Reason::ServerFailed, ErrorKind::Unreachable),
        (Fault::Status(503, ""), Reason::ServerFailed, ErrorKind::Unreachable),
        (Fault::Page, Reason::NotGit, ErrorKind::Unreachable),
        (Fault::Close, Reason::Reset, ErrorKind::Unreachable),
    ] {
        for part in ["/info/refs", "POST"] {
            server.fault(part, 100, fault.clone());
            let error = failure(&client, &url);
            server.heal();
            assert_eq!(
                (reason(&error), error.kind()),
                (expected, kind),
                "{part} {fault:?}: {error:?}"
            );
        }
    }
    let error = failure(&client, &server.url("gone"));
    assert_eq!(reason(&error), Reason::NotFound, "{error:?}");
}

fn what_passes_is_tried_again() {
    let (_ground, server) = shop(3);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        server.fault("/info/refs", 2, Fault::Status(503, ""));
        let main = super::client::main();
        remote.fetch(&mut store, &main, &Needs::default(), &mut |_| ()).await.expect("a tip");
        assert_eq!((remote.calls(), server.count("/info/refs")), (3, 3));
        // What does not pass is tried once.
        server.fault("/info/refs", 100, Fault::Status(403, ""));
        let _ = remote.fetch(&mut store, &main, &Needs::default(), &mut |_| ()).await.unwrap_err();
        assert_eq!((remote.calls(), server.count("/info/refs")), (4, 4));
    });
}

fn a_server_that_hangs_is_left_at_the_deadline() {
    let (_ground, server) = shop(3);
    let client = Client::new().until(Duration::from_millis(600));
    for part in ["/info/refs", "POST"] {
        server.fault(part, 100, Fault::Stall);
        let error = failure(&client, &server.url("shop"));
        server.heal();
        assert_eq!((reason(&error), error.kind()), (Reason::Timeout, ErrorKind::Unreachable));
    }
}

fn nobody_is_asked_without_a_terminal() {
    let (_ground, server) = shop(3);
    server.let_in(Entry::Basic("ann", "s3cret"));
    let error = failure(&Client::new(), &server.url("shop"));
    assert_eq!(reason(&error), Reason::Authentication, "{error:?}");
    assert_eq!(server.count("/info/refs"), 1);
    // A window that SSH would open is none that Git opens.
    let client = Client::new();
    let mark = client.folder().join("asked");
    let script = client.folder().join("window");
    write_program(&script, &format!("touch {}; echo x", mark.display()));
    let client = client.env("SSH_ASKPASS", script.clone()).env("DISPLAY", ":0");
    assert_eq!(reason(&failure(&client, &server.url("shop"))), Reason::Authentication);
    assert!(!mark.exists());
    // A program that was chosen for Git answers.
    write_program(&script, "case $1 in User*) echo ann;; *) echo s3cret;; esac");
    let client = client.env("GIT_ASKPASS", script);
    run(client.fetch(&server.url("shop"), &Needs::default())).expect("a tip");
    // Wrong ones are tried once, and not until the account is locked.
    let before = server.count("/info/refs");
    let wrong = server.url("shop").replace("http://", "http://ann:wr0ng@");
    let error = failure(&Client::new(), &wrong);
    assert_eq!(reason(&error), Reason::Authentication, "{error:?}");
    assert_eq!(server.count("/info/refs") - before, 2, "without them, and with them");
}

fn nobody_listens_and_nobody_is_there() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let client = Client::new().until(Duration::from_secs(60));
    let error = failure(&client, &format!("http://{address}/shop.git"));
    assert_eq!(reason(&error), Reason::Refused, "{error:?}");
    let error = failure(&client, "http://nowhere.invalid/shop.git");
    assert_eq!(reason(&error), Reason::Dns, "{error:?}");
}

fn an_old_git_and_none() {
    let find = |client: &Client| run(client.find_git()).unwrap_err();
    let client = Client::new();
    let bin = client.folder().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    let client = client.env("PATH", bin.clone());
    let error = find(&client);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("cannot run it"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("git")), "{:?}", error.hints());
    write_program(&bin.join("git"), "echo git version 2.17.1");
    let error = find(&client);
    assert_eq!(error.to_string(), "git 2.17 is too old: rb needs 2.31 or newer");
    write_program(&bin.join("git"), "echo hub version 2");
    assert!(find(&client).to_string().contains("does not say its version"));
}

fn ways_that_are_not_gone() {
    let client = Client::new();
    let mark = client.folder().join("ran");
    // The configuration of the user leads a harmless URL to a program.
    let config = format!(
        "[url \"ext::sh -c 'touch {}' %S \"]\n\tinsteadOf = https://git.test/\n\
         [protocol \"ext\"]\n\tallow = always\n",
        mark.display()
    );
    std::fs::write(client.home().join(".gitconfig"), config).expect("a file");
    let client = client.env("GIT_ALLOW_PROTOCOL", "ext:https");
    let error = failure(&client, "https://git.test/shop.git");
    assert_eq!((reason(&error), error.kind()), (Reason::NotAllowed, ErrorKind::Usage));
    assert!(!mark.exists());
}

/// Also what `git` has started: it would go on in the background.
fn everything_that_was_started_ends() {
    let client = Client::new();
    let (pid, script) = (client.folder().join("pid"), client.folder().join("ssh"));
    write_program(&script, &format!("trap '' TERM\necho $$ >{}\nexec sleep 600", pid.display()));
    let client = client.env("GIT_SSH_COMMAND", script).until(Duration::from_secs(2));
    let error = failure(&client, "ssh://git@git.test/shop");
    assert_eq!(reason(&error), Reason::Timeout, "{error:?}");
    let pid = std::fs::read_to_string(&pid).expect("it was started").trim().to_owned();
    let limit = Duration::from_secs(30);
    crate::testbed::wait_until("it has ended", limit, || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // One that nobody waits for stays as a name only.
        Ok(status.is_empty() || status.contains(") Z "))
    })
    .expect("the program has ended");
}

pub(crate) fn write_program(path: &std::path::Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    // Another thread may be starting a program at this moment, which would inherit a file that is open
    // for writing: then it could not be run. A shell writes it.
    let aside = path.with_extension("new");
    std::fs::write(&aside, format!("#!/bin/sh\n{script}\n")).expect("a program");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&aside, mode).expect("its mode");
    let copied = std::process::Command::new("cp").arg(&aside).arg(path).status();
    assert!(copied.expect("cp").success());
}
