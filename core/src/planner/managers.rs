//! Who reports to whom: no cycles, and the reports of those who leave move up to the first manager who stays.

use std::collections::HashMap;

use super::Planner;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Profile, UserId, key_of_name};

impl Planner<'_> {
    /// Notes that a person leaves, so that their reports move up when the plan is finished.
    pub(crate) fn leave(&mut self, user: UserId) {
        if self.leaving_set.insert(user) {
            self.leaving.push(user);
        }
    }

    /// Whom a person reports to once this plan is applied.
    pub(super) fn manager_of(&self, user: UserId) -> Result<Option<UserId>> {
        match self.managers.get(&user) {
            Some(manager) => Ok(*manager),
            None => self.snapshot.manager_of(user),
        }
    }

    /// Everybody who reports to a leaver reports to the first of the leaver's own managers who stays.
    pub(super) fn move_reports_up(&mut self) -> Result<()> {
        let mut stays: HashMap<UserId, Option<UserId>> = HashMap::new();
        for leaver in std::mem::take(&mut self.leaving) {
            if self.crowd.as_ref().is_some_and(|it| !it.manages(leaver)) {
                continue;
            }
            let reports = self.snapshot.reports_of(leaver)?;
            if reports.is_empty() {
                continue;
            }
            let target = self.first_who_stays(leaver, &mut stays)?;
            for (report, status) in reports {
                if self.managers.contains_key(&report) {
                    continue;
                }
                if status.is_live() {
                    self.managers_moved += 1;
                }
                self.push(Change::Manager {
                    user: report,
                    before: Some(leaver),
                    after: target,
                });
            }
        }
        Ok(())
    }

    fn first_who_stays(
        &self,
        leaver: UserId,
        known: &mut HashMap<UserId, Option<UserId>>,
    ) -> Result<Option<UserId>> {
        let mut line = vec![leaver];
        let mut at = leaver;
        let found = loop {
            if let Some(found) = known.get(&at) {
                break *found;
            }
            match self.manager_of(at)? {
                None => break None,
                Some(manager) if !self.leaving_set.contains(&manager) => break Some(manager),
                Some(manager) => {
                    line.push(manager);
                    at = manager;
                }
            }
        };
        for person in line {
            known.insert(person, found);
        }
        Ok(found)
    }

    /// Remembers somebody whom this plan brings onto the roster: others in it may report to them.
    pub(crate) fn note_arrival(&mut self, user: UserId, profile: &Profile) {
        let keys = [profile.email_key(), profile.user_name_key()];
        for key in keys.into_iter().flatten() {
            self.arrived.insert(key, user);
        }
    }

    /// The manager of that name, if setting them makes no cycle.
    pub(crate) fn manager_for(&self, user: Option<UserId>, name: &str) -> Result<UserId> {
        if let Some(manager) = self.arrived.get(&key_of_name(name.trim())).copied() {
            if let Some(user) = user {
                self.refuse_cycle(user, manager)?;
            }
            return Ok(manager);
        }
        let manager = self.find_seen(name)?;
        if !manager.status.is_seated_or_coming() {
            return Err(Error::invalid(
                "manager",
                format!("is {}", manager.status),
                "name somebody on the roster",
            ));
        }
        if let Some(user) = user {
            self.refuse_cycle(user, manager.id)?;
        }
        Ok(manager.id)
    }

    pub(crate) fn refuse_cycle(&self, user: UserId, manager: UserId) -> Result<()> {
        let mut at = Some(manager);
        while let Some(above) = at {
            if above == user {
                return Err(Error::invalid(
                    "manager",
                    "reports to this person",
                    "choose somebody who does not",
                ));
            }
            at = self.manager_of(above)?;
        }
        Ok(())
    }
}
