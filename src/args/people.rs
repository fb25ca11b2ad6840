//! What can be said about people: whom a command is for, and what is to be known of them.

use clap::{ArgGroup, Args};
use usher_core::model::{Date, Field, GroupRole, PoolName};

use super::{DayWord, PlanArgs, day};

/// Whom a command is for.
#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// Addresses, user names or ids, or one query.
    #[arg(required = true)]
    pub(crate) who: Vec<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Whose links to replace.
#[derive(Debug, Args)]
pub(crate) struct ResendArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    /// Make the new links without mailing them.
    #[arg(long)]
    pub(crate) no_mail: bool,
}

/// Whom to invite.
#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// Addresses, also as `Ana Li <ana@corp.example>` or as a pasted list; - reads them from standard input.
    #[arg(required = true)]
    pub(crate) addresses: Vec<String>,
    #[command(flatten)]
    pub(crate) details: Details,
    /// The day at whose beginning the invitation is mailed, such as 2027-01-31; the seat is taken now.
    #[arg(long, value_name = "DAY", conflicts_with = "no_mail")]
    pub(crate) send_on: Option<Date>,
    /// A session to invite to: it is assigned to them. Whoever holds it invites learners to one group of theirs.
    #[arg(long, value_name = "TRAINING")]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// Whom to make accounts for.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Addresses, also as `Ana Li <ana@corp.example>` or as a pasted list; - reads them from standard input.
    #[arg(required = true)]
    pub(crate) addresses: Vec<String>,
    /// Type a password for the one account, instead of having a link to choose it mailed.
    #[arg(long)]
    pub(crate) password: bool,
    /// Read the password of the one account from the first line of standard input.
    #[arg(long, conflicts_with = "password")]
    pub(crate) password_stdin: bool,
    #[command(flatten)]
    pub(crate) details: Details,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// What is known of each of the new people.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "About each of them")]
pub(crate) struct Details {
    /// Given name; for one person.
    #[arg(long, value_name = "NAME")]
    pub(crate) first_name: Option<String>,
    /// Family name; for one person.
    #[arg(long, value_name = "NAME")]
    pub(crate) last_name: Option<String>,
    /// Department.
    #[arg(long, visible_alias = "functional-area")]
    pub(crate) area: Option<String>,
    /// Job title.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Region.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Preferred language, such as en or pt-BR.
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
    /// A label; repeat it for more.
    #[arg(long, value_name = "WORD")]
    pub(crate) label: Vec<String>,
    /// A custom field and its value, such as "Cost center=4711"; repeat it for more.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field_value)]
    pub(crate) field: Vec<(String, String)>,
    /// Whom they report to: an address, a user name or an id.
    #[arg(long, value_name = "WHO")]
    pub(crate) manager: Option<String>,
    /// A group to join, as NAME or NAME:ROLE; repeat it for more.
    #[arg(long, value_name = "NAME[:ROLE]", value_parser = group_and_role)]
    pub(crate) group: Vec<(String, GroupRole)>,
    /// An add-on pool to take a license of; repeat it for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) pool: Vec<PoolName>,
    /// The day at whose beginning they are deactivated by themselves, such as 2027-01-31.
    #[arg(long, value_name = "DAY")]
    pub(crate) deactivate_on: Option<Date>,
    /// The day at whose beginning they are deleted by themselves.
    #[arg(long, value_name = "DAY")]
    pub(crate) delete_on: Option<Date>,
    /// Send no mail.
    #[arg(long)]
    pub(crate) no_mail: bool,
}

/// What to change of people.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("edits").required(true).multiple(true),
    override_usage = "usher edit [OPTIONS] <WHO>... <--set FIELD=VALUE | --field NAME=VALUE | --label +WORD | --manager WHO | ...>"
)]
pub(crate) struct EditArgs {
    /// Addresses, user names or ids, or one query.
    #[arg(required = true)]
    pub(crate) who: Vec<String>,
    /// A field and its value, such as title=Engineer; nothing after the = clears it; repeat it for more.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = assignment, group = "edits")]
    pub(crate) set: Vec<(Field, Option<String>)>,
    /// A custom field and its value, such as "Cost center=4711"; nothing after the = clears it; repeat it for more.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field_or_nothing, group = "edits")]
    pub(crate) field: Vec<(String, Option<String>)>,
    /// A label to add as +WORD or remove as -WORD; repeat it for more.
    #[arg(long, value_name = "+WORD|-WORD", allow_hyphen_values = true, value_parser = label_edit, group = "edits")]
    pub(crate) label: Vec<LabelEdit>,
    /// Whom they report to: an address, a user name or an id.
    #[arg(long, value_name = "WHO", group = "edits")]
    pub(crate) manager: Option<String>,
    /// They report to nobody.
    #[arg(long, conflicts_with = "manager", group = "edits")]
    pub(crate) no_manager: bool,
    /// A group to join or to have another role in, as NAME or NAME:ROLE; repeat it for more.
    #[arg(long, value_name = "NAME[:ROLE]", value_parser = group_and_role, group = "edits")]
    pub(crate) group: Vec<(String, GroupRole)>,
    /// A group to leave; repeat it for more.
    #[arg(long, value_name = "NAME", group = "edits")]
    pub(crate) no_group: Vec<String>,
    /// The day at whose beginning they are deactivated by themselves, or none.
    #[arg(long, value_name = "DAY", group = "edits", value_parser = day)]
    pub(crate) deactivate_on: Option<DayWord>,
    /// The day at whose beginning they are deleted by themselves, or none.
    #[arg(long, value_name = "DAY", group = "edits", value_parser = day)]
    pub(crate) delete_on: Option<DayWord>,
    /// The day at whose beginning their invitation is mailed, or none.
    #[arg(long, value_name = "DAY", group = "edits", value_parser = day)]
    pub(crate) send_on: Option<DayWord>,
    /// Also set what an identity provider owns; it lasts until the provider's next write of that.
    #[arg(long = "override")]
    pub(crate) overriding: bool,
    /// Let only owners take them off.
    #[arg(long, conflicts_with = "no_protect", group = "edits")]
    pub(crate) protect: bool,
    /// Let every administrator take them off again.
    #[arg(long, group = "edits")]
    pub(crate) no_protect: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

/// A label to add or to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelEdit {
    Add(String),
    Remove(String),
}

fn label_edit(text: &str) -> Result<LabelEdit, String> {
    let label = |text: &str| match Field::Labels.parse(text) {
        Ok(Some(label)) if !label.contains(',') => Ok(label),
        Ok(_) => Err("write one word after the sign, such as +wave-2".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match text.split_at_checked(1) {
        Some(("+", rest)) => label(rest).map(LabelEdit::Add),
        Some(("-", rest)) => label(rest).map(LabelEdit::Remove),
        _ => Err("write +WORD to add it or -WORD to remove it".to_owned()),
    }
}

fn assignment(text: &str) -> Result<(Field, Option<String>), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write FIELD=VALUE, such as title=Engineer")?;
    let word = name.trim().to_ascii_lowercase().replace('-', "_");
    let word = if word == "area" {
        "functional_area"
    } else {
        &word
    };
    let field = Field::from_word(word)
        .filter(|it| *it != Field::Kept)
        .ok_or_else(|| {
            let all: Vec<_> = Field::ALL
                .into_iter()
                .filter(|it| *it != Field::Kept)
                .map(Field::as_str)
                .collect();
            format!("there is no such field; use {}", all.join(", "))
        })?;
    Ok((
        field,
        field.parse_typed(value).map_err(|it| it.to_string())?,
    ))
}

fn field_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE, such as \"Cost center=4711\"".to_owned()),
    }
}

fn field_or_nothing(text: &str) -> Result<(String, Option<String>), String> {
    field_value(text).map(|(name, value)| (name, Some(value).filter(|it| !it.is_empty())))
}

fn group_and_role(text: &str) -> Result<(String, GroupRole), String> {
    let (name, role) = text.rsplit_once(':').unwrap_or((text, "learner"));
    let role = self::role(role)?;
    if name.trim().is_empty() {
        Err("write the name of a group".to_owned())
    } else {
        Ok((name.to_owned(), role))
    }
}

/// The role of that word.
pub(super) fn role(text: &str) -> Result<GroupRole, String> {
    GroupRole::from_word(&text.to_ascii_lowercase().replace('-', "_")).ok_or_else(|| {
        let all = GroupRole::ALL.map(GroupRole::as_str);
        format!("there is no such role; use {}", all.join(", "))
    })
}
