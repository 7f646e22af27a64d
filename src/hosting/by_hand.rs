//! The page on which a person opens the request. Pure.

use super::place::{Place, escape, segments};
use super::{by_word, detect};

/// The page on which a person opens the request from `head` to `base`; that of the repository where
/// the kind of host is not known. `said` is the word of `--host`.
#[must_use]
pub fn by_hand(place: &Place, said: Option<&str>, head: &str, base: &str) -> String {
    match said.and_then(by_word).or_else(|| detect::known(place)) {
        Some(host) => host.by_hand(place, head, base),
        None => others(place, head, base).unwrap_or_else(|| place.web()),
    }
}

/// Hosts whose API is not known here.
fn others(place: &Place, head: &str, base: &str) -> Option<String> {
    let (head, base) = (escape(head), escape(base));
    let parts: Vec<&str> = place.path.split('/').collect();
    match (place.name(), parts.as_slice()) {
        ("bitbucket.org", _) => {
            let web = place.web();
            Some(format!("{web}/pull-requests/new?source={head}&dest={base}"))
        }
        // The URL for SSH has another form.
        ("ssh.dev.azure.com", ["v3", organization, project, name])
        | ("dev.azure.com", [organization, project, "_git", name]) => {
            let web = segments(&format!("{organization}/{project}/_git/{name}"));
            let query = format!("sourceRef={head}&targetRef={base}");
            Some(format!("https://dev.azure.com/{web}/pullrequestcreate?{query}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_page() {
        for (url, said, page) in [
            (
                "git@github.com:acme/shop.git",
                None,
                "https://github.com/acme/shop/compare/main...rb/revert-1?expand=1",
            ),
            (
                "https://gitlab.com/a/b/c.git",
                None,
                "https://gitlab.com/a/b/c/-/merge_requests/new?merge_request%5Bsource_branch%5D=rb%2Frevert-1&merge_request%5Btarget_branch%5D=main",
            ),
            (
                "https://git.corp:3000/a/b",
                Some("gitea"),
                "https://git.corp:3000/a/b/compare/main...rb/revert-1",
            ),
            (
                "git@bitbucket.org:ws/shop.git",
                None,
                "https://bitbucket.org/ws/shop/pull-requests/new?source=rb%2Frevert-1&dest=main",
            ),
            (
                "git@ssh.dev.azure.com:v3/acme/My%20Project/shop",
                None,
                "https://dev.azure.com/acme/My%20Project/_git/shop/pullrequestcreate?sourceRef=rb%2Frevert-1&targetRef=main",
            ),
            (
                "https://me@dev.azure.com/acme/p/_git/shop",
                None,
                "https://dev.azure.com/acme/p/_git/shop/pullrequestcreate?sourceRef=rb%2Frevert-1&targetRef=main",
            ),
            ("ssh://git@git.corp:2222/a/b.git", None, "https://git.corp/a/b"),
            ("https://git.corp/a/b.git", Some("subversion"), "https://git.corp/a/b"),
        ] {
            let place = Place::of_remote(url).unwrap();
            assert_eq!(by_hand(&place, said, "rb/revert-1", "main"), page);
        }
    }
}
