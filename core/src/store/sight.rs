//! Whom whoever reads may see. Every method of [`Read`] asks here, or says in `core/tests/core/sight.rs` why it need not:
//! somebody who sees a part of the people sees no more of the others by any of them than that they have an id.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::types::Value;

use super::compile;
use super::read::Read;
use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::model::{Actor, GroupId, User, UserId};
use crate::policy::{self, Authority};
use crate::query::Expr;

/// Whom somebody may see who may not see everybody.
pub(super) struct Sight {
    authority: Authority,
    /// The people seen, deleted ones too.
    pub(super) people: Expr,
    /// Who was looked at already: whoever reads holds this for one listing at most.
    known: RefCell<HashMap<UserId, bool>>,
}

impl Read<'_> {
    /// Lets an actor see no more than they may.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when they may see nobody, which is so from the moment an administrator is deactivated.
    pub(crate) fn seen_by(mut self, actor: Actor) -> Result<Self> {
        self.viewer = self.snapshot()?.seen_by(actor)?.viewer;
        let authority = Authority::of(&self.snapshot()?, actor)?;
        self.owns = authority.is_owner();
        if let Some(people) = policy::may(&authority, "see")?.seen() {
            self.sight = Some(Sight {
                authority,
                people,
                known: RefCell::default(),
            });
        }
        Ok(self)
    }

    /// Whether whoever reads is an owner, or has the file itself.
    pub(crate) fn is_by_an_owner(&self) -> Result<bool> {
        match &self.sight {
            Some(sight) => Ok(sight.authority.is_owner()),
            None => Ok(self.owns),
        }
    }

    /// Whether whoever reads sees all people, and so what is about the whole organization.
    pub fn sees_everybody(&self) -> bool {
        self.sight.is_none()
    }

    /// Refuses what is about the whole organization to whoever sees a part of it.
    pub(super) fn sees_all(&self, what: &str) -> Result<()> {
        match self.sight {
            None => Ok(()),
            Some(_) => Err(Error::forbidden(format!(
                "{what} are shown to those who see everybody"
            ))),
        }
    }

    /// Whether whoever reads may see this person.
    pub(super) fn sees(&self, snapshot: &Snapshot<'_>, user: UserId) -> Result<bool> {
        let Some(sight) = &self.sight else {
            return Ok(true);
        };
        if let Some(known) = sight.known.borrow().get(&user) {
            return Ok(*known);
        }
        let sees = snapshot.finds(&sight.people, user, self.now)?;
        sight.known.borrow_mut().insert(user, sees);
        Ok(sees)
    }

    /// Those of these people whom whoever reads may see.
    pub(super) fn only_seen<'u>(
        &self,
        snapshot: &Snapshot<'_>,
        users: &'u [UserId],
    ) -> Result<Cow<'u, [UserId]>> {
        if self.sight.is_none() {
            return Ok(Cow::Borrowed(users));
        }
        let mut seen = Vec::with_capacity(users.len());
        for user in users {
            if self.sees(snapshot, *user)? {
                seen.push(*user);
            }
        }
        Ok(Cow::Owned(seen))
    }

    /// Remembers people who were found among those seen.
    pub(super) fn found(&self, users: &[User]) {
        if let Some(sight) = &self.sight {
            let mut known = sight.known.borrow_mut();
            known.extend(users.iter().map(|it| (it.id, true)));
        }
    }

    /// What whoever reads may see of this person, if they may see them at all.
    pub(super) fn if_seen(
        &self,
        snapshot: &Snapshot<'_>,
        user: Option<User>,
    ) -> Result<Option<User>> {
        match user {
            Some(user) if self.sees(snapshot, user.id)? => Ok(Some(self.shown(user))),
            _ => Ok(None),
        }
    }

    pub(super) fn find_seen(&self, snapshot: &Snapshot<'_>, who: &str) -> Result<User> {
        let found = snapshot.find_user(who)?;
        self.if_seen(snapshot, Some(found))?
            .ok_or_else(|| Error::not_found("user", who.trim()))
    }

    /// A query as whoever reads means it: those of it whom they may see.
    pub(super) fn seen_of(&self, query: &Expr) -> Result<Expr> {
        let authority = self.sight.as_ref().map(|it| &it.authority);
        let query = policy::veiled(&self.snapshot()?, authority, query, self.now)?;
        Ok(match authority {
            None => query,
            Some(authority) => authority.reach("see").within(&query),
        })
    }

    /// The people seen as a condition on `users`, with what it binds.
    pub(super) fn seen_sql(&self, snapshot: &Snapshot<'_>) -> Result<(String, Vec<Value>)> {
        match &self.sight {
            None => Ok(("1".to_owned(), Vec::new())),
            Some(sight) => {
                let compiled = compile::compile_page(snapshot, &sight.people, self.now, true)?;
                Ok((compiled.sql, compiled.bindings))
            }
        }
    }

    /// Whether a group is one that whoever reads knows of.
    pub(super) fn knows_group(&self, group: GroupId) -> bool {
        let sight = self.sight.as_ref();
        sight.is_none_or(|it| it.authority.knows_group(group))
    }

    /// Whoever sees less than everybody sees of the batches what they applied themselves.
    pub(super) fn only_own(&self) -> Option<UserId> {
        match self.sight.as_ref()?.authority.actor() {
            Actor::Administrator(user) | Actor::Person(user) => Some(user),
            _ => None,
        }
    }
}
