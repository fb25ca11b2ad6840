//! The mailed link with which a person chooses a password.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A mailed, expiring, single-use way to choose a password. One per person; a newer one kills the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLink {
    /// Which of the person's links, counted from 1.
    pub generation: i64,
    /// What became of it.
    pub state: LinkState,
    /// From when it does not work any more.
    pub expires_at: Timestamp,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Not used yet.
    Pending,
    /// A password was chosen with it.
    Used,
    /// Another password was set meanwhile, or the account went.
    Dead,
}

impl LinkState {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Used => "used",
            Self::Dead => "dead",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Used, Self::Dead]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}
