//! Create, update or remove one group for an identity provider (DESIGN §5, "SCIM mapping"). Its members are the learners:
//! a provider neither grants a higher role nor takes one away.

use std::collections::HashSet;

use super::group;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, ConnectionId, GroupId, GroupRole, Status, UserId};
use crate::planner::Planner;

/// Create, update or remove one group for an identity provider. Its members are the group's learners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionGroup {
    /// Which.
    pub target: GroupTarget,
    /// What it is called: `None` leaves it. A new one needs a name.
    pub name: Option<String>,
    /// What the provider calls it: `None` leaves it, `Some(None)` clears it.
    pub external_id: Option<Option<String>>,
    /// Whether only those are to be learners who are added.
    pub only: bool,
    /// Who is to be in it.
    pub add: Vec<UserId>,
    /// Who is not; whoever is added as well stays.
    pub remove: Vec<UserId>,
}

/// Which group a provider means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupTarget {
    /// A new one (SCIM POST).
    New,
    /// The group of this id (SCIM PUT, PATCH).
    Existing {
        /// Which.
        group: GroupId,
        /// The version that the provider has seen; another one answers [`crate::Error::GroupChanged`].
        version: Option<i64>,
    },
    /// The group of this id, to be removed (SCIM DELETE).
    Removed {
        /// Which.
        group: GroupId,
        /// As above.
        version: Option<i64>,
    },
}

impl ProvisionGroup {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let Actor::Connection(connection) = planner.actor else {
            return Err(Error::forbidden("only a connection provisions"));
        };
        if planner.snapshot.living_policy(connection)?.is_none() {
            return Err(Error::forbidden("this connection was revoked"));
        }
        match &self.target {
            GroupTarget::New => self.create(planner, connection),
            GroupTarget::Existing { group, version } => {
                check(planner, *group, *version)?;
                self.update(planner, connection, *group)
            }
            GroupTarget::Removed { group, version } => {
                check(planner, *group, *version)?;
                remove(planner, *group)
            }
        }
    }

    fn create(&self, planner: &mut Planner<'_>, connection: ConnectionId) -> Result<()> {
        let name = self.name.as_deref().unwrap_or_default();
        let group = group::add(planner, name)?;
        self.link(planner, connection, group, None)?;
        self.members(planner, group)
    }

    fn update(
        &self,
        planner: &mut Planner<'_>,
        connection: ConnectionId,
        group: GroupId,
    ) -> Result<()> {
        if let Some(name) = &self.name {
            group::rename(planner, group, name)?;
        }
        let before = planner.snapshot.group_link(connection, group)?;
        self.link(planner, connection, group, before)?;
        self.members(planner, group)
    }

    /// What the connection calls the group.
    fn link(
        &self,
        planner: &mut Planner<'_>,
        connection: ConnectionId,
        group: GroupId,
        before: Option<String>,
    ) -> Result<()> {
        let Some(after) = &self.external_id else {
            return Ok(());
        };
        if *after == before {
            return Ok(());
        }
        if let Some(external_id) = after
            && let Some(other) = planner.snapshot.group_called(connection, external_id)?
            && other != group
        {
            return Err(Error::conflict(format!(
                "this externalId is already taken, by the group with id {other}"
            )));
        }
        planner.push(Change::GroupLink {
            group,
            connection,
            before,
            after: after.clone(),
        });
        Ok(())
    }

    fn members(&self, planner: &mut Planner<'_>, group: GroupId) -> Result<()> {
        let added: HashSet<UserId> = self.add.iter().copied().collect();
        let mut leaving = Vec::new();
        if self.only {
            let learners = planner.snapshot.learners_of(group)?;
            leaving.extend(learners.into_iter().filter(|it| !added.contains(it)));
        } else {
            leaving.extend(self.remove.iter().filter(|it| !added.contains(it)));
        }
        let mut seen = HashSet::with_capacity(added.len());
        let joining: Vec<UserId> = self
            .add
            .iter()
            .copied()
            .filter(|it| seen.insert(*it))
            .collect();
        let mut everybody = leaving.clone();
        everybody.extend(&joining);
        planner.expect(&everybody)?;
        let mut seen = HashSet::with_capacity(leaving.len());
        for user in leaving.into_iter().filter(|it| seen.insert(*it)) {
            self.leave(planner, group, user)?;
        }
        for user in joining {
            join(planner, group, user)?;
        }
        Ok(())
    }

    fn leave(&self, planner: &mut Planner<'_>, group: GroupId, user: UserId) -> Result<()> {
        let Some(role) = planner.membership(user, group)? else {
            return Ok(());
        };
        let user = planner.user(user)?;
        if role != GroupRole::Learner {
            planner.skip(
                &user,
                format!(
                    "{} of the group: an administrator takes that role",
                    role.as_str()
                ),
            );
            return Ok(());
        }
        planner.change_groups(&user, &[(group, None)]).map(|_| ())
    }
}

fn join(planner: &mut Planner<'_>, group: GroupId, id: UserId) -> Result<()> {
    let user = match planner.user(id) {
        // A provider may push who is not here yet, or not any more; the others shall not wait for that.
        Err(Error::NotFound { .. }) => {
            planner.skip_name(&id.to_string(), "not on the roster");
            return Ok(());
        }
        user => user?,
    };
    if matches!(user.status, Status::Deleted | Status::Erased) {
        planner.skip(&user, user.status.to_string());
        return Ok(());
    }
    if planner.membership(id, group)?.is_some() {
        return Ok(());
    }
    let joins = [(group, Some(GroupRole::Learner))];
    match planner.change_groups(&user, &joins)? {
        Some(why) => Err(Error::forbidden(why)),
        None => Ok(()),
    }
}

fn check(planner: &Planner<'_>, group: GroupId, version: Option<i64>) -> Result<()> {
    let today = planner.snapshot.group_version(group)?;
    let today = today.ok_or_else(|| Error::not_found("group", group))?;
    if version.is_some_and(|it| it != today) {
        return Err(Error::GroupChanged(group));
    }
    Ok(())
}

fn remove(planner: &mut Planner<'_>, group: GroupId) -> Result<()> {
    let above = planner.snapshot.members_above_learner(group)?;
    if above > 0 {
        return Err(Error::forbidden(format!(
            "{above} of the group have a role above learner; an administrator takes these roles first, or removes the group"
        )));
    }
    group::remove_it(planner, group)
}
