//! What the outbox holds, and what became of it.

use serde::{Deserialize, Serialize};

use super::{BatchId, Timestamp, UserId};
use crate::plan::Template;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It has not been taken yet.
    Waiting,
    /// A server is bringing it out.
    Sending,
    /// The mail server has taken it.
    Sent,
    /// There was no mail server: it stands in a folder as a file, and nobody got it.
    Filed,
    /// It was refused for good.
    Failed,
    /// It was not sent, because it would have been of no use: its link was replaced or has expired, or the person is gone.
    Dropped,
    /// It was taken and came back.
    Bounced,
}

impl MailState {
    /// Every state, in the order of a mail's life.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sending,
        Self::Sent,
        Self::Filed,
        Self::Failed,
        Self::Dropped,
        Self::Bounced,
    ];

    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Filed => "filed",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
            Self::Bounced => "bounced",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub struct OutboxMail {
    /// Its number, by which it is named.
    pub seq: i64,
    /// The batch that it came of.
    pub batch: BatchId,
    /// To whom; for a wish to join, the id under which it is kept.
    pub user: UserId,
    /// As they are listed: their address, else their id.
    pub label: String,
    /// Which message.
    pub template: Template,
    /// Which of the person's links it carries.
    pub generation: Option<i64>,
    /// Where to, when not to the address that the person has now.
    pub address: Option<String>,
    /// What became of it.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was put there.
    pub created_at: Timestamp,
    /// When it is tried next, while it waits.
    pub next_at: Timestamp,
    /// When it was taken, refused or dropped.
    pub settled_at: Option<Timestamp>,
    /// Why it was not taken.
    pub why: Option<String>,
    /// What it speaks of beside the person, as JSON.
    pub about: Option<String>,
}

/// That the last mail to somebody could not be brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Whether it was refused at once or came back.
    pub state: MailState,
    /// Since when.
    pub at: Timestamp,
    /// What the mail server said.
    pub why: String,
}

/// Which mails are tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichMails {
    /// All that were refused for good, and all that wait for their next attempt.
    Refused,
    /// These, by their numbers; also ones that were dropped or filed.
    These(Vec<i64>),
    /// All that were filed, for want of a mail server.
    Filed,
}

/// How far an invitation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationProgress {
    /// It is mailed on a day to come.
    Scheduled,
    /// Nobody wanted it mailed.
    NotMailed,
    /// Its mail waits.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// There was no mail server: it stands in a folder as a file.
    Filed,
    /// The mail server refuses it for good.
    Failed,
    /// It came back.
    Bounced,
    /// The person has begun to fill in its page.
    Begun,
    /// They have accepted.
    Accepted,
    /// Its link has expired.
    Expired,
    /// It was withdrawn.
    Withdrawn,
}

impl InvitationProgress {
    /// The word in listings and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::NotMailed => "not_mailed",
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Filed => "filed",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::Begun => "begun",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}
