//! What can be said about accounts that people have of their own.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{LimitArgs, PlanArgs};

const FILE_HELP: &str = "\
FILE is csv, xlsx, xls or ods, with column names in its first row: email, and any of first name, last name, training, state
(assigned, started or completed) and date. One row is one record; several of one address are one account.";

/// Accounts that people have of their own, outside the organization.
#[derive(Debug, Subcommand)]
pub(crate) enum IndividualsCommand {
    /// Register accounts and their records from a file
    #[command(after_help = FILE_HELP)]
    Import(IndividualsImportArgs),
    /// List the accounts
    List(LimitArgs),
    /// Make assignments of the records of somebody who has accepted
    Transfer {
        /// The account's address.
        email: String,
        /// Only the record of this training; repeat it for more.
        #[arg(long, value_name = "NAME")]
        training: Vec<String>,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Destroy an account, whether or not its owner is on the roster; this cannot be undone
    Erase {
        /// The account's address.
        email: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// A file of accounts.
#[derive(Debug, Args)]
pub(crate) struct IndividualsImportArgs {
    /// The file; - reads standard input.
    pub(crate) file: PathBuf,
    /// Import the lines that can be understood, and leave out the others.
    #[arg(long)]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}
