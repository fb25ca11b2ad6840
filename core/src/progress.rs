//! How far a large piece of work is, seen from another thread, and taken back as a whole until it is committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use crate::error::{Error, Result};

const GOES_ON: u8 = 0;
const CANCELLED: u8 = 1;
const COMMITTING: u8 = 2;

/// A handle on work that is being done: whoever asked for it looks at it, and may cancel it, while it is done elsewhere.
/// Clones are of the same work.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stage: AtomicU8,
    done: AtomicUsize,
    all: AtomicUsize,
    fate: AtomicU8,
    /// Looked at by what is being read.
    cancelled: Arc<AtomicBool>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing yet: other work comes first.
    Waiting,
    /// It is worked out what would change.
    Planning,
    /// Changes and their history are written.
    Writing,
    /// It is put on disk, and cannot be cancelled any more.
    Committing,
}

/// How far work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is being done.
    pub stage: Stage,
    /// How many steps of it are done.
    pub done: usize,
    /// How many there are; none when that is not known.
    pub all: usize,
}

impl Seen {
    /// How much of the stage is done, in hundredths; none where that is not known.
    pub fn percent(&self) -> Option<usize> {
        (self.all > 0).then(|| self.done.min(self.all) * 100 / self.all)
    }
}

impl Progress {
    /// Of work that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the work back as a whole. True when nothing of it will have been done; false when it is too late, because it
    /// is being committed.
    pub fn cancel(&self) -> bool {
        let set =
            self.0
                .fate
                .compare_exchange(GOES_ON, CANCELLED, Ordering::SeqCst, Ordering::SeqCst);
        let cancelled = set.map_or_else(|now| now == CANCELLED, |_| true);
        if cancelled {
            self.0.cancelled.store(true, Ordering::SeqCst);
        }
        cancelled
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// How far it is.
    pub fn seen(&self) -> Seen {
        let stage = match self.0.stage.load(Ordering::Relaxed) {
            0 => Stage::Waiting,
            1 => Stage::Planning,
            2 => Stage::Writing,
            _ => Stage::Committing,
        };
        Seen {
            stage,
            done: self.0.done.load(Ordering::Relaxed),
            all: self.0.all.load(Ordering::Relaxed),
        }
    }

    /// A flag that turns true when it is cancelled, for what looks at such a flag.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.cancelled)
    }

    /// A stage of that many steps begins.
    pub(crate) fn begin(&self, stage: Stage, all: usize) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.all.store(all, Ordering::Relaxed);
        let stage = match stage {
            Stage::Waiting => 0,
            Stage::Planning => 1,
            Stage::Writing => 2,
            Stage::Committing => 3,
        };
        self.0.stage.store(stage, Ordering::Relaxed);
    }

    /// Some of what cannot be numbered beforehand is done.
    pub(crate) fn count(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    /// A step is done.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the work is to end.
    pub(crate) fn step(&self) -> Result<()> {
        self.0.done.fetch_add(1, Ordering::Relaxed);
        self.check()
    }

    /// Whether the work is to go on.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it is to end.
    pub(crate) fn check(&self) -> Result<()> {
        if self.0.cancelled.load(Ordering::Relaxed) {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }

    /// From here on it cannot be cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it was before.
    pub(crate) fn commit(&self) -> Result<()> {
        let set =
            self.0
                .fate
                .compare_exchange(GOES_ON, COMMITTING, Ordering::SeqCst, Ordering::SeqCst);
        match set {
            Err(CANCELLED) => Err(Error::Cancelled),
            _ => {
                self.begin(Stage::Committing, 0);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_cancelled_is_never_committed_and_the_other_way_round() {
        let work = Progress::new();
        work.begin(Stage::Writing, 200);
        work.step().unwrap();
        assert_eq!(work.seen().percent(), Some(0));
        assert!(work.cancel() && work.cancel());
        assert!(work.step().is_err() && work.commit().is_err());
        let work = Progress::new();
        work.commit().unwrap();
        assert!(!work.cancel() && !work.is_cancelled());
        assert_eq!(work.seen().stage, Stage::Committing);
        assert_eq!(work.seen().percent(), None);
    }
}
