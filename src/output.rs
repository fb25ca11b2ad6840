//! Listings as a table, JSON or CSV, written as they come, so that a million rows need no memory. Whatever people typed
//! is made harmless on the way to a terminal and to a spreadsheet; JSON carries values as they are, escaped.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;
use usher_core::model::{harmless, is_hostile};
use usher_core::report::csv_cell;

use crate::args::Format;
use crate::failure::Result;

/// How many rows a table looks at before it fixes the widths of its columns.
const MEASURED_ROWS: usize = 200;
/// The widest column of a table that is not the last one.
const WIDEST: usize = 44;

/// One row: what a person reads, and what a program reads.
pub(crate) struct Row {
    /// A cell for each column of the table.
    pub(crate) cells: Vec<String>,
    /// The keys and values of the JSON contract, which are the columns of CSV too.
    pub(crate) json: Vec<(&'static str, Value)>,
}

/// A listing being written to standard output.
pub(crate) struct Listing {
    format: Format,
    columns: &'static [&'static str],
    keys: &'static [&'static str],
    out: BufWriter<StdoutLock<'static>>,
    rows: usize,
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl Listing {
    /// Begins a listing: the columns of its table, and the keys of its JSON and CSV.
    pub(crate) fn begin(
        format: Format,
        columns: &'static [&'static str],
        keys: &'static [&'static str],
    ) -> Self {
        let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Self {
            format,
            columns,
            keys,
            out,
            rows: 0,
            waiting: Vec::new(),
            widths: None,
        }
    }

    /// Writes one row.
    pub(crate) fn row(&mut self, row: Row) -> Result<()> {
        self.rows += 1;
        match self.format {
            Format::Table => self.table_row(row.cells),
            Format::Json => {
                self.out
                    .write_all(if self.rows == 1 { b"[\n  " } else { b",\n  " })?;
                Ok(write_object(&mut self.out, &row.json)?)
            }
            Format::Csv => {
                if self.rows == 1 {
                    write_csv(&mut self.out, self.keys.iter().copied())?;
                }
                Ok(write_csv(
                    &mut self.out,
                    row.json.iter().map(|(_, value)| csv_text(value)),
                )?)
            }
        }
    }

    /// Writes what is left, and `none` under an empty table.
    pub(crate) fn end(mut self, none: &str) -> Result<()> {
        match self.format {
            Format::Table if self.rows == 0 => writeln!(self.out, "{none}")?,
            Format::Table => self.release()?,
            Format::Json => self
                .out
                .write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?,
            Format::Csv if self.rows == 0 => write_csv(&mut self.out, self.keys.iter().copied())?,
            Format::Csv => {}
        }
        Ok(self.out.flush()?)
    }

    fn table_row(&mut self, cells: Vec<String>) -> Result<()> {
        let cells: Vec<String> = cells.iter().map(|it| one_line(it)).collect();
        if self.widths.is_some() {
            return self.aligned(&cells);
        }
        self.waiting.push(cells);
        if self.waiting.len() >= MEASURED_ROWS {
            self.release()
        } else {
            Ok(())
        }
    }

    /// Fixes the widths and writes the rows that waited for them.
    fn release(&mut self) -> Result<()> {
        if self.widths.is_some() {
            return Ok(());
        }
        let width = |column: usize| {
            let cells = self
                .waiting
                .iter()
                .filter_map(|row| row.get(column))
                .map(|it| it.width());
            let title = self.columns.get(column).map_or(0, |it| it.width());
            cells.max().unwrap_or(0).min(WIDEST).max(title)
        };
        self.widths = Some((0..self.columns.len()).map(width).collect());
        let titles: Vec<String> = self.columns.iter().map(|it| (*it).to_owned()).collect();
        self.aligned(&titles)?;
        for row in std::mem::take(&mut self.waiting) {
            self.aligned(&row)?;
        }
        Ok(())
    }

    fn aligned(&mut self, cells: &[String]) -> Result<()> {
        let widths = self.widths.as_deref().unwrap_or_default();
        let mut line = String::new();
        for (i, cell) in cells.iter().enumerate() {
            line.push_str(cell);
            let pad = widths
                .get(i)
                .copied()
                .unwrap_or(0)
                .saturating_sub(cell.width());
            line.extend(std::iter::repeat_n(' ', pad + 2));
        }
        Ok(writeln!(self.out, "{}", line.trim_end())?)
    }
}

/// Text of one line that can be shown on a terminal.
pub(crate) fn one_line(text: &str) -> String {
    harmless(text).into_owned()
}

/// Writes one thing: lines of `name  value` for people, one object for programs.
pub(crate) fn write_one(format: Format, json: &[(&'static str, Value)]) -> Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Table => {
            let widest = json.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
            for (key, value) in json {
                let text = csv_text(value);
                let shown = if text.is_empty() {
                    "-".to_owned()
                } else {
                    one_line(&text)
                };
                writeln!(out, "{:widest$}  {shown}", key.replace('_', " "))?;
            }
        }
        Format::Json => {
            write_object(&mut out, json)?;
            writeln!(out)?;
        }
        Format::Csv => {
            write_csv(&mut out, json.iter().map(|(key, _)| *key))?;
            write_csv(&mut out, json.iter().map(|(_, value)| csv_text(value)))?;
        }
    }
    Ok(out.flush()?)
}

/// Writes lines of `name  value` for people; a name that repeats stands once.
pub(crate) fn write_lines(format: Format, lines: &[(&str, String)]) -> Result<()> {
    let widest = lines.iter().map(|it| it.0.len()).max().unwrap_or(0);
    let mut last = "";
    for (name, text) in lines {
        let shown = if *name == last { "" } else { *name };
        say(format, &format!("{shown:widest$}  {text}"))?;
        last = name;
    }
    Ok(())
}

/// Writes a line for people and nothing for programs.
pub(crate) fn say(format: Format, text: &str) -> Result<()> {
    if format == Format::Table {
        writeln!(io::stdout().lock(), "{}", one_line(text))?;
    }
    Ok(())
}

/// Says what was done in words to a person, and as one object, or one row under its keys, to a program.
pub(crate) fn say_or_tell(
    format: Format,
    text: &str,
    json: &[(&'static str, Value)],
) -> Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Table => writeln!(out, "{}", one_line(text))?,
        Format::Json => {
            write_object(&mut out, json)?;
            writeln!(out)?;
        }
        Format::Csv => {
            write_csv(&mut out, json.iter().map(|(key, _)| *key))?;
            write_csv(&mut out, json.iter().map(|(_, value)| csv_text(value)))?;
        }
    }
    Ok(())
}

/// Keys in the order in which they are given, which a map would lose.
fn write_object(out: &mut impl Write, json: &[(&'static str, Value)]) -> io::Result<()> {
    for (i, (key, value)) in json.iter().enumerate() {
        write!(out, "{}\"{key}\":", if i == 0 { "{" } else { "," })?;
        let text = serde_json::to_string(value)?;
        if !text.contains(is_hostile) {
            out.write_all(text.as_bytes())?;
            continue;
        }
        // JSON says the same by escapes, which act on no terminal and hide from no reader.
        for c in text.chars() {
            let mut units = [0; 2];
            match is_hostile(c) {
                true => {
                    for unit in c.encode_utf16(&mut units) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
                false => write!(out, "{c}")?,
            }
        }
    }
    out.write_all(b"}")
}

/// A value in one cell: words of a list joined by spaces, nothing for null.
fn csv_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(csv_text).collect::<Vec<_>>().join(" "),
        Value::Object(map) => object_text(map),
        other => other.to_string(),
    }
}

/// `pool:state`, with the day on which it ends, and `group:role`, else each key that has one with its value.
fn object_text(map: &serde_json::Map<String, Value>) -> String {
    let part = |key: &str| map.get(key).map(csv_text);
    for (name, quality) in [("pool", "state"), ("group", "role"), ("training", "state")] {
        if let (Some(name), Some(quality)) = (part(name), part(quality)) {
            let until = part("until").map_or_else(String::new, |day| format!(" (until {day})"));
            return format!("{name}:{quality}{until}");
        }
    }
    let said = map
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| format!("{} {}", key.replace('_', " "), csv_text(value)));
    said.collect::<Vec<_>>().join(", ")
}

fn write_csv<T: AsRef<str>>(
    out: &mut impl Write,
    cells: impl Iterator<Item = T>,
) -> io::Result<()> {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        out.write_all(csv_cell(cell.as_ref()).as_bytes())?;
    }
    // RFC 4180 §2: lines end in CR LF.
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::write_object;
    use serde_json::json;

    #[test]
    fn json_acts_on_no_terminal_and_means_the_same() {
        let said = json!("x\u{9b}31m\u{202e}\u{e0041}\u{7f}\u{1b}\u{e9}");
        let mut out = Vec::new();
        write_object(&mut out, &[("a", said.clone())]).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, r#"{"a":"x\u009b31m\u202e\udb40\udc41\u007f\u001bé"}"#);
        let back: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back["a"], said);
    }
}
