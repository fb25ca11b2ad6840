//! CSV after RFC 4180, in which no cell computes anything.

use std::io::Write;

use super::cell::{Cell, Column, Sink};
use super::file::cannot_write;
use crate::error::Result;
use crate::model::harmless;

/// A cell that a spreadsheet shows instead of computing it: one that begins like a formula gets an apostrophe in front.
pub fn csv_cell(text: &str) -> String {
    let text = harmless(text);
    let formula = crate::import::begins_like_a_formula(&text);
    let text = if formula {
        format!("'{text}")
    } else {
        text.into_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

pub(crate) struct Csv<W>(pub(crate) W);

impl<W: Write> Csv<W> {
    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<()> {
        let cells: Vec<String> = cells.collect();
        // Lines end in CR LF.
        write!(self.0, "{}\r\n", cells.join(",")).map_err(cannot_write)
    }
}

impl<W: Write> Sink for Csv<W> {
    fn table(&mut self, _name: &str, columns: &[Column]) -> Result<()> {
        self.line(columns.iter().map(|it| csv_cell(&it.key)))
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.line(cells.iter().map(|it| match it {
            Cell::Number(number) => number.to_string(),
            other => csv_cell(&other.said()),
        }))
    }

    fn end(&mut self) -> Result<()> {
        self.0.flush().map_err(cannot_write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        let cases = [
            ("ana", "ana"),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=a,b", "\"'=a,b\""),
            ("\tx", "\u{fffd}x"),
            ("\u{1b}[31m", "\u{fffd}[31m"),
        ];
        for (text, expected) in cases {
            assert_eq!(csv_cell(text), expected, "{text:?}");
        }
    }
}
