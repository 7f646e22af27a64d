use super::*;
use crate::git::commit::identity::Identity;

fn ann() -> Identity {
    Identity { name: "Ann".to_owned(), email: "ann@shop.example".to_owned() }
}

const LONG: Duration = Duration::from_secs(60);

fn configured(config: &UserConfig, wanted: Option<bool>) -> Result<Option<Signing>> {
    Signing::configured(config, wanted, &ann(), Path::new("/"), LONG)
}

#[test]
fn the_configuration_decides_whether_and_how() {
    let on = ("commit.gpgsign", "true");
    for (config, wanted, found) in [
        (UserConfig::default(), None, None),
        (UserConfig::from([on]), Some(false), None),
        (UserConfig::default(), Some(true), Some(("gpg", "Ann <ann@shop.example>"))),
        (UserConfig::from([on]), None, Some(("gpg", "Ann <ann@shop.example>"))),
        (
            UserConfig::from([on, ("user.signingkey", "ABC"), ("gpg.program", "/opt/gpg")]),
            None,
            Some(("/opt/gpg", "ABC")),
        ),
        (
            UserConfig::from([on, ("gpg.openpgp.program", "a"), ("gpg.program", "b")]),
            None,
            Some(("a", "Ann <ann@shop.example>")),
        ),
        (
            UserConfig::from([on, ("gpg.format", "x509"), ("user.signingkey", "ABC")]),
            None,
            Some(("gpgsm", "ABC")),
        ),
        (
            UserConfig::from([on, ("gpg.format", "ssh"), ("user.signingkey", "/k")]),
            None,
            Some(("ssh-keygen", "/k")),
        ),
        (
            UserConfig::from([
                on,
                ("gpg.format", "ssh"),
                ("gpg.ssh.defaultkeycommand", "echo 'key::ssh-ed25519 AAAA'; echo other"),
            ]),
            None,
            Some(("ssh-keygen", "key::ssh-ed25519 AAAA")),
        ),
    ] {
        let signing = configured(&config, wanted).unwrap();
        let signing = signing.as_ref().map(|signing| (signing.program(), signing.key.as_str()));
        assert_eq!(signing, found);
    }
}

#[test]
fn settings_that_do_not_say_how() {
    let on = ("commit.gpgsign", "true");
    for (config, kind) in [
        (UserConfig::from([on, ("gpg.format", "minisign")]), ErrorKind::Usage),
        (UserConfig::from([on, ("gpg.format", "ssh")]), ErrorKind::Usage),
        (
            UserConfig::from([on, ("gpg.format", "ssh"), ("gpg.ssh.defaultkeycommand", "true")]),
            ErrorKind::Refused,
        ),
    ] {
        assert_eq!(configured(&config, None).unwrap_err().kind(), kind);
    }
}

/// By a child: a file that this process has open for writing, in whichever thread, cannot be run.
fn write_program(path: &Path, content: &str) {
    let script = r#"printf '%s' "$2" > "$1" && chmod 755 "$1""#;
    let written =
        std::process::Command::new("sh").args(["-c", script, "sh"]).arg(path).arg(content).status();
    assert!(written.unwrap().success());
}

#[test]
fn a_program_that_makes_no_signature_is_an_error() {
    let folder = tempfile::TempDir::new().unwrap();
    for (script, why) in [
        ("echo 'no secret key' >&2; exit 2", "no secret key"),
        ("exit 0", "it said nothing"),
        ("echo '[GNUPG:] SIG_CREATED x' >&2; exit 0", "it said nothing"),
        ("echo signature; echo 'odd \u{1b}[2J' >&2", "odd \\x1b[2J"),
        ("echo signature; echo '[GNUPG:] SIG_CREATED x' >&2; exit 1", "it said nothing"),
    ] {
        let program = folder.path().join("gpg");
        write_program(&program, &format!("#!/bin/sh\ncat > /dev/null\n{script}\n"));
        let program = program.to_str().unwrap();
        let config = UserConfig::from([("commit.gpgsign", "1"), ("gpg.program", program)]);
        let error = configured(&config, None).unwrap().unwrap().sign("x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.causes(), [why], "{script}");
    }
}

#[test]
fn what_is_signed_is_in_nobodys_way() {
    let scratch = Scratch::new().unwrap();
    let folder = scratch.0.clone();
    let file = scratch.file("commit", "x").unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "x");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&folder).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    drop(scratch);
    assert!(!folder.exists());
}
