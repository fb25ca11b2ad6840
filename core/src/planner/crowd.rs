//! What is known of many people, read for a page of them at once instead of for each. A command says whom it will look
//! at, in which order ([`Planner::expect`]); whoever is asked for out of turn is read alone.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::Planner;
use crate::error::{Error, Result};
use crate::model::{
    AdminKey, Assigned, Date, Entitlement, GroupId, GroupRole, Invitation, License, Membership,
    Permission, PoolId, User, UserId,
};
use crate::store::Snapshot;

/// From this many people on they are a crowd.
pub(super) const CROWD: usize = 1_000;
/// How many people are read at once.
const PAGE: usize = 500;

/// Many people, in the order in which they are looked at.
pub(super) struct Crowd {
    managers: HashSet<UserId>,
    permissions: HashMap<UserId, Vec<Permission>>,
    system_users: HashMap<UserId, Vec<String>>,
    ssh_keys: HashMap<UserId, Vec<AdminKey>>,
    order: Vec<UserId>,
    page: RefCell<Page>,
}

/// Whose license of which pool ends when.
type EndRow = (UserId, PoolId, Date);

/// The people who are looked at now. What nobody asks for is not read.
#[derive(Default)]
struct Page {
    /// Where the page after this one begins.
    next: usize,
    people: HashMap<UserId, Option<User>>,
    ids: Vec<UserId>,
    licenses: Option<HashMap<UserId, Vec<License>>>,
    requests: Option<HashMap<UserId, Vec<(UserId, PoolId)>>>,
    ends: Option<HashMap<UserId, Vec<EndRow>>>,
    entitlements: Option<HashMap<UserId, Vec<Entitlement>>>,
    invitations: Option<HashMap<UserId, Invitation>>,
    assignments: Option<HashMap<UserId, Vec<Assigned>>>,
    memberships: Option<HashMap<UserId, Vec<Membership>>>,
}

impl Crowd {
    pub(super) fn new(snapshot: &Snapshot<'_>, people: &[UserId]) -> Result<Self> {
        Ok(Self {
            managers: snapshot.managers()?,
            permissions: snapshot.permissions()?,
            system_users: snapshot.system_users()?,
            ssh_keys: snapshot.ssh_keys()?,
            order: people.to_vec(),
            page: RefCell::default(),
        })
    }

    /// Whether anybody reports to this person.
    pub(super) fn manages(&self, user: UserId) -> bool {
        self.managers.contains(&user)
    }

    /// The operating-system users who act as this person.
    pub(super) fn system_users_of(&self, user: UserId) -> Vec<String> {
        self.system_users.get(&user).cloned().unwrap_or_default()
    }

    /// The keys with which this person comes in over SSH.
    pub(super) fn ssh_keys_of(&self, user: UserId) -> Vec<AdminKey> {
        self.ssh_keys.get(&user).cloned().unwrap_or_default()
    }

    /// The person, with the page that they are on. None when it is not their turn.
    fn user(&self, snapshot: &Snapshot<'_>, id: UserId) -> Result<Option<User>> {
        let mut page = self.page.borrow_mut();
        if !page.people.contains_key(&id) && self.order.get(page.next) == Some(&id) {
            let end = (page.next + PAGE).min(self.order.len());
            let ids = self.order.get(page.next..end).unwrap_or_default().to_vec();
            let people = snapshot.users_of(&ids)?;
            *page = Page {
                next: end,
                people: people.into_iter().map(|it| (it.id, Some(it))).collect(),
                ids,
                ..Page::default()
            };
        }
        // Handed out once: who is asked for again is read again.
        Ok(page.people.get_mut(&id).and_then(Option::take))
    }
}

/// What the page of a crowd knows of somebody, read for the whole page when it is first asked for.
fn known<T: Clone>(
    crowd: Option<&Crowd>,
    user: UserId,
    slot: impl FnOnce(&mut Page) -> &mut Option<HashMap<UserId, T>>,
    read: impl FnOnce(&[UserId]) -> Result<HashMap<UserId, T>>,
) -> Result<Option<Option<T>>> {
    let Some(crowd) = crowd else { return Ok(None) };
    let page = &mut *crowd.page.borrow_mut();
    if !page.people.contains_key(&user) {
        return Ok(None);
    }
    let ids = std::mem::take(&mut page.ids);
    let slot = slot(page);
    let found = match slot {
        Some(found) => Ok(found.get(&user).cloned()),
        None => read(&ids).map(|it| {
            let mine = it.get(&user).cloned();
            *slot = Some(it);
            mine
        }),
    };
    page.ids = ids;
    found.map(Some)
}

/// Lists by person.
fn by_person<T>(rows: Vec<T>, user: impl Fn(&T) -> UserId) -> HashMap<UserId, Vec<T>> {
    let mut all: HashMap<UserId, Vec<T>> = HashMap::new();
    for row in rows {
        all.entry(user(&row)).or_default().push(row);
    }
    all
}

impl Planner<'_> {
    pub(crate) fn user(&self, id: UserId) -> Result<User> {
        let known = match &self.crowd {
            Some(crowd) => crowd.user(self.snapshot, id)?,
            None => None,
        };
        let found = match known {
            Some(user) => Some(user),
            None => self.snapshot.user(id)?,
        };
        let found = match &self.foreseen {
            Some(foreseen) => foreseen.user(id, found),
            None => found,
        };
        found.ok_or_else(|| Error::not_found("user", id))
    }

    pub(crate) fn permissions_of(&self, user: UserId) -> Result<Vec<Permission>> {
        match &self.crowd {
            Some(crowd) => Ok(crowd.permissions.get(&user).cloned().unwrap_or_default()),
            None => self.snapshot.permissions_of(user),
        }
    }

    /// A person's licenses as they are, whatever is planned.
    pub(crate) fn licenses_of(&self, user: UserId) -> Result<Vec<License>> {
        let read =
            |ids: &[UserId]| Ok(by_person(self.snapshot.licenses_of_all(ids)?, |it| it.user));
        let mut found = match known(self.crowd.as_ref(), user, |it| &mut it.licenses, read)? {
            Some(found) => found.unwrap_or_default(),
            None => self.snapshot.licenses_of(user)?,
        };
        if let Some(foreseen) = &self.foreseen {
            foreseen.licenses(user, &mut found);
        }
        Ok(found)
    }

    /// Until when a person's licenses are agreed, of those that have an end.
    pub(crate) fn license_ends_of(&self, user: UserId) -> Result<Vec<(PoolId, Date)>> {
        let read = |ids: &[UserId]| {
            Ok(by_person(self.snapshot.license_ends_of_all(ids)?, |it| {
                it.0
            }))
        };
        match known(self.crowd.as_ref(), user, |it| &mut it.ends, read)? {
            Some(found) => Ok(found.into_iter().flatten().map(|it| (it.1, it.2)).collect()),
            None => self.snapshot.license_ends(user),
        }
    }

    /// Pools of which a person is to get a license when they become active.
    pub(crate) fn requests_of(&self, user: UserId) -> Result<Vec<PoolId>> {
        let read = |ids: &[UserId]| Ok(by_person(self.snapshot.requests_of_all(ids)?, |it| it.0));
        let mut found = match known(self.crowd.as_ref(), user, |it| &mut it.requests, read)? {
            Some(found) => found.into_iter().flatten().map(|it| it.1).collect(),
            None => self.snapshot.requests_of(user)?,
        };
        if let Some(foreseen) = &self.foreseen {
            foreseen.requests(user, &mut found);
        }
        Ok(found)
    }

    /// What living connections ask for a person, as it is, whatever is planned.
    pub(crate) fn entitlements_of(&self, user: UserId) -> Result<Vec<Entitlement>> {
        let read = |ids: &[UserId]| {
            Ok(by_person(self.snapshot.entitlements_of_all(ids)?, |it| {
                it.user
            }))
        };
        match known(self.crowd.as_ref(), user, |it| &mut it.entitlements, read)? {
            Some(found) => Ok(found.unwrap_or_default()),
            None => self.snapshot.entitlements_of(user),
        }
    }

    pub(crate) fn invitation(&self, user: UserId) -> Result<Option<Invitation>> {
        let read =
            |ids: &[UserId]| Ok(self.snapshot.invitations_of_all(ids)?.into_iter().collect());
        match known(self.crowd.as_ref(), user, |it| &mut it.invitations, read)? {
            Some(found) => Ok(found),
            None => self.snapshot.invitation(user),
        }
    }

    /// A person's assignments as they are, whatever is planned.
    pub(crate) fn assignments_of(&self, user: UserId) -> Result<Vec<Assigned>> {
        let read = |ids: &[UserId]| {
            Ok(by_person(self.snapshot.assignments_of_all(ids)?, |it| {
                it.user
            }))
        };
        let mut found = match known(self.crowd.as_ref(), user, |it| &mut it.assignments, read)? {
            Some(found) => found.unwrap_or_default(),
            None => self.snapshot.assignments_of(user)?,
        };
        if let Some(foreseen) = &self.foreseen {
            foreseen.assignments(user, &mut found);
        }
        Ok(found)
    }

    pub(crate) fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let read = |ids: &[UserId]| {
            Ok(by_person(self.snapshot.memberships_of_all(ids)?, |it| {
                it.user
            }))
        };
        let mut found = match known(self.crowd.as_ref(), user, |it| &mut it.memberships, read)? {
            Some(found) => found.unwrap_or_default(),
            None => self.snapshot.memberships_of(user)?,
        };
        if let Some(foreseen) = &self.foreseen {
            foreseen.memberships(user, &mut found);
        }
        Ok(found)
    }

    pub(crate) fn membership(&self, user: UserId, group: GroupId) -> Result<Option<GroupRole>> {
        if self.crowd.is_none() {
            return self.snapshot.membership(user, group);
        }
        let memberships = self.memberships_of(user)?;
        Ok(memberships
            .into_iter()
            .find(|it| it.group == group)
            .map(|it| it.role))
    }
}
