//! Taking, freeing and queueing licenses: the only place in the core that counts seats. The database counts once more,
//! by triggers, and refuses whatever this file would get wrong.

use crate::error::{Error, Result, Shortfall};
use crate::model::{
    AtCapacity, Hold, License, OutsideDates, Pool, PoolId, PoolName, QueueEntry, Seats,
    TimeZoneName, Timestamp, UserId,
};
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
    outside: Option<OutsideDates>,
    /// Freed by this plan and kept for those who waited before it.
    kept: Seats,
    /// The next place at the end and at the front of the queue, once read.
    pub(crate) next_place: Option<i64>,
    pub(crate) front_place: Option<i64>,
}

impl Ledger {
    pub(crate) fn new(pools: Vec<Pool>, now: Timestamp, zone: &TimeZoneName) -> Self {
        let lines = pools.into_iter().map(|pool| {
            let outside = pool.terms.outside(now, zone);
            Line {
                held: pool.held(),
                queued: pool.queued,
                asked: 0,
                granted: 0,
                refused: false,
                kept: 0,
                outside,
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
            .map(|it| it.shortfall(false))
            .collect()
    }

    /// From here on what this plan has freed so far goes to those who waited before it, as far as they need it.
    pub(crate) fn keep_freed_for_queues(&mut self) {
        for line in &mut self.lines {
            let freed = (line.pool.held() - line.held).max(0);
            line.kept = freed.min(line.pool.queued);
        }
    }

    /// Counts that what was counted is not planned after all.
    pub(crate) fn count_back(&mut self, pool: PoolId, before: Hold, after: Hold) {
        if let Some(line) = self.lines.iter_mut().find(|it| it.pool.id == pool) {
            line.count(after, before);
            // What comes back to who had it is not granted anew.
            line.granted -= Seats::from(before.is_held() != after.is_held());
        }
    }

    /// Pools for which somebody waits.
    pub(crate) fn queues(&self) -> Vec<PoolId> {
        let waiting = self.lines.iter().filter(|it| it.queued > 0);
        waiting.map(|it| it.pool.id).collect()
    }

    /// What the plan does to the pools that it touches.
    pub(crate) fn effects(&self) -> Vec<PoolEffect> {
        self.effects_until(self)
    }

    /// As [`Ledger::effects`], with what follows the plan; `later` counts on from this.
    pub(crate) fn effects_until(&self, later: &Self) -> Vec<PoolEffect> {
        let lines = self.lines.iter().filter_map(|line| {
            let later = later.line(line.pool.id).unwrap_or(line);
            let touched = line.asked > 0
                || line.held != line.pool.held()
                || line.queued != line.pool.queued
                || later.held != line.held
                || later.queued != line.queued
                || later.pool.terms.purchased != line.pool.terms.purchased
                || later.outside != line.outside;
            touched.then(|| line.effect_until(later))
        });
        lines.collect()
    }
}

/// Where somebody stands in a queue.
pub(crate) fn place(queued: &License) -> (i64, UserId) {
    match queued.hold {
        Hold::Queued(entry) => (entry.place, queued.user),
        _ => (i64::MAX, queued.user),
    }
}

/// Keeps those of a queue, in its order, for whom there is room: so many within what was purchased, and so many with the
/// grace, which is not for whom a person chose to queue.
pub(crate) fn keep_who_fit(queue: &mut Vec<License>, purchased: Seats, with_grace: Seats) {
    let mut taken = 0;
    queue.retain(|it| {
        let chosen = matches!(it.hold, Hold::Queued(entry) if entry.chosen);
        let fits = taken < if chosen { purchased } else { with_grace };
        taken += Seats::from(fits);
        fits
    });
}

impl Line {
    /// How many this pool can still hand out: at unattended doors and to whom these queued up to the grace, to people and to
    /// whom they chose to queue up to what was purchased, outside its dates nothing.
    pub(crate) fn room(&self, with_grace: bool) -> Seats {
        if self.outside.is_some() {
            return 0;
        }
        let terms = &self.pool.terms;
        let limit = if with_grace {
            terms.at_capacity.limit(terms.purchased)
        } else {
            terms.purchased
        };
        (limit - self.held - self.kept).max(0)
    }

    /// Whether this entry would be promoted, were it the first, when one license comes back.
    pub(crate) fn moves_up_if_one_leaves(&self, entry: &QueueEntry) -> bool {
        let terms = &self.pool.terms;
        let limit = if entry.chosen {
            terms.purchased
        } else {
            terms.at_capacity.limit(terms.purchased)
        };
        self.outside.is_none() && self.held <= limit
    }

    pub(crate) fn ask(&mut self) {
        self.asked += 1;
    }

    /// Counts that somebody holds this pool in another way.
    pub(crate) fn count(&mut self, before: Hold, after: Hold) {
        match (before.is_held(), after.is_held()) {
            (false, true) => {
                self.held += 1;
                self.granted += 1;
            }
            (true, false) => self.held -= 1,
            _ => {}
        }
        let queued = |it: Hold| Seats::from(matches!(it, Hold::Queued(_)));
        self.queued += queued(after) - queued(before);
    }

    /// Notes that the plan does not fit.
    pub(crate) fn refuse(&mut self) {
        self.refused = true;
    }

    pub(crate) fn at_capacity(&self) -> &AtCapacity {
        &self.pool.terms.at_capacity
    }

    /// What is missing for all who asked, at a door that gets the grace or not.
    pub(crate) fn shortfall(&self, with_grace: bool) -> Shortfall {
        Shortfall {
            missing: self.missing(with_grace),
            pool: self.pool.name.clone(),
            asked: self.asked,
            free: self.granted + self.room(false),
            held: self.held - self.granted,
            freed: (self.pool.held() - self.held + self.granted).max(0),
            kept: self.kept,
            purchased: self.pool.terms.purchased,
            outside_dates: self.outside.is_some(),
        }
    }

    /// How many more must be purchased for all who asked.
    fn missing(&self, with_grace: bool) -> Seats {
        let terms = &self.pool.terms;
        // What the plan frees is there for those who ask, but for what others wait for.
        let needed = self.held - self.granted + self.kept + self.asked;
        let suffices = |purchased: Seats| match with_grace {
            true => terms.at_capacity.limit(purchased) >= needed,
            false => purchased >= needed,
        };
        // The least that suffices lies between what is purchased and what is needed; halving finds it.
        let (mut low, mut high) = (terms.purchased, needed.max(terms.purchased));
        while low < high {
            let middle = low + (high - low) / 2;
            if suffices(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low - terms.purchased
    }

    fn effect_until(&self, later: &Self) -> PoolEffect {
        PoolEffect {
            pool: self.pool.id,
            name: self.pool.name.clone(),
            purchased: self.pool.terms.purchased,
            purchased_after: later.pool.terms.purchased,
            held_before: self.pool.held(),
            held_after: later.held,
            queued_before: self.pool.queued,
            queued_after: later.queued,
            outside: self.outside,
            outside_after: later.outside,
            asked: self.asked,
            fits: !self.refused,
        }
    }
}
