use super::*;
use crate::hosting::by_word;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().copied().collect()
}

fn source(word: &str, url: &str, pairs: &[(&str, &str)]) -> Option<String> {
    let place = Place::of_remote(url).unwrap();
    of_environment(by_word(word).unwrap(), &place, &environment(pairs)).map(|token| token.source)
}

const PUBLIC: &str = "https://github.com/acme/shop";
const OWN: &str = "https://git.corp/acme/shop";
const EVIL: &str = "https://github.com.evil.test/acme/shop";

#[test]
fn a_token_goes_to_the_server_that_it_is_for() {
    let all = [
        ("GH_TOKEN", "s3cret"),
        ("GITHUB_TOKEN", "s3cret"),
        ("GH_ENTERPRISE_TOKEN", "s3cret"),
        ("GITLAB_TOKEN", "s3cret"),
        ("GITEA_TOKEN", "s3cret"),
        ("FORGEJO_TOKEN", "s3cret"),
        ("RB_GIT_TOKEN", "s3cret"),
    ];
    for word in ["github", "gitlab", "gitea"] {
        for url in [OWN, EVIL, "https://github.com:8443/a/b", "https://xgitlab.com/a/b"] {
            assert_eq!(source(word, url, &all), None, "{word} {url}");
        }
    }
    for (word, url, expected) in [
        ("github", PUBLIC, "GH_TOKEN"),
        ("github", "https://acme.ghe.com/a/b", "GH_TOKEN"),
        ("gitlab", "git@gitlab.com:a/b.git", "GITLAB_TOKEN"),
        ("gitea", "https://codeberg.org/a/b", "FORGEJO_TOKEN"),
        ("gitea", "https://gitea.com/a/b", "GITEA_TOKEN"),
    ] {
        assert_eq!(source(word, url, &all).as_deref(), Some(expected), "{word} {url}");
    }
}

#[test]
fn other_variables_name_the_server() {
    for (word, url, pairs, expected) in [
        ("github", OWN, &[("GH_ENTERPRISE_TOKEN", "t"), ("GH_HOST", "git.corp")][..], true),
        ("github", OWN, &[("GH_ENTERPRISE_TOKEN", "t"), ("GH_HOST", "other.corp")], false),
        ("github", OWN, &[("GITHUB_TOKEN", "t"), ("GITHUB_SERVER_URL", "https://git.corp/")], true),
        // In a workflow of that server it is not for the public one.
        (
            "github",
            PUBLIC,
            &[("GITHUB_TOKEN", "t"), ("GITHUB_SERVER_URL", "https://git.corp")],
            false,
        ),
        ("gitlab", OWN, &[("GITLAB_TOKEN", "t"), ("CI_SERVER_URL", "https://GIT.corp:443")], true),
        ("gitlab", "https://gitlab.com/a/b", &[("GITLAB_TOKEN", "t"), ("GL_HOST", "x")], false),
        (
            "gitea",
            "http://git.corp:3000/a/b",
            &[("GITEA_TOKEN", "t"), ("GITEA_SERVER_URL", "http://git.corp:3000")],
            true,
        ),
        ("gitea", OWN, &[("RB_GIT_TOKEN", "t"), ("RB_GIT_HOST", "git.corp")], true),
        ("gitea", EVIL, &[("RB_GIT_TOKEN", "t"), ("RB_GIT_HOST", "git.corp")], false),
        ("github", PUBLIC, &[("GH_TOKEN", "  ")], false),
    ] {
        assert_eq!(source(word, url, pairs).is_some(), expected, "{word} {url} {pairs:?}");
    }
    let both = [("RB_GIT_TOKEN", "t"), ("RB_GIT_HOST", "github.com"), ("GH_TOKEN", "u")];
    assert_eq!(source("github", PUBLIC, &both).as_deref(), Some("RB_GIT_TOKEN"));
}

#[test]
fn who_has_none_is_told_what_to_do_and_what_is_for_another_server() {
    let place = Place::of_remote(OWN).unwrap();
    let environment = environment(&[("GH_TOKEN", "s3cret")]);
    let error = none(by_word("github").unwrap(), &place, &environment);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.to_string(), "there is no token for git.corp");
    assert_eq!(error.causes(), ["GH_TOKEN is set, but it is for github.com, *.ghe.com"]);
    let hints = error.hints().join("\n");
    for part in ["gh auth login --hostname git.corp", "RB_GIT_TOKEN=TOKEN RB_GIT_HOST=git.corp"] {
        assert!(hints.contains(part), "{hints}");
    }
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[test]
fn secrets_are_not_printed() {
    let token = Token::new(" s3cret\n", "GH_TOKEN").unwrap().of_user(Some("me".to_owned()));
    assert_eq!(format!("{token:?}"), "Token(from GH_TOKEN)");
    let said = format!("no s3cret and {} here", token.basic("me"));
    assert_eq!(token.hide(&said), "no *** and Basic *** here");
    let environment = environment(&[("GH_TOKEN", "s3cret")]);
    assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
    assert_eq!(Token::new(" ", "x"), None);
}
