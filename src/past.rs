//! `usher show --at`: a person as they stood, told from the history, in the words of the contract.

use serde_json::{Value, json};
use usher_core::Read;
use usher_core::model::{UserId, When};
use usher_core::past::Person;

use crate::desk::Desk;
use crate::failure::{Failure, Result};
use crate::output::write_one;
use crate::users::{self, Known};

/// Shows one person as they stood.
pub(crate) fn show(desk: &Desk, read: &Read<'_>, user: UserId, at: &When) -> Result<()> {
    let moment = read.moment(at)?;
    let Some(person) = read.person_at(user, moment)? else {
        return Err(Failure::refused(format!(
            "this person was not on the roster yet at {}",
            moment.at
        )));
    };
    let known = Known::load(read)?;
    // A manager goes by the address of then, unless that is gone with them.
    let manager = match person.user.manager {
        None => None,
        Some(id) => Some(
            read.person_at(id, moment)?
                .map_or_else(|| id.to_string(), |it| it.user.label()),
        ),
    };
    let licenses: Vec<Value> = person
        .licenses
        .iter()
        .map(|it| {
            let until = person.license_ends.iter().find(|end| end.0 == it.pool);
            users::license(&known, it, until.map(|end| end.1))
        })
        .collect();
    let connection = person
        .user
        .connection
        .and_then(|it| known.connections.get(&it))
        .map(String::as_str);
    let mut json = users::object(
        &person.user,
        manager.as_deref(),
        read.shown_values(&person.fields)?,
        licenses,
        connection,
    );
    json.extend(standing(read, &person)?);
    json.push(("at", json!(moment.at)));
    write_one(desk.format, &json)
}

fn standing(read: &Read<'_>, person: &Person) -> Result<Vec<(&'static str, Value)>> {
    let names = read.group_names()?;
    let groups: Vec<_> = person
        .memberships
        .iter()
        .map(|it| json!({ "group": names.get(&it.group), "role": it.role }))
        .collect();
    let invitation = person
        .invitation
        .map(|it| json!({ "state": it.state, "expires_at": it.expires_at }));
    Ok(vec![
        ("groups", Value::Array(groups)),
        (
            "assignments",
            crate::training::objects(read, &person.assignments)?,
        ),
        ("permissions", json!(person.permissions)),
        ("protected", json!(person.user.protected)),
        ("invitation", invitation.unwrap_or(Value::Null)),
    ])
}
