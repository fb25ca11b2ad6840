//! Who acts, through which door, and what came of it.

use serde::{Deserialize, Serialize};

use super::{BatchId, ConnectionId, PlatformId, Timestamp, UserId};

/// Whoever acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Whoever can write the database file, with no administrator named; has an owner's rights.
    FileOwner,
    /// An administrator.
    Administrator(UserId),
    /// An identity provider.
    Connection(ConnectionId),
    /// The platform behind Usher.
    Platform(PlatformId),
    /// The clock: promotions, due dates.
    Scheduler,
    /// The person themself.
    Person(UserId),
}

/// How a command came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The terminal console.
    Console,
    /// The command line.
    Cli,
    /// An identity provider.
    Scim,
    /// A file.
    Import,
    /// An invitation or join page.
    Page,
    /// The scheduler.
    Schedule,
    /// The platform behind Usher.
    Api,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 7] = [
        Self::Console,
        Self::Cli,
        Self::Scim,
        Self::Import,
        Self::Page,
        Self::Schedule,
        Self::Api,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Cli => "cli",
            Self::Scim => "scim",
            Self::Import => "import",
            Self::Page => "page",
            Self::Schedule => "schedule",
            Self::Api => "api",
        }
    }

    /// The door of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether a person stands at it, who is asked when a plan does not fit.
    pub const fn is_attended(self) -> bool {
        matches!(self, Self::Console | Self::Cli | Self::Import)
    }
}

/// An applied plan, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Its number in the order of commits.
    pub seq: i64,
    /// Who.
    pub actor: Actor,
    /// Through which door.
    pub door: Door,
    /// The command's name, such as `deactivate`.
    pub command: String,
    /// When it was applied.
    pub at: Timestamp,
    /// How many changes it made.
    pub changes: i64,
    /// How many people it changed.
    pub people: i64,
    /// The batch that freed the license, for a promotion.
    pub caused_by: Option<BatchId>,
    /// The batch that this one undid.
    pub undoes: Option<BatchId>,
    /// The batch that undid this one.
    pub undone_by: Option<BatchId>,
    /// The connection in whose place it was applied.
    pub on_behalf: Option<ConnectionId>,
}

/// One change as history.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its number in the chain.
    pub seq: i64,
    /// When its batch was applied.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Through which door.
    pub door: Door,
    /// Its batch.
    pub batch: BatchId,
    /// What happened; `None` when the person was erased and the personal part with them.
    pub change: Option<crate::change::Change>,
    /// The kind of change, known even when the personal part is gone.
    pub kind: String,
    /// Whom it concerns.
    pub user: Option<UserId>,
}
