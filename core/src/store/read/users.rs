//! Pages of people, by key, and how many match.

use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::{Read, seen};
use crate::error::{Error, Result};
use crate::model::{Status, Timestamp, User, UserId};
use crate::query::{Expr, PageFrom, SortBy, TextField, TextOp, UsersPage};
use crate::store::snapshot::{Snapshot, user_columns, user_row, word};
use crate::store::{compile, driver};
use crate::waste::{Wasted, Wasteful};

impl Read<'_> {
    /// One page of people, by key.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn users(&self, page: &UsersPage) -> Result<Vec<User>> {
        let query = self.seen_of(&page.query);
        let page = UsersPage {
            query,
            ..page.clone()
        };
        let users = self.together(|snapshot| users_page(snapshot, &page, self.now))?;
        self.found(&users);
        Ok(users.into_iter().map(|it| self.shown(it)).collect())
    }

    /// Seats that may be wasted, the surest first, then the longest; each person once.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever does not see everybody: a seat is told of beside those whom its holder looks like.
    pub fn wasted(&self, wanted: &Wasteful) -> Result<Vec<Wasted>> {
        self.sees_all("seats that may be wasted")?;
        let wasted = self.together(|snapshot| snapshot.wasted(wanted))?;
        let shown = wasted.into_iter().map(|it| Wasted {
            user: self.shown(it.user),
            ..it
        });
        Ok(shown.collect())
    }

    /// Ids of everybody seen whom a query finds, in order of creation.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn ids_of(&self, query: &Expr) -> Result<Vec<UserId>> {
        self.snapshot()?.ids_of(&self.seen_of(query), self.now)
    }

    /// How many people match. Everybody and lists of statuses come from kept totals; others are counted.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn count_users(&self, query: &Expr) -> Result<i64> {
        count_users(&self.snapshot()?, &self.seen_of(query), self.now)
    }

    /// For SCIM lists: people in order of creation, from a 1-based index, and how many there are in all.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn users_from(
        &self,
        query: &Expr,
        start_index: i64,
        count: i64,
    ) -> Result<(Vec<User>, i64)> {
        let query = &self.seen_of(query);
        if let Some(found) = self.by_unique_key(query)? {
            let total = i64::from(found.is_some());
            let page = found
                .into_iter()
                .map(|it| self.shown(it))
                .filter(|_| start_index <= 1 && count > 0)
                .collect();
            return Ok((page, total));
        }
        let (users, total) =
            self.together(|snapshot| users_from(snapshot, query, start_index, count, self.now))?;
        Ok((users.into_iter().map(|it| self.shown(it)).collect(), total))
    }

    /// Answers a condition on one unique key by one look-up.
    fn by_unique_key(&self, query: &Expr) -> Result<Option<Option<User>>> {
        let snapshot = self.snapshot()?;
        let found = match query {
            Expr::Field {
                field: TextField::UserName,
                op: TextOp::Equals,
                value,
            } => snapshot.user_by_user_name_key(&crate::model::key_of_name(value.trim()))?,
            Expr::Field {
                field: TextField::Email,
                op: TextOp::Equals,
                value,
            } => snapshot.user_by_email_key(&crate::model::key_of_name(value.trim()))?,
            Expr::ExternalId {
                connection,
                external_id,
            } => snapshot.user_by_external_id(*connection, external_id)?,
            _ => return Ok(None),
        };
        Ok(Some(found.filter(|it| {
            !matches!(it.status, Status::Deleted | Status::Erased)
        })))
    }

    /// How many people stand where.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn status_counts(&self) -> Result<BTreeMap<Status, i64>> {
        match &self.sight {
            None => self.snapshot()?.status_counts(),
            Some(sight) => counted_statuses(&self.snapshot()?, &sight.people, self.now),
        }
    }

    /// How SQLite would answer a page, for tests that refuse scans.
    #[doc(hidden)]
    pub fn explain(&self, page: &UsersPage) -> Result<Vec<String>> {
        let snapshot = self.snapshot()?;
        let explained = |sql: &str, bindings: Vec<Value>| {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            snapshot.all(&sql, rusqlite::params_from_iter(bindings), |row| row.get(3))
        };
        if page.sort == SortBy::Seen {
            let mut plan = Vec::new();
            for mut part in seen::parts(&snapshot, page, self.now)? {
                part.bindings.push(Value::Integer(1));
                plan.extend(explained(&part.sql, part.bindings)?);
            }
            return Ok(plan);
        }
        let (sql, bindings) = page_sql(&snapshot, page, None, self.now)?;
        explained(&sql, bindings)
    }
}

/// How many of these people stand where, counted.
fn counted_statuses(
    snapshot: &Snapshot<'_>,
    people: &Expr,
    now: Timestamp,
) -> Result<BTreeMap<Status, i64>> {
    let compiled = compile::compile(people, now, snapshot.viewer);
    let sql = format!(
        "SELECT users.status, count(*) FROM users WHERE {} GROUP BY users.status",
        compiled.sql
    );
    let rows = snapshot.all(&sql, rusqlite::params_from_iter(compiled.bindings), |row| {
        Ok((word(row, 0, Status::from_word)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

pub(super) fn count_users(snapshot: &Snapshot<'_>, query: &Expr, now: Timestamp) -> Result<i64> {
    match query {
        Expr::Everybody => {
            let counts = snapshot.status_counts()?;
            Ok(counts
                .iter()
                .filter(|(status, _)| !matches!(status, Status::Deleted | Status::Erased))
                .map(|it| it.1)
                .sum())
        }
        Expr::Status(statuses) => {
            let counts = snapshot.status_counts()?;
            Ok(counts
                .iter()
                .filter(|(status, _)| statuses.contains(status))
                .map(|it| it.1)
                .sum())
        }
        _ => {
            let compiled = driver::driven(query, now, snapshot.viewer);
            let sql = format!("SELECT count(*) FROM users WHERE {}", compiled.sql);
            Ok(snapshot
                .one(&sql, rusqlite::params_from_iter(compiled.bindings), |row| {
                    row.get(0)
                })?
                .unwrap_or(0))
        }
    }
}

/// Where the anchor of a page stands in each order.
struct Anchor {
    seq: i64,
    sort_name: String,
    email_key: Option<String>,
    status: String,
}

fn anchor(snapshot: &Snapshot<'_>, user: UserId) -> Result<Anchor> {
    let sql = "SELECT seq, sort_name, email_key, status FROM users WHERE id = ?1";
    let found = snapshot.one(sql, [user.as_bytes()], |row| {
        Ok(Anchor {
            seq: row.get(0)?,
            sort_name: row.get(1)?,
            email_key: row.get(2)?,
            status: row.get(3)?,
        })
    })?;
    found.ok_or_else(|| Error::not_found("user", user))
}

fn users_page(snapshot: &Snapshot<'_>, page: &UsersPage, now: Timestamp) -> Result<Vec<User>> {
    if page.sort == SortBy::Seen {
        return seen::page(snapshot, page, now);
    }
    let anchor = match page.from {
        PageFrom::Start | PageFrom::End => None,
        PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => {
            Some(anchor(snapshot, user)?)
        }
    };
    let (sql, bindings) = page_sql(snapshot, page, anchor, now)?;
    let mut users = snapshot.all(&sql, rusqlite::params_from_iter(bindings), user_row)?;
    if matches!(page.from, PageFrom::End | PageFrom::Before(_)) {
        users.reverse();
    }
    Ok(users)
}

fn page_sql(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    anchor: Option<Anchor>,
    now: Timestamp,
) -> Result<(String, Vec<Value>)> {
    let few_seen = seen::are_few(snapshot, &page.query)?;
    let compiled = driver::driven_if_few(snapshot, &page.query, now, few_seen)?;
    let (mut sql, mut bindings) = (compiled.sql, compiled.bindings);
    let backwards = matches!(page.from, PageFrom::End | PageFrom::Before(_));
    let descending = page.descending != backwards;
    if let Some(anchor) = anchor {
        let inclusive = matches!(page.from, PageFrom::At(_));
        let op = match (descending, inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        let (condition, values) = past(page.sort, op, descending, anchor);
        sql = format!("({sql}) AND {condition}");
        bindings.extend(values);
    }
    let order = if descending { "DESC" } else { "ASC" };
    let by = match page.sort {
        SortBy::Name => format!("users.sort_name {order}, users.seq {order}"),
        SortBy::Email => format!("users.email_key {order}, users.seq {order}"),
        SortBy::Status => {
            format!("users.status {order}, users.sort_name {order}, users.seq {order}")
        }
        // Its pages are made elsewhere, in two parts.
        SortBy::Created | SortBy::Seen => format!("users.seq {order}"),
    };
    bindings.push(Value::Integer(
        i64::try_from(page.limit).unwrap_or(i64::MAX),
    ));
    let sql = format!(
        concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE {} ORDER BY {} LIMIT ?"
        ),
        sql, by
    );
    Ok((sql, bindings))
}

/// The rows past an anchor, in an order.
fn past(sort: SortBy, op: &str, descending: bool, anchor: Anchor) -> (String, Vec<Value>) {
    let seq = Value::Integer(anchor.seq);
    match sort {
        SortBy::Name => (
            format!("(users.sort_name, users.seq) {op} (?, ?)"),
            vec![anchor.sort_name.into(), seq],
        ),
        SortBy::Status => (
            format!("(users.status, users.sort_name, users.seq) {op} (?, ?, ?)"),
            vec![anchor.status.into(), anchor.sort_name.into(), seq],
        ),
        SortBy::Created | SortBy::Seen => (format!("users.seq {op} ?"), vec![seq]),
        // People without an address come first; among them the order is that of creation.
        SortBy::Email => match (anchor.email_key, descending) {
            (Some(key), false) => (format!("users.email_key {op} ?"), vec![key.into()]),
            (Some(key), true) => (
                format!("(users.email_key {op} ? OR users.email_key IS NULL)"),
                vec![key.into()],
            ),
            (None, false) => (
                format!("(users.email_key IS NOT NULL OR users.seq {op} ?)"),
                vec![seq],
            ),
            (None, true) => (
                format!("(users.email_key IS NULL AND users.seq {op} ?)"),
                vec![seq],
            ),
        },
    }
}

fn users_from(
    snapshot: &Snapshot<'_>,
    query: &Expr,
    start_index: i64,
    count: i64,
    now: Timestamp,
) -> Result<(Vec<User>, i64)> {
    let total = count_users(snapshot, query, now)?;
    let skip = start_index.max(1) - 1;
    if count <= 0 || skip >= total {
        return Ok((Vec::new(), total));
    }
    let compiled = driver::driven(query, now, snapshot.viewer);
    let (from, skip) = if *query == Expr::Everybody {
        super::listing::place(snapshot, skip)?
    } else {
        (0, skip)
    };
    let sql = format!(
        concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE ({}) AND users.seq > ? ORDER BY users.seq LIMIT ? OFFSET ?"
        ),
        compiled.sql
    );
    let mut bindings = compiled.bindings;
    bindings.extend([from, count, skip].map(Value::Integer));
    let users = snapshot.all(&sql, rusqlite::params_from_iter(bindings), user_row)?;
    Ok((users, total))
}
