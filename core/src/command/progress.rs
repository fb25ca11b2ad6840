//! Record how far people have come. Whoever starts content consumes the license that it needs, whoever granted it.
//!
//! What the platform tells of somebody who has no license for it can be asked of nobody there, and is not lost either: it waits
//! beside the assignments until somebody has it carried out.

use std::collections::{HashMap, HashSet};

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{
    Assignment, AssignmentState, Hold, Progress, Status, Timestamp, ToldProgress, Training,
    TrainingId, User, UserId,
};
use crate::planner::Planner;

/// How far somebody has come with a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressReport {
    /// Who: an address, a user name or an id.
    pub who: String,
    /// With what: a training's name or id.
    pub training: String,
    /// How far.
    pub step: Progress,
}

/// So much of what waits is carried out at once; the rest comes with the next command.
const MOST: i64 = 100_000;

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
        let first = planner.planned().len();
        for (training, reached) in steps {
            let at = planner.now;
            step(planner, &user, &training, Step { reached, at, first })?;
        }
    }
    Ok(())
}

/// Carries out what waits, of everybody who may use the content by now.
pub(super) fn again(planner: &mut Planner<'_>) -> Result<()> {
    let waiting = planner.snapshot.waiting_progress(None, MOST)?;
    let people: Vec<UserId> = waiting.iter().map(|it| it.user).collect();
    planner.expect(&people)?;
    let mut said: HashSet<(UserId, String)> = HashSet::new();
    for it in waiting {
        let user = planner.user(it.user)?;
        let training = planner.training(it.training)?;
        let first = planner.planned().len();
        let started = it.told.started_at.map(|at| (Progress::Started, at));
        let completed = it.told.completed_at.map(|at| (Progress::Completed, at));
        for (reached, at) in started.into_iter().chain(completed) {
            let mark = planner.mark();
            step(planner, &user, &training, Step { reached, at, first })?;
            // Several of somebody's reports may wait for one thing, which is said once.
            let why = planner.skipped_since(mark).map(str::to_owned);
            if why.is_some_and(|it| !said.insert((user.id, it))) {
                planner.unsay_skips(mark);
            }
        }
    }
    Ok(())
}

/// A step that somebody has made.
#[derive(Clone, Copy)]
struct Step {
    reached: Progress,
    /// When it was told.
    at: Timestamp,
    /// Where the changes of this person begin in the plan.
    first: usize,
}

/// Records that somebody has come so far. Saying it again changes nothing.
fn step(planner: &mut Planner<'_>, user: &User, training: &Training, step: Step) -> Result<()> {
    planner.name(user);
    if user.status != Status::Active {
        // Nobody, and somebody who may not come in, are passed over alike.
        planner.skip(user, user.status.to_string());
        return Ok(());
    }
    let all = planner.assignments_planned(user.id)?;
    let before = all
        .iter()
        .find(|it| it.training == training.id)
        .map(|it| it.assignment);
    // Whoever starts what nobody assigned to them is on record all the same: their license is used.
    let from = before
        .filter(|it| it.state != AssignmentState::Ended)
        .unwrap_or_else(|| Assignment::new(step.at));
    let after = match (step.reached, from.state) {
        (_, AssignmentState::Completed) => {
            planner.skip(user, "already completed");
            return settle(planner, user, training, step);
        }
        (Progress::Started, AssignmentState::Started) => {
            planner.skip(user, "already started");
            return settle(planner, user, training, step);
        }
        (Progress::Started, _) => from.started(step.at),
        (Progress::Completed, _) => from.completed(step.at),
    };
    if let Some(why) = consume(planner, user, training)? {
        planner.skip(user, why);
        return keep(planner, user, training, step);
    }
    record_assignment(planner, (user.id, training.id), step.first, (before, after));
    settle(planner, user, training, step)
}

/// Records a step; several steps of one person are one change, which one undo takes back.
fn record_assignment(
    planner: &mut Planner<'_>,
    (user, training): (UserId, TrainingId),
    first: usize,
    (before, after): (Option<Assignment>, Assignment),
) {
    let planned = planner.planned().iter().enumerate().skip(first);
    let mut same = planned.filter_map(|(place, it)| match it {
        Change::Assignment {
            user: who,
            training: what,
            before,
            ..
        } if *who == user && *what == training => Some((place, *before)),
        _ => None,
    });
    let found = same.next();
    let change = Change::Assignment {
        user,
        training,
        before: found.map_or(before, |it| it.1),
        after: Some(after),
    };
    match found {
        Some((place, _)) => planner.replan(place, Some(change)),
        None => planner.push(change),
    }
}

/// Where nobody is there to be told why somebody is left out, what was told of them waits.
fn keep(planner: &mut Planner<'_>, user: &User, training: &Training, step: Step) -> Result<()> {
    if planner.is_attended() {
        return Ok(());
    }
    tell(planner, user, training, step.first, |told| {
        Some(told.unwrap_or_default().with(step.reached, step.at))
    })
}

/// What waited and has come about waits no longer.
fn settle(planner: &mut Planner<'_>, user: &User, training: &Training, step: Step) -> Result<()> {
    tell(planner, user, training, step.first, |told| {
        told.and_then(|it| it.without(step.reached))
    })
}

/// Plans what waits from now on; however often it was told, it is one change.
fn tell(
    planner: &mut Planner<'_>,
    user: &User,
    training: &Training,
    first: usize,
    after: impl FnOnce(Option<ToldProgress>) -> Option<ToldProgress>,
) -> Result<()> {
    let planned = planner.planned().iter().enumerate().skip(first);
    let mut same = planned.filter_map(|(place, it)| match it {
        Change::ToldProgress {
            user: who,
            training: what,
            before,
            after,
        } if *who == user.id && *what == training.id => Some((place, *before, *after)),
        _ => None,
    });
    let found = same.next();
    let (before, now) = match found {
        Some((_, before, now)) => (before, now),
        None => {
            let told = planner.snapshot.told_progress(user.id, training.id)?;
            (told, told)
        }
    };
    let after = after(now);
    let change = (before != after).then_some(Change::ToldProgress {
        user: user.id,
        training: training.id,
        before,
        after,
    });
    match (found, change) {
        (Some((place, ..)), change) => planner.replan(place, change),
        (None, Some(change)) => planner.push(change),
        (None, None) => {}
    }
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
