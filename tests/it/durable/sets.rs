//! What an `ApplicationSet` makes of files in Git goes back with these files.

use serde_json::{Value, json};

use super::{WEB, image, live, newest_message, undo, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_release_in_the_file_of_a_generator_goes_back,
        an_application_that_came_with_a_release_is_told_when_it_goes,
        an_application_that_stays_is_told_too,
        a_set_that_syncs_step_by_step_cannot_be_held,
    ]
}

/// A namespace with a set whose generator reads a file for each cluster.
struct Set<'a> {
    argocd: &'a ArgoCd,
    namespace: &'a Namespace,
    fleet: Fleet,
}

impl<'a> Set<'a> {
    /// With release 1.0 of `web` for the cluster `eu`.
    #[track_caller]
    fn released(bed: &'a TestBed, namespace: &'a Namespace, policy: &Value) -> Self {
        let set = Self { argocd: bed.argocd(), namespace, fleet: Fleet::new() };
        set.argocd.start_application_sets(bed);
        set.argocd.add_helm();
        set.fleet.chart("charts/web", "0.9");
        set.write("eu", "web", "1.0");
        let good = set.fleet.push("Add web");
        set.argocd.apply(&set.manifest(policy));
        set.wait_made("eu");
        set.application("eu").wait_synced(&good);
        namespace.rollout_done("web");
        set
    }

    /// The set: an Application of a chart for each file, with the tag that the file says.
    fn manifest(&self, policy: &Value) -> Value {
        let Self { argocd, namespace, fleet } = self;
        let name = namespace.name();
        let mut app = argocd.manifest(name, namespace, &fleet.url(), "charts/web", &automated());
        app["spec"]["source"]["helm"] = json!({
            "releaseName": "{{.release}}",
            "parameters": [{"name": "image.tag", "value": "{{.tag}}"}],
        });
        let files = json!([{"path": "envs/*/config.json"}]);
        let git = json!({"repoURL": fleet.url(), "revision": "main", "files": files});
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": name},
            "spec": {
                "goTemplate": true,
                "generators": [{"git": git}],
                "template": {"metadata": {"name": self.named("{{.cluster}}")}, "spec": app["spec"]},
                "syncPolicy": policy,
            },
        })
    }

    /// The name of the Application for a cluster.
    fn named(&self, cluster: &str) -> String {
        format!("{}-{cluster}", self.namespace.name())
    }

    fn application(&self, cluster: &str) -> Application<'a> {
        self.argocd.application_of_others(self.namespace, &self.named(cluster))
    }

    fn write(&self, cluster: &str, release: &str, tag: &str) {
        let config = json!({"cluster": cluster, "release": release, "tag": tag});
        self.fleet.write(&format!("envs/{cluster}/config.json"), &config.to_string());
    }

    /// Pushes it, and has the set read Git at once, which it would do after three minutes.
    #[track_caller]
    fn push(&self, message: &str) -> String {
        let commit = self.fleet.push(message);
        let ask = "argocd.argoproj.io/application-set-refresh=true";
        self.kubectl(&["annotate", &self.reference(), ask]);
        commit
    }

    fn is_made(&self, cluster: &str) -> bool {
        let (place, name) = (self.argocd.namespace(), self.named(cluster));
        self.namespace.kubectl(&["-n", place, "get", "application", &name]).code == 0
    }

    #[track_caller]
    fn wait_made(&self, cluster: &str) {
        self.namespace.wait_until("the Application is made", |_| self.is_made(cluster));
    }

    #[track_caller]
    fn wait_bad(&self) {
        self.namespace.wait_until("the bad release is live", |namespace| {
            live(namespace) == image("2.0-crash")
        });
    }

    /// One commit with the bad release of `web`, and the first of `other` for the cluster `us`.
    #[track_caller]
    fn release_bad_and_begin_with_us(&self) {
        self.write("eu", "web", "2.0-crash");
        self.write("us", "other", "1.0");
        let bad = self.push("Release 2.0, and begin with us");
        self.wait_bad();
        self.wait_made("us");
        self.application("us").wait_synced(&bad);
    }

    fn reference(&self) -> String {
        format!("applicationset/{}", self.namespace.name())
    }

    #[track_caller]
    fn kubectl(&self, words: &[&str]) {
        self.namespace.kubectl_ok(&[&["-n", self.argocd.namespace()], words].concat());
    }

    #[track_caller]
    fn delete(&self) {
        self.kubectl(&["delete", &self.reference(), "--wait=false"]);
    }
}

/// The set looks at Git every three minutes; asked, it does so at once.
fn a_release_in_the_file_of_a_generator_goes_back(bed: &TestBed) {
    let namespace = bed.namespace("durable-set");
    let set = Set::released(bed, &namespace, &json!({"preserveResourcesOnDeletion": true}));
    set.write("eu", "web", "2.0-crash");
    let bad = set.push("Release 2.0");
    set.wait_bad();
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: ask ApplicationSet"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let message = newest_message(&set.fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    let object = set.application("eu").wait_synced(&set.fleet.server_head());
    let parameters = &object["spec"]["source"]["helm"]["parameters"];
    assert_eq!(parameters[0]["value"], "1.0", "{ran}");
    set.delete();
}

/// The commit of the bad release has begun something else too: that is deleted, and the plan says so.
fn an_application_that_came_with_a_release_is_told_when_it_goes(bed: &TestBed) {
    let namespace = bed.namespace("durable-set-goes");
    let set = Set::released(bed, &namespace, &json!({}));
    set.release_bad_and_begin_with_us();
    namespace.rollout_done("other");
    let told = format!(
        "Application {} (envs/us/config.json) came with it: ApplicationSet {} deletes what its \
         generators do not name, with all its objects",
        set.named("us"),
        namespace.name()
    );
    // Before anybody says yes, and to machines.
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0);
    assert!(plan.json()["warnings"].to_string().contains(&told), "{plan}");
    undo(&namespace, "deploy/web").run().ends_with(10).tells(&told);
    assert!(set.is_made("us"));
    undo(&namespace, "deploy/web --yes").run().ends_with(0).tells(&told);
    assert_eq!(live(&namespace), image("1.0"));
    namespace.wait_until("what came with it is gone", |namespace| {
        !set.is_made("us") && namespace.find("deployment", "other").is_none()
    });
    assert!(set.is_made("eu"));
    set.delete();
}

/// The policy of the set forbids it to delete.
fn an_application_that_stays_is_told_too(bed: &TestBed) {
    let namespace = bed.namespace("durable-set-stays");
    let policy = json!({"applicationsSync": "create-update", "preserveResourcesOnDeletion": true});
    let set = Set::released(bed, &namespace, &policy);
    set.release_bad_and_begin_with_us();
    let told = format!(
        "Application {} (envs/us/config.json) came with it, and stays: ApplicationSet {} deletes no \
         Application",
        set.named("us"),
        namespace.name()
    );
    undo(&namespace, "deploy/web --yes").run().ends_with(0).tells(&told);
    assert_eq!(live(&namespace), image("1.0"));
    // The set has read Git by now: the Application of the other file says so.
    assert!(set.is_made("us"));
    set.kubectl(&["delete", "application", &set.named("us"), "--wait=false"]);
    set.delete();
}

/// Its controller turns the automation of the Application off, and heals it all the same.
fn a_set_that_syncs_step_by_step_cannot_be_held(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("rolling-set"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let strategy = json!({"type": "RollingSync", "rollingSync": {"steps": [{"maxUpdate": 1}]}});
    let patch = json!({"spec": {"strategy": strategy}}).to_string();
    let place = ["-n", argocd.namespace(), "patch", "applicationset", app.name()];
    namespace.kubectl_ok(&[&place[..], &["--type=merge", "-p", &patch]].concat());
    app.wait_until("the set has taken its automation away", |app| {
        app["spec"]["syncPolicy"]["automated"].is_null()
    });
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    // A patch does not last.
    namespace.set_image("web", &image("1.0"));
    namespace.wait_until("the set has had it put back", |_| live(&namespace) == image("2.0-crash"));
    app.wait_synced(&bad);
    let spec = app.get()["spec"].clone();
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(3);
    let ran = ran.says("starts the syncs of its Applications step by step");
    assert_eq!(live(&namespace), image("2.0-crash"), "{ran}");
    assert_eq!(fleet.server_head(), bad, "{ran}");
    let app_now = app.get();
    assert_eq!(app_now["spec"], spec);
    assert!(!app_now["metadata"]["managedFields"].to_string().contains(r#""manager":"rb""#));
    // Through Git it goes back, and that its automation is off keeps no commit away.
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(!ran.stdout.contains("only by hand"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(app.wait_synced(&fleet.server_head())["spec"], spec);
}
