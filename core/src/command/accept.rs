//! Come in by one's own invitation: waiting, pending_transfer → active, or queued when the seat counts from activation
//! and none is free.

use super::OwnRecords;
use super::{field, individual, password};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, Field, FieldId, Hold, InvitationState, RequiredItem, Status, UserId};
use crate::password::PasswordHash;
use crate::planner::{Planner, Seated, Waiting, Want};

/// Come in by one's own invitation.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// Who.
    pub user: UserId,
    /// Which of the person's links it is; without it, the living one.
    pub generation: Option<i64>,
    /// Fields that the person filled in.
    pub set: Vec<(Field, Option<String>)>,
    /// Custom fields that the person filled in, as typed: those that everybody has to have and may see, and they have not.
    pub fields: Vec<(FieldId, String)>,
    /// The password that they chose; none under single sign-on.
    pub password: Option<PasswordHash>,
    /// What becomes of the records of an account of their own.
    pub records: OwnRecords,
}

impl Accept {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        if planner.actor != Actor::Person(self.user) {
            return Err(Error::forbidden(
                "accept is not allowed: a person only accepts their own invitation",
            ));
        }
        let user = planner.user(self.user)?;
        if !matches!(user.status, Status::Waiting | Status::PendingTransfer) {
            return Err(Error::conflict(format!(
                "this invitation cannot be accepted: the person is {}",
                user.status
            )));
        }
        let pending = planner.snapshot.invitation(user.id)?.is_some_and(|it| {
            it.state == InvitationState::Pending
                && it.expires_at > planner.now
                && self.generation.is_none_or(|of| of == it.generation)
        });
        if !pending {
            return Err(Error::conflict(
                "this invitation has expired or was replaced; ask for a new one",
            ));
        }
        planner.name(&user);
        let licenses = planner.snapshot.licenses_of(user.id)?;
        let access = licenses
            .iter()
            .find(|it| it.pool == planner.access || it.stands_for_access);
        let seat = match access {
            Some(it) => Want {
                stands_for_access: it.stands_for_access,
                ..Want::new(it.pool, it.hold, Hold::Consumed)
            },
            None => Want::new(planner.access, Hold::None, Hold::Consumed),
        };
        let coming = individual::accept(planner, &user, self.records)?;
        let assigned = coming.as_ref().map(|it| it.assigned(user.id));
        let assigned = assigned.unwrap_or_default();
        let entry = planner.entry_with(&user, &[], &licenses, &assigned)?;
        let wants: Vec<Want> = std::iter::once(seat).chain(entry.wants()).collect();
        let waiting = Waiting {
            leads_to: Status::Active,
            mail: true,
            connection: user.connection,
            send_on: None,
        };
        let seated = planner.seat(user.id, &wants, waiting)?;
        let after = match seated {
            Seated::In => Status::Active,
            Seated::Queued => Status::Queued,
            Seated::Out(why) => return Err(Error::conflict(why)),
        };
        planner.push(Change::Status {
            user: user.id,
            before: user.status,
            after,
        });
        if !user.accepted {
            planner.push(Change::Accepted {
                user: user.id,
                before: false,
                after: true,
            });
        }
        if let Some(coming) = coming {
            coming.plan(planner, user.id);
        }
        planner.end_invitation(user.id, InvitationState::Accepted)?;
        if after == Status::Active {
            planner.assign_entry(user.id, entry);
        } else {
            planner.request_licenses_of(user.id, &assigned, &licenses)?;
        }
        let required = planner.settings()?.required_on_invite.items().to_vec();
        for (field, after) in &self.set {
            let before = user.profile.get(*field).map(str::to_owned);
            let is_theirs = match field {
                Field::FirstName | Field::LastName | Field::DisplayName | Field::Language => true,
                // What nobody has said of them and everybody has to have.
                Field::FunctionalArea | Field::Title | Field::Region => {
                    before.is_none() && required.contains(&RequiredItem::Field(*field))
                }
                _ => false,
            };
            if is_theirs && before != *after {
                planner.set_field(user.id, *field, before.as_deref(), after.as_deref());
            }
        }
        let mut said = field::said(planner, &self.fields)?;
        for it in std::mem::take(&mut said) {
            // What somebody has said of them already is not theirs to change here.
            if planner.snapshot.field_value(user.id, it.field())?.is_none() {
                said.push(it);
            }
        }
        field::give(planner, user.id, &said, true)?;
        if let Some(password) = &self.password {
            password::refuse_under_single_sign_on(planner)?;
            password::set(planner, user.id, Some(password))?;
        }
        planner.subject = Some(user.id);
        Ok(())
    }
}
