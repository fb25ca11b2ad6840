//! The inverse of a batch against today's state. What the world has moved past is skipped with its reason; nobody is
//! evicted. People whose undoing frees something come first, then those who need a seat, then who reports to whom.

mod facts;
mod organization;
mod people;
mod person;
mod theirs;
mod trainings;

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, BatchId};
use crate::planner::Planner;
use crate::policy::{self, Reach};
use organization::organization;
use people::People;

pub(super) fn plan(planner: &mut Planner<'_>, batch: BatchId) -> Result<()> {
    let reach = may_undo(planner, batch)?;
    let Some(recorded) = planner.snapshot.changes_of_batch(batch)? else {
        return Err(Error::not_found("batch", batch));
    };
    let mut people = People::of(planner, batch)?;
    let mut groups = Vec::new();
    for change in recorded.into_iter().rev() {
        match (change.user, change.change) {
            // Whether anybody is left in a group is known once the people are planned.
            (None, Some(Change::GroupAdded { group, name })) => groups.push((group, name)),
            (None, Some(change)) => organization(planner, &change)?,
            (Some(user), change) => people.add(user, change),
            (None, None) => {}
        }
    }
    people.keep_within(planner, &reach)?;
    people.plan(planner)?;
    for (group, name) in groups {
        trainings::group_added(planner, group, &name)?;
    }
    if planner.is_idle()
        && let Some(undo) = planner.snapshot.standing_undo(batch)?
    {
        planner.skip_name(
            &format!("batch {batch}"),
            format!("was undone already, by batch {undo}"),
        );
    }
    planner.refuse_overspending_by_changes()
}

/// Undoing needs the right to give the command that is undone; who may undo only what is their own needs to have given it.
/// Says to whom they may do it today.
fn may_undo(planner: &Planner<'_>, batch: BatchId) -> Result<Reach> {
    let mut at = batch;
    loop {
        let Some((actor, command, undoes)) = planner.snapshot.origin_of_batch(at)? else {
            return Err(Error::not_found("batch", batch));
        };
        if at == batch && !planner.reaches_everybody() && actor != planner.actor {
            return Err(Error::not_found("batch", batch));
        }
        if let Some(undone) = undoes {
            at = undone;
            continue;
        }
        if planner.actor_is_owner() {
            return Ok(Reach::Everybody);
        }
        return match actor {
            // What the platform tells, people may tell in its place.
            Actor::FileOwner | Actor::Administrator(_) | Actor::Platform(_) => {
                policy::may(&planner.authority, &command)
            }
            // What providers, the clock and people themselves did is undone by whoever may undo anybody's.
            _ if planner.reaches_everybody() => Ok(Reach::Everybody),
            _ => Err(Error::forbidden(
                "undoing this is not allowed: it needs owner or manage_users",
            )),
        };
    }
}
