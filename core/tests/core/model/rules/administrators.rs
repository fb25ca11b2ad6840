//! Permissions given and taken, and what waits for a second administrator.

use usher_core::model::{ApprovalState, Permission, Status};

use super::super::roster::Approval;
use super::{Deal, Refused};

/// For how many days somebody may approve what was asked.
const DAYS: i64 = 7;

impl Deal<'_> {
    pub(super) fn permit(&mut self, who: usize, permission: Permission) -> bool {
        let person = self.person(who);
        if person.status != Status::Active || person.permissions.contains(&permission) {
            return false;
        }
        if permission == Permission::AuthorizedPurchaser && self.administrators >= 2 {
            return self.ask(who);
        }
        self.person(who).permissions.insert(permission);
        true
    }

    /// Asks for a purchaser, unless that waits already.
    fn ask(&mut self, who: usize) -> bool {
        let pending = |it: &Approval| it.user == who && it.state == ApprovalState::Pending;
        if let Some(open) = self.model.roster.approvals.iter().position(pending) {
            if self.is_open(open) {
                return false;
            }
            self.roster().approvals[open].state = ApprovalState::Withdrawn;
        }
        let by = self.how.by;
        self.roster().approvals.push(Approval {
            user: who,
            by,
            state: ApprovalState::Pending,
        });
        let asked = (self.model.day, self.label(who));
        self.model.asked.push(asked);
        true
    }

    pub(super) fn revoke(&mut self, who: usize, permission: Permission) -> bool {
        let has = self.person(who).permissions.contains(&permission);
        let goes = has && !(permission == Permission::Owner && self.is_last_owner(who));
        if goes {
            self.person(who).permissions.remove(&permission);
        }
        goes
    }

    /// What was asked is done as it was shown, by somebody else, or not at all.
    pub(super) fn approve(&mut self, approval: usize) -> Result<(), Refused> {
        let asked = self.open(approval)?;
        let asker_is_owner = match asked.by {
            Some(by) => self.roster().may(by, &[Permission::Owner]),
            None => true,
        };
        let person = self.person(asked.user);
        let purchaser = Permission::AuthorizedPurchaser;
        let fits = person.status == Status::Active && !person.permissions.contains(&purchaser);
        let moved = self.label(asked.user) != self.model.asked[approval].1;
        if self.how.by.is_none() || asked.by == self.how.by || !asker_is_owner || !fits || moved {
            return Err(Refused);
        }
        self.person(asked.user).permissions.insert(purchaser);
        self.roster().approvals[approval].state = ApprovalState::Approved;
        Ok(())
    }

    pub(super) fn reject(&mut self, approval: usize) -> Result<(), Refused> {
        self.open(approval)?;
        self.roster().approvals[approval].state = ApprovalState::Rejected;
        Ok(())
    }

    fn open(&mut self, approval: usize) -> Result<Approval, Refused> {
        let open = self.is_open(approval);
        open.then(|| self.model.roster.approvals[approval].clone())
            .ok_or(Refused)
    }

    fn is_open(&mut self, approval: usize) -> bool {
        let pending = self.roster().approvals[approval].state == ApprovalState::Pending;
        pending && self.model.day - self.model.asked[approval].0 < DAYS
    }

    fn label(&mut self, who: usize) -> Option<String> {
        let person = self.person(who);
        person.email.clone().or(person.user_name.clone())
    }
}
