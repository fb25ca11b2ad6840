//! The days on which licenses end, while planning: an end is a fact of its license, goes with it and comes back with it.
//! It ends what an administrator granted; what a group, pre-work or a provider gives anyway stays.

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Date, DueKind, License, PoolId, TrainingKind, User, UserId};

impl Planner<'_> {
    /// Until when a person's license of a pool is agreed, as this plan leaves it so far.
    pub(crate) fn end_planned(&mut self, user: UserId, pool: PoolId) -> Result<Option<Date>> {
        let mut found = None;
        for change in self.latest(user) {
            if let Change::LicenseEnd {
                pool: of, after, ..
            } = change
                && *of == pool
            {
                found = Some(*after);
            }
        }
        match found {
            Some(planned) => Ok(planned),
            None => self.end_of(user, pool),
        }
    }

    /// Lets a license end on a day, or never. Returns whether that is another day.
    pub(crate) fn set_end(
        &mut self,
        user: UserId,
        pool: PoolId,
        after: Option<Date>,
    ) -> Result<bool> {
        let before = self.end_planned(user, pool)?;
        if before == after {
            return Ok(false);
        }
        self.push(Change::LicenseEnd {
            user,
            pool,
            before,
            after,
        });
        Ok(true)
    }

    /// Whether the day on which a license would end is over: it has begun, or it did once and was carried out.
    pub(crate) fn has_ended(&mut self, user: UserId, pool: PoolId, day: Date) -> Result<bool> {
        let kind = DueKind::LicenseEnd;
        Ok(day <= self.newest_begun()? || self.snapshot.was_done(user, kind, Some(pool), day)?)
    }

    /// Says that somebody does not come back to a license which would have ended while they were away.
    pub(crate) fn note_ended(&mut self, user: &User, pool: PoolId, day: Date) -> Result<()> {
        let name = &self.ledger.line(pool)?.pool.name;
        let text = format!("the license of {name} ended on {day} and does not come back");
        self.note(user, text);
        Ok(())
    }

    /// Whether somebody is to have this license whatever was granted to them: their groups carry its pool, what they still
    /// have to learn needs it, or a provider asks for it; or for one whose fallback it is.
    pub(crate) fn is_given_anyway(&mut self, license: &License) -> Result<bool> {
        let user = license.user;
        let mut pools = self.needed_pools(user)?;
        let asked = self.entitlements_planned(user)?;
        pools.extend(asked.into_iter().map(|it| it.pool));
        let mut licenses = self.licenses_planned(user)?;
        if !licenses.iter().any(|it| it.pool == license.pool) {
            licenses.push(*license);
        }
        for pool in pools {
            let found = self.license_for(pool, &licenses)?;
            if found.is_some_and(|it| it.pool == license.pool) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The pools of which a person's groups, or what they still have to learn, need a license.
    pub(crate) fn needed_pools(&mut self, user: UserId) -> Result<Vec<PoolId>> {
        let (mut pools, mut trainings) = (Vec::new(), Vec::new());
        for membership in self.memberships_of(user)? {
            let carried = self.carried(membership.group)?;
            pools.extend(carried.pools.iter().copied());
            trainings.extend(carried.trainings.iter().copied());
        }
        let open = self.assignments_planned(user)?.into_iter();
        trainings.extend(
            open.filter(|it| it.assignment.state.is_open())
                .map(|it| it.training),
        );
        for training in trainings {
            let terms = &self.training(training)?.terms;
            if terms.kind == TrainingKind::PreWork {
                pools.extend(terms.pool);
            }
        }
        Ok(pools)
    }

    fn end_of(&mut self, user: UserId, pool: PoolId) -> Result<Option<Date>> {
        let has_ends = match self.has_ends {
            Some(known) => known,
            None => self.snapshot.has_license_ends()?,
        };
        self.has_ends = Some(has_ends);
        if !has_ends || pool == self.access {
            return Ok(None);
        }
        let ends = self.license_ends_of(user)?;
        Ok(ends.into_iter().find(|it| it.0 == pool).map(|it| it.1))
    }
}
