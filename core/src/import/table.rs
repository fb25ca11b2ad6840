//! A sheet with its head apart: what imports of few columns look at.

use super::limits::Limits;
use super::sheet::{About, Format, Row, Rows, Sheet};
use super::{bad, delimited, encoding, workbook};
use crate::error::Result;

/// A table of text, with its head apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The first row.
    pub head: Vec<String>,
    /// The others, each with its number in the file; empty ones are left out.
    pub rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    /// The texts of a sheet.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for one without any row.
    pub fn of(sheet: &Sheet) -> Result<Self> {
        let texts = |row: Row<'_>| row.cells().map(|it| it.said().into_owned()).collect();
        let mut rows = sheet.rows();
        let head = rows.next().ok_or_else(|| bad(workbook::empty()))?;
        let numbered = |row: Row<'_>| (usize::try_from(row.number()).unwrap_or(0), texts(row));
        let table = Self {
            head: texts(head),
            rows: rows.map(numbered).collect(),
        };
        sheet.check()?;
        Ok(table)
    }

    /// Reads a text's bytes in this process.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] saying what the bytes are instead of such a table, and what to do.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (text, _) = encoding::decode_as(bytes, None).map_err(bad)?;
        let (text, before, separator) = delimited::separator(&text);
        let mut rows = Rows::anywhere();
        let hand = |number, cells: &[u8]| {
            Row::parse(number, cells)
                .into_iter()
                .for_each(|it| rows.push(&it));
            Ok(())
        };
        delimited::rows(text, before, separator, &Limits::default(), hand).map_err(bad)?;
        let about = About {
            format: Format::Csv,
            sheet: None,
            others: Vec::new(),
            others_with_people: Vec::new(),
            encoding: None,
            separator: Some(separator),
        };
        Self::of(&rows.sheet(about))
    }
}
