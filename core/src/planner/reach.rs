//! Whom a command is for, and whom the actor may do it to. Those beyond their reach are not told from those who are not there.

use std::collections::HashSet;

use super::crowd::{CROWD, Crowd};
use super::{NAMED_AT_ONCE, Planner};
use crate::error::{Error, Result};
use crate::model::{GroupId, Permission, TrainingId, User, UserId};
use crate::policy::{self, Circle, Reach};
use crate::query::Expr;
use crate::selection::Selection;

impl Planner<'_> {
    /// Whether this person has a permission that the actor does not have.
    pub(crate) fn has_more_rights(&self, user: UserId) -> Result<bool> {
        let theirs = self.permissions_of(user)?;
        let has = |it: &Permission| self.authority.has_permission(*it);
        Ok(!self.actor_is_owner() && !theirs.iter().all(has))
    }

    /// The people of a selection, each once. Those beyond the actor's reach are not found by a query, and skipped when
    /// they are named.
    pub(crate) fn select(&mut self, who: &Selection) -> Result<Vec<UserId>> {
        let people: Vec<UserId> = match who {
            Selection::Ids(ids) => {
                let mut seen = HashSet::with_capacity(ids.len());
                let ids = ids.iter().copied().filter(|it| seen.insert(*it)).collect();
                self.reached(ids)?
            }
            Selection::Query { query, except } => {
                let query = policy::veiled(self.snapshot, Some(&self.authority), query, self.now)?;
                let query = self.reach.within(&query);
                let ids = self.snapshot.ids_of(&query, self.now)?;
                ids.into_iter().filter(|it| !except.contains(it)).collect()
            }
        };
        self.expect(&people)?;
        Ok(people)
    }

    /// Leaves out whom the actor may not do this to, without a word about who they are.
    fn reached(&mut self, ids: Vec<UserId>) -> Result<Vec<UserId>> {
        if self.reach == Reach::Everybody {
            return Ok(ids);
        }
        let mut reached: HashSet<UserId> = HashSet::new();
        for some in ids.chunks(NAMED_AT_ONCE) {
            let named = Expr::Or(some.iter().copied().map(Expr::Id).collect());
            let query = self.reach.within(&named);
            reached.extend(self.snapshot.ids_of(&query, self.now)?);
        }
        let (within, beyond): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|it| reached.contains(it));
        for id in beyond {
            self.skip_name(&id.to_string(), "nobody whom you may do this to");
        }
        Ok(within)
    }

    /// Those of these people who are within a reach today, whatever their status.
    pub(crate) fn within(&self, reach: &Reach, ids: &[UserId]) -> Result<HashSet<UserId>> {
        let Some(seen) = reach.seen() else {
            return Ok(ids.iter().copied().collect());
        };
        let mut within = HashSet::new();
        for some in ids.chunks(NAMED_AT_ONCE) {
            let named = Expr::Or(some.iter().copied().map(Expr::Id).collect());
            let query = Expr::And(vec![named, seen.clone()]);
            within.extend(self.snapshot.ids_of(&query, self.now)?);
        }
        Ok(within)
    }

    /// Somebody whom the actor may see, by address, user name or id.
    pub(crate) fn find_seen(&self, who: &str) -> Result<User> {
        let user = self.snapshot.find_user(who)?;
        if self.sees(user.id)? {
            Ok(user)
        } else {
            Err(Error::not_found("user", who.trim()))
        }
    }

    /// Whether the actor may see this person.
    pub(crate) fn sees(&self, user: UserId) -> Result<bool> {
        match self.authority.reach("see").seen() {
            None => Ok(true),
            Some(seen) => self.snapshot.finds(&seen, user, self.now),
        }
    }

    /// Whether this command may be given to anybody.
    pub(crate) fn reaches_everybody(&self) -> bool {
        self.reach == Reach::Everybody
    }

    /// Whether this command may be given to the members of a group.
    pub(crate) fn reaches_group(&self, group: GroupId) -> bool {
        match &self.reach {
            Reach::Everybody => true,
            Reach::Nobody => false,
            Reach::Only(circles) => circles.contains(&Circle::Group(group)),
        }
    }

    /// The groups to which this command may bring people by way of a session.
    pub(crate) fn groups_of_session(&self, session: TrainingId) -> Vec<GroupId> {
        match &self.reach {
            Reach::Everybody | Reach::Nobody => Vec::new(),
            Reach::Only(circles) => circles
                .iter()
                .filter_map(|it| match it {
                    Circle::Session(training, group) if *training == session => Some(*group),
                    _ => None,
                })
                .collect(),
        }
    }

    /// Refuses a part of a command that needs a right of its own, such as `edit_protect`.
    pub(crate) fn require(&self, part: &str) -> Result<()> {
        policy::may(&self.authority, part).map(drop)
    }

    /// Says that these people are looked at next, in this order, so that what is known of many is read at once.
    pub(crate) fn expect(&mut self, people: &[UserId]) -> Result<()> {
        if people.len() > CROWD {
            self.crowd = Some(Crowd::new(self.snapshot, people)?);
        }
        Ok(())
    }
}
