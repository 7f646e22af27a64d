//! Which workloads: kubectl's `TYPE/NAME…`, `TYPE NAME…`, `TYPE -l …`, `TYPE --all`, `-f FILE`.

mod file;
mod names;
pub(super) mod owner;
pub(super) mod wish;

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::app::App;
use crate::backend::{self, REGISTRY, Rollbacker};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::target::Target;

pub(super) use names::{check_namespace, is_object_name};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct TargetArgs {
    /// The workloads: TYPE/NAME ..., TYPE NAME ..., or TYPE,TYPE with -l or --all; e.g. deploy/checkout.
    /// Or one owner: app/NAME, ks/NAME, hr/NAME
    #[arg(value_name = "TYPE/NAME", num_args = 0..)]
    words: Vec<String>,

    /// Those with these labels, e.g. app=checkout,tier!=db
    #[arg(short = 'l', long, value_name = "SELECTOR", help_heading = "Several workloads",
          value_parser = NonEmptyStringValueParser::new())]
    selector: Option<String>,

    /// All of the type
    #[arg(long, help_heading = "Several workloads", conflicts_with = "selector")]
    all: bool,

    /// In all namespaces
    #[arg(short = 'A', long, help_heading = "Several workloads")]
    all_namespaces: bool,

    /// Those that a manifest names: a file, a folder of files, or - for standard input
    #[arg(short, long = "filename", value_name = "FILE", help_heading = "Several workloads",
          conflicts_with_all = ["words", "selector", "all", "all_namespaces"])]
    filename: Vec<PathBuf>,

    #[arg(short = 'k', long, hide = true, value_name = "DIR")]
    kustomize: Option<String>,

    #[arg(short = 'R', long, hide = true, value_name = "BOOL", num_args = 0..=1,
          require_equals = true, default_missing_value = "true")]
    recursive: Option<bool>,

    #[arg(long, hide = true, value_name = "TEMPLATE")]
    template: Option<String>,

    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    show_managed_fields: Option<bool>,

    #[arg(long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    allow_missing_template_keys: Option<bool>,
}

/// A kind and a name, before it is known in which namespace.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) backend: &'static dyn Rollbacker,
    name: String,
    /// Where a file says so.
    namespace: Option<String>,
}

/// Workloads that are not named one by one.
#[derive(Clone)]
pub(super) struct Selected {
    pub(super) backends: Vec<&'static dyn Rollbacker>,
    pub(super) selector: Option<String>,
    pub(super) everywhere: bool,
    /// Whether a selector or `--all` was given; a bare TYPE may be half a command.
    pub(super) is_meant: bool,
}

/// What a command line names.
pub(super) enum Wanted {
    /// One workload, by name.
    One(Named),
    /// Several, by their names.
    Several(Vec<Named>),
    /// As many as fit.
    Selected(Selected),
}

impl TargetArgs {
    /// Reads the words and files; no request is made.
    pub(super) fn parse(&self, app: &App) -> Result<Wanted> {
        self.refuse_what_kubectl_has()?;
        check_namespace(app)?;
        if !self.filename.is_empty() {
            return file::read(&self.filename, app.connect.namespace.as_deref())
                .map(Wanted::Several);
        }
        self.parse_words()
    }

    /// Whether it goes over all namespaces.
    pub(super) fn is_everywhere(&self) -> bool {
        self.all_namespaces
    }

    /// Whether files name the workloads, perhaps with their namespaces.
    pub(super) fn has_files(&self) -> bool {
        !self.filename.is_empty()
    }

    fn parse_words(&self) -> Result<Wanted> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let selects = self.selector.is_some() || self.all || self.all_namespaces;
        match words.as_slice() {
            [] => Err(nothing_named()),
            [kinds] if !kinds.contains('/') => self.selected(kinds),
            _ if selects => Err(names_and_selection(&words)),
            [word] => Ok(Wanted::One(Named::read(word)?)),
            [kind, name] if !kind.contains('/') && !name.contains('/') => {
                Ok(Wanted::One(Named::of(kind, name)?))
            }
            words if words.iter().all(|word| word.contains('/')) => {
                names::unique(words.iter().map(|word| Named::read(word)))
            }
            [kind, names @ ..] if !words.iter().any(|word| word.contains('/')) => {
                names::unique(names.iter().map(|name| Named::of(kind, name)))
            }
            _ => Err(mixed_forms(&words)),
        }
    }

    fn selected(&self, kinds: &str) -> Result<Wanted> {
        let kinds = kinds.split(',').filter(|kind| !kind.is_empty());
        let as_name =
            |error: Error, word: &str| error.hint(format!("for a Deployment: deployment/{word}"));
        let backends = kinds
            .map(|word| kind_of(word).map_err(|error| as_name(error, word)))
            .collect::<Result<Vec<_>>>()?;
        if backends.is_empty() {
            return Err(nothing_named());
        }
        Ok(Wanted::Selected(Selected {
            backends: names::unique_kinds(backends),
            selector: self.selector.clone(),
            everywhere: self.all_namespaces,
            is_meant: self.selector.is_some() || self.all,
        }))
    }

    /// Flags of kubectl that rb does not have are named with what to do instead.
    fn refuse_what_kubectl_has(&self) -> Result<()> {
        let refused = |flag: &str, instead: String| {
            Err(Error::new(ErrorKind::Usage, format!("rb has no {flag}")).hint(instead))
        };
        if let Some(folder) = &self.kustomize {
            let pipe = format!("kubectl kustomize {folder} | rb undo -f -");
            return refused("-k", format!("to have kustomize name the workloads: {pipe}"));
        }
        if self.recursive.is_some() {
            let find = "to name files in folders below: -f may be given several times";
            return refused("-R", find.to_owned());
        }
        if self.template.is_some() || self.allow_missing_template_keys.is_some() {
            return refused("--template", "to pick members of the answer: -o json | jq".to_owned());
        }
        if self.show_managed_fields.is_some() {
            let get = "to see them: kubectl get TYPE NAME -o yaml --show-managed-fields";
            return refused("--show-managed-fields", get.to_owned());
        }
        Ok(())
    }
}

impl Named {
    /// From `TYPE/NAME`.
    fn read(word: &str) -> Result<Self> {
        let (kind, name) = word.split_once('/').ok_or_else(|| mixed_forms(&[word]))?;
        Self::of(kind, name)
    }

    fn of(kind: &str, name: &str) -> Result<Self> {
        let backend = kind_of(kind)?;
        names::check("name", name)?;
        Ok(Self { backend, name: name.to_owned(), namespace: None })
    }

    /// The workload, in the namespace that it names or else in this one.
    pub(super) fn in_namespace(&self, namespace: &str) -> Target {
        let namespace = self.namespace.as_deref().unwrap_or(namespace);
        Target::new(self.backend.kind(), namespace, &self.name)
    }
}

fn kind_of(word: &str) -> Result<&'static dyn Rollbacker> {
    backend::by_word(word).ok_or_else(|| {
        let known: Vec<&str> = REGISTRY.iter().map(|backend| backend.kind().singular).collect();
        Error::new(
            ErrorKind::Usage,
            format!(
                "{word:?} is not a type that rb rolls back; it rolls back: {}",
                known.join(", ")
            ),
        )
    })
}

fn nothing_named() -> Error {
    Error::new(ErrorKind::Usage, "no workload is named")
        .hint("name one: TYPE/NAME, e.g. deployment/checkout")
        .hint("or several: TYPE/NAME TYPE/NAME, TYPE -l app=checkout, TYPE --all, -f FILE; see --help")
}

fn names_and_selection(words: &[&str]) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!(
            "{:?} names workloads, and -l, --all and -A select them: not both",
            words.join(" ")
        ),
    )
    .hint("name the type alone with -l, --all or -A, e.g. deployment -l app=checkout")
}

fn mixed_forms(words: &[&str]) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("{:?} is neither TYPE/NAME nor TYPE NAME", words.join(" ")),
    )
    .hint("name each with its type, e.g. deployment/web statefulset/db")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<String> {
        let words = line.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
        let all = |named: &[Named]| {
            let words: Vec<String> =
                named.iter().map(|n| format!("{}:{}", n.backend.kind().kind, n.name)).collect();
            words.join(" ")
        };
        let args = TargetArgs { words, ..TargetArgs::default() };
        Ok(match args.parse_words()? {
            Wanted::One(named) => format!("one {}", all(&[named])),
            Wanted::Several(named) => format!("several {}", all(&named)),
            Wanted::Selected(selected) => {
                let kinds = selected.backends.iter().map(|b| b.kind().kind).collect::<Vec<_>>();
                format!("selected {} {}", kinds.join(","), selected.is_meant)
            }
        })
    }

    #[test]
    fn workloads_are_named_as_for_kubectl() {
        for (line, named) in [
            ("deploy/web", "one Deployment:web"),
            ("deployment web", "one Deployment:web"),
            ("deployments.apps/web", "one Deployment:web"),
            ("Deployment/web", "one Deployment:web"),
            ("sts/db", "one StatefulSet:db"),
            ("ds agent", "one DaemonSet:agent"),
            ("deploy/a sts/b", "several Deployment:a StatefulSet:b"),
            ("deploy a b", "several Deployment:a Deployment:b"),
            ("deploy/a deployment/a deploy/b", "several Deployment:a Deployment:b"),
            ("deploy/a deploy/a", "several Deployment:a"),
            ("deploy", "selected Deployment false"),
            ("deploy,sts", "selected Deployment,StatefulSet false"),
            ("deploy,deployments", "selected Deployment false"),
        ] {
            assert_eq!(parse(line).unwrap(), named, "{line}");
        }
    }

    #[test]
    fn anything_else_is_a_usage_error() {
        for line in [
            "",
            "web",
            "pod/web",
            "deploy/",
            "deploy/Web",
            "deploy/--help",
            "deploy/a..%2f",
            "deploy/../../secrets/x",
            "deploy/a b",
            "deploy a sts/b",
            "deploy,pod",
            ",",
        ] {
            assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::Usage, "{line}");
        }
    }

    #[test]
    fn names_and_a_selection_do_not_go_together() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect();
        for args in [
            TargetArgs { words: words("deploy/a"), all: true, ..TargetArgs::default() },
            TargetArgs { words: words("deploy a"), all_namespaces: true, ..TargetArgs::default() },
        ] {
            assert_eq!(args.parse_words().err().unwrap().kind(), ErrorKind::Usage);
        }
    }
}
