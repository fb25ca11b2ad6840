//! Rows inserted many at a statement. What a statement looks up, opens and closes is then paid for once in so many rows: in a
//! large batch that is a third of all its time.

use std::sync::OnceLock;

use rusqlite::{CachedStatement, Connection, ToSql};

use super::broken;
use crate::error::{Error, Result};

/// How many rows one statement inserts.
pub(super) const AT_ONCE: usize = 64;

/// Where rows go.
pub(super) struct Insert {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    /// The statements for one row and for many, once made.
    made: [OnceLock<String>; 2],
}

/// The values of rows, bound one after the other.
pub(super) struct Values<'c> {
    statement: CachedStatement<'c>,
    bound: usize,
}

impl Values<'_> {
    /// Binds the next value.
    pub(super) fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, value)
    }
}

impl Insert {
    /// Into so many columns: the statement up to the values, `INSERT INTO table (columns)`.
    pub(super) const fn new(head: &'static str, columns: usize) -> Self {
        Self::ending(head, columns, "")
    }

    /// The same with what follows the values.
    pub(super) const fn ending(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            made: [const { OnceLock::new() }; 2],
        }
    }

    /// Inserts all of the rows, each bound column by column.
    ///
    /// # Errors
    /// [`Error::Broken`] when a row was not inserted.
    pub(super) fn all<T>(
        &self,
        conn: &Connection,
        rows: &[T],
        bind: impl Fn(&mut Values<'_>, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let whole = rows.len() - rows.len() % AT_ONCE;
        let (many, few) = rows.split_at_checked(whole).unwrap_or((&[], rows));
        self.chunks(conn, many, AT_ONCE, &bind)?;
        self.chunks(conn, few, 1, &bind)
    }

    fn chunks<T>(
        &self,
        conn: &Connection,
        rows: &[T],
        at_once: usize,
        bind: &impl Fn(&mut Values<'_>, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let [one, many] = &self.made;
        let made = if at_once == 1 { one } else { many };
        let sql = made.get_or_init(|| self.sql(at_once));
        for chunk in rows.chunks(at_once) {
            let mut values = Values {
                statement: conn.prepare_cached(sql).map_err(broken)?,
                bound: 0,
            };
            for row in chunk {
                bind(&mut values, row).map_err(broken)?;
            }
            let inserted = values.statement.raw_execute().map_err(broken)?;
            if inserted != chunk.len() {
                return Err(Error::Broken(format!(
                    "{} rows were to be inserted, and {inserted} were",
                    chunk.len()
                )));
            }
        }
        Ok(())
    }

    fn sql(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        let rows = vec![row.as_str(); rows].join(", ");
        format!("{} VALUES {rows}{}", self.head, self.tail)
    }
}
