//! What is written beside the batches because it decides nothing: when people and tokens were seen, what attempts have spent,
//! what connections asked, what becomes of mails. It makes no event.

use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use rusqlite::params;

use super::{MOST_NOTES, Message, Writer};
use crate::error::{Error, Result};
use crate::model::{BatchId, ConnectionId, NewAsked, Timestamp};
use crate::store::turn::try_begin;
use crate::store::{attempts, broken, inbox, outbox, platform, transfers, views, wishes};

/// The most requests that are kept in memory while somebody else writes.
const MOST_POSTPONED: usize = 1_000;

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
        since: Instant,
        queue: &Receiver<Message>,
    ) -> Option<Message> {
        let (mut notes, mut answers, mut left_over) = (vec![first], vec![done], None);
        while notes.len() < MOST_NOTES && left_over.is_none() {
            match queue.try_recv() {
                Ok(Message::Note(note, done, _)) => {
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
        if unsynced {
            let _ = self.sync_fully(false);
        }
        let begun = if notes.iter().all(|it| matches!(it, Note::Asked(..))) {
            // Whoever asked was answered, or is about to be: they do not wait for the row that says so.
            match try_begin(&self.conn) {
                Err(Error::Busy) => {
                    self.postpone(notes);
                    answers.into_iter().for_each(|done| done(Ok(())));
                    return left_over;
                }
                begun => begun,
            }
        } else {
            self.turn.begin_for(&self.conn, since, false)
        };
        let noted = begun
            .and_then(|()| self.write_notes(&notes))
            .and_then(|()| self.run_cached("COMMIT"));
        // Nothing else is ever written without it: should it not come back, the connection is made anew with it.
        if unsynced && self.sync_fully(true).is_err() {
            self.reopen();
        }
        if noted.is_err() {
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.turn.yield_to_others();
        match &noted {
            Ok(()) => self.standing.stored(),
            Err(error) => self.standing.failed(error),
        }
        let failed = noted.err().map(|it| it.to_string());
        for done in answers {
            done(failed.clone().map_or(Ok(()), |it| Err(Error::Broken(it))));
        }
        left_over
    }

    fn sync_fully(&self, fully: bool) -> Result<()> {
        let mode = if fully { "FULL" } else { "NORMAL" };
        let set = self.conn.pragma_update(None, "synchronous", mode);
        set.map_err(broken)
    }

    /// Keeps for later what was asked while somebody else writes: so much of it, the rest is lost.
    fn postpone(&mut self, notes: Vec<Note>) {
        let room = MOST_POSTPONED.saturating_sub(self.postponed.len());
        self.postponed.extend(notes.into_iter().take(room));
        // So that it is tried again when nothing else comes.
        self.unindexed = true;
    }

    /// Writes what was postponed, inside the present transaction. What cannot be written decides nothing.
    pub(super) fn write_postponed(&mut self) {
        for note in std::mem::take(&mut self.postponed) {
            if let Note::Asked(connection, at, asked) = note {
                for it in asked {
                    let _ = inbox::keep(&self.conn, connection, at, &it);
                }
            }
        }
    }

    fn write_notes(&mut self, notes: &[Note]) -> Result<()> {
        self.write_last_uses();
        self.write_postponed();
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
