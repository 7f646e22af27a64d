//! The repositories that are reverted in: GitOps repositories of teams, applications and manifests, with
//! a history in which each commit releases one of them. Written by `git fast-import`, packed as a host
//! packs them, and kept in the user's cache folder for the next run.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::say;
use super::testbed::cache_folder;

/// Counts up with every change of what is written.
const GENERATION: u32 = 1;
const FILES_OF_AN_APP: usize = 10;
const APPS_OF_A_TEAM: usize = 50;
/// The bad commit is this many commits behind the tip.
pub(crate) const BEHIND: usize = 5;
/// What a copy of an earlier day lacks.
pub(crate) const NEW: usize = 20;

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) files: usize,
    pub(crate) commits: usize,
}

/// The bare repository of this size.
pub(crate) fn kept(size: Size) -> Result<PathBuf> {
    let folder = cache_folder()?.join("bench-git");
    let name = format!("{GENERATION}-{}-{}.git", size.files, size.commits);
    let path = folder.join(name);
    if path.is_dir() {
        return Ok(path);
    }
    say(&format!("generating {}", path.display()));
    fs::create_dir_all(&folder)?;
    let aside = tempfile::tempdir_in(&folder)?;
    write(size, aside.path())?;
    let aside = aside.keep();
    fs::rename(&aside, &path)?;
    Ok(path)
}

/// The file that commit `number` releases; within a hundred commits each is another one.
pub(crate) fn file_of(number: usize, size: Size) -> String {
    path(number * 7_919 % size.files)
}

/// The folder of its application.
pub(crate) fn app_of(number: usize, size: Size) -> String {
    let path = file_of(number, size);
    path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
}

fn path(file: usize) -> String {
    let app = file / FILES_OF_AN_APP;
    let (team, number) = (app / APPS_OF_A_TEAM, file % FILES_OF_AN_APP);
    format!("apps/team{team:03}/app{app:05}/deployment{number:02}.yaml")
}

fn content(file: usize, release: usize) -> String {
    let mut text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-{file}\nspec:\n  \
         replicas: {}\n  template:\n    spec:\n      containers:\n      - name: app\n        \
         image: registry.example/service-{file}:1.{release}\n        env:\n",
        file % 7 + 1,
    );
    for setting in 0..12 {
        let value = (file + 1) * (setting + 3) * 2_654_435_761 % 1_000_003;
        text += &format!("        - name: SETTING_{setting}\n          value: \"{value}\"\n");
    }
    text
}

fn write(size: Size, folder: &Path) -> Result<()> {
    git(folder, &["init", "--quiet", "--bare", "--initial-branch=main", "."])?;
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stream = BufWriter::new(import.stdin.take().context("its input")?);
    for number in 0..size.commits {
        let message = format!("Release {number}\n");
        writeln!(stream, "commit refs/heads/main")?;
        writeln!(stream, "committer Bot <bot@x.test> {} +0000", 1_700_000_000 + number * 60)?;
        write!(stream, "data {}\n{message}", message.len())?;
        let changed = if number == 0 { 0..size.files } else { one(number, size) };
        for file in changed {
            let text = content(file, number);
            writeln!(stream, "M 100644 inline {}", path(file))?;
            write!(stream, "data {}\n{text}", text.len())?;
        }
    }
    stream.flush()?;
    drop(stream);
    ensure!(import.wait()?.success(), "git fast-import failed");
    for setting in [
        "http.receivepack=true",
        "uploadpack.allowFilter=true",
        "receive.autogc=false",
        "gc.auto=0",
    ] {
        let (name, value) = setting.split_once('=').context("a setting")?;
        git(folder, &["config", name, value])?;
    }
    git(folder, &["repack", "-a", "-d", "--quiet", "--write-bitmap-index"])?;
    git(folder, &["commit-graph", "write", "--reachable"])
}

fn one(number: usize, size: Size) -> std::ops::Range<usize> {
    let file = number * 7_919 % size.files;
    file..file + 1
}

fn git(folder: &Path, words: &[&str]) -> Result<()> {
    let status = Command::new("git").args(words).current_dir(folder).status()?;
    ensure!(status.success(), "git {words:?}: {status}");
    Ok(())
}
