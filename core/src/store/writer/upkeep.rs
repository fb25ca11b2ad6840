//! What the writer does beside what it is asked: it indexes what waits, keeps counts along the history, and sees to it that
//! what was erased is in no log of pages.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::Connection;

use super::{ALONE, Answer, Writer, written};
use crate::error::{Error, Result};
use crate::store::turn::{beside, try_begin};
use crate::store::{broken, checkpoints, restore, search, waste};

/// How many bytes must find room before it is said again that changes are stored: some commits' worth.
const ROOM: usize = 256 * 1024;

impl Writer {
    /// Keeps the rows that readers must look through bounded while there is no idle time. Counting them is not free, so
    /// they are counted only when enough was written.
    pub(super) fn index_if_many_wait(&mut self, answers: &[Answer]) {
        self.since_counted += written(answers);
        if self.since_counted < ALONE {
            return;
        }
        self.since_counted = 0;
        if let Ok(waiting) = search::waiting(&self.conn, search::MOST_WAITING + 1)
            && waiting > search::MOST_WAITING
            && self.run_cached("SAVEPOINT indexing").is_ok()
        {
            if search::index_round(&self.conn).is_err() {
                let _ = self.run_cached("ROLLBACK TO indexing");
            }
            let _ = self.run_cached("RELEASE indexing");
        }
    }

    /// Keeps a count of every pool's licenses along the history, once in so many events. The database is asked only when
    /// that much was written here: other processes write too, and keep counts as well.
    pub(super) fn keep_count(&mut self, answers: &[Answer]) -> Result<()> {
        self.since_checkpoint += written(answers);
        if self.since_checkpoint >= checkpoints::EVERY {
            self.since_checkpoint = checkpoints::keep_if_due(&self.conn)?;
        }
        Ok(())
    }

    /// Erased values must not survive in the log of pages, and erased people must stay erased after a restore.
    pub(super) fn after_erasing(&mut self) {
        let erased = std::mem::take(&mut self.erased);
        if erased.is_empty() {
            return;
        }
        crate::exchange::empty(&self.path);
        let _ = restore::note_erased(&self.path, &erased);
        let _ = crate::mail::forget_letters(&self.path, &erased);
        let _ = self.conn.busy_timeout(Duration::from_secs(5));
        self.truncate();
    }

    /// Brings what a large job wrote from the log of pages to its places. Whoever waited for the job has been answered.
    pub(super) fn take_log_in(&mut self) {
        let _ = self
            .conn
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Empties the log of pages, unless a reader still needs it; then again when there is time.
    fn truncate(&mut self) {
        let held_up = self
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, bool>(0)
            });
        self.untruncated = held_up.unwrap_or(true);
    }

    /// Indexes a round of waiting rows, unless somebody else is writing.
    pub(super) fn use_idle_time(&mut self) {
        if !self.postponed.is_empty() {
            if try_begin(&self.conn).is_err() {
                return;
            }
            self.write_postponed();
            let _ = self.run_cached("COMMIT");
        }
        match search::waiting(&self.conn, 1) {
            Ok(0) => self.look_or_rest(),
            Ok(_) => {
                let _ = self.round(search::index_round);
            }
            Err(_) => {}
        }
        let has_uses = !self
            .last_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .waiting
            .is_empty();
        if has_uses && self.turn.begin(&self.conn).is_ok() {
            self.write_last_uses();
            let _ = self.run_cached("COMMIT");
        }
    }

    /// After a commit has failed: tries whether there is room for a few more, and one that changes nothing and has to be
    /// written all the same.
    pub(super) fn try_to_store(&mut self) {
        let tried = self
            .try_for_room()
            .and_then(|()| self.turn.begin(&self.conn))
            .and_then(|()| {
                let version: i64 = self
                    .conn
                    .pragma_query_value(None, "user_version", |row| row.get(0))
                    .map_err(broken)?;
                self.conn
                    .pragma_update(None, "user_version", version)
                    .map_err(broken)?;
                self.run_cached("COMMIT")
            });
        match tried {
            Ok(()) => {
                self.unindexed = true;
                self.standing.stored();
            }
            Err(error) => {
                self.standing.failed(&error);
                self.reopen();
            }
        }
    }

    /// A single page may find a place where nothing else does.
    fn try_for_room(&self) -> Result<()> {
        let path = beside(&self.path, "-room");
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&[0; ROOM])?;
            file.sync_all()
        });
        let _ = fs::remove_file(&path);
        written.map_err(|error| match error.kind() {
            ErrorKind::StorageFull => Error::Broken("the disk is full".to_owned()),
            kind => Error::Broken(format!("the disk failed: {kind}")),
        })
    }

    /// Looks at people of whom nothing is noted yet, and tries again what a reader held up; else there is nothing to do.
    fn look_or_rest(&mut self) {
        if self.untruncated {
            self.truncate();
        }
        match waste::waiting(&self.conn) {
            Ok(0) => self.unindexed = self.untruncated,
            Ok(_) => {
                let _ = self.round(waste::look_round);
            }
            Err(_) => {}
        }
    }

    /// One round of upkeep, in a transaction of its own.
    fn round(&mut self, upkeep: fn(&Connection) -> Result<()>) -> Result<()> {
        self.turn.begin(&self.conn)?;
        match upkeep(&self.conn) {
            Ok(()) => {
                self.run_cached("COMMIT")?;
                self.turn.yield_to_others();
                Ok(())
            }
            Err(error) => {
                let _ = self.run_cached("ROLLBACK");
                Err(error)
            }
        }
    }

    pub(super) fn settle(&mut self) -> Result<()> {
        while search::waiting(&self.conn, 1)? > 0 {
            self.round(search::index_round)?;
        }
        while waste::waiting(&self.conn)? > 0 {
            self.round(waste::look_round)?;
        }
        Ok(())
    }
}
