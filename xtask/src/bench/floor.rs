//! What the disk and SQLite allow in this minute: rows a second at full durability, by rows a commit.
//!
//! One table with a body of the usual size and three indexes, no rules and no history: the least a
//! durable roster could write. Everything about creates is measured against it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, params};

use super::people;

/// Bounds of one measurement.
const MOST_ROWS: u64 = 100_000;
const LONGEST: Duration = Duration::from_millis(1_500);

/// Rows a second with `rows` in every commit, into a fresh file in `folder`.
pub(crate) fn rows_per_second(folder: &Path, rows: u64) -> Result<f64> {
    let file = tempfile::Builder::new()
        .prefix("floor-")
        .tempdir_in(folder)?;
    let mut db = open(&file.path().join("floor.db"))?;
    let started = Instant::now();
    let mut stored = 0;
    while stored < MOST_ROWS && started.elapsed() < LONGEST {
        commit(&mut db, stored..stored + rows)?;
        stored += rows;
    }
    Ok(stored as f64 / started.elapsed().as_secs_f64())
}

fn open(file: &Path) -> Result<Connection> {
    let db = Connection::open(file)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE users (
             seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL UNIQUE,
             external_id TEXT, body TEXT NOT NULL
         );
         CREATE INDEX users_external_id ON users (external_id);",
    )?;
    Ok(db)
}

fn commit(db: &mut Connection, people: std::ops::Range<u64>) -> Result<()> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut insert = tx.prepare_cached(
            "INSERT INTO users (id, user_name, external_id, body) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for i in people {
            insert.execute(params![
                id(i),
                people::user_name(i),
                format!("00u{i:017x}"),
                people::body(i, 0)
            ])?;
        }
    }
    Ok(tx.commit()?)
}

/// An id of the usual length that is neither in order nor repeated.
fn id(i: u64) -> String {
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4000-a000-{i:012x}",
        mixed >> 32,
        mixed >> 16 & 0xffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_counts() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut db = open(&folder.path().join("x.db"))?;
        commit(&mut db, 0..16)?;
        commit(&mut db, 16..32)?;
        let stored: i64 = db.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?;
        assert_eq!(stored, 32);
        Ok(())
    }
}
