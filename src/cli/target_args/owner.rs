//! An owner that is named itself: `app/NAME`, `ks NAME`, `hr/NAME`. One alone: what is done with it is
//! done to all that it owns.

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::reconciler::owner_kind::{self, OwnerKind};

use super::{TargetArgs, check_namespace, names};

/// A kind of owner and a name, before it is known where it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct NamedOwner<'a> {
    pub(in crate::cli) kind: &'static dyn OwnerKind,
    pub(in crate::cli) name: &'a str,
}

impl NamedOwner<'_> {
    /// `application/web`.
    pub(in crate::cli) fn reference(&self) -> String {
        format!("{}/{}", self.kind.kind().singular, self.name)
    }
}

impl TargetArgs {
    /// The owner that the words name; `None`: they name workloads, or nothing.
    pub(in crate::cli) fn owner(&self, app: &App) -> Result<Option<NamedOwner<'_>>> {
        let Some(named) = self.named_owner()? else { return Ok(None) };
        self.refuse_what_kubectl_has()?;
        check_namespace(app)?;
        Ok(Some(named))
    }

    fn named_owner(&self) -> Result<Option<NamedOwner<'_>>> {
        let kind_in = |word: &str| {
            let word = word.split_once('/').map_or(word, |(kind, _)| kind);
            word.split(',').find_map(owner_kind::by_word)
        };
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let first = words.first().copied().unwrap_or_default();
        // After a type come names, which may be called like a type.
        let kinds =
            if first.contains('/') { words.as_slice() } else { words.get(..1).unwrap_or_default() };
        let Some(kind) = kinds.iter().find_map(|word| kind_in(word)) else { return Ok(None) };
        let singular = kind.kind().singular;
        if self.selector.is_some() || self.all || self.all_namespaces {
            let message = format!("-l, --all and -A select workloads, and no {singular}");
            return Err(Error::new(ErrorKind::Usage, message)
                .hint(format!("name one: {singular}/NAME, with -n where it is")));
        }
        let name = match words.as_slice() {
            [word] => word.split_once('/').map(|(_, name)| name),
            [kind, name] if !kind.contains('/') && !name.contains('/') => Some(*name),
            _ => None,
        };
        let Some(name) = name else {
            let short = kind.kind().short.first().copied().unwrap_or(singular);
            let message = if words.len() > 1 {
                format!("a {singular} is named alone: it stands for all that it owns")
            } else {
                format!("no {singular} is named")
            };
            return Err(Error::new(ErrorKind::Usage, message)
                .hint(format!("name one: {short}/NAME, with -n where it is")));
        };
        names::check("name", name)?;
        Ok(Some(NamedOwner { kind, name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, all: bool) -> Result<Option<String>> {
        let words = line.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
        let args = TargetArgs { words, all, ..TargetArgs::default() };
        Ok(args.named_owner()?.map(|owner| owner.reference()))
    }

    #[test]
    fn owners_are_named_as_workloads_are() {
        for (line, named) in [
            ("app/web", Some("application/web")),
            ("app web", Some("application/web")),
            ("Application/web", Some("application/web")),
            ("applications.argoproj.io/web", Some("application/web")),
            ("ks/apps", Some("kustomization/apps")),
            ("kustomizations apps", Some("kustomization/apps")),
            ("hr/web", Some("helmrelease/web")),
            ("deploy/web", None),
            ("deploy app", None),
            ("deploy ks hr", None),
            ("apps/web", None),
            ("web", None),
            ("", None),
        ] {
            assert_eq!(parse(line, false).unwrap().as_deref(), named, "{line}");
        }
    }

    #[test]
    fn an_owner_stands_alone() {
        for line in [
            "app",
            "app/",
            "app/a app/b",
            "app a b",
            "deploy/a app/b",
            "app/a deploy/b",
            "app/A",
            "app/../x",
            "deploy,app",
            "app/--help",
        ] {
            assert_eq!(parse(line, false).unwrap_err().kind(), ErrorKind::Usage, "{line}");
        }
        assert_eq!(parse("ks", true).unwrap_err().kind(), ErrorKind::Usage);
    }
}
