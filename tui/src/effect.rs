//! Everything that the console can cause. The runner carries effects out, away from the thread that draws.

use std::time::Duration;

use usher_core::Selection;
use usher_core::command::{Request, WhenFull};
use usher_core::model::{BatchId, UserId};
use usher_core::plan::Digest;
use usher_core::query::{Expr, SortBy};

use crate::event::Timer;
use crate::overlay::plan::Sheet;

/// Something to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Read rows of the list. A newer request of this kind makes an older one void.
    ReadWindow(WindowRequest),
    /// Read who is between two people in the list.
    ReadRange(RangeRequest),
    /// Read what the header says.
    ReadCounters,
    /// Count people.
    Count(CountRequest),
    /// Read one person.
    ReadDetail(UserId),
    /// Plan a command.
    Plan {
        /// Which request this is.
        generation: u64,
        /// What is wanted.
        intent: Intent,
    },
    /// Apply what was planned and shown.
    Apply {
        /// The request that was planned.
        request: Box<Request>,
        /// What was confirmed.
        confirmed: Digest,
        /// What was wanted, to word the plan again if it has moved.
        intent: Intent,
        /// The batch that it undoes.
        undoes: Option<BatchId>,
    },
    /// Throw a sheet away: a plan about a million people takes a while to be forgotten.
    Discard(Box<Sheet>),
    /// Start a timer, or stop it.
    Timer(Timer, Option<Duration>),
    /// Draw everything anew.
    Repaint,
    /// End the console.
    Quit,
}

/// Rows to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowRequest {
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// Who.
    pub(crate) query: Expr,
    /// In which order.
    pub(crate) sort: SortBy,
    /// From where.
    pub(crate) reach: Reach,
    /// How many at most.
    pub(crate) limit: usize,
    /// A marked query: which of the rows does it find?
    pub(crate) marked: Option<Expr>,
}

/// Where rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// At the beginning of the list.
    Start,
    /// At its end.
    End,
    /// After a person.
    After(UserId),
    /// Before a person.
    Before(UserId),
    /// Around a person who may not be in the list any more: this many before, the rest from them on.
    Around(UserId, usize),
}

/// People between two rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RangeRequest {
    /// Comes back with the answer.
    pub(crate) generation: u64,
    /// Who is in the list.
    pub(crate) query: Expr,
    /// In which order.
    pub(crate) sort: SortBy,
    /// The first.
    pub(crate) first: UserId,
    /// The last.
    pub(crate) last: UserId,
}

/// People to count.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CountRequest {
    /// Comes back with the answer; an answer of an older generation is dropped.
    pub(crate) generation: u64,
    /// The list, if its number is not known.
    pub(crate) query: Option<Expr>,
    /// What is marked, if its number is not known.
    pub(crate) marked: Option<Expr>,
    /// What is marked and in the list, if its number is not known.
    pub(crate) marked_here: Option<Expr>,
}

/// What an administrator wants to do with people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Take them off their seats.
    Deactivate,
    /// Bring them back.
    Reactivate,
    /// Mail them a new invitation.
    Resend,
}

/// What is to be planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    /// Something with people.
    People {
        /// What.
        verb: Verb,
        /// With whom.
        who: Selection,
        /// The same selection as the command line writes it, where it can.
        typed: Option<String>,
    },
    /// Undoing a batch; without one, this administrator's last batch that can be undone.
    Undo(Option<BatchId>),
}

/// A wish, and what to do when a pool is full.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Intent {
    /// What is wanted.
    pub(crate) wish: Wish,
    /// What to do when a pool is full.
    pub(crate) when_full: WhenFull,
}
