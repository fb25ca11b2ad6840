//! Pools, licenses and queues, as planning reads them.

use rusqlite::params;

use super::{Snapshot, date, license_columns, license_row, word};
use crate::capacity;
use crate::error::Result;
use crate::model::{AtCapacity, License, Pool, PoolId, PoolName, PoolTerms, UserId};

impl Snapshot<'_> {
    pub(crate) fn pools(&self) -> Result<Vec<Pool>> {
        let sql = "SELECT pools.id, name, purchased, counts_from, recoverable, at_capacity, starts_on, ends_on, reserved, consumed, \
            queued, alarms, alarm \
            FROM pools JOIN pool_counters ON pool_counters.pool = pools.id ORDER BY pools.seq";
        self.all(sql, [], |row| {
            Ok(Pool {
                id: PoolId::from_bytes(row.get(0)?),
                name: word(row, 1, |it| it.parse::<PoolName>().ok())?,
                terms: PoolTerms {
                    purchased: row.get(2)?,
                    counts_from: word(row, 3, |it| it.parse().ok())?,
                    recoverable: row.get(4)?,
                    at_capacity: word(row, 5, |it| it.parse::<AtCapacity>().ok())?,
                    starts_on: date(row, 6)?,
                    ends_on: date(row, 7)?,
                    alarms: word(row, 11, |it| it.parse().ok())?,
                },
                reserved: row.get(8)?,
                consumed: row.get(9)?,
                queued: row.get(10)?,
                alarm: row.get(12)?,
                outside: None,
            })
        })
    }

    pub(crate) fn licenses_of(&self, user: UserId) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE user = ?1"
        );
        self.all(sql, [user.as_bytes()], license_row)
    }

    /// Pools of which a person is to get a license when they become active.
    pub(crate) fn requests_of(&self, user: UserId) -> Result<Vec<PoolId>> {
        let sql = "SELECT pool FROM license_requests WHERE user = ?1";
        self.all(sql, [user.as_bytes()], |row| {
            Ok(PoolId::from_bytes(row.get(0)?))
        })
    }

    /// The first or last place in a pool's queue.
    pub(crate) fn queue_end(&self, pool: PoolId, last: bool) -> Result<Option<i64>> {
        let sql = if last {
            "SELECT max(place) FROM licenses WHERE pool = ?1 AND state = 'queued'"
        } else {
            "SELECT min(place) FROM licenses WHERE pool = ?1 AND state = 'queued'"
        };
        Ok(self
            .one(sql, [pool.as_bytes()], |row| row.get(0))?
            .flatten())
    }

    pub(crate) fn queue_head(&self, pool: PoolId, limit: i64) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE pool = ?1 AND state = 'queued' ORDER BY place, user LIMIT ?2"
        );
        self.all(sql, params![pool.as_bytes(), limit], license_row)
    }

    /// Those of a queue for whom there is room, in their order: so many licenses within what was purchased, and so many with
    /// the grace.
    pub(crate) fn who_moves_up(
        &self,
        pool: PoolId,
        purchased: i64,
        with_grace: i64,
    ) -> Result<Vec<License>> {
        let mut queue = self.who_may_move_up(pool, purchased, with_grace)?;
        capacity::keep_who_fit(&mut queue, purchased, with_grace);
        Ok(queue)
    }

    /// The part of a queue in which those stand for whom there is room.
    pub(crate) fn who_may_move_up(
        &self,
        pool: PoolId,
        purchased: i64,
        with_grace: i64,
    ) -> Result<Vec<License>> {
        let mut queue = self.queue_head(pool, purchased)?;
        if with_grace > purchased {
            queue.extend(self.unasked_head(pool, with_grace)?);
            queue.sort_unstable_by_key(capacity::place);
            queue.dedup_by_key(|it| it.user);
        }
        Ok(queue)
    }

    /// As [`Snapshot::queue_head`], of those who came where nobody was asked.
    pub(crate) fn unasked_head(&self, pool: PoolId, limit: i64) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE pool = ?1 AND state = 'queued' AND chosen IS NULL ORDER BY place, user LIMIT ?2"
        );
        self.all(sql, params![pool.as_bytes(), limit], license_row)
    }

    /// 1 for the head; none for somebody who is not queued.
    pub(crate) fn queue_position(&self, pool: PoolId, user: UserId) -> Result<Option<i64>> {
        let sql = "SELECT (SELECT count(*) FROM licenses AS ahead WHERE ahead.pool = ?1 AND ahead.state = 'queued' AND (ahead.place, ahead.user) <= (mine.place, mine.user)) \
            FROM licenses AS mine WHERE mine.user = ?2 AND mine.pool = ?1 AND mine.state = 'queued'";
        self.one(sql, params![pool.as_bytes(), user.as_bytes()], |row| {
            row.get(0)
        })
    }
}
