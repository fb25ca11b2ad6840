//! The writer's thread: many jobs in one commit, each in its savepoint, answered after the commit, so that concurrent
//! callers share one fsync. Nothing is cached across transactions.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::apply::{self, Applier};
use super::events::{self, BatchHead, Nonces, Tip};
use super::turn::Turn;
use super::{
    LastUses, Snapshot, attempts, brake, broken, checkpoints, idempotency, imports, inbox, levels,
    open, outbox, platform, restore, search, stale, transfers, views, waste,
};
use crate::change::Change;
use crate::command::{Command, GroupTarget, Request, may_promote, promote};
use crate::directory::Applied;
use crate::draw::{Clock, Draw, Draws};
use crate::error::{Error, Moved, Result, Shortfalls};
use crate::model::{Actor, BatchId, ConnectionId, Door, NewAsked, Timestamp, UserId};
use crate::plan::{Digest, Plan};
use crate::planner::{self, Planned, Who};
use crate::selection::Selection;

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

/// One request on its way through the writer.
pub(crate) struct Job {
    pub(crate) who: Who,
    pub(crate) request: Request,
    pub(crate) confirmed: Option<Digest>,
    pub(crate) done: Box<dyn FnOnce(Result<Applied>) + Send>,
    /// A plan made before, and the number of the newest batch that it knew.
    pub(crate) prepared: Option<(i64, Planned)>,
    /// What is kept of the provider's request that it came by, told from its outcome; none when it is tried again.
    pub(crate) asked: Option<Tell>,
}

/// What is to be kept of a provider's request, by what came of its command.
pub(crate) type Tell = Box<dyn Fn(&Result<Applied>) -> Option<NewAsked> + Send>;

impl Job {
    pub(crate) fn new(
        who: Who,
        request: Request,
        confirmed: Option<Digest>,
        done: impl FnOnce(Result<Applied>) + Send + 'static,
    ) -> Self {
        Self {
            who,
            request,
            confirmed,
            done: Box::new(done),
            prepared: None,
            asked: None,
        }
    }

    /// The same, counted among the unanswered until its answer is given or given up.
    pub(super) fn counted(mut self, unanswered: &Arc<AtomicUsize>) -> Self {
        unanswered.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(Arc::clone(unanswered));
        let done = self.done;
        self.done = Box::new(move |result| {
            drop(counted);
            done(result);
        });
        self
    }

    /// Whether planning it may take long.
    pub(crate) fn is_large(&self) -> bool {
        let many = |who: &Selection| match who {
            Selection::Ids(ids) => ids.len() > ALONE,
            Selection::Query { .. } => true,
        };
        match &self.request.command {
            Command::Invite(it) => it.people.len() > ALONE,
            Command::InviteToSession(it) => it.invite.people.len() > ALONE,
            Command::Create(it) => it.people.len() > ALONE,
            Command::ImportIndividuals { accounts } => accounts.len() > ALONE,
            Command::Import(it) => it.sheet.rows().len() > ALONE,
            Command::Edit(it) => many(&it.who),
            // They concern everybody in a group, or everybody who has a training.
            Command::EditGroup { .. }
            | Command::RemoveGroup { .. }
            | Command::RemoveTraining { .. }
            | Command::DoDue { .. }
            | Command::Reclaim(_)
            // They concern everybody in a queue.
            | Command::SetPool { .. }
            | Command::Promote
            | Command::RenameLabel { .. }
            | Command::ReleaseHeld { .. }
            | Command::RejectHeld { .. }
            | Command::Undo { .. } => true,
            Command::ProvisionGroup(it) => {
                it.only || it.add.len() > ALONE || matches!(it.target, GroupTarget::Removed { .. })
            }
            Command::Progress { reports } => reports.len() > ALONE,
            Command::Cancel { who }
            | Command::Resend { who, .. }
            | Command::MailPasswordLink { who }
            | Command::Deactivate { who }
            | Command::Reactivate { who, .. }
            | Command::Assign { who, .. }
            | Command::Unassign { who, .. }
            | Command::SetInstructors { who, .. }
            | Command::Delete { who }
            | Command::Erase { who }
            | Command::Grant { who, .. }
            | Command::Release { who, .. } => many(who),
            _ => false,
        }
    }
}

/// One of those that are counted, until dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) enum Message {
    Job(Box<Job>),
    /// Note what decides nothing and makes no event, then answer.
    Note(Note, Box<dyn FnOnce(Result<()>) + Send>),
    /// Index everything that waits, then answer.
    Settle(SyncSender<Result<()>>),
}

/// What is written beside the batches.
pub(super) enum Note {
    /// When people were seen.
    Seen(Vec<platform::Seen>),
    /// When tokens were used, which waits in memory.
    Uses,
    /// What attempts to sign in have spent.
    Attempts(Vec<([u8; 16], i64)>),
    /// A wish to join.
    Wish(super::wishes::WishNote),
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

type Answer = (Box<dyn FnOnce(Result<Applied>) + Send>, Result<Applied>);

struct Writer {
    conn: Connection,
    path: PathBuf,
    turn: Turn,
    clock: Arc<dyn Clock>,
    nonces: Nonces,
    last_uses: Arc<Mutex<LastUses>>,
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
    /// How many changes were written since the waiting rows were last counted.
    since_counted: usize,
    /// How many events have come after the newest kept count of licenses, or more.
    since_checkpoint: usize,
    /// Whether erased values may still be in the log of pages.
    untruncated: bool,
}

pub(super) fn start(
    conn: Connection,
    path: &Path,
    queue: Receiver<Message>,
    clock: Arc<dyn Clock>,
    last_uses: Arc<Mutex<LastUses>>,
) -> Result<JoinHandle<()>> {
    let writer = Writer {
        conn,
        path: path.to_owned(),
        turn: Turn::new(path)?,
        clock,
        nonces: Nonces::new(),
        last_uses,
        erased: Vec::new(),
        moved: BTreeMap::new(),
        levels_moved: None,
        tip: None,
        writing: false,
        expected: 1,
        unindexed: true,
        since_counted: 0,
        since_checkpoint: checkpoints::EVERY,
        untruncated: false,
    };
    std::thread::Builder::new()
        .name("usher-writer".into())
        .spawn(move || writer.run(&queue))
        .map_err(|error| Error::Broken(format!("no thread for the writer: {error}")))
}

impl Writer {
    fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let message = if self.unindexed {
                match queue.recv_timeout(IDLE) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => {
                        self.use_idle_time();
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
                    Message::Note(note, done) => next = self.notes(note, done, queue),
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
        if let Err(error) = self
            .turn
            .begin_for(&self.conn, first.who.door.is_attended())
        {
            (first.done)(Err(error));
            return None;
        }
        self.tip = None;
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
        let answers = group.into_iter().map(|(job, result)| (job.done, result));
        self.finish_group(answers.collect());
        left_over
    }

    /// Writes a note, with whatever other notes wait, in one commit. Returns the first message that is none.
    fn notes(
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
                Note::Wish(wish) => super::wishes::write(&self.conn, wish)?,
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

    fn finish_group(&mut self, answers: Vec<Answer>) {
        self.write_last_uses();
        self.index_if_many_wait(&answers);
        let moved = std::mem::take(&mut self.moved);
        let committed = apply::move_totals(&self.conn, &moved)
            .and_then(|()| self.keep_count(&answers))
            .and_then(|()| self.note_levels())
            .and_then(|()| self.run_cached("COMMIT"));
        self.turn.say_done();
        match committed {
            Ok(()) => {
                self.unindexed = true;
                self.after_erasing();
                for (done, result) in answers {
                    done(result);
                }
                self.turn.yield_to_others();
            }
            Err(_) => {
                self.erased.clear();
                self.since_checkpoint = checkpoints::EVERY;
                for (done, result) in answers {
                    done(result.and_then(|it| {
                        if it.batch.is_some() {
                            Err(Error::UnknownOutcome)
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

    /// Keeps the rows that readers must look through bounded while there is no idle time. Counting them is not free, so
    /// they are counted only when enough was written.
    fn index_if_many_wait(&mut self, answers: &[Answer]) {
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
    fn keep_count(&mut self, answers: &[Answer]) -> Result<()> {
        self.since_checkpoint += written(answers);
        if self.since_checkpoint >= checkpoints::EVERY {
            self.since_checkpoint = checkpoints::keep_if_due(&self.conn)?;
        }
        Ok(())
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

    /// Plans and applies one job. `None` when it is too large to share a commit with the jobs before it.
    fn one(&mut self, job: &mut Job, first: bool) -> Result<Option<Applied>> {
        let at = self.clock.now();
        let snapshot = Snapshot::new(&self.conn).seen_by(job.who.plans())?;
        if let Some(key) = &job.request.key
            && let Some(outcome) =
                idempotency::find(&self.conn, job.who.actor, key, &job.request.command, at)?
        {
            return idempotency::repeat(&snapshot, outcome).map(Some);
        }
        let shown = job
            .prepared
            .as_ref()
            .map(|(_, planned)| planned.plan.clone())
            .filter(|it| it.changes.len() <= ALONE);
        let (known, planned) = match job.prepared.take() {
            Some((known, mut planned)) if self.still_holds(known, job, &planned)? => {
                if job.who.door.is_attended() && known != snapshot.last_batch()? {
                    planner::renew(&snapshot, job.request.draw.at, &mut planned)?;
                }
                (Some(known), planned)
            }
            _ => (None, planner::plan(&snapshot, job.who, &job.request)?),
        };
        if planned.plan.changes.len() > ALONE && !first {
            // A plan made here knows batches that may yet fail to commit, and is made again.
            job.prepared = known.map(|known| (known, planned));
            return Ok(None);
        }
        self.check(job, &planned.plan, shown.as_ref())?;
        if planned.plan.changes.len() > ALONE {
            let (command, changes) = (planned.plan.command, planned.plan.changes.len());
            self.turn.say(&format!("{command}, {changes} changes"));
        }
        let Planned {
            plan,
            subject,
            manager_name,
            held,
            token,
            mut draws,
        } = planned;
        if plan.is_empty() {
            let applied = Applied {
                batch: None,
                at,
                plan,
                user: subject,
                manager_name,
                held,
                promotions: Vec::new(),
                promoted: 0,
                token: None,
                repeated: false,
            };
            return Ok(Some(applied));
        }
        let undoes = match &job.request.command {
            Command::Undo { batch } => Some(*batch),
            _ => None,
        };
        let batch = draws.batch();
        let origin = Origin {
            actor: job.who.actor,
            door: job.who.door,
            on_behalf: job.who.on_behalf,
            caused_by: None,
            undoes,
        };
        self.write(batch, &origin, &plan, job.request.draw, at)?;
        let (promotions, promoted) = self.promote_all(batch, &plan, job.request.draw, draws, at)?;
        let applied = Applied {
            batch: Some(batch),
            at,
            plan,
            user: subject,
            manager_name,
            held,
            promotions,
            promoted,
            token,
            repeated: false,
        };
        if let Some(key) = &job.request.key {
            idempotency::keep(
                &self.conn,
                job.who.actor,
                key,
                &job.request.command,
                &applied,
            )?;
        }
        Ok(Some(applied))
    }

    /// Whether a plan made before is what would be planned now.
    fn still_holds(&self, known: i64, job: &Job, planned: &Planned) -> Result<bool> {
        // What is left of a brake moves with every batch of its connection.
        if stale::rests_on_seen(&job.request.command)
            || matches!(job.who.plans(), Actor::Connection(_))
        {
            return Ok(false);
        }
        let snapshot = Snapshot::new(&self.conn).seen_by(job.who.plans())?;
        Ok(known == snapshot.last_batch()?
            || stale::still_holds(&snapshot, known, &job.request, &planned.plan)?)
    }

    /// Refuses a plan that is not what was confirmed, or that does not fit.
    fn check(&self, job: &Job, plan: &Plan, shown: Option<&Plan>) -> Result<()> {
        if let Some(confirmed) = job.confirmed {
            let digest = if plan.digest == Digest::UNASKED {
                plan.compute_digest(&Snapshot::new(&self.conn).digest_key()?)
            } else {
                plan.digest
            };
            if digest != confirmed {
                let what = plan.moved_since(shown);
                return Err(Error::Moved(Box::new(Moved {
                    plan: plan.clone(),
                    what,
                })));
            }
        }
        if !plan.shortfalls.is_empty() {
            return Err(Shortfalls(plan.shortfalls.clone()).into());
        }
        match &plan.review {
            Some(review) if review.is_blocked() => Err(Error::Faulty(review.clone())),
            _ => Ok(()),
        }
    }

    fn write(
        &mut self,
        batch: BatchId,
        origin: &Origin,
        plan: &Plan,
        draw: Draw,
        at: Timestamp,
    ) -> Result<()> {
        self.writing = true;
        let tip = match self.tip.take() {
            Some(tip) => tip,
            None => Tip::of(&self.conn)?,
        };
        // A batch frees before it takes, so that a full pool can change hands within it.
        let mut ordered: Vec<&Change> = Vec::new();
        let frees = |it: &Change| matches!(it, Change::License { before, after, .. } if before.is_held() && !after.is_held());
        let mixed = plan.changes.iter().any(frees)
            && plan.changes.iter().any(|it| matches!(it, Change::License { before, after, .. } if !before.is_held() && after.is_held()));
        let reordered: Vec<Change>;
        let changes = if mixed {
            ordered.extend(plan.changes.iter().filter(|it| frees(it)));
            ordered.extend(plan.changes.iter().filter(|it| !frees(it)));
            reordered = ordered.into_iter().cloned().collect();
            &reordered
        } else {
            &plan.changes
        };
        let head = BatchHead {
            seq: tip.next_batch(),
            id: batch,
            actor: origin.actor,
            door: origin.door,
            command: plan.command,
            at,
            caused_by: origin.caused_by,
            undoes: origin.undoes,
            on_behalf: origin.on_behalf,
        };
        if changes.iter().any(levels::is_moved_by) {
            self.levels_moved = Some(batch);
        }
        // Events first for people who are erased here: their key goes with the change.
        let moved = Applier::new(&self.conn, at).apply(changes, |user| draw.person_key(user))?;
        for (status, by) in moved.statuses {
            *self.moved.entry(status).or_default() += by;
        }
        let conn = &self.conn;
        let created: HashSet<UserId> = changes.iter().filter_map(Change::created).collect();
        let tip = events::append(conn, tip, &head, changes, &mut self.nonces, |user| {
            if created.contains(&user) {
                return Some(draw.person_key(user));
            }
            events::person_key(conn, user).ok().flatten()
        })?;
        self.tip = Some(tip);
        outbox::put(conn, &plan.effects.mails, changes, batch, at)?;
        imports::note(conn, origin.actor, batch, changes, at)?;
        brake::note(conn, origin.actor, batch, changes, &moved.people, at)?;
        self.erased.extend(changes.iter().filter_map(|it| match it {
            Change::Erased { user, .. } => Some(*user),
            // Ids are drawn from one source, so that one list beside the database will do for people and accounts.
            Change::IndividualErased { account } => Some(UserId::from_bytes(*account.as_bytes())),
            _ => None,
        }));
        Ok(())
    }

    /// Promotes from the queues whatever the batch made room for, in batches of their own.
    fn promote_all(
        &mut self,
        cause: BatchId,
        plan: &Plan,
        draw: Draw,
        draws: Draws,
        at: Timestamp,
    ) -> Result<(Vec<BatchId>, usize)> {
        if !may_promote(&plan.changes) {
            return Ok((Vec::new(), 0));
        }
        let Some(planned) = promote(&Snapshot::new(&self.conn), draw.at, draws)? else {
            return Ok((Vec::new(), 0));
        };
        let Planned {
            plan, mut draws, ..
        } = planned;
        let batch = draws.batch();
        let origin = Origin {
            actor: Actor::Scheduler,
            door: Door::Schedule,
            on_behalf: None,
            caused_by: Some(cause),
            undoes: None,
        };
        self.write(batch, &origin, &plan, draw, at)?;
        Ok((vec![batch], planner::people_promoted(&plan.changes)))
    }

    fn write_last_uses(&self) {
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

    /// Erased values must not survive in the log of pages, and erased people must stay erased after a restore.
    fn after_erasing(&mut self) {
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
    fn use_idle_time(&mut self) {
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

    fn settle(&mut self) -> Result<()> {
        while search::waiting(&self.conn, 1)? > 0 {
            self.round(search::index_round)?;
        }
        while waste::waiting(&self.conn)? > 0 {
            self.round(waste::look_round)?;
        }
        Ok(())
    }
}

/// How many changes were written. Promotions come on top, so that this is a little less.
fn written(answers: &[Answer]) -> usize {
    let changes = |it: &Answer| it.1.as_ref().map_or(0, |it| it.plan.changes.len());
    answers.iter().map(changes).sum()
}

/// Where a batch comes from.
struct Origin {
    actor: Actor,
    door: Door,
    on_behalf: Option<ConnectionId>,
    caused_by: Option<BatchId>,
    undoes: Option<BatchId>,
}

/// What became of a job in the group's transaction.
enum Step {
    Done(Box<Result<Applied>>),
    /// Too large to share a commit: it goes next, alone.
    Alone,
    /// A write failed, and what was written of the job is still there.
    Spoiled(Box<Error>),
}
