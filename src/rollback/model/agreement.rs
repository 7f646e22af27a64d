//! Whether what is live is what an owner would apply.

use super::template_fields::Stranger;

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Whether they agree.
    pub agrees: Agrees,
    /// What was compared with what, as a sentence without a full stop; empty where nothing was.
    pub compared: String,
    /// Who owns fields of the pod template that the owner does not own.
    pub strangers: Vec<Stranger>,
    /// What the comparison leaves out of the template, as the owner is set up: each in words.
    pub hidden: Vec<String>,
}

/// Whether they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agrees {
    /// They do.
    Yes,
    /// They do not: what differs, in words.
    No(String),
    /// Nobody can tell: why.
    Unknown(String),
}

impl Agreement {
    /// Nothing was compared, for this reason.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self {
            agrees: Agrees::Unknown(why.into()),
            compared: String::new(),
            strangers: Vec::new(),
            hidden: Vec::new(),
        }
    }
}
