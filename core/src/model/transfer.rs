//! A file on its way in or out of a console that has no folder on this machine.

use super::{Actor, Timestamp, TransferId};
use crate::error::Error;

/// How long a page for a file can be used, in milliseconds.
pub const TRANSFER_MS: i64 = 10 * 60 * 1000;
/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 100;

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Out of Usher.
    Download,
    /// Into it.
    Upload,
}

impl Purpose {
    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }

    /// The purpose of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Download, Self::Upload]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// A file's way, which is gone once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id, by which the file is named in the exchange folder.
    pub id: TransferId,
    /// For whom.
    pub actor: Actor,
    /// Which way.
    pub purpose: Purpose,
    /// What the file is called by people; for an upload once it is there.
    pub name: String,
    /// From when the page opens nothing any more.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// The name of a file that goes out, without its folders, of characters that no system and no header minds. Its ending says
/// what it is.
///
/// # Errors
/// [`Error::Invalid`] for another ending than .csv, .xlsx, .json or .html.
pub fn file_name(text: &str) -> Result<String, Error> {
    name_ending_in(text, &["csv", "xlsx", "json", "html"])
}

/// The same of a file that comes in, which is a table.
///
/// # Errors
/// [`Error::Invalid`] for another ending than .csv, .xlsx, .xls or .ods.
pub fn table_name(text: &str) -> Result<String, Error> {
    name_ending_in(text, &["csv", "xlsx", "xls", "ods"])
}

fn name_ending_in(text: &str, endings: &[&str]) -> Result<String, Error> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or("");
    let (stem, ending) = last.rsplit_once('.').unwrap_or((last, ""));
    let ending = ending.to_ascii_lowercase();
    if !endings.contains(&ending.as_str()) {
        return Err(Error::invalid(
            "file",
            "has a name that says no format",
            format!("let it end in .{}", endings.join(", .")),
        ));
    }
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '_'
        }
    };
    let stem: String = stem.chars().take(LONGEST_NAME - 5).map(plain).collect();
    let stem = if stem.is_empty() {
        "file"
    } else {
        stem.as_str()
    };
    Ok(format!("{stem}.{ending}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_name_is_one_plain_name_with_a_known_ending() {
        for (typed, name) in [
            ("users.csv", "users.csv"),
            ("../../etc/x.XLSX", "x.xlsx"),
            ("C:\\temp\\a b.json", "a_b.json"),
            ("a\r\nSet-Cookie: x.csv", "a__Set-Cookie__x.csv"),
            (".csv", "file.csv"),
            ("\u{202e}ü\".csv", "___.csv"),
        ] {
            assert_eq!(file_name(typed).unwrap(), name);
        }
        assert!(file_name(&"x".repeat(500)).is_err());
        assert!(
            file_name(&format!("{}.csv", "x".repeat(500)))
                .unwrap()
                .len()
                <= LONGEST_NAME
        );
        for bad in ["users", "users.csv.exe", "", "a.csv/", ".."] {
            assert!(file_name(bad).is_err(), "{bad}");
        }
    }
}
