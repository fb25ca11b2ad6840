//! What those who run a group may still hand out in it: planned person by person, against the total that is kept.

use std::collections::{HashMap, HashSet};

use super::Planner;
use crate::change::Change;
use crate::command::WhenFull;
use crate::error::{Error, Result};
use crate::model::{Budget, GroupId, Seats, UserId};

/// What is left of a group's budget while a plan is made.
pub(crate) struct Allowance {
    of: GroupId,
    name: String,
    budget: Budget,
    asked: Seats,
    left: Seats,
}

impl Allowance {
    fn free(&self) -> Seats {
        (self.budget.seats - self.budget.spent).max(0)
    }

    fn overspent(&self, asked: Seats) -> Error {
        Error::forbidden(format!(
            "the group {} may have {} people and has {}, and {asked} more are asked for: invite fewer, or have its budget raised",
            self.name, self.budget.seats, self.budget.spent
        ))
    }
}

impl Planner<'_> {
    /// Plans within a group's budget from now on, if it has one.
    pub(crate) fn limit(&mut self, group: GroupId) -> Result<()> {
        if self.allowances.iter().any(|it| it.of == group) {
            return Ok(());
        }
        if let Some(budget) = self.snapshot.budget_of(group)? {
            self.allowances.push(Allowance {
                of: group,
                name: self.snapshot.group_name(group)?.unwrap_or_default(),
                budget,
                asked: 0,
                left: (budget.seats - budget.spent).max(0),
            });
        }
        Ok(())
    }

    /// Plans within the budgets of the groups through which the actor reaches somebody who is in them already.
    pub(crate) fn limit_for(&mut self, user: UserId) -> Result<Vec<GroupId>> {
        if self.reaches_everybody() {
            return Ok(Vec::new());
        }
        let mut groups = Vec::new();
        for membership in self.snapshot.memberships_of(user)? {
            if self.reaches_group(membership.group) {
                self.limit(membership.group)?;
                groups.push(membership.group);
            }
        }
        Ok(groups)
    }

    /// Asks for one person in these groups; says which budget is spent.
    pub(crate) fn ask_allowance(&mut self, groups: &[GroupId]) -> Option<String> {
        let mut spent = None;
        let asked = self.allowances.iter_mut();
        for allowance in asked.filter(|it| groups.contains(&it.of)) {
            allowance.asked += 1;
            if allowance.left < 1 {
                spent = Some(format!(
                    "the budget of the group {} is spent",
                    allowance.name
                ));
            }
        }
        spent
    }

    /// One person was brought into these groups.
    pub(crate) fn spend_allowance(&mut self, groups: &[GroupId]) {
        let spent = self.allowances.iter_mut();
        spent
            .filter(|it| groups.contains(&it.of))
            .for_each(|it| it.left -= 1);
    }

    /// Somebody at a door chooses fewer people themselves.
    pub(crate) fn refuse_overspending(&self) -> Result<()> {
        match self.allowances.iter().find(|it| it.asked > it.free()) {
            Some(it) if self.when_full != WhenFull::Fewer => Err(it.overspent(it.asked)),
            _ => Ok(()),
        }
    }

    /// Refuses whatever brings more people into a group that the actor runs than its budget has left, by whichever
    /// command: for those that know people only by their former changes.
    pub(crate) fn refuse_overspending_by_changes(&mut self) -> Result<()> {
        if self.reaches_everybody() {
            return Ok(());
        }
        let mut came: HashMap<GroupId, Seats> = HashMap::new();
        for user in self.moved() {
            let now = self.snapshot.user(user)?;
            let was_in = now.is_some_and(|it| it.status.is_seated_or_coming());
            let (mut is_in, mut groups) = (was_in, HashMap::new());
            for membership in self.snapshot.memberships_of(user)? {
                groups.insert(membership.group, (true, true));
            }
            for change in self.planned().iter().filter(|it| it.user() == Some(user)) {
                match change {
                    Change::UserCreated { created, .. } => {
                        is_in = created.status.is_seated_or_coming();
                    }
                    Change::Status { after, .. } => is_in = after.is_seated_or_coming(),
                    Change::Membership { group, after, .. } => {
                        groups.entry(*group).or_insert((false, false)).1 = after.is_some();
                    }
                    _ => {}
                }
            }
            for (group, (was_member, is_member)) in groups {
                let more = Seats::from(is_in && is_member) - Seats::from(was_in && was_member);
                *came.entry(group).or_default() += more;
            }
        }
        for (group, more) in came {
            if more > 0 && self.authority.role_in(group).is_some() {
                self.limit(group)?;
                let over = self.allowances.iter().find(|it| it.of == group);
                if let Some(over) = over.filter(|it| more > it.free()) {
                    return Err(over.overspent(more));
                }
            }
        }
        Ok(())
    }

    /// Everybody whose status or groups this plan changes, each once, in order.
    fn moved(&self) -> Vec<UserId> {
        let mut seen = HashSet::new();
        let changes = self.planned().iter().filter(|it| {
            matches!(
                it,
                Change::UserCreated { .. } | Change::Status { .. } | Change::Membership { .. }
            )
        });
        let users = changes.filter_map(Change::user);
        users.filter(|it| seen.insert(*it)).collect()
    }
}
