//! Identity providers' links: a name, tokens, a policy.

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Timestamp, TokenId};

/// One identity provider's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name, unique, a short word.
    pub name: String,
    /// How it brings people in.
    pub policy: ConnectionPolicy,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was revoked, after which no token of it is taken.
    pub revoked_at: Option<Timestamp>,
    /// Its tokens, newest first; ended ones included.
    pub tokens: Vec<Token>,
}

/// How a connection brings people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionPolicy {
    /// What a provisioned person becomes.
    pub new_people: NewPeople,
    /// Whether a provisioned person is mailed.
    pub mails: bool,
}

impl Default for ConnectionPolicy {
    fn default() -> Self {
        Self {
            new_people: NewPeople::Active,
            mails: false,
        }
    }
}

/// What a provisioned person becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewPeople {
    /// Active at once.
    Active,
    /// Waiting for their own acceptance.
    Waiting,
}

/// A bearer token's record. The token itself is shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The first characters of the secret, to tell tokens apart in a listing.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused.
    pub ends_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}
