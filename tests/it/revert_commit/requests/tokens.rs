//! Whose token is used, from the command line: the environment, then the logins of `gh` and `glab`,
//! then Git's credential helpers; and that it stands nowhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Stage;
use crate::hosting::forge::TOKEN;
use crate::rb::Rb;
use crate::suite::{Test, pure};
use crate::testbed::git_server::find_program;

pub(crate) fn tests() -> Vec<Test> {
    pure![
        the_environment_comes_first,
        a_login_comes_before_the_helpers,
        the_helpers_come_last,
        a_token_for_another_server_is_not_sent,
        it_stands_nowhere,
    ]
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// A file as `gh auth login --insecure-storage` writes it.
fn gh(home: &Path, host: &str, token: &str) {
    let file = format!(
        "{host}:\n    users:\n        ada:\n            oauth_token: {token}\n    \
         git_protocol: https\n    oauth_token: {token}\n    user: ada\n"
    );
    write(&home.join(".config/gh/hosts.yml"), &file);
}

/// A file as `glab auth login` writes it.
fn glab(home: &Path, host: &str, token: &str) {
    let file = format!(
        "git_protocol: https\ncheck_update: false\nhosts:\n    gitlab.com:\n        \
         api_protocol: https\n    {host}:\n        token: !!null {token}\n        \
         api_host: {host}\n        api_protocol: http\n        user: ada\n"
    );
    write(&home.join(".config/glab-cli/config.yml"), &file);
}

fn helper(home: &Path, host: &str, token: &str) {
    write(&home.join(".git-credentials"), &format!("http://ada:{token}@{host}\n"));
    write(&home.join(".gitconfig"), "[credential]\n\thelper = store\n");
}

fn at(home: &Path, rb: Rb) -> Rb {
    rb.env("HOME", home)
}

fn the_environment_comes_first() {
    for (host, name, server) in [
        ("github", "GITHUB_TOKEN", "GITHUB_SERVER_URL"),
        ("gitlab", "GITLAB_TOKEN", "CI_SERVER_URL"),
        ("gitea", "GITEA_TOKEN", "GITEA_SERVER_URL"),
    ] {
        let stage = Stage::new(host);
        let home = tempfile::tempdir().expect("a home");
        let address = stage.front.address().to_string();
        gh(home.path(), &address, "wr0ng");
        glab(home.path(), &address, "wr0ng");
        helper(home.path(), &address, "wr0ng");
        let rb = at(home.path(), stage.rb_without_token("--way request"));
        rb.env(name, TOKEN).env(server, stage.origin()).run().ends_with(12).says(&stage.page(7));
    }
}

fn a_login_comes_before_the_helpers() {
    for (host, log_in) in [("github", gh as fn(&Path, &str, &str)), ("gitlab", glab)] {
        let stage = Stage::new(host);
        let home = tempfile::tempdir().expect("a home");
        let address = stage.front.address().to_string();
        log_in(home.path(), &address, TOKEN);
        helper(home.path(), &address, "wr0ng");
        let rb = at(home.path(), stage.rb_without_token("--way request"));
        rb.run().ends_with(12).says(&stage.page(7));
    }
}

fn the_helpers_come_last() {
    for host in crate::hosting::WORDS {
        let stage = Stage::new(host);
        let home = tempfile::tempdir().expect("a home");
        let address = stage.front.address().to_string();
        // The one of the fake: it takes this user's password, too.
        write(&home.path().join(".git-credentials"), &format!("http://me:{TOKEN}@{address}\n"));
        write(&home.path().join(".gitconfig"), "[credential]\n\thelper = store\n");
        let rb = at(home.path(), stage.rb_without_token("--way request"));
        rb.run().ends_with(12).says(&stage.page(7));
    }
}

fn a_token_for_another_server_is_not_sent() {
    let stage = Stage::new("github");
    let rb = stage.rb_without_token("--way request").env("GH_TOKEN", TOKEN);
    let ran = rb.env("RB_GIT_TOKEN", TOKEN).env("RB_GIT_HOST", "git.test").run().ends_with(2);
    ran.says("GH_TOKEN is set, but it is for github.com")
        .says("RB_GIT_TOKEN is set, but it is for the server in RB_GIT_HOST");
    let asked = stage.api.requests();
    assert!(asked.iter().all(|request| !request.headers.contains_key("authorization")));
}

/// Not in an argument of a program, not in what is said at the highest verbosity, and in no file.
fn it_stands_nowhere() {
    let stage = Stage::new("gitlab");
    let home = tempfile::tempdir().expect("a home");
    let (bin, log) = (home.path().join("bin"), home.path().join("arguments"));
    let real = find_program("git").expect("git");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >>{}\nexec {} \"$@\"\n",
        log.display(),
        real.display()
    );
    write(&bin.join("git"), &script);
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).expect("its mode");
    let path = std::env::var("PATH").expect("a PATH");
    let call = |words: &str| {
        let rb = at(home.path(), stage.rb(words));
        rb.env("PATH", format!("{}:{path}", bin.display())).run()
    };
    let mut said = String::new();
    let elsewhere = format!("--way request --repo {} -o json", stage.url());
    for (words, code) in [("--way request --label rollback", 12), (&elsewhere, 12), ("", 0)] {
        let ran = call(&format!("-vv {words}")).ends_with(code);
        assert!(ran.stderr.contains("  git: "), "it says what it does: {ran}");
        said += &ran.to_string();
    }
    // And where it goes wrong: a host that repeats what it was sent.
    stage.gitops.git(&["pull", "-q"]);
    let second = stage.gitops.release("checkout", "2.8.2");
    let echo = serde_json::json!({"message": format!("401 Unauthorized: Bearer {TOKEN}")});
    stage.fault("POST", "merge_requests", 1, crate::hosting::server::Reply::json(400, &echo));
    let rb = stage.gitops.rb(&format!("{second} --yes -vv --way request"));
    let rb = rb.env("RB_GIT_TOKEN", TOKEN).env("RB_GIT_HOST", stage.front.address().to_string());
    let ran = at(home.path(), rb).run().ends_with(3).says("401 Unauthorized: Bearer ***");
    said += &ran.to_string();
    assert!(!said.contains(TOKEN), "{said}");
    let arguments = fs::read_to_string(&log).expect("a log");
    assert!(arguments.contains("push") && arguments.contains("fetch"), "{arguments}");
    let all = stage.gitops.work().parent().expect("a folder").to_owned();
    assert!(all.join("cache").is_dir() && all.join("origin.git").is_dir());
    assert_stands_nowhere(&all);
    assert_stands_nowhere(home.path());
}

fn assert_stands_nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_stands_nowhere(&path);
        } else if let Ok(content) = fs::read(&path) {
            let found = content.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}
