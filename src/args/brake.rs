//! What can be said about the brake on a connection and whom it holds.

use clap::{Args, Subcommand, ValueEnum};

use super::PlanArgs;
use super::seats::overlap;

const WHOSE_HELP: &str = "\
WHO is a connection's name, or one or more addresses, user names or ids; without it, everybody who is held is meant. Whoever
was rejected is meant only by name.";

/// People whom identity providers would take off faster than their brake allows.
#[derive(Debug, Subcommand)]
pub(crate) enum BrakeCommand {
    /// List who is held, and whose leaving was rejected
    List {
        /// Only of this connection.
        connection: Option<String>,
    },
    /// Let them go: carry out what is held, as the provider asked
    #[command(after_help = WHOSE_HELP)]
    Release(BrakeWhoArgs),
    /// Let them stay: drop what is held, and refuse its repeats
    #[command(after_help = WHOSE_HELP)]
    Reject(BrakeWhoArgs),
}

/// Whom of those who are held.
#[derive(Debug, Args)]
pub(crate) struct BrakeWhoArgs {
    /// Whom.
    pub(crate) who: Vec<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// The brake on a connection.
#[derive(Debug, Args)]
pub(crate) struct IdpBrakeArgs {
    /// The connection's name.
    pub(crate) name: String,
    /// Take the brake away.
    #[arg(value_enum, conflicts_with_all = ["share", "floor", "window"])]
    pub(crate) off: Option<OffWord>,
    /// How many of its people may leave in one window, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) share: u8,
    /// How many may leave in any case.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) floor: i64,
    /// The window, such as 10m, 2h or 1d.
    #[arg(long, value_name = "AGE", default_value = "10m", value_parser = overlap)]
    pub(crate) window: i64,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// No brake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OffWord {
    /// No limit
    Off,
}
