//! Withdraw invitations before acceptance: waiting, pending_transfer, queued → cancelled.

use crate::change::Change;
use crate::error::Result;
use crate::model::{InvitationState, Status};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if !matches!(
            user.status,
            Status::Waiting | Status::PendingTransfer | Status::Queued
        ) || user.accepted
        {
            let why = if user.accepted {
                "has accepted; deactivate instead".to_owned()
            } else {
                format!("{}, not invited", user.status)
            };
            planner.skip(&user, why);
            continue;
        }
        if let Some(why) = planner.why_not_take_off(&user)? {
            planner.skip(&user, why);
            continue;
        }
        planner.push(Change::Status {
            user: id,
            before: user.status,
            after: Status::Cancelled,
        });
        planner.free_on_leaving(id)?;
        planner.end_invitation(id, InvitationState::Dead)?;
        planner.leave(id);
    }
    Ok(())
}
