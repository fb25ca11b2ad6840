//! What connections own of their people, while planning: who may set it, and where the roster comes to differ.

use std::collections::HashMap;

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Actor, ConnectionId, Part, Said, User, UserId, Why};

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

    /// Whether this part of a person may be set by a person: nobody owns it, or they override who does. Otherwise notes
    /// whose it is and what to do.
    pub(crate) fn may_set(&mut self, user: &User, part: Part, overriding: bool) -> Result<bool> {
        let Some(connection) = user.connection.filter(|_| !overriding) else {
            return Ok(true);
        };
        let owner = match self.owners()?.get(&connection) {
            Some((name, owned)) if owned.contains(&part) => name.clone(),
            _ => return Ok(true),
        };
        let what = match part {
            Part::Custom(id) => {
                let fields = self.snapshot.custom_fields()?;
                let field = fields.into_iter().find(|it| it.id == id);
                field.map_or_else(|| part.to_string(), |it| it.terms.name)
            }
            other => other.to_string().replace('_', " "),
        };
        self.skip(
            user,
            format!("{what} is owned by {owner}: change it there, or override it (--override) until {owner} writes it next"),
        );
        Ok(false)
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
        let owns = self.owners()?.get(&connection);
        if !owns.is_some_and(|it| it.1.contains(&part)) {
            return Ok(());
        }
        let known = self.snapshot.drift(user.id, part)?;
        let said = match &known {
            Some(known) => known.value.as_deref(),
            None => before,
        };
        let now = (said != after).then(|| Said {
            connection,
            value: said.map(str::to_owned),
            why: known.as_ref().map_or(Why::Overridden, |it| it.why),
        });
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
                before,
                after,
            });
        }
    }

    /// Notes that a provider and the roster agree on a part of a person again.
    pub(crate) fn settle(&mut self, user: UserId, part: Part) -> Result<()> {
        let any = match self.has_drifts {
            Some(any) => any,
            None => self.snapshot.has_drifts()?,
        };
        self.has_drifts = Some(any);
        if any {
            let known = self.snapshot.drift(user, part)?;
            self.differ(user, part, known, None);
        }
        Ok(())
    }

    /// Notes that a deactivation by a person holds against the provider that says that the person is active.
    pub(crate) fn hold_off(&mut self, user: &User) -> Result<()> {
        if matches!(self.actor, Actor::Connection(_)) {
            return Ok(());
        }
        let Some(connection) = user.connection else {
            return Ok(());
        };
        if self.owners()?.contains_key(&connection) {
            let known = match self.has_drifts {
                Some(false) => None,
                _ => self.snapshot.drift(user.id, Part::Active)?,
            };
            let said = Said {
                connection,
                value: Some("true".to_owned()),
                why: Why::Held,
            };
            self.differ(user.id, Part::Active, known, Some(said));
        }
        Ok(())
    }
}
