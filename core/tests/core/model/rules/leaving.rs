//! Leaving, and coming back.

use std::collections::BTreeMap;

use usher_core::model::{AssignmentState, InvitationState, Status};

use super::super::roster::{ACCESS, Held, Person, Roster, Says, Training};
use super::{Deal, Due, Model, Refused};

impl Model {
    /// What of a roster that an undo leads back to is over by now: who comes back does not leave on a day that has begun, and
    /// a license whose end has come comes back only where it is needed, and then for good.
    pub(crate) fn days_after_undo(&self, before: &mut Roster, now: &Roster) {
        let people = before.people.iter_mut().zip(&self.roster.people);
        for (who, (was, is)) in people.enumerate() {
            let is_over =
                |due: Due, day: i64| day <= self.today() || self.done.contains(&(who, due, day));
            if was.status.is_seated_or_coming() && !is.status.is_seated_or_coming() {
                for (day, due) in was.dates.iter_mut().zip([Due::Deactivate, Due::Delete]) {
                    *day = day.filter(|it| !is_over(due, *it));
                }
            }
            let moved = was.ends.iter().filter(|it| is.ends.get(it.0) != Some(it.1));
            let ended: Vec<usize> = moved
                .filter(|it| is_over(Due::LicenseEnd(*it.0), *it.1))
                .map(|it| *it.0)
                .collect();
            for pool in ended {
                was.ends.remove(&pool);
                was.ends.extend(is.ends.get(&pool).map(|it| (pool, *it)));
                if !is.holds.contains_key(&pool) && !now.people[who].holds.contains_key(&pool) {
                    was.holds.remove(&pool);
                }
            }
        }
    }
}

impl Deal<'_> {
    pub(super) fn deactivate(&mut self, who: usize) {
        // Whom a person takes off whom their provider has called off already comes in by its next word.
        let is_released = self.by.is_none() && self.is_wanted_off(who);
        self.leave(who, Status::Inactive);
        self.person(who).released = is_released;
    }

    /// Off the seat: what can come back comes back, the link dies, reports move up when all are off.
    pub(super) fn leave(&mut self, who: usize, status: Status) {
        let pools: Vec<bool> = self
            .roster()
            .pools
            .iter()
            .map(|it| it.terms.recoverable)
            .collect();
        if status == Status::Deleted && self.status(who) == Status::Inactive {
            self.agrees_that_off(who);
        }
        self.goes_against(who);
        let person = self.person(who);
        person.status = status;
        person
            .holds
            .retain(|pool, held| *pool != ACCESS && !held.stands && held.consumed && !pools[*pool]);
        person
            .ends
            .retain(|pool, _| person.holds.contains_key(pool));
        if status != Status::Cancelled {
            person.permissions.clear();
        }
        person.end_invitation(InvitationState::Dead);
        person.end_link();
        person.post = None;
        person.leaving = None;
        person.requests.clear();
        for state in person.learns.values_mut().filter(|it| it.is_open()) {
            *state = AssignmentState::Ended;
        }
        for pool in &mut self.roster().pools {
            pool.queue.retain(|it| it.0 != who);
        }
        self.leaving.push(who);
    }

    pub(super) fn move_reports_up(&mut self) {
        for leaver in self.leaving.clone() {
            let mut above = self.person(leaver).manager;
            while let Some(manager) = above.filter(|it| self.leaving.contains(it)) {
                above = self.person(manager).manager;
            }
            for who in 0..self.roster().people.len() {
                if self.person(who).manager != Some(leaver) {
                    continue;
                }
                let keeper = self.keeper_of_manager(who);
                let person = self.person(who);
                person.manager = above;
                if person.status != Status::Erased && person.says.is_none() {
                    person.says = keeper.map(|by| Says {
                        by,
                        manager: Some(leaver),
                        overridden: false,
                    });
                }
            }
        }
    }

    /// Who reported to somebody who is back, as their connection says, does again.
    pub(super) fn take_reports_back(&mut self, before: &Roster) {
        let is_back = |it: &Self, who: usize| {
            let was = before.people.get(who);
            let was_in = was.is_some_and(|it| it.status.is_seated_or_coming());
            was.is_some() && !was_in && it.model.roster.people[who].status.is_seated_or_coming()
        };
        for who in 0..before.people.len() {
            let Some(says) = self.person(who).says.filter(|it| !it.overridden) else {
                continue;
            };
            let keeper = before.people[who].connection;
            let Some(manager) = says.manager.filter(|it| is_back(self, *it)) else {
                continue;
            };
            if keeper == Some(says.by)
                && self.before_says[says.by]
                && before.people[who].status != Status::Erased
                && self.person(who).manager == before.people[who].manager
                && !self.roster().is_below(manager, who)
            {
                let person = self.person(who);
                person.manager = Some(manager);
                person.says = None;
            }
        }
    }

    /// The connection that keeps whom somebody reports to.
    pub(super) fn keeper_of_manager(&mut self, who: usize) -> Option<usize> {
        let connection = self.person(who).connection;
        connection.filter(|it| self.before_says[*it])
    }

    /// Sets whom somebody reports to, in another's place than the connection's that keeps it.
    pub(super) fn overrides_manager(&mut self, who: usize, after: Option<usize>) {
        let keeper = self.keeper_of_manager(who);
        let person = self.person(who);
        let before = std::mem::replace(&mut person.manager, after);
        let Some(by) = keeper.filter(|_| before != after) else {
            return;
        };
        let own = person.says.filter(|it| it.by == by);
        let manager = own.map_or(before, |it| it.manager);
        if manager != after {
            person.says = Some(Says {
                by,
                manager,
                overridden: true,
            });
        } else if own.is_some() {
            person.says = None;
        }
    }

    /// Takes back what whoever left still holds of pools that are recoverable by now, and the seats of whoever waits.
    pub(super) fn reclaim(&mut self, left: bool, never_came: bool) {
        let recoverable = |it: &Self, pool: usize| it.model.roster.pools[pool].terms.recoverable;
        for who in 0..self.roster().people.len() {
            let status = self.status(who);
            if self.person(who).protected {
                continue;
            }
            let holds = self.person(who).holds.clone();
            if left && !status.is_seated_or_coming() {
                let stays = |it: &Self, pool: usize| !recoverable(it, pool);
                let kept = holds.into_iter().filter(|it| stays(self, it.0));
                let kept = kept.collect();
                let person = self.person(who);
                person.holds = kept;
                person
                    .ends
                    .retain(|pool, _| person.holds.contains_key(pool));
            } else if never_came && status.waits() && self.person(who).send_on.is_none() {
                // Whoever is to be invited on a day to come could not have come yet.
                let mut gives = holds.into_iter();
                if gives.any(|(pool, it)| !it.consumed || it.stands || recoverable(self, pool)) {
                    self.cancel(who);
                }
            }
        }
    }

    pub(super) fn reactivate(&mut self, who: usize, restore: bool) -> Result<bool, Refused> {
        let leads_to = if self.person(who).accepted || self.model.memory[who].was_coming_in {
            Status::Active
        } else {
            Status::Waiting
        };
        let back = self.come_back(who, leads_to, restore)?;
        let person = self.person(who);
        let lacks_a_way_in =
            !person.password && person.connection.is_none() && person.email.is_some();
        if back && person.status == Status::Active && lacks_a_way_in {
            self.mail_password_link(who);
        }
        Ok(back)
    }

    pub(super) fn come_back(
        &mut self,
        who: usize,
        leads_to: Status,
        restore: bool,
    ) -> Result<bool, Refused> {
        let memory = self.model.memory[who].clone();
        let mut again: Vec<(usize, bool)> = Vec::new();
        let (mut ended, mut ends_back) = (Vec::new(), BTreeMap::new());
        for (pool, end) in memory.gave_back {
            if !self.model.roster.pools[pool].terms.recoverable
                || self.person(who).holds.contains_key(&pool)
            {
                continue;
            }
            let over = |day: &i64| {
                let done = (who, Due::LicenseEnd(pool), *day);
                *day <= self.model.today() || self.model.done.contains(&done)
            };
            if end.as_ref().is_some_and(over) {
                ended.push(pool);
            } else {
                again.push((pool, true));
                ends_back.extend(end.map(|day| (pool, day)));
            }
        }
        let before = self.person(who).learns.clone();
        // What they come back to does for every pool that falls back to it.
        let held = self.person(who).holds.clone();
        for (pool, consumed) in again.iter().copied() {
            let stands = false;
            let theirs = &mut self.person(who).holds;
            theirs.entry(pool).or_insert(Held { consumed, stands });
        }
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
            for pool in self.entry_by(who, &groups, true).pools {
                if !again.iter().any(|it| it.0 == pool) {
                    again.push((pool, false));
                    self.carried_back.insert(pool);
                }
            }
        }
        self.person(who).holds = held;
        ended.retain(|pool| again.iter().all(|it| it.0 != *pool));
        self.ends_back = ends_back;
        let back = self.bring_in(who, &again, None, leads_to);
        self.carried_back.clear();
        self.ends_back.clear();
        let back = back?;
        if back {
            if !ended.is_empty() {
                self.skipped.insert(who);
            }
            self.comes_against(who);
            self.person(who).released = false;
        } else {
            self.person(who).learns = before;
        }
        Ok(back)
    }

    pub(super) fn erase(&mut self, who: usize) -> bool {
        let goes = self.status(who) == Status::Deleted && !self.stays(who);
        if goes {
            // With the account that they came with, and those of addresses that are nobody else's now.
            let mut gone = self.model.memory[who].addresses.clone();
            gone.retain(|it| self.who_has_email(it).is_none_or(|it| it == who));
            for (of, account) in &self.model.roster.accounts {
                if account.taken_by == Some(who) {
                    gone.insert(of.clone());
                }
            }
            for email in gone {
                self.model.addresses.remove(&email);
                self.roster().accounts.remove(&email);
            }
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
}
