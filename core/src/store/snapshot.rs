//! What planning may read: the roster as one connection sees it. It has no method that writes.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::viewer::Viewer;
use super::{broken, compile, driver, many};
use crate::capacity;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Actor, Assignment, AtCapacity, ConnectionId, ConnectionPolicy, Date, Hold, Invitation,
    InvitationId, InvitationState, License, Link, NewPeople, Organization, Part, Permission, Pool,
    PoolId, PoolName, PoolTerms, Profile, ProviderHold, QueueEntry, Status, Timestamp, Token,
    TokenId, TrainingId, User, UserId,
};
use crate::model::{BatchId, Connection as ProviderConnection};
use crate::query::Expr;

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
        let sql = format!(
            "SELECT users.id FROM users WHERE {} ORDER BY users.seq",
            compiled.sql
        );
        self.all(&sql, rusqlite::params_from_iter(compiled.bindings), |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
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

    pub(crate) fn pools(&self) -> Result<Vec<Pool>> {
        let sql = "SELECT pools.id, name, purchased, counts_from, recoverable, at_capacity, starts_on, ends_on, reserved, consumed, \
            queued, alarms, alarm \
            FROM pools JOIN pool_counters ON pool_counters.pool = pools.id ORDER BY pools.seq";
        self.all(sql, [], |row| {
            Ok(Pool {
                id: PoolId::from_bytes(row.get(0)?),
                name: word(row, 1, |it| it.parse::<PoolName>().ok())?,
                terms: PoolTerms {
                    purchased: row.get(2)?,
                    counts_from: word(row, 3, |it| it.parse().ok())?,
                    recoverable: row.get(4)?,
                    at_capacity: word(row, 5, |it| it.parse::<AtCapacity>().ok())?,
                    starts_on: date(row, 6)?,
                    ends_on: date(row, 7)?,
                    alarms: word(row, 11, |it| it.parse().ok())?,
                },
                reserved: row.get(8)?,
                consumed: row.get(9)?,
                queued: row.get(10)?,
                alarm: row.get(12)?,
            })
        })
    }

    pub(crate) fn licenses_of(&self, user: UserId) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE user = ?1"
        );
        self.all(sql, [user.as_bytes()], license_row)
    }

    /// Pools of which a person is to get a license when they become active.
    pub(crate) fn requests_of(&self, user: UserId) -> Result<Vec<PoolId>> {
        let sql = "SELECT pool FROM license_requests WHERE user = ?1";
        self.all(sql, [user.as_bytes()], |row| {
            Ok(PoolId::from_bytes(row.get(0)?))
        })
    }

    /// The first or last place in a pool's queue.
    pub(crate) fn queue_end(&self, pool: PoolId, last: bool) -> Result<Option<i64>> {
        let sql = if last {
            "SELECT max(place) FROM licenses WHERE pool = ?1 AND state = 'queued'"
        } else {
            "SELECT min(place) FROM licenses WHERE pool = ?1 AND state = 'queued'"
        };
        Ok(self
            .one(sql, [pool.as_bytes()], |row| row.get(0))?
            .flatten())
    }

    pub(crate) fn queue_head(&self, pool: PoolId, limit: i64) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE pool = ?1 AND state = 'queued' ORDER BY place, user LIMIT ?2"
        );
        self.all(sql, params![pool.as_bytes(), limit], license_row)
    }

    /// Those of a queue for whom there is room, in their order: so many licenses within what was purchased, and so many with
    /// the grace.
    pub(crate) fn who_moves_up(
        &self,
        pool: PoolId,
        purchased: i64,
        with_grace: i64,
    ) -> Result<Vec<License>> {
        let mut queue = self.who_may_move_up(pool, purchased, with_grace)?;
        capacity::keep_who_fit(&mut queue, purchased, with_grace);
        Ok(queue)
    }

    /// The part of a queue in which those stand for whom there is room.
    pub(crate) fn who_may_move_up(
        &self,
        pool: PoolId,
        purchased: i64,
        with_grace: i64,
    ) -> Result<Vec<License>> {
        let mut queue = self.queue_head(pool, purchased)?;
        if with_grace > purchased {
            queue.extend(self.unasked_head(pool, with_grace)?);
            queue.sort_unstable_by_key(capacity::place);
            queue.dedup_by_key(|it| it.user);
        }
        Ok(queue)
    }

    /// As [`Snapshot::queue_head`], of those who came where nobody was asked.
    pub(crate) fn unasked_head(&self, pool: PoolId, limit: i64) -> Result<Vec<License>> {
        let sql = concat!(
            "SELECT ",
            license_columns!(),
            " FROM licenses WHERE pool = ?1 AND state = 'queued' AND chosen IS NULL ORDER BY place, user LIMIT ?2"
        );
        self.all(sql, params![pool.as_bytes(), limit], license_row)
    }

    /// 1 for the head; none for somebody who is not queued.
    pub(crate) fn queue_position(&self, pool: PoolId, user: UserId) -> Result<Option<i64>> {
        let sql = "SELECT (SELECT count(*) FROM licenses AS ahead WHERE ahead.pool = ?1 AND ahead.state = 'queued' AND (ahead.place, ahead.user) <= (mine.place, mine.user)) \
            FROM licenses AS mine WHERE mine.user = ?2 AND mine.pool = ?1 AND mine.state = 'queued'";
        self.one(sql, params![pool.as_bytes(), user.as_bytes()], |row| {
            row.get(0)
        })
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

    pub(crate) fn link(&self, connection: ConnectionId, user: UserId) -> Result<Option<Link>> {
        let sql = "SELECT external_id FROM links WHERE connection = ?1 AND user = ?2";
        self.one(
            sql,
            params![connection.as_bytes(), user.as_bytes()],
            |row| {
                Ok(Link {
                    external_id: row.get(0)?,
                })
            },
        )
    }

    /// What a connection calls these people, of those whom it calls anything.
    pub(crate) fn links_of(
        &self,
        connection: ConnectionId,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, String>> {
        let sql = "SELECT user, external_id FROM json_each(?2) \
            CROSS JOIN links ON connection = ?1 AND user = unhex(value) WHERE external_id IS NOT NULL";
        let bound = params![connection.as_bytes(), many::bound(ids)];
        let found = self.all(sql, bound, |row| {
            Ok((UserId::from_bytes(row.get(0)?), row.get(1)?))
        })?;
        Ok(found.into_iter().collect())
    }

    pub(crate) fn connections(&self) -> Result<Vec<ProviderConnection>> {
        let sql = "SELECT id, name, new_people, mails, created_at, revoked_at, token_days, owns, sends FROM connections \
            ORDER BY name";
        let mut connections = self.all(sql, [], |row| {
            Ok(ProviderConnection {
                id: ConnectionId::from_bytes(row.get(0)?),
                name: row.get(1)?,
                policy: ConnectionPolicy {
                    new_people: word(row, 2, NewPeople::from_word)?,
                    mails: row.get(3)?,
                    token_days: row.get(6)?,
                },
                created_at: Timestamp::from_millis(row.get(4)?),
                revoked_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                tokens: Vec::new(),
                owns: row.get::<_, Option<String>>(7)?.map(|it| Part::list(&it)),
                sends: Part::list(row.get_ref(8)?.as_str()?),
                maps: Vec::new(),
            })
        })?;
        for connection in &mut connections {
            connection.maps = self.mappings_of(connection.id)?;
            connection.tokens = self.tokens_of(connection.id)?;
        }
        Ok(connections)
    }

    fn tokens_of(&self, connection: ConnectionId) -> Result<Vec<Token>> {
        let sql = "SELECT id, hint, created_at, ends_at, last_used_at FROM tokens WHERE connection = ?1 ORDER BY created_at DESC, id DESC";
        self.all(sql, [connection.as_bytes()], |row| {
            Ok(Token {
                id: TokenId::from_bytes(row.get(0)?),
                hint: row.get(1)?,
                created_at: Timestamp::from_millis(row.get(2)?),
                ends_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                last_used_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
            })
        })
    }

    /// A connection's policy, if it is there and not revoked.
    pub(crate) fn living_policy(
        &self,
        connection: ConnectionId,
    ) -> Result<Option<ConnectionPolicy>> {
        Ok(self.provider(connection)?.map(|it| it.0))
    }

    /// Whether a person (and not a connection) was the last to deactivate this user.
    pub(crate) fn deactivated_by_a_person(&self, user: UserId) -> Result<bool> {
        // What a brake held is the provider's own, whoever released it; so is what was done in its place.
        let sql = "SELECT batches.actor_kind <> 'connection' AND batches.on_behalf IS NULL AND batches.command <> 'brake_release' \
            FROM events JOIN batches ON batches.seq = events.batch \
            WHERE events.user = ?1 AND events.kind = 'status' ORDER BY events.seq DESC LIMIT 1";
        let by_a_person: Option<bool> = self.one(sql, [user.as_bytes()], |row| row.get(0))?;
        Ok(by_a_person.unwrap_or(false))
    }

    /// Whether it was this connection that last took the user off: by itself, or by what was done in its place.
    pub(crate) fn let_go_by(&self, connection: ConnectionId, user: UserId) -> Result<bool> {
        let sql = "SELECT ifnull(batches.on_behalf = ?2, 0) OR batches.command = 'brake_release' \
            OR (batches.actor_kind = 'connection' AND batches.actor = ?2) \
            FROM events JOIN batches ON batches.seq = events.batch \
            WHERE events.user = ?1 AND events.kind = 'status' ORDER BY events.seq DESC LIMIT 1";
        let bound = rusqlite::params![user.as_bytes(), connection.as_bytes()];
        Ok(self.one(sql, bound, |row| row.get(0))?.unwrap_or(false))
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

/// What somebody gave up by leaving.
#[derive(Default)]
pub(crate) struct GivenUp {
    /// Pools of which a consumed license was freed.
    pub(crate) consumed: Vec<PoolId>,
    /// What they still had to learn, as it stood.
    pub(crate) open: Vec<(TrainingId, Assignment)>,
}

/// A change as recorded, for undo and for history.
pub(crate) struct RecordedChange {
    pub(crate) user: Option<UserId>,
    /// None when the person was erased and the personal part with them.
    pub(crate) change: Option<Change>,
}

impl Snapshot<'_> {
    /// The changes of a batch, oldest first; none when there is no such batch.
    pub(crate) fn changes_of_batch(&self, batch: BatchId) -> Result<Option<Vec<RecordedChange>>> {
        let sql = "SELECT first_event, changes FROM batches WHERE id = ?1";
        let Some((first, count)) = self.one(sql, [batch.as_bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?
        else {
            return Ok(None);
        };
        let sql =
            "SELECT seq, user, kind, body FROM events WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
        let recorded = self.all(sql, [first, first + count], super::read::recorded_row)?;
        let mut reader = super::events::Reader::new(self.conn);
        let changes = recorded.iter().map(|it| {
            Ok(RecordedChange {
                user: it.user,
                change: reader.change(it)?,
            })
        });
        changes.collect::<Result<_>>().map(Some)
    }

    /// Who applied a batch, by which command, and which batch it undid.
    pub(crate) fn origin_of_batch(
        &self,
        batch: BatchId,
    ) -> Result<Option<(Actor, String, Option<BatchId>)>> {
        let sql = "SELECT actor_kind, actor, iif(on_behalf IS NULL, command, 'idp_replay'), undoes FROM batches WHERE id = ?1";
        self.one(sql, [batch.as_bytes()], |row| {
            let undoes: Option<[u8; 16]> = row.get(3)?;
            Ok((
                super::actor::decode(row, 0)?,
                row.get(2)?,
                undoes.map(BatchId::from_bytes),
            ))
        })
    }

    /// Pools of which a person's license has moved in a batch or after it.
    pub(crate) fn licenses_moved_since(&self, user: UserId, batch: BatchId) -> Result<Vec<PoolId>> {
        let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind = 'license' \
            AND seq >= (SELECT first_event FROM batches WHERE id = ?2)";
        let recorded = self.all(
            sql,
            params![user.as_bytes(), batch.as_bytes()],
            super::read::recorded_row,
        )?;
        let mut reader = super::events::Reader::new(self.conn);
        let mut pools = Vec::new();
        for event in &recorded {
            if let Some(Change::License { pool, .. }) = reader.change(event)? {
                pools.push(pool);
            }
        }
        Ok(pools)
    }

    /// What a person gave up when they last left. What stood for the seat is the seat, which is not among it. Whoever was
    /// back, and is off again because that was undone, left when they left before.
    pub(crate) fn given_up(&self, user: UserId) -> Result<GivenUp> {
        let sql = "SELECT events.seq, user, kind, body, batch, undone.seq FROM events \
            JOIN batches ON batches.seq = events.batch LEFT JOIN batches AS undone ON undone.id = batches.undoes \
            WHERE user = ?1 AND kind = 'status' ORDER BY events.seq DESC";
        let statuses = self.all(sql, [user.as_bytes()], |row| {
            Ok((
                super::read::recorded_row(row)?,
                row.get::<_, i64>(4)?,
                row.get::<_, Option<i64>>(5)?,
            ))
        })?;
        let mut reader = super::events::Reader::new(self.conn);
        let mut given_up = GivenUp::default();
        let mut before = i64::MAX;
        for (event, batch, undone) in &statuses {
            let left = match reader.change(event)? {
                Some(Change::Status { before, after, .. }) => {
                    before.is_seated_or_coming() && !after.is_seated_or_coming()
                }
                _ => false,
            };
            if !left || *batch >= before {
                continue;
            }
            self.add_given_up(user, *batch, &mut given_up)?;
            match undone {
                Some(undone) => before = *undone,
                None => break,
            }
        }
        Ok(given_up)
    }

    fn add_given_up(&self, user: UserId, batch: i64, given_up: &mut GivenUp) -> Result<()> {
        let sql = "SELECT seq, user, kind, body FROM events WHERE user = ?1 AND kind IN ('license', 'assignment') AND batch = ?2";
        let recorded = self.all(
            sql,
            params![user.as_bytes(), batch],
            super::read::recorded_row,
        )?;
        let mut reader = super::events::Reader::new(self.conn);
        for event in &recorded {
            match reader.change(event)? {
                Some(Change::License {
                    pool,
                    before: Hold::Consumed,
                    after: Hold::None,
                    stands_for_access: false,
                    ..
                }) if !given_up.consumed.contains(&pool) => given_up.consumed.push(pool),
                Some(Change::Assignment {
                    training,
                    before: Some(before),
                    after: Some(after),
                    ..
                }) if before.state.is_open()
                    && !after.state.is_open()
                    && !given_up.open.iter().any(|it| it.0 == training) =>
                {
                    given_up.open.push((training, before));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
