//! The checks before the write, on a real API server: what each one finds, that what it finds counts
//! as it should, and what they cost.

mod admission;
mod config;
mod cost;
mod data;
mod holds;
mod references;
mod rights;
mod room;
mod story;

use std::fmt::Write as _;

use serde_json::Value;

use crate::rb::{Ran, Rb, rb};
use crate::suite::{Test, pure};
use crate::testbed::{Namespace, Proxy};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![every_check_has_its_row],
        admission::tests(),
        config::tests(),
        cost::tests(),
        data::tests(),
        holds::tests(),
        references::tests(),
        rights::tests(),
        room::tests(),
        story::tests(),
    ]
    .concat()
}

/// In the table of `docs/preflight.md`, in the order in which they are told.
fn every_check_has_its_row() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/preflight.md");
    let text = std::fs::read_to_string(path).expect("docs/preflight.md");
    let table = text.lines().skip_while(|line| !line.starts_with("| id |")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    let ids: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(ids, kubectl_rb::rollback::preflight::ids().collect::<Vec<_>>());
}

/// The checks of an undo of `web`, and whether it would be refused.
struct Checked {
    ran: Ran,
    checks: Vec<Value>,
}

/// Looks with the administrator's rights. `words` are added to the command.
#[track_caller]
fn look(namespace: &Namespace, words: &str) -> Checked {
    Checked::of(rb(namespace, &format!("undo deploy/web --dry-run -o json {words}")))
}

/// Looks as somebody else.
#[track_caller]
fn look_as(namespace: &Namespace, user: &str) -> Checked {
    let call = Rb::new(&namespace.user(user)).words("undo deploy/web --dry-run -o json");
    Checked::of(call.run())
}

/// Looks through a proxy.
#[track_caller]
fn look_through(namespace: &Namespace, proxy: &Proxy, words: &str) -> Checked {
    let call = Rb::new(&proxy.kubeconfig(namespace)).words("undo deploy/web --dry-run -o json");
    Checked::of(call.words(words).run())
}

impl Checked {
    #[track_caller]
    fn of(ran: Ran) -> Self {
        let checks = ran.json()["checks"].as_array().cloned().unwrap_or_default();
        Self { ran, checks }
    }

    /// Fails the test unless the check came to this, and its message has this text.
    #[track_caller]
    fn says(&self, id: &str, status: &str, message: &str) -> &Value {
        let check = self.checks.iter().find(|check| check["id"] == id);
        let Some(check) = check else { panic!("{id} was not looked at:\n{self}") };
        let said = check["message"].as_str().unwrap_or_default();
        assert!(check["status"] == status && said.contains(message), "{id}:\n{self}");
        check
    }

    /// Fails the test unless nothing blocks.
    #[track_caller]
    fn goes_on(self) -> Self {
        assert_eq!(self.ran.code, 0, "{self}");
        self
    }

    /// Fails the test unless exactly these checks block.
    #[track_caller]
    fn blocked_by(self, ids: &[&str]) -> Self {
        assert_eq!(self.ran.code, 3, "{self}");
        let blocks = |check: &&Value| {
            let bad = check["status"] == "fail" || check["status"] == "unknown";
            bad && check["level"] == "required" && check["overridden"] != true
        };
        let blocking: Vec<&str> =
            self.checks.iter().filter(blocks).filter_map(|check| check["id"].as_str()).collect();
        assert_eq!(blocking, ids, "{self}");
        self
    }
}

impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut all = String::new();
        for check in &self.checks {
            let _ = writeln!(all, "{check}");
        }
        write!(f, "{all}--- stderr\n{}--- exit {}", self.ran.stderr, self.ran.code)
    }
}
