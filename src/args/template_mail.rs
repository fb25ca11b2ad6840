//! What can be said about the words of mails.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use usher_core::model::Language;
use usher_core::plan::Template;

use super::PlanArgs;

/// The words of mails.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateMailCommand {
    /// List all messages in all languages, and which are in your own words
    List,
    /// Print a message as it is written, with its placeholders, to change and give to edit
    Show(MessageArgs),
    /// Print a message filled in with examples
    Preview {
        #[command(flatten)]
        message: MessageArgs,
        /// Not as it is, but as this file would have it; - is standard input.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Say a message in your own words, from a file as `show` prints it
    Edit {
        #[command(flatten)]
        message: MessageArgs,
        /// The file; - is standard input. The first line is the subject, the rest the text.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Go back to Usher's words
    Reset {
        #[command(flatten)]
        message: MessageArgs,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// Which message.
#[derive(Debug, Args)]
pub(crate) struct MessageArgs {
    /// Its name, such as invitation; `usher template-mail list` has them all.
    #[arg(value_parser = message)]
    pub(crate) message: Template,
    /// In which language: en, fr, de or es; without it, the one of the setting language.
    #[arg(long, short)]
    pub(crate) language: Option<Language>,
}

fn message(text: &str) -> Result<Template, String> {
    Template::from_word(text).ok_or_else(|| {
        let all = Template::ALL.map(|it| it.as_str().replace('_', "-"));
        format!("there is no such message; say {}", all.join(", "))
    })
}
