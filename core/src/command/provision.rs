//! Create or update one person for an identity provider (DESIGN §5, "SCIM mapping").

mod entitlements;
mod identity;
mod manager;
mod parts;
mod wanted;

use super::{deactivate, password, reactivate};
use crate::change::{Change, NewUser};
use crate::error::{Error, Result};
use crate::model::key_of_name;
use crate::model::{
    Actor, ConnectionId, ConnectionPolicy, CountsFrom, Field, FoundBy, Hold, LeaveKind, License,
    Link, NewPeople, Packed, Part, Permission, PoolId, Profile, ProviderHold, Status, User, UserId,
};
use crate::plan::Template;
use crate::planner::{Entry, Leave, Planner, Seated, Waiting, Want};
use identity::free_names;
use parts::Written;
pub use wanted::{Provision, ProvisionTarget};

/// The connection that acts, and how it brings people in.
struct Provider {
    id: ConnectionId,
    policy: ConnectionPolicy,
    /// What it has ever written of anybody.
    sends: Vec<Part>,
}

/// Whose somebody is whom a connection writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The connection's own, at the latest from now on.
    Mine,
    /// Another's, which keeps them: what is written overrides what that one says.
    Anothers,
}

impl Provision {
    pub(super) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        let Actor::Connection(id) = planner.actor else {
            return Err(Error::forbidden("only a connection provisions"));
        };
        let (policy, sends) = planner
            .snapshot
            .provider(id)?
            .ok_or_else(|| Error::forbidden("this connection was revoked"))?;
        let provider = Provider { id, policy, sends };
        match self.target {
            ProvisionTarget::New => {
                let mut written = self.written(planner)?;
                self.note_sent(planner, &provider, &written);
                self.newcomer(planner, &provider, &mut written)
            }
            ProvisionTarget::Existing { user, version } => {
                let user = planner.user(user)?;
                if user.status == Status::Deleted && self.agrees_that_gone(planner, id, &user)? {
                    planner.agrees_that_off(&user)?;
                    return planner.settle(user.id, Part::Active);
                }
                if matches!(user.status, Status::Deleted | Status::Erased) {
                    return Err(Error::not_found("user", user.id));
                }
                if version.is_some_and(|it| it != user.version) {
                    return Err(Error::Changed(user.id));
                }
                let mut written = self.written(planner)?;
                self.note_sent(planner, &provider, &written);
                self.update(planner, &provider, &user, &mut written)
            }
        }
    }

    fn external_id(&self) -> Option<&str> {
        self.external_id.as_ref().and_then(|it| it.as_deref())
    }

    fn newcomer(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        written: &mut Written,
    ) -> Result<()> {
        if self.external_id().is_some_and(|it| it.len() > 1024) {
            return Err(Error::invalid(
                "externalId",
                "is longer than 1024 bytes",
                "send a shorter one",
            ));
        }
        let mut profile = Profile::default();
        for (field, value) in &written.fields {
            profile.set(*field, value.clone());
        }
        match self.who_returns(planner, provider, &profile)? {
            Some(user) => self.comeback(planner, provider, &user, written),
            None => self.create(planner, provider, profile, written),
        }
    }

    fn create(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        profile: Profile,
        written: &mut Written,
    ) -> Result<()> {
        if self.active == Some(false) {
            return self.create_inactive(planner, provider, profile, written);
        }
        let user = planner.draws.user();
        planner.subject = Some(user);
        let manager = self
            .resolve_manager(planner, provider, None, written)?
            .flatten();
        let leads_to = leads_to(planner, provider, false, &profile)?;
        let (pools, unknown) = self.entitled(planner).unwrap_or_default();
        let mark = planner.mark();
        planner.push(self.created(user, profile.clone(), leads_to, manager, provider));
        let wants = planner.entitled_wants(&pools, leads_to, &[])?;
        let seated = self.seat(planner, provider, user, leads_to, &[], wants)?;
        entitlements::asked_for_new(planner, provider, user, &pools);
        if !unknown.is_empty() {
            Self::note_unknown_pools(planner, provider, user, &unknown)?;
        }
        self.set_custom(planner, provider, user, None, written)?;
        if seated == Seated::Queued {
            planner.replace(
                mark,
                self.created(user, profile, Status::Queued, manager, provider),
            );
            return Ok(());
        }
        welcome(planner, provider, user, leads_to)
    }

    /// A provider may announce somebody who is not to come in yet: on the roster, inactive, without a seat.
    fn create_inactive(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        profile: Profile,
        written: &mut Written,
    ) -> Result<()> {
        let user = planner.draws.user();
        planner.subject = Some(user);
        let manager = self
            .resolve_manager(planner, provider, None, written)?
            .flatten();
        let (pools, unknown) = self.entitled(planner).unwrap_or_default();
        planner.push(self.created(user, profile, Status::Inactive, manager, provider));
        entitlements::asked_for_new(planner, provider, user, &pools);
        if !unknown.is_empty() {
            Self::note_unknown_pools(planner, provider, user, &unknown)?;
        }
        self.set_custom(planner, provider, user, None, written)
    }

    fn created(
        &self,
        user: UserId,
        profile: Profile,
        status: Status,
        manager: Option<UserId>,
        provider: &Provider,
    ) -> Change {
        let link = Some(Link {
            external_id: self.external_id().map(str::to_owned),
        });
        // An inactive newcomer of a connection that makes people active is active once switched on.
        let accepted = matches!(status, Status::Active | Status::Inactive)
            && provider.policy.new_people == NewPeople::Active;
        let connection = Some(provider.id);
        Change::UserCreated {
            user,
            created: Box::new(NewUser {
                profile: Packed::of(&profile),
                status,
                accepted,
                manager,
                connection,
                link,
            }),
        }
    }

    fn comeback(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        written: &mut Written,
    ) -> Result<()> {
        planner.subject = Some(user.id);
        planner.begin_as_learner(user.id)?;
        if user.status == Status::Deleted {
            password::forget(planner, user.id)?;
        }
        let theirs = self.adopt(planner, provider, user)?;
        let manager = self.resolve_manager(planner, provider, Some(user), written)?;
        self.set_attributes(planner, user, written, manager, theirs)?;
        self.set_custom(planner, provider, user.id, Some((user, theirs)), written)?;
        planner.settle(user.id, Part::Active)?;
        if let Some((pools, unknown)) = self.entitled(planner) {
            Self::note_unknown_pools(planner, provider, user.id, &unknown)?;
            let licenses = planner.licenses_of(user.id)?;
            let before = planner.entitlements_of(user.id)?;
            Self::ask(planner, provider, user.id, &pools, &before, &licenses)?;
        }
        if self.active == Some(false) {
            planner.push(Change::Status {
                user: user.id,
                before: user.status,
                after: Status::Inactive,
            });
            // As for an inactive newcomer: once switched on they are what the connection makes of people.
            if provider.policy.new_people == NewPeople::Active && !user.accepted {
                planner.push(Change::Accepted {
                    user: user.id,
                    before: false,
                    after: true,
                });
            }
            return Ok(());
        }
        self.bring_in(planner, provider, user)
    }

    /// From rest to waiting, active or queued.
    fn bring_in(&self, planner: &mut Planner<'_>, provider: &Provider, user: &User) -> Result<()> {
        let leads_to = leads_to(planner, provider, user.accepted, &user.profile)?;
        let licenses = planner.licenses_of(user.id)?;
        let (entry, wants) = if leads_to == Status::Active {
            let entry = planner.entry_of(user, &[], &licenses)?;
            let wants = entry.wants().collect();
            (entry, wants)
        } else {
            let asked = planner.entitlements_planned(user.id)?;
            let pools: Vec<PoolId> = asked.into_iter().map(|it| it.pool).collect();
            let wants = planner.entitled_wants(&pools, leads_to, &licenses)?;
            (Entry::default(), wants)
        };
        let after = match self.seat(planner, provider, user.id, leads_to, &licenses, wants)? {
            Seated::Queued => Status::Queued,
            _ => leads_to,
        };
        planner.push(Change::Status {
            user: user.id,
            before: user.status,
            after,
        });
        planner.drop_leaving_dates(user, &Profile::default());
        if after == Status::Active && !user.accepted {
            planner.push(Change::Accepted {
                user: user.id,
                before: false,
                after: true,
            });
        }
        if user.provider_hold != ProviderHold::Free {
            planner.push(Change::ProviderHold {
                user: user.id,
                before: user.provider_hold,
                after: ProviderHold::Free,
            });
        }
        if after == Status::Active {
            planner.assign_entry(user.id, entry);
        }
        if after == Status::Queued {
            Ok(())
        } else {
            welcome(planner, provider, user.id, after)
        }
    }

    fn seat(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: UserId,
        leads_to: Status,
        licenses: &[License],
        add_ons: Vec<Want>,
    ) -> Result<Seated> {
        let before = licenses
            .iter()
            .find(|it| it.pool == planner.access)
            .map_or(Hold::None, |it| it.hold);
        let counts_from = planner.ledger.line(planner.access)?.pool.terms.counts_from;
        let after = if leads_to == Status::Active {
            Hold::Consumed
        } else {
            Hold::Reserved
        };
        let needs = leads_to == Status::Active || counts_from == CountsFrom::Invitation;
        let seat = needs.then(|| Want::new(planner.access, before, after));
        let wants: Vec<Want> = seat.into_iter().chain(add_ons).collect();
        let waiting = Waiting {
            leads_to,
            mail: provider.policy.mails,
            connection: Some(provider.id),
            send_on: None,
        };
        planner.seat(user, &wants, waiting)
    }

    fn update(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        written: &mut Written,
    ) -> Result<()> {
        planner.subject = Some(user.id);
        let is_owner = planner
            .snapshot
            .permissions_of(user.id)?
            .contains(&Permission::Owner);
        if is_owner {
            self.refuse_for_owner(user)?;
        }
        self.refuse_another(planner, provider, user)?;
        // What the brake does not hold is done at once: the provider may never come again, and whoever lets them go lets go of
        // the rest of the request too.
        // Of whom an administrator has kept the same is done of the rest, and the answer shows that they are in.
        let leave = match self.active {
            Some(false) => self.leave(planner, user)?,
            _ => Leave::Goes,
        };
        let active = self.active.filter(|_| leave == Leave::Goes);
        let mark = planner.mark();
        if self.active == Some(true)
            && planner
                .leaving_of(user.id)?
                .is_some_and(|it| it.connection == provider.id)
        {
            planner.forget_leaving(user.id)?;
        }
        let theirs = self.adopt(planner, provider, user)?;
        // What another connection has said of whom it has let go is nobody's word any more.
        let is_new = theirs == Whose::Mine && user.connection != Some(provider.id);
        let adopted = is_new.then(|| User {
            connection: Some(provider.id),
            ..user.clone()
        });
        let user = adopted.as_ref().unwrap_or(user);
        let manager = self.resolve_manager(planner, provider, Some(user), written)?;
        self.set_attributes(planner, user, written, manager, theirs)?;
        self.set_custom(planner, provider, user.id, Some((user, theirs)), written)?;
        self.change_entitlements(planner, provider, user, active)?;
        match active {
            Some(true) => self.switch_on(planner, provider, user, theirs)?,
            Some(false) => self.switch_off(planner, user)?,
            None => {}
        }
        if leave == Leave::Rejected {
            // That they are met by another connection is nothing that it has asked for.
            let is_asked = |it: &Change| match it {
                Change::Link { after, .. } => {
                    after.as_ref().is_none_or(|it| it.external_id.is_some())
                }
                Change::Connection { .. } => false,
                _ => true,
            };
            if !planner.changes_since(mark).iter().any(is_asked) {
                return Err(Leave::rejected());
            }
            planner.skip(user, Leave::rejected().to_string());
            planner.refused = Some(Leave::rejected());
        }
        Ok(())
    }

    /// What is asked for from now on. Who leaves with the same request gives everything back by that, and who comes gets it
    /// by that.
    fn change_entitlements(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        active: Option<bool>,
    ) -> Result<()> {
        let Some((pools, unknown)) = self.entitled(planner) else {
            return Ok(());
        };
        Self::note_unknown_pools(planner, provider, user.id, &unknown)?;
        let before = planner.entitlements_of(user.id)?;
        let licenses = planner.licenses_of(user.id)?;
        let given_up = Self::ask(planner, provider, user.id, &pools, &before, &licenses)?;
        if user.status.is_seated_or_coming() && active != Some(false) {
            Self::seat_entitled(planner, provider, user, &pools, &given_up)?;
        }
        Ok(())
    }

    /// Whether the provider of somebody whom others have deleted says now that they are not in either.
    fn agrees_that_gone(
        &self,
        planner: &mut Planner<'_>,
        connection: ConnectionId,
        user: &User,
    ) -> Result<bool> {
        let known = planner.drift_of(user.id, Part::Active)?;
        Ok(self.active == Some(false) && known.is_some_and(|it| it.connection == connection))
    }

    /// A provider changes nothing of an owner by which they sign in.
    fn refuse_for_owner(&self, user: &User) -> Result<()> {
        // Somebody without a user name goes by their address: that one alone may be written down.
        let goes_by = user
            .profile
            .user_name_key()
            .or_else(|| user.profile.email_key());
        let renames = self.set.iter().any(|(field, value)| match field {
            Field::Email => user.profile.email.as_deref() != value.as_deref(),
            Field::UserName => value.as_deref().map(key_of_name) != goes_by,
            _ => false,
        });
        if renames
            || (self.active == Some(false)) == user.status.is_scim_active() && self.active.is_some()
        {
            return Err(Error::forbidden(
                "this person is an owner: the provider may not change their email, user name or active",
            ));
        }
        Ok(())
    }

    fn switch_on(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        theirs: Whose,
    ) -> Result<()> {
        match user.status {
            Status::Inactive => {
                let held = user.provider_hold == ProviderHold::Free
                    && planner.snapshot.deactivated_by_a_person(user.id)?;
                if held {
                    planner.skip(user, "deactivated by a person: holds until the provider itself says inactive, then active");
                    if theirs == Whose::Mine {
                        planner.holds_against(user, provider.id)?;
                    }
                    return Ok(());
                }
                planner.begin_as_learner(user.id)?;
                let leads_to = match (theirs, provider.policy.new_people) {
                    // Who was queued on the way in has accepted nothing, and never has to.
                    (Whose::Mine, NewPeople::Active) => Status::Active,
                    _ => reactivate::leads_to(planner, user)?,
                };
                reactivate::one(planner, user, leads_to, provider.policy.mails, false).map(|_| ())
            }
            Status::Cancelled => {
                if theirs == Whose::Mine {
                    planner.settle(user.id, Part::Active)?;
                }
                self.bring_in(planner, provider, user)
            }
            Status::Queued | Status::Waiting | Status::PendingTransfer | Status::Active
                if theirs == Whose::Mine =>
            {
                planner.settle(user.id, Part::Active)
            }
            Status::Queued
            | Status::Waiting
            | Status::PendingTransfer
            | Status::Active
            | Status::Deleted
            | Status::Erased => Ok(()),
        }
    }

    /// Whether somebody whom this would take off goes.
    fn leave(&self, planner: &mut Planner<'_>, user: &User) -> Result<Leave> {
        if !user.status.is_seated_or_coming() {
            return Ok(Leave::Goes);
        }
        if let Some(why) = planner.why_not_take_off(user)? {
            return Err(Error::forbidden(format!(
                "this person cannot be deactivated: {why}"
            )));
        }
        planner.brake(user, LeaveKind::Deactivate)
    }

    fn switch_off(&self, planner: &mut Planner<'_>, user: &User) -> Result<()> {
        if user.status.is_seated_or_coming() {
            return deactivate::one(planner, user);
        }
        let held = user.status == Status::Inactive && user.provider_hold == ProviderHold::Free;
        if held && planner.snapshot.deactivated_by_a_person(user.id)? {
            planner.push(Change::ProviderHold {
                user: user.id,
                before: ProviderHold::Free,
                after: ProviderHold::Released,
            });
        }
        if let Actor::Connection(by) = planner.actor
            && user.connection == Some(by)
        {
            planner.settle(user.id, Part::Active)?;
        }
        Ok(())
    }

    fn set_attributes(
        &self,
        planner: &mut Planner<'_>,
        user: &User,
        written: &Written,
        manager: Option<Option<UserId>>,
        theirs: Whose,
    ) -> Result<()> {
        for (field, after) in &written.fields {
            let before = user.profile.get(*field);
            if before == after.as_deref() {
                continue;
            }
            if let Some(other) = planner.owner_of(*field, after.as_deref())?
                && other.id != user.id
            {
                if other.status.is_live() || other.status == Status::Cancelled {
                    let name = match field {
                        Field::Email => FoundBy::Email,
                        _ => FoundBy::UserName,
                    };
                    return Err(Error::Taken { name, by: other.id });
                }
                let taken = Profile {
                    email: after.clone(),
                    user_name: after.clone(),
                    ..Profile::default()
                };
                free_names(planner, &other, &taken)?;
            }
            let before = before.map(str::to_owned);
            if theirs == Whose::Anothers {
                let part = Part::Field(*field);
                planner.overridden(user, part, before.as_deref(), after.as_deref())?;
            }
            planner.set_field(user.id, *field, before.as_deref(), after.as_deref());
            if *field == Field::Email && user.status == Status::Active {
                planner.mail(user.id, Template::EmailChanged);
                if user.profile.email.is_some() {
                    planner.mail(user.id, Template::EmailLeft);
                }
            }
        }
        if let Some(after) = manager
            && after != user.manager
        {
            if theirs == Whose::Anothers {
                let text = |it: Option<UserId>| it.map(|it| it.to_string());
                let (before, after) = (text(user.manager), text(after));
                planner.overridden(user, Part::Manager, before.as_deref(), after.as_deref())?;
            }
            planner.push(Change::Manager {
                user: user.id,
                before: user.manager,
                after,
            });
        }
        Ok(())
    }
}

fn leads_to(
    planner: &mut Planner<'_>,
    provider: &Provider,
    accepted: bool,
    profile: &Profile,
) -> Result<Status> {
    match provider.policy.new_people {
        NewPeople::Active => Ok(Status::Active),
        NewPeople::Waiting if accepted => Ok(Status::Active),
        NewPeople::Waiting => planner.waiting_status(profile.email.as_deref()),
    }
}

fn welcome(
    planner: &mut Planner<'_>,
    provider: &Provider,
    user: UserId,
    status: Status,
) -> Result<()> {
    if matches!(status, Status::Waiting | Status::PendingTransfer) {
        return planner.invite(user, provider.policy.mails);
    }
    if provider.policy.mails {
        planner.mail(user, Template::AccountCreated);
    }
    Ok(())
}
