//! What connections own of their people, while planning: who may set it, and where the roster comes to differ.

use std::collections::HashMap;

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{
    Actor, ConnectionId, Part, Permission, ProviderHold, Said, Status, User, UserId, Why,
};

/// What a provider says of [`Part::Active`].
const ACTIVE: &str = "true";
const INACTIVE: &str = "false";

/// Names of living connections, and what they own of their people.
pub(super) type Owners = HashMap<ConnectionId, (String, Vec<Part>)>;

impl Planner<'_> {
    fn owners(&mut self) -> Result<&Owners> {
        let owners = match self.owners.take() {
            Some(owners) => owners,
            None => self
                .snapshot
                .connections()?
                .into_iter()
                .filter(|it| it.revoked_at.is_none())
                .map(|it| (it.id, (it.name.clone(), it.owned())))
                .collect(),
        };
        Ok(self.owners.insert(owners))
    }

    /// The living connection that a person is of, and its name.
    pub(crate) fn owner_of_person(
        &mut self,
        user: &User,
    ) -> Result<Option<(ConnectionId, String)>> {
        let Some(connection) = user.connection else {
            return Ok(None);
        };
        let owner = self.owners()?.get(&connection);
        Ok(owner.map(|it| (connection, it.0.clone())))
    }

    /// What the living connection that a person is of owns of them. It owns nothing that it may not write: of owners their
    /// email and user name.
    pub(crate) fn owned_of(&mut self, user: &User) -> Result<Vec<Part>> {
        let Some(connection) = user.connection else {
            return Ok(Vec::new());
        };
        let mut owned = match self.owners()?.get(&connection) {
            Some((_, owned)) => owned.clone(),
            None => return Ok(Vec::new()),
        };
        if owned.iter().any(|it| it.signs_in())
            && self.permissions_of(user.id)?.contains(&Permission::Owner)
        {
            owned.retain(|it| !it.signs_in());
        }
        Ok(owned)
    }

    /// Whether this part of a person may be set by a person: nobody owns it, or they override who does. Otherwise notes
    /// whose it is and what to do.
    pub(crate) fn may_set(&mut self, user: &User, part: Part, overriding: bool) -> Result<bool> {
        if overriding {
            return Ok(true);
        }
        let Some(owner) = self.whose(user, part)? else {
            return Ok(true);
        };
        let what = self.called(part)?;
        self.skip(
            user,
            format!("{what} is owned by {owner}: change it there, or override it (--override) until {owner} writes it next"),
        );
        Ok(false)
    }

    /// The name of the connection that owns this part of a person.
    pub(crate) fn whose(&mut self, user: &User, part: Part) -> Result<Option<String>> {
        if !self.owned_of(user)?.contains(&part) {
            return Ok(None);
        }
        Ok(self.owner_of_person(user)?.map(|it| it.1))
    }

    /// What a part is called in a sentence.
    pub(crate) fn called(&self, part: Part) -> Result<String> {
        Ok(match part {
            Part::Custom(id) => {
                let fields = self.snapshot.custom_fields()?;
                let field = fields.into_iter().find(|it| it.id == id);
                field.map_or_else(|| part.to_string(), |it| it.terms.name)
            }
            other => other.to_string().replace('_', " "),
        })
    }

    /// Notes that a person sets a part to something else than its owner has said. What the owner said last stays known.
    pub(crate) fn overridden(
        &mut self,
        user: &User,
        part: Part,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<()> {
        let Some(connection) = user.connection else {
            return Ok(());
        };
        if !self.owned_of(user)?.contains(&part) {
            return Ok(());
        }
        let known = self.snapshot.drift(user.id, part)?;
        // What another connection says there is not the owner's word.
        let own = known.as_ref().filter(|it| it.connection == connection);
        let said = match own {
            Some(known) => known.value.as_deref(),
            None => before,
        };
        let now = (said != after).then(|| Said {
            connection,
            value: said.map(str::to_owned),
            // Whoever was given another manager does not go back to the one who was not in.
            why: match own {
                Some(own) if part != Part::Manager => own.why,
                _ => Why::Overridden,
            },
        });
        if now.is_none() && own.is_none() {
            return Ok(());
        }
        self.differ(user.id, part, known, now);
        Ok(())
    }

    /// Notes that a provider says something that the roster does not have.
    pub(crate) fn differ(
        &mut self,
        user: UserId,
        part: Part,
        before: Option<Said>,
        after: Option<Said>,
    ) {
        if before != after {
            self.push(Change::Drift {
                user,
                part,
                before: before.map(Box::new),
                after: after.map(Box::new),
            });
        }
    }

    /// Where a part of a person differs from what a provider has said.
    pub(crate) fn drift_of(&mut self, user: UserId, part: Part) -> Result<Option<Said>> {
        if self.any_drifts()? {
            self.snapshot.drift(user, part)
        } else {
            Ok(None)
        }
    }

    /// Whether the roster differs from any provider at all.
    pub(super) fn any_drifts(&mut self) -> Result<bool> {
        let any = match self.has_drifts {
            Some(any) => any,
            None => self.snapshot.has_drifts()?,
        };
        self.has_drifts = Some(any);
        Ok(any)
    }

    /// Whether this connection, if it lives, says whom its people report to.
    pub(super) fn owns_manager(&mut self, connection: ConnectionId) -> Result<bool> {
        let owned = self.owners()?.get(&connection);
        Ok(owned.is_some_and(|it| it.1.contains(&Part::Manager)))
    }

    /// Notes that a provider and the roster agree on a part of a person again.
    pub(crate) fn settle(&mut self, user: UserId, part: Part) -> Result<()> {
        let known = self.drift_of(user, part)?;
        self.differ(user, part, known, None);
        Ok(())
    }

    /// Notes that somebody goes, by a person or another connection, whose provider says that they are active; `after` is what
    /// becomes of them. A deactivation by a person holds against it, the rest until it says so again.
    pub(crate) fn goes_against(&mut self, user: &User, after: Status) -> Result<()> {
        let Some(connection) = user.connection else {
            return Ok(());
        };
        if self.actor == Actor::Connection(connection) {
            return self.settle(user.id, Part::Active);
        }
        let known = self.drift_of(user.id, Part::Active)?;
        // What a brake held is what the provider has asked for.
        let asked = self
            .leaving_of(user.id)?
            .is_some_and(|it| it.connection == connection);
        let own = known.as_ref().filter(|it| it.connection == connection);
        let says_active = match own {
            Some(said) => said.value.as_deref() == Some(ACTIVE),
            None => user.status.is_seated_or_coming(),
        };
        let why = match self.actor {
            Actor::Connection(_) => Why::Overridden,
            _ if after == Status::Inactive => Why::Held,
            _ => Why::Overridden,
        };
        let lives = self.owners()?.contains_key(&connection);
        let said = (says_active && !asked && lives).then(|| Said {
            connection,
            value: Some(ACTIVE.to_owned()),
            why,
        });
        self.differ(user.id, Part::Active, known, said);
        Ok(())
    }

    /// Whether their provider wants somebody off who is in: it has said so, or asked for it and is held.
    pub(crate) fn is_wanted_off(&mut self, user: &User) -> Result<bool> {
        let Some(connection) = user.connection else {
            return Ok(false);
        };
        let asked = self.leaving_of(user.id)?;
        let known = self.drift_of(user.id, Part::Active)?;
        let said = known
            .filter(|it| it.connection == connection)
            .is_some_and(|it| it.value.as_deref() == Some(INACTIVE));
        Ok(said || asked.is_some_and(|it| it.connection == connection))
    }

    /// What holds somebody who is taken off now: a person's word alone, or also what their provider has said before.
    pub(crate) fn hold_of_leaver(&mut self, user: &User) -> Result<ProviderHold> {
        let by_provider = matches!(self.actor, Actor::Connection(_));
        if !by_provider && self.is_wanted_off(user)? {
            return Ok(ProviderHold::Released);
        }
        Ok(ProviderHold::Free)
    }

    /// Notes what holds somebody off.
    pub(crate) fn set_hold(&mut self, user: &User, hold: ProviderHold) {
        if user.provider_hold != hold {
            self.push(Change::ProviderHold {
                user: user.id,
                before: user.provider_hold,
                after: hold,
            });
        }
    }

    /// Notes that a provider says that somebody is off whom a person has taken off or deleted: what it says next it means.
    pub(crate) fn agrees_that_off(&mut self, user: &User) -> Result<()> {
        let says = match self.actor {
            Actor::Connection(by) => user.connection == Some(by),
            _ => false,
        };
        if says
            && user.provider_hold == ProviderHold::Free
            && self.snapshot.deactivated_by_a_person(user.id)?
        {
            self.set_hold(user, ProviderHold::Released);
        }
        Ok(())
    }

    /// Notes that somebody who is off or gone is brought in, whose provider may have said that they are not.
    pub(crate) fn comes_against(&mut self, user: &User) -> Result<()> {
        let known = self.drift_of(user.id, Part::Active)?;
        let mut said = None;
        if let Some(connection) = user.connection
            && self.actor != Actor::Connection(connection)
            && known.is_none()
            && self.owners()?.contains_key(&connection)
            && (user.provider_hold == ProviderHold::Released
                || !self.snapshot.deactivated_by_a_person(user.id)?)
        {
            said = Some(Said {
                connection,
                value: Some(INACTIVE.to_owned()),
                why: Why::Overridden,
            });
        }
        self.differ(user.id, Part::Active, known, said);
        Ok(())
    }

    /// Notes that a deactivation by a person holds, though the provider has just said that the person is active.
    pub(crate) fn holds_against(&mut self, user: &User, connection: ConnectionId) -> Result<()> {
        let known = self.drift_of(user.id, Part::Active)?;
        let said = Said {
            connection,
            value: Some(ACTIVE.to_owned()),
            why: Why::Held,
        };
        self.differ(user.id, Part::Active, known, Some(said));
        Ok(())
    }
}
