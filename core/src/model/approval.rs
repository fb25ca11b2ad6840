//! What one administrator asked for and another one has to approve.

use serde::{Deserialize, Serialize};

use super::{Actor, ApprovalId, Permission, Timestamp, UserId};

/// For how long somebody may approve what was asked: 7 days.
pub const APPROVAL_MS: i64 = 7 * 24 * 3600 * 1000;

/// A permission that was asked for somebody, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// For whom the permission was asked.
    pub user: UserId,
    /// Which permission.
    pub permission: Permission,
    /// Who asked.
    pub by: Actor,
    /// The digest of what was shown to them.
    pub digest: String,
    /// What became of it. What nobody decided in time stays pending, and can no longer be approved.
    pub state: ApprovalState,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// Who decided it.
    pub decided_by: Option<Actor>,
}

impl Approval {
    /// Whether somebody may still approve it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == ApprovalState::Pending && now < self.expires_at
    }

    /// What became of it by now, in one word.
    pub fn standing(&self, now: Timestamp) -> &'static str {
        if self.state == ApprovalState::Pending && now >= self.expires_at {
            return "expired";
        }
        self.state.as_str()
    }
}

/// What became of something that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nothing yet.
    Pending,
    /// It was done.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Asking was undone, or it was asked again after nobody had decided in time.
    Withdrawn,
}

impl ApprovalState {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
    ];

    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}
