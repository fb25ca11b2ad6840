//! Who is who: by which names a provider's people are found, and who is not given what is somebody else's (DESIGN §5).

use super::{Provider, Provision, Whose};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::model::{Actor, Field, FoundBy, Link, Part, Profile, Status, User};
use crate::planner::Planner;

impl Provision {
    /// Settles who is who: by (connection, externalId), then user name, then email. A live person of any of these keys
    /// is a conflict; a record at rest comes back if the provider knows no other person by it, else its names are freed.
    pub(super) fn who_returns(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        profile: &Profile,
    ) -> Result<Option<User>> {
        let (user_name, email) = (profile.user_name_key(), profile.email_key());
        if planner.snapshot.is_unknown(
            provider.id,
            self.external_id(),
            user_name.as_deref(),
            email.as_deref(),
        )? {
            return Ok(None);
        }
        let by_external_id = match self.external_id() {
            Some(external_id) => planner
                .snapshot
                .user_by_external_id(provider.id, external_id)?,
            None => None,
        };
        let by_user_name = planner.owner_of(Field::UserName, profile.user_name.as_deref())?;
        let by_email = planner.owner_of(Field::Email, profile.email.as_deref())?;
        let candidates = [
            (FoundBy::ExternalId, by_external_id),
            (FoundBy::UserName, by_user_name),
            (FoundBy::Email, by_email),
        ];
        for (name, user) in &candidates {
            if let Some(user) = user
                && user.status.is_live()
            {
                let (name, by) = (*name, user.id);
                return Err(Error::Taken { name, by });
            }
        }
        let mut returns: Option<User> = None;
        for (name, user) in candidates {
            let Some(user) = user else { continue };
            if returns.as_ref().is_some_and(|it| it.id == user.id) {
                continue;
            }
            let known_as = planner
                .snapshot
                .link(provider.id, user.id)?
                .and_then(|it| it.external_id);
            let same = name == FoundBy::ExternalId
                || known_as.is_none()
                || self.external_id().is_none()
                || known_as.as_deref() == self.external_id();
            if returns.is_none() && same {
                returns = Some(user);
            } else {
                free_names(planner, &user, profile)?;
            }
        }
        Ok(returns)
    }

    /// Whoever has an `externalId` with the connection keeps it: another one is another person, who was given the same
    /// address and is found by it, and gets nothing of theirs. Unless no look-up can have found them by what they are called
    /// from now on: then the provider knows them by the id, and has renamed them.
    pub(super) fn refuse_another(
        &self,
        planner: &Planner<'_>,
        provider: &Provider,
        user: &User,
    ) -> Result<()> {
        let Some(external_id) = self.external_id() else {
            return Ok(());
        };
        let link = planner.snapshot.link(provider.id, user.id)?;
        let known_as = link.and_then(|it| it.external_id);
        if known_as.is_none_or(|it| it == external_id)
            || user.status.is_seated_or_coming() && self.renames(user)
        {
            return Ok(());
        }
        let connections = planner.snapshot.connections()?;
        let connection = connections.into_iter().find(|it| it.id == provider.id);
        Err(Error::AnotherPerson {
            user: user.id,
            status: user.status,
            connection: connection.map_or_else(String::new, |it| it.name),
        })
    }

    /// Whether nothing that they were found by is theirs afterwards, in any place of it: whoever looked for one of the names
    /// that are written would have found somebody else, or nobody.
    fn renames(&self, user: &User) -> bool {
        let before = user.profile.found_by();
        let mut profile = user.profile.clone();
        for (field, value) in &self.set {
            profile.set(*field, value.clone());
        }
        let after = profile.found_by();
        !before.is_empty() && !after.is_empty() && !after.iter().any(|it| before.contains(it))
    }

    /// Records the connection's name for the person, and that the person is the connection's from now on, unless another one
    /// has them.
    pub(super) fn adopt(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
    ) -> Result<Whose> {
        let before = planner.snapshot.link(provider.id, user.id)?;
        let known_as = before.as_ref().and_then(|it| it.external_id.clone());
        let external_id = self.external_id.clone().unwrap_or_else(|| known_as.clone());
        if let Some(external_id) = &external_id
            && Some(external_id) != known_as.as_ref()
            && let Some(other) = planner
                .snapshot
                .user_by_external_id(provider.id, external_id)?
            && other.id != user.id
        {
            if other.status.is_live() {
                return Err(Error::Taken {
                    name: FoundBy::ExternalId,
                    by: other.id,
                });
            }
            let freed = Some(Link { external_id: None });
            let known = Some(Link {
                external_id: Some(external_id.clone()),
            });
            planner.push(Change::Link {
                user: other.id,
                connection: provider.id,
                before: known,
                after: freed,
            });
        }
        let after = Some(Link { external_id });
        let is_met = before.is_none();
        if before != after {
            planner.push(Change::Link {
                user: user.id,
                connection: provider.id,
                before,
                after,
            });
        }
        if user.connection == Some(provider.id) {
            return Ok(Whose::Mine);
        }
        if let Some(name) = self.keeper(planner, user)? {
            if is_met {
                planner.skip(user, format!("stays with {name}, which brought them in"));
            }
            return Ok(Whose::Anothers);
        }
        planner.push(Change::Connection {
            user: user.id,
            before: user.connection,
            after: Some(provider.id),
        });
        Ok(Whose::Mine)
    }

    /// The name of the living connection that somebody stays with when another one writes them: theirs, for as long as it has
    /// not let them go itself.
    fn keeper(&self, planner: &mut Planner<'_>, user: &User) -> Result<Option<String>> {
        let Some((owner, name)) = planner.owner_of_person(user)? else {
            return Ok(None);
        };
        let comes = match user.status {
            Status::Deleted | Status::Erased => true,
            Status::Inactive | Status::Cancelled => {
                self.active == Some(true) && planner.snapshot.let_go_by(owner, user.id)?
            }
            Status::Queued | Status::Waiting | Status::PendingTransfer | Status::Active => false,
        };
        Ok((!comes).then_some(name))
    }
}

/// Takes from a record at rest the names that somebody else gets, so that nothing is inherited by an address.
pub(super) fn free_names(planner: &mut Planner<'_>, user: &User, taken: &Profile) -> Result<()> {
    let clashes = [
        (Field::Email, user.profile.email_key(), taken.email_key()),
        (
            Field::UserName,
            user.profile.user_name_key(),
            taken.user_name_key(),
        ),
    ];
    let mut is_followed = false;
    for (field, has, wanted) in clashes {
        let before = user.profile.get(field).map(str::to_owned);
        let has_it = has.is_some() && has == wanted;
        // Unless this plan took it from them already.
        if has_it && planner.owner_of(field, before.as_deref())?.is_some() {
            planner.set_field(user.id, field, before.as_deref(), None);
            is_followed = true;
        }
    }
    // By the name it means somebody else from now on, and speaks of this one no more. Their other name may have told that already.
    let is_told = |it: &Change| matches!(it, Change::Drift { user: of, part: Part::Active, .. } if *of == user.id);
    if is_followed
        && !planner.planned().iter().any(is_told)
        && planner
            .drift_of(user.id, Part::Active)?
            .is_some_and(|it| planner.actor == Actor::Connection(it.connection))
    {
        planner.settle(user.id, Part::Active)?;
    }
    Ok(())
}
