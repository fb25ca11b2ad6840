//! Instants as listings show them: in the organization's own time zone.

use usher_core::model::{TimeZoneName, Timestamp};
use usher_core::{Read, Result};

/// Where the organization is.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZoneName);

impl Zone {
    /// That of the organization that is read.
    pub(crate) fn of(read: &Read<'_>) -> Result<Self> {
        Ok(Self(read.organization()?.time_zone))
    }

    /// The day that it was there.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.minute(at).chars().take(10).collect()
    }

    /// To the minute, as the clock on the wall showed it there.
    pub(crate) fn minute(&self, at: Timestamp) -> String {
        at.on_the_wall(&self.0)
    }
}
