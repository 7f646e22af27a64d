//! Finds and reads the configuration file: the first that exists counts, and only that one.

use std::io::{ErrorKind as IoErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::config::{GitSettings, MAX_BYTES, Origin, Settings};
use crate::error::{Error, ErrorKind, Result};
use crate::text::shell_quote;

/// What `--config` says where nothing is to be read.
pub(super) const NONE: &str = "none";
/// The file of a folder, for whoever works in it.
const OF_THE_FOLDER: &str = "./.rb.yaml";
/// The file of a user, below the folder for configurations.
const OF_THE_USER: &str = "rb/config.yaml";

/// The settings of the file that `--config` names, else of the first that exists. `None`: there is
/// none, and the ConfigMap counts.
pub(super) fn find(asked: Option<&Path>) -> Result<Option<Settings>> {
    first_of(asked, &usual_places(std::env::var_os("XDG_CONFIG_HOME"), std::env::home_dir()))
}

/// What the configuration says of reverts in Git. No cluster is asked: only files count.
pub(super) fn git_settings(asked: Option<&Path>) -> Result<GitSettings> {
    if asked.is_some_and(|path| path == Path::new(NONE)) {
        return Ok(GitSettings::default());
    }
    Ok(find(asked)?.map(|settings| settings.git).unwrap_or_default())
}

fn first_of(asked: Option<&Path>, places: &[PathBuf]) -> Result<Option<Settings>> {
    if let Some(path) = asked {
        return settings(path).map(Some);
    }
    // A link that leads nowhere exists: whoever made it wants to know.
    match places.iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => settings(path).map(Some),
        None => Ok(None),
    }
}

fn usual_places(config_home: Option<std::ffi::OsString>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let config_home = config_home.map(PathBuf::from).filter(|path| path.is_absolute());
    let of_user = config_home.or_else(|| home.map(|home| home.join(".config")));
    let of_user = of_user.map(|folder| folder.join(OF_THE_USER));
    [Some(PathBuf::from(OF_THE_FOLDER)), of_user].into_iter().flatten().collect()
}

fn settings(path: &Path) -> Result<Settings> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error))?;
    tracing::debug!(path = %path.display(), "configuration");
    // A character that was cut by the limit is no mistake: the text is too long anyway.
    match std::str::from_utf8(&bytes) {
        Err(error) if bytes.len() <= MAX_BYTES => Err(no_text(path, &bytes, error.valid_up_to())),
        _ => Settings::parse(&String::from_utf8_lossy(&bytes), &Origin::file(path)),
    }
}

fn no_text(path: &Path, bytes: &[u8], valid: usize) -> Error {
    let before = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let message = format!("{}:{line}:{column}: is not UTF-8", path.display());
    Error::new(ErrorKind::Usage, message).hint("save it as UTF-8")
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let name = path.display().to_string();
    let hint = match error.kind() {
        IoErrorKind::PermissionDenied => format!("ls -l {}", shell_quote(&name)),
        _ => "name a file with --config FILE".to_owned(),
    };
    Error::new(ErrorKind::Usage, format!("cannot read the configuration {}", shell_quote(&name)))
        .because(error)
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASON: &str = "version: 1\npreflight: {requireReason: true}\n";
    const VERIFIED: &str = "version: 1\npreflight: {verifiedOnly: true}\n";

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
            std::fs::write(self.path(name), text).unwrap();
            self
        }

        fn find(&self, asked: Option<&str>) -> Result<Option<Settings>> {
            let asked = asked.map(|name| self.path(name));
            first_of(asked.as_deref(), &[self.path("first"), self.path("second")])
        }
    }

    #[test]
    fn the_first_file_that_exists_counts_alone() {
        let none = Folder::new();
        assert_eq!(none.find(None).unwrap(), None);
        let second = Folder::new().with("second", VERIFIED);
        assert!(second.find(None).unwrap().unwrap().preflight.verified_only);
        let both = second.with("first", REASON);
        let settings = both.find(None).unwrap().unwrap();
        assert!(settings.preflight.require_reason && !settings.preflight.verified_only);
        let asked = both.find(Some("second")).unwrap().unwrap();
        assert!(asked.preflight.verified_only && !asked.preflight.require_reason);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_never_passed_over() {
        let valid = Folder::new().with("second", VERIFIED);
        assert!(valid.find(Some("nowhere")).is_err());
        let wrong = Folder::new().with("second", VERIFIED).with("first", "version: one\n");
        let error = wrong.find(None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("first:1:10: version: must be"), "{error}");
        let folder = Folder::new().with("second", VERIFIED);
        std::fs::create_dir(folder.path("first")).unwrap();
        assert!(folder.find(None).unwrap_err().to_string().starts_with("cannot read the conf"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_told() {
        let folder = Folder::new().with("second", VERIFIED);
        std::os::unix::fs::symlink(folder.path("gone"), folder.path("first")).unwrap();
        assert_eq!(folder.find(None).unwrap_err().kind(), ErrorKind::Usage);
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let error =
            Folder::new().with("first", b"version: 1\na\xc3\xa9: \xff\n").find(None).unwrap_err();
        assert!(error.to_string().ends_with("first:2:5: is not UTF-8"), "{error}");
        let huge = "# é\n".repeat(MAX_BYTES / 4);
        let error = Folder::new().with("first", huge).find(None).unwrap_err();
        assert!(error.to_string().ends_with("first:1:1: is larger than 1 MiB"), "{error}");
    }

    #[test]
    fn the_folder_comes_before_the_user() {
        let places = |config_home: Option<&str>, home: Option<&str>| {
            usual_places(config_home.map(Into::into), home.map(Into::into))
        };
        let of = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let [folder, usual] = ["./.rb.yaml", "/home/dana/.config/rb/config.yaml"];
        assert_eq!(places(None, Some("/home/dana")), of(&[folder, usual]));
        assert_eq!(places(Some("/x"), Some("/home/dana")), of(&[folder, "/x/rb/config.yaml"]));
        for no_folder in ["", "relative"] {
            assert_eq!(places(Some(no_folder), Some("/home/dana")), of(&[folder, usual]));
        }
        assert_eq!(places(None, None), of(&[folder]));
    }
}
