//! Give people something to learn, and take it back. Pre-work reserves the license that its content needs.

use crate::change::Change;
use crate::error::Result;
use crate::model::{
    Assignment, AssignmentState, Hold, PoolId, Training, TrainingKind, User, UserId,
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
