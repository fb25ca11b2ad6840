//! What is due: the rows that dates leave behind, kept by the changes that set dates, and looked for by day.

use rusqlite::params;

use super::Snapshot;
use super::apply::Applier;
use super::snapshot::word;
use super::together::Insert;
use crate::error::Result;
use crate::model::{Date, DueKind, Invitation, InvitationState, PoolId, Status, UserId};

static DUE: Insert = Insert::new("INSERT INTO due (kind, user, pool, day)", 4);

/// The pool's bytes in a key; empty for what concerns no pool.
fn key(pool: Option<PoolId>) -> Vec<u8> {
    pool.map_or_else(Vec::new, |it| it.as_bytes().to_vec())
}

fn pool_of(key: &[u8]) -> Option<PoolId> {
    key.try_into().ok().map(PoolId::from_bytes)
}

impl Applier<'_> {
    /// Lets something be due on a day, or on none; never again on a day for which it was done.
    pub(super) fn set_due(
        &self,
        user: UserId,
        kind: DueKind,
        pool: Option<PoolId>,
        day: Option<&str>,
    ) -> Result<()> {
        let pool = key(pool);
        self.run(
            "DELETE FROM due WHERE kind = ?1 AND user = ?2 AND pool = ?3",
            params![kind.as_str(), user.as_bytes(), pool],
        )?;
        if let Some(day) = day {
            self.run(
                "INSERT INTO due (kind, user, pool, day) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS \
                 (SELECT 1 FROM due_done WHERE user = ?2 AND kind = ?1 AND pool = ?3 AND day = ?4)",
                params![kind.as_str(), user.as_bytes(), pool, day],
            )?;
        }
        Ok(())
    }

    /// Lets something be due for people who are new, of whom nothing is due yet.
    pub(super) fn set_first_due(&self, due: &[(UserId, DueKind, &str)]) -> Result<()> {
        DUE.all(self.conn, due, |row, (user, kind, day)| {
            row.bind(kind.as_str())?;
            row.bind(user.as_bytes())?;
            row.bind(key(None))?;
            row.bind(day)
        })
    }

    /// Notes that something was done for a day. The database refuses to do so twice.
    pub(super) fn done(
        &self,
        user: UserId,
        kind: DueKind,
        pool: Option<PoolId>,
        day: Date,
    ) -> Result<()> {
        let (pool, day) = (key(pool), day.to_string());
        self.run(
            "DELETE FROM due WHERE kind = ?1 AND user = ?2 AND pool = ?3 AND day = ?4",
            params![kind.as_str(), user.as_bytes(), pool, day],
        )?;
        self.hit(
            "INSERT INTO due_done (user, kind, pool, day) VALUES (?1, ?2, ?3, ?4)",
            params![user.as_bytes(), kind.as_str(), pool, day],
        )
    }

    /// Lets an invitation be sent on its day. Most have none, and had none.
    pub(super) fn set_send_on(
        &self,
        user: UserId,
        before: Option<&Invitation>,
        after: &Invitation,
    ) -> Result<()> {
        let day = after
            .send_on
            .filter(|_| after.state == InvitationState::Pending);
        if day.is_none() && before.is_none_or(|it| it.send_on.is_none()) {
            return Ok(());
        }
        let day = day.map(|it| it.to_string());
        self.set_due(user, DueKind::Send, None, day.as_deref())
    }

    pub(super) fn set_license_end(
        &self,
        user: UserId,
        pool: PoolId,
        day: Option<Date>,
    ) -> Result<()> {
        let text = day.map(|it| it.to_string());
        self.set_due(user, DueKind::LicenseEnd, Some(pool), text.as_deref())?;
        match text {
            Some(day) => self.hit(
                "INSERT INTO license_ends (user, pool, ends_on) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (user, pool) DO UPDATE SET ends_on = ?3",
                params![user.as_bytes(), pool.as_bytes(), day],
            ),
            None => self.hit(
                "DELETE FROM license_ends WHERE user = ?1 AND pool = ?2",
                params![user.as_bytes(), pool.as_bytes()],
            ),
        }
    }

    /// The days of retention begin with a deletion, and end with a return.
    pub(super) fn retain(&self, user: UserId, before: Status, after: Status) -> Result<()> {
        match (before, after) {
            (Status::Deleted, Status::Deleted) => Ok(()),
            (_, Status::Deleted) => {
                let day = Date::of_utc(self.at).to_string();
                self.set_due(user, DueKind::Erase, None, Some(&day))
            }
            (Status::Deleted, _) => self.set_due(user, DueKind::Erase, None, None),
            _ => Ok(()),
        }
    }

    /// Nothing is due any more for somebody who was erased, and no date of theirs is kept.
    pub(super) fn forget_dates(&self, user: UserId) -> Result<()> {
        for sql in [
            "DELETE FROM due WHERE user = ?1",
            "DELETE FROM due_done WHERE user = ?1",
            "DELETE FROM license_ends WHERE user = ?1",
        ] {
            self.run(sql, [user.as_bytes()])?;
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The first day, after one if that is named, on which something of a kind is to be done.
    pub(crate) fn first_due(&self, kind: DueKind, after: Option<Date>) -> Result<Option<Date>> {
        let after = after.map_or_else(String::new, |it| it.to_string());
        let sql = "SELECT day FROM due WHERE kind = ?1 AND day > ?2 ORDER BY day LIMIT 1";
        self.one(sql, params![kind.as_str(), after], |row| {
            word(row, 0, |it| it.parse::<Date>().ok())
        })
    }

    /// The days after one on which something of a kind is to be done, and to how many.
    pub(crate) fn due_days(&self, kind: DueKind, after: Date) -> Result<Vec<(Date, i64)>> {
        let sql = "SELECT day, count(*) FROM due WHERE kind = ?1 AND day > ?2 GROUP BY day";
        self.all(sql, params![kind.as_str(), after.to_string()], |row| {
            let day = word(row, 0, |it| it.parse::<Date>().ok())?;
            Ok((day, row.get(1)?))
        })
    }

    /// To whom something of a kind is to be done on a day, in order of their ids.
    pub(crate) fn due_on(
        &self,
        kind: DueKind,
        day: Date,
        limit: i64,
    ) -> Result<Vec<(UserId, Option<PoolId>)>> {
        let sql =
            "SELECT user, pool FROM due WHERE kind = ?1 AND day = ?2 ORDER BY user, pool LIMIT ?3";
        self.all(sql, params![kind.as_str(), day.to_string(), limit], |row| {
            let pool = pool_of(row.get_ref(1)?.as_blob()?);
            Ok((UserId::from_bytes(row.get(0)?), pool))
        })
    }

    /// Whether something of a kind is to be done to a person on a day.
    pub(crate) fn is_due(&self, kind: DueKind, day: Date, user: UserId) -> Result<bool> {
        let sql = "SELECT 1 FROM due WHERE kind = ?1 AND user = ?2 AND day = ?3 LIMIT 1";
        let found = self.one(
            sql,
            params![kind.as_str(), user.as_bytes(), day.to_string()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Whether something was carried out for somebody on a day.
    pub(crate) fn was_done(
        &self,
        user: UserId,
        kind: DueKind,
        pool: Option<PoolId>,
        day: Date,
    ) -> Result<bool> {
        let sql = "SELECT 1 FROM due_done WHERE user = ?1 AND kind = ?2 AND pool = ?3 AND day = ?4";
        let found = self.one(
            sql,
            params![user.as_bytes(), kind.as_str(), key(pool), day.to_string()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Until when a person's licenses were agreed, for those pools that have an end.
    pub(crate) fn license_ends(&self, user: UserId) -> Result<Vec<(PoolId, Date)>> {
        let sql = "SELECT pool, ends_on FROM license_ends WHERE user = ?1";
        self.all(sql, [user.as_bytes()], |row| {
            let day = word(row, 1, |it| it.parse::<Date>().ok())?;
            Ok((PoolId::from_bytes(row.get(0)?), day))
        })
    }

    /// Whether any license has an end.
    pub(crate) fn has_license_ends(&self) -> Result<bool> {
        let found = self.one("SELECT 1 FROM license_ends LIMIT 1", [], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Whether any mail was ever put out for a person.
    pub(crate) fn was_mailed(&self, user: UserId) -> Result<bool> {
        let sql = "SELECT 1 FROM outbox WHERE user = ?1 LIMIT 1";
        Ok(self.one(sql, [user.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// For how many days deleted people are kept.
    pub(crate) fn retention_days(&self) -> Result<i64> {
        Ok(i64::from(self.settings()?.retention_days))
    }
}
