//! The order of the steps.

use super::*;

fn followed(name: &str) -> Followed {
    let owner = Target { name: name.to_owned(), ..Target::default() };
    Followed { owner, name: name.to_owned() }
}

/// The steps by which it arrives, where this one of `above` and `web` takes values that change.
fn steps(reader: &str) -> Vec<String> {
    let through = Through {
        followed: ["above", "web"].map(followed).to_vec(),
        reader: Some(followed(reader).owner),
        ..Through::default()
    };
    let steps = through.followed.iter().flat_map(|one| follow(one, &through, None));
    steps.map(|step| step.id).collect()
}

#[test]
fn who_takes_values_is_let_go_once_they_are_there() {
    for (held, reader, expected) in [
        (&["web"][..], "nobody", "see-web release-web follow-above follow-web"),
        (&["web"], "web", "see-web follow-above release-web read-web"),
        (
            &["above", "web"],
            "web",
            "see-above see-web release-above follow-above release-web \
             read-web",
        ),
        (&["web"], "above", "see-web release-web follow-above read-above follow-web"),
        // It is none of those that see the commit.
        (&["other"], "other", "follow-above follow-web release-other"),
    ] {
        let through = Through {
            followed: ["above", "web"].map(followed).to_vec(),
            held: held.iter().map(|name| followed(name)).collect(),
            reader: Some(followed(reader).owner),
            ..Through::default()
        };
        let steps = agreeing(&through);
        let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
        // Who is held yet may keep those from being well.
        let last = ids.iter().rposition(|id| id.starts_with("release-")).unwrap();
        for step in steps.iter().take(last).filter(|step| step.id.starts_with("follow-")) {
            assert!(step.summary.ends_with("until it has written it"), "{}", step.summary);
        }
    }
}

#[test]
fn values_are_read_once_what_holds_them_is_applied() {
    for (reader, expected) in [
        ("nobody", &["follow-above", "follow-web"][..]),
        ("web", &["follow-above", "read-web"]),
        ("above", &["follow-above", "read-above", "follow-web"]),
    ] {
        assert_eq!(steps(reader), expected);
    }
}
