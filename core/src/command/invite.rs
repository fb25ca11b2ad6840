//! Invite people by mail: none, cancelled, deleted → waiting or queued.

use super::Invite;
use super::joining::{Joining, plan_people};
use crate::error::{Error, Result};
use crate::model::Status;
use crate::planner::{Allowance, Planner};

impl Invite {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let mut joining = Joining::resolve(
            planner,
            &self.groups,
            &self.pools,
            Status::Waiting,
            self.mail,
        )?;
        if !planner.reaches_everybody() {
            delegated(planner, self, &joining)?;
        }
        joining.send_on = self.send_on.filter(|_| self.mail);
        let comes_back = |status| matches!(status, Status::Cancelled | Status::Deleted);
        let why_not = |status| match status {
            Status::Inactive => "inactive: reactivate instead".to_owned(),
            other => format!("already {other}"),
        };
        plan_people(planner, &self.people, &joining, comes_back, why_not)?;
        planner.refuse_overspending()
    }
}

/// Who runs a group invites to that group only, to no role above their own, and gives nothing away but the seat.
fn delegated(planner: &mut Planner<'_>, invite: &Invite, joining: &Joining) -> Result<()> {
    if joining.groups.is_empty() {
        return Err(Error::forbidden(
            "who runs a group invites to that group only: name it with --group",
        ));
    }
    for ((group, role), (name, _)) in joining.groups.iter().zip(&invite.groups) {
        if !planner.reaches_group(*group) {
            return Err(Error::not_found("group", name));
        }
        if planner
            .authority
            .role_in(*group)
            .is_none_or(|it| *role > it)
        {
            return Err(Error::forbidden(format!(
                "inviting to the group {name} as {} is not allowed: it is more than your own role there",
                role.as_str()
            )));
        }
    }
    if invite
        .people
        .iter()
        .any(|it| it.profile.delete_on.is_some())
    {
        return Err(Error::forbidden(
            "setting a deletion date is not allowed: it needs owner or manage_users",
        ));
    }
    for ((group, _), (name, _)) in joining.groups.iter().zip(&invite.groups) {
        if let Some(budget) = planner.snapshot.budget_of(*group)? {
            planner.limit(Allowance::new(name, budget));
        }
    }
    if !invite.pools.is_empty() {
        return Err(Error::forbidden(
            "giving add-on licenses is not allowed: it needs owner or manage_users",
        ));
    }
    Ok(())
}
