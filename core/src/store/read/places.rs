//! Everybody whom a query finds, in an order, told at once by where they stand. Whoever reads them page by page afterwards meets
//! each of them once, whatever is changed meanwhile: pages by key would lose whom a change takes past the page, or meet them
//! twice.

use std::fmt;

use rusqlite::types::Value;

use super::{Read, seen};
use crate::error::Result;
use crate::model::{Timestamp, User};
use crate::query::{Expr, PageFrom, SortBy, UsersPage};
use crate::store::compile;
use crate::store::driver;
use crate::store::snapshot::{Snapshot, user_columns, user_row};

/// Where somebody stands among everybody, in the order of creation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place(i64);

/// Without the number, which tells how many others there are.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

impl Read<'_> {
    /// Where everybody stands whom a query finds, in an order.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn places(&self, query: &Expr, sort: SortBy, descending: bool) -> Result<Vec<Place>> {
        let page = UsersPage {
            query: self.seen_of(query)?,
            sort,
            descending,
            from: PageFrom::Start,
            limit: 0,
        };
        self.together(|snapshot| {
            let (sql, bindings) = match self.places_beside(snapshot, &page)? {
                Some(statement) => statement,
                None => statement(snapshot, &page, self.now)?,
            };
            snapshot.all(&sql, rusqlite::params_from_iter(bindings), |row| {
                row.get(0).map(Place)
            })
        })
    }

    /// Those who stand at these places, in their order, and are still found by the query.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn users_at(&self, places: &[Place], query: &Expr) -> Result<Vec<User>> {
        let query = self.seen_of(query)?;
        let snapshot = self.snapshot()?;
        let compiled = compile::compile(&query, self.now, snapshot.viewer);
        let numbers: Vec<String> = places.iter().map(|it| it.0.to_string()).collect();
        let mut bindings = vec![Value::Text(format!("[{}]", numbers.join(",")))];
        bindings.extend(compiled.bindings);
        let sql = format!(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM (SELECT key AS turn, value AS place FROM json_each(?)) AS wanted \
                 CROSS JOIN users ON users.seq = wanted.place WHERE {} ORDER BY wanted.turn"
            ),
            compiled.sql
        );
        let users = snapshot.all(&sql, rusqlite::params_from_iter(bindings), user_row)?;
        self.found(&users);
        Ok(users.into_iter().map(|it| self.shown(it)).collect())
    }
}

/// The statement of an order by what stands with the people themselves, as pages have it.
fn statement(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    now: Timestamp,
) -> Result<(String, Vec<Value>)> {
    let order = if page.descending { "DESC" } else { "ASC" };
    let by = match (page.sort, seen::Key::of(page.sort)) {
        (_, Some(key)) => key.order(order),
        (SortBy::Name, _) => format!("users.sort_name {order}, users.seq {order}"),
        (SortBy::Email, _) => format!("users.email_key {order}, users.seq {order}"),
        (SortBy::Status, _) => {
            format!("users.status {order}, users.sort_name {order}, users.seq {order}")
        }
        // Of a field that is hidden nobody has anything.
        _ => format!("users.seq {order}"),
    };
    // An index has the statuses with the names; for what it has not, every row would be looked up by itself.
    let how = match page.sort {
        SortBy::Name | SortBy::Status => "",
        _ => snapshot.read_whole(&page.query)?,
    };
    let compiled = driver::driven(&page.query, now, snapshot.viewer);
    let sql = format!(
        "SELECT users.seq FROM users {how} WHERE {} ORDER BY {by}",
        compiled.sql
    );
    Ok((sql, compiled.bindings))
}
