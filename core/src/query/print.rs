//! A query as text again: what `parse` reads back as the same tree. Fields have the names of the JSON contract, dates
//! are shown resolved, and whatever could be taken for a sign of the language is quoted.

use std::fmt::{self, Display, Formatter};

use super::parse::{ends_word, is_space};
use super::{
    DayField, Expr, FieldTest, GroupName, HoldWord, ManagerName, TextField, TextOp, TimeField,
    TrainingName,
};
use crate::model::{Date, Status, Timestamp};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => Ok(()),
            _ => print(f, self),
        }
    }
}

fn print(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    match expr {
        Expr::Everybody => f.write_str("()"),
        Expr::And(all) => joined(f, all, " "),
        Expr::Or(any) => joined(f, any, " or "),
        Expr::Not(inner) => {
            f.write_str("-")?;
            inside(f, inner)
        }
        Expr::Status(all) => {
            let words: Vec<_> = all.iter().copied().map(Status::as_str).collect();
            write!(f, "status:{}", words.join(","))
        }
        Expr::Text(text) => f.write_str(&word(text)),
        Expr::Field { field, op, value } => field_condition(f, field.as_str(), *op, value),
        Expr::Has(field) => write!(f, "has:{}", field.as_str()),
        Expr::When { field, from, until } => dates(f, *field, *from, *until),
        Expr::Day { field, from, until } => days(f, *field, *from, *until),
        Expr::Id(id) => write!(f, "id:{id}"),
        Expr::Manager(ManagerName::Named(name)) => write!(f, "manager:{}", name_not_id(name)),
        Expr::Manager(ManagerName::Id(id)) => write!(f, "manager:{id}"),
        Expr::Below(ManagerName::Named(name)) => write!(f, "below:{}", name_not_id(name)),
        Expr::Below(ManagerName::Id(id)) => write!(f, "below:{id}"),
        Expr::HasManager => f.write_str("has:manager"),
        Expr::ManagerIn(_) => f.write_str("(a manager in a group)"),
        Expr::Group(name) => write!(f, "group:{}", name_not_id(name)),
        Expr::GroupId(id) => write!(f, "group:{id}"),
        Expr::Role { group: None, role } => write!(f, "role:{}", role.as_str()),
        Expr::Role {
            group: Some(group),
            role,
        } => match group {
            GroupName::Named(name) => write!(f, "group:{}:{}", name_not_id(name), role.as_str()),
            GroupName::Id(id) => write!(f, "group:{id}:{}", role.as_str()),
        },
        Expr::Training { training, state } => {
            match training {
                TrainingName::Named(name) => write!(f, "training:{}", name_not_id(name))?,
                TrainingName::Id(id) => write!(f, "training:{id}")?,
            }
            match state {
                Some(state) => write!(f, ":{}", state.as_str()),
                None => Ok(()),
            }
        }
        Expr::Assignment(state) => write!(f, "assignment:{}", state.as_str()),
        Expr::Pool { name, hold: None } => write!(f, "pool:{}", name_not_id(name)),
        Expr::Pool {
            name,
            hold: Some(hold),
        } => write!(f, "pool:{}:{}", name_not_id(name), hold.as_str()),
        Expr::PoolId(id) => write!(f, "pool:{id}"),
        Expr::Connection(name) => write!(f, "connection:{}", word(name)),
        Expr::ExternalId {
            connection,
            external_id,
        } => {
            write!(
                f,
                "external_id:{}",
                quoted(&format!("{connection}:{external_id}"))
            )
        }
        Expr::Label(label) => write!(f, "label:{}", word(label)),
        Expr::Custom { field, test } => custom(f, &field.key, test),
        Expr::Protected => f.write_str("is:protected"),
        Expr::Administrator => f.write_str("is:admin"),
        Expr::Attribute(_) => f.write_str("(an identity provider's filter)"),
        Expr::SsoMismatch => f.write_str("is:sso-mismatch"),
        Expr::Undelivered => f.write_str("is:undelivered"),
    }
}

/// A part of a larger expression, in parentheses where it would otherwise fall apart.
fn inside(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    match expr {
        Expr::And(_) | Expr::Or(_) => {
            f.write_str("(")?;
            print(f, expr)?;
            f.write_str(")")
        }
        _ => print(f, expr),
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], between: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        inside(f, part)?;
    }
    Ok(())
}

fn field_condition(f: &mut Formatter<'_>, field: &str, op: TextOp, value: &str) -> fmt::Result {
    match op {
        TextOp::Contains => write!(f, "{field}:{}", word(value)),
        TextOp::StartsWith => write!(f, "{field}:{}*", word(value)),
        TextOp::Equals => write!(f, "{field}:={}", word(value)),
    }
}

fn custom(f: &mut Formatter<'_>, key: &str, test: &FieldTest) -> fmt::Result {
    match test {
        FieldTest::Set => write!(f, "has:{key}"),
        FieldTest::Text { op, value } => field_condition(f, key, *op, value),
        FieldTest::Choice { name, .. } => write!(f, "{key}:{}", word(name)),
        FieldTest::Days { from, to } => match (from, to) {
            (None, None) => write!(f, "has:{key}"),
            (Some(from), None) => write!(f, "{key}:>={from}"),
            (None, Some(to)) => write!(f, "{key}:<={to}"),
            (Some(from), Some(to)) if from == to => write!(f, "{key}:{from}"),
            (Some(from), Some(to)) => write!(f, "{key}:{from}..{to}"),
        },
    }
}

fn dates(
    f: &mut Formatter<'_>,
    field: TimeField,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> fmt::Result {
    let field = field.as_str();
    match (from, until) {
        (None, None) => write!(f, "has:{field}"),
        (Some(from), None) => write!(f, "{field}:>={from}"),
        (None, Some(until)) => write!(f, "{field}:<{until}"),
        (Some(from), Some(until)) => write!(f, "{field}:{from}..{until}"),
    }
}

fn days(
    f: &mut Formatter<'_>,
    field: DayField,
    from: Option<Date>,
    until: Option<Date>,
) -> fmt::Result {
    let field = field.as_str();
    match (from, until) {
        (None, None) => write!(f, "has:{field}"),
        (Some(from), None) => write!(f, "{field}:>={from}"),
        (None, Some(until)) => write!(f, "{field}:<{until}"),
        (Some(from), Some(until)) => write!(f, "{field}:{from}..{}", until.plus_days(-1)),
    }
}

/// The text bare where nothing in it is a sign of the language, else quoted.
fn word(text: &str) -> String {
    let sign = |c: char| ends_word(c) || is_space(c) || matches!(c, ':' | '*' | '\\');
    let plain = !text.is_empty()
        && !text.contains(sign)
        && !text.starts_with(['-', '=', '~', '<', '>'])
        && !["or", "and"].iter().any(|it| text.eq_ignore_ascii_case(it));
    if plain { text.to_owned() } else { quoted(text) }
}

/// A name that must not be taken for an id.
fn name_not_id(text: &str) -> String {
    if super::words::id::<crate::model::UserId>(text).is_some() {
        quoted(text)
    } else {
        word(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl TextField {
    /// The JSON key of the field, which is its name in a query too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::UserName => "user_name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::DisplayName => "display_name",
            Self::FunctionalArea => "functional_area",
            Self::Title => "title",
            Self::Region => "region",
            Self::Language => "language",
        }
    }
}

impl TimeField {
    /// The name in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Seen => "seen",
        }
    }
}

impl DayField {
    /// The JSON key of the field, which is its name in a query too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeactivateOn => "deactivate_on",
            Self::DeleteOn => "delete_on",
            Self::SendOn => "send_on",
        }
    }
}

impl HoldWord {
    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Consumed => "consumed",
            Self::Queued => "queued",
        }
    }
}
