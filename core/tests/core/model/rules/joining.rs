//! Coming in by people's doors, and what is edited of people.

use usher_core::model::{GroupRole, InvitationState, Status};

use super::super::roster::{ACCESS, Person};
use super::authority::Reach;
use super::{Deal, Due, Entry, Refused, Seat};

impl Deal<'_> {
    /// Puts a person where they are to be, with what their groups bring; false when there is no seat.
    pub(super) fn bring_in(
        &mut self,
        who: usize,
        more: &[(usize, bool)],
        joining: Option<usize>,
        leads_to: Status,
    ) -> Result<bool, Refused> {
        let entry = if leads_to == Status::Active {
            self.entry(who, joining)
        } else {
            Entry::default()
        };
        let asked = |pool: &usize| more.iter().any(|it| it.0 == *pool);
        let by_rule: Vec<usize> = entry
            .pools
            .iter()
            .copied()
            .filter(|it| !asked(it))
            .collect();
        let mut later = Vec::new();
        for (pool, _) in more {
            let holds = self.person(who).holds.contains_key(pool);
            if !holds && self.is_for_later(*pool, leads_to) {
                later.push(*pool);
            }
        }
        let mut wants = self.need(leads_to);
        wants.extend(more.iter().filter(|it| !later.contains(&it.0)));
        let status = match self.seat(who, &wants, &by_rule, leads_to)? {
            Seat::Out => return Ok(false),
            Seat::Queued => Status::Queued,
            Seat::In if leads_to == Status::Active => leads_to,
            Seat::In => {
                let email = self.person(who).email.clone();
                self.waiting_status(email.as_deref())
            }
        };
        let person = self.person(who);
        person.status = status;
        // Who is wanted back does not leave on a day of before.
        person.dates = [None; 2];
        person.requests.extend(later);
        match status {
            Status::Active => {
                person.accepted = true;
                self.enter(who, &entry);
            }
            Status::Waiting | Status::PendingTransfer => self.invite(who, self.post),
            _ => {}
        }
        Ok(true)
    }

    pub(super) fn add(&mut self, person: Person) -> usize {
        self.roster().people.push(person);
        self.roster().people.len() - 1
    }

    pub(super) fn who_has_email(&mut self, email: &str) -> Option<usize> {
        self.roster()
            .people
            .iter()
            .position(|it| it.email.as_deref() == Some(email))
    }

    pub(super) fn join(
        &mut self,
        active: bool,
        emails: &[String],
        pools: &[usize],
        manager: Option<usize>,
        group: Option<usize>,
    ) -> Result<(), Refused> {
        let leads_to = if active {
            Status::Active
        } else {
            Status::Waiting
        };
        // Who runs a group invites to that group only, within its budget, and gives nothing else.
        if let Reach::Only { groups, .. } = self.reach.clone() {
            let group = group.filter(|it| groups.contains(it) && pools.is_empty());
            group.ok_or(Refused)?;
        }
        let add_ons: Vec<(usize, bool)> = pools.iter().map(|it| (*it, false)).collect();
        for email in emails {
            let known = self.who_has_email(email);
            // Nobody takes an address that somebody else goes by as a user name.
            let mut people = self.model.roster.people.iter().enumerate();
            let theirs = Some(email.as_str());
            if people.any(|(i, it)| it.user_name.as_deref() == theirs && known != Some(i)) {
                continue;
            }
            // Who may not see somebody does not bring them in either.
            if known.is_some_and(|it| !self.sees(it)) {
                continue;
            }
            let back = known.is_none_or(|it| match self.status(it) {
                Status::Deleted => true,
                Status::Cancelled => !active,
                _ => false,
            });
            let may_manage =
                manager.is_none_or(|it| self.status(it).is_seated_or_coming() && self.sees(it));
            let mut added = None;
            let lacks = self.roster().required.is_some()
                && known.is_none_or(|it| self.person(it).title.is_none());
            if back && !lacks && group.is_some_and(|it| !self.ask_for_one(it)) {
                continue;
            }
            let send_on = self.post.send_on.filter(|_| !active);
            let has_acted = known.is_some_and(|it| self.has_acted(it, Due::Send, send_on));
            if back && may_manage && !lacks && !has_acted {
                let who = known.unwrap_or_else(|| {
                    let person = Person {
                        email: Some(email.clone()),
                        accepted: false,
                        ..Person::new(leads_to)
                    };
                    self.add(person)
                });
                if self.bring_in(who, &add_ons, group, leads_to)? {
                    if known.is_some() {
                        self.comes_against(who);
                    }
                    self.person(who).lose_keys();
                    if self.status(who) == Status::Active {
                        self.mail_password_link(who);
                    }
                    added = Some(who);
                } else if known.is_none() {
                    self.roster().people.pop();
                }
            }
            match (added, known) {
                (Some(who), _) => {
                    if let (Reach::Only { .. }, Some(_)) = (&self.reach, known) {
                        // Nobody comes back to more than they are given.
                        self.begins_as_learner(who);
                    }
                    self.spend(group);
                    // Who comes back keeps the manager that their provider has said.
                    let keeps = known.is_some() && self.keeper_of_manager(who).is_some();
                    if keeps && manager.is_some_and(|it| self.person(who).manager != Some(it)) {
                        if self.how.attended {
                            self.skipped.insert(who);
                        }
                    } else if let Some(manager) = manager {
                        self.overrides_manager(who, Some(manager));
                    }
                    let person = self.person(who);
                    if let Some(group) = group {
                        person.groups.entry(group).or_insert(GroupRole::Learner);
                    }
                }
                (None, Some(who)) => {
                    self.skipped.insert(who);
                }
                (None, None) => {}
            }
        }
        self.refuse_overspending()
    }

    pub(super) fn accept(&mut self, who: usize, transfer: bool) -> Result<(), Refused> {
        let person = self.person(who);
        let waits = matches!(person.status, Status::Waiting | Status::PendingTransfer);
        if !waits || !person.is_invited() {
            return Err(Refused);
        }
        let wants: &[_] = if person.seat().is_some() {
            &[]
        } else {
            &[(ACCESS, true)]
        };
        // Records that come along are what is learned already, when groups bring theirs.
        let email = self.person(who).email.clone().unwrap_or_default();
        let coming = self.coming_by_accepting(who, transfer);
        let needed = coming
            .as_ref()
            .map(|it| self.needed(who, it))
            .unwrap_or_default();
        if let Some(coming) = coming {
            self.take(who, &email, coming);
        }
        let mut entry = self.entry(who, None);
        let carried = std::mem::take(&mut entry.pools);
        entry.pools = needed.iter().map(|it| it.0).collect();
        let more: Vec<usize> = carried
            .into_iter()
            .filter(|it| !entry.pools.contains(it))
            .collect();
        entry.pools.extend(more);
        let status = match self.seat(who, wants, &entry.pools, Status::Active)? {
            Seat::Queued => Status::Queued,
            _ => Status::Active,
        };
        if status == Status::Active {
            self.enter(who, &entry);
            self.use_what_was_started(who, &needed);
        } else {
            // Whoever waits for the seat gets the rest with it.
            let pools = needed.iter().map(|it| it.0);
            self.person(who).requests.extend(pools);
        }
        let person = self.person(who);
        for (pool, held) in &mut person.holds {
            held.consumed |= *pool == ACCESS || held.stands;
        }
        person.status = status;
        person.accepted = true;
        person.end_invitation(InvitationState::Accepted);
        Ok(())
    }

    pub(super) fn cancel(&mut self, who: usize) -> bool {
        let queue = &self.roster().pools[ACCESS].queue;
        let leads_to = queue.iter().find(|it| it.0 == who).map(|it| it.1);
        let person = self.person(who);
        let invited = match person.status {
            Status::Waiting | Status::PendingTransfer => true,
            Status::Queued => !person.accepted || leads_to == Some(Status::Waiting),
            _ => false,
        };
        let goes = invited && !self.stays(who);
        if goes {
            self.leave(who, Status::Cancelled);
        }
        goes
    }

    pub(super) fn resend(&mut self, who: usize) -> Result<bool, Refused> {
        match self.status(who) {
            Status::Waiting | Status::PendingTransfer => {
                self.invite(who, self.post);
                Ok(true)
            }
            Status::Cancelled => self.bring_back(who),
            _ => Ok(false),
        }
    }

    /// Another address, which is nobody else's, as their user name neither.
    pub(super) fn readdress(&mut self, who: usize, email: &str) -> bool {
        let theirs = |it: &Option<String>| it.as_deref() == Some(email);
        let people = self.model.roster.people.iter().enumerate();
        let mut others = people.filter(|it| it.0 != who);
        let goes_by_it = self.model.roster.people[who].user_name.is_none();
        let taken = others.any(|(_, it)| theirs(&it.email) || goes_by_it && theirs(&it.user_name));
        let moves = self.status(who).is_live() && !theirs(&self.person(who).email) && !taken;
        if moves {
            self.person(who).email = Some(email.to_owned());
            self.mail_password_link_elsewhere(who);
            self.invite_elsewhere(who);
        }
        moves
    }

    pub(super) fn edit(
        &mut self,
        who: usize,
        manager: Option<Option<usize>>,
        title: Option<&str>,
        field: Option<&(usize, Option<String>)>,
        group: Option<(usize, Option<GroupRole>)>,
        protected: Option<bool>,
    ) -> Result<bool, Refused> {
        if !self.status(who).is_live()
            || !self.may_edit(who)
            || matches!(manager, Some(Some(it)) if self.roster().people[who].manager != Some(it) && self.roster().is_below(it, who))
        {
            return Ok(false);
        }
        let before = self.person(who).clone();
        if let Some((group, Some(_))) = group
            && !before.groups.contains_key(&group)
            && !self.enter_group(who, group)?
        {
            return Ok(false);
        }
        if let Some(manager) = manager {
            self.overrides_manager(who, manager);
        }
        let person = self.person(who);
        if let Some(title) = title {
            person.title = Some(title.to_owned());
        }
        match field {
            Some((field, Some(value))) => {
                person.fields.insert(*field, value.clone());
            }
            Some((field, None)) => {
                person.fields.remove(field);
            }
            None => {}
        }
        match group {
            Some((group, Some(role))) => {
                person.groups.insert(group, role);
            }
            Some((group, None)) => {
                person.groups.remove(&group);
            }
            None => {}
        }
        person.protected = protected.unwrap_or(person.protected);
        Ok(*person != before)
    }
}
