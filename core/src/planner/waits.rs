//! Who waits for their acceptance, and whether an account of their own waits with them: `pending_transfer` while the
//! person's address has an account that nobody has come with yet, `waiting` as soon as it has not, whatever changed it.

use std::collections::HashMap;

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Field, Status, UserId, key_of_name};

/// What this plan makes of somebody.
struct Planned {
    /// Where their last change of status is.
    status: Option<usize>,
    email: Option<Option<String>>,
    is_erased: bool,
}

impl Planner<'_> {
    /// Where somebody of this address waits for their acceptance: `pending_transfer` when they have an account of their
    /// own that nobody has come with yet.
    pub(crate) fn waiting_status(&mut self, email: Option<&str>) -> Result<Status> {
        let has_individuals = match self.has_individuals {
            Some(known) => known,
            None => self.snapshot.has_individuals()?,
        };
        self.has_individuals = Some(has_individuals);
        let account = match email {
            Some(email) if has_individuals => self.snapshot.individual_of_address(email)?,
            _ => None,
        };
        Ok(match account {
            Some(account) if account.terms.taken_by.is_none() => Status::PendingTransfer,
            _ => Status::Waiting,
        })
    }

    /// Says of everybody whose address or account this plan touches whether they wait with an account.
    pub(super) fn settle_waiting(&mut self) -> Result<()> {
        let accounts = self.accounts_touched()?;
        let mut people: Vec<UserId> = Vec::new();
        for key in accounts.keys() {
            let there = self.snapshot.user_by_email_key(key)?;
            people.extend(there.map(|it| it.id));
        }
        // Undo brings a status back as it was; every other command has asked.
        let undoes = self.undoing.is_some();
        people.extend(self.changes.iter().filter_map(|it| match it {
            Change::Profile {
                user,
                field: Field::Email,
                ..
            } => Some(*user),
            Change::Status { user, after, .. } if undoes && after.waits() => Some(*user),
            _ => None,
        }));
        people.sort_unstable();
        people.dedup();
        if people.is_empty() {
            return Ok(());
        }
        let planned = self.planned_of(&people);
        let mut idle = Vec::new();
        for id in people {
            idle.extend(self.settle_one(id, planned.get(&id), &accounts)?);
        }
        idle.sort_unstable();
        for place in idle.into_iter().rev() {
            self.drop_change(place);
        }
        Ok(())
    }

    /// Whether an account can come along, of every address whose account this plan makes, changes or destroys.
    fn accounts_touched(&self) -> Result<HashMap<String, bool>> {
        let mut touched = HashMap::new();
        for change in &self.changes {
            match change {
                Change::Individual { before, after, .. } => {
                    for terms in [before, after].into_iter().flatten() {
                        touched.insert(key_of_name(&terms.email), false);
                    }
                    if let Some(after) = after {
                        let is_free = after.taken_by.is_none();
                        touched.insert(key_of_name(&after.email), is_free);
                    }
                }
                Change::IndividualErased { account } => {
                    if let Some(gone) = self.snapshot.individual(*account)? {
                        touched.insert(key_of_name(&gone.terms.email), false);
                    }
                }
                _ => {}
            }
        }
        Ok(touched)
    }

    fn planned_of(&self, people: &[UserId]) -> HashMap<UserId, Planned> {
        let mut planned = HashMap::new();
        for (place, change) in self.changes.iter().enumerate() {
            let Some(user) = change.user().filter(|it| people.binary_search(it).is_ok()) else {
                continue;
            };
            let of = planned.entry(user).or_insert(Planned {
                status: None,
                email: None,
                is_erased: false,
            });
            match change {
                Change::Status { .. } => of.status = Some(place),
                Change::Profile {
                    field: Field::Email,
                    after,
                    ..
                } => of.email = Some(after.as_ref().map(String::from)),
                Change::Erased { .. } => of.is_erased = true,
                _ => {}
            }
        }
        planned
    }

    /// Plans where one person waits; returns the place of a change that comes to nothing by that.
    fn settle_one(
        &mut self,
        id: UserId,
        planned: Option<&Planned>,
        accounts: &HashMap<String, bool>,
    ) -> Result<Option<usize>> {
        if planned.is_some_and(|it| it.is_erased) {
            return Ok(None);
        }
        let user = self.user(id)?;
        let place = planned.and_then(|it| it.status);
        let moves = place.and_then(|it| self.changes.get(it));
        let (from, to) = match moves {
            Some(Change::Status { before, after, .. }) => (*before, *after),
            _ => (user.status, user.status),
        };
        if !to.waits() {
            return Ok(None);
        }
        let email = match planned.and_then(|it| it.email.clone()) {
            Some(email) => email,
            None => user.profile.email.clone(),
        };
        let known = email.as_deref().map(key_of_name);
        let settled = match known.and_then(|it| accounts.get(&it)) {
            Some(true) => Status::PendingTransfer,
            Some(false) => Status::Waiting,
            None => self.waiting_status(email.as_deref())?,
        };
        if settled == to {
            return Ok(None);
        }
        let change = Change::Status {
            user: id,
            before: from,
            after: settled,
        };
        match place {
            Some(place) if from == settled => {
                // An undo says of everybody whom it leaves as they are why.
                if self.undoing.is_some() {
                    let account = match settled {
                        Status::PendingTransfer => "has an account of their own still",
                        _ => "has no account of their own any more",
                    };
                    self.skip(&user, format!("{settled}: {account}"));
                }
                return Ok(Some(place));
            }
            Some(place) => {
                if let Some(slot) = self.changes.get_mut(place) {
                    *slot = change;
                }
            }
            None => {
                self.name(&user);
                self.push(change);
            }
        }
        Ok(None)
    }
}
