//! Whom undoing may concern: those to whom whoever undoes may give the command that is undone, as everybody stands today.

use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, Field, GroupId, GroupRole, Permission, Status, User, UserId};
use crate::planner::Planner;
use crate::policy::{Circle, Reach};

/// Whether somebody is within reach of the command that is undone: they are there today, or the undo brings them back to
/// where the actor could invite them. It moves nobody into or out of a group that is not the actor's.
pub(super) fn is_reached(
    planner: &Planner<'_>,
    reach: &Reach,
    (id, is_there): (UserId, bool),
    changes: &[Option<Change>],
) -> Result<bool> {
    let moves: Vec<(GroupId, Option<GroupRole>)> = changes
        .iter()
        .flatten()
        .filter_map(|it| match it {
            Change::Membership { group, before, .. } => Some((*group, *before)),
            _ => None,
        })
        .collect();
    if !moves.iter().all(|it| is_theirs(planner, reach, *it)) {
        return Ok(false);
    }
    if is_there {
        return Ok(true);
    }
    let today = planner.memberships_of(id)?;
    if today.is_empty() {
        let status = planner.user(id)?.status;
        let has_left = matches!(status, Status::Deleted | Status::Cancelled);
        return Ok(has_left && moves.iter().any(|it| it.1.is_some()));
    }
    // Who came for a session is in none of the circles by which people are found.
    let mut came = moves.iter().filter(|it| it.1.is_none());
    Ok(came.any(|it| by_session(reach, it.0) && today.iter().any(|at| at.group == it.0)))
}

/// Whether the actor may bring people into this group, and as that.
fn is_theirs(
    planner: &Planner<'_>,
    reach: &Reach,
    (group, role): (GroupId, Option<GroupRole>),
) -> bool {
    let Reach::Only(circles) = reach else {
        return false;
    };
    if circles.contains(&Circle::Group(group)) {
        let own = planner.authority.role_in(group);
        return role.is_none_or(|it| own.is_some_and(|own| it <= own));
    }
    by_session(reach, group) && role.is_none_or(|it| it == GroupRole::Learner)
}

fn by_session(reach: &Reach, group: GroupId) -> bool {
    let Reach::Only(circles) = reach else {
        return false;
    };
    let mut circles = circles.iter();
    circles.any(|it| matches!(it, Circle::Session(_, theirs) if *theirs == group))
}

/// Why whoever acts may not undo these changes of this person, though they may give the command that is undone: some people
/// are the owners' alone, and so is how somebody signs in who has more rights.
pub(super) fn why_not_theirs(
    planner: &Planner<'_>,
    user: &User,
    changes: &[&Change],
) -> Result<Option<&'static str>> {
    if planner.actor_is_owner() {
        return Ok(None);
    }
    let any = |is: fn(&Change) -> bool| changes.iter().any(|it| is(it));
    let is_record = |it: &Change| {
        matches!(
            it,
            Change::Status { .. } | Change::Profile { .. } | Change::FieldValue { .. }
        )
    };
    let gives_a_key = |it: &Change| matches!(it, Change::SshKey { after: true, .. });
    let is_password =
        |it: &Change| matches!(it, Change::Password { .. } | Change::PasswordLink { .. });
    let is_name = |it: &Change| {
        matches!(
            it,
            Change::Profile {
                field: Field::Email | Field::UserName,
                ..
            }
        )
    };
    let permissions = planner.permissions_of(user.id)?;
    if permissions.contains(&Permission::Owner) && (any(is_record) || any(is_password)) {
        return Ok(Some("an owner; only owners may"));
    }
    if any(|it| matches!(it, Change::Protected { .. })) && planner.require("edit_protect").is_err()
    {
        return Ok(Some("whether somebody is protected is the owners' alone"));
    }
    if any(gives_a_key) && planner.actor != Actor::Administrator(user.id) {
        return Ok(Some("a key of somebody else's; only owners may"));
    }
    if !permissions.is_empty() && any(is_password) {
        return Ok(Some("an administrator; only owners may"));
    }
    if any(is_name) && planner.has_more_rights(user.id)? {
        return Ok(Some(
            "has permissions that you do not have; an owner changes how they sign in",
        ));
    }
    Ok(None)
}
