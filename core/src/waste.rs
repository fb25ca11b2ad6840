//! Seats that may be wasted: why, since when, and what taking them back would give.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::model::{PoolId, PoolName, Timestamp, User, UserId};

/// Why a seat may be wasted, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// They left, and still hold a consumed license of a pool whose licenses return.
    Left,
    /// They look like somebody else who holds a seat too.
    Duplicate,
    /// They were invited and never came.
    NotAccepted,
    /// The platform has not seen them for long, or never.
    NotSeen,
}

impl Reason {
    /// Every reason, in the order of the ranking.
    pub const ALL: [Self; 4] = [
        Self::Left,
        Self::Duplicate,
        Self::NotAccepted,
        Self::NotSeen,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Duplicate => "duplicate",
            Self::NotAccepted => "not_accepted",
            Self::NotSeen => "not_seen",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| {
            Error::invalid(
                "reason",
                "is not known",
                "use left, duplicate, not_accepted or not_seen",
            )
        })
    }
}

/// Which seats to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wasteful {
    /// For which reasons.
    pub reasons: BTreeSet<Reason>,
    /// Not seen since then, and in since before then.
    pub not_seen_since: Timestamp,
    /// Invited before then.
    pub invited_before: Timestamp,
    /// Only seats of this pool.
    pub pool: Option<PoolName>,
    /// Whom to leave out.
    pub except: BTreeSet<UserId>,
    /// How many at most.
    pub limit: usize,
}

/// A seat that may be wasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wasted {
    /// Whose.
    pub user: User,
    /// Why.
    pub reason: Reason,
    /// Since when: left, created, invited, last seen or, if never seen, created.
    pub since: Timestamp,
    /// Whom they look like.
    pub twin: Option<UserId>,
    /// The pools whose licenses would come back.
    pub gives: Vec<PoolId>,
}
