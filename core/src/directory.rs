//! The one handle that a front end holds. It opens the [`Directory`], says who it is ([`Directory::as_actor`]), and
//! gets a [`Session`] with four verbs: `plan`, `apply`, `read`, `watch`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::command::{Command, Request, WhenFull};
use crate::draw::{Clock, Draw, Randomness, SystemClock, SystemRandomness};
use crate::error::{Error, Result};
use crate::link::{LinkKey, Reached};
use crate::model::{
    Actor, BatchId, Brake, ConnectionId, ConsoleLook, Door, EmailAddress, Fingerprint, Mapping,
    NewAsked, PlatformId, Scopes, TimeZoneName, Timestamp, TokenId, UserId, View,
};
use crate::plan::{Digest, Plan};
use crate::planner::Who;
use crate::progress::Progress;
use crate::store::{self, Store};

pub use crate::store::{
    Administrator, AuditReport, BadLink, DuePage, Edition, Head, Held, HistoryFilter, HistoryPage,
    HistoryPart, InvitationRow, Listed, Named, OutboxFilter, Place, ProvidedGroup, Read, Whole,
};

/// The organization's database, opened. Cheap to clone; the last clone that goes closes it.
#[derive(Clone)]
pub struct Directory {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Store,
    clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    /// How many passwords were hashed.
    pub(crate) hashes: AtomicU64,
    path: PathBuf,
    /// The key that links are made with, once it was read.
    pub(crate) link_key: Mutex<Option<LinkKey>>,
    /// Where this process's server is reached.
    pub(crate) reached: OnceLock<Reached>,
}

/// What the outside world gives to a directory, and how large it may be.
#[derive(Clone)]
pub struct Options {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub randomness: Arc<dyn Randomness>,
    /// How many connections read; each has a small page cache.
    pub readers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            readers: 4,
        }
    }
}

/// What a new organization starts with.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Its name.
    pub name: String,
    /// How many seats of `access` it has bought.
    pub seats: i64,
    /// Its first owner, who is an authorized purchaser too and takes the first seat.
    pub owner: EmailAddress,
    /// The zone in which dates begin.
    pub time_zone: TimeZoneName,
}

/// What came of a request.
#[derive(Debug)]
pub struct Applied {
    /// The batch; none when there was nothing to change.
    pub batch: Option<BatchId>,
    /// When it was applied.
    pub at: Timestamp,
    /// What was applied.
    pub plan: Plan,
    /// Whom the command was about: the created or provisioned person, for doors that must answer with them. One whom
    /// [`crate::change::Change::UserCreated`] made has version 1, and was created and updated [at](Applied::at).
    pub user: Option<UserId>,
    /// The name of the manager whom a provider has said for that person.
    pub manager_name: Option<String>,
    /// The brake that holds whom the command would have taken off; they stay for now.
    pub held: Option<Brake>,
    /// What of the command was refused, as a sentence, while the rest of it was done.
    pub refused: Option<String>,
    /// The batches of promotions that this one caused.
    pub promotions: Vec<BatchId>,
    /// How many people they let in from the queues.
    pub promoted: usize,
    /// A connection's new token, shown this once.
    pub token: Option<String>,
    /// Whether this is the stored outcome of an earlier request with the same key; its plan lists no names.
    pub repeated: bool,
}

/// Whose a token is.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The connection.
    pub connection: ConnectionId,
    /// Which of its tokens.
    pub token: TokenId,
    /// Which of its attributes feed which parts of its people.
    pub maps: Arc<[Mapping]>,
}

/// What came of doing what was due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The batches, in order; without their promotions.
    pub batches: Vec<BatchId>,
}

impl Directory {
    /// Makes a new database with its organization, its `access` pool and its owner.
    ///
    /// # Errors
    /// [`Error::File`] when the file exists or cannot be made; [`Error::Invalid`] for what it should start with.
    pub fn create(path: &Path, founding: &Founding, options: Options) -> Result<Self> {
        let draw = Draw {
            at: options.clock.now(),
            seed: options.randomness.seed(),
        };
        store::found(path, founding, draw)?;
        let made = Self::open(path, options).and_then(|directory| {
            directory.ensure_link_key()?;
            Ok(directory)
        });
        // Half an organization would be in the way of the next try.
        made.inspect_err(|_| store::unmake(path))
    }

    /// Opens a database, bringing its schema up to date after a backup.
    ///
    /// # Errors
    /// [`Error::File`] when it is not there, not ours, newer than this binary, or readable by others.
    pub fn open(path: &Path, options: Options) -> Result<Self> {
        let store = Store::open(path, options.readers, Arc::clone(&options.clock))?;
        let Options {
            clock, randomness, ..
        } = options;
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                clock,
                randomness,
                hashes: AtomicU64::new(0),
                path: path.to_owned(),
                link_key: Mutex::default(),
                reached: OnceLock::new(),
            }),
        })
    }

    /// A session for whoever acts, through the door they came by.
    pub fn as_actor(&self, actor: Actor, door: Door) -> Session {
        Session {
            directory: self.clone(),
            who: Who {
                actor,
                door,
                on_behalf: None,
                key: None,
            },
        }
    }

    /// The connection whose living token this is, by what is committed now. Tokens are compared by their hashes, in a time
    /// that does not depend on where they differ.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn authenticate(&self, token: &str) -> Result<Option<ConnectionId>> {
        Ok(self.authenticate_token(token)?.map(|it| it.connection))
    }

    /// As [`Directory::authenticate`], with which of the connection's tokens it is, and what its attributes feed.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn authenticate_token(&self, token: &str) -> Result<Option<Authenticated>> {
        self.shared.store.authenticate(token, self.now())
    }

    /// The connection whose token this was, if it has ended or was revoked: it opens nothing.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn ended_token(&self, token: &str) -> Result<Option<ConnectionId>> {
        self.shared.store.ended_token(token, self.now())
    }

    /// How many commands wait for the writer or are being written, in this process.
    pub fn unanswered(&self) -> usize {
        self.shared.store.unanswered()
    }

    /// Whether the database's file is still where it was opened. When it was removed or replaced, whatever is written goes
    /// to a file that nobody finds again.
    pub fn is_in_place(&self) -> bool {
        self.shared.store.is_in_place()
    }

    /// Whether the thread that writes is there; without it nothing is changed any more until the process starts anew.
    pub fn writer_lives(&self) -> bool {
        self.shared.store.writer_lives()
    }

    /// Why changes do not reach the disk, as far as this process knows: the last commit failed by this, and none has succeeded
    /// since. None while all is well. It is tried again by itself, about twice a second.
    pub fn why_not_stored(&self) -> Option<String> {
        self.shared.store.why_not_stored()
    }

    /// The platform whose living token this is, and what it opens. Takes the same time whether or not there is one.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn authenticate_platform(&self, token: &str) -> Result<Option<(PlatformId, Scopes)>> {
        self.shared.store.authenticate_platform(token, self.now())
    }

    /// Notes when people, by address, user name or id, were seen. Instants to come count as now, those before the last one
    /// known change nothing, and nobody of that name is passed over. `done` is called when that is on disk, on the
    /// writer's thread, and must not block.
    pub fn note_seen(
        &self,
        seen: Vec<(String, Timestamp)>,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        let now = self.now();
        let seen = seen.into_iter().map(|(who, at)| (who, at.min(now)));
        self.shared.store.note_seen(seen.collect(), done);
    }

    /// Does everything that is due and not done yet, overdue days first, each kind and day in a batch of its own, and
    /// promotes whom there is room for on a pool's first day. Safe to call at any time, by several processes at once: what
    /// is done is noted in the same transaction. One that fails does not keep the others.
    ///
    /// # Errors
    /// The first failure, after the others were tried.
    pub fn do_due(&self) -> Result<Done> {
        let session = self.as_actor(Actor::Scheduler, Door::Schedule);
        session.do_due()
    }

    /// Drops what providers asked that is older or more than the settings keep, one round of it; whether there was any.
    /// The scheduler asks for it.
    ///
    /// # Errors
    /// Only when the database cannot be read or written.
    pub fn trim_inbox(&self) -> Result<bool> {
        let store = &self.shared.store;
        let overflows = store.read(self.now())?.inbox_overflows()?;
        if overflows {
            store.trim_asked()?;
        }
        Ok(overflows)
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The instant now, by the directory's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Writes a verified copy to a file that must not exist yet, and appears only once it is whole.
    ///
    /// # Errors
    /// [`Error::File`] when it exists, cannot be written, or is being written by another process; [`Error::Broken`] when the copy
    /// does not verify.
    pub fn backup(&self, to: &Path) -> Result<()> {
        self.shared.store.backup(to)
    }

    /// Puts a backup in the place of a database, or where none is yet; erased people are erased again.
    /// The database that was there is kept beside it.
    ///
    /// # Errors
    /// [`Error::File`] when the backup is not a sound database of ours, or while any process has the database open.
    pub fn restore(backup: &Path, path: &Path, options: &Options) -> Result<()> {
        store::restore(backup, path, options)
    }

    /// Whether a backup is of another organization than the database that it would replace. Not where there is none, or none
    /// that can be read.
    ///
    /// # Errors
    /// [`Error::File`] when the backup is not there, or is no database of ours.
    pub fn is_of_another_organization(backup: &Path, path: &Path) -> Result<bool> {
        store::is_of_another_organization(backup, path)
    }

    /// Brings the search index up to date now, instead of when the writer is next idle.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn settle(&self) -> Result<()> {
        self.shared.store.settle()
    }
}

/// What one actor may do through one door.
#[derive(Clone)]
pub struct Session {
    directory: Directory,
    who: Who,
}

impl Session {
    /// Who acts.
    pub fn actor(&self) -> Actor {
        self.who.actor
    }

    /// Through which door.
    pub fn door(&self) -> Door {
        self.who.door
    }

    /// The same actor in the place of a connection: commands are planned as the connection would have them, by its rights,
    /// without its brake, and are recorded as this actor's on its behalf. It reads as the actor. Needs the right
    /// `idp_replay`, which is asked when a command is planned.
    #[must_use]
    pub fn on_behalf(&self, connection: ConnectionId) -> Self {
        let who = Who {
            on_behalf: Some(connection),
            ..self.who
        };
        Self {
            who,
            ..self.clone()
        }
    }

    /// The same for an administrator who came in over SSH by this key: from the commit that takes it from them on, they can
    /// neither act nor see.
    #[must_use]
    pub fn by_key(&self, key: Fingerprint) -> Self {
        let who = Who {
            key: Some(key),
            ..self.who
        };
        Self {
            who,
            ..self.clone()
        }
    }

    /// The same actor at another door, such as that of imports at a console.
    #[must_use]
    pub fn through(&self, door: Door) -> Self {
        let who = Who { door, ..self.who };
        Self {
            who,
            ..self.clone()
        }
    }

    /// The directory that this session is of.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A request for a command, with its time and randomness drawn now.
    pub fn request(&self, command: Command) -> Request {
        let shared = &self.directory.shared;
        let draw = Draw {
            at: shared.clock.now(),
            seed: shared.randomness.seed(),
        };
        Request {
            command,
            draw,
            when_full: WhenFull::Ask,
            key: None,
        }
    }

    /// What the request would do now. Writes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::Conflict`] or [`Error::Forbidden`] when it cannot be planned at
    /// all; somebody who cannot be changed is a skip, and a full pool a shortfall of the plan.
    pub fn plan(&self, request: &Request) -> Result<Plan> {
        self.directory.shared.store.plan(self.who, request)
    }

    /// Applies the request as it plans now, in one transaction, and returns when that is on disk.
    ///
    /// # Errors
    /// As [`Session::plan`]; [`Error::Moved`] when `confirmed` is not the digest of what would happen now;
    /// [`Error::NoSeat`] when a pool is full; [`Error::UnknownOutcome`] when the disk failed while committing.
    pub fn apply(&self, request: Request, confirmed: Option<Digest>) -> Result<Applied> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.apply_then(request, confirmed, move |result| {
            let _ = answer.send(result);
        });
        let stopped = |_| Err(Error::Broken("the writer stopped".into()));
        self.with_digest(answered.recv().unwrap_or_else(stopped))
    }

    /// What was applied with the digest of its plan, which was not computed before when nobody had confirmed it. The writer
    /// has other things to do meanwhile.
    fn with_digest(&self, applied: Result<Applied>) -> Result<Applied> {
        let mut applied = applied?;
        let plan = &mut applied.plan;
        if plan.digest == Digest::UNASKED && self.who.door.is_attended() && !applied.repeated {
            let read = self.directory.shared.store.read(applied.at);
            let key = read.and_then(|it| it.snapshot()?.digest_key());
            // It is applied, whatever is read.
            if let Ok(digest) = key.and_then(|it| plan.compute_digest(&it)) {
                plan.digest = digest;
            }
        }
        Ok(applied)
    }

    /// As [`Session::plan`]; ends early when the flag turns true. The handle says meanwhile how many changes are planned.
    ///
    /// # Errors
    /// As [`Session::plan`], and [`Error::Cancelled`] when the flag turned true.
    pub fn plan_until(
        &self,
        request: &Request,
        cancelled: Arc<AtomicBool>,
        progress: &Progress,
    ) -> Result<Plan> {
        let store = &self.directory.shared.store;
        store.plan_until(self.who, request, cancelled, progress)
    }

    /// As [`Session::apply`], looked at and taken back by a handle: until it is committed it can be cancelled as a whole.
    ///
    /// # Errors
    /// As [`Session::apply`], and [`Error::Cancelled`] when it was cancelled; then nothing was changed.
    pub fn apply_watched(
        &self,
        request: Request,
        confirmed: Option<Digest>,
        progress: &Progress,
    ) -> Result<Applied> {
        let (answer, answered) = mpsc::sync_channel(1);
        let mut job = store::Job::new(self.who, request, confirmed, move |result| {
            // Whoever asked may have gone.
            let _ = answer.send(result);
        });
        job.progress = progress.clone();
        self.directory.shared.store.submit(job);
        let stopped = |_| Err(Error::Broken("the writer stopped".into()));
        self.with_digest(answered.recv().unwrap_or_else(stopped))
    }

    /// As [`Session::apply`], without waiting: `done` is called on the writer's thread and must not block.
    pub fn apply_then(
        &self,
        request: Request,
        confirmed: Option<Digest>,
        done: impl FnOnce(Result<Applied>) + Send + 'static,
    ) {
        let job = store::Job::new(self.who, request, confirmed, done);
        self.directory.shared.store.submit(job);
    }

    /// As [`Session::apply_then`], for a connection, whose request is kept in the same commit. `asked` tells from the outcome
    /// what to keep; nothing when it is tried again. It is called on the writer's thread, maybe more than once, and not
    /// at all when the outcome is known before: then the caller keeps it by [`Session::keep_asked`].
    pub fn apply_asked(
        &self,
        request: Request,
        asked: impl Fn(&Result<Applied>) -> Option<NewAsked> + Send + 'static,
        done: impl FnOnce(Result<Applied>) + Send + 'static,
    ) {
        let mut job = store::Job::new(self.who, request, None, done);
        job.asked = Some(Box::new(asked));
        self.directory.shared.store.submit(job);
    }

    /// Keeps what a connection asked that no command came of. `done` is called when it is on disk, on the writer's thread,
    /// and must not block. For another actor than a connection nothing is kept.
    pub fn keep_asked(&self, asked: Vec<NewAsked>, done: impl FnOnce(Result<()>) + Send + 'static) {
        let now = self.directory.now();
        match self.who.actor {
            Actor::Connection(connection) if !asked.is_empty() => {
                let store = &self.directory.shared.store;
                store.keep_asked(connection, now, asked, done);
            }
            _ => done(Ok(())),
        }
    }

    /// Notes that what a connection asked was carried out by this batch, so that it is not done twice. Returns when that is
    /// on disk.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn note_replayed(&self, seq: i64, batch: BatchId) -> Result<()> {
        self.directory.shared.store.note_replayed(seq, batch)
    }

    /// The commands that do what is due now, in the order in which they are to be given.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn due_commands(&self) -> Result<Vec<Command>> {
        let read = self.read()?;
        let begun = read.begun_due()?;
        let mut commands: Vec<Command> = begun
            .into_iter()
            .map(|(kind, day)| Command::DoDue { kind, day })
            .collect();
        if read.can_promote()? {
            commands.push(Command::Promote);
        }
        Ok(commands)
    }

    /// Refuses whoever is not an owner, in what is about the database itself.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn require_owner(&self, what: &str) -> Result<()> {
        match self.read()?.is_by_an_owner()? {
            true => Ok(()),
            false => Err(Error::forbidden(format!("{what} is the owners' alone"))),
        }
    }

    /// Who does what is due when this actor asks for it: for the owner of the file the scheduler, as a server would have it;
    /// anybody else in their own name, by their own rights.
    #[must_use]
    pub fn doing_due(&self) -> Self {
        match self.actor() {
            Actor::FileOwner => self.directory.as_actor(Actor::Scheduler, self.who.door),
            _ => self.clone(),
        }
    }

    /// As [`Directory::do_due`], as this actor.
    ///
    /// # Errors
    /// As [`Directory::do_due`]; [`Error::Forbidden`] for whoever may not.
    pub fn do_due(&self) -> Result<Done> {
        let (begun, mut failed) = (self.read()?.begun_due()?, None);
        let mut done = Done::default();
        for (kind, day) in begun {
            // A batch has a greatest size: what is left of the day comes in the next.
            loop {
                match self.apply(self.request(Command::DoDue { kind, day }), None) {
                    Ok(applied) => match applied.batch {
                        Some(batch) => done.batches.push(batch),
                        None => break,
                    },
                    Err(error) => {
                        failed.get_or_insert(error);
                        break;
                    }
                }
            }
        }
        if self.read()?.can_promote()? {
            match self.apply(self.request(Command::Promote), None) {
                Ok(applied) => done.batches.extend(applied.batch),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(done),
        }
    }

    /// Something to read with. Every method is a transaction of its own; none is held between them.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the actor may see nobody, such as an administrator who was deactivated meanwhile;
    /// otherwise only when the database cannot be opened.
    pub fn read(&self) -> Result<Read<'_>> {
        self.seeing(self.directory.shared.store.read(self.directory.now())?)
    }

    /// As [`Session::read`]; what is being read ends early with [`Error::Cancelled`] when the flag turns true.
    ///
    /// # Errors
    /// As [`Session::read`].
    pub fn read_until(&self, cancelled: Arc<AtomicBool>) -> Result<Read<'_>> {
        let store = &self.directory.shared.store;
        self.seeing(store.read_until(self.directory.now(), cancelled)?)
    }

    fn seeing<'a>(&self, read: Read<'a>) -> Result<Read<'a>> {
        self.who.keeps_key(&read.snapshot()?)?;
        read.seen_by(self.who.actor)
    }

    /// Keeps a view of this actor's, in the place of one of the same name, and returns when that is on disk.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name or a query that cannot be kept; otherwise only when the database cannot be written.
    pub fn save_view(&self, view: View) -> Result<()> {
        let kept = self.read()?.kept_view(self.who.actor, view)?;
        self.write_view(kept)
    }

    /// Forgets a view of this actor's, if there is one of that name.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn remove_view(&self, name: &str) -> Result<()> {
        self.write_view(store::SavedView::removed(self.who.actor, name))
    }

    /// Keeps how this actor's console looks, for when they come again, and returns when that is on disk.
    ///
    /// # Errors
    /// Only when the database cannot be written.
    pub fn save_look(&self, look: ConsoleLook) -> Result<()> {
        self.write_view(store::SavedView::look(self.who.actor, look))
    }

    fn write_view(&self, view: store::SavedView) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.directory.shared.store.note_view(view, move |result| {
            let _ = answer.send(result);
        });
        answered
            .recv()
            .unwrap_or_else(|_| Err(Error::Broken("the writer stopped".into())))
    }

    /// Notices of whatever is committed from now on, by this process or another.
    pub fn watch(&self) -> Watch {
        Watch {
            notices: self.directory.shared.store.watch(),
        }
    }
}

/// Notices of commits.
pub struct Watch {
    notices: mpsc::Receiver<Notice>,
}

/// Something was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The newest batch's number in the order of commits.
    pub last_batch: i64,
}

impl Watch {
    /// The next notice, or none when nothing was committed for that long. Notices of quick succession are merged.
    ///
    /// # Errors
    /// [`Error::Broken`] when the directory was closed.
    pub fn wait(&self, timeout: Duration) -> Result<Option<Notice>> {
        let mut newest = match self.notices.recv_timeout(timeout) {
            Ok(notice) => notice,
            Err(mpsc::RecvTimeoutError::Timeout) => return Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(Error::Broken("the directory was closed".into()));
            }
        };
        while let Ok(newer) = self.notices.try_recv() {
            newest = newer;
        }
        Ok(Some(newest))
    }
}
