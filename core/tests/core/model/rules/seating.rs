//! Who gets a license, a place in a queue or nothing, and what groups bring.

use std::collections::{BTreeMap, BTreeSet};

use usher_core::command::WhenFull;
use usher_core::model::{AssignmentState, AtCapacity, CountsFrom, Status};

use super::super::roster::{ACCESS, Carries, Held, Training};
use super::{Deal, Due, Entry, Refused, Seat};

impl Deal<'_> {
    /// Gives a person licenses (pool, and whether used at once) and what a group's rule asks for, a place in the queue, or
    /// nothing.
    pub(super) fn seat(
        &mut self,
        who: usize,
        wants: &[(usize, bool)],
        by_rule: &[usize],
        leads_to: Status,
    ) -> Result<Seat, Refused> {
        let attended = self.how.attended;
        // Which of the two it is shows when they are promoted.
        let leads_to = match leads_to {
            Status::PendingTransfer => Status::Waiting,
            other => other,
        };
        let chosen = wants
            .iter()
            .filter(|it| !self.model.roster.people[who].holds.contains_key(&it.0))
            .copied()
            .collect::<Vec<_>>();
        let all: Vec<(usize, bool)> = chosen
            .iter()
            .copied()
            .chain(by_rule.iter().map(|it| (*it, false)))
            .collect();
        let (mut queueing, mut by_choice) = (BTreeSet::new(), BTreeSet::new());
        let (mut instead, mut served, mut out) = (BTreeMap::new(), BTreeSet::new(), false);
        for (i, (pool, _)) in all.iter().enumerate() {
            let asked = attended && i < chosen.len();
            if self.roster().room(*pool, !asked) >= 1 {
                continue;
            }
            let asked = asked && !self.falls_back(*pool);
            if !asked && self.is_served(who, *pool, &all, &instead) {
                served.insert(*pool);
                continue;
            }
            let by_policy = if asked {
                Err(Refused)
            } else {
                self.other_pool(who, *pool, &all, &instead)
            };
            match by_policy {
                Ok(Some(other)) => drop(instead.insert(*pool, other)),
                Ok(None) => drop(queueing.insert(*pool)),
                Err(refused) if !attended => return Err(refused),
                Err(_) if self.how.when_full == WhenFull::QueueRest => {
                    queueing.insert(*pool);
                    by_choice.insert(*pool);
                }
                Err(_) => {
                    self.short |= self.how.when_full == WhenFull::Ask;
                    out = true;
                }
            }
        }
        if out {
            return Ok(Seat::Out);
        }
        let queues = queueing.contains(&ACCESS);
        for (i, (pool, consumed)) in all.into_iter().enumerate() {
            if served.contains(&pool) {
                // The fallback's license is theirs, and serves for both.
            } else if queues && i >= chosen.len() {
                // What groups carry comes with becoming active.
            } else if queueing.contains(&pool) || queues && instead.contains_key(&pool) {
                let decides = if queues { ACCESS } else { pool };
                let entry = (who, leads_to, by_choice.contains(&decides));
                self.roster().pools[pool].queue.push(entry);
                self.end_as_before(who, pool, pool);
                if pool == ACCESS {
                    self.person(who).post = Some(self.post);
                }
            } else {
                let from = instead.get(&pool).copied().unwrap_or(pool);
                let stands = pool == ACCESS && from != ACCESS;
                self.person(who)
                    .holds
                    .insert(from, Held { consumed, stands });
                self.end_as_before(who, pool, from);
            }
        }
        Ok(if queues { Seat::Queued } else { Seat::In })
    }

    fn end_as_before(&mut self, who: usize, pool: usize, from: usize) {
        if let Some(day) = self.ends_back.get(&pool).copied() {
            self.person(who).ends.insert(from, day);
        }
    }

    /// What groups bring, one more among them, and what was asked for until now.
    pub(super) fn entry(&mut self, who: usize, joining: Option<usize>) -> Entry {
        let back = self.person(who).accepted;
        self.entry_of(who, joining, back)
    }

    /// As [`Self::entry`], of somebody who comes back, or who was never in.
    pub(super) fn entry_of(&mut self, who: usize, joining: Option<usize>, back: bool) -> Entry {
        let groups: Vec<usize> = self.person(who).groups.keys().copied().collect();
        let mut entry = self.entry_by(who, &groups, back);
        if let Some(group) = joining.filter(|it| !groups.contains(it)) {
            let carries = self.roster().carries[group].clone();
            self.add_carried(who, &carries, false, &mut entry);
        }
        for pool in self.person(who).requests.clone() {
            self.add_pool(who, pool, &mut entry);
        }
        entry
    }

    pub(super) fn entry_by(&mut self, who: usize, groups: &[usize], back: bool) -> Entry {
        let mut entry = Entry::default();
        for group in groups {
            let carries = self.roster().carries[*group].clone();
            self.add_carried(who, &carries, back, &mut entry);
        }
        entry
    }

    pub(super) fn add_carried(
        &mut self,
        who: usize,
        carries: &Carries,
        back: bool,
        entry: &mut Entry,
    ) {
        for training in &carries.trainings {
            let has = self.person(who).learns.get(training);
            if has.is_some_and(|it| *it != AssignmentState::Ended)
                || entry.trainings.contains(training)
            {
                continue;
            }
            entry.trainings.push(*training);
            if let Training {
                is_pre_work: true,
                pool: Some(pool),
                ..
            } = self.roster().trainings[*training]
            {
                self.add_pool(who, pool, entry);
            }
        }
        for pool in &carries.pools {
            if !entry.pools.contains(pool) && self.lacks(who, *pool, back) {
                entry.pools.push(*pool);
            }
        }
    }

    /// Whether somebody is to get a license of a pool that a group carries: its fallback's does for who comes back, and for
    /// anybody while there is none.
    pub(super) fn lacks(&mut self, who: usize, pool: usize, back: bool) -> bool {
        if self.person(who).holds.contains_key(&pool) || self.roster().is_queued(pool, who) {
            return false;
        }
        let free = self.roster().room(pool, true) >= 1;
        self.license_for(who, pool).is_none() || (!back && free)
    }

    pub(super) fn add_pool(&mut self, who: usize, pool: usize, entry: &mut Entry) {
        if !self.has_license(who, pool) && !entry.pools.contains(&pool) {
            entry.pools.push(pool);
        }
    }

    /// Assigns what becoming active brings.
    pub(super) fn enter(&mut self, who: usize, entry: &Entry) {
        let person = self.person(who);
        person.requests.clear();
        self.learn(who, &entry.trainings);
    }

    pub(super) fn learn(&mut self, who: usize, trainings: &[usize]) {
        let assigned = trainings.iter().map(|it| (*it, AssignmentState::Assigned));
        self.person(who).learns.extend(assigned);
    }

    /// The pool by whose license somebody may use the content of another one, and whether they only wait for it.
    pub(super) fn license_for(&mut self, who: usize, pool: usize) -> Option<(usize, bool)> {
        let roster = self.roster();
        let mut pools = vec![pool];
        if let AtCapacity::Fallback(name) = &roster.pools[pool].terms.at_capacity {
            pools.extend(roster.pool_named(name.as_str()));
        }
        pools.into_iter().find_map(|it| {
            let held = roster.people[who].holds.get(&it);
            if held.is_some_and(|it| !it.stands) {
                Some((it, false))
            } else {
                roster.is_queued(it, who).then_some((it, true))
            }
        })
    }

    pub(super) fn has_license(&mut self, who: usize, pool: usize) -> bool {
        self.person(who).holds.contains_key(&pool) || self.license_for(who, pool).is_some()
    }

    /// Whether the license comes when the person becomes active.
    pub(super) fn is_for_later(&mut self, pool: usize, status: Status) -> bool {
        let counts_from = self.roster().pools[pool].terms.counts_from;
        status != Status::Active && counts_from == CountsFrom::Activation
    }

    /// What an unattended door gets instead of a full pool: `None` is a place in the queue.
    pub(super) fn other_pool(
        &mut self,
        who: usize,
        pool: usize,
        wants: &[(usize, bool)],
        taken: &BTreeMap<usize, usize>,
    ) -> Result<Option<usize>, Refused> {
        let roster = self.roster();
        match &roster.pools[pool].terms.at_capacity {
            AtCapacity::Queue => Ok(None),
            AtCapacity::Refuse | AtCapacity::Grace(_) => Err(Refused),
            AtCapacity::Fallback(name) => {
                let other = roster.pool_named(name.as_str()).unwrap();
                let room = roster.room(other, true);
                if room < 1 || self.is_theirs(who, other, wants, taken) {
                    return Err(Refused);
                }
                Ok(Some(other))
            }
        }
    }

    /// Whether somebody has a license of a pool, or gets one.
    fn is_theirs(
        &mut self,
        who: usize,
        pool: usize,
        wants: &[(usize, bool)],
        taken: &BTreeMap<usize, usize>,
    ) -> bool {
        let roster = self.roster();
        roster.people[who].holds.contains_key(&pool)
            || roster.is_queued(pool, who)
            || wants.iter().any(|it| it.0 == pool)
            || taken.values().any(|it| *it == pool)
    }

    /// Whether somebody comes back to a pool by their groups that has a fallback.
    fn falls_back(&mut self, pool: usize) -> bool {
        let has_fallback = matches!(
            self.roster().pools[pool].terms.at_capacity,
            AtCapacity::Fallback(_)
        );
        has_fallback && self.carried_back.contains(&pool)
    }

    /// Whether the license to which a full add-on falls back is theirs anyway.
    fn is_served(
        &mut self,
        who: usize,
        pool: usize,
        wants: &[(usize, bool)],
        taken: &BTreeMap<usize, usize>,
    ) -> bool {
        let roster = self.roster();
        let AtCapacity::Fallback(name) = &roster.pools[pool].terms.at_capacity else {
            return false;
        };
        let other = roster.pool_named(name.as_str()).unwrap();
        pool != ACCESS && self.is_theirs(who, other, wants, taken)
    }

    /// What a person needs of `access` who becomes this.
    pub(super) fn need(&mut self, status: Status) -> Vec<(usize, bool)> {
        let from = self.roster().pools[ACCESS].terms.counts_from;
        match status {
            Status::Active => vec![(ACCESS, true)],
            _ if from == CountsFrom::Invitation => vec![(ACCESS, false)],
            _ => Vec::new(),
        }
    }

    /// Gives somebody an add-on license, or one that they have another end.
    pub(super) fn grant(
        &mut self,
        who: usize,
        pool: usize,
        until: Option<Option<i64>>,
    ) -> Result<bool, Refused> {
        let status = self.status(who);
        let due = Due::LicenseEnd(pool);
        if !status.is_seated_or_coming() || self.has_acted(who, due, until.flatten()) {
            return Ok(false);
        }
        let held = self.person(who).holds.get(&pool).copied();
        if held.is_some() || self.roster().is_queued(pool, who) {
            let stands = held.is_some_and(|it| it.stands);
            return Ok(!stands && until.is_some_and(|it| self.set_end(who, pool, it)));
        }
        if self.is_for_later(pool, status) {
            let has_end = until.flatten().is_some();
            return Ok(!has_end && self.person(who).requests.insert(pool));
        }
        let had = self.person(who).holds.clone();
        let seat = self.seat(who, &[(pool, false)], &[], status)?;
        let given = !matches!(seat, Seat::Out);
        // It ends where it was found, which may be the fallback.
        let holds = self.person(who).holds.keys().copied();
        let found = holds.into_iter().find(|it| !had.contains_key(it));
        let queued = self.roster().is_queued(pool, who).then_some(pool);
        if let Some(found) = found.or(queued) {
            self.set_end(who, found, until.flatten());
        }
        Ok(given)
    }

    fn set_end(&mut self, who: usize, pool: usize, day: Option<i64>) -> bool {
        let ends = &mut self.person(who).ends;
        let was = match day {
            Some(day) => ends.insert(pool, day),
            None => ends.remove(&pool),
        };
        was != day
    }

    /// Whether the groups of somebody, or what they have to learn, need a license that they have.
    fn is_given_anyway(&mut self, who: usize, license: usize) -> bool {
        let person = self.person(who).clone();
        if !person.status.is_seated_or_coming() {
            return false;
        }
        let carries = &self.model.roster.carries;
        let carried = person.groups.keys().map(|it| &carries[*it]);
        let (mut pools, mut trainings) = (BTreeSet::new(), BTreeSet::new());
        for it in carried {
            pools.extend(it.pools.iter().copied());
            trainings.extend(it.trainings.iter().copied());
        }
        let open = person.learns.iter().filter(|it| it.1.is_open());
        trainings.extend(open.map(|it| *it.0));
        for it in trainings {
            let training = &self.model.roster.trainings[it];
            pools.extend(training.pool.filter(|_| training.is_pre_work));
        }
        let mut pools = pools.into_iter();
        pools.any(|it| self.license_for(who, it).is_some_and(|it| it.0 == license))
    }

    /// The day on which a license ends: it goes unless it is used for good, or given anyway.
    pub(super) fn end(&mut self, who: usize, pool: usize) {
        let recoverable = self.roster().pools[pool].terms.recoverable;
        self.person(who).ends.remove(&pool);
        let held = self.person(who).holds.get(&pool).copied();
        if self.is_given_anyway(who, pool) {
            return;
        }
        if held.is_some_and(|it| !it.stands && (!it.consumed || recoverable)) {
            self.person(who).holds.remove(&pool);
        }
        self.roster().pools[pool].queue.retain(|it| it.0 != who);
    }

    pub(super) fn release(&mut self, who: usize, pool: usize) -> bool {
        if self.roster().is_queued(pool, who) {
            self.roster().pools[pool].queue.retain(|it| it.0 != who);
            self.person(who).ends.remove(&pool);
            return true;
        }
        let person = self.person(who);
        if !person.holds.contains_key(&pool) {
            return person.requests.remove(&pool);
        }
        let erased = person.status == Status::Erased;
        let goes = person
            .holds
            .get(&pool)
            .is_some_and(|it| !it.stands && (!it.consumed || erased));
        if goes {
            person.holds.remove(&pool);
            person.ends.remove(&pool);
        }
        goes
    }
}
