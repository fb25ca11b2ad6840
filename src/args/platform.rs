//! What can be said about the platform behind Usher: its tokens.

use clap::{Args, Subcommand};
use usher_core::model::Scopes;

use super::seats::overlap;
use super::{PlanArgs, public_url};

const TOKEN_HELP: &str = "\
Scopes: access asks whether people may come in; sign-in checks their passwords; seen tells when they were last seen;
progress tells how far they are with their trainings. Give each program the scopes that it needs and no more.";

/// Tokens for the platform behind Usher.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Add a token; prints it and the base URL, once
    #[command(after_help = TOKEN_HELP)]
    Add(TokenAddArgs),
    /// List the tokens
    List,
    /// Make a new token of the same name and scopes; prints it, once
    Rotate(TokenRotateArgs),
    /// Refuse every token of this name from now on
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// A new token.
#[derive(Debug, Args)]
pub(crate) struct TokenAddArgs {
    /// Its name, a short word such as academy.
    pub(crate) name: String,
    /// What it opens: access, seen, progress, sign-in, bounce, with commas between.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Scopes,
    /// The address under which the platform reaches the server, kept as the setting public-url.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Another token of the same name.
#[derive(Debug, Args)]
pub(crate) struct TokenRotateArgs {
    /// Its name.
    pub(crate) name: String,
    /// For how long the old tokens still work, such as 24h, 7d or 0.
    #[arg(long, value_name = "AGE", default_value = "24h", value_parser = overlap)]
    pub(crate) overlap: i64,
    /// The address under which the platform reaches the server, kept as the setting public-url.
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// A password, or a way to one.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// One person, by address, user name or id; with --mail as many as you like, or a query.
    #[arg(required = true)]
    pub(crate) who: Vec<String>,
    /// Read the password from the first line of standard input, instead of having it typed twice.
    #[arg(long, conflicts_with_all = ["mail", "remove"])]
    pub(crate) password_stdin: bool,
    /// Mail a link to choose a password, which works once and for 72 hours.
    #[arg(long, conflicts_with = "remove")]
    pub(crate) mail: bool,
    /// Take the password away, so that nobody signs in with it.
    #[arg(long)]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}
