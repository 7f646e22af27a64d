//! `rb` rolls a Kubernetes workload back, proves it, and says what happened. This page is the map
//! of the code.
//!
//! # Where things are
//!
//! A module uses its own floor and lower ones only; `tests/it/tree.rs` keeps it so.
//!
//! | floor | module | what it does |
//! |---|---|---|
//! | 5 | [`cli`], [`app`] | one file per command: its arguments and its `run`; what a command may touch |
//! | 4 | [`report`], [`terminal`] | values to text and documents; text to the two streams |
//! | 3 | [`rollback`] | the engine: read, decide, write, wait |
//! | 3 | [`durable`] | the engine of ways back that go through the owner's Git repository |
//! | 3 | [`revert`] | the engine of reverts in Git: find the commits, plan, push or propose |
//! | 2 | [`backend`] | kinds of workloads: one file and one line each |
//! | 2 | [`probe`] | checks of what runs: one file and one line each |
//! | 2 | [`reconciler`] | who owns a workload, how far an owner is with a commit, and what brings it there |
//! | 2 | [`facts`] | what checks ask a cluster for, gathered side by side |
//! | 2 | [`git`] | reverts without a checkout: objects by libgit2, the network by the user's `git` |
//! | 2 | [`hosting`] | change requests: one file and one line per host |
//! | 1 | [`cluster`] | the API server: the `kube` crate lives there and nowhere else |
//! | 1 | [`rollback::model`] | the values that the engine works on |
//! | 1 | [`config`] | `rb.yaml` to settings |
//! | 0 | [`error`], [`exit`], [`text`] | the error type, the exit codes, text for people |
//!
//! # How an undo flows
//!
//! `argv` and the configuration become a [`Request`], and three reads in parallel become a
//! [`Snapshot`]. [`planner::decide`] turns the two into a [`Decision`]: a pure function, so every case
//! of it is a folder in `tests/plans`. Usually that is a [`Plan`]: a value that leaves nothing open,
//! with the patch body in it. [`preflight`] holds it against today's cluster: each check says what it
//! has to know, all of that is asked at once, and pure judges make findings of the answers. Plan and
//! findings are shown, and on a yes [`execute::patch`] sends its one write that matters; the patch
//! tests uid, template and every annotation it replaces, so a plan that is out of date changes nothing
//! and is made again. [`execute::finish`] gives the fields back that the patch took from their owners,
//! leaves traces and watches the rollout, all at the same time, until it is healthy, failed, or out of
//! time. Then [`verify`] makes the checks of [`probe`], in rounds, and the verdict is recorded. Pods
//! that the controller would leave as they are go on the way, once it has seen the template.
//!
//! `history` ends after the snapshot, `status` is the wait without a write before it, and `verify` the
//! wait and the checks.
//!
//! Several workloads take the same way side by side: [`snapshot::many`] reads them with a few lists,
//! each is planned alone, [`execute::many`] sends all patches, and one loop waits for all of them.
//!
//! # How a revert in Git flows
//!
//! [`revert::ground`] finds the repository and the branch and opens a copy of the objects; what the user
//! names becomes commits in [`revert::asked`]. [`revert::plan`] takes them out of the tip in memory
//! ([`git::revert`]), holds what comes out against the rules ([`git::invariants`]) and makes a plan of it.
//! After a yes [`revert::land`] makes the commit and pushes it, all of it again where others were faster;
//! [`revert::propose`] opens a change request instead. What misses history fetches more and starts anew.
//!
//! I/O happens in [`facts`], [`rollback::snapshot`], [`rollback::execute`], [`rollback::status`] and the
//! watch they share; for owners in [`reconciler::chain`], [`reconciler::rung`], [`reconciler::follow`] and
//! [`reconciler::hold`]; for Git in
//! [`git::program`], [`git::store`] and [`hosting`]. Everything else is a function from values to values.
//!
//! # Adding a kind of workload
//!
//! Write `src/backend/NAME.rs` with an implementation of [`backend::Rollbacker`] and add one line
//! to [`backend::REGISTRY`]. A test compares the folder with the registry.
//!
//! # Adding a check
//!
//! Of what an undo is about to do: a file in `src/rollback/preflight/` and a line in its registry. Of
//! what runs: a file in `src/probe/` and a line in [`probe::REGISTRY`]. Both say what they ask
//! ([`facts::Ask`]) and judge the answers; neither talks to the cluster.
//!
//! # Adding a host of change requests
//!
//! Write `src/hosting/NAME.rs` and add one line to [`hosting::REGISTRY`].
//!
//! # What must stay true
//!
//! - Only [`git::program`] starts `git`, and nothing pushes by force or touches a working tree.
//! - Documents are as `schemas/` says: every document that a test reads is held against its schema.
//! - Templates and patches stay raw JSON: typed structs would drop newer fields.
//! - A write is never blindly repeated: the object is read again first.
//! - Foreign annotations are never touched, except `kubernetes.io/change-cause` and the template inside
//!   `kubectl.kubernetes.io/last-applied-configuration`.
//! - What the patch takes from other field managers goes back to them.
//! - Text from a cluster passes [`text::sanitize`] before it is shown.
//! - Values of environment variables are shown only on demand.
//! - An owner's automation is turned off and recorded in one patch, so that whoever reads the owner can turn
//!   it on again.
//!
//! [`Request`]: rollback::model::request::UndoRequest
//! [`Snapshot`]: rollback::model::snapshot::Snapshot
//! [`Decision`]: rollback::model::decision::Decision
//! [`Plan`]: rollback::model::plan::Plan
//! [`planner::decide`]: rollback::planner::decide
//! [`preflight`]: rollback::preflight
//! [`execute::patch`]: rollback::execute::patch
//! [`execute::finish`]: rollback::execute::finish
//! [`verify`]: rollback::verify
//! [`snapshot::many`]: rollback::snapshot::many
//! [`execute::many`]: rollback::execute::many

pub mod app;
pub mod backend;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod durable;
pub mod error;
pub mod exit;
pub mod facts;
pub mod git;
pub mod hosting;
pub mod probe;
pub mod reconciler;
pub mod report;
pub mod revert;
pub mod rollback;
pub mod terminal;
pub mod text;
