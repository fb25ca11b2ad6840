//! The brake on a connection: how it is set, and what becomes of whom it holds.

use super::{connection, deactivate, delete};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Brake, LeaveKind, LeaveState, Leaving, Permission, Status, User, UserId};
use crate::planner::Planner;

/// Whom of those whom brakes hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldWho {
    /// Everybody who is held.
    All,
    /// Everybody whom one connection's brake holds, by its name.
    Connection(String),
    /// These people; also whose leaving was rejected.
    Users(Vec<UserId>),
}

pub(super) fn set(planner: &mut Planner<'_>, name: &str, brake: Option<Brake>) -> Result<()> {
    let connection = connection::living(planner, name)?.id;
    let after = brake.map(Brake::checked).transpose()?;
    let before = planner.snapshot.brake_of(connection)?;
    if before != after {
        planner.push(Change::Brake {
            connection,
            before,
            after,
        });
    }
    Ok(())
}

/// Carries out what the brake holds, as the connection would have: whoever the provider may not take off stays.
pub(super) fn release(planner: &mut Planner<'_>, who: &HeldWho) -> Result<()> {
    for (id, leaving) in chosen(planner, who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if let Some(why) = why_not(planner, &user)? {
            planner.skip(&user, why);
            continue;
        }
        match leaving.kind {
            LeaveKind::Delete if !matches!(user.status, Status::Deleted | Status::Erased) => {
                delete::one(planner, &user)?;
            }
            LeaveKind::Deactivate if user.status.is_seated_or_coming() => {
                deactivate::one(planner, &user)?;
            }
            // Gone already by another way.
            _ => planner.forget_leaving(id)?,
        }
    }
    Ok(())
}

/// Drops what the brake holds: they stay, and the provider is refused until it has said itself that they are active.
pub(super) fn reject(planner: &mut Planner<'_>, who: &HeldWho) -> Result<()> {
    for (id, leaving) in chosen(planner, who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if leaving.state == LeaveState::Rejected {
            planner.skip(&user, "already rejected");
            continue;
        }
        let after = Some(Leaving {
            state: LeaveState::Rejected,
            since: planner.now,
            ..leaving
        });
        planner.push(Change::Leaving {
            user: id,
            before: Some(leaving),
            after,
        });
    }
    Ok(())
}

fn why_not(planner: &Planner<'_>, user: &User) -> Result<Option<&'static str>> {
    if user.protected {
        return Ok(Some("protected"));
    }
    let is_owner = planner
        .snapshot
        .permissions_of(user.id)?
        .contains(&Permission::Owner);
    Ok(is_owner.then_some("an owner, whom no provider takes off"))
}

/// Those who are meant: all who are held, of one connection, or who are named; whoever is named may be rejected already.
fn chosen(planner: &mut Planner<'_>, who: &HeldWho) -> Result<Vec<(UserId, Leaving)>> {
    let held = match who {
        HeldWho::All => planner.snapshot.held(None)?,
        HeldWho::Connection(name) => {
            let connection = connection::known(planner, name)?.id;
            planner.snapshot.held(Some(connection))?
        }
        HeldWho::Users(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                match planner.snapshot.leaving_of(*id)? {
                    Some(leaving) => found.push((*id, leaving)),
                    None => {
                        let user = planner.snapshot.user(*id)?;
                        let user = user.ok_or_else(|| Error::not_found("user", id))?;
                        planner.skip(&user, "not held by a brake");
                    }
                }
            }
            found
        }
    };
    let ids: Vec<UserId> = held.iter().map(|it| it.0).collect();
    planner.expect(&ids)?;
    Ok(held)
}
