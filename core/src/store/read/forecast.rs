//! What the forecast of the pools is made of: a few kept totals, and the index of what is due. It costs by the dates that
//! are set, not by the roster.

use std::collections::BTreeMap;

use rusqlite::params;

use super::super::Snapshot;
use super::super::snapshot::word;
use super::Read;
use crate::error::Result;
use crate::forecast::{Forecast, HORIZON, Known, TREND, forecast};
use crate::model::{Date, PoolId, Seats, Timestamp};

const DAY_MS: i64 = 86_400_000;

impl Read<'_> {
    /// When each pool will be full, in the order of pools; nothing for those who see less than everybody.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn forecasts(&self) -> Result<Vec<Forecast>> {
        if self.sight.is_some() {
            return Ok(Vec::new());
        }
        self.together(|snapshot| forecasts(snapshot, self.now))
    }
}

fn forecasts(snapshot: &Snapshot<'_>, now: Timestamp) -> Result<Vec<Forecast>> {
    let zone = snapshot.organization()?.time_zone;
    let today = Date::newest_begun(now, &zone);
    let end = today.plus_days(HORIZON + 1).to_string();
    let mut leavers = leavers(snapshot, &end)?;
    let mut all = Vec::new();
    for pool in snapshot.pools()? {
        let mut dated = Dated {
            leavers: leavers.remove(&pool.id).unwrap_or_default(),
            ..Dated::default()
        };
        if pool.is_access() {
            let coming = invited(snapshot, pool.id, &end)?;
            dated.joiners = coming.joiners;
            for (day, count) in coming.leavers {
                *dated.leavers.entry(day).or_default() += count;
            }
        }
        // Who waits for the pool's first day.
        if let Some(start) = pool.terms.starts_on.filter(|it| *it > today) {
            *dated.joiners.entry(start).or_default() += pool.queued.min(pool.free());
        }
        let known = Known {
            pool: pool.id,
            purchased: pool.terms.purchased,
            held: pool.held(),
            before: held_before(snapshot, pool.id, now)?,
            joiners: dated.joiners,
            leavers: dated.leavers,
        };
        all.push(forecast(&known, today));
    }
    Ok(all)
}

/// How many were held at the beginning of the trend, and how many days ago that was.
fn held_before(
    snapshot: &Snapshot<'_>,
    pool: PoolId,
    now: Timestamp,
) -> Result<Option<(i64, Seats)>> {
    let today = now.as_millis().div_euclid(DAY_MS);
    let sql = "SELECT held FROM pool_days WHERE pool = ?1 AND day <= ?2 ORDER BY day DESC LIMIT 1";
    let begin = today - TREND;
    let held = snapshot.one(sql, params![pool.as_bytes(), begin], |row| row.get(0))?;
    if let Some(held) = held {
        return Ok(Some((TREND, held)));
    }
    let sql = "SELECT day, held FROM pool_days WHERE pool = ?1 ORDER BY day LIMIT 1";
    snapshot.one(sql, [pool.as_bytes()], |row| {
        Ok((today - row.get::<_, i64>(0)?, row.get(1)?))
    })
}

/// Who comes and goes by dates, of one pool.
#[derive(Default)]
struct Dated {
    joiners: BTreeMap<Date, Seats>,
    leavers: BTreeMap<Date, Seats>,
}

/// Who is invited by mail on a day and holds no seat before they accept, and when those leave again. Who is to leave by
/// then takes none.
fn invited(snapshot: &Snapshot<'_>, access: PoolId, end: &str) -> Result<Dated> {
    let sql = "SELECT day, gone, count(*) FROM ( \
        SELECT due.day AS day, (SELECT min(leave.day) FROM due AS leave WHERE leave.user = due.user \
            AND leave.kind IN ('deactivate', 'delete')) AS gone \
        FROM due JOIN users ON users.id = due.user WHERE due.kind = 'send' AND due.day < ?1 AND NOT EXISTS \
        (SELECT 1 FROM licenses WHERE licenses.user = due.user AND (licenses.pool = ?2 OR licenses.stands_for_access))) \
        GROUP BY day, gone";
    let rows = snapshot.all(sql, params![end, access.as_bytes()], |row| {
        let day: Date = word(row, 0, |it| it.parse().ok())?;
        let gone: Option<String> = row.get(1)?;
        let gone: Option<Date> = gone.and_then(|it| it.parse().ok());
        Ok((day, gone, row.get::<_, Seats>(2)?))
    })?;
    let mut dated = Dated::default();
    for (day, gone, count) in rows {
        if gone.is_none_or(|it| it > day) {
            *dated.joiners.entry(day).or_default() += count;
            if let Some(gone) = gone {
                *dated.leavers.entry(gone).or_default() += count;
            }
        }
    }
    Ok(dated)
}

/// Whose license of which pool returns on which day: by leaving, or by its end, whichever is first. Who is protected, or
/// owns the organization alone, does not leave by a date; a license that stands for the seat does not end by one,
/// nor does one that a group or pre-work needs.
fn leavers(snapshot: &Snapshot<'_>, end: &str) -> Result<BTreeMap<PoolId, BTreeMap<Date, Seats>>> {
    let sql = "WITH leaving (pool, user, day) AS ( \
        SELECT licenses.pool, licenses.user, due.day FROM due JOIN users ON users.id = due.user \
            JOIN licenses ON licenses.user = due.user JOIN pools ON pools.id = licenses.pool \
            WHERE due.kind IN ('deactivate', 'delete') AND due.day < ?1 AND licenses.state <> 'queued' \
            AND users.protected = 0 AND due.user IS NOT ?2 \
            AND (licenses.state = 'reserved' OR pools.recoverable OR licenses.stands_for_access) \
        UNION ALL SELECT licenses.pool, licenses.user, due.day FROM due \
            JOIN licenses ON licenses.user = due.user AND licenses.pool = due.pool \
            JOIN pools ON pools.id = licenses.pool \
            WHERE due.kind = 'license_end' AND due.day < ?1 AND NOT licenses.stands_for_access \
            AND (licenses.state = 'reserved' OR licenses.state = 'consumed' AND pools.recoverable) \
            AND NOT EXISTS (SELECT 1 FROM memberships JOIN group_pools ON group_pools.carrier = memberships.member_of \
            WHERE memberships.user = due.user AND group_pools.pool = due.pool) \
            AND NOT EXISTS (SELECT 1 FROM memberships JOIN group_trainings ON group_trainings.carrier = memberships.member_of \
            JOIN trainings ON trainings.id = group_trainings.training WHERE memberships.user = due.user \
            AND trainings.kind = 'pre_work' AND trainings.pool = due.pool) \
            AND NOT EXISTS (SELECT 1 FROM assignments JOIN trainings ON trainings.id = assignments.training \
            WHERE assignments.user = due.user AND assignments.state IN ('assigned', 'started') \
            AND trainings.kind = 'pre_work' AND trainings.pool = due.pool)) \
        SELECT pool, day, count(*) FROM (SELECT pool, user, min(day) AS day FROM leaving GROUP BY pool, user) GROUP BY pool, day";
    let owners = snapshot.all(
        "SELECT user FROM permissions WHERE permission = 'owner' LIMIT 2",
        [],
        |row| row.get::<_, [u8; 16]>(0),
    )?;
    let alone = match owners.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let rows = snapshot.all(sql, params![end, alone], |row| {
        let day: Date = word(row, 1, |it| it.parse().ok())?;
        Ok((
            PoolId::from_bytes(row.get(0)?),
            day,
            row.get::<_, Seats>(2)?,
        ))
    })?;
    let mut found: BTreeMap<PoolId, BTreeMap<Date, Seats>> = BTreeMap::new();
    for (pool, day, count) in rows {
        found.entry(pool).or_default().insert(day, count);
    }
    Ok(found)
}
