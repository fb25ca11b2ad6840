//! Looking back: people and pools as they stood, told from the history.

use rusqlite::{Row, params};

use super::history::recorded_row;
use super::{Read, closed_at};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Hold, Period, Pool, PoolId, Slice, Step, Timestamp, UserId, When};
use crate::past::{Moment, Past, Person, PoolsThen};
use crate::store::events::Reader;
use crate::store::snapshot::Snapshot;

/// One license of a person's, from when they wanted or held it until they did no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Of which pool.
    pub pool: PoolId,
    /// How they hold it, or did at last.
    pub state: Hold,
    /// Since when.
    pub since: Timestamp,
    /// When it was consumed, if it was.
    pub consumed_at: Option<Timestamp>,
    /// When it went; none while it has not.
    pub until: Option<Timestamp>,
    /// Whether it stood for the seat itself, by a fallback.
    pub stands_for_access: bool,
}

impl Read<'_> {
    /// The place in the history that people name so. A later instant than now is now.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] for a batch that is not there, [`crate::Error::Invalid`] for what is still to come.
    pub fn moment(&self, when: &When) -> Result<Moment> {
        let moment = self.place_at(when)?;
        if moment.at > self.now {
            return Err(Error::invalid(
                "instant",
                format!("{} is still to come", moment.at),
                "name one that has passed; `usher due` shows what is set for days to come",
            ));
        }
        Ok(moment)
    }

    fn place_at(&self, when: &When) -> Result<Moment> {
        match when {
            When::At(at) => self.together(|snapshot| moment_at(snapshot, *at)),
            When::Day(day) => self.together(|snapshot| {
                moment_at(snapshot, day.start_in(&snapshot.organization()?.time_zone))
            }),
            When::Before(batch) => {
                let batch = self.find_batch(batch)?;
                self.together(|snapshot| {
                    Ok(Moment {
                        at: batch.at,
                        batch: batch.seq - 1,
                        event: last_event_of(snapshot, batch.seq - 1)?,
                    })
                })
            }
        }
    }

    /// The place just before what people name so: before everything of that instant, that day or that batch.
    ///
    /// # Errors
    /// See [`Read::moment`].
    pub fn moment_before(&self, when: &When) -> Result<Moment> {
        let start = match when {
            When::At(at) => *at,
            When::Day(day) => day.start_in(&self.organization()?.time_zone),
            When::Before(_) => return self.place_at(when),
        };
        self.place_at(&When::At(start.plus_millis(-1)))
    }

    /// The place just after what people name so: after everything of that instant, that day or that batch.
    ///
    /// # Errors
    /// See [`Read::moment`].
    pub fn moment_after(&self, when: &When) -> Result<Moment> {
        match when {
            When::At(_) => self.place_at(when),
            When::Day(day) => {
                let end = day.end_in(&self.organization()?.time_zone);
                self.place_at(&When::At(end))
            }
            When::Before(batch) => {
                let batch = self.find_batch(batch)?;
                self.together(|snapshot| {
                    Ok(Moment {
                        at: batch.at,
                        batch: batch.seq,
                        event: last_event_of(snapshot, batch.seq)?,
                    })
                })
            }
        }
    }

    /// Every license that a person ever wanted or held, in order, until now or until a moment.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn licenses_ever(&self, user: UserId, until: Option<Moment>) -> Result<Vec<Held>> {
        let until = until.map_or(i64::MAX, |it| it.event);
        self.together(|snapshot| {
            if !self.sees(snapshot, user)? {
                return Ok(Vec::new());
            }
            licenses_ever(snapshot, user, until)
        })
    }

    /// A person as they stood, if whoever reads may see them now; none before they were on the roster. Costs what their own history costs.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn person_at(&self, user: UserId, moment: Moment) -> Result<Option<Person>> {
        let fields = self.custom_fields()?;
        self.together(|snapshot| {
            let Some(seq) = seq_of(snapshot, user)? else {
                return Ok(None);
            };
            if !self.sees(snapshot, user)? {
                return Ok(None);
            }
            let events = events_of(snapshot, &mut Reader::new(snapshot.conn), user)?;
            let told = Person::told(user, seq, &events, moment.event);
            Ok(told.map(|mut it| {
                it.memberships.retain(|it| self.knows_group(it.group));
                if !self.viewer.sees_all_fields {
                    it.fields
                        .retain(|it| fields.iter().any(|field| field.id == it.0));
                }
                it.user = self.shown(it.user);
                it
            }))
        })
    }

    /// Every pool that there was, as it stood.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody: how many there were tells about people.
    pub fn pools_at(&self, moment: Moment) -> Result<Vec<Pool>> {
        self.sees_all("seats of the past")?;
        self.together(|snapshot| {
            let pools = pools_then(snapshot, &agreements(snapshot)?, moment)?;
            closed_at(snapshot, pools, moment.at)
        })
    }

    /// Every pool as it stood at the end of each piece of a period, cut in the organization's time zone.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] when there would be too many pieces; else as [`Read::pools_at`].
    pub fn pools_over(&self, period: Period, by: Step) -> Result<Vec<(Slice, Vec<Pool>)>> {
        self.sees_all("seats of the past")?;
        self.together(|snapshot| {
            let organization = snapshot.organization()?;
            let agreements = agreements(snapshot)?;
            let slices = period.slices(
                by,
                &organization.time_zone,
                organization.created_at,
                self.now,
            )?;
            let then = slices.into_iter().map(|slice| {
                let moment = moment_at(snapshot, slice.end)?;
                let pools = pools_then(snapshot, &agreements, moment)?;
                Ok((slice, closed_at(snapshot, pools, moment.at)?))
            });
            then.collect()
        })
    }
}

/// The place after the last batch that was applied by an instant. Batches are numbered in the order of their commits, and
/// their instants fall only where the clock was set back; what came before that has happened, whatever the clock said.
pub(in crate::store) fn moment_at(snapshot: &Snapshot<'_>, at: Timestamp) -> Result<Moment> {
    let begun = snapshot.one(
        "SELECT max(first_batch) FROM clock_runs WHERE at <= ?1",
        [at.as_millis()],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    let begun = begun.flatten().unwrap_or(0);
    let next = snapshot.one(
        "SELECT min(first_batch) FROM clock_runs WHERE first_batch > ?1",
        [begun],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    let (mut applied, mut after) = match next.flatten() {
        Some(next) => (begun, next),
        None => (begun, snapshot.last_batch()? + 1),
    };
    while after - applied > 1 {
        let middle = applied + (after - applied) / 2;
        if snapshot.instant_of_batch(middle)? <= at {
            applied = middle;
        } else {
            after = middle;
        }
    }
    Ok(Moment {
        at,
        batch: applied,
        event: last_event_of(snapshot, applied)?,
    })
}

impl Snapshot<'_> {
    /// When a batch was applied; the beginning of time before the first.
    pub(in crate::store) fn instant_of_batch(&self, seq: i64) -> Result<Timestamp> {
        let sql = "SELECT at FROM batches WHERE seq = ?1";
        let at = self.one(sql, [seq], |row| row.get(0))?;
        Ok(Timestamp::from_millis(at.unwrap_or(i64::MIN)))
    }
}

fn last_event_of(snapshot: &Snapshot<'_>, batch: i64) -> Result<i64> {
    let sql = "SELECT first_event + changes - 1 FROM batches WHERE seq = ?1";
    Ok(snapshot.one(sql, [batch], |row| row.get(0))?.unwrap_or(0))
}

fn seq_of(snapshot: &Snapshot<'_>, user: UserId) -> Result<Option<i64>> {
    let sql = "SELECT seq FROM users WHERE id = ?1";
    snapshot.one(sql, [user.as_bytes()], |row| row.get(0))
}

/// Everything that ever happened to a person, oldest first.
fn events_of(snapshot: &Snapshot<'_>, reader: &mut Reader<'_>, user: UserId) -> Result<Vec<Past>> {
    let sql = "SELECT events.seq, events.user, events.kind, events.body, events.batch, batches.at \
        FROM events JOIN batches ON batches.seq = events.batch WHERE events.user = ?1 ORDER BY events.seq";
    let rows = snapshot.all(sql, [user.as_bytes()], |row| {
        let at = Timestamp::from_millis(row.get(5)?);
        Ok((recorded_row(row)?, row.get::<_, i64>(4)?, at))
    })?;
    let events = rows.into_iter().map(|(recorded, batch, at)| {
        Ok(Past {
            seq: recorded.seq,
            batch,
            at,
            change: reader.change(&recorded)?,
        })
    });
    events.collect()
}

/// Everything that was ever agreed for pools, oldest first.
fn agreements(snapshot: &Snapshot<'_>) -> Result<Vec<(i64, Change)>> {
    let sql = "SELECT seq, user, kind, body FROM events WHERE user IS NULL AND kind IN ('pool_added', 'pool_terms') \
        ORDER BY seq";
    let mut reader = Reader::new(snapshot.conn);
    let mut agreements = Vec::new();
    for recorded in snapshot.all(sql, [], recorded_row)? {
        agreements.extend(reader.change(&recorded)?.map(|it| (recorded.seq, it)));
    }
    Ok(agreements)
}

fn pools_then(
    snapshot: &Snapshot<'_>,
    agreements: &[(i64, Change)],
    moment: Moment,
) -> Result<Vec<Pool>> {
    let mut then = PoolsThen::agreed(agreements, moment);
    let sql = "SELECT event, pool, reserved, consumed, queued FROM checkpoints \
        WHERE event = (SELECT max(event) FROM checkpoints WHERE event <= ?1)";
    let counts = snapshot.all(sql, [moment.event], |row| {
        let counts = [row.get(2)?, row.get(3)?, row.get(4)?];
        Ok((
            row.get::<_, i64>(0)?,
            PoolId::from_bytes(row.get(1)?),
            counts,
        ))
    })?;
    let counted_at = counts.first().map_or(0, |it| it.0);
    for (_, pool, counts) in counts {
        then.counted(pool, counts);
    }
    let sql = "SELECT seq, user, kind, body FROM events WHERE seq > ?1 AND seq <= ?2 AND kind = 'license' ORDER BY seq";
    let since = |row: &Row<'_>| recorded_row(row);
    let mut reader = Reader::new(snapshot.conn);
    for recorded in snapshot.all(sql, params![counted_at, moment.event], since)? {
        if let Some(change) = reader.change(&recorded)? {
            then.hear(&change);
        }
    }
    Ok(then.end())
}

/// Every license that a person ever had, from the events of their licenses.
fn licenses_ever(snapshot: &Snapshot<'_>, user: UserId, until: i64) -> Result<Vec<Held>> {
    let sql = "SELECT events.seq, events.user, events.kind, events.body, batches.at FROM events \
        JOIN batches ON batches.seq = events.batch \
        WHERE events.user = ?1 AND events.seq <= ?2 AND events.kind = 'license' ORDER BY events.seq";
    let found = snapshot.all(sql, params![user.as_bytes(), until], |row| {
        Ok((recorded_row(row)?, Timestamp::from_millis(row.get(4)?)))
    })?;
    let mut reader = Reader::new(snapshot.conn);
    let mut held: Vec<Held> = Vec::new();
    for (recorded, at) in found {
        let Some(Change::License {
            pool,
            after,
            stands_for_access,
            ..
        }) = reader.change(&recorded)?
        else {
            continue;
        };
        let open = held
            .iter_mut()
            .find(|it| it.pool == pool && it.until.is_none());
        match (open, after) {
            (Some(open), Hold::None) => open.until = Some(at),
            (Some(open), state) => {
                if state == Hold::Consumed && open.state != Hold::Consumed {
                    open.consumed_at = Some(at);
                }
                open.state = state;
                open.stands_for_access = stands_for_access;
            }
            (None, Hold::None) => {}
            (None, state) => held.push(Held {
                pool,
                state,
                since: at,
                consumed_at: (state == Hold::Consumed).then_some(at),
                until: None,
                stands_for_access,
            }),
        }
    }
    Ok(held)
}
