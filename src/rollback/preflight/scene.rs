//! One plan, as the checks see it.

use serde_json::Value;

use super::Inquiry;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::subject::Subject;

/// All that a check may look at beside the answers of the cluster.
pub(super) struct Scene<'a> {
    pub(super) subject: &'a Subject,
    pub(super) plan: &'a Plan,
    pub(super) request: &'a UndoRequest,
}

impl<'a> Scene<'a> {
    pub(super) fn of(inquiry: &Inquiry<'a>) -> Self {
        Self { subject: inquiry.subject, plan: inquiry.plan, request: inquiry.request }
    }

    /// The namespace of the workload.
    pub(super) fn namespace(&self) -> &'a str {
        &self.plan.target.namespace
    }

    /// The pod template that is to be live; `None` where nothing is patched.
    pub(super) fn template(&self) -> Option<&'a Value> {
        self.plan.patch_value("replace", "/spec/template")
    }

    /// The pod template that is to be left; `None` where nothing is patched.
    pub(super) fn left_template(&self) -> Option<&'a Value> {
        self.plan.patch_value("test", "/spec/template")
    }

    /// Whether the user named the target.
    pub(super) fn is_named(&self) -> bool {
        self.request.to.is_some()
    }
}
