//! People read from the roster for an answer: the row, what this connection calls them, their licenses and their
//! manager's name. Nobody deleted or erased is found.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use usher_core::change::Change;
use usher_core::directory::{Edition, Named, Whole};
use usher_core::model::{
    Actor, ConnectionId, Door, Hold, License, Part, PoolId, ProviderHold, Status, User, UserId, Why,
};
use usher_core::query::{Expr, Listing, Order};
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
    /// The actor's name; a name never changes, and one that cannot be read is left open. People go by their ids: addresses
    /// stay out of the log.
    pub(crate) fn of(&self, app: &App, actor: Actor) -> String {
        match actor {
            Actor::Person(user) => return format!("person:{user}"),
            Actor::Administrator(user) => return format!("administrator:{user}"),
            _ => {}
        }
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

/// What providers have said of somebody that is not so.
pub(crate) struct Unlike {
    /// Parts that somebody else has set since.
    pub(crate) overridden: Vec<Part>,
    /// Anything at all of theirs is other than a provider has said.
    pub(crate) differs: bool,
    /// That they leave, and they have not.
    pub(crate) leaves: bool,
}

impl Unlike {
    /// Whether what says again what a person is already must be heard.
    pub(crate) fn any(&self) -> bool {
        self.differs || self.leaves
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

    /// Somebody deleted of whom a provider still says something else.
    pub(crate) fn gone_against(&self, id: UserId) -> Result<Option<Found>> {
        let user = self.read.user(id)?;
        let Some(user) = user.filter(|it| it.status == Status::Deleted) else {
            return Ok(None);
        };
        if self.read.differing_parts(id)?.is_empty() {
            return Ok(None);
        }
        let link = self.read.link(self.connection, user.id)?;
        let external_id = link.and_then(|it| it.external_id);
        Ok(Some(Found { user, external_id }))
    }

    /// What providers have said of somebody that is not so.
    pub(crate) fn unlike(&self, id: UserId) -> Result<Unlike> {
        let parts = self.read.differing_parts(id)?;
        let overridden = parts.iter().filter(|it| it.1 == Why::Overridden);
        Ok(Unlike {
            overridden: overridden.map(|it| it.0).collect(),
            differs: !parts.is_empty(),
            leaves: self.read.leaving(id)?.is_some(),
        })
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

    /// The number of the newest batch: what people are told of moves with it.
    pub(crate) fn newest_batch(&self) -> Result<i64> {
        self.read.newest_batch()
    }

    /// Everybody whom a query finds, by number, in an order.
    pub(crate) fn walk(&self, query: &Expr, order: &Order) -> Result<Vec<u32>> {
        self.read.walk(query, order)
    }

    /// The people of these numbers whom a query still finds, with their editions.
    pub(crate) fn among(&self, query: &Expr, seqs: &[u32]) -> Result<Vec<(Person, Edition)>> {
        let people = self.read.whole_among(self.connection, query, seqs)?;
        people.into_iter().map(|it| self.answered(it)).collect()
    }

    /// The editions of the people of these numbers whom a query still finds.
    pub(crate) fn editions_among(&self, query: &Expr, seqs: &[u32]) -> Result<Vec<Edition>> {
        self.read.editions_among(query, seqs)
    }

    /// Whether of anybody an attribute is kept that has a field.
    pub(crate) fn any_mapped(&self) -> Result<bool> {
        self.read.any_mapped()
    }

    /// A page of people with their editions, and how many there are in all.
    pub(crate) fn page(&self, listing: &Listing) -> Result<(Vec<(Person, Edition)>, i64)> {
        let (people, total) = self.read.whole_page(self.connection, listing)?;
        let people = people.into_iter().map(|it| self.answered(it));
        Ok((people.collect::<Result<_>>()?, total))
    }

    /// The editions of the people on a page, and how many there are in all.
    pub(crate) fn editions(&self, listing: &Listing) -> Result<(Vec<Edition>, i64)> {
        self.read.edition_page(listing)
    }

    /// Which edition of a person is current; none also when that is not told by one look-up.
    pub(crate) fn edition(&self, named: Named<'_>) -> Result<Option<Edition>> {
        self.read.edition(self.connection, named)
    }

    /// The person with everything that an answer says, and which edition of them it is.
    pub(crate) fn whole(&self, named: Named<'_>) -> Result<Option<(Person, Edition)>> {
        let found = self.read.whole(self.connection, named)?;
        found.map(|it| self.answered(it)).transpose()
    }

    fn answered(&self, whole: Whole) -> Result<(Person, Edition)> {
        let found = Found {
            user: whole.user,
            external_id: whole.external_id,
        };
        let person = self.person(found, &whole.licenses, whole.manager_name)?;
        let edition = Edition {
            // A place in a queue moves with others.
            is_all: whole.edition.is_all && person.queue_position.is_none(),
            ..whole.edition
        };
        let person = Person {
            groups: whole.groups,
            fields: whole.fields,
            ..person
        };
        Ok((person, edition))
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
        for change in applied.plan.changes.as_slice()? {
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
            profile: created.profile.profile(),
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
