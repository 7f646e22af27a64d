//! Where tokens are from: `gh` and `glab` by programs of the test, Git's credential helpers by `git`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use kubectl_rb::cluster::Deadline;
use kubectl_rb::error::{ErrorKind, Result};
use kubectl_rb::hosting::{Environment, Hosting, Place, Way};
use tempfile::TempDir;

use super::{PATIENCE, STILL, block, whole};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        variables_come_before_logins_and_these_before_helpers,
        a_program_does_not_answer_with_a_foreign_variable,
        a_login_file_is_read_where_the_program_is_not_there,
        helpers_are_asked_for_one_server_and_do_not_ask_anybody,
        a_program_that_hangs_is_left,
        what_no_header_can_hold_is_no_token,
    ]
}

/// A home with programs of its own in front of those of the machine.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.path().to_str().expect("a name");
        let path = format!("{home}:{}", std::env::var("PATH").expect("a path"));
        let own = [("HOME", home), ("PATH", path.as_str()), ("GIT_CONFIG_NOSYSTEM", "1")];
        own.iter().chain(more).copied().collect()
    }

    /// Where the token is from, the user and the secret.
    fn token(&self, url: &str, said: &str, more: &[(&str, &str)]) -> Result<[String; 3]> {
        self.token_within(url, said, more, PATIENCE)
    }

    fn token_within(
        &self,
        url: &str,
        said: &str,
        more: &[(&str, &str)],
        patience: Duration,
    ) -> Result<[String; 3]> {
        let place = Place::of_remote(url).expect("a place");
        let environment = self.environment(more);
        block(async {
            let deadline = Deadline::after(patience);
            let way = Way {
                place: &place,
                said: Some(said),
                environment: &environment,
                pace: STILL,
                deadline,
            };
            let hosting = Hosting::connect(&way).await?.expect("a known host");
            assert!(!format!("{hosting:?}").contains("s3cret"), "{hosting:?}");
            let (user, secret) = hosting.git_login();
            Ok([hosting.token_source(), user, secret].map(str::to_owned))
        })
    }
}

const URL: &str = "https://github.com/acme/shop";
const HELPER: &str = "[credential]\n\thelper = \"!f() { cat >asked; test \\\"$1\\\" = get && \
                      printf 'username=me\\\\npassword=s3cret-c\\\\n'; }; f\"\n";

fn variables_come_before_logins_and_these_before_helpers() {
    let home = Home::new();
    home.file(".gitconfig", &HELPER.replace(">asked", ">/dev/null"));
    let helped = home.token(URL, "github", &[]).expect("a token");
    assert_eq!(helped, ["git credential fill", "me", "s3cret-c"]);
    home.program("gh", r#"test "$*" = "auth token --hostname github.com" && echo s3cret-b"#);
    let logged_in = home.token(URL, "github", &[]).expect("a token");
    assert_eq!(logged_in, ["gh auth token --hostname", "x-access-token", "s3cret-b"]);
    let said = home.token(URL, "github", &[("GH_TOKEN", "s3cret-a")]).expect("a token");
    assert_eq!(said, ["GH_TOKEN", "x-access-token", "s3cret-a"]);
    home.program("glab", r#"test "$*" = "config get token --host git.corp" && echo s3cret-g"#);
    let own = home.token("https://git.corp/a/b/c", "gitlab", &[]).expect("a token");
    assert_eq!(own, ["glab config get token --host", "oauth2", "s3cret-g"]);
}

fn a_program_does_not_answer_with_a_foreign_variable() {
    let home = Home::new();
    // It does so for every server but the public one.
    home.program("gh", r#"test -n "$GH_ENTERPRISE_TOKEN$GH_TOKEN" && echo "$GH_ENTERPRISE_TOKEN""#);
    let more = [("GH_ENTERPRISE_TOKEN", "s3cret"), ("GH_HOST", "git.corp")];
    let evil = "https://evil.test/acme/shop";
    let error = home.token(evil, "github", &more).expect_err("no token for it");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(whole(&error).contains("GH_ENTERPRISE_TOKEN is set, but"), "{}", whole(&error));
    assert!(!whole(&error).contains("s3cret"));
    let own = home.token("https://git.corp/acme/shop", "github", &more).expect("a token");
    assert_eq!(own[0], "GH_ENTERPRISE_TOKEN");
}

fn a_login_file_is_read_where_the_program_is_not_there() {
    let home = Home::new();
    home.program("gh", "exit 1");
    home.program("glab", "exit 127");
    home.file(".config/gh/hosts.yml", "github.com:\n    oauth_token: s3cret-f\n");
    home.file(".config/glab-cli/config.yml", "hosts:\n    gitlab.com:\n        token: s3cret-f\n");
    for (url, word) in [(URL, "github"), ("https://gitlab.com/a/b", "gitlab")] {
        assert_eq!(home.token(url, word, &[]).expect("a token")[2], "s3cret-f");
    }
    let other = home.token("https://git.corp/a/b", "github", &[]);
    assert_eq!(other.expect_err("no token").kind(), ErrorKind::Usage);
}

fn helpers_are_asked_for_one_server_and_do_not_ask_anybody() {
    let home = Home::new();
    let asked = home.path().join("asked");
    let helper = HELPER.replace(">asked", &format!(">{}", asked.display()));
    home.file(
        ".gitconfig",
        &helper.replace("[credential]", "[credential \"https://git.corp:8443\"]"),
    );
    home.program("ask", "touch \"$HOME/window\"; echo s3cret");
    let ask = home.path().join("ask");
    let more = [("GIT_ASKPASS", ask.to_str().expect("a name")), ("GIT_DIR", "/nowhere")];
    let token = home.token("https://git.corp:8443/a/b", "gitea", &more).expect("a token");
    assert_eq!(token, ["git credential fill", "me", "s3cret-c"]);
    let asked = fs::read_to_string(asked).expect("a question");
    assert!(asked.contains("protocol=https\nhost=git.corp:8443\n"), "{asked}");
    for url in ["https://git.corp/a/b", "http://git.corp:8443/a/b", "https://evil.test/a/b"] {
        let error = home.token(url, "gitea", &more).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(whole(&error).contains("RB_GIT_TOKEN=TOKEN RB_GIT_HOST="), "{}", whole(&error));
    }
    assert!(!home.path().join("window").exists());
}

fn a_program_that_hangs_is_left() {
    let home = Home::new();
    home.program("gh", "exec sleep 600");
    let error = home.token_within(URL, "github", &[], Duration::from_millis(800));
    assert_eq!(error.expect_err("no token").kind(), ErrorKind::Usage);
}

fn what_no_header_can_hold_is_no_token() {
    let home = Home::new();
    let error = home.token(URL, "github", &[("GH_TOKEN", "s3cret\r\nx-evil: 1")]);
    let error = error.expect_err("a line end");
    assert_eq!(error.kind(), ErrorKind::Usage);
    let text = whole(&error);
    assert!(text.contains("what GH_TOKEN holds is no token"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
