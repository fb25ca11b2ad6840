//! Reports: what is and what was, as a file. Rows come one after the other and go out as they come, so that a million
//! people need no more memory than ten. They keep covering people who left, and are rebuilt from the history for any
//! moment of the past: nothing is copied for them.

mod cell;
mod csv;
mod export;
mod file;
mod gather;
mod json;
mod part;
mod rows;
mod xlsx;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::directory::{Read, Session};
use crate::error::{Error, Result};
use crate::model::{Actor, Batch, Period, Permission, Step, When};
use crate::query::Expr;

pub use cell::{Cell, Column};
pub use csv::csv_cell;
pub use export::{Export, export};
pub use file::place;
pub(crate) use file::{cannot_write, exists, folder_of, place_over};

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// People, with everything that is known of them.
    Users,
    /// Who held a license of which pool from when to when.
    Licenses,
    /// Who is to take which training, and how far they are; ended ones too.
    Assignments,
    /// What happened.
    History,
    /// Pools over time.
    Seats,
}

impl Kind {
    /// Every kind, in the order of a workbook's sheets.
    pub const ALL: [Self; 5] = [
        Self::Users,
        Self::Licenses,
        Self::Assignments,
        Self::History,
        Self::Seats,
    ];

    /// The name used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Licenses => "licenses",
            Self::Assignments => "assignments",
            Self::History => "history",
            Self::Seats => "seats",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What somebody wants a report of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One kind.
    One(Kind),
    /// Every kind, about the people of a batch as they stood just before it: its id, or the part of one that no other has.
    BeforeBatch(String),
}

impl FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(batch) = text.strip_prefix("batch:") {
            return Ok(Self::BeforeBatch(batch.to_owned()));
        }
        let kind = Kind::ALL.into_iter().find(|it| it.as_str() == text);
        kind.map(Self::One).ok_or_else(|| {
            Error::invalid(
                "report",
                "is not known",
                "use users, licenses, assignments, history, seats or batch:ID",
            )
        })
    }
}

/// A report that is wanted.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is about.
    pub subject: Subject,
    /// About whom; everybody who was not erased without it, those who left included.
    pub query: Option<Expr>,
    /// As things stood then, instead of now.
    pub at: Option<When>,
    /// The period that seats are told over.
    pub over: Period,
    /// The length of that period's pieces.
    pub by: Step,
    /// Whether a file that is there already is replaced.
    pub replace: bool,
}

impl Report {
    /// A report of that, as things stand now.
    pub fn of(subject: Subject) -> Self {
        Self {
            subject,
            query: None,
            at: None,
            over: Period::Last(12, Step::Month),
            by: Step::Month,
            replace: false,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many rows each table has.
    pub rows: Vec<(Kind, usize)>,
}

/// Writes a report as .xlsx, .csv or .json, by the ending of the file's name. The file appears whole or not at all, and
/// only its owner may read it.
///
/// # Errors
/// [`Error::Forbidden`] for an administrator without the permission `manage_reports` or `manage_users`; [`Error::File`]
/// when the file is there already or cannot be written; [`Error::Invalid`] for another ending, or several tables in one
/// csv; [`Error::NotFound`] for a batch that is not there.
pub fn write(session: &Session, report: &Report, to: &Path) -> Result<Written> {
    let read = session.read()?;
    may(session.actor(), &read)?;
    let several = matches!(report.subject, Subject::BeforeBatch(_));
    let zone = read.organization()?.time_zone;
    let mut file = file::Output::begin(to, report.replace, zone, several)?;
    let mut written = Written::default();
    match &report.subject {
        Subject::One(kind) => {
            let whom = gather::Whom::of(&read, report)?;
            let rows = rows::table(&read, *kind, &whom, report, &mut *file.sink)?;
            written.rows.push((*kind, rows));
        }
        Subject::BeforeBatch(batch) => {
            let batch: Batch = read.find_batch(batch)?;
            let whom = gather::Whom::of_batch(&read, &batch)?;
            for kind in Kind::ALL {
                let rows = rows::table(&read, kind, &whom, report, &mut *file.sink)?;
                written.rows.push((kind, rows));
            }
        }
    }
    file.end()?;
    Ok(written)
}

/// Reports are for owners and those who manage reports or people.
fn may(actor: Actor, read: &Read<'_>) -> Result<()> {
    let allowed = match actor {
        Actor::FileOwner => true,
        Actor::Administrator(user) => read.permissions_of(user)?.iter().any(|it| {
            matches!(
                it,
                Permission::Owner | Permission::ManageReports | Permission::ManageUsers
            )
        }),
        _ => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(Error::forbidden(
            "report is not allowed: it needs the permission manage_reports",
        ))
    }
}
