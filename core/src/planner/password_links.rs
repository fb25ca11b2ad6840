//! Links to choose a password die with the account, and with the address that they were mailed to: whoever reads an
//! address that was wrong, or is somebody else's by now, chooses nobody's password.

use std::collections::BTreeMap;

use super::Planner;
use crate::change::Change;
use crate::error::Result;
use crate::model::{Field, LinkState, PasswordLink, Status, UserId};

/// For how many people links are read at once.
const PAGE: usize = 500;

impl Planner<'_> {
    /// Ends the links of everybody whom this plan takes off or gives another address.
    pub(super) fn settle_password_links(&mut self) -> Result<()> {
        let mut people: Vec<UserId> = Vec::new();
        let mut planned: BTreeMap<UserId, Option<PasswordLink>> = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Status {
                    user,
                    before: Status::Active,
                    after,
                } if *after != Status::Active => people.push(*user),
                Change::Profile {
                    user,
                    field: Field::Email,
                    before: Some(_),
                    ..
                } => people.push(*user),
                Change::PasswordLink { user, after, .. } => drop(planned.insert(*user, *after)),
                _ => {}
            }
        }
        people.sort_unstable();
        people.dedup();
        for page in people.chunks(PAGE) {
            let mut links = self.snapshot.password_links_of_all(page)?;
            for user in page {
                if let Some(after) = planned.get(user) {
                    links.remove(user);
                    links.extend(after.map(|it| (*user, it)));
                }
            }
            for (user, link) in links {
                self.end_password_link(user, link);
            }
        }
        Ok(())
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
