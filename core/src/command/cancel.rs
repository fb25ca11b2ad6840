//! Withdraw invitations before acceptance: waiting, pending_transfer, queued → cancelled.

use crate::change::Change;
use crate::error::Result;
use crate::model::{Hold, InvitationState, Status, User, UserId};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        let why_not = match user.status {
            Status::Waiting | Status::PendingTransfer => None,
            Status::Queued if user.accepted && !is_to_wait(planner, id)? => {
                Some("has accepted; deactivate instead".to_owned())
            }
            Status::Queued => None,
            other => Some(format!("{other}, not invited")),
        };
        if let Some(why) = why_not {
            planner.skip(&user, why);
            continue;
        }
        if let Some(why) = planner.why_not_take_off(&user)? {
            planner.skip(&user, why);
            continue;
        }
        one(planner, &user)?;
    }
    Ok(())
}

/// Plans one person whose invitation may be withdrawn.
pub(super) fn one(planner: &mut Planner<'_>, user: &User) -> Result<()> {
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after: Status::Cancelled,
    });
    planner.free_on_leaving(user.id)?;
    planner.end_invitation(user.id, InvitationState::Dead)?;
    planner.forget_leaving(user.id)?;
    planner.goes_against(user, Status::Cancelled)?;
    planner.leave(user.id);
    Ok(())
}

/// Whether a queued person is to be invited, rather than in at once: somebody of an earlier life, invited again.
fn is_to_wait(planner: &Planner<'_>, user: UserId) -> Result<bool> {
    let licenses = planner.snapshot.licenses_of(user)?;
    Ok(licenses.iter().any(|it| {
        it.pool == planner.access
            && matches!(it.hold, Hold::Queued(entry) if entry.leads_to != Status::Active)
    }))
}
