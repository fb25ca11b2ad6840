//! What a field with values means, such as `pool:pro:queued` or `status:active,waiting`.

use super::dates;
use super::days;
use super::parse::{ParseError, Value, error};
use super::words::{self, Key};
use super::{
    Expr, FieldTest, GroupName, ManagerName, NamedField, Names, TextField, TextOp, TrainingName,
    Vocabulary,
};
use crate::model::{AssignmentState, CustomField, GroupRole, Status, Timestamp};

/// The three names of a person, which `name:` looks in.
const NAMES: [TextField; 3] = [
    TextField::FirstName,
    TextField::LastName,
    TextField::DisplayName,
];

/// What `is:` takes besides the statuses.
pub(super) const IS: [&str; 4] = ["protected", "admin", "sso-mismatch", "undelivered"];
/// What `has:` and `no:` take besides custom fields.
pub(super) const HAS: [&str; 15] = [
    "email",
    "user_name",
    "first_name",
    "last_name",
    "display_name",
    "functional_area",
    "title",
    "region",
    "language",
    "manager",
    "seen",
    "created",
    "deactivate_on",
    "delete_on",
    "send_on",
];

/// The condition of a field and its values, any of which will do.
pub(super) fn all(
    key: Key,
    values: Vec<Value>,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Expr, ParseError> {
    match key {
        Key::Status => statuses(&values),
        key => one_of(values.into_iter().map(|it| one(key, it, now, vocabulary))),
    }
}

/// The condition of a custom field and its values, any of which will do.
pub(super) fn custom(
    field: &CustomField,
    values: Vec<Value>,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Expr, ParseError> {
    one_of(values.into_iter().map(|it| {
        Ok(Expr::Custom {
            field: NamedField::of(field),
            test: super::custom::test(field, it, now, vocabulary)?,
        })
    }))
}

fn one(
    key: Key,
    value: Value,
    now: Timestamp,
    vocabulary: &Vocabulary,
) -> Result<Expr, ParseError> {
    if !matches!(key, Key::Text(_) | Key::Name) && value.op == TextOp::StartsWith {
        return Err(error(
            value.at,
            "only text fields can be asked for by their beginning; leave out the *",
        ));
    }
    let compared = |field| Expr::Field {
        field,
        op: value.op,
        value: value.text.clone(),
    };
    match key {
        Key::Text(field) => Ok(compared(field)),
        Key::Name => Ok(Expr::Or(NAMES.map(compared).to_vec())),
        Key::Status => statuses(&[value]),
        Key::Has => has(&value, vocabulary),
        Key::No => Ok(Expr::Not(Box::new(has(&value, vocabulary)?))),
        Key::When(field) => dates::when(field, &value, now, vocabulary),
        Key::Day(field) => days::day(field, &value, now, vocabulary),
        Key::ExternalId => external_id(&value),
        Key::Manager => Ok(Expr::Manager(manager(value))),
        Key::Below => Ok(Expr::Below(manager(value))),
        Key::Group => group(&value, vocabulary),
        Key::Role => role(&value, &value.text).map(|role| Expr::Role { group: None, role }),
        Key::Training => training(&value, vocabulary),
        Key::Assignment => state(&value, &value.text).map(Expr::Assignment),
        Key::Pool => pool(value, vocabulary),
        Key::Connection => {
            vocabulary.check(Names::Connections, &value.text, value.at)?;
            Ok(Expr::Connection(value.text))
        }
        Key::Label => Ok(Expr::Label(value.text)),
        Key::Is => is(&value),
        Key::Id => words::id(&value.text)
            .map(Expr::Id)
            .ok_or_else(|| error(value.at, "this is not an id; copy it from a listing")),
    }
}

fn manager(value: Value) -> ManagerName {
    match bare_id(&value) {
        Some(id) => ManagerName::Id(id),
        None => ManagerName::Named(value.text),
    }
}

/// An id, unless quotes say that it is a name.
fn bare_id<T: std::str::FromStr>(value: &Value) -> Option<T> {
    if value.quoted {
        None
    } else {
        words::id(&value.text)
    }
}

/// The only one, or all of them joined.
pub(super) fn one_or(mut exprs: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match exprs.pop() {
        Some(only) if exprs.is_empty() => only,
        Some(last) => {
            exprs.push(last);
            join(exprs)
        }
        None => Expr::Everybody,
    }
}

/// Any of these.
pub(super) fn one_of(
    exprs: impl Iterator<Item = Result<Expr, ParseError>>,
) -> Result<Expr, ParseError> {
    Ok(one_or(exprs.collect::<Result<_, _>>()?, Expr::Or))
}

fn statuses(values: &[Value]) -> Result<Expr, ParseError> {
    let mut found = Vec::new();
    for value in values {
        let status = words::status(&value.text).ok_or_else(|| {
            let all = Status::ALL.map(Status::as_str);
            error(
                value.at,
                format!(
                    "there is no status {:?}; use {}",
                    words::shown(&value.text),
                    all.join(", ")
                ),
            )
        })?;
        if !found.contains(&status) {
            found.push(status);
        }
    }
    Ok(Expr::Status(found))
}

fn has(value: &Value, vocabulary: &Vocabulary) -> Result<Expr, ParseError> {
    match words::key(&value.text) {
        Some(Key::Text(field)) => Ok(Expr::Has(field)),
        Some(Key::Name) => Ok(Expr::Or(NAMES.map(Expr::Has).to_vec())),
        Some(Key::Manager) => Ok(Expr::HasManager),
        Some(Key::When(field)) => Ok(Expr::When {
            field,
            from: None,
            until: None,
        }),
        Some(Key::Day(field)) => Ok(Expr::Day {
            field,
            from: None,
            until: None,
        }),
        Some(_) => Err(error(
            value.at,
            "only text fields, dates and manager can be asked for with has: and no:",
        )),
        None => match vocabulary.field(&value.text) {
            Some(field) => Ok(Expr::Custom {
                field: NamedField::of(field),
                test: FieldTest::Set,
            }),
            None => Err(error(value.at, words::unknown(&value.text, vocabulary))),
        },
    }
}

fn is(value: &Value) -> Result<Expr, ParseError> {
    match value.text.to_ascii_lowercase().as_str() {
        "protected" => Ok(Expr::Protected),
        "admin" | "administrator" => Ok(Expr::Administrator),
        "sso-mismatch" | "sso_mismatch" => Ok(Expr::SsoMismatch),
        "undelivered" => Ok(Expr::Undelivered),
        word => words::status(word)
            .map(|it| Expr::Status(vec![it]))
            .ok_or_else(|| {
                error(
                    value.at,
                    format!(
                        "nobody can be {:?}; use is:protected, is:admin, is:sso-mismatch, is:undelivered or a status",
                        words::shown(word)
                    ),
                )
            }),
    }
}

/// A name, whether it was quoted, and what follows it after a colon: `Sales:coach`, `"Sales: north":coach`.
fn name_and_word(value: &Value) -> Result<(&str, Option<&str>), ParseError> {
    let (name, word) = if value.quoted {
        let (name, rest) = value
            .text
            .split_at_checked(value.between_quotes)
            .unwrap_or((&value.text, ""));
        (name, rest.strip_prefix(':'))
    } else {
        match value.text.rsplit_once(':') {
            Some((name, word)) => (name, Some(word)),
            None => (value.text.as_str(), None),
        }
    };
    if name.trim().is_empty() {
        return Err(error(value.at, "expected a name here"));
    }
    Ok((name, word))
}

fn group(value: &Value, vocabulary: &Vocabulary) -> Result<Expr, ParseError> {
    let (name, word) = name_and_word(value)?;
    let id = words::id(name).filter(|_| !value.quoted);
    if id.is_none() {
        vocabulary.check(Names::Groups, name, value.at)?;
    }
    let Some(word) = word else {
        return Ok(id.map_or_else(|| Expr::Group(name.to_owned()), Expr::GroupId));
    };
    let group = id.map_or_else(|| GroupName::Named(name.to_owned()), GroupName::Id);
    Ok(Expr::Role {
        group: Some(group),
        role: role(value, word)?,
    })
}

fn role(value: &Value, word: &str) -> Result<GroupRole, ParseError> {
    words::role(word).ok_or_else(|| {
        let all = GroupRole::ALL.map(GroupRole::as_str).join(", ");
        let word = words::shown(word);
        let message = format!("there is no role {word:?}; use {all}, or put the name in quotes");
        error(value.at, message)
    })
}

fn training(value: &Value, vocabulary: &Vocabulary) -> Result<Expr, ParseError> {
    let (name, word) = name_and_word(value)?;
    let id = words::id(name).filter(|_| !value.quoted);
    if id.is_none() {
        vocabulary.check(Names::Trainings, name, value.at)?;
    }
    Ok(Expr::Training {
        training: id.map_or_else(|| TrainingName::Named(name.to_owned()), TrainingName::Id),
        state: word.map(|it| state(value, it)).transpose()?,
    })
}

fn state(value: &Value, word: &str) -> Result<AssignmentState, ParseError> {
    words::state(word).ok_or_else(|| {
        let all = AssignmentState::ALL.map(AssignmentState::as_str).join(", ");
        let word = words::shown(word);
        let message =
            format!("an assignment is not {word:?}; use {all}, or put the name in quotes");
        error(value.at, message)
    })
}

fn pool(value: Value, vocabulary: &Vocabulary) -> Result<Expr, ParseError> {
    let (name, word) = match value.text.rsplit_once(':') {
        Some((name, word)) => (name.to_owned(), Some(word)),
        None => (value.text.clone(), None),
    };
    let hold = word
        .map(|word| {
            words::hold(word).ok_or_else(|| {
                let message = format!(
                    "a license is not held {:?}; use reserved, consumed or queued",
                    words::shown(word)
                );
                error(value.at, message)
            })
        })
        .transpose()?;
    match words::id(&name).filter(|_| !value.quoted) {
        Some(id) if hold.is_none() => Ok(Expr::PoolId(id)),
        _ if name.trim().is_empty() => Err(error(
            value.at,
            "expected the name of a pool, such as pool:access",
        )),
        _ => {
            vocabulary.check(Names::Pools, &name, value.at)?;
            Ok(Expr::Pool { name, hold })
        }
    }
}

/// `external_id:CONNECTION-ID:TEXT`, as a SCIM filter prints.
fn external_id(value: &Value) -> Result<Expr, ParseError> {
    let parts = value
        .text
        .split_once(':')
        .and_then(|(id, text)| Some((words::id(id)?, text)));
    match parts {
        Some((connection, text)) if !text.is_empty() => Ok(Expr::ExternalId {
            connection,
            external_id: text.to_owned(),
        }),
        _ => Err(error(value.at, "write external_id:CONNECTION-ID:TEXT")),
    }
}
