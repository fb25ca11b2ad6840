//! How much a file may cost. A file is hostile: what it says about itself is not believed, and what it makes its reader do
//! is bounded from outside as well.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;

/// How much reading one file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of everything that is packed in it.
    pub inflated: u64,
    /// Rows of a file that is read as it goes by: csv and xlsx.
    pub rows: u32,
    /// Cells of such a file.
    pub cells: u64,
    /// Bytes of a file that must be read as a whole: xls and ods.
    pub whole_file: u64,
    /// Rows of such a file.
    pub whole_rows: u32,
    /// Bytes of memory of the reading process.
    pub memory: u64,
    /// Seconds of processor time, and as many again for every 100,000 rows.
    pub seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: 64 * MIB,
            inflated: 1024 * MIB,
            rows: 1_048_576,
            cells: 16_000_000,
            whole_file: 10 * MIB,
            whole_rows: 50_000,
            memory: 256 * MIB,
            seconds: 10,
        }
    }
}

impl Limits {
    /// The processor time that reading so many rows may take, in seconds.
    pub fn seconds_for(&self, rows: u32) -> u64 {
        self.seconds + self.seconds * u64::from(rows) / 100_000
    }

    /// The longest that reading may take by the clock on the wall, in seconds: a busy machine is no fault of the file.
    pub fn patience(&self) -> u64 {
        self.seconds_for(self.rows).saturating_mul(4)
    }
}

/// A size as people say it.
pub(super) fn said(bytes: u64) -> String {
    if bytes >= 1024 * MIB && bytes.is_multiple_of(1024 * MIB) {
        format!("{} GiB", bytes / (1024 * MIB))
    } else if bytes >= MIB {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{} KiB", bytes.div_ceil(1024))
    }
}
