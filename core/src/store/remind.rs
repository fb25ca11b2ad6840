//! Mails that the calendar causes: reminders of invitations that nobody has accepted, and notices of deletions ahead. Whether
//! somebody was reminded stands beside the mail that they are reminded of and is moved in the transaction that puts the
//! reminder out, so that several servers and restarts remind nobody twice.

use rusqlite::{Connection, params};

use super::{Read, Snapshot, broken};
use crate::error::Result;
use crate::model::{Date, Timestamp, UserId};

/// How many invitations are looked at in one round.
const ROUND: i64 = 500;
const DAY_MS: i64 = 86_400_000;
/// When an invitation is looked at again for which no rule says when.
const LATER_MS: i64 = DAY_MS;
/// Mails of the calendar come of no batch.
const NO_BATCH: [u8; 16] = [0; 16];

impl Read<'_> {
    /// Whether the calendar may cause mails now.
    pub(crate) fn has_reminders_due(&self) -> Result<bool> {
        self.together(|snapshot| {
            let sql = "SELECT 1 FROM outbox WHERE remind_at <= ?1 LIMIT 1";
            let reminders = snapshot.one(sql, [self.now.as_millis()], |_| Ok(()))?;
            Ok(reminders.is_some() || !deletions(snapshot, self.now, 1)?.is_empty())
        })
    }
}

/// Puts out a round of what is due.
pub(super) fn put(conn: &Connection, now: Timestamp) -> Result<()> {
    let snapshot = Snapshot::new(conn);
    remind(&snapshot, now)?;
    for (user, day) in deletions(&snapshot, now, ROUND)? {
        let about = serde_json::json!({ "day": day }).to_string();
        let sql = "INSERT INTO outbox (batch, user, template, created_at, next_at, about) VALUES (?1, ?2, 'deletion_ahead', ?3, ?3, ?4)";
        let at = now.as_millis();
        run(conn, sql, params![NO_BATCH, user.as_bytes(), at, about])?;
        let sql = "INSERT INTO deletion_notices (user, day) VALUES (?1, ?2) ON CONFLICT (user) DO UPDATE SET day = ?2";
        run(conn, sql, params![user.as_bytes(), day])?;
    }
    Ok(())
}

/// An invitation that was taken, and when and how often its person was reminded.
struct Taken {
    seq: i64,
    user: UserId,
    batch: [u8; 16],
    generation: Option<i64>,
    settled_at: i64,
    reminded: usize,
    is_open: bool,
    expires_at: i64,
}

fn remind(snapshot: &Snapshot<'_>, now: Timestamp) -> Result<()> {
    let days = snapshot.settings()?.reminders;
    let sql = "SELECT outbox.seq, outbox.user, batch, outbox.generation, coalesce(settled_at, 0), reminded, \
        coalesce(invitations.state = 'pending' AND invitations.generation = outbox.generation \
        AND users.status IN ('waiting', 'pending_transfer') AND outbox.state IN ('sent', 'filed'), 0), coalesce(invitations.expires_at, 0) \
        FROM outbox LEFT JOIN invitations ON invitations.user = outbox.user LEFT JOIN users ON users.id = outbox.user \
        WHERE remind_at <= ?1 ORDER BY remind_at LIMIT ?2";
    let at = now.as_millis();
    let found = snapshot.all(sql, [at, ROUND], |row| {
        Ok(Taken {
            seq: row.get(0)?,
            user: UserId::from_bytes(row.get(1)?),
            batch: row.get(2)?,
            generation: row.get(3)?,
            settled_at: row.get(4)?,
            reminded: usize::try_from(row.get::<_, i64>(5)?).unwrap_or(usize::MAX),
            is_open: row.get(6)?,
            expires_at: row.get(7)?,
        })
    })?;
    for it in found {
        if !it.is_open || it.expires_at <= at {
            again(snapshot, it.seq, None, it.reminded)?;
            continue;
        }
        let due = |nth: usize| Some(it.settled_at + i64::from(*days.get(nth)?) * DAY_MS);
        match due(it.reminded) {
            // The rule may change; it is looked again.
            None => again(snapshot, it.seq, Some(at + LATER_MS), it.reminded)?,
            Some(due) if due > at => {
                again(snapshot, it.seq, Some(due.min(at + LATER_MS)), it.reminded)?;
            }
            Some(_) => {
                let sql = "INSERT INTO outbox (batch, user, template, created_at, next_at, generation) VALUES (?1, ?2, 'reminder', ?3, ?3, ?4)";
                let row = params![it.batch, it.user.as_bytes(), at, it.generation];
                run(snapshot.conn, sql, row)?;
                // After a long silence one reminder is enough: the days that have passed count as one.
                let mut reminded = it.reminded + 1;
                while due(reminded).is_some_and(|it| it <= at) {
                    reminded += 1;
                }
                again(snapshot, it.seq, Some(at + LATER_MS), reminded)?;
            }
        }
    }
    Ok(())
}

fn again(snapshot: &Snapshot<'_>, seq: i64, at: Option<i64>, reminded: usize) -> Result<()> {
    let reminded = i64::try_from(reminded).unwrap_or(i64::MAX);
    let sql = "UPDATE outbox SET remind_at = ?2, reminded = ?3 WHERE seq = ?1";
    run(snapshot.conn, sql, params![seq, at, reminded])
}

/// Who is to be told of the day on which they will be deleted.
fn deletions(snapshot: &Snapshot<'_>, now: Timestamp, most: i64) -> Result<Vec<(UserId, String)>> {
    let settings = snapshot.settings()?;
    if settings.deletion_notice_days == 0 {
        return Ok(Vec::new());
    }
    let today = Date::newest_begun(now, &settings.time_zone);
    let last = today.plus_days(i64::from(settings.deletion_notice_days));
    let sql = "SELECT due.user, due.day FROM due JOIN users ON users.id = due.user \
        LEFT JOIN deletion_notices ON deletion_notices.user = due.user \
        WHERE due.kind = 'delete' AND due.day > ?1 AND due.day <= ?2 AND deletion_notices.day IS NOT due.day \
        AND users.status IN ('waiting', 'pending_transfer', 'active', 'inactive') AND users.email IS NOT NULL \
        ORDER BY due.day LIMIT ?3";
    snapshot.all(
        sql,
        params![today.to_string(), last.to_string(), most],
        |row| Ok((UserId::from_bytes(row.get(0)?), row.get(1)?)),
    )
}

/// Nobody is reminded any more of an invitation of that generation; what waits to go out does not.
pub(super) fn no_more(
    conn: &Connection,
    user: UserId,
    generation: i64,
    at: Timestamp,
) -> Result<()> {
    let why = "they asked for no more reminders";
    let sql = "UPDATE outbox SET remind_at = NULL, why = ?3 WHERE user = ?1 AND generation = ?2 AND remind_at IS NOT NULL";
    run(conn, sql, params![user.as_bytes(), generation, why])?;
    let sql = "UPDATE outbox SET state = 'dropped', settled_at = ?4, why = ?3 \
        WHERE user = ?1 AND generation = ?2 AND template = 'reminder' AND state = 'waiting'";
    let row = params![user.as_bytes(), generation, why, at.as_millis()];
    run(conn, sql, row)
}

/// The rule was changed: every open invitation is looked at again.
pub(super) fn rule_changed(conn: &Connection) -> Result<()> {
    run(
        conn,
        "UPDATE outbox SET remind_at = 0 WHERE remind_at IS NOT NULL",
        [],
    )
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(drop)
        .map_err(broken)
}
