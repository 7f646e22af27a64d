//! All ways in turn, each on the same state of the same repository: the branch is put back before each
//! run, and each must push the same tree.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use kubectl_rb::git::branch::{Branch, BranchName};
use kubectl_rb::git::repository::Repository;
use kubectl_rb::git::revert::{Request, attempt};
use kubectl_rb::git::{Oid, invariants};
use kubectl_rb::rollback::model::revert::{Attempt, Mode};
use tempfile::TempDir;

use super::options::Which;
use super::process::{self, Call, Took};
use super::repository::{self, BEHIND, NEW, Size};
use super::table::Table;
use super::testbed::git_server::{GitServer, Ground};
use super::ways::{self, Task, Way};
use super::{line, say};

const NAME: &str = "gitops";
const SMALL: Size = Size { files: 500, commits: 1_000 };
const MEDIUM: Size = Size { files: 5_000, commits: 10_000 };
const LARGE: Size = Size { files: 50_000, commits: 50_000 };
const HALF_OF_50_MS: Duration = Duration::from_millis(25);

/// A repository, and the line to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    pub(crate) which: Which,
    pub(crate) size: Size,
    one_way: Duration,
}

pub(crate) const ALL: [Situation; 7] = [
    Situation { which: Which::Small, size: SMALL, one_way: Duration::ZERO },
    Situation { which: Which::Small, size: SMALL, one_way: HALF_OF_50_MS },
    Situation { which: Which::Medium, size: MEDIUM, one_way: Duration::ZERO },
    Situation { which: Which::Medium, size: MEDIUM, one_way: HALF_OF_50_MS },
    Situation { which: Which::Large, size: LARGE, one_way: Duration::ZERO },
    Situation { which: Which::Large, size: LARGE, one_way: HALF_OF_50_MS },
    Situation { which: Which::File, size: MEDIUM, one_way: Duration::ZERO },
];

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { files, commits } = self.size;
        let line = match self.which {
            Which::File => "over file://".to_owned(),
            _ => format!("HTTP, {} ms round trip", 2 * self.one_way.as_millis()),
        };
        write!(f, "{files} files, {commits} commits, {line}")
    }
}

/// The repository that takes the pushes.
struct Place {
    rb: PathBuf,
    ground: Arc<Ground>,
    server: GitServer,
    url: String,
    tip: String,
    bad: String,
    app: String,
}

pub(crate) fn measure(situation: &Situation, rounds: usize, rb: &Path) -> Result<Table> {
    let place = Place::new(situation, rb)?;
    let warm = place.copy_of_an_earlier_day()?;
    let mut table = Table::new(*situation);
    let mut tree = None;
    // The first round warms the file system, and does not count.
    for round in 0..=rounds {
        for way in ways::ALL {
            let before = place.server.requests().len();
            let calls = place.server.count("/info/refs");
            let took = place.go(way, &warm)?;
            let pushed = place.pushed()?;
            ensure!(*tree.get_or_insert_with(|| pushed.clone()) == pushed, "{way}: another tree");
            say(&format!("round {round}: {way}: {:.3} s", took.wall.as_secs_f64()));
            if round > 0 {
                let requests = place.server.requests().len() - before;
                table.add(way, &took, place.server.count("/info/refs") - calls, requests);
            }
        }
        if round > 0 {
            table.add_trees(place.revert_alone()?);
        }
    }
    Ok(table)
}

impl Place {
    fn new(situation: &Situation, rb: &Path) -> Result<Self> {
        let kept = repository::kept(situation.size)?;
        let ground = Arc::new(Ground::new()?);
        copy(&kept, &ground.repository(NAME))?;
        let server = GitServer::start(&ground)?;
        let url = match situation.which {
            Which::File => format!("file://{}", ground.repository(NAME).display()),
            _ if situation.one_way.is_zero() => server.url(NAME),
            _ => {
                format!("http://{}/{NAME}.git", line::before(server.address(), situation.one_way)?)
            }
        };
        let tip = ground.commit(NAME, "main")?;
        let bad = ground.commit(NAME, &format!("main~{BEHIND}"))?;
        let app = repository::app_of(situation.size.commits - 1 - BEHIND, situation.size);
        fs::write(ground.home().join(".gitconfig"), "[user]\nname = Ada\nemail = ada@x.test\n")?;
        Ok(Self { rb: rb.to_owned(), ground, server, url, tip, bad, app })
    }

    /// Goes a way, in a folder of its own.
    fn go(&self, way: Way, warm: &Path) -> Result<Took> {
        self.ground.git(NAME, &["update-ref", "refs/heads/main", &self.tip])?;
        let scratch = TempDir::new()?;
        let caches = scratch.path().join("caches");
        if way == Way::Warm {
            copy(warm, &caches)?;
        }
        let task = Task {
            rb: &self.rb,
            url: &self.url,
            bad: &self.bad,
            app: &self.app,
            scratch: scratch.path(),
        };
        process::run(&way.calls(&task), &self.variables(caches))
    }

    /// The tree that a run has pushed, as one commit on the tip.
    fn pushed(&self) -> Result<String> {
        let parent = self.ground.commit(NAME, "main~1")?;
        ensure!(parent == self.tip, "main is not one commit further");
        self.ground.commit(NAME, "main^{tree}")
    }

    /// What rb keeps of the repository as it was some commits ago.
    fn copy_of_an_earlier_day(&self) -> Result<PathBuf> {
        let then = self.ground.commit(NAME, &format!("{}~{NEW}", self.tip))?;
        self.ground.git(NAME, &["update-ref", "refs/heads/main", &then])?;
        let caches = self.ground.folder().join("caches");
        let words = ["revert-commit", "last", "--branch", "main", "--dry-run", "--repo", &self.url];
        let call = Call {
            program: self.rb.clone(),
            arguments: words.map(str::to_owned).to_vec(),
            folder: self.ground.folder().to_owned(),
        };
        process::run(&[call], &self.variables(caches.clone()))?;
        Ok(caches)
    }

    fn variables(&self, caches: PathBuf) -> BTreeMap<&'static str, PathBuf> {
        [
            ("HOME", self.ground.home()),
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("USER", "ada".into()),
            ("LANG", "C.UTF-8".into()),
            ("XDG_CACHE_HOME", caches),
        ]
        .into()
    }

    /// The revert of the trees with all its checks, without network and process.
    fn revert_alone(&self) -> Result<Duration> {
        self.ground.git(NAME, &["update-ref", "refs/heads/main", &self.tip])?;
        let bad = Oid::from_str(&self.bad)?;
        let clock = Instant::now();
        let repository = Repository::open(&self.ground.repository(NAME))?;
        let main = Branch { name: BranchName::parse("main")?, tip: Oid::from_str(&self.tip)? };
        let request = Request {
            branch: &main,
            commits: &[bad],
            mode: Mode::Revert,
            paths: &[],
            good: None,
            mainline: None,
        };
        let Attempt::Clean(reverted) = attempt(&repository, &request)? else {
            anyhow::bail!("the revert is not clean")
        };
        invariants::check(&repository, &main, &reverted, 0)?;
        Ok(clock.elapsed())
    }
}

/// A folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("copying {}", entry.path().display()))?;
        }
    }
    // A copy that others may read is not used.
    Ok(fs::set_permissions(to, fs::metadata(from)?.permissions())?)
}
