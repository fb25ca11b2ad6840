//! What happened: batches, their events, and the chain that both hang on.

use rusqlite::types::Value;
use rusqlite::{Row, params};

use super::Read;
use crate::error::{Error, Result};
use crate::model::{Actor, Batch, BatchId, Door, Event, Timestamp, UserId};
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

macro_rules! batch_columns {
    () => {
        "batches.id, batches.seq, batches.actor_kind, batches.actor, batches.door, batches.command, batches.at, \
         batches.changes, batches.people, batches.caused_by, batches.undoes, \
         (SELECT id FROM batches AS undoing WHERE undoing.undoes = batches.id ORDER BY seq DESC LIMIT 1)"
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
    })
}

impl Read<'_> {
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

    /// Whoever sees less than everybody sees of the batches what they applied themselves.
    pub(super) fn only_own(&self) -> Option<UserId> {
        match self.sight.as_ref()?.authority.actor() {
            Actor::Administrator(user) | Actor::Person(user) => Some(user),
            _ => None,
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
            history(
                snapshot,
                page,
                people.filter(|_| page.user.is_none()),
                self.now,
            )
        })
    }

    /// Walks the whole chain of events and names the first bad link.
    ///
    /// # Errors
    /// See [`Read::organization`]; a broken chain is an answer, not an error.
    pub fn audit_verify(&self) -> Result<AuditReport> {
        self.together(|snapshot| events::verify(snapshot.conn))
    }

    /// The end of the chain, to be kept elsewhere.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn audit_head(&self) -> Result<Head> {
        events::exported_head(self.snapshot()?.conn)
    }
}

fn history(
    snapshot: &Snapshot<'_>,
    page: &HistoryPage,
    only: Option<&Expr>,
    now: Timestamp,
) -> Result<Vec<Event>> {
    const SELECT: &str = "SELECT events.seq, events.user, events.kind, events.body, batches.at, batches.actor_kind, batches.actor, \
        batches.door, batches.id FROM events JOIN batches ON batches.seq = events.batch WHERE events.seq > ?1 AND events.seq < ?2";
    let after = page.after.unwrap_or(0);
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let row = |row: &Row<'_>| {
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
    };
    let order = if page.before.is_some() { "DESC" } else { "ASC" };
    let (mut first, mut end) = (after, page.before.unwrap_or(i64::MAX));
    if let Some(batch) = page.batch {
        let sql = "SELECT first_event, first_event + changes FROM batches WHERE id = ?1";
        let range: Option<(i64, i64)> = snapshot.one(sql, [batch.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let range = range.ok_or_else(|| Error::not_found("batch", batch))?;
        (first, end) = (first.max(range.0 - 1), end.min(range.1));
    }
    let found = match page.user {
        None if only.is_some() => {
            let (seen, seen_bound) = seen_events(snapshot, only, now)?;
            let mut bound: Vec<Value> = seen_bound;
            let sql = format!(
                "{} AND {seen} ORDER BY events.seq {order} LIMIT ?",
                SELECT.replace("?1", "?").replace("?2", "?")
            );
            bound.splice(0..0, [Value::Integer(first), Value::Integer(end)]);
            bound.push(Value::Integer(limit));
            snapshot.all(&sql, rusqlite::params_from_iter(bound), row)?
        }
        None => snapshot.all(
            &format!("{SELECT} ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit],
            row,
        )?,
        Some(user) => snapshot.all(
            &format!("{SELECT} AND events.user = ?4 ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit, user.as_bytes()],
            row,
        )?,
    };
    let mut reader = events::Reader::new(snapshot.conn);
    found
        .into_iter()
        .map(|(recorded, event)| {
            Ok(Event {
                change: reader.change(&recorded)?,
                ..event
            })
        })
        .collect()
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
