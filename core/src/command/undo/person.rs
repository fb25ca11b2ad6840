//! Undoing what a batch did to one person: all of it that can be, or a reason why nothing of it can. Where they stand and
//! what they hold comes first, because the other facts follow from it.

use std::collections::BTreeMap;

use super::facts::fact_back;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Date, Hold, License, Part, PoolId, ProviderHold, Status, TrainingKind, User};
use crate::planner::{AskedBy, Planner, Seated, Waiting, Want};

/// Plans the inverse of one person's changes, newest first. `Err` says why nothing of it can be undone; changes that it
/// pushed are dropped by the caller, so licenses are decided before any is counted.
pub(super) fn person_back(
    planner: &mut Planner<'_>,
    user: &User,
    changes: &[&Change],
    ended_by_it: &dyn Fn(PoolId) -> bool,
) -> Result<Result<Status, String>> {
    let mark = planner.mark();
    let licenses = planner.snapshot.licenses_of(user.id)?;
    let hold = |pool: PoolId| {
        licenses
            .iter()
            .find(|it| it.pool == pool)
            .map_or(Hold::None, |it| it.hold)
    };
    let mut status = user.status;
    for change in changes {
        match change {
            Change::Status { before, after, .. } => {
                // Which of the two somebody waits in follows from their address.
                if status != *after && !(status.waits() && after.waits()) {
                    return Ok(Err(format!("{status} now")));
                }
                status = *before;
            }
            Change::UserCreated { created, .. } => {
                if status != created.status && !(status.waits() && created.status.waits()) {
                    return Ok(Err(format!("{status} now")));
                }
                status = Status::Deleted;
            }
            _ => {}
        }
    }
    // Whose names were given to somebody else would come back as nobody, and take a seat.
    let is_nameless = user.profile.email.is_none() && user.profile.user_name.is_none();
    let names_come_back = || {
        changes
            .iter()
            .any(|it| matches!(it, Change::Profile { .. }))
    };
    if user.status == Status::Deleted
        && status != Status::Deleted
        && is_nameless
        && !names_come_back()
    {
        return Ok(Err(
            "the former address and user name are somebody else's now".to_owned(),
        ));
    }
    // Who is to wait for an acceptance again cannot act either.
    let stops_acting = user.status == Status::Active && status != Status::Active;
    let goes = !status.is_seated_or_coming() && user.status.is_seated_or_coming();
    if (goes || stops_acting)
        && let Some(why) = planner.why_not_take_off(user)?
    {
        return Ok(Err(why.to_owned()));
    }
    let leaves = user.status.is_seated_or_coming() && !status.is_seated_or_coming()
        || status == Status::Deleted && user.status != Status::Deleted;
    let ends = ends_back(planner, user, changes, ended_by_it)?;
    // What the person held before the batch, and holds now; a license that somebody moved since stays as it is.
    let mut wants: Vec<Want> = Vec::new();
    for change in changes {
        if let Change::License {
            pool,
            before,
            after,
            stands_for_access,
            ..
        } = change
        {
            let today = wants
                .iter()
                .find(|it| it.pool == *pool)
                .map_or_else(|| hold(*pool), |it| it.after);
            if !same_hold(today, *after) {
                return Ok(Err("has a license that changed since".to_owned()));
            }
            match wants.iter_mut().find(|it| it.pool == *pool) {
                Some(want) => want.after = *before,
                None => wants.push(Want {
                    pool: *pool,
                    before: hold(*pool),
                    after: *before,
                    stands_for_access: *stands_for_access,
                    asked_by: AskedBy::Door,
                    until: match ends.get(pool) {
                        Some(End::On(day)) => Some(*day),
                        _ => None,
                    },
                }),
            }
        }
    }
    // What would have ended meanwhile does not come back.
    for (pool, end) in &ends {
        if let End::Over(day) = end
            && let Some(at) = wants.iter().position(|it| it.pool == *pool)
            && wants.get(at).is_some_and(|it| it.before == Hold::None)
        {
            wants.remove(at);
            planner.note_ended(user, *pool, *day)?;
        }
    }
    let taking: Vec<Want> = wants
        .iter()
        .copied()
        .filter(|it| it.after.is_held() && !it.before.is_held())
        .collect();
    let has_left = status == user.status && !status.is_seated_or_coming();
    // Who had left may have kept what was consumed, until that was reclaimed.
    let kept = |it: &Want| {
        it.after == Hold::Consumed && it.pool != planner.access && !it.stands_for_access
    };
    if has_left
        && wants.iter().any(|it| {
            it.after == Hold::Reserved
                || it.before == Hold::None && it.after != Hold::None && !kept(it)
        })
    {
        return Ok(Err(format!("{status} now")));
    }
    let mut final_status = status;
    if !taking.is_empty() {
        let leads_to = if status == Status::Queued {
            Status::Active
        } else {
            status
        };
        // Who was mailed then hears of it when a seat is free again: the older link is dead.
        let waiting = Waiting {
            leads_to,
            mail: planner.snapshot.was_mailed(user.id)?,
            connection: user.connection,
            send_on: None,
        };
        match planner.seat(user.id, &taking, waiting)? {
            Seated::Out(why) => return Ok(Err(why)),
            Seated::Queued => final_status = Status::Queued,
            Seated::In => {}
        }
    }
    // A queue moves up by itself: who was let in from it is let in again while there is room.
    for want in &wants {
        let line = planner.ledger.line(want.pool)?;
        if let Hold::Queued(entry) = &want.after
            && want.before.is_held()
            && line.moves_up_if_one_leaves(entry)
        {
            let pool = &line.pool.name;
            return Ok(Err(format!(
                "would be promoted again at once: {pool} has room"
            )));
        }
    }
    for want in wants {
        if !want.after.is_held() || want.before.is_held() {
            planner.set_license(
                user.id,
                want.pool,
                want.before,
                want.after,
                want.stands_for_access,
            )?;
            // Whoever waits for a license waits for one until that day.
            if want.after != Hold::None && ends.contains_key(&want.pool) {
                planner.set_end(user.id, want.pool, want.until)?;
            }
        }
    }
    if final_status != user.status {
        planner.push(Change::Status {
            user: user.id,
            before: user.status,
            after: final_status,
        });
    }
    // Where the provider has said otherwise since, the difference is what comes of its last word.
    let moves = final_status != user.status;
    let said = |it: &Change| matches!(it, Change::Drift { part, .. } if *part == Part::Active);
    let now = if changes.iter().any(|it| said(it)) {
        planner.drift_of(user.id, Part::Active)?
    } else {
        None
    };
    let of_active = |it: &Change, holds: bool| matches!(it, Change::Drift { part: Part::Active, after, .. } if (after.as_deref() == now.as_ref()) == holds);
    // Nothing holds who is in; and whom a person has off again their provider lets in by its word only if it has not said since
    // that they are.
    let comes = moves && final_status.is_seated_or_coming();
    if comes {
        planner.set_hold(user, ProviderHold::Free);
    }
    let is_past_hold = comes || leaves && !planner.is_wanted_off(user)?;
    for change in changes {
        let is_settled = is_past_hold && matches!(change, Change::ProviderHold { .. });
        let is_past = moves && of_active(change, false);
        // The end of a license that comes or goes is decided with it.
        let with_license =
            matches!(change, Change::LicenseEnd { pool, .. } if ends.contains_key(pool));
        if !is_settled && !is_past && !with_license {
            fact_back(planner, user, change, final_status)?;
        }
    }
    if comes && !user.status.is_seated_or_coming() {
        planner.drop_begun_dates(user)?;
    }
    if !changes.iter().any(|it| of_active(it, true)) {
        if leaves {
            planner.goes_against(user, final_status)?;
        } else if matches!(user.status, Status::Inactive | Status::Deleted)
            && final_status.is_seated_or_coming()
        {
            planner.comes_against(user)?;
        }
    }
    if !final_status.waits() {
        planner.end_invitation_too(user.id, mark)?;
    }
    if user.status == Status::Active && final_status != Status::Active {
        planner.take_the_rest_of_permissions(user.id, mark)?;
    }
    if leaves {
        planner.free_the_rest(user.id, mark)?;
        planner.leave(user.id);
    }
    Ok(Ok(final_status))
}

/// What becomes of the end of a license that a batch gave or took with it.
enum End {
    /// It comes back with the license.
    On(Date),
    /// The license comes back without one.
    Never,
    /// Its day is over.
    Over(Date),
}

/// The ends of licenses that come or go by undoing these changes.
fn ends_back(
    planner: &mut Planner<'_>,
    user: &User,
    changes: &[&Change],
    ended_by_it: &dyn Fn(PoolId) -> bool,
) -> Result<BTreeMap<PoolId, End>> {
    let mut ends = BTreeMap::new();
    for change in changes {
        let Change::LicenseEnd { pool, before, .. } = change else {
            continue;
        };
        let held = changes.iter().find_map(|it| match it {
            Change::License {
                pool: of, before, ..
            } if of == pool => Some(*before),
            _ => None,
        });
        let Some(hold) = held else { continue };
        let end = match before {
            Some(_) if ended_by_it(*pool) => End::Never,
            Some(day) if planner.has_ended(user.id, *pool, *day)? => {
                let license = License {
                    user: user.id,
                    pool: *pool,
                    hold,
                    stands_for_access: false,
                };
                if planner.is_given_anyway(&license)? || is_learned_again(planner, changes, *pool)?
                {
                    End::Never
                } else {
                    End::Over(*day)
                }
            }
            Some(day) => End::On(*day),
            None => End::Never,
        };
        ends.insert(*pool, end);
    }
    Ok(ends)
}

/// Whether undoing these changes gives back pre-work that needs a license of a pool.
fn is_learned_again(
    planner: &mut Planner<'_>,
    changes: &[&Change],
    needed: PoolId,
) -> Result<bool> {
    for change in changes {
        if let Change::Assignment {
            training,
            before: Some(before),
            ..
        } = change
            && before.state.is_open()
        {
            let terms = &planner.training(*training)?.terms;
            if terms.kind == TrainingKind::PreWork && terms.pool == Some(needed) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether two holds are the same but for a place in the queue, which may have been moved.
fn same_hold(a: Hold, b: Hold) -> bool {
    matches!((a, b), (Hold::Queued(_), Hold::Queued(_))) || a == b
}
