//! What is known of an import beside its batch.

use serde::{Deserialize, Serialize};

use super::{Actor, BatchId, Timestamp};
use crate::import::{Format, Mode};

/// A file that was imported, and what became of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTerms {
    /// The file's name, without its folder; it is kept beside the history and not in it, because it may name somebody.
    #[serde(skip)]
    pub file: Option<String>,
    /// The sheet that was read, of a workbook with several; kept as the name is.
    #[serde(skip)]
    pub sheet: Option<String>,
    /// The digest of what was in it, keyed by the database, in hexadecimal digits.
    pub digest: String,
    /// What was done about people who were, and who were not, on the roster.
    pub mode: Mode,
    /// What the file was.
    pub format: Format,
    /// How many rows it had.
    pub rows: usize,
    /// Of these, how many brought somebody onto the roster.
    pub arrived: usize,
    /// How many of those wait for a seat; none where earlier versions did not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<usize>,
    /// How many changed somebody.
    pub updated: usize,
    /// How many changed nothing.
    pub unchanged: usize,
    /// How many were left out because there was no free seat; none where earlier versions counted them among the wrong ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
    /// How many were wrong.
    pub wrong: usize,
}

impl ImportTerms {
    /// How many rows came to nothing, because something was wrong or there was no free seat.
    pub fn n_undone(&self) -> usize {
        self.wrong + self.left_out.unwrap_or(0)
    }

    /// The file, with the sheet of it that was read: `people.xlsx, Berlin`.
    pub fn named(&self) -> Option<String> {
        let parts = [self.file.as_deref(), self.sheet.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// An import in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The batch that it was applied as.
    pub batch: BatchId,
    /// Its number in the order of commits.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// Which file, and what became of its rows.
    pub terms: ImportTerms,
    /// The batch by which it was undone.
    pub undone_by: Option<BatchId>,
}
