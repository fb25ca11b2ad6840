//! Bring deactivated people back: inactive → active, or waiting if they never accepted. Atomic over every pool that the
//! person needs: the seat, what their leaving freed of recoverable pools, what their groups carry, and what the pre-work
//! needs that is theirs again.

use super::password;
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    AssignmentState, CountsFrom, Hold, License, Profile, ProviderHold, Status, TrainingKind, User,
};
use crate::plan::Template;
use crate::planner::{AskedBy, Entry, Fallback, Planner, Seated, Waiting, Want};
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection, restore: bool) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if user.status != Status::Inactive {
            planner.skip(&user, format!("{}, not inactive", user.status));
            continue;
        }
        let leads_to = leads_to(planner, &user)?;
        if let Seated::Out(why) = one(planner, &user, leads_to, true, restore)? {
            planner.skip(&user, why);
        }
    }
    Ok(())
}

/// Where somebody comes back to: whoever has not accepted is asked again, unless they left while they waited for a seat to be
/// in at once.
pub(super) fn leads_to(planner: &Planner<'_>, user: &User) -> Result<Status> {
    let comes_in = user.accepted || planner.snapshot.given_up(user.id)?.was_coming_in;
    Ok(if comes_in {
        Status::Active
    } else {
        Status::Waiting
    })
}

/// Counts the seat for which somebody asks who cannot come back because another has no room.
pub(super) fn ask(planner: &mut Planner<'_>, user: &User) -> Result<()> {
    let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
    if counts_from == CountsFrom::Invitation || leads_to(planner, user)? == Status::Active {
        planner.ask_in_vain(&[planner.access])?;
    }
    Ok(())
}

/// Plans one inactive person, who comes back as that. With [`Seated::Out`] nothing of it stays in the plan.
pub(super) fn one(
    planner: &mut Planner<'_>,
    user: &User,
    leads_to: Status,
    mail: bool,
    restore: bool,
) -> Result<Seated> {
    let mut wants = Vec::new();
    let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
    if leads_to == Status::Active {
        wants.push(Want::new(planner.access, Hold::None, Hold::Consumed));
    } else if counts_from == CountsFrom::Invitation {
        wants.push(Want::new(planner.access, Hold::None, Hold::Reserved));
    }
    let mut licenses = planner.licenses_of(user.id)?;
    let given_up = planner.snapshot.given_up(user.id)?;
    // Licenses that would have ended while they were away.
    let mut ended = Vec::new();
    for pool in given_up.consumed {
        let recoverable = planner.ledger.line(pool)?.pool.terms.recoverable;
        let held = licenses.iter().any(|it| it.pool == pool);
        if recoverable && !held && pool != planner.access {
            let until = given_up.ends.iter().find(|it| it.0 == pool);
            let until = until.map(|it| it.1);
            if let Some(day) = until
                && planner.has_ended(user.id, pool, day)?
            {
                ended.push((pool, day));
                continue;
            }
            wants.push(Want {
                until,
                ..Want::new(pool, Hold::None, Hold::Consumed)
            });
            // It does for every pool that falls back to it: nobody comes back to two.
            licenses.push(License {
                user: user.id,
                pool,
                hold: Hold::Consumed,
                stands_for_access: false,
            });
        }
    }
    let mut assignments = planner.assignments_of(user.id)?;
    let mut restored = Vec::new();
    for (training, before) in given_up.open.into_iter().filter(|_| restore) {
        let terms = planner.training(training)?.terms.clone();
        let ended = assignments
            .iter_mut()
            .find(|it| it.training == training && it.assignment.state == AssignmentState::Ended);
        let Some(ended) = ended.filter(|_| !terms.removed) else {
            continue;
        };
        restored.push((training, ended.assignment, before));
        ended.assignment = before;
        if let (TrainingKind::PreWork, Some(pool)) = (terms.kind, terms.pool) {
            let hold = if before.started_at.is_some() {
                Hold::Consumed
            } else {
                Hold::Reserved
            };
            let needed = Want::new(pool, Hold::None, hold);
            want(planner, &mut wants, needed, &licenses)?;
        }
    }
    let entry = if leads_to == Status::Active {
        let groups = planner.memberships_of(user.id)?;
        let groups = groups.iter().map(|it| it.group);
        let mut entry = planner.entry(groups, &assignments, &licenses, Fallback::Always)?;
        planner.add_entitled(&mut entry, user.id, &licenses)?;
        entry
    } else {
        Entry::default()
    };
    for pool in entry.pools() {
        let carried = Want {
            asked_by: AskedBy::Return,
            ..Want::new(*pool, Hold::None, Hold::Reserved)
        };
        want(planner, &mut wants, carried, &licenses)?;
    }
    if leads_to != Status::Active {
        for asked in planner.entitlements_planned(user.id)? {
            if !planner.is_for_later(asked.pool, leads_to)? {
                let entitled = Want::new(asked.pool, Hold::None, Hold::Reserved);
                want(planner, &mut wants, entitled, &licenses)?;
            }
        }
    }
    let mut later = Vec::new();
    for it in &wants {
        if it.pool != planner.access && planner.is_for_later(it.pool, leads_to)? {
            later.push(it.pool);
        }
    }
    ended.retain(|it| wants.iter().all(|want| want.pool != it.0));
    wants.retain(|it| !later.contains(&it.pool));
    let mark = planner.mark();
    let seated = planner.seat(
        user.id,
        &wants,
        Waiting {
            leads_to,
            mail,
            connection: user.connection,
            send_on: None,
        },
    )?;
    let after = match &seated {
        Seated::Out(_) => {
            planner.back_to(mark);
            return Ok(seated);
        }
        Seated::Queued => Status::Queued,
        Seated::In if leads_to == Status::Waiting => {
            planner.waiting_status(user.profile.email.as_deref())?
        }
        Seated::In => leads_to,
    };
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after,
    });
    planner.drop_leaving_dates(user, &Profile::default());
    for (pool, day) in ended {
        planner.note_ended(user, pool, day)?;
    }
    if after == Status::Active && !user.accepted {
        planner.push(Change::Accepted {
            user: user.id,
            before: false,
            after: true,
        });
    }
    if user.provider_hold != ProviderHold::Free {
        planner.push(Change::ProviderHold {
            user: user.id,
            before: user.provider_hold,
            after: ProviderHold::Free,
        });
    }
    planner.comes_against(user)?;
    match after {
        Status::Waiting | Status::PendingTransfer => planner.invite(user.id, mail)?,
        Status::Active if mail && lacks_a_way_in(planner, user)? => {
            password::mail_link(planner, user.id, Template::AccountCreated)?;
        }
        Status::Active if mail => planner.mail(user.id, Template::WelcomeBack),
        _ => {}
    }
    for pool in later {
        planner.request_license(user.id, pool)?;
    }
    for (training, before, after) in restored {
        planner.push(Change::Assignment {
            user: user.id,
            training,
            before: Some(before),
            after: Some(after),
        });
    }
    if after == Status::Active {
        planner.assign_entry(user.id, entry);
    }
    Ok(seated)
}

/// Whether somebody could not sign in when they are back: they never chose a password, and it is asked for.
fn lacks_a_way_in(planner: &mut Planner<'_>, user: &User) -> Result<bool> {
    Ok(user.connection.is_none()
        && user.profile.email.is_some()
        && !planner.settings()?.single_sign_on
        && !planner.snapshot.has_password(user.id)?)
}

/// Adds a license to what the person needs, unless they hold or need it already.
fn want(
    planner: &Planner<'_>,
    wants: &mut Vec<Want>,
    needed: Want,
    licenses: &[License],
) -> Result<()> {
    let has = planner.has_license(needed.pool, licenses)?;
    if !has && !wants.iter().any(|it| it.pool == needed.pool) {
        wants.push(needed);
    }
    Ok(())
}
