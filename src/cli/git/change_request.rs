//! How a commit gets onto its branch: pushed, or by a change request.

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::hosting;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Change request")]
pub(in crate::cli) struct ChangeRequestArgs {
    /// How it gets onto the branch: pushed, or by a change request; auto pushes where that is allowed
    #[arg(long, value_name = "WAY", default_value = "auto")]
    pub(in crate::cli) way: WayArg,

    /// The kind of host, where its name does not say it: github, gitlab or gitea
    #[arg(long, value_name = "KIND",
          value_parser = PossibleValuesParser::new(
              hosting::REGISTRY.iter().map(|host| host.word())))]
    pub(in crate::cli) host: Option<String>,

    /// Give the request this label; may be given several times
    #[arg(long, value_name = "LABEL")]
    pub(in crate::cli) label: Vec<String>,

    /// Ask this user or team (org/team) for a review; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) reviewer: Vec<String>,

    /// Have it merged as soon as it may be
    #[arg(long)]
    pub(in crate::cli) auto_merge: bool,

    /// Wait until it is merged, for as long as --timeout says
    #[arg(long)]
    pub(in crate::cli) wait_merge: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum WayArg {
    Auto,
    Push,
    Request,
}
