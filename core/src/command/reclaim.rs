//! Take back seats that may be wasted: whoever has left gives back what returns by now, whoever never came is cancelled,
//! whoever is in is deactivated. Found, planned and applied as one batch of ordinary changes.

use super::{cancel, deactivate};
use crate::error::Result;
use crate::model::{Status, UserId};
use crate::planner::Planner;
use crate::waste::Wasteful;

pub(super) fn plan(planner: &mut Planner<'_>, wanted: &Wasteful) -> Result<()> {
    let wasted = planner.snapshot.wasted(wanted)?;
    let people: Vec<UserId> = wasted.iter().map(|it| it.user.id).collect();
    planner.expect(&people)?;
    for id in people {
        let user = planner.user(id)?;
        planner.name(&user);
        if !user.status.is_seated_or_coming() {
            planner.free_on_leaving(user.id)?;
            continue;
        }
        if let Some(why) = planner.why_not_take_off(&user)? {
            planner.skip(&user, why);
            continue;
        }
        match user.status {
            Status::Waiting | Status::PendingTransfer => cancel::one(planner, &user)?,
            _ => deactivate::one(planner, &user)?,
        }
    }
    Ok(())
}
