//! The programs of the test bed: where each is found, or how it comes to be. In
//! `$KUBEBUILDER_ASSETS` first, else in the cache folder (`$RB_TESTBED_CACHE`, else below the
//! user's cache folder), else it is built into that folder with Go. The folder of a module is named
//! by the hash of its go.mod and go.sum: other versions are another folder.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ring::digest::{SHA256, digest};

use super::go_build::{self, Program, ToolModule};
use super::progress::say;

/// The Go modules that a control plane needs, in the order in which they are built.
const MODULES: [ToolModule; 3] = [
    ToolModule {
        folder: "etcd",
        version_variables: &[],
        programs: &[Program { name: "etcd", package: "go.etcd.io/etcd/server/v3" }],
    },
    ToolModule {
        folder: "kubernetes",
        // Without it the servers call themselves v0.0.0-master and `kubectl version` fails.
        version_variables: &[("k8s.io/component-base/version.gitVersion", "k8s.io/kubernetes")],
        programs: &[
            Program { name: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kube-apiserver" },
            Program {
                name: "kube-controller-manager",
                package: "k8s.io/kubernetes/cmd/kube-controller-manager",
            },
            Program { name: "kube-scheduler", package: "k8s.io/kubernetes/cmd/kube-scheduler" },
            Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl" },
        ],
    },
    ToolModule {
        folder: "kwok",
        version_variables: &[("sigs.k8s.io/kwok/pkg/consts.Version", "sigs.k8s.io/kwok")],
        programs: &[Program { name: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" }],
    },
];

/// The Go modules that only some tests need: each is built when a test asks for it.
const TOOLS: [ToolModule; 2] = [
    ToolModule {
        folder: "helm3",
        version_variables: &[],
        programs: &[Program { name: "helm3", package: "helm.sh/helm/v3/cmd/helm" }],
    },
    ToolModule {
        folder: "helm4",
        version_variables: &[],
        programs: &[Program { name: "helm4", package: "helm.sh/helm/v4/cmd/helm" }],
    },
];

/// Where each program is.
pub(crate) struct Assets {
    programs: BTreeMap<&'static str, PathBuf>,
}

impl Assets {
    /// Finds every program of a control plane; builds those that are nowhere.
    pub(crate) fn locate() -> Result<Self> {
        Self::of(&MODULES)
    }

    /// Finds a program that a control plane does not need; builds it if it is nowhere.
    pub(crate) fn tool(program: &str) -> Result<PathBuf> {
        let module = TOOLS.iter().find(|module| module.programs.iter().any(|p| p.name == program));
        let module = module.with_context(|| format!("the test bed has no tool {program}"))?;
        Ok(Self::of(std::slice::from_ref(module))?.path(program)?.to_owned())
    }

    fn of(modules: &'static [ToolModule]) -> Result<Self> {
        let given = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let cache = cache_folder()?;
        let mut programs = BTreeMap::new();
        let mut missing = Vec::new();
        for module in modules {
            let folder = cache.join(cache_key(module)?);
            for program in module.programs {
                let candidates =
                    given.iter().chain([&folder]).map(|place| place.join(program.name));
                if let Some(found) = candidates.into_iter().find(|path| path.is_file()) {
                    programs.insert(program.name, found);
                } else {
                    programs.insert(program.name, folder.join(program.name));
                    missing.push((module, program, folder.clone()));
                }
            }
        }
        if !missing.is_empty() {
            build(&cache, &missing)?;
        }
        Ok(Self { programs })
    }

    pub(crate) fn path(&self, program: &str) -> Result<&Path> {
        let path = self.programs.get(program);
        Ok(path.with_context(|| format!("the test bed has no program {program}"))?)
    }
}

/// Builds under a lock, so that a second run waits for the first instead of building the same.
fn build(cache: &Path, missing: &[(&ToolModule, &Program, PathBuf)]) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = File::create(cache.join("lock")).context("creating the lock of the cache")?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say(format!("another run builds into {}; waiting for it", cache.display()));
            lock.lock().context("waiting for the other run")?;
        }
        Err(TryLockError::Error(error)) => return Err(error).context("locking the cache"),
    }
    for (index, (module, program, folder)) in missing.iter().enumerate() {
        if !folder.join(program.name).is_file() {
            let position = format!("{} of {}", index + 1, missing.len());
            go_build::build(module, program, folder, &position)?;
        }
    }
    Ok(())
}

/// `kubernetes-0123456789abcdef`: the same for the same inputs.
fn cache_key(module: &ToolModule) -> Result<String> {
    let mut inputs = Vec::new();
    for file in ["go.mod", "go.sum"] {
        let path = module.source().join(file);
        inputs.extend(fs::read(&path).with_context(|| format!("reading {}", path.display()))?);
    }
    inputs.extend(go_build::FLAGS.join(" ").into_bytes());
    let hash = digest(&SHA256, &inputs);
    let short = hash.as_ref().first_chunk().context("a hash has 32 bytes")?;
    Ok(format!("{}-{:016x}", module.folder, u64::from_be_bytes(*short)))
}

/// Where tests keep what takes long to make.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("RB_TESTBED_CACHE") {
        return std::path::absolute(&chosen).context("reading RB_TESTBED_CACHE");
    }
    let home = || {
        env::home_dir()
            .context("no home folder; set RB_TESTBED_CACHE to a folder for the test bed's programs")
    };
    let user_cache = match env::var_os("XDG_CACHE_HOME") {
        _ if cfg!(target_os = "macos") => home()?.join("Library/Caches"),
        Some(folder) => PathBuf::from(folder),
        None => home()?.join(".cache"),
    };
    Ok(user_cache.join("kubectl-rb/testbed"))
}
