//! One plan, as the checks see it.

use jiff::Timestamp;
use serde_json::Value;

use super::Inquiry;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::progress::PodCounts;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::subject::Subject;
use crate::text::shell_quote;

/// All that a check may look at beside the answers of the cluster.
pub(super) struct Scene<'a> {
    pub(super) subject: &'a Subject,
    pub(super) plan: &'a Plan,
    pub(super) request: &'a UndoRequest,
    /// All plans that are looked at together, this one too.
    pub(super) together: &'a [Inquiry<'a>],
    /// By this machine's clock: a plan from a file is older than that.
    pub(super) now: Timestamp,
}

impl<'a> Scene<'a> {
    pub(super) fn of(inquiry: &Inquiry<'a>, together: &'a [Inquiry<'a>], now: Timestamp) -> Self {
        let Inquiry { subject, plan, request } = *inquiry;
        Self { subject, plan, request, together, now }
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

    /// The pod template that is to be live, where pods of it will run.
    pub(super) fn template_to_run(&self) -> Option<&'a Value> {
        let idle = self.subject.backend.runs_nothing(&self.subject.workload).is_some();
        self.template().filter(|_| !idle)
    }

    /// How many pods there are now.
    pub(super) fn pods(&self) -> PodCounts {
        self.subject.backend.progress(&self.subject.workload, None).pods
    }

    /// Whether the user named the target.
    pub(super) fn is_named(&self) -> bool {
        self.request.to.is_some()
    }

    /// A command of rb about the workload.
    pub(super) fn rb(&self, command: &str) -> String {
        let reference = self.plan.target.reference();
        self.request.hints.rb(&format!("{command} {}", shell_quote(&reference)))
    }

    /// A command of kubectl in the namespace.
    pub(super) fn kubectl(&self, arguments: &str) -> String {
        self.request.hints.kubectl(arguments)
    }
}
