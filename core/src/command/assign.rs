//! Give people something to learn, take it back, and record how far they have come. Pre-work reserves the license that
//! its content needs; whoever starts content consumes it, whoever granted it.

use std::collections::HashMap;

use super::ProgressReport;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Assignment, AssignmentState, Hold, PoolId, Progress, Status, Training, TrainingKind, User,
    UserId,
};
use crate::planner::{Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn assign(planner: &mut Planner<'_>, who: &Selection, training: &str) -> Result<()> {
    let training = planner.snapshot.find_training(training)?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if !user.status.is_seated_or_coming() {
            planner.skip(&user, user.status.to_string());
            continue;
        }
        let before = assignment(planner, id, &training)?;
        if let Some(it) = before.filter(|it| it.state != AssignmentState::Ended) {
            planner.skip(&user, format!("already {}", it.state.as_str()));
            continue;
        }
        if let Some(why) = reserve(planner, &user, &training)? {
            planner.skip(&user, why);
            continue;
        }
        planner.push(Change::Assignment {
            user: id,
            training: training.id,
            before,
            after: Some(Assignment::new(planner.now)),
        });
    }
    Ok(())
}

/// Reserves the license that pre-work needs; says why there is none.
fn reserve(planner: &mut Planner<'_>, user: &User, training: &Training) -> Result<Option<String>> {
    let (TrainingKind::PreWork, Some(pool)) = (training.terms.kind, training.terms.pool) else {
        return Ok(None);
    };
    let licenses = planner.licenses_of(user.id)?;
    if planner.has_license(pool, &licenses)? {
        return Ok(None);
    }
    if planner.is_for_later(pool, user.status)? {
        planner.request_license(user.id, pool)?;
        return Ok(None);
    }
    let wants = [Want::new(pool, Hold::None, Hold::Reserved)];
    let waiting = Waiting {
        leads_to: user.status,
        mail: false,
        connection: None,
        send_on: None,
    };
    match planner.seat(user.id, &wants, waiting)? {
        Seated::Out(why) => Ok(Some(why)),
        Seated::In | Seated::Queued => Ok(None),
    }
}

pub(super) fn unassign(planner: &mut Planner<'_>, who: &Selection, training: &str) -> Result<()> {
    let training = planner.snapshot.find_training(training)?;
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        match assignment(planner, id, &training)? {
            None => planner.skip(&user, "not assigned"),
            Some(before) if !before.state.is_open() => {
                planner.skip(&user, format!("already {}", before.state.as_str()));
            }
            Some(before) => {
                give_back(planner, &user, &training)?;
                end(planner, id, &training, before);
            }
        }
    }
    Ok(())
}

pub(super) fn end(
    planner: &mut Planner<'_>,
    user: UserId,
    training: &Training,
    before: Assignment,
) {
    planner.push(Change::Assignment {
        user,
        training: training.id,
        before: Some(before),
        after: Some(before.ended(planner.now)),
    });
}

/// Frees the license that came with an assignment, unless it was used or something else needs it.
pub(super) fn give_back(planner: &mut Planner<'_>, user: &User, training: &Training) -> Result<()> {
    let (TrainingKind::PreWork, Some(pool)) = (training.terms.kind, training.terms.pool) else {
        return Ok(());
    };
    let licenses = planner.licenses_of(user.id)?;
    let Some(license) = planner.license_for(pool, &licenses)? else {
        return Ok(());
    };
    let keeps = license.hold == Hold::Consumed
        || needs_still(planner, user.id, training, pool)?
        || !planner
            .snapshot
            .came_together(user.id, training.id, license.pool)?;
    if keeps {
        return Ok(());
    }
    planner.take_back(license)
}

/// Whether another open pre-work, or a group, asks for the same license.
fn needs_still(
    planner: &mut Planner<'_>,
    user: UserId,
    but: &Training,
    pool: PoolId,
) -> Result<bool> {
    for assigned in planner.assignments_of(user)? {
        if assigned.training != but.id && assigned.assignment.state.is_open() {
            let other = planner.training(assigned.training)?;
            if other.terms.kind == TrainingKind::PreWork && other.terms.pool == Some(pool) {
                return Ok(true);
            }
        }
    }
    for membership in planner.memberships_of(user)? {
        if planner.carried(membership.group)?.pools.contains(&pool) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn assignment(
    planner: &Planner<'_>,
    user: UserId,
    training: &Training,
) -> Result<Option<Assignment>> {
    let all = planner.assignments_of(user)?;
    let found = all.iter().find(|it| it.training == training.id);
    Ok(found.map(|it| it.assignment))
}

pub(super) fn progress(planner: &mut Planner<'_>, reports: &[ProgressReport]) -> Result<()> {
    // Everything about one person together: each step starts from where the one before it led.
    let mut people: Vec<(User, Vec<(Training, Progress)>)> = Vec::new();
    let mut places: HashMap<UserId, usize> = HashMap::new();
    for report in reports {
        let training = match planner.snapshot.training_named(&report.training)? {
            Some(training) => training,
            None if planner.is_attended() => {
                return Err(Error::not_found("training", &report.training));
            }
            None => {
                planner.skip_name(&report.who, "the training is not known");
                continue;
            }
        };
        let user = match planner.snapshot.find_user(&report.who) {
            Ok(user) => user,
            Err(Error::NotFound { .. }) if !planner.is_attended() => {
                planner.skip_name(&report.who, "not known");
                continue;
            }
            Err(error) => return Err(error),
        };
        let place = *places.entry(user.id).or_insert(people.len());
        match people.get_mut(place) {
            Some((_, steps)) => steps.push((training, report.step)),
            None => people.push((user, vec![(training, report.step)])),
        }
    }
    for (user, steps) in people {
        for (training, reached) in steps {
            step(planner, &user, &training, reached)?;
        }
    }
    Ok(())
}

/// Records that somebody has come so far. Saying it again changes nothing.
fn step(planner: &mut Planner<'_>, user: &User, training: &Training, step: Progress) -> Result<()> {
    planner.name(user);
    if user.status != Status::Active {
        planner.skip(user, user.status.to_string());
        return Ok(());
    }
    let all = planner.assignments_planned(user.id)?;
    let before = all
        .iter()
        .find(|it| it.training == training.id)
        .map(|it| it.assignment);
    let now = planner.now;
    // Whoever starts what nobody assigned to them is on record all the same: their license is used.
    let from = before
        .filter(|it| it.state != AssignmentState::Ended)
        .unwrap_or_else(|| Assignment::new(now));
    let after = match (step, from.state) {
        (_, AssignmentState::Completed) => {
            planner.skip(user, "already completed");
            return Ok(());
        }
        (Progress::Started, AssignmentState::Started) => {
            planner.skip(user, "already started");
            return Ok(());
        }
        (Progress::Started, _) => from.started(now),
        (Progress::Completed, _) => from.completed(now),
    };
    if let Some(why) = consume(planner, user, training)? {
        planner.skip(user, why);
        return Ok(());
    }
    planner.push(Change::Assignment {
        user: user.id,
        training: training.id,
        before,
        after: Some(after),
    });
    Ok(())
}

/// Uses the license that the content needs; says why it cannot be used.
fn consume(planner: &mut Planner<'_>, user: &User, training: &Training) -> Result<Option<String>> {
    let Some(pool) = training.terms.pool else {
        return Ok(None);
    };
    let name = planner.ledger.line(pool)?.pool.name.clone();
    let licenses = planner.licenses_planned(user.id)?;
    let Some(license) = planner.license_for(pool, &licenses)? else {
        return Ok(Some(format!("has no license of {name}; grant one first")));
    };
    match license.hold {
        Hold::Reserved => {
            planner.set_license(user.id, license.pool, license.hold, Hold::Consumed, false)?;
            Ok(None)
        }
        Hold::Queued(_) => Ok(Some(format!("waits for a license of {name}"))),
        Hold::Consumed | Hold::None => Ok(None),
    }
}
