//! The brake's terms, its counters, and whom it holds. Counters decide by what is committed and are no history: they are
//! written with the batch that they count, so that concurrent commands, restarts and other processes see the same.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::snapshot::word;
use super::{Read, Snapshot, broken, outbox};
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    Actor, BatchId, Brake, ConnectionId, HeldPerson, LeaveKind, LeaveState, Leaving, Permission,
    Status, Timestamp, UserId,
};
use crate::plan::Template;

/// Into how many slices a window is cut: a window ends at most one slice late.
const SLICES: i64 = 60;

/// What a connection has spent of its window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// How many it took off.
    pub(crate) leaves: i64,
    /// How many seated or coming people fewer it has by what it did itself: who left, without whom it brought in or adopted.
    pub(crate) seated: i64,
}

fn leaving_row(row: &Row<'_>, from: usize) -> rusqlite::Result<Leaving> {
    Ok(Leaving {
        connection: ConnectionId::from_bytes(row.get(from)?),
        kind: word(row, from + 1, LeaveKind::from_word)?,
        state: word(row, from + 2, LeaveState::from_word)?,
        since: Timestamp::from_millis(row.get(from + 3)?),
    })
}

impl Snapshot<'_> {
    /// The brake on a connection.
    pub(crate) fn brake_of(&self, connection: ConnectionId) -> Result<Option<Brake>> {
        let sql = "SELECT share, floor, window_ms FROM brakes WHERE connection = ?1";
        self.one(sql, [connection.as_bytes()], |row| {
            Ok(Brake {
                share: row.get(0)?,
                floor: row.get(1)?,
                window_ms: row.get(2)?,
            })
        })
    }

    /// What a connection has taken off since an instant.
    pub(crate) fn brake_spent(&self, connection: ConnectionId, since: Timestamp) -> Result<Spent> {
        let sql = "SELECT coalesce(sum(leaves), 0), coalesce(sum(seated), 0) FROM brake_counts \
            WHERE connection = ?1 AND ends_at > ?2";
        let spent = self.one(
            sql,
            params![connection.as_bytes(), since.as_millis()],
            |row| {
                Ok(Spent {
                    leaves: row.get(0)?,
                    seated: row.get(1)?,
                })
            },
        )?;
        Ok(spent.unwrap_or_default())
    }

    /// How many people of a connection are seated or coming.
    pub(crate) fn people_of_connection(&self, connection: ConnectionId) -> Result<i64> {
        let sql = "SELECT people FROM connection_people WHERE connection = ?1";
        Ok(self
            .one(sql, [connection.as_bytes()], |row| row.get(0))?
            .unwrap_or(0))
    }

    /// Whether a provider wants this person to leave.
    pub(crate) fn leaving_of(&self, user: UserId) -> Result<Option<Leaving>> {
        let sql = "SELECT connection, kind, state, since FROM leaving WHERE user = ?1";
        self.one(sql, [user.as_bytes()], |row| leaving_row(row, 0))
    }

    /// Whether a brake holds this person.
    pub(crate) fn is_held(&self, user: UserId) -> Result<bool> {
        let sql = "SELECT 1 FROM leaving WHERE user = ?1 AND state = 'held'";
        Ok(self.one(sql, [user.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// Everybody whom a provider wants to leave.
    pub(crate) fn leavers(&self) -> Result<Vec<(UserId, Leaving)>> {
        let sql = "SELECT user, connection, kind, state, since FROM leaving";
        self.all(sql, [], |row| {
            Ok((UserId::from_bytes(row.get(0)?), leaving_row(row, 1)?))
        })
    }

    /// Whom the brake holds, of one connection or of all, first held first.
    pub(crate) fn held(&self, connection: Option<ConnectionId>) -> Result<Vec<(UserId, Leaving)>> {
        let row = |row: &Row<'_>| Ok((UserId::from_bytes(row.get(0)?), leaving_row(row, 1)?));
        match connection {
            None => {
                let sql = "SELECT user, connection, kind, state, since FROM leaving \
                    WHERE state = 'held' ORDER BY connection, since, user";
                self.all(sql, [], row)
            }
            Some(connection) => {
                let sql = "SELECT user, connection, kind, state, since FROM leaving \
                    WHERE state = 'held' AND connection = ?1 ORDER BY since, user";
                self.all(sql, [connection.as_bytes()], row)
            }
        }
    }

    /// How many the brake holds, of one connection.
    pub(crate) fn held_count(&self, connection: ConnectionId) -> Result<i64> {
        let sql = "SELECT count(*) FROM leaving WHERE state = 'held' AND connection = ?1";
        Ok(self
            .one(sql, [connection.as_bytes()], |row| row.get(0))?
            .unwrap_or(0))
    }
}

impl Read<'_> {
    /// The brake on a connection; none is without a limit. Whoever sees a part of the people is told of none.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn brake(&self, connection: ConnectionId) -> Result<Option<Brake>> {
        if self.sight.is_some() {
            return Ok(None);
        }
        self.snapshot()?.brake_of(connection)
    }

    /// How many more the connection may take off now, and the limit that this is of; none without a brake.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn brake_room(&self, connection: ConnectionId) -> Result<Option<(i64, i64)>> {
        self.sees_all("brakes")?;
        self.together(|snapshot| {
            let Some(brake) = snapshot.brake_of(connection)? else {
                return Ok(None);
            };
            let since = self.now().plus_millis(-brake.window_ms);
            let spent = snapshot.brake_spent(connection, since)?;
            let people = snapshot.people_of_connection(connection)?;
            let limit = brake.limit(people + spent.seated);
            Ok(Some(((limit - spent.leaves).max(0), limit)))
        })
    }

    /// How many people of the connection are seated or coming.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn people_of_connection(&self, connection: ConnectionId) -> Result<i64> {
        self.sees_all("numbers of a connection")?;
        self.snapshot()?.people_of_connection(connection)
    }

    /// Whether a provider wants this person to leave who has not.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn leaving(&self, user: UserId) -> Result<Option<Leaving>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.leaving_of(user)
    }

    /// Whether a brake holds this person.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn is_held(&self, user: UserId) -> Result<bool> {
        let snapshot = self.snapshot()?;
        Ok(self.sees(&snapshot, user)? && snapshot.is_held(user)?)
    }

    /// How many people the brakes hold, by connections' names; those without any are left out. Whoever sees a part of the
    /// people is told of none.
    ///
    /// # Errors
    /// Only when the database cannot be read.
    pub fn held_counts(&self) -> Result<Vec<(String, i64)>> {
        if self.sight.is_some() {
            return Ok(Vec::new());
        }
        let sql = "SELECT connections.name, (SELECT count(*) FROM leaving WHERE state = 'held' \
            AND leaving.connection = connections.id) AS held FROM connections WHERE held > 0 ORDER BY connections.name";
        self.snapshot()?
            .all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Whom the brakes hold, and whose leaving was rejected, of one connection or of all: held ones first, the longest held
    /// first.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] for whoever does not see everybody.
    pub fn held_people(&self, connection: Option<ConnectionId>) -> Result<Vec<HeldPerson>> {
        self.sees_all("people whom a brake holds")?;
        let sql = "SELECT leaving.user, coalesce(users.email, users.user_name), connections.name, leaving.connection, kind, \
            state, since FROM leaving JOIN users ON users.id = leaving.user \
            JOIN connections ON connections.id = leaving.connection \
            WHERE state = ?1 AND (?2 IS NULL OR leaving.connection = ?2) ORDER BY leaving.connection, since, leaving.user";
        self.together(|snapshot| {
            let mut people = Vec::new();
            for state in [LeaveState::Held, LeaveState::Rejected] {
                let bound = params![
                    state.as_str(),
                    connection.as_ref().map(|it| it.as_bytes().as_slice())
                ];
                people.extend(snapshot.all(sql, bound, |row| {
                    let user = UserId::from_bytes(row.get(0)?);
                    let label: Option<String> = row.get(1)?;
                    Ok(HeldPerson {
                        user,
                        label: label.unwrap_or_else(|| user.to_string()),
                        connection_name: row.get(2)?,
                        leaving: leaving_row(row, 3)?,
                    })
                })?);
            }
            Ok(people)
        })
    }
}

/// Sets or takes the brake of a connection.
pub(super) fn set(
    conn: &Connection,
    connection: ConnectionId,
    brake: Option<&Brake>,
) -> Result<()> {
    match brake {
        None => run(
            conn,
            "DELETE FROM brakes WHERE connection = ?1",
            [connection.as_bytes()],
        ),
        Some(brake) => run(
            conn,
            "INSERT INTO brakes (connection, share, floor, window_ms) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (connection) DO UPDATE SET share = ?2, floor = ?3, window_ms = ?4",
            params![
                connection.as_bytes(),
                brake.share,
                brake.floor,
                brake.window_ms
            ],
        ),
    }
}

/// Writes down that a provider wants somebody to leave, or that this is settled.
pub(super) fn set_leaving(
    conn: &Connection,
    user: UserId,
    leaving: Option<&Leaving>,
) -> Result<()> {
    match leaving {
        None => forget(conn, user),
        Some(it) => run(
            conn,
            "INSERT INTO leaving (user, connection, kind, state, since) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (user) DO UPDATE SET connection = ?2, kind = ?3, state = ?4, since = ?5",
            params![
                user.as_bytes(),
                it.connection.as_bytes(),
                it.kind.as_str(),
                it.state.as_str(),
                it.since.as_millis()
            ],
        ),
    }
}

/// Forgets that somebody was to leave.
pub(super) fn forget(conn: &Connection, user: UserId) -> Result<()> {
    run(
        conn,
        "DELETE FROM leaving WHERE user = ?1",
        [user.as_bytes()],
    )
}

/// Moves how many people of a connection are seated or coming.
pub(super) fn move_people(conn: &Connection, connection: ConnectionId, by: i64) -> Result<()> {
    run(
        conn,
        "INSERT INTO connection_people (connection, people) VALUES (?1, ?2) \
         ON CONFLICT (connection) DO UPDATE SET people = people + ?2",
        params![connection.as_bytes(), by],
    )
}

/// After a batch of a connection: counts whom it took off and brought in, and tells the administrators when it is the first of whom the
/// brake holds somebody.
pub(super) fn note(
    conn: &Connection,
    actor: Actor,
    batch: BatchId,
    changes: &[Change],
    moved: &BTreeMap<ConnectionId, i64>,
    at: Timestamp,
) -> Result<()> {
    let Actor::Connection(connection) = actor else {
        return Ok(());
    };
    let snapshot = Snapshot::new(conn);
    let mut spent = Spent {
        leaves: 0,
        seated: -moved.get(&connection).copied().unwrap_or(0),
    };
    let mut held = 0;
    for change in changes {
        match change {
            Change::Status { before, after, .. }
                if matches!(after, Status::Inactive | Status::Deleted)
                    && before.is_seated_or_coming() =>
            {
                spent.leaves += 1;
            }
            Change::Leaving {
                before: None,
                after: Some(_),
                ..
            } => held += 1,
            _ => {}
        }
    }
    if spent.leaves == 0 && spent.seated == 0 && held == 0 {
        return Ok(());
    }
    let Some(brake) = snapshot.brake_of(connection)? else {
        return Ok(());
    };
    if spent.leaves > 0 || spent.seated != 0 {
        count(conn, connection, &brake, spent, at)?;
    }
    if held > 0 && snapshot.held_count(connection)? == held {
        tell(&snapshot, connection, &brake, batch, at)?;
    }
    Ok(())
}

fn count(
    conn: &Connection,
    connection: ConnectionId,
    brake: &Brake,
    spent: Spent,
    at: Timestamp,
) -> Result<()> {
    let slice = (brake.window_ms / SLICES).max(1);
    let ends_at = (at.as_millis().div_euclid(slice) + 1) * slice;
    run(
        conn,
        "DELETE FROM brake_counts WHERE connection = ?1 AND ends_at <= ?2",
        params![connection.as_bytes(), at.as_millis() - brake.window_ms],
    )?;
    run(
        conn,
        "INSERT INTO brake_counts (connection, ends_at, leaves, seated) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (connection, ends_at) DO UPDATE SET leaves = leaves + ?3, seated = seated + ?4",
        params![connection.as_bytes(), ends_at, spent.leaves, spent.seated],
    )
}

/// Puts a mail to everybody who may decide into the outbox, once a pull: the brake is pulled while it holds anybody.
fn tell(
    snapshot: &Snapshot<'_>,
    connection: ConnectionId,
    brake: &Brake,
    batch: BatchId,
    at: Timestamp,
) -> Result<()> {
    let sql = "SELECT DISTINCT users.id FROM permissions JOIN users ON users.id = permissions.user \
        WHERE permission IN (?1, ?2) AND status = 'active' ORDER BY users.seq";
    let deciders = snapshot.all(
        sql,
        [Permission::Owner.as_str(), Permission::ManageUsers.as_str()],
        |row| Ok(UserId::from_bytes(row.get(0)?)),
    )?;
    let name: Option<String> = snapshot.one(
        "SELECT name FROM connections WHERE id = ?1",
        [connection.as_bytes()],
        |row| row.get(0),
    )?;
    let about = json!({
        "connection": name,
        "share": brake.share,
        "floor": brake.floor,
        "window_minutes": brake.window_ms / 60_000,
    });
    outbox::tell_each(
        snapshot,
        &deciders,
        Template::BrakePulled,
        &about,
        batch,
        at,
    )
}

fn run(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    conn.prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map(|_| ())
        .map_err(broken)
}
