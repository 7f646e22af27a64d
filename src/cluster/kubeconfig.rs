//! Which API server, as whom and in which namespace: kubectl's rules.
//!
//! In: the flags, `KUBECONFIG`, the files, the pod's environment. Out: one [`Access`]. It opens no
//! connection and runs no plugin.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, Cluster, ExecInteractiveMode, Kubeconfig};

use super::cluster_entry::configure;
use super::{ConnectOptions, pin, proxy};
use crate::error::{Error, ErrorKind, Result};
use crate::text::shell_quote;

/// The context name where there is no kubeconfig.
const IN_CLUSTER: &str = "in-cluster";

/// Everything needed to connect.
pub(super) struct Access {
    pub(super) context: String,
    /// The name of the user entry, for messages.
    pub(super) user: String,
    pub(super) namespace: String,
    /// Flags for pasted commands.
    pub(super) pin: String,
    /// The same without impersonation.
    pub(super) own_pin: String,
    pub(super) proxy: Option<proxy::Proxy>,
    /// The raw cluster entry: exec plugins may ask for it.
    pub(super) cluster: Cluster,
    pub(super) config: Config,
}

/// Reads the kubeconfig once and picks the context.
pub(super) fn load(options: &ConnectOptions) -> Result<Access> {
    let looked_for = locations(options);
    let kubeconfig = read(options, &looked_for)?;
    let nothing_to_choose = kubeconfig.contexts.is_empty()
        && options.context.is_none()
        && options.cluster.is_none()
        && options.kubeconfig.is_none();
    if !nothing_to_choose {
        let mut access = choose(&kubeconfig, options)?;
        if options.unattended {
            keep_silent(&mut access.config.auth_info)?;
        }
        return Ok(access);
    }
    in_cluster(options).map_err(|cause| {
        let place = |path: &PathBuf| {
            let missing = if path.exists() { "" } else { " (no such file)" };
            format!("{}{missing}", path.display())
        };
        let places: Vec<_> = looked_for.iter().map(place).collect();
        Error::new(ErrorKind::Usage, "no kubeconfig and not inside a cluster")
            .because(format!("looked for a context in {}; {cause}", places.join(", ")))
            .hint("kubectl config view")
            .hint("set KUBECONFIG, or name the file with --kubeconfig FILE")
    })
}

/// Keeps a credential plugin away from the terminal.
fn keep_silent(auth: &mut AuthInfo) -> Result<()> {
    let Some(exec) = &mut auth.exec else { return Ok(()) };
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        let message = "the credential plugin has to ask, and nobody is there";
        return Err(Error::new(ErrorKind::Usage, message));
    }
    exec.interactive_mode = Some(ExecInteractiveMode::Never);
    Ok(())
}

/// All files, merged.
pub(super) fn merged(options: &ConnectOptions) -> Result<Kubeconfig> {
    read(options, &locations(options))
}

/// The files to read, in the order in which the first value wins.
fn locations(options: &ConnectOptions) -> Vec<PathBuf> {
    if let Some(path) = &options.kubeconfig {
        return vec![path.clone()];
    }
    let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
        .map(|list| {
            std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect()
        })
        .unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect()
}

/// Merges the files. Like kubectl, only a file named by flag has to exist.
fn read(options: &ConnectOptions, paths: &[PathBuf]) -> Result<Kubeconfig> {
    let mut merged = Kubeconfig::default();
    for path in paths {
        if options.kubeconfig.is_none() && !path.exists() {
            tracing::debug!(path = %path.display(), "no such kubeconfig, ignored");
            continue;
        }
        let mut next = Kubeconfig::read_from(path).map_err(|error| unreadable(path, &error))?;
        // An empty string is what `kubectl config unset` leaves behind: the same as no value.
        next.current_context = next.current_context.filter(|name| !name.is_empty());
        merged = merged.merge(next).map_err(|error| unreadable(path, &error))?;
    }
    Ok(merged)
}

fn unreadable(path: &Path, error: &kube::config::KubeconfigError) -> Error {
    Error::new(ErrorKind::Usage, format!("cannot use the kubeconfig {}", path.display()))
        .because(without_values(&error.to_string()))
        .hint(format!("kubectl config view --kubeconfig {}", shell_quote(&path.to_string_lossy())))
}

/// The first line of a parser's words, without what it quotes from the file: that may be a token.
fn without_values(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default();
    let mut parts = line.split('"');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    while let (Some(_), Some(after)) = (parts.next(), parts.next()) {
        plain += "\"...\"";
        plain += after;
    }
    plain
}

/// From the merged files and the flags to one server and one user.
fn choose(kubeconfig: &Kubeconfig, options: &ConnectOptions) -> Result<Access> {
    let name = options.context.as_ref().or(kubeconfig.current_context.as_ref());
    let context = match name {
        Some(name) => kubeconfig
            .contexts
            .iter()
            .find(|context| &context.name == name)
            .and_then(|named| named.context.clone())
            .ok_or_else(|| no_context(kubeconfig, &format!("no context named {name:?}")))?,
        None if options.cluster.is_some() => kube::config::Context::default(),
        None => return Err(no_context(kubeconfig, "no context is selected")),
    };
    let cluster_name = options.cluster.as_deref().unwrap_or(&context.cluster);
    let cluster = find_cluster(kubeconfig, cluster_name)?;
    let user = options.user.clone().or(context.user).unwrap_or_default();
    let auth = find_user(kubeconfig, &user)?;
    let pin = pin::flags(options, name.map(String::as_str));
    let mut config = configure(&cluster, auth)
        .map_err(|error| error.hint(pin::command("config view --minify", &pin)))?;
    impersonate(&mut config.auth_info, options)?;
    Ok(Access {
        context: name.map_or(cluster_name, String::as_str).to_owned(),
        user,
        namespace: namespace(options, context.namespace),
        pin,
        own_pin: pin::own_flags(options, name.map(String::as_str)),
        proxy: proxy::choose(cluster.proxy_url.as_deref(), &config.cluster_url)?,
        cluster,
        config,
    })
}

fn no_context(kubeconfig: &Kubeconfig, message: &str) -> Error {
    let names: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Error::new(ErrorKind::Usage, message)
        .because(format!("contexts in the kubeconfig: {known}"))
        .hint("kubectl config get-contexts")
}

fn find_cluster(kubeconfig: &Kubeconfig, name: &str) -> Result<Cluster> {
    let found = kubeconfig.clusters.iter().find(|cluster| cluster.name == name);
    found.and_then(|named| named.cluster.clone()).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("the kubeconfig has no cluster named {name:?}"))
            .hint("kubectl config get-clusters")
    })
}

/// No user at all is fine, as for kubectl: the API server may not ask.
fn find_user(kubeconfig: &Kubeconfig, name: &str) -> Result<AuthInfo> {
    if name.is_empty() {
        return Ok(AuthInfo::default());
    }
    let found = kubeconfig.auth_infos.iter().find(|user| user.name == name);
    found.map(|named| named.auth_info.clone().unwrap_or_default()).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("the kubeconfig has no user named {name:?}"))
            .hint("kubectl config get-users")
    })
}

/// The service account of the pod this runs in.
fn in_cluster(options: &ConnectOptions) -> Result<Access> {
    let mut config = Config::incluster()
        .map_err(|error| Error::new(ErrorKind::Usage, error.to_string()).because(error))?;
    config.default_retry = false;
    impersonate(&mut config.auth_info, options)?;
    Ok(Access {
        context: IN_CLUSTER.to_owned(),
        user: "the pod's service account".to_owned(),
        namespace: namespace(options, Some(config.default_namespace.clone())),
        pin: pin::flags(options, None),
        own_pin: pin::own_flags(options, None),
        proxy: proxy::choose(None, &config.cluster_url)?,
        cluster: Cluster::default(),
        config,
    })
}

fn namespace(options: &ConnectOptions, of_context: Option<String>) -> String {
    let chosen = options.namespace.clone().or(of_context).map(|name| name.trim().to_owned());
    chosen.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

/// `--as`, `--as-group` and `--as-uid` win over the kubeconfig's fields.
fn impersonate(auth: &mut AuthInfo, options: &ConnectOptions) -> Result<()> {
    auth.impersonate = options.as_user.clone().or(auth.impersonate.take());
    auth.impersonate_uid = options.as_uid.clone().or(auth.impersonate_uid.take());
    if !options.as_groups.is_empty() {
        auth.impersonate_groups = Some(options.as_groups.clone());
    }
    let more = auth.impersonate_uid.is_some()
        || auth.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty())
        || auth.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty());
    if more && auth.impersonate.is_none() {
        let message = "a group, UID or extra field can only be impersonated together with a user";
        return Err(Error::new(ErrorKind::Usage, message).hint("add --as USER"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"{"contexts": [
        {"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
        {"name": "b", "context": {"cluster": "gone", "user": "u"}},
        {"name": "d", "context": {"cluster": "c", "user": "gone"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example.com"}}],
        "users": [{"name": "u", "user": {"token": "t"}}]}"#;

    fn pick(options: &ConnectOptions) -> Result<Access> {
        choose(&serde_json::from_str(TWO).unwrap(), options)
    }

    #[test]
    fn contexts_and_flags() {
        let of = |context: &str| ConnectOptions {
            context: Some(context.to_owned()),
            ..ConnectOptions::default()
        };
        let access = pick(&of("a")).ok().unwrap();
        assert_eq!((access.context.as_str(), access.namespace.as_str()), ("a", "shop"));
        let other = ConnectOptions { namespace: Some("x".into()), ..of("a") };
        assert_eq!(pick(&other).ok().unwrap().namespace, "x");
        let cluster = ConnectOptions { cluster: Some("c".into()), ..of("b") };
        assert_eq!(pick(&cluster).ok().unwrap().namespace, "default");
        let user = ConnectOptions { user: Some("u".into()), ..of("d") };
        assert_eq!(pick(&user).ok().unwrap().user, "u");
        for (options, part) in [
            (of("z"), r#"no context named "z""#),
            (ConnectOptions::default(), "no context is selected"),
            (of("b"), r#"no cluster named "gone""#),
            (of("d"), r#"no user named "gone""#),
        ] {
            let error = pick(&options).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.to_string().contains(part), "{error}");
            assert!(!error.hints().is_empty());
        }
        assert_eq!(pick(&of("z")).err().unwrap().causes(), ["contexts in the kubeconfig: a, b, d"]);
    }
}
