//! What can be said about custom fields and labels.

use clap::{ArgGroup, Args, Subcommand};
use usher_core::model::{FieldKind, VisibleTo};

use super::PlanArgs;

/// Custom fields.
#[derive(Debug, Subcommand)]
pub(crate) enum FieldCommand {
    /// Add a custom field
    Add(FieldAddArgs),
    /// List the custom fields
    List,
    /// Give a custom field another name; queries that say the old one still find it
    Rename {
        /// The field's name.
        name: String,
        /// Its new name.
        new: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Change who sees a custom field and whether it is required
    Set(FieldSetArgs),
    /// List, add, rename or remove the allowed values of a choice
    Values(FieldValuesArgs),
    /// Hide a custom field with all its values; undo brings them back
    Remove {
        /// The field's name.
        name: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

/// A new custom field.
#[derive(Debug, Args)]
pub(crate) struct FieldAddArgs {
    /// Its name, such as "Cost center".
    pub(crate) name: String,
    /// What its values are: text, date or choice.
    #[arg(long, value_name = "KIND", default_value = "text", value_parser = kind)]
    pub(crate) kind: FieldKind,
    /// An allowed value of a choice; repeat it for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) value: Vec<String>,
    /// Who sees it: everybody (who sees the person) or administrators.
    #[arg(long, value_name = "WHO", default_value = "everybody", value_parser = visible)]
    pub(crate) visible: VisibleTo,
    /// Whoever is invited or created must have a value.
    #[arg(long)]
    pub(crate) required: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What to change of a custom field.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("terms").required(true).multiple(true))]
pub(crate) struct FieldSetArgs {
    /// The field's name.
    pub(crate) name: String,
    /// Who sees it: everybody (who sees the person) or administrators.
    #[arg(long, value_name = "WHO", value_parser = visible, group = "terms")]
    pub(crate) visible: Option<VisibleTo>,
    /// Whether whoever is invited or created must have a value.
    #[arg(long, value_name = "true|false", group = "terms", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) required: Option<bool>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// The allowed values of a choice.
#[derive(Debug, Args)]
pub(crate) struct FieldValuesArgs {
    /// The field's name.
    pub(crate) name: String,
    /// A value to allow; repeat it for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) add: Vec<String>,
    /// A value that can no longer be chosen; whoever has it keeps it.
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Vec<String>,
    /// A value to rename, as OLD=NEW; whoever has it has it by its new name.
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    pub(crate) rename: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Labels of people.
#[derive(Debug, Subcommand)]
pub(crate) enum LabelCommand {
    /// List the labels and how many people carry each
    List,
    /// Rename a label on everybody who carries it
    Rename {
        /// The label.
        label: String,
        /// Its new name.
        new: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
    /// Take a label off everybody who carries it
    Remove {
        /// The label.
        label: String,
        #[command(flatten)]
        plan: PlanArgs,
    },
}

fn kind(text: &str) -> Result<FieldKind, String> {
    FieldKind::from_word(&text.to_ascii_lowercase())
        .ok_or_else(|| "say text, date or choice".to_owned())
}

fn visible(text: &str) -> Result<VisibleTo, String> {
    VisibleTo::from_word(&text.to_ascii_lowercase())
        .ok_or_else(|| "say everybody or administrators".to_owned())
}

fn renaming(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.trim().is_empty() && !new.trim().is_empty() => {
            Ok((old.trim().to_owned(), new.trim().to_owned()))
        }
        _ => Err("write OLD=NEW".to_owned()),
    }
}
