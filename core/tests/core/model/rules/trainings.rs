//! What is to be learned: what groups carry, assignments, progress.

use usher_core::model::{AssignmentState, Status};

use super::super::roster::{Carries, Training};
use super::{Deal, Entry, Refused, Seat};

impl Deal<'_> {
    pub(super) fn carry(
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
            self.add_carried(who, &new, false, &mut entry);
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

    pub(super) fn assign(&mut self, who: usize, training: usize) -> Result<bool, Refused> {
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

    pub(super) fn progress(&mut self, who: usize, training: usize, completed: bool) -> bool {
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
}
