//! History: changes as recorded, chained by hash. Personal values are encrypted under the person's own key and the chain
//! runs over the ciphertext, so that throwing the key away destroys them and breaks nothing.

mod chain;
mod decoded;
mod encoded;
mod named;
mod sealed;

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::{Snapshot, actor, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Timestamp, UserId};
use crate::progress::Progress;

use chain::{chain, head};
use decoded::decode;
use encoded::encode;
use sealed::seal;

pub use chain::{AuditReport, BadLink, Head};
pub(super) use chain::{BatchHead, exported_head, hex, holds, verify};
pub(super) use named::forget_addresses_of;
pub(super) use sealed::{Nonces, Reader, Recorded, person_key};

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

/// Appends a batch and its changes to the chain. Returns the new end.
pub(super) fn append(
    conn: &Connection,
    tip: Tip,
    batch: &BatchHead<'_>,
    changes: &[Change],
    nonces: &mut Nonces,
    person_key: impl Fn(UserId) -> Option<[u8; 32]>,
    progress: &Progress,
) -> Result<Tip> {
    let (mut seq, mut previous) = (tip.event, tip.hash);
    let (kind, id) = actor::encode(batch.actor);
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
            seq + 1,
            i64::try_from(changes.len()).unwrap_or(i64::MAX),
            people_changed(changes),
            batch.on_behalf.as_ref().map(|it| it.as_bytes()),
        ])
    })
    .map_err(broken)?;
    if batch.at < tip.at {
        conn.prepare_cached("INSERT INTO clock_runs (first_batch, at) VALUES (?1, ?2)")
            .and_then(|mut it| it.execute(params![batch.seq, batch.at.as_millis()]))
            .map_err(broken)?;
    }
    let batch_hash = batch.hash();
    let mut insert = conn
        .prepare_cached("INSERT INTO events (seq, batch, user, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(broken)?;
    for change in changes {
        progress.step()?;
        seq += 1;
        let user = change.user();
        let mut body = match named::sealed(conn, change, nonces, seq)? {
            Some(sealed) => encode(&sealed)?,
            None => encode(change)?,
        };
        if let (true, Some(user)) = (change.is_personal(), user) {
            let key =
                person_key(user).ok_or_else(|| Error::Broken("a person has no key".into()))?;
            body = seal(&key, nonces.draw(), seq, &body)?;
        }
        if let Change::Individual { account, .. } = change {
            body = sealed::seal_individual(conn, *account, nonces.draw(), seq, &body)?;
        }
        let hash = chain(
            &previous,
            &batch_hash,
            seq,
            user.as_ref().map(|it| it.as_bytes().as_slice()),
            change.kind(),
            &body,
        );
        insert
            .execute(params![
                seq,
                batch.seq,
                user.as_ref().map(|it| it.as_bytes()),
                change.kind(),
                body,
                hash
            ])
            .map_err(broken)?;
        previous = hash;
    }
    Ok(Tip {
        batch: batch.seq,
        at: batch.at,
        event: seq,
        hash: previous,
    })
}

/// How many people changes are about.
fn people_changed(changes: &[Change]) -> i64 {
    let people: HashSet<UserId> = changes.iter().filter_map(Change::user).collect();
    i64::try_from(people.len()).unwrap_or(i64::MAX)
}
