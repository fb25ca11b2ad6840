//! The only place that knows SQL: opening, reading, applying changes, events, the writer's thread.
//!
//! One writer thread a process takes jobs from a queue, each in its savepoint, many in one commit, and answers after the
//! commit. Readers are connections of their own and never wait for it.

mod actor;
mod addresses;
mod administrators;
mod ahead;
mod apply;
mod attempts;
mod attribute;
mod brake;
mod called;
mod checkpoints;
mod circles;
mod compile;
mod credentials;
mod driver;
mod due;
mod events;
mod fields;
mod found;
mod groups;
mod idempotency;
mod imports;
mod inbox;
mod individuals;
mod invitations;
mod invited;
mod labels;
mod levels;
mod links;
mod many;
mod open;
mod outbox;
mod ownership;
mod password;
mod platform;
mod provided;
mod read;
mod remind;
mod replay;
mod restore;
mod search;
mod settings;
mod sight;
mod snapshot;
mod ssh_keys;
mod stale;
mod together;
mod told;
mod trainings;
mod transfers;
mod turn;
mod viewer;
mod views;
mod waste;
mod wishes;
mod writer;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::directory::{Authenticated, Notice};
use crate::draw::Clock;
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Timestamp, TokenId};
use crate::plan::Plan;
use crate::planner;
use crate::progress::{Progress, Stage};
use crate::token::{self, Kind};

pub(crate) use found::{found, unmake};
pub(crate) use imports::Known;
pub use invitations::InvitationRow;
pub(crate) use open::real_path;
pub use outbox::OutboxFilter;
pub(crate) use outbox::{Claim, Lease, OutboxNote, Settled};
pub use provided::ProvidedGroup;
pub use read::{
    Administrator, AuditReport, BadLink, DuePage, Edition, Head, Held, HistoryFilter, HistoryPage,
    HistoryPart, Listed, Named, Place, Read, Whole,
};
pub(crate) use restore::{is_of_another_organization, restore};
pub(crate) use snapshot::Snapshot;
pub(crate) use views::SavedView;
pub(crate) use writer::Job;

/// Changes as the history records them.
pub(crate) mod recorded {
    pub(crate) use super::events::{decode, encode};
}

/// How often other processes' commits are looked for.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// A token's last use is noted once a minute.
const LAST_USED_EVERY_MS: i64 = 60_000;

/// A fault of SQLite in the words of the boundary.
pub(crate) fn broken(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::ConstraintViolation) if error.to_string().contains("oversold") => {
            Error::conflict("a pool would be oversold; nothing was changed")
        }
        Some(ErrorCode::ConstraintViolation) => Error::Conflict {
            why: format!("the database refuses: {error}"),
        },
        Some(ErrorCode::OperationInterrupted) => Error::Cancelled,
        Some(ErrorCode::DatabaseCorrupt) => Error::Broken(format!(
            "the database is damaged ({error}); keep the file as it is, see `usher doctor`, and put the last good backup back \
             with `usher restore`"
        )),
        Some(ErrorCode::DiskFull) => Error::Broken("the disk is full".into()),
        _ => Error::Broken(format!("the database failed: {error}")),
    }
}

/// Tokens' last uses that wait to be written.
#[derive(Default)]
pub(crate) struct LastUses {
    noted: HashMap<TokenId, Timestamp>,
    waiting: HashMap<TokenId, Timestamp>,
}

/// How a request is planned: [`planner::plan`], or without the digest.
pub(crate) type Planning = fn(
    &Snapshot<'_>,
    planner::Who,
    &crate::command::Request,
    &Progress,
) -> Result<planner::Planned>;

/// The open database: its writer's thread, its readers, its watchers.
pub(crate) struct Store {
    path: PathBuf,
    readers: Vec<Mutex<Option<Connection>>>,
    next_reader: AtomicUsize,
    jobs: Option<mpsc::Sender<writer::Message>>,
    writer: Option<JoinHandle<()>>,
    standing: Arc<writer::Standing>,
    /// How many commands the writer has not answered yet.
    unanswered: Arc<AtomicUsize>,
    watchers: Arc<Mutex<Vec<mpsc::Sender<Notice>>>>,
    watching: Mutex<Option<JoinHandle<()>>>,
    closing: Arc<AtomicBool>,
    last_uses: Arc<Mutex<LastUses>>,
    credentials: credentials::Credentials,
    attempts: attempts::Attempts,
    /// Which file it is, where the system tells.
    identity: Option<(u64, u64)>,
    /// Held shared while the database is open, so that nobody restores over it.
    _open: File,
}

impl Store {
    pub(crate) fn open(path: &Path, readers: usize, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = &open::real_path(path);
        let open = restore::hold_open(path)?;
        open::migrate_older(path, &open)?;
        let conn = open::writer(path)?;
        let attempts = attempts::Attempts::load(&conn, clock.now())?;
        let last_uses = Arc::new(Mutex::new(LastUses::default()));
        let (jobs, queue) = mpsc::channel();
        let standing = Arc::<writer::Standing>::default();
        let writer = writer::start(
            conn,
            path,
            queue,
            clock,
            Arc::clone(&last_uses),
            Arc::clone(&standing),
        )?;
        Ok(Self {
            path: path.to_owned(),
            readers: (0..readers.max(1)).map(|_| Mutex::new(None)).collect(),
            next_reader: AtomicUsize::new(0),
            jobs: Some(jobs),
            writer: Some(writer),
            standing,
            unanswered: Arc::default(),
            watchers: Arc::default(),
            watching: Mutex::new(None),
            closing: Arc::default(),
            last_uses,
            credentials: credentials::Credentials::new(path),
            attempts,
            identity: open::identity(path),
            _open: open,
        })
    }

    /// A reader that is free, else the next in turn.
    pub(crate) fn read(&self, now: Timestamp) -> Result<Read<'_>> {
        let start = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let count = self.readers.len();
        let free = (0..count).find_map(|i| self.readers[(start + i) % count].try_lock().ok());
        let mut conn = match free {
            Some(conn) => conn,
            None => self.readers[start % count]
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        };
        if conn.is_none() {
            *conn = Some(open::reader(&self.path)?);
        }
        Ok(Read {
            conn,
            now,
            watched: false,
            sight: None,
            owns: false,
            viewer: viewer::Viewer::CORE,
        })
    }

    /// As [`Store::read`]; what is being read ends early when the flag turns true.
    pub(crate) fn read_until(
        &self,
        now: Timestamp,
        cancelled: Arc<AtomicBool>,
    ) -> Result<Read<'_>> {
        self.read(now)?.until(cancelled)
    }

    pub(crate) fn plan(
        &self,
        who: planner::Who,
        request: &crate::command::Request,
    ) -> Result<Plan> {
        let progress = Progress::new();
        let (_, planned) = self.prepare(planner::plan, who, request, Arc::default(), &progress)?;
        Ok(planned.plan)
    }

    /// As [`Store::plan`]; ends early when the flag turns true, and says how many changes it has planned.
    pub(crate) fn plan_until(
        &self,
        who: planner::Who,
        request: &crate::command::Request,
        cancelled: Arc<AtomicBool>,
        progress: &Progress,
    ) -> Result<Plan> {
        progress.begin(Stage::Planning, 0);
        let (_, planned) = self.prepare(planner::plan, who, request, cancelled, progress)?;
        Ok(planned.plan)
    }

    /// Plans on a reader, and tells after which batch.
    fn prepare(
        &self,
        plan: Planning,
        who: planner::Who,
        request: &crate::command::Request,
        cancelled: Arc<AtomicBool>,
        progress: &Progress,
    ) -> Result<(i64, planner::Planned)> {
        let read = self.read_until(request.draw.at, cancelled)?;
        let conn = read
            .conn
            .as_ref()
            .ok_or_else(|| Error::Broken("the reader is closed".into()))?;
        let transaction = conn.unchecked_transaction().map_err(broken)?;
        let snapshot = Snapshot::new(conn).seen_by(who.plans())?;
        let last_batch = snapshot.last_batch();
        let planned = plan(&snapshot, who, request, progress);
        transaction.finish().map_err(broken)?;
        Ok((last_batch?, planned?))
    }

    /// Hands a job to the writer. A large one is planned before, on a reader, so that the writer holds the lock only for
    /// applying it, if nothing has moved since.
    pub(crate) fn submit(&self, mut job: Job) {
        if job.is_large() {
            job.progress.begin(Stage::Planning, 0);
            let (flag, progress) = (job.progress.flag(), &job.progress);
            match self.prepare(job.planning(), job.who, &job.request, flag, progress) {
                Ok(prepared) => job.prepared = Some(prepared),
                Err(Error::Busy) => {}
                Err(error) => return (job.done)(Err(error)),
            }
        }
        let gone = || Error::Broken("the writer stopped".into());
        match &self.jobs {
            None => (job.done)(Err(gone())),
            Some(jobs) => {
                let job = job.counted(&self.unanswered);
                if let Err(mpsc::SendError(writer::Message::Job(job))) =
                    jobs.send(writer::Message::Job(Box::new(job)))
                {
                    (job.done)(Err(gone()));
                }
            }
        }
    }

    /// A private file beside the database, made when it is not there.
    pub(crate) fn open_beside(&self, suffix: &str) -> Result<File> {
        turn::open_beside(&self.path, suffix)
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Asked of the folder only: closing another handle of the file would drop SQLite's locks on it.
    pub(crate) fn is_in_place(&self) -> bool {
        let found = open::identity(&self.path);
        found.is_some() && found == self.identity
    }

    pub(crate) fn writer_lives(&self) -> bool {
        self.writer.as_ref().is_some_and(|it| !it.is_finished())
    }

    /// Why nothing is stored, if the last commit failed.
    pub(crate) fn why_not_stored(&self) -> Option<String> {
        self.standing.why_not()
    }

    pub(crate) fn settle(&self) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        let gone = || Error::Broken("the writer stopped".into());
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(writer::Message::Settle(answer))
            .map_err(|_| gone())?;
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }

    pub(crate) fn authenticate(&self, text: &str, now: Timestamp) -> Result<Option<Authenticated>> {
        let Some(hash) = token::hash(Kind::Connection, text.trim()) else {
            return Ok(None);
        };
        let Some(found) = self.credentials.find(&hash, now)? else {
            return Ok(None);
        };
        self.note_use(found.token, now);
        Ok(Some(Authenticated {
            connection: found.connection,
            token: found.token,
            maps: found.maps,
        }))
    }

    /// Whose a token was that opens nothing any more.
    pub(crate) fn ended_token(&self, text: &str, now: Timestamp) -> Result<Option<ConnectionId>> {
        let Some(hash) = token::hash(Kind::Connection, text.trim()) else {
            return Ok(None);
        };
        let sql = "SELECT connection FROM tokens WHERE hash = ?1";
        let read = self.read(now)?;
        let snapshot = read.snapshot()?;
        snapshot.one(sql, [&hash], |row| {
            Ok(ConnectionId::from_bytes(row.get(0)?))
        })
    }

    pub(in crate::store) fn note_use(&self, token: TokenId, now: Timestamp) {
        let mut uses = self
            .last_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = uses
            .noted
            .get(&token)
            .is_none_or(|last| now.as_millis() - last.as_millis() >= LAST_USED_EVERY_MS);
        if due {
            uses.noted.insert(token, now);
            uses.waiting.insert(token, now);
            drop(uses);
            // Whoever only asks makes no commit that the note could go with.
            self.note(writer::Note::Uses, |_| {});
        }
    }

    pub(crate) fn watch(&self) -> mpsc::Receiver<Notice> {
        let (notify, notices) = mpsc::channel();
        self.watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notify);
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if watching.is_none() {
            let (path, watchers, closing) = (
                self.path.clone(),
                Arc::clone(&self.watchers),
                Arc::clone(&self.closing),
            );
            let thread = std::thread::Builder::new().name("usher-watch".into());
            *watching = thread
                .spawn(move || look_for_commits(&path, &watchers, &closing))
                .ok();
        }
        notices
    }

    pub(crate) fn backup(&self, to: &Path) -> Result<()> {
        let read = self.read(Timestamp::from_millis(0))?;
        let conn = read
            .conn
            .as_ref()
            .ok_or_else(|| Error::Broken("the reader is closed".into()))?;
        conn.pragma_update(None, "query_only", false)
            .map_err(broken)?;
        let copied = open::copy_into(conn, to, restore::verify_copy);
        conn.pragma_update(None, "query_only", true)
            .map_err(broken)?;
        copied
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        let watching = self
            .watching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(watching) = watching {
            let _ = watching.join();
        }
    }
}

/// Tells watchers of commits by any process, until the store is closed.
fn look_for_commits(
    path: &Path,
    watchers: &Mutex<Vec<mpsc::Sender<Notice>>>,
    closing: &AtomicBool,
) {
    let Ok(conn) = open::reader(path) else { return };
    let snapshot = Snapshot::new(&conn);
    let mut version = None;
    let mut last = snapshot.last_batch().unwrap_or(0);
    while !closing.load(Ordering::Relaxed) {
        let now: Option<i64> = snapshot
            .one("PRAGMA data_version", [], |row| row.get(0))
            .ok()
            .flatten();
        if now != version {
            version = now;
            let newest = snapshot.last_batch().unwrap_or(last);
            if newest != last {
                last = newest;
                let mut watchers = watchers.lock().unwrap_or_else(PoisonError::into_inner);
                watchers.retain(|it| it.send(Notice { last_batch: newest }).is_ok());
            }
        }
        std::thread::sleep(WATCH_EVERY);
    }
}
