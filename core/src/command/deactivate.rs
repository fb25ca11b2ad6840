//! Take people off their seats: queued, waiting, pending_transfer, active → inactive.

use crate::change::Change;
use crate::error::Result;
use crate::model::{InvitationState, Status, User};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if !user.status.is_seated_or_coming() {
            planner.skip(&user, format!("already {}", user.status));
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

/// Plans one person who may be deactivated.
pub(super) fn one(planner: &mut Planner<'_>, user: &User) -> Result<()> {
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after: Status::Inactive,
    });
    planner.free_on_leaving(user.id)?;
    // Only who has not come in yet has a living link.
    if user.status != Status::Active {
        planner.end_invitation(user.id, InvitationState::Dead)?;
    }
    planner.take_permissions(user.id)?;
    planner.forget_leaving(user.id)?;
    let hold = planner.hold_of_leaver(user)?;
    planner.set_hold(user, hold);
    planner.goes_against(user, Status::Inactive)?;
    planner.leave(user.id);
    Ok(())
}
