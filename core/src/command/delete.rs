//! Remove people: any → deleted. They are hidden, and kept for the retention days.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, InvitationState, LeaveKind, Part, Status, User};
use crate::planner::{Leave, Planner};
use crate::selection::Selection;

pub(super) fn plan(planner: &mut Planner<'_>, who: &Selection) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if matches!(user.status, Status::Deleted | Status::Erased) {
            if !planner.is_attended() {
                // Whom others have deleted the provider wants gone as well.
                if let Some(said) = planner.drift_of(id, Part::Active)?
                    && planner.actor == Actor::Connection(said.connection)
                {
                    planner.agrees_that_off(&user)?;
                    planner.settle(id, Part::Active)?;
                    continue;
                }
                return Err(Error::not_found("user", id));
            }
            planner.skip(&user, format!("already {}", user.status));
            continue;
        }
        if let Some(why) = planner.why_not_take_off(&user)? {
            if !planner.is_attended() {
                return Err(Error::forbidden(format!(
                    "this person cannot be deleted: {why}"
                )));
            }
            planner.skip(&user, why);
            continue;
        }
        planner.subject = Some(id);
        // Whoever is off already does not leave by it.
        let leave = if user.status.is_seated_or_coming() {
            planner.brake(&user, LeaveKind::Delete)?
        } else {
            Leave::Goes
        };
        match leave {
            Leave::Goes => one(planner, &user)?,
            Leave::Held => {}
            Leave::Rejected => return Err(Leave::rejected()),
        }
    }
    Ok(())
}

/// Plans one person who may be deleted.
pub(super) fn one(planner: &mut Planner<'_>, user: &User) -> Result<()> {
    planner.push(Change::Status {
        user: user.id,
        before: user.status,
        after: Status::Deleted,
    });
    planner.free_on_leaving(user.id)?;
    // Only who has not come in yet has a living link.
    if user.status != Status::Active {
        planner.end_invitation(user.id, InvitationState::Dead)?;
    }
    planner.take_permissions(user.id)?;
    planner.forget_leaving(user.id)?;
    // Somebody whom a person took off comes back as that: their provider has wanted them off since.
    if user.status == Status::Inactive {
        planner.agrees_that_off(user)?;
    }
    planner.goes_against(user, Status::Deleted)?;
    planner.leave(user.id);
    Ok(())
}
