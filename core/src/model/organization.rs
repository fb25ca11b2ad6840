//! The one organization of a database, its settings and its administrators' permissions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::error::Error;

/// The company whose people are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Its name as shown to people.
    pub name: String,
    /// The zone in which dates begin.
    pub time_zone: TimeZoneName,
    /// When the database was made.
    pub created_at: Timestamp,
}

/// An IANA time zone that exists in the zone database of this binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(jiff::tz::TimeZone);

impl TimeZoneName {
    pub(crate) fn zone(&self) -> &jiff::tz::TimeZone {
        &self.0
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for TimeZoneName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "UTC" {
            return Ok(Self(jiff::tz::TimeZone::UTC));
        }
        jiff::tz::db().get(text).map(Self).map_err(|_| {
            Error::invalid(
                "time zone",
                "is not an IANA zone",
                "write it like Europe/Berlin",
            )
        })
    }
}

impl Serialize for TimeZoneName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an administrator may do, beyond seeing the people below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Everything but raising `purchased`.
    Owner,
    /// Invite, edit, deactivate and the like, anybody.
    ManageUsers,
    /// Assign trainings to anybody.
    ManageAssignments,
    /// See every report.
    ManageReports,
    /// Raise what is purchased of a pool.
    AuthorizedPurchaser,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::ManageUsers,
        Self::ManageAssignments,
        Self::ManageReports,
        Self::AuthorizedPurchaser,
    ];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::ManageUsers => "manage_users",
            Self::ManageAssignments => "manage_assignments",
            Self::ManageReports => "manage_reports",
            Self::AuthorizedPurchaser => "authorized_purchaser",
        }
    }

    /// The permission of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}
