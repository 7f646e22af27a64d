//! The cluster that the story plays on: the test bed, or one that is already there. It knows how
//! kubectl and `rb` reach it, and which namespace and which manifests are used.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::Options;
use crate::testbed::TestBed;
use crate::transcript::{Call, say};

/// The manifests, from the root of the checkout.
const FOR_TEST_BED: &str = "examples/quickstart/testbed";
const FOR_OTHERS: &str = "examples/quickstart/public";

pub(crate) struct Stage {
    /// Ends when the stage does.
    bed: Option<TestBed>,
    kubectl: PathBuf,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    namespace: String,
    manifests: PathBuf,
}

impl Stage {
    /// The test bed, started, or the cluster of the context that is asked for.
    pub(crate) fn set(options: &Options) -> Result<Self> {
        let manifests = options.manifests.as_deref().map(std::path::absolute).transpose()?;
        let Some(context) = &options.context else {
            let bed = TestBed::start()?;
            return Ok(Self {
                kubectl: bed.kubectl().to_owned(),
                kubeconfig: Some(bed.kubeconfig()),
                context: None,
                namespace: "shop".to_owned(),
                manifests: manifests.unwrap_or_else(|| FOR_TEST_BED.into()),
                bed: Some(bed),
            });
        };
        let kubeconfig = options.kubeconfig.as_deref().map(std::path::absolute).transpose()?;
        Ok(Self {
            bed: None,
            kubectl: "kubectl".into(),
            kubeconfig,
            context: Some(context.clone()),
            namespace: format!("rb-quickstart-{}", std::process::id()),
            manifests: manifests.unwrap_or_else(|| FOR_OTHERS.into()),
        })
    }

    /// Whether it ends with this program.
    pub(crate) fn is_test_bed(&self) -> bool {
        self.bed.is_some()
    }

    pub(crate) fn kubeconfig(&self) -> Option<&Path> {
        self.kubeconfig.as_deref()
    }

    /// The path of `good.yaml` or `bad.yaml`.
    pub(crate) fn manifest(&self, name: &str) -> String {
        self.manifests.join(name).to_string_lossy().into_owned()
    }

    /// `kubectl WORDS` in the namespace of the story.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Call {
        self.call("kubectl", &self.kubectl, &[words, &["-n", &self.namespace]].concat())
    }

    /// `rb WORDS` in the namespace of the story.
    pub(crate) fn rb(&self, program: &Path, words: &[&str]) -> Call {
        self.call("rb", program, &[words, &["-n", &self.namespace]].concat())
    }

    /// A command for the cluster of the story.
    fn call(&self, name: &'static str, program: &Path, words: &[&str]) -> Call {
        let context: Vec<&str> =
            self.context.iter().flat_map(|name| ["--context", name.as_str()]).collect();
        let call = Call::new(name, program, &[words, &context].concat());
        match &self.kubeconfig {
            Some(kubeconfig) => call.variable("KUBECONFIG", kubeconfig),
            None => call,
        }
    }

    /// Makes the namespace. On a cluster that stays, its removal is noted.
    pub(crate) fn create_namespace(&self, cleanup: &Cleanup) -> Result<()> {
        let on_namespace = |words: &[&str]| {
            let words = [words, &["namespace", &self.namespace]].concat();
            self.call("kubectl", &self.kubectl, &words).shielded()
        };
        let create = on_namespace(&["create"]);
        if self.is_test_bed() {
            return create.run(0);
        }
        cleanup.after(&create, on_namespace(&["delete", "--timeout=120s"]))
    }
}

/// What has to be undone on a cluster that stays, however the story ends.
#[derive(Clone, Default)]
pub(crate) struct Cleanup(Arc<Mutex<Option<Call>>>);

impl Cleanup {
    /// Does what `undo` undoes later. The lock is held meanwhile: `run` waits for it.
    fn after(&self, action: &Call, undo: Call) -> Result<()> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        action.run(0)?;
        *pending = Some(undo);
        Ok(())
    }

    /// Undoes it, once.
    pub(crate) fn run(&self) -> Result<()> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(undo) = pending.take() else { return Ok(()) };
        say("")?;
        undo.run(0)
            .with_context(|| format!("the namespace may still be there; to remove it: {undo}"))
    }
}
