//! Everything shown about one person, read in one go.

use usher_core::model::{Status, Timestamp, UserId};

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Where they stand.
    pub status: Status,
    /// What is known of them: a label and a value each.
    pub facts: Vec<(&'static str, String)>,
    /// Their licenses: the pool, how it is held, and the place in its queue.
    pub licenses: Vec<(String, String)>,
    /// What happened to them, newest first.
    pub events: Vec<Happened>,
    /// Whether more happened than is shown.
    pub more_events: bool,
}

/// One event of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What, such as `status active → inactive`.
    pub what: String,
    /// By whom and through which door.
    pub by: String,
}
