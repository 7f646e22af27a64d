//! Commits signed by the real programs, and verified by the real `git`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Zoned;
use kubectl_rb::git::Oid;
use kubectl_rb::git::commit::identity::Identity;
use kubectl_rb::git::commit::signing::Signing;
use kubectl_rb::git::commit::{NewCommit, create};
use kubectl_rb::git::program::Git;
use kubectl_rb::git::program::user_config::UserConfig;
use kubectl_rb::git::repository::Repository;
use tempfile::TempDir;

use super::scribe::{Files, Scribe, command, git};
use crate::git_network;
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        a_commit_without_a_signature_is_whole,
        gpg_signs_and_git_verifies,
        ssh_signs_and_git_verifies,
        x509_signs_and_git_verifies,
        the_configuration_is_read_as_git_reads_it,
    ]
}

fn ann() -> Identity {
    Identity { name: "Ann".to_owned(), email: "ann@shop.example".to_owned() }
}

/// A repository with one commit on another, whose tree and parent a new commit takes.
struct Bench {
    scribe: Scribe,
    tree: Oid,
    parent: Oid,
}

impl Bench {
    fn new() -> Self {
        let mut scribe = Scribe::new(0);
        let file = |text: &str| (0o100_644, text.as_bytes().to_vec());
        let before = Files::from([("a".to_owned(), file("1\n"))]);
        let after = Files::from([("a".to_owned(), file("2\n"))]);
        let first = scribe.commit(&[], "first", &Files::new(), &before);
        scribe.commit(&[first], "second", &before, &after);
        scribe.import();
        let id =
            |name: &str| Oid::from_str(&git(scribe.path(), &["rev-parse", name])).expect("an id");
        let (tree, parent) = (id("main~1^{tree}"), id("main"));
        Self { scribe, tree, parent }
    }

    fn commit(&self, signing: Option<&Signing>) -> String {
        let repository = Repository::open(self.scribe.path()).expect("a repository");
        let (ann, at) = (ann(), Zoned::now());
        let new = NewCommit {
            tree: self.tree,
            parent: self.parent,
            message: "Revert \"größer\"\n\nThis reverts it.\n\nRb-Operation: 0123\n",
            author: &ann,
            committer: &ann,
            at: &at,
        };
        let id = create(&repository, &new, signing).expect("a commit").to_string();
        git(self.scribe.path(), &["fsck", "--strict", "--no-dangling"]);
        id
    }

    /// Signs as these settings say, and lets `git` verify with the same.
    fn sign_and_verify(&self, settings: &[(&str, &str)]) {
        for (key, value) in settings {
            git(self.scribe.path(), &["config", key, value]);
        }
        let config = configuration(self.scribe.path()).expect("a configuration");
        let signing = Signing::configured(
            &config,
            None,
            &ann(),
            self.scribe.path(),
            Duration::from_secs(120),
        )
        .expect("settings that say how")
        .expect("commits are signed");
        let id = self.commit(Some(&signing));
        git(self.scribe.path(), &["verify-commit", &id]);
        // The same text with another word in it is not what was signed.
        let text = git(self.scribe.path(), &["cat-file", "commit", &id]);
        let forged = text.replace("This reverts it.", "This reverts nothing.");
        assert_ne!(text, forged);
        let file = self.scribe.path().join("forged");
        fs::write(&file, forged + "\n").expect("a file");
        let file = file.to_str().expect("a path");
        let forged = git(self.scribe.path(), &["hash-object", "-t", "commit", "-w", file]);
        let output = command(self.scribe.path()).args(["verify-commit", &forged]).output();
        assert!(!output.expect("git").status.success(), "a forged commit was verified");
    }
}

fn a_commit_without_a_signature_is_whole() {
    let bench = Bench::new();
    let id = bench.commit(None);
    let shown = git(bench.scribe.path(), &["show", "--no-patch", "--format=%an %ae %P%n%B", &id]);
    let parent = bench.parent;
    assert_eq!(
        shown,
        format!(
            "Ann ann@shop.example {parent}\nRevert \"größer\"\n\nThis reverts it.\n\nRb-Operation: 0123"
        )
    );
}

/// Whether a program is here; says so where it is not.
pub(crate) fn has(program: &str) -> bool {
    let is_here = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !is_here {
        #[expect(clippy::print_stdout, reason = "a test that is left out says so")]
        {
            println!("skipped: {program} is not installed");
        }
    }
    is_here
}

/// A home for `GnuPG`, with programs that use it: this process's environment stays as it is.
pub(crate) struct Keyring {
    folder: TempDir,
}

impl Keyring {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let home = folder.path().join("home");
        fs::create_dir(&home).expect("a folder");
        let mut rights = fs::metadata(&home).expect("a folder").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o700);
        fs::set_permissions(&home, rights).expect("a folder of ours");
        Self { folder }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A program that is this one with the keyring as its home. A child writes it: a file that this
    /// process has open for writing, in whichever thread, cannot be run.
    pub(crate) fn program(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        let content =
            format!("#!/bin/sh\nGNUPGHOME='{}' exec {name} \"$@\"\n", self.home().display());
        let script = r#"printf '%s' "$2" > "$1" && chmod 755 "$1""#;
        run(Command::new("sh").args(["-c", script, "sh"]).arg(&path).arg(content));
        path.to_str().expect("a path").to_owned()
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let file = self.folder.path().join("input");
        fs::write(&file, input).expect("a file");
        let input = fs::File::open(&file).expect("a file");
        run(Command::new(program).args(arguments).env("GNUPGHOME", self.home()).stdin(input))
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // The agent of this home, which the programs have started.
        let mut end = Command::new("gpgconf");
        let _ = end.args(["--kill", "all"]).env("GNUPGHOME", self.home()).output();
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("a program");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn gpg_signs_and_git_verifies() {
    if !has("gpg") {
        return;
    }
    let keyring = Keyring::new();
    let person = "Ann <ann@shop.example>";
    let arguments =
        ["--batch", "--passphrase", "", "--quick-generate-key", person, "ed25519", "sign", "never"];
    keyring.run("gpg", &arguments, "");
    let program = keyring.program("gpg");
    let bench = Bench::new();
    // The key is that of the committer.
    bench.sign_and_verify(&[("commit.gpgSign", "true"), ("gpg.program", &program)]);
    bench.sign_and_verify(&[("user.signingKey", "ann@shop.example")]);
}

fn ssh_signs_and_git_verifies() {
    if !has("ssh-keygen") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let key = path("id");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &key]));
    let public = fs::read_to_string(path("id.pub")).expect("a key");
    let allowed = path("allowed");
    fs::write(&allowed, format!("ann@shop.example {public}")).expect("a file");
    let bench = Bench::new();
    bench.sign_and_verify(&[
        ("commit.gpgSign", "true"),
        ("gpg.format", "ssh"),
        ("gpg.ssh.allowedSignersFile", &allowed),
        ("user.signingKey", &path("id.pub")),
    ]);
    bench.sign_and_verify(&[("user.signingKey", &key)]);
}

fn x509_signs_and_git_verifies() {
    if !has("gpgsm") {
        return;
    }
    let keyring = Keyring::new();
    let parameters = "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSerial: random\n\
                      Name-DN: CN=Ann\nName-Email: ann@shop.example\n";
    // An empty passphrase, so that nobody is asked.
    let empty = keyring.folder.path().join("empty");
    fs::write(&empty, "\n").expect("a file");
    let script = "exec gpgsm --batch --disable-dirmngr --armor --pinentry-mode loopback \
                  --passphrase-fd 3 --generate-key 3< \"$1\"";
    let arguments = ["-c", script, "sh", empty.to_str().expect("a path")];
    let certificate = keyring.run("sh", &arguments, parameters);
    keyring.run("gpgsm", &["--batch", "--disable-dirmngr", "--import"], &certificate);
    let listed = keyring.run("gpgsm", &["--with-colons", "--list-keys"], "");
    let print = listed.lines().find_map(|line| line.strip_prefix("fpr:")).expect("a key");
    let print = print.trim_matches(':').split(':').next().expect("a fingerprint").to_owned();
    fs::write(keyring.home().join("trustlist.txt"), format!("{print} S relax\n")).expect("a file");
    fs::write(keyring.home().join("gpgsm.conf"), "disable-crl-checks\ndisable-dirmngr\n")
        .expect("a file");
    let mut end = Command::new("gpgconf");
    let _ = end.args(["--kill", "gpg-agent"]).env("GNUPGHOME", keyring.home()).output();
    let program = keyring.program("gpgsm");
    Bench::new().sign_and_verify(&[
        ("commit.gpgSign", "true"),
        ("gpg.format", "x509"),
        ("gpg.x509.program", &program),
        ("user.signingKey", &print),
    ]);
}

fn the_configuration_is_read_as_git_reads_it() {
    let bench = Bench::new();
    let folder: &Path = bench.scribe.path();
    let included = folder.join("included");
    fs::write(
        &included,
        "[user]\n\tsigningKey = \"a b\"\n[gpg \"ssh\"]\n\tprogram = x\n[flag]\n\ton\n",
    )
    .expect("a file");
    // On a condition, which libgit2 and git judge by where the repository is.
    let condition = format!("includeIf.gitdir:{}/.path", folder.display());
    git(folder, &["config", &condition, included.to_str().expect("a path")]);
    git(folder, &["config", "user.signingKey", "other"]);
    git(folder, &["config", "Gpg.Format", "ssh"]);
    let config = configuration(folder).expect("a configuration");
    assert_eq!(config.get("gpg.format"), Some("ssh"));
    assert_eq!(config.get("gpg.ssh.program"), Some("x"));
    assert_eq!(config.get("user.signingkey"), Some("other"));
    assert!(config.is_on("flag.on").expect("a switch"));
    let error = configuration(&folder.join("nowhere")).expect_err("no folder");
    assert_eq!(error.to_string(), "cannot read your Git configuration");
}

fn configuration(folder: &Path) -> kubectl_rb::error::Result<UserConfig> {
    git_network::run(async {
        let git = Git::find(std::env::vars_os(), false).await?;
        UserConfig::read(&git, folder).await
    })
}
