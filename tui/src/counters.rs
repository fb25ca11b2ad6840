//! What the header says: the organization, its seats, who waits, and what has just changed.

use usher_core::model::{BatchId, Timestamp};

/// The header's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The organization's name.
    pub organization: String,
    /// Who sits at this console.
    pub actor: String,
    /// Every pool, `access` first.
    pub pools: Vec<PoolCount>,
    /// People who have been invited and have not accepted.
    pub waiting: i64,
    /// People who are wanted and have no seat.
    pub queued: i64,
    /// The newest batch.
    pub newest: Option<Newest>,
}

/// One pool's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCount {
    /// Its name.
    pub name: String,
    /// Licenses purchased.
    pub purchased: i64,
    /// Licenses held.
    pub held: i64,
    /// Licenses left.
    pub free: i64,
    /// Licenses wanted.
    pub queued: i64,
}

/// The newest batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its id.
    pub batch: BatchId,
    /// The command's name.
    pub command: String,
    /// How many changes it made.
    pub changes: i64,
    /// Through which door it came.
    pub door: &'static str,
    /// Who acted.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// What a command has done, as one word: `deactivated`.
pub(crate) fn done_word(command: &str) -> String {
    match command {
        "invite" => "invited".to_owned(),
        "create" => "created".to_owned(),
        "provision" => "provisioned".to_owned(),
        "accept" => "accepted".to_owned(),
        "cancel" => "cancelled".to_owned(),
        "resend" => "resent".to_owned(),
        "edit" => "edited".to_owned(),
        "deactivate" => "deactivated".to_owned(),
        "reactivate" => "reactivated".to_owned(),
        "delete" => "deleted".to_owned(),
        "erase" => "erased".to_owned(),
        "promote" => "promoted from the queue".to_owned(),
        "undo" => "undone".to_owned(),
        other => other.replace('_', " "),
    }
}
