//! An Application that is synced by hand, so that what it shows of drift stays to be seen.

use serde_json::{Value, json};

use crate::scene::text;
use crate::testbed::argocd::Application;
use crate::testbed::{Fleet, Namespace, TestBed};

use super::release::old;
use super::story::{self, Came, Owner};

const FOLDER: &str = "apps/web";
const FILE: &str = "apps/web/deployment.yaml";

pub(super) fn measured(bed: &TestBed, hint: &str, row: &str, options: &[&str]) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace(hint), Fleet::new());
    fleet.write(FILE, &old().to_string());
    let commit = fleet.push("Add web");
    let extra = json!({"spec": {"syncPolicy": {"syncOptions": options}}});
    let app = argocd.application(&namespace, &fleet.url(), FOLDER, &extra);
    let owner = Synced { app, fleet, namespace: &namespace, options };
    owner.sync(&commit).expect("release 1 comes");
    // It has compared before it has seen what it has made.
    owner.app.wait_synced(&commit);
    story::tell(row, &namespace, &owner);
}

struct Synced<'a> {
    app: Application<'a>,
    fleet: Fleet,
    namespace: &'a Namespace,
    options: &'a [&'a str],
}

impl Synced<'_> {
    fn sync(&self, commit: &str) -> Came {
        // The options of the Application count only where the operation has them, too. Without the null,
        // fields of the operation before get into this one.
        let operation = json!({"sync": {"revision": commit, "syncOptions": self.options}});
        self.app.patch(&json!({"operation": operation, "status": {"operationState": null}}));
        let app = self.app.wait_until("the sync has ended", |app| {
            let phase = text(app, "/status/operationState/phase");
            app["operation"].is_null() && ["Succeeded", "Failed", "Error"].contains(&phase)
        });
        let state = &app["status"]["operationState"];
        if state["phase"] == "Succeeded" { Ok(()) } else { Err(text(state, "/message").to_owned()) }
    }

    fn replicas(&self) -> Value {
        self.namespace.get("deployment", "web")["spec"]["replicas"].clone()
    }
}

impl Owner for Synced<'_> {
    fn shows(&self) -> String {
        // The first comparison may have begun before what it is to see.
        self.app.refresh();
        let app = self.app.refresh();
        text(&app, "/status/sync/status").to_owned()
    }

    fn resync(&self) -> Came {
        self.sync(&self.fleet.head())
    }

    fn release(&self, manifest: &Value) -> Came {
        self.fleet.write(FILE, &manifest.to_string());
        let commit = self.fleet.push("Release web");
        self.app.refresh_to(&commit);
        self.sync(&commit)
    }

    /// It has to be Synced without having synced.
    fn revert(&self) -> Came {
        let newest = self.fleet.head();
        let app = self.app.refresh_to(&self.fleet.revert(&newest));
        let status = text(&app, "/status/sync/status");
        if status == "Synced" { Ok(()) } else { Err(format!("{status} until it is synced")) }
    }

    /// With self-heal on, a record is written, and then what it does put back.
    fn heals(&self) -> Option<String> {
        let automated = |value: Value| json!({"spec": {"syncPolicy": {"automated": value}}});
        let started = |app: &Value| app["status"]["operationState"]["startedAt"].clone();
        self.app.patch(&automated(json!({"selfHeal": true})));
        let before = started(&self.app.refresh());
        story::write_record(self.namespace);
        let written = story::written(self.namespace);
        // The first comparison may have begun before that.
        self.app.refresh();
        let app = self.app.refresh();
        let is_quiet = app["operation"].is_null() && started(&app) == before;
        let is_same = story::written(self.namespace) == written;
        self.namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=2"]);
        self.namespace.wait_until("self-heal puts the replicas back", |_| self.replicas() == 1);
        self.app.wait_until("it has healed", |app| app["operation"].is_null());
        self.app.patch(&automated(Value::Null));
        let cell = if is_quiet && is_same { "does nothing" } else { "syncs" };
        Some(cell.to_owned())
    }
}
