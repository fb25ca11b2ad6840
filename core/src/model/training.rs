//! Something to learn, and one user's obligation to take it. An assignment is never erased by leaving: it ends, and
//! reports still cover it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Date, PoolId, Timestamp, TrainingId, UserId};
use crate::error::Error;

/// What kind of thing there is to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingKind {
    /// Taken alone, at any time.
    Course,
    /// Taken before something else; assigning it reserves a license of the pool that it needs.
    PreWork,
    /// Held on a day, by instructors.
    Session,
}

impl TrainingKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Course, Self::PreWork, Self::Session];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::PreWork => "pre_work",
            Self::Session => "session",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl fmt::Display for TrainingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TrainingKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_word(&text.trim().to_ascii_lowercase().replace('-', "_")).ok_or_else(|| {
            Error::invalid(
                "kind",
                "is none of the three",
                "use course, pre_work or session",
            )
        })
    }
}

/// What is known of a training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingTerms {
    /// Its name as typed; compared without regard to case and surrounding space.
    pub name: String,
    /// What kind it is.
    pub kind: TrainingKind,
    /// The add-on pool whose license its content needs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool: Option<PoolId>,
    /// The day of a session; none for anything else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_on: Option<Date>,
    /// Whether it was removed: kept for reports, hidden, its name free for another.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub removed: bool,
}

/// A training as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Training {
    /// Its id.
    pub id: TrainingId,
    /// What is known of it.
    pub terms: TrainingTerms,
    /// How many people stand where; kept, not counted.
    pub counts: AssignmentCounts,
}

/// How many assignments of a training are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssignmentCounts {
    /// Not begun.
    pub assigned: i64,
    /// Begun.
    pub started: i64,
    /// Done.
    pub completed: i64,
    /// Ended before it was done.
    pub ended: i64,
}

/// Where an assignment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// To be taken.
    Assigned,
    /// Begun: the content was opened, the session attended.
    Started,
    /// Done.
    Completed,
    /// Over without being done: unassigned, or the person left.
    Ended,
}

impl AssignmentState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Assigned, Self::Started, Self::Completed, Self::Ended];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Ended => "ended",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether the person still has to do something: assigned or started.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Assigned | Self::Started)
    }
}

/// One user's obligation to take one training, with the instants of what happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Where it stands.
    pub state: AssignmentState,
    /// When it was assigned.
    pub assigned_at: Timestamp,
    /// When the person started.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started_at: Option<Timestamp>,
    /// When the person was done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub completed_at: Option<Timestamp>,
    /// When it ended without being done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<Timestamp>,
}

impl Assignment {
    /// A new one.
    pub const fn new(at: Timestamp) -> Self {
        Self {
            state: AssignmentState::Assigned,
            assigned_at: at,
            started_at: None,
            completed_at: None,
            ended_at: None,
        }
    }

    /// The same, started at an instant.
    pub const fn started(self, at: Timestamp) -> Self {
        Self {
            state: AssignmentState::Started,
            started_at: Some(at),
            ended_at: None,
            ..self
        }
    }

    /// The same, completed at an instant; started then too if it was not before.
    pub fn completed(self, at: Timestamp) -> Self {
        Self {
            state: AssignmentState::Completed,
            started_at: self.started_at.or(Some(at)),
            completed_at: Some(at),
            ended_at: None,
            ..self
        }
    }

    /// The same, ended at an instant.
    pub const fn ended(self, at: Timestamp) -> Self {
        Self {
            state: AssignmentState::Ended,
            ended_at: Some(at),
            ..self
        }
    }
}

/// An assignment and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Who has to take it.
    pub user: UserId,
    /// What.
    pub training: TrainingId,
    /// Where it stands.
    pub assignment: Assignment,
}

/// What was told from outside of somebody's progress with a training while they had no license of its pool. It waits to be
/// carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldProgress {
    /// When it was first told that they started, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started_at: Option<Timestamp>,
    /// When it was first told that they are done, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub completed_at: Option<Timestamp>,
}

impl ToldProgress {
    /// The furthest that was told.
    pub const fn reached(self) -> Progress {
        match self.completed_at {
            Some(_) => Progress::Completed,
            None => Progress::Started,
        }
    }

    /// The same, when a step was told as well.
    pub(crate) fn with(self, step: Progress, at: Timestamp) -> Self {
        match step {
            Progress::Started => Self {
                started_at: self.started_at.or(Some(at)),
                ..self
            },
            Progress::Completed => Self {
                completed_at: self.completed_at.or(Some(at)),
                ..self
            },
        }
    }

    /// What is left once somebody has come so far; none when nothing is.
    pub(crate) fn without(self, step: Progress) -> Option<Self> {
        match step {
            Progress::Started => self.completed_at.map(|_| Self {
                started_at: None,
                ..self
            }),
            Progress::Completed => None,
        }
    }
}

/// Progress that waits to be carried out, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingProgress {
    /// Whose.
    pub user: UserId,
    /// With what.
    pub training: TrainingId,
    /// What was told.
    pub told: ToldProgress,
}

/// How far somebody has come with a training, as told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The content was opened, or the session attended.
    Started,
    /// It is done.
    Completed,
}

impl Progress {
    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Completed => "completed",
        }
    }
}

impl FromStr for Progress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "started" => Ok(Self::Started),
            "completed" => Ok(Self::Completed),
            _ => Err(Error::invalid(
                "progress",
                "is neither of the two",
                "use started or completed",
            )),
        }
    }
}
