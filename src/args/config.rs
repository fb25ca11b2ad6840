//! What can be said about the configuration, and the flags of mail.

use clap::{Args, Subcommand};

/// The configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every option: what it is, where that was said, and what it is for
    Show,
}

/// How mail goes out. Each of these can stand in the configuration file and in the environment too; the password never
/// stands here.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Mail")]
pub(crate) struct MailFlags {
    /// The mail server that takes our mail; without one, mails become files in a folder beside the database.
    #[arg(long, value_name = "HOST")]
    pub(crate) smtp_host: Option<String>,
    /// Its port.
    #[arg(long, value_name = "PORT")]
    pub(crate) smtp_port: Option<String>,
    /// implicit (TLS from the start), starttls, or none for a mail server on this machine.
    #[arg(long, value_name = "MODE")]
    pub(crate) smtp_tls: Option<String>,
    /// As whom to sign in to it.
    #[arg(long, value_name = "NAME")]
    pub(crate) smtp_user: Option<String>,
    /// The file that holds the password, readable by nobody else.
    #[arg(long, value_name = "FILE")]
    pub(crate) smtp_password_file: Option<String>,
    /// A PEM file of the certificates to believe instead of this machine's.
    #[arg(long, value_name = "FILE")]
    pub(crate) smtp_ca_file: Option<String>,
    /// What to call ourselves to the mail server; without it the machine's name, else the domain of mail-from.
    #[arg(long, value_name = "NAME")]
    pub(crate) smtp_hello: Option<String>,
    /// The address that mails come from.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) mail_from: Option<String>,
    /// The address that answers go to.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) mail_reply_to: Option<String>,
    /// How many mails a minute go to one domain; 0 is no limit.
    #[arg(long, value_name = "N")]
    pub(crate) mail_pace: Option<String>,
    /// The folder for mails while there is no mail server; without it FILE.mail beside the database.
    #[arg(long, value_name = "DIR")]
    pub(crate) mail_folder: Option<String>,
}
