//! People read from the roster for an answer: the row, what this connection calls them, their licenses and their
//! manager's name. Nobody deleted or erased is found.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use usher_core::change::Change;
use usher_core::model::{
    Actor, ConnectionId, Door, GroupId, Hold, License, PoolId, ProviderHold, Status, User, UserId,
};
use usher_core::query::{Expr, Listing, TextField, TextOp};
use usher_core::{Applied, Read, Result};

use crate::resource::Person;
use crate::route::App;

/// The name of the pool that seats are of.
const ACCESS: &str = "access";

/// The names of pools, which never change once given.
#[derive(Default)]
pub(crate) struct PoolNames(RwLock<HashMap<PoolId, String>>);

impl PoolNames {
    fn of(&self, read: &Read<'_>, pool: PoolId) -> Result<String> {
        let known = |this: &Self| {
            this.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&pool)
                .cloned()
        };
        if let Some(name) = known(self) {
            return Ok(name);
        }
        let names = read
            .pools()?
            .into_iter()
            .map(|it| (it.id, it.name.as_str().to_owned()))
            .collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
        Ok(known(self).unwrap_or_else(|| pool.to_string()))
    }
}

/// The names of connections and platforms, for the log.
#[derive(Default)]
pub(crate) struct ActorNames(RwLock<HashMap<Actor, String>>);

impl ActorNames {
    /// The actor's name; a name never changes, and one that cannot be read is left open.
    pub(crate) fn of(&self, app: &App, actor: Actor) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(&actor) {
            return name.clone();
        }
        drop(known);
        let session = app.directory.as_actor(Actor::Scheduler, Door::Api);
        let Ok(name) = session.read().and_then(|it| it.actor_name(actor)) else {
            return "?".to_owned();
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(actor, name.clone());
        name
    }
}

/// A person's row and what the connection calls them.
pub(crate) struct Found {
    pub(crate) user: User,
    pub(crate) external_id: Option<String>,
}

impl Person {
    /// The person without licenses and manager's name, which no change is computed from.
    pub(crate) fn bare(found: &Found) -> Self {
        let Found { user, external_id } = found;
        Self {
            user: user.clone(),
            external_id: external_id.clone(),
            manager_name: None,
            licenses: Vec::new(),
            queue_position: None,
            groups: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// The roster as one request reads it.
pub(crate) struct People<'a> {
    pools: &'a PoolNames,
    read: Read<'a>,
    connection: ConnectionId,
}

impl<'a> People<'a> {
    pub(crate) fn new(pools: &'a PoolNames, read: Read<'a>, connection: ConnectionId) -> Self {
        Self {
            pools,
            read,
            connection,
        }
    }

    /// The person of that id.
    pub(crate) fn found(&self, id: UserId) -> Result<Option<Found>> {
        self.with_link(self.read.user(id)?)
    }

    /// The person of that user name.
    pub(crate) fn named(&self, user_name: &str) -> Result<Option<Found>> {
        let expr = Expr::Field {
            field: TextField::UserName,
            op: TextOp::Equals,
            value: user_name.to_owned(),
        };
        let (users, _) = self.read.users_from(&expr, 1, 1)?;
        self.with_link(users.into_iter().next())
    }

    /// The person whom this connection calls so.
    pub(crate) fn called(&self, external_id: &str) -> Result<Option<Found>> {
        let user = self
            .read
            .user_by_external_id(self.connection, external_id)?;
        Ok(user.filter(is_shown).map(|user| Found {
            user,
            external_id: Some(external_id.to_owned()),
        }))
    }

    /// Whether a provider has asked that they leave and they have not.
    pub(crate) fn is_leaving(&self, id: UserId) -> Result<bool> {
        Ok(self.read.leaving(id)?.is_some())
    }

    fn with_link(&self, user: Option<User>) -> Result<Option<Found>> {
        let Some(user) = user.filter(is_shown) else {
            return Ok(None);
        };
        let link = self.read.link(self.connection, user.id)?;
        Ok(Some(Found {
            user,
            external_id: link.and_then(|it| it.external_id),
        }))
    }

    /// Whether the roster differs from a provider about this person.
    pub(crate) fn has_drift(&self, id: UserId) -> Result<bool> {
        self.read.has_drift(id)
    }

    /// A page of people, and how many there are in all.
    pub(crate) fn page(&self, listing: &Listing) -> Result<(Vec<Person>, i64)> {
        let listed = self.read.list(listing)?;
        Ok((self.complete(listed.users)?, listed.total))
    }

    /// The person with everything that an answer says.
    pub(crate) fn whole(&self, found: Found) -> Result<Person> {
        let licenses = self.read.licenses_of(&[found.user.id])?;
        let groups = self.read.groups_of(&[found.user.id])?;
        let mut person = self.with_licenses(found, &licenses)?;
        person.groups = groups.into_iter().map(|it| (it.1, it.2)).collect();
        let id = person.user.id;
        person.fields = self
            .read
            .open_fields_of(&[id])?
            .remove(&id)
            .unwrap_or_default();
        Ok(person)
    }

    fn with_licenses(&self, found: Found, licenses: &[License]) -> Result<Person> {
        let manager_name = match found.user.manager {
            None => None,
            Some(manager) => self.read.names_of(&[manager])?.remove(&manager),
        };
        self.person(found, licenses, manager_name)
    }

    fn complete(&self, users: Vec<User>) -> Result<Vec<Person>> {
        let ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
        let managers: Vec<UserId> = users.iter().filter_map(|it| it.manager).collect();
        let names = self.read.names_of(&managers)?;
        let mut links = self.read.links_of(self.connection, &ids)?;
        let mut groups: HashMap<UserId, Vec<(GroupId, String)>> = HashMap::new();
        for (user, group, name) in self.read.groups_of(&ids)? {
            groups.entry(user).or_default().push((group, name));
        }
        let mut fields = self.read.open_fields_of(&ids)?;
        // Licenses come in the order of people, so each takes those at the front that are theirs.
        let licenses = self.read.licenses_of(&ids)?;
        let mut rest = licenses.as_slice();
        users
            .into_iter()
            .map(|user| {
                let end = rest
                    .iter()
                    .position(|it| it.user != user.id)
                    .unwrap_or(rest.len());
                let (theirs, others) = rest.split_at(end);
                rest = others;
                let external_id = links.remove(&user.id).and_then(|it| it.external_id);
                let manager_name = user
                    .manager
                    .and_then(|manager| names.get(&manager).cloned());
                let groups = groups.remove(&user.id).unwrap_or_default();
                let fields = fields.remove(&user.id).unwrap_or_default();
                let person = self.person(Found { user, external_id }, theirs, manager_name)?;
                Ok(Person {
                    groups,
                    fields,
                    ..person
                })
            })
            .collect()
    }

    fn person(
        &self,
        found: Found,
        licenses: &[License],
        manager_name: Option<String>,
    ) -> Result<Person> {
        let mut named = Vec::with_capacity(licenses.len());
        let mut queue_position = None;
        for license in licenses {
            let pool = self.pools.of(&self.read, license.pool)?;
            let queued = matches!(license.hold, Hold::Queued(_));
            if queued && (pool == ACCESS || license.stands_for_access) {
                queue_position = self.read.queue_position(license.pool, found.user.id)?;
            }
            named.push((pool, license.hold.as_str()));
        }
        let Found { user, external_id } = found;
        Ok(Person {
            user,
            external_id,
            manager_name,
            licenses: named,
            queue_position,
            groups: Vec::new(),
            fields: Vec::new(),
        })
    }

    /// The person whom a command has just made, told from its plan instead of read; none when the plan does not say
    /// everything, because it is about a record that came back or frees somebody else's names.
    pub(crate) fn created(&self, applied: &Applied) -> Option<Result<Person>> {
        let id = applied.user.filter(|_| !applied.repeated)?;
        let mut made = None;
        let mut licenses = Vec::new();
        for change in &applied.plan.changes {
            match change {
                Change::UserCreated { user, created } if *user == id => made = Some(created),
                Change::License {
                    user,
                    pool,
                    after: hold,
                    stands_for_access,
                    ..
                } if *user == id => {
                    let (pool, hold, stands_for_access) = (*pool, *hold, *stands_for_access);
                    licenses.push(License {
                        user: id,
                        pool,
                        hold,
                        stands_for_access,
                    });
                }
                Change::Invitation { user, .. }
                | Change::Entitlement { user, .. }
                | Change::Drift { user, .. }
                    if *user == id => {}
                Change::ConnectionSends { .. } => {}
                _ => return None,
            }
        }
        let created = made?;
        let user = User {
            id,
            seq: 0,
            status: created.status,
            profile: created.profile.clone(),
            manager: created.manager,
            connection: created.connection,
            protected: false,
            accepted: created.accepted,
            provider_hold: ProviderHold::Free,
            created_at: applied.at,
            updated_at: applied.at,
            last_seen_at: None,
            version: 1,
        };
        let external_id = created.link.as_ref().and_then(|it| it.external_id.clone());
        let manager_name = applied.manager_name.clone();
        Some(self.person(Found { user, external_id }, &licenses, manager_name))
    }
}

/// Whether SCIM shows the person at all.
fn is_shown(user: &User) -> bool {
    !matches!(user.status, Status::Deleted | Status::Erased)
}
