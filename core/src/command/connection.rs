//! Add, rotate and revoke identity providers' links. Tokens are drawn here, shown once, and only their hash is kept.

use super::ownership::check_days;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Connection, ConnectionId, ConnectionPolicy, PoolName};
use crate::planner::Planner;
use crate::token::{self, Kind};

const DAY_MS: i64 = 24 * 3600 * 1000;

pub(super) fn add(planner: &mut Planner<'_>, name: &str, policy: ConnectionPolicy) -> Result<()> {
    // A connection's name is a word like a pool's: it stands in addresses of settings and in the history.
    let name = name.parse::<PoolName>().map_err(|_| {
        Error::invalid(
            "connection name",
            "is not a short word",
            "use up to 64 letters, digits, - and _",
        )
    })?;
    check_days(policy.token_days)?;
    let name = name.as_str().to_owned();
    let known = planner.snapshot.connections()?;
    if let Some(known) = known.iter().find(|it| it.name == name) {
        return Err(Error::conflict(match known.revoked_at {
            None => format!("there is a connection {name} already; rotate its token instead"),
            Some(_) => format!(
                "there was a connection {name}, which was revoked, and the history names it so; choose another name"
            ),
        }));
    }
    let connection = planner.draws.connection();
    planner.push(Change::ConnectionAdded {
        connection,
        name,
        policy,
    });
    add_token(planner, connection, policy);
    Ok(())
}

pub(super) fn rotate(planner: &mut Planner<'_>, name: &str, overlap_ms: i64) -> Result<()> {
    let connection = living(planner, name)?;
    check_overlap(overlap_ms)?;
    let ends = planner.now.plus_millis(overlap_ms);
    for old in connection
        .tokens
        .iter()
        .filter(|it| it.ends_at.is_none_or(|end| end > ends))
    {
        planner.push(Change::TokenEnds {
            connection: connection.id,
            token: old.id,
            before: old.ends_at,
            after: Some(ends),
        });
    }
    add_token(planner, connection.id, connection.policy);
    Ok(())
}

/// Refuses an overlap that nobody remembers the end of.
pub(super) fn check_overlap(overlap_ms: i64) -> Result<()> {
    if (0..=90 * 24 * 3600 * 1000).contains(&overlap_ms) {
        return Ok(());
    }
    Err(Error::invalid(
        "overlap",
        "is not between nothing and 90 days",
        "choose a shorter one",
    ))
}

pub(super) fn revoke(planner: &mut Planner<'_>, name: &str) -> Result<()> {
    let connection = living(planner, name)?;
    let after = Some(planner.now);
    planner.push(Change::ConnectionRevoked {
        connection: connection.id,
        before: None,
        after,
    });
    Ok(())
}

fn add_token(planner: &mut Planner<'_>, connection: ConnectionId, policy: ConnectionPolicy) {
    let id = planner.draws.token();
    let secret = token::render(Kind::Connection, &planner.draws.secret());
    if let Some(hash) = token::hash(Kind::Connection, &secret) {
        planner.push(Change::TokenAdded {
            connection,
            token: id,
            hint: token::hint(&secret),
            hash,
        });
        if let Some(days) = policy.token_days {
            planner.push(Change::TokenEnds {
                connection,
                token: id,
                before: None,
                after: Some(planner.now.plus_millis(i64::from(days) * DAY_MS)),
            });
        }
        planner.token = Some(secret);
    }
}

pub(super) fn living(planner: &Planner<'_>, name: &str) -> Result<Connection> {
    let connection = known(planner, name)?;
    if connection.revoked_at.is_some() {
        return Err(Error::conflict(format!(
            "the connection {name} was revoked"
        )));
    }
    Ok(connection)
}

/// The connection of that name, revoked or not.
pub(super) fn known(planner: &Planner<'_>, name: &str) -> Result<Connection> {
    let mut all = planner.snapshot.connections()?.into_iter();
    let found = all.find(|it| it.name == name.trim());
    found.ok_or_else(|| Error::not_found("connection", name))
}
