//! The chain of hashes that runs over events and their batches, and walking it.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::model::{Actor, BatchId, ConnectionId, Door, Timestamp};
use crate::store::snapshot::word;
use crate::store::{actor, broken};

use super::missing::{self, Told};

/// The head of an empty chain.
const GENESIS: [u8; 32] = [0; 32];

/// The facts of a batch that its events' hashes cover.
pub(in crate::store) struct BatchHead<'a> {
    pub(in crate::store) seq: i64,
    pub(in crate::store) id: BatchId,
    pub(in crate::store) actor: Actor,
    pub(in crate::store) door: Door,
    pub(in crate::store) command: &'a str,
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) caused_by: Option<BatchId>,
    pub(in crate::store) undoes: Option<BatchId>,
    pub(in crate::store) on_behalf: Option<ConnectionId>,
}

impl BatchHead<'_> {
    pub(super) fn hash(&self) -> [u8; 32] {
        let (kind, id) = actor::encode(self.actor);
        let mut hash = Sha256::new();
        hash.update(self.seq.to_be_bytes());
        hash.update(self.id.as_bytes());
        feed(&mut hash, kind.as_bytes());
        feed(&mut hash, id.as_ref().map_or(&[], |it| it.as_slice()));
        feed(&mut hash, self.door.as_str().as_bytes());
        feed(&mut hash, self.command.as_bytes());
        hash.update(self.at.as_millis().to_be_bytes());
        feed(
            &mut hash,
            self.caused_by
                .as_ref()
                .map_or(&[], |it| it.as_bytes().as_slice()),
        );
        feed(
            &mut hash,
            self.undoes
                .as_ref()
                .map_or(&[], |it| it.as_bytes().as_slice()),
        );
        // Batches from before there was such a thing hash as they did.
        if let Some(connection) = &self.on_behalf {
            feed(&mut hash, connection.as_bytes());
        }
        hash.finalize().into()
    }
}

/// Feeds a field with its length, so that no two lists of fields feed the same bytes.
fn feed(hash: &mut Sha256, field: &[u8]) {
    hash.update((field.len() as u64).to_be_bytes());
    hash.update(field);
}

/// The hash of an event that follows the one of a hash.
pub(super) fn chain(
    previous: &[u8; 32],
    batch: &[u8; 32],
    seq: i64,
    user: Option<&[u8]>,
    kind: &str,
    body: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(batch);
    hash.update(seq.to_be_bytes());
    feed(&mut hash, user.unwrap_or_default());
    feed(&mut hash, kind.as_bytes());
    feed(&mut hash, body);
    hash.finalize().into()
}

/// The end of the chain: the last event's number and hash.
pub(in crate::store) fn head(conn: &Connection) -> Result<(i64, [u8; 32])> {
    conn.prepare_cached("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
        .and_then(|mut it| {
            it.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .map(|it| it.unwrap_or((0, GENESIS)))
        .map_err(broken)
}

/// The end of the chain, as exported to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last event's number; 0 for an empty chain.
    pub seq: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// When its batch was applied.
    pub at: Option<Timestamp>,
}

/// What walking the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many events were walked.
    pub events: i64,
    /// The end of the chain.
    pub head: Head,
    /// The first event that does not follow from the one before; none when the chain is whole.
    pub first_bad: Option<BadLink>,
}

/// The first event that does not follow from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLink {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The end of the chain, for people.
pub(in crate::store) fn exported_head(conn: &Connection) -> Result<Head> {
    let (seq, hash) = head(conn)?;
    let sql = "SELECT batches.at FROM events JOIN batches ON batches.seq = events.batch WHERE events.seq = ?1";
    let at: Option<i64> = conn
        .prepare_cached(sql)
        .and_then(|mut it| it.query_row([seq], |row| row.get(0)).optional())
        .map_err(broken)?;
    Ok(Head {
        seq,
        hash: hex(&hash),
        at: at.map(Timestamp::from_millis),
    })
}

/// Whether the chain goes through an exported end. The end of an empty chain is in every one.
pub(in crate::store) fn holds(conn: &Connection, head: &Head) -> Result<bool> {
    if head.seq == 0 {
        return Ok(true);
    }
    let hash: Option<Vec<u8>> = conn
        .prepare_cached("SELECT hash FROM events WHERE seq = ?1")
        .and_then(|mut it| it.query_row([head.seq], |row| row.get(0)).optional())
        .map_err(broken)?;
    Ok(hash.is_some_and(|it| hex(&it).eq_ignore_ascii_case(&head.hash)))
}

/// Walks the whole chain in one read transaction and names the first bad link.
pub(in crate::store) fn verify(conn: &Connection) -> Result<AuditReport> {
    let mut walk = Walk {
        previous: GENESIS,
        expected: 1,
        left: 0,
        batch: 0,
        told: Told::new(conn),
    };
    let mut first_bad = None;
    let sql = "SELECT events.seq, events.batch, events.user, events.kind, events.body, events.hash, batches.id, batches.actor_kind, \
        batches.actor, batches.door, batches.command, batches.at, batches.caused_by, batches.undoes, batches.first_event, batches.changes, \
        batches.on_behalf \
        FROM events LEFT JOIN batches ON batches.seq = events.batch ORDER BY events.seq";
    let mut statement = conn.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query([]).map_err(broken)?;
    let mut batch_hash = GENESIS;
    while let Some(row) = rows.next().map_err(broken)? {
        match walk.step(row, &mut batch_hash) {
            Ok(None) => {}
            Ok(Some(bad)) => {
                first_bad = Some(bad);
                break;
            }
            Err(error) => {
                first_bad = Some(BadLink {
                    seq: walk.expected,
                    why: format!("cannot be read: {error}"),
                });
                break;
            }
        }
    }
    if first_bad.is_none() && walk.left > 0 {
        first_bad = Some(BadLink {
            seq: walk.expected,
            why: format!("is missing: batch {} has {} more", walk.batch, walk.left),
        });
    }
    if first_bad.is_none() {
        first_bad = missing::of_what_is_there(conn, walk.expected, &walk.told)?;
    }
    Ok(AuditReport {
        events: walk.expected - 1,
        head: exported_head(conn)?,
        first_bad,
    })
}

struct Walk<'c> {
    previous: [u8; 32],
    expected: i64,
    /// How many events of the present batch are still to come.
    left: i64,
    batch: i64,
    told: Told<'c>,
}

impl Walk<'_> {
    fn step(
        &mut self,
        row: &rusqlite::Row<'_>,
        batch_hash: &mut [u8; 32],
    ) -> rusqlite::Result<Option<BadLink>> {
        let seq: i64 = row.get(0)?;
        let bad = |why: &str| {
            Ok(Some(BadLink {
                seq,
                why: why.to_owned(),
            }))
        };
        if seq != self.expected {
            return Ok(Some(BadLink {
                seq: self.expected,
                why: "is missing".to_owned(),
            }));
        }
        let batch: i64 = row.get(1)?;
        if batch != self.batch {
            if self.left > 0 {
                return bad("belongs to another batch, and the one before is not complete");
            }
            let (Some(head), first, changes) = (
                batch_head(row, batch)?,
                row.get::<_, Option<i64>>(14)?,
                row.get::<_, Option<i64>>(15)?,
            ) else {
                return bad("belongs to a batch that is not there");
            };
            if first != Some(seq) {
                return bad("is not the first of its batch");
            }
            self.batch = batch;
            self.left = changes.unwrap_or(0);
            *batch_hash = head.hash();
        }
        self.left -= 1;
        if self.left < 0 {
            return bad("is one more than its batch has");
        }
        let user: Option<Vec<u8>> = row.get(2)?;
        let (kind, body, hash): (String, Vec<u8>, Vec<u8>) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        let expected = chain(
            &self.previous,
            batch_hash,
            seq,
            user.as_deref(),
            &kind,
            &body,
        );
        if hash != expected {
            return bad(
                "does not follow from the one before: it, its batch or an earlier one was changed",
            );
        }
        if let Err(error) = self.told.take_in((seq, &kind), user.as_deref(), &body) {
            return bad(&error.to_string());
        }
        self.previous = expected;
        self.expected += 1;
        Ok(None)
    }
}

fn batch_head<'a>(row: &'a rusqlite::Row<'_>, seq: i64) -> rusqlite::Result<Option<BatchHead<'a>>> {
    let Some(id) = row.get::<_, Option<[u8; 16]>>(6)? else {
        return Ok(None);
    };
    let optional = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<[u8; 16]>>(column)?
                .map(BatchId::from_bytes),
        )
    };
    Ok(Some(BatchHead {
        seq,
        id: BatchId::from_bytes(id),
        actor: actor::decode(row, 7)?,
        door: word(row, 9, Door::from_word)?,
        command: row.get_ref(10)?.as_str()?,
        at: Timestamp::from_millis(row.get(11)?),
        caused_by: optional(12)?,
        undoes: optional(13)?,
        on_behalf: row
            .get::<_, Option<[u8; 16]>>(16)?
            .map(ConnectionId::from_bytes),
    }))
}
