//! What can be said about the organization's settings.

use clap::{Args, Subcommand};
use usher_core::model::Setting;

use super::PlanArgs;

/// Settings: all, one, or a new value for one.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "usher setting [NAME [VALUE]]\n       usher setting <list|get NAME|set NAME VALUE|reset NAME>"
)]
pub(crate) struct SettingArgs {
    #[command(subcommand)]
    pub(crate) command: Option<SettingCommand>,
    /// Which setting, such as public-url; without it, all are listed.
    #[arg(value_parser = setting)]
    pub(crate) name: Option<Setting>,
    /// The value to set it to; without it, it is shown.
    pub(crate) value: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingCommand {
    /// List all settings, with what they are for
    List,
    /// Show one setting
    Get {
        /// Which.
        #[arg(value_parser = setting)]
        name: Setting,
    },
    /// Set one setting
    Set {
        /// Which.
        #[arg(value_parser = setting)]
        name: Setting,
        /// The value; a list is separated by commas.
        #[arg(allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Go back to the default
    Reset {
        /// Which.
        #[arg(value_parser = setting)]
        name: Setting,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

fn setting(text: &str) -> Result<Setting, String> {
    Setting::from_word(text).ok_or_else(|| {
        let all = Setting::ALL.map(|it| it.to_string());
        format!("there is no such setting; use {}", all.join(", "))
    })
}
