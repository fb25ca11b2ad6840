//! What identity providers do.

use usher_core::model::{GroupRole, NewPeople, Permission, Status};

use super::super::roster::{Person, Says};
use super::{Deal, Refused};

impl Deal<'_> {
    pub(super) fn provision(
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
                let email = person.email.take_if(|it| it == name);
                let user_name = person.user_name.take_if(|it| it == name);
                // By the name it means somebody else from now on.
                if email.is_some() || user_name.is_some() {
                    person.word.take_if(|it| it.0 == by);
                }
            }
        }
        self.model.roster.says_managers[by] |= manager.is_some();
        let policy = self.policies[by];
        let who = returns.unwrap_or_else(|| {
            let accepted = active == Some(false) && policy == NewPeople::Active;
            self.add(Person {
                accepted,
                ..Person::new(Status::Inactive)
            })
        });
        self.begins_as_learner(who);
        if self.status(who) == Status::Deleted {
            self.person(who).lose_keys();
        }
        let is_met = !self.person(who).links.contains_key(&by);
        let stays = self.stays_with_another(who, by, active);
        if stays && is_met {
            self.skipped.insert(who);
        }
        let person = self.person(who);
        person.email = Some(name.to_owned());
        person.user_name = Some(name.to_owned());
        person.links.insert(by, external_id);
        if !stays {
            person.connection = Some(by);
        }
        self.told_manager(by, who, manager.map(Some), stays);
        self.person(who).word = None;
        if active != Some(false) {
            self.says_they_are_in(by, who);
        }
        let person = self.person(who);
        if active == Some(false) {
            person.status = Status::Inactive;
            person.accepted |= policy == NewPeople::Active;
            return Ok(());
        }
        self.provider_brings_in(who, policy)
    }

    /// A provider gives no group role above learner, also not by bringing somebody back.
    pub(super) fn begins_as_learner(&mut self, who: usize) {
        for role in self.person(who).groups.values_mut() {
            *role = GroupRole::Learner;
        }
    }

    pub(super) fn provider_brings_in(
        &mut self,
        who: usize,
        policy: NewPeople,
    ) -> Result<(), Refused> {
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

    /// What a connection says of somebody's manager now, or has said before and could not be taken then.
    fn told_manager(&mut self, by: usize, who: usize, manager: Option<Option<usize>>, stays: bool) {
        let fits = |it: &mut Self, manager: usize| {
            it.status(manager).is_seated_or_coming() && !it.roster().is_below(manager, who)
        };
        let says = self.person(who).says;
        let awaited = says.filter(|it| it.by == by && !it.overridden);
        let wanted = match manager {
            Some(Some(manager)) if !fits(self, manager) => {
                self.person(who).says = Some(Says {
                    by,
                    manager: Some(manager),
                    overridden: false,
                });
                return;
            }
            Some(wanted) => wanted,
            None => match awaited.and_then(|it| it.manager) {
                Some(manager) if fits(self, manager) => Some(manager),
                _ => return,
            },
        };
        let is_kept = stays && self.keeper_of_manager(who).is_some();
        if stays {
            self.overrides_manager(who, wanted);
        } else {
            self.person(who).manager = wanted;
        }
        if !is_kept {
            self.person(who).says = None;
        }
    }

    /// Whoever is another connection's stays so, until that one has let them go and this one brings them in.
    fn stays_with_another(&mut self, who: usize, by: usize, active: Option<bool>) -> bool {
        let status = self.status(who);
        let let_go_by = self.model.memory.get(who).and_then(|it| it.by_provider);
        let keeper = self.person(who).connection.filter(|it| *it != by);
        keeper.is_some_and(|keeper| match status {
            Status::Deleted | Status::Erased => false,
            Status::Inactive | Status::Cancelled => {
                active != Some(true) || let_go_by != Some(keeper)
            }
            Status::Queued | Status::Waiting | Status::PendingTransfer | Status::Active => true,
        })
    }

    pub(super) fn update(
        &mut self,
        by: usize,
        who: usize,
        external_id: Option<&String>,
        mut active: Option<bool>,
        manager: Option<Option<usize>>,
    ) -> Result<(), Refused> {
        let status = self.status(who);
        let is_owner = self.person(who).permissions.contains(&Permission::Owner);
        let switches = active.is_some_and(|it| it != status.is_scim_active());
        if status == Status::Deleted && active == Some(false) && self.agrees_that_gone(by, who) {
            return Ok(());
        }
        if matches!(status, Status::Deleted | Status::Erased) || is_owner && switches {
            return Err(Refused);
        }
        self.model.roster.says_managers[by] |= matches!(manager, Some(Some(_)));
        let known_as = self.person(who).links.get(&by).cloned().flatten();
        if external_id.is_some_and(|it| known_as.is_some_and(|known| known != *it)) {
            return Err(Refused);
        }
        if active == Some(false) && status.is_seated_or_coming() {
            if self.stays(who) {
                return Err(Refused);
            }
            // That they leave is all of it that waits, or that an administrator has refused.
            let leaving = self.person(who).leaving;
            if leaving.is_some_and(|it| it.rejected) {
                let before = self.model.roster.clone();
                self.update(by, who, external_id, None, manager)?;
                // That a connection meets them is nothing that it asks for.
                let mut met = before;
                let (person, now) = (&mut met.people[who], &self.model.roster.people[who]);
                person.connection = now.connection;
                if external_id.is_none() {
                    person.links.clone_from(&now.links);
                }
                if self.model.roster == met {
                    return Err(Refused);
                }
                self.skipped.insert(who);
                return Ok(());
            }
            if !self.passes_the_brake(by, who, false)? {
                active = None;
            }
        }
        if let Some(external_id) = external_id {
            let mut others = self.roster().people.iter();
            let another =
                others.position(|it| it.links.get(&by) == Some(&Some(external_id.clone())));
            if let Some(other) = another.filter(|it| *it != who) {
                if self.status(other).is_live() {
                    return Err(Refused);
                }
                self.person(other).links.insert(by, None);
            }
        }
        if active == Some(true) {
            self.says_they_are_in(by, who);
        }
        let stays = self.stays_with_another(who, by, active);
        let person = self.person(who);
        let is_met = !person.links.contains_key(&by);
        let link = person.links.entry(by).or_insert(None);
        if external_id.is_some() {
            *link = external_id.cloned();
        }
        if !stays {
            person.connection = Some(by);
        }
        let is_released = person.released;
        self.told_manager(by, who, manager, stays);
        if stays && is_met {
            self.skipped.insert(who);
        }
        let holds = !is_released && self.model.memory[who].by_person;
        match (status, active) {
            (Status::Inactive, Some(true)) if holds => {
                self.skipped.insert(who);
                if !stays {
                    self.person(who).word = Some((by, true));
                }
            }
            (Status::Inactive, Some(true)) => {
                self.begins_as_learner(who);
                // Of their own connection they are what it makes of people; another one asks them as anybody would be.
                if !stays && self.policies[by] == NewPeople::Active {
                    self.come_back(who, Status::Active, false)?;
                } else {
                    self.reactivate(who, false)?;
                }
            }
            (Status::Cancelled, Some(true)) => {
                if !stays {
                    self.person(who).word = None;
                }
                self.provider_brings_in(who, self.policies[by])?;
            }
            (_, Some(false)) if status.is_seated_or_coming() => self.deactivate(who),
            (_, Some(false)) => {
                self.person(who).released |= status == Status::Inactive && holds;
                if !stays {
                    self.person(who).word = None;
                }
            }
            (_, Some(true)) if !stays => self.person(who).word = None,
            _ => {}
        }
        Ok(())
    }
}
