//! Accounts of people's own: registered from a file, taken along by whoever accepts with one, destroyed when asked.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Assigned, Assignment, AssignmentState, Date, Individual, IndividualId, IndividualTerms,
    NewIndividual, Record, RecordState, Status, TimeZoneName, Timestamp, TrainingId, User, UserId,
    name_key,
};
use crate::planner::{Entry, Planner};

/// What whoever accepts does with the records of an account of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnRecords {
    /// Leaves them behind; they can still come along later.
    #[default]
    StartFresh,
    /// Takes them along: they become assignments.
    Transfer,
}

pub(super) fn import(planner: &mut Planner<'_>, accounts: &[NewIndividual]) -> Result<()> {
    for account in accounts {
        let email = account.email.as_str();
        let known = planner.snapshot.individual_of_address(email)?;
        let (id, before, after) = match known {
            Some(Individual { id, terms }) => {
                let after = merged(&terms, account);
                (id, Some(terms), after)
            }
            None => {
                let after = IndividualTerms {
                    email: email.to_owned(),
                    first_name: account.first_name.clone(),
                    last_name: account.last_name.clone(),
                    records: account.records.clone(),
                    taken_by: None,
                };
                (planner.draws.individual(), None, after)
            }
        };
        if before.as_ref() == Some(&after) {
            planner.skip_name(email, "already so");
            continue;
        }
        planner.push(Change::Individual {
            account: id,
            before: before.map(Box::new),
            after: Some(Box::new(after)),
        });
    }
    Ok(())
}

/// What is known of an account with what a newer file says. A record that came along already stays as it was.
fn merged(known: &IndividualTerms, account: &NewIndividual) -> IndividualTerms {
    let mut after = known.clone();
    after.first_name = account.first_name.clone().or(after.first_name);
    after.last_name = account.last_name.clone().or(after.last_name);
    for record in &account.records {
        let key = name_key(&record.training);
        let there = after
            .records
            .iter_mut()
            .find(|it| name_key(&it.training) == key);
        match there {
            Some(there) if there.transferred => {}
            Some(there) => *there = record.clone(),
            None => after.records.push(record.clone()),
        }
    }
    after
}

/// Takes the records of an account along after acceptance: all, or those of some trainings.
pub(super) fn transfer(planner: &mut Planner<'_>, email: &str, trainings: &[String]) -> Result<()> {
    let Some(account) = planner.snapshot.individual_of_address(email)? else {
        return Err(Error::not_found("individual account", email));
    };
    let user = match account.terms.taken_by {
        Some(user) => planner.user(user)?,
        None => match planner.snapshot.find_user(email) {
            Err(Error::NotFound { .. }) => {
                return Err(Error::conflict(format!(
                    "{} has an account of their own and is not on the roster; invite them, and the records can come along \
                     when they accept",
                    account.terms.email
                )));
            }
            found => found?,
        },
    };
    if user.status != Status::Active {
        return Err(Error::conflict(format!(
            "{} is {}; records come along when they are active",
            user.label(),
            user.status
        )));
    }
    for name in trainings {
        let key = name_key(name);
        if !account
            .terms
            .records
            .iter()
            .any(|it| name_key(&it.training) == key)
        {
            return Err(Error::not_found("record of", name));
        }
    }
    let chosen = |record: &Record| {
        let key = name_key(&record.training);
        trainings.is_empty() || trainings.iter().any(|it| name_key(it) == key)
    };
    planner.name(&user);
    let mark = planner.mark();
    let coming = coming(planner, &user, account, chosen)?;
    let licenses = planner.licenses_of(user.id)?;
    let mut entry = Entry::default();
    planner.add_assigned(&mut entry, &coming.assigned(user.id), &licenses)?;
    if let Some(why) = planner.enter(&user, entry.at_the_door())? {
        planner.skip(&user, why);
        return Ok(());
    }
    coming.plan(planner, user.id);
    if planner.mark() == mark {
        planner.skip(&user, "nothing is left to transfer");
    }
    Ok(())
}

/// What an acceptance does with the account of the person's address, if there is one that nobody has come with yet.
pub(super) fn accept(
    planner: &mut Planner<'_>,
    user: &User,
    records: OwnRecords,
) -> Result<Option<Coming>> {
    let account = match &user.profile.email {
        Some(email) => planner.snapshot.individual_of_address(email)?,
        None => None,
    };
    match account.filter(|it| it.terms.taken_by.is_none()) {
        Some(account) => {
            let all = records == OwnRecords::Transfer;
            coming(planner, user, account, |_| all).map(Some)
        }
        None => Ok(None),
    }
}

/// Records that come along, and what they make of the user's assignments.
pub(super) struct Coming {
    account: IndividualId,
    before: IndividualTerms,
    after: IndividualTerms,
    assignments: Vec<(TrainingId, Option<Assignment>, Assignment)>,
    /// Records of trainings that there are not.
    unheard: Vec<String>,
}

impl Coming {
    /// The assignments as they are then.
    pub(super) fn assigned(&self, user: UserId) -> Vec<Assigned> {
        let assigned = self.assignments.iter().map(|it| Assigned {
            user,
            training: it.0,
            assignment: it.2,
        });
        assigned.collect()
    }

    /// Records that the user came with the account, and their assignments; their licenses are seated already.
    pub(super) fn plan(self, planner: &mut Planner<'_>, user: UserId) {
        for name in self.unheard {
            planner.skip_name(
                &name,
                "there is no such training; add it, then transfer the record",
            );
        }
        for (training, before, after) in self.assignments {
            planner.push(Change::Assignment {
                user,
                training,
                before,
                after: Some(after),
            });
        }
        if self.after != self.before {
            planner.push(Change::Individual {
                account: self.account,
                before: Some(Box::new(self.before)),
                after: Some(Box::new(self.after)),
            });
        }
    }
}

/// Looks up what a user takes along of an account, for whose records they chose it.
fn coming(
    planner: &mut Planner<'_>,
    user: &User,
    account: Individual,
    chosen: impl Fn(&Record) -> bool,
) -> Result<Coming> {
    let zone = planner.settings()?.time_zone.clone();
    let mut coming = Coming {
        account: account.id,
        after: account.terms.clone(),
        before: account.terms,
        assignments: Vec::new(),
        unheard: Vec::new(),
    };
    coming.after.taken_by = Some(user.id);
    for record in &mut coming.after.records {
        if record.transferred || !chosen(record) {
            continue;
        }
        let Some(training) = planner.snapshot.training_named(&record.training)? else {
            coming.unheard.push(record.training.clone());
            continue;
        };
        let before = planner.snapshot.assignment(user.id, training.id)?;
        let at = at(record.on, &zone, planner.now);
        if let Some(after) = brought(before, record.state, at) {
            coming.assignments.push((training.id, before, after));
        }
        record.transferred = true;
    }
    Ok(coming)
}

/// The instant at which a record's day begins, never in the future.
fn at(on: Option<Date>, zone: &TimeZoneName, now: Timestamp) -> Timestamp {
    on.map_or(now, |it| it.start_in(zone).min(now))
}

/// The assignment that a record makes; none when the person is as far here already.
fn brought(before: Option<Assignment>, state: RecordState, at: Timestamp) -> Option<Assignment> {
    let from = before
        .filter(|it| it.state != AssignmentState::Ended)
        .unwrap_or_else(|| Assignment::new(at));
    let after = match (state, from.state) {
        (_, AssignmentState::Completed) | (RecordState::Started, AssignmentState::Started) => from,
        (RecordState::Assigned, _) => from,
        (RecordState::Started, _) => from.started(at),
        (RecordState::Completed, _) => from.completed(at),
    };
    (before != Some(after)).then_some(after)
}

/// Destroys the account of an address, whoever it is or was.
pub(super) fn erase(planner: &mut Planner<'_>, email: &str) -> Result<()> {
    let accounts = planner.snapshot.accounts_of_address(email)?;
    if accounts.is_empty() {
        return Err(Error::not_found("individual account", email));
    }
    for account in accounts {
        planner.name_account(account, email.trim());
        planner.push(Change::IndividualErased { account });
    }
    Ok(())
}
