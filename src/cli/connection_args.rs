//! Which cluster, as whom, in which namespace: kubectl's flags.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cluster::ConnectOptions;

use super::duration;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// Namespace of the workload
    #[arg(short, long, global = true, value_name = "NAME")]
    namespace: Option<String>,

    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,

    /// Kubeconfig file, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Cluster of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    cluster: Option<String>,

    /// User of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String>,

    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    as_user: Option<String>,

    /// Group to impersonate; may be given several times
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    as_groups: Vec<String>,

    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID")]
    as_uid: Option<String>,

    /// How long a single request may take
    #[arg(long, global = true, value_name = "DURATION", default_value = "10s",
          value_parser = duration::parse)]
    request_timeout: Duration,
}

impl ConnectionArgs {
    pub(super) fn into_options(self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig,
            context: self.context,
            cluster: self.cluster,
            user: self.user,
            namespace: self.namespace,
            as_user: self.as_user,
            as_groups: self.as_groups,
            as_uid: self.as_uid,
            request_timeout: self.request_timeout,
            unattended: false,
        }
    }
}
