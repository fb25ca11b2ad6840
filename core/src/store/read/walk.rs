//! The whole order of a list, by numbers alone, and the people of some of its places: whoever reads a long list page by page
//! has it put in order once.

use rusqlite::types::Value;

use super::Read;
use super::listing::PageSql;
use crate::error::Result;
use crate::model::Timestamp;
use crate::query::{Expr, Order};
use crate::store::viewer::Viewer;
use crate::store::{compile, driver};

impl Read<'_> {
    /// Everybody whom a query finds, by their numbers in the order of creation, in a list's own order. At the cost of
    /// finding and ordering them all.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn walk(&self, query: &Expr, order: &Order) -> Result<Vec<u32>> {
        self.sees_all("people as a provider has them")?;
        let snapshot = self.snapshot()?;
        let mut compiled = driver::driven(query, self.now, self.viewer);
        let condition = std::mem::take(&mut compiled.sql);
        compiled.order(order);
        let sql = format!(
            "SELECT users.seq FROM users WHERE {condition} ORDER BY {}",
            compiled.sql
        );
        let bindings = rusqlite::params_from_iter(compiled.bindings);
        snapshot.all(&sql, bindings, |row| row.get(0))
    }
}

/// The statement that finds those of these numbers whom a query still finds, in no order.
pub(super) fn among(query: &Expr, seqs: &[u32], now: Timestamp, viewer: Viewer) -> PageSql {
    let compiled = compile::compile(query, now, viewer);
    let numbers: Vec<String> = seqs.iter().map(u32::to_string).collect();
    let mut bindings = vec![Value::Text(format!("[{}]", numbers.join(",")))];
    bindings.extend(compiled.bindings);
    PageSql {
        sql: format!(
            "FROM json_each(?) AS places CROSS JOIN users ON users.seq = places.value WHERE {}",
            compiled.sql
        ),
        bindings,
    }
}
