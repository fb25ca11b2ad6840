//! A table of text: lines of cells separated by comma, semicolon or tab, quoted as RFC 4180 says. The separator is the
//! one that the first line has most of.

use crate::error::{Error, Result};

/// The largest file that is read, in bytes, and the most lines and columns.
const LARGEST: usize = 64 << 20;
const MOST_LINES: usize = 1_048_576;
const MOST_COLUMNS: usize = 256;
/// The longest cell, in bytes.
const LONGEST_CELL: usize = 32 << 10;

/// A table of text, with its head apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The first line.
    pub head: Vec<String>,
    /// The others, each with the number of the line on which it begins; empty ones are left out.
    pub rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] saying what the file is instead of such a table, and what to do.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let text = text(bytes)?;
        let first = text.lines().next().unwrap_or_default();
        let count = |c: char| first.chars().filter(|it| *it == c).count();
        let separator = [',', ';', '\t']
            .into_iter()
            .rev()
            .max_by_key(|it| count(*it));
        let mut lines = lines(text, separator.unwrap_or(','))?.into_iter();
        let (_, head) = lines.next().ok_or_else(|| {
            bad(
                "is empty",
                "give it a line of column names and the rows below",
            )
        })?;
        let filled = |it: &(usize, Vec<String>)| it.1.iter().any(|it| !it.trim().is_empty());
        Ok(Self {
            head,
            rows: lines.filter(filled).collect(),
        })
    }
}

fn bad(why: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::invalid("the file", why, remedy)
}

/// The file as text, or what it is instead.
fn text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > LARGEST {
        return Err(bad("is larger than 64 MiB", "split it"));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(bad("is a workbook", "save it as CSV (UTF-8)"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(bad("is UTF-16 text", "save it as CSV (UTF-8)"));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(bad("is not text", "save it as CSV (UTF-8)"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes
            .get(..error.valid_up_to())
            .unwrap_or_default()
            .iter()
            .filter(|it| **it == b'\n')
            .count();
        bad(
            format!("is not UTF-8 text from line {} on", line + 1),
            "save it as CSV (UTF-8)",
        )
    })
}

/// The lines of a text with their numbers, cut into cells.
fn lines(text: &str, separator: char) -> Result<Vec<(usize, Vec<String>)>> {
    let mut lines = Vec::new();
    let (mut row, mut cell) = (Vec::new(), String::new());
    let (mut line, mut begun) = (1, 1);
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' | '\r' if !quoted => {
                line += 1;
                row.push(std::mem::take(&mut cell));
                lines.push((begun, std::mem::take(&mut row)));
                begun = line;
                if lines.len() > MOST_LINES {
                    return Err(bad(format!("has more than {MOST_LINES} lines"), "split it"));
                }
            }
            c if c == separator && !quoted => {
                row.push(std::mem::take(&mut cell));
                if row.len() > MOST_COLUMNS {
                    return Err(bad(
                        format!("has more than {MOST_COLUMNS} columns in line {begun}"),
                        "leave out what is not needed",
                    ));
                }
            }
            c => {
                line += usize::from(c == '\n');
                cell.push(c);
                if cell.len() > LONGEST_CELL {
                    return Err(bad(
                        format!("has a cell of more than 32 KiB in line {begun}"),
                        "look for a quote that is never closed",
                    ));
                }
            }
        }
    }
    if quoted {
        return Err(bad(
            format!("has a quote in line {begun} that is never closed"),
            "close it",
        ));
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        lines.push((begun, row));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = Table::read(text.as_bytes()).expect("a table");
        let mut all = vec![table.head];
        all.extend(table.rows.into_iter().map(|it| it.1));
        all
    }

    #[test]
    fn separators_quotes_and_line_ends_are_understood() {
        let expected = vec![vec!["a", "b"], vec!["x,;y", "say \"hi\"\nthere"]];
        for text in [
            "a,b\r\n\"x,;y\",\"say \"\"hi\"\"\nthere\"\r\n",
            "\u{feff}a;b\n\n\"x,;y\";\"say \"\"hi\"\"\nthere\"",
            "a\tb\rx,;y\t\"say \"\"hi\"\"\nthere\"\r\r",
        ] {
            assert_eq!(cells(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_such_table_is_refused_with_what_to_do() {
        let long = format!("a,\"{}", "x".repeat(LONGEST_CELL + 1));
        let cases: [(&[u8], &str); 8] = [
            (b"", "is empty"),
            (b"PK\x03\x04rest", "workbook"),
            (&[0xff, 0xfe, 0x61, 0], "UTF-16"),
            (b"a,b\n\0", "not text"),
            (b"a,b\nx\n\xff,1", "from line 3 on"),
            (b"a,b\n\"x,1", "never closed"),
            (long.as_bytes(), "32 KiB"),
            (&[b','; 300], "columns"),
        ];
        for (bytes, words) in cases {
            let error = Table::read(bytes).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn whatever_is_in_a_file_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[a,;\"\n\r\t ]{0,60}") {
            let _ = Table::read(&bytes);
            let _ = Table::read(text.as_bytes());
        }
    }
}
