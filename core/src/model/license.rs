//! One user's hold on one pool.

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Date, PoolId, Status, UserId};

/// How a user holds a license of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Not at all.
    None,
    /// Held, can come back.
    Reserved,
    /// Held, used.
    Consumed,
    /// Wanted, none free.
    Queued(QueueEntry),
}

/// A place in a pool's queue and what happens when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueueEntry {
    /// Sort key in the queue; lower is nearer. Not the position, which is counted.
    pub place: i64,
    /// The status that promotion leads to; only the `access` pool's entry changes a status.
    pub leads_to: Status,
    /// Whether promotion mails an invitation.
    pub mail: bool,
    /// The connection that asked, if one did.
    pub connection: Option<ConnectionId>,
    /// The day before which promotion mails no invitation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub send_on: Option<Date>,
    /// Whether a person was asked and chose the queue. They wait for what was purchased: a pool's grace is for doors where
    /// nobody is asked.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub chosen: bool,
}

impl Hold {
    /// Whether this counts against what was purchased.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Reserved | Self::Consumed)
    }

    /// The word used everywhere; `none` when there is no license.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reserved => "reserved",
            Self::Consumed => "consumed",
            Self::Queued(_) => "queued",
        }
    }
}

/// A license as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct License {
    /// Whose it is.
    pub user: UserId,
    /// Of which pool.
    pub pool: PoolId,
    /// How it is held; never [`Hold::None`].
    pub hold: Hold,
    /// Whether a fallback pool's license stands for the `access` seat itself.
    pub stands_for_access: bool,
}

/// What a connection asks of a pool for a person, by an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entitled {
    /// Nothing.
    None,
    /// A license that the person had in another way, and that the connection does not take.
    Asked,
    /// A license that came by it, or comes once the person is in, and that it gives back.
    Granted,
}

impl Entitled {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Asked => "asked",
            Self::Granted => "granted",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "asked" => Some(Self::Asked),
            "granted" => Some(Self::Granted),
            _ => None,
        }
    }
}

/// A pool that a connection asks for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// For whom.
    pub user: UserId,
    /// Which pool.
    pub pool: PoolId,
    /// Which connection.
    pub connection: ConnectionId,
    /// Whether the license is the connection's; never [`Entitled::None`].
    pub state: Entitled,
}
