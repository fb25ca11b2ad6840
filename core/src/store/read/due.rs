//! What is coming, read in the order in which it acts: from one index, by keys, never by offset.

use std::collections::HashSet;

use rusqlite::types::Value;

use super::super::snapshot::word;
use super::super::{Snapshot, compile};
use super::Read;
use crate::capacity::Ledger;
use crate::command::why_nothing;
use crate::draw::{Draw, Draws};
use crate::error::Result;
use crate::model::{
    Actor, Date, Door, Due, DueKind, DueWhat, PoolId, TimeZoneName, Timestamp, UserId,
};
use crate::planner::Planner;
use crate::query::Expr;

/// A page of what is coming.
#[derive(Clone, Debug, Default)]
pub struct DuePage {
    /// Only what is done to these people; everything without it.
    pub query: Option<Expr>,
    /// Only what comes after this.
    pub after: Option<Due>,
    /// How many at most.
    pub limit: usize,
}

impl Read<'_> {
    /// What is coming and what is overdue, the next first.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn due(&self, page: &DuePage) -> Result<Vec<Due>> {
        // Whoever sees a part of the people is told what comes to these, and nothing of the pools.
        let query = match (&page.query, &self.sight) {
            (Some(query), _) => Some(self.seen_of(query)?),
            (None, sight) => sight.as_ref().map(|it| it.people.clone()),
        };
        let page = DuePage {
            query,
            ..page.clone()
        };
        self.together(|snapshot| due(snapshot, &page, self.now))
    }

    /// The first instant at which something acts that has not yet; none when nothing is coming.
    ///
    /// # Errors
    /// See [`Read::due`]; [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn next_due(&self) -> Result<Option<Timestamp>> {
        self.sees_all("dates of everybody")?;
        self.together(|snapshot| {
            let zone = snapshot.organization()?.time_zone;
            let mut next: Option<Timestamp> = None;
            let mut soonest = |at: Timestamp| next = Some(next.map_or(at, |it| it.min(at)));
            for kind in DueKind::ALL {
                if let Some(day) = snapshot.first_due(kind, None)? {
                    soonest(acts_on(snapshot, kind, day)?.start_in(&zone));
                }
            }
            for pool in snapshot.pools()?.iter().filter(|it| it.queued > 0) {
                let start = pool.terms.starts_on.map(|it| it.start_in(&zone));
                if let Some(start) = start.filter(|it| *it > self.now) {
                    soonest(start);
                }
            }
            Ok(next)
        })
    }

    /// The kinds and days that have begun and are not done, in the order in which they are to be: overdue ones first.
    pub(crate) fn begun_due(&self) -> Result<Vec<(DueKind, Date)>> {
        self.together(|snapshot| {
            let zone = snapshot.organization()?.time_zone;
            let begun = Date::newest_begun(self.now, &zone);
            let mut found = Vec::new();
            for kind in DueKind::ALL {
                let mut after = None;
                while let Some(day) = snapshot.first_due(kind, after)? {
                    let acts_on = acts_on(snapshot, kind, day)?;
                    if acts_on > begun {
                        break;
                    }
                    found.push((acts_on, kind, day));
                    after = Some(day);
                }
            }
            found.sort_unstable();
            Ok(found.into_iter().map(|it| (it.1, it.2)).collect())
        })
    }

    /// Whether somebody waits whom there is room for, as on the first day of a pool.
    pub(crate) fn can_promote(&self) -> Result<bool> {
        self.together(|snapshot| {
            let zone = snapshot.organization()?.time_zone;
            Ok(!who_can_move_up(snapshot, self.now, &zone)?.is_empty())
        })
    }

    /// Whether mails wait that no date of anybody's causes: reminders of invitations, and notices of deletions ahead. A server
    /// puts them out; whoever does not see everybody is told of none.
    ///
    /// # Errors
    /// See [`Read::due`].
    pub fn has_mails_due(&self) -> Result<bool> {
        if self.sight.is_some() {
            return Ok(false);
        }
        self.has_reminders_due()
    }

    /// Why nothing would come of each of these if it were done now, as people stand today; none where something would, and
    /// where nobody is concerned whom the reader sees.
    ///
    /// # Errors
    /// See [`Read::due`].
    pub fn why_nothing_comes(&self, due: &[Due]) -> Result<Vec<Option<String>>> {
        self.together(|snapshot| {
            let people = due.iter().filter_map(|it| match it.what {
                DueWhat::Person { user, .. } => Some(user),
                _ => None,
            });
            let people: Vec<UserId> = people.collect();
            let seen: HashSet<UserId> =
                self.only_seen(snapshot, &people)?.iter().copied().collect();
            // It plans nothing, so that nothing is drawn.
            let draw = Draw {
                at: self.now,
                seed: [0; 32],
            };
            let (actor, door) = (Actor::Scheduler, Door::Schedule);
            let mut planner = Planner::new(snapshot, actor, door, self.now, Draws::new(draw))?;
            let mut reasons = Vec::with_capacity(due.len());
            for it in due {
                reasons.push(match it.what {
                    DueWhat::Person { kind, user, pool } if seen.contains(&user) => {
                        let user = planner.user(user)?;
                        why_nothing(&mut planner, kind, &user, pool)?
                    }
                    _ => None,
                });
            }
            Ok(reasons)
        })
    }

    /// Until when these people's licenses were agreed, for those that have an end.
    ///
    /// # Errors
    /// See [`Read::due`].
    pub fn license_ends_of(&self, users: &[UserId]) -> Result<Vec<(UserId, PoolId, Date)>> {
        self.together(|snapshot| {
            let mut ends = Vec::new();
            for user in self.only_seen(snapshot, users)?.iter() {
                let all = snapshot.license_ends(*user)?;
                ends.extend(all.into_iter().map(|(pool, day)| (*user, pool, day)));
            }
            Ok(ends)
        })
    }
}

/// The pools of which somebody waits whom there is room for.
fn who_can_move_up(
    snapshot: &Snapshot<'_>,
    now: Timestamp,
    zone: &TimeZoneName,
) -> Result<Vec<PoolId>> {
    let pools = snapshot.pools()?;
    let waiting = pools.iter().filter(|it| it.queued > 0);
    let waiting: Vec<PoolId> = waiting.map(|it| it.id).collect();
    let mut found = Vec::new();
    if waiting.is_empty() {
        return Ok(found);
    }
    let ledger = Ledger::new(pools, now, zone);
    for pool in waiting {
        let line = ledger.line(pool)?;
        let (purchased, with_grace) = (line.room(false), line.room(true));
        if with_grace > 0
            && !snapshot
                .who_moves_up(pool, purchased, with_grace)?
                .is_empty()
        {
            found.push(pool);
        }
    }
    Ok(found)
}

/// The first day on which something of a stored day acts.
fn acts_on(snapshot: &Snapshot<'_>, kind: DueKind, day: Date) -> Result<Date> {
    Ok(day.plus_days(shift(snapshot, kind)?))
}

/// How many days after the stored one something acts: an erasing once the days of retention after the deletion are over.
fn shift(snapshot: &Snapshot<'_>, kind: DueKind) -> Result<i64> {
    match kind {
        DueKind::Erase => Ok(snapshot.retention_days()? + 1),
        _ => Ok(0),
    }
}

fn due(snapshot: &Snapshot<'_>, page: &DuePage, now: Timestamp) -> Result<Vec<Due>> {
    let zone = snapshot.organization()?.time_zone;
    let mut found = Vec::new();
    for kind in DueKind::ALL {
        found.extend(of_kind(snapshot, kind, page, now, &zone)?);
    }
    if page.query.is_none() {
        found.extend(of_pools(snapshot, page, now, &zone)?);
    }
    found.sort_unstable_by_key(|it| (it.day, it.what));
    found.truncate(page.limit);
    Ok(found)
}

fn of_pools(
    snapshot: &Snapshot<'_>,
    page: &DuePage,
    now: Timestamp,
    zone: &TimeZoneName,
) -> Result<Vec<Due>> {
    let mut found = Vec::new();
    let comes =
        |day: Date, what: DueWhat| page.after.is_none_or(|it| (day, what) > (it.day, it.what));
    let today = Date::newest_begun(now, zone);
    for pool in who_can_move_up(snapshot, now, zone)? {
        let what = DueWhat::Promotion(pool);
        if comes(today, what) {
            let at = today.start_in(zone);
            found.push(Due {
                at,
                day: today,
                what,
            });
        }
    }
    for pool in snapshot.pools()? {
        let days = [
            (pool.terms.starts_on, DueWhat::PoolStart(pool.id)),
            (pool.terms.ends_on, DueWhat::PoolEnd(pool.id)),
        ];
        for (day, what) in days {
            let Some(day) = day else { continue };
            let at = day.start_in(zone);
            if at > now && comes(day, what) {
                found.push(Due { at, day, what });
            }
        }
    }
    Ok(found)
}

fn of_kind(
    snapshot: &Snapshot<'_>,
    kind: DueKind,
    page: &DuePage,
    now: Timestamp,
    zone: &TimeZoneName,
) -> Result<Vec<Due>> {
    let shift = shift(snapshot, kind)?;
    let (day, user, pool) = past(page.after.as_ref(), kind, shift);
    let mut bindings: Vec<Value> = vec![
        kind.as_str().to_owned().into(),
        day.into(),
        user.into(),
        pool.into(),
    ];
    let mut sql = "SELECT due.day, due.user, due.pool FROM due".to_owned();
    let mut condition = String::new();
    if let Some(query) = &page.query {
        let compiled = compile::compile(query, now, snapshot.viewer);
        sql.push_str(" JOIN users ON users.id = due.user");
        condition = format!(" AND ({})", compiled.sql);
        bindings.extend(compiled.bindings);
    }
    sql.push_str(" WHERE due.kind = ? AND (due.day, due.user, due.pool) > (?, ?, ?)");
    sql.push_str(&condition);
    sql.push_str(" ORDER BY due.day, due.user, due.pool LIMIT ?");
    bindings.push(Value::Integer(
        i64::try_from(page.limit).unwrap_or(i64::MAX),
    ));
    snapshot.all(&sql, rusqlite::params_from_iter(bindings), |row| {
        let day: Date = word(row, 0, |it| it.parse().ok())?;
        let day = day.plus_days(shift);
        let pool = row.get_ref(2)?.as_blob()?;
        let what = DueWhat::Person {
            kind,
            user: UserId::from_bytes(row.get(1)?),
            pool: pool.try_into().ok().map(PoolId::from_bytes),
        };
        Ok(Due {
            at: day.start_in(zone),
            day,
            what,
        })
    })
}

/// The key behind which the rows of a kind come after the last one of the page before.
fn past(after: Option<&Due>, kind: DueKind, shift: i64) -> (String, Vec<u8>, Vec<u8>) {
    let Some(after) = after else {
        return (String::new(), Vec::new(), Vec::new());
    };
    let day = after.day.plus_days(-shift).to_string();
    match after.what {
        DueWhat::Person {
            kind: last,
            user,
            pool,
        } if last == kind => {
            let pool = pool.map_or_else(Vec::new, |it| it.as_bytes().to_vec());
            (day, user.as_bytes().to_vec(), pool)
        }
        // All of that day are behind, and no id is longer than this.
        DueWhat::Person { kind: last, .. } if last > kind => (day, vec![0xff; 17], Vec::new()),
        _ => (day, Vec::new(), Vec::new()),
    }
}
