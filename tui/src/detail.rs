//! Everything shown about one person, read in one go.

use usher_core::model::{Status, Timestamp, UserId};

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Who.
    pub(crate) user: UserId,
    /// Their name.
    pub(crate) name: String,
    /// Where they stand.
    pub(crate) status: Status,
    /// What is known of them: a label and a value each.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Their licenses: the pool, how it is held, and the place in its queue.
    pub(crate) licenses: Vec<(String, String)>,
    /// What happened to them, newest first.
    pub(crate) events: Vec<Happened>,
    /// Whether more happened than is shown.
    pub(crate) more_events: bool,
}

/// One event of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    /// When.
    pub(crate) at: Timestamp,
    /// What, such as `status active → inactive`.
    pub(crate) what: String,
    /// By whom and through which door.
    pub(crate) by: String,
}
