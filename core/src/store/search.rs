//! The upkeep of the text index. Creates and edits only note that a row waits; the writer indexes waiting rows when it
//! is idle, in bulk, which costs a third of doing it row by row. Readers look through the index and the waiting rows.

use rusqlite::{Connection, OptionalExtension, params};

use super::broken;
use crate::error::Result;
use crate::model::UserId;

/// How many rows one round indexes.
pub(super) const ROUND: i64 = 2_000;
/// With more rows waiting than this, the writer indexes a round even while busy, so that readers never scan more.
pub(super) const MOST_WAITING: i64 = 20_000;

/// Notes that a row must be indexed. `indexed` is the text that the index has now, none for a new row.
pub(super) fn wait(conn: &Connection, seq: i64, indexed: Option<&str>) -> Result<()> {
    let sql =
        "INSERT INTO search_pending (seq, indexed) VALUES (?1, ?2) ON CONFLICT (seq) DO NOTHING";
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params![seq, indexed]))
        .map_err(broken)?;
    Ok(())
}

/// How many rows wait, counted no further than needed.
pub(super) fn waiting(conn: &Connection, at_most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM search_pending LIMIT ?1)";
    conn.prepare_cached(sql)
        .and_then(|mut it| it.query_row([at_most], |row| row.get(0)))
        .map_err(broken)
}

/// Indexes up to a round of waiting rows, inside the caller's transaction. Returns how many.
pub(super) fn index_round(conn: &Connection) -> Result<i64> {
    let sql = "SELECT search_pending.seq, indexed, search FROM search_pending JOIN users ON users.seq = search_pending.seq \
        ORDER BY search_pending.seq LIMIT ?1";
    let rows: Vec<(i64, Option<String>, String)> = conn
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.query_map([ROUND], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .and_then(|rows| rows.collect())
        })
        .map_err(broken)?;
    for (seq, indexed, search) in &rows {
        replace(conn, *seq, indexed.as_deref(), search)?;
    }
    Ok(i64::try_from(rows.len()).unwrap_or(ROUND))
}

fn replace(conn: &Connection, seq: i64, indexed: Option<&str>, search: &str) -> Result<()> {
    let run = |sql: &str, text: &str| {
        conn.prepare_cached(sql)
            .and_then(|mut it| it.execute(params![seq, text]))
            .map_err(broken)
    };
    if let Some(old) = indexed.filter(|it| !it.is_empty()) {
        run(
            "INSERT INTO users_text (users_text, rowid, search) VALUES ('delete', ?1, ?2)",
            old,
        )?;
    }
    if !search.is_empty() {
        run(
            "INSERT INTO users_text (rowid, search) VALUES (?1, ?2)",
            search,
        )?;
    }
    conn.prepare_cached("DELETE FROM search_pending WHERE seq = ?1")
        .and_then(|mut it| it.execute([seq]))
        .map_err(broken)?;
    Ok(())
}

/// Takes a person out of the index at once, before their text is destroyed.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    let sql = "SELECT users.seq, search, search_pending.seq IS NOT NULL, indexed FROM users \
        LEFT JOIN search_pending ON search_pending.seq = users.seq WHERE id = ?1";
    let found: Option<(i64, String, bool, Option<String>)> = conn
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.query_row([user.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()
        })
        .map_err(broken)?;
    match found {
        None => Ok(()),
        Some((seq, _, true, indexed)) => replace(conn, seq, indexed.as_deref(), ""),
        Some((seq, search, false, _)) => replace(conn, seq, Some(&search), ""),
    }
}
