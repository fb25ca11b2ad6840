//! What acts by itself on a day, and how it is listed.

use serde::{Deserialize, Serialize};

use super::{Date, Field, PoolId, Timestamp, UserId};

/// What is done to a person on a day. Each is done once for each person, pool and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// The deactivate-on date.
    Deactivate,
    /// The end of a temporary license.
    LicenseEnd,
    /// The delete-on date.
    Delete,
    /// The send-on date of an invitation.
    Send,
    /// The retention days of a deleted person are over.
    Erase,
}

impl DueKind {
    /// Every kind, in the order in which those of one day are done: what frees comes first.
    pub const ALL: [Self; 5] = [
        Self::Deactivate,
        Self::LicenseEnd,
        Self::Delete,
        Self::Send,
        Self::Erase,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::LicenseEnd => "license_end",
            Self::Delete => "delete",
            Self::Send => "send",
            Self::Erase => "erase",
        }
    }

    /// What the date in this field does; none where it holds no date that acts.
    pub(crate) const fn of(field: Field) -> Option<Self> {
        match field {
            Field::DeactivateOn => Some(Self::Deactivate),
            Field::DeleteOn => Some(Self::Delete),
            _ => None,
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// Something that is coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it acts, or should have acted.
    pub at: Timestamp,
    /// The first day on which it acts.
    pub day: Date,
    /// What happens.
    pub what: DueWhat,
}

/// What happens on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueWhat {
    /// Whoever waits for a pool is let in, because there is room: as when its first day has come.
    Promotion(PoolId),
    /// A pool begins to hand out licenses.
    PoolStart(PoolId),
    /// A pool ceases to.
    PoolEnd(PoolId),
    /// Something is done to a person.
    Person {
        /// What.
        kind: DueKind,
        /// To whom.
        user: UserId,
        /// Of which pool, for [`DueKind::LicenseEnd`].
        pool: Option<PoolId>,
    },
}

impl DueWhat {
    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promotion(_) => "promotion",
            Self::PoolStart(_) => "pool_start",
            Self::PoolEnd(_) => "pool_end",
            Self::Person { kind, .. } => kind.as_str(),
        }
    }
}
