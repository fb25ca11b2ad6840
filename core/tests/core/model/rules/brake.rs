//! The brake on a connection: how many people it may take off in a while, and what becomes of whom it holds.

use usher_core::model::{Permission, Status};

use super::super::deeds::Which;
use super::super::roster::{Leaving, Roster};
use super::{Deal, Model, Refused};

/// What a connection did since the window began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    took_off: i64,
    /// How many of its own went by that, without those who came by what it did.
    fewer: i64,
}

impl Roster {
    fn people_of(&self, connection: usize) -> i64 {
        let theirs = self
            .people
            .iter()
            .filter(|it| it.connection == Some(connection) && it.status.is_seated_or_coming());
        i64::try_from(theirs.count()).unwrap()
    }
}

impl Model {
    /// How many more the connection may take off, and of how many; the share is of the people whom it had when the window
    /// began, as far as they went or came by itself.
    pub(crate) fn brake_room(&self, connection: usize) -> Option<(i64, i64)> {
        let (share, floor) = self.roster.brakes[connection]?;
        let window = self.windows[connection];
        let had = self.roster.people_of(connection) + window.fewer;
        let limit = (had.max(0) * share / 100).max(floor);
        Some(((limit - window.took_off).max(0), limit))
    }

    /// Counts what a connection with a brake did.
    pub(super) fn count(&mut self, before: &Roster, connection: usize) {
        if self.roster.brakes[connection].is_none() {
            return;
        }
        let left = self
            .roster
            .people
            .iter()
            .zip(&before.people)
            .filter(|(is, was)| {
                let is_off = matches!(is.status, Status::Inactive | Status::Deleted);
                was.status.is_seated_or_coming() && is_off
            });
        let window = &mut self.windows[connection];
        window.took_off += i64::try_from(left.count()).unwrap();
        window.fewer += before.people_of(connection) - self.roster.people_of(connection);
    }
}

impl Deal<'_> {
    /// Whether a connection may take somebody off who may be taken off. If not, it is written down that it wants to.
    pub(super) fn passes_the_brake(
        &mut self,
        by: usize,
        who: usize,
        deletes: bool,
    ) -> Result<bool, Refused> {
        let room = self.model.brake_room(by);
        let leaving = &mut self.person(who).leaving;
        if leaving.is_some_and(|it| it.rejected) {
            return Err(Refused);
        }
        let Some((left, _)) = room else {
            return Ok(true);
        };
        match leaving {
            None if left > 0 => return Ok(true),
            // To be deleted is more than to be deactivated, and the other way round it is not.
            Some(leaving) if leaving.deletes || !deletes => {}
            _ => {
                *leaving = Some(Leaving {
                    by,
                    deletes,
                    rejected: false,
                });
            }
        }
        Ok(false)
    }

    /// The connection says that somebody is in: it does not want them to leave any more.
    pub(super) fn says_they_are_in(&mut self, by: usize, who: usize) {
        self.person(who).leaving.take_if(|it| it.by == by);
    }

    /// Who is meant: whoever is held, of all or of one connection; by name also whoever was rejected.
    fn meant(&mut self, which: &Which) -> Vec<usize> {
        let people = self.model.roster.people.iter().enumerate();
        let held =
            people.filter_map(|(who, it)| Some((who, it.leaving.filter(|it| !it.rejected)?)));
        match which {
            Which::All => held.map(|it| it.0).collect(),
            Which::Of(by) => held.filter(|it| it.1.by == *by).map(|it| it.0).collect(),
            Which::These(these) => these.clone(),
        }
    }

    pub(super) fn release_held(&mut self, which: &Which) {
        for who in self.meant(which) {
            let person = self.person(who);
            let is_owner = person.permissions.contains(&Permission::Owner);
            let status = person.status;
            match person.leaving {
                Some(_) if person.protected || is_owner => drop(self.skipped.insert(who)),
                Some(it) if it.deletes && status != Status::Deleted => {
                    self.leave(who, Status::Deleted);
                }
                Some(it) if !it.deletes && status.is_seated_or_coming() => self.deactivate(who),
                Some(_) => person.leaving = None,
                None => drop(self.skipped.insert(who)),
            }
        }
    }

    pub(super) fn reject_held(&mut self, which: &Which) {
        for who in self.meant(which) {
            match &mut self.person(who).leaving {
                Some(leaving) if !leaving.rejected => leaving.rejected = true,
                _ => drop(self.skipped.insert(who)),
            }
        }
    }
}
