//! What happened: batches, their events, and the chain that both hang on.

use rusqlite::types::Value;
use rusqlite::{Row, params};
use std::collections::BTreeSet;

use super::Read;
use crate::error::{Error, Result};
use crate::model::{Actor, Batch, BatchId, ConnectionId, Door, Event, Timestamp, UserId};
use crate::past::Moment;
use crate::query::Expr;
use crate::store::actor;
use crate::store::compile;
use crate::store::events::{self, AuditReport, Head, Recorded};
use crate::store::snapshot::{Snapshot, word};

/// A page of history.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistoryPage {
    /// Only events about this person.
    pub user: Option<UserId>,
    /// Only events of this batch.
    pub batch: Option<BatchId>,
    /// Only events after this number, oldest first.
    pub after: Option<i64>,
    /// Only events before this number, newest first; `i64::MAX` begins at the newest.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

pub(in crate::store) fn recorded_row(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        seq: row.get(0)?,
        user: row.get::<_, Option<[u8; 16]>>(1)?.map(UserId::from_bytes),
        kind: row.get(2)?,
        body: row.get(3)?,
    })
}

/// Which events to read, oldest first.
#[derive(Clone, Debug, Default)]
pub struct HistoryFilter {
    /// Only events about these people.
    pub people: Option<BTreeSet<UserId>>,
    /// Only events of this batch.
    pub batch: Option<BatchId>,
    /// Only what happened after this moment.
    pub since: Option<Moment>,
    /// Only what had happened by this moment.
    pub until: Option<Moment>,
    /// Only what this actor did.
    pub actor: Option<Actor>,
    /// Only what came in through this door.
    pub door: Option<Door>,
}

/// A piece of the history.
#[derive(Debug)]
pub struct HistoryPart {
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// After which event to go on; none when there is no more.
    pub next: Option<i64>,
}

/// Of at most so many people the events are looked up person by person; of more the whole stretch of history is read.
const FEW_PEOPLE: usize = 500;
/// How many events are looked through at once.
const STRETCH: usize = 4_000;

macro_rules! batch_columns {
    () => {
        "batches.id, batches.seq, batches.actor_kind, batches.actor, batches.door, batches.command, batches.at, \
         batches.changes, batches.people, batches.caused_by, batches.undoes, \
         (SELECT id FROM batches AS undoing WHERE undoing.undoes = batches.id ORDER BY seq DESC LIMIT 1), batches.on_behalf"
    };
}

fn batch_row(row: &Row<'_>) -> rusqlite::Result<Batch> {
    let optional = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<[u8; 16]>>(column)?
                .map(BatchId::from_bytes),
        )
    };
    Ok(Batch {
        id: BatchId::from_bytes(row.get(0)?),
        seq: row.get(1)?,
        actor: actor::decode(row, 2)?,
        door: word(row, 4, Door::from_word)?,
        command: row.get(5)?,
        at: Timestamp::from_millis(row.get(6)?),
        changes: row.get(7)?,
        people: row.get(8)?,
        caused_by: optional(9)?,
        undoes: optional(10)?,
        undone_by: optional(11)?,
        on_behalf: row
            .get::<_, Option<[u8; 16]>>(12)?
            .map(ConnectionId::from_bytes),
    })
}

impl Read<'_> {
    /// How many people came, or stand otherwise, by a batch, where it has no more than so many changes; none, too, for those
    /// who see less than all.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn stand_otherwise(&self, batch: BatchId, most: i64) -> Result<Option<i64>> {
        if self.sight.is_some() {
            return Ok(None);
        }
        let sql = "SELECT (SELECT count(DISTINCT events.user) FROM events WHERE events.seq >= batches.first_event \
            AND events.seq < batches.first_event + batches.changes AND events.kind IN ('status', 'user_created')) \
            FROM batches WHERE batches.id = ?1 AND batches.changes <= ?2";
        let bound = rusqlite::params![batch.as_bytes(), most];
        self.snapshot()?.one(sql, bound, |row| row.get(0))
    }

    /// Batches, newest first; older than the batch of that number if given.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn batches(&self, before: Option<i64>, limit: usize) -> Result<Vec<Batch>> {
        if let Some(user) = self.only_own() {
            let sql = concat!(
                "SELECT ",
                batch_columns!(),
                " FROM batches WHERE actor_kind = 'administrator' AND actor = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
            );
            let bound = params![
                user.as_bytes(),
                before.unwrap_or(i64::MAX),
                i64::try_from(limit).unwrap_or(i64::MAX)
            ];
            return self.snapshot()?.all(sql, bound, batch_row);
        }
        let sql = concat!(
            "SELECT ",
            batch_columns!(),
            " FROM batches WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot()?
            .all(sql, [before.unwrap_or(i64::MAX), limit], batch_row)
    }

    /// A batch by id, or by the end or the beginning of one that no other has (at least eight characters).
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] when several match.
    pub fn find_batch(&self, text: &str) -> Result<Batch> {
        let batch = self.find_any_batch(text)?;
        let mine = |user| batch.actor == Actor::Administrator(user);
        if self.only_own().is_none_or(mine) {
            Ok(batch)
        } else {
            Err(Error::not_found("batch", text.trim()))
        }
    }

    fn find_any_batch(&self, text: &str) -> Result<Batch> {
        let text = text.trim();
        let snapshot = self.snapshot()?;
        if let Ok(id) = text.parse::<BatchId>() {
            let sql = concat!("SELECT ", batch_columns!(), " FROM batches WHERE id = ?1");
            return snapshot
                .one(sql, [id.as_bytes()], batch_row)?
                .ok_or_else(|| Error::not_found("batch", text));
        }
        let digits: String = text
            .chars()
            .filter(char::is_ascii_hexdigit)
            .collect::<String>()
            .to_ascii_uppercase();
        if digits.len() < 8
            || digits.len() > 32
            || text.chars().any(|it| !it.is_ascii_hexdigit() && it != '-')
        {
            return Err(Error::invalid(
                "batch",
                "is not an id, nor eight characters of one",
                "copy it from `usher batches`",
            ));
        }
        let sql = concat!(
            "SELECT ",
            batch_columns!(),
            " FROM batches WHERE hex(id) LIKE ?1 || '%' OR hex(id) LIKE '%' || ?1 ORDER BY seq DESC LIMIT 2"
        );
        let mut found = snapshot.all(sql, [digits], batch_row)?;
        match (found.pop(), found.is_empty()) {
            (Some(batch), true) => Ok(batch),
            (Some(_), false) => Err(Error::invalid(
                "batch",
                "is the part of several ids",
                "give more of it",
            )),
            (None, _) => Err(Error::not_found("batch", text)),
        }
    }

    /// Events, oldest first, or newest first before a number.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn history(&self, page: &HistoryPage) -> Result<Vec<Event>> {
        self.together(|snapshot| {
            if let Some(user) = page.user
                && !self.sees(snapshot, user)?
            {
                return Ok(Vec::new());
            }
            let people = self.sight.as_ref().map(|it| &it.people);
            let people = people.filter(|_| page.user.is_none());
            let events = history(snapshot, page, people, self.now)?;
            self.told(snapshot, events)
        })
    }

    /// A piece of the history, oldest first: what a filter lets through after an event, until there are so many.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a batch that is not there.
    pub fn history_of(
        &self,
        filter: &HistoryFilter,
        after: i64,
        limit: usize,
    ) -> Result<HistoryPart> {
        self.together(|snapshot| {
            let sees = |user: Option<UserId>| match (&self.sight, user) {
                (None, _) => Ok(true),
                (Some(_), None) => Ok(false),
                (Some(_), Some(user)) => self.sees(snapshot, user),
            };
            let part = history_of(snapshot, filter, after, limit, sees)?;
            let events = self.told(snapshot, part.events)?;
            Ok(HistoryPart { events, ..part })
        })
    }

    /// How SQLite would answer what somebody did, for tests that refuse scans.
    #[doc(hidden)]
    pub fn explain_history_of(&self, actor: Actor) -> Result<Vec<String>> {
        let (sql, bound) = stretch_of_actor(Some(actor), 0, i64::MAX);
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        self.snapshot()?
            .all(&sql, rusqlite::params_from_iter(bound), |row| row.get(3))
    }

    /// Walks the whole chain of events and names the first bad link.
    ///
    /// # Errors
    /// See [`Read::organization`]; a broken chain is an answer, not an error. [`Error::Forbidden`] for whoever does not see
    /// everybody.
    pub fn audit_verify(&self) -> Result<AuditReport> {
        self.sees_all("proofs of the whole history")?;
        self.together(|snapshot| events::verify(snapshot.conn))
    }

    /// Whether the chain still goes through an end that was exported before. It does not when the end was cut off since, or an
    /// older file was put back.
    ///
    /// # Errors
    /// As [`Read::audit_verify`].
    pub fn audit_holds(&self, head: &Head) -> Result<bool> {
        self.sees_all("proofs of the whole history")?;
        events::holds(self.snapshot()?.conn, head)
    }

    /// The end of the chain, to be kept elsewhere.
    ///
    /// # Errors
    /// As [`Read::audit_verify`].
    pub fn audit_head(&self) -> Result<Head> {
        self.sees_all("proofs of the whole history")?;
        events::exported_head(self.snapshot()?.conn)
    }
}

fn history(
    snapshot: &Snapshot<'_>,
    page: &HistoryPage,
    only: Option<&Expr>,
    now: Timestamp,
) -> Result<Vec<Event>> {
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let order = if page.before.is_some() { "DESC" } else { "ASC" };
    let (mut first, mut end) = (page.after.unwrap_or(0), page.before.unwrap_or(i64::MAX));
    if let Some(batch) = page.batch {
        let range = range_of(snapshot, batch)?;
        (first, end) = (first.max(range.0), end.min(range.1));
    }
    let rows = format!("{EVENT_ROWS} WHERE events.seq > ?1 AND events.seq < ?2");
    let found = match page.user {
        None if only.is_some() => {
            let (seen, seen_bound) = seen_events(snapshot, only, now)?;
            let mut bound: Vec<Value> = seen_bound;
            let sql = format!(
                "{EVENT_ROWS} WHERE events.seq > ? AND events.seq < ? AND {seen} ORDER BY events.seq {order} LIMIT ?"
            );
            bound.splice(0..0, [Value::Integer(first), Value::Integer(end)]);
            bound.push(Value::Integer(limit));
            snapshot.all(&sql, rusqlite::params_from_iter(bound), event_row)?
        }
        None => snapshot.all(
            &format!("{rows} ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit],
            event_row,
        )?,
        Some(user) => snapshot.all(
            &format!("{rows} AND events.user = ?4 ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit, user.as_bytes()],
            event_row,
        )?,
    };
    opened(snapshot, found)
}

const EVENT_ROWS: &str = "SELECT events.seq, events.user, events.kind, events.body, batches.at, batches.actor_kind, batches.actor, \
    batches.door, batches.id FROM events JOIN batches ON batches.seq = events.batch";

type Found = (Recorded, Event);

fn event_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    let recorded = recorded_row(row)?;
    let event = Event {
        seq: recorded.seq,
        at: Timestamp::from_millis(row.get(4)?),
        actor: actor::decode(row, 5)?,
        door: word(row, 7, Door::from_word)?,
        batch: BatchId::from_bytes(row.get(8)?),
        change: None,
        kind: recorded.kind.clone(),
        user: recorded.user,
    };
    Ok((recorded, event))
}

/// The numbers of a batch's events, from before the first to after the last.
fn range_of(snapshot: &Snapshot<'_>, batch: BatchId) -> Result<(i64, i64)> {
    let sql = "SELECT first_event, first_event + changes FROM batches WHERE id = ?1";
    let range: Option<(i64, i64)> = snapshot.one(sql, [batch.as_bytes()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let (first, end) = range.ok_or_else(|| Error::not_found("batch", batch))?;
    Ok((first - 1, end))
}

fn opened(snapshot: &Snapshot<'_>, found: Vec<Found>) -> Result<Vec<Event>> {
    let mut reader = events::Reader::new(snapshot.conn);
    let events = found.into_iter().map(|(recorded, event)| {
        Ok(Event {
            change: reader.change(&recorded)?,
            ..event
        })
    });
    events.collect()
}

fn history_of(
    snapshot: &Snapshot<'_>,
    filter: &HistoryFilter,
    after: i64,
    limit: usize,
    sees: impl Fn(Option<UserId>) -> Result<bool>,
) -> Result<HistoryPart> {
    let mut after = after.max(filter.since.map_or(0, |it| it.event));
    let mut end = filter
        .until
        .map_or(i64::MAX, |it| it.event.saturating_add(1));
    if let Some(batch) = filter.batch {
        let range = range_of(snapshot, batch)?;
        (after, end) = (after.max(range.0), end.min(range.1));
    }
    let wanted = |(_, event): &Found| {
        let person = |people: &BTreeSet<UserId>| event.user.is_some_and(|it| people.contains(&it));
        filter.people.as_ref().is_none_or(person)
            && filter.actor.is_none_or(|it| it == event.actor)
            && filter.door.is_none_or(|it| it == event.door)
    };
    let mut found: Vec<Found> = Vec::new();
    loop {
        let stretch = match &filter.people {
            Some(people) if people.len() <= FEW_PEOPLE => {
                stretch_of_few(snapshot, people, after, end)?
            }
            _ if filter.actor.is_some() => {
                let (sql, bound) = stretch_of_actor(filter.actor, after, end);
                snapshot.all(&sql, rusqlite::params_from_iter(bound), event_row)?
            }
            _ => snapshot.all(
                &format!("{EVENT_ROWS} WHERE events.seq > ?1 AND events.seq < ?2 ORDER BY events.seq LIMIT ?3"),
                params![after, end, STRETCH as i64],
                event_row,
            )?,
        };
        let full = stretch.len() >= STRETCH;
        for it in stretch {
            after = it.1.seq;
            if wanted(&it) && sees(it.1.user)? {
                found.push(it);
                if found.len() >= limit {
                    let events = opened(snapshot, found)?;
                    let next = Some(after);
                    return Ok(HistoryPart { events, next });
                }
            }
        }
        if !full {
            let events = opened(snapshot, found)?;
            return Ok(HistoryPart { events, next: None });
        }
    }
}

/// The statement for the next events of somebody's batches. The index of their batches is named by its own condition;
/// providers have none, because they make most of the batches.
fn stretch_of_actor(actor: Option<Actor>, after: i64, end: i64) -> (String, Vec<Value>) {
    let (kind, id) = actor.map(actor::encode).unzip();
    let (kind, id) = (kind.unwrap_or_default(), id.flatten());
    let index = match kind {
        "administrator" => "batches.actor_kind = 'administrator'",
        "connection" => "1",
        _ => "batches.actor_kind NOT IN ('connection', 'administrator')",
    };
    let sql = format!(
        "SELECT events.seq, events.user, events.kind, events.body, batches.at, batches.actor_kind, batches.actor, \
         batches.door, batches.id FROM batches CROSS JOIN events \
         ON events.seq >= max(batches.first_event, ?) AND events.seq < min(batches.first_event + batches.changes, ?) \
         WHERE {index} AND batches.actor_kind = ? AND batches.actor IS ? \
         AND batches.seq >= (SELECT batch FROM events WHERE seq > ? ORDER BY seq LIMIT 1) \
         ORDER BY batches.seq, events.seq LIMIT ?"
    );
    let bound = vec![
        Value::Integer(after.saturating_add(1)),
        Value::Integer(end),
        Value::Text(kind.to_owned()),
        id.map_or(Value::Null, |it| Value::Blob(it.to_vec())),
        Value::Integer(after),
        Value::Integer(STRETCH as i64),
    ];
    (sql, bound)
}

/// The next events of a few people, each person's looked up by themself.
fn stretch_of_few(
    snapshot: &Snapshot<'_>,
    people: &BTreeSet<UserId>,
    after: i64,
    end: i64,
) -> Result<Vec<Found>> {
    let mut seqs: Vec<i64> = Vec::new();
    for user in people {
        let sql = "SELECT seq FROM events WHERE user = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4";
        let stretch = STRETCH as i64;
        seqs.extend(
            snapshot.all(sql, params![user.as_bytes(), after, end, stretch], |row| {
                row.get::<_, i64>(0)
            })?,
        );
    }
    seqs.sort_unstable();
    seqs.truncate(STRETCH);
    let sql = format!("{EVENT_ROWS} WHERE events.seq = ?1");
    let mut found = Vec::with_capacity(seqs.len());
    for seq in seqs {
        found.extend(snapshot.one(&sql, [seq], event_row)?);
    }
    Ok(found)
}

/// The events about the people whom somebody sees. Few people are listed first, and their events found by the index.
fn seen_events(
    snapshot: &Snapshot<'_>,
    people: Option<&Expr>,
    now: Timestamp,
) -> Result<(String, Vec<Value>)> {
    let Some(people) = people else {
        return Ok(("1".to_owned(), Vec::new()));
    };
    let compiled = compile::compile_page(snapshot, people, now, true)?;
    let sql = if compiled.lists_all() {
        format!(
            "events.user IN (SELECT users.id FROM users WHERE {})",
            compiled.sql
        )
    } else {
        format!(
            "EXISTS (SELECT 1 FROM users WHERE users.id = events.user AND ({}))",
            compiled.sql
        )
    };
    Ok((sql, compiled.bindings))
}
