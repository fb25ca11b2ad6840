//! Accounts of people's own: registered from a file, taken along by whoever accepts with one, destroyed when asked.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Assignment, AssignmentState, Date, Individual, IndividualTerms, NewIndividual, Record,
    RecordState, Status, TimeZoneName, Timestamp, User, name_key,
};
use crate::planner::Planner;

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
        let is_new = before.is_none();
        planner.push(Change::Individual {
            account: id,
            before: before.map(Box::new),
            after: Some(Box::new(after)),
        });
        // Whoever is invited already can choose as well.
        let invited = planner.snapshot.user_by_email_key(&account.email.key())?;
        if let Some(user) = invited.filter(|it| is_new && it.status == Status::Waiting) {
            planner.name(&user);
            planner.push(Change::Status {
                user: user.id,
                before: Status::Waiting,
                after: Status::PendingTransfer,
            });
        }
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
        None => planner.snapshot.find_user(email)?,
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
    take(planner, &user, account, chosen)?;
    if planner.mark() == mark {
        planner.skip(&user, "nothing is left to transfer");
    }
    Ok(())
}

/// What an acceptance does with the account of the person's address, if there is one that nobody has come with yet.
pub(super) fn accept(planner: &mut Planner<'_>, user: &User, records: OwnRecords) -> Result<()> {
    let account = match &user.profile.email {
        Some(email) => planner.snapshot.individual_of_address(email)?,
        None => None,
    };
    match account.filter(|it| it.terms.taken_by.is_none()) {
        Some(account) => take(planner, user, account, |_| records == OwnRecords::Transfer),
        None => Ok(()),
    }
}

/// Records that a user came with an account, and makes assignments of the chosen records.
fn take(
    planner: &mut Planner<'_>,
    user: &User,
    account: Individual,
    chosen: impl Fn(&Record) -> bool,
) -> Result<()> {
    let zone = planner.settings()?.time_zone.clone();
    let mut after = account.terms.clone();
    after.taken_by = Some(user.id);
    for record in &mut after.records {
        if record.transferred || !chosen(record) {
            continue;
        }
        match planner.snapshot.training_named(&record.training)? {
            None => planner.skip_name(
                &record.training,
                "there is no such training; add it, then transfer the record",
            ),
            Some(training) => {
                let before = planner.snapshot.assignment(user.id, training.id)?;
                let at = at(record.on, &zone, planner.now);
                if let Some(assignment) = brought(before, record.state, at) {
                    planner.push(Change::Assignment {
                        user: user.id,
                        training: training.id,
                        before,
                        after: Some(assignment),
                    });
                }
                record.transferred = true;
            }
        }
    }
    if after != account.terms {
        planner.push(Change::Individual {
            account: account.id,
            before: Some(Box::new(account.terms)),
            after: Some(Box::new(after)),
        });
    }
    Ok(())
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
        planner.push(Change::IndividualErased { account });
    }
    Ok(())
}
