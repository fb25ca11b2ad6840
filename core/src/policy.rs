//! Who may do what. Asked once, while planning; doors decide nothing.

use crate::command::Command;
use crate::error::{Error, Result};
use crate::model::{Actor, Permission};

/// Whether an actor with these permissions may give this command at all. Rules about single people (owners, protected)
/// are in [`crate::capacity::Planner`], which skips those whom they forbid.
///
/// # Errors
/// [`Error::Forbidden`] with the rule.
pub fn may(actor: Actor, permissions: &[Permission], command: &Command) -> Result<()> {
    let has = |it: Permission| permissions.contains(&it);
    let refuse = |why: &str| {
        Err(Error::forbidden(format!(
            "{} is not allowed: {why}",
            command.name()
        )))
    };
    match actor {
        Actor::FileOwner => match command {
            Command::Provision(_) | Command::Accept(_) => {
                refuse("it belongs to a connection or to the person")
            }
            _ => Ok(()),
        },
        Actor::Administrator(_) => match command {
            Command::Provision(_) | Command::Accept(_) => {
                refuse("it belongs to a connection or to the person")
            }
            Command::SetPool { .. } | Command::AddPool { .. }
                if has(Permission::Owner) || has(Permission::AuthorizedPurchaser) =>
            {
                Ok(())
            }
            Command::SetPool { .. }
            | Command::AddPool { .. }
            | Command::AddConnection { .. }
            | Command::RotateToken { .. }
            | Command::RevokeConnection { .. }
            | Command::SetSetting { .. }
            | Command::AddPlatform { .. }
            | Command::RotatePlatformToken { .. }
            | Command::RevokePlatform { .. }
            | Command::Erase { .. }
                if !has(Permission::Owner) =>
            {
                refuse("only owners may")
            }
            Command::AddTraining { .. }
            | Command::SetTraining { .. }
            | Command::RemoveTraining { .. }
            | Command::SetInstructors { .. }
            | Command::Assign { .. }
            | Command::Unassign { .. }
            | Command::Progress { .. } => {
                if has(Permission::Owner) || has(Permission::ManageAssignments) {
                    Ok(())
                } else {
                    refuse("it needs the permission manage_assignments")
                }
            }
            _ if has(Permission::Owner) || has(Permission::ManageUsers) => Ok(()),
            _ => refuse("it needs the permission manage_users"),
        },
        Actor::Connection(_) => match command {
            Command::Provision(_) | Command::Delete { .. } => Ok(()),
            _ => refuse("a connection only provisions and deletes"),
        },
        Actor::Person(user) => match command {
            Command::Accept(accept) if accept.user == user => Ok(()),
            _ => refuse("a person only accepts their own invitation"),
        },
        Actor::Platform(_) => refuse("a platform only reports progress"),
        Actor::Scheduler => refuse("the scheduler only promotes"),
    }
}
