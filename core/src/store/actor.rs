//! Actors as two columns: a kind and an id.

use rusqlite::Row;

use crate::model::{Actor, ConnectionId, PlatformId, UserId};

pub(super) fn encode(actor: Actor) -> (&'static str, Option<[u8; 16]>) {
    match actor {
        Actor::FileOwner => ("file_owner", None),
        Actor::Administrator(user) => ("administrator", Some(*user.as_bytes())),
        Actor::Connection(connection) => ("connection", Some(*connection.as_bytes())),
        Actor::Platform(platform) => ("platform", Some(*platform.as_bytes())),
        Actor::Scheduler => ("scheduler", None),
        Actor::Person(user) => ("person", Some(*user.as_bytes())),
    }
}

/// Reads the kind at a column and the id at the next.
pub(super) fn decode(row: &Row<'_>, column: usize) -> rusqlite::Result<Actor> {
    let id: Option<[u8; 16]> = row.get(column + 1)?;
    let kind = row.get_ref(column)?.as_str()?;
    let actor = match (kind, id) {
        ("file_owner", None) => Some(Actor::FileOwner),
        ("scheduler", None) => Some(Actor::Scheduler),
        ("administrator", Some(id)) => Some(Actor::Administrator(UserId::from_bytes(id))),
        ("person", Some(id)) => Some(Actor::Person(UserId::from_bytes(id))),
        ("platform", Some(id)) => Some(Actor::Platform(PlatformId::from_bytes(id))),
        ("connection", Some(id)) => Some(Actor::Connection(ConnectionId::from_bytes(id))),
        _ => None,
    };
    actor.ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            format!("unknown actor {kind}").into(),
        )
    })
}
