//! What can be said about the join page.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use usher_core::model::Language;

use super::PlanArgs;

/// The join page.
#[derive(Debug, Subcommand)]
pub(crate) enum JoinCommand {
    /// Show what is agreed about the join page, and its address
    Show,
    /// Turn the join page on or off, and say who may join by it
    Set(JoinSetArgs),
    /// Write a sheet to print and hang up, with the page's address and a QR code of it
    Sheet(HandoutArgs),
}

/// A file to hand out.
#[derive(Debug, Args)]
pub(crate) struct HandoutArgs {
    /// The file to write, such as guide.html.
    pub(crate) out: PathBuf,
    /// Its language: en, fr, de or es.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub(crate) language: Language,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What to set of the join page; what is not named stays.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("terms").required(true).multiple(true))]
pub(crate) struct JoinSetArgs {
    /// Turn it on.
    #[arg(long, group = "terms", conflicts_with = "off")]
    pub(crate) on: bool,
    /// Turn it off; links that it has mailed open nothing any more.
    #[arg(long, group = "terms")]
    pub(crate) off: bool,
    /// The last part of its address: small letters, digits and hyphens.
    #[arg(long, group = "terms", value_name = "SLUG")]
    pub(crate) slug: Option<String>,
    /// Who may join: mail domains and addresses, separated by commas, or * for everybody. Replaces the list.
    #[arg(long, group = "terms", value_name = "LIST")]
    pub(crate) allow: Option<String>,
    /// The group that joiners enter, as learners.
    #[arg(
        long,
        group = "terms",
        value_name = "NAME",
        conflicts_with = "no_group"
    )]
    pub(crate) group: Option<String>,
    /// Let joiners enter no group.
    #[arg(long, group = "terms")]
    pub(crate) no_group: bool,
    /// Your own words on the page, as plain text.
    #[arg(long, group = "terms", value_name = "TEXT", conflicts_with = "no_text")]
    pub(crate) text: Option<String>,
    /// Have no words of your own on it.
    #[arg(long, group = "terms")]
    pub(crate) no_text: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}
