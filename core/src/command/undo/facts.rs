//! The inverse of a single fact about a person that neither takes nor frees a license. What has changed since stays as it is.

use super::trainings;
use crate::change::Change;
use crate::command::{administrator, ssh_key};
use crate::error::Result;
use crate::model::{
    ApprovalId, ApprovalState, Field, InvitationState, LeaveKind, LinkState, PasswordLink,
    Permission, Status, User,
};
use crate::plan::Template;
use crate::planner::Planner;

/// Plans the inverse of one fact that neither takes nor frees anything; skips it when it has changed since.
pub(super) fn fact_back(
    planner: &mut Planner<'_>,
    user: &User,
    change: &Change,
    status: Status,
) -> Result<()> {
    let id = user.id;
    let moved =
        |planner: &mut Planner<'_>, what: &str| planner.skip(user, format!("{what} changed since"));
    match change {
        Change::Profile {
            field,
            before,
            after,
            ..
        } => {
            if user.profile.get(*field) != after.as_deref() {
                moved(planner, field.as_str());
            } else if planner
                .owner_of(*field, before.as_deref())?
                .is_some_and(|it| it.id != id)
            {
                planner.skip(
                    user,
                    format!("the former {} is somebody else's now", field.as_str()),
                );
            } else {
                planner.push(Change::Profile {
                    user: id,
                    field: *field,
                    before: after.clone(),
                    after: before.clone(),
                });
                let stays = user.status == Status::Active && status == Status::Active;
                if *field == Field::Email && stays && before.is_some() {
                    planner.mail(id, Template::EmailChanged);
                    planner.mail(id, Template::EmailLeft);
                }
            }
        }
        Change::FieldValue {
            field,
            before,
            after,
            ..
        } => {
            if planner.snapshot.field_value(id, *field)?.as_deref() == after.as_deref() {
                planner.push(Change::FieldValue {
                    user: id,
                    field: *field,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "a custom field");
            }
        }
        Change::Invitation { before, after, .. } => {
            invitation_back(planner, user, *before, *after, status)?
        }
        Change::LicenseEnd {
            pool,
            before,
            after,
            ..
        } => {
            let holds = planner.licenses_planned(id)?.iter().any(|it| it.pool == *pool);
            let is_over = match before {
                Some(day) if holds && planner.has_ended(id, *pool, *day)? => Some(*day),
                _ => None,
            };
            if let Some(day) = is_over {
                planner.skip(user, format!("{day} is over; the license does not end on it"));
            } else if planner.end_planned(id, *pool)? == *after && (holds || before.is_none()) {
                planner.push(Change::LicenseEnd {
                    user: id,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "end of the license");
            }
        }
        Change::Entitlement {
            connection,
            pool,
            before,
            after,
            ..
        } => {
            if planner.snapshot.entitled(id, *connection, *pool)? == *after {
                planner.push(Change::Entitlement {
                    user: id,
                    connection: *connection,
                    pool: *pool,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "what the provider asks for");
            }
        }
        Change::Drift {
            part,
            before,
            after,
            ..
        } => {
            if planner.snapshot.drift(id, *part)?.as_ref() == after.as_deref() {
                planner.push(Change::Drift {
                    user: id,
                    part: *part,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "what the provider says");
            }
        }
        Change::Membership { .. }
        | Change::LicenseRequest { .. }
        | Change::Assignment { .. }
        | Change::ToldProgress { .. }
        | Change::Instructor { .. } => {
            trainings::of_person(planner, user, change, status)?;
        }
        Change::Link {
            connection,
            before,
            after,
            ..
        } => {
            let wanted = before.as_ref().and_then(|it| it.external_id.as_deref());
            let taken = match wanted {
                Some(it) => planner
                    .snapshot
                    .user_by_external_id(*connection, it)?
                    .is_some_and(|it| it.id != id),
                None => false,
            };
            if planner.snapshot.link(*connection, id)? == *after && !taken {
                planner.push(Change::Link {
                    user: id,
                    connection: *connection,
                    before: after.clone(),
                    after: before.clone(),
                });
            } else {
                moved(planner, "external_id");
            }
        }
        Change::Connection { before, after, .. } if user.connection == *after => {
            planner.push(Change::Connection {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::ProviderHold { before, after, .. } if user.provider_hold == *after => {
            planner.push(Change::ProviderHold {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::Leaving { before, after, .. } => {
            let today = planner.leaving_of(id)?;
            // Whoever has left meanwhile is not to leave any more.
            let fits = before.is_none_or(|it| {
                it.kind == LeaveKind::Delete && status != Status::Deleted
                    || status.is_seated_or_coming()
            });
            if today == *after && fits {
                planner.push(Change::Leaving {
                    user: id,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "what the provider wants");
            }
        }
        Change::Accepted { before, after, .. } if user.accepted == *after => {
            planner.push(Change::Accepted {
                user: id,
                before: *after,
                after: *before,
            });
        }
        Change::Protected { before, after, .. } if user.protected == *after => {
            planner.push(Change::Protected {
                user: id,
                before: *after,
                after: *before,
            });
        }
        // Whoever is not on the roster any more needs none.
        Change::Password { .. } if status == Status::Deleted => {}
        Change::Password { after: true, .. } => planner.skip(
            user,
            "a password does not come back; set another, or mail a link to choose one",
        ),
        Change::Password { .. } => planner.skip(
            user,
            "a password that was taken does not come back; set another, or mail a link to choose one",
        ),
        Change::PasswordLink { before, after, .. } => {
            let today = planner.snapshot.password_link(id)?;
            if let Some(link) = today.filter(|it| it.state == LinkState::Pending && today == *after)
            {
                let after = Some(PasswordLink {
                    state: LinkState::Dead,
                    ..link
                });
                planner.push(Change::PasswordLink {
                    user: id,
                    before: today,
                    after,
                });
            } else if status != Status::Deleted
                && before.is_some_and(|it| it.state == LinkState::Pending)
                && after.is_some_and(|it| it.state == LinkState::Dead)
            {
                planner.skip(
                    user,
                    "a link to choose a password that ended does not come back; mail another",
                );
            }
        }
        Change::Permission {
            permission,
            before,
            after,
            ..
        } => {
            let has = planner.snapshot.permissions_of(id)?.contains(permission);
            let gives = *before;
            if has == *after && gives && status != Status::Active {
                planner.skip(user, format!("{status}, and so no administrator"));
            } else if has == *after
                && gives
                && *permission == Permission::AuthorizedPurchaser
                && administrator::needs_approval(planner)?
            {
                planner.skip(
                    user,
                    "authorized_purchaser comes back by `usher admin grant` and a second administrator",
                );
            } else if has == *after
                && !gives
                && *permission == Permission::Owner
                && status == Status::Active
                && planner.is_last_owner(user)?
            {
                planner.skip(user, "the last owner");
            } else if !planner.actor_is_owner() {
                planner.skip(
                    user,
                    format!(
                        "the permission {} comes back by an owner only",
                        permission.as_str()
                    ),
                );
            } else if has == *after {
                planner.push(Change::Permission {
                    user: id,
                    permission: *permission,
                    before: *after,
                    after: *before,
                });
            } else {
                moved(planner, "permission");
            }
        }
        Change::SystemUser {
            name,
            before,
            after,
            ..
        } => {
            let linked = planner.snapshot.user_of_system_user(name)?;
            let is_so = (linked == Some(id)) == *after;
            // A batch that moves a link takes it from one person first.
            if !is_so || *before && linked.is_some() && !planner.unlinks(name) {
                moved(planner, "link");
            } else if !planner.actor_is_owner() {
                planner.skip(user, "a link comes back by an owner only");
            } else {
                planner.push(Change::SystemUser {
                    user: id,
                    name: name.clone(),
                    before: *after,
                    after: *before,
                });
            }
        }
        Change::SshKey {
            key, before, after, ..
        } => ssh_key::back(
            planner,
            user,
            (key, *before, *after),
            status == Status::Active,
        )?,
        Change::ApprovalAsked { approval, .. } => approval_back(
            planner,
            user,
            *approval,
            ApprovalState::Pending,
            ApprovalState::Withdrawn,
        )?,
        // What was approved is undone by taking the permission; the approval itself was given.
        Change::ApprovalDecided {
            after: ApprovalState::Approved,
            ..
        }
        | Change::GrantedAlone { .. } => {}
        Change::ApprovalDecided {
            approval,
            before,
            after,
            ..
        } => approval_back(planner, user, *approval, *after, *before)?,
        Change::Connection { .. } => moved(planner, "connection"),
        Change::ProviderHold { .. } => moved(planner, "what the provider said"),
        Change::Accepted { .. } => moved(planner, "acceptance"),
        Change::Protected { .. } => moved(planner, "protection"),
        Change::UserCreated { .. }
        | Change::Status { .. }
        | Change::License { .. }
        | Change::Due { .. }
        | Change::Manager { .. } => {}
        Change::Erased { .. } => planner.skip(user, "erased; erasing has no undo"),
        Change::Individual { .. }
        | Change::IndividualErased { .. }
        | Change::PoolAdded { .. }
        | Change::PoolTerms { .. }
        | Change::FieldAdded { .. }
        | Change::FieldTerms { .. }
        | Change::FieldChoice { .. }
        | Change::Setting { .. }
        | Change::MailText { .. }
        | Change::Imported { .. }
        | Change::GroupAdded { .. }
        | Change::GroupBudget { .. }
        | Change::GroupName { .. }
        | Change::GroupLink { .. }
        | Change::GroupRemoved { .. }
        | Change::GroupTraining { .. }
        | Change::GroupPool { .. }
        | Change::TrainingAdded { .. }
        | Change::TrainingTerms { .. }
        | Change::ConnectionAdded { .. }
        | Change::ConnectionTerms { .. }
        | Change::ConnectionMaps { .. }
        | Change::ConnectionOwns { .. }
        | Change::ConnectionSends { .. }
        | Change::Brake { .. }
        | Change::ConnectionRevoked { .. }
        | Change::TokenAdded { .. }
        | Change::TokenEnds { .. }
        | Change::PlatformAdded { .. }
        | Change::PlatformRevoked { .. }
        | Change::PlatformTokenAdded { .. }
        | Change::PlatformTokenEnds { .. } => {}
    }
    Ok(())
}

/// Puts something that was asked back to where it stood, unless it was decided otherwise or again meanwhile.
fn approval_back(
    planner: &mut Planner<'_>,
    user: &User,
    id: ApprovalId,
    from: ApprovalState,
    to: ApprovalState,
) -> Result<()> {
    let Some(approval) = planner.snapshot.approval(id)? else {
        return Ok(());
    };
    let pending = planner
        .snapshot
        .pending_approval(user.id, approval.permission)?;
    if approval.state != from || to == ApprovalState::Pending && pending.is_some() {
        let now = approval.state.as_str();
        planner.skip(user, format!("what was asked was {now} since"));
    } else {
        planner.push(Change::ApprovalDecided {
            user: user.id,
            approval: id,
            by: planner.actor,
            before: from,
            after: to,
        });
    }
    Ok(())
}

/// A link that was replaced stays dead: the newer one goes on, or ends with the invitation.
fn invitation_back(
    planner: &mut Planner<'_>,
    user: &User,
    before: Option<crate::model::Invitation>,
    after: Option<crate::model::Invitation>,
    status: Status,
) -> Result<()> {
    let today = planner.snapshot.invitation(user.id)?;
    if today != after {
        planner.skip(user, "the invitation changed since");
        return Ok(());
    }
    let (Some(today), Some(after)) = (today, after) else {
        return Ok(());
    };
    let replaced = before.is_none_or(|it| it.generation < after.generation);
    let waits = status.waits();
    let comes_alive = before.is_some_and(|it| it.state == InvitationState::Pending);
    if !replaced && comes_alive && !waits {
        // Whoever is queued instead is invited when promoted.
    } else if !replaced {
        planner.push(Change::Invitation {
            user: user.id,
            before: Some(today),
            after: before,
        });
    } else if waits {
        planner.skip(
            user,
            "the link was replaced; the older one does not come back",
        );
    }
    Ok(())
}
