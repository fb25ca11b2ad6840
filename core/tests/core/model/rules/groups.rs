//! Groups: added, renamed and removed by people and by providers, and who is in them.

use usher_core::model::{GroupRole, Status};

use super::super::roster::{Carries, Group};
use super::{Deal, Refused, Seat};

impl Deal<'_> {
    pub(super) fn living_group(&mut self, group: usize) -> Result<(), Refused> {
        let removed = self.roster().groups[group].removed;
        (!removed).then_some(()).ok_or(Refused)
    }

    pub(super) fn add_group(&mut self, name: &str) -> Result<usize, Refused> {
        if self.roster().group_named(name).is_some() {
            return Err(Refused);
        }
        self.roster().groups.push(Group {
            name: name.to_owned(),
            ..Group::default()
        });
        self.roster().carries.push(Carries::default());
        Ok(self.roster().groups.len() - 1)
    }

    pub(super) fn rename_group(&mut self, group: usize, name: &str) -> Result<(), Refused> {
        self.living_group(group)?;
        if self
            .roster()
            .group_named(name)
            .is_some_and(|it| it != group)
        {
            return Err(Refused);
        }
        name.clone_into(&mut self.roster().groups[group].name);
        Ok(())
    }

    /// Everybody leaves it, it carries nothing, and its names are free.
    pub(super) fn remove_group(&mut self, group: usize) -> Result<(), Refused> {
        self.living_group(group)?;
        for person in &mut self.roster().people {
            person.groups.remove(&group);
        }
        self.roster().carries[group] = Carries::default();
        let group = &mut self.roster().groups[group];
        group.removed = true;
        group.links.clear();
        Ok(())
    }

    pub(super) fn provide_group(
        &mut self,
        by: usize,
        group: Option<usize>,
        name: Option<&str>,
        external_id: Option<&Option<String>>,
        (only, add, remove): (bool, &[usize], &[usize]),
    ) -> Result<(), Refused> {
        let group = match (group, name) {
            (Some(group), name) => {
                self.living_group(group)?;
                if let Some(name) = name {
                    self.rename_group(group, name)?;
                }
                group
            }
            (None, Some(name)) => self.add_group(name)?,
            (None, None) => return Err(Refused),
        };
        match external_id {
            Some(Some(external_id)) => {
                let mut groups = self.roster().groups.iter();
                let known = groups.position(|it| it.links.get(&by) == Some(external_id));
                if known.is_some_and(|it| it != group) {
                    return Err(Refused);
                }
                let links = &mut self.roster().groups[group].links;
                links.insert(by, external_id.clone());
            }
            Some(None) => drop(self.roster().groups[group].links.remove(&by)),
            None => {}
        }
        let people = self.roster().people.len();
        let leaving: Vec<usize> = if only {
            let learns = |it: &usize| {
                self.model.roster.people[*it].groups.get(&group) == Some(&GroupRole::Learner)
            };
            (0..people).filter(learns).collect()
        } else {
            remove.to_vec()
        };
        for who in leaving.into_iter().filter(|it| !add.contains(it)) {
            match self.person(who).groups.get(&group) {
                Some(GroupRole::Learner) => drop(self.person(who).groups.remove(&group)),
                Some(_) => drop(self.skipped.insert(who)),
                None => {}
            }
        }
        for who in add {
            if matches!(self.status(*who), Status::Deleted | Status::Erased) {
                self.skipped.insert(*who);
            } else if !self.person(*who).groups.contains_key(&group) {
                if !self.enter_group(*who, group)? {
                    return Err(Refused);
                }
                self.person(*who).groups.insert(group, GroupRole::Learner);
            }
        }
        Ok(())
    }

    /// Gives somebody what a group carries that they join, if they are active; false when there is no seat.
    pub(super) fn enter_group(&mut self, who: usize, group: usize) -> Result<bool, Refused> {
        if self.status(who) != Status::Active {
            return Ok(true);
        }
        let entry = self.entry_by(who, &[group], false);
        if let Seat::Out = self.seat(who, &[], &entry.pools, Status::Active)? {
            return Ok(false);
        }
        self.learn(who, &entry.trainings);
        Ok(true)
    }

    /// A provider removes a group of learners.
    pub(super) fn take_group(&mut self, group: usize) -> Result<(), Refused> {
        self.living_group(group)?;
        let mut people = self.roster().people.iter();
        let above = people.any(|it| {
            !matches!(it.status, Status::Deleted | Status::Erased)
                && it
                    .groups
                    .get(&group)
                    .is_some_and(|it| *it > GroupRole::Learner)
        });
        if above {
            return Err(Refused);
        }
        self.remove_group(group)
    }
}
