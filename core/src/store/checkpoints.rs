//! Counts of licenses kept along the history, so that seats at any moment are told from one of them and the few events
//! after it, whatever the length of the history.

use rusqlite::Connection;

use super::broken;
use crate::error::Result;

/// How many events may come after a count before there is another.
pub(super) const EVERY: usize = 1_000;

/// Keeps a count, if enough has happened since the last one. Returns how many events have come after the newest count.
pub(super) fn keep_if_due(conn: &Connection) -> Result<usize> {
    let since = "SELECT (SELECT coalesce(max(seq), 0) FROM events) - (SELECT coalesce(max(event), 0) FROM checkpoints)";
    let since: i64 = conn
        .prepare_cached(since)
        .and_then(|mut it| it.query_row([], |row| row.get(0)))
        .map_err(broken)?;
    let since = usize::try_from(since).unwrap_or(0);
    if since < EVERY {
        return Ok(since);
    }
    let sql = "INSERT INTO checkpoints (event, pool, reserved, consumed, queued) \
        SELECT (SELECT max(seq) FROM events), pool, reserved, consumed, queued FROM pool_counters";
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute([]))
        .map_err(broken)?;
    Ok(0)
}
