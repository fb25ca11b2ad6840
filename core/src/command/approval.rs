//! Approve or reject what another administrator asked for. What is approved is what was shown to whoever asked, under the
//! same name, or nothing.

use super::administrator::{digest_of_grant, given};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, Approval, ApprovalId, ApprovalState, Status};
use crate::planner::Planner;
use crate::policy::Authority;

pub(super) fn approve(planner: &mut Planner<'_>, id: ApprovalId) -> Result<()> {
    let approval = open(planner, id)?;
    if approval.by == planner.actor {
        return Err(Error::forbidden(
            "who asked cannot approve it themselves; another administrator can",
        ));
    }
    let moved = |what: String| {
        Err(Error::conflict(format!(
            "what was asked has moved since: {what}; reject it and ask anew"
        )))
    };
    if planner.actor == Actor::Administrator(approval.user) {
        return Err(Error::forbidden(
            "who gets the permission cannot approve it themselves; another administrator can",
        ));
    }
    if !Authority::of(planner.snapshot, approval.by)?.is_owner() {
        return moved("whoever asked is not an owner any more".to_owned());
    }
    let user = planner.user(approval.user)?;
    planner.name(&user);
    if user.status != Status::Active {
        return moved(format!("the person is {}", user.status));
    }
    if planner
        .snapshot
        .permissions_of(user.id)?
        .contains(&approval.permission)
    {
        return moved(format!(
            "the person has {} already",
            approval.permission.as_str()
        ));
    }
    if digest_of_grant(planner, &user, approval.permission)?.to_string() != approval.digest {
        return moved("the person goes by another name now".to_owned());
    }
    planner.push(given(user.id, approval.permission));
    decide(planner, &approval, ApprovalState::Approved);
    Ok(())
}

pub(super) fn reject(planner: &mut Planner<'_>, id: ApprovalId) -> Result<()> {
    let approval = open(planner, id)?;
    let user = planner.user(approval.user)?;
    planner.name(&user);
    decide(planner, &approval, ApprovalState::Rejected);
    Ok(())
}

fn open(planner: &Planner<'_>, id: ApprovalId) -> Result<Approval> {
    let found = planner.snapshot.approval(id)?;
    let approval = found.ok_or_else(|| Error::not_found("approval", id))?;
    if approval.is_open(planner.now) {
        return Ok(approval);
    }
    let standing = approval.standing(planner.now);
    Err(Error::conflict(format!(
        "this approval is {standing} already; ask anew with `usher admin grant`"
    )))
}

fn decide(planner: &mut Planner<'_>, approval: &Approval, after: ApprovalState) {
    planner.push(Change::ApprovalDecided {
        user: approval.user,
        approval: approval.id,
        by: planner.actor,
        before: approval.state,
        after,
    });
}
