//! Who gets a license, who waits for one, and who gets nothing: over everything that one person needs at once.

use std::collections::HashMap;

use super::Planner;
use crate::capacity::PLACE_STEP;
use crate::change::Change;
use crate::command::WhenFull;
use crate::error::{Result, Shortfall, Shortfalls};
use crate::model::{
    AtCapacity, ConnectionId, Date, Hold, License, PoolId, QueueEntry, Status, UserId,
};

/// One license that a person needs.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    pub(crate) pool: PoolId,
    pub(crate) before: Hold,
    pub(crate) after: Hold,
    /// Whether it stands for the seat itself, by a fallback.
    pub(crate) stands_for_access: bool,
    pub(crate) asked_by: AskedBy,
    /// The day on which it ends, if it does.
    pub(crate) until: Option<Date>,
}

/// On whose behalf a license is asked for, which says who decides when its pool is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// Whoever stands at the door, if anybody does: they are asked.
    Door,
    /// A group's rule: nobody stands at that door, so the pool's own policy decides as far as it can.
    Rule,
    /// A group's rule for somebody who comes back whole or not at all: a fallback does, and for anything else whoever brings
    /// them back is asked.
    Return,
}

impl Want {
    pub(crate) const fn new(pool: PoolId, before: Hold, after: Hold) -> Self {
        Self {
            pool,
            before,
            after,
            stands_for_access: false,
            asked_by: AskedBy::Door,
            until: None,
        }
    }

    /// A license that a person does not hold in any way, asked for by a group's rule.
    pub(crate) const fn by_rule(pool: PoolId) -> Self {
        Self {
            asked_by: AskedBy::Rule,
            ..Self::new(pool, Hold::None, Hold::Reserved)
        }
    }
}

/// What a person gets who asked for licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seated {
    /// Everything, or everything but add-ons that queue.
    In,
    /// A place in the queue of `access`.
    Queued,
    /// Nothing, and why.
    Out(String),
}

/// What a queued person is to become.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) leads_to: Status,
    pub(crate) mail: bool,
    pub(crate) connection: Option<ConnectionId>,
    /// The day on which an invitation is mailed, if not at once.
    pub(crate) send_on: Option<Date>,
}

/// What is done about pools that cannot hand out what one person needs.
#[derive(Default)]
struct Lacking {
    /// Pools whose queues the person joins, and those of them for which somebody was asked and chose so.
    queueing: Vec<PoolId>,
    chosen: Vec<PoolId>,
    /// Pools that hand out a license for another one.
    instead: HashMap<PoolId, PoolId>,
    /// Pools for which the person has their fallback's license already, or gets it for itself.
    served: Vec<PoolId>,
    /// Pools that give the person nothing.
    refusing: Vec<PoolId>,
    /// Why, with the numbers.
    shortfalls: Vec<Shortfall>,
}

impl Lacking {
    fn has(&self, pool: PoolId) -> bool {
        self.queueing.contains(&pool) || self.instead.contains_key(&pool)
    }
}

impl Planner<'_> {
    /// Decides over every license that one person needs, and records them. At people's doors it is all or nothing, or
    /// what the person chose; at unattended doors, and for what groups' rules ask, each pool's own policy.
    ///
    /// # Errors
    /// At unattended doors [`crate::Error::NoSeat`] with every pool that refuses.
    pub(crate) fn seat(
        &mut self,
        user: UserId,
        wants: &[Want],
        waiting: Waiting,
    ) -> Result<Seated> {
        let mut lacking: Vec<&Want> = Vec::new();
        for want in wants.iter().filter(|it| !it.before.is_held()) {
            let asked = self.attended && want.asked_by != AskedBy::Rule;
            let with_grace = !asked || self.undoing.is_some();
            let line = self.ledger.line_mut(want.pool)?;
            line.ask();
            if line.room(with_grace) < 1 {
                lacking.push(want);
            }
        }
        if lacking.is_empty() {
            wants.iter().try_for_each(|want| self.take(user, want))?;
            return Ok(Seated::In);
        }
        let mut found = Lacking::default();
        for want in lacking {
            self.lack(user, want, wants, &mut found)?;
        }
        if !found.refusing.is_empty() {
            return self.nothing(found);
        }
        let seat = wants
            .iter()
            .find(|it| self.is_seat(it) && found.queueing.contains(&it.pool));
        if let Some(seat) = seat {
            let chosen = found.chosen.contains(&seat.pool);
            self.queue_whole(user, wants, waiting, (chosen, &found))?;
            return Ok(Seated::Queued);
        }
        for want in wants.iter().filter(|it| !found.served.contains(&it.pool)) {
            if let Some(other) = found.instead.get(&want.pool) {
                if want.before != Hold::None {
                    self.set_license(user, want.pool, want.before, Hold::None, false)?;
                }
                self.set_license(user, *other, Hold::None, want.after, self.is_seat(want))?;
                self.agree_end(user, *other, want)?;
            } else if found.queueing.contains(&want.pool) {
                let chosen = found.chosen.contains(&want.pool);
                self.queue_license(user, want, waiting, chosen)?;
            } else {
                self.take(user, want)?;
            }
        }
        Ok(Seated::In)
    }

    /// Whether what this plan did last was to have somebody wait for a seat.
    pub(crate) fn is_queued_now(&self, user: UserId) -> bool {
        let mut latest = self.latest(user);
        latest.any(|it| match it {
            Change::UserCreated { created, .. } => created.status == Status::Queued,
            Change::Status { after, .. } => *after == Status::Queued,
            _ => false,
        })
    }

    /// What was freed so far is not for those who come by the rest of this plan, as far as others wait for it.
    pub(crate) fn keep_freed_for_queues(&mut self) {
        self.ledger.keep_freed_for_queues();
    }

    /// Counts that somebody asks for these pools who gets nothing of them.
    pub(crate) fn ask_in_vain(&mut self, pools: &[PoolId]) -> Result<()> {
        let asks = self.when_full == WhenFull::Ask;
        for pool in pools {
            let line = self.ledger.line_mut(*pool)?;
            line.ask();
            if asks && line.room(false) < 1 {
                line.refuse();
            }
        }
        Ok(())
    }

    /// What is done about one pool that is full: by the choice of the person at the door, else by its policy.
    fn lack(
        &mut self,
        user: UserId,
        want: &Want,
        wants: &[Want],
        found: &mut Lacking,
    ) -> Result<()> {
        let policy = self.ledger.line(want.pool)?.at_capacity();
        let falls_back = matches!(policy, AtCapacity::Fallback(_));
        let asked = match want.asked_by {
            AskedBy::Door => true,
            AskedBy::Rule => false,
            AskedBy::Return => !falls_back,
        };
        if self.attended && asked {
            return self.lack_by_choice(want.pool, found);
        }
        match policy {
            AtCapacity::Queue => found.queueing.push(want.pool),
            AtCapacity::Refuse | AtCapacity::Grace(_) => self.refused(want.pool, None, found)?,
            AtCapacity::Fallback(name) => {
                let other = self.ledger.named(name).map(|it| it.id).unwrap_or(want.pool);
                let mine = other == want.pool
                    || self
                        .licenses_planned(user)?
                        .iter()
                        .any(|it| it.pool == other)
                    || wants.iter().any(|it| it.pool == other)
                    || found.instead.values().any(|it| *it == other);
                if mine && !self.is_seat(want) {
                    found.served.push(want.pool);
                } else if mine {
                    self.refused(want.pool, None, found)?;
                } else if self.ledger.line(other)?.room(true) < 1 {
                    self.refused(want.pool, Some(other), found)?;
                } else {
                    found.instead.insert(want.pool, other);
                }
            }
        }
        Ok(())
    }

    /// A pool refuses, and so does its fallback, if it has one. Where a person stands at the door, they are asked; who carries
    /// out a provider's request in its place may have chosen that the person queues.
    fn refused(
        &mut self,
        pool: PoolId,
        fallback: Option<PoolId>,
        found: &mut Lacking,
    ) -> Result<()> {
        let chosen = self.on_behalf && self.when_full == WhenFull::QueueRest;
        if self.attended || chosen {
            return self.lack_by_choice(pool, found);
        }
        for pool in [Some(pool), fallback].into_iter().flatten() {
            if Some(pool) == fallback {
                self.ledger.line_mut(pool)?.ask();
            }
            found.refusing.push(pool);
            found
                .shortfalls
                .push(self.ledger.line(pool)?.shortfall(true));
        }
        Ok(())
    }

    fn lack_by_choice(&mut self, pool: PoolId, found: &mut Lacking) -> Result<()> {
        match self.when_full {
            WhenFull::QueueRest => {
                found.queueing.push(pool);
                found.chosen.push(pool);
            }
            WhenFull::Fewer => found.refusing.push(pool),
            WhenFull::Ask => {
                self.ledger.line_mut(pool)?.refuse();
                found.refusing.push(pool);
            }
        }
        Ok(())
    }

    /// The person gets nothing: the door is told, or the person at it.
    fn nothing(&self, found: Lacking) -> Result<Seated> {
        if !found.shortfalls.is_empty() {
            return Err(Shortfalls(found.shortfalls).into());
        }
        let names = found
            .refusing
            .iter()
            .map(|it| Ok(self.ledger.line(*it)?.pool.name.as_str()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Seated::Out(format!("no free seat in {}", names.join(", "))))
    }

    fn take(&mut self, user: UserId, want: &Want) -> Result<()> {
        let Want {
            pool,
            before,
            after,
            stands_for_access,
            ..
        } = *want;
        self.set_license(user, pool, before, after, stands_for_access)?;
        self.agree_end(user, pool, want)
    }

    fn agree_end(&mut self, user: UserId, pool: PoolId, want: &Want) -> Result<()> {
        if want.until.is_some() {
            self.set_end(user, pool, want.until)?;
        }
        Ok(())
    }

    fn is_seat(&self, want: &Want) -> bool {
        want.pool == self.access || want.stands_for_access
    }

    /// Without a seat a person waits for it, and for add-ons of which there are none; the others are theirs at once, as a
    /// promotion would give them next. What groups carry comes with becoming active.
    fn queue_whole(
        &mut self,
        user: UserId,
        wants: &[Want],
        waiting: Waiting,
        (chosen, lacking): (bool, &Lacking),
    ) -> Result<()> {
        for want in wants.iter().filter(|it| it.asked_by != AskedBy::Rule) {
            if lacking.served.contains(&want.pool) {
                continue;
            }
            if lacking.has(want.pool) {
                self.queue_license(user, want, waiting, chosen)?;
            } else {
                self.take(user, want)?;
            }
        }
        Ok(())
    }

    /// Takes a license back from somebody who stays.
    pub(crate) fn take_back(&mut self, license: &License) -> Result<()> {
        self.set_license(license.user, license.pool, license.hold, Hold::None, false)
    }

    fn queue_license(
        &mut self,
        user: UserId,
        want: &Want,
        waiting: Waiting,
        chosen: bool,
    ) -> Result<()> {
        if matches!(want.before, Hold::Queued(_)) {
            return Ok(());
        }
        // Whoever waits for a seat waits in the queue of `access`, also if another pool's license stood for it.
        let pool = if want.stands_for_access {
            self.access
        } else {
            want.pool
        };
        let place = self.next_place(pool)?;
        let Waiting {
            leads_to,
            mail,
            connection,
            send_on,
        } = waiting;
        // Which of the two it is shows when they are promoted.
        let leads_to = match leads_to {
            Status::PendingTransfer => Status::Waiting,
            other => other,
        };
        let entry = QueueEntry {
            place,
            leads_to,
            mail,
            connection,
            send_on,
            chosen,
        };
        self.set_license(user, pool, want.before, Hold::Queued(entry), false)?;
        self.agree_end(user, pool, want)
    }

    fn next_place(&mut self, pool: PoolId) -> Result<i64> {
        let at_front = self.undoing.is_some();
        let line = self.ledger.line(pool)?;
        let known = if at_front {
            line.front_place
        } else {
            line.next_place
        };
        let place = match known {
            Some(place) => place,
            None => self.snapshot.queue_end(pool, !at_front)?.map_or(0, |it| {
                if at_front {
                    it - PLACE_STEP
                } else {
                    it + PLACE_STEP
                }
            }),
        };
        let line = self.ledger.line_mut(pool)?;
        if at_front {
            line.front_place = Some(place - PLACE_STEP);
        } else {
            line.next_place = Some(place + PLACE_STEP);
        }
        Ok(place)
    }
}
