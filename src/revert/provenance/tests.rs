use super::*;
use crate::git::ShallowBoundary;
use crate::git::testing::{Edit, Scratch, path, put};
use crate::rollback::model::provenance::{
    Ambiguous, Brought, Doubt, Elsewhere, NotInGit, NotInGitReason, Proof,
};
use crate::rollback::model::revert::CommitView;

mod histories;
mod layouts;
mod owners;
mod refusals;

/// What is asked, with images by the name of their container: `web=shop/web:2`.
struct Case {
    inputs: Inputs,
    live: Vec<ContainerImage>,
    good: Vec<ContainerImage>,
    created: Option<Timestamp>,
    only_images: bool,
    applied: Vec<Applied>,
    overrides: Vec<Override>,
}

fn containers(words: &str) -> Vec<ContainerImage> {
    let one = |word: &str| {
        let (container, image) = word.split_once('=').unwrap_or(("web", word));
        ContainerImage { container: container.to_owned(), image: image.to_owned() }
    };
    words.split_whitespace().map(one).collect()
}

/// The app in a folder, with its live images and those to go back to.
fn case(folder: &str, live: &str, good: &str) -> Case {
    Case {
        inputs: Inputs { folder: Some(path(folder)), ..Inputs::default() },
        live: containers(live),
        good: containers(good),
        created: None,
        only_images: true,
        applied: Vec::new(),
        overrides: Vec::new(),
    }
}

impl Case {
    fn try_find(&self, scratch: &Scratch, tip: Oid) -> Result<Provenance> {
        let question = Question {
            tip,
            inputs: &self.inputs,
            live: &self.live,
            good: &self.good,
            revision: "revision 41",
            created: self.created,
            only_images: self.only_images,
            applied: &self.applied,
            overrides: &self.overrides,
        };
        find(&scratch.open(), &question)
    }

    fn find(&self, scratch: &Scratch, tip: Oid) -> Provenance {
        self.try_find(scratch, tip).unwrap()
    }

    fn brought(&self, scratch: &Scratch, tip: Oid) -> Brought {
        match self.find(scratch, tip) {
            Provenance::Commits(brought) => brought,
            other => panic!("{other:?}"),
        }
    }

    fn not_in_git(&self, scratch: &Scratch, tip: Oid) -> NotInGit {
        match self.find(scratch, tip) {
            Provenance::NotInGit(found) => found,
            other => panic!("{other:?}"),
        }
    }

    fn elsewhere(&self, scratch: &Scratch, tip: Oid) -> Elsewhere {
        match self.find(scratch, tip) {
            Provenance::Elsewhere(found) => found,
            other => panic!("{other:?}"),
        }
    }

    fn ambiguous(&self, scratch: &Scratch, tip: Oid) -> Ambiguous {
        match self.find(scratch, tip) {
            Provenance::Ambiguous(found) => found,
            other => panic!("{other:?}"),
        }
    }
}

fn ids(views: &[CommitView]) -> Vec<Oid> {
    views.iter().map(|view| Oid::from_str(&view.id).unwrap()).collect()
}

fn id(view: &CommitView) -> Oid {
    ids(std::slice::from_ref(view))[0]
}

fn short(id: Oid) -> String {
    id.to_string().chars().take(9).collect()
}

/// A Deployment of one container.
fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    \
         spec:\n      containers:\n      - name: {name}\n        image: {image}\n"
    )
}

/// The app `web` as one file.
fn web(version: &str) -> Edit {
    put("apps/web/deploy.yaml", deployment("web", &format!("shop/web:{version}")))
}

fn applied(commits: &[(Oid, i64)]) -> Vec<Applied> {
    let one = |(commit, at): &(Oid, i64)| Applied {
        commit: commit.to_string(),
        at: Some(Timestamp::from_second(*at).unwrap()),
        ..Applied::default()
    };
    commits.iter().map(one).collect()
}
