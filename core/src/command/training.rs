//! Add trainings, change what is known of them, remove them, and say who holds a session.

use super::assign;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Date, GroupId, Hold, Name, PoolId, PoolName, Training, TrainingId, TrainingKind, TrainingTerms,
};
use crate::planner::Planner;
use crate::selection::Selection;

/// What to set of a training; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingEdit {
    /// Its new name.
    pub name: Option<String>,
    /// The add-on pool that its content needs; `Some(None)` clears it.
    pub pool: Option<Option<PoolName>>,
    /// The day of a session.
    pub held_on: Option<Date>,
}

pub(super) fn add(
    planner: &mut Planner<'_>,
    name: &str,
    kind: TrainingKind,
    pool: Option<&PoolName>,
    held_on: Option<Date>,
) -> Result<()> {
    let terms = TrainingTerms {
        name: free_name(planner, name, None)?,
        kind,
        pool: pool
            .map(|it| super::joining::add_on(planner, it))
            .transpose()?,
        held_on,
        removed: false,
    };
    check(&terms)?;
    let training = planner.draws.training();
    planner.push(Change::TrainingAdded { training, terms });
    Ok(())
}

pub(super) fn set(planner: &mut Planner<'_>, training: &str, edit: &TrainingEdit) -> Result<()> {
    let training = planner.snapshot.find_training(training)?;
    let mut after = training.terms.clone();
    if let Some(name) = &edit.name {
        after.name = free_name(planner, name, Some(&training))?;
    }
    if let Some(pool) = &edit.pool {
        let pool = pool.as_ref().map(|it| super::joining::add_on(planner, it));
        after.pool = pool.transpose()?;
    }
    if let Some(held_on) = edit.held_on {
        after.held_on = Some(held_on);
    }
    check(&after)?;
    if after == training.terms {
        planner.skip_name(&training.terms.name, "already so");
        return Ok(());
    }
    let pool = after.pool.filter(|it| training.terms.pool != Some(*it));
    planner.push(Change::TrainingTerms {
        training: training.id,
        before: Box::new(training.terms),
        after: Box::new(after),
    });
    pool.map_or(Ok(()), |it| {
        use_by_whoever_started(planner, training.id, it)
    })
}

/// Who has started what needs a license from now on uses the one that they have.
fn use_by_whoever_started(
    planner: &mut Planner<'_>,
    training: TrainingId,
    pool: PoolId,
) -> Result<()> {
    let people = planner.snapshot.started(training)?;
    planner.expect(&people)?;
    for id in people {
        let licenses = planner.licenses_of(id)?;
        if let Some(license) = planner.license_for(pool, &licenses)?
            && license.hold == Hold::Reserved
            && license.pool != planner.access
        {
            let user = planner.user(id)?;
            planner.name(&user);
            planner.set_license(id, license.pool, Hold::Reserved, Hold::Consumed, false)?;
        }
    }
    Ok(())
}

/// Whoever still has to take it need not any more; no group carries it; reports still cover it.
pub(super) fn remove(planner: &mut Planner<'_>, training: &str) -> Result<()> {
    let training = planner.snapshot.find_training(training)?;
    let people = planner.snapshot.open_for(training.id)?;
    planner.expect(&people)?;
    for id in people {
        let user = planner.user(id)?;
        planner.name(&user);
        let assignments = planner.assignments_of(id)?;
        if let Some(it) = assignments.iter().find(|it| it.training == training.id) {
            assign::give_back(planner, &user, &training)?;
            assign::end(planner, id, &training, it.assignment);
        }
    }
    let carriers: Vec<GroupId> = planner.snapshot.carriers_of(training.id)?;
    for group in carriers {
        planner.push(Change::GroupTraining {
            group,
            training: training.id,
            before: true,
            after: false,
        });
    }
    let after = TrainingTerms {
        removed: true,
        ..training.terms.clone()
    };
    planner.push(Change::TrainingTerms {
        training: training.id,
        before: Box::new(training.terms),
        after: Box::new(after),
    });
    Ok(())
}

pub(super) fn instructors(
    planner: &mut Planner<'_>,
    training: &str,
    who: &Selection,
    after: bool,
) -> Result<()> {
    let training = planner.snapshot.find_training(training)?;
    if training.terms.kind != TrainingKind::Session {
        return Err(Error::invalid(
            "training",
            format!(
                "is a {}, and only sessions have instructors",
                training.terms.kind
            ),
            "name a session",
        ));
    }
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        let before = planner.snapshot.is_instructor(id, training.id)?;
        if before == after {
            planner.skip(&user, "already so");
        } else if after && !user.status.is_seated_or_coming() {
            planner.skip(&user, user.status.to_string());
        } else {
            planner.push(Change::Instructor {
                user: id,
                training: training.id,
                before,
                after,
            });
        }
    }
    Ok(())
}

/// A name that no other training has.
fn free_name(planner: &Planner<'_>, name: &str, of: Option<&Training>) -> Result<String> {
    let name = Name::parse("training name", name)?
        .map(Name::into_string)
        .ok_or_else(|| Error::invalid("training name", "is empty", "give it one"))?;
    match planner.snapshot.training_named(&name)? {
        Some(other) if of.is_none_or(|it| it.id != other.id) => Err(Error::conflict(format!(
            "there is a training {} already",
            other.terms.name
        ))),
        _ => Ok(name),
    }
}

fn check(terms: &TrainingTerms) -> Result<()> {
    match (terms.kind, terms.held_on) {
        (TrainingKind::Session, None) => Err(Error::invalid(
            "session",
            "has no date",
            "say on which day it is held",
        )),
        (TrainingKind::Course | TrainingKind::PreWork, Some(_)) => Err(Error::invalid(
            "date",
            "is for sessions only",
            "leave it out",
        )),
        _ => Ok(()),
    }
}
