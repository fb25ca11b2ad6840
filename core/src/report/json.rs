//! JSON: one array of objects for one table, an object of such arrays for several. Values are as they are, escaped.

use std::io::Write;

use serde_json::{Value, json};

use super::cell::{Cell, Column, Sink};
use super::file::cannot_write;
use crate::error::Result;

pub(crate) struct Json<W> {
    out: W,
    /// Whether there is an object of tables around them.
    several: bool,
    columns: Vec<Column>,
    tables: usize,
    rows: usize,
}

impl<W: Write> Json<W> {
    pub(crate) fn new(out: W, several: bool) -> Self {
        Self {
            out,
            several,
            columns: Vec::new(),
            tables: 0,
            rows: 0,
        }
    }

    fn end_table(&mut self) -> std::io::Result<()> {
        if self.tables > 0 {
            self.out
                .write_all(if self.rows == 0 { b"[]" } else { b"\n]" })?;
        }
        Ok(())
    }
}

impl<W: Write> Sink for Json<W> {
    fn table(&mut self, name: &str, columns: &[Column]) -> Result<()> {
        self.end_table().map_err(cannot_write)?;
        if self.several {
            let lead = if self.tables == 0 { "{" } else { "," };
            write!(self.out, "{lead}\n\"{name}\": ").map_err(cannot_write)?;
        }
        self.columns = columns.to_vec();
        self.tables += 1;
        self.rows = 0;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let lead = if self.rows == 0 { "[\n{" } else { ",\n{" };
        self.rows += 1;
        let mut line = lead.to_owned();
        for (i, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let comma = if i == 0 { "" } else { "," };
            line += &format!("{comma}{}:{}", json!(column.key), value(cell));
        }
        line.push('}');
        self.out.write_all(line.as_bytes()).map_err(cannot_write)
    }

    fn end(&mut self) -> Result<()> {
        self.end_table()
            .and_then(|()| {
                self.out
                    .write_all(if self.several { b"\n}\n" } else { b"\n" })
            })
            .and_then(|()| self.out.flush())
            .map_err(cannot_write)
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Number(number) => json!(number),
        Cell::Flag(flag) => json!(flag),
        Cell::Instant(at) => json!(at),
        Cell::Day(day) => json!(day),
        Cell::Words(words) | Cell::List(words) => json!(words),
        Cell::Fields(fields) => {
            let named = fields
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)));
            serde_json::Value::Object(named.collect())
        }
    }
}
