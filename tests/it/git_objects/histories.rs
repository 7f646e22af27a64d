//! Three histories of GitOps repositories, each of more than a thousand commits and the same in every
//! run: one of bots that bump images, one in which folders move, go and change their kind, and one of
//! branches that are merged. Each holds reverts, and reverted changes that come back.

use super::manifest_text::{insert_line, remove_line, replace_line, with_tag};
use super::scribe::{Files, Scribe};

/// What a history is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bumps,
    Moves,
    Merges,
}

const ENVIRONMENTS: [&str; 3] = ["dev", "stage", "prod"];
const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;
/// Commits before the reverts, which name the ids of some of these.
const BEFORE: usize = 900;
const IN_ALL: usize = 1_150;

/// Writes one. All commits lead to `main`.
pub(super) fn write(kind: Kind) -> Scribe {
    let mut scribe = Scribe::new(match kind {
        Kind::Bumps => 1,
        Kind::Moves => 2,
        Kind::Merges => 3,
    });
    let mut team = Team::new(kind, &mut scribe);
    while scribe.commits() < BEFORE {
        team.work(&mut scribe);
    }
    let ids = scribe.import();
    while scribe.commits() < IN_ALL {
        if scribe.pick(8) == 0 {
            team.revert(&mut scribe, &ids);
        } else {
            team.work(&mut scribe);
        }
    }
    scribe.import();
    scribe
}

/// A commit that somebody may revert.
struct Past {
    number: usize,
    before: Files,
    after: Files,
}

/// Those who commit, and what they see.
struct Team {
    kind: Kind,
    files: Files,
    tip: usize,
    apps: Vec<String>,
    version: usize,
    past: Vec<Past>,
}

impl Team {
    fn new(kind: Kind, scribe: &mut Scribe) -> Self {
        let mut files = Files::new();
        let apps: Vec<String> = (0..24).map(|number| format!("app{number:02}")).collect();
        for app in &apps {
            new_app(&mut files, app, 1);
        }
        files.insert("README.md".into(), (FILE, b"# Shop\n".to_vec()));
        files.insert("vendor/lib".into(), (SUBMODULE, "1".repeat(40).into_bytes()));
        let tip = scribe.commit(&[], "Begin", &Files::new(), &files);
        Self { kind, files, tip, apps, version: 1, past: Vec::new() }
    }

    /// One or more commits, of whatever kind comes next.
    fn work(&mut self, scribe: &mut Scribe) {
        let is_merge = match self.kind {
            Kind::Merges => scribe.pick(4) == 0,
            _ => scribe.pick(40) == 0,
        };
        if is_merge {
            self.merge(scribe);
            return;
        }
        let before = self.files.clone();
        let message = self.change(scribe);
        self.commit(scribe, &message, before);
    }

    fn commit(&mut self, scribe: &mut Scribe, message: &str, before: Files) {
        let number = scribe.commit(&[self.tip], message, &before, &self.files);
        self.tip = number;
        self.past.push(Past { number, before, after: self.files.clone() });
        if self.past.len() > 40 {
            self.past.remove(0);
        }
    }

    /// A branch of some commits, while `main` goes on, and its merge.
    fn merge(&mut self, scribe: &mut Scribe) {
        let (base_tip, base) = (self.tip, self.files.clone());
        for _ in 0..=scribe.pick(2) {
            let before = self.files.clone();
            let message = self.change(scribe);
            self.tip = scribe.commit(&[self.tip], &message, &before, &self.files);
        }
        let (side_tip, side) = (self.tip, std::mem::replace(&mut self.files, base.clone()));
        self.tip = base_tip;
        for _ in 0..scribe.pick(3) {
            let before = self.files.clone();
            let message = self.bump(scribe);
            self.commit(scribe, &message, before);
        }
        let before = self.files.clone();
        // Where both sides changed a file, the branch has it its way.
        for path in base.keys().chain(side.keys()) {
            if base.get(path) != side.get(path) {
                match side.get(path) {
                    Some(file) => self.files.insert(path.clone(), file.clone()),
                    None => self.files.remove(path),
                };
            }
        }
        let number =
            scribe.commit(&[self.tip, side_tip], "Merge branch 'side'", &before, &self.files);
        self.tip = number;
        self.past.push(Past { number, before, after: self.files.clone() });
    }

    /// Reverts one of the last commits whose id is known, where its files are as it left them.
    fn revert(&mut self, scribe: &mut Scribe, ids: &[String]) {
        let known: Vec<usize> =
            (0..self.past.len()).filter(|index| self.past[*index].number <= ids.len()).collect();
        if known.is_empty() {
            self.work(scribe);
            return;
        }
        let past = self.past.remove(known[scribe.pick(known.len())]);
        let before = self.files.clone();
        for path in past.before.keys().chain(past.after.keys()) {
            let (was, is) = (past.before.get(path), past.after.get(path));
            if was != is && before.get(path) == is {
                match was {
                    Some(file) => self.files.insert(path.clone(), file.clone()),
                    None => self.files.remove(path),
                };
            }
        }
        let id = &ids[past.number - 1];
        let message = format!("Revert \"x\"\n\nThis reverts commit {id}.\n");
        self.commit(scribe, &message, before);
        match scribe.pick(3) {
            // The next release comes on top of it, or a bot brings the bad one back.
            0 => {
                let before = self.files.clone();
                let message = self.bump_like(&past);
                self.commit(scribe, &message, before);
            }
            1 => {
                let before = self.files.clone();
                for (path, file) in &past.after {
                    if past.before.get(path) != Some(file) {
                        self.files.insert(path.clone(), file.clone());
                    }
                }
                self.commit(scribe, "Update images", before);
            }
            _ => {}
        }
    }

    fn change(&mut self, scribe: &mut Scribe) -> String {
        let usual = match self.kind {
            Kind::Bumps => 80,
            Kind::Moves => 20,
            Kind::Merges => 45,
        };
        if scribe.pick(100) < usual {
            return self.bump(scribe);
        }
        match scribe.pick(12) {
            0 => self.everywhere(scribe),
            1 => self.promote(scribe),
            2 => self.move_app(scribe),
            3 => self.copy_app(scribe),
            4 => self.delete_file(scribe),
            5 => self.odd_file(scribe),
            6 => self.line_ends(scribe),
            7 => self.file_or_folder(scribe),
            _ => self.edit(scribe),
        }
    }

    fn app(&self, scribe: &mut Scribe) -> String {
        self.apps[scribe.pick(self.apps.len())].clone()
    }

    fn text(&mut self, path: &str, edit: impl FnOnce(String) -> String) {
        if let Some((_, content)) = self.files.get_mut(path) {
            let text = String::from_utf8_lossy(content).into_owned();
            *content = edit(text).into_bytes();
        }
    }

    /// The image of one app in one environment.
    fn bump(&mut self, scribe: &mut Scribe) -> String {
        let (app, environment) = (self.app(scribe), ENVIRONMENTS[scribe.pick(3)]);
        self.version += 1;
        let version = self.version;
        set_tag(self, &app, environment, version);
        format!("Bump {app} in {environment} to 1.{version}")
    }

    /// Another version in the same files.
    fn bump_like(&mut self, past: &Past) -> String {
        self.version += 1;
        let version = self.version;
        let is_bumped = |path: &&String| {
            path.ends_with("kustomization.yaml") && past.before.get(*path) != past.after.get(*path)
        };
        for path in past.after.keys().filter(is_bumped) {
            let edit = |text: String| with_tag(&text, version);
            self.text(path, edit);
        }
        format!("Bump to 1.{version}")
    }

    /// From one environment to the next.
    fn promote(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        self.version += 1;
        let version = self.version;
        for environment in &ENVIRONMENTS[..=scribe.pick(3).max(1)] {
            set_tag(self, &app, environment, version);
        }
        format!("Promote {app} 1.{version}")
    }

    /// The same change in some apps at once.
    fn everywhere(&mut self, scribe: &mut Scribe) -> String {
        for _ in 0..4 {
            let (app, line) = (self.app(scribe), scribe.pick(20));
            self.text(&format!("apps/{app}/base/deployment.yaml"), |text| {
                replace_line(&text, line, "  # checked")
            });
        }
        "Check all deployments".to_owned()
    }

    /// A line of a deployment: changed, added or taken out.
    fn edit(&mut self, scribe: &mut Scribe) -> String {
        let (app, line, how) = (self.app(scribe), scribe.pick(30), scribe.pick(3));
        let value = scribe.pick(1000);
        self.text(&format!("apps/{app}/base/deployment.yaml"), |text| match how {
            0 => replace_line(&text, line, &format!("  setting{line}: {value}")),
            1 => insert_line(&text, line, &format!("  extra{value}: {value}")),
            _ => remove_line(&text, line),
        });
        format!("Edit {app}")
    }

    fn move_app(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        let new = format!("{app}m{}", scribe.pick(100));
        if self.apps.contains(&new) {
            return self.edit(scribe);
        }
        for (path, file) in below(&self.files, &app) {
            self.files.remove(&path);
            self.files.insert(path.replacen(&app, &new, 1), file);
        }
        self.apps.retain(|name| *name != app);
        self.apps.push(new.clone());
        format!("Move {app} to {new}")
    }

    /// Near-identical files of another app.
    fn copy_app(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        let new = format!("copy{}", scribe.pick(100));
        if self.apps.contains(&new) || self.apps.len() > 40 {
            let gone = self.app(scribe);
            for (path, _) in below(&self.files, &gone) {
                self.files.remove(&path);
            }
            self.apps.retain(|name| *name != gone);
            return format!("Remove {gone}");
        }
        for (path, file) in below(&self.files, &app) {
            self.files.insert(path.replacen(&app, &new, 1), file);
        }
        self.apps.push(new.clone());
        format!("Add {new}")
    }

    fn delete_file(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        let path = format!("apps/{app}/extra{}.yaml", scribe.pick(3));
        let content = format!("value: {}\n", scribe.pick(3)).into_bytes();
        if self.files.remove(&path).is_none() {
            self.files.insert(path.clone(), (FILE, content));
        }
        format!("Add or remove {path}")
    }

    /// A program, a link, a submodule or something that is no text.
    fn odd_file(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        let (path, file) = match scribe.pick(4) {
            0 => {
                let mode = if scribe.pick(2) == 0 { FILE } else { PROGRAM };
                let line = scribe.pick(2);
                (format!("apps/{app}/run.sh"), (mode, format!("#!/bin/sh\n{line}\n").into_bytes()))
            }
            1 => {
                let to = ENVIRONMENTS[scribe.pick(3)];
                (format!("apps/{app}/current"), (LINK, format!("overlays/{to}").into_bytes()))
            }
            2 => {
                let digit = char::from(b'1' + u8::try_from(scribe.pick(3)).expect("a digit"));
                let id = digit.to_string().repeat(40).into_bytes();
                ("vendor/lib".to_owned(), (SUBMODULE, id))
            }
            _ => {
                let byte = u8::try_from(scribe.pick(4)).expect("a byte");
                (format!("apps/{app}/logo.png"), (FILE, vec![0x89, 0, byte]))
            }
        };
        let message = format!("Change {path}");
        self.files.insert(path, file);
        message
    }

    fn line_ends(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        self.text(&format!("apps/{app}/base/deployment.yaml"), |text| {
            if text.contains('\r') { text.replace('\r', "") } else { text.replace('\n', "\r\n") }
        });
        format!("Change the line ends of {app}")
    }

    /// A file becomes a folder of the same name, or the other way round.
    fn file_or_folder(&mut self, scribe: &mut Scribe) -> String {
        let app = self.app(scribe);
        let (file, inner) = (format!("apps/{app}/config"), format!("apps/{app}/config/a.yaml"));
        let content = format!("value: {}\n", scribe.pick(4)).into_bytes();
        if self.files.remove(&file).is_some() {
            self.files.insert(inner, (FILE, content));
        } else {
            self.files.remove(&inner);
            self.files.insert(file, (FILE, content));
        }
        format!("Turn the configuration of {app} round")
    }
}

fn new_app(files: &mut Files, app: &str, version: usize) {
    let mut add = |path: &str, text: String| {
        files.insert(format!("apps/{app}/{path}"), (FILE, text.into_bytes()));
    };
    add("base/kustomization.yaml", "resources:\n- deployment.yaml\n- service.yaml\n".to_owned());
    let lines: String = (0..40).map(|line| format!("  setting{line}: {line}\n")).collect();
    add("base/deployment.yaml", format!("kind: Deployment\nname: {app}\nspec:\n{lines}"));
    add("base/service.yaml", format!("kind: Service\nname: {app}\nport: 80\n"));
    for environment in ENVIRONMENTS {
        let text = format!(
            "resources:\n- ../../base\nimages:\n- name: registry.example/{app}\n  newTag: 1.{version}\n\
             commonLabels:\n  env: {environment}\n"
        );
        add(&format!("overlays/{environment}/kustomization.yaml"), text);
    }
}

fn set_tag(team: &mut Team, app: &str, environment: &str, version: usize) {
    let path = format!("apps/{app}/overlays/{environment}/kustomization.yaml");
    team.text(&path, |text| with_tag(&text, version));
}

fn below(files: &Files, app: &str) -> Vec<(String, (u32, Vec<u8>))> {
    let folder = format!("apps/{app}/");
    let own = files.iter().filter(|(path, _)| path.starts_with(&folder));
    own.map(|(path, file)| (path.clone(), file.clone())).collect()
}
