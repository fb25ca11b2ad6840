//! Taking, freeing and queueing licenses: the only place in the core that counts seats. The database counts once more,
//! by triggers, and refuses whatever this file would get wrong.

use crate::error::{Error, Result, Shortfall};
use crate::model::{AtCapacity, Pool, PoolId, PoolName, Seats, TimeZoneName, Timestamp};
use crate::plan::PoolEffect;

/// Places in a queue are this far apart, so that people can be moved between two others.
pub(crate) const PLACE_STEP: i64 = 1 << 20;

/// What a plan has taken and freed so far, over every pool.
pub(crate) struct Ledger {
    lines: Vec<Line>,
}

/// One pool while a plan is made.
pub(crate) struct Line {
    pub(crate) pool: Pool,
    held: Seats,
    queued: Seats,
    asked: Seats,
    granted: Seats,
    refused: bool,
    outside_dates: bool,
    /// The next place at the end and at the front of the queue, once read.
    pub(crate) next_place: Option<i64>,
    pub(crate) front_place: Option<i64>,
}

impl Ledger {
    pub(crate) fn new(pools: Vec<Pool>, now: Timestamp, zone: &TimeZoneName) -> Self {
        let lines = pools.into_iter().map(|pool| {
            let not_yet = pool
                .terms
                .starts_on
                .is_some_and(|it| now < it.start_in(zone));
            let over = pool
                .terms
                .ends_on
                .is_some_and(|it| now >= it.start_in(zone));
            Line {
                held: pool.held(),
                queued: pool.queued,
                asked: 0,
                granted: 0,
                refused: false,
                outside_dates: not_yet || over,
                next_place: None,
                front_place: None,
                pool,
            }
        });
        Self {
            lines: lines.collect(),
        }
    }

    pub(crate) fn access(&self) -> Result<PoolId> {
        let found = self.lines.iter().find(|it| it.pool.is_access());
        found
            .map(|it| it.pool.id)
            .ok_or_else(|| Error::Broken("there is no access pool".into()))
    }

    pub(crate) fn line(&self, pool: PoolId) -> Result<&Line> {
        self.lines
            .iter()
            .find(|it| it.pool.id == pool)
            .ok_or_else(|| Error::Broken("a license names no pool".into()))
    }

    pub(crate) fn line_mut(&mut self, pool: PoolId) -> Result<&mut Line> {
        self.lines
            .iter_mut()
            .find(|it| it.pool.id == pool)
            .ok_or_else(|| Error::Broken("a license names no pool".into()))
    }

    pub(crate) fn named(&self, name: &PoolName) -> Result<&Pool> {
        let found = self.lines.iter().find(|it| it.pool.name == *name);
        found
            .map(|it| &it.pool)
            .ok_or_else(|| Error::not_found("pool", name))
    }

    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.lines.iter().map(|it| &it.pool)
    }

    /// Pools that were asked for more than they could give.
    pub(crate) fn shortfalls(&self) -> Vec<Shortfall> {
        self.lines
            .iter()
            .filter(|it| it.refused)
            .map(Line::shortfall)
            .collect()
    }

    /// What the plan does to the pools that it touches.
    pub(crate) fn effects(&self) -> Vec<PoolEffect> {
        let touched =
            |it: &&Line| it.asked > 0 || it.held != it.pool.held() || it.queued != it.pool.queued;
        self.lines
            .iter()
            .filter(touched)
            .map(Line::effect)
            .collect()
    }
}

impl Line {
    /// How many this pool can still hand out: at unattended doors and to its queue up to the grace, to people up to what
    /// was purchased, outside its dates nothing.
    pub(crate) fn room(&self, with_grace: bool) -> Seats {
        if self.outside_dates {
            return 0;
        }
        let terms = &self.pool.terms;
        let limit = if with_grace {
            terms.at_capacity.limit(terms.purchased)
        } else {
            terms.purchased
        };
        (limit - self.held).max(0)
    }

    pub(crate) fn ask(&mut self) {
        self.asked += 1;
    }

    pub(crate) fn take(&mut self) {
        self.held += 1;
        self.granted += 1;
    }

    pub(crate) fn free(&mut self) {
        self.held -= 1;
    }

    pub(crate) fn enqueue(&mut self) {
        self.queued += 1;
    }

    pub(crate) fn dequeue(&mut self) {
        self.queued -= 1;
    }

    /// Notes that the plan does not fit.
    pub(crate) fn refuse(&mut self) {
        self.refused = true;
    }

    pub(crate) fn at_capacity(&self) -> &AtCapacity {
        &self.pool.terms.at_capacity
    }

    pub(crate) fn shortfall(&self) -> Shortfall {
        Shortfall {
            pool: self.pool.name.clone(),
            asked: self.asked,
            free: self.granted.max(self.room(false)),
            held: self.pool.held(),
            purchased: self.pool.terms.purchased,
            outside_dates: self.outside_dates,
        }
    }

    fn effect(&self) -> PoolEffect {
        PoolEffect {
            pool: self.pool.id,
            name: self.pool.name.clone(),
            purchased: self.pool.terms.purchased,
            held_before: self.pool.held(),
            held_after: self.held,
            queued_before: self.pool.queued,
            queued_after: self.queued,
            asked: self.asked,
            fits: !self.refused,
        }
    }
}
