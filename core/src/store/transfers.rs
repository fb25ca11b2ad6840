//! Files on their way in or out of consoles: rows that decide nothing, and so are no part of the history.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rusqlite::{Connection, params};

use super::snapshot::word;
use super::writer::Note;
use super::{Store, actor, broken};
use crate::error::{Error, Result};
use crate::model::{Purpose, Timestamp, Transfer, TransferId};

/// What is done to the rows.
pub(super) enum TransferNote {
    /// A new one, and the hash of its token. Those that have ended go.
    Add(Box<Transfer>, [u8; 32], Timestamp),
    /// It is used, if nobody was first.
    Claim {
        hash: [u8; 32],
        purpose: Purpose,
        now: Timestamp,
        /// What the file is called, for an upload.
        name: Option<String>,
        /// Whether it was this claim that used it.
        won: Arc<AtomicBool>,
    },
    /// Those that have ended go.
    Sweep(Timestamp),
}

impl Store {
    /// Keeps a new transfer, and returns when that is on disk.
    pub(crate) fn add_transfer(&self, it: Transfer, hash: [u8; 32], now: Timestamp) -> Result<()> {
        self.wait(TransferNote::Add(Box::new(it), hash, now))
    }

    /// Uses a transfer; false when it was used, has ended, or never was.
    pub(crate) fn claim_transfer(
        &self,
        hash: [u8; 32],
        purpose: Purpose,
        now: Timestamp,
        name: Option<String>,
    ) -> Result<bool> {
        let won = Arc::new(AtomicBool::new(false));
        self.wait(TransferNote::Claim {
            hash,
            purpose,
            now,
            name,
            won: Arc::clone(&won),
        })?;
        Ok(won.load(Ordering::Relaxed))
    }

    /// Forgets the transfers that have ended.
    pub(crate) fn sweep_transfers(&self, now: Timestamp) -> Result<()> {
        self.wait(TransferNote::Sweep(now))
    }

    fn wait(&self, note: TransferNote) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.note(Note::Transfer(note), move |noted| drop(answer.send(noted)));
        let gone = || Error::Broken("the writer stopped".into());
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// The transfer of a token, used or ended or not.
    pub(crate) fn transfer_of(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Transfer>> {
        let read = self.read(now)?;
        read.snapshot()?.one(
            "SELECT id, actor_kind, actor, purpose, name, expires_at, used_at FROM transfers WHERE hash = ?1",
            [hash],
            row,
        )
    }

    /// The transfer of this id.
    pub(crate) fn transfer(&self, id: TransferId, now: Timestamp) -> Result<Option<Transfer>> {
        let read = self.read(now)?;
        read.snapshot()?.one(
            "SELECT id, actor_kind, actor, purpose, name, expires_at, used_at FROM transfers WHERE id = ?1",
            [id.as_bytes()],
            row,
        )
    }

    /// Whether there are transfers that have ended.
    pub(crate) fn has_ended_transfers(&self, now: Timestamp) -> Result<bool> {
        let read = self.read(now)?;
        let sql = "SELECT 1 FROM transfers WHERE expires_at <= ?1 LIMIT 1";
        let found: Option<i64> = read
            .snapshot()?
            .one(sql, [now.as_millis()], |row| row.get(0))?;
        Ok(found.is_some())
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Transfer> {
    let used: Option<i64> = row.get(6)?;
    Ok(Transfer {
        id: TransferId::from_bytes(row.get(0)?),
        actor: actor::decode(row, 1)?,
        purpose: word(row, 3, Purpose::from_word)?,
        name: row.get(4)?,
        expires_at: Timestamp::from_millis(row.get(5)?),
        used_at: used.map(Timestamp::from_millis),
    })
}

/// Writes what is done to the rows.
pub(super) fn write(conn: &Connection, note: &TransferNote) -> Result<()> {
    let written = match note {
        TransferNote::Add(it, hash, now) => {
            sweep(conn, *now)?;
            let (kind, id) = actor::encode(it.actor);
            conn.execute(
                "INSERT INTO transfers (id, hash, actor_kind, actor, purpose, name, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    it.id.as_bytes(),
                    hash,
                    kind,
                    id,
                    it.purpose.as_str(),
                    it.name,
                    it.expires_at.as_millis()
                ],
            )
        }
        TransferNote::Claim {
            hash,
            purpose,
            now,
            name,
            won,
        } => {
            let claimed = conn.execute(
                "UPDATE transfers SET used_at = ?2, name = coalesce(?3, name) \
                 WHERE hash = ?1 AND purpose = ?4 AND used_at IS NULL AND expires_at > ?2",
                params![hash, now.as_millis(), name, purpose.as_str()],
            );
            won.store(matches!(claimed, Ok(1)), Ordering::Relaxed);
            claimed
        }
        TransferNote::Sweep(now) => return sweep(conn, *now),
    };
    written.map(|_| ()).map_err(broken)
}

fn sweep(conn: &Connection, now: Timestamp) -> Result<()> {
    let sql = "DELETE FROM transfers WHERE expires_at <= ?1";
    conn.execute(sql, [now.as_millis()])
        .map(|_| ())
        .map_err(broken)
}
