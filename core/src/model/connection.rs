//! Identity providers' links: a name, tokens, a policy.

use serde::{Deserialize, Serialize};

use super::{ConnectionId, Mapping, Part, Timestamp, TokenId};

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
    /// What it owns of its people, if that was chosen.
    pub owns: Option<Vec<Part>>,
    /// What it has ever written of anybody.
    pub sends: Vec<Part>,
    /// Which of its attributes feed which parts of its people.
    pub maps: Vec<Mapping>,
}

impl Connection {
    /// What it owns of its people: what was chosen, else what it maps and sends.
    pub fn owned(&self) -> Vec<Part> {
        let mut owned = match &self.owns {
            Some(chosen) => chosen.clone(),
            None => {
                let maps = self.maps.iter().map(|it| it.part);
                self.sends.iter().copied().chain(maps).collect()
            }
        };
        owned.sort_unstable();
        owned.dedup();
        owned
    }
}

/// How a connection brings people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionPolicy {
    /// What a provisioned person becomes.
    pub new_people: NewPeople,
    /// Whether a provisioned person is mailed.
    pub mails: bool,
    /// For how many days a new token works; none is without an end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token_days: Option<u32>,
}

impl Default for ConnectionPolicy {
    fn default() -> Self {
        Self {
            new_people: NewPeople::Active,
            mails: false,
            token_days: None,
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

impl NewPeople {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Active),
            "waiting" => Some(Self::Waiting),
            _ => None,
        }
    }
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
