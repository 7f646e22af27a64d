//! Builds one program of the test bed from a Go module of `go/`. The result appears in the cache
//! folder only when it is complete, so a build that is killed leaves nothing half-made. Go's own
//! caches are the user's and stay as they are.
//!
//! Go compiles as many packages at once as there are cores. It is polite about it (`nice`): what only
//! some tests need is built while others run.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::progress::say;

/// Part of the cache key: other flags make other programs.
pub(crate) const FLAGS: [&str; 3] = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

/// How often a build says that it goes on.
const PROGRESS: Duration = Duration::from_secs(30);
/// How much of what a failed build said is shown.
const SHOWN_LINES: usize = 40;

/// How the folders begin in which programs are built.
const UNFINISHED: &str = ".unfinished-";

/// A module of `go/`, which pins the versions of some programs.
pub(crate) struct ToolModule {
    pub(crate) folder: &'static str,
    /// Go variables that take the version that go.mod requires of a module.
    pub(crate) version_variables: &'static [(&'static str, &'static str)],
    /// What the module has of its own besides go.mod and go.sum.
    pub(crate) sources: &'static [&'static str],
    pub(crate) programs: &'static [Program],
    /// What is needed besides: files that come with a Go module.
    pub(crate) files: &'static [ModuleFiles],
}

/// Files of one folder of a Go module that a `ToolModule` requires.
pub(crate) struct ModuleFiles {
    /// The folder of the cache in which they are put.
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) folder: &'static str,
}

/// A program and the Go package that it is built from.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

impl ToolModule {
    pub(crate) fn source(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/go").join(self.folder)
    }

    fn go_mod(&self) -> Result<String> {
        let path = self.source().join("go.mod");
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }
}

/// Builds one program into `folder`. `position` is for the reader: "2 of 6".
pub(crate) fn build(
    module: &ToolModule,
    program: &Program,
    folder: &Path,
    position: &str,
) -> Result<()> {
    check_go(module)?;
    let name = program.name;
    say(format!("building {name} ({position}); only the first run does this, for some minutes"));
    let start = Instant::now();
    remove_leftovers(folder);
    // Of this process alone: the Go of a killed run may still be writing to its own.
    let unfinished = folder.join(format!("{UNFINISHED}{}", std::process::id()));
    fs::create_dir_all(&unfinished)
        .with_context(|| format!("creating {}", unfinished.display()))?;
    let mut build = go("nice", module)
        .args(["-n", "10", "go", "build", "-v", "-mod=readonly"])
        .args(flags(module)?)
        .arg("-o")
        .arg(unfinished.join(name))
        .arg(program.package)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting go build")?;
    let said = build.stderr.take().map(|said| listen(name, start, said)).unwrap_or_default();
    let status = build.wait().context("waiting for go build")?;
    if !status.success() {
        bail!("building {name}: {status}: {said}");
    }
    fs::rename(unfinished.join(name), folder.join(name))
        .with_context(|| format!("putting {name} into place"))?;
    let _ = fs::remove_dir(&unfinished);
    let megabytes = fs::metadata(folder.join(name)).map_or(0, |file| file.len() / 1_000_000);
    say(format!("built {name}: {megabytes} MB after {} s", start.elapsed().as_secs()));
    Ok(())
}

/// Says from time to time how far a build is, and gives the end of what it says besides: with `-v` Go
/// says a line for each package that it compiles.
fn listen(name: &str, start: Instant, said: impl Read) -> String {
    let (mut packages, mut others, mut next) = (0, Vec::new(), PROGRESS);
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if line.contains(' ') {
            others.push(line);
        } else {
            packages += 1;
        }
        let elapsed = start.elapsed();
        if elapsed >= next {
            next = elapsed + PROGRESS;
            say(format!("building {name}: {packages} packages after {} s", elapsed.as_secs()));
        }
    }
    others.get(others.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default().join("\n")
}

/// What killed runs have left. The caller holds the lock of the cache, so no other run is at work.
fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Copies files that come with a Go module into `folder`, so that later runs need no Go.
pub(crate) fn copy(module: &ToolModule, files: &ModuleFiles, folder: &Path) -> Result<()> {
    let name = files.name;
    let unfinished = folder.join(format!("{UNFINISHED}{}-{name}", std::process::id()));
    fs::create_dir_all(&unfinished)
        .with_context(|| format!("creating {}", unfinished.display()))?;
    let source = folder_of(module, files.module)?.join(files.folder);
    for entry in fs::read_dir(&source).with_context(|| format!("reading {}", source.display()))? {
        let file = entry?.file_name();
        // That one is no object: it says how kustomize puts the others together.
        if file != "kustomization.yaml" {
            // Read and written, not copied: Go's files are read-only, also for those who tidy up.
            fs::write(unfinished.join(&file), fs::read(source.join(&file))?)?;
        }
    }
    fs::rename(&unfinished, folder.join(name)).with_context(|| format!("putting {name} into place"))
}

/// Where the files of the Go module `path` are, in the version that this module requires.
fn folder_of(module: &ToolModule, path: &str) -> Result<PathBuf> {
    let output = go("go", module)
        .args(["mod", "download", "-json", path])
        .output()
        .context("starting go mod download")?;
    succeed(&output).with_context(|| format!("downloading {path}"))?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let folder = answer.get("Dir").and_then(serde_json::Value::as_str);
    Ok(folder.with_context(|| format!("go does not say where {path} is"))?.into())
}

fn go(program: &str, module: &ToolModule) -> Command {
    let mut command = Command::new(program);
    command.current_dir(module.source()).env("CGO_ENABLED", "0").env("GOWORK", "off");
    // The user's settings for other projects must not change what is built here.
    command.env("GOFLAGS", "").env_remove("GOOS").env_remove("GOARCH");
    command
}

fn flags(module: &ToolModule) -> Result<Vec<String>> {
    let go_mod = module.go_mod()?;
    let mut flags = FLAGS.map(String::from).to_vec();
    for (variable, required) in module.version_variables {
        let version = required_version(&go_mod, required)
            .with_context(|| format!("{}/go.mod does not require {required}", module.folder))?;
        if let Some(ldflags) = flags.last_mut() {
            *ldflags = format!("{ldflags} -X {variable}={version}");
        }
    }
    Ok(flags)
}

/// The version in a line such as `k8s.io/kubernetes v1.36.3 // indirect`.
fn required_version<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word == "require");
        (words.next() == Some(module))
            .then(|| words.next())
            .flatten()
            .filter(|word| word.starts_with('v'))
    })
}

/// A Go that is missing or too old is told before minutes have passed, with what to do.
fn check_go(module: &ToolModule) -> Result<()> {
    let go_mod = module.go_mod()?;
    let needed = go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26").trim();
    let advice = format!(
        "the test bed builds its programs with Go {needed} or newer: install it so that \
         `go version` says so, or set KUBEBUILDER_ASSETS to a folder that has the programs"
    );
    let output = go("go", module)
        .args(["env", "GOVERSION"])
        .output()
        .with_context(|| format!("no Go found; {advice}"))?;
    succeed(&output).with_context(|| advice.clone())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if numbers(&version) < numbers(needed) {
        bail!("found {version}, which is too old; {advice}");
    }
    Ok(())
}

/// `go1.26.8` as numbers that compare.
fn numbers(version: &str) -> Vec<u32> {
    let digits = version.trim_start_matches("go");
    digits.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok()).collect()
}

fn succeed(output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
}
