//! What connections ask for people by entitlements, while planning.

use super::{Planner, Want};
use crate::change::Change;
use crate::error::Result;
use crate::model::{ConnectionId, Entitled, Entitlement, License, PoolId, Status, UserId};

impl Planner<'_> {
    /// What living connections ask for a person, as this plan leaves it so far.
    pub(crate) fn entitlements_planned(&self, user: UserId) -> Result<Vec<Entitlement>> {
        let mut asked = self.entitlements_of(user)?;
        for change in self.latest(user) {
            if let Change::Entitlement {
                connection,
                pool,
                after,
                ..
            } = change
            {
                asked.retain(|it| (it.connection, it.pool) != (*connection, *pool));
                if *after != Entitled::None {
                    asked.push(Entitlement {
                        user,
                        pool: *pool,
                        connection: *connection,
                        state: *after,
                    });
                }
            }
        }
        Ok(asked)
    }

    /// Records what a connection asks of a pool for a person.
    pub(crate) fn entitle(&mut self, asked: Entitlement, after: Entitled) {
        if asked.state != after {
            self.push(Change::Entitlement {
                user: asked.user,
                connection: asked.connection,
                pool: asked.pool,
                before: asked.state,
                after,
            });
        }
    }

    /// Licenses that a person of this status is to hold for these pools and does not: as an unattended door asks for them.
    pub(crate) fn entitled_wants(
        &self,
        pools: &[PoolId],
        status: Status,
        licenses: &[License],
    ) -> Result<Vec<Want>> {
        let mut wants: Vec<Want> = Vec::new();
        for pool in pools {
            let known = wants.iter().any(|it| it.pool == *pool);
            if !known && !self.has_license(*pool, licenses)? && !self.is_for_later(*pool, status)? {
                wants.push(Want::by_rule(*pool));
            }
        }
        Ok(wants)
    }

    /// Whether a person's groups, or what they still have to learn, need a license of a pool.
    pub(crate) fn is_needed(&mut self, user: UserId, pool: PoolId) -> Result<bool> {
        Ok(self.needed_pools(user)?.contains(&pool))
    }

    /// The other connection that asks for a license of a pool for a person.
    pub(crate) fn asked_by_another(
        &self,
        user: UserId,
        pool: PoolId,
        connection: ConnectionId,
    ) -> Result<Option<Entitlement>> {
        let asked = self.entitlements_planned(user)?;
        Ok(asked
            .into_iter()
            .find(|it| it.pool == pool && it.connection != connection))
    }
}
