//! Passwords, and the links with which people choose one.

use usher_core::model::{LinkState, Status};

use super::super::roster::{Link, Person};
use super::{Deal, Refused};

/// For how many days a link works.
const DAYS: i64 = 3;

impl Person {
    /// Whatever was mailed opens nothing any more.
    pub(super) fn end_link(&mut self) {
        if let Some(link) = &mut self.link
            && link.state == LinkState::Pending
        {
            link.state = LinkState::Dead;
        }
    }

    /// Nobody comes back to a key that they had.
    pub(super) fn lose_keys(&mut self) {
        self.password = false;
        self.end_link();
    }
}

impl Deal<'_> {
    pub(super) fn refuse_under_single_sign_on(&mut self) -> Result<(), Refused> {
        let off = !self.roster().single_sign_on;
        off.then_some(()).ok_or(Refused)
    }

    /// Only owners give administrators a way in.
    fn is_theirs_to_let_in(&mut self, who: usize) -> bool {
        let may = self.by_owner || self.person(who).permissions.is_empty();
        may && self.status(who).is_live()
    }

    pub(super) fn set_password(&mut self, who: usize, on: bool) -> Result<bool, Refused> {
        if on {
            self.refuse_under_single_sign_on()?;
        }
        let sets = self.is_theirs_to_let_in(who) && (on || self.person(who).password);
        if sets {
            self.person(who).lose_keys();
            self.person(who).password = on;
        }
        Ok(sets)
    }

    /// Mails a link to whoever signs in by a password, which is the only one that works then.
    pub(super) fn mail_password_link(&mut self, who: usize) {
        if self.refuse_under_single_sign_on().is_ok() {
            let made = self.model.day;
            let link = &mut self.person(who).link;
            *link = Some(Link {
                number: link.as_ref().map_or(1, |it| it.number + 1),
                state: LinkState::Pending,
                made,
            });
        }
    }

    /// The link that somebody has in hand goes on working.
    pub(super) fn mail_password_link_again(&mut self, who: usize) {
        let today = self.model.day;
        match &mut self.person(who).link {
            Some(link) if link.state == LinkState::Pending && today < link.made + DAYS => {
                link.made = today;
            }
            _ => self.mail_password_link(who),
        }
    }

    /// A link to an address that is not theirs any more opens nothing; who has nothing else is mailed another.
    pub(super) fn mail_password_link_elsewhere(&mut self, who: usize) {
        let today = self.model.day;
        let person = self.person(who);
        let works = |it: &Link| it.state == LinkState::Pending && today < it.made + DAYS;
        let needs_another = person.link.as_ref().is_some_and(works)
            && !person.password
            && person.permissions.is_empty();
        person.end_link();
        if needs_another {
            self.mail_password_link(who);
        }
    }

    pub(super) fn mail_link_to(&mut self, who: usize) -> bool {
        let mails = self.is_theirs_to_let_in(who) && self.has_an_account(who);
        if mails {
            self.mail_password_link(who);
        }
        mails
    }

    pub(super) fn has_an_account(&mut self, who: usize) -> bool {
        let person = self.person(who);
        person.status == Status::Active && person.email.is_some()
    }

    /// By the link of that number, once and in time.
    pub(super) fn choose_password(&mut self, who: usize, number: i64) -> Result<(), Refused> {
        self.refuse_under_single_sign_on()?;
        let today = self.model.day;
        let person = self.person(who);
        let link = person.link.as_mut().filter(|it| {
            it.number == number && it.state == LinkState::Pending && today < it.made + DAYS
        });
        let link = link.ok_or(Refused)?;
        link.state = LinkState::Used;
        person.password = true;
        (person.status == Status::Active)
            .then_some(())
            .ok_or(Refused)
    }
}
