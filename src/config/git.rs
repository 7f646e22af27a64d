//! How a revert in Git is written, and where its repository is.

use super::cursor::At;
use super::format;

/// `git:` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitSettings {
    /// What the message of a revert looks like: a subject, and perhaps lines of a body after a blank
    /// one; `None` leaves it as `git revert` writes it. Its places are those of
    /// `git::commit::message::Style::Template`.
    pub message: Option<String>,
    /// Whether the commit gets a `Signed-off-by`.
    pub sign_off: bool,
    /// Where repositories are, in the user's words.
    pub rewrite: Vec<Rewrite>,
}

/// A repository has another URL for the user than for its owner in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// How the owner's URL begins.
    pub from: String,
    /// What stands there instead.
    pub to: String,
}

impl Rewrite {
    /// The URL of a repository by the rule that fits best: the one with the longest beginning. `None`
    /// where none fits. `git@host:path` is taken as `ssh://git@host/path`, in rules too.
    #[must_use]
    pub fn apply(rules: &[Self], url: &str) -> Option<String> {
        let url = normal(url);
        let fitting = rules.iter().filter_map(|rule| {
            let from = normal(&rule.from);
            let rest = url.strip_prefix(&from)?;
            Some((from.len(), format!("{}{rest}", rule.to)))
        });
        // Of two alike the first counts.
        fitting.rev().max_by_key(|(length, _)| *length).map(|(_, url)| url)
    }
}

/// With a scheme, and that and the host in lower case.
fn normal(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        None => match url.split_once(':') {
            Some((place, path)) if !place.is_empty() && !place.contains('/') => {
                ("ssh".to_owned(), format!("{place}/{}", path.trim_start_matches('/')))
            }
            _ => return url.to_owned(),
        },
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{user}@{}", host.to_ascii_lowercase()),
        None => authority.to_ascii_lowercase(),
    };
    format!("{scheme}://{authority}{path}")
}

pub(super) fn read(at: &At<'_>) -> GitSettings {
    let Some(fields) = at.section(&format::GIT) else { return GitSettings::default() };
    GitSettings {
        message: fields.get("message").and_then(|at| at.text()).map(str::to_owned),
        sign_off: fields.get("signOff").and_then(|at| at.flag()).unwrap_or(false),
        rewrite: fields
            .get("rewrite")
            .map(|at| at.items().iter().filter_map(rule).collect())
            .unwrap_or_default(),
    }
}

fn rule(at: &At<'_>) -> Option<Rewrite> {
    let fields = at.section(&format::REWRITE)?;
    let text = |key: &str| fields.need(key).and_then(|at| at.text()).map(str::to_owned);
    let (from, to) = (text("from"), text("to"));
    Some(Rewrite { from: from?, to: to? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(&str, &str)]) -> Vec<Rewrite> {
        let one = |(from, to): &(&str, &str)| Rewrite { from: (*from).into(), to: (*to).into() };
        rules.iter().map(one).collect()
    }

    #[test]
    fn the_beginning_of_a_url_is_replaced_and_the_longest_counts() {
        let rules = rules(&[
            ("ssh://git@git.test/", "https://git.test/"),
            ("git@git.test:shop/", "https://mirror.test/shop/"),
            ("ssh://git@git.test/shop/", "https://never.test/"),
            ("http://10.0.0.1:8080", "https://outside.test"),
        ]);
        for (url, expected) in [
            ("git@git.test:infra/fleet.git", Some("https://git.test/infra/fleet.git")),
            ("ssh://git@GIT.test/infra/fleet.git", Some("https://git.test/infra/fleet.git")),
            ("SSH://git@git.test/infra", Some("https://git.test/infra")),
            ("ssh://git@git.test/shop/web", Some("https://mirror.test/shop/web")),
            ("git@git.test:/shop/Web", Some("https://mirror.test/shop/Web")),
            ("http://10.0.0.1:8080/a/b.git", Some("https://outside.test/a/b.git")),
            ("https://git.test/infra", None),
            ("ssh://git.test/infra", None),
            ("/srv/fleet.git", None),
            ("", None),
        ] {
            assert_eq!(Rewrite::apply(&rules, url).as_deref(), expected, "{url}");
        }
        assert_eq!(Rewrite::apply(&[], "git@git.test:a"), None);
    }

    #[test]
    fn rules_are_read_in_their_order() {
        let text = "version: 1\ngit: {rewrite: [{from: 'a:', to: b}, {from: c, to: d}]}\n";
        let origin = crate::config::Origin::file(std::path::Path::new("rb.yaml"));
        let settings = crate::config::Settings::parse(text, &origin).unwrap();
        assert_eq!(settings.git.rewrite, rules(&[("a:", "b"), ("c", "d")]));
    }
}
