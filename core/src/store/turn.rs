//! Taking turns between processes. SQLite's own waiting is not fair: a busy writer takes the lock again before a waiting
//! one wakes up. Whoever waits holds a file lock that says so, and a writer who sees it leaves the lock free for a moment.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::broken;
use crate::error::{Error, Result};

/// How long a writer waits for its turn before it answers that the database is busy.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long it waits at a person's door while another process says that it applies a large change.
const LONGEST_PATIENCE: Duration = Duration::from_secs(180);
/// The longest note that is read.
const LONGEST_NOTE: usize = 80;
/// How long a writer leaves the lock free when somebody waits.
const COURTESY: Duration = Duration::from_millis(4);

/// The file beside the database by which writers say that they wait.
pub(super) struct Turn {
    file: File,
    jitter: u64,
    noted: bool,
}

/// A file beside the database, private like it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens or makes a private file beside the database.
pub(super) fn open_beside(path: &Path, suffix: &str) -> Result<File> {
    let path = beside(path, suffix);
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| Error::File {
            path: path.display().to_string(),
            why: format!("cannot be made ({})", error.kind()),
            remedy: "check the folder's permissions".into(),
        })
}

impl Turn {
    pub(super) fn new(path: &Path) -> Result<Self> {
        Ok(Self {
            file: open_beside(path, "-turn")?,
            jitter: u64::from(std::process::id()),
            noted: false,
        })
    }

    /// Begins a write transaction, waiting for other processes for up to half a minute.
    ///
    /// # Errors
    /// [`Error::Busy`], or [`Error::Occupied`] when it is known by what.
    pub(super) fn begin(&mut self, conn: &Connection) -> Result<()> {
        self.begin_for(conn, Instant::now(), false)
    }

    /// As [`Turn::begin`], for somebody who waits since then, in the writer's queue too; for a person it waits longer while a large
    /// change is being applied.
    pub(super) fn begin_for(
        &mut self,
        conn: &Connection,
        since: Instant,
        person: bool,
    ) -> Result<()> {
        match try_begin(conn) {
            Err(Error::Busy) => {}
            other => return other,
        }
        let said = self.file.lock_shared().is_ok();
        let result = self.wait(conn, since, person);
        if said {
            let _ = self.file.unlock();
        }
        result
    }

    fn wait(&mut self, conn: &Connection, since: Instant, person: bool) -> Result<()> {
        loop {
            // Short, uneven pauses: waiting processes do not march in step, and catch a writer's courtesy.
            self.jitter = self
                .jitter
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_micros(200 + self.jitter % 1_300));
            match try_begin(conn) {
                Err(Error::Busy) if since.elapsed() < LONGEST_WAIT => {}
                Err(Error::Busy) => match self.note() {
                    None => return Err(Error::Busy),
                    Some(_) if person && since.elapsed() < LONGEST_PATIENCE => {}
                    Some(note) => return Err(Error::Occupied(note)),
                },
                Ok(()) => {
                    // Whoever noted something is done, or ended before they could say so.
                    if self.note().is_some() {
                        let _ = self.file.set_len(0);
                    }
                    return Ok(());
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Says what is being applied, for those who wait.
    pub(super) fn say(&mut self, what: &str) {
        let _ = self.file.set_len(0);
        let _ = (&self.file).write_all(what.as_bytes());
        self.noted = true;
    }

    /// Says that it is done.
    pub(super) fn say_done(&mut self) {
        if std::mem::take(&mut self.noted) {
            let _ = self.file.set_len(0);
        }
    }

    /// What another process said that it applies.
    fn note(&self) -> Option<String> {
        let mut bytes = [0; LONGEST_NOTE];
        let read = self.file.read_at(&mut bytes, 0).ok()?;
        let note = String::from_utf8_lossy(bytes.get(..read)?).into_owned();
        (!note.is_empty() && note.is_ascii()).then_some(note)
    }

    /// After a commit: leaves the lock free for a moment when another process waits.
    pub(super) fn yield_to_others(&self) {
        match self.file.try_lock() {
            Ok(()) => {
                let _ = self.file.unlock();
            }
            Err(_) => std::thread::sleep(COURTESY),
        }
    }
}

/// Begins a write transaction if nobody else is writing.
///
/// # Errors
/// [`Error::Busy`].
pub(super) fn try_begin(conn: &Connection) -> Result<()> {
    let _ = conn.busy_timeout(Duration::ZERO);
    let begun = conn
        .prepare_cached("BEGIN IMMEDIATE")
        .and_then(|mut it| it.execute([]).map(|_| ()));
    begun.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => Error::Busy,
        _ => broken(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waited_in_the_queue_waits_no_longer_than_the_rest_of_half_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.db");
        let conn = || Connection::open(&path).unwrap();
        let (mine, theirs) = (conn(), conn());
        mine.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut turn = Turn::new(&path).unwrap();
        let given = Instant::now().checked_sub(LONGEST_WAIT).unwrap();
        assert!(matches!(
            turn.begin_for(&theirs, given, false),
            Err(Error::Busy)
        ));
        assert!(given.elapsed() < 2 * LONGEST_WAIT - COURTESY);
        mine.execute_batch("ROLLBACK").unwrap();
        turn.begin_for(&theirs, given, false).unwrap();
    }

    #[test]
    fn who_waits_is_told_what_is_being_applied_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.db");
        let conn = || Connection::open(&path).unwrap();
        let (mine, theirs) = (conn(), conn());
        let (mut one, mut other) = (Turn::new(&path).unwrap(), Turn::new(&path).unwrap());
        one.begin(&mine).unwrap();
        one.say("deactivate, 500000 changes");
        assert_eq!(other.note().unwrap(), "deactivate, 500000 changes");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                // It ends before it can say that it is done.
                mine.execute_batch("ROLLBACK").unwrap();
            });
            other.begin_for(&theirs, Instant::now(), true).unwrap();
        });
        assert_eq!(
            one.note(),
            None,
            "whoever comes next takes the old note away"
        );
        other.say("x");
        other.say_done();
        assert_eq!(one.note(), None);
    }
}
