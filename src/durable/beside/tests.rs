use crate::git::testing::{Scratch, path};

use super::*;

fn source(folder: &str) -> Source {
    Source {
        url: "https://git.test/fleet.git".to_owned(),
        wants: "main".to_owned(),
        path: Some(folder.to_owned()),
        ..Source::default()
    }
}

fn inputs(folder: &str) -> Inputs {
    Inputs { folder: Some(path(folder)), ..Inputs::default() }
}

fn neighbour(folder: &str, shares: bool, acts: bool) -> Neighbour {
    Neighbour {
        name: "Argo CD application other".to_owned(),
        object: Target::default(),
        reads: vec![(source(folder), inputs(folder))],
        shares,
        acts,
    }
}

fn target(kind: &str, name: &str) -> Target {
    Target {
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: "argocd".to_owned(),
        ..Target::default()
    }
}

fn said(other: Neighbour) -> Result<Vec<String>> {
    let owner = Owner {
        name: "Argo CD application web".to_owned(),
        object: Some(target("Application", "web")),
        sources: vec![source("apps/web")],
        ..Owner::default()
    };
    let neighbours = Neighbours { list: vec![other], only: None };
    of_object(&neighbours, &owner, &target("Deployment", "web"), |words| format!("rb {words}"))
}

#[test]
fn what_another_one_puts_back_by_itself_is_refused() {
    let begins = "Argo CD application other has deployment/web among its objects too, ";
    for (other, expected) in [
        (neighbour("apps/other", false, true), vec![]),
        (
            neighbour("apps/other", true, false),
            vec![format!("{begins}and each sync of it puts its own there")],
        ),
        // The revert is one for both.
        (neighbour("apps/web", true, true), vec![format!("{begins}of the same files")]),
    ] {
        assert_eq!(said(other).unwrap(), expected);
    }
    let error = said(neighbour("apps/other", true, true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let text = error.to_string();
    assert!(text.contains("Argo CD application web, whose mark is on it"), "{text}");
    assert!(text.contains("Argo CD application other"), "{text}");
    let hints = error.hints().concat();
    assert!(hints.contains("rb undo application") && hints.contains("-n argocd"), "{hints}");
}

#[test]
fn who_renders_a_file_is_known_by_what_it_reads() {
    let scratch = Scratch::new();
    let commit = scratch.commit(&[
        ("base/kustomization.yaml", "resources: [deploy.yaml]\n"),
        ("base/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"),
        ("apps/one/kustomization.yaml", "resources: [../../base]\n"),
        ("apps/two/deploy.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: two}\n"),
    ]);
    let repository = scratch.open();
    for (folder, file, is_met) in [
        ("apps/one", "base/deploy.yaml", true),
        ("apps/one", "apps/one/kustomization.yaml", true),
        ("apps/two", "base/deploy.yaml", false),
        ("apps/two", "apps/two/deploy.yaml", true),
        ("apps/gone", "base/deploy.yaml", false),
    ] {
        let found = meets(&repository, commit, &inputs(folder), &[&path(file)]);
        assert_eq!(found, is_met, "{folder} {file}");
    }
}

#[test]
fn many_are_named_in_part_and_what_was_not_looked_at_is_said() {
    let two = "the files go back for others too: a, b";
    let seven = "the files go back for others too: a, b, c, d, e and 2 more";
    let rest = "who else renders the files was looked at of 100 other owners only";
    for (others, only, expected) in [
        (&[][..], None, vec![]),
        (&["a", "b"], None, vec![two]),
        (&["a", "b", "c", "d", "e", "f", "g"], None, vec![seven]),
        (&["a", "b"], Some(100), vec![two, rest]),
        (&[], Some(100), vec![rest]),
    ] {
        assert_eq!(words(others, only), expected);
    }
}
