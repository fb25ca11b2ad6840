//! History: changes as recorded, chained by hash. Personal values are encrypted under the person's own key and the chain
//! runs over the ciphertext, so that throwing the key away destroys them and breaks nothing.

mod chain;
mod created;
mod decoded;
mod encoded;
mod missing;
mod named;
mod sealed;

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::together::{AT_ONCE, Insert};
use super::{Snapshot, actor, ahead, broken};
use crate::change::Change;
use crate::draw::Draw;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::progress::Progress;

use chain::{chain, head};
pub(crate) use decoded::decode;
pub(crate) use encoded::encode;
use sealed::seal;

pub use chain::{AuditReport, BadLink, Head};
pub(super) use chain::{BatchHead, exported_head, hex, holds, verify};
pub(super) use named::forget_addresses_of;
pub(super) use sealed::{Keys, Nonces, Reader, Recorded};

static EVENTS: Insert = Insert::new("INSERT INTO events (seq, batch, user, kind, body, hash)", 6);

/// The end of the history, which the next batch follows.
#[derive(Clone, Copy)]
pub(super) struct Tip {
    batch: i64,
    /// When that batch was applied.
    at: Timestamp,
    event: i64,
    hash: [u8; 32],
}

impl Tip {
    /// As it is in the database.
    pub(super) fn of(conn: &Connection) -> Result<Self> {
        let (event, hash) = head(conn)?;
        let snapshot = Snapshot::new(conn);
        let batch = snapshot.last_batch()?;
        Ok(Self {
            batch,
            at: snapshot.instant_of_batch(batch)?,
            event,
            hash,
        })
    }

    /// The number of the next batch.
    pub(super) fn next_batch(&self) -> i64 {
        self.batch + 1
    }
}

/// A batch that is appended to the chain, its changes one stretch after the other.
pub(super) struct Recording<'c> {
    conn: &'c Connection,
    batch: i64,
    batch_hash: [u8; 32],
    end: Tip,
}

impl<'c> Recording<'c> {
    /// Begins a batch of so many changes, which are about so many people.
    pub(super) fn begin(
        conn: &'c Connection,
        tip: Tip,
        batch: &BatchHead<'_>,
        (changes, people): (usize, usize),
    ) -> Result<Self> {
        let (kind, id) = actor::encode(batch.actor);
        let count = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
        conn.prepare_cached(
            "INSERT INTO batches (seq, id, actor_kind, actor, door, command, at, caused_by, undoes, first_event, changes, \
             people, on_behalf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )
        .and_then(|mut it| {
            it.execute(params![
                batch.seq,
                batch.id.as_bytes(),
                kind,
                id,
                batch.door.as_str(),
                batch.command,
                batch.at.as_millis(),
                batch.caused_by.as_ref().map(|it| it.as_bytes()),
                batch.undoes.as_ref().map(|it| it.as_bytes()),
                tip.event + 1,
                count(changes),
                count(people),
                batch.on_behalf.as_ref().map(|it| it.as_bytes()),
            ])
        })
        .map_err(broken)?;
        if batch.at < tip.at {
            conn.prepare_cached("INSERT INTO clock_runs (first_batch, at) VALUES (?1, ?2)")
                .and_then(|mut it| it.execute(params![batch.seq, batch.at.as_millis()]))
                .map_err(broken)?;
            super::outbox::clock_set_back(conn, batch.at)?;
        }
        Ok(Self {
            conn,
            batch: batch.seq,
            batch_hash: batch.hash(),
            end: Tip {
                batch: batch.seq,
                at: batch.at,
                ..tip
            },
        })
    }

    /// Appends the changes that follow.
    pub(super) fn append(
        &mut self,
        changes: &[Change],
        nonces: &mut Nonces,
        keys: &Keys,
        progress: &Progress,
    ) -> Result<()> {
        let (conn, batch, batch_hash) = (self.conn, self.batch, self.batch_hash);
        // By the numbers of their events; finding their keys takes the database.
        let mut named: HashMap<i64, Change> = HashMap::new();
        for (seq, change) in (self.end.event + 1..).zip(changes) {
            if let Some(sealed) = named::sealed(conn, change, nonces, seq)? {
                named.insert(seq, sealed);
            }
        }
        let (mut seq, mut previous) = (self.end.event, self.end.hash);
        let record = |change| -> Result<Event<'_>> {
            seq += 1;
            let event = Event::of(change, seq, (&previous, &batch_hash), &named, keys, nonces)?;
            previous = event.hash;
            Ok(event)
        };
        let end = &mut self.end;
        ahead::made(changes, record, |events| {
            let mut some: Vec<Event<'_>> = Vec::with_capacity(changes.len().min(AT_ONCE));
            for _ in changes {
                progress.step()?;
                let missing = || Error::Broken("there is no thread to record changes".into());
                let event: Event<'_> = events.next().ok_or_else(missing)??;
                (end.event, end.hash) = (event.seq, event.hash);
                some.push(event);
                if some.len() == AT_ONCE {
                    keep(conn, batch, &some)?;
                    some.clear();
                }
            }
            keep(conn, batch, &some)
        })
    }

    /// Whoever records the changes that follow, of people who are new. What they record is to be appended at once.
    pub(super) fn recorder<'n>(&self, nonces: &'n mut Nonces, draw: Draw) -> Recorder<'n> {
        Recorder {
            batch_hash: self.batch_hash,
            seq: self.end.event,
            previous: self.end.hash,
            nonces,
            draw,
        }
    }

    /// Appends changes as they were recorded.
    pub(super) fn append_recorded(
        &mut self,
        changes: &[Change],
        recorded: Vec<Written>,
        progress: &Progress,
    ) -> Result<()> {
        let mut events = Vec::with_capacity(recorded.len());
        for (change, Written { body, hash }) in changes.iter().zip(recorded) {
            progress.step()?;
            (self.end.event, self.end.hash) = (self.end.event + 1, hash);
            events.push(Event {
                seq: self.end.event,
                change,
                body,
                hash,
            });
        }
        keep(self.conn, self.batch, &events)
    }

    /// The end of the history from now on.
    pub(super) fn end(self) -> Tip {
        self.end
    }
}

/// A change as it is recorded, at the place that follows.
pub(super) struct Written {
    body: Vec<u8>,
    hash: [u8; 32],
}

/// Records changes of people who are new, without the database.
pub(super) struct Recorder<'n> {
    batch_hash: [u8; 32],
    seq: i64,
    previous: [u8; 32],
    nonces: &'n mut Nonces,
    draw: Draw,
}

impl Recorder<'_> {
    /// Records the changes that follow.
    pub(super) fn record(&mut self, changes: &[Change]) -> Result<Vec<Written>> {
        let keys = Keys::of_newcomers(self.draw);
        let record = |change| {
            self.seq += 1;
            let before = (&self.previous, &self.batch_hash);
            let named = &HashMap::new();
            let event = Event::of(change, self.seq, before, named, &keys, self.nonces)?;
            self.previous = event.hash;
            Ok(Written {
                body: event.body,
                hash: event.hash,
            })
        };
        changes.iter().map(record).collect()
    }
}

/// A change as it is recorded.
struct Event<'c> {
    seq: i64,
    change: &'c Change,
    body: Vec<u8>,
    hash: [u8; 32],
}

impl<'c> Event<'c> {
    fn of(
        change: &'c Change,
        seq: i64,
        (previous, batch): (&[u8; 32], &[u8; 32]),
        named: &HashMap<i64, Change>,
        keys: &Keys,
        nonces: &mut Nonces,
    ) -> Result<Self> {
        let user = change.user();
        let mut body = encode(named.get(&seq).unwrap_or(change))?;
        if let (true, Some(user)) = (change.is_personal(), user) {
            body = seal(&keys.of(user)?, nonces.draw(), seq, &body)?;
        }
        if let Change::Individual { account, .. } = change {
            body = sealed::seal_individual(keys, *account, nonces.draw(), seq, &body)?;
        }
        let hash = chain(
            previous,
            batch,
            seq,
            user.as_ref().map(|it| it.as_bytes().as_slice()),
            change.kind(),
            &body,
        );
        Ok(Self {
            seq,
            change,
            body,
            hash,
        })
    }
}

fn keep(conn: &Connection, batch: i64, events: &[Event<'_>]) -> Result<()> {
    EVENTS.all(conn, events, |row, it| {
        row.bind(it.seq)?;
        row.bind(batch)?;
        row.bind(it.change.user().as_ref().map(|it| it.as_bytes()))?;
        row.bind(it.change.kind())?;
        row.bind(it.body.as_slice())?;
        row.bind(it.hash)
    })
}
