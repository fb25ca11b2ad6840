//! Pools as they stood, told from what was agreed for them and what happened to their licenses.

use super::Moment;
use crate::change::Change;
use crate::model::{Hold, Pool, PoolId, PoolTerms, Seats};

/// Pools in the making: what was agreed first, then a count that was kept, then what happened since.
#[derive(Clone, Default)]
pub(crate) struct PoolsThen {
    pools: Vec<Pool>,
}

impl PoolsThen {
    /// What was agreed by a moment, from everything ever agreed, oldest first, each with the number of its event.
    pub(crate) fn agreed(agreements: &[(i64, Change)], moment: Moment) -> Self {
        let mut then = Self::default();
        for (_, change) in agreements.iter().take_while(|it| it.0 <= moment.event) {
            match change {
                Change::PoolAdded { pool, name, terms } => then.pools.push(Pool {
                    id: *pool,
                    name: name.clone(),
                    terms: terms.clone(),
                    reserved: 0,
                    consumed: 0,
                    queued: 0,
                    alarm: 0,
                    outside: None,
                }),
                Change::PoolTerms { pool, after, .. } => {
                    if let Some(pool) = then.pools.iter_mut().find(|it| it.id == *pool) {
                        pool.terms = PoolTerms::clone(after);
                    }
                }
                _ => {}
            }
        }
        then
    }

    /// Begins from a count that was kept.
    pub(crate) fn counted(&mut self, pool: PoolId, counts: [Seats; 3]) {
        if let Some(pool) = self.pools.iter_mut().find(|it| it.id == pool) {
            [pool.reserved, pool.consumed, pool.queued] = counts;
        }
    }

    /// Hears what happened to a license.
    pub(crate) fn hear(&mut self, change: &Change) {
        let Change::License {
            pool,
            before,
            after,
            ..
        } = change
        else {
            return;
        };
        if let Some(pool) = self.pools.iter_mut().find(|it| it.id == *pool) {
            for (hold, by) in [(before, -1), (after, 1)] {
                match hold {
                    Hold::None => {}
                    Hold::Reserved => pool.reserved += by,
                    Hold::Consumed => pool.consumed += by,
                    Hold::Queued(_) => pool.queued += by,
                }
            }
        }
    }

    pub(crate) fn end(self) -> Vec<Pool> {
        self.pools
    }
}
