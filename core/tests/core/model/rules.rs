//! The rules of DESIGN §4 once more, naively: one person after the other, everything in maps, no plan and no ledger.

use std::collections::{BTreeMap, BTreeSet};

use usher_core::command::WhenFull;
use usher_core::model::{
    AssignmentState, AtCapacity, CountsFrom, GroupRole, InvitationState, NewPeople, PoolTerms,
    Status,
};

use super::roster::{ACCESS, Carries, Held, Person, Pool, Roster, Training};

/// What somebody does. People, pools, groups and connections are places in the roster.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// Invite, or create when `active`.
    Join {
        active: bool,
        emails: Vec<String>,
        pools: Vec<usize>,
        manager: Option<usize>,
        group: Option<usize>,
    },
    /// A provider makes somebody.
    Provision {
        by: usize,
        name: String,
        external_id: String,
        active: Option<bool>,
        manager: Option<usize>,
    },
    /// A provider updates somebody.
    Update {
        by: usize,
        who: usize,
        active: Option<bool>,
        manager: Option<Option<usize>>,
    },
    /// A provider deletes somebody.
    Remove {
        by: usize,
        who: usize,
    },
    Accept {
        who: usize,
    },
    Cancel {
        who: Who,
    },
    Resend {
        who: Who,
    },
    Edit {
        who: Who,
        manager: Option<Option<usize>>,
        title: Option<String>,
        field: Option<(usize, Option<String>)>,
        group: Option<(usize, Option<GroupRole>)>,
        protected: Option<bool>,
    },
    /// Require a title of whoever is invited or created, or no longer.
    Require {
        on: bool,
    },
    Deactivate {
        who: Who,
    },
    Reactivate {
        who: Who,
        restore: bool,
    },
    Delete {
        who: Who,
    },
    Erase {
        who: Who,
    },
    Grant {
        who: Who,
        pool: usize,
    },
    Release {
        who: Who,
        pool: usize,
    },
    AddPool {
        name: String,
        terms: PoolTerms,
    },
    SetPool {
        pool: usize,
        terms: PoolTerms,
    },
    Move {
        pool: usize,
        who: usize,
        position: usize,
    },
    /// Undo the batch of that place in the log.
    Undo {
        of: usize,
    },
    /// A group carries something, or no longer.
    Carry {
        group: usize,
        training: Option<usize>,
        pool: Option<usize>,
        on: bool,
    },
    Assign {
        who: Who,
        training: usize,
    },
    Unassign {
        who: Who,
        training: usize,
    },
    /// Somebody starts or completes a training.
    Progress {
        who: usize,
        training: usize,
        completed: bool,
    },
    /// Sets or clears the day of being deactivated (0) or deleted (1), so many days ahead.
    Date {
        who: Who,
        kind: usize,
        ahead: Option<i64>,
    },
    /// A day later, with everything done that is due then.
    NextDay,
    Reopen,
}

/// Whom a deed is for.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    These(Vec<usize>),
    /// Everybody who is not deleted or erased.
    Everybody,
}

/// At which door, and what a person at it chooses when a pool is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) attended: bool,
    pub(crate) when_full: WhenFull,
}

/// What the rules remember beyond the roster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// The last change of status was not a provider's.
    by_person: bool,
    /// What they gave back of consumed licenses when they last left.
    gave_back: BTreeSet<usize>,
    /// What they still had to learn then, and how it stood.
    open: BTreeMap<usize, AssignmentState>,
}

/// What becoming active brings.
#[derive(Default)]
struct Entry {
    trainings: Vec<usize>,
    pools: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) roster: Roster,
    memory: Vec<Memory>,
    /// The day that it is, counted from 1970.
    pub(crate) today: i64,
    /// What was done of which kind to whom for which day.
    done: BTreeSet<(usize, usize, i64)>,
}

/// Nothing is done.
#[derive(Debug)]
pub(crate) struct Refused;
/// Who was skipped.
pub(crate) type Outcome = Result<BTreeSet<usize>, Refused>;

enum Seat {
    In,
    Queued,
    Out,
}

impl Model {
    pub(crate) fn new(roster: Roster) -> Self {
        let memory = vec![Memory::default(); roster.people.len()];
        Self {
            roster,
            memory,
            today: 0,
            done: BTreeSet::new(),
        }
    }

    /// Does a deed; the roster is as before when it is refused.
    pub(crate) fn perform(&mut self, deed: &Deed, how: How, policies: &[NewPeople]) -> Outcome {
        let before = self.roster.clone();
        let mut deal = Deal {
            model: self,
            how,
            policies,
            skipped: BTreeSet::new(),
            short: false,
            leaving: Vec::new(),
        };
        let done = deal.perform(deed);
        deal.move_reports_up();
        let (skipped, short) = (std::mem::take(&mut deal.skipped), deal.short);
        if done.is_err() || short {
            self.roster = before;
            return Err(Refused);
        }
        let by_person = !matches!(
            deed,
            Deed::Provision { .. } | Deed::Update { .. } | Deed::Remove { .. }
        );
        self.remember(&before, by_person);
        self.promote(policies);
        Ok(skipped)
    }

    /// A day later, everything is done that is due and was not done for that day: each day and kind by itself.
    pub(crate) fn next_day(&mut self, how: How) {
        self.today += 1;
        let mut due: BTreeMap<(i64, usize), Vec<usize>> = BTreeMap::new();
        for (who, person) in self.roster.people.iter().enumerate() {
            for (kind, day) in person.dates.iter().enumerate() {
                if let Some(day) = day.filter(|it| *it <= self.today)
                    && !self.done.contains(&(who, kind, day))
                {
                    due.entry((day, kind)).or_default().push(who);
                }
            }
        }
        for ((day, kind), people) in due {
            let before = self.roster.clone();
            let mut deal = Deal {
                model: self,
                how,
                policies: &[],
                skipped: BTreeSet::new(),
                short: false,
                leaving: Vec::new(),
            };
            for who in people {
                deal.model.done.insert((who, kind, day));
                let status = deal.status(who);
                if deal.stays(who) {
                    continue;
                }
                if kind == 0 && status.is_seated_or_coming() {
                    deal.deactivate(who);
                } else if kind == 1 && !matches!(status, Status::Deleted | Status::Erased) {
                    deal.leave(who, Status::Deleted);
                }
            }
            deal.move_reports_up();
            self.remember(&before, true);
            self.promote(&[]);
        }
    }

    pub(crate) fn memory(&self) -> Vec<Memory> {
        self.memory.clone()
    }

    /// Goes on from what was found, after the undo of a batch before which that was remembered.
    pub(crate) fn adopt(&mut self, found: Roster, remembered: &[Memory]) {
        let before = std::mem::replace(&mut self.roster, found);
        self.remember(&before, true);
        // Whoever is off again because their return was undone left when they left before.
        for (i, person) in self.roster.people.iter().enumerate() {
            let (Some(was), Some(then)) = (before.people.get(i), remembered.get(i)) else {
                continue;
            };
            if was.status.is_seated_or_coming() && !person.status.is_seated_or_coming() {
                let memory = &mut self.memory[i];
                memory.gave_back.extend(&then.gave_back);
                for (training, state) in &then.open {
                    memory.open.entry(*training).or_insert(*state);
                }
            }
        }
    }

    fn remember(&mut self, before: &Roster, by_person: bool) {
        self.memory
            .resize_with(self.roster.people.len(), Memory::default);
        for (i, person) in self.roster.people.iter().enumerate() {
            let Some(was) = before.people.get(i) else {
                continue;
            };
            if was.status == person.status {
                continue;
            }
            let memory = &mut self.memory[i];
            memory.by_person = by_person;
            if was.status.is_seated_or_coming() && !person.status.is_seated_or_coming() {
                let gone = was.holds.iter().filter(|(pool, held)| {
                    held.consumed
                        && !held.stands
                        && **pool != ACCESS
                        && !person.holds.contains_key(pool)
                });
                memory.gave_back = gone.map(|it| *it.0).collect();
                let ended = was.learns.iter().filter(|(training, state)| {
                    state.is_open() && person.learns.get(training).is_some_and(|it| !it.is_open())
                });
                memory.open = ended.map(|it| (*it.0, *it.1)).collect();
            }
        }
    }

    /// Whoever is first gets what is free. Seats come last: whoever comes in by one overtakes nobody in another queue.
    fn promote(&mut self, policies: &[NewPeople]) {
        let mut deal = Deal {
            model: self,
            how: How {
                attended: false,
                when_full: WhenFull::Ask,
            },
            policies,
            skipped: BTreeSet::new(),
            short: false,
            leaving: Vec::new(),
        };
        for pool in (1..deal.roster().pools.len()).chain([ACCESS]) {
            while deal.roster().room(pool, true) > 0 && !deal.roster().pools[pool].queue.is_empty()
            {
                let (who, leads_to) = deal.roster().pools[pool].queue.remove(0);
                let person = deal.person(who);
                let consumed = pool == ACCESS && leads_to == Status::Active;
                person.holds.insert(
                    pool,
                    Held {
                        consumed,
                        stands: false,
                    },
                );
                if pool != ACCESS {
                    continue;
                }
                person.status = leads_to;
                if leads_to != Status::Active {
                    invite(person);
                    continue;
                }
                person.accepted = true;
                let entry = deal.entry(who, None);
                for pool in entry.pools.clone() {
                    if !deal.has_license(who, pool) {
                        // An add-on that refuses keeps nobody out.
                        let _ = deal.seat(who, &[], &[pool], Status::Active);
                    }
                }
                deal.enter(who, &entry);
            }
        }
    }
}

fn invite(person: &mut Person) {
    let generation = person.invitation.map_or(0, |it| it.0);
    person.invitation = Some((generation + 1, InvitationState::Pending));
}

fn end_invitation(person: &mut Person, state: InvitationState) {
    if let Some((generation, InvitationState::Pending)) = person.invitation {
        person.invitation = Some((generation, state));
    }
}

/// One deed while it is done.
struct Deal<'m> {
    model: &'m mut Model,
    how: How,
    policies: &'m [NewPeople],
    skipped: BTreeSet<usize>,
    /// A person was not told yet what to do when the pool is full.
    short: bool,
    leaving: Vec<usize>,
}

impl Deal<'_> {
    fn roster(&mut self) -> &mut Roster {
        &mut self.model.roster
    }

    fn person(&mut self, who: usize) -> &mut Person {
        &mut self.model.roster.people[who]
    }

    fn status(&mut self, who: usize) -> Status {
        self.person(who).status
    }

    fn these(&mut self, who: &Who) -> Vec<usize> {
        match who {
            Who::These(who) => {
                let mut seen = BTreeSet::new();
                who.iter().copied().filter(|it| seen.insert(*it)).collect()
            }
            Who::Everybody => {
                let people = self.roster().people.iter().enumerate();
                let here =
                    people.filter(|it| !matches!(it.1.status, Status::Deleted | Status::Erased));
                here.map(|it| it.0).collect()
            }
        }
    }

    /// Whoever is skipped, and whoever the rule lets through.
    fn each(
        &mut self,
        who: &Who,
        mut one: impl FnMut(&mut Self, usize) -> Result<bool, Refused>,
    ) -> Result<(), Refused> {
        for person in self.these(who) {
            if !one(self, person)? {
                self.skipped.insert(person);
            }
        }
        Ok(())
    }

    fn perform(&mut self, deed: &Deed) -> Result<(), Refused> {
        match deed {
            Deed::Join {
                active,
                emails,
                pools,
                manager,
                group,
            } => self.join(*active, emails, pools, *manager, *group),
            Deed::Provision {
                by,
                name,
                external_id,
                active,
                manager,
            } => self.provision(*by, name, external_id, *active, *manager),
            Deed::Update {
                by,
                who,
                active,
                manager,
            } => self.update(*by, *who, *active, *manager),
            Deed::Remove { who, .. } => {
                let status = self.status(*who);
                if matches!(status, Status::Deleted | Status::Erased)
                    || self.stays(*who)
                    || *who == 0
                {
                    return Err(Refused);
                }
                self.leave(*who, Status::Deleted);
                Ok(())
            }
            Deed::Accept { who } => self.accept(*who),
            Deed::Cancel { who } => self.each(who, |it, who| Ok(it.cancel(who))),
            Deed::Resend { who } => self.each(who, Self::resend),
            Deed::Edit {
                who,
                manager,
                title,
                field,
                group,
                protected,
            } => {
                if let Some(Some(manager)) = manager
                    && !self.status(*manager).is_seated_or_coming()
                {
                    return Err(Refused);
                }
                self.each(who, |it, who| {
                    it.edit(
                        who,
                        *manager,
                        title.as_deref(),
                        field.as_ref(),
                        *group,
                        *protected,
                    )
                })
            }
            Deed::Require { on } => {
                self.roster().required = on.then(|| "email,title".to_owned());
                Ok(())
            }
            Deed::Deactivate { who } => self.each(who, |it, who| {
                let goes = it.status(who).is_seated_or_coming() && !it.stays(who);
                if goes {
                    it.deactivate(who);
                }
                Ok(goes)
            }),
            Deed::Reactivate { who, restore } => self.each(who, |it, who| {
                Ok(it.status(who) == Status::Inactive && it.reactivate(who, *restore)?)
            }),
            Deed::Delete { who } => self.each(who, |it, who| {
                let goes =
                    !matches!(it.status(who), Status::Deleted | Status::Erased) && !it.stays(who);
                if goes {
                    it.leave(who, Status::Deleted);
                } else if !it.how.attended {
                    return Err(Refused);
                }
                Ok(goes)
            }),
            Deed::Erase { who } => self.each(who, |it, who| Ok(it.erase(who))),
            Deed::Grant { who, pool } => self.each(who, |it, who| {
                let has =
                    it.person(who).holds.contains_key(pool) || it.roster().is_queued(*pool, who);
                let status = it.status(who);
                if !status.is_seated_or_coming() || has {
                    return Ok(false);
                }
                if it.is_for_later(*pool, status) {
                    return Ok(it.person(who).requests.insert(*pool));
                }
                let seat = it.seat(who, &[(*pool, false)], &[], status)?;
                Ok(!matches!(seat, Seat::Out))
            }),
            Deed::Release { who, pool } => self.each(who, |it, who| Ok(it.release(who, *pool))),
            Deed::AddPool { name, terms } => {
                self.check_terms(name, terms)?;
                if self.roster().pool_named(name).is_some() {
                    return Err(Refused);
                }
                self.roster().pools.push(Pool {
                    name: name.clone(),
                    terms: terms.clone(),
                    queue: Vec::new(),
                });
                Ok(())
            }
            Deed::SetPool { pool, terms } => {
                let name = self.roster().pools[*pool].name.clone();
                self.check_terms(&name, terms)?;
                self.roster().pools[*pool].terms = terms.clone();
                Ok(())
            }
            Deed::Move {
                pool,
                who,
                position,
            } => {
                let queue = &mut self.roster().pools[*pool].queue;
                match queue.iter().position(|it| it.0 == *who) {
                    Some(at) => {
                        let entry = queue.remove(at);
                        let to = (position - 1).min(queue.len());
                        queue.insert(to, entry);
                        if to == at {
                            self.skipped.insert(*who);
                        }
                    }
                    None => {
                        self.skipped.insert(*who);
                    }
                }
                Ok(())
            }
            Deed::Carry {
                group,
                training,
                pool,
                on,
            } => self.carry(*group, *training, *pool, *on),
            Deed::Assign { who, training } => self.each(who, |it, who| it.assign(who, *training)),
            Deed::Unassign { who, training } => self.each(who, |it, who| {
                let state = it.person(who).learns.get_mut(training);
                let open = state.filter(|it| it.is_open());
                Ok(open.map(|it| *it = AssignmentState::Ended).is_some())
            }),
            Deed::Progress {
                who,
                training,
                completed,
            } => {
                if !self.progress(*who, *training, *completed) {
                    self.skipped.insert(*who);
                }
                Ok(())
            }
            Deed::Date { who, kind, ahead } => {
                let day = ahead.map(|it| self.model.today + it);
                self.each(who, |it, who| {
                    let stays = it.stays(who);
                    let sets = it.status(who).is_live()
                        && it.person(who).dates[*kind] != day
                        && !(day.is_some() && stays);
                    if sets {
                        it.person(who).dates[*kind] = day;
                    }
                    Ok(sets)
                })
            }
            Deed::Undo { .. } | Deed::NextDay | Deed::Reopen => Ok(()),
        }
    }

    /// May not be taken off: protected, or the last owner.
    fn stays(&mut self, who: usize) -> bool {
        self.person(who).protected || who == 0
    }

    fn check_terms(&mut self, name: &str, terms: &PoolTerms) -> Result<(), Refused> {
        match &terms.at_capacity {
            AtCapacity::Fallback(other) if other.as_str() == name || other.as_str() == "access" => {
                Err(Refused)
            }
            AtCapacity::Fallback(other) if self.roster().pool_named(other.as_str()).is_none() => {
                Err(Refused)
            }
            _ if name == "access" && !terms.recoverable => Err(Refused),
            _ => Ok(()),
        }
    }

    /// Gives a person licenses (pool, and whether used at once) and what a group's rule asks for, a place in the queue, or
    /// nothing.
    fn seat(
        &mut self,
        who: usize,
        wants: &[(usize, bool)],
        by_rule: &[usize],
        leads_to: Status,
    ) -> Result<Seat, Refused> {
        let attended = self.how.attended;
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
        let (mut queueing, mut instead, mut out) = (BTreeSet::new(), BTreeMap::new(), false);
        for (i, (pool, _)) in all.iter().enumerate() {
            let asked = attended && i < chosen.len();
            if self.roster().room(*pool, !asked) >= 1 {
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
            if queues && i >= chosen.len() {
                // What groups carry comes with becoming active.
            } else if queues || queueing.contains(&pool) {
                self.roster().pools[pool].queue.push((who, leads_to));
            } else {
                let from = instead.get(&pool).copied().unwrap_or(pool);
                let stands = pool == ACCESS && from != ACCESS;
                self.person(who)
                    .holds
                    .insert(from, Held { consumed, stands });
            }
        }
        Ok(if queues { Seat::Queued } else { Seat::In })
    }

    /// What groups bring, one more among them, and what was asked for until now.
    fn entry(&mut self, who: usize, joining: Option<usize>) -> Entry {
        let mut groups: Vec<usize> = self.person(who).groups.keys().copied().collect();
        groups.extend(joining.filter(|it| !groups.contains(it)));
        let mut entry = self.entry_by(who, &groups);
        for pool in self.person(who).requests.clone() {
            self.add_pool(who, pool, &mut entry);
        }
        entry
    }

    fn entry_by(&mut self, who: usize, groups: &[usize]) -> Entry {
        let mut entry = Entry::default();
        for group in groups {
            let carries = self.roster().carries[*group].clone();
            self.add_carried(who, &carries, &mut entry);
        }
        entry
    }

    fn add_carried(&mut self, who: usize, carries: &Carries, entry: &mut Entry) {
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
            self.add_pool(who, *pool, entry);
        }
    }

    fn add_pool(&mut self, who: usize, pool: usize, entry: &mut Entry) {
        if !self.has_license(who, pool) && !entry.pools.contains(&pool) {
            entry.pools.push(pool);
        }
    }

    /// Assigns what becoming active brings.
    fn enter(&mut self, who: usize, entry: &Entry) {
        let person = self.person(who);
        person.requests.clear();
        for training in &entry.trainings {
            person.learns.insert(*training, AssignmentState::Assigned);
        }
    }

    /// The pool by whose license somebody may use the content of another one, and whether they only wait for it.
    fn license_for(&mut self, who: usize, pool: usize) -> Option<(usize, bool)> {
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

    fn has_license(&mut self, who: usize, pool: usize) -> bool {
        self.person(who).holds.contains_key(&pool) || self.license_for(who, pool).is_some()
    }

    /// Whether the license comes when the person becomes active.
    fn is_for_later(&mut self, pool: usize, status: Status) -> bool {
        let counts_from = self.roster().pools[pool].terms.counts_from;
        status != Status::Active && counts_from == CountsFrom::Activation
    }

    fn carry(
        &mut self,
        group: usize,
        training: Option<usize>,
        pool: Option<usize>,
        on: bool,
    ) -> Result<(), Refused> {
        let mut new = Carries::default();
        let carries = &mut self.roster().carries[group];
        if let Some(training) = training {
            if on && carries.trainings.insert(training) {
                new.trainings.insert(training);
            } else if !on {
                carries.trainings.remove(&training);
            }
        }
        if let Some(pool) = pool {
            if on && carries.pools.insert(pool) {
                new.pools.insert(pool);
            } else if !on {
                carries.pools.remove(&pool);
            }
        }
        for who in 0..self.roster().people.len() {
            let person = self.person(who);
            if person.status != Status::Active || !person.groups.contains_key(&group) {
                continue;
            }
            let mut entry = Entry::default();
            self.add_carried(who, &new, &mut entry);
            match self.seat(who, &[], &entry.pools, Status::Active)? {
                Seat::Out => drop(self.skipped.insert(who)),
                _ => {
                    let person = self.person(who);
                    for training in entry.trainings {
                        person.learns.insert(training, AssignmentState::Assigned);
                    }
                }
            }
        }
        Ok(())
    }

    fn assign(&mut self, who: usize, training: usize) -> Result<bool, Refused> {
        let status = self.status(who);
        let live = self.person(who).learns.get(&training);
        if !status.is_seated_or_coming() || live.is_some_and(|it| *it != AssignmentState::Ended) {
            return Ok(false);
        }
        if let Training {
            is_pre_work: true,
            pool: Some(pool),
            ..
        } = self.roster().trainings[training]
            && !self.has_license(who, pool)
        {
            if self.is_for_later(pool, status) {
                self.person(who).requests.insert(pool);
            } else if matches!(self.seat(who, &[(pool, false)], &[], status)?, Seat::Out) {
                return Ok(false);
            }
        }
        self.person(who)
            .learns
            .insert(training, AssignmentState::Assigned);
        Ok(true)
    }

    fn progress(&mut self, who: usize, training: usize, completed: bool) -> bool {
        let state = self.person(who).learns.get(&training).copied();
        let done = match state {
            Some(AssignmentState::Completed) => true,
            Some(AssignmentState::Started) => !completed,
            _ => false,
        };
        if self.status(who) != Status::Active || done {
            return false;
        }
        if let Some(pool) = self.roster().trainings[training].pool {
            match self.license_for(who, pool) {
                Some((pool, false)) => {
                    if let Some(held) = self.person(who).holds.get_mut(&pool) {
                        held.consumed = true;
                    }
                }
                _ => return false,
            }
        }
        let state = if completed {
            AssignmentState::Completed
        } else {
            AssignmentState::Started
        };
        self.person(who).learns.insert(training, state);
        true
    }

    /// What an unattended door gets instead of a full pool: `None` is a place in the queue.
    fn other_pool(
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
                let mine = roster.people[who].holds.contains_key(&other)
                    || roster.is_queued(other, who)
                    || wants.iter().any(|it| it.0 == other)
                    || taken.values().any(|it| *it == other);
                if mine || roster.room(other, true) < 1 {
                    return Err(Refused);
                }
                Ok(Some(other))
            }
        }
    }

    /// What a person needs of `access` who becomes this.
    fn need(&mut self, status: Status) -> Vec<(usize, bool)> {
        let from = self.roster().pools[ACCESS].terms.counts_from;
        match status {
            Status::Active => vec![(ACCESS, true)],
            _ if from == CountsFrom::Invitation => vec![(ACCESS, false)],
            _ => Vec::new(),
        }
    }

    /// Puts a person where they are to be, with what their groups bring; false when there is no seat.
    fn bring_in(
        &mut self,
        who: usize,
        more: &[(usize, bool)],
        joining: Option<usize>,
        leads_to: Status,
    ) -> Result<bool, Refused> {
        let entry = if leads_to == Status::Active {
            self.entry(who, joining)
        } else {
            Entry::default()
        };
        let asked = |pool: &usize| more.iter().any(|it| it.0 == *pool);
        let by_rule: Vec<usize> = entry
            .pools
            .iter()
            .copied()
            .filter(|it| !asked(it))
            .collect();
        let mut later = Vec::new();
        for (pool, _) in more {
            let holds = self.person(who).holds.contains_key(pool);
            if !holds && self.is_for_later(*pool, leads_to) {
                later.push(*pool);
            }
        }
        let mut wants = self.need(leads_to);
        wants.extend(more.iter().filter(|it| !later.contains(&it.0)));
        let status = match self.seat(who, &wants, &by_rule, leads_to)? {
            Seat::Out => return Ok(false),
            Seat::Queued => Status::Queued,
            Seat::In => leads_to,
        };
        let today = self.model.today;
        let person = self.person(who);
        person.status = status;
        // Who is brought back after a day does not leave by it.
        person.dates = person.dates.map(|it| it.filter(|day| *day > today));
        person.requests.extend(later);
        match status {
            Status::Active => {
                person.accepted = true;
                self.enter(who, &entry);
            }
            Status::Waiting => invite(person),
            _ => {}
        }
        Ok(true)
    }

    fn add(&mut self, person: Person) -> usize {
        self.roster().people.push(person);
        self.roster().people.len() - 1
    }

    fn who_has_email(&mut self, email: &str) -> Option<usize> {
        self.roster()
            .people
            .iter()
            .position(|it| it.email.as_deref() == Some(email))
    }

    fn join(
        &mut self,
        active: bool,
        emails: &[String],
        pools: &[usize],
        manager: Option<usize>,
        group: Option<usize>,
    ) -> Result<(), Refused> {
        let leads_to = if active {
            Status::Active
        } else {
            Status::Waiting
        };
        let add_ons: Vec<(usize, bool)> = pools.iter().map(|it| (*it, false)).collect();
        for email in emails {
            let known = self.who_has_email(email);
            let back = known.is_none_or(|it| match self.status(it) {
                Status::Deleted => true,
                Status::Cancelled => !active,
                _ => false,
            });
            let may_manage = manager.is_none_or(|it| self.status(it).is_seated_or_coming());
            let mut added = None;
            let lacks = self.roster().required.is_some()
                && known.is_none_or(|it| self.person(it).title.is_none());
            if back && may_manage && !lacks {
                let who = known.unwrap_or_else(|| {
                    let person = Person {
                        email: Some(email.clone()),
                        accepted: false,
                        ..Person::new(leads_to)
                    };
                    self.add(person)
                });
                if self.bring_in(who, &add_ons, group, leads_to)? {
                    added = Some(who);
                } else if known.is_none() {
                    self.roster().people.pop();
                }
            }
            match (added, known) {
                (Some(who), _) => {
                    let person = self.person(who);
                    person.manager = manager.or(person.manager);
                    if let Some(group) = group {
                        person.groups.entry(group).or_insert(GroupRole::Learner);
                    }
                }
                (None, Some(who)) => {
                    self.skipped.insert(who);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn provision(
        &mut self,
        by: usize,
        name: &str,
        external_id: &str,
        active: Option<bool>,
        manager: Option<usize>,
    ) -> Result<(), Refused> {
        let external_id = Some(external_id.to_owned());
        let people = &self.roster().people;
        let by_id = people
            .iter()
            .position(|it| it.links.get(&by) == Some(&external_id));
        let by_name = people
            .iter()
            .position(|it| it.user_name.as_deref() == Some(name));
        let by_email = people
            .iter()
            .position(|it| it.email.as_deref() == Some(name));
        let candidates: Vec<usize> = [by_id, by_name, by_email].into_iter().flatten().collect();
        if candidates.iter().any(|it| people[*it].status.is_live()) {
            return Err(Refused);
        }
        let is_known_as_another = |it: &usize| {
            people[*it]
                .links
                .get(&by)
                .is_some_and(|it| it.is_some() && *it != external_id)
        };
        let returns = candidates
            .iter()
            .copied()
            .find(|it| !is_known_as_another(it));
        for other in candidates {
            if Some(other) != returns {
                let person = self.person(other);
                person.email.take_if(|it| it == name);
                person.user_name.take_if(|it| it == name);
            }
        }
        let manager = manager.filter(|it| self.status(*it).is_seated_or_coming());
        let policy = self.policies[by];
        let who = returns.unwrap_or_else(|| {
            let accepted = active == Some(false) && policy == NewPeople::Active;
            self.add(Person {
                accepted,
                ..Person::new(Status::Inactive)
            })
        });
        self.begins_as_learner(who);
        let person = self.person(who);
        person.email = Some(name.to_owned());
        person.user_name = Some(name.to_owned());
        person.links.insert(by, external_id);
        person.connection = Some(by);
        if let Some(manager) = manager {
            person.manager = Some(manager);
        }
        if active == Some(false) {
            person.status = Status::Inactive;
            person.accepted |= policy == NewPeople::Active;
            return Ok(());
        }
        self.provider_brings_in(who, policy)
    }

    /// A provider gives no group role above learner, also not by bringing somebody back.
    fn begins_as_learner(&mut self, who: usize) {
        for role in self.person(who).groups.values_mut() {
            *role = GroupRole::Learner;
        }
    }

    fn provider_brings_in(&mut self, who: usize, policy: NewPeople) -> Result<(), Refused> {
        let waits = policy == NewPeople::Waiting && !self.person(who).accepted;
        self.bring_in(
            who,
            &[],
            None,
            if waits {
                Status::Waiting
            } else {
                Status::Active
            },
        )?;
        self.person(who).released = false;
        Ok(())
    }

    fn update(
        &mut self,
        by: usize,
        who: usize,
        active: Option<bool>,
        manager: Option<Option<usize>>,
    ) -> Result<(), Refused> {
        let status = self.status(who);
        if matches!(status, Status::Deleted | Status::Erased) || (who == 0 && active == Some(false))
        {
            return Err(Refused);
        }
        match manager {
            Some(Some(manager))
                if !self.status(manager).is_seated_or_coming()
                    || self.roster().is_below(manager, who) => {}
            Some(manager) => self.person(who).manager = manager,
            None => {}
        }
        let person = self.person(who);
        person.links.entry(by).or_insert(None);
        person.connection = Some(by);
        let holds = !person.released && self.model.memory[who].by_person;
        match (status, active) {
            (Status::Inactive, Some(true)) if holds => {
                self.skipped.insert(who);
            }
            (Status::Inactive, Some(true)) => {
                self.begins_as_learner(who);
                self.reactivate(who, false)?;
            }
            (Status::Inactive, Some(false)) if holds => self.person(who).released = true,
            (Status::Cancelled, Some(true)) => self.provider_brings_in(who, self.policies[by])?,
            (_, Some(false)) if status.is_seated_or_coming() => {
                if self.stays(who) {
                    return Err(Refused);
                }
                self.deactivate(who);
            }
            _ => {}
        }
        Ok(())
    }

    fn accept(&mut self, who: usize) -> Result<(), Refused> {
        let person = self.person(who);
        if person.status != Status::Waiting || !person.is_invited() {
            return Err(Refused);
        }
        let wants: &[_] = if person.seat().is_some() {
            &[]
        } else {
            &[(ACCESS, true)]
        };
        let entry = self.entry(who, None);
        let status = match self.seat(who, wants, &entry.pools, Status::Active)? {
            Seat::Queued => Status::Queued,
            _ => Status::Active,
        };
        if status == Status::Active {
            self.enter(who, &entry);
        }
        let person = self.person(who);
        for (pool, held) in &mut person.holds {
            held.consumed |= *pool == ACCESS || held.stands;
        }
        person.status = status;
        person.accepted = true;
        end_invitation(person, InvitationState::Accepted);
        Ok(())
    }

    fn cancel(&mut self, who: usize) -> bool {
        let queue = &self.roster().pools[ACCESS].queue;
        let leads_to = queue.iter().find(|it| it.0 == who).map(|it| it.1);
        let person = self.person(who);
        let invited = match person.status {
            Status::Waiting => true,
            Status::Queued => !person.accepted || leads_to == Some(Status::Waiting),
            _ => false,
        };
        let goes = invited && !self.stays(who);
        if goes {
            self.leave(who, Status::Cancelled);
        }
        goes
    }

    fn resend(&mut self, who: usize) -> Result<bool, Refused> {
        match self.status(who) {
            Status::Waiting => {
                invite(self.person(who));
                Ok(true)
            }
            Status::Cancelled => self.bring_in(who, &[], None, Status::Waiting),
            _ => Ok(false),
        }
    }

    fn edit(
        &mut self,
        who: usize,
        manager: Option<Option<usize>>,
        title: Option<&str>,
        field: Option<&(usize, Option<String>)>,
        group: Option<(usize, Option<GroupRole>)>,
        protected: Option<bool>,
    ) -> Result<bool, Refused> {
        if !self.status(who).is_live()
            || matches!(manager, Some(Some(it)) if self.roster().people[who].manager != Some(it) && self.roster().is_below(it, who))
        {
            return Ok(false);
        }
        let before = self.person(who).clone();
        if let Some((group, Some(_))) = group
            && before.status == Status::Active
            && !before.groups.contains_key(&group)
        {
            let entry = self.entry_by(who, &[group]);
            if matches!(
                self.seat(who, &[], &entry.pools, Status::Active)?,
                Seat::Out
            ) {
                return Ok(false);
            }
            for training in entry.trainings {
                let learns = &mut self.person(who).learns;
                learns.insert(training, AssignmentState::Assigned);
            }
        }
        let person = self.person(who);
        if let Some(manager) = manager {
            person.manager = manager;
        }
        if let Some(title) = title {
            person.title = Some(title.to_owned());
        }
        match field {
            Some((field, Some(value))) => {
                person.fields.insert(*field, value.clone());
            }
            Some((field, None)) => {
                person.fields.remove(field);
            }
            None => {}
        }
        match group {
            Some((group, Some(role))) => {
                person.groups.insert(group, role);
            }
            Some((group, None)) => {
                person.groups.remove(&group);
            }
            None => {}
        }
        person.protected = protected.unwrap_or(person.protected);
        Ok(*person != before)
    }

    fn deactivate(&mut self, who: usize) {
        self.leave(who, Status::Inactive);
        self.person(who).released = false;
    }

    /// Off the seat: what can come back comes back, the link dies, reports move up when all are off.
    fn leave(&mut self, who: usize, status: Status) {
        let pools: Vec<bool> = self
            .roster()
            .pools
            .iter()
            .map(|it| it.terms.recoverable)
            .collect();
        let person = self.person(who);
        person.status = status;
        person
            .holds
            .retain(|pool, held| *pool != ACCESS && !held.stands && held.consumed && !pools[*pool]);
        end_invitation(person, InvitationState::Dead);
        person.requests.clear();
        for state in person.learns.values_mut().filter(|it| it.is_open()) {
            *state = AssignmentState::Ended;
        }
        for pool in &mut self.roster().pools {
            pool.queue.retain(|it| it.0 != who);
        }
        self.leaving.push(who);
    }

    fn move_reports_up(&mut self) {
        for leaver in self.leaving.clone() {
            let mut above = self.person(leaver).manager;
            while let Some(manager) = above.filter(|it| self.leaving.contains(it)) {
                above = self.person(manager).manager;
            }
            for person in &mut self.model.roster.people {
                if person.manager == Some(leaver) {
                    person.manager = above;
                }
            }
        }
    }

    fn reactivate(&mut self, who: usize, restore: bool) -> Result<bool, Refused> {
        let leads_to = if self.person(who).accepted {
            Status::Active
        } else {
            Status::Waiting
        };
        let memory = self.model.memory[who].clone();
        let mut again: Vec<_> = memory
            .gave_back
            .into_iter()
            .filter(|it| self.model.roster.pools[*it].terms.recoverable)
            .map(|it| (it, true))
            .collect();
        let before = self.person(who).learns.clone();
        for (training, state) in memory.open.into_iter().filter(|_| restore) {
            if before.get(&training) != Some(&AssignmentState::Ended) {
                continue;
            }
            self.person(who).learns.insert(training, state);
            if let Training {
                is_pre_work: true,
                pool: Some(pool),
                ..
            } = self.roster().trainings[training]
                && !self.has_license(who, pool)
                && !again.iter().any(|it| it.0 == pool)
            {
                again.push((pool, state == AssignmentState::Started));
            }
        }
        // Whoever comes back needs what their groups carry, too: all or nothing.
        if leads_to == Status::Active {
            let groups: Vec<usize> = self.person(who).groups.keys().copied().collect();
            for pool in self.entry_by(who, &groups).pools {
                if !again.iter().any(|it| it.0 == pool) {
                    again.push((pool, false));
                }
            }
        }
        let back = self.bring_in(who, &again, None, leads_to)?;
        if back {
            self.person(who).released = false;
        } else {
            self.person(who).learns = before;
        }
        Ok(back)
    }

    fn erase(&mut self, who: usize) -> bool {
        let goes = self.status(who) == Status::Deleted && !self.stays(who);
        if goes {
            let person = self.person(who);
            *person = Person {
                accepted: person.accepted,
                released: person.released,
                groups: std::mem::take(&mut person.groups),
                holds: std::mem::take(&mut person.holds),
                learns: std::mem::take(&mut person.learns),
                ..Person::new(Status::Erased)
            };
        }
        goes
    }

    fn release(&mut self, who: usize, pool: usize) -> bool {
        if self.roster().is_queued(pool, who) {
            self.roster().pools[pool].queue.retain(|it| it.0 != who);
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
        }
        goes
    }
}
