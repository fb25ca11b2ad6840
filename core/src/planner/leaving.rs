//! What leaving means: who may not be taken off, what a leaver gives back, and that nobody regains rights by coming back.

use super::{Mark, Planner};
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    GroupRole, Hold, License, Permission, PoolId, Status, TrainingId, User, UserId,
};

impl Planner<'_> {
    /// Why this person may not be taken off the roster by whoever acts, if they may not.
    pub(crate) fn why_not_take_off(&mut self, user: &User) -> Result<Option<&'static str>> {
        if user.protected {
            return Ok(Some("protected"));
        }
        if !self.permissions_of(user.id)?.contains(&Permission::Owner) {
            return Ok(None);
        }
        if !self.actor_is_owner() {
            return Ok(Some("an owner, and only owners may"));
        }
        if self.is_last_owner(user)? {
            return Ok(Some("the last owner"));
        }
        Ok(None)
    }

    /// Whether this owner is the last who can act; if not, one fewer is left to this plan.
    pub(crate) fn is_last_owner(&mut self, user: &User) -> Result<bool> {
        if user.status != Status::Active {
            return Ok(false);
        }
        let left = match self.owners_left {
            Some(left) => left,
            None => self.snapshot.active_owners()?,
        };
        if left > 1 {
            self.owners_left = Some(left - 1);
        }
        Ok(left <= 1)
    }

    /// Frees what a leaver gives back: the seat, whatever is reserved or queued, and what is consumed of recoverable pools.
    /// Ends what they still had to learn.
    pub(crate) fn free_on_leaving(&mut self, user: UserId) -> Result<()> {
        for license in self.licenses_of(user)? {
            if !self.returns_on_leaving(&license)? {
                continue;
            }
            self.give_back(&license)?;
        }
        self.drop_requests(user, &[])?;
        self.end_assignments(user, &[])
    }

    /// Frees what a person got after the batch by whose undo they leave: everything that returns on leaving and is not
    /// already planned. What they had used before stays theirs.
    pub(crate) fn free_the_rest(&mut self, user: UserId, since: Mark) -> Result<()> {
        let planned: Vec<PoolId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::License {
                    user: whose, pool, ..
                } if *whose == user => Some(*pool),
                _ => None,
            })
            .collect();
        let moved = match self.undoing {
            Some(batch) => self.snapshot.licenses_moved_since(user, batch)?,
            None => Vec::new(),
        };
        for license in self.snapshot.licenses_of(user)? {
            let is_new = license.hold != Hold::Consumed
                || license.stands_for_access
                || moved.contains(&license.pool);
            if is_new && !planned.contains(&license.pool) && self.returns_on_leaving(&license)? {
                self.give_back(&license)?;
            }
        }
        let planned: Vec<TrainingId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::Assignment {
                    user: whose,
                    training,
                    ..
                } if *whose == user => Some(*training),
                _ => None,
            })
            .collect();
        let requested: Vec<PoolId> = self
            .changes
            .iter()
            .skip(since.changes)
            .filter_map(|it| match it {
                Change::LicenseRequest {
                    user: whose, pool, ..
                } if *whose == user => Some(*pool),
                _ => None,
            })
            .collect();
        self.drop_requests(user, &requested)?;
        self.end_assignments(user, &planned)
    }

    /// Plans that somebody has a license no longer.
    fn give_back(&mut self, license: &License) -> Result<()> {
        let (hold, stands) = (license.hold, license.stands_for_access);
        self.set_license(license.user, license.pool, hold, Hold::None, stands)
    }

    fn returns_on_leaving(&self, license: &License) -> Result<bool> {
        let seat = license.pool == self.access || license.stands_for_access;
        Ok(seat
            || license.hold != Hold::Consumed
            || self.ledger.line(license.pool)?.pool.terms.recoverable)
    }

    /// As [`Planner::take_permissions`], but what this plan has decided about already.
    pub(crate) fn take_the_rest_of_permissions(&mut self, user: UserId, since: Mark) -> Result<()> {
        let decided: Vec<Change> = self.changes.iter().skip(since.changes).cloned().collect();
        let mark = self.mark();
        self.take_permissions(user)?;
        let taken: Vec<Change> = self.changes.drain(mark.changes..).collect();
        for change in taken {
            if !decided.contains(&change) {
                self.push(change);
            }
        }
        Ok(())
    }

    /// Takes an administrator's permissions, links and keys, which nobody regains by coming back.
    pub(crate) fn take_permissions(&mut self, user: UserId) -> Result<()> {
        let system_users = match &self.crowd {
            Some(crowd) => crowd.system_users_of(user),
            None => self.snapshot.system_users_of(user)?,
        };
        for name in system_users {
            self.push(Change::SystemUser {
                user,
                name,
                before: true,
                after: false,
            });
        }
        let keys = match &self.crowd {
            Some(crowd) => crowd.ssh_keys_of(user),
            None => self.snapshot.ssh_keys_of(user)?,
        };
        for it in keys {
            self.push(Change::SshKey {
                user,
                key: it.key,
                before: true,
                after: false,
            });
        }
        for permission in self.permissions_of(user)? {
            self.push(Change::Permission {
                user,
                permission,
                before: true,
                after: false,
            });
        }
        Ok(())
    }

    /// Whoever is brought back by a door that gives no rights begins as a learner in the groups they were in.
    pub(crate) fn begin_as_learner(&mut self, user: UserId) -> Result<()> {
        for membership in self.snapshot.memberships_of(user)? {
            if membership.role > GroupRole::Learner {
                self.push(Change::Membership {
                    user,
                    group: membership.group,
                    before: Some(membership.role),
                    after: Some(GroupRole::Learner),
                });
            }
        }
        Ok(())
    }
}
