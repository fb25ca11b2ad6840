//! The scheduler: a thread that does what is due when its day begins. It knows no rules, it only asks the directory often
//! enough; several of them on one database do nothing twice.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::directory::{Directory, Done};
use crate::error::{Error, Result};
use crate::model::{Actor, Door, Timestamp};

/// The longest sleep. Dates that others set, by this process or another, and a clock that was changed are noticed after so
/// long; one look costs a few look-ups in one index.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// A clock that leaps further ahead than this is not believed at once.
const LEAP: Duration = Duration::from_secs(5 * 60);
/// For how long a clock that leapt ahead must go on steadily before it is believed.
const BELIEVED_AFTER: Duration = Duration::from_secs(60);

/// Does what is due, on a thread of its own, until it is dropped.
pub struct Scheduler {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scheduler {
    /// Starts it. What is overdue is done at once. `tell` hears of every round that did something or failed.
    ///
    /// # Errors
    /// [`Error::Broken`] when there is no thread for it.
    pub fn start(
        directory: Directory,
        tell: impl Fn(&Result<Done>) + Send + 'static,
    ) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("usher-scheduler".into())
            .spawn(move || {
                let mut trust = Trust::default();
                let start = Instant::now();
                loop {
                    let sleep = round(&directory, &mut trust, start.elapsed(), &tell);
                    match stopped.recv_timeout(sleep) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
            })
            .map_err(|error| Error::Broken(format!("no thread for the scheduler: {error}")))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Does what is due, if the clock is believed, and returns for how long to sleep.
fn round(
    directory: &Directory,
    trust: &mut Trust,
    running: Duration,
    tell: &impl Fn(&Result<Done>),
) -> Duration {
    if !trust.believes(directory.now(), running) {
        return LONGEST_SLEEP;
    }
    let done = directory.do_due();
    if done.as_ref().map_or(true, |it| !it.batches.is_empty()) {
        tell(&done);
    }
    if done.is_err() {
        return AFTER_FAILURE;
    }
    // A round at a time: what is left comes after the pause, so that nobody waits for it.
    let kept = directory
        .trim_inbox()
        .and_then(|_| directory.put_reminders())
        .and_then(|_| directory.trim_outbox());
    if let Err(error) = kept.and_then(|_| directory.trim_wishes()) {
        tell(&Err(error));
        return AFTER_FAILURE;
    }
    if let Err(error) = directory.sweep_exchange() {
        tell(&Err(error));
        return AFTER_FAILURE;
    }
    let session = directory.as_actor(Actor::Scheduler, Door::Schedule);
    let next = session.read().and_then(|it| it.next_due()).ok().flatten();
    let left = next.map_or(i64::MAX, |it| {
        it.as_millis().saturating_sub(directory.now().as_millis())
    });
    // Never quite without a pause, whatever the clock says.
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0).max(20));
    left.min(LONGEST_SLEEP)
}

/// Whether the clock is believed. While the scheduler runs, a clock that leaps ahead of the time that has really passed may
/// have been set wrongly, and what is done for a day that has not come cannot be taken back unseen; so it must go on steadily
/// for a while. One that goes back makes nothing due. At the start there is nothing to compare it with.
#[derive(Default)]
struct Trust {
    last: Option<(Timestamp, Duration)>,
    doubted_since: Option<Duration>,
}

impl Trust {
    fn believes(&mut self, now: Timestamp, running: Duration) -> bool {
        if let Some((then, before)) = self.last.replace((now, running)) {
            let told = now.as_millis().saturating_sub(then.as_millis());
            let passed = i64::try_from(running.saturating_sub(before).as_millis());
            let ahead = told.saturating_sub(passed.unwrap_or(i64::MAX));
            if ahead > i64::try_from(LEAP.as_millis()).unwrap_or(i64::MAX) {
                self.doubted_since = Some(running);
            } else if ahead < 0 && ahead < -i64::try_from(LEAP.as_millis()).unwrap_or(i64::MAX) {
                // Set back again: what was doubted is gone.
                self.doubted_since = None;
            }
        }
        if self
            .doubted_since
            .is_some_and(|it| running.saturating_sub(it) >= BELIEVED_AFTER)
        {
            self.doubted_since = None;
        }
        self.doubted_since.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_clock_that_leaps_ahead_is_believed_only_after_a_while() {
        let mut trust = Trust::default();
        let year = 365 * 86_400;
        assert!(trust.believes(at(100), Duration::from_secs(0)));
        assert!(trust.believes(at(101), Duration::from_secs(1)));
        assert!(!trust.believes(at(102 + year), Duration::from_secs(2)));
        assert!(!trust.believes(at(131 + year), Duration::from_secs(31)));
        assert!(trust.believes(at(162 + year), Duration::from_secs(62)));
        assert!(trust.believes(at(163 + year), Duration::from_secs(63)));
    }

    #[test]
    fn a_clock_that_is_set_right_again_is_believed_at_once() {
        let mut trust = Trust::default();
        assert!(trust.believes(at(100), Duration::from_secs(0)));
        assert!(!trust.believes(at(10_000), Duration::from_secs(1)));
        assert!(trust.believes(at(102), Duration::from_secs(2)));
    }

    #[test]
    fn a_scheduler_that_was_not_run_for_long_catches_up_with_time_that_passed() {
        let mut trust = Trust::default();
        assert!(trust.believes(at(0), Duration::from_secs(0)));
        assert!(trust.believes(at(7_000), Duration::from_secs(7_000)));
    }
}
