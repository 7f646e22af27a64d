//! The programs of the test bed: where each is found, or how it comes to be. In
//! `$KUBEBUILDER_ASSETS` first, else in the cache folder (`$RB_TESTBED_CACHE`, else below the
//! user's cache folder), else it is built into that folder with Go. The folder of a module is named
//! by the hash of its go.mod, its go.sum and its own sources: other versions are another folder.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ring::digest::{SHA256, digest};

use super::go_build::{self, ModuleFiles, Program, ToolModule};
use super::go_modules::{CONTROL_PLANE, TOOLS};
use super::progress::say;

/// Where each program is, and each folder of files.
pub(crate) struct Assets {
    places: BTreeMap<&'static str, PathBuf>,
}

/// A part of a module that has to be made.
struct Missing {
    module: &'static ToolModule,
    part: Part,
    folder: PathBuf,
}

#[derive(Clone, Copy)]
enum Part {
    Program(&'static Program),
    Files(&'static ModuleFiles),
}

impl Part {
    fn all_of(module: &'static ToolModule) -> impl Iterator<Item = Self> {
        let files = module.files.iter().map(Self::Files);
        module.programs.iter().map(Self::Program).chain(files)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Program(program) => program.name,
            Self::Files(files) => files.name,
        }
    }
}

impl Assets {
    /// Finds every program of a control plane; builds those that are nowhere.
    pub(crate) fn locate() -> Result<Self> {
        Self::of(&CONTROL_PLANE)
    }

    /// Finds a program that a control plane does not need; builds it if it is nowhere.
    pub(crate) fn tool(program: &str) -> Result<PathBuf> {
        let module = TOOLS.iter().find(|module| module.programs.iter().any(|p| p.name == program));
        let module = module.with_context(|| format!("the test bed has no tool {program}"))?;
        Ok(Self::of(std::slice::from_ref(module))?.path(program)?.to_owned())
    }

    /// Finds all that a module gives which a control plane does not need; builds what is nowhere.
    pub(crate) fn module(folder: &str) -> Result<Self> {
        let module = TOOLS.iter().find(|module| module.folder == folder);
        let module = module.with_context(|| format!("the test bed has no module {folder}"))?;
        Self::of(std::slice::from_ref(module))
    }

    fn of(modules: &'static [ToolModule]) -> Result<Self> {
        let given = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let cache = cache_folder()?;
        let mut places = BTreeMap::new();
        let mut missing = Vec::new();
        for module in modules {
            let folder = cache.join(cache_key(module)?);
            for part in Part::all_of(module) {
                let name = part.name();
                let candidates = given.iter().chain([&folder]).map(|place| place.join(name));
                let found = candidates.into_iter().find(|path| path.exists());
                if found.is_none() {
                    missing.push(Missing { module, part, folder: folder.clone() });
                }
                places.insert(name, found.unwrap_or_else(|| folder.join(name)));
            }
        }
        if !missing.is_empty() {
            build(&cache, &missing)?;
        }
        Ok(Self { places })
    }

    pub(crate) fn path(&self, name: &str) -> Result<&Path> {
        let path = self.places.get(name);
        Ok(path.with_context(|| format!("the test bed has no program {name}"))?)
    }
}

/// Builds under a lock, so that a second run waits for the first instead of building the same.
fn build(cache: &Path, missing: &[Missing]) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = File::create(cache.join("lock")).context("creating the lock of the cache")?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say(format!("another build goes into {}; waiting for it", cache.display()));
            lock.lock().context("waiting for the other build")?;
        }
        Err(TryLockError::Error(error)) => return Err(error).context("locking the cache"),
    }
    let is_program = |missing: &&Missing| matches!(missing.part, Part::Program(_));
    let (programs, mut position) = (missing.iter().filter(is_program).count(), 0);
    for Missing { module, part, folder } in missing {
        position += usize::from(matches!(part, Part::Program(_)));
        if folder.join(part.name()).exists() {
            continue;
        }
        match part {
            Part::Program(program) => {
                let position = format!("{position} of {programs}");
                go_build::build(module, program, folder, &position)?;
            }
            Part::Files(files) => go_build::copy(module, files, folder)?,
        }
    }
    Ok(())
}

/// `kubernetes-0123456789abcdef`: the same for the same inputs.
fn cache_key(module: &ToolModule) -> Result<String> {
    let mut inputs = Vec::new();
    for file in ["go.mod", "go.sum"].iter().chain(module.sources) {
        let path = module.source().join(file);
        inputs.extend(fs::read(&path).with_context(|| format!("reading {}", path.display()))?);
    }
    inputs.extend(go_build::FLAGS.join(" ").into_bytes());
    let hash = digest(&SHA256, &inputs);
    let short = hash.as_ref().first_chunk().context("a hash has 32 bytes")?;
    Ok(format!("{}-{:016x}", module.folder, u64::from_be_bytes(*short)))
}

fn cache_folder() -> Result<PathBuf> {
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
