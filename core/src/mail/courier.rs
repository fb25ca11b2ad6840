//! The courier: takes mails that are due from the outbox, hands them over one at a time, and notes what became of each
//! before it begins the next, so that a kill costs at most one mail a second copy, with the same Message-ID. One that takes
//! long is left to itself, on its connection, and others go on beside it. Of several processes on one database one is at
//! it; when it ends, however it ends, another takes over.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};

use super::letter::{Prepared, Stationery, prepare};
use super::pace::{Pace, again};
use super::smtp::{Line, Sent};
use super::{Letter, MailConfig, Out, Verdict, folder};
use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::model::{MailState, OutboxMail, Timestamp};
use crate::store::{Claim, Lease, OutboxNote, Settled};

/// How many mails are taken at a time.
const CLAIM: usize = 50;
/// For how long mails are taken: longer than a claim is worked on and its last mail may last.
const LEASE_MS: i64 = 20 * 60_000;
/// For how long a claim is worked on; what is left of it then is given back.
const WORK: Duration = Duration::from_secs(8 * 60);
/// After so long a mail is left to itself and the next begins, on another connection; at most so many at once.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_SLOW: usize = 8;
/// How often it is looked for mails that are due.
const LOOK: Duration = Duration::from_millis(500);
/// For how long nobody asks a mail server that is away: at first, and at the longest.
const AWAY_FIRST: Duration = Duration::from_secs(5);
const AWAY_LONGEST: Duration = Duration::from_secs(300);
/// For how long a mail that nobody takes is tried: RFC 5321 asks for four to five days.
const GIVE_UP_MS: i64 = 5 * 86_400_000;
/// How long mails on their way are waited for when the process ends.
const GRACE: Duration = Duration::from_secs(10);

/// What one round of bringing mails out came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// How many were taken.
    pub sent: usize,
    /// How many will be tried again.
    pub later: usize,
    /// How many were refused for good.
    pub failed: usize,
    /// How many were of no use any more.
    pub dropped: usize,
    /// Why nobody's mail goes out now, if so.
    pub down: Option<String>,
    /// Whether another process brings mail out, so that this one did not.
    pub elsewhere: bool,
}

impl Brought {
    /// Whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

impl Directory {
    /// Brings out every mail that is due now, and returns when all have been tried. Several processes may: each mail is one's
    /// alone.
    ///
    /// # Errors
    /// Only when the database cannot be read or written; what a mail server says is no error.
    pub fn bring_out(&self, config: &MailConfig) -> Result<Brought> {
        let runtime = runtime()?;
        let mut round = Round::new(self.clone(), config.clone(), Arc::default());
        let brought = runtime.block_on(async {
            let brought = round.pass().await;
            round.wait_for_slow().await?;
            round.part().await;
            brought
        })?;
        Ok(round.add_late(brought))
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Broken(format!("mail cannot go out: {error}")))
}

/// Brings mails out on a thread of its own, until it is dropped.
pub struct Courier {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    /// Starts it. `tell` hears of every round that did something, and of what failed.
    ///
    /// # Errors
    /// [`Error::Broken`] when there is no thread for it.
    pub fn start(
        directory: Directory,
        config: MailConfig,
        tell: impl Fn(&Result<Brought>) + Send + 'static,
    ) -> Result<Self> {
        let runtime = runtime()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("usher-courier".into())
            .spawn(move || {
                let mut round = Round::new(directory, config, Arc::clone(&stopped));
                runtime.block_on(async {
                    round.run(&tell).await;
                    let _ = tokio::time::timeout(GRACE, round.wait_for_slow()).await;
                    round.part().await;
                });
                runtime.shutdown_timeout(Duration::from_millis(100));
            })
            .map_err(|error| Error::Broken(format!("no thread for the courier: {error}")))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What came of one mail, with the line that it went over if that can be used again.
struct Tried {
    row: OutboxMail,
    lease: Lease,
    verdict: Verdict,
    line: Option<Box<Line>>,
}

struct Round {
    directory: Directory,
    config: Arc<MailConfig>,
    pace: Arc<Pace>,
    stop: Arc<AtomicBool>,
    /// A connection that waits for its next mail.
    idle: Option<Box<Line>>,
    /// Mails that take long.
    slow: JoinSet<std::result::Result<Tried, JoinError>>,
    late: Brought,
    away: Away,
    /// Held while mails are brought out; whoever has it is the only one, and it ends with the process.
    turn: Option<File>,
}

impl Round {
    fn new(directory: Directory, config: MailConfig, stop: Arc<AtomicBool>) -> Self {
        Self {
            directory,
            pace: Arc::new(Pace::new(config.pace)),
            config: Arc::new(config),
            stop,
            idle: None,
            slow: JoinSet::new(),
            late: Brought::default(),
            away: Away::default(),
            turn: None,
        }
    }

    async fn run(&mut self, tell: &impl Fn(&Result<Brought>)) {
        while !self.stop.load(Ordering::Relaxed) {
            if self.away.is_over() {
                let brought = self.pass().await.map(|it| self.add_late(it));
                match &brought {
                    Ok(it) if it.down.is_some() => {
                        // Told when it begins, not each time that it goes on.
                        if self.away.goes_on() {
                            tell(&brought);
                        }
                    }
                    Ok(it) => {
                        if it.sent > 0 {
                            self.away = Away::default();
                        }
                        if !it.is_idle() && !it.elsewhere {
                            tell(&brought);
                        }
                    }
                    Err(_) => {
                        self.away.goes_on();
                        tell(&brought);
                    }
                }
                if self.slow.is_empty() && self.idle.is_some() {
                    self.part().await;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes what is due and tries it, until nothing is due, the mail server is away, or the process ends.
    async fn pass(&mut self) -> Result<Brought> {
        let mut brought = Brought::default();
        if !self.has_turn()? {
            brought.elsewhere = true;
            return Ok(brought);
        }
        loop {
            self.reap()?;
            let now = self.directory.now();
            let next = self.directory.shared.store.read(now)?.next_mail_at()?;
            if next.is_none_or(|it| it > now) || self.stop.load(Ordering::Relaxed) {
                return Ok(brought);
            }
            let lease = self.directory.shared.randomness.seed();
            let mut half: Lease = [0; 16];
            half.copy_from_slice(&lease[..16]);
            let rows = self.claim(half, now)?;
            if rows.is_empty() {
                return Ok(brought);
            }
            let left = self.work(half, rows, &mut brought).await?;
            if !left.is_empty() {
                let note = OutboxNote::Release {
                    lease: half,
                    seqs: left,
                    why: brought.down.clone(),
                };
                self.directory.shared.store.note_outbox(note)?;
            }
            if brought.down.is_some() {
                return Ok(brought);
            }
        }
    }

    /// Whether it is this process that brings mail out. When it becomes so, what others left behind is taken up at once:
    /// they are gone, or they would still have the turn.
    fn has_turn(&mut self) -> Result<bool> {
        if self.turn.is_some() {
            return Ok(true);
        }
        let store = &self.directory.shared.store;
        let file = store.open_beside("-courier")?;
        if file.try_lock().is_err() {
            return Ok(false);
        }
        store.note_outbox(OutboxNote::TakeUp)?;
        self.turn = Some(file);
        Ok(true)
    }

    fn claim(&self, lease: Lease, now: Timestamp) -> Result<Vec<OutboxMail>> {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let pace = Arc::clone(&self.pace);
        let claim = Claim {
            lease,
            now,
            until: now.plus_millis(LEASE_MS),
            most: CLAIM,
            slot: Arc::new(move |domain| pace.slot(domain, now)),
            taken: Arc::clone(&taken),
        };
        self.directory
            .shared
            .store
            .note_outbox(OutboxNote::Claim(claim))?;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *taken))
    }

    /// Tries each of these mails, and returns the numbers of those that were not.
    async fn work(
        &mut self,
        lease: Lease,
        rows: Vec<OutboxMail>,
        brought: &mut Brought,
    ) -> Result<Vec<i64>> {
        let begun = Instant::now();
        let stationery = Stationery::of(&self.directory)?;
        let mut rows = rows.into_iter();
        while let Some(row) = rows.next() {
            let seq = row.seq;
            let ends = self.stop.load(Ordering::Relaxed) || begun.elapsed() > WORK;
            if ends || brought.down.is_some() {
                return Ok(std::iter::once(seq).chain(rows.map(|it| it.seq)).collect());
            }
            let letter = match prepare(&self.directory, &self.config, &stationery, &row) {
                Ok(Prepared::Letter(letter)) => letter,
                Ok(Prepared::Useless(why)) => {
                    self.settle(&row, lease, MailState::Dropped, Some(why))?;
                    brought.dropped += 1;
                    continue;
                }
                // What cannot be made stays as it is; the others need not wait for it.
                Err(error) => {
                    self.judge(&row, lease, Verdict::Later(error.to_string()), brought)?;
                    continue;
                }
            };
            match self.hand_over(row, lease, letter).await? {
                Handed::Tried(tried) => {
                    let Tried {
                        row, verdict, line, ..
                    } = *tried;
                    self.idle = line;
                    if self.judge(&row, lease, verdict, brought)? {
                        return Ok(std::iter::once(seq).chain(rows.map(|it| it.seq)).collect());
                    }
                }
                Handed::LeftToItself => {}
            }
        }
        Ok(Vec::new())
    }

    /// Hands a mail over, and waits for what becomes of it unless that takes long.
    async fn hand_over(
        &mut self,
        row: OutboxMail,
        lease: Lease,
        letter: Box<Letter>,
    ) -> Result<Handed> {
        let at_once = match &self.config.out {
            Out::Folder(folder) => Some(folder::write(folder, &letter)),
            Out::Rehearsal(play) => Some(play(&letter)),
            Out::Smtp(_) => None,
        };
        if let Some(verdict) = at_once {
            return Ok(Handed::Tried(Box::new(Tried {
                row,
                lease,
                verdict,
                line: None,
            })));
        }
        while self.slow.len() >= MOST_SLOW {
            let tried = self.slow.join_next().await;
            self.note_late(tried)?;
        }
        let (config, line) = (Arc::clone(&self.config), self.idle.take());
        let mut running = tokio::spawn(async move {
            let (verdict, line) = send(&config, line, &letter).await;
            Tried {
                row,
                lease,
                verdict,
                line,
            }
        });
        tokio::select! {
            ended = &mut running => {
                let tried = ended.map_err(|error| Error::Broken(format!("a mail was not sent: {error}")))?;
                return Ok(Handed::Tried(Box::new(tried)));
            }
            () = tokio::time::sleep(PATIENCE) => {}
        }
        self.slow.spawn(running);
        Ok(Handed::LeftToItself)
    }

    /// Notes what became of a mail; whether nobody's goes out now, so that it counts as not tried.
    fn judge(
        &mut self,
        row: &OutboxMail,
        lease: Lease,
        verdict: Verdict,
        brought: &mut Brought,
    ) -> Result<bool> {
        match verdict {
            Verdict::Taken => {
                brought.sent += 1;
                let state = match self.config.out {
                    Out::Folder(_) => MailState::Filed,
                    Out::Smtp(_) | Out::Rehearsal(_) => MailState::Sent,
                };
                self.settle(row, lease, state, None)?;
            }
            Verdict::Never(why) => {
                brought.failed += 1;
                self.settle(row, lease, MailState::Failed, Some(why))?;
            }
            Verdict::Later(why) => {
                let age = self.directory.now().as_millis() - row.created_at.as_millis();
                if age >= GIVE_UP_MS {
                    brought.failed += 1;
                    let why = format!("nobody took it for five days: {why}");
                    self.settle(row, lease, MailState::Failed, Some(why))?;
                } else {
                    brought.later += 1;
                    self.settle(row, lease, MailState::Waiting, Some(why))?;
                }
            }
            Verdict::Down(why) => {
                brought.down = Some(why);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn settle(
        &self,
        row: &OutboxMail,
        lease: Lease,
        state: MailState,
        why: Option<String>,
    ) -> Result<()> {
        let at = self.directory.now();
        let settled = Settled {
            seq: row.seq,
            lease,
            state,
            at,
            next_at: again(row.seq, row.attempts, at),
            why,
        };
        self.directory
            .shared
            .store
            .note_outbox(OutboxNote::Settle(settled))
    }

    /// Notes what became of slow mails that have ended.
    fn reap(&mut self) -> Result<()> {
        while let Some(tried) = self.slow.try_join_next() {
            self.note_late(Some(tried))?;
        }
        Ok(())
    }

    async fn wait_for_slow(&mut self) -> Result<()> {
        while !self.slow.is_empty() {
            let tried = self.slow.join_next().await;
            self.note_late(tried)?;
        }
        Ok(())
    }

    fn note_late(
        &mut self,
        tried: Option<std::result::Result<std::result::Result<Tried, JoinError>, JoinError>>,
    ) -> Result<()> {
        let Some(Ok(Ok(tried))) = tried else {
            return Ok(());
        };
        let mut brought = std::mem::take(&mut self.late);
        let verdict = match tried.verdict {
            // It was tried, whatever that says of the others.
            Verdict::Down(why) => Verdict::Later(why),
            other => other,
        };
        let judged = self.judge(&tried.row, tried.lease, verdict, &mut brought);
        self.late = brought;
        if self.idle.is_none() {
            self.idle = tried.line;
        }
        judged.map(drop)
    }

    /// Adds what became of slow mails to a round.
    fn add_late(&mut self, mut brought: Brought) -> Brought {
        let late = std::mem::take(&mut self.late);
        brought.sent += late.sent;
        brought.later += late.later;
        brought.failed += late.failed;
        brought
    }

    async fn part(&mut self) {
        if let Some(line) = self.idle.take() {
            line.quit().await;
        }
    }
}

enum Handed {
    Tried(Box<Tried>),
    LeftToItself,
}

/// Sends over the line that there is, else over a new one.
async fn send(
    config: &MailConfig,
    line: Option<Box<Line>>,
    letter: &Letter,
) -> (Verdict, Option<Box<Line>>) {
    let Out::Smtp(smtp) = &config.out else {
        return (Verdict::Down("there is no mail server".to_owned()), None);
    };
    if let Some(mut line) = line {
        match line.send(letter).await {
            Sent::Said(verdict, can_go_on) => return (verdict, can_go_on.then_some(line)),
            Sent::Stale => {}
        }
    }
    match Line::connect(smtp).await {
        Err(why) => (Verdict::Down(why), None),
        Ok(line) => {
            let mut line = Box::new(line);
            match line.send(letter).await {
                Sent::Said(verdict, can_go_on) => (verdict, can_go_on.then_some(line)),
                Sent::Stale => (
                    Verdict::Later("the connection ended at once".to_owned()),
                    None,
                ),
            }
        }
    }
}

/// How long a mail server that is away is left alone.
#[derive(Default)]
struct Away {
    until: Option<Instant>,
    pause: Duration,
}

impl Away {
    fn is_over(&self) -> bool {
        self.until.is_none_or(|it| it <= Instant::now())
    }

    /// It is still away: the next pause is twice as long. Whether this is the first.
    fn goes_on(&mut self) -> bool {
        let is_first = self.until.is_none();
        self.pause = (self.pause * 2).clamp(AWAY_FIRST, AWAY_LONGEST);
        // Up to a quarter less, so that several servers do not come back together.
        let less = self.pause / 4 * (std::process::id() % 8) / 8;
        self.until = Some(Instant::now() + self.pause - less);
        is_first
    }
}
