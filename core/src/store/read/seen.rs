//! Pages in the order of what many people do not have: when they were last seen, an area, a title. Those who have nothing
//! come last, whichever way round, so that the index need not have them.

use rusqlite::types::Value;

use crate::error::{Error, Result};
use crate::model::{Timestamp, User, UserId};
use crate::query::{PageFrom, SortBy, UsersPage};
use crate::store::compile;
use crate::store::driver::{self, Way};
use crate::store::snapshot::{Snapshot, user_columns, user_row};

/// What a list is in the order of.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// The column.
    column: &'static str,
    /// As its index compares it.
    compared: &'static str,
}

impl Key {
    /// The column of an order that many people are not in.
    pub(super) fn of(sort: SortBy) -> Option<Self> {
        let (column, compared) = match sort {
            SortBy::Seen => ("users.last_seen_at", "users.last_seen_at"),
            SortBy::Area => (
                "users.functional_area",
                "users.functional_area COLLATE NOCASE",
            ),
            SortBy::Title => ("users.title", "users.title COLLATE NOCASE"),
            SortBy::Region => ("users.region", "users.region COLLATE NOCASE"),
            SortBy::Language => ("users.language", "users.language COLLATE NOCASE"),
            SortBy::Labels => ("users.labels", "users.labels COLLATE NOCASE"),
            SortBy::Name
            | SortBy::Email
            | SortBy::Status
            | SortBy::Created
            | SortBy::Manager
            | SortBy::Custom(_) => return None,
        };
        Some(Self { column, compared })
    }

    /// The order of those who have something.
    pub(super) fn order(self, order: &str) -> String {
        format!("{} {order}, users.seq {order}", self.compared)
    }

    /// Whether somebody has nothing.
    pub(super) fn is_lacking(self) -> String {
        format!("{} IS NULL", self.column)
    }

    /// Whether somebody has something, as its index says it.
    pub(super) fn is_had(self) -> String {
        format!("{} IS NOT NULL", self.column)
    }

    fn of_page(page: &UsersPage) -> Result<Self> {
        Self::of(page.sort).ok_or_else(|| Error::Broken("a page of another order".into()))
    }
}

/// Where the anchor of a page stands in this order.
struct Anchor {
    seq: i64,
    value: Value,
}

/// The statements whose rows, one after the other, are the page.
pub(super) struct Part {
    pub(super) sql: String,
    pub(super) bindings: Vec<Value>,
}

/// One page in order of last seen.
pub(super) fn page(snapshot: &Snapshot<'_>, page: &UsersPage, now: Timestamp) -> Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    for part in parts(snapshot, page, now)? {
        let left = page.limit.saturating_sub(users.len());
        if left == 0 {
            break;
        }
        let mut bindings = part.bindings;
        bindings.push(Value::Integer(i64::try_from(left).unwrap_or(i64::MAX)));
        users.extend(snapshot.all(&part.sql, rusqlite::params_from_iter(bindings), user_row)?);
    }
    if backwards(page) {
        users.reverse();
    }
    Ok(users)
}

fn backwards(page: &UsersPage) -> bool {
    matches!(page.from, PageFrom::End | PageFrom::Before(_))
}

/// Who was seen and who never was, from the anchor on; the limit is yet to be bound.
pub(super) fn parts(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    now: Timestamp,
) -> Result<Vec<Part>> {
    let anchor = match page.from {
        PageFrom::Start | PageFrom::End => None,
        PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => {
            Some(anchor(snapshot, user, Key::of_page(page)?)?)
        }
    };
    let among_seen = anchor.as_ref().map(|it| it.value != Value::Null);
    // Forwards from somebody never seen, and backwards from somebody seen, the other part lies behind.
    let kinds: &[bool] = match (backwards(page), among_seen) {
        (false, None | Some(true)) => &[true, false],
        (false, Some(false)) => &[false],
        (true, None | Some(false)) => &[false, true],
        (true, Some(true)) => &[true],
    };
    let parts = kinds.iter().map(|seen| {
        let anchor = anchor.as_ref().filter(|_| among_seen == Some(*seen));
        part(snapshot, page, *seen, anchor, now)
    });
    parts.collect()
}

fn anchor(snapshot: &Snapshot<'_>, user: UserId, key: Key) -> Result<Anchor> {
    let sql = format!("SELECT seq, {} FROM users WHERE id = ?1", key.column);
    let found = snapshot.one(&sql, [user.as_bytes()], |row| {
        Ok(Anchor {
            seq: row.get(0)?,
            value: row.get(1)?,
        })
    })?;
    found.ok_or_else(|| Error::not_found("user", user))
}

fn part(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    seen: bool,
    anchor: Option<&Anchor>,
    now: Timestamp,
) -> Result<Part> {
    let key = Key::of_page(page)?;
    // Few are found by another index, and then put in order.
    let (compiled, free) = match driver::way(snapshot, &page.query, now)? {
        Way::Few(few) => (few, "+"),
        Way::Straight(_) | Way::Walk(_) => {
            (compile::compile_for_seen(snapshot, &page.query, now)?, "")
        }
    };
    let (mut sql, mut bindings) = (compiled.sql, compiled.bindings);
    let descending = page.descending != backwards(page);
    let (op, order) = match (descending, matches!(page.from, PageFrom::At(_))) {
        (false, false) => (">", "ASC"),
        (false, true) => (">=", "ASC"),
        (true, false) => ("<", "DESC"),
        (true, true) => ("<=", "DESC"),
    };
    let (is, by) = if seen {
        (
            format!("{free}{} IS NOT NULL", key.column),
            format!("{free}{} {order}, users.seq {order}", key.compared),
        )
    } else {
        (
            format!("{free}{} IS NULL", key.column),
            format!("{free}users.seq {order}"),
        )
    };
    sql = format!("({sql}) AND {is}");
    if let Some(anchor) = anchor {
        match &anchor.value {
            Value::Null => sql.push_str(&format!(" AND {free}users.seq {op} ?")),
            value => {
                sql.push_str(&format!(
                    " AND ({free}{}, users.seq) {op} (?, ?)",
                    key.compared
                ));
                bindings.push(value.clone());
            }
        }
        bindings.push(anchor.seq.into());
    }
    let sql = format!(
        concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE {} ORDER BY {} LIMIT ?"
        ),
        sql, by
    );
    Ok(Part { sql, bindings })
}
