//! Rows inserted many at a statement. What a statement looks up, opens and closes is then paid for once in so many rows: in a
//! large batch that is a third of all its time.

use std::sync::OnceLock;

use rusqlite::{CachedStatement, Connection, ToSql};

use super::broken;
use crate::error::{Error, Result};

/// How many rows one statement inserts. Of every page that a statement changes SQLite keeps a copy until the statement ends, to
/// take it back alone: the more rows it inserts, the fewer copies there are of pages that all of them change.
pub(super) const AT_ONCE: usize = 256;
/// How many rows of what is left over.
const SOME: usize = 32;

/// Where rows go.
pub(super) struct Insert {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    /// The statements for one row, for some and for many, once made.
    made: [OnceLock<String>; 3],
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
            made: [const { OnceLock::new() }; 3],
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
        let [one, some, many] = &self.made;
        let mut rest = rows;
        for (made, at_once) in [(many, AT_ONCE), (some, SOME), (one, 1)] {
            let whole = rest.len() - rest.len() % at_once;
            let (now, later) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
            self.chunks(conn, now, (made, at_once), &bind)?;
            rest = later;
        }
        Ok(())
    }

    fn chunks<T>(
        &self,
        conn: &Connection,
        rows: &[T],
        (made, at_once): (&OnceLock<String>, usize),
        bind: &impl Fn(&mut Values<'_>, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_rows_as_there_are_go_in_in_their_order_and_one_that_does_not_is_told() {
        static ROWS: Insert = Insert::new("INSERT INTO many (number, text)", 2);
        for rows in [0, 1, SOME, AT_ONCE - 1, AT_ONCE, 3 * AT_ONCE + SOME + 1] {
            let conn = Connection::open_in_memory().unwrap();
            conn.execute_batch(
                "CREATE TABLE many (seq INTEGER PRIMARY KEY, number INTEGER UNIQUE, text TEXT)",
            )
            .unwrap();
            let all: Vec<i64> = (7..).take(rows).collect();
            let insert = |some: &[i64]| {
                ROWS.all(&conn, some, |row, it| {
                    row.bind(*it)?;
                    row.bind(it.to_string())
                })
            };
            insert(&all).unwrap();
            let mut statement = conn
                .prepare("SELECT number FROM many WHERE number = text ORDER BY seq")
                .unwrap();
            let found = statement.query_map([], |row| row.get::<_, i64>(0));
            let found: Vec<i64> = found.unwrap().map(Result::unwrap).collect();
            assert_eq!(found, all);
            if let Some(first) = all.first() {
                assert!(insert(&[*first]).is_err());
            }
        }
    }
}
