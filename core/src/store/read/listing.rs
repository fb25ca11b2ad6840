//! Lists for identity providers: any filter, any order, pages by place or behind a person.

use rusqlite::types::Value;

use super::Read;
use crate::error::Result;
use crate::model::{Timestamp, User};
use crate::query::{Expr, ListFrom, Listing, Order};
use crate::store::compile;
use crate::store::driver;
use crate::store::snapshot::{Snapshot, user_columns, user_row};
use crate::store::viewer::Viewer;

/// How many people a block of the list has; see `hidden_blocks`.
const BLOCK: i64 = 1 << 10;

/// So many are found by the best index and then put in order; for more, the list is walked in its order until the page is
/// full.
const FEW: i64 = 1_000;

/// A page.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The people on it.
    pub users: Vec<User>,
    /// How many there are in all.
    pub total: i64,
}

impl Read<'_> {
    /// A page of a list for a provider. Deleted and erased people are on none.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn list(&self, listing: &Listing) -> Result<Listed> {
        let listing = Listing {
            query: self.seen_of(&listing.query)?,
            total: listing.total.filter(|_| self.sight.is_none()),
            ..listing.clone()
        };
        let mut listed = self.together(|snapshot| list(snapshot, &listing, self.now))?;
        listed.users = listed.users.into_iter().map(|it| self.shown(it)).collect();
        Ok(listed)
    }

    /// How SQLite would answer a list, for tests that refuse scans.
    ///
    /// # Errors
    /// See [`Read::organization`].
    #[doc(hidden)]
    pub fn explain_list(&self, listing: &Listing) -> Result<Vec<String>> {
        let page = page_sql(listing, (0, 0), 1, self.now, self.viewer);
        let sql = format!("EXPLAIN QUERY PLAN SELECT {} {}", user_columns!(), page.sql);
        self.snapshot()?
            .all(&sql, rusqlite::params_from_iter(page.bindings), |row| {
                row.get(3)
            })
    }
}

fn list(snapshot: &Snapshot<'_>, listing: &Listing, now: Timestamp) -> Result<Listed> {
    let (page, total) = page(snapshot, listing, now)?;
    let users = match page {
        None => Vec::new(),
        Some(page) => {
            let sql = format!("SELECT {} {}", user_columns!(), page.sql);
            snapshot.all(&sql, rusqlite::params_from_iter(page.bindings), user_row)?
        }
    };
    Ok(Listed { users, total })
}

/// A page's statement from `FROM users` on, and what is bound in it.
pub(super) struct PageSql {
    pub(super) sql: String,
    pub(super) bindings: Vec<Value>,
}

/// How a page is read, if anybody can be on it, and how many there are in all.
pub(super) fn page(
    snapshot: &Snapshot<'_>,
    listing: &Listing,
    now: Timestamp,
) -> Result<(Option<PageSql>, i64)> {
    let total = match listing.total {
        Some(total) => total,
        None => super::users::count_users(snapshot, &listing.query, now)?,
    };
    let from = match listing.from {
        _ if listing.limit <= 0 => return Ok((None, total)),
        ListFrom::Behind(seq) => (seq, 0),
        ListFrom::Place(place) => {
            let skip = place.max(1) - 1;
            if skip >= total {
                return Ok((None, total));
            }
            if listing.query == Expr::Everybody && listing.order == Order::Creation {
                self::place(snapshot, skip)?
            } else {
                (0, skip)
            }
        }
    };
    let page = page_sql(listing, from, total, now, snapshot.viewer);
    Ok((Some(page), total))
}

/// The statement of a page: behind the person of a number, and then so many further.
fn page_sql(
    listing: &Listing,
    (behind, skip): (i64, i64),
    total: i64,
    now: Timestamp,
    viewer: Viewer,
) -> PageSql {
    let everybody = listing.query == Expr::Everybody;
    let few = total <= FEW && !everybody;
    let mut compiled = if few {
        driver::driven(&listing.query, now, viewer)
    } else {
        compile::compile(&listing.query, now, viewer)
    };
    if behind > 0 {
        compiled.push(" AND (");
        compiled.behind(&listing.order, behind);
        compiled.push(")");
    }
    let condition = std::mem::take(&mut compiled.sql);
    if listing.order == Order::Creation && few {
        compiled.push("+");
    }
    compiled.order(&listing.order);
    let (order, mut bindings) = (compiled.sql, compiled.bindings);
    bindings.extend([listing.limit, skip].map(Value::Integer));
    PageSql {
        sql: format!("FROM users WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"),
        bindings,
    }
}

/// Where so many people of the whole list end: the number in the order of creation behind which to look, and how many
/// to skip there, fewer than a block.
pub(super) fn place(snapshot: &Snapshot<'_>, skip: i64) -> Result<(i64, i64)> {
    let hidden = "SELECT block, people FROM hidden_blocks WHERE people > 0 ORDER BY block";
    let blocks: Vec<(i64, i64)> = snapshot.all(hidden, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Behind `from` stand all but `before` of those who are skipped; up to the next block with somebody hidden, places
    // and numbers go together.
    let (mut from, mut before) = (0, 0);
    for (block, people) in blocks {
        let start = block * BLOCK;
        let shown_before = before + (start - from);
        if shown_before >= skip {
            break;
        }
        let shown_behind = shown_before + BLOCK - people;
        if shown_behind >= skip {
            return Ok((start, skip - shown_before));
        }
        (from, before) = (start + BLOCK, shown_behind);
    }
    Ok((from + (skip - before), 0))
}
