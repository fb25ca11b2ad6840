//! What connections ask for people and own of them: read for planning and for front ends, written by changes.

use rusqlite::{Connection, Row, params};

use super::read::Read;
use super::snapshot::{Snapshot, word};
use super::{broken, many};
use crate::error::Result;
use crate::model::{ConnectionId, Entitled, Entitlement, PoolId, UserId};

fn entitlement_row(row: &Row<'_>) -> rusqlite::Result<Entitlement> {
    Ok(Entitlement {
        user: UserId::from_bytes(row.get(0)?),
        pool: PoolId::from_bytes(row.get(1)?),
        connection: ConnectionId::from_bytes(row.get(2)?),
        state: word(row, 3, Entitled::from_word)?,
    })
}

impl Snapshot<'_> {
    /// What connections that were not revoked ask for a person, in order of pools.
    pub(crate) fn entitlements_of(&self, user: UserId) -> Result<Vec<Entitlement>> {
        let sql = "SELECT user, pool, connection, state FROM entitlements \
            JOIN connections ON connections.id = connection AND revoked_at IS NULL WHERE user = ?1";
        self.all(sql, [user.as_bytes()], entitlement_row)
    }

    /// The same of these people.
    pub(crate) fn entitlements_of_all(&self, ids: &[UserId]) -> Result<Vec<Entitlement>> {
        let sql = "SELECT user, pool, connection, state FROM json_each(?1) \
            CROSS JOIN entitlements ON user = unhex(value) JOIN connections ON connections.id = connection AND revoked_at IS NULL";
        self.all(sql, [many::bound(ids)], entitlement_row)
    }

    /// What a connection asks of a pool for a person.
    pub(crate) fn entitled(
        &self,
        user: UserId,
        connection: ConnectionId,
        pool: PoolId,
    ) -> Result<Entitled> {
        let sql =
            "SELECT state FROM entitlements WHERE user = ?1 AND pool = ?2 AND connection = ?3";
        let found = self.one(
            sql,
            params![user.as_bytes(), pool.as_bytes(), connection.as_bytes()],
            |row| word(row, 0, Entitled::from_word),
        )?;
        Ok(found.unwrap_or(Entitled::None))
    }
}

impl Read<'_> {
    /// What connections that were not revoked ask for a person.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn entitlements_of(&self, user: UserId) -> Result<Vec<Entitlement>> {
        self.snapshot()?.entitlements_of(user)
    }
}

/// Notes what a connection asks of a pool for a person.
pub(super) fn entitle(
    conn: &Connection,
    user: UserId,
    connection: ConnectionId,
    pool: PoolId,
    state: Entitled,
) -> Result<()> {
    let (user, pool, connection) = (user.as_bytes(), pool.as_bytes(), connection.as_bytes());
    let done = match state {
        Entitled::None => conn
            .prepare_cached(
                "DELETE FROM entitlements WHERE user = ?1 AND pool = ?2 AND connection = ?3",
            )
            .and_then(|mut it| it.execute(params![user, pool, connection])),
        state => conn
            .prepare_cached(
                "INSERT INTO entitlements (user, pool, connection, state) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (user, pool, connection) DO UPDATE SET state = ?4",
            )
            .and_then(|mut it| it.execute(params![user, pool, connection, state.as_str()])),
    };
    done.map(drop).map_err(broken)
}
