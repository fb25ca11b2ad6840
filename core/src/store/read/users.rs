//! Pages of people, by key, and how many match.

use std::collections::BTreeMap;

use rusqlite::Row;
use rusqlite::types::Value;

use super::{Read, named, seen};
use crate::error::{Error, Result};
use crate::model::{Status, Timestamp, User, UserId};
use crate::query::{Expr, PageFrom, SortBy, TextField, TextOp, UsersPage};
use crate::store::attribute;
use crate::store::compile::{self, Compiled};
use crate::store::driver::{self, Way};
use crate::store::snapshot::{Snapshot, user_columns, user_row, word};
use crate::waste::{Wasted, Wasteful};

impl Read<'_> {
    /// One page of people, by key.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn users(&self, page: &UsersPage) -> Result<Vec<User>> {
        let query = self.seen_of(&page.query)?;
        let page = UsersPage {
            query,
            ..page.clone()
        };
        let users = self.together(|snapshot| match self.beside_page(snapshot, &page)? {
            Some(users) => Ok(users),
            None => users_page(snapshot, &page, self.now),
        })?;
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

    /// Whether the platform has ever seen anybody: where it has not, it says of nobody that they are away.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever does not see everybody.
    pub fn was_anybody_seen(&self) -> Result<bool> {
        self.sees_all("whom the platform has seen")?;
        let anybody = "SELECT 1 FROM users WHERE last_seen_at IS NOT NULL LIMIT 1";
        Ok(self.snapshot()?.one(anybody, [], |_| Ok(()))?.is_some())
    }

    /// The values that people have in a field by which lists are sorted, in that order, up to so many.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn values_of(&self, field: TextField, limit: usize) -> Result<Vec<String>> {
        let column = match field {
            TextField::FunctionalArea => "functional_area",
            TextField::Title => "title",
            TextField::Region => "region",
            TextField::Language => "language",
            _ => return Ok(Vec::new()),
        };
        let snapshot = self.snapshot()?;
        if let Some(sight) = &self.sight {
            let seen = compile::compile(&sight.people, self.now, snapshot.viewer);
            let sql = format!(
                "SELECT DISTINCT users.{column} COLLATE NOCASE AS value FROM users \
                 WHERE ({}) AND +users.{column} IS NOT NULL ORDER BY value LIMIT {limit}",
                seen.sql
            );
            let bindings = rusqlite::params_from_iter(seen.bindings);
            return snapshot.all(&sql, bindings, |row| row.get(0));
        }
        // The index is entered once for each value, and never read whole.
        let sql = format!(
            "SELECT {column} FROM users WHERE {column} IS NOT NULL AND {column} COLLATE NOCASE > ?1 \
             ORDER BY {column} COLLATE NOCASE LIMIT 1"
        );
        let mut values: Vec<String> = Vec::new();
        while values.len() < limit {
            let last = values.last().map_or("", String::as_str);
            match snapshot.one(&sql, [last], |row| row.get(0))? {
                Some(next) => values.push(next),
                None => break,
            }
        }
        Ok(values)
    }

    /// Ids of everybody seen whom a query finds, in order of creation.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn ids_of(&self, query: &Expr) -> Result<Vec<UserId>> {
        self.snapshot()?.ids_of(&self.seen_of(query)?, self.now)
    }

    /// How many people match. Everybody and lists of statuses come from kept totals; others are counted.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn count_users(&self, query: &Expr) -> Result<i64> {
        count_users(&self.snapshot()?, &self.seen_of(query)?, self.now)
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
        let query = &self.seen_of(query)?;
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

    /// The number of the newest batch; it moves whenever anything that is known of people has moved, but for when they were seen.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn newest_batch(&self) -> Result<i64> {
        self.snapshot()?.last_batch()
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

    /// How SQLite lists those for whom a condition does not hold, for tests that refuse to look at everybody.
    #[doc(hidden)]
    pub fn explain_absence(&self, query: &Expr) -> Result<Option<Vec<String>>> {
        let snapshot = self.snapshot()?;
        let Some((sql, bindings)) = driver::absence(&snapshot, query)? else {
            return Ok(None);
        };
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        snapshot
            .all(&sql, rusqlite::params_from_iter(bindings), |row| row.get(3))
            .map(Some)
    }

    /// How SQLite would answer a page, for tests that refuse scans.
    #[doc(hidden)]
    pub fn explain(&self, page: &UsersPage) -> Result<Vec<String>> {
        let snapshot = self.snapshot()?;
        let explained = |sql: &str, bindings: Vec<Value>| {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            snapshot.all(&sql, rusqlite::params_from_iter(bindings), |row| row.get(3))
        };
        if seen::Key::of(page.sort).is_some() {
            let mut plan = Vec::new();
            for mut part in seen::parts(&snapshot, page, self.now)? {
                part.bindings.push(Value::Integer(1));
                plan.extend(explained(&part.sql, part.bindings)?);
            }
            return Ok(plan);
        }
        let mut plan = Vec::new();
        let statements = match self.beside_statements(&snapshot, page)? {
            Some(beside) => beside,
            None => statements(&snapshot, page, self.now)?,
        };
        for (sql, bindings) in statements {
            plan.extend(explained(&sql, bindings)?);
        }
        Ok(plan)
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
            let (sql, bindings) = attribute::counted_by_index(query).unwrap_or_else(|| {
                let compiled = driver::driven(query, now, snapshot.viewer);
                let sql = format!("SELECT count(*) FROM users WHERE {}", compiled.sql);
                (sql, compiled.bindings)
            });
            let counted =
                snapshot.one(&sql, rusqlite::params_from_iter(bindings), |row| row.get(0))?;
            Ok(counted.unwrap_or(0))
        }
    }
}

/// Where the anchor of a page stands in each order.
pub(super) struct Anchor {
    pub(super) seq: i64,
    pub(super) sort_name: String,
    email_key: Option<String>,
    status: String,
}

pub(super) fn anchor(snapshot: &Snapshot<'_>, user: UserId) -> Result<Anchor> {
    let sql = "SELECT seq, sort_name, email_key, status FROM users WHERE id = ?1";
    let found = snapshot.one(sql, [user.as_bytes()], anchor_row)?;
    found.ok_or_else(|| Error::not_found("user", user))
}

fn anchor_row(row: &Row<'_>) -> rusqlite::Result<Anchor> {
    Ok(Anchor {
        seq: row.get(0)?,
        sort_name: row.get(1)?,
        email_key: row.get(2)?,
        status: row.get(3)?,
    })
}

/// So many people are walked by in the order of a list before it is read from end to end instead.
const WALK: i64 = 20_000;

pub(super) fn users_page(
    snapshot: &Snapshot<'_>,
    page: &UsersPage,
    now: Timestamp,
) -> Result<Vec<User>> {
    if seen::Key::of(page.sort).is_some() {
        return seen::page(snapshot, page, now);
    }
    if let Some(named) = named::page(snapshot, page, now)? {
        return Ok(named);
    }
    let mut users = Vec::new();
    for (sql, bindings) in statements(snapshot, page, now)? {
        users = snapshot.all(&sql, rusqlite::params_from_iter(bindings), user_row)?;
        if users.len() >= page.limit {
            break;
        }
    }
    if matches!(page.from, PageFrom::End | PageFrom::Before(_)) {
        users.reverse();
    }
    Ok(users)
}

type Statement = (String, Vec<Value>);

/// The statements of a page: the first that fills it is the page, else the last.
fn statements(snapshot: &Snapshot<'_>, page: &UsersPage, now: Timestamp) -> Result<Vec<Statement>> {
    let anchor = match page.from {
        PageFrom::Start | PageFrom::End => None,
        PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => {
            Some(anchor(snapshot, user)?)
        }
    };
    let span = |sorted, end| Span {
        page,
        anchor: anchor.as_ref(),
        end,
        sorted,
    };
    Ok(match driver::way(snapshot, &page.query, now)? {
        Way::Few(compiled) => vec![page_sql(compiled, &span(true, None))],
        Way::Straight(compiled) => vec![page_sql(compiled, &span(false, None))],
        // People are numbered in the order of creation: the table is in that order itself.
        Way::Walk(compiled) if page.sort == SortBy::Created => {
            vec![page_sql(compiled, &span(false, None))]
        }
        // In the order of an index every row is looked up by itself, which takes ten times as long as reading the table:
        // worth it only as long as the page is full soon.
        Way::Walk(compiled) => match walk_end(snapshot, &span(false, None))? {
            Some(end) => vec![
                page_sql(compiled.clone(), &span(false, Some(&end))),
                page_sql(compiled, &span(true, None)),
            ],
            None => vec![page_sql(compiled, &span(false, None))],
        },
    })
}

/// Which part of a list a page is from, and whether it is put in order only when it was found.
struct Span<'p> {
    page: &'p UsersPage,
    anchor: Option<&'p Anchor>,
    end: Option<&'p Anchor>,
    sorted: bool,
}

impl Span<'_> {
    fn descending(&self) -> bool {
        let backwards = matches!(self.page.from, PageFrom::End | PageFrom::Before(_));
        self.page.descending != backwards
    }

    /// The conditions that begin and end it.
    fn bounds(&self) -> Vec<Statement> {
        let descending = self.descending();
        let inclusive = matches!(self.page.from, PageFrom::At(_));
        let op = match (descending, inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        let sort = self.page.sort;
        let begin = self
            .anchor
            .map(|it| past(sort, op, descending, it, self.sorted));
        let back = if descending { ">=" } else { "<=" };
        let end = self
            .end
            .map(|it| past(sort, back, !descending, it, self.sorted));
        begin.into_iter().chain(end).collect()
    }

    fn order(&self) -> String {
        let order = if self.descending() { "DESC" } else { "ASC" };
        let free = if self.sorted { "+" } else { "" };
        match self.page.sort {
            SortBy::Name => format!("{free}users.sort_name {order}, users.seq {order}"),
            SortBy::Email => format!("{free}users.email_key {order}, users.seq {order}"),
            SortBy::Status => {
                format!("{free}users.status {order}, users.sort_name {order}, users.seq {order}")
            }
            // Pages by what many do not have are made elsewhere, in parts.
            SortBy::Created
            | SortBy::Seen
            | SortBy::Area
            | SortBy::Title
            | SortBy::Region
            | SortBy::Language
            | SortBy::Labels
            | SortBy::Manager
            | SortBy::Custom(_) => format!("{free}users.seq {order}"),
        }
    }
}

/// Who stands where a walk ends; none when the list ends before.
fn walk_end(snapshot: &Snapshot<'_>, span: &Span<'_>) -> Result<Option<Anchor>> {
    let mut bindings = Vec::new();
    let mut bounds = Vec::new();
    for (sql, bound) in span.bounds() {
        bounds.push(sql);
        bindings.extend(bound);
    }
    let bounds = if bounds.is_empty() {
        "1".to_owned()
    } else {
        bounds.join(" AND ")
    };
    bindings.push(Value::Integer(WALK));
    let order = span.order();
    let sql = format!(
        "SELECT seq, sort_name, email_key, status FROM users \
         WHERE seq = (SELECT users.seq FROM users WHERE {bounds} ORDER BY {order} LIMIT 1 OFFSET ?)"
    );
    snapshot.one(&sql, rusqlite::params_from_iter(bindings), anchor_row)
}

fn page_sql(compiled: Compiled, span: &Span<'_>) -> Statement {
    let (mut sql, mut bindings) = (compiled.sql, compiled.bindings);
    for (condition, values) in span.bounds() {
        sql = format!("({sql}) AND {condition}");
        bindings.extend(values);
    }
    bindings.push(Value::Integer(
        i64::try_from(span.page.limit).unwrap_or(i64::MAX),
    ));
    let by = span.order();
    let sql = format!(
        concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE {} ORDER BY {} LIMIT ?"
        ),
        sql, by
    );
    (sql, bindings)
}

/// The rows past an anchor, in an order; when they are sorted afterwards, no index is chosen for it.
fn past(sort: SortBy, op: &str, descending: bool, anchor: &Anchor, sorted: bool) -> Statement {
    let seq = Value::Integer(anchor.seq);
    let free = if sorted { "+" } else { "" };
    match sort {
        SortBy::Name => (
            format!("({free}users.sort_name, users.seq) {op} (?, ?)"),
            vec![anchor.sort_name.clone().into(), seq],
        ),
        SortBy::Status => (
            format!("({free}users.status, users.sort_name, users.seq) {op} (?, ?, ?)"),
            vec![
                anchor.status.clone().into(),
                anchor.sort_name.clone().into(),
                seq,
            ],
        ),
        SortBy::Created
        | SortBy::Seen
        | SortBy::Area
        | SortBy::Title
        | SortBy::Region
        | SortBy::Language
        | SortBy::Labels
        | SortBy::Manager
        | SortBy::Custom(_) => (format!("{free}users.seq {op} ?"), vec![seq]),
        // People without an address come first; among them the order is that of creation.
        SortBy::Email => match (anchor.email_key.clone(), descending) {
            (Some(key), false) => (format!("{free}users.email_key {op} ?"), vec![key.into()]),
            (Some(key), true) => (
                format!("({free}users.email_key {op} ? OR users.email_key IS NULL)"),
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
