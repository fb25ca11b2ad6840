//! Give administrators permissions and take them, and say which of them an operating-system user is. The owners' alone.
//!
//! Giving `authorized_purchaser` takes a second administrator once there are two: what is planned then is that it is
//! asked ([`Change::ApprovalAsked`]), and a second administrator approves it. Until there are two, an owner alone may,
//! and the history says so.

use crate::change::{Change, Names};
use crate::error::{Error, Result};
use crate::model::{APPROVAL_MS, ApprovalState, Name, Permission, Status, User, UserId};
use crate::plan::{Digest, Effects, Plan};
use crate::planner::Planner;
use crate::selection::Selection;

pub(super) fn grant(
    planner: &mut Planner<'_>,
    who: &Selection,
    permissions: &[Permission],
) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        if user.status != Status::Active {
            planner.skip(
                &user,
                format!("{}; only active people are administrators", user.status),
            );
            continue;
        }
        let has = planner.snapshot.permissions_of(id)?;
        for permission in permissions {
            if has.contains(permission) {
                planner.skip(&user, format!("has {} already", permission.as_str()));
            } else if *permission == Permission::AuthorizedPurchaser {
                purchaser(planner, &user)?;
            } else {
                planner.push(given(id, *permission));
            }
        }
    }
    Ok(())
}

pub(super) fn revoke(
    planner: &mut Planner<'_>,
    who: &Selection,
    permissions: &[Permission],
) -> Result<()> {
    for id in planner.select(who)? {
        let user = planner.user(id)?;
        planner.name(&user);
        let has = planner.snapshot.permissions_of(id)?;
        for permission in permissions {
            if !has.contains(permission) {
                planner.skip(&user, format!("does not have {}", permission.as_str()));
            } else if *permission == Permission::Owner && planner.is_last_owner(&user)? {
                planner.skip(&user, "the last owner");
            } else {
                planner.push(Change::Permission {
                    user: id,
                    permission: *permission,
                    before: true,
                    after: false,
                });
            }
        }
    }
    Ok(())
}

/// The right to spend the organization's money.
fn purchaser(planner: &mut Planner<'_>, user: &User) -> Result<()> {
    let permission = Permission::AuthorizedPurchaser;
    if !needs_approval(planner)? {
        planner.push(given(user.id, permission));
        planner.push(Change::GrantedAlone {
            user: user.id,
            permission,
        });
        return Ok(());
    }
    if let Some(open) = planner.snapshot.pending_approval(user.id, permission)? {
        if open.is_open(planner.now) {
            planner.skip(user, "asked already, and not decided yet");
            return Ok(());
        }
        planner.push(Change::ApprovalDecided {
            user: user.id,
            approval: open.id,
            by: planner.actor,
            before: open.state,
            after: ApprovalState::Withdrawn,
        });
    }
    let digest = digest_of_grant(planner, user, permission)?;
    let approval = planner.draws.approval();
    planner.push(Change::ApprovalAsked {
        user: user.id,
        approval,
        permission,
        by: planner.actor,
        digest: digest.to_string(),
        expires_at: planner.now.plus_millis(APPROVAL_MS),
    });
    Ok(())
}

/// Whether there are two administrators who could decide together.
pub(super) fn needs_approval(planner: &Planner<'_>) -> Result<bool> {
    Ok(planner.snapshot.active_administrators()? >= 2)
}

pub(super) fn given(user: UserId, permission: Permission) -> Change {
    Change::Permission {
        user,
        permission,
        before: false,
        after: true,
    }
}

/// What was shown of a grant: whoever approves later must mean the same person under the same name.
pub(super) fn digest_of_grant(
    planner: &Planner<'_>,
    user: &User,
    permission: Permission,
) -> Result<Digest> {
    let mut names = Names::default();
    names.users.insert(user.id, &user.label());
    let plan = Plan {
        command: "admin_grant",
        changes: vec![given(user.id, permission)].into(),
        skipped: Vec::new(),
        effects: Effects::default(),
        shortfalls: Vec::new(),
        review: None,
        digest: Digest::UNASKED,
        names,
        at: planner.now,
    };
    plan.compute_digest(&planner.snapshot.digest_key()?)
}

pub(super) fn link(planner: &mut Planner<'_>, name: &str, who: &Selection) -> Result<()> {
    let name = system_user(name)?;
    let [id] = planner.select(who)?[..] else {
        return Err(Error::invalid(
            "who",
            "is not one person",
            "link one administrator",
        ));
    };
    let user = planner.user(id)?;
    planner.name(&user);
    if !planner.snapshot.is_administrator(id)? {
        planner.skip(&user, "not an active administrator");
        return Ok(());
    }
    match planner.snapshot.user_of_system_user(&name)? {
        Some(linked) if linked == id => planner.skip(&user, "linked already"),
        Some(other) => {
            planner.push(linked(other, &name, false));
            planner.push(linked(id, &name, true));
        }
        None => planner.push(linked(id, &name, true)),
    }
    Ok(())
}

pub(super) fn unlink(planner: &mut Planner<'_>, name: &str) -> Result<()> {
    let name = system_user(name)?;
    match planner.snapshot.user_of_system_user(&name)? {
        Some(user) => planner.push(linked(user, &name, false)),
        None => planner.skip_name(&name, "not linked"),
    }
    Ok(())
}

fn linked(user: UserId, name: &str, after: bool) -> Change {
    Change::SystemUser {
        user,
        name: name.to_owned(),
        before: !after,
        after,
    }
}

fn system_user(name: &str) -> Result<String> {
    Name::parse("operating-system user", name)?
        .map(Name::into_string)
        .filter(|it| !it.contains(char::is_whitespace))
        .ok_or_else(|| {
            Error::invalid(
                "operating-system user",
                "is empty or has a space",
                "write it as `id -un` prints it",
            )
        })
}
