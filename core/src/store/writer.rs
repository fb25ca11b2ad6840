//! The writer's thread: many jobs in one commit, each in its savepoint, answered after the commit, so that concurrent
//! callers share one fsync. Nothing is cached across transactions.

mod carrying_out;
mod job;
mod noting;
mod standing;
mod upkeep;
mod writing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::apply;
use super::events::{Nonces, Tip};
use super::turn::Turn;
use super::{LastUses, broken, checkpoints, inbox, levels, open};
use crate::directory::Applied;
use crate::draw::Clock;
use crate::error::{Error, Result};
use crate::model::{Actor, BatchId, UserId};
use crate::progress::Progress;
pub(crate) use job::Job;
pub(super) use noting::Note;
pub(super) use standing::Standing;

/// The most jobs in one commit.
const GROUP: usize = 256;
/// A job of more changes than this commits alone.
const ALONE: usize = 1_000;
/// The most notes in one commit.
const MOST_NOTES: usize = 16;
/// How long a group waits for callers who are expected, and how often.
const PAUSE: Duration = Duration::from_micros(60);
const MOST_PAUSES: u32 = 2;
/// With nothing to do for this long, the writer indexes what waits.
const IDLE: Duration = Duration::from_millis(40);
/// After a commit has failed, with nothing to do for this long, the writer tries whether one succeeds again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

pub(super) enum Message {
    Job(Box<Job>),
    /// Note what decides nothing and makes no event, then answer. It waits since then.
    Note(Note, Box<dyn FnOnce(Result<()>) + Send>, Instant),
    /// Index everything that waits, then answer.
    Settle(SyncSender<Result<()>>),
}

type Answer = (Box<dyn FnOnce(Result<Applied>) + Send>, Result<Applied>);

struct Writer {
    conn: Connection,
    path: PathBuf,
    turn: Turn,
    clock: Arc<dyn Clock>,
    nonces: Nonces,
    last_uses: Arc<Mutex<LastUses>>,
    standing: Arc<Standing>,
    /// People erased in the present transaction.
    erased: Vec<UserId>,
    /// By how many people the kept totals of statuses move when the present transaction ends.
    moved: BTreeMap<&'static str, i64>,
    /// The last batch of the present transaction that moved how full a pool is.
    levels_moved: Option<BatchId>,
    /// The end of the history in the present transaction, once something was written in it.
    tip: Option<Tip>,
    /// Whether the present job has begun to write.
    writing: bool,
    /// How many jobs the next group may have.
    expected: usize,
    /// Whether rows may wait to be indexed.
    unindexed: bool,
    /// What was asked while somebody else was writing, to be kept with the next commit.
    postponed: Vec<Note>,
    /// How many changes were written since the waiting rows were last counted.
    since_counted: usize,
    /// How many events have come after the newest kept count of licenses, or more.
    since_checkpoint: usize,
    /// Whether erased values may still be in the log of pages.
    untruncated: bool,
    /// Whether the page cache is that of a large job.
    roomy: bool,
}

pub(super) fn start(
    conn: Connection,
    path: &Path,
    queue: Receiver<Message>,
    clock: Arc<dyn Clock>,
    last_uses: Arc<Mutex<LastUses>>,
    standing: Arc<Standing>,
) -> Result<JoinHandle<()>> {
    let writer = Writer {
        conn,
        path: path.to_owned(),
        turn: Turn::new(path)?,
        clock,
        nonces: Nonces::new(),
        last_uses,
        standing,
        erased: Vec::new(),
        moved: BTreeMap::new(),
        levels_moved: None,
        tip: None,
        writing: false,
        expected: 1,
        unindexed: true,
        postponed: Vec::new(),
        since_counted: 0,
        since_checkpoint: checkpoints::EVERY,
        untruncated: false,
        roomy: false,
    };
    std::thread::Builder::new()
        .name("usher-writer".into())
        .spawn(move || writer.run(&queue))
        .map_err(|error| Error::Broken(format!("no thread for the writer: {error}")))
}

impl Writer {
    fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let fails = self.standing.why_not().is_some();
            let message = if self.unindexed || fails {
                match queue.recv_timeout(if fails { TRY_AGAIN } else { IDLE }) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => {
                        if fails {
                            self.try_to_store();
                        } else {
                            self.use_idle_time();
                        }
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match queue.recv() {
                    Ok(message) => message,
                    Err(_) => break,
                }
            };
            let mut next = Some(message);
            while let Some(message) = next.take() {
                match message {
                    Message::Settle(answer) => {
                        let _ = answer.send(self.settle());
                    }
                    Message::Note(note, done, since) => {
                        next = self.notes(note, done, since, queue);
                    }
                    Message::Job(job) => next = self.group(*job, queue),
                }
            }
        }
    }

    /// Takes jobs until the queue is empty or the group is full, commits, and answers. Returns a message that it took
    /// from the queue and that is not part of this group.
    ///
    /// Jobs are refused while they are planned, before anything of theirs is written, so they need no savepoints, which
    /// would copy every page they touch. Should a write fail all the same, the group begins again with savepoints.
    fn group(&mut self, first: Job, queue: &Receiver<Message>) -> Option<Message> {
        let attended = first.who.door.is_attended();
        if let Err(error) = self.turn.begin_for(&self.conn, first.given, attended) {
            self.standing.failed(&error);
            (first.done)(Err(error));
            return None;
        }
        self.tip = None;
        self.write_postponed();
        let mut group: Vec<(Job, Result<Applied>)> = Vec::new();
        let mut left_over = None;
        let mut pauses = 0;
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            match self.directly(&mut job, group.is_empty()) {
                Step::Done(result) => group.push((job, *result)),
                Step::Alone => {
                    left_over = Some(Message::Job(Box::new(job)));
                    break;
                }
                Step::Spoiled(error) => {
                    group.push((job, Err(*error)));
                    if !self.again_with_savepoints(&mut group) {
                        return None;
                    }
                }
            }
            let large = |it: &(Job, Result<Applied>)| {
                it.1.as_ref().is_ok_and(|it| it.plan.changes.len() > ALONE)
            };
            if group.last().is_some_and(large) || group.len() >= GROUP {
                break;
            }
            match self.more(queue, group.len(), &mut pauses) {
                Some(Message::Job(job)) => next = Some(*job),
                other => left_over = other,
            }
        }
        self.expect_next(group.len(), pauses);
        // What can still be taken back is alone in its group.
        let last_word = match group.as_slice() {
            [(job, Ok(_))] => job.progress.clone(),
            _ => Progress::new(),
        };
        let answers = group.into_iter().map(|(job, result)| (job.done, result));
        self.finish_group(answers.collect(), &last_word);
        if std::mem::take(&mut self.roomy) {
            let _ = open::make_room(&self.conn, false);
            self.take_log_in();
        }
        left_over
    }

    /// The next message. When the queue is empty but the last group was larger, callers who were answered then are about
    /// to ask again: a moment's pause lets them share this commit instead of paying for one of their own.
    fn more(&self, queue: &Receiver<Message>, jobs: usize, pauses: &mut u32) -> Option<Message> {
        loop {
            match queue.try_recv() {
                Ok(message) => return Some(message),
                Err(_) if jobs < self.expected && *pauses < MOST_PAUSES => {
                    *pauses += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(_) => return None,
            }
        }
    }

    /// Expects a little more than came without waiting to the end, and no more than came when that was in vain. A caller
    /// who is alone is never waited for.
    fn expect_next(&mut self, jobs: usize, pauses: u32) {
        self.expected = if pauses < MOST_PAUSES {
            jobs + jobs / 4
        } else {
            jobs
        };
    }

    /// Runs a job in the group's transaction. Nothing of it is written unless it succeeds, or spoils the group.
    fn directly(&mut self, job: &mut Job, first: bool) -> Step {
        self.writing = false;
        let result = match self.one(job, first) {
            Ok(Some(applied)) => Ok(applied),
            Ok(None) => return Step::Alone,
            Err(error) if self.writing || self.conn.is_autocommit() => {
                return Step::Spoiled(Box::new(error));
            }
            Err(error) => Err(error),
        };
        self.keep_asked(job, &result);
        Step::Done(Box::new(result))
    }

    /// Keeps the provider's request that a job came by, in the transaction that answers it. Keeping it decides nothing: should
    /// it fail, the answer stands.
    fn keep_asked(&self, job: &Job, result: &Result<Applied>) {
        if let (Actor::Connection(connection), Some(tell)) = (job.who.actor, &job.asked)
            && let Some(asked) = tell(result)
        {
            let _ = inbox::keep(&self.conn, connection, job.request.draw.at, &asked);
        }
    }

    /// Begins the group again, each job in its savepoint. When even that is impossible, everybody is told that nothing
    /// was applied, and the answer is false.
    fn again_with_savepoints(&mut self, group: &mut Vec<(Job, Result<Applied>)>) -> bool {
        let _ = self.conn.execute_batch("ROLLBACK");
        self.turn.say_done();
        self.erased.clear();
        self.moved.clear();
        self.levels_moved = None;
        self.tip = None;
        let mut outcome = self.turn.begin(&self.conn);
        for (job, result) in group.iter_mut() {
            if outcome.is_ok() {
                outcome = self.in_savepoint(job).map(|it| *result = it);
            }
        }
        let Err(error) = outcome else { return true };
        self.standing.failed(&error);
        let _ = self.conn.execute_batch("ROLLBACK");
        self.erased.clear();
        self.moved.clear();
        self.levels_moved = None;
        for (job, result) in group.drain(..) {
            (job.done)(result.and_then(|_| Err(Error::Broken(format!("not applied: {error}")))));
        }
        false
    }

    /// Runs a job in a savepoint. The outer error means that the whole transaction is gone.
    fn in_savepoint(&mut self, job: &mut Job) -> Result<Result<Applied>> {
        self.run_cached("SAVEPOINT job")?;
        let (erased, moved) = (self.erased.len(), self.moved.clone());
        let result = self.one(job, true);
        if let Ok(Some(applied)) = result {
            self.run_cached("RELEASE job")?;
            let result = Ok(applied);
            self.keep_asked(job, &result);
            return Ok(result);
        }
        self.erased.truncate(erased);
        self.moved = moved;
        self.tip = None;
        if self.conn.is_autocommit() {
            return Err(Error::Broken("the transaction ended".into()));
        }
        self.run_cached("ROLLBACK TO job")?;
        self.run_cached("RELEASE job")?;
        let refused = || Error::Broken("a large change met a fault; repeat it".into());
        let result = result.and_then(|_| Err(refused()));
        self.keep_asked(job, &result);
        Ok(result)
    }

    fn finish_group(&mut self, answers: Vec<Answer>, last_word: &Progress) {
        self.write_last_uses();
        self.index_if_many_wait(&answers);
        let moved = std::mem::take(&mut self.moved);
        let committed = apply::move_totals(&self.conn, &moved)
            .and_then(|()| self.keep_count(&answers))
            .and_then(|()| self.note_levels())
            .and_then(|()| last_word.commit())
            .and_then(|()| self.run_cached("COMMIT"));
        self.turn.say_done();
        match committed {
            Ok(()) => {
                self.standing.stored();
                self.unindexed = true;
                self.after_erasing();
                for (done, result) in answers {
                    done(result);
                }
                self.turn.yield_to_others();
            }
            Err(Error::Cancelled) => {
                let _ = self.conn.execute_batch("ROLLBACK");
                self.erased.clear();
                self.levels_moved = None;
                self.since_checkpoint = checkpoints::EVERY;
                self.unindexed = true;
                for (done, result) in answers {
                    done(result.and(Err(Error::Cancelled)));
                }
            }
            Err(error) => {
                self.erased.clear();
                self.since_checkpoint = checkpoints::EVERY;
                self.standing.failed(&error);
                for (done, result) in answers {
                    done(result.and_then(|it| {
                        if it.batch.is_some() {
                            Err(Error::UnknownOutcome(error.to_string()))
                        } else {
                            Ok(it)
                        }
                    }));
                }
                self.reopen();
            }
        }
    }

    fn note_levels(&mut self) -> Result<()> {
        match self.levels_moved.take() {
            Some(batch) => levels::note(&self.conn, batch, self.clock.now()),
            None => Ok(()),
        }
    }

    /// A connection whose commit failed knows less than the file; a new one reads what is there.
    fn reopen(&mut self) {
        let _ = self.conn.execute_batch("ROLLBACK");
        if let Ok(conn) = open::writer(&self.path) {
            self.conn = conn;
        }
    }

    fn run_cached(&self, sql: &str) -> Result<()> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut it| it.execute([]))
            .map(|_| ())
            .map_err(broken)
    }
}

/// How many changes were written. Promotions come on top, so that this is a little less.
fn written(answers: &[Answer]) -> usize {
    let changes = |it: &Answer| it.1.as_ref().map_or(0, |it| it.plan.changes.len());
    answers.iter().map(changes).sum()
}

/// What became of a job in the group's transaction.
enum Step {
    Done(Box<Result<Applied>>),
    /// Too large to share a commit: it goes next, alone.
    Alone,
    /// A write failed, and what was written of the job is still there.
    Spoiled(Box<Error>),
}
