//! What providers asked: kept with the answer's own commit, listed from an index, trimmed by age and size. These rows decide
//! nothing and make no events.

use std::sync::mpsc;

use rusqlite::{Connection, Row, params};
use sha2::{Digest as _, Sha256};

use super::events::Reader;
use super::read::recorded_row;
use super::writer::Note;
use super::{Read, Snapshot, Store, broken};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Asked, AskedFilter, BatchId, ConnectionActivity, ConnectionId, Field, NewAsked, Timestamp,
    UserId, key_of_name,
};

/// The most rows that one round of trimming drops.
const ROUND: i64 = 1_000;
/// What a row takes beside its texts, in bytes, with its places in indexes.
const ROW: usize = 160;
const DAY_MS: i64 = 24 * 3600 * 1000;

macro_rules! columns {
    () => {
        "seq, connection, at, method, path, status, error, user, batch, body, replayed, times, whom"
    };
}

fn asked_row(row: &Row<'_>) -> rusqlite::Result<Asked> {
    let id = |column| row.get::<_, Option<[u8; 16]>>(column);
    Ok(Asked {
        seq: row.get(0)?,
        connection: ConnectionId::from_bytes(row.get(1)?),
        at: Timestamp::from_millis(row.get(2)?),
        method: row.get(3)?,
        path: row.get(4)?,
        status: row.get(5)?,
        error: row.get(6)?,
        user: id(7)?.map(UserId::from_bytes),
        batch: id(8)?.map(BatchId::from_bytes),
        body: row.get(9)?,
        replayed: id(10)?.map(BatchId::from_bytes),
        times: row.get(11)?,
        whom: row.get(12)?,
    })
}

/// Keeps a request, in the caller's transaction.
pub(super) fn keep(
    conn: &Connection,
    connection: ConnectionId,
    at: Timestamp,
    asked: &NewAsked,
) -> Result<()> {
    // Of whom nothing is there any more nothing comes back.
    let gone = match asked.user {
        Some(user) if asked.status == 404 => !has_data(conn, user)?,
        _ => false,
    };
    let body = asked.body.as_deref().filter(|_| !gone);
    let goes_by = asked.goes_by.as_deref().filter(|_| body.is_some());
    let whom = asked.whom.as_deref().filter(|_| body.is_some());
    let texts = [asked.error.as_deref(), body, goes_by, whom];
    let texts: usize = texts.into_iter().flatten().map(str::len).sum();
    let bytes = i64::try_from(ROW + asked.path.len() + texts).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO inbox (connection, at, method, path, status, error, user, batch, body, total, times, taken_part, taken, goes_by, whom) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
         ?10 + coalesce((SELECT total FROM inbox ORDER BY seq DESC LIMIT 1), 0), ?11, ?12, ?13, ?14, ?15)",
    )
    .and_then(|mut it| {
        it.execute(params![
            connection.as_bytes(),
            at.as_millis(),
            asked.method,
            asked.path,
            asked.status,
            asked.error,
            asked.user.as_ref().map(|it| it.as_bytes().as_slice()),
            asked.batch.as_ref().map(|it| it.as_bytes().as_slice()),
            body,
            bytes,
            asked.times.max(1),
            asked.taken.map(|it| it.0.as_str()),
            asked.taken.as_ref().map(|it| it.1.as_bytes().as_slice()),
            goes_by,
            whom,
        ])
    })
    .map_err(broken)?;
    if asked.names.is_empty() || body.is_none() {
        return Ok(());
    }
    let seq = conn.last_insert_rowid();
    let key = Snapshot::new(conn).digest_key()?;
    for name in &asked.names {
        run(
            conn,
            "INSERT OR IGNORE INTO inbox_names (name, request) VALUES (?1, ?2)",
            params![hashed(&key, name), seq],
        )?;
    }
    Ok(())
}

fn has_data(conn: &Connection, user: UserId) -> Result<bool> {
    let sql = "SELECT 1 FROM person_keys WHERE user = ?1";
    let found = Snapshot::new(conn).one(sql, [user.as_bytes()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// A name as it is looked for when somebody is erased: nobody's address stands here.
fn hashed(key: &[u8; 32], name: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(b"inbox")
        .chain_update(key)
        .chain_update(key_of_name(name.trim()))
        .finalize()
        .into();
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

/// Destroys what was kept of somebody's data: the requests about them, and the bodies that name them by any name that they had.
/// Called while their events can still be read.
pub(super) fn erase(conn: &Connection, user: UserId) -> Result<()> {
    run(conn, "DELETE FROM inbox WHERE user = ?1", [user.as_bytes()])?;
    let snapshot = Snapshot::new(conn);
    let any = snapshot.one("SELECT 1 FROM inbox_names LIMIT 1", [], |_| Ok(()))?;
    if any.is_none() {
        return Ok(());
    }
    let key = snapshot.digest_key()?;
    for name in names_ever(&snapshot, user)? {
        let name = hashed(&key, &name);
        run(
            conn,
            "UPDATE inbox SET body = NULL, error = NULL, goes_by = NULL, whom = NULL \
             WHERE seq IN (SELECT request FROM inbox_names WHERE name = ?1)",
            params![name],
        )?;
        run(
            conn,
            "DELETE FROM inbox_names WHERE name = ?1",
            params![name],
        )?;
    }
    Ok(())
}

/// Every address, user name and external id that somebody ever had.
fn names_ever(snapshot: &Snapshot<'_>, user: UserId) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind IN ('user_created', 'profile', 'link')";
    let recorded = snapshot.all(sql, [user.as_bytes()], recorded_row)?;
    let mut reader = Reader::new(snapshot.conn);
    for event in &recorded {
        let Some(change) = reader.change(event)? else {
            continue;
        };
        match change {
            Change::UserCreated { created, .. } => {
                for field in [Field::Email, Field::UserName] {
                    names.extend(created.profile.get(field).map(str::to_owned));
                }
                names.extend(created.link.as_ref().and_then(|it| it.external_id.clone()));
            }
            Change::Profile {
                field: Field::Email | Field::UserName,
                before,
                after,
                ..
            } => names.extend(before.iter().chain(&after).map(String::from)),
            Change::Link { before, after, .. } => {
                let links = before.into_iter().chain(after);
                names.extend(links.filter_map(|it| it.external_id));
            }
            _ => {}
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Notes by which batch a request was carried out later.
pub(super) fn note_replayed(conn: &Connection, seq: i64, batch: BatchId) -> Result<()> {
    run(
        conn,
        "UPDATE inbox SET replayed = ?2 WHERE seq = ?1",
        params![seq, batch.as_bytes()],
    )
}

/// Drops a round of the oldest rows that are too old or too much.
pub(super) fn trim(conn: &Connection, now: Timestamp) -> Result<()> {
    let Some(bounds) = Snapshot::new(conn).inbox_bounds(now)? else {
        return Ok(());
    };
    let Some(last) = bounds.last_to_drop(conn)? else {
        return Ok(());
    };
    run(conn, "DELETE FROM inbox_names WHERE request <= ?1", [last])?;
    run(conn, "DELETE FROM inbox WHERE seq <= ?1", [last])
}

/// From where on rows are kept.
struct Bounds {
    /// Not older than this.
    at: i64,
    /// Not so long ago that so many bytes have come since.
    total: i64,
}

impl Bounds {
    /// The last of the oldest rows that go in one round.
    fn last_to_drop(&self, conn: &Connection) -> Result<Option<i64>> {
        let sql = "SELECT max(seq) FROM (SELECT seq, at, total FROM inbox ORDER BY seq LIMIT ?3) \
            WHERE at < ?1 OR total <= ?2";
        let last = Snapshot::new(conn).one(sql, params![self.at, self.total, ROUND], |row| {
            row.get::<_, Option<i64>>(0)
        })?;
        Ok(last.flatten())
    }
}

impl Snapshot<'_> {
    /// What is kept of providers' requests by now; none when nothing is there to be dropped.
    fn inbox_bounds(&self, now: Timestamp) -> Result<Option<Bounds>> {
        let ends = "SELECT (SELECT total FROM inbox ORDER BY seq DESC LIMIT 1), at, total FROM inbox ORDER BY seq LIMIT 1";
        let Some((newest, at, total)) = self.one(ends, [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        })?
        else {
            return Ok(None);
        };
        let settings = self.settings()?;
        let bounds = Bounds {
            at: now.as_millis() - i64::from(settings.inbox_days) * DAY_MS,
            total: newest - i64::from(settings.inbox_megabytes) * 1024 * 1024,
        };
        Ok((at < bounds.at || total <= bounds.total).then_some(bounds))
    }
}

impl Read<'_> {
    /// Providers' requests, newest first. While names wait for acceptance, bodies with those of people who have not accepted
    /// are left out.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may not see everybody; else only when the database cannot be read.
    pub fn asked(&self, filter: &AskedFilter, limit: usize) -> Result<Vec<Asked>> {
        self.sees_all("providers' requests")?;
        self.together(|snapshot| {
            if filter.user.is_some() || !filter.names.is_empty() {
                let mut found = match filter.user {
                    Some(_) => of_one(snapshot, filter, filter.connection, limit)?,
                    None => Vec::new(),
                };
                for name in &filter.names {
                    found.extend(of_name(snapshot, filter, name, limit)?);
                }
                found.sort_by_key(|it| std::cmp::Reverse((it.at, it.seq)));
                found.dedup_by_key(|it| it.seq);
                found.truncate(limit);
                self.without_waiting_names(snapshot, &mut found)?;
                return Ok(found);
            }
            let mut found = Vec::new();
            let connections = match filter.connection {
                Some(connection) => vec![connection],
                None => snapshot
                    .connections()?
                    .into_iter()
                    .map(|it| it.id)
                    .collect(),
            };
            for connection in connections {
                found.extend(of_one(snapshot, filter, Some(connection), limit)?);
            }
            found.sort_by_key(|it| std::cmp::Reverse((it.at, it.seq)));
            found.truncate(limit);
            self.without_waiting_names(snapshot, &mut found)?;
            Ok(found)
        })
    }

    fn without_waiting_names(&self, snapshot: &Snapshot<'_>, found: &mut [Asked]) -> Result<()> {
        if !self.viewer.hides_names {
            return Ok(());
        }
        for asked in found.iter_mut().filter(|it| it.path.starts_with("/Users")) {
            let user = match asked.user {
                Some(user) => snapshot.user(user)?,
                None => None,
            };
            if !user.is_some_and(|it| it.accepted) {
                asked.body = None;
            }
        }
        Ok(())
    }

    /// A provider's request by its number.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Read::asked`].
    pub fn asked_by_number(&self, seq: i64) -> Result<Asked> {
        self.sees_all("providers' requests")?;
        let sql = concat!("SELECT ", columns!(), " FROM inbox WHERE seq = ?1");
        let found = self.snapshot()?.one(sql, [seq], asked_row)?;
        found.ok_or_else(|| Error::not_found("request", seq))
    }

    /// Whether a connection's newest request about somebody was their deletion and was held: its repeat, after it was
    /// carried out, is answered as done.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn repeats_held_deletion(&self, connection: ConnectionId, user: UserId) -> Result<bool> {
        self.sees_all("providers' requests")?;
        let sql = "SELECT connection = ?2 AND method = 'DELETE' AND status = 429 FROM inbox \
            WHERE user = ?1 ORDER BY at DESC, seq DESC LIMIT 1";
        let bound = params![user.as_bytes(), connection.as_bytes()];
        let held = self.snapshot()?.one(sql, bound, |row| row.get(0))?;
        Ok(held.unwrap_or(false))
    }

    /// How a connection is doing.
    ///
    /// # Errors
    /// As [`Read::asked`].
    pub fn connection_activity(&self, connection: ConnectionId) -> Result<ConnectionActivity> {
        self.sees_all("providers' requests")?;
        let since = self.now().as_millis() - DAY_MS;
        self.together(|snapshot| {
            let number = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
                let found: Option<Option<i64>> = snapshot.one(sql, params, |row| row.get(0))?;
                Ok::<i64, Error>(found.flatten().unwrap_or(0))
            };
            let id = connection.as_bytes().as_slice();
            let last = snapshot.one(
                "SELECT max(at) FROM inbox WHERE connection = ?1",
                [id],
                |row| row.get::<_, Option<i64>>(0),
            )?;
            // Rows that stand for many are few, and all of what was refused.
            let further = number(
                "SELECT sum(times - 1) FROM inbox WHERE connection = ?1 AND at > ?2 AND times > 1",
                &[&id, &since],
            )?;
            Ok(ConnectionActivity {
                last_asked_at: last.flatten().map(Timestamp::from_millis),
                asked_today: further
                    + number(
                        "SELECT count(*) FROM inbox WHERE connection = ?1 AND at > ?2",
                        &[&id, &since],
                    )?,
                failed_today: further
                    + number(
                        "SELECT count(*) FROM inbox WHERE connection = ?1 AND at > ?2 AND (status >= 400 OR error IS NOT NULL)",
                        &[&id, &since],
                    )?,
                people: snapshot.people_of_connection(connection)?,
                queued: number(
                    "SELECT count(DISTINCT user) FROM licenses WHERE state = 'queued' AND connection = ?1",
                    &[&id],
                )?,
                held: snapshot.held_count(connection)?,
            })
        })
    }

    /// Whether old requests are to be dropped now.
    pub(crate) fn inbox_overflows(&self) -> Result<bool> {
        let now = self.now();
        self.together(|snapshot| Ok(snapshot.inbox_bounds(now)?.is_some()))
    }
}

/// Only those that failed, if it is asked for them.
fn failed(filter: &AskedFilter) -> &'static str {
    if filter.failed {
        "AND (status >= 400 OR error IS NOT NULL)"
    } else {
        ""
    }
}

/// Requests about somebody of a name who was not on the roster, newest first.
fn of_name(
    snapshot: &Snapshot<'_>,
    filter: &AskedFilter,
    name: &str,
    limit: usize,
) -> Result<Vec<Asked>> {
    let key = snapshot.digest_key()?;
    let (at, seq) = behind(filter);
    let sql = format!(
        "SELECT {} FROM inbox WHERE seq IN (SELECT request FROM inbox_names WHERE name = ?1) AND caseless(whom) = caseless(?2) \
         AND (?3 IS NULL OR connection = ?3) {} AND at >= ?4 AND (at, seq) < (?5, ?6) ORDER BY at DESC, seq DESC LIMIT ?7",
        columns!(),
        failed(filter)
    );
    let bound = params![
        hashed(&key, name),
        name.trim(),
        filter
            .connection
            .as_ref()
            .map(|it| it.as_bytes().as_slice()),
        filter.since.map_or(i64::MIN, Timestamp::as_millis),
        at,
        seq,
        i64::try_from(limit).unwrap_or(i64::MAX),
    ];
    snapshot.all(&sql, bound, asked_row)
}

fn behind(filter: &AskedFilter) -> (i64, i64) {
    filter
        .behind
        .map_or((i64::MAX, i64::MAX), |(at, seq)| (at.as_millis(), seq))
}

/// Requests of one connection, or about one person, newest first.
fn of_one(
    snapshot: &Snapshot<'_>,
    filter: &AskedFilter,
    connection: Option<ConnectionId>,
    limit: usize,
) -> Result<Vec<Asked>> {
    let failed = failed(filter);
    let whose = match (filter.user, connection) {
        (Some(_), Some(_)) => "user = ?1 AND connection = ?2",
        (Some(_), None) => "user = ?1 AND ?2 IS NULL",
        (None, _) => "?1 IS NULL AND connection = ?2",
    };
    let (at, seq) = behind(filter);
    let sql = format!(
        "SELECT {} FROM inbox WHERE {whose} {failed} AND at >= ?3 AND (at, seq) < (?4, ?5) \
         ORDER BY at DESC, seq DESC LIMIT ?6",
        columns!()
    );
    let bound = params![
        filter.user.as_ref().map(|it| it.as_bytes().as_slice()),
        connection.as_ref().map(|it| it.as_bytes().as_slice()),
        filter.since.map_or(i64::MIN, Timestamp::as_millis),
        at,
        seq,
        i64::try_from(limit).unwrap_or(i64::MAX),
    ];
    snapshot.all(&sql, bound, asked_row)
}

impl Store {
    /// Has the writer keep requests that no command was given for; `done` is called after the commit.
    pub(crate) fn keep_asked(
        &self,
        connection: ConnectionId,
        at: Timestamp,
        asked: Vec<NewAsked>,
        done: impl FnOnce(Result<()>) + Send + 'static,
    ) {
        self.note(Note::Asked(connection, at, asked), done);
    }

    pub(crate) fn note_replayed(&self, seq: i64, batch: BatchId) -> Result<()> {
        self.note_and_wait(Note::Replayed(seq, batch))
    }

    pub(crate) fn trim_asked(&self) -> Result<()> {
        self.note_and_wait(Note::TrimAsked)
    }

    fn note_and_wait(&self, note: Note) -> Result<()> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.note(note, move |noted| drop(answer.send(noted)));
        let gone = || Error::Broken("the writer stopped".into());
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
