//! What front ends read. Every method is a transaction of its own; none is held between them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::events::{self, Recorded};
use super::snapshot::{Snapshot, user_columns, user_row, word};
use super::{actor, broken, compile};
use crate::change::{Change, Names};
use crate::error::{Error, Result};
use crate::model::{
    Actor, Batch, BatchId, Connection as ProviderConnection, ConnectionId, Door, Event, Group,
    Invitation, License, Link, Membership, Organization, Permission, Pool, PoolId, PoolName,
    Status, Timestamp, User, UserId,
};
use crate::query::{Expr, PageFrom, SortBy, TextField, TextOp, UsersPage};

pub use super::events::{AuditReport, BadLink, Head};

/// Something to read with.
pub struct Read<'a> {
    pub(super) conn: MutexGuard<'a, Option<Connection>>,
    pub(super) now: Timestamp,
    /// Whether a flag is watched that ends reading early.
    pub(super) watched: bool,
}

/// How many steps of SQLite's machine pass between two looks at a cancelling flag.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

impl Read<'_> {
    /// Lets a flag that turns true end whatever is being read, with [`Error::Cancelled`].
    pub(super) fn until(mut self, cancelled: Arc<AtomicBool>) -> Result<Self> {
        if let Some(conn) = self.conn.as_mut() {
            let look = move || cancelled.load(Ordering::Relaxed);
            conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(look))
                .map_err(broken)?;
        }
        self.watched = true;
        Ok(self)
    }
}

impl Drop for Read<'_> {
    fn drop(&mut self) {
        if self.watched
            && let Some(conn) = self.conn.as_mut()
        {
            let _ = conn.progress_handler(0, None::<fn() -> bool>);
        }
    }
}

/// A page of history.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistoryPage {
    /// Only events about this person.
    pub user: Option<UserId>,
    /// Only events of this batch.
    pub batch: Option<BatchId>,
    /// Only events after this number, oldest first.
    pub after: Option<i64>,
    /// Only events before this number, newest first; `i64::MAX` begins at the newest.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

pub(super) fn recorded_row(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        seq: row.get(0)?,
        user: row.get::<_, Option<[u8; 16]>>(1)?.map(UserId::from_bytes),
        kind: row.get(2)?,
        body: row.get(3)?,
    })
}

macro_rules! batch_columns {
    () => {
        "batches.id, batches.seq, batches.actor_kind, batches.actor, batches.door, batches.command, batches.at, \
         batches.changes, batches.people, batches.caused_by, batches.undoes, \
         (SELECT id FROM batches AS undoing WHERE undoing.undoes = batches.id ORDER BY seq DESC LIMIT 1)"
    };
}

fn batch_row(row: &Row<'_>) -> rusqlite::Result<Batch> {
    let optional = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<[u8; 16]>>(column)?
                .map(BatchId::from_bytes),
        )
    };
    Ok(Batch {
        id: BatchId::from_bytes(row.get(0)?),
        seq: row.get(1)?,
        actor: actor::decode(row, 2)?,
        door: word(row, 4, Door::from_word)?,
        command: row.get(5)?,
        at: Timestamp::from_millis(row.get(6)?),
        changes: row.get(7)?,
        people: row.get(8)?,
        caused_by: optional(9)?,
        undoes: optional(10)?,
        undone_by: optional(11)?,
    })
}

impl Read<'_> {
    fn snapshot(&self) -> Result<Snapshot<'_>> {
        self.conn
            .as_ref()
            .map(Snapshot::new)
            .ok_or_else(|| Error::Broken("the reader is closed".into()))
    }

    /// Several statements that see the same state.
    fn together<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let snapshot = self.snapshot()?;
        let transaction = snapshot.conn.unchecked_transaction().map_err(broken)?;
        let result = read(&snapshot);
        transaction.finish().map_err(broken)?;
        result
    }

    /// The instant at which this was opened.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The organization.
    ///
    /// # Errors
    /// Only when the database cannot be read, as everywhere below unless it says otherwise.
    pub fn organization(&self) -> Result<Organization> {
        self.snapshot()?.organization()
    }

    /// A person by id.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn user(&self, id: UserId) -> Result<Option<User>> {
        self.snapshot()?.user(id)
    }

    /// A person by address, user name or id, as people type them; erased people by id only.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn find_user(&self, who: &str) -> Result<User> {
        self.snapshot()?.find_user(who)
    }

    /// People by address, user name or id, in the order given.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the first who is not there.
    pub fn find_users(&self, who: &[String]) -> Result<Vec<UserId>> {
        self.together(|snapshot| {
            who.iter()
                .map(|it| snapshot.find_user(it).map(|user| user.id))
                .collect()
        })
    }

    /// The person whom a connection calls so.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn user_by_external_id(
        &self,
        connection: ConnectionId,
        external_id: &str,
    ) -> Result<Option<User>> {
        self.snapshot()?
            .user_by_external_id(connection, external_id)
    }

    /// One page of people, by key.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn users(&self, page: &UsersPage) -> Result<Vec<User>> {
        self.together(|snapshot| users_page(snapshot, page, self.now))
    }

    /// How many people match. Everybody and lists of statuses come from kept totals; others are counted.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn count_users(&self, query: &Expr) -> Result<i64> {
        count_users(&self.snapshot()?, query, self.now)
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
        if let Some(found) = self.by_unique_key(query)? {
            let total = i64::from(found.is_some());
            let page = found
                .into_iter()
                .filter(|_| start_index <= 1 && count > 0)
                .collect();
            return Ok((page, total));
        }
        self.together(|snapshot| users_from(snapshot, query, start_index, count, self.now))
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
        self.snapshot()?.status_counts()
    }

    /// Addresses, else user names, of these people.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn labels_of(&self, users: &[UserId]) -> Result<HashMap<UserId, String>> {
        let snapshot = self.snapshot()?;
        let mut labels = HashMap::with_capacity(users.len());
        for user in users {
            if !labels.contains_key(user)
                && let Some(label) = snapshot.label_of(*user)?
            {
                labels.insert(*user, label);
            }
        }
        Ok(labels)
    }

    /// Names to show of these people: display name, else first and last, else address, else user name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn names_of(&self, users: &[UserId]) -> Result<HashMap<UserId, String>> {
        self.together(|snapshot| {
        let sql = "SELECT coalesce(display_name, nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), \
            email, user_name) FROM users WHERE id = ?1";
        let mut names = HashMap::with_capacity(users.len());
        for user in users {
            if !names.contains_key(user)
                && let Some(Some(name)) = snapshot.one(sql, [user.as_bytes()], |row| {
                    row.get::<_, Option<String>>(0)
                })?
            {
                names.insert(*user, name);
            }
        }
        Ok(names)
        })
    }

    /// What a connection calls these people, of those whom it knows.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn links_of(
        &self,
        connection: ConnectionId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Link>> {
        self.together(|snapshot| {
            let mut links = HashMap::with_capacity(users.len());
            for user in users {
                links.extend(snapshot.link(connection, *user)?.map(|link| (*user, link)));
            }
            Ok(links)
        })
    }

    /// Every pool, `access` first.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn pools(&self) -> Result<Vec<Pool>> {
        self.snapshot()?.pools()
    }

    /// A pool by name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn pool(&self, name: &PoolName) -> Result<Pool> {
        let found = self.pools()?.into_iter().find(|it| it.name == *name);
        found.ok_or_else(|| Error::not_found("pool", name))
    }

    /// Licenses of these people, in the order of people.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn licenses_of(&self, users: &[UserId]) -> Result<Vec<License>> {
        self.together(|snapshot| {
            let mut licenses = Vec::with_capacity(users.len());
            for user in users {
                licenses.extend(snapshot.licenses_of(*user)?);
            }
            Ok(licenses)
        })
    }

    /// 1 for the head of the queue; none for somebody who is not in it.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn queue_position(&self, pool: PoolId, user: UserId) -> Result<Option<i64>> {
        self.snapshot()?.queue_position(pool, user)
    }

    /// The head of a pool's queue, in order.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn queue(&self, pool: PoolId, limit: usize) -> Result<Vec<(User, License)>> {
        self.together(|snapshot| {
            let mut queue = Vec::new();
            for license in snapshot.queue_head(pool, i64::try_from(limit).unwrap_or(i64::MAX))? {
                queue.extend(snapshot.user(license.user)?.map(|user| (user, license)));
            }
            Ok(queue)
        })
    }

    /// Every group, by name.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn groups(&self) -> Result<Vec<Group>> {
        self.snapshot()?.groups()
    }

    /// Where a person is a member.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        self.snapshot()?.memberships_of(user)
    }

    /// What a person may do as an administrator.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn permissions_of(&self, user: UserId) -> Result<Vec<Permission>> {
        self.snapshot()?.permissions_of(user)
    }

    /// Every connection, by name, with its tokens' records.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn connections(&self) -> Result<Vec<ProviderConnection>> {
        self.together(|snapshot| snapshot.connections())
    }

    /// A connection by name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn connection(&self, name: &str) -> Result<ProviderConnection> {
        let found = self
            .connections()?
            .into_iter()
            .find(|it| it.name == name.trim());
        found.ok_or_else(|| Error::not_found("connection", name))
    }

    /// A connection by id.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn connection_by_id(&self, id: ConnectionId) -> Result<Option<ProviderConnection>> {
        Ok(self.connections()?.into_iter().find(|it| it.id == id))
    }

    /// What a connection calls a person.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn link(&self, connection: ConnectionId, user: UserId) -> Result<Option<Link>> {
        self.snapshot()?.link(connection, user)
    }

    /// A person's invitation.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitation(&self, user: UserId) -> Result<Option<Invitation>> {
        self.snapshot()?.invitation(user)
    }

    /// Batches, newest first; older than the batch of that number if given.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn batches(&self, before: Option<i64>, limit: usize) -> Result<Vec<Batch>> {
        let sql = concat!(
            "SELECT ",
            batch_columns!(),
            " FROM batches WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot()?
            .all(sql, [before.unwrap_or(i64::MAX), limit], batch_row)
    }

    /// A batch by id, or by the end or the beginning of one that no other has (at least eight characters).
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] when several match.
    pub fn find_batch(&self, text: &str) -> Result<Batch> {
        let text = text.trim();
        let snapshot = self.snapshot()?;
        if let Ok(id) = text.parse::<BatchId>() {
            let sql = concat!("SELECT ", batch_columns!(), " FROM batches WHERE id = ?1");
            return snapshot
                .one(sql, [id.as_bytes()], batch_row)?
                .ok_or_else(|| Error::not_found("batch", text));
        }
        let digits: String = text
            .chars()
            .filter(char::is_ascii_hexdigit)
            .collect::<String>()
            .to_ascii_uppercase();
        if digits.len() < 8
            || digits.len() > 32
            || text.chars().any(|it| !it.is_ascii_hexdigit() && it != '-')
        {
            return Err(Error::invalid(
                "batch",
                "is not an id, nor eight characters of one",
                "copy it from `usher batches`",
            ));
        }
        let sql = concat!(
            "SELECT ",
            batch_columns!(),
            " FROM batches WHERE hex(id) LIKE ?1 || '%' OR hex(id) LIKE '%' || ?1 ORDER BY seq DESC LIMIT 2"
        );
        let mut found = snapshot.all(sql, [digits], batch_row)?;
        match (found.pop(), found.is_empty()) {
            (Some(batch), true) => Ok(batch),
            (Some(_), false) => Err(Error::invalid(
                "batch",
                "is the part of several ids",
                "give more of it",
            )),
            (None, _) => Err(Error::not_found("batch", text)),
        }
    }

    /// Events, oldest first, or newest first before a number.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn history(&self, page: &HistoryPage) -> Result<Vec<Event>> {
        self.together(|snapshot| history(snapshot, page))
    }

    /// The names of everything that these changes mention.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn names_for<'c>(&self, changes: impl Iterator<Item = &'c Change>) -> Result<Names> {
        let mut users = Vec::new();
        for change in changes {
            users.extend(change.user());
            if let Change::Manager { before, after, .. } = change {
                users.extend(before.iter().chain(after));
            }
        }
        Ok(Names {
            users: self.labels_of(&users)?,
            pools: self
                .pools()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect(),
            groups: self
                .groups()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect(),
            connections: self
                .connections()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect(),
        })
    }

    /// The actor in the words of a listing: an administrator's address, `connection:NAME`, `scheduler`, `file_owner`, or
    /// `person:ADDRESS`.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn actor_name(&self, actor: Actor) -> Result<String> {
        let snapshot = self.snapshot()?;
        let label = |user: UserId| {
            Ok::<_, Error>(snapshot.label_of(user)?.unwrap_or_else(|| user.to_string()))
        };
        Ok(match actor {
            Actor::FileOwner => "file_owner".to_owned(),
            Actor::Scheduler => "scheduler".to_owned(),
            Actor::Administrator(user) => label(user)?,
            Actor::Person(user) => format!("person:{}", label(user)?),
            Actor::Connection(id) => {
                let sql = "SELECT name FROM connections WHERE id = ?1";
                let name: Option<String> = snapshot.one(sql, [id.as_bytes()], |row| row.get(0))?;
                format!("connection:{}", name.unwrap_or_else(|| id.to_string()))
            }
        })
    }

    /// Walks the whole chain of events and names the first bad link.
    ///
    /// # Errors
    /// See [`Read::organization`]; a broken chain is an answer, not an error.
    pub fn audit_verify(&self) -> Result<AuditReport> {
        self.together(|snapshot| events::verify(snapshot.conn))
    }

    /// The end of the chain, to be kept elsewhere.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn audit_head(&self) -> Result<Head> {
        events::exported_head(self.snapshot()?.conn)
    }

    /// How SQLite would answer a page, for tests that refuse scans.
    #[doc(hidden)]
    pub fn explain(&self, page: &UsersPage) -> Result<Vec<String>> {
        let snapshot = self.snapshot()?;
        let (sql, bindings) = page_sql(page, None, self.now);
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        snapshot.all(&sql, rusqlite::params_from_iter(bindings), |row| row.get(3))
    }
}

fn count_users(snapshot: &Snapshot<'_>, query: &Expr, now: Timestamp) -> Result<i64> {
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
            let compiled = compile::compile(query, now);
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
    let anchor = match page.from {
        PageFrom::Start | PageFrom::End => None,
        PageFrom::After(user) | PageFrom::Before(user) | PageFrom::At(user) => {
            Some(anchor(snapshot, user)?)
        }
    };
    let (sql, bindings) = page_sql(page, anchor, now);
    let mut users = snapshot.all(&sql, rusqlite::params_from_iter(bindings), user_row)?;
    if matches!(page.from, PageFrom::End | PageFrom::Before(_)) {
        users.reverse();
    }
    Ok(users)
}

fn page_sql(page: &UsersPage, anchor: Option<Anchor>, now: Timestamp) -> (String, Vec<Value>) {
    let compiled = compile::compile(&page.query, now);
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
        SortBy::Created => format!("users.seq {order}"),
    };
    bindings.push(Value::Integer(
        i64::try_from(page.limit).unwrap_or(i64::MAX),
    ));
    (
        format!(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE {} ORDER BY {} LIMIT ?"
            ),
            sql, by
        ),
        bindings,
    )
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
        SortBy::Created => (format!("users.seq {op} ?"), vec![seq]),
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
    let compiled = compile::compile(query, now);
    let last: i64 = snapshot
        .one("SELECT max(seq) FROM users", [], |row| {
            row.get::<_, Option<i64>>(0)
        })?
        .flatten()
        .unwrap_or(0);
    // While nobody was ever deleted the place in the list is the place in the order of creation, and nothing is skipped
    // row by row.
    let (from, skip) = if *query == Expr::Everybody && last == total {
        (skip, 0)
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

fn history(snapshot: &Snapshot<'_>, page: &HistoryPage) -> Result<Vec<Event>> {
    const SELECT: &str = "SELECT events.seq, events.user, events.kind, events.body, batches.at, batches.actor_kind, batches.actor, \
        batches.door, batches.id FROM events JOIN batches ON batches.seq = events.batch WHERE events.seq > ?1 AND events.seq < ?2";
    let after = page.after.unwrap_or(0);
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let row = |row: &Row<'_>| {
        let recorded = recorded_row(row)?;
        let event = Event {
            seq: recorded.seq,
            at: Timestamp::from_millis(row.get(4)?),
            actor: actor::decode(row, 5)?,
            door: word(row, 7, Door::from_word)?,
            batch: BatchId::from_bytes(row.get(8)?),
            change: None,
            kind: recorded.kind.clone(),
            user: recorded.user,
        };
        Ok((recorded, event))
    };
    let order = if page.before.is_some() { "DESC" } else { "ASC" };
    let (mut first, mut end) = (after, page.before.unwrap_or(i64::MAX));
    if let Some(batch) = page.batch {
        let sql = "SELECT first_event, first_event + changes FROM batches WHERE id = ?1";
        let range: Option<(i64, i64)> = snapshot.one(sql, [batch.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let range = range.ok_or_else(|| Error::not_found("batch", batch))?;
        (first, end) = (first.max(range.0 - 1), end.min(range.1));
    }
    let found = match page.user {
        None => snapshot.all(
            &format!("{SELECT} ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit],
            row,
        )?,
        Some(user) => snapshot.all(
            &format!("{SELECT} AND events.user = ?4 ORDER BY events.seq {order} LIMIT ?3"),
            params![first, end, limit, user.as_bytes()],
            row,
        )?,
    };
    let mut reader = events::Reader::new(snapshot.conn);
    found
        .into_iter()
        .map(|(recorded, event)| {
            Ok(Event {
                change: reader.change(&recorded)?,
                ..event
            })
        })
        .collect()
}
