//! Every further address of a person, found in what is kept of a provider's attributes, so that a look-up by any of them
//! is answered from an index. The address that is the person's own is not here: it has a column.

use rusqlite::{Connection, params};

use super::broken;
use crate::error::Result;
use crate::model::{UserId, further_addresses};

/// Notes the further addresses of somebody new.
pub(super) fn keep_first(conn: &Connection, user: UserId, kept: Option<&str>) -> Result<()> {
    for key in further_addresses(kept) {
        conn.prepare_cached("INSERT OR IGNORE INTO addresses (key, user) VALUES (?1, ?2)")
            .and_then(|mut it| it.execute(params![key, user.as_bytes()]))
            .map_err(broken)?;
    }
    Ok(())
}

/// Notes them anew.
pub(super) fn keep(conn: &Connection, user: UserId, kept: Option<&str>) -> Result<()> {
    forget(conn, user)?;
    keep_first(conn, user, kept)
}

/// Removes them.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    conn.prepare_cached("DELETE FROM addresses WHERE user = ?1")
        .and_then(|mut it| it.execute([user.as_bytes()]))
        .map(|_| ())
        .map_err(broken)
}
