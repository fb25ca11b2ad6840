//! When an invitation is mailed: at once, on a day, or not at all.

use usher_core::model::{InvitationState, Status};

use super::super::roster::{ACCESS, Person, Post};
use super::{Deal, Due, Refused};

impl Person {
    pub(super) fn end_invitation(&mut self, state: InvitationState) {
        if self.is_invited() {
            self.invitation = self.invitation.map(|it| (it.0, state));
            self.send_on = None;
        }
    }
}

impl Deal<'_> {
    /// A new link, whatever became of the one before; mailed now, unless for a day to come or not at all.
    pub(super) fn invite(&mut self, who: usize, post: Post) {
        let today = self.model.today();
        let person = self.person(who);
        let number = person.invitation.map_or(1, |it| it.0 + 1);
        person.invitation = Some((number, InvitationState::Pending));
        person.send_on = post.send_on.filter(|it| post.mail && *it > today);
        person.link_mailed = post.mail && person.send_on.is_none();
        person.mailed += i64::from(person.link_mailed);
    }

    /// Whoever is invited under another address has another link, by mail if the one before came so.
    pub(super) fn invite_elsewhere(&mut self, who: usize) {
        let person = self.person(who);
        if person.is_invited() {
            person.invitation = person.invitation.map(|it| (it.0 + 1, it.1));
            person.link_mailed &= person.send_on.is_none();
            person.mailed += i64::from(person.link_mailed);
        }
    }

    /// Whether a day was carried out for somebody already, as one may have been that began in another time zone: no date acts
    /// twice, and so it is not taken.
    pub(super) fn has_acted(&self, who: usize, kind: Due, day: Option<i64>) -> bool {
        day.is_some_and(|it| self.model.done.contains(&(who, kind, it)))
    }

    /// The day has come.
    pub(super) fn send(&mut self, who: usize) {
        let person = self.person(who);
        if person.is_invited() {
            person.send_on = None;
            person.link_mailed = true;
            person.mailed += 1;
        }
    }

    /// Another day, or none, on which nothing is mailed by itself any more.
    pub(super) fn send_another_day(
        &mut self,
        who: usize,
        day: Option<i64>,
    ) -> Result<bool, Refused> {
        if !self.status(who).is_live() || !self.may_edit(who) {
            return Ok(false);
        }
        let queue = &self.roster().pools[ACCESS].queue;
        let waits_to_be_invited = queue.iter().any(|it| it.0 == who && it.1 != Status::Active);
        let person = self.person(who);
        if person.is_invited() && person.status != Status::Queued {
            if person.send_on != day && self.has_acted(who, Due::Send, day) {
                return Ok(false);
            }
            let person = self.person(who);
            return Ok(std::mem::replace(&mut person.send_on, day) != day);
        }
        let on = match &mut person.post {
            Some(post) if waits_to_be_invited && post.send_on != day => {
                post.mail = day.is_some();
                &mut post.send_on
            }
            _ => return Ok(false),
        };
        Ok(std::mem::replace(on, day) != day)
    }
}
