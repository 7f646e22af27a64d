//! A revision: one pod template that the workload once had, and what its controller says of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::Context;
use super::image::{ContainerImage, ImageRef};
use super::template;

/// How many pods of one revision there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replicas {
    /// Wanted by the controller.
    pub desired: i64,
    /// Existing.
    pub current: i64,
    /// Passing their readiness checks.
    pub ready: i64,
    /// Ready for at least minReadySeconds.
    pub available: i64,
}

/// One revision of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// The number it has now; `None` where it has none that can be read.
    pub number: Option<i64>,
    /// The number as written where it cannot be read.
    pub unreadable_number: Option<String>,
    /// Numbers that it had before the controller renumbered it.
    pub past_numbers: Vec<i64>,
    /// The controller's hash of the template: the stable id, numbers move.
    pub hash: String,
    /// Name of the object that stores it.
    pub name: String,
    /// uid of that object.
    pub uid: String,
    /// When that object was made.
    pub created: Option<Timestamp>,
    /// The pod template without the controller's hash label.
    pub template: Value,
    /// Its pods.
    pub replicas: Replicas,
    /// The annotation `kubernetes.io/change-cause`.
    pub change_cause: Option<String>,
    /// What annotations say of where it came from.
    pub context: Context,
    /// Why nobody can go back to it, where what is stored is no pod template.
    pub unusable: Option<String>,
}

impl Revision {
    /// The images of its containers.
    #[must_use]
    pub fn images(&self) -> Vec<ContainerImage> {
        template::images(&self.template)
    }

    /// `revision 41`, or by hash where it has no number.
    #[must_use]
    pub fn label(&self) -> String {
        match self.number {
            Some(number) => format!("revision {number}"),
            None => format!("revision {}", self.hash),
        }
    }

    /// Whether the user's word names one of its images.
    #[must_use]
    pub fn has_image(&self, word: &str) -> bool {
        self.images().iter().any(|i| ImageRef::parse(&i.image).is_named(&i.image, word))
    }

    /// Whether the user's word names its commit; 7 digits are enough.
    #[must_use]
    pub fn has_commit(&self, word: &str) -> bool {
        word.len() >= 7
            && self.context.commit.as_deref().is_some_and(|c| {
                c.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            })
    }
}

/// All revisions of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Revisions {
    /// Oldest first: those without a readable number, then by number as an integer, then by the
    /// time they were made. The live one is last, whatever its number.
    pub list: Vec<Revision>,
    /// Whether the last of `list` is what the workload declares now. `false` while the controller
    /// has not stored the newest template yet: then all of `list` is older.
    pub live_is_stored: bool,
    /// What the workload declares now.
    pub live_template: Value,
}

impl Revisions {
    /// The stored revision that is live now.
    #[must_use]
    pub fn live(&self) -> Option<&Revision> {
        self.list.last().filter(|_| self.live_is_stored)
    }

    /// Everything but the live one, newest first.
    pub fn older(&self) -> impl Iterator<Item = &Revision> {
        self.list.iter().rev().skip(usize::from(self.live_is_stored))
    }

    /// Orders revisions and finds the live one: the last that has the live template.
    #[must_use]
    pub fn new(list: Vec<Revision>, live_template: Value) -> Self {
        Self::named(list, live_template, "")
    }

    /// The same where the controller itself names the object that stores the live template; where
    /// it names none that is there, the template decides.
    #[must_use]
    pub fn named(mut list: Vec<Revision>, live_template: Value, live: &str) -> Self {
        list.sort_by(|a, b| (a.number, a.created, &a.name).cmp(&(b.number, b.created, &b.name)));
        let has_name = |r: &Revision| !live.is_empty() && r.name == live;
        let has_template = |r: &Revision| template::same(&r.template, &live_template);
        let live = list.iter().position(has_name).or_else(|| list.iter().rposition(has_template));
        if let Some(index) = live {
            let live = list.remove(index);
            list.push(live);
        }
        Self { list, live_is_stored: live.is_some(), live_template }
    }
}

/// What the user writes after `--to-revision` or `--from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevisionSpec {
    /// A revision number as `history` shows it.
    Number(i64),
    /// How many revisions before the live one: 1 is the newest older one.
    Back(usize),
    /// A template hash, an image, an image tag or digest, or a commit.
    Word(String),
}

impl RevisionSpec {
    /// Reads it; 0 means "no wish", as kubectl has it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.parse::<i64>() {
            Ok(0) => None,
            Ok(n) if n < 0 => {
                Some(Self::Back(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)))
            }
            Ok(n) if !word.starts_with('+') => Some(Self::Number(n)),
            _ => Some(Self::Word(word.to_owned())),
        }
    }

    /// Reads it where it is a condition: "no wish" would be no condition at all, so 0 is a word.
    #[must_use]
    pub fn condition(word: &str) -> Self {
        Self::parse(word).unwrap_or_else(|| Self::Word(word.to_owned()))
    }
}

impl std::fmt::Display for RevisionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Back(steps) => write!(f, "-{steps}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}
