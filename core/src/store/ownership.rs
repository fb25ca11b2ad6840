//! What connections ask for people and own of them: read for planning and for front ends, written by changes.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};

use super::read::Read;
use super::snapshot::{Report, Snapshot, report_row, word};
use super::{broken, many};
use crate::error::{Error, Result};
use crate::model::{
    ConnectionId, ConnectionPolicy, CustomField, Drift, Entitled, Entitlement, FoundBy, Mapping,
    NewPeople, Part, Permission, PoolId, Said, Status, User, UserId, Why,
};

fn entitlement_row(row: &Row<'_>) -> rusqlite::Result<Entitlement> {
    Ok(Entitlement {
        user: UserId::from_bytes(row.get(0)?),
        pool: PoolId::from_bytes(row.get(1)?),
        connection: ConnectionId::from_bytes(row.get(2)?),
        state: word(row, 3, Entitled::from_word)?,
    })
}

impl Snapshot<'_> {
    /// What connections that were not revoked ask for a person, in order of pools.
    pub(crate) fn entitlements_of(&self, user: UserId) -> Result<Vec<Entitlement>> {
        let sql = "SELECT user, pool, connection, state FROM entitlements \
            JOIN connections ON connections.id = connection AND revoked_at IS NULL WHERE user = ?1";
        self.all(sql, [user.as_bytes()], entitlement_row)
    }

    /// The same of these people.
    pub(crate) fn entitlements_of_all(&self, ids: &[UserId]) -> Result<Vec<Entitlement>> {
        let sql = "SELECT user, pool, connection, state FROM json_each(?1) \
            CROSS JOIN entitlements ON user = unhex(value) JOIN connections ON connections.id = connection AND revoked_at IS NULL";
        self.all(sql, [many::bound(ids)], entitlement_row)
    }

    /// What a connection asks of a pool for a person.
    pub(crate) fn entitled(
        &self,
        user: UserId,
        connection: ConnectionId,
        pool: PoolId,
    ) -> Result<Entitled> {
        let sql =
            "SELECT state FROM entitlements WHERE user = ?1 AND pool = ?2 AND connection = ?3";
        let found = self.one(
            sql,
            params![user.as_bytes(), pool.as_bytes(), connection.as_bytes()],
            |row| word(row, 0, Entitled::from_word),
        )?;
        Ok(found.unwrap_or(Entitled::None))
    }

    /// How a connection that was not revoked brings people in, and what it has written of anybody.
    pub(crate) fn provider(
        &self,
        connection: ConnectionId,
    ) -> Result<Option<(ConnectionPolicy, Vec<Part>)>> {
        let sql = "SELECT new_people, mails, token_days, sends FROM connections WHERE id = ?1 AND revoked_at IS NULL";
        self.one(sql, [connection.as_bytes()], |row| {
            let policy = ConnectionPolicy {
                new_people: word(row, 0, NewPeople::from_word)?,
                mails: row.get(1)?,
                token_days: row.get(2)?,
            };
            Ok((policy, Part::list(row.get_ref(3)?.as_str()?)))
        })
    }

    /// Which attributes of a connection feed which parts of its people.
    pub(crate) fn mappings_of(&self, connection: ConnectionId) -> Result<Vec<Mapping>> {
        let sql = "SELECT part, path FROM mappings WHERE connection = ?1 ORDER BY part";
        self.all(sql, [connection.as_bytes()], |row| {
            Ok(Mapping {
                part: word(row, 0, Part::from_word)?,
                path: row.get(1)?,
            })
        })
    }

    /// Whether somebody is an owner.
    fn is_owner(&self, user: UserId) -> Result<bool> {
        Ok(self.permissions_of(user)?.contains(&Permission::Owner))
    }

    /// Whether the roster differs from any provider at all.
    pub(crate) fn has_drifts(&self) -> Result<bool> {
        Ok(self
            .one("SELECT 1 FROM drifts LIMIT 1", [], |_| Ok(()))?
            .is_some())
    }

    /// Of whom of somebody's reports a provider is known to say something else about their manager.
    pub(crate) fn told_of_managers(&self, manager: UserId) -> Result<HashSet<UserId>> {
        let sql = "SELECT id FROM users CROSS JOIN drifts ON user = id AND part = 'manager' WHERE manager = ?1";
        let found = self.all(sql, [manager.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })?;
        Ok(found.into_iter().collect())
    }

    /// Who is to report to these people, as their provider has said, in the order of creation: what it has said, and to whom.
    pub(crate) fn awaiting(&self, managers: &[UserId]) -> Result<Vec<(Report, Said, UserId)>> {
        let sql = "SELECT users.id, status, users.connection, said FROM json_each(?1) \
            CROSS JOIN drifts ON said = value AND part = 'manager' AND why = 'not_taken' \
            JOIN users ON users.id = drifts.user AND users.connection = drifts.connection \
            WHERE status <> 'erased' ORDER BY seq";
        let names: Vec<String> = managers.iter().map(|it| format!("\"{it}\"")).collect();
        let found = self.all(sql, [format!("[{}]", names.join(","))], |row| {
            Ok((report_row(row)?, row.get::<_, String>(3)?))
        })?;
        let told = found.into_iter().filter_map(|(report, said)| {
            let manager = said.parse().ok()?;
            let said = Said {
                connection: report.connection?,
                value: Some(said),
                why: Why::NotTaken,
            };
            Some((report, said, manager))
        });
        Ok(told.collect())
    }

    /// What a provider says of a part of a person, where the roster has something else.
    pub(crate) fn drift(&self, user: UserId, part: Part) -> Result<Option<Said>> {
        let sql = "SELECT connection, said, why FROM drifts WHERE user = ?1 AND part = ?2";
        self.one(sql, params![user.as_bytes(), part.to_string()], |row| {
            Ok(Said {
                connection: ConnectionId::from_bytes(row.get(0)?),
                value: row.get(1)?,
                why: word(row, 2, Why::from_word)?,
            })
        })
    }
}

/// A request that was refused for a name.
struct Refused {
    /// Whose the name is.
    holder: UserId,
    name: FoundBy,
    /// Whom it was about, if they are on the roster.
    user: Option<UserId>,
    /// What whom it asked for goes by.
    goes_by: Option<String>,
    seq: i64,
}

/// Where the roster differs from a provider, as stored.
struct Place {
    user: UserId,
    part: Part,
    said: Said,
}

impl Read<'_> {
    /// Where the roster differs from its providers, or from one of them, person by person. At a cost that grows with how
    /// many places these are, and with nothing else.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever sees a part of the people.
    pub fn drifts(&self, of: Option<ConnectionId>) -> Result<Vec<Drift>> {
        self.sees_all("differences from providers")?;
        let fields = self.custom_fields()?;
        let connections = self.connections()?;
        self.together(|snapshot| {
            let rows = snapshot.drifts(of)?;
            let mut found = Vec::with_capacity(rows.len());
            let mut last: Option<User> = None;
            for row in rows {
                if last.as_ref().is_none_or(|it| it.id != row.user) {
                    last = self.if_seen(snapshot, snapshot.user(row.user)?)?;
                }
                let Some(user) = last.as_ref().filter(|it| it.id == row.user) else {
                    continue;
                };
                let connection = connections.iter().find(|it| it.id == row.said.connection);
                if let Some(connection) = connection
                    && let Some(drift) = told(snapshot, user, &fields, &connection.name, &row)?
                {
                    found.push(drift);
                }
            }
            found.extend(self.names_taken(snapshot, of, &connections)?);
            Ok(found)
        })
    }

    /// Names that providers asked for and somebody else has: of the requests that are kept, those that were refused for it and
    /// came to nothing since.
    fn names_taken(
        &self,
        snapshot: &Snapshot<'_>,
        of: Option<ConnectionId>,
        connections: &[crate::model::Connection],
    ) -> Result<Vec<Drift>> {
        let sql = "SELECT taken, taken_part, user, goes_by, max(seq) FROM inbox WHERE connection = ?1 AND taken IS NOT NULL \
            GROUP BY taken, taken_part, user, goes_by ORDER BY max(seq)";
        let done = "SELECT 1 FROM inbox WHERE user = ?1 AND connection = ?2 AND seq > ?3 AND status < 400 LIMIT 1";
        let mut found = Vec::new();
        for connection in connections {
            if connection.revoked_at.is_some() || of.is_some_and(|it| it != connection.id) {
                continue;
            }
            let rows = snapshot.all(sql, [connection.id.as_bytes()], |row| {
                let user: Option<[u8; 16]> = row.get(2)?;
                Ok(Refused {
                    holder: UserId::from_bytes(row.get(0)?),
                    name: word(row, 1, FoundBy::from_word)?,
                    user: user.map(UserId::from_bytes),
                    goes_by: row.get(3)?,
                    seq: row.get(4)?,
                })
            })?;
            for row in rows {
                let who = row.user.unwrap_or(row.holder);
                let bound = params![who.as_bytes(), connection.id.as_bytes(), row.seq];
                if snapshot.one(done, bound, |_| Ok(()))?.is_none() {
                    found.extend(self.name_taken(snapshot, connection, row)?);
                }
            }
        }
        Ok(found)
    }

    /// What a refused request that came to nothing since says of two people, or of one who goes by two names; none where that
    /// is over.
    fn name_taken(
        &self,
        snapshot: &Snapshot<'_>,
        connection: &crate::model::Connection,
        row: Refused,
    ) -> Result<Option<Drift>> {
        let holder = self.if_seen(snapshot, snapshot.user(row.holder)?)?;
        let Some(holder) = holder.filter(|it| it.status.is_live()) else {
            return Ok(None);
        };
        let of_holder = name_of(snapshot, connection.id, &holder, row.name)?;
        let Some(known_as) = of_holder else {
            return Ok(None);
        };
        let drift = |user: &User, provider, roster, refused, why| Drift {
            user: user.id,
            label: user.label(),
            connection: connection.name.clone(),
            part: row.name.as_str().to_owned(),
            provider,
            roster,
            refused,
            why,
        };
        Ok(match row.user {
            None => {
                // Who was refused may have come since, by another address.
                let came = match &row.goes_by {
                    Some(it) => snapshot.user_by_external_id(connection.id, it)?,
                    None => None,
                };
                if came.is_some_and(|it| it.status.is_live()) {
                    return Ok(None);
                }
                let (said, roster) = (Some(known_as.clone()), Some(known_as));
                Some(drift(&holder, said, roster, row.goes_by, Why::Taken))
            }
            Some(user) if user == holder.id => {
                let differs = row.goes_by.as_ref() != Some(&known_as);
                differs.then(|| {
                    let why = Why::AnotherPerson;
                    drift(&holder, row.goes_by, Some(known_as), None, why)
                })
            }
            Some(user) => {
                let who = self.if_seen(snapshot, snapshot.user(user)?)?;
                let Some(who) = who.filter(|it| it.status.is_live()) else {
                    return Ok(None);
                };
                let theirs = name_of(snapshot, connection.id, &who, row.name)?;
                Some(drift(&who, Some(known_as), theirs, None, Why::Taken))
            }
        })
    }

    /// In which parts of this person the roster differs from what a provider has said, and why.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn differing_parts(&self, user: UserId) -> Result<Vec<(Part, Why)>> {
        let sql = "SELECT part, why FROM drifts WHERE user = ?1 ORDER BY part";
        let snapshot = self.snapshot()?;
        let found = snapshot.all(sql, [user.as_bytes()], |row| {
            Ok((
                word(row, 0, Part::from_word)?,
                word(row, 1, Why::from_word)?,
            ))
        })?;
        if found.is_empty() || self.sees(&snapshot, user)? {
            Ok(found)
        } else {
            Ok(Vec::new())
        }
    }

    /// The connection that a person comes from, and what it owns of them as people know it; none when nobody owns anything.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn owned_of(&self, user: &User) -> Result<Option<(String, Vec<String>)>> {
        let Some(id) = user.connection else {
            return Ok(None);
        };
        let connection = self.connection_by_id(id)?;
        let Some(connection) = connection.filter(|it| it.revoked_at.is_none()) else {
            return Ok(None);
        };
        let mut owned = connection.owned();
        if self.snapshot()?.is_owner(user.id)? {
            owned.retain(|it| !it.signs_in());
        }
        let names = self.part_names(&owned)?;
        Ok((!names.is_empty()).then_some((connection.name, names)))
    }

    /// Parts of people as people know them; custom fields that whoever reads may not see are left out.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn part_names(&self, parts: &[Part]) -> Result<Vec<String>> {
        let fields = self.custom_fields()?;
        Ok(parts
            .iter()
            .filter_map(|it| part_name(*it, &fields))
            .collect())
    }
}

/// What somebody goes by for a connection.
fn name_of(
    snapshot: &Snapshot<'_>,
    connection: ConnectionId,
    user: &User,
    name: FoundBy,
) -> Result<Option<String>> {
    Ok(match name {
        FoundBy::UserName => user.profile.user_name.clone(),
        FoundBy::Email => user.profile.email.clone(),
        FoundBy::ExternalId => snapshot
            .link(connection, user.id)?
            .and_then(|it| it.external_id),
    })
}

fn part_name(part: Part, fields: &[CustomField]) -> Option<String> {
    match part {
        Part::Custom(id) => fields
            .iter()
            .find(|it| it.id == id)
            .map(|it| it.terms.name.clone()),
        other => Some(other.to_string()),
    }
}

/// A place where the two differ, in words; none where they have come to agree, or of what is not seen.
fn told(
    snapshot: &Snapshot<'_>,
    user: &User,
    fields: &[CustomField],
    connection: &str,
    row: &Place,
) -> Result<Option<Drift>> {
    let Some(part) = part_name(row.part, fields) else {
        return Ok(None);
    };
    // What somebody became an owner with before is not the provider's to say any more.
    if row.part.signs_in() && row.said.why == Why::Overridden && snapshot.is_owner(user.id)? {
        return Ok(None);
    }
    let said = row.said.value.clone();
    let (provider, roster) = match row.part {
        Part::Field(field) => (said, user.profile.get(field).map(str::to_owned)),
        Part::Active => {
            let roster = match user.status {
                Status::Inactive => "false",
                gone @ (Status::Cancelled | Status::Deleted) => gone.as_str(),
                _ => "true",
            };
            (said, Some(roster.to_owned()))
        }
        Part::Entitlements => (said, None),
        Part::Manager => {
            let label = |id: UserId| -> Result<String> {
                Ok(snapshot.label_of(id)?.unwrap_or_else(|| id.to_string()))
            };
            // Whom a provider names, and the roster does not have, goes by what was sent.
            let said = match said.as_deref().map(str::parse) {
                Some(Ok(id)) => Some(label(id)?),
                Some(Err(_)) => said,
                None if row.said.why == Why::NotTaken => Some("not on the roster".to_owned()),
                None => None,
            };
            (said, user.manager.map(label).transpose()?)
        }
        Part::Custom(id) => {
            let field = fields.iter().find(|it| it.id == id);
            let shown = |it: String| field.map_or(it.clone(), |field| field.shown(&it));
            let roster = snapshot.field_value(user.id, id)?;
            (said.map(shown), roster.map(shown))
        }
    };
    Ok((provider != roster).then(|| Drift {
        user: user.id,
        label: user.label(),
        connection: connection.to_owned(),
        part,
        provider,
        roster,
        refused: None,
        why: row.said.why,
    }))
}

impl Snapshot<'_> {
    fn drifts(&self, of: Option<ConnectionId>) -> Result<Vec<Place>> {
        let sql = "SELECT drifts.user, part, drifts.connection, said, why FROM drifts \
            JOIN connections ON connections.id = drifts.connection AND connections.revoked_at IS NULL \
            JOIN users ON users.id = drifts.user AND users.status <> 'erased' AND (part = 'active' OR users.status <> 'deleted')";
        let read = |row: &Row<'_>| {
            Ok(Place {
                user: UserId::from_bytes(row.get(0)?),
                part: word(row, 1, Part::from_word)?,
                said: Said {
                    connection: ConnectionId::from_bytes(row.get(2)?),
                    value: row.get(3)?,
                    why: word(row, 4, Why::from_word)?,
                },
            })
        };
        match of {
            Some(connection) => self.all(
                &format!("{sql} WHERE drifts.connection = ?1 ORDER BY drifts.user, part"),
                [connection.as_bytes()],
                read,
            ),
            None => self.all(&format!("{sql} ORDER BY drifts.user, part"), [], read),
        }
    }
}

impl Read<'_> {
    /// What connections that were not revoked ask for a person.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn entitlements_of(&self, user: UserId) -> Result<Vec<Entitlement>> {
        let snapshot = self.snapshot()?;
        if self.sees(&snapshot, user)? {
            snapshot.entitlements_of(user)
        } else {
            Ok(Vec::new())
        }
    }
}

/// Notes what a connection asks of a pool for a person.
pub(super) fn entitle(
    conn: &Connection,
    user: UserId,
    connection: ConnectionId,
    pool: PoolId,
    state: Entitled,
) -> Result<()> {
    let (user, pool, connection) = (user.as_bytes(), pool.as_bytes(), connection.as_bytes());
    let done = match state {
        Entitled::None => conn
            .prepare_cached(
                "DELETE FROM entitlements WHERE user = ?1 AND pool = ?2 AND connection = ?3",
            )
            .and_then(|mut it| it.execute(params![user, pool, connection])),
        state => conn
            .prepare_cached(
                "INSERT INTO entitlements (user, pool, connection, state) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (user, pool, connection) DO UPDATE SET state = ?4",
            )
            .and_then(|mut it| it.execute(params![user, pool, connection, state.as_str()])),
    };
    done.map(drop).map_err(broken)
}

/// Runs a statement that must hit exactly one row.
fn hit(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    let rows = conn
        .prepare_cached(sql)
        .and_then(|mut it| it.execute(params))
        .map_err(broken)?;
    match rows {
        1 => Ok(()),
        rows => Err(Error::Broken(format!(
            "a change hit {rows} rows instead of one"
        ))),
    }
}

/// Notes what a provider says of a part of a person, or that the two agree.
pub(super) fn drift(
    conn: &Connection,
    user: UserId,
    part: Part,
    said: Option<&Said>,
) -> Result<()> {
    let (user, part) = (user.as_bytes(), part.to_string());
    match said {
        None => hit(
            conn,
            "DELETE FROM drifts WHERE user = ?1 AND part = ?2",
            params![user, part],
        ),
        Some(said) => hit(
            conn,
            "INSERT INTO drifts (user, part, connection, said, why) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (user, part) DO UPDATE SET connection = ?3, said = ?4, why = ?5",
            params![
                user,
                part,
                said.connection.as_bytes(),
                said.value,
                said.why.as_str()
            ],
        ),
    }
}

pub(super) fn set_terms(
    conn: &Connection,
    connection: ConnectionId,
    policy: ConnectionPolicy,
) -> Result<()> {
    hit(
        conn,
        "UPDATE connections SET new_people = ?2, mails = ?3, token_days = ?4 WHERE id = ?1",
        params![
            connection.as_bytes(),
            policy.new_people.as_str(),
            policy.mails,
            policy.token_days
        ],
    )
}

pub(super) fn map(
    conn: &Connection,
    connection: ConnectionId,
    part: Part,
    path: Option<&str>,
) -> Result<()> {
    let (connection, part) = (connection.as_bytes(), part.to_string());
    match path {
        None => hit(
            conn,
            "DELETE FROM mappings WHERE connection = ?1 AND part = ?2",
            params![connection, part],
        ),
        Some(path) => hit(
            conn,
            "INSERT INTO mappings (connection, part, path) VALUES (?1, ?2, ?3) \
             ON CONFLICT (connection, part) DO UPDATE SET path = ?3",
            params![connection, part, path],
        ),
    }
}

pub(super) fn own(
    conn: &Connection,
    connection: ConnectionId,
    parts: Option<&[Part]>,
) -> Result<()> {
    hit(
        conn,
        "UPDATE connections SET owns = ?2 WHERE id = ?1",
        params![connection.as_bytes(), parts.map(Part::joined)],
    )
}

pub(super) fn send(conn: &Connection, connection: ConnectionId, part: Part) -> Result<()> {
    hit(
        conn,
        "UPDATE connections SET sends = ltrim(sends || ',' || ?2, ',') WHERE id = ?1",
        params![connection.as_bytes(), part.to_string()],
    )
}
