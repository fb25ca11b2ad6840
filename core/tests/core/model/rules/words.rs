//! What providers have said of whether somebody is in, where the roster has it otherwise: who has said what, what that does to
//! whom a person has taken off, and what of it is so after an undo.

use usher_core::model::Status;

use super::super::roster::Roster;
use super::{Deal, Model};

impl Deal<'_> {
    /// Whether a connection says that whom others have deleted is not in either: then the two agree.
    pub(super) fn agrees_that_gone(&mut self, by: usize, who: usize) -> bool {
        let agrees = self.person(who).word.is_some_and(|it| it.0 == by);
        if agrees {
            self.agrees_that_off(who);
            self.person(who).word = None;
        }
        agrees
    }

    /// The connection of somebody whom a person has taken off wants them off as well: what it says next it means.
    pub(super) fn agrees_that_off(&mut self, who: usize) {
        let by = self.by;
        let is_theirs = by.is_some() && self.person(who).connection == by;
        let by_person = self.model.memory[who].by_person;
        self.person(who).released |= is_theirs && by_person;
    }

    /// Whether their connection wants somebody off: it has said so, or asks for it and is held.
    pub(super) fn is_wanted_off(&mut self, who: usize) -> bool {
        let person = self.person(who);
        let leaving = person.leaving.map(|it| it.by);
        person
            .connection
            .is_some_and(|it| person.word == Some((it, false)) || leaving == Some(it))
    }

    /// Somebody goes; what their connection has said of it is known.
    pub(super) fn goes_against(&mut self, who: usize) {
        let by = self.by;
        let person = self.person(who);
        let Some(connection) = person.connection else {
            return;
        };
        let own = person.word.filter(|it| it.0 == connection);
        let says_in = own.map_or(person.status.is_seated_or_coming(), |it| it.1);
        let asks = person.leaving.is_some_and(|it| it.by == connection);
        let against = by != Some(connection) && says_in && !asks;
        person.word = against.then_some((connection, true));
    }

    /// Somebody who is off or gone comes in, whose connection may have said that they are not.
    pub(super) fn comes_against(&mut self, who: usize) {
        let (by, by_person) = (self.by, self.model.memory[who].by_person);
        let person = self.person(who);
        let said = person.connection.filter(|it| {
            by != Some(*it) && person.word.is_none() && (person.released || !by_person)
        });
        person.word = said.map(|it| (it, false));
    }
}

impl Model {
    /// What of the words of providers stands once the last batch is undone, in the roster that was before it.
    pub(crate) fn words_after_undo(&mut self, before: &mut Roster, by_provider: bool) {
        for (who, was) in before.people.iter_mut().enumerate() {
            let is = self.roster.people[who].clone();
            let back_in = was.status.is_seated_or_coming();
            let comes = was.status != is.status && back_in;
            let leaves = is.status.is_seated_or_coming() && !back_in
                || was.status == Status::Deleted && is.status != Status::Deleted;
            let mut deal = Deal::of_a_person(self);
            was.released = if comes {
                false
            } else if by_provider || leaves && !deal.is_wanted_off(who) {
                is.released
            } else {
                was.released
            };
            // What has been said stays said, and what people did against it is not done any more.
            let said_by_it = !by_provider && was.word != is.word;
            if said_by_it {
                continue;
            }
            if leaves {
                deal.goes_against(who);
            } else if comes && matches!(is.status, Status::Inactive | Status::Deleted) {
                deal.comes_against(who);
            }
            was.word = deal.person(who).word;
            deal.person(who).word = is.word;
        }
    }
}
