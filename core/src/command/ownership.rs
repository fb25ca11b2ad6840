//! Change how a connection brings people in, which of its attributes feed what, and what it owns of its people.

use super::connection::living;
use super::field;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{ConnectionPolicy, CustomField, NewPeople, Part};
use crate::planner::Planner;

/// What to set of a connection; `None` leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionEdit {
    /// What the people whom it brings become.
    pub new_people: Option<NewPeople>,
    /// Whether they are mailed.
    pub mails: Option<bool>,
    /// For how many days a new token works; `Some(None)` is without an end. Tokens that there are keep theirs.
    pub token_days: Option<Option<u32>>,
}

/// The longest that a token may live.
const MOST_DAYS: u32 = 3_660;
/// The longest path.
const LONGEST_PATH: usize = 1_024;

pub(super) fn set(planner: &mut Planner<'_>, name: &str, set: &ConnectionEdit) -> Result<()> {
    let connection = living(planner, name)?;
    let before = connection.policy;
    let after = ConnectionPolicy {
        new_people: set.new_people.unwrap_or(before.new_people),
        mails: set.mails.unwrap_or(before.mails),
        token_days: set.token_days.unwrap_or(before.token_days),
    };
    check_days(after.token_days)?;
    if before == after {
        planner.skip_name(name, "already so");
    } else {
        planner.push(Change::ConnectionTerms {
            connection: connection.id,
            before,
            after,
        });
    }
    Ok(())
}

/// Refuses a life of tokens that nobody remembers the end of.
pub(super) fn check_days(days: Option<u32>) -> Result<()> {
    if days.is_none_or(|it| (1..=MOST_DAYS).contains(&it)) {
        return Ok(());
    }
    Err(Error::invalid(
        "token days",
        format!("are not between 1 and {MOST_DAYS}"),
        "choose fewer, or none",
    ))
}

pub(super) fn map(
    planner: &mut Planner<'_>,
    name: &str,
    set: &[(String, Option<String>)],
) -> Result<()> {
    let connection = living(planner, name)?;
    let fields = planner.snapshot.custom_fields()?;
    for (target, path) in set {
        let part = match part_named(&fields, target)? {
            part if Part::MAPPABLE.contains(&part) || matches!(part, Part::Custom(_)) => part,
            _ => {
                return Err(Error::invalid(
                    target.clone(),
                    "has its own attribute, which it always comes from",
                    format!("map one of {}, or a custom field", words(&Part::MAPPABLE)),
                ));
            }
        };
        if path.as_ref().is_some_and(|it| it.len() > LONGEST_PATH) {
            return Err(Error::invalid("path", "is too long", "name an attribute"));
        }
        let before = connection.maps.iter().find(|it| it.part == part);
        let before = before.map(|it| it.path.clone());
        if before == *path {
            planner.skip_name(target, "already so");
        } else {
            planner.push(Change::ConnectionMaps {
                connection: connection.id,
                part,
                before,
                after: path.clone(),
            });
        }
    }
    Ok(())
}

pub(super) fn own(planner: &mut Planner<'_>, name: &str, owned: Option<&[String]>) -> Result<()> {
    let connection = living(planner, name)?;
    let after = match owned {
        None => None,
        Some(names) => {
            let fields = planner.snapshot.custom_fields()?;
            let mut parts = names
                .iter()
                .map(|it| part_named(&fields, it))
                .collect::<Result<Vec<_>>>()?;
            parts.sort_unstable();
            parts.dedup();
            Some(parts)
        }
    };
    if connection.owns == after {
        planner.skip_name(name, "already so");
    } else {
        planner.push(Change::ConnectionOwns {
            connection: connection.id,
            before: connection.owns,
            after,
        });
    }
    Ok(())
}

/// What of a person that name is: a field of everybody's that a provider writes, else a custom field.
fn part_named(fields: &[CustomField], name: &str) -> Result<Part> {
    let word = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let word = if word == "area" {
        "functional_area"
    } else {
        &word
    };
    let part = Part::from_word(word).filter(|it| Part::OWNABLE.contains(it));
    if let Some(part) = part {
        return Ok(part);
    }
    field::named(fields, name)
        .map(|it| Part::Custom(it.id))
        .map_err(|_| {
            Error::invalid(
                name.trim().to_owned(),
                "is no field that a provider writes",
                format!("use {}, or a custom field", words(&Part::OWNABLE)),
            )
        })
}

fn words(parts: &[Part]) -> String {
    let words: Vec<String> = parts.iter().map(Part::to_string).collect();
    words.join(", ")
}

/// Plans the inverse of one of these, unless it has changed since or the connection was revoked.
pub(super) fn back(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let id = match change {
        Change::ConnectionTerms { connection, .. }
        | Change::ConnectionMaps { connection, .. }
        | Change::ConnectionOwns { connection, .. } => *connection,
        _ => return Ok(()),
    };
    let known = planner.snapshot.connections()?;
    let Some(today) = known.into_iter().find(|it| it.id == id) else {
        return Ok(());
    };
    let inverse = match change {
        Change::ConnectionTerms { before, after, .. } if today.policy == *after => {
            Some(Change::ConnectionTerms {
                connection: id,
                before: *after,
                after: *before,
            })
        }
        Change::ConnectionMaps {
            part,
            before,
            after,
            ..
        } => {
            let path = today.maps.iter().find(|it| it.part == *part);
            (path.map(|it| &it.path) == after.as_ref()).then(|| Change::ConnectionMaps {
                connection: id,
                part: *part,
                before: after.clone(),
                after: before.clone(),
            })
        }
        Change::ConnectionOwns { before, after, .. } if today.owns == *after => {
            Some(Change::ConnectionOwns {
                connection: id,
                before: after.clone(),
                after: before.clone(),
            })
        }
        _ => None,
    };
    match inverse {
        _ if today.revoked_at.is_some() => planner.skip_name(&today.name, "revoked since"),
        Some(inverse) => planner.push(inverse),
        None => planner.skip_name(&today.name, "the connection changed since"),
    }
    Ok(())
}
