//! Taking turns between processes. SQLite's own waiting is not fair: a busy writer takes the lock again before a waiting
//! one wakes up. Whoever waits holds a file lock that says so, and a writer who sees it leaves the lock free for a moment.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::broken;
use crate::error::{Error, Result};

/// How long a writer waits for its turn before it answers that the database is busy.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a writer leaves the lock free when somebody waits.
const COURTESY: Duration = Duration::from_millis(4);

/// The file beside the database by which writers say that they wait.
pub(super) struct Turn {
    file: File,
    jitter: u64,
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
        })
    }

    /// Begins a write transaction, waiting for other processes for up to half a minute.
    pub(super) fn begin(&mut self, conn: &Connection) -> Result<()> {
        match try_begin(conn) {
            Err(Error::Busy) => {}
            other => return other,
        }
        let said = self.file.lock_shared().is_ok();
        let result = self.wait(conn);
        if said {
            let _ = self.file.unlock();
        }
        result
    }

    fn wait(&mut self, conn: &Connection) -> Result<()> {
        let since = Instant::now();
        loop {
            // Short, uneven pauses: waiting processes do not march in step, and catch a writer's courtesy.
            self.jitter = self
                .jitter
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_micros(200 + self.jitter % 1_300));
            match try_begin(conn) {
                Err(Error::Busy) if since.elapsed() < LONGEST_WAIT => {}
                other => return other,
            }
        }
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

fn try_begin(conn: &Connection) -> Result<()> {
    let _ = conn.busy_timeout(Duration::ZERO);
    let begun = conn
        .prepare_cached("BEGIN IMMEDIATE")
        .and_then(|mut it| it.execute([]).map(|_| ()));
    begun.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => Error::Busy,
        _ => broken(error),
    })
}
