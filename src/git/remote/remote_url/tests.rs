use super::*;

fn read(text: &str) -> RemoteUrl {
    RemoteUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn all_ways_to_write_a_place_are_one() {
    for (text, canonical, identity) in [
        ("https://GitHub.com/acme/shop", "https://github.com/acme/shop", "github.com/acme/shop"),
        (
            "HTTPS://github.com:443/acme/shop.git/",
            "https://github.com/acme/shop",
            "github.com/acme/shop",
        ),
        (
            "https://u:p@github.com/acme/shop.git",
            "https://github.com/acme/shop",
            "github.com/acme/shop",
        ),
        ("http://git.test:8080/a", "http://git.test:8080/a", "git.test:8080/a"),
        ("git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop", "github.com/acme/shop"),
        (
            "ssh://git@github.com/acme/shop",
            "ssh://git@github.com/acme/shop",
            "github.com/acme/shop",
        ),
        (
            "ssh://git:pw@github.com:22/acme/shop",
            "ssh://git@github.com/acme/shop",
            "github.com/acme/shop",
        ),
        ("ssh://git.test:2222/~/a", "ssh://git.test:2222/~/a", "git.test:2222/~/a"),
        ("[git.test:2222]:a/b", "ssh://git.test:2222/a/b", "git.test:2222/a/b"),
        ("git@[2001:db8::1]:a/b", "ssh://git@[2001:db8::1]/a/b", "[2001:db8::1]/a/b"),
        ("https://[::1]:8443/a/b", "https://[::1]:8443/a/b", "[::1]:8443/a/b"),
        ("gh:acme/shop", "ssh://gh/acme/shop", "gh/acme/shop"),
        ("file:///srv/git/a.git", "file:///srv/git/a", "file:///srv/git/a"),
        ("/srv/git/a/", "file:///srv/git/a", "file:///srv/git/a"),
        ("/srv/a b/.git", "file:///srv/a b", "file:///srv/a b"),
        ("file:///srv/a%20b", "file:///srv/a b", "file:///srv/a b"),
        ("/srv/with:colon", "file:///srv/with:colon", "file:///srv/with:colon"),
    ] {
        let url = read(text);
        assert_eq!(url.canonical(), canonical, "{text}");
        assert_eq!(url.identity(), identity, "{text}");
    }
}

#[test]
fn git_is_told_what_was_written_without_credentials() {
    for (text, argument) in [
        ("https://u:p@GitHub.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("git@github.com:acme/shop.git", "git@github.com:acme/shop.git"),
        ("gh:acme/shop", "gh:acme/shop"),
        ("ssh://git@git.test:2222/a", "ssh://git@git.test:2222/a"),
        ("git@[git.test:2222]:a", "git@[git.test:2222]:a"),
        ("file:///srv/a%20b", "file:///srv/a%20b"),
        ("/srv/a b", "/srv/a b"),
    ] {
        assert_eq!(read(text).argument(), argument, "{text}");
    }
    let relative = read("some/folder");
    assert!(relative.argument().starts_with('/') && relative.argument().ends_with("some/folder"));
}

#[test]
fn credentials_are_taken_out_and_shown_nowhere() {
    for (text, credentials) in [
        ("https://u:s3cret@h.test/a", Some(("u", "s3cret"))),
        ("https://u:s3%2Fcret%40@h.test/a", Some(("u", "s3/cret@"))),
        ("https://u@x:s3cret@h.test/a", Some(("u@x", "s3cret"))),
        ("https://s3cret:@h.test/a", Some(("s3cret", ""))),
        ("https://h.test/a", None),
        ("ssh://git:s3cret@h.test/a", None),
    ] {
        let url = read(text);
        let basic = credentials.map(|(user, password)| Credentials::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        });
        assert_eq!(url.credentials(), basic.as_ref(), "{text}");
        let shown =
            format!("{url} {url:?} {} {} {}", url.canonical(), url.identity(), url.argument());
        assert!(!shown.contains("s3"), "{shown}");
        assert_eq!(url.host(), Some("h.test"));
    }
    let user = read("https://s3cret@h.test/a");
    assert_eq!(user.credentials(), Some(&Credentials::User("s3cret".to_owned())));
    assert!(!format!("{user} {user:?}").contains("s3cret"));
}

#[test]
fn what_would_run_something_else_is_refused() {
    for (text, why) in [
        ("", "is empty"),
        ("--upload-pack=touch /tmp/owned", "an option"),
        ("-oProxyCommand=x", "an option"),
        ("ext::sh -c 'touch /tmp/owned'", "ext::"),
        ("fd::17", "fd::"),
        ("anything-at.all::x", "anything-at.all::"),
        ("http::x", "http::"),
        ("ssh://-oProxyCommand=x/a", "no host"),
        ("-x@host:a", "an option"),
        ("ssh://-l@host/a", "user name"),
        ("git@-oProxyCommand=x:a", "no host"),
        ("host:-x", "no path"),
        ("git@host:", "no path"),
        ("https://h.test/a\nb", "control character"),
        ("https://h.test/a%0ab", "control character"),
        ("https://u%0ahost=evil:p@h.test/a", "control character"),
        ("https://h.test/\u{1b}[2J", "control character"),
        ("https://h.test", "no path"),
        ("https:///a", "no host"),
        ("https://h test/a", "no host"),
        ("https://h.test:x/a", "no port"),
        ("https://h.test:99999/a", "no port"),
        ("https://h.test/a?private_token=s3cret", "query"),
        ("ftp://h.test/a", "\"ftp\""),
        ("file://host/a", "names a host"),
    ] {
        let error = RemoteUrl::parse(text).expect_err(text);
        assert_eq!(error.kind(), crate::error::ErrorKind::Usage, "{text}");
        assert!(error.to_string().contains(why), "{text}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

proptest::proptest! {
    /// Whatever is written: no option, no helper and no control character reaches `git`.
    #[test]
    fn an_argument_is_harmless(text in "\\PC{0,40}|[a-z+:/@.\\-\\[\\]%0-9?# ]{0,40}") {
        if let Ok(url) = RemoteUrl::parse(&text) {
            let argument = url.argument();
            assert!(!argument.starts_with('-') && !argument.chars().any(char::is_control));
            let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(!argument.split_once("::").is_some_and(|(name, _)| !name.is_empty() && is_word(name)));
            let again = RemoteUrl::parse(argument).expect("what git is told can be read");
            assert_eq!(again.canonical(), url.canonical());
        }
    }
}
