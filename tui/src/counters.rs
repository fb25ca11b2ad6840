//! What the header says: the organization, its seats, who waits, and what has just changed.

use usher_core::model::{BatchId, Timestamp};
use usher_core::query::Vocabulary;

use crate::boards::Failing;

/// The header's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// The organization's name.
    pub(crate) organization: String,
    /// In whose time instants are shown.
    pub(crate) zone: String,
    /// Who sits at this console.
    pub(crate) actor: String,
    /// Every pool, `access` first.
    pub(crate) pools: Vec<PoolCount>,
    /// People who have been invited and have not accepted.
    pub(crate) waiting: i64,
    /// People who are wanted and have no seat.
    pub(crate) queued: i64,
    /// What waits for a second administrator.
    pub(crate) approvals: usize,
    /// How many people the brakes on connections hold, by connections' names.
    pub(crate) held: Vec<(String, i64)>,
    /// Connections whose newest requests mostly fail.
    pub(crate) failing: Vec<Failing>,
    /// Whether a server runs on the database.
    pub(crate) served: bool,
    /// The newest batch.
    pub(crate) newest: Option<Newest>,
    /// The custom fields, which filters may name.
    pub(crate) vocabulary: Vocabulary,
    /// After how many minutes without a key a console ends; never when 0.
    pub(crate) idle_minutes: u32,
}

/// One pool's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PoolCount {
    /// Its name.
    pub(crate) name: String,
    /// Licenses purchased.
    pub(crate) purchased: i64,
    /// Licenses held.
    pub(crate) held: i64,
    /// Licenses left.
    pub(crate) free: i64,
    /// Licenses wanted.
    pub(crate) queued: i64,
    /// The highest alarm that it has reached, in per cent; 0 for none.
    pub(crate) alarm: u8,
}

/// The newest batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    /// Its id.
    pub(crate) batch: BatchId,
    /// The command's name.
    pub(crate) command: String,
    /// How many people it changed; none when it was about pools and the like.
    pub(crate) people: i64,
    /// How many changes it made.
    pub(crate) changes: i64,
    /// To how many people it did what its word says, where that is known.
    pub(crate) done: Option<i64>,
    /// How many of them it queued instead.
    pub(crate) queued: i64,
    /// Through which door it came.
    pub(crate) door: &'static str,
    /// Who acted.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// Whether a command is about where people stand, and may change others besides.
pub(crate) fn is_of_standing(command: &str) -> bool {
    matches!(
        command,
        "invite" | "create" | "cancel" | "deactivate" | "reactivate" | "delete"
    )
}

/// Whether a command gives people what they may have to wait for.
pub(crate) fn may_queue(command: &str) -> bool {
    matches!(
        command,
        "invite" | "invite_session" | "create" | "reactivate" | "grant"
    )
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
        "queue_move" => "moved in the queue".to_owned(),
        "admin_revoke" => "left with fewer permissions".to_owned(),
        "approve" => "given what was approved".to_owned(),
        "grant" => "given a license".to_owned(),
        "release" => "left without the license".to_owned(),
        "assign" => "assigned".to_owned(),
        "unassign" => "unassigned".to_owned(),
        "password_mail" => "mailed a link".to_owned(),
        "brake_release" => "released".to_owned(),
        "brake_reject" => "kept".to_owned(),
        other => other.replace('_', " "),
    }
}
