//! What front ends read. Every method is a transaction of its own; none is held between them.

mod beside;
mod due;
mod forecast;
mod history;
mod listing;
mod named;
mod past;
mod places;
mod seen;
mod sound;
mod trainings;
mod tree;
mod users;
mod walk;
mod whole;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};

use rusqlite::Connection;

use super::broken;
use super::sight::Sight;
use super::snapshot::Snapshot;
use super::viewer::Viewer;
use crate::change::{Change, Names};
use crate::error::{Error, Result};
use crate::model::{
    Actor, AdminKey, Approval, Budget, Connection as ProviderConnection, ConnectionId, GroupId,
    Invitation, License, Link, Membership, Organization, Permission, Pool, PoolId, PoolName,
    Timestamp, User, UserId,
};
use crate::seal::Seal;

pub use super::events::{AuditReport, BadLink, Head};
pub use due::DuePage;
pub(super) use history::recorded_row;
pub use history::{HistoryFilter, HistoryPage, HistoryPart};
pub use listing::Listed;
pub use past::Held;
pub use places::Place;
pub use whole::{Edition, Named, Whole};

/// Something to read with.
pub struct Read<'a> {
    pub(super) conn: MutexGuard<'a, Option<Connection>>,
    pub(super) now: Timestamp,
    /// Whether a flag is watched that ends reading early.
    pub(super) watched: bool,
    /// Whom whoever reads may see; none is everybody.
    pub(super) sight: Option<Sight>,
    /// Whether whoever reads is an owner.
    pub(super) owns: bool,
    /// What they may see of people.
    pub(super) viewer: Viewer,
}

/// Somebody who acts for the organization.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Who.
    pub user: User,
    /// What they may do.
    pub permissions: Vec<Permission>,
    /// The operating-system users who act as them.
    pub system_users: Vec<String>,
    /// The keys with which they come in over SSH, oldest first.
    pub keys: Vec<AdminKey>,
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

impl Read<'_> {
    pub(crate) fn snapshot(&self) -> Result<Snapshot<'_>> {
        let viewer = self.viewer;
        self.conn
            .as_ref()
            .map(|conn| Snapshot { conn, viewer })
            .ok_or_else(|| Error::Broken("the reader is closed".into()))
    }

    /// Several statements that see the same state.
    pub(super) fn together<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
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

    /// By what things of one kind are told from what somebody made up.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn seal(&self, kind: &str) -> Result<Seal> {
        Ok(Seal::new(&self.snapshot()?.digest_key()?, kind))
    }

    /// Whether custom fields that only administrators see are seen by whoever reads.
    pub fn sees_administrators_fields(&self) -> bool {
        self.viewer.sees_all_fields
    }

    /// A person by id.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn user(&self, id: UserId) -> Result<Option<User>> {
        let snapshot = self.snapshot()?;
        let user = snapshot.user(id)?;
        self.if_seen(&snapshot, user)
    }

    /// A person by address, user name or id, as people type them; erased people by id only.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn find_user(&self, who: &str) -> Result<User> {
        self.find_seen(&self.snapshot()?, who)
    }

    /// People by address, user name or id, in the order given.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the first who is not there.
    pub fn find_users(&self, who: &[String]) -> Result<Vec<UserId>> {
        self.together(|snapshot| {
            who.iter()
                .map(|it| self.find_seen(snapshot, it).map(|user| user.id))
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
        let snapshot = self.snapshot()?;
        let user = snapshot.user_by_external_id(connection, external_id)?;
        self.if_seen(&snapshot, user)
    }

    /// Addresses, else user names, of these people, of those whom whoever reads may see.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn labels_of(&self, users: &[UserId]) -> Result<HashMap<UserId, String>> {
        let snapshot = self.snapshot()?;
        let mut labels = HashMap::with_capacity(users.len());
        for user in self.only_seen(&snapshot, users)?.iter() {
            if !labels.contains_key(user)
                && let Some(label) = snapshot.label_of(*user)?
            {
                labels.insert(*user, label);
            }
        }
        Ok(labels)
    }

    /// Every pool, `access` first.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn pools(&self) -> Result<Vec<Pool>> {
        let snapshot = self.snapshot()?;
        closed_at(&snapshot, snapshot.pools()?, self.now)
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
            for user in self.only_seen(snapshot, users)?.iter() {
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
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.queue_position(pool, user)
    }

    /// The head of a pool's queue, in order.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn queue(&self, pool: PoolId, limit: usize) -> Result<Vec<(User, License)>> {
        self.together(|snapshot| {
            let mut queue = Vec::new();
            for license in snapshot.queue_head(pool, i64::try_from(limit).unwrap_or(i64::MAX))? {
                let user = self.if_seen(snapshot, snapshot.user(license.user)?)?;
                queue.extend(user.map(|user| (user, license)));
            }
            Ok(queue)
        })
    }

    /// Where a person is a member, of the groups that whoever reads knows.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        let mut memberships = snapshot.memberships_of(user)?;
        memberships.retain(|it| self.knows_group(it.group));
        Ok(memberships)
    }

    /// What a person may do as an administrator.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn permissions_of(&self, user: UserId) -> Result<Vec<Permission>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(Vec::new());
        }
        snapshot.permissions_of(user)
    }

    /// Everybody with a permission or a link, in order of creation.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn administrators(&self) -> Result<Vec<Administrator>> {
        self.together(|snapshot| {
            let mut links = snapshot.system_users()?;
            let mut keys = snapshot.ssh_keys()?;
            let mut administrators = Vec::new();
            for id in snapshot.administrators()? {
                if let Some(user) = self.if_seen(snapshot, snapshot.user(id)?)? {
                    administrators.push(Administrator {
                        permissions: snapshot.permissions_of(id)?,
                        system_users: links.remove(&id).unwrap_or_default(),
                        keys: keys.remove(&id).unwrap_or_default(),
                        user,
                    });
                }
            }
            Ok(administrators)
        })
    }

    /// The administrator who acts when this operating-system user does, if somebody is linked.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn administrator_of(&self, system_user: &str) -> Result<Option<UserId>> {
        let snapshot = self.snapshot()?;
        match snapshot.user_of_system_user(system_user)? {
            Some(user) if self.sees(&snapshot, user)? => Ok(Some(user)),
            _ => Ok(None),
        }
    }

    /// Everything that was ever asked of a second administrator, newest first; nothing for those who see less than all.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn approvals(&self) -> Result<Vec<Approval>> {
        match self.sight {
            None => self.snapshot()?.approvals(),
            Some(_) => Ok(Vec::new()),
        }
    }

    /// What those who run a group may hand out in it, if that is limited.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn budget_of(&self, group: GroupId) -> Result<Option<Budget>> {
        if !self.knows_group(group) {
            return Ok(None);
        }
        self.snapshot()?.budget_of(group)
    }

    /// Every connection, by name, with its tokens' records.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn connections(&self) -> Result<Vec<ProviderConnection>> {
        let mut connections = self.together(|snapshot| snapshot.connections())?;
        if self.sight.is_some() {
            // Their names are seen in lists; their tokens concern nobody who sees less than all.
            connections.iter_mut().for_each(|it| it.tokens.clear());
        }
        Ok(connections)
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
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.link(connection, user)
    }

    /// A person's invitation.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn invitation(&self, user: UserId) -> Result<Option<Invitation>> {
        let snapshot = self.snapshot()?;
        if !self.sees(&snapshot, user)? {
            return Ok(None);
        }
        snapshot.invitation(user)
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
        let mut names = Names {
            users: self.labels_of(&users)?.into_iter().collect(),
            pools: self
                .pools()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect(),
            groups: self.group_names()?,
            trainings: self.snapshot()?.training_names()?,
            connections: self
                .connections()?
                .into_iter()
                .map(|it| (it.id, it.name))
                .collect(),
            platforms: self.snapshot()?.platform_names()?,
            ..Names::default()
        };
        names.add_fields(&self.fields_to_name()?);
        Ok(names)
    }

    /// The actor in the words of a listing: an administrator's address, `connection:NAME`, `scheduler`, `file_owner`, or
    /// `person:ADDRESS`; of somebody whom whoever reads may not see, `administrator` and `person`.
    ///
    /// # Errors
    /// See [`Read::organization`].
    pub fn actor_name(&self, actor: Actor) -> Result<String> {
        let snapshot = self.snapshot()?;
        let label = |user: UserId| {
            Ok::<_, Error>(snapshot.label_of(user)?.unwrap_or_else(|| user.to_string()))
        };
        if let Actor::Administrator(user) | Actor::Person(user) = actor
            && !self.sees(&snapshot, user)?
        {
            let is_person = matches!(actor, Actor::Person(_));
            return Ok(if is_person { "person" } else { "administrator" }.to_owned());
        }
        Ok(match actor {
            Actor::FileOwner => "file_owner".to_owned(),
            Actor::Scheduler => "scheduler".to_owned(),
            Actor::Administrator(user) => label(user)?,
            Actor::Person(user) => format!("person:{}", label(user)?),
            Actor::Platform(id) => format!("platform:{}", snapshot.platform_name(id)?),
            Actor::Connection(id) => {
                let sql = "SELECT name FROM connections WHERE id = ?1";
                let name: Option<String> = snapshot.one(sql, [id.as_bytes()], |row| row.get(0))?;
                format!("connection:{}", name.unwrap_or_else(|| id.to_string()))
            }
        })
    }
}

/// The pools, and which of them hand nothing out at that instant.
fn closed_at(snapshot: &Snapshot<'_>, mut pools: Vec<Pool>, at: Timestamp) -> Result<Vec<Pool>> {
    let has_dates = |it: &Pool| it.terms.starts_on.is_some() || it.terms.ends_on.is_some();
    if pools.iter().any(has_dates) {
        let zone = snapshot.organization()?.time_zone;
        for pool in &mut pools {
            pool.outside = pool.terms.outside(at, &zone);
        }
    }
    Ok(pools)
}
