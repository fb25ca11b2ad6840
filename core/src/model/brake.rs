//! The brake on a connection: how many people it may take off the roster in a while, and what is held beyond that.

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Timestamp, UserId};
use crate::error::Error;

/// The longest window: a week.
const LONGEST_MS: i64 = 7 * 24 * 3600 * 1000;
/// The shortest window: a minute.
const SHORTEST_MS: i64 = 60_000;

/// How many deactivations and deletions a connection may make in a while: the larger of a share of its people and a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// In percent of the connection's people when the window began: those included whom it has taken off since, and without
    /// those whom it has brought in or adopted since.
    pub share: u8,
    /// So many at least, however few people there are.
    pub floor: i64,
    /// In so many milliseconds.
    pub window_ms: i64,
}

impl Default for Brake {
    /// 10 % and 25 in 10 minutes.
    fn default() -> Self {
        Self {
            share: 10,
            floor: 25,
            window_ms: 10 * 60_000,
        }
    }
}

impl Brake {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the one that is out of bounds.
    pub fn checked(self) -> Result<Self, Error> {
        if self.share > 100 {
            return Err(Error::invalid(
                "share",
                "is more than 100",
                "give a whole number of percent",
            ));
        }
        if self.floor < 0 {
            return Err(Error::invalid("floor", "is less than 0", "give 0 or more"));
        }
        if !(SHORTEST_MS..=LONGEST_MS).contains(&self.window_ms) {
            return Err(Error::invalid(
                "window",
                "is not between a minute and a week",
                "write it like 10m, 2h or 1d",
            ));
        }
        Ok(self)
    }

    /// How many may go in one window, of so many people.
    pub fn limit(&self, people: i64) -> i64 {
        let share = people.max(0).saturating_mul(i64::from(self.share)) / 100;
        share.max(self.floor)
    }
}

/// What a provider asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveKind {
    /// To take somebody off their seat.
    Deactivate,
    /// To remove somebody.
    Delete,
}

impl LeaveKind {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Deactivate, Self::Delete]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// What became of it so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveState {
    /// Held by the brake until somebody decides.
    Held,
    /// Refused by an administrator, until the provider itself says that the person is in.
    Rejected,
}

impl LeaveState {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Rejected => "rejected",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Held, Self::Rejected]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// That a provider wants somebody to leave, and they have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// Which connection asked.
    pub connection: ConnectionId,
    /// For what.
    pub kind: LeaveKind,
    /// What became of it.
    pub state: LeaveState,
    /// Since when it is so.
    pub since: Timestamp,
}

/// Somebody whom the brake holds, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPerson {
    /// Who.
    pub user: UserId,
    /// Their address, else their user name, else their id.
    pub label: String,
    /// The name of the connection that asked.
    pub connection_name: String,
    /// What was asked, by whom, and since when.
    pub leaving: Leaving,
}

/// Whether somebody may come in where people learn or work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Yes,
    /// They may still, and the brake holds their leaving.
    Leaving,
    /// They may not, or nobody is of that name.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_share_and_floor_is_the_limit() {
        let brake = Brake::default();
        assert_eq!(brake.limit(0), 25);
        assert_eq!(brake.limit(259), 25);
        assert_eq!(brake.limit(260), 26);
        assert_eq!(brake.limit(2_000), 200);
        assert_eq!(Brake { floor: 0, ..brake }.limit(9), 0);
        assert_eq!(
            Brake {
                share: 100,
                ..brake
            }
            .limit(i64::MAX),
            i64::MAX / 100
        );
    }

    #[test]
    fn parts_out_of_bounds_are_refused() {
        let brake = Brake::default();
        assert!(brake.checked().is_ok());
        assert!(
            Brake {
                share: 101,
                ..brake
            }
            .checked()
            .is_err()
        );
        assert!(Brake { floor: -1, ..brake }.checked().is_err());
        assert!(
            Brake {
                window_ms: 59_999,
                ..brake
            }
            .checked()
            .is_err()
        );
        assert!(
            Brake {
                window_ms: LONGEST_MS + 1,
                ..brake
            }
            .checked()
            .is_err()
        );
    }
}
