//! Groups and the roles their members have in them.

use serde::{Deserialize, Serialize};

use super::{GroupId, PoolId, Seats, TrainingId, UserId};

/// People with a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name as typed; compared without regard to case and surrounding space.
    pub name: String,
    /// How many people are in it, dormant ones included.
    pub members: i64,
}

/// What a group's members get when they become active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupCarries {
    /// Trainings that are assigned.
    pub trainings: Vec<TrainingId>,
    /// Add-on pools that are requested.
    pub pools: Vec<PoolId>,
}

/// What those who run a group may hand out in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many of its members may be in or coming before they can invite nobody more.
    pub seats: Seats,
    /// How many of its members are.
    pub spent: Seats,
}

/// What a member may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRole {
    /// Takes trainings.
    Learner,
    /// Helps learners.
    Coach,
    /// Writes trainings.
    Author,
    /// Invites to the group.
    UserAdministrator,
    /// Runs the group.
    Administrator,
}

impl GroupRole {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Learner,
        Self::Coach,
        Self::Author,
        Self::UserAdministrator,
        Self::Administrator,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Coach => "coach",
            Self::Author => "author",
            Self::UserAdministrator => "user_administrator",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// One user's place in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// In which group.
    pub group: GroupId,
    /// As what.
    pub role: GroupRole,
}
