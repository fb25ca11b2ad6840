//! Promotion from a queue: a batch of its own in the transaction that freed the license. Not a command: nobody asks for it.

use super::password;
use crate::change::Change;
use crate::draw::Draws;
use crate::error::Result;
use crate::model::{Actor, Door, Hold, PoolId, Setting, Status, Timestamp};
use crate::plan::{Changes, Newcomers, Template};
use crate::planner::{Planned, Planner};
use crate::store::Snapshot;

/// Plans the promotion of as many as there is room for, over every pool; none when there is nothing to do.
pub(crate) fn promote(
    snapshot: &Snapshot<'_>,
    now: Timestamp,
    draws: Draws,
) -> Result<Option<Planned>> {
    let mut planner = Planner::new(snapshot, Actor::Scheduler, Door::Schedule, now, draws)?;
    all(&mut planner)?;
    if planner.is_idle() {
        return Ok(None);
    }
    planner.finish("promote", false).map(Some)
}

/// Whether such changes may make room for somebody in a queue.
pub(crate) fn may_promote(changes: &Changes) -> bool {
    let newcomer_waits = changes.newcomers().is_some_and(Newcomers::any_waits);
    let mut changes = changes.open().iter();
    newcomer_waits
        || changes.any(|it| match it {
            // Whoever is put back into a queue by an undo may find room there by now.
            Change::License { before, after, .. } => {
                before.is_held() && !after.is_held() || matches!(after, Hold::Queued(_))
            }
            // In another zone a pool's first day may have begun.
            Change::PoolTerms { .. }
            | Change::Setting {
                setting: Setting::TimeZone,
                ..
            } => true,
            _ => false,
        })
}

/// Plans the promotion of as many as there is room for, over every pool.
pub(crate) fn all(planner: &mut Planner<'_>) -> Result<()> {
    let pools = planner.ledger.queues();
    // Whoever comes in by their seat gets what their groups carry, and that must not overtake those who wait for it.
    let (access, add_ons): (Vec<PoolId>, _) =
        pools.into_iter().partition(|it| *it == planner.access);
    for pool in add_ons.into_iter().chain(access) {
        let line = planner.ledger.line(pool)?;
        let (purchased, with_grace) = (line.room(false), line.room(true));
        if with_grace > 0 {
            for license in planner.queue_head(pool, purchased, with_grace)? {
                one(planner, &license)?;
            }
        }
    }
    Ok(())
}

fn one(planner: &mut Planner<'_>, license: &crate::model::License) -> Result<()> {
    let Hold::Queued(entry) = license.hold else {
        return Ok(());
    };
    if license.pool != planner.access {
        return planner.set_license(
            license.user,
            license.pool,
            license.hold,
            Hold::Reserved,
            false,
        );
    }
    let user = planner.user(license.user)?;
    let hold = if entry.leads_to == Status::Active {
        Hold::Consumed
    } else {
        Hold::Reserved
    };
    planner.set_license(license.user, license.pool, license.hold, hold, false)?;
    let after = match entry.leads_to {
        Status::Waiting | Status::PendingTransfer => {
            planner.waiting_status(user.profile.email.as_deref())?
        }
        other => other,
    };
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after,
    });
    if entry.leads_to != Status::Active {
        return planner.invite_on(user.id, entry.mail, entry.send_on);
    }
    if !user.accepted {
        planner.push(Change::Accepted {
            user: user.id,
            before: false,
            after: true,
        });
    }
    if entry.mail {
        // Whoever was created without a password, and had to wait for the seat, chooses it now.
        if planner.snapshot.has_password(user.id)? || user.connection.is_some() {
            planner.mail(user.id, Template::Promoted);
        } else {
            password::mail_link(planner, user.id, Template::Promoted)?;
        }
    }
    planner.enter_promoted(&user)
}
