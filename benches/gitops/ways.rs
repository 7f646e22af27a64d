//! The ways to take a release back: `rb`, and what people type.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::options::Options;
use super::place::{NAME, Place};
use super::process::{self, Call, Took};
use super::testbed::TestBed;
use super::testbed::argocd::Application;

/// Between two looks of somebody who waits in a loop.
const LOOP: Duration = Duration::from_millis(100);
/// By then it must be done.
const LIMIT: Duration = Duration::from_secs(180);

/// Somebody's account: a home with what `kubectl` and `rb` keep there.
pub(crate) struct Person<'b> {
    bed: &'b TestBed,
    rb: PathBuf,
    home: TempDir,
}

impl<'b> Person<'b> {
    pub(crate) fn new(bed: &'b TestBed, options: &Options) -> Result<Self> {
        let home = TempDir::new()?;
        let who = "[user]\nname = Ada\nemail = ada@x.test\n";
        fs::write(home.path().join(".gitconfig"), who)?;
        fs::create_dir(home.path().join("empty"))?;
        let rb = fs::canonicalize(options.rb()).context("the program to measure")?;
        Ok(Self { bed, rb, home })
    }

    fn variables(&self, kubeconfig: &Path) -> BTreeMap<&'static str, PathBuf> {
        [
            ("HOME", self.home.path().to_owned()),
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("USER", "ada".into()),
            ("LANG", "C.UTF-8".into()),
            ("KUBECONFIG", kubeconfig.to_owned()),
        ]
        .into()
    }

    /// `rb`, which must succeed, in an empty folder. It finds the copy of the repository that it kept.
    pub(crate) fn rb(&self, kubeconfig: &Path, words: &str) -> Result<Took> {
        let arguments = words.split_whitespace().map(str::to_owned).collect();
        let folder = self.home.path().join("empty");
        let call = Call { program: self.rb.clone(), arguments, folder };
        process::run(&[call], &self.variables(kubeconfig))
    }

    /// `rb` by somebody whose machine does not reach this repository; it ends with that code.
    pub(crate) fn rb_without(
        &self,
        kubeconfig: &Path,
        words: &str,
        url: &str,
        code: i32,
    ) -> Result<()> {
        let output = Command::new(&self.rb)
            .args(words.split_whitespace())
            .current_dir(self.home.path().join("empty"))
            .env_clear()
            .envs(self.variables(kubeconfig))
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:1/.insteadOf")
            .env("GIT_CONFIG_VALUE_0", url)
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(code), "rb {words}: {}: {said}", output.status);
        Ok(())
    }

    /// A clone of a fleet, as somebody has it who works with it every day.
    pub(crate) fn clone(&self, place: &Place<'_>) -> Result<PathBuf> {
        let folder = self.home.path().join(place.namespace.name());
        let name = folder.display().to_string();
        let url = place.fleet.url();
        self.run(Path::new("git"), &["clone", "--quiet", &url, &name], self.home.path(), place)?;
        Ok(folder)
    }

    pub(crate) fn pull(&self, clone: &Path, place: &Place<'_>) -> Result<()> {
        self.run(Path::new("git"), &["pull", "--quiet", "--ff-only"], clone, place).map(drop)
    }

    /// Revert, push, annotation, and a loop until the owner has applied it and all pods are replaced,
    /// without a moment to think.
    pub(crate) fn by_hand(&self, clone: &Path, place: &Place<'_>, bad: &str) -> Result<Duration> {
        let clock = Instant::now();
        self.run(Path::new("git"), &["revert", "--no-edit", bad], clone, place)?;
        self.run(Path::new("git"), &["push", "--quiet", "origin", "main"], clone, place)?;
        let head = self.run(Path::new("git"), &["rev-parse", "HEAD"], clone, place)?;
        if let Some(app) = place.application() {
            self.ask(place, app)?;
            self.wait(&clock, || self.is_synced(place, app, head.trim()))?;
        } else {
            let request = format!("reconcile.fluxcd.io/requestedAt={}", head.trim());
            let words = ["annotate", "--overwrite", "gitrepository", "fleet", &request];
            self.kubectl(place, &words)?;
            self.wait(&clock, || {
                let wanted = "jsonpath={.status.lastAppliedRevision}";
                let words = ["get", "kustomization", NAME, "-o", wanted];
                Ok(self.kubectl(place, &words)?.ends_with(head.trim()))
            })?;
        }
        self.wait(&clock, || {
            let wanted = "jsonpath={.metadata.generation}={.status.observedGeneration} \
                 {.spec.replicas}={.status.updatedReplicas} {.spec.replicas}={.status.replicas} \
                 {.spec.replicas}={.status.availableReplicas}";
            let said = self.kubectl(place, &["get", "deployment", NAME, "-o", wanted])?;
            let is_same = |pair: &str| pair.split_once('=').is_some_and(|(a, b)| a == b);
            Ok(said.split_whitespace().all(is_same))
        })?;
        Ok(clock.elapsed())
    }

    /// Whether Argo CD says so; asks it once more where the request was taken without effect.
    fn is_synced(&self, place: &Place<'_>, app: &Application<'_>, commit: &str) -> Result<bool> {
        let wanted = "jsonpath={.status.sync.revision} {.status.sync.status} {.operation}\
             {.metadata.annotations.argocd\\.argoproj\\.io/refresh}";
        let words = ["-n", app.place(), "get", "application", app.name(), "-o", wanted];
        let said = self.kubectl(place, &words)?;
        if !said.starts_with(commit) && !said.ends_with("normal") {
            self.ask(place, app)?;
        }
        Ok(said.trim() == format!("{commit} Synced"))
    }

    fn ask(&self, place: &Place<'_>, app: &Application<'_>) -> Result<()> {
        let refresh = "argocd.argoproj.io/refresh=normal";
        let words =
            ["-n", app.place(), "annotate", "--overwrite", "application", app.name(), refresh];
        self.kubectl(place, &words).map(drop)
    }

    fn wait(&self, clock: &Instant, is_so: impl Fn() -> Result<bool>) -> Result<()> {
        while !is_so()? {
            ensure!(clock.elapsed() < LIMIT, "waited {LIMIT:?} in vain");
            self.bed.check()?;
            thread::sleep(LOOP);
        }
        Ok(())
    }

    /// Runs `kubectl` in the namespace of a place.
    pub(crate) fn kubectl(&self, place: &Place<'_>, words: &[&str]) -> Result<String> {
        self.run(self.bed.kubectl(), words, self.home.path(), place)
    }

    fn run(
        &self,
        program: &Path,
        words: &[&str],
        folder: &Path,
        place: &Place<'_>,
    ) -> Result<String> {
        self.run_as(program, words, folder, place.namespace.kubeconfig())
    }

    /// Runs a program, and gives what it says on stdout.
    pub(crate) fn run_as(
        &self,
        program: &Path,
        words: &[&str],
        folder: &Path,
        kubeconfig: &Path,
    ) -> Result<String> {
        let output = Command::new(program)
            .args(words)
            .current_dir(folder)
            .env_clear()
            .envs(self.variables(kubeconfig))
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("starting {}", program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} {words:?}: {said}", program.display());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `kubectl` in a namespace, which must succeed.
    pub(crate) fn kubectl_in(&self, kubeconfig: &Path, words: &[&str]) -> Result<String> {
        self.run_as(self.bed.kubectl(), words, self.home.path(), kubeconfig)
    }
}
