//! What was: a person told from their own events, and pools from what happened to their licenses. Pure; the store finds
//! the events, and as many of them as that person or pool has.

mod person;
mod pools;

use crate::change::Change;
use crate::model::Timestamp;

pub use person::Person;
pub(crate) use pools::PoolsThen;

/// A place in the history to look back to: between two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant that was named, or that of the batch just before which it is.
    pub at: Timestamp,
    /// The last batch that had been applied.
    pub(crate) batch: i64,
    /// The last event that had happened.
    pub(crate) event: i64,
}

/// One change of somebody's, as the history has it.
pub(crate) struct Past {
    pub(crate) seq: i64,
    pub(crate) batch: i64,
    pub(crate) at: Timestamp,
    /// None when the person was erased and the personal part with them.
    pub(crate) change: Option<Change>,
}
