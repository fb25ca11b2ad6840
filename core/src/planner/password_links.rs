//! Links to choose a password die with the account, and with the address that they were mailed to: whoever reads an
//! address that was wrong, or is somebody else's by now, chooses nobody's password. Whoever has none yet is mailed another
//! at the new address: it is their only way in.

use std::collections::{BTreeMap, BTreeSet};

use super::Planner;
use crate::change::Change;
use crate::command::password;
use crate::error::Result;
use crate::model::{Field, LinkState, PasswordLink, Status, UserId, key_of_name};
use crate::plan::Template;

/// For how many people links are read at once.
const PAGE: usize = 500;

impl Planner<'_> {
    /// Ends the links of everybody whom this plan takes off or gives another address, and mails those that are still needed.
    pub(super) fn settle_password_links(&mut self) -> Result<()> {
        let mut leave: BTreeSet<UserId> = BTreeSet::new();
        let mut move_on: BTreeSet<UserId> = BTreeSet::new();
        let mut planned: BTreeMap<UserId, Option<PasswordLink>> = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Status {
                    user,
                    before: Status::Active,
                    after,
                } if *after != Status::Active => drop(leave.insert(*user)),
                Change::Profile {
                    user,
                    field: Field::Email,
                    before: Some(before),
                    after: Some(after),
                } if key_of_name(before) != key_of_name(after) => drop(move_on.insert(*user)),
                Change::Profile {
                    user,
                    field: Field::Email,
                    before: Some(_),
                    after: None,
                } => drop(leave.insert(*user)),
                Change::PasswordLink { user, after, .. } => drop(planned.insert(*user, *after)),
                _ => {}
            }
        }
        let people: Vec<UserId> = leave.union(&move_on).copied().collect();
        for page in people.chunks(PAGE) {
            let stored = self.snapshot.password_links_of_all(page)?;
            let stored: BTreeMap<UserId, PasswordLink> = stored.into_iter().collect();
            for &user in page {
                let before = stored.get(&user).copied();
                let last = planned.get(&user).copied();
                let Some(link) = last.unwrap_or(before) else {
                    continue;
                };
                // What this plan mails goes to the new address already.
                let is_mailed = last.is_some() && link.state == LinkState::Pending;
                if leave.contains(&user) {
                    self.end_password_link(user, link);
                } else if self.needs_another(user, before)? && !is_mailed {
                    password::replace_link(self, user, Some(link));
                    self.mail(user, Template::AccountCreated);
                } else if !is_mailed {
                    self.end_password_link(user, link);
                }
            }
        }
        Ok(())
    }

    /// Whether a link is somebody's only way in. Not where only owners set the password: whoever writes an administrator's
    /// address must not be mailed their key.
    fn needs_another(&mut self, user: UserId, link: Option<PasswordLink>) -> Result<bool> {
        let works = |it: &PasswordLink| it.state == LinkState::Pending && it.expires_at > self.now;
        Ok(link.as_ref().is_some_and(works)
            && !self.settings()?.single_sign_on
            && !self.snapshot.has_password(user)?
            && self.snapshot.permissions_of(user)?.is_empty())
    }

    /// Plans the end of a link, if it could still be used.
    pub(crate) fn end_password_link(&mut self, user: UserId, link: PasswordLink) {
        if link.state == LinkState::Pending {
            self.push(Change::PasswordLink {
                user,
                before: Some(link),
                after: Some(PasswordLink {
                    state: LinkState::Dead,
                    ..link
                }),
            });
        }
    }

    /// A person's link as the changes planned last leave it, which are theirs while they are planned.
    pub(crate) fn password_link(&self, user: UserId) -> Result<Option<PasswordLink>> {
        let theirs = self
            .changes
            .iter()
            .rev()
            .take_while(|it| it.user() == Some(user));
        for change in theirs {
            if let Change::PasswordLink { after, .. } = change {
                return Ok(*after);
            }
        }
        self.snapshot.password_link(user)
    }
}
