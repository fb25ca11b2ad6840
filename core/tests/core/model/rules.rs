//! The rules of DESIGN §4 once more, naively: one person after the other, everything in maps, no plan and no ledger.

mod administrators;
mod authority;
mod brake;
mod groups;
mod individuals;
mod joining;
mod leaving;
mod passwords;
mod platform;
mod providers;
mod seating;
mod sending;
mod trainings;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use usher_core::command::WhenFull;
use usher_core::model::{AssignmentState, AtCapacity, NewPeople, Permission, PoolTerms, Status};

use authority::Reach;
use brake::Window;

use super::deeds::{Deed, How, Who};
use super::roster::{ACCESS, Held, Person, Pool, Post, Roster, ZONES};

/// What the rules remember beyond the roster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// The last change of status was not a provider's.
    by_person: bool,
    /// The connection whose it was.
    by_provider: Option<usize>,
    /// Every address that was theirs.
    addresses: BTreeSet<String>,
    /// What they gave back of consumed licenses when they last left, and on which day each would have ended.
    gave_back: BTreeMap<usize, Option<i64>>,
    /// Whether they waited then to be in at once.
    was_coming_in: bool,
    /// What they still had to learn then, and how it stood.
    open: BTreeMap<usize, AssignmentState>,
}

/// What becoming active brings.
#[derive(Default)]
struct Entry {
    trainings: Vec<usize>,
    pools: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) roster: Roster,
    memory: Vec<Memory>,
    /// The day that it is, counted from 1970, in UTC.
    pub(crate) day: i64,
    /// Addresses of accounts that history still has, undone ones included.
    pub(super) addresses: BTreeSet<String>,
    /// On which day each approval was asked, and for whom by name.
    asked: Vec<(i64, Option<String>)>,
    /// What each connection did since the window of its brake began.
    windows: [Window; 2],
    /// What was done of which kind to whom for which day.
    done: BTreeSet<(usize, Due, i64)>,
}

/// What is due, in the order in which it is done on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Deactivate,
    /// The end of a license of a pool.
    LicenseEnd(usize),
    Delete,
    Send,
}

/// Nothing is done.
#[derive(Debug)]
pub(crate) struct Refused;
/// Who was skipped.
pub(crate) type Outcome = Result<BTreeSet<usize>, Refused>;

enum Seat {
    In,
    Queued,
    Out,
}

impl Model {
    pub(crate) fn new(roster: Roster) -> Self {
        let memory = vec![Memory::default(); roster.people.len()];
        Self {
            roster,
            memory,
            day: 0,
            addresses: BTreeSet::new(),
            asked: Vec::new(),
            windows: <[Window; 2]>::default(),
            done: BTreeSet::new(),
        }
    }

    /// The day that it is where the organization is.
    pub(crate) fn today(&self) -> i64 {
        self.day + ZONES[self.roster.zone].1
    }

    /// Does a deed; the roster is as before when it is refused.
    pub(crate) fn perform(&mut self, deed: &Deed, how: How, policies: &[NewPeople]) -> Outcome {
        let before = self.roster.clone();
        let mut deal = Deal::new(self, how, policies);
        let by_provider = deed.provider();
        deal.by = by_provider;
        deal.post = deal.post_of(deed);
        let done = deal.perform(deed);
        deal.take_reports_back(&before);
        deal.move_reports_up();
        deal.settle_waiting();
        deal.consume_what_is_started(&before);
        let (skipped, short) = (std::mem::take(&mut deal.skipped), deal.short);
        if done.is_err() || short {
            self.asked.truncate(before.approvals.len());
            self.roster = before;
            return Err(Refused);
        }
        if let Some(by) = by_provider {
            self.count(&before, by);
        }
        self.remember(&before, by_provider);
        if matches!(deed, Deed::ReleaseHeld { .. }) {
            self.remember_released(&before);
        }
        self.promote(policies);
        Ok(skipped)
    }

    /// A day later, everything is done that is due and was not done for that day: each day and kind by itself.
    pub(crate) fn next_day(&mut self, how: How) {
        self.day += 1;
        self.windows = <[Window; 2]>::default();
        // Ends of one day are done together, of whatever pool.
        let mut due: BTreeMap<(i64, u8), Vec<(usize, Due)>> = BTreeMap::new();
        for (who, person) in self.roster.people.iter().enumerate() {
            let kinds = [Due::Deactivate, Due::Delete].into_iter().zip(person.dates);
            let dates = kinds.filter_map(|(kind, day)| Some((kind, day?)));
            let ends = person.ends.iter();
            let sends = person.send_on.map(|it| (Due::Send, it));
            let ends = ends.map(|it| (Due::LicenseEnd(*it.0), *it.1));
            for (kind, day) in dates.chain(ends).chain(sends) {
                if day <= self.today() && !self.done.contains(&(who, kind, day)) {
                    let order = match kind {
                        Due::Deactivate => 0,
                        Due::LicenseEnd(_) => 1,
                        Due::Delete => 2,
                        Due::Send => 3,
                    };
                    due.entry((day, order)).or_default().push((who, kind));
                }
            }
        }
        for ((day, _), people) in due {
            let before = self.roster.clone();
            let mut deal = Deal::new(self, how, &[]);
            for (who, kind) in people {
                // An invitation that is not to be mailed any more, or another day, is not.
                if kind == Due::Send && deal.person(who).send_on != Some(day) {
                    continue;
                }
                deal.model.done.insert((who, kind, day));
                let status = deal.status(who);
                match kind {
                    Due::LicenseEnd(pool) => deal.end(who, pool),
                    Due::Send => deal.send(who),
                    _ if deal.stays(who) => {}
                    Due::Deactivate if status.is_seated_or_coming() => deal.deactivate(who),
                    Due::Delete if !matches!(status, Status::Deleted | Status::Erased) => {
                        deal.leave(who, Status::Deleted);
                    }
                    Due::Deactivate | Due::Delete => {}
                }
            }
            deal.move_reports_up();
            deal.consume_what_is_started(&before);
            self.remember(&before, None);
            self.promote(&[]);
        }
    }

    pub(crate) fn memory(&self) -> Vec<Memory> {
        self.memory.clone()
    }

    /// Goes on from what was found, after the undo of a batch before which that was remembered.
    pub(crate) fn adopt(&mut self, found: Roster, remembered: &[Memory]) {
        let before = std::mem::replace(&mut self.roster, found);
        self.remember(&before, None);
        // Whoever is off again because their return was undone left when and by whom they left before; so did whoever is
        // no longer deleted but still off.
        // Nobody took off whose coming alone was undone.
        let nothing = Memory::default();
        for (i, person) in self.roster.people.iter().enumerate() {
            let Some(was) = before.people.get(i) else {
                continue;
            };
            let then = remembered.get(i).unwrap_or(&nothing);
            let memory = &mut self.memory[i];
            if was.status != person.status && !person.status.is_seated_or_coming() {
                memory.by_person = then.by_person;
                memory.by_provider = then.by_provider;
            }
            if was.status.is_seated_or_coming() && !person.status.is_seated_or_coming() {
                for (pool, end) in &then.gave_back {
                    memory.gave_back.entry(*pool).or_insert(*end);
                }
                memory.was_coming_in |= then.was_coming_in;
                for (training, state) in &then.open {
                    memory.open.entry(*training).or_insert(*state);
                }
            }
        }
    }

    fn remember(&mut self, before: &Roster, by_provider: Option<usize>) {
        self.memory
            .resize_with(self.roster.people.len(), Memory::default);
        for (person, memory) in self.roster.people.iter().zip(&mut self.memory) {
            memory.addresses.extend(person.email.clone());
        }
        for (i, person) in self.roster.people.iter().enumerate() {
            let Some(was) = before.people.get(i) else {
                continue;
            };
            if was.status == person.status {
                continue;
            }
            let memory = &mut self.memory[i];
            memory.by_person = by_provider.is_none();
            memory.by_provider = by_provider;
            if was.status.is_seated_or_coming() && !person.status.is_seated_or_coming() {
                let gone = was.holds.iter().filter(|(pool, held)| {
                    held.consumed
                        && !held.stands
                        && **pool != ACCESS
                        && !person.holds.contains_key(pool)
                });
                let end = |it: &usize| was.ends.get(it).copied();
                memory.gave_back = gone.map(|it| (*it.0, end(it.0))).collect();
                memory.was_coming_in = before
                    .pools
                    .iter()
                    .flat_map(|it| &it.queue)
                    .any(|it| it.0 == i && it.1 == Status::Active);
                let ended = was.learns.iter().filter(|(training, state)| {
                    state.is_open() && person.learns.get(training).is_some_and(|it| !it.is_open())
                });
                memory.open = ended.map(|it| (*it.0, *it.1)).collect();
            }
        }
    }

    /// Whoever is let go from a brake left by the connection that wanted it.
    fn remember_released(&mut self, before: &Roster) {
        let people = self.roster.people.iter().zip(&before.people);
        for ((person, was), memory) in people.zip(&mut self.memory) {
            if person.status != was.status {
                memory.by_person = false;
                memory.by_provider = was.leaving.map(|it| it.by);
            }
        }
    }

    /// Whoever is first gets what is free. Seats come last: whoever comes in by one overtakes nobody in another queue.
    fn promote(&mut self, policies: &[NewPeople]) {
        let before = self.roster.clone();
        let mut deal = Deal::new(
            self,
            How {
                attended: false,
                when_full: WhenFull::Ask,
                by: None,
            },
            policies,
        );
        for pool in (1..deal.roster().pools.len()).chain([ACCESS]) {
            while let Some(at) = deal.roster().moves_up(pool) {
                let (who, leads_to, _) = deal.roster().pools[pool].queue.remove(at);
                let person = deal.person(who);
                let consumed = pool == ACCESS && leads_to == Status::Active;
                person.holds.insert(
                    pool,
                    Held {
                        consumed,
                        stands: false,
                    },
                );
                if pool != ACCESS {
                    continue;
                }
                let post = person.post.take().unwrap();
                if leads_to != Status::Active {
                    let email = person.email.clone();
                    deal.invite(who, post);
                    let status = deal.waiting_status(email.as_deref());
                    deal.person(who).status = status;
                    continue;
                }
                let back = person.accepted;
                person.status = Status::Active;
                person.accepted = true;
                // Whoever is a connection's has their way in by it.
                if post.mail && !person.password && person.connection.is_none() {
                    deal.mail_password_link(who);
                }
                let entry = deal.entry_of(who, None, back);
                for pool in entry.pools.clone() {
                    if deal.lacks(who, pool, back) {
                        // An add-on that refuses keeps nobody out.
                        let _ = deal.seat(who, &[], &[pool], Status::Active);
                    }
                }
                deal.enter(who, &entry);
            }
        }
        deal.consume_what_is_started(&before);
    }
}

/// One deed while it is done.
struct Deal<'m> {
    model: &'m mut Model,
    how: How,
    policies: &'m [NewPeople],
    skipped: BTreeSet<usize>,
    /// A person was not told yet what to do when the pool is full.
    short: bool,
    leaving: Vec<usize>,
    /// The provider that does it.
    by: Option<usize>,
    /// Whether and when whoever is invited by it is mailed.
    post: Post,
    /// Whom it may be done to.
    reach: Reach,
    /// How many were asked for in each group with a budget that whoever acts runs, and how many more there may be.
    asked: BTreeMap<usize, (i64, i64)>,
    /// How many were in or coming of each group when it began.
    before_spent: Vec<i64>,
    /// Who was there when it began: the owners less those whom it takes off, and whoever decides together.
    owners_left: usize,
    /// Of each connection, whether it kept managers when this began.
    before_says: [bool; 2],
    administrators: usize,
    by_owner: bool,
    seen: Option<BTreeSet<usize>>,
    /// What the groups of whoever comes back carry: a fallback does for it.
    carried_back: BTreeSet<usize>,
    /// When what comes back ends.
    ends_back: BTreeMap<usize, i64>,
}

impl<'m> Deal<'m> {
    /// What a person does by themselves, of which nothing is asked.
    fn of_a_person(model: &'m mut Model) -> Self {
        let how = How {
            attended: true,
            when_full: WhenFull::Ask,
            by: None,
        };
        Self::new(model, how, &[])
    }

    fn new(model: &'m mut Model, how: How, policies: &'m [NewPeople]) -> Self {
        let roster = &model.roster;
        Self {
            how,
            policies,
            skipped: BTreeSet::new(),
            short: false,
            leaving: Vec::new(),
            by: None,
            post: Post {
                mail: true,
                send_on: None,
            },
            reach: Reach::Everybody,
            asked: BTreeMap::new(),
            before_spent: (0..roster.groups.len())
                .map(|it| roster.spent(it))
                .collect(),
            owners_left: roster.active_owners(),
            before_says: roster.says_managers,
            administrators: roster.administrators(),
            by_owner: how.by.is_none_or(|it| roster.may(it, &[Permission::Owner])),
            seen: how.by.and_then(|it| roster.seen_by(it)),
            carried_back: BTreeSet::new(),
            ends_back: BTreeMap::new(),
            model,
        }
    }
}

impl Deal<'_> {
    fn roster(&mut self) -> &mut Roster {
        &mut self.model.roster
    }

    fn person(&mut self, who: usize) -> &mut Person {
        &mut self.model.roster.people[who]
    }

    fn status(&mut self, who: usize) -> Status {
        self.person(who).status
    }

    fn these(&mut self, who: &Who) -> Vec<usize> {
        let mut these = self.named(who);
        if let Reach::Only { people, .. } = &self.reach {
            these.retain(|it| people.contains(it));
        }
        these
    }

    fn named(&mut self, who: &Who) -> Vec<usize> {
        match who {
            Who::These(who) => {
                let mut seen = BTreeSet::new();
                who.iter().copied().filter(|it| seen.insert(*it)).collect()
            }
            Who::Everybody => {
                let people = self.roster().people.iter().enumerate();
                let here =
                    people.filter(|it| !matches!(it.1.status, Status::Deleted | Status::Erased));
                here.map(|it| it.0).collect()
            }
        }
    }

    /// Whoever is skipped, and whoever the rule lets through.
    fn each(
        &mut self,
        who: &Who,
        mut one: impl FnMut(&mut Self, usize) -> Result<bool, Refused>,
    ) -> Result<(), Refused> {
        for person in self.these(who) {
            if !one(self, person)? {
                self.skipped.insert(person);
            }
        }
        Ok(())
    }

    fn post_of(&mut self, deed: &Deed) -> Post {
        let ahead = match deed {
            Deed::Join { ahead, .. } => *ahead,
            _ => None,
        };
        Post {
            // The connections of these tests leave mailing to the provider.
            mail: self.by.is_none(),
            send_on: ahead.map(|it| self.model.today() + it),
        }
    }

    fn perform(&mut self, deed: &Deed) -> Result<(), Refused> {
        self.reach = self.reach_of(deed)?;
        match deed {
            Deed::Join {
                active,
                emails,
                pools,
                manager,
                group,
                ..
            } => self.join(*active, emails, pools, *manager, *group),
            Deed::Provision {
                by,
                name,
                external_id,
                active,
                manager,
            } => self.provision(*by, name, external_id, *active, *manager),
            Deed::Update {
                by,
                who,
                external_id,
                active,
                manager,
            } => self.update(*by, *who, external_id.as_ref(), *active, *manager),
            Deed::Relink { by, who } => self.each(who, |it, who| {
                let link = it.person(who).links.get_mut(by);
                Ok(link.is_some_and(|it| it.take().is_some()))
            }),
            Deed::SetBrake { by, brake } => {
                self.roster().brakes[*by] = *brake;
                Ok(())
            }
            Deed::ReleaseHeld { which } => {
                self.release_held(which);
                Ok(())
            }
            Deed::RejectHeld { which } => {
                self.reject_held(which);
                Ok(())
            }
            Deed::Remove { by, who } => {
                let status = self.status(*who);
                if status == Status::Deleted && self.agrees_that_gone(*by, *who) {
                    return Ok(());
                }
                if matches!(status, Status::Deleted | Status::Erased) || self.stays(*who) {
                    return Err(Refused);
                }
                // Whoever is off already does not leave by it; that their connection wants it is known.
                let is_off = !status.is_seated_or_coming();
                if is_off || self.passes_the_brake(*by, *who, true)? {
                    self.leave(*who, Status::Deleted);
                }
                Ok(())
            }
            Deed::Accept {
                who,
                transfer,
                password,
            } => {
                if *password {
                    self.refuse_under_single_sign_on()?;
                }
                self.accept(*who, *transfer)?;
                if *password {
                    self.person(*who).lose_keys();
                    self.person(*who).password = true;
                }
                Ok(())
            }
            Deed::SetPassword { who, on } => {
                if !self.set_password(*who, *on)? {
                    self.skipped.insert(*who);
                }
                Ok(())
            }
            Deed::MailLink { who } => {
                self.refuse_under_single_sign_on()?;
                self.each(who, |it, who| Ok(it.mail_link_to(who)))
            }
            Deed::ForgetPassword { who } => {
                self.refuse_under_single_sign_on()?;
                if self.has_an_account(*who) {
                    self.mail_password_link_again(*who);
                } else {
                    self.skipped.insert(*who);
                }
                Ok(())
            }
            Deed::ChoosePassword { who, number } => self.choose_password(*who, *number),
            Deed::Readdress { who, email } => {
                if !self.readdress(*who, email) {
                    self.skipped.insert(*who);
                }
                Ok(())
            }
            Deed::SingleSignOn { on } => {
                self.roster().single_sign_on = *on;
                Ok(())
            }
            Deed::SendOn { who, ahead } => {
                let day = ahead.map(|it| self.model.today() + it);
                self.each(who, |it, who| it.send_another_day(who, day))
            }
            Deed::Zone { zone } => {
                self.roster().zone = *zone;
                Ok(())
            }
            Deed::AddPlatform { name } => self.add_platform(name),
            Deed::RotatePlatform { platform, days } => self.rotate_platform(*platform, *days),
            Deed::RevokePlatform { platform } => self.revoke_platform(*platform),
            Deed::Cancel { who } => self.each(who, |it, who| Ok(it.cancel(who))),
            Deed::Resend { who } => {
                self.each(who, Self::resend)?;
                self.refuse_overspending()
            }
            Deed::Edit {
                who,
                manager,
                title,
                field,
                group,
                protected,
            } => {
                if protected.is_some() && !self.by_owner {
                    return Err(Refused);
                }
                if let Some((group, _)) = group {
                    self.living_group(*group)?;
                }
                if let Some(Some(manager)) = manager
                    && !self.status(*manager).is_seated_or_coming()
                {
                    return Err(Refused);
                }
                self.each(who, |it, who| {
                    it.edit(
                        who,
                        *manager,
                        title.as_deref(),
                        field.as_ref(),
                        *group,
                        *protected,
                    )
                })
            }
            Deed::Require { on } => {
                self.roster().required = on.then(|| "email,title".to_owned());
                Ok(())
            }
            Deed::Deactivate { who } => self.each(who, |it, who| {
                let goes = it.status(who).is_seated_or_coming() && !it.stays(who);
                if goes {
                    it.deactivate(who);
                }
                Ok(goes)
            }),
            Deed::Reactivate { who, restore } => self.each(who, |it, who| {
                Ok(it.status(who) == Status::Inactive && it.reactivate(who, *restore)?)
            }),
            Deed::Delete { who } => self.each(who, |it, who| {
                let goes =
                    !matches!(it.status(who), Status::Deleted | Status::Erased) && !it.stays(who);
                if goes {
                    it.leave(who, Status::Deleted);
                } else if !it.how.attended {
                    return Err(Refused);
                }
                Ok(goes)
            }),
            Deed::Erase { who } => self.each(who, |it, who| Ok(it.erase(who))),
            Deed::Grant { who, pool, until } => {
                let until = until.map(|it| it.map(|ahead| self.model.today() + ahead));
                self.each(who, |it, who| it.grant(who, *pool, until))
            }
            Deed::Reclaim { left, never_came } => {
                self.reclaim(*left, *never_came);
                Ok(())
            }
            Deed::Release { who, pool } => self.each(who, |it, who| Ok(it.release(who, *pool))),
            Deed::AddPool { name, terms } => {
                self.check_terms(name, terms)?;
                self.may_raise(&PoolTerms::new(0), terms)?;
                if self.roster().pool_named(name).is_some() {
                    return Err(Refused);
                }
                self.roster().pools.push(Pool {
                    name: name.clone(),
                    terms: terms.clone(),
                    queue: Vec::new(),
                });
                Ok(())
            }
            Deed::SetPool { pool, terms } => {
                let name = self.roster().pools[*pool].name.clone();
                self.check_terms(&name, terms)?;
                let before = self.roster().pools[*pool].terms.clone();
                self.may_raise(&before, terms)?;
                self.roster().pools[*pool].terms = terms.clone();
                Ok(())
            }
            Deed::Move {
                pool,
                who,
                position,
            } => {
                let queue = &mut self.roster().pools[*pool].queue;
                match queue.iter().position(|it| it.0 == *who) {
                    Some(at) => {
                        let entry = queue.remove(at);
                        let to = (position - 1).min(queue.len());
                        queue.insert(to, entry);
                        if to == at {
                            self.skipped.insert(*who);
                        }
                    }
                    None => {
                        self.skipped.insert(*who);
                    }
                }
                Ok(())
            }
            Deed::Carry {
                group,
                training,
                pool,
                on,
            } => {
                self.living_group(*group)?;
                self.carry(*group, *training, *pool, *on)
            }
            Deed::AddGroup { name } => self.add_group(name).map(drop),
            Deed::RenameGroup { group, name } => self.rename_group(*group, name),
            Deed::RemoveGroup { group } => self.remove_group(*group),
            Deed::ProvideGroup {
                group: Some(group),
                gone: true,
                ..
            } => self.take_group(*group),
            Deed::ProvideGroup {
                by,
                group,
                name,
                external_id,
                only,
                add,
                remove,
                ..
            } => {
                let members = (*only, add.as_slice(), remove.as_slice());
                self.provide_group(*by, *group, name.as_deref(), external_id.as_ref(), members)
            }
            Deed::Import { accounts } => {
                accounts
                    .iter()
                    .for_each(|(email, records)| self.import(email, records));
                Ok(())
            }
            Deed::Transfer { email, training } => self.transfer(email, training.as_deref()),
            Deed::EraseAccount { email } => {
                self.roster().accounts.remove(email);
                let known = self.model.addresses.remove(email);
                known.then_some(()).ok_or(Refused)
            }
            Deed::Assign { who, training } => self.each(who, |it, who| it.assign(who, *training)),
            Deed::Unassign { who, training } => self.each(who, |it, who| {
                let state = it.person(who).learns.get_mut(training);
                let open = state.filter(|it| it.is_open());
                Ok(open.map(|it| *it = AssignmentState::Ended).is_some())
            }),
            Deed::Progress {
                who,
                training,
                completed,
            }
            | Deed::Told {
                who,
                training,
                completed,
                ..
            } => {
                if !self.progress(*who, *training, *completed) {
                    self.skipped.insert(*who);
                }
                Ok(())
            }
            Deed::Date { who, kind, ahead } => {
                let day = ahead.map(|it| self.model.today() + it);
                self.each(who, |it, who| {
                    let live = it.status(who).is_live() && it.may_edit(who);
                    let moves = live && it.person(who).dates[*kind] != day;
                    let stays = moves && day.is_some() && it.stays(who);
                    let due = [Due::Deactivate, Due::Delete][*kind];
                    let sets = moves && !stays && !it.has_acted(who, due, day);
                    if sets {
                        it.person(who).dates[*kind] = day;
                    }
                    Ok(sets)
                })
            }
            Deed::Permit {
                who,
                permission,
                on,
            } => self.each(who, |it, who| {
                Ok(if *on {
                    it.permit(who, *permission)
                } else {
                    it.revoke(who, *permission)
                })
            }),
            Deed::Decide {
                approval,
                approve: true,
            } => self.approve(*approval),
            Deed::Decide { approval, .. } => self.reject(*approval),
            Deed::Budget { group, seats } => {
                self.living_group(*group)?;
                self.roster().groups[*group].budget = *seats;
                Ok(())
            }
            Deed::Undo { .. } | Deed::Seen { .. } | Deed::NextDay | Deed::Reopen => Ok(()),
        }
    }

    fn check_terms(&mut self, name: &str, terms: &PoolTerms) -> Result<(), Refused> {
        match &terms.at_capacity {
            AtCapacity::Fallback(other) if other.as_str() == name || other.as_str() == "access" => {
                Err(Refused)
            }
            AtCapacity::Fallback(other) if self.roster().pool_named(other.as_str()).is_none() => {
                Err(Refused)
            }
            _ if name == "access" && !terms.recoverable => Err(Refused),
            _ => Ok(()),
        }
    }
}
