//! A license is consumed from when its content is started, in whichever order the two come.

use std::collections::{HashMap, HashSet};

use super::Planner;
use super::foresight::{lay_assignment, lay_license};
use crate::change::Change;
use crate::error::Result;
use crate::model::{AssignmentState, Hold, PoolId, UserId};

impl Planner<'_> {
    /// Consumes what this plan leaves reserved of people who have started the content already: who gets the license after
    /// they started, or brings a start along from an account of their own.
    pub(super) fn consume_what_is_started(&mut self) -> Result<()> {
        let people = self.who_may_have_started();
        if people.is_empty() {
            return Ok(());
        }
        let mut places: HashMap<UserId, Vec<usize>> = HashMap::new();
        let wanted: HashSet<UserId> = people.iter().copied().collect();
        for (place, change) in self.changes.iter().enumerate() {
            if let Some(user) = change.user().filter(|it| wanted.contains(it)) {
                places.entry(user).or_default().push(place);
            }
        }
        self.expect(&people)?;
        let mut idle = Vec::new();
        for user in people {
            let theirs = places.get(&user).map_or(&[][..], Vec::as_slice);
            for pool in self.started_but_reserved(user, theirs)? {
                idle.extend(self.consume(user, pool, theirs)?);
            }
        }
        idle.sort_unstable();
        for place in idle.into_iter().rev() {
            self.drop_change(place);
        }
        Ok(())
    }

    /// Those who get an add-on license by this plan, or are said to have started something by it, in order. Who comes by
    /// the plan itself has started nothing.
    fn who_may_have_started(&self) -> Vec<UserId> {
        let mut new = HashSet::new();
        let mut seen = HashSet::new();
        let mut people = Vec::new();
        for change in &self.changes {
            let user = match change {
                Change::UserCreated { user, .. } => {
                    new.insert(*user);
                    continue;
                }
                Change::License {
                    user,
                    pool,
                    after: Hold::Reserved,
                    stands_for_access: false,
                    ..
                } if *pool != self.access => *user,
                Change::Assignment {
                    user,
                    after: Some(after),
                    ..
                } if after.state == AssignmentState::Started => *user,
                _ => continue,
            };
            if !new.contains(&user) && seen.insert(user) {
                people.push(user);
            }
        }
        people
    }

    /// The pools of which somebody has a reserved license by which they have started something, as the plan leaves them.
    fn started_but_reserved(&mut self, user: UserId, theirs: &[usize]) -> Result<Vec<PoolId>> {
        let mut assignments = self.assignments_of(user)?;
        let mut licenses = self.licenses_of(user)?;
        for change in theirs.iter().filter_map(|it| self.changes.get(*it)) {
            lay_assignment(&mut assignments, change);
            lay_license(&mut licenses, change);
        }
        let mut pools = Vec::new();
        for assigned in assignments {
            if assigned.assignment.state != AssignmentState::Started {
                continue;
            }
            let Some(pool) = self.training(assigned.training)?.terms.pool else {
                continue;
            };
            if let Some(license) = self.license_for(pool, &licenses)?
                && license.hold == Hold::Reserved
                && license.pool != self.access
                && !pools.contains(&license.pool)
            {
                pools.push(license.pool);
            }
        }
        Ok(pools)
    }

    /// Returns the place of a change that comes to nothing by that.
    fn consume(&mut self, user: UserId, pool: PoolId, theirs: &[usize]) -> Result<Option<usize>> {
        let after = Hold::Consumed;
        let planned = theirs
            .iter()
            .rev()
            .find_map(|place| match self.changes.get(*place) {
                Some(Change::License {
                    pool: of, before, ..
                }) if *of == pool => Some((*place, *before)),
                _ => None,
            });
        let Some((place, before)) = planned else {
            self.set_license(user, pool, Hold::Reserved, after, false)?;
            return Ok(None);
        };
        self.ledger.line_mut(pool)?.count(Hold::Reserved, after);
        let change = Change::License {
            user,
            pool,
            before,
            after,
            stands_for_access: false,
        };
        self.replan(place, Some(change));
        Ok((before == after).then_some(place))
    }
}
