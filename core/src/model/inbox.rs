//! What providers asked to have changed, and what came of it.

use super::{BatchId, ConnectionId, Timestamp, UserId};

/// The least status that is a refusal or a failure, as in HTTP.
const LEAST_FAILURE: u16 = 400;
/// The status of what a brake holds.
const HELD: u16 = 429;

/// A request to be kept. Secrets are taken out of its body before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAsked {
    /// What was asked: `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// Of what, below the base address: `/Users/ID`.
    pub path: String,
    /// What it was answered with, as in HTTP.
    pub status: u16,
    /// The error as the provider saw it; of a request that was done, what of it was refused.
    pub error: Option<String>,
    /// Whom it is about, if that is known.
    pub user: Option<UserId>,
    /// What the provider calls whoever it is about, where nobody on the roster is meant: a user name, or a group's name.
    pub whom: Option<String>,
    /// What it changed.
    pub batch: Option<BatchId>,
    /// The body, as JSON; none when there was none, or it could not be kept.
    pub body: Option<String>,
    /// Addresses and user names in the body by which erasing must find it, beside the person whom it is about.
    pub names: Vec<String>,
    /// How many requests alike it stands for; none and one are one.
    pub times: u32,
    /// Which name it asked for that is somebody else's, and whose.
    pub taken: Option<(FoundBy, UserId)>,
    /// Then, what whoever it asked for goes by with the provider: their `externalId`, else their user name. The body has it too.
    pub goes_by: Option<String>,
}

/// A name by which a provider's person is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// What the connection calls them.
    ExternalId,
    /// The user name.
    UserName,
    /// The email address.
    Email,
}

impl FoundBy {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::UserName => "user_name",
            Self::Email => "email",
        }
    }

    /// As providers know it.
    pub const fn as_scim(self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::UserName => "userName",
            Self::Email => "email address",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::ExternalId, Self::UserName, Self::Email]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// A request that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its number, by which it is named.
    pub seq: i64,
    /// Which connection asked.
    pub connection: ConnectionId,
    /// When.
    pub at: Timestamp,
    /// What was asked: `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Of what, below the base address.
    pub path: String,
    /// What it was answered with, as in HTTP.
    pub status: u16,
    /// The error as the provider saw it; of a request that was done, what of it was refused.
    pub error: Option<String>,
    /// Whom it is about, if that is known.
    pub user: Option<UserId>,
    /// What the provider calls whoever it is about, where nobody on the roster was meant.
    pub whom: Option<String>,
    /// What it changed.
    pub batch: Option<BatchId>,
    /// The body, as JSON, without secrets.
    pub body: Option<String>,
    /// The batch by which an administrator carried it out later.
    pub replayed: Option<BatchId>,
    /// How many requests alike it stands for.
    pub times: u32,
}

impl Asked {
    /// Whether it, or a part of it, was refused, failed or is held.
    pub fn is_failed(&self) -> bool {
        self.status >= LEAST_FAILURE || self.error.is_some()
    }

    /// Whether a brake held it.
    pub fn is_held(&self) -> bool {
        // What came too fast is answered alike, and is about nobody.
        self.status == HELD && self.user.is_some()
    }
}

/// Which requests to read, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedFilter {
    /// Only of this connection.
    pub connection: Option<ConnectionId>,
    /// Only about this person, or about somebody of one of the names.
    pub user: Option<UserId>,
    /// Only about somebody whom a provider calls so and who was not on the roster, or about the person.
    pub names: Vec<String>,
    /// Only what was refused, failed or is held.
    pub failed: bool,
    /// Only from this instant on.
    pub since: Option<Timestamp>,
    /// Only what comes behind this one, by its time and number.
    pub behind: Option<(Timestamp, i64)>,
}

/// How a connection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionActivity {
    /// When it last asked for a change.
    pub last_asked_at: Option<Timestamp>,
    /// How many changes it asked for in the last 24 hours.
    pub asked_today: i64,
    /// How many of them were refused, failed or held.
    pub failed_today: i64,
    /// How many of its people are seated or coming.
    pub people: i64,
    /// How many people whom it brought wait for a free license.
    pub queued: i64,
    /// How many people its brake holds.
    pub held: i64,
}
