//! What is written beside the batches because it decides nothing: when people and tokens were seen, what attempts have spent,
//! what connections asked, what becomes of mails. It makes no event.

use std::sync::PoisonError;
use std::sync::mpsc::Receiver;

use rusqlite::params;

use super::{MOST_NOTES, Message, Writer};
use crate::error::{Error, Result};
use crate::model::{BatchId, ConnectionId, NewAsked, Timestamp};
use crate::store::{attempts, broken, inbox, outbox, platform, transfers, views, wishes};

/// What is written beside the batches.
pub(in crate::store) enum Note {
    /// When people were seen.
    Seen(Vec<platform::Seen>),
    /// When tokens were used, which waits in memory.
    Uses,
    /// What attempts to sign in have spent.
    Attempts(Vec<([u8; 16], i64)>),
    /// A wish to join.
    Wish(wishes::WishNote),
    /// A saved view.
    View(views::ViewNote),
    /// A file's way in or out of a console.
    Transfer(transfers::TransferNote),
    /// What a connection asked that no command came of, and when.
    Asked(ConnectionId, Timestamp, Vec<NewAsked>),
    /// By which batch what a connection asked was carried out later.
    Replayed(i64, BatchId),
    /// Drop what connections asked long ago.
    TrimAsked,
    /// What becomes of mails.
    Outbox(outbox::OutboxNote),
}

impl Writer {
    /// Writes a note, with whatever other notes wait, in one commit. Returns the first message that is none.
    pub(super) fn notes(
        &mut self,
        first: Note,
        done: Box<dyn FnOnce(Result<()>) + Send>,
        queue: &Receiver<Message>,
    ) -> Option<Message> {
        let (mut notes, mut answers, mut left_over) = (vec![first], vec![done], None);
        while notes.len() < MOST_NOTES && left_over.is_none() {
            match queue.try_recv() {
                Ok(Message::Note(note, done)) => {
                    notes.push(note);
                    answers.push(done);
                }
                Ok(other) => left_over = Some(other),
                Err(_) => break,
            }
        }
        let unsynced = notes
            .iter()
            .all(|it| matches!(it, Note::Outbox(it) if it.may_wait()));
        let synced = |full: bool| {
            let mode = if full { "FULL" } else { "NORMAL" };
            let set = self.conn.pragma_update(None, "synchronous", mode);
            set.map_err(broken)
        };
        if unsynced {
            let _ = synced(false);
        }
        let noted = self
            .turn
            .begin(&self.conn)
            .and_then(|()| self.write_notes(&notes))
            .and_then(|()| self.run_cached("COMMIT"));
        // Nothing else is ever written without it: should it not come back, the connection is made anew with it.
        if unsynced && synced(true).is_err() {
            self.reopen();
        }
        if noted.is_err() {
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.turn.yield_to_others();
        let failed = noted.err().map(|it| it.to_string());
        for done in answers {
            done(failed.clone().map_or(Ok(()), |it| Err(Error::Broken(it))));
        }
        left_over
    }

    fn write_notes(&self, notes: &[Note]) -> Result<()> {
        self.write_last_uses();
        for note in notes {
            match note {
                Note::Uses => {}
                Note::Seen(seen) => platform::note_seen(&self.conn, seen)?,
                Note::Wish(wish) => wishes::write(&self.conn, wish)?,
                Note::View(view) => views::write(&self.conn, view)?,
                Note::Transfer(it) => transfers::write(&self.conn, it)?,
                Note::Attempts(spent) => attempts::keep(&self.conn, self.clock.now(), spent)?,
                Note::Asked(connection, at, asked) => {
                    for it in asked {
                        inbox::keep(&self.conn, *connection, *at, it)?;
                    }
                }
                Note::Replayed(seq, batch) => inbox::note_replayed(&self.conn, *seq, *batch)?,
                Note::TrimAsked => inbox::trim(&self.conn, self.clock.now())?,
                Note::Outbox(note) => outbox::write(&self.conn, note)?,
            }
        }
        Ok(())
    }

    pub(super) fn write_last_uses(&self) {
        let waiting = std::mem::take(
            &mut self
                .last_uses
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .waiting,
        );
        for (token, at) in waiting {
            let sql = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
            let noted = self
                .conn
                .prepare_cached(sql)
                .and_then(|mut it| it.execute(params![token.as_bytes(), at.as_millis()]));
            if noted == Ok(0) {
                platform::note_use(&self.conn, token, at);
            }
        }
    }
}
