use serde_json::{Value, json};

use super::*;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

fn target(kind: &str, name: &str) -> Target {
    let group = if kind == "Application" {
        "argoproj.io/v1alpha1"
    } else {
        "kustomize.toolkit.fluxcd.io/v1"
    };
    let (namespace, name) = ("shop".to_owned(), name.to_owned());
    Target { api_version: group.to_owned(), kind: kind.to_owned(), namespace, name }
}

/// An Application with nothing under way.
fn application(name: &str, of: Option<Target>, stops: Option<Stops>) -> OwnerRead {
    let barriers = stops.map(|stops| Barrier {
        why: "it is so".to_owned(),
        stops,
        remedy: "change it".to_owned(),
    });
    let owner = Owner {
        name: name.to_owned(),
        object: Some(target("Application", name)),
        of,
        barriers: barriers.into_iter().collect(),
        ..Owner::default()
    };
    let object: Value = json!({"metadata": {"namespace": "shop", "name": name}});
    OwnerRead { owner, object, taken: Vec::new() }
}

fn child(stops: Option<Stops>) -> OwnerRead {
    application("web", None, stops)
}

fn parent(stops: Option<Stops>) -> OwnerRead {
    application("root", Some(target("Application", "web")), stops)
}

fn followed(name: &str) -> Followed {
    Followed { owner: target("Application", name), name: name.to_owned() }
}

const UNSIGNED: Brings<'_> = Brings { signed: Some(false), files: None, versions: &[] };
const SIGNED: Brings<'_> = Brings { signed: Some(true), files: None, versions: &[] };

/// What comes out: who is followed, how many warnings there are, or who bars the way.
fn outcome(
    between: &[OwnerRead],
    commit: Brings<'_>,
    holders: Option<&[Followed]>,
) -> Result<(Vec<String>, usize), String> {
    let passage = of(between, commit, holders).map_err(|barred| barred.name)?;
    let names = passage.followed.into_iter().map(|followed| followed.name).collect();
    Ok((names, passage.warnings.len()))
}

#[test]
fn what_keeps_an_owner_from_taking_a_commit_up_is_refused() {
    let root = || "root".to_owned();
    let web = || "web".to_owned();
    for (of_child, of_parent, commit, expected) in [
        (None, None, UNSIGNED, Ok((vec![root()], 0))),
        (None, Some(Stops::WhileOff), UNSIGNED, Err(root())),
        (None, Some(Stops::All), UNSIGNED, Err(root())),
        (None, Some(Stops::Unsigned), UNSIGNED, Err(root())),
        // It is given another object, and does not look at the repository.
        (Some(Stops::Unsigned), None, UNSIGNED, Ok((vec![root()], 0))),
        (None, Some(Stops::Unsigned), SIGNED, Ok((vec![root()], 1))),
    ] {
        let between = [child_of_another_repository(of_child), parent(of_parent.clone())];
        assert_eq!(outcome(&between, commit, None), expected, "{of_parent:?}");
    }
    assert_eq!(outcome(&[child(Some(Stops::WhileOff))], UNSIGNED, None), Err(web()));
}

fn child_of_another_repository(stops: Option<Stops>) -> OwnerRead {
    let mut child = child(stops);
    let url = "https://git.test/elsewhere.git".to_owned();
    child.owner.sources = vec![crate::rollback::model::ownership::Source {
        url,
        is_branch: true,
        ..Default::default()
    }];
    child
}

/// Where the workload is patched first.
#[test]
fn who_is_off_leaves_the_patch_alone_and_is_not_waited_for() {
    let off = Some(Stops::WhileOff);
    let held = [followed("web")];
    let web = || "web".to_owned();
    for (between, holders, expected) in [
        (vec![child(None)], &held[..], Ok((vec![web()], 0))),
        // Somebody has turned it off.
        (vec![child(off.clone())], &[], Ok((vec![], 1))),
        // It is this undo that has.
        (vec![child(off.clone())], &held[..], Ok((vec![web()], 0))),
        // The one below would undo the patch once it is let go.
        (vec![child(None), parent(off)], &held[..], Err("root".to_owned())),
        (vec![child(Some(Stops::All))], &held[..], Err(web())),
        (vec![child(Some(Stops::Unsigned))], &held[..], Err(web())),
    ] {
        let found = outcome(&between, UNSIGNED, Some(holders));
        assert_eq!(found, expected, "{between:?}");
    }
}

#[test]
fn a_refusal_says_who_why_and_what_to_do() {
    for (stops, message) in [
        (Stops::WhileOff, "web takes nothing up from Git: it is so"),
        (Stops::All, "web takes nothing up from Git: it is so"),
        (
            Stops::Unsigned,
            "web would not take the revert up: it is so, and the revert would have no signature",
        ),
    ] {
        let error = of(&[child(Some(stops))], UNSIGNED, None).unwrap_err().error();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Refused, message));
        assert_eq!(error.hints(), ["change it"]);
    }
}

/// A `HelmRelease` between, whose values another owner applies.
#[test]
fn what_its_source_says_counts_only_for_what_that_has_to_fetch() {
    let source = |url: &str| {
        let url = url.to_owned();
        vec![crate::rollback::model::ownership::Source {
            url,
            is_branch: true,
            ..Default::default()
        }]
    };
    let release = |url: &str, stops: Stops| {
        let mut release = child(Some(stops));
        release.owner.object = Some(Target {
            api_version: "helm.toolkit.fluxcd.io/v2".to_owned(),
            ..target("HelmRelease", "web")
        });
        release.owner.sources = source(url);
        release
    };
    for (url, stops, is_barred) in [
        ("https://git.test/charts.git", Stops::Unfetched, false),
        ("https://git.test/fleet.git", Stops::Unfetched, true),
        ("https://git.test/charts.git", Stops::WhileOff, true),
    ] {
        let mut above = parent(None);
        above.owner.sources = source("https://git.test/fleet.git");
        let between = [release(url, stops.clone()), above];
        let found = outcome(&between, UNSIGNED, None);
        assert_eq!(found.is_err(), is_barred, "{url} {stops:?}: {found:?}");
    }
}
