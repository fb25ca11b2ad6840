//! Where a person stands.

use serde::{Deserialize, Serialize};

/// A person's standing on the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Wanted, but no seat is free.
    Queued,
    /// Invited, has not accepted.
    Waiting,
    /// Invited, and has an individual account of the same address whose records can come along.
    PendingTransfer,
    /// Accepted, created directly, or provisioned.
    Active,
    /// Deactivated.
    Inactive,
    /// Invitation withdrawn before acceptance.
    Cancelled,
    /// Removed; hidden by default.
    Deleted,
    /// Personal data gone; id and history remain.
    Erased,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Waiting,
        Self::PendingTransfer,
        Self::Active,
        Self::Inactive,
        Self::Cancelled,
        Self::Deleted,
        Self::Erased,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::PendingTransfer => "pending_transfer",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Cancelled => "cancelled",
            Self::Deleted => "deleted",
            Self::Erased => "erased",
        }
    }

    /// The status of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether the person is on the way in or in: queued, waiting, pending_transfer or active.
    pub const fn is_seated_or_coming(self) -> bool {
        matches!(
            self,
            Self::Queued | Self::Waiting | Self::PendingTransfer | Self::Active
        )
    }

    /// Whether the person is invited and has not accepted: waiting or pending_transfer.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Waiting | Self::PendingTransfer)
    }

    /// Whether the person's record is in use: anything but cancelled, deleted and erased.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Deleted | Self::Erased)
    }

    /// Whether the person may come in at the platform behind Usher.
    pub const fn signs_in(self) -> bool {
        matches!(self, Self::Active)
    }

    /// What SCIM calls `active` (DESIGN §5): active, waiting and pending_transfer.
    pub const fn is_scim_active(self) -> bool {
        matches!(self, Self::Waiting | Self::PendingTransfer | Self::Active)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
