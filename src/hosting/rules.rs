//! What a branch demands of a push: asked for before, because a token of an administrator is not
//! refused.

/// What a branch demands of whoever pushes to it, whatever this token may pass over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Whether changes have to come by a request; `None` where the host does not tell.
    pub needs_request: Option<bool>,
    /// The rules, in words for people.
    pub rules: Vec<String>,
}
