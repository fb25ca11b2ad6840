//! What planning may read: the roster as one connection sees it. It has no method that writes.

mod connections;
mod pools;
mod recorded;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::viewer::Viewer;
use super::{broken, compile, driver};
use crate::error::{Error, Result};
use crate::model::{
    ConnectionId, Date, Hold, Invitation, InvitationId, InvitationState, License, Organization,
    Permission, PoolId, Profile, ProviderHold, QueueEntry, Status, Timestamp, User, UserId,
};
use crate::query::Expr;

/// More than one in so many of the roster are read from end to end.
const MANY_OF: i64 = 8;

/// The roster as one connection sees it.
pub(crate) struct Snapshot<'c> {
    pub(super) conn: &'c Connection,
    /// For whom queries are compiled.
    pub(super) viewer: Viewer,
}

/// The columns of [`user_row`], in its order.
macro_rules! user_columns {
    () => {
        "users.seq, users.id, users.status, users.email, users.user_name, users.first_name, users.last_name, \
         users.display_name, users.functional_area, users.title, users.region, users.language, users.labels, users.kept, \
         users.manager, users.connection, users.protected, users.accepted, users.provider_hold, users.created_at, \
         users.updated_at, users.last_seen_at, users.version, users.deactivate_on, users.delete_on"
    };
}
pub(super) use user_columns;

/// The columns of [`license_row`], in its order.
macro_rules! license_columns {
    () => {
        "licenses.user, licenses.pool, licenses.state, licenses.stands_for_access, licenses.place, licenses.leads_to, \
         licenses.mail, licenses.connection, licenses.send_on, licenses.chosen"
    };
}
pub(super) use license_columns;

pub(super) fn user_row(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        seq: row.get(0)?,
        id: UserId::from_bytes(row.get(1)?),
        status: word(row, 2, Status::from_word)?,
        profile: Profile {
            email: row.get(3)?,
            user_name: row.get(4)?,
            first_name: row.get(5)?,
            last_name: row.get(6)?,
            display_name: row.get(7)?,
            functional_area: row.get(8)?,
            title: row.get(9)?,
            region: row.get(10)?,
            language: row.get(11)?,
            labels: row.get(12)?,
            kept: row.get(13)?,
            deactivate_on: row.get(23)?,
            delete_on: row.get(24)?,
        },
        manager: row.get::<_, Option<[u8; 16]>>(14)?.map(UserId::from_bytes),
        connection: row
            .get::<_, Option<[u8; 16]>>(15)?
            .map(ConnectionId::from_bytes),
        protected: row.get(16)?,
        accepted: row.get(17)?,
        provider_hold: word(row, 18, ProviderHold::from_word)?,
        created_at: Timestamp::from_millis(row.get(19)?),
        updated_at: Timestamp::from_millis(row.get(20)?),
        last_seen_at: row.get::<_, Option<i64>>(21)?.map(Timestamp::from_millis),
        version: row.get(22)?,
    })
}

/// A stored word of one of our enums; anything else means that the file was changed by another hand.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            format!("unknown word {text}").into(),
        )
    })
}

pub(super) fn license_row(row: &Row<'_>) -> rusqlite::Result<License> {
    let hold = match row.get_ref(2)?.as_str()? {
        "reserved" => Hold::Reserved,
        "consumed" => Hold::Consumed,
        _ => Hold::Queued(QueueEntry {
            place: row.get(4)?,
            leads_to: word(row, 5, Status::from_word)?,
            mail: row.get(6)?,
            connection: row
                .get::<_, Option<[u8; 16]>>(7)?
                .map(ConnectionId::from_bytes),
            send_on: date(row, 8)?,
            chosen: row.get::<_, Option<bool>>(9)?.unwrap_or_default(),
        }),
    };
    Ok(License {
        user: UserId::from_bytes(row.get(0)?),
        pool: PoolId::from_bytes(row.get(1)?),
        hold,
        stands_for_access: row.get(3)?,
    })
}

/// A stored day, if there is one.
pub(super) fn date(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Date>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => word(row, column, |it| it.parse().ok()).map(Some),
    }
}

impl<'c> Snapshot<'c> {
    pub(crate) fn new(conn: &'c Connection) -> Self {
        Self {
            conn,
            viewer: Viewer::CORE,
        }
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut it| it.query_row(params, read).optional())
            .map_err(broken)
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut it| it.query_map(params, read).and_then(|rows| rows.collect()))
            .map_err(broken)
    }

    /// The folder of the database, in which large work may put things aside; of one in memory it is the system's.
    pub(crate) fn folder(&self) -> PathBuf {
        let file = self.conn.path().filter(|it| !it.is_empty());
        let folder = file.and_then(|it| Path::new(it).parent());
        folder.map_or_else(std::env::temp_dir, Path::to_owned)
    }

    pub(crate) fn organization(&self) -> Result<Organization> {
        let found = self.one(
            "SELECT name, time_zone, created_at FROM organization",
            [],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get(2)?,
                ))
            },
        )?;
        let (name, zone, created) =
            found.ok_or_else(|| Error::Broken("the database has no organization".into()))?;
        Ok(Organization {
            name,
            time_zone: zone.parse()?,
            created_at: Timestamp::from_millis(created),
        })
    }

    pub(crate) fn digest_key(&self) -> Result<[u8; 32]> {
        self.one("SELECT digest_key FROM organization", [], |row| row.get(0))?
            .ok_or_else(|| Error::Broken("the database has no organization".into()))
    }

    pub(crate) fn user(&self, id: UserId) -> Result<Option<User>> {
        self.one(
            concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?1"),
            [id.as_bytes()],
            user_row,
        )
    }

    pub(crate) fn user_by_email_key(&self, key: &str) -> Result<Option<User>> {
        self.one(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE email_key = ?1"
            ),
            [key],
            user_row,
        )
    }

    /// Who has no user name goes by their address, as SCIM shows them: nobody else can take it as a user name.
    pub(crate) fn user_by_user_name_key(&self, key: &str) -> Result<Option<User>> {
        let named = concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE user_name_key = ?1"
        );
        if let Some(user) = self.one(named, [key], user_row)? {
            return Ok(Some(user));
        }
        let found = self.user_by_email_key(key)?;
        Ok(found.filter(|it| it.profile.user_name.is_none()))
    }

    pub(crate) fn user_by_external_id(
        &self,
        connection: ConnectionId,
        external_id: &str,
    ) -> Result<Option<User>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            " FROM links JOIN users ON users.id = links.user WHERE links.connection = ?1 AND links.external_id = ?2"
        );
        self.one(sql, params![connection.as_bytes(), external_id], user_row)
    }

    /// Whether nobody goes by any of these: what the connection calls them, their user name's key, their address's key.
    /// One statement, because it is what is found of nearly everybody who is new.
    pub(crate) fn is_unknown(
        &self,
        connection: ConnectionId,
        external_id: Option<&str>,
        user_name_key: Option<&str>,
        email_key: Option<&str>,
    ) -> Result<bool> {
        let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM links WHERE connection = ?1 AND external_id = ?2) \
            OR EXISTS (SELECT 1 FROM users WHERE user_name_key = ?3) \
            OR EXISTS (SELECT 1 FROM users WHERE email_key = ?4) \
            OR ?3 IS NOT ?4 AND EXISTS (SELECT 1 FROM users WHERE email_key = ?3)";
        let keys = params![connection.as_bytes(), external_id, user_name_key, email_key];
        Ok(self.one(sql, keys, |_| Ok(()))?.is_none())
    }

    /// By address, user name or id, as people type them; erased people by id only.
    pub(crate) fn find_user(&self, who: &str) -> Result<User> {
        let who = who.trim();
        if let Ok(id) = who.parse()
            && let Some(user) = self.user(id)?
        {
            return Ok(user);
        }
        let key = crate::model::key_of_name(who);
        if let Some(user) = self.user_by_email_key(&key)? {
            return Ok(user);
        }
        self.user_by_user_name_key(&key)?
            .ok_or_else(|| Error::not_found("user", who))
    }

    /// Ids of everybody whom a query finds, in order of creation.
    pub(crate) fn ids_of(&self, query: &Expr, now: Timestamp) -> Result<Vec<UserId>> {
        let compiled = driver::driven(query, now, self.viewer);
        let how = self.read_whole(query)?;
        let sql = format!(
            "SELECT users.id FROM users {how} WHERE {} ORDER BY users.seq",
            compiled.sql
        );
        self.all(&sql, rusqlite::params_from_iter(compiled.bindings), |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// How the table is named where most of the roster is found, which is read from end to end: its index of statuses goes by
    /// names, and every one of them would have to be looked up.
    pub(super) fn read_whole(&self, query: &Expr) -> Result<&'static str> {
        Ok(match query {
            Expr::Status(statuses) if self.are_many(statuses)? => "NOT INDEXED",
            _ => "",
        })
    }

    /// Whether more than one in so many of the roster stand there.
    fn are_many(&self, statuses: &[Status]) -> Result<bool> {
        let counts = self.status_counts()?;
        let there = counts.iter().filter(|it| statuses.contains(it.0));
        let there: i64 = there.map(|it| it.1).sum();
        Ok(there > counts.values().sum::<i64>() / MANY_OF)
    }

    /// Who reports to somebody.
    pub(crate) fn reports_of(&self, manager: UserId) -> Result<Vec<Report>> {
        let sql = "SELECT id, status, connection FROM users WHERE manager = ?1 ORDER BY seq";
        self.all(sql, [manager.as_bytes()], report_row)
    }

    /// Whether anybody reports to this person.
    pub(crate) fn has_reports(&self, manager: UserId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM users WHERE manager = ?1 LIMIT 1",
            [manager.as_bytes()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Whether this person is among those whom a query finds.
    pub(crate) fn finds(&self, query: &Expr, user: UserId, now: Timestamp) -> Result<bool> {
        let compiled = compile::compile_one(query, now, self.viewer);
        let sql = format!(
            "SELECT 1 FROM users WHERE users.id = ? AND ({})",
            compiled.sql
        );
        let mut bindings = vec![user.as_bytes().to_vec().into()];
        bindings.extend(compiled.bindings);
        let found = self.one(&sql, rusqlite::params_from_iter(bindings), |_| Ok(()))?;
        Ok(found.is_some())
    }

    pub(crate) fn manager_of(&self, user: UserId) -> Result<Option<UserId>> {
        let found = self.one(
            "SELECT manager FROM users WHERE id = ?1",
            [user.as_bytes()],
            |row| row.get::<_, Option<[u8; 16]>>(0),
        )?;
        Ok(found.flatten().map(UserId::from_bytes))
    }

    pub(crate) fn label_of(&self, user: UserId) -> Result<Option<String>> {
        let found = self.one(
            "SELECT coalesce(email, user_name) FROM users WHERE id = ?1",
            [user.as_bytes()],
            |row| row.get::<_, Option<String>>(0),
        )?;
        Ok(found.flatten())
    }

    pub(crate) fn status_counts(&self) -> Result<BTreeMap<Status, i64>> {
        let rows = self.all("SELECT status, people FROM status_counts", [], |row| {
            Ok((word(row, 0, Status::from_word)?, row.get(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    pub(crate) fn invitation(&self, user: UserId) -> Result<Option<Invitation>> {
        let sql =
            "SELECT id, generation, state, expires_at, send_on FROM invitations WHERE user = ?1";
        self.one(sql, [user.as_bytes()], |row| {
            Ok(Invitation {
                id: InvitationId::from_bytes(row.get(0)?),
                generation: row.get(1)?,
                state: word(row, 2, InvitationState::from_word)?,
                expires_at: Timestamp::from_millis(row.get(3)?),
                send_on: date(row, 4)?,
            })
        })
    }

    pub(crate) fn permissions_of(&self, user: UserId) -> Result<Vec<Permission>> {
        self.all(
            "SELECT permission FROM permissions WHERE user = ?1",
            [user.as_bytes()],
            |row| word(row, 0, Permission::from_word),
        )
    }

    /// Everybody to whom somebody reports.
    pub(crate) fn managers(&self) -> Result<HashSet<UserId>> {
        let sql = "SELECT DISTINCT manager FROM users WHERE manager IS NOT NULL";
        let rows = self.all(sql, [], |row| Ok(UserId::from_bytes(row.get(0)?)))?;
        Ok(rows.into_iter().collect())
    }

    /// Every administrator's permissions.
    pub(crate) fn permissions(&self) -> Result<HashMap<UserId, Vec<Permission>>> {
        let rows = self.all("SELECT user, permission FROM permissions", [], |row| {
            let permission = word(row, 1, Permission::from_word)?;
            Ok((UserId::from_bytes(row.get(0)?), permission))
        })?;
        let mut permissions: HashMap<UserId, Vec<Permission>> = HashMap::new();
        for (user, permission) in rows {
            permissions.entry(user).or_default().push(permission);
        }
        Ok(permissions)
    }

    /// How many owners can act.
    pub(crate) fn active_owners(&self) -> Result<i64> {
        let sql = "SELECT count(*) FROM permissions JOIN users ON users.id = permissions.user \
            WHERE permission = 'owner' AND status = 'active'";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }

    /// The number of the newest batch; it moves whenever anything that planning reads has moved.
    pub(crate) fn last_batch(&self) -> Result<i64> {
        Ok(self
            .one("SELECT max(seq) FROM batches", [], |row| {
                row.get::<_, Option<i64>>(0)
            })?
            .flatten()
            .unwrap_or(0))
    }
}

/// Somebody who reports to somebody, or is to.
pub(crate) struct Report {
    pub(crate) user: UserId,
    pub(crate) status: Status,
    /// Whose they are.
    pub(crate) connection: Option<ConnectionId>,
}

/// Of the columns id, status and connection.
pub(super) fn report_row(row: &Row<'_>) -> rusqlite::Result<Report> {
    let connection: Option<[u8; 16]> = row.get(2)?;
    Ok(Report {
        user: UserId::from_bytes(row.get(0)?),
        status: word(row, 1, Status::from_word)?,
        connection: connection.map(ConnectionId::from_bytes),
    })
}
