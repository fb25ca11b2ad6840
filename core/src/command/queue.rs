//! Move a queued person to a position in a pool's queue.

use crate::capacity::PLACE_STEP;
use crate::error::{Error, Result};
use crate::model::{Hold, License, PoolName, QueueEntry};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(
    planner: &mut Planner<'_>,
    pool: &PoolName,
    who: &Selection,
    position: usize,
) -> Result<()> {
    let pool = planner.ledger.named(pool)?.id;
    let [user] = planner.select(who)?[..] else {
        return Err(Error::invalid(
            "who",
            "is not one person",
            "move one person at a time",
        ));
    };
    if position == 0 {
        return Err(Error::invalid(
            "position",
            "is 0",
            "1 is the head of the queue",
        ));
    }
    let queue = planner.snapshot.queue_head(pool, i64::MAX)?;
    let person = planner.user(user)?;
    planner.name(&person);
    let Some(at) = queue.iter().position(|it| it.user == user) else {
        planner.skip(&person, "not in this queue");
        return Ok(());
    };
    let mut order: Vec<License> = queue.clone();
    let moved = order.remove(at);
    let target = (position - 1).min(order.len());
    if target == at {
        planner.skip(&person, "already there");
        return Ok(());
    }
    planner.name_places(user, pool, (at + 1, target + 1));
    let place = |it: &License| match it.hold {
        Hold::Queued(entry) => entry.place,
        _ => 0,
    };
    let before = target
        .checked_sub(1)
        .and_then(|it| order.get(it))
        .map(&place);
    let after = order.get(target).map(&place);
    let between = match (before, after) {
        (None, Some(after)) => Some(after - PLACE_STEP),
        (Some(before), None) => Some(before + PLACE_STEP),
        (Some(before), Some(after)) if after - before > 1 => Some(before + (after - before) / 2),
        _ => None,
    };
    match between {
        Some(place) => replace(planner, &moved, place),
        None => {
            // No room between two neighbours: everybody gets a new place, in the new order.
            order.insert(target, moved);
            order
                .iter()
                .zip(1..)
                .try_for_each(|(license, i)| replace(planner, license, i * PLACE_STEP))
        }
    }
}

fn replace(planner: &mut Planner<'_>, license: &License, place: i64) -> Result<()> {
    let Hold::Queued(entry) = license.hold else {
        return Ok(());
    };
    let after = Hold::Queued(QueueEntry { place, ..entry });
    planner.set_license(license.user, license.pool, license.hold, after, false)
}
