//! What can be said about coming in over SSH.

use clap::{Args, Subcommand};

/// The console over SSH.
#[derive(Debug, Subcommand)]
pub(crate) enum SshCommand {
    /// Answer sshd, as its AuthorizedKeysCommand, with the keys that open
    Keys(SshKeysArgs),
    /// Print the lines for sshd's configuration, and check whether everything is ready for them
    Setup(SshSetupArgs),
}

/// What sshd asks.
#[derive(Debug, Args)]
pub(crate) struct SshKeysArgs {
    /// The system user who wants to come in (%u); nobody but the owner of the database is answered for.
    pub(crate) user: Option<String>,
    /// The kind of the key that is offered (%t), or its fingerprint (%f).
    pub(crate) kind: Option<String>,
    /// The key that is offered, in base64 (%k).
    pub(crate) key: Option<String>,
}

/// For whom sshd is set up.
#[derive(Debug, Args)]
pub(crate) struct SshSetupArgs {
    /// The system user as whom administrators come in; the owner of the database without it.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
}
