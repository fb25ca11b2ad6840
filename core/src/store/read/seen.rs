//! Pages in which it matters when people were last seen. In that order those who were never seen come last, whichever way
//! round, so that the index need not have the many who never were.

use rusqlite::types::Value;

use crate::error::Result;
use crate::model::{Timestamp, User, UserId};
use crate::query::{PageFrom, UsersPage};
use crate::store::compile;
use crate::store::snapshot::{Snapshot, user_columns, user_row};

/// Where the anchor of a page stands in this order.
struct Anchor {
    seq: i64,
    seen: Option<i64>,
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
            Some(anchor(snapshot, user)?)
        }
    };
    let among_seen = anchor.as_ref().map(|it| it.seen.is_some());
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

fn anchor(snapshot: &Snapshot<'_>, user: UserId) -> Result<Anchor> {
    let sql = "SELECT seq, last_seen_at FROM users WHERE id = ?1";
    let found = snapshot.one(sql, [user.as_bytes()], |row| {
        Ok(Anchor {
            seq: row.get(0)?,
            seen: row.get(1)?,
        })
    })?;
    found.ok_or_else(|| crate::error::Error::not_found("user", user))
}

fn part(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    seen: bool,
    anchor: Option<&Anchor>,
    now: Timestamp,
) -> Result<Part> {
    let compiled = compile::compile_for_seen(snapshot, &page.query, now)?;
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
            "users.last_seen_at IS NOT NULL",
            format!("users.last_seen_at {order}, users.seq {order}"),
        )
    } else {
        ("users.last_seen_at IS NULL", format!("users.seq {order}"))
    };
    sql = format!("({sql}) AND {is}");
    if let Some(anchor) = anchor {
        match anchor.seen {
            Some(at) => {
                sql.push_str(&format!(" AND (users.last_seen_at, users.seq) {op} (?, ?)"));
                bindings.push(at.into());
            }
            None => sql.push_str(&format!(" AND users.seq {op} ?")),
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
