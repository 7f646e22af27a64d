use super::*;
use crate::error::ErrorKind;
use crate::git::testing::{Edit, Scratch, link, path, put, submodule};

mod charts;
mod folders;
mod kustomizations;

/// A folder that is rendered, and no more is known.
fn folder(name: &str) -> Inputs {
    Inputs { folder: Some(path(name)), ..Inputs::default() }
}

fn read_files(edits: &[Edit], inputs: &Inputs) -> Closure {
    let scratch = Scratch::new();
    let commit = scratch.on(&[], "first", edits);
    of(&scratch.open(), commit, inputs).unwrap()
}

fn images(closure: &Closure) -> Vec<String> {
    closure.images.iter().map(Named::reference).collect()
}

fn paths(closure: &Closure) -> Vec<String> {
    closure.paths.iter().map(ToString::to_string).collect()
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    \
         spec:\n      containers:\n      - name: web\n        image: {image}\n"
    )
}
