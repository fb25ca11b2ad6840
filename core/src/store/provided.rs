//! Groups as an identity provider sees them: what it calls them, their versions, and the learners in them.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use super::broken;
use super::read::Read;
use super::snapshot::Snapshot;
use crate::change::Change;
use crate::error::Result;
use crate::model::{ConnectionId, Field, GroupId, Status, Timestamp, UserId, name_key};

/// A group as one connection sees it, without its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvidedGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// What the connection calls it.
    pub external_id: Option<String>,
    /// How many people are in it, of any role, dormant ones included.
    pub members: i64,
    /// Rises with every change; the SCIM ETag.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When anything about it last changed, its members and what is shown of them included.
    pub updated_at: Timestamp,
}

fn provided_row(row: &Row<'_>) -> rusqlite::Result<ProvidedGroup> {
    Ok(ProvidedGroup {
        id: GroupId::from_bytes(row.get(0)?),
        name: row.get(1)?,
        external_id: row.get(2)?,
        members: row.get(3)?,
        version: row.get(4)?,
        created_at: Timestamp::from_millis(row.get(5)?),
        updated_at: Timestamp::from_millis(row.get(6)?),
    })
}

/// The words by which a person is shown.
const NAME: &str = "coalesce(users.display_name, nullif(trim(coalesce(users.first_name, '') || ' ' || coalesce(users.last_name, '')), ''), \
    users.email, users.user_name)";

impl Read<'_> {
    fn provided(
        &self,
        connection: ConnectionId,
        condition: &str,
        value: rusqlite::types::Value,
    ) -> Result<Vec<ProvidedGroup>> {
        self.sees_all("groups as a provider has them")?;
        let sql = format!(
            "SELECT groups.id, groups.name, group_links.external_id, groups.members, groups.version, groups.created_at, groups.updated_at \
             FROM groups LEFT JOIN group_links ON group_links.linked = groups.id AND group_links.connection = ?1 \
             WHERE groups.removed = 0 AND {condition} ORDER BY groups.id"
        );
        self.snapshot()?
            .all(&sql, params![connection.as_bytes(), value], provided_row)
    }

    /// Every group, in order of creation, as a connection sees it.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn provided_groups(&self, connection: ConnectionId) -> Result<Vec<ProvidedGroup>> {
        self.provided(connection, "?2 = 1", 1.into())
    }

    /// A group by id.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn provided_group(
        &self,
        connection: ConnectionId,
        group: GroupId,
    ) -> Result<Option<ProvidedGroup>> {
        let found = self.provided(
            connection,
            "groups.id = ?2",
            group.as_bytes().to_vec().into(),
        )?;
        Ok(found.into_iter().next())
    }

    /// A group by its name, without regard to case and surrounding space.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn provided_group_named(
        &self,
        connection: ConnectionId,
        name: &str,
    ) -> Result<Option<ProvidedGroup>> {
        let found = self.provided(connection, "groups.name_key = ?2", name_key(name).into())?;
        Ok(found.into_iter().next())
    }

    /// A group by what the connection calls it.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn provided_group_called(
        &self,
        connection: ConnectionId,
        external_id: &str,
    ) -> Result<Option<ProvidedGroup>> {
        self.sees_all("groups as a provider has them")?;
        let found = self.snapshot()?.group_called(connection, external_id)?;
        match found {
            Some(group) => self.provided_group(connection, group),
            None => Ok(None),
        }
    }

    /// The learners of a group who are not deleted, with their names, in order of their ids.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn learners_of(&self, group: GroupId) -> Result<Vec<(UserId, Option<String>)>> {
        self.sees_all("groups as a provider has them")?;
        let sql = format!(
            "SELECT users.id, {NAME} FROM memberships JOIN users ON users.id = memberships.user \
             WHERE memberships.member_of = ?1 AND memberships.role = 'learner' AND +users.status NOT IN ('deleted', 'erased') \
             ORDER BY memberships.user"
        );
        self.snapshot()?.all(&sql, [group.as_bytes()], |row| {
            Ok((UserId::from_bytes(row.get(0)?), row.get(1)?))
        })
    }

    /// The groups that these people learn in, with their names, in the order of people.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn groups_of(&self, users: &[UserId]) -> Result<Vec<(UserId, GroupId, String)>> {
        self.sees_all("groups as a provider has them")?;
        let snapshot = self.snapshot()?;
        let sql = "SELECT groups.id, groups.name FROM memberships JOIN groups ON groups.id = memberships.member_of \
            WHERE memberships.user = ?1 AND memberships.role = 'learner' AND groups.removed = 0";
        let mut found = Vec::new();
        for user in users {
            let rows = snapshot.all(sql, [user.as_bytes()], |row| {
                Ok((*user, GroupId::from_bytes(row.get(0)?), row.get(1)?))
            })?;
            found.extend(rows);
        }
        Ok(found)
    }
}

impl Snapshot<'_> {
    /// What a connection calls a group.
    pub(crate) fn group_link(
        &self,
        connection: ConnectionId,
        group: GroupId,
    ) -> Result<Option<String>> {
        let sql = "SELECT external_id FROM group_links WHERE connection = ?1 AND linked = ?2";
        self.one(
            sql,
            params![connection.as_bytes(), group.as_bytes()],
            |row| row.get(0),
        )
    }

    /// What every connection calls a group.
    pub(crate) fn links_of_group(&self, group: GroupId) -> Result<Vec<(ConnectionId, String)>> {
        let mut links = Vec::new();
        for connection in self.connections()? {
            let link = self.group_link(connection.id, group)?;
            links.extend(link.map(|it| (connection.id, it)));
        }
        Ok(links)
    }

    /// The group that a connection calls so.
    pub(crate) fn group_called(
        &self,
        connection: ConnectionId,
        external_id: &str,
    ) -> Result<Option<GroupId>> {
        let sql = "SELECT linked FROM group_links WHERE connection = ?1 AND external_id = ?2";
        self.one(sql, params![connection.as_bytes(), external_id], |row| {
            Ok(GroupId::from_bytes(row.get(0)?))
        })
    }

    /// A group's version; none when it was removed.
    pub(crate) fn group_version(&self, group: GroupId) -> Result<Option<i64>> {
        let sql = "SELECT version FROM groups WHERE id = ?1 AND removed = 0";
        self.one(sql, [group.as_bytes()], |row| row.get(0))
    }

    /// Everybody who learns in a group.
    pub(crate) fn learners_of(&self, group: GroupId) -> Result<Vec<UserId>> {
        let sql =
            "SELECT user FROM memberships WHERE member_of = ?1 AND role = 'learner' ORDER BY user";
        self.all(sql, [group.as_bytes()], |row| {
            Ok(UserId::from_bytes(row.get(0)?))
        })
    }

    /// How many people of a group have a role above learner.
    pub(crate) fn members_above_learner(&self, group: GroupId) -> Result<i64> {
        let sql = "SELECT count(*) FROM memberships JOIN users ON users.id = memberships.user WHERE memberships.member_of = ?1 \
            AND memberships.role IN ('coach', 'author', 'user_administrator', 'administrator') \
            AND +users.status NOT IN ('deleted', 'erased')";
        Ok(self
            .one(sql, [group.as_bytes()], |row| row.get(0))?
            .unwrap_or(0))
    }
}

/// Notes what a connection calls a group.
pub(super) fn link(
    conn: &Connection,
    connection: ConnectionId,
    group: GroupId,
    external_id: Option<&str>,
) -> Result<()> {
    let (connection, group) = (connection.as_bytes(), group.as_bytes());
    let done = match external_id {
        Some(external_id) => conn
            .prepare_cached(
                "INSERT INTO group_links (connection, linked, external_id) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (connection, linked) DO UPDATE SET external_id = ?3",
            )
            .and_then(|mut it| it.execute(params![connection, group, external_id])),
        None => conn
            .prepare_cached("DELETE FROM group_links WHERE connection = ?1 AND linked = ?2")
            .and_then(|mut it| it.execute(params![connection, group])),
    };
    done.map(|_| ()).map_err(broken)
}

/// Whether a change moves what the groups of a person show of them: their name, or that they are there at all.
fn shows_in_groups(change: &Change) -> Option<UserId> {
    let is_here = |it: Status| !matches!(it, Status::Deleted | Status::Erased);
    match change {
        Change::Status {
            user,
            before,
            after,
        } if is_here(*before) != is_here(*after) => Some(*user),
        Change::Profile {
            user,
            field:
                Field::DisplayName | Field::FirstName | Field::LastName | Field::Email | Field::UserName,
            ..
        } => Some(*user),
        _ => None,
    }
}

/// The groups that changes are about, and whom they show otherwise.
#[derive(Default)]
pub(super) struct Touched {
    groups: BTreeSet<[u8; 16]>,
    people: BTreeSet<UserId>,
}

impl Touched {
    /// Notes what these changes touch.
    pub(super) fn note(&mut self, changes: &[Change]) {
        let group = |change: &Change| match change {
            Change::Membership { group, .. }
            | Change::GroupName { group, .. }
            | Change::GroupLink { group, .. } => Some(*group.as_bytes()),
            _ => None,
        };
        self.groups.extend(changes.iter().filter_map(group));
        let shown = changes.iter().filter_map(shows_in_groups);
        self.people.extend(shown);
    }
}

/// Raises the versions of the groups that changes are about, or that show people otherwise after them, once each.
pub(super) fn touch(conn: &Connection, touched: Touched, at: Timestamp) -> Result<()> {
    let Touched {
        groups: mut touched,
        people,
    } = touched;
    if !people.is_empty() {
        let people: Vec<String> = people.iter().map(|it| format!("\"{it}\"")).collect();
        let sql = "SELECT DISTINCT member_of FROM json_each(?1) \
            CROSS JOIN memberships ON user = unhex(value, '-') WHERE role = 'learner'";
        let mut statement = conn.prepare_cached(sql).map_err(broken)?;
        let found = statement.query_map([format!("[{}]", people.join(","))], |row| row.get(0));
        let found = found.and_then(Iterator::collect::<rusqlite::Result<Vec<[u8; 16]>>>);
        touched.extend(found.map_err(broken)?);
    }
    for group in touched {
        conn.prepare_cached(
            "UPDATE groups SET version = version + 1, updated_at = ?2 WHERE id = ?1",
        )
        .and_then(|mut it| it.execute(params![group, at.as_millis()]))
        .map_err(broken)?;
    }
    Ok(())
}
