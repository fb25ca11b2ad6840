//! Who reports to whom: no cycles, and the reports of those who leave move up to the first manager who stays.

use std::collections::{HashMap, HashSet};

use super::Planner;
use crate::by_name::ByName;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{ConnectionId, Part, Profile, Said, Status, UserId, Why, key_of_name};

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

    /// Everybody who reports to a leaver reports to the first of the leaver's own managers who stays. Of whom a provider keeps, it
    /// stays known whom it has named.
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
            let told = if self.any_drifts()? {
                self.snapshot.told_of_managers(leaver)?
            } else {
                HashSet::new()
            };
            for report in reports {
                if self.managers.contains_key(&report.user) {
                    continue;
                }
                if report.status.is_live() {
                    self.managers_moved += 1;
                }
                self.push(Change::Manager {
                    user: report.user,
                    before: Some(leaver),
                    after: target,
                });
                if report.status != Status::Erased
                    && !told.contains(&report.user)
                    && let Some(connection) = report.connection
                    && self.owns_manager(connection)?
                {
                    let said = awaited(connection, leaver);
                    self.differ(report.user, Part::Manager, None, Some(said));
                }
            }
        }
        Ok(())
    }

    /// Whoever reported to somebody who is back, as their provider has said and nobody has changed since, does again.
    pub(super) fn take_reports_back(&mut self) -> Result<()> {
        // What an undo brings back is what its batch took.
        if self.undoing.is_some() {
            return Ok(());
        }
        let back: Vec<UserId> = self.changes.iter().filter_map(comes_back).collect();
        if back.is_empty() || !self.any_drifts()? {
            return Ok(());
        }
        for (report, said, manager) in self.snapshot.awaiting(&back)? {
            if self.managers.contains_key(&report.user)
                || !self.owns_manager(said.connection)?
                || self.reports_to(manager, report.user)?
            {
                continue;
            }
            let before = self.manager_of(report.user)?;
            if before != Some(manager) {
                if report.status.is_live() {
                    self.managers_moved += 1;
                }
                self.push(Change::Manager {
                    user: report.user,
                    before,
                    after: Some(manager),
                });
            }
            self.differ(report.user, Part::Manager, Some(said), None);
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
            self.arrived.insert(&key, user);
        }
    }

    /// Forgets by which names people came whom this plan brings onto the roster, once nobody is looked for any more.
    pub(crate) fn forget_arrivals(&mut self) {
        self.arrived = ByName::default();
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
        if self.reports_to(manager, user)? {
            return Err(Error::invalid(
                "manager",
                "reports to this person",
                "choose somebody who does not",
            ));
        }
        Ok(())
    }

    /// Whether somebody is this person or reports to them, by however many others.
    fn reports_to(&self, user: UserId, above: UserId) -> Result<bool> {
        let mut at = Some(user);
        while let Some(user) = at {
            if user == above {
                return Ok(true);
            }
            at = self.manager_of(user)?;
        }
        Ok(false)
    }
}

/// That a provider has named somebody who is not in.
fn awaited(connection: ConnectionId, manager: UserId) -> Said {
    Said {
        connection,
        value: Some(manager.to_string()),
        why: Why::NotTaken,
    }
}

/// Who is in again, or is to come.
fn comes_back(change: &Change) -> Option<UserId> {
    match change {
        Change::Status {
            user,
            before,
            after,
        } if after.is_seated_or_coming() && !before.is_seated_or_coming() => Some(*user),
        _ => None,
    }
}
