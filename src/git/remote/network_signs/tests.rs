use super::*;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn failures_are_told_apart_by_what_git_says() {
    for (said, expected) in [
        ("fatal: Authentication failed for 'https://h/a/'", Reason::Authentication),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            Reason::Authentication,
        ),
        (
            "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            Reason::Authentication,
        ),
        (
            "fatal: unable to access 'https://h/a/': The requested URL returned error: 403",
            Reason::Forbidden,
        ),
        (
            "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\n\
             send-pack: unexpected disconnect while reading sideband packet",
            Reason::Forbidden,
        ),
        (
            "ERROR: The key you are authenticating with has been marked as read only.",
            Reason::Forbidden,
        ),
        ("fatal: repository 'https://h/a/' not found", Reason::NotFound),
        ("ERROR: Repository not found.\nfatal: Could not read from remote", Reason::NotFound),
        ("fatal: '/srv/a' does not appear to be a git repository", Reason::NotFound),
        ("fatal: couldn't find remote ref refs/heads/gone", Reason::NoBranch),
        (
            "error: Server does not allow request for unadvertised object 1234",
            Reason::NotAdvertised,
        ),
        ("fatal: remote error: upload-pack: not our ref 1234", Reason::NoCommit),
        ("Host key verification failed.\nfatal: Could not read", Reason::HostKey),
        (
            "fatal: unable to access 'https://h/': SSL certificate problem: certificate has expired",
            Reason::Certificate,
        ),
        (
            "fatal: unable to access 'https://h/': server certificate verification failed. \
             CAfile: none CRLfile: none",
            Reason::Certificate,
        ),
        (
            "fatal: unable to access 'https://h/': Received HTTP code 407 from proxy after CONNECT",
            Reason::Proxy,
        ),
        (
            "fatal: unable to access 'https://h/': CONNECT tunnel failed, response 403",
            Reason::Proxy,
        ),
        ("fatal: unable to access 'https://h/': Could not resolve proxy: p", Reason::Proxy),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", Reason::Dns),
        ("ssh: Could not resolve hostname h: Name or service not known", Reason::Dns),
        (
            "fatal: unable to access 'http://h/': Failed to connect to h port 1: Connection refused",
            Reason::Refused,
        ),
        (
            "fatal: unable to access 'http://h/': Failed to connect to h port 1 after 0 ms: \
             Couldn't connect to server",
            Reason::Refused,
        ),
        (
            "fatal: unable to access 'http://h/': Recv failure: Connection reset by peer",
            Reason::Reset,
        ),
        (
            "error: RPC failed; curl 18 transfer closed with outstanding read data remaining\n\
             error: 317 bytes of body are still expected\nfetch-pack: unexpected disconnect \
             while reading sideband packet\nfatal: early EOF\nfatal: index-pack failed",
            Reason::Reset,
        ),
        (
            "fatal: unable to access 'http://h/': The requested URL returned error: 429",
            Reason::Busy,
        ),
        (
            "error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503",
            Reason::ServerFailed,
        ),
        (
            "fatal: unable to access 'http://h/': Operation too slow. Less than 1 bytes/sec",
            Reason::Timeout,
        ),
        ("fatal: write error: No space left on device\nfatal: index-pack failed", Reason::DiskFull),
        ("fatal: http://h/a/info/refs not valid: is this a git repository?", Reason::NotGit),
        ("fatal: transport 'ext' not allowed", Reason::NotAllowed),
        ("error: object file objects/ab/cd is empty\nfatal: loose object", Reason::BrokenCopy),
        ("error: index file /c/pack-1.idx is too small\nfatal: failed", Reason::BrokenCopy),
        (
            "error: RPC failed; HTTP 429 curl 22 The requested URL returned error: 429\n\
             fatal: expected flush after ref listing",
            Reason::Busy,
        ),
        ("fatal: mismatched algorithms: client sha1; server sha256", Reason::ObjectFormat),
        ("fatal: something that nobody has seen before", Reason::Unknown),
    ] {
        assert_eq!(reason(&lines(said), &[]), expected, "{said}");
    }
}

/// The text of the brackets, and what the server says with it.
#[test]
fn refusals_are_told_apart_by_what_the_host_says() {
    for (brackets, remote, expected) in [
        ("stale info", "", Reason::LostRace),
        ("fetch first", "", Reason::LostRace),
        ("incorrect old value provided", "", Reason::LostRace),
        ("cannot lock ref 'refs/heads/main': is at 1 but expected 2", "", Reason::LostRace),
        (
            "failed to update ref",
            "error: cannot lock ref 'refs/heads/main': is at 1 but expected 2",
            Reason::LostRace,
        ),
        (
            "failed to update ref",
            "error: cannot lock ref 'refs/heads/main': Unable to create '/x.lock': File exists.",
            Reason::Locked,
        ),
        (
            "pre-receive hook declined",
            "error: GH006: Protected branch update failed for refs/heads/main.\n\
             error: Changes must be made through a pull request.",
            Reason::Protected,
        ),
        (
            "protected branch hook declined",
            "error: GH006: Protected branch update failed for refs/heads/main.",
            Reason::Protected,
        ),
        (
            "push declined due to repository rule violations",
            "error: GH013: Repository rule violations found for refs/heads/main.\n\n\
             - Changes must be made through a pull request.",
            Reason::Protected,
        ),
        (
            "push declined due to repository rule violations",
            "error: GH013: Repository rule violations found for refs/heads/main.\n\
             - Commits must have verified signatures.",
            Reason::Hook,
        ),
        (
            "pre-receive hook declined",
            "error: GH001: Large files detected. You may want to try Git Large File Storage",
            Reason::TooLarge,
        ),
        (
            "pre-receive hook declined",
            "GitLab: You are not allowed to push code to protected branches on this project.",
            Reason::Protected,
        ),
        (
            "pre-receive hook declined",
            "GitLab: You are not allowed to push code to this project.",
            Reason::Forbidden,
        ),
        (
            "pre-receive hook declined",
            "GitLab: Commit message does not follow the pattern '^JIRA-'",
            Reason::Hook,
        ),
        (
            "pre-receive hook declined",
            "Gitea: Not allowed to push to protected branch main",
            Reason::Protected,
        ),
        (
            "TF402455: Pushes to this branch are not permitted; you must use a pull request to \
             update this branch.",
            "",
            Reason::Protected,
        ),
        ("pre-receive hook declined", "", Reason::Hook),
        ("hook declined", "we are closed on sundays", Reason::Hook),
        ("unpacker error", "fatal: write error: No space left on device", Reason::ServerFailed),
        ("remote failed to report status", "", Reason::Unknown),
        ("a text of next year", "", Reason::Unknown),
    ] {
        assert_eq!(verdict(brackets, &[], &lines(remote)), expected, "{brackets}: {remote}");
    }
}

/// A server must not be able to make us believe that our own machine is at fault.
#[test]
fn the_words_of_a_server_do_not_count_for_this_machine() {
    for text in ["No space left on device", "bad object", "Host key verification failed"] {
        let reason = reason(&[], &lines(text));
        assert!(
            !matches!(reason, Reason::DiskFull | Reason::BrokenCopy | Reason::HostKey),
            "{text}: {reason:?}"
        );
    }
}

#[test]
fn signs_are_in_lower_case() {
    let signs = SIGNS.iter().map(|(_, sign, _)| sign).chain(VERDICTS.iter().map(|(sign, _)| sign));
    for sign in signs {
        assert_eq!(*sign, sign.to_ascii_lowercase());
    }
}
