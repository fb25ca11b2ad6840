//! Whom a provider names as somebody's manager.

use super::parts::Written;
use super::{Provider, Provision};
use crate::error::{Error, Result};
use crate::model::{Part, User, UserId, Why};
use crate::planner::Planner;

impl Provision {
    /// The manager as the provider names them; one who is not known, is not in, or would make a cycle is noted as not taken,
    /// and looked for again with the next write of this person.
    pub(super) fn resolve_manager(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: Option<&User>,
        written: &mut Written,
    ) -> Result<Option<Option<UserId>>> {
        let name = match &self.manager {
            Some(None) => return Ok(Some(None)),
            Some(Some(name)) => name.clone(),
            None => match user {
                Some(user) => return self.manager_awaited(planner, provider, user, written),
                None => return Ok(None),
            },
        };
        match find_manager(planner, provider, &name, user.map(|it| it.id))? {
            Ok(manager) => {
                planner.manager_name = manager.own_name();
                Ok(Some(Some(manager.id)))
            }
            Err((known, why)) => {
                planner.skip_name(&name, why);
                // Somebody is named by their id; an address of nobody's is not kept with somebody else.
                let said = known.map(|it| it.to_string()).or_else(|| {
                    let is_address = name.contains('@');
                    (!is_address).then(|| name.clone())
                });
                written.refused.push((Part::Manager, said));
                Ok(None)
            }
        }
    }

    /// The manager whom the provider named before they could be taken, if they can be by now.
    fn manager_awaited(
        &self,
        planner: &mut Planner<'_>,
        provider: &Provider,
        user: &User,
        written: &mut Written,
    ) -> Result<Option<Option<UserId>>> {
        if self.spoken.contains(&Part::Manager) {
            return Ok(None);
        }
        let known = planner.drift_of(user.id, Part::Manager)?;
        let awaited = known
            .filter(|it| it.connection == provider.id && it.why == Why::NotTaken)
            .and_then(|it| it.value);
        let Some(name) = awaited else {
            return Ok(None);
        };
        let found = find_manager(planner, provider, &name, Some(user.id))?;
        let Ok(manager) = found else {
            return Ok(None);
        };
        written.awaited.push(Part::Manager);
        Ok(Some(Some(manager.id)))
    }
}

/// Whom a provider means by a manager's name; else who that is, if anybody, and why they are not taken.
fn find_manager(
    planner: &Planner<'_>,
    provider: &Provider,
    name: &str,
    of: Option<UserId>,
) -> Result<std::result::Result<User, (Option<UserId>, &'static str)>> {
    let found = match planner.snapshot.user_by_external_id(provider.id, name)? {
        Some(manager) => Ok(manager),
        None => planner.snapshot.find_user(name),
    };
    let manager = match found {
        Ok(manager) => manager,
        Err(Error::NotFound { .. }) => return Ok(Err((None, "not known as a manager"))),
        Err(error) => return Err(error),
    };
    if of != Some(manager.id) && !manager.status.is_seated_or_coming() {
        return Ok(Err((Some(manager.id), "a manager who is not in")));
    }
    if of.is_some_and(|it| planner.refuse_cycle(it, manager.id).is_err()) {
        let why = "a manager who reports to this person";
        // Who is named as their own manager is noted by the name: it may have become theirs by this request.
        let known = Some(manager.id).filter(|it| of != Some(*it));
        return Ok(Err((known, why)));
    }
    Ok(Ok(manager))
}
