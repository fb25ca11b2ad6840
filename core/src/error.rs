//! The errors of the core's boundary, in the language of whoever asked. Doors translate them: an exit code,
//! a SCIM status, a line in the console.

use crate::import::Review;
use crate::model::{BatchId, FoundBy, GroupId, PoolName, Seats, Status, Timestamp, UserId};
use crate::plan::Plan;

/// A result of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. Unless it says otherwise, nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value from outside cannot be used.
    #[error("{what} {why}; {remedy}")]
    Invalid {
        /// Which value, such as `email address`.
        what: String,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// Nobody or nothing of that name.
    #[error("there is no {noun} {name}")]
    NotFound {
        /// The word of the design, such as `user`.
        noun: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// A unique value is somebody else's, or names point at two people.
    #[error("{why}")]
    Conflict {
        /// What is not unique, as a sentence.
        why: String,
    },
    /// A name by which a person is found is somebody else's.
    #[error("this {} is already taken, by the person with id {by}", .name.as_scim())]
    Taken {
        /// Which name.
        name: FoundBy,
        /// Whose it is.
        by: UserId,
    },
    /// The connection knows this person by another `externalId`, so that whoever is meant may be somebody else.
    #[error(
        "user {user} is {status} and has another externalId, so this may be somebody else who was given the same address: then \
         delete that user first (DELETE, or `usher delete` by an administrator) and create this one, who inherits nothing. If it \
         is the same person, an administrator says so (`usher idp relink {connection} {user}`), and this is repeated"
    )]
    AnotherPerson {
        /// Who is known.
        user: UserId,
        /// How they stand.
        status: Status,
        /// The connection's name.
        connection: String,
    },
    /// Policy says no.
    #[error("{why}")]
    Forbidden {
        /// The rule, as a sentence.
        why: String,
    },
    /// Pools have no license to hand out.
    #[error(transparent)]
    NoSeat(#[from] Shortfalls),
    /// The plan that was confirmed is no longer what would happen.
    #[error("the plan has changed since it was shown: {}", .0.what.join("; "))]
    Moved(Box<Moved>),
    /// The person was changed by somebody else since they were read.
    #[error("user {0} was changed by somebody else meanwhile; look again and repeat")]
    Changed(UserId),
    /// The group was changed by somebody else since it was read.
    #[error("group {0} was changed by somebody else meanwhile; look again and repeat")]
    GroupChanged(GroupId),
    /// Rows of an import are wrong, and the others are not done without them.
    #[error("{}", .0.sentence())]
    Faulty(Box<Review>),
    /// The same file was imported in the same mode, and that was not undone.
    #[error(
        "nothing was applied: this file was imported already at {at}, as batch {batch}; undo that, or say --again to import it once more"
    )]
    Imported {
        /// The batch that it was applied as.
        batch: BatchId,
        /// When.
        at: Timestamp,
    },
    /// The idempotency key was used for another command.
    #[error("this idempotency key was already used for another command; use a new one")]
    KeyReused,
    /// Another process kept the database locked for too long.
    #[error("the database is busy; try again in a moment")]
    Busy,
    /// Another process is applying a large change, and was not done when it could be waited no longer.
    #[error(
        "nothing was applied: another process is applying a large change ({0}); try again when it is done"
    )]
    Occupied(String),
    /// Reading was ended, or work taken back, by whoever asked for it.
    #[error("cancelled: nothing was changed")]
    Cancelled,
    /// The commit ended in an I/O error, which is told: it may or may not be on disk.
    #[error(
        "the outcome is unknown, because the commit failed ({0}); see to the disk, look whether it was done, and repeat it if not \
         (with the same key, if it had one)"
    )]
    UnknownOutcome(String),
    /// The file cannot be used as a database of ours.
    #[error("{path}: {why}; {remedy}")]
    File {
        /// The file as it was named.
        path: String,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// A fault of ours or of the machine.
    #[error("{0}")]
    Broken(String),
}

/// Every pool that cannot hand out what was asked, at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Shortfalls(pub Vec<Shortfall>);

/// A pool that cannot hand out what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pool} has {free} free of {purchased} purchased ({}), and {asked} {} needed; {}", self.of_others(), is_or_are(*.asked), self.remedy())]
pub struct Shortfall {
    /// The pool.
    pub pool: PoolName,
    /// How many are asked of it.
    pub asked: Seats,
    /// How many it can hand out.
    pub free: Seats,
    /// How many are held, without those that are given back by what asks for more.
    pub held: Seats,
    /// How many are given back by what asks for more.
    pub freed: Seats,
    /// How many of these go to those who waited before.
    pub kept: Seats,
    /// How many were purchased.
    pub purchased: Seats,
    /// How many more to purchase so that all fit, by the door at which they are asked for: some are let into a pool's grace.
    pub missing: Seats,
    /// Whether today is outside the pool's dates, so that nothing is handed out whatever is free.
    pub outside_dates: bool,
}

fn is_or_are(many: Seats) -> &'static str {
    if many == 1 { "is" } else { "are" }
}

impl Shortfall {
    /// What others have of it: `3 held once 1 is given back, 1 for who waited before`.
    fn of_others(&self) -> String {
        let mut text = format!("{} held", self.held);
        if self.freed > 0 {
            text += &format!(" once {} {} given back", self.freed, is_or_are(self.freed));
        }
        if self.kept > 0 {
            text += &format!(", {} for who waited before", self.kept);
        }
        text
    }

    fn remedy(&self) -> String {
        if self.outside_dates {
            return "today is outside the pool's dates; change them, or queue".to_owned();
        }
        format!(
            "purchase {} more, free some by deactivating people, or queue",
            self.missing
        )
    }
}

/// What moved between a plan that was shown and the one that would be applied now.
#[derive(Debug)]
pub struct Moved {
    /// The plan as it is now.
    pub plan: Plan,
    /// What moved, in words.
    pub what: Vec<String>,
}

impl Error {
    /// An [`Error::Invalid`] about `what`.
    pub fn invalid(
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            what: what.into(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }

    /// An [`Error::Forbidden`] with the rule as a sentence.
    pub fn forbidden(why: impl Into<String>) -> Self {
        Self::Forbidden { why: why.into() }
    }

    /// An [`Error::Conflict`] with its sentence.
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::Conflict { why: why.into() }
    }

    /// An [`Error::NotFound`].
    pub fn not_found(noun: &'static str, name: impl ToString) -> Self {
        Self::NotFound {
            noun,
            name: match name.to_string().trim() {
                "" => "of an empty name".to_owned(),
                name => crate::model::harmless(name).into_owned(),
            },
        }
    }
}
