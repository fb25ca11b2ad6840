//! Everybody whom a query finds, in an order, told at once by where they stand. Whoever reads them page by page afterwards meets
//! each of them once, whatever is changed meanwhile: pages by key would lose whom a change takes past the page, or meet them
//! twice.

use std::collections::BTreeMap;
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
                None if is_most(snapshot, &page.query)? => {
                    return walked(snapshot, &page, self.now);
                }
                None => statement(snapshot, &page, self.now),
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

/// Whether a query finds so many that putting them in order takes more than finding them in the order of everybody.
fn is_most(snapshot: &Snapshot<'_>, query: &Expr) -> Result<bool> {
    Ok(*query == Expr::Everybody || !snapshot.read_whole(query)?.is_empty())
}

/// By what everybody is in order who stands with it themselves, as pages have it.
fn order(page: &UsersPage) -> String {
    let order = if page.descending { "DESC" } else { "ASC" };
    match (page.sort, seen::Key::of(page.sort)) {
        (_, Some(key)) => key.order(order),
        (SortBy::Name, _) => format!("users.sort_name {order}, users.seq {order}"),
        (SortBy::Email, _) => format!("users.email_key {order}, users.seq {order}"),
        (SortBy::Status, _) => {
            format!("users.status {order}, users.sort_name {order}, users.seq {order}")
        }
        // Of a field that is hidden nobody has anything.
        _ => format!("users.seq {order}"),
    }
}

/// The statement of those who are few: they are found, and put in order.
fn statement(snapshot: &Snapshot<'_>, page: &UsersPage, now: Timestamp) -> (String, Vec<Value>) {
    let compiled = driver::driven(&page.query, now, snapshot.viewer);
    let (found, by) = (&compiled.sql, order(page));
    let by_last = match seen::Key::of(page.sort) {
        Some(key) => format!("{}, {by}", key.is_lacking()),
        None => by,
    };
    let sql = format!("SELECT users.seq FROM users WHERE {found} ORDER BY {by_last}");
    (sql, compiled.bindings)
}

/// Those who are most of all: who they are is noted, a bit for each, and everybody is gone through as an index has them. Putting
/// a million in order would take the memory of all their names.
fn walked(snapshot: &Snapshot<'_>, page: &UsersPage, now: Timestamp) -> Result<Vec<Place>> {
    let compiled = driver::driven(&page.query, now, snapshot.viewer);
    let sql = format!("SELECT users.seq FROM users WHERE {}", compiled.sql);
    let bindings = rusqlite::params_from_iter(compiled.bindings);
    let mut found = Numbers::default();
    snapshot.all(&sql, bindings, |row| row.get(0).map(|it| found.add(it)))?;
    let has = match seen::Key::of(page.sort) {
        Some(key) => key.is_had(),
        None => "1".to_owned(),
    };
    let sql = format!(
        "SELECT users.seq FROM users WHERE {has} ORDER BY {}",
        order(page)
    );
    let mut places = Vec::with_capacity(found.len);
    snapshot.all(&sql, [], |row| {
        let number = row.get(0)?;
        if found.take(number) {
            places.push(Place(number));
        }
        Ok(())
    })?;
    // Who has nothing comes last, whichever way round.
    let first = places.len();
    places.extend(found.numbers().map(Place));
    if page.descending
        && let Some(lacking) = places.get_mut(first..)
    {
        lacking.reverse();
    }
    Ok(places)
}

/// Numbers that are mostly next to each other.
#[derive(Default)]
struct Numbers {
    /// A bit for each of sixty-four.
    bits: BTreeMap<i64, u64>,
    len: usize,
}

impl Numbers {
    fn add(&mut self, number: i64) {
        *self.bits.entry(number >> 6).or_default() |= 1 << (number & 63);
        self.len += 1;
    }

    /// Whether it is there; it is not any more.
    fn take(&mut self, number: i64) -> bool {
        let bit = 1 << (number & 63);
        let Some(bits) = self.bits.get_mut(&(number >> 6)) else {
            return false;
        };
        let is_there = *bits & bit != 0;
        *bits &= !bit;
        is_there
    }

    /// Those that are left, in order.
    fn numbers(&self) -> impl Iterator<Item = i64> {
        self.bits.iter().flat_map(|(first, bits)| {
            let (first, bits) = (first << 6, *bits);
            (0..64).filter_map(move |it| (bits >> it & 1 == 1).then_some(first + it))
        })
    }
}
