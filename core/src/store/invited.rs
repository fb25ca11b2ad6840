//! Reads for whoever holds a link: they are shown themselves and nobody else.

use super::{Read, Snapshot};
use crate::error::Result;
use crate::invited::{Choosing, Invited, Standing};
use crate::model::{
    Date, EmailAddress, Invitation, InvitationState, LinkState, Status, Timestamp, User, UserId,
};

impl Read<'_> {
    pub(crate) fn invited(&self, user: UserId, generation: i64) -> Result<Option<Invited>> {
        let now = self.now();
        self.together(|snapshot| {
            let Some(user) = living(snapshot, user)? else {
                return Ok(None);
            };
            let Some(invitation) = snapshot.invitation(user.id)? else {
                return Ok(None);
            };
            let settings = snapshot.settings()?;
            let account = match &user.profile.email {
                Some(email) if user.status == Status::PendingTransfer => snapshot
                    .individual_of_address(email)?
                    .filter(|it| it.terms.taken_by.is_none()),
                _ => None,
            };
            let mut fields = Vec::new();
            for field in snapshot.custom_fields()? {
                if field.is_asked_for() && snapshot.field_value(user.id, field.id)?.is_none() {
                    fields.push(field);
                }
            }
            Ok(Some(Invited {
                fields,
                standing: standing(snapshot, &user, &invitation, generation, now)?,
                until: Date::of(invitation.expires_at, &settings.time_zone),
                user,
                settings,
                account,
            }))
        })
    }

    pub(crate) fn choosing(&self, user: UserId, generation: i64) -> Result<Option<Choosing>> {
        let now = self.now();
        self.together(|snapshot| {
            let Some(user) = living(snapshot, user)? else {
                return Ok(None);
            };
            let settings = snapshot.settings()?;
            let link = snapshot.password_link(user.id)?;
            let is_open = link.is_some_and(|it| {
                it.generation == generation
                    && it.state == LinkState::Pending
                    && it.expires_at > now
                    && user.status == Status::Active
                    && !settings.single_sign_on
            });
            Ok(Some(Choosing {
                user,
                settings,
                is_open,
            }))
        })
    }

    /// Who is active and has exactly this address. The same statement runs for nobody.
    pub(crate) fn active_of_address(&self, address: &str) -> Result<Option<UserId>> {
        let Ok(address) = address.parse::<EmailAddress>() else {
            return Ok(None);
        };
        let found = self.snapshot()?.user_by_email_key(&address.key())?;
        let active = found.filter(|it| it.status == Status::Active);
        Ok(active.map(|it| it.id))
    }
}

/// Somebody who was not deleted.
fn living(snapshot: &Snapshot<'_>, user: UserId) -> Result<Option<User>> {
    let found = snapshot.user(user)?;
    Ok(found.filter(|it| !matches!(it.status, Status::Deleted | Status::Erased)))
}

/// Somebody's place in line for a seat.
pub(super) fn place(snapshot: &Snapshot<'_>, user: UserId) -> Result<i64> {
    let mut pools = snapshot.pools()?.into_iter();
    let position = match pools.find(|it| it.is_access()) {
        Some(pool) => snapshot.queue_position(pool.id, user)?,
        None => None,
    };
    Ok(position.unwrap_or(1))
}

fn standing(
    snapshot: &Snapshot<'_>,
    user: &User,
    invitation: &Invitation,
    generation: i64,
    now: Timestamp,
) -> Result<Standing> {
    Ok(match user.status {
        Status::Active => Standing::Used,
        Status::Queued => Standing::Queued(place(snapshot, user.id)?),
        Status::Waiting | Status::PendingTransfer => match invitation.state {
            InvitationState::Pending if invitation.generation != generation => Standing::Replaced,
            InvitationState::Pending if invitation.expires_at > now => Standing::Open,
            InvitationState::Pending => Standing::Expired,
            InvitationState::Accepted => Standing::Used,
            InvitationState::Dead => Standing::Withdrawn,
        },
        Status::Inactive | Status::Cancelled | Status::Deleted | Status::Erased => {
            Standing::Withdrawn
        }
    })
}
