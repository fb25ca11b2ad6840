//! What can be said about what happens by itself.

use clap::{Args, Subcommand};

use super::PlanArgs;

/// What is coming, or that what is due be done.
#[derive(Debug, Args)]
pub(crate) struct DueArgs {
    #[command(subcommand)]
    pub(crate) command: Option<DueCommand>,
    /// Only what is done to these people; see `usher users --help`.
    pub(crate) query: Vec<String>,
    /// How many at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// Doing what is due.
#[derive(Debug, Subcommand)]
pub(crate) enum DueCommand {
    /// Do what is due now, each kind and day in a batch of its own, as `usher serve` does by itself
    Run {
        #[command(flatten)]
        plan: PlanArgs,
    },
}
