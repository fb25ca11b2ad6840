//! How full the pools are, looked at once a commit: purchasers are told when a threshold is crossed upwards, and what is held
//! at the end of each day is kept for the trend. Not once a row, so that a crowd costs no more than one person.

use rusqlite::{Connection, params};
use serde_json::json;

use super::snapshot::word;
use super::{Snapshot, broken, outbox};
use crate::change::Change;
use crate::error::Result;
use crate::model::{Alarms, BatchId, Permission, PoolId, PoolName, Seats, Timestamp, UserId};
use crate::plan::Template;

const DAY_MS: i64 = 86_400_000;

/// Whether a change moves how full a pool is.
pub(super) fn is_moved_by(change: &Change) -> bool {
    matches!(
        change,
        Change::License { .. } | Change::PoolTerms { .. } | Change::PoolAdded { .. }
    )
}

struct Level {
    pool: PoolId,
    name: PoolName,
    purchased: Seats,
    alarms: Alarms,
    told: u8,
    held: Seats,
    noted: Option<Seats>,
}

/// Looks at every pool at the end of a transaction whose last batch is this one.
pub(super) fn note(conn: &Connection, batch: BatchId, at: Timestamp) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    let day = at.as_millis().div_euclid(DAY_MS);
    for level in levels(&snapshot, day)? {
        if level.noted != Some(level.held) {
            run(
                conn,
                "INSERT INTO pool_days (pool, day, held) VALUES (?1, ?2, ?3) ON CONFLICT (pool, day) DO UPDATE SET held = ?3",
                params![level.pool.as_bytes(), day, level.held],
            )?;
        }
        let reached = level.alarms.reached(level.held, level.purchased);
        if reached != level.told {
            // Lower than before: the thresholds above are armed again.
            run(
                conn,
                "UPDATE pool_counters SET alarm = ?2 WHERE pool = ?1",
                params![level.pool.as_bytes(), reached],
            )?;
        }
        if reached > level.told {
            tell(&snapshot, batch, at, &level, reached)?;
        }
    }
    Ok(())
}

fn levels(snapshot: &Snapshot<'_>, day: i64) -> Result<Vec<Level>> {
    let sql = "SELECT pools.id, pools.name, pools.purchased, pools.alarms, pool_counters.alarm, \
        pool_counters.reserved + pool_counters.consumed, pool_days.held \
        FROM pools JOIN pool_counters ON pool_counters.pool = pools.id \
        LEFT JOIN pool_days ON pool_days.pool = pools.id AND pool_days.day = ?1";
    snapshot.all(sql, [day], |row| {
        Ok(Level {
            pool: PoolId::from_bytes(row.get(0)?),
            name: word(row, 1, |it| it.parse().ok())?,
            purchased: row.get(2)?,
            alarms: word(row, 3, |it| it.parse().ok())?,
            told: row.get(4)?,
            held: row.get(5)?,
            noted: row.get(6)?,
        })
    })
}

/// Puts a mail to each purchaser into the outbox: one for the highest threshold that was crossed.
fn tell(
    snapshot: &Snapshot<'_>,
    batch: BatchId,
    at: Timestamp,
    level: &Level,
    reached: u8,
) -> Result<()> {
    let sql = "SELECT users.id FROM permissions JOIN users ON users.id = permissions.user \
        WHERE permission = ?1 AND status = 'active' ORDER BY users.seq";
    let purchasers = snapshot.all(sql, [Permission::AuthorizedPurchaser.as_str()], |row| {
        Ok(UserId::from_bytes(row.get(0)?))
    })?;
    let about = json!({
        "pool": level.name,
        "alarm": reached,
        "held": level.held,
        "purchased": level.purchased,
    });
    outbox::tell_each(
        snapshot,
        &purchasers,
        Template::SeatAlarm,
        &about,
        batch,
        at,
    )
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
