//! Accounts that people have of their own, and what becomes of their records.

use usher_core::model::{AssignmentState, RecordState, Status};

use super::super::roster::{ACCESS, Account, Held, Roster, Training};
use super::{Deal, Refused, Seat};

/// What comes along: records' places in the account, and the assignments that they make.
#[derive(Clone, Default)]
pub(super) struct Coming {
    records: Vec<usize>,
    pub(super) learns: Vec<(usize, AssignmentState)>,
    /// Records of trainings that there are not.
    unheard: bool,
}

impl Deal<'_> {
    /// Where somebody of this address waits who is invited.
    pub(super) fn waiting_status(&mut self, email: Option<&str>) -> Status {
        let account = email.and_then(|it| self.roster().accounts.get(it));
        match account {
            Some(account) if account.taken_by.is_none() => Status::PendingTransfer,
            _ => Status::Waiting,
        }
    }

    /// Whoever waits does so with the account of their address, as long as there is one to come with.
    pub(super) fn settle_waiting(&mut self) {
        for who in 0..self.roster().people.len() {
            if self.status(who).waits() {
                let email = self.person(who).email.clone();
                let status = self.waiting_status(email.as_deref());
                self.person(who).status = status;
            }
        }
    }

    pub(super) fn import(&mut self, email: &str, records: &[(String, RecordState)]) {
        self.model.addresses.insert(email.to_owned());
        let account = self.roster().accounts.entry(email.to_owned()).or_default();
        for (training, state) in records {
            let known = account.records.iter_mut().find(|it| it.0 == *training);
            match known {
                Some((_, _, true)) => {}
                Some(known) => known.1 = *state,
                None => account.records.push((training.clone(), *state, false)),
            }
        }
    }

    pub(super) fn transfer(&mut self, email: &str, training: Option<&str>) -> Result<(), Refused> {
        let account = self.roster().accounts.get(email).cloned().ok_or(Refused)?;
        let found = self.who_is(email);
        let who = account.taken_by.or(found).ok_or(Refused)?;
        let known = |it: &str| account.records.iter().any(|record| record.0 == it);
        if self.status(who) != Status::Active || training.is_some_and(|it| !known(it)) {
            return Err(Refused);
        }
        let coming = self.coming(who, &account, |it| training.is_none_or(|of| of == it));
        if coming.records.is_empty() && !coming.unheard && account.taken_by.is_some() {
            self.skipped.insert(who);
            return Ok(());
        }
        let pools = self.needed(who, &coming);
        if matches!(self.seat(who, &pools, &[], Status::Active)?, Seat::Out) {
            self.skipped.insert(who);
            return Ok(());
        }
        self.use_what_was_started(who, &pools);
        self.take(who, email, coming);
        Ok(())
    }

    /// What an acceptance brings along.
    pub(super) fn coming_by_accepting(&mut self, who: usize, transfer: bool) -> Option<Coming> {
        let email = self.person(who).email.clone()?;
        let account = self.roster().accounts.get(&email).cloned()?;
        let free = account.taken_by.is_none();
        free.then(|| self.coming(who, &account, |_| transfer))
    }

    fn coming(&mut self, who: usize, account: &Account, chosen: impl Fn(&str) -> bool) -> Coming {
        let mut coming = Coming::default();
        for (i, (name, state, transferred)) in account.records.iter().enumerate() {
            if *transferred || !chosen(name) {
                continue;
            }
            let mut trainings = self.model.roster.trainings.iter();
            let Some(training) = trainings.position(|it| it.name == *name) else {
                coming.unheard = true;
                continue;
            };
            coming.records.push(i);
            let before = self.person(who).learns.get(&training).copied();
            let live = before.filter(|it| *it != AssignmentState::Ended);
            let after = match (state, live) {
                (_, Some(AssignmentState::Completed)) => AssignmentState::Completed,
                (RecordState::Completed, _) => AssignmentState::Completed,
                (RecordState::Started, _) | (_, Some(AssignmentState::Started)) => {
                    AssignmentState::Started
                }
                _ => AssignmentState::Assigned,
            };
            if live != Some(after) {
                coming.learns.push((training, after));
            }
        }
        coming
    }

    /// The licenses that pre-work needs which comes along, and whether they are used already.
    pub(super) fn needed(&mut self, who: usize, coming: &Coming) -> Vec<(usize, bool)> {
        let mut pools: Vec<(usize, bool)> = Vec::new();
        for (training, state) in &coming.learns {
            if let Training {
                is_pre_work: true,
                pool: Some(pool),
                ..
            } = self.roster().trainings[*training]
                && state.is_open()
                && !self.has_license(who, pool)
                && !pools.iter().any(|it| it.0 == pool)
            {
                pools.push((pool, *state == AssignmentState::Started));
            }
        }
        pools
    }

    /// Licenses of what was started elsewhere are used from the first moment.
    pub(super) fn use_what_was_started(&mut self, who: usize, pools: &[(usize, bool)]) {
        for (pool, _) in pools.iter().filter(|it| it.1) {
            if let Some((pool, false)) = self.license_for(who, *pool)
                && let Some(held) = self.person(who).holds.get_mut(&pool)
            {
                held.consumed = true;
            }
        }
    }

    /// Whatever else brings a license, or a start, together with the other uses the license.
    pub(super) fn consume_what_is_started(&mut self, before: &Roster) {
        for (who, was) in before.people.iter().enumerate() {
            let is = self.person(who).clone();
            let reserved = |it: (&usize, &Held)| !it.1.consumed && !it.1.stands;
            let comes = is.holds.iter().any(|it| {
                *it.0 != ACCESS
                    && reserved(it)
                    && !was.holds.get(it.0).is_some_and(|was| reserved((it.0, was)))
            });
            let starts = is.learns.iter().any(|(training, state)| {
                *state == AssignmentState::Started && was.learns.get(training) != Some(state)
            });
            if !comes && !starts {
                continue;
            }
            for (training, state) in is.learns {
                if state == AssignmentState::Started
                    && let Some(pool) = self.roster().trainings[training].pool
                {
                    self.use_what_was_started(who, &[(pool, true)]);
                }
            }
        }
    }

    pub(super) fn take(&mut self, who: usize, email: &str, coming: Coming) {
        let Some(account) = self.roster().accounts.get_mut(email) else {
            return;
        };
        account.taken_by = Some(who);
        for record in coming.records {
            account.records[record].2 = true;
        }
        self.person(who).learns.extend(coming.learns);
    }

    fn who_is(&mut self, name: &str) -> Option<usize> {
        let people = &self.roster().people;
        let by_user_name = people
            .iter()
            .position(|it| it.user_name.as_deref() == Some(name));
        self.who_has_email(name).or(by_user_name)
    }
}
